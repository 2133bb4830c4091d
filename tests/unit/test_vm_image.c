/*
 * Images at the door: what kind of file is taken, which format it is taken for, which options fit it; and
 * flat images.
 */
#include "image_files.h"
#include "vm/image_load.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static void test_format_names(void)
{
    static const char *const names[] = {"auto", "flat", "elf", "multiboot"};
    for (int i = 0; i < IMAGE_FORMAT_COUNT; i++) {
        CU_ASSERT_STRING_EQUAL(image_format_name((enum image_format)i), names[i]);
        CU_ASSERT_EQUAL(image_format_find(names[i]), i);
    }
    CU_ASSERT_EQUAL(image_format_find("FLAT"), -1);
    CU_ASSERT_EQUAL(image_format_find(""), -1);
}

static void boot_sector_make(struct file *f, size_t len)
{
    memset(f, 0, sizeof *f);
    memset(f->bytes, 0x90, len);
    f->bytes[510] = 0x55;
    f->bytes[511] = 0xaa;
    f->len = len;
}

static void test_boot_sector(void)
{
    static const size_t lens[] = {512, 513, 9000};
    for (size_t i = 0; i < 3; i++) {
        struct fixture f;
        struct file file;
        fixture_init(&f, MIB);
        boot_sector_make(&file, lens[i]);
        CU_ASSERT_EQUAL(load(&f, file.bytes, file.len), 0);
        CU_ASSERT_EQUAL(f.image.format, IMAGE_FLAT);
        CU_ASSERT_EQUAL(f.image.start.mode, MODE_REAL);
        CU_ASSERT_EQUAL(f.image.start.entry, 0x7c00);
        CU_ASSERT_EQUAL(f.image.start.rdx, 0x80);
        CU_ASSERT_EQUAL(f.image.file_len, lens[i]);
        CU_ASSERT_EQUAL(f.image.load_gpa, 0x7c00);
        CU_ASSERT_EQUAL(f.image.load_end_gpa, 0x7c00 + lens[i]);
        CU_ASSERT_TRUE(guest_holds(&f, 0x7c00, file.bytes, file.len));
        fixture_fini(&f);
    }
}

static void test_flat_defaults(void)
{
    static const struct {
        int mode;
        uint64_t at;
        enum cpu_mode want_mode;
        uint64_t want_at;
    } rows[] = {{IMAGE_NO_MODE, IMAGE_NO_ADDR, MODE_REAL, 0x7c00},
                {IMAGE_NO_MODE, 0x8000, MODE_REAL, 0x8000},
                {IMAGE_NO_MODE, 0, MODE_REAL, 0},
                {MODE_REAL, IMAGE_NO_ADDR, MODE_REAL, 0x7c00},
                {MODE_PROTECTED, IMAGE_NO_ADDR, MODE_PROTECTED, MIB},
                {MODE_LONG, IMAGE_NO_ADDR, MODE_LONG, MIB},
                {MODE_LONG, 0x5001, MODE_LONG, 0x5001}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;
        fixture_init(&f, 2 * MIB);
        f.rq.mode = rows[i].mode;
        f.rq.at = rows[i].at;
        CU_ASSERT_EQUAL(load(&f, "\xf4", 1), 0);
        CU_ASSERT_EQUAL(f.image.start.mode, rows[i].want_mode);
        CU_ASSERT_EQUAL(f.image.start.entry, rows[i].want_at);
        CU_ASSERT_EQUAL(f.image.start.rdx, 0); /* no boot mark */
        CU_ASSERT_TRUE(guest_holds(&f, rows[i].want_at, "\xf4", 1));
        fixture_fini(&f);
    }
}

static void test_flat_refused(void)
{
    static const struct {
        uint64_t mem;
        int mode;
        uint64_t at;
        size_t len;
        const char *why;
    } rows[] = {
        {2 * MIB, MODE_REAL, 0x9ff00, 0x101,
         "0x101 bytes at 0x9ff00: overlaps the VGA window: 0x20000 bytes at 0xa0000"},
        {2 * MIB, MODE_LONG, 0xbffff, 1, "VGA window"},
        {2 * MIB, MODE_REAL, 0xfff00, 0x101, "real mode reaches the first MiB only"},
        {2 * MIB, MODE_REAL, MIB, 1, "real mode reaches the first MiB only"},
        {2 * MIB, MODE_REAL, UINT64_MAX - 1, 1, "real mode reaches the first MiB only"},
        {2 * MIB, MODE_PROTECTED, 2 * MIB, 1,
         "0x1 bytes at 0x200000: not all in RAM, which ends at 0x200000"},
        {2 * MIB, MODE_PROTECTED, UINT64_MAX - 1, 2, "wraps past the last address"},
        {2 * MIB, MODE_PROTECTED, 2 * MIB - 0x1000, 1,
         "overlaps the boot structures: 0x1000 bytes at 0x1ff000"},
        {2 * MIB, MODE_LONG, 2 * MIB - 0x7001, 2, "overlaps the boot structures: 0x7000 bytes at 0x1f9000"},
        {64 * 1024, MODE_LONG, IMAGE_NO_ADDR, 1, "not all in RAM, which ends at 0x10000"},
        {2 * MIB, MODE_COMPAT, IMAGE_NO_ADDR, 1, "cannot start in that mode"},
        {2 * MIB, 17, IMAGE_NO_ADDR, 1, "cannot start in that mode"},
    };
    static const uint8_t bytes[0x200];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;
        fixture_init(&f, rows[i].mem);
        f.rq.mode = rows[i].mode;
        f.rq.at = rows[i].at;
        check_refused(&f, bytes, rows[i].len, rows[i].why);
        fixture_fini(&f);
    }
}

static void test_larger_than_memory(void)
{
    struct fixture f;
    fixture_init(&f, 2 * MIB);
    f.rq.mode = MODE_PROTECTED;
    CU_ASSERT_EQUAL(truncate(f.path, 2 * MIB + 1), 0);
    CU_ASSERT_EQUAL(image_load(&f.rq, &f.m, &f.image, &f.e), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.e.text, "larger than the guest's memory of 0x200000 bytes"));
    CU_ASSERT_EQUAL(truncate(f.path, 5ll << 30), 0); /* sparse */
    CU_ASSERT_EQUAL(image_load(&f.rq, &f.m, &f.image, &f.e), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(f.e.text, "has 5368709120 bytes: too large"));
    fixture_fini(&f);
}

/* Files that are no image files: each refused at once, by name. */
static void test_file_kinds(void)
{
    static const struct {
        const char *path, *why;
    } rows[] = {{"/", "is a directory"},
                {"/dev/zero", "is a character device"},
                {"/nonexistent/image", "open: No such file"},
                {"/etc/passwd/x", "open: Not a directory"},
                {"", "open: No such file"}};
    struct fixture f;
    fixture_init(&f, MIB);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        f.rq.path = rows[i].path;
        CU_ASSERT_EQUAL(image_load(&f.rq, &f.m, &f.image, &f.e), -1);
        CU_ASSERT_PTR_NOT_NULL(strstr(f.e.text, rows[i].why));
        CU_ASSERT_EQUAL(strncmp(f.e.text, rows[i].path, strlen(rows[i].path)), 0);
    }
    f.rq.path = f.path;
    check_refused(&f, "", 0, "is empty");
    unlink(f.path);
    CU_ASSERT_EQUAL_FATAL(mkfifo(f.path, 0600), 0);
    CU_ASSERT_EQUAL(image_load(&f.rq, &f.m, &f.image, &f.e), -1); /* and does not wait for a writer */
    CU_ASSERT_PTR_NOT_NULL(strstr(f.e.text, "is a FIFO"));
    fixture_fini(&f);
}

static void test_unreadable(void)
{
    struct fixture f;
    fixture_init(&f, MIB);
    file_write(f.path, "\xf4", 1);
    CU_ASSERT_EQUAL(chmod(f.path, 0), 0);
    int rc = image_load(&f.rq, &f.m, &f.image, &f.e);
    if (geteuid() == 0) { /* root may read anything */
        CU_ASSERT_EQUAL(rc, 0);
    } else {
        CU_ASSERT_EQUAL(rc, -1);
        CU_ASSERT_EQUAL(f.e.code, EACCES);
    }
    fixture_fini(&f);
}

static void test_file_that_shrinks(void)
{
    struct fixture f;
    struct image_source s;
    static const uint8_t bytes[9000];
    char hex[65];
    fixture_init(&f, MIB);
    file_write(f.path, bytes, sizeof bytes);
    CU_ASSERT_EQUAL_FATAL(image_source_open(&s, f.path, &f.e), 0);
    CU_ASSERT_EQUAL(truncate(f.path, 100), 0);
    CU_ASSERT_EQUAL(image_source_sha256(&s, hex, &f.e), -1);
    CU_ASSERT_STRING_EQUAL(f.e.text, "became shorter while it was read");
    image_source_close(&s);
    fixture_fini(&f);
}

static void test_sha256(void)
{
    struct fixture f;
    static uint8_t million[1000000];
    memset(million, 'a', sizeof million);
    fixture_init(&f, 2 * MIB);
    CU_ASSERT_EQUAL(load(&f, "abc", 3), 0);
    CU_ASSERT_STRING_EQUAL(f.image.sha256,
                           "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    f.rq.mode = MODE_PROTECTED;
    CU_ASSERT_EQUAL(load(&f, million, sizeof million), 0); /* the FIPS 180 example of many blocks */
    CU_ASSERT_STRING_EQUAL(f.image.sha256,
                           "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    fixture_fini(&f);
}

/* What each file is taken for, with and without a format that is asked for. */
static void test_recognition(void)
{
    static const struct segment segment = {
        .paddr = MIB, .vaddr = MIB, .memsz = 4, .text = "\xf4\xf4\xf4\xf4", .filesz = 4};
    static const uint32_t addresses[] = {MIB, MIB, 0, 0, MIB + 32};
    struct file elf, elf_multiboot, kludge, header_only, bad_sum;
    elf32_make(&elf, MIB, &segment, 1, 0);
    multiboot_put(&elf_multiboot, elf32_make(&elf_multiboot, MIB, &segment, 1, 12), 0, NULL);
    memset(&kludge, 0, sizeof kludge);
    multiboot_put(&kludge, 0, 1 << 16, addresses);
    kludge.len = 64;
    memset(&header_only, 0, sizeof header_only);
    multiboot_put(&header_only, 0, 0, NULL);
    bad_sum = kludge;
    bad_sum.bytes[8]++;
    const struct {
        const struct file *file;
        enum image_format asked, got; /* IMAGE_AUTO: refused */
        const char *why;
    } rows[] = {
        {&elf, IMAGE_AUTO, IMAGE_ELF, NULL},
        {&elf, IMAGE_FLAT, IMAGE_FLAT, NULL},
        {&elf, IMAGE_MULTIBOOT, IMAGE_AUTO, "no header with a valid checksum in the first 8192 bytes"},
        {&elf_multiboot, IMAGE_AUTO, IMAGE_MULTIBOOT, NULL},
        {&elf_multiboot, IMAGE_ELF, IMAGE_ELF, NULL},
        {&kludge, IMAGE_AUTO, IMAGE_MULTIBOOT, NULL},
        {&kludge, IMAGE_ELF, IMAGE_AUTO, "no ELF header"},
        {&kludge, IMAGE_FLAT, IMAGE_FLAT, NULL},
        {&header_only, IMAGE_AUTO, IMAGE_FLAT, NULL},
        {&header_only, IMAGE_MULTIBOOT, IMAGE_AUTO, "no load addresses"},
        {&bad_sum, IMAGE_AUTO, IMAGE_FLAT, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;
        fixture_init(&f, 4 * MIB);
        f.rq.format = rows[i].asked;
        if (rows[i].got == IMAGE_AUTO) {
            check_refused(&f, rows[i].file->bytes, rows[i].file->len, rows[i].why);
        } else {
            CU_ASSERT_EQUAL(load(&f, rows[i].file->bytes, rows[i].file->len), 0);
            CU_ASSERT_EQUAL(f.image.format, rows[i].got);
        }
        fixture_fini(&f);
    }
}

static void test_options_that_do_not_fit(void)
{
    static const struct segment segment = {
        .paddr = MIB, .vaddr = MIB, .memsz = 1, .text = "\xf4", .filesz = 1};
    struct file elf;
    struct fixture f;
    elf32_make(&elf, MIB, &segment, 1, 0);
    fixture_init(&f, 4 * MIB);
    f.rq.mode = MODE_LONG;
    check_refused(&f, elf.bytes, elf.len, "is of format elf, which says itself where");
    f.rq.mode = IMAGE_NO_MODE;
    f.rq.at = 0x8000;
    check_refused(&f, elf.bytes, elf.len, "--mode and --at are for flat images");
    f.rq.at = IMAGE_NO_ADDR;
    f.rq.cmdline = "quiet";
    check_refused(&f, elf.bytes, elf.len, "--cmdline is for Multiboot");
    check_refused(&f, "\xf4", 1, "--cmdline is for Multiboot");
    f.rq.cmdline = "";
    CU_ASSERT_EQUAL(load(&f, elf.bytes, elf.len), 0);
    f.rq.modules[0] = "x";
    f.rq.module_count = 1;
    check_refused(&f, elf.bytes, elf.len, "--module is for Multiboot");
    fixture_fini(&f);
}

/* A hostile name cannot break the one line. */
static void test_name_with_newline(void)
{
    struct fixture f;
    fixture_init(&f, MIB);
    f.rq.path = "/nonexistent\n\x1b[2J";
    CU_ASSERT_EQUAL(image_load(&f.rq, &f.m, &f.image, &f.e), -1);
    CU_ASSERT_PTR_NULL(strchr(f.e.text, '\n'));
    CU_ASSERT_PTR_NULL(strchr(f.e.text, '\x1b'));
    fixture_fini(&f);
}

static const struct unit_test tests[] = {
    {"names of formats", test_format_names},
    {"boot sectors, and longer ones", test_boot_sector},
    {"where flat images go", test_flat_defaults},
    {"flat images that are refused", test_flat_refused},
    {"larger than memory, larger than anything", test_larger_than_memory},
    {"files that are no files", test_file_kinds},
    {"a file without read permission", test_unreadable},
    {"a file that shrinks while it is read", test_file_that_shrinks},
    {"SHA-256 of the file", test_sha256},
    {"which format a file is", test_recognition},
    {"options that do not fit the format", test_options_that_do_not_fit},
    {"a file name with control characters", test_name_with_newline},
};
UNIT_MAIN("vm/image", tests)
