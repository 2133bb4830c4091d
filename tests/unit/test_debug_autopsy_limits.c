/*
 * The autopsy's details and limits: error codes, stacks eaten by frames, guests that did not die so, hostile
 * state.
 */
#include "autopsy_bench.h"

/* What the processor pushes: the codes of the chain, by the manual. */
static void test_codes(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    no_idt(&b);
    dissect(&b);
    CU_ASSERT_FALSE(b.a->step[0].what.has_code);
    CU_ASSERT_EQUAL(b.a->step[1].what.code, 6 * 8 + ERROR_IDT + ERROR_EXT);
    CU_ASSERT_EQUAL(b.a->step[1].delivery.fault.code, 13 * 8 + ERROR_IDT + ERROR_EXT);
    CU_ASSERT_EQUAL(b.a->step[2].what.code, 0);
    CU_ASSERT_TRUE(b.a->step[2].what.has_code);
    bench_fini(&b);

    bench_init(&b, MODE_LONG);
    page_fault_without_stack(&b);
    b.rig.t.sregs.cr2 = NOWHERE;
    dissect(&b);
    CU_ASSERT_EQUAL(b.a->step[0].what.code, PF_WRITE);
    CU_ASSERT_EQUAL(b.a->step[0].what.cr2, NOWHERE);
    ASSERT_HAS(&b.out, "known     CR2 holds 0x7f0000000000, that address.");
    bench_fini(&b);

    bench_init(&b, MODE_REAL);
    real_ivt_too_short(&b);
    dissect(&b);
    for (size_t i = 0; i < b.a->steps; i++)
        CU_ASSERT_FALSE(b.a->step[i].what.has_code);
    ASSERT_LACKS(&b.out, "error code");
    bench_fini(&b);

    /* INT n of a user through a gate that is not for users: #GP without EXT, and that has a handler. */
    bench_init(&b, MODE_LONG);
    CODE_IS(&b, "\xcd\x03");
    b.rig.t.sregs.cs.dpl = b.rig.t.sregs.ss.dpl = 3;
    struct gva_context c = target_context(&b.rig.t);
    struct gva_walk w;
    gva_translate(&b.rig.memory, &c, CODE, GVA_READ, &w);
    for (size_t i = 0; i < w.steps; i++)
        rig_store(&b.rig, w.step[i].entry_gpa, w.step[i].entry | 4, 8);
    b.rig.t.sregs.tr =
        (struct kvm_segment){.selector = 0x28, .base = 0x6000, .limit = 0x67, .type = 11, .present = 1};
    rig_store(&b.rig, 0x6004, 0x7000, 8);
    dissect(&b);
    CU_ASSERT_EQUAL_FATAL(b.a->steps, 2);
    CU_ASSERT_EQUAL(b.a->step[1].what.vector, VECTOR_GP);
    CU_ASSERT_EQUAL(b.a->step[1].what.code, 3 * 8 + ERROR_IDT);
    CU_ASSERT_EQUAL(b.a->end, AUTOPSY_HANDLED);
    CU_ASSERT_EQUAL(b.a->step[1].delivery.regs.rsp, 0x7000 - 6 * 8);
    CU_ASSERT_EQUAL(b.a->step[1].delivery.regs.rip, HANDLER);
    bench_fini(&b);
}

/* Handlers that fail at their first instruction eat the stack, frame by frame. */
static void test_stack_eaten(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    unmap(&b, 0x100000); /* 512 pages of 4 KiB … */
    for (uint64_t i = 0; i < 0x60; i++)
        if (i < 1 || (i > 6 && i < 0x50))
            rig_store(&b.rig, 0x3000 + i * 8, 0, 8); /* … of which 0x50000 to 0x60000 is the stack */
    CODE_IS(&b, "\x0f\x0b");
    for (unsigned v = 0; v < 32; v++)
        gate_put(&b, v, 8, 0x8000, 0x8e); /* a handler in the hole */
    b.rig.t.regs.rsp = 0x60000;
    dissect(&b);
    CU_ASSERT_EQUAL(b.a->end, AUTOPSY_SHUTDOWN);
    CU_ASSERT_EQUAL_FATAL(b.a->steps, 3);
    CU_ASSERT_EQUAL(b.a->step[1].what.vector, VECTOR_PF);
    /* One frame for #UD, then those of #PF, 48 bytes each, until less than one is left. */
    CU_ASSERT_EQUAL(b.a->step[1].repeats, (0x10000 - 48) / 48);
    struct text words = unwrapped(&b.out);
    ASSERT_HAS(&words, "times more, each time a frame lower on the stack, and then fails: the push of the "
                       "frame at linear 0x4fff8");
    text_fini(&words);
    bench_fini(&b);

    /* With a stack of its own (IST) that never runs out. */
    bench_init(&b, MODE_LONG);
    unmap(&b, HANDLER);
    ist_zero(&b);
    rig_store(&b.rig, 0x6024, 0x7000, 8);
    dissect(&b);
    CU_ASSERT_EQUAL(b.a->end, AUTOPSY_ENDLESS);
    ASSERT_HAS(&b.out, "for ever");
    bench_fini(&b);
}

/* Not everything is a death: what is not known is said to be so. */
static void test_not_so(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    dissect(&b); /* UD2 with good handlers */
    CU_ASSERT_EQUAL(b.a->end, AUTOPSY_HANDLED);
    ASSERT_HAS(&b.out, "Calling the handler of #UD succeeds: it is at 0x0008:0x2000");
    ASSERT_HAS(&b.out, "So this exception would have been handled.");
    CODE_IS(&b, "\x90\x90");
    no_idt(&b);
    dissect(&b);
    CU_ASSERT_EQUAL(b.a->end, AUTOPSY_UNKNOWN);
    CU_ASSERT_EQUAL(b.a->steps, 0);
    struct text words = unwrapped(&b.out);
    ASSERT_HAS(&words,
               "Which exception came first is not known: the instruction at CS:RIP would have gone through");
    ASSERT_HAS(&words, "Looked at: the fetch, the decoding, the privilege level");
    ASSERT_HAS(&words, "A handler of #DF could not be called: gate 0x08 would lie at");
    text_fini(&words);
    bench_fini(&b);

    bench_init(&b, MODE_PROTECTED);
    CODE_IS(&b, "\x0f\x22\xc0"); /* 32-bit paging: fine on a CPU, #GP where KVM has only long mode's */
    b.rig.t.regs.rax = CR0_PG | CR0_PE | CR0_ET;
    no_idt(&b);
    dissect(&b);
    CU_ASSERT_EQUAL(b.a->end, AUTOPSY_UNKNOWN);
    ASSERT_HAS(&b.out, "software-backed KVM");
    bench_fini(&b);
}

/* Whatever the guest holds: no crash, an end, and lines of bounded width. */
static void test_hostile(void)
{
    static const enum cpu_mode modes[] = {MODE_REAL, MODE_PROTECTED, MODE_LONG};
    uint64_t seed = 88172645463325252ull;
    for (unsigned round = 0; round < 3000; round++) {
        struct bench b;
        bench_init(&b, modes[round % 3]);
        struct kvm_sregs *s = &b.rig.t.sregs;
        uint64_t r[24];
        for (size_t i = 0; i < sizeof r / sizeof r[0]; i++) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            r[i] = seed;
        }
        rig_put(&b.rig, CODE, r, 15);
        rig_put(&b.rig, IDT + 6 * 16, r + 2, 16);
        rig_put(&b.rig, IDT + 13 * 8, r + 4, 32);
        rig_put(&b.rig, GDT + 8, r + 8, 32);
        if (r[12] & 1)
            memcpy(&b.rig.t.regs, r + 3, 16 * 8);
        if ((r[12] & 6) == 6)
            s->gdt.base = r[13];
        if ((r[12] & 24) == 24)
            s->idt.base = r[14];
        s->tr.base = r[15];
        s->tr.limit = (uint32_t)r[16];
        s->ss.dpl = s->cs.dpl = r[12] >> 8 & 3;
        s->ss.limit = r[12] & 32 ? (uint32_t)r[17] : s->ss.limit;
        s->cr3 = (r[12] & 0x600) == 0x600 ? r[18] : s->cr3;
        dissect(&b);
        CU_ASSERT(b.out.len > 100);
        check_columns(&b.out);
        bench_fini(&b);
    }
}

static const struct unit_test tests[] = {
    {"error codes of the chain", test_codes},
    {"a stack eaten by frames", test_stack_eaten},
    {"what is not known", test_not_so},
    {"hostile state", test_hostile},
};

UNIT_MAIN("limits of the autopsy", tests)
