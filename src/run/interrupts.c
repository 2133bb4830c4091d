/*
 * Interrupts and sleep.  With user-space interrupt controllers the loop plays the part of the wires between
 * the 8259A and the CPU: before an entry it looks at INT, and when the CPU can take an interrupt (IF set, no
 * shadow of STI or MOV SS) performs the INTA cycle and hands the vector to KVM; when it cannot, it asks KVM
 * to come back as soon as it can (KVM API, "request_interrupt_window", KVM_INTERRUPT).
 */
#include "run/inside.h"

#include <linux/kvm.h>

/* Must the guest stand at the handler's first instruction, and not run on from there? While it is stepped,
 * also over a HLT, which runs free; and when somebody wants it to stand: a vector that KVM has and has not
 * delivered yet would come in the middle of what they do next. */
static bool must_stand(const struct run *r)
{
    return r->stepping || (r->held && r->step_turn && r->insn.kind == STEP_HLT) ||
           (r->in_hands && atomic_load(&r->pause_asked));
}

int interrupts_inject(struct run *r, struct err *e)
{
    struct kvm_run *k = r->vcpu.run;
    r->look_again = false;
    if ((r->held && r->hold_interrupts && !r->wake_by_interrupt) || !machine_interrupt_pending(r->machine)) {
        k->request_interrupt_window = 0;
        return 0;
    }
    /* KVM's flags are of the last exit; RFLAGS may have been changed by hand since. Of a shadow that was cast
     * by hand KVM does not know: it would find the window open and come back at once, for ever. */
    if (!k->ready_for_interrupt_injection || !(run_regs(r)->rflags & RFLAGS_IF) || r->in_flight ||
        r->shadow) {
        k->request_interrupt_window = !r->shadow;
        return 0;
    }
    unsigned line = 0;
    unsigned vector = machine_interrupt_take(r->machine, &line);
    event_irq(r, vector, line);
    r->pause.vector = (int)vector;
    r->pause.interrupt = true;
    /* Only one interrupt fits before an entry; if another waits, the window tells when. */
    k->request_interrupt_window = machine_interrupt_pending(r->machine);
    k->ready_for_interrupt_injection = 0;
    if (must_stand(r)) {
        if (!r->stepping && breaks_apply(r, true, e) < 0) /* registers are stored for stepping */
            return -1;
        int done = deliver_vector(r, vector, run_regs(r)->rip, e);
        r->look_again = done > 0;
        if (done != 0)
            return done < 0 ? -1 : 0;
    }
    return kvm_interrupt(&r->vcpu, vector, e);
}

/* Nothing can ever wake this CPU again. */
static enum verdict halted(struct run *r, const char *why)
{
    return run_end(r, RUN_HALTED, 0, "%s", why);
}

/* Is there a timer that may interrupt, or a key that somebody may press? */
static bool has_source(const struct run *r)
{
    const struct machine *m = r->machine;
    return machine_interrupt_pending(m) || machine_next_wake_ns(m) != DEVICE_NEVER_NS ||
           (!r->input_over && r->take_input && machine_input_can_wake(m));
}

bool interrupts_can_wake(const struct run *r)
{
    return (run_regs(r)->rflags & RFLAGS_IF) && has_source(r);
}

enum verdict interrupts_sleep(struct run *r)
{
    struct machine *m = r->machine;
    if (!(run_regs(r)->rflags & RFLAGS_IF))
        return halted(r, "the guest halted with interrupts off");
    while (!machine_interrupt_pending(m)) {
        enum verdict v = control_serve(r);
        if (v != GO_ON)
            return v;
        control_input(r);
        if (machine_interrupt_pending(m))
            break;
        uint64_t wake_ns = machine_next_wake_ns(m);
        if (!has_source(r))
            return halted(r, "the guest halted, and nothing can wake it");
        if (r->tick)
            r->tick(r->tick_ctx, clock_host_ns() - r->start_ns);
        clock_jump(&m->clock, wake_ns == DEVICE_NEVER_NS ? 0 : wake_ns);
        if (m->clock.kind == CLOCK_REAL || wake_ns == DEVICE_NEVER_NS)
            control_wait(r, wake_ns == DEVICE_NEVER_NS ? UINT64_MAX : wake_ns + m->clock.origin_ns);
        if (machine_now_ns(m) >= m->next_deadline_ns)
            machine_elapse(m);
    }
    r->asleep = false;
    return GO_ON;
}

enum verdict interrupts_asleep_in_kernel(struct run *r)
{
    struct machine *m = r->machine;
    struct err ignored;
    uint32_t state;
    if (kvm_get_mp_state(&r->vcpu, &state, &ignored) < 0 || state != KVM_MP_STATE_HALTED)
        return GO_ON;
    if (!(run_regs(r)->rflags & RFLAGS_IF))
        return halted(r, "the guest halted with interrupts off");
    uint64_t wake_ns = machine_next_wake_ns(m);
    if (wake_ns != DEVICE_NEVER_NS)
        clock_jump(&m->clock, m->clock.kind == CLOCK_STEPS ? wake_ns : 0);
    return GO_ON;
}
