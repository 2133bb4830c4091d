/*
 * Instructions that the stepper does by hand, because the CPU under the trap flag would do something else:
 * INT n pushes the flag into its frame, SYSCALL copies it to R11, MOV SS and POP SS keep the trap away until
 * one more instruction has run, and STI does on some hosts.  Each follows its page in Intel SDM, "Instruction
 * Set Reference"; whatever is out of the ordinary (a fault, a mode these lines do not know) is left to the
 * CPU, nothing being changed.
 */
#include "base/bytes.h"
#include "run/assist.h"

#include <string.h>

enum { MSR_STAR = 0xc0000081, MSR_LSTAR = 0xc0000082, MSR_FMASK = 0xc0000084, IOPL_SHIFT = 12 };

static uint64_t rip_after(const struct run *r, unsigned len)
{
    unsigned bits = r->insn.bits;
    return (r->insn.rip + len) & (bits == 64 ? UINT64_MAX : bits == 32 ? UINT32_MAX : 0xffffu);
}

/* INT n, INT3; INTO only when it interrupts. */
static int hand_int(struct run *r, struct err *e)
{
    bool into = r->insn.vector == 4 && r->insn.len && r->insn.code[r->insn.len - 1] == 0xce;
    if (into && !(run_regs(r)->rflags & RFLAGS_OF))
        return 0;
    return deliver_software(r, r->insn.vector, rip_after(r, r->insn.len), e);
}

static int hand_sti(struct run *r, struct err *e)
{
    struct kvm_regs *g = run_regs(r);
    if (cpu_mode(run_sregs(r)) != MODE_REAL &&
        (r->insn.mode_cpl >> 4 > (g->rflags >> IOPL_SHIFT & 3) || (g->rflags & RFLAGS_VM)))
        return 0;
    r->shadow = !(g->rflags & RFLAGS_IF);
    g->rflags |= RFLAGS_IF;
    g->rip = rip_after(r, r->insn.len);
    return vcpu_state_store(r, false, e) < 0 ? -1 : 1;
}

/* The selector that MOV SS or POP SS loads, and where RSP is afterwards. */
static bool ss_operand(struct assist *a, uint16_t *selector, uint64_t *rsp)
{
    uint64_t value;
    bool pop = a->insn.mnemonic == ZYDIS_MNEMONIC_POP;
    *rsp = a->regs->rsp;
    if (!pop && !assist_load(a, 1, &value))
        return false;
    if (pop) {
        uint64_t mask = a->sregs->ss.db ? UINT32_MAX : 0xffff;
        uint8_t raw[2];
        if (!assist_read(a, a->sregs->ss.base + (*rsp & mask), raw, 2))
            return false;
        value = (uint64_t)(raw[0] | raw[1] << 8);
        *rsp = (*rsp & ~mask) | ((*rsp + a->insn.operand_width / 8u) & mask);
    }
    *selector = (uint16_t)value;
    return true;
}

/* What SS holds then; false when loading it would fault. */
static bool ss_load(const struct assist *a, uint16_t selector, struct kvm_segment *ss)
{
    const struct run *r = a->run;
    unsigned cpl = r->insn.mode_cpl >> 4;
    if (cpu_mode(a->sregs) == MODE_REAL) {
        *ss = a->sregs->ss;
        ss->selector = selector;
        ss->base = (uint64_t)selector << 4;
        return true;
    }
    if (a->regs->rflags & RFLAGS_VM)
        return false;
    if (!(selector & ~3u)) { /* the null selector: in 64-bit mode below ring 3 only */
        *ss = (struct kvm_segment){.selector = selector,
                                   .type = 3,
                                   .s = 1,
                                   .dpl = cpl & 3,
                                   .db = 1,
                                   .g = 1,
                                   .present = 1,
                                   .limit = UINT32_MAX};
        return r->insn.bits == 64 && cpl != 3 && (selector & 3u) == cpl;
    }
    return descriptor_read(r, selector, false, ss) && (ss->type & 0xa) == 2 && ss->dpl == cpl &&
           (selector & 3u) == cpl;
}

static int hand_load_ss(struct run *r, struct err *e)
{
    struct assist a = {.run = r, .regs = run_regs(r), .sregs = run_sregs(r), .rip = r->insn.rip, .e = e};
    struct kvm_segment ss;
    uint16_t selector;
    uint64_t rsp;
    if (!insn_decode(a.sregs, r->insn.code, r->insn.n, &a.insn, a.op))
        return 0;
    a.next_rip = rip_after(r, a.insn.length);
    if (!ss_operand(&a, &selector, &rsp) || !ss_load(&a, selector, &ss))
        return 0;
    a.sregs->ss = ss;
    a.regs->rsp = rsp;
    a.regs->rip = a.next_rip;
    r->shadow = true;
    return vcpu_state_store(r, true, e) < 0 ? -1 : 1;
}

/* In 64-bit mode only: from compatibility mode it is an invalid opcode on Intel's CPUs. */
static int hand_syscall(struct run *r, struct err *e)
{
    struct kvm_regs *g = run_regs(r);
    struct kvm_sregs *s = run_sregs(r);
    uint64_t star, lstar, mask;
    if (r->insn.bits != 64 || !(s->efer & EFER_SCE))
        return 0;
    if (kvm_get_msr(&r->vcpu, MSR_STAR, &star, e) < 0 || kvm_get_msr(&r->vcpu, MSR_LSTAR, &lstar, e) < 0 ||
        kvm_get_msr(&r->vcpu, MSR_FMASK, &mask, e) < 0)
        return -1;
    const struct kvm_segment flat = {.limit = UINT32_MAX, .s = 1, .present = 1, .g = 1};
    s->cs = s->ss = flat;
    s->cs.selector = (uint16_t)(star >> 32 & 0xfffc);
    s->cs.type = 11;
    s->cs.l = 1;
    s->ss.selector = (uint16_t)((star >> 32 & 0xfffc) + 8);
    s->ss.type = 3;
    s->ss.db = 1;
    g->rcx = rip_after(r, r->insn.len);
    g->r11 = (g->rflags & ~RFLAGS_RF) | (r->guest_tf ? RFLAGS_TF : 0);
    r->guest_tf = r->guest_tf && !(mask & RFLAGS_TF);
    g->rflags = (g->rflags & ~(mask | RFLAGS_RF)) | RFLAGS_FIXED;
    g->rip = lstar;
    return vcpu_state_store(r, true, e) < 0 ? -1 : 1;
}

/* SYSRET goes to ring 3, which not every host can step. */
static int hand_sysret(struct run *r, struct err *e)
{
    struct kvm_regs *g = run_regs(r);
    uint64_t star;
    bool to64 = r->insn.width == 8;
    uint64_t rip = to64 ? g->rcx : (uint32_t)g->rcx;
    if (r->insn.mode_cpl >> 4 || !(run_sregs(r)->efer & EFER_SCE) || (rip + (1ull << 47)) >> 48 != 0)
        return 0;
    if (kvm_get_msr(&r->vcpu, MSR_STAR, &star, e) < 0)
        return -1;
    struct kvm_segment cs = {.limit = UINT32_MAX, .s = 1, .present = 1, .g = 1, .dpl = 3}, ss = cs;
    cs.selector = (uint16_t)(((star >> 48) + (to64 ? 16 : 0)) | 3);
    cs.type = 11;
    cs.l = to64;
    cs.db = !to64;
    ss.selector = (uint16_t)(((star >> 48) + 8) | 3);
    ss.type = 3;
    ss.db = 1;
    g->rip = rip;
    g->rflags = (g->r11 & IRET_FLAGS & ~(RFLAGS_RF | RFLAGS_TF)) | RFLAGS_FIXED;
    r->guest_tf = g->r11 & RFLAGS_TF;
    run_sregs(r)->cs = cs;
    run_sregs(r)->ss = ss;
    return vcpu_state_store(r, true, e) < 0 ? -1 : 1;
}

/* What loads RFLAGS, but for POPF. */
static int hand_return(struct run *r, struct err *e)
{
    uint8_t opcode = r->insn.len ? r->insn.code[r->insn.len - 1] : 0;
    if (opcode == 0xcf)
        return iret_by_hand(r, r->insn.width, e);
    return opcode == 0x07 && r->insn.bits == 64 ? hand_sysret(r, e) : 0;
}

int step_by_hand(struct run *r, struct err *e)
{
    static int (*const by_kind[])(struct run *, struct err *) = {
        [STEP_INT] = hand_int,
        [STEP_STI] = hand_sti,
        [STEP_LOADS_SS] = hand_load_ss,
        [STEP_SYSCALL] = hand_syscall,
        [STEP_LOADS_FLAGS] = hand_return,
    };
    unsigned kind = r->insn.kind;
    return kind < sizeof by_kind / sizeof by_kind[0] && by_kind[kind] ? by_kind[kind](r, e) : 0;
}
