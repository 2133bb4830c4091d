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

/* What IRET in ring 0 takes from the stack: all of RFLAGS but VM and the reserved bits. */
#define FLAGS_RETURNED 0x3d7fd5ull
#define FLAGS_IOPL     0x3000ull

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

/* Loading a data segment of an inner ring is not for user code: the CPU clears it on the way out. */
static void segment_leave(struct kvm_segment *seg)
{
    bool conforming = (seg->type & 0xc) == 0xc;
    if (!seg->unusable && seg->s && !conforming && seg->dpl < 3)
        *seg = (struct kvm_segment){.unusable = 1, .limit = seg->limit};
}

/* CS and SS for a return to `rip` from 64-bit mode; false when the CPU would fault. */
static bool return_segments(const struct run *r, uint16_t cs_sel, uint16_t ss_sel, uint64_t rip,
                            struct kvm_segment *cs, struct kvm_segment *ss)
{
    unsigned cpl = r->insn.mode_cpl >> 4, rpl = cs_sel & 3u;
    if (rpl < cpl || !descriptor_read(r, cs_sel, false, cs) || !(cs->type & 8) || (cs->l && cs->db))
        return false;
    if ((cs->type & 4) ? cs->dpl > rpl : cs->dpl != rpl)
        return false;
    if (cs->l ? (rip + (1ull << 47)) >> 48 != 0 : rip > cs->limit)
        return false;
    if (!(ss_sel & ~3u)) { /* the null selector: in 64-bit mode below ring 3 */
        *ss = (struct kvm_segment){.selector = ss_sel,
                                   .type = 3,
                                   .s = 1,
                                   .dpl = rpl & 3,
                                   .db = 1,
                                   .g = 1,
                                   .present = 1,
                                   .limit = UINT32_MAX};
        return cs->l && rpl != 3 && (ss_sel & 3u) == rpl;
    }
    return descriptor_read(r, ss_sel, false, ss) && (ss->type & 0xa) == 2 && ss->dpl == rpl &&
           (ss_sel & 3u) == rpl;
}

static int return_store(struct run *r, const struct kvm_segment *cs, const struct kvm_segment *ss,
                        struct err *e)
{
    struct kvm_sregs *s = run_sregs(r);
    if (r->insn.mode_cpl >> 4 < (cs->selector & 3u)) {
        segment_leave(&s->ds);
        segment_leave(&s->es);
        segment_leave(&s->fs);
        segment_leave(&s->gs);
    }
    s->cs = *cs;
    s->ss = *ss;
    return vcpu_state_store(r, true, e) < 0 ? -1 : 1;
}

/* IRET in 64-bit mode: five words, whatever the rings. Some hosts run on behind it unstepped. */
static int hand_iret(struct run *r, struct err *e)
{
    struct kvm_regs *g = run_regs(r);
    uint8_t raw[5 * 8];
    struct kvm_segment cs, ss;
    struct gva_context c = run_gva_context(r);
    size_t width = r->insn.width;
    if ((g->rflags & RFLAGS_NT) ||
        gva_read(&r->machine->memory, &c, g->rsp, raw, 5 * width, GVA_READ, NULL) != 5 * width)
        return 0;
    uint64_t rip = le_load(raw, width), flags = le_load(raw + 2 * width, width);
    if (!return_segments(r, le16_load(raw + width), le16_load(raw + 4 * width), rip, &cs, &ss))
        return 0;
    unsigned cpl = r->insn.mode_cpl >> 4;
    bool may_if = cpl <= (g->rflags >> IOPL_SHIFT & 3);
    uint64_t mask = FLAGS_RETURNED & (width == 2 ? 0xffff : UINT64_MAX);
    mask &= ~((cpl ? FLAGS_IOPL : 0) | (may_if ? 0 : RFLAGS_IF));
    g->rip = rip;
    g->rsp = le_load(raw + 3 * width, width);
    g->rflags = (g->rflags & ~mask) | (flags & mask & ~RFLAGS_TF) | RFLAGS_FIXED;
    r->guest_tf = flags & RFLAGS_TF;
    return return_store(r, &cs, &ss, e);
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
    g->rflags = (g->r11 & FLAGS_RETURNED & ~(RFLAGS_RF | RFLAGS_TF)) | RFLAGS_FIXED;
    r->guest_tf = g->r11 & RFLAGS_TF;
    run_sregs(r)->cs = cs;
    run_sregs(r)->ss = ss;
    return vcpu_state_store(r, true, e) < 0 ? -1 : 1;
}

/* What loads RFLAGS: by hand in 64-bit mode, but for POPF. */
static int hand_return(struct run *r, struct err *e)
{
    uint8_t opcode = r->insn.len ? r->insn.code[r->insn.len - 1] : 0;
    if (r->insn.bits != 64)
        return 0;
    return opcode == 0xcf ? hand_iret(r, e) : opcode == 0x07 ? hand_sysret(r, e) : 0;
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
