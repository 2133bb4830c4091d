/*
 * The autopsy: ways to die, in three modes, each with the chain of exceptions that the processor goes
 * through.
 */
#include "autopsy_bench.h"

static void idt_of_zeros(struct bench *b)
{
    for (unsigned v = 0; v < 32; v++)
        gate_put(b, v, 0, 0, 0);
}

static void gates_absent(struct bench *b)
{
    for (unsigned v = 0; v < 32; v++)
        gate_put(b, v, 8, HANDLER, 0x0e);
}

static void gates_to_null_selector(struct bench *b)
{
    for (unsigned v = 0; v < 32; v++)
        gate_put(b, v, 0, HANDLER, 0x8e);
}

static void gates_past_the_gdt(struct bench *b)
{
    for (unsigned v = 0; v < 32; v++)
        gate_put(b, v, 0x80, HANDLER, 0x8e);
}

static void gates_to_data(struct bench *b)
{
    for (unsigned v = 0; v < 32; v++)
        gate_put(b, v, 0x10, HANDLER, 0x8e);
}

static void code_segment_absent(struct bench *b)
{
    descriptor_put(b, 1, 0x00af1b000000ffffull);
}

static void code_segment_not_long(struct bench *b)
{
    descriptor_put(b, 1, 0x00cf9b000000ffffull);
}

static void stack_not_canonical(struct bench *b)
{
    b->rig.t.regs.rsp = 0x800000001000ull;
}

static void stack_read_only(struct bench *b)
{
    unmap(b, 0x7000);
    rig_store(&b->rig, 0x3000 + 0x6 * 8, 0x6001, 8);
    b->rig.t.sregs.cr0 |= CR0_WP;
}

static void idt_not_mapped(struct bench *b)
{
    b->rig.t.sregs.idt.base = NOWHERE;
}

static void gdt_not_mapped(struct bench *b)
{
    b->rig.t.sregs.gdt.base = NOWHERE;
}

static void from_user_without_rsp0(struct bench *b)
{
    b->rig.t.sregs.cs.dpl = b->rig.t.sregs.ss.dpl = 3;
    b->rig.t.sregs.cs.selector |= 3;
    b->rig.t.sregs.ss.selector |= 3;
    b->rig.t.sregs.tr =
        (struct kvm_segment){.selector = 0x28, .base = 0x6000, .limit = 0x67, .type = 11, .present = 1};
    rig_store(&b->rig, 0x6004, NOWHERE, 8);
    unmap(b, 0x300000); /* … and all pages are the supervisor's, so that the fetch fails first */
}

static void handler_not_mapped(struct bench *b)
{
    unmap(b, 0x10000);
    for (unsigned v = 0; v < 32; v++)
        gate_put(b, v, 8, NOWHERE, 0x8e);
    rig_store(&b->rig, 0x3000 + 0x6 * 8, 0, 8); /* the stack, from 0x7000 down, has one page: none */
    b->rig.t.regs.rsp = 0x8000;
}

static void no_page_for_the_next_instruction(struct bench *b)
{
    b->rig.t.regs.rip = NOWHERE;
    no_idt(b);
}

static void rip_not_canonical(struct bench *b)
{
    b->rig.t.regs.rip = 0x800000000000ull;
    no_idt(b);
}

static void divide_without_idt(struct bench *b)
{
    CODE_IS(b, "\xf7\xf1"); /* div ecx */
    no_idt(b);
}

static void bad_data_selector(struct bench *b)
{
    CODE_IS(b, "\x8e\xd8"); /* mov ds, ax */
    b->rig.t.regs.rax = 0x50;
    no_idt(b);
}

static void far_jump_to_data(struct bench *b)
{
    CODE_IS(b, "\xea\x00\x20\x00\x00\x10\x00"); /* jmp 0x10:0x2000 */
    no_idt(b);
}

static void paging_without_pae(struct bench *b)
{
    CODE_IS(b, "\x0f\x22\xc0"); /* mov cr0, eax */
    b->rig.t.regs.rax = CR0_PG | CR0_PE | CR0_ET;
    b->rig.t.sregs.efer = EFER_LME;
    no_idt(b);
}

static void paging_without_protection(struct bench *b)
{
    CODE_IS(b, "\x0f\x22\xc0");
    b->rig.t.regs.rax = CR0_PG | CR0_ET;
    no_idt(b);
}

static void sse_not_enabled(struct bench *b)
{
    CODE_IS(b, "\x0f\x28\xc1"); /* movaps xmm0, xmm1 */
    no_idt(b);
}

static void past_the_segment_limit(struct bench *b)
{
    CODE_IS(b, "\xa1\x00\x20\x00\x00"); /* mov eax, [0x2000] */
    b->rig.t.sregs.ds.limit = 0x1fff;
    b->rig.t.sregs.ds.g = 0;
    no_idt(b);
}

static void through_null_data_segment(struct bench *b)
{
    CODE_IS(b, "\xa1\x00\x20\x00\x00");
    b->rig.t.sregs.ds.unusable = 1;
    b->rig.t.sregs.ds.selector = 0;
    no_idt(b);
}

static void load_the_busy_tss(struct bench *b)
{
    CODE_IS(b, "\x0f\x00\xd8"); /* ltr ax */
    b->rig.t.regs.rax = 0x20;
    descriptor_put(b, 4, 0x00008b0060000067ull);
    no_idt(b);
}

static void iret_to_nowhere(struct bench *b)
{
    CODE_IS(b, "\x48\xcf"); /* iretq */
    rig_store(&b->rig, 0x7000, HANDLER, 8);
    rig_store(&b->rig, 0x7008, 0x70, 8);
    no_idt(b);
}

static void interrupt_without_idt(struct bench *b)
{
    CODE_IS(b, "\x90");
    b->last = (struct event){.kind = EVENT_IRQ, .addr = 0x20, .rip = CODE, .cs = b->rig.t.sregs.cs.selector};
    b->has_last = true;
    no_idt(b);
}

static void int_n_past_the_idt(struct bench *b)
{
    CODE_IS(b, "\xcd\x80");
    no_idt(b);
}

static void real_stack_wraps(struct bench *b)
{
    b->rig.t.regs.rsp = 3;
    b->rig.t.sregs.idt.limit = 0x3ff;
}

static void real_past_the_segment(struct bench *b)
{
    CODE_IS(b, "\x8b\x07"); /* mov ax, [bx] */
    b->rig.t.regs.rbx = 0xffff;
    no_idt(b);
}

static void protected_stack_limit(struct bench *b)
{
    b->rig.t.sregs.ss.limit =
        0x6fff; /* ESP is 0x7000: the frame would fit below, were the limit not smaller */
    b->rig.t.regs.rsp = 0x7008;
}

static void protected_inner_stack_null(struct bench *b)
{
    b->rig.t.sregs.cs.dpl = b->rig.t.sregs.ss.dpl = 3;
    b->rig.t.sregs.cs.selector |= 3;
    b->rig.t.sregs.ss.selector |= 3;
    b->rig.t.sregs.tr =
        (struct kvm_segment){.selector = 0x28, .base = 0x6000, .limit = 0x67, .type = 11, .present = 1};
}

static const struct way {
    const char *name;
    enum cpu_mode mode;
    void (*set_up)(struct bench *b);
    int chain[5]; /* vectors, ended by -1 */
    const char *says, *entry;
} ways[] = {
    {"UD2 without an IDT", MODE_LONG, no_idt, {6, 13, 8, -1}, "past the end of the IDT", NULL},
    {"an IDT of zeros",
     MODE_LONG,
     idt_of_zeros,
     {6, 13, 8, -1},
     "gate 0x06 is no interrupt or trap gate (type 0x00)",
     "gate 0x06 at 0x4060 is 0x0000000000000000 0x0000000000000000: 0x0000:0x0 no gate"},
    {"gates not present",
     MODE_LONG,
     gates_absent,
     {6, 11, 8, -1},
     "gate 0x06 is not present",
     "interrupt gate, DPL 0, not present"},
    {"gates with the null selector",
     MODE_LONG,
     gates_to_null_selector,
     {6, 13, 8, -1},
     "gate 0x06 holds the null selector",
     "0x0000:0x2000 interrupt gate"},
    {"gates past the GDT",
     MODE_LONG,
     gates_past_the_gdt,
     {6, 13, 8, -1},
     "past the limit of the GDT (base 0x5000, limit 0x3f)",
     "0x0080:0x2000 interrupt gate"},
    {"gates to a data segment",
     MODE_LONG,
     gates_to_data,
     {6, 13, 8, -1},
     "names no code segment",
     "GDT entry 2 at 0x5010 is 0x00cf93000000ffff: data, writable"},
    {"handler's segment not present",
     MODE_LONG,
     code_segment_absent,
     {6, 11, 8, -1},
     "names a segment that is not present",
     "GDT entry 1 at 0x5008 is 0x00af1b000000ffff: code, 64-bit"},
    {"handler's segment not 64-bit",
     MODE_LONG,
     code_segment_not_long,
     {6, 13, 8, -1},
     "L is clear",
     "code, 32-bit"},
    {"page fault, and no stack",
     MODE_LONG,
     page_fault_without_stack,
     {14, 8, -1},
     "the push of the frame at linear 0x7efffffffff8: PML4E not present",
     "PML4E at gpa"},
    {"stack at a non-canonical address",
     MODE_LONG,
     stack_not_canonical,
     {6, 12, 8, -1},
     "not a canonical address",
     NULL},
    {"stack read-only",
     MODE_LONG,
     stack_read_only,
     {6, 14, 8, -1},
     "read-only, for the supervisor too (CR0.WP)",
     "PTE at gpa 0x3030 is 0x6001"},
    {"IDT not mapped",
     MODE_LONG,
     idt_not_mapped,
     {6, 14, 8, -1},
     "the read of the gate at linear 0x7f0000000060",
     NULL},
    {"GDT not mapped",
     MODE_LONG,
     gdt_not_mapped,
     {6, 14, 8, -1},
     "the read of the GDT at linear 0x7f0000000008",
     NULL},
    {"IST in a TSS that is too short",
     MODE_LONG,
     ist_in_a_short_tss,
     {6, 10, 8, -1},
     "IST1 would lie at offset 0x24 of the TSS, past its limit 0x20",
     NULL},
    {"IST entry of zero",
     MODE_LONG,
     ist_zero,
     {6, 14, 8, -1},
     "the push of the frame at linear 0xfffffffffffffff8",
     NULL},
    {"ring 3, and RSP0 is nowhere",
     MODE_LONG,
     from_user_without_rsp0,
     {14, 8, -1},
     "belongs to the supervisor",
     NULL},
    {"handlers not mapped",
     MODE_LONG,
     handler_not_mapped,
     {6, 14, 8, -1},
     "The handler's first instruction fails",
     NULL},
    {"jump to a page that is not there",
     MODE_LONG,
     no_page_for_the_next_instruction,
     {14, 8, -1},
     "the fetch at linear",
     NULL},
    {"RIP not canonical",
     MODE_LONG,
     rip_not_canonical,
     {13, 8, -1},
     "RIP 0x800000000000 is not a canonical address",
     NULL},
    {"division by zero", MODE_LONG, divide_without_idt, {0, 8, -1}, "a division by zero", NULL},
    {"SSE not enabled", MODE_LONG, sse_not_enabled, {6, 13, 8, -1}, "CR4.OSFXSR is clear", NULL},
    {"IRET to a bad selector",
     MODE_LONG,
     iret_to_nowhere,
     {13, 8, -1},
     "the selector 0x0070 in IRET's frame",
     NULL},
    {"an interrupt without an IDT",
     MODE_LONG,
     interrupt_without_idt,
     {0x20, 13, 8, -1},
     "the interrupt with vector 0x20",
     NULL},
    {"INT 0x80 past the IDT", MODE_LONG, int_n_past_the_idt, {0x80, 13, 8, -1}, "First came INT 0x80", NULL},
    {"LTR of a busy TSS", MODE_LONG, load_the_busy_tss, {13, 8, -1}, "names no available TSS", "busy TSS"},
    {"UD2 without an IDT",
     MODE_PROTECTED,
     no_idt,
     {6, 13, 8, -1},
     "gate 0x06 would lie at 0x4030-0x4037",
     NULL},
    {"gates not present",
     MODE_PROTECTED,
     gates_absent,
     {6, 11, 8, -1},
     "not present",
     "32-bit interrupt gate"},
    {"a bad data selector",
     MODE_PROTECTED,
     bad_data_selector,
     {13, 8, -1},
     "error code 0x50: selector 0x0050",
     NULL},
    {"a far jump to data",
     MODE_PROTECTED,
     far_jump_to_data,
     {13, 8, -1},
     "the selector 0x0010 in the far jump names no code",
     "GDT entry 2 at 0x5010"},
    {"paging with LME and without PAE",
     MODE_PROTECTED,
     paging_without_pae,
     {13, 8, -1},
     "long mode needs PAE",
     NULL},
    {"past the segment's limit",
     MODE_PROTECTED,
     past_the_segment_limit,
     {13, 8, -1},
     "past the segment's limit 0x1fff",
     NULL},
    {"through a null segment",
     MODE_PROTECTED,
     through_null_data_segment,
     {13, 8, -1},
     "holds the null selector",
     NULL},
    {"stack past its segment's limit",
     MODE_PROTECTED,
     protected_stack_limit,
     {6, 12, 8, -1},
     "outside the stack segment's limit",
     NULL},
    {"ring 3, and SS0 is null",
     MODE_PROTECTED,
     protected_inner_stack_null,
     {6, 10, 8, -1},
     "SS0 of the TSS holds the null selector",
     NULL},
    {"division by zero", MODE_PROTECTED, divide_without_idt, {0, 8, -1}, "a division by zero", NULL},
    {"an IVT that is too short",
     MODE_REAL,
     real_ivt_too_short,
     {6, 13, 8, -1},
     "gate 0x06 would lie at 0x4018-0x401b, past the end of the IVT",
     NULL},
    {"a stack that wraps",
     MODE_REAL,
     real_stack_wraps,
     {6, 12, 8, -1},
     "the frame of 6 bytes at SS:0xfffd",
     NULL},
    {"past the end of a segment",
     MODE_REAL,
     real_past_the_segment,
     {13, 8, -1},
     "past the segment's limit 0xffff",
     NULL},
    {"paging without protection", MODE_REAL, paging_without_protection, {13, 8, -1}, "PG without PE", NULL},
};

static void test_ways(void)
{
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct bench b;
        bench_init(&b, ways[i].mode);
        ways[i].set_up(&b);
        dissect(&b);
        CU_ASSERT_EQUAL(b.a->end, AUTOPSY_SHUTDOWN);
        size_t n = 0;
        while (ways[i].chain[n] >= 0)
            n++;
        bool same = b.a->steps == n;
        for (size_t k = 0; k < n && same; k++)
            same = (int)b.a->step[k].what.vector == ways[i].chain[k];
        CU_ASSERT_TRUE(same);
        struct text words = unwrapped(&b.out);
        if (!same || b.a->end != AUTOPSY_SHUTDOWN)
            fprintf(stderr, "\n%s:\n%s", ways[i].name, text_str(&b.out));
        ASSERT_HAS(&words, ways[i].says);
        ASSERT_HAS(&words, "the CPU shuts down");
        if (ways[i].entry)
            ASSERT_HAS(&words, ways[i].entry);
        check_columns(&b.out);
        text_fini(&words);
        bench_fini(&b);
    }
}

static const struct unit_test tests[] = {{"ways to die", test_ways}};

UNIT_MAIN("autopsy", tests)
