/*
 * The views of the GDT and an LDT, on tables as real guests have them, on tables with one thing wrong each,
 * and on tables that lie where no table can.
 */
#include "look_rig.h"

#include "debug/descriptors.h"

enum { GDT = 0x3000 };

static void gdt_put(struct rig *r, const uint64_t *entries, size_t n)
{
    r->t.sregs.gdt = (struct kvm_dtable){.base = GDT, .limit = (uint16_t)(n * 8 - 1)};
    for (size_t i = 0; i < n; i++)
        rig_put64(r, GDT + i * 8, entries[i]);
}

static void test_boot64(void)
{
    static const uint64_t gdt[] = {0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x00af9b000000ffff};
    struct rig r;
    struct err e;
    rig_init(&r, MODE_LONG);
    gdt_put(&r, gdt, 4);
    r.t.sregs.cs.selector = 0x18;
    CU_ASSERT_EQUAL(look_gdt(&r.t, "", &r.out, &e), 0);
    EXPECT(&r, "GDT at 0x3000 (gpa 0x3000), limit 0x1f: 4 entries\n"
               " #  sel   raw               base      limit     dpl      type\n"
               " 0  0000  0000000000000000  null\n"
               " 1  0008  00cf9b000000ffff  00000000  ffffffff  0  PGDA  32-bit code, readable\n"
               " 2  0010  00cf93000000ffff  00000000  ffffffff  0  PGDA  32-bit data, writable\n"
               " 3  0018  00af9b000000ffff  00000000  ffffffff  0  PGLA  64-bit code, readable\n"
               "flags: P present, G limit in 4 KiB units, D 32-bit, L 64-bit, A accessed, V AVL\n"
               "loaded: cs 0x18, ss 0x10, ds 0x10, es 0x10, fs 0x10, gs 0x10\n");
    CU_ASSERT_EQUAL(look_gdt(&r.t, "3", &r.out, &e), 0);
    EXPECT(&r, "GDT[3], selector 0x18, at 0x3018 (gpa 0x3018)\n"
               "  raw 00af9b000000ffff\n"
               "  64-bit code, readable: base 0, limit 0xffffffff\n"
               "  63-56   BASE3   0       base 31-24: top byte of the base\n"
               "  55      G       1       granularity: the limit counts 4 KiB units\n"
               "  54      db      0       default size: 16-bit (or, with L, 64-bit)\n"
               "  53      L       1       long: 64-bit code (in long mode; DB must be 0)\n"
               "  52      avl     0       available: free for the operating system\n"
               "  51-48   LIMIT1  0xf     limit 19-16: upper part of the limit\n"
               "  47      P       1       present: can be loaded\n"
               "  46-45   DPL     0       descriptor privilege level: the ring it belongs to\n"
               "  44      S       1       kind: code or data\n"
               "  43      CODE    1       code: a code segment\n"
               "  42      ce      0       conforming / expand-down: code: runs in its own ring;\n"
               "                          data: offsets up to the limit\n"
               "  41      RW      1       readable / writable: code: can be read; data: can be\n"
               "                          written\n"
               "  40      A       1       accessed: has been loaded\n"
               "  39-32   BASE2   0       base 23-16: third byte of the base\n"
               "  31-16   BASE    0       base 15-0: low part of the base\n"
               "  15-0    LIMIT   0xffff  limit 15-0: low part of the limit\n");
    CU_ASSERT_EQUAL(look_gdt(&r.t, "0", &r.out, &e), 0);
    EXPECT(&r, "GDT[0], selector 0, at 0x3000 (gpa 0x3000)\n"
               "  raw 0000000000000000\n"
               "  empty: loading it raises #GP\n");
    CU_ASSERT_EQUAL(look_gdt(&r.t, "1-2", &r.out, &e), 0);
    EXPECT(&r, " #  sel   raw               base      limit     dpl      type\n"
               " 1  0008  00cf9b000000ffff  00000000  ffffffff  0  PGDA  32-bit code, readable\n"
               " 2  0010  00cf93000000ffff  00000000  ffffffff  0  PGDA  32-bit data, writable\n"
               "flags: P present, G limit in 4 KiB units, D 32-bit, L 64-bit, A accessed, V AVL\n"
               "loaded: cs 0x18, ss 0x10, ds 0x10, es 0x10, fs 0x10, gs 0x10\n");
    CU_ASSERT_EQUAL(look_ldt(&r.t, "", &r.out, &e), 0);
    EXPECT(&r, "no LDT: LDTR holds a null selector\n");
    rig_fini(&r);
}

/* As Linux has it: kernel, user, TSS and LDT of 16 bytes each, TLS, per-CPU. */
static const uint64_t linux_gdt[16] = {
    0,
    0x00cf9b000000ffff,
    0x00af9b000000ffff,
    0x00cf93000000ffff,
    0x00cffb000000ffff,
    0x00cff3000000ffff,
    0x00affb000000ffff,
    0,
    0x00008b0040000067,
    0xfffffe00,
    0,
    0,
    0,
    0,
    0,
    0x0040f50000000000,
};

static void test_linux(void)
{
    struct rig r;
    struct err e;
    rig_init(&r, MODE_LONG);
    gdt_put(&r, linux_gdt, 16);
    r.t.sregs.cs.selector = 0x10;
    r.t.sregs.ss.selector = 0x18;
    r.t.sregs.ds.selector = r.t.sregs.es.selector = r.t.sregs.fs.selector = r.t.sregs.gs.selector = 0;
    r.t.sregs.tr.selector = 0x40;
    CU_ASSERT_EQUAL(look_gdt(&r.t, "", &r.out, &e), 0);
    EXPECT(&r, "GDT at 0x3000 (gpa 0x3000), limit 0x7f: 16 entries\n"
               " #  sel   raw               base      limit     dpl      type\n"
               " 0  0000  0000000000000000  null\n"
               " 1  0008  00cf9b000000ffff  00000000  ffffffff  0  PGDA  32-bit code, readable\n"
               " 2  0010  00af9b000000ffff  00000000  ffffffff  0  PGLA  64-bit code, readable\n"
               " 3  0018  00cf93000000ffff  00000000  ffffffff  0  PGDA  32-bit data, writable\n"
               " 4  0020  00cffb000000ffff  00000000  ffffffff  3  PGDA  32-bit code, readable\n"
               " 5  0028  00cff3000000ffff  00000000  ffffffff  3  PGDA  32-bit data, writable\n"
               " 6  0030  00affb000000ffff  00000000  ffffffff  3  PGLA  64-bit code, readable\n"
               "    0x38: 1 empty\n"
               " 8  0040  00008b0040000067  00004000  00000067  0  P---  64-bit TSS, in use\n"
               " 9  0048  00000000fffffe00  its upper half: base 0xfffffe0000004000\n"
               "    0x50-0x70: 5 empty\n"
               "15  0078  0040f50000000000  00000000  00000000  3  P-DA  32-bit data, read-only,\n"
               "                                                         expand-down\n"
               "flags: P present, G limit in 4 KiB units, D 32-bit, L 64-bit, A accessed, V AVL\n"
               "loaded: cs 0x10, ss 0x18, tr 0x40\n");
    CU_ASSERT_EQUAL(look_gdt(&r.t, "8", &r.out, &e), 0);
    EXPECT(&r, "GDT[8], selector 0x40, at 0x3040 (gpa 0x3040)\n"
               "  raw 00008b0040000067 and 00000000fffffe00\n"
               "  64-bit TSS, in use: base 0xfffffe0000004000, limit 0x67\n"
               "  127-96  ZERO    0           zero: long mode: reserved, bits 12 to 8 of it must\n"
               "                              be 0\n"
               "  95-64   BASE4   0xfffffe00  base 63-32: long mode: upper half of the base\n"
               "  63-56   BASE3   0           base 31-24: top byte of the low half of the base\n"
               "  55      g       0           granularity: the limit counts bytes\n"
               "  52      avl     0           available: free for the operating system\n"
               "  51-48   LIMIT1  0           limit 19-16: upper part of the limit\n"
               "  47      P       1           present: can be loaded\n"
               "  46-45   DPL     0           descriptor privilege level: the ring it belongs to\n"
               "  44      s       0           kind: a system descriptor\n"
               "  43-40   TYPE    0xb         type: 2 LDT, 9 TSS, b TSS in use, c call gate; 1 3\n"
               "                              4 for the 286's\n"
               "  39-32   BASE2   0           base 23-16: third byte of the base\n"
               "  31-16   BASE    0x4000      base 15-0: low part of the base\n"
               "  15-0    LIMIT   0x67        limit 15-0: low part of the limit\n");
    CU_ASSERT_EQUAL(look_gdt(&r.t, "9", &r.out, &e), 0); /* the upper half leads to the whole */
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&r.out), "GDT[8], selector 0x40"));
    rig_fini(&r);
}

static void test_ldt(void)
{
    struct rig r;
    struct err e;
    rig_init(&r, MODE_PROTECTED);
    r.t.sregs.ldt = (struct kvm_segment){.base = GDT, .limit = 0x1f, .type = 2, .present = 1, .selector = 8};
    rig_put64(&r, GDT, 0x00cf9b000000ffff);
    rig_put64(&r, GDT + 8, 0x00cf9b000000ffff);
    rig_put64(&r, GDT + 16, 0x0000820050000fff);
    r.t.sregs.ds.selector = 0xf;
    CU_ASSERT_EQUAL(look_ldt(&r.t, "", &r.out, &e), 0);
    EXPECT(&r, "LDT at 0x3000, limit 0x1f: 4 entries\n"
               " #  sel   raw               base      limit     dpl      type\n"
               " 0  0004  00cf9b000000ffff  00000000  ffffffff  0  PGDA  32-bit code, readable\n"
               "    0xc: 1 more like it\n"
               " 2  0014  0000820050000fff  00005000  00000fff  0  P---  LDT\n"
               "    ! an LDT can hold code, data and gates only\n"
               "    0x1c: 1 empty\n"
               "flags: P present, G limit in 4 KiB units, D 32-bit, L 64-bit, A accessed, V AVL\n"
               "loaded: ds 0xf\n");
    rig_fini(&r);
}

#define FLAT_DATA 0x00cf93000000ffffull

/* A GDT of four entries, and what is said about the one at index 1. */
static void test_problems(void)
{
    static const struct {
        enum cpu_mode mode;
        uint64_t gdt[4];
        const char *sentence;
    } rows[] = {
        {MODE_LONG, {0, 0x00ef9b000000ffff}, "! 64-bit code segment with D set: cannot be loaded"},
        {MODE_LONG, {0, 0x00af1b000000ffff}, "! not present but loaded in CS (selector 0x8)"},
        {MODE_LONG, {0, 0, 0, 0}, "! not present but loaded in CS (selector 0x8)"},
        {MODE_LONG,
         {0, 0x0000890000000066},
         "! TSS limit below 0x67: a task switch or a new stack raises #TS"},
        {MODE_LONG, {0, 0x0000890000000067, 0x00008000}, "! base 0x800000000000 is not canonical"},
        {MODE_LONG, {0, 0x0000890000000067, 0x010000000000}, "! bits 12 to 8 of its last word are not 0"},
        {MODE_LONG, {0, 0x0000810000000067}, "! type 1 has no meaning in long mode: using it raises #GP"},
        {MODE_LONG, {0, 0x0000850000100000}, "! type 5 has no meaning in long mode: using it raises #GP"},
        {MODE_LONG, {0, 0x00008c0000180000, 0, FLAT_DATA}, "! gate's target segment 0x18 is data, not code"},
        {MODE_PROTECTED, {0, 0x00008d0000000067}, "! system type d is reserved"},
        {MODE_PROTECTED, {0, 0x0000810000000020}, "! TSS limit below 0x2b"},
        {MODE_PROTECTED, {0, 0x0000890000000020}, "! TSS limit below 0x67"},
        {MODE_PROTECTED, {0, 0x00008c0000480000}, "! gate's selector 0x48 is past the GDT's limit 0x1f"},
        {MODE_PROTECTED, {0, 0x0000850000100000, FLAT_DATA}, "! task gate's selector 0x10 is not a TSS"},
        {MODE_PROTECTED, {0, 0x00cf1b000000ffff}, "! not present but loaded in CS (selector 0x8)"},
    };
    struct err e;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig r;
        rig_init(&r, rows[i].mode);
        gdt_put(&r, rows[i].gdt, 4);
        CU_ASSERT_EQUAL(look_gdt(&r.t, "", &r.out, &e), 0);
        CU_ASSERT_TRUE(rig_is_narrow(&r.out));
        EXPECT_SENTENCE(&r, rows[i].sentence);
        CU_ASSERT_EQUAL(look_gdt(&r.t, "1", &r.out, &e), 0); /* one entry has its sentence too */
        EXPECT_SENTENCE(&r, rows[i].sentence);
        rig_fini(&r);
    }
}

/* What is sound is left alone. */
static void test_no_problems(void)
{
    static const struct {
        enum cpu_mode mode;
        uint64_t gdt[4];
    } rows[] = {
        {MODE_LONG, {0, 0x00af9b000000ffff, FLAT_DATA}},
        {MODE_LONG, {0, 0x00af9b000000ffff, 0x0000890000000067, 0xffff8000}},
        {MODE_LONG, {0xffffffffffffffff, 0x00af9b000000ffff, FLAT_DATA}}, /* the null descriptor is free */
        {MODE_PROTECTED, {0, 0x00ef9b000000ffff, FLAT_DATA}},             /* L means nothing here */
        {MODE_PROTECTED, {0, 0x00cf9b000000ffff, FLAT_DATA, 0x00008100000000ff}},
        {MODE_PROTECTED, {0, 0x00cf9b000000ffff, FLAT_DATA, 0x00000d0000000000}}, /* not present */
        {MODE_PROTECTED, {0, 0x00cf9b000000ffff, FLAT_DATA, 0x0010ec0000080000}}, /* a call gate */
    };
    struct err e;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig r;
        rig_init(&r, rows[i].mode);
        gdt_put(&r, rows[i].gdt, 4);
        CU_ASSERT_EQUAL(look_gdt(&r.t, "", &r.out, &e), 0);
        if (strchr(text_str(&r.out), '!'))
            fprintf(stderr, "%s\n", text_str(&r.out));
        CU_ASSERT_PTR_NULL(strchr(text_str(&r.out), '!'));
        rig_fini(&r);
    }
}

static void test_places(void)
{
    struct rig r;
    struct err e;
    rig_init(&r, MODE_LONG);
    r.t.sregs.gdt = (struct kvm_dtable){.base = GDT, .limit = 0x1d};
    r.t.sregs.cs.selector = 0x20;
    CU_ASSERT_EQUAL(look_gdt(&r.t, "", &r.out, &e), 0);
    CU_ASSERT_TRUE(rig_holds(&r, "! cs holds selector 0x20, which is past the limit"));
    EXPECT_SENTENCE(&r, "GDT at 0x3000 (gpa 0x3000), limit 0x1d: 3 entries ! limit is not a multiple of 8 "
                        "minus 1: the last entry is cut off");
    r.t.sregs.gdt.base = 0x800000000000;
    CU_ASSERT_EQUAL(look_gdt(&r.t, "", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "! base is not canonical: no entry can be read");
    rig_pde(&r, 0x200000, 0); /* the table runs into a page that is not there */
    r.t.sregs.gdt = (struct kvm_dtable){.base = 0x1ffff0, .limit = 0x2f};
    CU_ASSERT_EQUAL(look_gdt(&r.t, "", &r.out, &e), 0);
    EXPECT(&r, "GDT at 0x1ffff0 (gpa 0x1ffff0), limit 0x2f: 6 entries\n"
               " #  sel   raw               base      limit     dpl      type\n"
               " 0  0000  0000000000000000  null\n"
               "    0x8: 1 empty\n"
               "    0x10-0x28: 4 not readable: PDE not present\n"
               "    ! the table runs past mapped memory\n"
               "flags: P present, G limit in 4 KiB units, D 32-bit, L 64-bit, A accessed, V AVL\n"
               "loaded: cs 0x20, ss 0x10, ds 0x10, es 0x10, fs 0x10, gs 0x10\n");
    r.t.sregs.gdt = (struct kvm_dtable){.base = RIG_LEN - 16, .limit = 0x1f};
    CU_ASSERT_EQUAL(look_gdt(&r.t, "", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "2 not readable: no memory under the page");
    r.t.sregs.gdt = (struct kvm_dtable){.base = 0x3000, .limit = 0};
    CU_ASSERT_EQUAL(look_gdt(&r.t, "", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "limit 0: 0 entries ! limit is not a multiple");
    CU_ASSERT_EQUAL(look_gdt(&r.t, "1", &r.out, &e), -1);
    CU_ASSERT_STRING_EQUAL(e.text, "gdt: 1: the GDT is empty (limit 0)");
    rig_fini(&r);
}

static void test_ranges(void)
{
    static const char *const wrong[] = {"x", "-", "1-", "-1", "2-1", "1 2", "1-2-3", "+1", "0x", "1,2", "a"};
    static const char *const past[] = {"4", "99", "99999999999999999999999", "4-5", "8192"};
    struct rig r;
    struct err e;
    rig_init(&r, MODE_PROTECTED);
    gdt_put(&r, linux_gdt, 4);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CU_ASSERT_EQUAL(look_gdt(&r.t, wrong[i], &r.out, &e), -1);
        CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "an index such as 1 or a range such as 2-5"));
    }
    for (size_t i = 0; i < sizeof past / sizeof past[0]; i++) {
        CU_ASSERT_EQUAL(look_gdt(&r.t, past[i], &r.out, &e), -1);
        CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "past the limit: the last entry is 3"));
    }
    EXPECT(&r, "");
    CU_ASSERT_EQUAL(look_gdt(&r.t, "2-99999999999999999999999", &r.out, &e), 0); /* to the end */
    EXPECT_SENTENCE(&r, " 3 0018 00cf93000000ffff");
    CU_ASSERT_EQUAL(look_gdt(&r.t, "0x1-0X2", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, " 2 0010 00af9b000000ffff");
    rig_fini(&r);
}

/* 64 KiB of anything: bounded, folded, at addresses that wrap; sanitizers watch. */
static void test_hostile(void)
{
    static const uint64_t bases[] = {0,
                                     GDT,
                                     UINT64_MAX,
                                     UINT64_MAX - 7,
                                     UINT64_MAX - 0xfff,
                                     0x7fffffffffff,
                                     0xffff800000000000,
                                     0xfffffff8,
                                     0x1fffffff8,
                                     RIG_LEN - 4,
                                     0x9fffc};
    struct err e;
    for (enum cpu_mode mode = MODE_REAL; mode <= MODE_LONG; mode++) {
        struct rig r;
        if (mode == MODE_COMPAT)
            continue;
        rig_init(&r, mode);
        uint64_t noise = 1;
        for (uint64_t at = 0; at < 0x20000; at += 8) {
            noise = noise * 6364136223846793005u + 1442695040888963407u;
            rig_put64(&r, at, noise);
        }
        for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++) {
            r.t.sregs.gdt = r.t.sregs.idt = (struct kvm_dtable){.base = bases[i], .limit = 0xffff};
            r.t.sregs.ldt = (struct kvm_segment){.base = bases[i], .limit = UINT32_MAX, .selector = 8};
            r.t.sregs.tr.base = bases[i];
            r.t.sregs.tr.limit = UINT32_MAX;
            r.t.sregs.tr.selector = 0x1234;
            CU_ASSERT_EQUAL(look_gdt(&r.t, "", &r.out, &e), 0);
            CU_ASSERT_EQUAL(look_ldt(&r.t, "", &r.out, &e), 0);
            CU_ASSERT_EQUAL(look_idt(&r.t, "", &r.out, &e), 0);
            CU_ASSERT_EQUAL(look_ivt(&r.t, "", &r.out, &e), 0);
            CU_ASSERT_EQUAL(look_tss(&r.t, "", &r.out, &e), 0);
            CU_ASSERT_EQUAL(look_gdt(&r.t, "8191", &r.out, &e), 0);
            CU_ASSERT_TRUE(rig_is_narrow(&r.out));
            CU_ASSERT_TRUE(r.out.len < 200000);
            text_clear(&r.out);
        }
        rig_fini(&r);
    }
}

/* Before LGDT the register's reset value spans the first 64 KiB, which are not a table. */
static void test_gdt_of_reset(void)
{
    struct rig r;
    struct err e;
    rig_init(&r, MODE_REAL);
    r.t.sregs.gdt.base = 0;
    r.t.sregs.gdt.limit = 0xffff;
    rig_put64(&r, 8, 0x00cf93000000ffff);
    CU_ASSERT_EQUAL(look_gdt(&r.t, "", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "no table was loaded");
    CU_ASSERT_PTR_NULL(strstr(text_str(&r.out), "data"));
    CU_ASSERT_EQUAL(look_gdt(&r.t, "1", &r.out, &e), 0);
    EXPECT_SENTENCE(&r, "32-bit data");
    rig_fini(&r);
}

static const struct unit_test tests[] = {
    {"a GDT that was never loaded", test_gdt_of_reset},
    {"the GDT of boot64", test_boot64},
    {"a GDT as Linux has it", test_linux},
    {"an LDT", test_ldt},
    {"descriptors with something wrong", test_problems},
    {"descriptors with nothing wrong", test_no_problems},
    {"tables with something wrong", test_places},
    {"ranges", test_ranges},
    {"tables full of noise where no table can be", test_hostile},
};
UNIT_MAIN("debug/descriptors", tests)
