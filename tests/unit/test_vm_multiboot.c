/*
 * Multiboot 1: headers that are found and refused, the address fields, and the boot information as a kernel
 * reads it (Multiboot Specification, "Boot information format").
 */
#include "image_files.h"

static const struct segment one = {
    .paddr = MIB, .vaddr = MIB, .memsz = 0x2000, .text = "\xf4\x90\x90\x90", .filesz = 4};

static void kernel_make(struct file *file, uint32_t flags)
{
    multiboot_put(file, elf32_make(file, MIB, &one, 1, 12), flags, NULL);
}

static void check_text(const struct fixture *f, uint64_t gpa, const char *want)
{
    CU_ASSERT_TRUE(guest_holds(f, gpa, want, strlen(want) + 1));
}

static void test_machine_state(void)
{
    struct file file;
    struct fixture f;
    struct kvm_regs r;
    struct kvm_sregs s = {0};
    fixture_init(&f, 4 * MIB);
    kernel_make(&file, 0);
    CU_ASSERT_EQUAL_FATAL(load(&f, file.bytes, file.len), 0);
    CU_ASSERT_EQUAL(f.image.format, IMAGE_MULTIBOOT);
    CU_ASSERT_EQUAL(f.image.load_gpa, MIB);
    CU_ASSERT_EQUAL(f.image.load_end_gpa, MIB + 0x2000);
    CU_ASSERT_EQUAL_FATAL(cpu_setup(&f.image.start, &f.m, &r, &s, &f.e), 0);
    CU_ASSERT_EQUAL(r.rax, 0x2badb002);
    CU_ASSERT_EQUAL(r.rip, MIB);
    CU_ASSERT_EQUAL(r.rflags & (RFLAGS_IF | RFLAGS_VM), 0);
    CU_ASSERT_EQUAL(s.cr0 & (CR0_PE | CR0_PG), CR0_PE);
    CU_ASSERT_TRUE(s.cs.base == 0 && s.cs.limit == 0xffffffff && s.cs.db == 1);
    CU_ASSERT_TRUE(s.ss.base == 0 && s.ss.limit == 0xffffffff);
    CU_ASSERT_TRUE(f.m.a20);
    CU_ASSERT_PTR_NOT_NULL(memory_ptr(&f.m, r.rbx, 120, false));
    CU_ASSERT_EQUAL(r.rbx % 4, 0);
    fixture_fini(&f);
}

static void test_info_strings(void)
{
    struct file file;
    struct fixture f;
    char want[128];
    fixture_init(&f, 4 * MIB);
    kernel_make(&file, 3);
    f.rq.cmdline = "root=/dev/ram  quiet";
    CU_ASSERT_EQUAL_FATAL(load(&f, file.bytes, file.len), 0);
    uint64_t info = f.image.start.rbx;
    CU_ASSERT_EQUAL(guest_le32(&f, info), 1 << 0 | 1 << 2 | 1 << 3 | 1 << 6 | 1 << 9);
    snprintf(want, sizeof want, "%s root=/dev/ram  quiet", strrchr(f.path, '/') + 1);
    check_text(&f, guest_le32(&f, info + 16), want);
    check_text(&f, guest_le32(&f, info + 64), "Ringside");
    CU_ASSERT_EQUAL(guest_le32(&f, info + 20), 0); /* no modules */
    fixture_fini(&f);
    /* without a command line: the name alone */
    fixture_init(&f, 4 * MIB);
    CU_ASSERT_EQUAL_FATAL(load(&f, file.bytes, file.len), 0);
    check_text(&f, guest_le32(&f, f.image.start.rbx + 16), strrchr(f.path, '/') + 1);
    fixture_fini(&f);
}

static void test_memory_map(void)
{
    struct mmap_entry {
        uint64_t gpa, len;
        uint32_t type;
    };
    static const struct {
        uint64_t mem;
        uint32_t lower, upper;
        size_t count;
        struct mmap_entry want[5];
    } rows[] = {
        {4 * MIB, 640, 3072, 3, {{0, 0xa0000, 1}, {0xa0000, 0x60000, 2}, {MIB, 3 * MIB, 1}}},
        {4096 * MIB,
         640,
         (0xc0000000 - MIB) / 1024,
         4,
         {{0, 0xa0000, 1}, {0xa0000, 0x60000, 2}, {MIB, 0xc0000000 - MIB, 1}, {0x100000000, 1024 * MIB, 1}}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct file file;
        struct fixture f;
        fixture_init(&f, rows[i].mem);
        kernel_make(&file, 2);
        CU_ASSERT_EQUAL_FATAL(load(&f, file.bytes, file.len), 0);
        uint64_t info = f.image.start.rbx, map = guest_le32(&f, info + 48),
                 end = map + guest_le32(&f, info + 44);
        CU_ASSERT_EQUAL(guest_le32(&f, info + 4), rows[i].lower);
        CU_ASSERT_EQUAL(guest_le32(&f, info + 8), rows[i].upper);
        size_t n = 0;
        for (; map < end && n < rows[i].count; n++, map += guest_le32(&f, map) + 4) {
            const uint8_t *p = memory_ptr(&f.m, map, 24, false);
            CU_ASSERT_EQUAL(le64_load(p + 4), rows[i].want[n].gpa);
            CU_ASSERT_EQUAL(le64_load(p + 12), rows[i].want[n].len);
            CU_ASSERT_EQUAL(le32_load(p + 20), rows[i].want[n].type);
        }
        CU_ASSERT_EQUAL(n, rows[i].count);
        CU_ASSERT_EQUAL(map, end);
        fixture_fini(&f);
    }
}

/* A header is found at any multiple of 4 in the first 8192 bytes, when all of it is there. */
static void test_header_search(void)
{
    static const struct {
        size_t offset;
        bool found;
    } rows[] = {{96, true}, {4096, true}, {8180, true}, {8184, false}, {8192, false}, {98, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct file file;
        struct fixture f;
        fixture_init(&f, 4 * MIB);
        elf32_make(&file, MIB, &one, 1, 0);
        multiboot_put(&file, rows[i].offset, 0, NULL);
        file.len = 9000;
        CU_ASSERT_EQUAL(load(&f, file.bytes, file.len), 0);
        CU_ASSERT_EQUAL(f.image.format, rows[i].found ? IMAGE_MULTIBOOT : IMAGE_ELF);
        fixture_fini(&f);
    }
}

static void test_header_flags(void)
{
    static const struct {
        uint32_t flags;
        const char *why;
    } rows[] = {{0, NULL},
                {1, NULL},
                {7, NULL}, /* a video mode is a wish */
                {1u << 17, NULL},
                {0xfffe0000, NULL}, /* the upper half may be passed over */
                {8, "flags 0x8"},
                {0x8007, "flags 0x8000"},
                {0xfff8, "demands features that are not known here: flags 0xfff8"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct file file;
        struct fixture f;
        fixture_init(&f, 4 * MIB);
        kernel_make(&file, rows[i].flags);
        if (rows[i].why)
            check_refused(&f, file.bytes, file.len, rows[i].why);
        else
            CU_ASSERT_EQUAL(load(&f, file.bytes, file.len), 0);
        fixture_fini(&f);
    }
}

static void test_elf64(void)
{
    static const uint32_t addresses[] = {MIB + 200, MIB, 0, 0, MIB + 64};
    struct file file;
    struct fixture f;
    fixture_init(&f, 4 * MIB);
    elf64_make(&file, MIB, &one, 1);
    multiboot_put(&file, 200, 0, NULL);
    check_refused(&f, file.bytes, file.len, "64-bit ELF: Multiboot 1 enters 32-bit code; use --format elf");
    multiboot_put(&file, 200, 1 << 16, addresses); /* load addresses settle it */
    CU_ASSERT_EQUAL(load(&f, file.bytes, file.len), 0);
    CU_ASSERT_EQUAL(f.image.start.entry, MIB + 64);
    CU_ASSERT_EQUAL(f.image.start.mode, MODE_PROTECTED);
    CU_ASSERT_TRUE(guest_holds(&f, MIB,
                               "\x7f"
                               "ELF",
                               4));
    fixture_fini(&f);
}

/* The address fields are header_addr, load_addr, load_end_addr, bss_end_addr and entry_addr; in the tests the
 * header is at file offset 16 of 1000 bytes. */
static void addresses_make(struct file *file, const uint32_t *addresses)
{
    memset(file, 0, sizeof *file);
    memset(file->bytes, 0x90, 1000);
    file->len = 1000;
    multiboot_put(file, 16, 1 << 16, addresses);
}

static void test_addresses(void)
{
    static const struct {
        uint32_t a[5];
        uint64_t skip, file_len, len; /* all of them are loaded at 1 MiB */
    } rows[] = {
        {{MIB + 16, MIB, 0, 0, MIB + 48}, 0, 1000, 1000},
        {{MIB, MIB, 0, 0, MIB + 32}, 16, 984, 984}, /* from the header on */
        {{MIB + 8, MIB, MIB + 100, 0, MIB + 48}, 8, 100, 100},
        {{MIB + 16, MIB, MIB + 100, MIB + 0x5000, MIB + 0x4000}, 0, 100, 0x5000},
        {{MIB + 16, MIB, 0, MIB + 0x5000, MIB}, 0, 1000, 0x5000},
    };
    static const uint8_t zeros[0x5000];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct file file;
        struct fixture f;
        fixture_init(&f, 4 * MIB);
        memset(memory_ptr(&f.m, MIB, 0x8000, true), 0xaa, 0x8000);
        addresses_make(&file, rows[i].a);
        CU_ASSERT_EQUAL(load(&f, file.bytes, file.len), 0);
        CU_ASSERT_EQUAL(f.image.start.entry, rows[i].a[4]);
        CU_ASSERT_EQUAL(f.image.load_gpa, MIB);
        CU_ASSERT_EQUAL(f.image.load_end_gpa, MIB + rows[i].len);
        CU_ASSERT_TRUE(guest_holds(&f, MIB, file.bytes + rows[i].skip, rows[i].file_len));
        CU_ASSERT_TRUE(guest_holds(&f, MIB + rows[i].file_len, zeros, rows[i].len - rows[i].file_len));
        CU_ASSERT_TRUE(guest_holds(&f, MIB + rows[i].len, "\xaa", 1));
        fixture_fini(&f);
    }
}

static void test_addresses_refused(void)
{
    static const struct {
        uint32_t a[5];
        const char *why;
    } rows[] = {
        {{MIB + 17, MIB, 0, 0, MIB},
         "load_addr 0x100000 does not fit header_addr 0x100011, at file offset 0x10"},
        {{MIB - 1, MIB, 0, 0, MIB}, "does not fit header_addr"},
        {{MIB + 16, MIB, MIB - 1, 0, MIB}, "load_end_addr 0xfffff before load_addr 0x100000"},
        {{MIB + 16, MIB, MIB, 0, MIB}, "nothing to load"},
        {{MIB + 16, MIB, MIB + 1001, 0, MIB},
         "cut: 0x3e9 bytes for 0x100000 at file offset 0, but the file has 0x3e8"},
        {{MIB + 16, MIB, MIB + 100, MIB + 99, MIB},
         "bss_end_addr 0x100063 before the end of the data at 0x100064"},
        {{MIB + 16, MIB, 0, 0, MIB - 1}, "entry_addr 0xfffff outside the image: 0x3e8 bytes at 0x100000"},
        {{MIB + 16, MIB, 0, 0, MIB + 1000}, "outside the image"},
        {{0x9ff10, 0x9ff00, 0, 0, 0x9ff00}, "overlaps the VGA window"},
        {{0xfffffff0, 0xffffffe0, 0, 0, 0xffffffe0}, "not all in RAM"},
        {{MIB + 16, MIB, 0, 0xffffffff, MIB}, "larger than the guest's memory"},
        {{4 * MIB - 0x1000, 4 * MIB - 0x1000, 0, 0, 4 * MIB - 0x1000}, "overlaps the boot structures"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct file file;
        struct fixture f;
        fixture_init(&f, 4 * MIB);
        addresses_make(&file, rows[i].a);
        check_refused(&f, file.bytes, file.len, rows[i].why);
        fixture_fini(&f);
    }
}

static const struct unit_test tests[] = {
    {"the machine state", test_machine_state}, {"command line and loader name", test_info_strings},
    {"the memory map", test_memory_map},       {"where headers are found", test_header_search},
    {"header flags", test_header_flags},       {"64-bit ELF", test_elf64},
    {"the address fields", test_addresses},    {"address fields that are refused", test_addresses_refused},
};
UNIT_MAIN("vm/multiboot", tests)
