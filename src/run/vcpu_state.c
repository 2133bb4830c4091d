/*
 * The vCPU's registers as the loop sees them.  With KVM_CAP_SYNC_REGS the kernel leaves general and special
 * registers in the shared page at every exit and takes changed ones back at the next entry, so that looking
 * costs no system call (KVM API, "kvm_valid_regs and kvm_dirty_regs"); elsewhere they are fetched and stored
 * by ioctls into the same place.
 */
#include "run/inside.h"

#include <string.h>

enum { TSS_AVAILABLE = 9, TSS_BUSY = 11 }; /* types of a system segment */

void vcpu_state_choose(struct run *r)
{
    r->has_sregs = r->observed || r->stepping || r->forgetful;
    if (r->sync_regs)
        r->vcpu.run->kvm_valid_regs = KVM_SYNC_X86_REGS | (r->has_sregs ? (uint64_t)KVM_SYNC_X86_SREGS : 0);
}

int vcpu_state_need_sregs(struct run *r, struct err *e)
{
    if (r->has_sregs)
        return 0;
    if (kvm_get_sregs(&r->vcpu, run_sregs(r), e) < 0)
        return -1;
    r->has_sregs = true;
    return 0;
}

int vcpu_state_fetch(struct run *r, struct err *e)
{
    if (r->sync_regs)
        return 0;
    if (kvm_get_regs(&r->vcpu, run_regs(r), e) < 0)
        return -1;
    return r->has_sregs ? kvm_get_sregs(&r->vcpu, run_sregs(r), e) : 0;
}

/* AMD's CPUs do not keep the busy bit of TR's type, so KVM makes one up when it is asked. There the bit need
 * not go back; an emulated AMD CPU (QEMU's) even dies of it when it looks for the stack of ring 0. */
static void task_register_mend(const struct run *r)
{
    struct kvm_segment *tr = &run_sregs(r)->tr;
    if (r->forgetful && !tr->s && tr->type == TSS_BUSY)
        tr->type = TSS_AVAILABLE;
}

/* What is loaded in TR is busy by definition, whatever KVM has kept of what it was given. */
void vcpu_state_show_busy(const struct run *r, struct kvm_sregs *s)
{
    if (r->forgetful && !s->tr.s && s->tr.type == TSS_AVAILABLE)
        s->tr.type = TSS_BUSY;
}

int vcpu_state_put_sregs(struct run *r, struct err *e)
{
    task_register_mend(r);
    return kvm_set_sregs(&r->vcpu, run_sregs(r), e);
}

int vcpu_state_store(struct run *r, bool sregs_too, struct err *e)
{
    /* Single-stepping remembers the RIP it was switched on at, so that there the order of the calls matters.
     */
    if (r->sync_regs && !r->stepping) {
        if (sregs_too)
            task_register_mend(r);
        r->vcpu.run->kvm_dirty_regs |= KVM_SYNC_X86_REGS | (sregs_too ? (uint64_t)KVM_SYNC_X86_SREGS : 0);
        return 0;
    }
    if (sregs_too && vcpu_state_put_sregs(r, e) < 0)
        return -1;
    if (kvm_set_regs(&r->vcpu, run_regs(r), e) < 0)
        return -1;
    if (!r->stepping)
        return 0;
    return breaks_apply(r, true, e);
}

size_t run_read_code(const struct run *r, uint64_t rip, uint8_t *buf, size_t n)
{
    const struct kvm_sregs *s = run_sregs(r);
    struct gva_context c = run_gva_context(r);
    uint64_t linear = cpu_mode(s) == MODE_LONG ? rip : (uint32_t)(s->cs.base + rip);
    return gva_memo_read(r->walks, &r->machine->memory, &c, linear, buf, n, GVA_FETCH);
}
