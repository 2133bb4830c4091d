/*
 * Checks of the host probe: interrupts.  Without an interrupt controller in the kernel we are the controller:
 * KVM says when the guest can take an interrupt, and KVM_INTERRUPT hands it the vector, as INTA cycles do on
 * a bus.  With one, KVM emulates 8259As and PIT itself and we only move the lines.  (KVM API documentation,
 * "KVM_INTERRUPT", "KVM_CREATE_IRQCHIP", "KVM_IRQ_LINE"; 8259A data sheet, "Initialization Command Words".)
 */
#include "kvm/probe_guest.h"

enum { VECTOR = 0x30, PIC_BASE = 8, IRQ_TIMER = 0, IRQ_KEYBOARD = 1 };

static bool interrupt_queue(struct probe_guest *g)
{
    struct err e;
    if (kvm_interrupt(&g->vcpu, VECTOR, &e) == 0)
        return true;
    probe_verdict(g, PROBE_BROKEN, "%s", e.text);
    return false;
}

/* Closed window, a mark; then open. */
static const uint8_t code_window[] = {
    0xfa,       /* cli */
    0xe6, 0xe2, /* out %al,$0xe2 */
    0xfb,       /* sti */
    0x90,       /* again: nop */
    0xeb, 0xfd, /* jmp again */
};

static enum probe_result check_window(const struct probe_check *c, struct probe_guest *g)
{
    (void)c;
    if (!probe_enter(g, KVM_EXIT_IO))
        return PROBE_BROKEN;
    if (g->run->ready_for_interrupt_injection || g->run->if_flag)
        return probe_verdict(g, PROBE_BROKEN, "KVM is ready for an interrupt while the guest is not");
    g->run->request_interrupt_window = 1;
    if (!probe_enter(g, KVM_EXIT_IRQ_WINDOW_OPEN))
        return PROBE_BROKEN;
    g->run->request_interrupt_window = 0;
    if (!g->run->ready_for_interrupt_injection)
        return probe_verdict(g, PROBE_BROKEN, "the window is open and KVM is not ready");
    return interrupt_queue(g) && probe_vector(g, VECTOR) ? PROBE_WORKS : PROBE_BROKEN;
}

static const uint8_t code_wake[] = {
    0xb8, 0x41, 0x00, 0x00, 0x00, /* mov $0x41,%eax */
    0xfb,                         /* sti */
    0xf4,                         /* hlt */
    0xe7, 0xe0,                   /* out %eax,$0xe0 */
};

static const uint8_t code_wake_handler[] = {
    0xff, 0xc0, /* inc %eax */
    0x48, 0xcf, /* iretq */
};

static enum probe_result check_wake(const struct probe_check *c, struct probe_guest *g)
{
    probe_guest_handler(g, VECTOR, code_wake_handler, sizeof code_wake_handler);
    if (!probe_enter(g, KVM_EXIT_HLT))
        return PROBE_BROKEN;
    return interrupt_queue(g) ? probe_check_answer(c, g) : PROBE_BROKEN;
}

/* ICW1-4 to the master 8259A (vectors from PIC_BASE), its mask from BL; then wait for what comes. */
static const uint8_t code_pic[] = {
    0xb3, 0xfd, /* mov $0xfd,%bl */
    0xb0, 0x11, /* mov $0x11,%al */
    0xe6, 0x20, /* out %al,$0x20 */
    0xb0, 0x08, /* mov $8,%al */
    0xe6, 0x21, /* out %al,$0x21 */
    0xb0, 0x04, /* mov $4,%al */
    0xe6, 0x21, /* out %al,$0x21 */
    0xb0, 0x01, /* mov $1,%al */
    0xe6, 0x21, /* out %al,$0x21 */
    0x88, 0xd8, /* mov %bl,%al */
    0xe6, 0x21, /* out %al,$0x21 */
    0xfb,       /* sti */
    0xe6, 0xe2, /* out %al,$0xe2 */
    0x90,       /* again: nop */
    0xf4,       /* hlt */
    0xeb, 0xfc, /* jmp again */
};

static bool line_raise(struct probe_guest *g)
{
    struct err e;
    if (kvm_vm_irq_line(&g->vm, IRQ_KEYBOARD, true, &e) == 0)
        return true;
    probe_verdict(g, PROBE_BROKEN, "%s", e.text);
    return false;
}

static enum probe_result check_irqchip(const struct probe_check *c, struct probe_guest *g)
{
    (void)c;
    return probe_mark(g) && line_raise(g) && probe_vector(g, PIC_BASE + IRQ_KEYBOARD) ? PROBE_WORKS
                                                                                      : PROBE_BROKEN;
}

/* The same with only IRQ 0 open and channel 0 of the PIT counting down from 1193, a millisecond. */
static const uint8_t code_pit[] = {
    0xb0, 0x11, /* mov $0x11,%al */
    0xe6, 0x20, /* out %al,$0x20 */
    0xb0, 0x08, /* mov $8,%al */
    0xe6, 0x21, /* out %al,$0x21 */
    0xb0, 0x04, /* mov $4,%al */
    0xe6, 0x21, /* out %al,$0x21 */
    0xb0, 0x01, /* mov $1,%al */
    0xe6, 0x21, /* out %al,$0x21 */
    0xb0, 0xfe, /* mov $0xfe,%al */
    0xe6, 0x21, /* out %al,$0x21 */
    0xb0, 0x34, /* mov $0x34,%al */
    0xe6, 0x43, /* out %al,$0x43 */
    0xb0, 0xa9, /* mov $0xa9,%al */
    0xe6, 0x40, /* out %al,$0x40 */
    0xb0, 0x04, /* mov $0x04,%al */
    0xe6, 0x40, /* out %al,$0x40 */
    0xfb,       /* sti */
    0xf4,       /* again: hlt */
    0xeb, 0xfd, /* jmp again */
};

/* An interrupt is waiting and the guest would take it, yet a step must run the guest's next instruction. */
static enum probe_result check_block(const struct probe_check *c, struct probe_guest *g)
{
    struct kvm_guest_debug d = {.control =
                                    KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP | KVM_GUESTDBG_BLOCKIRQ};
    struct err e;
    const int known = kvm_vm_capability(&g->vm, KVM_CAP_SET_GUEST_DEBUG2);
    if (!(known & KVM_GUESTDBG_BLOCKIRQ))
        return probe_verdict(g, PROBE_ABSENT, "KVM_CAP_SET_GUEST_DEBUG2 does not name it");
    if (!probe_mark(g))
        return PROBE_BROKEN;
    if (kvm_set_guest_debug(&g->vcpu, &d, &e) < 0)
        return probe_failed(g, &e);
    if (!line_raise(g) || !probe_enter(g, KVM_EXIT_DEBUG))
        return PROBE_BROKEN;
    const uint64_t after_nop = PROBE_CODE + c->code_len - 3;
    if (g->run->debug.arch.pc != after_nop)
        return probe_verdict(g, PROBE_BROKEN, "the step ended at 0x%llx", g->run->debug.arch.pc);
    d.control = 0;
    if (kvm_set_guest_debug(&g->vcpu, &d, &e) < 0)
        return probe_failed(g, &e);
    return probe_vector(g, PIC_BASE + IRQ_KEYBOARD) ? PROBE_WORKS : PROBE_BROKEN;
}

static const struct probe_check checks[] = {
    {.id = "irq_window",
     .title = "interrupt window and KVM_INTERRUPT",
     .run = check_window,
     .mode = PROBE_REAL,
     PROBE_BYTES(code_window),
     .mend = probe_mend_bug,
     .matters = "no interrupts with --irqchip user"},
    {.id = "irq_wake",
     .title = "KVM_INTERRUPT wakes HLT, IRETQ returns",
     .run = check_wake,
     .mode = PROBE_LONG,
     PROBE_BYTES(code_wake),
     .want = 0x42,
     .mend = probe_mend_bug,
     .matters = "a guest that waits for its timer sleeps for ever"},
    {.id = "irqchip",
     .title = "in-kernel irqchip, KVM_IRQ_LINE",
     .run = check_irqchip,
     .mode = PROBE_REAL,
     .with = PROBE_WITH_IRQCHIP,
     PROBE_BYTES(code_pic),
     .mend = probe_mend_kernel,
     .matters = "--irqchip kernel does not work; the default, user, does not need it"},
    {.id = "pit",
     .title = "in-kernel PIT",
     .run = probe_check_vector,
     .mode = PROBE_REAL,
     .with = PROBE_WITH_IRQCHIP | PROBE_WITH_PIT,
     PROBE_BYTES(code_pit),
     .want = PIC_BASE + IRQ_TIMER,
     .cap = KVM_CAP_PIT2,
     .cap_name = "KVM_CAP_PIT2",
     .mend = probe_mend_kernel,
     .matters = "no timer with --irqchip kernel; the default, user, does not need it"},
    {.id = "blockirq",
     .title = "KVM_GUESTDBG_BLOCKIRQ holds interrupts back",
     .run = check_block,
     .mode = PROBE_REAL,
     .with = PROBE_WITH_IRQCHIP,
     PROBE_BYTES(code_pic),
     .mend = probe_mend_kernel,
     .matters = "with --irqchip kernel a step may land in an interrupt handler"},
};

const struct probe_list probe_interrupts = {checks, sizeof checks / sizeof checks[0], "Interrupts"};
