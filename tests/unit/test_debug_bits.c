/*
 * The tables of bits: that they are sound, that values are written out as they should, and what the offline
 * book says; the same for the table of MSRs.
 */
#include "look_rig.h"

#include "debug/bits.h"
#include "debug/msrs.h"

static uint64_t mask_of(const struct bit *row)
{
    return (row->len >= 64 ? UINT64_MAX : (1ull << row->len) - 1) << (row->low & 63);
}

/* Fields that share bits do so because the hardware has two readings of them. */
static bool may_overlap(const struct bits *b, const struct bit *x, const struct bit *y)
{
    return (b == &bits_cr3 && strcmp(x->name, "PCID") == 0) ||
           (b == &bits_pde && strcmp(x->name, "ADDR") == 0 && strcmp(y->name, "PAT") == 0);
}

static void table_check(const struct bits *b)
{
    CU_ASSERT_PTR_EQUAL(bits_find(b->name, strlen(b->name)), b);
    for (const struct bit *x = b->bit; x->name; x++) {
        CU_ASSERT_TRUE(x->len >= 1 && (x->low & 63) + x->len <= 64);
        CU_ASSERT_TRUE(x->low < 64 || b->wide);
        CU_ASSERT_EQUAL(x->zero == NULL, x->len > 1);
        CU_ASSERT_PTR_EQUAL(bits_bit(b, x->name), x);
        for (const struct bit *y = x + 1; y->name; y++) {
            bool overlap = x->low / 64 == y->low / 64 && (mask_of(x) & mask_of(y));
            CU_ASSERT_TRUE(!overlap || may_overlap(b, x, y));
            CU_ASSERT_TRUE(y->low <= x->low || may_overlap(b, x, y) || b == &bits_cr3);
        }
    }
}

static void test_tables(void)
{
    size_t n = 0;
    for (; bits_row(n); n++)
        table_check(bits_row(n));
    CU_ASSERT_TRUE(n > 10);
    CU_ASSERT_PTR_EQUAL(bits_find("EFlags", 6), &bits_rflags);
    CU_ASSERT_PTR_EQUAL(bits_find("cr0.wp", 3), &bits_cr0);
    CU_ASSERT_PTR_EQUAL(bits_find("pdpte", 5), &bits_pde);
    CU_ASSERT_PTR_NULL(bits_find("cr", 2));
    CU_ASSERT_PTR_NULL(bits_find("", 0));
    CU_ASSERT_PTR_NULL(bits_bit(&bits_cr0, "if"));
}

static void test_fields(void)
{
    struct bits_value v = {0x00af9b000000ffff, 0x12345678ffffffff};
    CU_ASSERT_EQUAL(bits_field(bits_bit(&bits_descriptor, "L"), v), 1);
    CU_ASSERT_EQUAL(bits_field(bits_bit(&bits_descriptor, "DB"), v), 0);
    CU_ASSERT_EQUAL(bits_field(bits_bit(&bits_descriptor, "LIMIT1"), v), 0xf);
    CU_ASSERT_EQUAL(bits_field(bits_bit(&bits_system_descriptor, "BASE4"), v), 0xffffffff);
    CU_ASSERT_EQUAL(bits_field(bits_bit(&bits_system_descriptor, "ZERO"), v), 0x12345678);
    CU_ASSERT_EQUAL(bits_field(bits_bit(&bits_cr3, "BASE"), (struct bits_value){0xfffabcde0000018, 0}),
                    0xfabcde0000);
}

static void test_names(void)
{
    struct rig r = {0};
    bits_add_names(&bits_cr0, 0x80000011, 0, &r.out);
    EXPECT(&r, "PG cd nw am wp ne ET ts em mp PE");
    bits_add_names(&bits_rflags, 0x246, 0, &r.out);
    EXPECT(&r, "id vip vif ac vm rf nt of df IF tf sf ZF af PF cf");
    text_add(&r.out, "CR4: ");
    bits_add_names(&bits_cr4, 1 << 5 | 1 << 20, 5, &r.out);
    EXPECT(&r, "CR4: fred lam_sup uintr pks cet pke smap SMEP kl osxsave pcide fsgsbase smxe\n"
               "     vmxe la57 umip osxmmexcpt osfxsr pce pge mce PAE pse de tsd pvi vme");
    text_fini(&r.out);
}

static void test_reserved(void)
{
    static const struct {
        const struct bits *bits;
        uint64_t value;
        const char *want;
    } rows[] = {
        {&bits_cr0, 0xe005003f, ""},
        {&bits_cr0, 1 << 6 | 1 << 17 | 1ull << 63, "reserved bits set: 63, 17, 6"},
        {&bits_rflags, 0x3f7fd7, ""},
        {&bits_rflags, 0, "must be 1: 1"},
        {&bits_rflags, 1 << 3, "reserved bits set: 3; must be 1: 1"},
        {&bits_efer, 0xd01, ""},
        {&bits_efer, 1 << 9, "reserved bits set: 9"},
        {&bits_cr4, 1 << 15, "reserved bits set: 15"},
    };
    struct rig r = {0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bits_add_reserved(rows[i].bits, rows[i].value, &r.out);
        EXPECT(&r, rows[i].want);
    }
    text_fini(&r.out);
}

static void test_rows(void)
{
    struct rig r = {0};
    bits_add_rows(&bits_selector, (struct bits_value){0x2b, 0}, &r.out);
    EXPECT(&r, "  15-3    INDEX  0x5     index: which descriptor of the table, from 0\n"
               "  2       ti     0       table indicator: in the GDT\n"
               "  1-0     RPL    3       requested privilege level: the ring it is used on\n"
               "                         behalf of; in CS it is the CPL\n");
    bits_add_row(&bits_cr0, bits_bit(&bits_cr0, "wp"), (struct bits_value){0x10000, 0}, &r.out);
    EXPECT(&r, "  16      WP  1  write protect: rings 0 to 2 too may not write to read-only\n"
               "                 pages\n");
    for (size_t i = 0; bits_row(i); i++) { /* whatever the value, 80 columns are enough */
        bits_add_rows(bits_row(i), (struct bits_value){0, 0}, &r.out);
        bits_add_rows(bits_row(i), (struct bits_value){UINT64_MAX, UINT64_MAX}, &r.out);
        CU_ASSERT_TRUE(rig_is_narrow(&r.out));
    }
    text_fini(&r.out);
}

static void test_explain(void)
{
    struct rig r = {0};
    CU_ASSERT_TRUE(bits_explain("cr0.wp", 100, &r.out));
    EXPECT(&r, "CR0.WP, bit 16: write protect\n\n"
               "  1  rings 0 to 2 too may not write to read-only pages\n"
               "  0  rings 0 to 2 may write to read-only pages\n\n"
               "Source: Intel SDM, \"Control Registers\"\n");
    CU_ASSERT_TRUE(bits_explain("wp", 100, &r.out)); /* there is one only */
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&r.out), "CR0.WP, bit 16"));
    text_clear(&r.out);
    CU_ASSERT_TRUE(bits_explain("RFLAGS.iopl", 100, &r.out));
    EXPECT(&r, "RFLAGS.IOPL, bits 13-12: I/O privilege level\n\n"
               "  the outermost ring that may use IN, OUT, CLI and STI\n\n"
               "Source: Intel SDM, \"EFLAGS Register\"\n");
    CU_ASSERT_TRUE(bits_explain("rpl", 100, &r.out));
    text_clear(&r.out);
    CU_ASSERT_TRUE(bits_explain("pcd", 100, &r.out)); /* there are several */
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&r.out), "CR3.PCD is a bit of CR3 (page-level cache disable): "
                                                    "ringside explain CR3.PCD\nPTE.PCD is a bit of PTE"));
    text_clear(&r.out);
    CU_ASSERT_TRUE(bits_explain("efer", 100, &r.out));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&r.out), "\n  11      NXE     no-execute enable: 1 = bit 63"));
    text_clear(&r.out);
    static const char *const nothing[] = {"", ".", "cr0.", "cr0.if", "cr", "cr0.wp.", ".wp", "cr9.wp"};
    for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++) {
        CU_ASSERT_FALSE(bits_explain(nothing[i], 100, &r.out));
        EXPECT(&r, "");
    }
    text_fini(&r.out);
}

/* ---- MSRs ---- */

struct fake_msrs {
    uint32_t index;
    uint64_t value;
};

static int fake_read(void *ctx, uint32_t index, uint64_t *value, struct err *e)
{
    const struct fake_msrs *f = ctx;
    if (index != f->index)
        return err_set(e, "this CPU has no MSR %#x", index);
    *value = f->value;
    return 0;
}

static void test_msr_table(void)
{
    for (size_t i = 0; msr_row(i); i++) {
        char number[16];
        CU_ASSERT_TRUE(i == 0 || msr_row(i - 1)->index < msr_row(i)->index);
        snprintf(number, sizeof number, "%#x", msr_row(i)->index);
        CU_ASSERT_PTR_EQUAL(msr_find(number), msr_row(i));
        CU_ASSERT_PTR_EQUAL(msr_find(msr_row(i)->name), msr_row(i));
    }
    CU_ASSERT_PTR_EQUAL(msr_find("ia32_lstar"), msr_find("LSTAR"));
    CU_ASSERT_PTR_NULL(msr_find(""));
    CU_ASSERT_PTR_NULL(msr_find("0x"));
    CU_ASSERT_PTR_NULL(msr_find("0xffffffffffffffffff"));
    CU_ASSERT_PTR_NULL(msr_find("0x1c0000080"));
    CU_ASSERT_PTR_NULL(msr_find("ia32_"));
}

static void test_msr_values(void)
{
    static const struct {
        const char *name;
        struct fake_msrs msr;
        const char *want;
    } rows[] = {
        {"star",
         {0xc0000081, 0x0023001000000000},
         "0xc0000081  STAR            0023001000000000  selectors of SYSCALL and SYSRET\n"
         "            SYSCALL: CS 0x10, SS 0x18; SYSRET: CS 0x33 (32-bit: 0x23), SS 0x2b\n"},
        {"PAT",
         {0x277, 0x0007040600070406},
         "0x00000277  PAT             0007040600070406  memory types that PAT PCD PWT pick\n"
         "            0 WB, 1 WT, 2 UC-, 3 UC, 4 WB, 5 WT, 6 UC-, 7 UC\n"},
        {"PAT",
         {0x277, 0xff08030201050607},
         "0x00000277  PAT             ff08030201050607  memory types that PAT PCD PWT pick\n"
         "            0 UC-, 1 WB, 2 WP, 3 WC, 4 reserved 2, 5 reserved 3, 6 reserved, 7\n"
         "            reserved\n"},
        {"0x1b",
         {0x1b, 0xfee00d00},
         "0x0000001b  APIC_BASE       00000000fee00d00  local APIC: where, and on or off\n"
         "            on at gpa 0xfee00000, boot CPU, x2APIC\n"},
        {"efer",
         {0xc0000080, 0x701},
         "0xc0000080  EFER            0000000000000701  long mode, NX, SYSCALL\n"
         "            aibrse tce ffxsr lmsle svme nxe LMA LME SCE; reserved bits set: 9\n"},
        {"sfmask",
         {0xc0000084, 0},
         "0xc0000084  SFMASK          0000000000000000  flags that SYSCALL clears\n"
         "            SYSCALL clears nothing, not even IF\n"},
        {"sysenter_cs",
         {0x174, 0x13},
         "0x00000174  SYSENTER_CS     0000000000000013  CS that SYSENTER loads\n"
         "            SYSENTER: CS 0x10, SS 0x18\n"},
        {"mtrr_def_type",
         {0x2ff, 0xc06},
         "0x000002ff  MTRR_DEF_TYPE   0000000000000c06  MTRRs on or off, default type\n"
         "            MTRRs on, fixed ranges on, elsewhere WB\n"},
        {"spec_ctrl",
         {0x48, 5},
         "0x00000048  SPEC_CTRL       0000000000000005  limits on speculation\n"
         "            IBRS stibp SSBD\n"},
        {"lstar",
         {0, 0},
         "0xc0000082  LSTAR           ?                 where SYSCALL goes (64-bit code)\n"
         "            not readable: this CPU has no MSR 0xc0000082\n"},
    };
    static const struct target_ops ops = {.msr_read = fake_read};
    struct rig r = {0};
    struct err e;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fake_msrs msr = rows[i].msr;
        r.t.ops = &ops;
        r.t.ctx = &msr;
        CU_ASSERT_EQUAL(look_msrs(&r.t, rows[i].name, &r.out, &e), 0);
        EXPECT(&r, rows[i].want);
    }
    struct fake_msrs none = {0xc0000080, 0x500};
    r.t.ctx = &none;
    CU_ASSERT_EQUAL(look_msrs(&r.t, "", &r.out, &e), 0);
    CU_ASSERT_TRUE(rig_is_narrow(&r.out));
    CU_ASSERT_TRUE(rig_holds(&r, "EFER 0000000000000500"));
    text_clear(&r.out);
    CU_ASSERT_EQUAL(look_msrs(&r.t, "0x12345", &r.out, &e), -1);
    CU_ASSERT_STRING_EQUAL(e.text, "msrs: 0x12345: not in the list of architectural MSRs (msrs shows it)");
    r.t.ops = NULL;
    CU_ASSERT_EQUAL(look_msrs(&r.t, "tsc", &r.out, &e), 0);
    EXPECT(&r, "0x00000010  TSC             ?                 time-stamp counter\n"
               "? not readable: this state has no CPU behind it to ask\n");
    text_fini(&r.out);
}

static const struct unit_test tests[] = {
    {"each table is sound, and is found", test_tables},
    {"fields of values", test_fields},
    {"names, set and clear", test_names},
    {"reserved bits", test_reserved},
    {"a line a bit", test_rows},
    {"the offline book", test_explain},
    {"the table of MSRs", test_msr_table},
    {"MSRs in words, and those that cannot be read", test_msr_values},
};
UNIT_MAIN("debug/bits", tests)
