/*
 * Interrupt gates: the three formats, and each way in which an entry cannot be used.
 */
#include "base/bytes.h"
#include "unit.h"
#include "vm/gate.h"

#include <stdlib.h>
#include <string.h>

#define IDT 0x4000u

struct bench {
    struct guest_memory m;
    struct kvm_regs r;
    struct kvm_sregs s;
};

static void bench_init(struct bench *b, enum cpu_mode mode)
{
    struct err e;
    struct cpu_start start = {.mode = mode, .entry = 0x1000};
    if (memory_init(&b->m, NULL, 4u << 20, &e) < 0 || cpu_setup(&start, &b->m, &b->r, &b->s, &e) < 0)
        abort();
    b->s.idt.base = IDT;
    b->s.idt.limit = 0xfff;
}

static void put(struct bench *b, uint64_t gpa, uint64_t value, size_t n)
{
    le_store(memory_ptr(&b->m, gpa, n, true), value, n);
}

static void test_real(void)
{
    struct bench b;
    struct gate g;
    struct text out = {0};
    bench_init(&b, MODE_REAL);
    put(&b, IDT + 0x21 * 4, 0xf0001234, 4);
    gate_read(&b.m, &b.r, &b.s, 0x21, &g);
    CU_ASSERT_EQUAL(g.trouble, GATE_FINE);
    CU_ASSERT_EQUAL(g.len, 4);
    CU_ASSERT_EQUAL(g.linear, IDT + 0x84);
    CU_ASSERT_EQUAL(g.raw[0], 0xf0001234);
    CU_ASSERT_EQUAL(g.selector, 0xf000);
    CU_ASSERT_EQUAL(g.offset, 0x1234);
    CU_ASSERT_TRUE(gate_is_interrupt(&g) && gate_is_16bit(&g));
    gate_write(&g, &out);
    CU_ASSERT_STRING_EQUAL(text_str(&out), "0xf000:0x1234");
    b.s.idt.limit = 0x21 * 4 + 2; /* one byte short */
    gate_read(&b.m, &b.r, &b.s, 0x21, &g);
    CU_ASSERT_EQUAL(g.trouble, GATE_PAST_LIMIT);
    CU_ASSERT_FALSE(gate_is_there(&g));
    b.s.idt.limit++;
    gate_read(&b.m, &b.r, &b.s, 0x21, &g);
    CU_ASSERT_EQUAL(g.trouble, GATE_FINE);
    text_fini(&out);
    memory_fini(&b.m);
}

/* Every type in every DPL, present or not, in both formats. */
static void test_types(void)
{
    static const enum cpu_mode modes[] = {MODE_PROTECTED, MODE_LONG};
    for (size_t k = 0; k < 2; k++) {
        struct bench b;
        struct gate g;
        bench_init(&b, modes[k]);
        unsigned len = modes[k] == MODE_LONG ? 16 : 8;
        for (unsigned access = 0; access < 256; access++) {
            unsigned type = access & 0x1f;
            bool good = type == 0xe || type == 0xf ||
                        (modes[k] == MODE_PROTECTED && (type == 5 || type == 6 || type == 7));
            enum gate_trouble want = !good ? GATE_TYPE : access & 0x80 ? GATE_FINE : GATE_ABSENT;
            put(&b, IDT + 14 * len, 0x9abc00050008def0ull | (uint64_t)access << 40, 8);
            put(&b, IDT + 14 * len + 8, 0x12345678, len == 16 ? 8 : 0);
            gate_read(&b.m, &b.r, &b.s, 14, &g);
            CU_ASSERT_EQUAL(g.trouble, want);
            CU_ASSERT_EQUAL(g.type, type);
            CU_ASSERT_EQUAL(g.dpl, access >> 5 & 3);
            CU_ASSERT_EQUAL(g.present, access >> 7);
            CU_ASSERT_EQUAL(g.selector, 8);
            CU_ASSERT_EQUAL(g.ist, len == 16 ? 5 : 0);
            CU_ASSERT_EQUAL(g.offset, len == 16 ? 0x123456789abcdef0ull : 0x9abcdef0ull);
        }
        memory_fini(&b.m);
    }
}

static void test_words(void)
{
    struct bench b;
    struct gate g;
    struct text out = {0};
    bench_init(&b, MODE_LONG);
    put(&b, IDT + 3 * 16, 0x0010ee020008abcdull, 8);
    gate_read(&b.m, &b.r, &b.s, 3, &g);
    gate_write(&g, &out);
    CU_ASSERT_STRING_EQUAL(text_str(&out), "0x0008:0x10abcd interrupt gate, DPL 3, present, IST 2");
    text_clear(&out);
    gate_read(&b.m, &b.r, &b.s, 4, &g);
    gate_write(&g, &out);
    CU_ASSERT_STRING_EQUAL(text_str(&out), "0x0000:0x0 no gate (type 0x00), DPL 0, not present");
    text_fini(&out);
    memory_fini(&b.m);
}

static void test_limits(void)
{
    struct bench b;
    struct gate g;
    bench_init(&b, MODE_LONG);
    b.s.idt.limit = 0;
    gate_read(&b.m, &b.r, &b.s, 0, &g);
    CU_ASSERT_EQUAL(g.trouble, GATE_PAST_LIMIT);
    b.s.idt.limit = 15;
    gate_read(&b.m, &b.r, &b.s, 0, &g);
    CU_ASSERT_EQUAL(g.trouble, GATE_TYPE);
    gate_read(&b.m, &b.r, &b.s, 1, &g);
    CU_ASSERT_EQUAL(g.trouble, GATE_PAST_LIMIT);
    b.s.idt.limit = 0xfff;
    gate_read(&b.m, &b.r, &b.s, 0x1ff, &g); /* a vector has eight bits */
    CU_ASSERT_EQUAL(g.vector, 0xff);
    CU_ASSERT_EQUAL(g.trouble, GATE_TYPE);
    memory_fini(&b.m);
}

/* A table that is not mapped is a page fault, one that is mapped to nothing is not. */
static void test_unreadable(void)
{
    struct bench b;
    struct gate g;
    bench_init(&b, MODE_LONG);
    b.s.idt.base = 0x200000000000 - 8; /* canonical, and past the 4 GiB that are mapped */
    gate_read(&b.m, &b.r, &b.s, 0, &g);
    CU_ASSERT_EQUAL(g.trouble, GATE_UNREADABLE);
    CU_ASSERT_STRING_EQUAL(g.walk.why, "PML4E not present");
    b.s.idt.base = 0x800000000000;
    gate_read(&b.m, &b.r, &b.s, 0, &g);
    CU_ASSERT_EQUAL(g.trouble, GATE_UNREADABLE);
    CU_ASSERT_STRING_EQUAL(g.walk.why, "not a canonical address");
    b.s.idt.base = 0x40000000;
    gate_read(&b.m, &b.r, &b.s, 0, &g);
    CU_ASSERT_EQUAL(g.trouble, GATE_UNREADABLE);
    CU_ASSERT_STRING_EQUAL(g.walk.why, "no memory under the page");
    memory_fini(&b.m);
}

/* The processor reads its tables as supervisor, at CPL 3 too; SMAP keeps it from a user's page, whatever AC
 * says. */
static void test_supervisor(void)
{
    struct bench b;
    struct gate g;
    struct gva_walk w;
    bench_init(&b, MODE_LONG);
    b.s.ss.dpl = 3;
    b.s.cr4 |= CR4_SMAP;
    b.r.rflags |= RFLAGS_AC;
    put(&b, IDT, 0x00008e0000080000ull, 8);
    gate_read(&b.m, &b.r, &b.s, 0, &g);
    CU_ASSERT_EQUAL(g.trouble, GATE_FINE);
    struct gva_context c = {.cr0 = b.s.cr0, .cr3 = b.s.cr3, .cr4 = b.s.cr4, .efer = b.s.efer};
    gva_translate(&b.m, &c, IDT, GVA_READ, &w);
    for (size_t i = 0; i < w.steps; i++)
        put(&b, w.step[i].entry_gpa, w.step[i].entry | 4, 8);
    gate_read(&b.m, &b.r, &b.s, 0, &g);
    CU_ASSERT_EQUAL(g.trouble, GATE_UNREADABLE);
    CU_ASSERT_EQUAL(g.walk.error_code, PF_PRESENT);
    memory_fini(&b.m);
}

static const struct unit_test tests[] = {
    {"the interrupt vector table", test_real},
    {"every type", test_types},
    {"in words", test_words},
    {"limits", test_limits},
    {"tables that are not mapped", test_unreadable},
    {"read as supervisor", test_supervisor},
};

UNIT_MAIN("interrupt gates", tests)
