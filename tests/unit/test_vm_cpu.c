/*
 * The state that cpu_setup makes: the registers of each mode, the tables in guest memory, what the hardware
 * checks at a VM entry, and the starts that are refused.
 */
#include "base/bytes.h"
#include "unit.h"
#include "vm/cpu.h"
#include "vm/gva.h"

#include <stdlib.h>
#include <string.h>

#define MIB 0x100000ull
#define GIB (1024 * MIB)

struct fixture {
    struct guest_memory m;
    struct kvm_regs r;
    struct kvm_sregs s;
    struct err e;
};

/* Sets up from a state full of ones, so that nothing is right by luck. */
static int setup(struct fixture *f, uint64_t mem, struct cpu_start start)
{
    memset(f, 0, sizeof *f);
    if (memory_init(&f->m, NULL, mem, &f->e) < 0)
        abort();
    memset(&f->r, 0xff, sizeof f->r);
    memset(&f->s, 0xff, sizeof f->s);
    f->s.apic_base = 0xfee00900;
    return cpu_setup(&start, &f->m, &f->r, &f->s, &f->e);
}

static void test_real(void)
{
    static const struct {
        uint64_t entry;
        uint16_t cs, ip;
    } rows[] = {{0, 0, 0},
                {0x7c00, 0, 0x7c00},
                {0xffff, 0, 0xffff},
                {0x10000, 0x1000, 0},
                {0x12345, 0x1234, 5},
                {0xfffff, 0xffff, 0xf}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;
        CU_ASSERT_EQUAL_FATAL(
            setup(&f, 2 * MIB, (struct cpu_start){.mode = MODE_REAL, .entry = rows[i].entry, .rdx = 0x80}),
            0);
        CU_ASSERT_EQUAL(f.s.cs.selector, rows[i].cs);
        CU_ASSERT_EQUAL(f.s.cs.base, (uint64_t)rows[i].cs << 4);
        CU_ASSERT_EQUAL(f.s.cs.limit, 0xffff);
        CU_ASSERT_EQUAL(f.r.rip, rows[i].ip);
        CU_ASSERT_EQUAL(cpu_rip_linear(&f.r, &f.s), rows[i].entry);
        CU_ASSERT_EQUAL(f.r.rsp, 0x7c00);
        CU_ASSERT_EQUAL(f.r.rdx, 0x80);
        CU_ASSERT_EQUAL(f.r.rax | f.r.rbx | f.r.rcx | f.r.rsi | f.r.rdi | f.r.rbp | f.r.r8 | f.r.r15, 0);
        CU_ASSERT_EQUAL(f.r.rflags, RFLAGS_FIXED);
        CU_ASSERT_EQUAL(f.s.cr0, CR0_ET);
        CU_ASSERT_EQUAL(f.s.cr2 | f.s.cr3 | f.s.cr4 | f.s.cr8 | f.s.efer, 0);
        CU_ASSERT_EQUAL(f.s.apic_base, 0xfee00900);
        CU_ASSERT_EQUAL(f.s.idt.base, 0);
        CU_ASSERT_EQUAL(f.s.idt.limit, 0x3ff);
        CU_ASSERT_EQUAL(cpu_mode(&f.s), MODE_REAL);
        CU_ASSERT_EQUAL(cpu_code_bits(&f.s), 16);
        CU_ASSERT_EQUAL(cpu_cpl(&f.r, &f.s), 0);
        memory_fini(&f.m);
    }
}

/* The descriptor in guest memory must be the one that the hidden part was loaded from. */
static void check_descriptor(const struct fixture *f, const struct kvm_segment *s)
{
    uint8_t d[8];
    struct err e;
    CU_ASSERT_TRUE(s->selector + 7u <= f->s.gdt.limit);
    CU_ASSERT_EQUAL(memory_read(&f->m, f->s.gdt.base + s->selector, d, 8, &e), 0);
    uint32_t base = (uint32_t)(d[2] | d[3] << 8 | d[4] << 16) | (uint32_t)d[7] << 24;
    uint32_t limit = (uint32_t)(d[0] | d[1] << 8 | (d[6] & 0xf) << 16);
    CU_ASSERT_EQUAL(base, s->base);
    CU_ASSERT_EQUAL(d[6] >> 7, s->g);
    CU_ASSERT_EQUAL(s->g ? limit << 12 | 0xfff : limit, s->limit);
    CU_ASSERT_EQUAL(d[6] >> 6 & 1, s->db);
    CU_ASSERT_EQUAL(d[6] >> 5 & 1, s->l);
    CU_ASSERT_EQUAL(d[5] >> 7, s->present);
    CU_ASSERT_EQUAL(d[5] >> 5 & 3, s->dpl);
    CU_ASSERT_EQUAL(d[5] >> 4 & 1, s->s);
    CU_ASSERT_EQUAL(d[5] & 0xf, s->type);
}

static void check_gdt(const struct fixture *f)
{
    static const uint8_t null[8];
    uint8_t first[8];
    struct err e;
    CU_ASSERT_EQUAL(memory_read(&f->m, f->s.gdt.base, first, 8, &e), 0);
    CU_ASSERT_EQUAL(memcmp(first, null, 8), 0);
    CU_ASSERT_EQUAL(f->s.cs.selector, 0x08);
    CU_ASSERT_EQUAL(f->s.gdt.limit, 0x17);
    check_descriptor(f, &f->s.cs);
    const struct kvm_segment *data[] = {&f->s.ds, &f->s.es, &f->s.fs, &f->s.gs, &f->s.ss};
    for (size_t i = 0; i < sizeof data / sizeof data[0]; i++) {
        CU_ASSERT_EQUAL(data[i]->selector, 0x10);
        check_descriptor(f, data[i]);
    }
}

static void test_protected(void)
{
    struct fixture f;
    struct cpu_start start = {
        .mode = MODE_PROTECTED, .entry = MIB, .rax = 0x2badb002, .rbx = 0x9000, .rsi = 1, .rdi = 2};
    CU_ASSERT_EQUAL_FATAL(setup(&f, 64 * MIB, start), 0);
    CU_ASSERT_EQUAL(f.s.cr0, CR0_PE | CR0_ET);
    CU_ASSERT_EQUAL(f.s.cr3 | f.s.cr4 | f.s.efer, 0);
    CU_ASSERT_EQUAL(f.s.cs.limit, 0xffffffff);
    CU_ASSERT_EQUAL(f.s.cs.db, 1);
    CU_ASSERT_EQUAL(f.s.cs.l, 0);
    CU_ASSERT_EQUAL(f.s.idt.limit, 0);
    check_gdt(&f);
    CU_ASSERT_EQUAL(f.r.rip, MIB);
    CU_ASSERT_EQUAL(f.r.rsp, 64 * MIB - 0x1000);
    CU_ASSERT_EQUAL(f.r.rax, 0x2badb002);
    CU_ASSERT_EQUAL(f.r.rbx, 0x9000);
    CU_ASSERT_EQUAL(f.r.rsi, 1);
    CU_ASSERT_EQUAL(f.r.rdi, 2);
    CU_ASSERT_EQUAL(f.r.rflags, RFLAGS_FIXED);
    CU_ASSERT_EQUAL(cpu_mode(&f.s), MODE_PROTECTED);
    CU_ASSERT_EQUAL(cpu_code_bits(&f.s), 32);
    memory_fini(&f.m);
}

static void test_long(void)
{
    struct fixture f;
    CU_ASSERT_EQUAL_FATAL(setup(&f, 64 * MIB, (struct cpu_start){.mode = MODE_LONG, .entry = MIB}), 0);
    CU_ASSERT_EQUAL(f.s.cr0, CR0_PE | CR0_ET | CR0_PG);
    CU_ASSERT_EQUAL(f.s.cr4, CR4_PAE);
    CU_ASSERT_EQUAL(f.s.efer, EFER_LME | EFER_LMA);
    CU_ASSERT_EQUAL(f.s.cs.l, 1);
    CU_ASSERT_EQUAL(f.s.cs.db, 0);
    check_gdt(&f);
    CU_ASSERT_EQUAL(f.s.cr3, cpu_boot_structures_gpa(&f.m, MODE_LONG));
    CU_ASSERT_EQUAL(f.s.cr3, 64 * MIB - cpu_boot_structures_len(MODE_LONG));
    CU_ASSERT_TRUE(cpu_boot_structures_len(MODE_LONG) <= 0x10000);
    CU_ASSERT_EQUAL(f.r.rsp, f.s.cr3);
    CU_ASSERT_EQUAL(f.r.rsp % 16, 0);
    CU_ASSERT_EQUAL(cpu_mode(&f.s), MODE_LONG);
    CU_ASSERT_EQUAL(cpu_code_bits(&f.s), 64);
    memory_fini(&f.m);
}

/* The first 4 GiB one to one by 2 MiB pages, and nothing else. */
static void test_long_map(void)
{
    struct fixture f;
    struct gva_walk w;
    CU_ASSERT_EQUAL_FATAL(setup(&f, 64 * MIB, (struct cpu_start){.mode = MODE_LONG, .entry = MIB}), 0);
    struct gva_context c = gva_context_of(&f.r, &f.s);
    for (uint64_t gva = 0; gva < 4 * GIB; gva += 2 * MIB) {
        gva_translate(&f.m, &c, gva + 0x1234, GVA_WRITE, &w);
        if (!w.ok || w.gpa != gva + 0x1234 || w.page_len != 2 * MIB || w.user || !w.executable) {
            CU_FAIL("an address is not mapped to itself");
            break;
        }
    }
    gva_translate(&f.m, &c, 4 * GIB, GVA_READ, &w);
    CU_ASSERT_FALSE(w.ok);
    gva_translate(&f.m, &c, 1ull << 39, GVA_READ, &w);
    CU_ASSERT_FALSE(w.ok);
    gva_translate(&f.m, &c, UINT64_MAX, GVA_READ, &w);
    CU_ASSERT_FALSE(w.ok);
    memory_fini(&f.m);
}

/* Intel SDM, "Checks on Guest Segment Registers", for a usable register outside virtual-8086 mode. */
static void check_segment(const struct kvm_segment *s)
{
    CU_ASSERT_EQUAL(s->present, 1);
    CU_ASSERT_EQUAL(s->unusable, 0);
    CU_ASSERT_EQUAL(s->dpl, 0);
    if ((s->limit & 0xfff) != 0xfff)
        CU_ASSERT_EQUAL(s->g, 0);
    if (s->limit >> 20)
        CU_ASSERT_EQUAL(s->g, 1);
}

static void test_entry_checks(void)
{
    static const enum cpu_mode modes[] = {MODE_REAL, MODE_PROTECTED, MODE_LONG};
    for (size_t i = 0; i < 3; i++) {
        struct fixture f;
        CU_ASSERT_EQUAL_FATAL(setup(&f, 64 * MIB, (struct cpu_start){.mode = modes[i], .entry = 0x8000}), 0);
        const struct kvm_segment *data[] = {&f.s.ds, &f.s.es, &f.s.fs, &f.s.gs, &f.s.ss};
        check_segment(&f.s.cs);
        CU_ASSERT_EQUAL(f.s.cs.s, 1);
        CU_ASSERT_EQUAL(f.s.cs.type, 11);
        CU_ASSERT_FALSE(f.s.cs.l && f.s.cs.db);
        for (size_t d = 0; d < 5; d++) {
            check_segment(data[d]);
            CU_ASSERT_EQUAL(data[d]->s, 1);
            CU_ASSERT_EQUAL(data[d]->type, 3);
        }
        check_segment(&f.s.tr);
        CU_ASSERT_EQUAL(f.s.tr.s, 0);
        CU_ASSERT_EQUAL(f.s.tr.type, 11);
        CU_ASSERT_EQUAL(f.s.tr.selector & 4, 0);
        CU_ASSERT_EQUAL(f.s.tr.limit, 0x67);
        CU_ASSERT_EQUAL(f.s.ldt.unusable, 1);
        for (size_t b = 0; b < sizeof f.s.interrupt_bitmap / sizeof f.s.interrupt_bitmap[0]; b++)
            CU_ASSERT_EQUAL(f.s.interrupt_bitmap[b], 0);
        memory_fini(&f.m);
    }
}

static void test_stack_given(void)
{
    struct fixture f;
    CU_ASSERT_EQUAL(setup(&f, 2 * MIB, (struct cpu_start){.mode = MODE_REAL, .entry = 0x8000, .rsp = 0xfff0}),
                    0);
    CU_ASSERT_EQUAL(f.r.rsp, 0xfff0);
    memory_fini(&f.m);
    CU_ASSERT_EQUAL(setup(&f, 2 * MIB, (struct cpu_start){.mode = MODE_LONG, .entry = MIB, .rsp = 0x90000}),
                    0);
    CU_ASSERT_EQUAL(f.r.rsp, 0x90000);
    memory_fini(&f.m);
}

static void test_refused(void)
{
    static const struct {
        uint64_t mem;
        struct cpu_start start;
        const char *why;
    } rows[] = {
        {2 * MIB,
         {.mode = MODE_REAL, .entry = MIB},
         "entry at 0x100000: real mode reaches the first MiB only"},
        {2 * MIB, {.mode = MODE_REAL, .entry = 0xa0000}, "entry at 0xa0000: no memory there"},
        {64 * 1024, {.mode = MODE_REAL, .entry = 0x10000}, "entry at 0x10000: no memory there"},
        {2 * MIB, {.mode = MODE_REAL, .entry = 0x7c00, .rsp = 0x10000}, "SP has 16 bits"},
        {2 * MIB, {.mode = MODE_PROTECTED, .entry = 2 * MIB}, "entry at 0x200000: no memory there"},
        {5 * GIB, {.mode = MODE_PROTECTED, .entry = 4 * GIB}, "above 4 GiB"},
        {5 * GIB, {.mode = MODE_LONG, .entry = 4 * GIB}, "above 4 GiB"},
        {2 * MIB, {.mode = MODE_PROTECTED, .entry = 2 * MIB - 0x1000}, "in the boot structures at 0x1ff000"},
        {2 * MIB, {.mode = MODE_LONG, .entry = 2 * MIB - 0x7000}, "in the boot structures at 0x1f9000"},
        {2 * MIB, {.mode = MODE_LONG, .entry = 2 * MIB - 1}, "in the boot structures at 0x1f9000"},
        {2 * MIB,
         {.mode = MODE_LONG, .entry = MIB, .rsp = 2 * MIB},
         "stack at 0x200000: in the boot structures"},
        {2 * MIB, {.mode = MODE_COMPAT, .entry = MIB}, "compat"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;
        CU_ASSERT_EQUAL(setup(&f, rows[i].mem, rows[i].start), -1);
        if (!strstr(f.e.text, rows[i].why))
            fprintf(stderr, "got: %s, wanted: %s\n", f.e.text, rows[i].why);
        CU_ASSERT_PTR_NOT_NULL(strstr(f.e.text, rows[i].why));
        memory_fini(&f.m);
    }
}

/* The boot structures move out of the way of a ROM and of the VGA window, and fit the smallest memory. */
static void test_boot_structures_place(void)
{
    static const uint8_t rom[4096];
    struct fixture f;
    CU_ASSERT_EQUAL(setup(&f, 64 * 1024, (struct cpu_start){.mode = MODE_LONG, .entry = 0x1000}), 0);
    CU_ASSERT_EQUAL(f.s.cr3, 0x9000);
    memory_fini(&f.m);
    CU_ASSERT_EQUAL(setup(&f, 0xc2000, (struct cpu_start){.mode = MODE_LONG, .entry = 0x1000}), 0);
    CU_ASSERT_EQUAL(f.s.cr3, 0x99000);
    memory_fini(&f.m);
    CU_ASSERT_EQUAL(memory_init(&f.m, NULL, MIB, &f.e), 0);
    CU_ASSERT_EQUAL(memory_add_rom(&f.m, 0xff000, rom, sizeof rom, &f.e), 0);
    struct cpu_start start = {.mode = MODE_LONG, .entry = 0x1000};
    CU_ASSERT_EQUAL(memory_set_a20(&f.m, false, &f.e), 0);
    CU_ASSERT_EQUAL(cpu_setup(&start, &f.m, &f.r, &f.s, &f.e), 0);
    CU_ASSERT_EQUAL(f.s.cr3, 0xf8000);
    CU_ASSERT_TRUE(f.m.a20);
    memory_fini(&f.m);
}

static void test_questions(void)
{
    struct kvm_regs r = {.rip = 0xfff0};
    struct kvm_sregs s = {.cr0 = CR0_ET, .cs = {.base = 0xffff0000}};
    CU_ASSERT_EQUAL(cpu_rip_linear(&r, &s), 0xfffffff0); /* the reset vector */
    s.cs.base = 0xffff8000;
    CU_ASSERT_EQUAL(cpu_rip_linear(&r, &s), 0x7ff0); /* runs over at 4 GiB */
    s.ss.dpl = 3;
    CU_ASSERT_EQUAL(cpu_cpl(&r, &s), 0);
    s.cr0 |= CR0_PE;
    CU_ASSERT_EQUAL(cpu_mode(&s), MODE_PROTECTED);
    CU_ASSERT_EQUAL(cpu_cpl(&r, &s), 3);
    CU_ASSERT_EQUAL(cpu_code_bits(&s), 16); /* PE set, CS not reloaded yet */
    s.ss.dpl = 0;
    r.rflags = RFLAGS_VM;
    CU_ASSERT_EQUAL(cpu_cpl(&r, &s), 3);
    s.efer = EFER_LME; /* long mode wished for, not yet active */
    CU_ASSERT_EQUAL(cpu_mode(&s), MODE_PROTECTED);
    s.efer |= EFER_LMA;
    s.cs.db = 1;
    CU_ASSERT_EQUAL(cpu_mode(&s), MODE_COMPAT);
    CU_ASSERT_EQUAL(cpu_code_bits(&s), 32);
    s.cs.l = 1;
    CU_ASSERT_EQUAL(cpu_mode(&s), MODE_LONG);
    r.rip = 0xffffffff81000000;
    CU_ASSERT_EQUAL(cpu_rip_linear(&r, &s), 0xffffffff81000000);
}

static const struct unit_test tests[] = {
    {"real mode", test_real},
    {"protected mode", test_protected},
    {"long mode", test_long},
    {"long mode's identity map", test_long_map},
    {"what a VM entry checks", test_entry_checks},
    {"a stack of one's own", test_stack_given},
    {"starts that are refused", test_refused},
    {"where the boot structures go", test_boot_structures_place},
    {"mode, CPL, code size and linear RIP", test_questions},
};
UNIT_MAIN("vm/cpu", tests)
