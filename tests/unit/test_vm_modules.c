/*
 * Multiboot modules: where they lie, what the kernel is told of them, and that nothing the loader adds lies
 * over anything else, in memory of any size.
 */
#include "image_files.h"

static const struct segment one = {
    .paddr = MIB, .vaddr = MIB, .memsz = 0x2001, .text = "\xf4\x90\x90\x90", .filesz = 4};

/* Two module files next to the image. */
struct modules {
    char path[2][80], text[2][160];
};

static void modules_make(struct modules *mods, struct fixture *f, size_t len0, size_t len1)
{
    static uint8_t bytes[0x10000];
    size_t len[2] = {len0, len1};
    for (size_t i = 0; i < 2; i++) {
        snprintf(mods->path[i], sizeof mods->path[i], "%s.mod%zu", f->path, i);
        memset(bytes, 'A' + (int)i, sizeof bytes);
        file_write(mods->path[i], bytes, len[i]);
        f->rq.modules[i] = mods->path[i];
    }
    f->rq.module_count = 2;
}

static void modules_fini(const struct modules *mods)
{
    unlink(mods->path[0]);
    unlink(mods->path[1]);
}

static void kernel_make(struct file *file, const struct segment *s)
{
    multiboot_put(file, elf32_make(file, (uint32_t)s->paddr, s, 1, 12), 3, NULL);
}

static void test_list(void)
{
    struct modules mods;
    struct file file;
    struct fixture f;
    char want[160];
    fixture_init(&f, 4 * MIB);
    kernel_make(&file, &one);
    modules_make(&mods, &f, 5000, 1);
    snprintf(mods.text[1], sizeof mods.text[1], "%s --level 3 'a b'", mods.path[1]);
    f.rq.modules[1] = mods.text[1];
    CU_ASSERT_EQUAL_FATAL(load(&f, file.bytes, file.len), 0);
    uint64_t info = f.image.start.rbx, list = guest_le32(&f, info + 24);
    CU_ASSERT_EQUAL(guest_le32(&f, info + 20), 2);
    /* the kernel ends at 0x102001: the first page after it, and the next one after the first module's two */
    CU_ASSERT_EQUAL(guest_le32(&f, list), 0x103000);
    CU_ASSERT_EQUAL(guest_le32(&f, list + 4), 0x103000 + 5000);
    CU_ASSERT_EQUAL(guest_le32(&f, list + 12), 0);
    CU_ASSERT_EQUAL(guest_le32(&f, list + 16), 0x105000);
    CU_ASSERT_EQUAL(guest_le32(&f, list + 20), 0x105001);
    CU_ASSERT_TRUE(guest_holds(&f, 0x103000 + 4999, "A\0", 2));
    CU_ASSERT_TRUE(guest_holds(&f, 0x105000, "B\0", 2));
    const char *name = strrchr(mods.path[0], '/') + 1;
    CU_ASSERT_TRUE(guest_holds(&f, guest_le32(&f, list + 8), name, strlen(name) + 1));
    snprintf(want, sizeof want, "%s --level 3 'a b'", strrchr(mods.path[1], '/') + 1);
    CU_ASSERT_TRUE(guest_holds(&f, guest_le32(&f, list + 24), want, strlen(want) + 1));
    CU_ASSERT_EQUAL(f.image.load_end_gpa, 0x102001); /* modules are not the image */
    modules_fini(&mods);
    fixture_fini(&f);
}

static void test_refused(void)
{
    struct modules mods;
    struct file file;
    struct fixture f;
    char want[160];
    fixture_init(&f, 2 * MIB);
    kernel_make(&file, &one);
    modules_make(&mods, &f, 1, 1);
    f.rq.modules[0] = "/nonexistent/initrd args";
    check_refused(&f, file.bytes, file.len, "module /nonexistent/initrd: open: No such file");
    f.rq.modules[0] = "/ args";
    check_refused(&f, file.bytes, file.len, "module /: is a directory");
    f.rq.modules[0] = "";
    check_refused(&f, file.bytes, file.len, "module : open: No such file");
    f.rq.modules[0] = mods.path[0];
    file_write(mods.path[0], "", 0);
    snprintf(want, sizeof want, "module %s: is empty", mods.path[0]);
    check_refused(&f, file.bytes, file.len, want);
    CU_ASSERT_EQUAL(truncate(mods.path[0], MIB), 0);
    check_refused(&f, file.bytes, file.len, "0x100000 bytes: no room for it in the guest's memory");
    CU_ASSERT_EQUAL(truncate(mods.path[0], 3 * MIB), 0);
    check_refused(&f, file.bytes, file.len, "0x300000 bytes: no room");
    modules_fini(&mods);
    fixture_fini(&f);
}

static void test_most_modules(void)
{
    struct modules mods;
    struct file file;
    struct fixture f;
    fixture_init(&f, 4 * MIB);
    kernel_make(&file, &one);
    modules_make(&mods, &f, 3, 3);
    for (size_t i = 0; i < IMAGE_MODULES_MAX; i++)
        f.rq.modules[i] = mods.path[i & 1];
    f.rq.module_count = IMAGE_MODULES_MAX;
    CU_ASSERT_EQUAL_FATAL(load(&f, file.bytes, file.len), 0);
    uint64_t list = guest_le32(&f, f.image.start.rbx + 24);
    for (size_t i = 0; i < IMAGE_MODULES_MAX; i++)
        CU_ASSERT_EQUAL(guest_le32(&f, list + 16 * i), 0x103000 + 0x1000 * i);
    f.rq.module_count = IMAGE_MODULES_MAX + 1;
    check_refused(&f, file.bytes, file.len, "17 modules: at most 16");
    modules_fini(&mods);
    fixture_fini(&f);
}

struct range {
    uint64_t gpa, len;
};

/* Kernel, modules, information and boot structures lie in RAM, apart, and out of the PC's adapter space. */
static void check_apart(const struct fixture *f)
{
    uint64_t info = f->image.start.rbx, list = guest_le32(f, info + 24),
             boot_len = cpu_boot_structures_len(MODE_PROTECTED);
    struct range r[] = {
        {f->image.load_gpa, f->image.load_end_gpa - f->image.load_gpa},
        {guest_le32(f, list), guest_le32(f, list + 4) - guest_le32(f, list)},
        {guest_le32(f, list + 16), guest_le32(f, list + 20) - guest_le32(f, list + 16)},
        {info, 120},
        {guest_le32(f, info + 48), guest_le32(f, info + 44)},
        {cpu_boot_structures_gpa(&f->m, MODE_PROTECTED), boot_len},
    };
    enum { RANGES = sizeof r / sizeof r[0] };
    for (size_t i = 0; i < RANGES; i++) {
        CU_ASSERT_PTR_NOT_NULL(memory_ptr(&f->m, r[i].gpa, r[i].len, true));
        CU_ASSERT_TRUE(i == 0 || i == RANGES - 1 || r[i].gpa + r[i].len <= 0xa0000 || r[i].gpa >= MIB);
        for (size_t j = 0; j < i; j++)
            CU_ASSERT_TRUE(r[i].gpa + r[i].len <= r[j].gpa || r[j].gpa + r[j].len <= r[i].gpa);
    }
}

static void test_nothing_overlaps(void)
{
    static const struct {
        uint64_t mem, kernel, kernel_len;
    } rows[] = {
        {64 * 1024, 0x2000, 0x1000},
        {128 * 1024, 0x10000, 0x4000},
        {640 * 1024, 0x1000, 0x90000},
        {1 * MIB, 0x10000, 0x8c000},
        {2 * MIB, 0x90000, 0x10000},
        {2 * MIB, 0x9e000, 0x2000},
        {2 * MIB, 0x1000, 0x9e000},
        {2 * MIB, 0xf0000, 0x20000},
        {4 * MIB, MIB, 0x2f0000},
        {4096 * MIB, MIB, 0x100000},
        {2 * MIB, 0, 0x9f000},
        {4 * MIB, 0x3f0000, 0xf000}, /* right below the GDT: modules find the gap below */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct segment s = {.paddr = rows[i].kernel,
                            .vaddr = rows[i].kernel,
                            .memsz = rows[i].kernel_len,
                            .text = "\xf4",
                            .filesz = 1};
        struct modules mods;
        struct file file;
        struct fixture f;
        fixture_init(&f, rows[i].mem);
        kernel_make(&file, &s);
        modules_make(&mods, &f, 4096, 100);
        int rc = load(&f, file.bytes, file.len);
        CU_ASSERT_EQUAL(rc, 0);
        if (rc == 0)
            check_apart(&f);
        else
            fprintf(stderr, "row %zu: %s\n", i, f.e.text);
        modules_fini(&mods);
        fixture_fini(&f);
    }
}

static void test_no_room_for_info(void)
{
    struct segment s = {.paddr = 0, .memsz = 0xa0000, .text = "\xf4", .filesz = 1};
    struct file file;
    struct fixture f;
    static char cmdline[0x20000];
    fixture_init(&f, 2 * MIB);
    kernel_make(&file, &s);
    check_refused(&f, file.bytes, file.len, "no room below 640 KiB for ");
    s.memsz = 0x90000;
    kernel_make(&file, &s);
    memset(cmdline, 'x', sizeof cmdline - 1);
    f.rq.cmdline = cmdline;
    check_refused(&f, file.bytes, file.len, "no room below 640 KiB for ");
    fixture_fini(&f);
}

static const struct unit_test tests[] = {
    {"the list of modules", test_list},
    {"modules that are refused", test_refused},
    {"as many as there may be", test_most_modules},
    {"nothing lies over anything", test_nothing_overlaps},
    {"no room for the information", test_no_room_for_info},
};
UNIT_MAIN("vm/modules", tests)
