/*
 * Exits because of the CPU itself: it sleeps, it touches an MSR that KVM does not know, it failed to enter,
 * it shut down after a triple fault, or KVM could not emulate an instruction.
 */
#include "run/rows.h"

#include <string.h>

enum verdict exit_handle_nothing(struct run *r, struct event *ev, struct err *e)
{
    (void)r;
    (void)ev;
    (void)e;
    return GO_ON;
}

void exit_decode_unknown(struct run *r, struct event *ev)
{
    ev->value = r->vcpu.run->hw.hardware_exit_reason;
    ev->flags |= EVENT_VALUE;
}

enum verdict exit_handle_unknown(struct run *r, struct event *ev, struct err *e)
{
    (void)e;
    return run_end(r, RUN_ERROR, 125, "KVM does not know the hardware's exit reason 0x%llx",
                   (unsigned long long)ev->value);
}

void exit_decode_hypercall(struct run *r, struct event *ev)
{
    ev->addr = r->vcpu.run->hypercall.nr;
    ev->value = r->vcpu.run->hypercall.args[0];
    ev->flags |= EVENT_ADDR | EVENT_VALUE;
}

enum verdict exit_handle_hypercall(struct run *r, struct event *ev, struct err *e)
{
    (void)ev;
    (void)e;
    r->vcpu.run->hypercall.ret =
        (uint64_t)-1000; /* KVM_ENOSYS: the guest's own interface for "no such call" */
    return GO_ON;
}

void exit_decode_debug(struct run *r, struct event *ev)
{
    const struct kvm_debug_exit_arch *d = &r->vcpu.run->debug.arch;
    ev->addr = d->pc;
    ev->value = d->dr6;
    ev->detail = (uint16_t)d->exception;
    ev->flags |= EVENT_ADDR | EVENT_VALUE;
}

enum verdict exit_handle_debug(struct run *r, struct event *ev, struct err *e)
{
    (void)ev;
    return breaks_hit(r, e);
}

/* KVM has already moved RIP past the HLT. */
void exit_decode_hlt(struct run *r, struct event *ev)
{
    uint8_t byte;
    if (r->observed && ev->rip > 0 && run_read_code(r, ev->rip - 1, &byte, 1) == 1 && byte == 0xf4)
        ev->rip--;
    else
        ev->flags |= EVENT_RIP_NEXT;
    ev->detail = !(run_regs(r)->rflags & RFLAGS_IF);
}

enum verdict exit_handle_hlt(struct run *r, struct event *ev, struct err *e)
{
    (void)ev;
    (void)e;
    r->asleep = true;
    return r->held && interrupts_can_wake(r) ? GO_ON : interrupts_sleep(r);
}

enum verdict exit_handle_shutdown(struct run *r, struct event *ev, struct err *e)
{
    if (vcpu_state_need_sregs(r, e) < 0)
        return run_end(r, RUN_ERROR, 125, "%s", e->text);
    /* Some backends have reset the vCPU by now: CS:RIP is the reset vector then, not where the guest died. */
    const struct kvm_sregs *s = run_sregs(r);
    if (s->cs.selector == 0xf000 && run_regs(r)->rip == 0xfff0 && !(s->cr0 & CR0_PE)) {
        r->last_cpu.from_last_exit = true;
        ev->flags |= EVENT_NO_CPU;
    }
    return run_end(
        r, RUN_TRIPLE_FAULT, 125,
        "triple fault: an exception could not be delivered, nor the double fault that this caused");
}

void exit_decode_fail_entry(struct run *r, struct event *ev)
{
    ev->value = r->vcpu.run->fail_entry.hardware_entry_failure_reason;
    ev->flags |= EVENT_VALUE;
}

enum verdict exit_handle_fail_entry(struct run *r, struct event *ev, struct err *e)
{
    (void)e;
    return run_end(
        r, RUN_ERROR, 125,
        "the CPU refused to enter the guest (hardware reason 0x%llx): its registers are not a legal state",
        (unsigned long long)ev->value);
}

void exit_decode_internal(struct run *r, struct event *ev)
{
    const struct kvm_run *k = r->vcpu.run;
    ev->detail = (uint16_t)k->internal.suberror;
    ev->value = k->internal.ndata ? k->internal.data[0] : 0;
    ev->count = 0;
    ev->flags |= EVENT_VALUE;
    if (k->internal.suberror == KVM_INTERNAL_ERROR_EMULATION && k->emulation_failure.ndata >= 1 &&
        (k->emulation_failure.flags & KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES))
        ev->count = k->emulation_failure.insn_size;
}

/* Names the instruction: `fld1 (d9 e8) at 0x100002`. */
static enum verdict emulation_failed(struct run *r, bool tried)
{
    uint8_t code[INSN_MAX];
    struct text words = {0};
    uint64_t rip = run_regs(r)->rip;
    size_t n = run_read_code(r, rip, code, sizeof code);
    if (n == 0) {
        return run_end(r, RUN_ERROR, 125, "the guest jumped to 0x%llx, where there is no memory to execute",
                       (unsigned long long)rip);
    }
    if (r->describe)
        r->describe(cpu_code_bits(run_sregs(r)), rip, code, n, &words);
    enum verdict v = run_end(r, RUN_ERROR, 125, "%s: %s at 0x%llx",
                             tried ? "KVM could not emulate an instruction, and completing it failed"
                                   : "KVM could not emulate an instruction, and neither can Ringside",
                             text_str(&words), (unsigned long long)rip);
    text_fini(&words);
    return v;
}

enum verdict exit_handle_internal(struct run *r, struct event *ev, struct err *e)
{
    if (ev->detail == KVM_INTERNAL_ERROR_EMULATION) {
        if (r->watching &&
            breaks_patch_at_rip(r)) { /* this KVM does not know INT3, but we do: it is our own */
            r->pause.why = PAUSED_BREAK;
            r->pause.slot = RUN_SLOT_PATCH;
            return PAUSE;
        }
        int rc = assist_complete(r, ev, e);
        return rc > 0 ? GO_ON : emulation_failed(r, rc < 0);
    }
    static const char *const what[] = {
        [KVM_INTERNAL_ERROR_EMULATION] = "emulation",
        [KVM_INTERNAL_ERROR_SIMUL_EX] = "two exceptions at once",
        [KVM_INTERNAL_ERROR_DELIVERY_EV] = "an exit while delivering an event",
        [KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON] = "an exit reason it did not expect",
    };
    bool known = ev->detail < sizeof what / sizeof what[0] && what[ev->detail];
    return run_end(r, RUN_ERROR, 125, "KVM internal error %u: %s", ev->detail,
                   known ? what[ev->detail] : "unknown");
}

void exit_decode_system_event(struct run *r, struct event *ev)
{
    ev->addr = r->vcpu.run->system_event.type;
    ev->flags |= EVENT_ADDR;
}

enum verdict exit_handle_system_event(struct run *r, struct event *ev, struct err *e)
{
    (void)e;
    switch (ev->addr) {
    case KVM_SYSTEM_EVENT_SHUTDOWN:
        return run_end(r, RUN_POWEROFF, 0, "the guest shut down through KVM");
    case KVM_SYSTEM_EVENT_RESET:
        return run_end(r, RUN_POWEROFF, 0, "the guest reset the machine through KVM");
    default:
        return run_end(r, RUN_ERROR, 125, "the guest reported a crash (system event %u)", (unsigned)ev->addr);
    }
}

void exit_decode_msr(struct run *r, struct event *ev)
{
    const struct kvm_run *k = r->vcpu.run;
    bool write = k->exit_reason == KVM_EXIT_X86_WRMSR;
    ev->addr = k->msr.index;
    ev->dir = write ? DIR_OUT : DIR_IN;
    ev->size = 8;
    ev->value = write ? k->msr.data : 0;
    ev->flags |= EVENT_ADDR | (write ? EVENT_VALUE : 0);
}

/* Only MSRs that KVM does not know come here, and a CPU answers those with #GP. */
enum verdict exit_handle_msr(struct run *r, struct event *ev, struct err *e)
{
    (void)e;
    r->vcpu.run->msr.error = 1;
    ev->detail = 1;
    r->in_flight = r->fault_due = true;
    return GO_ON;
}

/* struct kvm_run of older headers does not have this member; its place in the union is the API's: flags, gpa,
 * size. */
static void memory_fault_read(const struct run *r, uint64_t fault[3])
{
    memcpy(fault, &r->vcpu.run->hw, 3 * sizeof fault[0]);
}

void exit_decode_memory_fault(struct run *r, struct event *ev)
{
    uint64_t fault[3];
    memory_fault_read(r, fault);
    ev->addr = fault[1];
    ev->value = fault[2];
    ev->flags |= EVENT_ADDR | EVENT_VALUE;
}

enum verdict exit_handle_memory_fault(struct run *r, struct event *ev, struct err *e)
{
    (void)e;
    return run_end(r, RUN_ERROR, 125, "KVM could not reach guest memory at 0x%llx",
                   (unsigned long long)ev->addr);
}
