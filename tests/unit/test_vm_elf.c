/*
 * ELF images: good ones land where their program headers say, bad ones are refused with the reason and the
 * numbers.
 */
#include "image_files.h"

static const struct segment one = {
    .paddr = MIB, .vaddr = MIB, .memsz = 4, .text = "\xf4\x90\x90\x90", .filesz = 4};

static void test_elf32(void)
{
    static const struct segment s[] = {
        {.paddr = 0x10000, .vaddr = 0x10000, .memsz = 3, .text = "abc", .filesz = 3},
        {.paddr = MIB, .vaddr = MIB, .memsz = 0x3000, .text = "data", .filesz = 4},
    };
    struct file file;
    struct fixture f;
    fixture_init(&f, 4 * MIB);
    memset(memory_ptr(&f.m, MIB, 0x4000, true), 0xaa, 0x4000);
    elf32_make(&file, 0x10001, s, 2, 0);
    CU_ASSERT_EQUAL(load(&f, file.bytes, file.len), 0);
    CU_ASSERT_EQUAL(f.image.format, IMAGE_ELF);
    CU_ASSERT_EQUAL(f.image.start.mode, MODE_PROTECTED);
    CU_ASSERT_EQUAL(f.image.start.entry, 0x10001);
    CU_ASSERT_EQUAL(f.image.start.rax, 0);
    CU_ASSERT_EQUAL(f.image.load_gpa, 0x10000);
    CU_ASSERT_EQUAL(f.image.load_end_gpa, MIB + 0x3000);
    CU_ASSERT_TRUE(guest_holds(&f, 0x10000, "abc", 3));
    CU_ASSERT_TRUE(guest_holds(&f, MIB, "data\0", 5));
    static const uint8_t zeros[0x3000];
    CU_ASSERT_TRUE(guest_holds(&f, MIB + 4, zeros, 0x3000 - 4)); /* bss */
    CU_ASSERT_TRUE(guest_holds(&f, MIB + 0x3000, "\xaa", 1));
    fixture_fini(&f);
}

static void test_elf64_high_half(void)
{
    static const struct segment s[] = {
        {.paddr = 0x200000, .vaddr = 0xffffffff80200000, .memsz = 8, .text = "kernel!!", .filesz = 8},
        {.paddr = 0x300000, .vaddr = 0xffffffff80300000, .memsz = 8, .text = "data", .filesz = 4},
        {.paddr = 0x400000, .vaddr = 0, .memsz = 0, .text = "", .filesz = 0}, /* empty: passed over */
    };
    struct file file;
    struct fixture f;
    fixture_init(&f, 4 * MIB);
    elf64_make(&file, 0xffffffff80200004, s, 3);
    CU_ASSERT_EQUAL(load(&f, file.bytes, file.len), 0);
    CU_ASSERT_EQUAL(f.image.start.mode, MODE_LONG);
    CU_ASSERT_EQUAL(f.image.start.entry, 0x200004);
    CU_ASSERT_TRUE(guest_holds(&f, 0x200000, "kernel!!", 8));
    fixture_fini(&f);
    /* an entry that is physical already, as Linux has it */
    fixture_init(&f, 4 * MIB);
    elf64_make(&file, 0x300002, s, 2);
    CU_ASSERT_EQUAL(load(&f, file.bytes, file.len), 0);
    CU_ASSERT_EQUAL(f.image.start.entry, 0x300002);
    fixture_fini(&f);
}

static void test_static_pie(void)
{
    struct file file;
    struct fixture f;
    fixture_init(&f, 4 * MIB);
    elf64_make(&file, MIB, &one, 1);
    ((Elf64_Ehdr *)file.bytes)->e_type = ET_DYN;
    CU_ASSERT_EQUAL(load(&f, file.bytes, file.len), 0);
    ((Elf64_Phdr *)(file.bytes + 64))->p_type = PT_INTERP;
    check_refused(&f, file.bytes, file.len, "needs a dynamic loader: not a guest");
    fixture_fini(&f);
}

/* The file header, one field at a time. */
static void test_header_refused(void)
{
    static const struct {
        size_t offset, len;
        uint64_t value;
        const char *why;
    } rows[] = {
        {EI_DATA, 1, ELFDATA2MSB, "big-endian"},
        {EI_DATA, 1, 9, "unknown byte order 9"},
        {EI_CLASS, 1, 7, "unknown class 7"},
        {offsetof(Elf64_Ehdr, e_machine), 2, EM_AARCH64, "64-bit for machine 183 (ARM AArch64)"},
        {offsetof(Elf64_Ehdr, e_machine), 2, EM_RISCV, "RISC-V"},
        {offsetof(Elf64_Ehdr, e_machine), 2, EM_386, "64-bit for machine 3 (Intel i386)"},
        {offsetof(Elf64_Ehdr, e_machine), 2, 0xfffe, "machine 65534 (unknown)"},
        {offsetof(Elf64_Ehdr, e_type), 2, ET_REL, "relocatable object: link it first"},
        {offsetof(Elf64_Ehdr, e_type), 2, ET_CORE, "core dump"},
        {offsetof(Elf64_Ehdr, e_type), 2, ET_NONE, "type 0: not an executable"},
        {offsetof(Elf64_Ehdr, e_phnum), 2, 0, "no program headers"},
        {offsetof(Elf64_Ehdr, e_phnum), 2, PN_XNUM, "too many program headers"},
        {offsetof(Elf64_Ehdr, e_phnum), 2, 3, "cut: 3 program headers at file offset 0x40"},
        {offsetof(Elf64_Ehdr, e_phentsize), 2, 32, "program headers of 32 bytes instead of 56"},
        {offsetof(Elf64_Ehdr, e_phoff), 8, UINT64_MAX,
         "cut: 1 program headers at file offset 0xffffffffffffffff"},
        {offsetof(Elf64_Ehdr, e_phoff), 8, UINT64_MAX - 55, "cut: 1 program headers"},
        {offsetof(Elf64_Ehdr, e_entry), 8, MIB + 4, "entry 0x100004 lies in no segment"},
        {offsetof(Elf64_Ehdr, e_entry), 8, UINT64_MAX, "lies in no segment"},
        {64, 4, PT_NOTE, "no segment to load"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct file file;
        struct fixture f;
        fixture_init(&f, 4 * MIB);
        elf64_make(&file, MIB, &one, 1);
        le_store(file.bytes + rows[i].offset, rows[i].value, rows[i].len);
        check_refused(&f, file.bytes, file.len, rows[i].why);
        fixture_fini(&f);
    }
}

static void test_class_and_machine(void)
{
    struct file file;
    struct fixture f;
    fixture_init(&f, 4 * MIB);
    elf32_make(&file, MIB, &one, 1, 0);
    ((Elf32_Ehdr *)file.bytes)->e_machine = EM_X86_64; /* the x32 ABI */
    check_refused(&f, file.bytes, file.len, "32-bit for machine 62 (x86-64)");
    ((Elf32_Ehdr *)file.bytes)->e_machine = EM_ARM;
    check_refused(&f, file.bytes, file.len, "32-bit for machine 40 (ARM)");
    fixture_fini(&f);
}

/* Segments against the machine and against each other; memory is 4 MiB, long mode's tables lie at 0x3f9000.
 */
static void test_segments_refused(void)
{
    static const struct {
        struct segment a, b;
        const char *why;
    } rows[] = {
        {{.paddr = 0x3f8fff, .memsz = 2},
         {0},
         "ELF segment 0: 0x2 bytes at 0x3f8fff: overlaps the boot structures: 0x7000 bytes at 0x3f9000"},
        {{.paddr = 0x400000, .memsz = 1},
         {0},
         "0x1 bytes at 0x400000: not all in RAM, which ends at 0x400000"},
        {{.paddr = 0x3ff000, .memsz = 0x2000}, {0}, "boot structures"},
        {{.paddr = 0x9fff0, .memsz = 0x11}, {0}, "overlaps the VGA window: 0x20000 bytes at 0xa0000"},
        {{.paddr = 0xb8000, .memsz = 2}, {0}, "overlaps the VGA window"},
        {{.paddr = UINT64_MAX - 1, .memsz = 2}, {0}, "wraps past the last address"},
        {{.paddr = UINT64_MAX, .memsz = 2}, {0}, "wraps past the last address"},
        {{.paddr = MIB, .memsz = UINT64_MAX}, {0}, "larger than the guest's memory of 0x400000 bytes"},
        {{.paddr = MIB, .memsz = 0x400001}, {0}, "larger than the guest's memory"},
        {{.paddr = MIB, .memsz = 0x100},
         {.paddr = MIB + 0xff, .memsz = 1},
         "ELF segment 1: 0x1 bytes at 0x1000ff: overlaps ELF segment 0: 0x100 bytes at 0x100000"},
        {{.paddr = MIB, .memsz = 2, .text = "abc", .filesz = 3},
         {0},
         "ELF segment 0: 0x3 bytes in the file, but only 0x2 in memory"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct file file;
        struct fixture f;
        const struct segment s[2] = {rows[i].a, rows[i].b};
        fixture_init(&f, 4 * MIB);
        elf64_make(&file, s[0].paddr, s, s[1].memsz ? 2 : 1);
        check_refused(&f, file.bytes, file.len, rows[i].why);
        fixture_fini(&f);
    }
}

static void test_segment_cut(void)
{
    static const struct {
        uint64_t offset, filesz;
        const char *why;
    } rows[] = {
        {120, 5, "ELF segment 0: cut: 0x5 bytes for 0x100000 at file offset 0x78, but the file has 0x7c"},
        {124, 1, "cut: 0x1 bytes"},
        {UINT64_MAX, 4, "cut: 0x4 bytes for 0x100000 at file offset 0xffffffffffffffff"},
        {UINT64_MAX - 3, 4, "cut"},
        {0, UINT64_MAX, "cut"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct file file;
        struct fixture f;
        fixture_init(&f, 4 * MIB);
        elf64_make(&file, MIB, &one, 1);
        CU_ASSERT_EQUAL(file.len, 124);
        Elf64_Phdr *p = (Elf64_Phdr *)(file.bytes + 64);
        p->p_offset = rows[i].offset;
        p->p_filesz = rows[i].filesz;
        p->p_memsz = 0x1000;
        check_refused(&f, file.bytes, file.len, rows[i].why);
        fixture_fini(&f);
    }
}

static void test_too_many_segments(void)
{
    struct segment s[65];
    struct file file;
    struct fixture f;
    for (size_t i = 0; i < 65; i++)
        s[i] = (struct segment){.paddr = MIB + i, .vaddr = MIB + i, .memsz = 1};
    fixture_init(&f, 4 * MIB);
    elf64_make(&file, MIB, s, 64);
    CU_ASSERT_EQUAL(load(&f, file.bytes, file.len), 0);
    elf64_make(&file, MIB, s, 65);
    check_refused(&f, file.bytes, file.len, "ELF segment 64: more than 64 pieces to place");
    fixture_fini(&f);
}

/* Segments may lie above 4 GiB; they must not lie in the gap below it, nor over a ROM. */
static void test_where_ram_is(void)
{
    static const uint8_t rom[4096];
    struct segment s[2] = {
        one, {.paddr = 0x100001000, .vaddr = 0x100001000, .memsz = 4, .text = "high", .filesz = 4}};
    struct file file;
    struct fixture f;
    fixture_init(&f, 4096 * MIB);
    elf64_make(&file, MIB, s, 2);
    CU_ASSERT_EQUAL(load(&f, file.bytes, file.len), 0);
    CU_ASSERT_TRUE(guest_holds(&f, 0x100001000, "high", 4));
    s[1].paddr = 0xc0000000;
    elf64_make(&file, MIB, s, 2);
    check_refused(&f, file.bytes, file.len,
                  "0x4 bytes at 0xc0000000: not all in RAM, which ends at 0x140000000");
    s[1].paddr = 0xf0ffe;
    elf64_make(&file, MIB, s, 2);
    CU_ASSERT_EQUAL(memory_add_rom(&f.m, 0xf1000, rom, sizeof rom, &f.e), 0);
    check_refused(&f, file.bytes, file.len, "not all in RAM");
    fixture_fini(&f);
}

static const struct unit_test tests[] = {
    {"32-bit: segments, bss, protected mode", test_elf32},
    {"64-bit, linked high: long mode", test_elf64_high_half},
    {"static position-independent, and with an interpreter", test_static_pie},
    {"bad file headers", test_header_refused},
    {"classes and machines", test_class_and_machine},
    {"bad segments", test_segments_refused},
    {"segments cut off", test_segment_cut},
    {"more segments than there may be", test_too_many_segments},
    {"RAM above 4 GiB, the gap, ROM", test_where_ram_is},
};
UNIT_MAIN("vm/elf", tests)
