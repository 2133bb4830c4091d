/*
 * The guest's own trap flag.  A guest may single-step itself: POPF or IRET loads RFLAGS.TF, and from the next
 * instruction on each is followed by #DB, whose frame has the flag set while the handler runs without it
 * (Intel SDM, "Single-Step Exception Condition").  While Ringside steps, KVM uses the same flag for us and
 * hides it from both sides: what the guest loads is lost.  So it is remembered here, shown in the RFLAGS of
 * the standing guest, and the #DB that is due after an instruction is delivered by hand.
 *
 * INT n clears the flag before it could trap, and MOV SS keeps the trap away, as on a CPU.  Simplified: the
 * trap that a MOV SS holds back is that of the next instruction and no other one; a HLT does not trap.
 */
#include "run/inside.h"

enum { VECTOR_DB = 1 };
#define DR6_BS 0x4000u

/* Does the image of RFLAGS that POPF, IRET or SYSRET is about to load have TF set? */
static bool image_traps(const struct run *r)
{
    const struct run_insn *insn = &r->insn;
    const struct kvm_regs *g = run_regs(r);
    const struct kvm_sregs *s = run_sregs(r);
    uint8_t opcode = insn->len ? insn->code[insn->len - 1] : 0, byte = 0;
    if (opcode == 0x07)
        return g->r11 & RFLAGS_TF;
    uint64_t at = g->rsp + (opcode == 0xcf ? 2u * insn->width : 0u) + 1; /* TF is bit 8 */
    if (cpu_mode(s) != MODE_LONG)
        at = s->ss.base + (at & (s->ss.db ? UINT32_MAX : 0xffffu));
    struct gva_context c = run_gva_context(r);
    return gva_read(&r->machine->memory, &c, at, &byte, 1, GVA_READ, NULL) == 1 && (byte & 1);
}

void flag_look(struct run *r)
{
    r->trap_due = run_regs(r)->rflags & RFLAGS_TF;
    r->trap_next = r->insn.kind == STEP_LOADS_FLAGS ? image_traps(r) : r->trap_due;
    r->caught = false;
}

static enum verdict trap_deliver(struct run *r)
{
    struct kvm_debugregs d;
    struct err e;
    int done = kvm_get_debugregs(&r->vcpu, &d, &e);
    d.dr6 |= DR6_BS;
    if (done == 0)
        done = kvm_set_debugregs(&r->vcpu, &d, &e);
    if (done == 0)
        done = deliver_vector(r, VECTOR_DB, run_regs(r)->rip, &e);
    r->trapped = done > 0;
    if (done > 0)
        return GO_ON;
    return run_end(r, RUN_ERROR, 125, "the guest's own #DB at 0x%llx could not be delivered to it%s%s",
                   (unsigned long long)run_regs(r)->rip, done < 0 ? ": " : "", done < 0 ? e.text : "");
}

enum verdict flag_finished(struct run *r)
{
    struct kvm_regs *g = run_regs(r);
    struct err e;
    r->trapped = false;
    if (r->caught) /* in a handler, and the flag is in its frame */
        return GO_ON;
    if (!r->step_done && r->trap_next)
        g->rflags |= RFLAGS_TF;
    bool due = r->trap_due && r->insn.kind != STEP_INT && r->insn.kind != STEP_LOADS_SS &&
               r->insn.kind != STEP_HLT && (r->insn.kind != STEP_SYSCALL || (g->rflags & RFLAGS_TF));
    if (!due)
        return GO_ON;
    if (vcpu_state_need_sregs(r, &e) < 0)
        return run_end(r, RUN_ERROR, 125, "%s", e.text);
    return trap_deliver(r);
}
