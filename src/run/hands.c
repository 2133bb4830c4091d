/*
 * A run in a debugger's hands: see run.h.  The loop is the same as ever (run.c); here it is entered for one
 * instruction, or until something stops it, and given back in between.  While the guest stands, so does the
 * machine's clock: a timer must not go off because somebody thinks.
 */
#include "run/inside.h"

#include <stdio.h>
#include <string.h>

int run_begin(struct run *r, struct err *e)
{
    if (ring_init(&r->last_steps, sizeof(struct run_step_record), RUN_RING_STEPS, e) < 0)
        return -1;
    r->in_hands = true;
    r->hold_interrupts = true;
#ifdef KVM_CAP_SET_GUEST_DEBUG2
    r->can_block = kvm_vm_capability(&r->machine->vm, KVM_CAP_SET_GUEST_DEBUG2) & KVM_GUESTDBG_BLOCKIRQ;
#endif
    if (run_start(r, e) < 0)
        return -1;
    r->paused_at_ns = clock_host_ns();
    return 0;
}

void run_finish(struct run *r)
{
    control_detach(r);
    if (r->result.status == RUN_RUNNING)
        run_end(r, RUN_INTERRUPTED, 0, "the debugger ended the run");
    run_conclude(r);
}

bool run_has_ended(const struct run *r)
{
    return r->result.status != RUN_RUNNING;
}

void run_hold_interrupts(struct run *r, bool hold)
{
    r->debug_stale |= hold != r->hold_interrupts && !r->machine->pic[0]; /* KVM must know: it injects */
    r->hold_interrupts = hold;
}

void run_forget_pause(struct run *r)
{
    atomic_store(&r->pause_asked, false);
}

void run_set_visit(struct run *r, void (*visit)(void *ctx), void *ctx)
{
    r->visit = visit;
    r->visit_ctx = ctx;
}

const struct kvm_vcpu *run_vcpu(const struct run *r)
{
    return &r->vcpu;
}

const struct ring *run_last_steps(const struct run *r)
{
    return &r->last_steps;
}

int run_read_cpu(struct run *r, struct kvm_regs *regs, struct kvm_sregs *sregs, struct err *e)
{
    bool ended = run_has_ended(r);
    if (!ended && vcpu_state_need_sregs(r, e) < 0)
        return -1;
    *regs = ended ? r->last_cpu.regs : *run_regs(r);
    if (!ended && r->stepping && r->guest_tf)
        regs->rflags |= RFLAGS_TF;
    if (!sregs)
        return 0;
    *sregs = ended ? r->last_cpu.sregs : *run_sregs(r);
    vcpu_state_show_busy(r, sregs);
    return 0;
}

/* By ioctls and not with the next entry, so that KVM's refusal comes now. */
static int cpu_put(struct run *r, bool sregs_too, struct err *e)
{
    if (sregs_too && vcpu_state_put_sregs(r, e) < 0)
        return -1;
    return kvm_set_regs(&r->vcpu, run_regs(r), e);
}

int run_write_cpu(struct run *r, const struct kvm_regs *regs, const struct kvm_sregs *sregs, struct err *e)
{
    struct err again;
    if (run_has_ended(r))
        return err_set(e, "the guest has ended: its registers cannot be changed");
    if (vcpu_state_need_sregs(r, e) < 0)
        return -1;
    struct kvm_regs old_regs = *run_regs(r);
    struct kvm_sregs old_sregs = *run_sregs(r);
    *run_regs(r) = *regs;
    if (sregs)
        *run_sregs(r) = *sregs;
    if (cpu_put(r, sregs != NULL, e) < 0) {
        *run_regs(r) = old_regs;
        *run_sregs(r) = old_sregs;
        (void)!cpu_put(r, sregs != NULL, &again);
        r->step_again = true;
        return -1;
    }
    if (regs->rip != old_regs.rip)
        r->asleep = r->shadow = false; /* it goes on somewhere else */
    r->guest_tf = regs->rflags & RFLAGS_TF;
    net_invalidate(r);
    r->step_again = true;
    return 0;
}

/* The clock goes on from where it stood. */
static void hands_resume(struct run *r)
{
    uint64_t now_ns = clock_host_ns(), stood_ns = now_ns - r->paused_at_ns;
    clock_stood(&r->machine->clock, stood_ns);
    r->timer_armed_ns = DEVICE_NEVER_NS;
    r->left_ns = now_ns;
    r->pause = (struct run_pause){.why = PAUSED_STEP, .iterations = 1, .vector = RUN_NO_VECTOR};
}

/* Hands the guest back. */
static int hands_back(struct run *r, enum verdict v, int failed, struct run_pause *p)
{
    struct err ignored;
    r->held = false;
    r->paused_at_ns = clock_host_ns();
    if (v == END) {
        r->pause.why = PAUSED_ENDED;
        run_conclude(r);
    } else if (vcpu_state_need_sregs(r, &ignored) < 0) {
        failed = -1;
    }
    r->pause.asleep = r->asleep;
    *p = r->pause;
    return failed;
}

/* The CPU sleeps in HLT: waits for the interrupt that wakes it, and takes it. */
static enum verdict step_awake(struct run *r, struct err *e, int *failed)
{
    if (!r->machine->pic[0]) {
        snprintf(r->pause.refusal, sizeof r->pause.refusal,
                 "the CPU sleeps until KVM's own interrupt controller wakes it: `continue`");
        r->pause.why = PAUSED_REFUSED;
        return PAUSE;
    }
    enum verdict v = interrupts_sleep(r);
    if (v != GO_ON)
        return v;
    r->wake_by_interrupt = true;
    r->shadow = false;
    r->vcpu.run->ready_for_interrupt_injection = 1; /* it stands at an instruction boundary with IF set */
    if ((!r->stepping && breaks_apply(r, true, e) < 0) || interrupts_inject(r, e) < 0) {
        *failed = -1;
        v = run_end(r, RUN_ERROR, 125, "%s", e->text);
    }
    r->wake_by_interrupt = false;
    return v;
}

/* One instruction. Some hosts run a REP string instruction to its end in one step and need a second one to
 * leave it. */
static enum verdict step_one(struct run *r, struct err *e, int *failed)
{
    enum verdict v;
    uint64_t iterations = 0, before = r->result.steps;
    do {
        uint64_t steps = r->result.steps;
        do
            v = run_turn(r, e, failed);
        while (v == GO_ON && r->result.steps == steps && !r->look_again);
        iterations += r->pause.iterations;
    } while (v == GO_ON && !r->look_again && r->insn.rep && run_regs(r)->rip == r->insn.rip &&
             step_rep_over(r));
    if (r->result.steps > before + 1)
        r->result.steps = before + 1;
    if (v == GO_ON && r->insn.rep)
        r->pause.iterations = iterations;
    if (v == GO_ON && r->pause.vector == RUN_NO_VECTOR)
        r->pause.vector = step_landed(r);
    return v;
}

int run_step(struct run *r, struct run_pause *p, struct err *e)
{
    int failed = 0;
    if (run_has_ended(r)) {
        *p = (struct run_pause){.why = PAUSED_ENDED, .vector = RUN_NO_VECTOR};
        return 0;
    }
    hands_resume(r);
    r->held = true;
    r->debug_stale |= r->watching;
    enum verdict v = r->asleep ? step_awake(r, e, &failed) : step_one(r, e, &failed);
    return hands_back(r, v, failed, p);
}

int run_go(struct run *r, struct run_pause *p, struct err *e)
{
    int failed = 0;
    enum verdict v = GO_ON;
    if (run_has_ended(r)) {
        *p = (struct run_pause){.why = PAUSED_ENDED, .vector = RUN_NO_VECTOR};
        return 0;
    }
    hands_resume(r);
    r->debug_stale |= !r->watching && breaks_wanted(r);
    if (r->asleep && r->machine->pic[0])
        v = interrupts_sleep(r);
    else
        r->asleep = false;
    while (v == GO_ON)
        v = run_turn(r, e, &failed);
    return hands_back(r, v, failed, p);
}
