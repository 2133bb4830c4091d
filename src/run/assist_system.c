/*
 * Instruction assist, the privileged part: software interrupts and their return, SMAP's STAC and CLAC,
 * RDTSCP, the instructions that look at descriptors, INVPCID.  Each follows its page in Intel SDM,
 * "Instruction Set Reference".
 */
#include "base/bytes.h"
#include "run/assist.h"

enum { MSR_TSC = 0x10, MSR_TSC_AUX = 0xc0000103 };

/* INT n and INT3: KVM delivers the interrupt itself at the next entry when it is told that a soft one was
 * under way. */
static bool soft_interrupt(struct assist *a, uint8_t vector)
{
    struct run *r = a->run;
    struct kvm_vcpu_events events;
    a->operand = vector;
    if (r->stepping) {
        int done = deliver_vector(r, vector, a->next_rip, a->e);
        a->jumped = a->sregs_changed = done > 0;
        if (done != 0)
            return done > 0;
    }
    if (kvm_get_events(&r->vcpu, &events, a->e) < 0)
        return false;
    events.interrupt.injected = 1;
    events.interrupt.soft = 1;
    events.interrupt.nr = vector;
    events.flags = 0;
    return kvm_set_events(&r->vcpu, &events, a->e) == 0;
}

bool assist_int(struct assist *a)
{
    return soft_interrupt(a, a->insn.mnemonic == ZYDIS_MNEMONIC_INT3 ? 3 : (uint8_t)a->op[0].imm.value.u);
}

bool assist_into(struct assist *a)
{
    a->operand = 4;
    return !(a->regs->rflags & RFLAGS_OF) || soft_interrupt(a, 4);
}

bool assist_iretd(struct assist *a)
{
    a->jumped = iret_by_hand(a->run, a->insn.operand_width / 8u, a->e) > 0;
    a->sregs_changed = a->jumped;
    a->operand = a->regs->rip;
    return a->jumped;
}

bool assist_stac(struct assist *a)
{
    a->regs->rflags |= RFLAGS_AC;
    return true;
}

bool assist_clac(struct assist *a)
{
    a->regs->rflags &= ~RFLAGS_AC;
    return true;
}

bool assist_rdtscp(struct assist *a)
{
    uint64_t tsc, aux = 0;
    if (kvm_get_msr(&a->run->vcpu, MSR_TSC, &tsc, a->e) < 0)
        return false;
    if (kvm_get_msr(&a->run->vcpu, MSR_TSC_AUX, &aux, a->e) < 0)
        aux = 0; /* a host without the MSR has a guest that never set it */
    a->operand = tsc;
    a->regs->rax = (uint32_t)tsc;
    a->regs->rdx = tsc >> 32;
    a->regs->rcx = (uint32_t)aux;
    return true;
}

static void set_zf(struct assist *a, bool on)
{
    a->regs->rflags = (a->regs->rflags & ~RFLAGS_ZF) | (on ? RFLAGS_ZF : 0);
}

/* Conforming code may be looked at from any level; all else needs DPL >= both CPL and RPL. */
static bool descriptor_visible(const struct assist *a, uint16_t selector, const struct kvm_segment *seg)
{
    bool conforming = seg->s && (seg->type & 0xc) == 0xc;
    return conforming || (seg->dpl >= cpu_cpl(a->regs, a->sregs) && seg->dpl >= (selector & 3u));
}

/* System types that LAR and LSL accept beside code and data, as bit masks (Intel SDM, LAR and LSL, tables of
 * types): LDT and TSS for both, call and task gates for LAR only; IA-32e mode has no 16-bit ones. */
static unsigned system_types(const struct assist *a, bool lar)
{
    bool ia32e = cpu_mode(a->sregs) >= MODE_COMPAT;
    return lar ? (ia32e ? 0x1a04 : 0x1a3e) : ia32e ? 0x0a04 : 0x0a0e;
}

bool assist_lar_lsl(struct assist *a)
{
    uint64_t selector;
    struct kvm_segment seg;
    bool lar = a->insn.mnemonic == ZYDIS_MNEMONIC_LAR;
    if (!assist_load(a, 1, &selector))
        return false;
    a->operand = selector & 0xffff;
    bool ok = descriptor_read(a->run, (uint16_t)selector, true, &seg) &&
              descriptor_visible(a, (uint16_t)selector, &seg) &&
              (seg.s || system_types(a, lar) >> seg.type & 1);
    set_zf(a, ok);
    if (!ok)
        return true;
    uint64_t rights = (uint64_t)seg.type << 8 | (uint64_t)seg.s << 12 | (uint64_t)seg.dpl << 13 |
                      (uint64_t)seg.present << 15 | (uint64_t)seg.avl << 20 | (uint64_t)seg.l << 21 |
                      (uint64_t)seg.db << 22 | (uint64_t)seg.g << 23;
    return assist_store(a, 0, lar ? rights : seg.limit);
}

bool assist_verr_verw(struct assist *a)
{
    uint64_t selector;
    struct kvm_segment seg;
    if (!assist_load(a, 0, &selector))
        return false;
    a->operand = selector & 0xffff;
    bool ok = descriptor_read(a->run, (uint16_t)selector, false, &seg) &&
              descriptor_visible(a, (uint16_t)selector, &seg);
    bool code = ok && (seg.type & 8);
    if (a->insn.mnemonic == ZYDIS_MNEMONIC_VERR)
        ok = ok && (!code || (seg.type & 2));
    else
        ok = ok && !code && (seg.type & 2);
    set_zf(a, ok);
    return true;
}

/* Every type of INVPCID may flush more than it must; switching CR4.PGE off and on flushes all (Intel SDM,
 * "Operations that Invalidate TLBs and Paging-Structure Caches"). */
bool assist_invpcid(struct assist *a)
{
    if (!assist_load(a, 0, &a->operand) || a->operand > 3)
        return false;
    a->sregs->cr4 ^= CR4_PGE;
    const int rc = vcpu_state_put_sregs(a->run, a->e);
    a->sregs->cr4 ^= CR4_PGE;
    a->sregs_changed = true;
    return rc == 0 && vcpu_state_put_sregs(a->run, a->e) == 0;
}
