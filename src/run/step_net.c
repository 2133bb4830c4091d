/*
 * The net under a step.  When the stepped instruction faults, the CPU pushes RFLAGS with our trap flag in it,
 * clears the flag and goes to the handler: the handler would run unstepped, and its IRET would find a flag
 * the guest never set. KVM does not tell of exceptions that it leaves to the CPU, so the step is caught where
 * the handler begins: while the guest is inside KVM_RUN for one instruction, the first byte of every
 * exception handler is a HLT, which always comes back to us.  Then RIP goes back to the handler's first byte
 * and the flag is taken out of the frame.
 *
 * The bytes are there for that one entry only.  One that the stepped instruction itself executes, reads or
 * writes is left alone, so that the guest cannot see them; instructions that cannot fault are stepped without
 * any of this.
 *
 * Simplified: a handler in a segment of ring 3, or one that another vector's gate lies in, is not caught; a
 * REP string instruction is compared by linear addresses only, not through other mappings of the same page.
 */
#include "run/inside.h"
#include "vm/insn.h"

#include "base/bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { EXCEPTIONS = 32, HLT = 0xf4, STACK_REACH = 64 };

struct trap {
    uint64_t rip, linear, gpa;
    uint8_t *host;
    uint16_t cs;
    uint8_t was;
    bool armed;
};

/* An instruction that was decoded before: loops step the same few again and again. */
struct decoded {
    uint8_t code[INSN_MAX], n, bits;
    bool real, ok;
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
};
enum { DECODED_LEN = 8 };

struct fault_net {
    bool valid;
    struct kvm_dtable idt;
    uint64_t cr0, cr3, cr4, efer;
    uint8_t gates[EXCEPTIONS * 16]; /* as they were when the traps were found */
    size_t gates_len;
    struct trap trap[EXCEPTIONS];
    size_t n;
    struct decoded decoded[DECODED_LEN];
};

void net_invalidate(struct run *r)
{
    if (r->net)
        r->net->valid = false;
}

bool net_knows(const struct run *r, uint64_t rip)
{
    for (size_t i = 0; r->net && i < r->net->n; i++)
        if (r->net->trap[i].rip == rip)
            return true;
    return false;
}

static size_t gates_read(const struct run *r, uint8_t gates[EXCEPTIONS * 16])
{
    const struct kvm_sregs *s = run_sregs(r);
    enum cpu_mode mode = cpu_mode(s);
    size_t len = EXCEPTIONS * (mode == MODE_REAL ? 4u : mode == MODE_PROTECTED ? 8u : 16u);
    return supervisor_read(r, s->idt.base, gates, s->idt.limit + 1u < len ? s->idt.limit + 1u : len);
}

/* Adds the handler of one vector, unless its address is there already or it cannot be caught there. */
static void trap_add(struct run *r, unsigned vector)
{
    struct fault_net *net = r->net;
    const struct kvm_sregs *s = run_sregs(r);
    struct gva_context c = run_gva_context(r);
    struct gva_walk w;
    struct handler h;
    if (!handler_of(r, vector, &h) || h.user)
        return;
    c.cpl = 0;
    gva_translate(&r->machine->memory, &c, h.linear, GVA_FETCH, &w);
    uint8_t *host = w.ok ? memory_ptr(&r->machine->memory, w.gpa, 1, true) : NULL;
    bool in_table = h.linear - s->idt.base <= s->idt.limit;
    if (!host || (in_table && cpu_mode(s) != MODE_REAL))
        return;
    for (size_t i = 0; i < net->n; i++)
        if (net->trap[i].host == host)
            return;
    net->trap[net->n++] =
        (struct trap){.rip = h.rip, .linear = h.linear, .gpa = w.gpa, .host = host, .cs = h.cs};
}

/* Finds the handlers anew when the table or the way to it has changed. */
static void net_refresh(struct run *r)
{
    struct fault_net *net = r->net;
    const struct kvm_sregs *s = run_sregs(r);
    uint8_t gates[EXCEPTIONS * 16];
    size_t len = gates_read(r, gates);
    if (net->valid && net->idt.base == s->idt.base && net->idt.limit == s->idt.limit && net->cr0 == s->cr0 &&
        net->cr3 == s->cr3 && net->cr4 == s->cr4 && net->efer == s->efer && net->gates_len == len &&
        memcmp(gates, net->gates, len) == 0)
        return;
    *net = (struct fault_net){.valid = true,
                              .idt = s->idt,
                              .cr0 = s->cr0,
                              .cr3 = s->cr3,
                              .cr4 = s->cr4,
                              .efer = s->efer,
                              .gates_len = len};
    memcpy(net->gates, gates, len);
    for (unsigned vector = 0; vector < EXCEPTIONS; vector++)
        trap_add(r, vector);
}

/* Takes the bytes of [linear, linear + len) out of the net. */
static void net_spare(struct run *r, uint64_t linear, uint64_t len)
{
    struct fault_net *net = r->net;
    struct gva_context c = run_gva_context(r);
    uint64_t gpa;
    uint8_t *host;
    c.cpl = 0;
    c.ac = true; /* as for the tables: so that one walk serves both */
    bool mapped = gva_memo_find(r->walks, &r->machine->memory, &c, linear, GVA_READ, &gpa, &host);
    for (size_t i = 0; i < net->n; i++)
        if (net->trap[i].linear - linear < len || (mapped && net->trap[i].gpa - gpa < len))
            net->trap[i].armed = false;
}

static uint64_t masked_count(const struct run *r)
{
    uint64_t n = run_regs(r)->rcx;
    return r->insn.bits == 64 ? n : r->insn.bits == 32 ? (uint32_t)n : (uint16_t)n;
}

/* The instruction about to be stepped, decoded. What it is depends on its bytes and the mode alone. */
static const struct decoded *net_decode(struct run *r)
{
    const struct run_insn *insn = &r->insn;
    struct decoded *d = &r->net->decoded[(insn->rip ^ insn->rip >> 3) % DECODED_LEN];
    bool real = cpu_mode(run_sregs(r)) == MODE_REAL;
    if (d->n == insn->n && d->bits == insn->bits && d->real == real && memcmp(d->code, insn->code, d->n) == 0)
        return d;
    memcpy(d->code, insn->code, sizeof d->code);
    d->n = insn->n;
    d->bits = insn->bits;
    d->real = real;
    d->ok = insn_decode(run_sregs(r), insn->code, insn->n, &d->insn, d->op);
    return d;
}

/* The instruction itself, no further than it reaches: a handler may begin right behind it. And what its
 * memory operands touch. */
static void net_spare_instruction(struct run *r)
{
    const struct decoded *d = net_decode(r);
    const ZydisDecodedOperand *op = d->op;
    net_spare(r, cpu_rip_linear(run_regs(r), run_sregs(r)), d->ok ? d->insn.length : INSN_MAX);
    for (size_t i = 0; d->ok && i < d->insn.operand_count; i++) {
        if (op[i].type != ZYDIS_OPERAND_TYPE_MEMORY || !op[i].actions)
            continue;
        uint64_t linear =
            insn_operand_linear(run_regs(r), run_sregs(r), &d->insn, &op[i], r->insn.rip + d->insn.length);
        uint64_t len = op[i].size / 8u, count = r->insn.rep ? masked_count(r) : 1;
        if (op[i].visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN &&
            !r->insn.rep) /* the stack: below or above RSP */
            net_spare(r, linear - STACK_REACH, 2 * STACK_REACH);
        else if (count > 1 && (count >= UINT64_MAX / 2 / (len + 1) || (run_regs(r)->rflags & RFLAGS_DF)))
            net_spare(r, 0, UINT64_MAX);
        else
            net_spare(r, linear, len * count);
    }
}

/* The first entry of the IVT must not be changed under a division, which may need it. */
static void net_spare_divide(struct run *r)
{
    const struct kvm_sregs *s = run_sregs(r);
    if (cpu_mode(s) == MODE_REAL)
        net_spare(r, s->idt.base, 4);
}

int net_spread(struct run *r, struct err *e)
{
    if (!r->net && !(r->net = calloc(1, sizeof *r->net)))
        return err_sys(e, ENOMEM, "stepping");
    if (!step_may_fault(&r->insn, run_sregs(r))) {
        for (size_t i = 0; i < r->net->n; i++)
            r->net->trap[i].armed = false;
        return 0;
    }
    net_refresh(r);
    for (size_t i = 0; i < r->net->n; i++)
        r->net->trap[i].armed = true;
    net_spare_instruction(r);
    net_spare_divide(r);
    for (size_t i = 0; i < r->net->n; i++) {
        struct trap *t = &r->net->trap[i];
        if (!t->armed)
            continue;
        t->was = *t->host;
        *t->host = HLT;
    }
    return 0;
}

void net_gather(struct run *r)
{
    for (size_t i = 0; r->net && i < r->net->n; i++) {
        const struct trap *t = &r->net->trap[i];
        if (t->armed && *t->host == HLT)
            *t->host = t->was;
    }
}

static void net_runnable(struct run *r)
{
    struct err ignored;
    if (!r->machine->pic[0])
        (void)!kvm_set_mp_state(&r->vcpu, KVM_MP_STATE_RUNNABLE, &ignored);
}

int net_caught(struct run *r, struct err *e)
{
    struct kvm_regs *g = run_regs(r);
    const struct trap *hit = NULL;
    for (size_t i = 0; r->net && i < r->net->n && !hit; i++)
        if (r->net->trap[i].armed && g->rip == r->net->trap[i].rip + 1)
            hit = &r->net->trap[i];
    if (!hit || vcpu_state_need_sregs(r, e) < 0)
        return 0;
    if (g->rsp == r->insn.rsp || (run_sregs(r)->cs.selector & ~3u) != (hit->cs & ~3u))
        return 0;
    r->halt_owed = true;
    g->rip = hit->rip;
    int vector = step_landed(r);
    /* A HLT where the guest has none is ours, whatever came before it. */
    if (vector == RUN_NO_VECTOR && (r->vcpu.run->exit_reason != KVM_EXIT_HLT || hit->was == HLT)) {
        g->rip++;
        return 0;
    }
    bool code = cpu_mode(run_sregs(r)) != MODE_REAL && exception_has_code((unsigned)vector);
    if (vector != RUN_NO_VECTOR)
        flag_mend(r, frame_word(r, code ? 3 : 2));
    r->guest_tf = false; /* the delivery has cleared it */
    r->caught = true;
    net_runnable(r); /* with KVM's own controllers the HLT has put the vCPU to sleep */
    return vcpu_state_store(r, false, e) < 0 ? -1 : 1;
}

bool net_halt_is_stale(struct run *r)
{
    uint8_t byte = HLT;
    struct err ignored;
    if (!r->halt_owed || vcpu_state_need_sregs(r, &ignored) < 0)
        return false;
    r->halt_owed = false;
    bool stale = run_read_code(r, run_regs(r)->rip - 1, &byte, 1) == 1 && byte != HLT;
    if (stale)
        net_runnable(r);
    return stale;
}
