/*
 * Delivering an interrupt by hand.  When Ringside single-steps, KVM keeps the trap flag set in RFLAGS; an
 * interrupt that the hardware delivers then would push that flag into the guest's stack and run its handler
 * at full speed.  So while stepping, Ringside does what the CPU does: reads the vector's gate, switches
 * stacks if the privilege level changes, pushes the frame and jumps (Intel SDM, "Interrupt and Exception
 * Handling", "Real-Address Mode Operation: Interrupt and Exception Handling", "64-Bit Mode Stack Frame").
 *
 * Anything out of the ordinary (a gate that is missing or of the wrong type, a stack that is not mapped, a
 * task gate) is left to KVM, which then raises the right fault.
 */
#include "base/bytes.h"
#include "run/assist.h"
#include "vm/descriptor.h"
#include "vm/gate.h"

#include <string.h>

/* A gate that can be taken by hand; anything else is the CPU's to refuse. */
static bool gate_take(const struct run *r, unsigned vector, struct gate *g)
{
    gate_read(&r->machine->memory, run_regs(r), run_sregs(r), vector, g);
    return g->trouble == GATE_FINE && (g->type == GATE_INT32 || g->type == GATE_TRAP32);
}

bool descriptor_read(const struct run *r, uint16_t selector, bool system_too, struct kvm_segment *seg)
{
    return !(selector & SELECTOR_TI) &&
           descriptor_load(&r->machine->memory, run_regs(r), run_sregs(r), selector, seg, NULL) == 0 &&
           seg->present && (seg->s || system_too);
}

/* RFLAGS as the guest shall see them: with its own trap flag, without ours. */
static uint64_t flags_pushed(const struct run *r)
{
    bool tf = r->stepping ? r->guest_tf : (run_regs(r)->rflags & RFLAGS_TF) != 0;
    return (run_regs(r)->rflags & ~RFLAGS_TF) | (tf ? RFLAGS_TF : 0);
}

static bool push_frame(const struct run *r, uint64_t stack_base, uint64_t *rsp, const uint64_t *words,
                       size_t n, size_t width)
{
    uint8_t frame[5 * 8];
    struct gva_context c = run_gva_context(r);
    c.cpl = 0;
    for (size_t i = 0; i < n; i++)
        le_store(frame + (n - 1 - i) * width, words[i], width);
    uint64_t to = *rsp - n * width;
    if (gva_write(&r->machine->memory, &c, stack_base + to, frame, n * width, NULL) != n * width)
        return false;
    *rsp = to;
    return true;
}

static bool deliver_real(struct run *r, unsigned vector, uint64_t return_rip)
{
    struct kvm_regs *g = run_regs(r);
    struct kvm_sregs *s = run_sregs(r);
    struct gate gate;
    gate_read(&r->machine->memory, g, s, vector, &gate);
    if (gate.trouble != GATE_FINE)
        return false;
    uint64_t sp = g->rsp & 0xffff, words[] = {flags_pushed(r) & 0xffff, s->cs.selector, return_rip & 0xffff};
    if (sp < 6 || !push_frame(r, s->ss.base, &sp, words, 3, 2))
        return false;
    g->rsp = (g->rsp & ~0xffffull) | sp;
    g->rip = gate.offset;
    s->cs.selector = gate.selector;
    s->cs.base = (uint64_t)s->cs.selector << 4;
    g->rflags &= ~(RFLAGS_IF | RFLAGS_TF | RFLAGS_AC);
    return true;
}

/* The stack for a handler at ring `dpl` in 64-bit mode: an IST entry, or the TSS's when the level changes. */
static bool stack_long(const struct run *r, const struct gate *g, unsigned dpl, bool inner, uint64_t *rsp)
{
    const struct kvm_sregs *s = run_sregs(r);
    uint8_t raw[8];
    *rsp = run_regs(r)->rsp;
    if (g->ist || inner) {
        uint64_t at = g->ist ? 36u + 8u * (g->ist - 1u) : 4u + 8u * dpl;
        if (at + 7 > s->tr.limit || supervisor_read(r, s->tr.base + at, raw, 8) != 8)
            return false;
        *rsp = le64_load(raw);
    }
    *rsp &= ~15ull;
    return true;
}

static bool deliver_long(struct run *r, unsigned vector, uint64_t return_rip)
{
    struct kvm_regs *g = run_regs(r);
    struct kvm_sregs *s = run_sregs(r);
    struct gate gate;
    struct kvm_segment cs;
    unsigned cpl = cpu_cpl(g, s);
    if (!gate_take(r, vector, &gate) || !descriptor_read(r, gate.selector, false, &cs) || !cs.l ||
        cs.dpl > cpl)
        return false;
    bool inner = !(cs.type & 4) && cs.dpl < cpl;
    uint64_t rsp;
    if (!stack_long(r, &gate, cs.dpl, inner, &rsp))
        return false;
    uint64_t words[] = {s->ss.selector, g->rsp, flags_pushed(r), s->cs.selector, return_rip};
    if (!push_frame(r, 0, &rsp, words, 5, 8))
        return false;
    g->rsp = rsp;
    g->rip = gate.offset;
    g->rflags &=
        ~(RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM | (gate_is_interrupt(&gate) ? RFLAGS_IF : 0));
    cs.selector = (uint16_t)((gate.selector & ~3u) | (inner ? cs.dpl : cpl));
    s->cs = cs;
    if (inner)
        s->ss = (struct kvm_segment){.selector = cs.dpl,
                                     .type = 3,
                                     .s = 1,
                                     .dpl = cs.dpl,
                                     .db = 1,
                                     .g = 1,
                                     .present = 1,
                                     .limit = 0xffffffff};
    return true;
}

/* The stack of the handler's ring, from a 32-bit TSS (Intel SDM, "Task-State Segment (TSS)"). */
static bool stack_protected(const struct run *r, unsigned dpl, uint64_t *esp, struct kvm_segment *ss)
{
    const struct kvm_sregs *s = run_sregs(r);
    uint8_t raw[8];
    uint64_t at = 4 + 8 * dpl;
    if ((s->tr.type & 0xd) != 9 || at + 7 > s->tr.limit || supervisor_read(r, s->tr.base + at, raw, 8) != 8)
        return false;
    *esp = le32_load(raw);
    return descriptor_read(r, le16_load(raw + 4), false, ss) && (ss->type & 0xa) == 2 && ss->dpl == dpl &&
           ss->db;
}

/* 32-bit protected mode. */
static bool deliver_protected(struct run *r, unsigned vector, uint64_t return_rip)
{
    struct kvm_regs *g = run_regs(r);
    struct kvm_sregs *s = run_sregs(r);
    struct gate gate;
    struct kvm_segment cs, ss = s->ss;
    unsigned cpl = cpu_cpl(g, s);
    uint64_t rsp = (uint32_t)g->rsp;
    if (!gate_take(r, vector, &gate) || !descriptor_read(r, gate.selector, false, &cs) || !(cs.type & 8) ||
        cs.dpl > cpl || !s->ss.db || (g->rflags & RFLAGS_VM))
        return false;
    bool inner = !(cs.type & 4) && cs.dpl < cpl;
    if (inner && !stack_protected(r, cs.dpl, &rsp, &ss))
        return false;
    uint64_t words[] = {s->ss.selector, (uint32_t)g->rsp, flags_pushed(r), s->cs.selector, return_rip};
    size_t skip = inner ? 0 : 2;
    if (!push_frame(r, ss.base, &rsp, words + skip, 5 - skip, 4))
        return false;
    g->rsp = rsp;
    g->rip = gate.offset;
    g->rflags &= ~(RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | (gate_is_interrupt(&gate) ? RFLAGS_IF : 0));
    cs.selector = (uint16_t)((gate.selector & ~3u) | (inner ? cs.dpl : cpl));
    s->cs = cs;
    s->ss = ss;
    return true;
}

int deliver_software(struct run *r, unsigned vector, uint64_t return_rip, struct err *e)
{
    struct gate gate;
    const struct kvm_sregs *s = run_sregs(r);
    enum cpu_mode mode = cpu_mode(s);
    if (mode != MODE_REAL && ((run_regs(r)->rflags & RFLAGS_VM) || !gate_take(r, vector, &gate) ||
                              gate.dpl < cpu_cpl(run_regs(r), s)))
        return 0; /* #GP or #NP, or virtual-8086 mode's own rules */
    return deliver_vector(r, vector, return_rip, e);
}

int deliver_vector(struct run *r, unsigned vector, uint64_t return_rip, struct err *e)
{
    static bool (*const by_mode[CPU_MODES])(struct run *, unsigned, uint64_t) = {
        [MODE_REAL] = deliver_real,
        [MODE_PROTECTED] = deliver_protected,
        [MODE_COMPAT] = deliver_long,
        [MODE_LONG] = deliver_long,
    };
    if (!by_mode[cpu_mode(run_sregs(r))](r, vector, return_rip))
        return 0;
    r->guest_tf = false;
    r->pause.vector = (int)vector;
    return vcpu_state_store(r, true, e) < 0 ? -1 : 1;
}

int deliver_trap(struct run *r, struct err *e)
{
    enum { VECTOR_DB = 1, DR6_BS = 1 << 14 };
    struct kvm_debugregs d;
    if (kvm_get_debugregs(&r->vcpu, &d, e) < 0)
        return -1;
    int done = deliver_vector(r, VECTOR_DB, run_regs(r)->rip, e);
    d.dr6 |= DR6_BS;
    return done > 0 && kvm_set_debugregs(&r->vcpu, &d, e) < 0 ? -1 : done;
}
