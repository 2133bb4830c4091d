/*
 * The states a CPU would not accept: from a good state in each mode one thing is changed at a time, and the
 * check must say exactly that.
 */
#include "unit.h"
#include "vm/cpu_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct state {
    struct kvm_regs r;
    struct kvm_sregs s;
};

enum { V86 = CPU_MODES };

static struct kvm_segment v86_segment(uint16_t selector)
{
    return (struct kvm_segment){.selector = selector,
                                .base = (uint64_t)selector << 4,
                                .limit = 0xffff,
                                .type = 3,
                                .s = 1,
                                .dpl = 3,
                                .present = 1};
}

/* A good state: what cpu_setup makes, compat by CS.L, virtual-8086 by its segments. */
static void state_make(struct state *x, int mode)
{
    struct guest_memory m;
    struct err e;
    enum cpu_mode from = mode == V86 ? MODE_PROTECTED : mode == MODE_COMPAT ? MODE_LONG : (enum cpu_mode)mode;
    struct cpu_start start = {.mode = from, .entry = 0x8000};
    memset(x, 0, sizeof *x);
    if (memory_init(&m, NULL, 0x200000, &e) < 0 || cpu_setup(&start, &m, &x->r, &x->s, &e) < 0)
        abort();
    memory_fini(&m);
    if (mode == MODE_COMPAT) {
        x->s.cs.l = 0;
        x->s.cs.db = 1;
    }
    if (mode == V86) {
        x->r.rflags |= RFLAGS_VM;
        x->s.cs = x->s.ss = x->s.ds = x->s.es = x->s.fs = x->s.gs = v86_segment(0x1234);
    }
}

static void test_good(void)
{
    for (int mode = 0; mode <= V86; mode++) {
        struct state x;
        struct err e = {0};
        state_make(&x, mode);
        if (cpu_check(&x.r, &x.s, &e) < 0)
            fprintf(stderr, "mode %d: %s\n", mode, e.text);
        CU_ASSERT_EQUAL(cpu_check(&x.r, &x.s, &e), 0);
    }
}

/* What is or-ed into, and taken out of, one member of one mode's state. `want` empty: still good. */
struct row {
    int mode;
    size_t offset, len;
    uint64_t set, clear;
    const char *want;
};
#define REG(member)  offsetof(struct state, r.member), 8
#define SREG(member) offsetof(struct state, s.member), sizeof(((struct state *)0)->s.member)

static void row_apply(struct state *x, const struct row *row)
{
    uint64_t value = 0;
    memcpy(&value, (char *)x + row->offset, row->len);
    value = (value & ~row->clear) | row->set;
    memcpy((char *)x + row->offset, &value, row->len);
}

static const struct row rows[] = {
    {MODE_REAL, SREG(cr0), CR0_PG, 0, "CR0.PG without CR0.PE"},
    {MODE_REAL, SREG(cr0), CR0_NW, 0, "CR0.NW without CR0.CD"},
    {MODE_REAL, SREG(cr0), CR0_NW | CR0_CD, 0, ""},
    {MODE_REAL, SREG(cr0), 0, CR0_ET, "CR0.ET"},
    {MODE_REAL, SREG(cr0), 1 << 6, 0, "reserved bit of CR0"},
    {MODE_REAL, SREG(cr0), 1ull << 32, 0, "reserved bit of CR0"},
    {MODE_REAL, SREG(cr0), CR0_MP | CR0_EM | CR0_TS | CR0_NE | CR0_WP | CR0_AM | CR0_CD, 0, ""},
    {MODE_LONG, SREG(cr3), 1ull << 52, 0, "CR3 lies above"},
    {MODE_LONG, SREG(cr3), 1ull << 51, 0, ""},
    {MODE_LONG, SREG(cr4), 1 << 15, 0, "reserved bit of CR4"},
    {MODE_LONG, SREG(cr4), 1ull << 40, 0, "reserved bit of CR4"},
    {MODE_LONG, SREG(cr4), 0x377ff & ~0x1000ull, 0, ""},
    {MODE_LONG, SREG(cr4), 0, CR4_PAE, "CR0.PG and EFER.LME without CR4.PAE"},
    {MODE_PROTECTED, SREG(cr0), CR0_PG, 0, ""},
    {MODE_PROTECTED, SREG(cr4), CR4_PAE, 0, ""},
    {MODE_PROTECTED, SREG(cr4), 1 << 17, 0, "CR4.PCIDE outside IA-32e mode"},
    {MODE_LONG, SREG(cr4), 1 << 17, 0, ""},
    {MODE_LONG, SREG(cr4), 1 << 23, 0, "CR4.CET without CR0.WP"},
    {MODE_LONG, SREG(cr8), 15, 0, ""},
    {MODE_LONG, SREG(cr8), 16, 0, "CR8 has four bits"},
    {MODE_PROTECTED, SREG(efer), EFER_LMA, 0, "EFER.LMA must say"},
    {MODE_PROTECTED, SREG(efer), EFER_LME, 0, ""},
    {MODE_LONG, SREG(efer), 0, EFER_LMA, "EFER.LMA must say"},
    {MODE_LONG, SREG(efer), 0, EFER_LME, "EFER.LMA must say"},
    {MODE_LONG, SREG(efer), EFER_SCE | EFER_NXE, 0, ""},
    {MODE_LONG, SREG(efer), 1 << 9, 0, "reserved bit of EFER"},
    {MODE_LONG, SREG(efer), 1ull << 32, 0, "reserved bit of EFER"},

    {MODE_LONG, REG(rip), 1ull << 47, 0, "RIP is no canonical address"},
    {MODE_LONG, REG(rip), 1ull << 46, 0, ""},
    {MODE_LONG, REG(rip), 0xffff800000000000, 0, ""},
    {MODE_COMPAT, REG(rip), 1ull << 32, 0, "RIP has 32 bits"},
    {MODE_PROTECTED, REG(rip), 1ull << 32, 0, "RIP has 32 bits"},
    {MODE_REAL, REG(rip), 0xffff0000, 0, ""},
    {MODE_REAL, REG(rflags), 0, 2, "bit 1 of RFLAGS"},
    {MODE_REAL, REG(rflags), 1 << 3, 0, "reserved bit of RFLAGS"},
    {MODE_REAL, REG(rflags), 1 << 15, 0, "reserved bit of RFLAGS"},
    {MODE_REAL, REG(rflags), 1ull << 22, 0, "reserved bit of RFLAGS"},
    {MODE_REAL, REG(rflags), 0x3d7fd5, 0, ""},
    {MODE_REAL, REG(rflags), RFLAGS_VM, 0, "RFLAGS.VM outside protected mode"},
    {MODE_LONG, REG(rflags), RFLAGS_VM, 0, "RFLAGS.VM outside protected mode"},
    {MODE_LONG, SREG(gdt.base), 1ull << 47, 0, "the GDT's base"},
    {MODE_LONG, SREG(idt.base), 1ull << 47, 0, "the IDT's base"},

    {MODE_LONG, SREG(cs.unusable), 1, 0, "CS must be usable"},
    {MODE_LONG, SREG(tr.unusable), 1, 0, "TR must be usable"},
    {MODE_LONG, SREG(cs.present), 0, 1, "CS is not present"},
    {MODE_LONG, SREG(gs.present), 0, 1, "GS is not present"},
    {MODE_LONG, SREG(cs.s), 0, 1, "CS must be a code or data segment"},
    {MODE_LONG, SREG(tr.s), 1, 0, "TR must be a system segment"},
    {MODE_LONG, SREG(cs.type), 0, 8, ""}, /* type 3 at DPL 0 */
    {MODE_LONG, SREG(cs.type), 0, 1, "CS must be accessed code"},
    {MODE_LONG, SREG(cs.dpl), 1, 0, "CS must have the DPL of SS"},
    {MODE_LONG, SREG(ss.dpl), 3, 0, "CS must have the DPL of SS"},
    {MODE_LONG, SREG(cs.db), 1, 0, "CS has L and D both set"},
    {MODE_PROTECTED, SREG(cs.l), 1, 0,
     "64-bit code needs EFER.LMA"}, /* KVM refuses what the CPU would bear */
    {MODE_LONG, SREG(ss.type), 8, 0, "SS must be accessed writable data"},
    {MODE_LONG, SREG(ss.type), 0, 2, "SS must be accessed writable data"},
    {MODE_LONG, SREG(ss.type), 4, 0, ""}, /* expand-down */
    {MODE_LONG, SREG(ds.type), 0, 1, "DS must be marked accessed"},
    {MODE_LONG, SREG(es.type), 8, 2, "ES holds code that cannot be read"},
    {MODE_LONG, SREG(es.type), 8, 0, ""},
    {MODE_LONG, SREG(cs.base), 1ull << 32, 0, "CS must have a base of 32 bits"},
    {MODE_LONG, SREG(ds.base), 1ull << 32, 0, "DS must have a base of 32 bits"},
    {MODE_LONG, SREG(fs.base), 1ull << 32, 0, ""},
    {MODE_LONG, SREG(fs.base), 1ull << 47, 0, "FS must have a canonical base"},
    {MODE_LONG, SREG(tr.base), 1ull << 47, 0, "TR must have a canonical base"},
    {MODE_LONG, SREG(ds.limit), 0, 1, "DS counts its limit in pages"},
    {MODE_LONG, SREG(ds.g), 0, 1, "DS counts its limit in bytes"},
    {MODE_REAL, SREG(ds.limit), 0, 1, ""},
    {MODE_LONG, SREG(tr.selector), 4, 0, "TR must come from the GDT"},
    {MODE_LONG, SREG(tr.type), 0, 8, "TR must be a busy TSS"},
    {MODE_PROTECTED, SREG(tr.type), 0, 8, ""}, /* a 16-bit one */
    {MODE_PROTECTED, SREG(tr.type), 0, 2, "TR must be a busy TSS"},
    {MODE_LONG, SREG(ldt.selector), 4, 0, ""}, /* unusable: nothing is asked */
    {MODE_LONG, SREG(ldt.unusable), 0, 1, "LDTR is not present"},

    {V86, SREG(ds.base), 1, 0, "DS must have a base of 16 times its selector"},
    {V86, SREG(cs.limit), 0x10000, 0, "CS must be present writable data at DPL 3"},
    {V86, SREG(ss.dpl), 0, 1, "SS must be present writable data at DPL 3"},
    {V86, SREG(gs.unusable), 1, 0, "GS must be present writable data at DPL 3"},
    {V86, SREG(tr.type), 0, 2, "TR must be a busy TSS"},
    {V86, SREG(fs.base), 1ull << 47, 0, "FS must have a base of 16 times"},
};

static void test_rules(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct state before, x;
        struct err e = {0};
        state_make(&x, rows[i].mode);
        before = x;
        row_apply(&x, &rows[i]);
        int done = cpu_check(&x.r, &x.s, &e);
        bool good = rows[i].want[0] == 0;
        if ((done == 0) != good || (!good && strncmp(e.text, rows[i].want, strlen(rows[i].want)) != 0 &&
                                    !strstr(e.text, rows[i].want)))
            fprintf(stderr, "row %zu: got \"%s\", wanted \"%s\"\n", i, e.text, rows[i].want);
        CU_ASSERT_EQUAL(done, good ? 0 : -1);
        CU_ASSERT_PTR_NOT_NULL(strstr(e.text, rows[i].want));
        CU_ASSERT_EQUAL(cpu_check_change(&before.r, &before.s, &x.r, &x.s, &e), done);
        CU_ASSERT_EQUAL(cpu_check_change(&x.r, &x.s, &x.r, &x.s, &e), 0);
    }
}

/* What was broken before does not keep one from changing something else, nor hide a second fault. */
static void test_change(void)
{
    struct state before, x;
    struct err e;
    state_make(&before, MODE_LONG);
    before.s.ds.type = 2;
    x = before;
    x.s.cr2 = 5;
    CU_ASSERT_EQUAL(cpu_check_change(&before.r, &before.s, &x.r, &x.s, &e), 0);
    x.s.es.type = 2;
    CU_ASSERT_EQUAL(cpu_check_change(&before.r, &before.s, &x.r, &x.s, &e), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "ES must be marked accessed"));
}

/* Each rule has a row above that breaks it. */
static void test_sentences(void)
{
    size_t n = 0;
    for (; cpu_check_rule(n); n++) {
        const char *sentence = cpu_check_rule(n);
        bool seen = strstr(sentence, "TI = 0") || strstr(sentence, "type 2") || strstr(sentence, "DPL 0");
        for (size_t i = 0; !seen && i < sizeof rows / sizeof rows[0]; i++) {
            struct state x;
            struct err e = {0};
            state_make(&x, rows[i].mode);
            row_apply(&x, &rows[i]);
            seen = cpu_check(&x.r, &x.s, &e) < 0 && strstr(e.text, sentence);
        }
        if (!seen)
            fprintf(stderr, "no row breaks: %s\n", sentence);
        CU_ASSERT_TRUE(seen);
    }
    CU_ASSERT_TRUE(n > 30);
}

/* The three that take two changes at once. */
static void test_combined(void)
{
    struct state x;
    struct err e;
    state_make(&x, MODE_LONG);
    x.s.ldt = (struct kvm_segment){.selector = 0x28, .type = 2, .limit = 0xff, .present = 1};
    CU_ASSERT_EQUAL(cpu_check(&x.r, &x.s, &e), 0);
    x.s.ldt.selector = 0x2c;
    CU_ASSERT_EQUAL(cpu_check(&x.r, &x.s, &e), -1);
    CU_ASSERT_STRING_EQUAL(e.text, "LDTR must come from the GDT (TI = 0)");
    x.s.ldt.selector = 0x28;
    x.s.ldt.type = 3;
    CU_ASSERT_EQUAL(cpu_check(&x.r, &x.s, &e), -1);
    CU_ASSERT_STRING_EQUAL(e.text, "LDTR must be an LDT (type 2)");
    state_make(&x, MODE_REAL);
    x.s.ss.dpl = x.s.cs.dpl = 3;
    CU_ASSERT_EQUAL(cpu_check(&x.r, &x.s, &e), -1);
    CU_ASSERT_STRING_EQUAL(e.text, "SS must have DPL 0 in real mode");
    state_make(&x, MODE_LONG); /* ring 3, with conforming code of ring 0 */
    x.s.ss.dpl = 3;
    x.s.cs.type = 15;
    CU_ASSERT_EQUAL(cpu_check(&x.r, &x.s, &e), 0);
    state_make(&x, MODE_LONG);
    x.s.cr4 |= CR4_LA57;
    x.r.rip = 1ull << 50;
    CU_ASSERT_EQUAL(cpu_check(&x.r, &x.s, &e), 0);
    x.r.rip = 1ull << 56;
    CU_ASSERT_EQUAL(cpu_check(&x.r, &x.s, &e), -1);
}

static const struct unit_test tests[] = {
    {"good states", test_good},
    {"one change, one rule", test_rules},
    {"changes of a state that is not good", test_change},
    {"every rule has its row", test_sentences},
    {"two changes at once", test_combined},
};
UNIT_MAIN("vm/cpu_check", tests)
