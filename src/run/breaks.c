/*
 * Breakpoints as the CPU knows them.  Debug registers DR0 to DR3 hold linear addresses that the CPU compares
 * with every instruction fetch or data access (Intel SDM, "Debug Registers", "Debug Exceptions"); KVM lends
 * them to the host by KVM_SET_GUEST_DEBUG, and what they raise comes to us as a debug exit.  When four are
 * not enough, the first byte of an instruction is replaced by INT3.
 *
 * INT3s are in guest memory only while the guest is inside KVM_RUN: they are put in before each entry and
 * taken out after it, so that nothing else (disassembly, the trace, a dump) can ever see one.  A guest that
 * overwrites such a byte while it runs keeps what it wrote.  Simplified: a guest that *reads* its own code
 * while it runs sees the CC, and one that itself writes CC there gets the old byte back.
 */
#include "run/inside.h"

#include <string.h>

enum { VECTOR_BP = 3, INT3 = 0xcc, DR6_SLOTS = 0xf };

/* DR7: G bit n enables slot n (two bits a slot); R/W and LEN are four bits a slot from bit 16 on. */
static uint64_t dr7_of(const struct run_breaks *b)
{
    static const uint8_t len_code[] = {[1] = 0, [2] = 1, [4] = 3, [8] = 2};
    static const uint8_t rw_code[] = {[SLOT_EXECUTE] = 0, [SLOT_WRITE] = 1, [SLOT_ACCESS] = 3};
    uint64_t dr7 = 0;
    for (unsigned i = 0; i < RUN_SLOTS; i++) {
        enum run_slot_kind kind = b->slot[i].kind;
        if (kind == SLOT_FREE)
            continue;
        uint64_t len = kind == SLOT_EXECUTE ? 0 : len_code[b->slot[i].len & 15];
        dr7 |= 2ull << (2 * i) | (rw_code[kind] | len << 2) << (16 + 4 * i);
    }
    return dr7 ? dr7 | 0x600 : 0; /* bit 10 is always set; GE asks old CPUs for exact data breakpoints */
}

int breaks_apply(struct run *r, bool stepping, struct err *e)
{
    struct kvm_guest_debug d = {.control = stepping ? KVM_GUESTDBG_SINGLESTEP : 0};
    uint64_t dr7 = dr7_of(&r->breaks);
    if (stepping && r->held && r->hold_interrupts && !r->machine->pic[0] && r->can_block)
        d.control |= KVM_GUESTDBG_BLOCKIRQ; /* KVM's own controllers inject without asking us */
    bool watching = !r->held && breaks_wanted(r);
    if (watching && dr7) {
        d.control |= KVM_GUESTDBG_USE_HW_BP;
        for (unsigned i = 0; i < RUN_SLOTS; i++)
            d.arch.debugreg[i] = r->breaks.slot[i].linear;
        d.arch.debugreg[7] = dr7;
    }
    if (watching && r->breaks.patch_count)
        d.control |= KVM_GUESTDBG_USE_SW_BP;
    if (d.control)
        d.control |= KVM_GUESTDBG_ENABLE;
    if (kvm_set_guest_debug(&r->vcpu, &d, e) < 0)
        return -1;
    r->stepping = stepping;
    r->watching = watching;
    r->step_again = r->debug_stale = false;
    return 0;
}

bool breaks_wanted(const struct run *r)
{
    return r->breaks.patch_count || dr7_of(&r->breaks);
}

int run_set_breaks(struct run *r, const struct run_breaks *b, struct err *e)
{
    if (b->patch_count > RUN_PATCHES_MAX)
        return err_set(e, "at most %d INT3 breakpoints", RUN_PATCHES_MAX);
    r->debug_stale |= memcmp(&r->breaks, b, sizeof *b) != 0;
    r->breaks = *b;
    return 0;
}

void breaks_patch(struct run *r)
{
    for (size_t i = 0; i < r->breaks.patch_count; i++) {
        uint8_t *p = memory_ptr(&r->machine->memory, r->breaks.patch_gpa[i], 1, true);
        if (!p)
            continue;
        r->patched[i] = *p;
        *p = INT3;
    }
}

/* Backwards, so that an address that is there twice gets its first byte back. */
void breaks_unpatch(struct run *r)
{
    for (size_t i = r->breaks.patch_count; i-- > 0;) {
        uint8_t *p = memory_ptr(&r->machine->memory, r->breaks.patch_gpa[i], 1, true);
        if (p && *p == INT3)
            *p = r->patched[i];
    }
}

bool breaks_patch_at_rip(const struct run *r)
{
    struct gva_context c = run_gva_context(r);
    struct gva_walk w;
    gva_translate(&r->machine->memory, &c, cpu_rip_linear(run_regs(r), run_sregs(r)), GVA_FETCH, &w);
    for (size_t i = 0; w.ok && i < r->breaks.patch_count; i++)
        if (r->breaks.patch_gpa[i] == w.gpa)
            return true;
    return false;
}

static enum verdict breaks_pause(struct run *r, enum run_paused why, unsigned slot)
{
    r->pause.why = why;
    r->pause.slot = slot;
    return PAUSE;
}

enum verdict breaks_before_hand(struct run *r)
{
    uint64_t linear = cpu_rip_linear(run_regs(r), run_sregs(r));
    for (unsigned i = 0; i < RUN_SLOTS; i++)
        if (r->breaks.slot[i].kind == SLOT_EXECUTE && r->breaks.slot[i].linear == linear)
            return breaks_pause(r, PAUSED_BREAK, i);
    if (r->breaks.patch_count && breaks_patch_at_rip(r))
        return breaks_pause(r, PAUSED_BREAK, RUN_SLOT_PATCH);
    return GO_ON;
}

/* KVM reports an INT3 before the CPU has delivered it, with RIP at it. */
static enum verdict int3_hit(struct run *r, struct err *e)
{
    if (breaks_patch_at_rip(r))
        return breaks_pause(r, PAUSED_BREAK, RUN_SLOT_PATCH);
    int done = deliver_vector(r, VECTOR_BP, run_regs(r)->rip + 1, e);
    if (done > 0)
        return GO_ON;
    return run_end(r, RUN_ERROR, 125, "an INT3 of the guest's own at 0x%llx could not be delivered to it%s%s",
                   (unsigned long long)run_regs(r)->rip, done < 0 ? ": " : "", done < 0 ? e->text : "");
}

enum verdict breaks_hit(struct run *r, struct err *e)
{
    const struct kvm_debug_exit_arch *d = &r->vcpu.run->debug.arch;
    if (vcpu_state_need_sregs(r, e) < 0)
        return run_end(r, RUN_ERROR, 125, "%s", e->text);
    if (d->exception == VECTOR_BP)
        return int3_hit(r, e);
    uint64_t hit = r->watching ? d->dr6 & DR6_SLOTS : 0;
    for (unsigned i = 0; i < RUN_SLOTS; i++)
        if ((hit >> i & 1) && r->breaks.slot[i].kind != SLOT_FREE)
            return breaks_pause(r, r->breaks.slot[i].kind == SLOT_EXECUTE ? PAUSED_BREAK : PAUSED_WATCH, i);
    if (r->stepping)
        return GO_ON;
    int done = deliver_trap(r, e); /* the guest steps itself, and while we watch its #DB comes to us */
    if (done > 0)
        return GO_ON;
    return run_end(r, RUN_ERROR, 125, "a debug exit that nobody asked for at 0x%llx",
                   (unsigned long long)d->pc);
}
