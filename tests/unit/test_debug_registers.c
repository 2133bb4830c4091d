/*
 * Registers by name: every row read and written, what a write does besides, and what is refused.
 */
#include "base/bytes.h"
#include "debug/registers.h"
#include "debug_rig.h"
#include "unit.h"
#include "vm/cpu_check.h"

#include <stdio.h>

static uint64_t get(struct rig *r, const char *name)
{
    uint64_t value = 0;
    const struct register_info *row = register_find(name, strlen(name));
    CU_ASSERT_PTR_NOT_NULL_FATAL(row);
    CU_ASSERT_EQUAL(register_get(&r->target, row, &value, &r->e), 0);
    return value;
}

static int set(struct rig *r, const char *name, uint64_t value)
{
    const struct register_info *row = register_find(name, strlen(name));
    CU_ASSERT_PTR_NOT_NULL_FATAL(row);
    return register_set(&r->target, row, value, &r->e);
}

static void test_find(void)
{
    CU_ASSERT_PTR_NOT_NULL(register_find("rax", 3));
    CU_ASSERT_PTR_EQUAL(register_find("RaX+1", 3), register_find("rax", 3));
    CU_ASSERT_PTR_NULL(register_find("ra", 2));
    CU_ASSERT_PTR_NULL(register_find("raxx", 4));
    CU_ASSERT_PTR_NULL(register_find("", 0));
    static const char *const names[] = {
        "r15",     "r8d",      "r9w",   "r10b",      "spl",        "ah",       "eip",       "ip",
        "pc",      "flags",    "cs.db", "ldtr.base", "gdtr.limit", "gdt.base", "idt.limit", "cr8",
        "cr4.pae", "efer.lme", "dr7",   "apic_base", "iopl",       "eflags.if"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        CU_ASSERT_PTR_NOT_NULL(register_find(names[i], strlen(names[i])));
}

/* The rows against the manual: bit numbers of a state in which every bit has its own pattern. */
static void test_parts(void)
{
    static const struct {
        const char *name;
        uint64_t want;
    } rows[] = {
        {"rbx", 0x8877665544332211},
        {"ebx", 0x44332211},
        {"bx", 0x2211},
        {"bl", 0x11},
        {"bh", 0x22},
        {"iopl", 2},
        {"cr0.pg", 1},
        {"cr0.wp", 0},
        {"cr3.pcd", 1},
        {"gs.type", 5},
        {"gs.rpl", 2},
        {"gs.ti", 1},
        {"gs.index", 0x246},
        {"idt.limit", 0x3ff},
        {"efer.nxe", 1},
        {"dr3", 0x4444},
        {"dr7.g0", 1},
        {"dr6.bs", 1},
        {"apic_base.en", 1},
    };
    struct rig r;
    rig_init(&r, MODE_LONG);
    r.target.regs.rbx = 0x8877665544332211;
    r.target.regs.rflags = 0x2002;
    r.target.sregs.cr3 |= 0x10;
    r.target.sregs.gs = (struct kvm_segment){.type = 5, .selector = 0x1236};
    r.target.sregs.idt.limit = 0x3ff;
    r.target.sregs.efer |= EFER_NXE;
    r.target.sregs.apic_base = 0xfee00800;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (get(&r, rows[i].name) != rows[i].want) {
            fprintf(stderr, "%s is %#llx\n", rows[i].name, (unsigned long long)get(&r, rows[i].name));
            CU_FAIL("a part is wrong");
        }
    rig_fini(&r);
}

/* Whatever a row says: writing what is there changes nothing, and a write that is taken is read back. */
static void test_all_rows(void)
{
    size_t taken = 0;
    for (int mode = MODE_REAL; mode <= MODE_LONG; mode++) {
        struct rig r;
        if (mode == MODE_COMPAT)
            continue;
        rig_init(&r, (enum cpu_mode)mode);
        for (size_t i = 0; register_row(i); i++) {
            const struct register_info *row = register_row(i);
            struct target before = r.target;
            uint64_t is, back;
            CU_ASSERT_EQUAL(register_get(&r.target, row, &is, &r.e), 0);
            CU_ASSERT_TRUE(row->bits == 64 || is >> row->bits == 0);
            for (uint64_t want = 0; want < 4; want++) {
                if (register_set(&r.target, row, is ^ want, &r.e) < 0) {
                    CU_ASSERT_EQUAL(memcmp(&before, &r.target, sizeof before), 0);
                    continue;
                }
                taken++;
                CU_ASSERT_FALSE(row->flags & REGISTER_READ_ONLY);
                CU_ASSERT_EQUAL(r.target.regs_changed, row->place == REGISTER_REGS);
                CU_ASSERT_EQUAL(r.target.sregs_changed, row->place == REGISTER_SREGS);
                CU_ASSERT_EQUAL(register_get(&r.target, row, &back, &r.e), 0);
                bool forced = row->place == REGISTER_REGS && (back ^ is ^ want) == RFLAGS_FIXED;
                bool follows = row->place == REGISTER_SREGS && (back ^ is ^ want) == EFER_LMA;
                CU_ASSERT_TRUE(back == (is ^ want) || forced || follows);
                CU_ASSERT_EQUAL(cpu_check(&r.target.regs, &r.target.sregs, &r.e), 0);
                r.target = before;
            }
        }
        rig_fini(&r);
    }
    CU_ASSERT_TRUE(taken > 500);
}

static void test_widths(void)
{
    struct rig r;
    rig_init(&r, MODE_LONG);
    r.target.regs.rcx = UINT64_MAX;
    CU_ASSERT_EQUAL(set(&r, "cx", 0x1234), 0);
    CU_ASSERT_EQUAL(r.target.regs.rcx, 0xffffffffffff1234);
    CU_ASSERT_EQUAL(set(&r, "ch", 0xab), 0);
    CU_ASSERT_EQUAL(r.target.regs.rcx, 0xffffffffffffab34);
    CU_ASSERT_EQUAL(set(&r, "ecx", 0x80000001), 0); /* the upper half is cleared */
    CU_ASSERT_EQUAL(r.target.regs.rcx, 0x80000001);
    CU_ASSERT_EQUAL(set(&r, "cl", UINT64_MAX), 0); /* -1 */
    CU_ASSERT_EQUAL(r.target.regs.rcx, 0x800000ff);
    CU_ASSERT_EQUAL(set(&r, "cl", 0x100), -1);
    CU_ASSERT_STRING_EQUAL(r.e.text, "cl has 8 bits: 0x100 does not fit");
    CU_ASSERT_EQUAL(set(&r, "cl", (uint64_t)-129), -1);
    CU_ASSERT_EQUAL(set(&r, "zf", 2), -1);
    CU_ASSERT_STRING_EQUAL(r.e.text, "zf has 1 bit: 0x2 does not fit");
    CU_ASSERT_EQUAL(set(&r, "zf", UINT64_MAX), -1);
    CU_ASSERT_EQUAL(set(&r, "rflags", 0), 0);
    CU_ASSERT_EQUAL(r.target.regs.rflags, RFLAGS_FIXED);
    rig_fini(&r);
}

static void test_refused(void)
{
    static const struct {
        enum cpu_mode mode;
        const char *name;
        uint64_t value;
        const char *why;
    } rows[] = {
        {MODE_REAL, "cr0.pg", 1,
         "cr0.pg = 0x1 refused: CR0.PG without CR0.PE: paging exists in protected mode only"},
        {MODE_REAL, "cr0", CR0_ET | CR0_NW, "CR0.NW without CR0.CD"},
        {MODE_LONG, "cr4.pae", 0, "CR0.PG and EFER.LME without CR4.PAE"},
        {MODE_LONG, "cr0.pe", 0, "CR0.PG without CR0.PE"},
        {MODE_LONG, "cr4", CR4_PAE | 1ull << 40, "a reserved bit of CR4"},
        {MODE_LONG, "efer.lma", 0, "the CPU sets EFER.LMA itself"},
        {MODE_PROTECTED, "efer.lma", 1, "the CPU sets EFER.LMA itself"},
        {MODE_LONG, "efer", 1ull << 50, "a reserved bit of EFER"},
        {MODE_LONG, "cs.db", 1, "CS has L and D both set"},
        {MODE_LONG, "rip", 1ull << 47, "RIP is no canonical address"},
        {MODE_PROTECTED, "rip", 1ull << 32, "RIP has 32 bits"},
        {MODE_LONG, "cr3", 1ull << 60, "CR3 lies above"},
        {MODE_LONG, "vm", 1, "RFLAGS.VM outside protected mode"},
        {MODE_LONG, "rflags", 1 << 15, "a reserved bit of RFLAGS"},
        {MODE_LONG, "dr0", 0, "dr0 can only be read"},
        {MODE_LONG, "apic_base", 0, "apic_base can only be read"},
        {MODE_LONG, "cs", 0, "selector 0 is the null selector"},
        {MODE_LONG, "cs", 0x10, "selector 0x10 names data, not code"},
        {MODE_LONG, "ss", 8, "SS must be accessed writable data"},
        {MODE_LONG, "ds", 0x18, "selector 0x18 lies past the GDT limit 0x17"},
        {MODE_PROTECTED, "ss", 0, "null selector"},
        {MODE_PROTECTED, "tr", 8, "the descriptor of selector 0x8 is no TSS"},
        {MODE_PROTECTED, "ldtr", 8, "the descriptor of selector 0x8 is no LDT"},
        {MODE_REAL, "tr", 8, "in protected mode only"},
        {MODE_LONG, "tr", 0, "null selector"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig r;
        rig_init(&r, rows[i].mode);
        struct target before = r.target;
        CU_ASSERT_EQUAL(set(&r, rows[i].name, rows[i].value), -1);
        if (!strstr(r.e.text, rows[i].why))
            fprintf(stderr, "%s: %s\n", rows[i].name, r.e.text);
        CU_ASSERT_PTR_NOT_NULL(strstr(r.e.text, rows[i].why));
        CU_ASSERT_EQUAL(memcmp(&before, &r.target, sizeof before), 0);
        rig_fini(&r);
    }
}

/* From real mode to long mode by hand, in the order the manual wants. */
static void test_climb(void)
{
    struct rig r;
    rig_init(&r, MODE_REAL);
    uint8_t gdt[32] = {0};
    le_store(gdt + 8, 0x00af9b000000ffff, 8);
    le_store(gdt + 16, 0x00cf93000000ffff, 8);
    le_store(gdt + 24, 0x00cf9b000000ffff, 8);
    rig_put(&r, 0x2000, gdt, sizeof gdt);
    CU_ASSERT_EQUAL(set(&r, "gdtr.base", 0x2000), 0);
    CU_ASSERT_EQUAL(set(&r, "gdtr.limit", 31), 0);
    CU_ASSERT_EQUAL(set(&r, "cr4.pae", 1), 0);
    CU_ASSERT_EQUAL(set(&r, "efer.lme", 1), 0);
    CU_ASSERT_EQUAL(get(&r, "efer.lma"), 0);
    CU_ASSERT_EQUAL(set(&r, "cr0.pe", 1), 0);
    CU_ASSERT_EQUAL(set(&r, "cr3", 0x3000), 0);
    CU_ASSERT_EQUAL(cpu_mode(&r.target.sregs), MODE_PROTECTED);
    CU_ASSERT_EQUAL(set(&r, "cr0.pg", 1), 0);
    CU_ASSERT_EQUAL(get(&r, "efer.lma"), 1); /* follows */
    CU_ASSERT_EQUAL(cpu_mode(&r.target.sregs), MODE_COMPAT);
    /* with paging on the GDT must be mapped before a selector can be loaded */
    CU_ASSERT_EQUAL(set(&r, "cs", 8), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(r.e.text, "PML4E not present"));
    rig_put_number(&r, 0x3000, 0x4003, 8);
    rig_put_number(&r, 0x4000, 0x83, 8);
    CU_ASSERT_EQUAL(set(&r, "cs", 8), 0);
    CU_ASSERT_EQUAL(set(&r, "ss", 0x10), 0);
    CU_ASSERT_EQUAL(cpu_mode(&r.target.sregs), MODE_LONG);
    CU_ASSERT_EQUAL(cpu_check(&r.target.regs, &r.target.sregs, &r.e), 0);
    CU_ASSERT_EQUAL(set(&r, "cr0.pg", 0), -1); /* and back: not out of 64-bit code … */
    CU_ASSERT_EQUAL(set(&r, "cs", 0x18), 0);
    CU_ASSERT_EQUAL(set(&r, "cr0.pg", 0), 0); /* … but out of compatibility mode; LMA goes */
    CU_ASSERT_EQUAL(get(&r, "efer.lma"), 0);
    rig_fini(&r);
}

static void test_segments(void)
{
    struct rig r;
    rig_init(&r, MODE_REAL);
    CU_ASSERT_EQUAL(set(&r, "es", 0xb800), 0);
    CU_ASSERT_EQUAL(get(&r, "es.base"), 0xb8000);
    CU_ASSERT_EQUAL(get(&r, "es.limit"), 0xffff);
    CU_ASSERT_TRUE(r.target.sregs_changed);
    rig_fini(&r);
    rig_init(&r, MODE_LONG);
    uint64_t gdt = r.target.sregs.gdt.base;
    r.target.sregs.gdt.limit = 0x3f;
    rig_put_number(&r, gdt + 0x18, 0x0000890010000067, 8); /* a TSS, free, at 0x1000 */
    rig_put_number(&r, gdt + 0x20, 0xffff8000, 8);
    rig_put_number(&r, gdt + 0x28, 0x000082002000000f, 8); /* an LDT at 0x2000 */
    rig_put_number(&r, gdt + 0x30, 0, 8);
    rig_put_number(&r, gdt + 0x38, 0x00cf13000000ffff, 8); /* data, not present */
    CU_ASSERT_EQUAL(set(&r, "tr", 0x18), 0);
    CU_ASSERT_EQUAL(get(&r, "tr.base"), 0xffff800000001000);
    CU_ASSERT_EQUAL(get(&r, "tr.type"), 11); /* busy now */
    CU_ASSERT_EQUAL(set(&r, "ldtr", 0x28), 0);
    CU_ASSERT_EQUAL(get(&r, "ldtr.base"), 0x2000);
    rig_put_number(&r, 0x2008, 0x00cff3000000ffff, 8);
    CU_ASSERT_EQUAL(set(&r, "fs", 0xf), 0);
    CU_ASSERT_EQUAL(get(&r, "fs.dpl"), 3);
    CU_ASSERT_EQUAL(set(&r, "ss", 0xf), -1); /* would change the CPL under CS */
    CU_ASSERT_PTR_NOT_NULL(strstr(r.e.text, "CS must have the DPL of SS"));
    CU_ASSERT_EQUAL(set(&r, "ldtr", 0), 0);
    CU_ASSERT_EQUAL(get(&r, "ldtr.unusable"), 1);
    CU_ASSERT_EQUAL(set(&r, "gs", 0xf), -1);
    CU_ASSERT_EQUAL(set(&r, "ds", 0x38), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(r.e.text, "not present"));
    CU_ASSERT_EQUAL(set(&r, "ds", 0), 0);
    CU_ASSERT_EQUAL(get(&r, "ds.unusable"), 1);
    CU_ASSERT_EQUAL(set(&r, "ss", 0), 0); /* 64-bit mode allows it */
    CU_ASSERT_EQUAL(set(&r, "es", 0x18), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(r.e.text, "names a system descriptor"));
    rig_fini(&r);
}

static void test_bases(void)
{
    struct rig r;
    rig_init(&r, MODE_LONG);
    r.target.sregs.ds.base = r.target.sregs.fs.base = 0x1000;
    CU_ASSERT_EQUAL(register_segment_base(&r.target, &r.target.sregs.ds), 0);
    CU_ASSERT_EQUAL(register_segment_base(&r.target, &r.target.sregs.fs), 0x1000);
    r.target.sregs.cs.l = 0;
    CU_ASSERT_EQUAL(register_segment_base(&r.target, &r.target.sregs.ds), 0x1000);
    CU_ASSERT_TRUE(register_is_segment(register_find("cs", 2)));
    CU_ASSERT_PTR_EQUAL(register_segment(&r.target, register_find("gs", 2)), &r.target.sregs.gs);
    CU_ASSERT_FALSE(register_is_segment(register_find("tr", 2)));
    CU_ASSERT_FALSE(register_is_segment(register_find("ldtr", 4)));
    CU_ASSERT_FALSE(register_is_segment(register_find("rax", 3)));
    rig_fini(&r);
}

static const struct unit_test tests[] = {
    {"by name", test_find},
    {"parts by bit", test_parts},
    {"every row", test_all_rows},
    {"widths", test_widths},
    {"what is refused", test_refused},
    {"from real to long mode", test_climb},
    {"segments load their descriptors", test_segments},
    {"segment bases", test_bases},
};
UNIT_MAIN("debug/registers", tests)
