/*
 * Where did the step end?  When an instruction faults, the CPU pushes where it was and goes to the handler
 * that the interrupt table names (Intel SDM, "Interrupt and Exception Handling").  A step is known to have
 * ended in a handler when RIP is where one of the first 32 gates points and the frame on the stack names the
 * instruction that was stepped.
 */
#include "base/bytes.h"
#include "run/assist.h"
#include "vm/gate.h"

enum { EXCEPTIONS = 32, VECTOR_DE = 0, VECTOR_UD = 6, VECTOR_GP = 13, VECTOR_PF = 14 };

/* #DF #TS #NP #SS #GP #PF #AC #CP and AMD's #VC and #SX. */
bool exception_has_code(unsigned vector)
{
    return vector < EXCEPTIONS && (0x60227d00u >> vector & 1);
}

size_t supervisor_read(const struct run *r, uint64_t linear, void *buf, size_t n)
{
    struct gva_context c = run_gva_context(r);
    c.cpl = 0;
    c.ac = true;
    return gva_memo_read(r->walks, &r->machine->memory, &c, linear, buf, n, GVA_READ);
}

bool handler_of(const struct run *r, unsigned vector, struct handler *h)
{
    struct gate g;
    struct kvm_segment cs;
    const struct kvm_sregs *s = run_sregs(r);
    gate_read(&r->machine->memory, run_regs(r), s, vector, &g);
    *h = (struct handler){.rip = g.offset, .cs = g.selector};
    if (g.trouble != GATE_FINE)
        return false;
    if (cpu_mode(s) == MODE_REAL) {
        h->linear = ((uint64_t)h->cs << 4) + h->rip;
        return true;
    }
    if ((g.type != GATE_INT32 && g.type != GATE_TRAP32) || !descriptor_read(r, h->cs, false, &cs))
        return false;
    h->user = cs.dpl == 3;
    h->linear = cs.l ? h->rip : (uint32_t)(cs.base + h->rip);
    return true;
}

uint64_t frame_word(const struct run *r, unsigned index)
{
    const struct kvm_sregs *s = run_sregs(r);
    enum cpu_mode mode = cpu_mode(s);
    uint64_t sp = run_regs(r)->rsp + (uint64_t)index * (mode == MODE_REAL        ? 2
                                                        : mode == MODE_PROTECTED ? 4
                                                                                 : 8);
    return mode >= MODE_COMPAT ? sp : s->ss.base + (s->ss.db ? (uint32_t)sp : (uint16_t)sp);
}

/* Does the frame on the stack return to `rip`? */
static bool frame_returns(const struct run *r, bool error_code, uint64_t rip)
{
    uint8_t raw[8] = {0};
    enum cpu_mode mode = cpu_mode(run_sregs(r));
    size_t width = mode == MODE_REAL ? 2 : mode == MODE_PROTECTED ? 4 : 8;
    return supervisor_read(r, frame_word(r, error_code), raw, width) == width &&
           le_load(raw, width) == (width == 8 ? rip : rip & ((1ull << 8 * width) - 1));
}

/* Several vectors may share a handler; which was it, most likely? Bits of `candidates` are vectors. */
static int likeliest(const struct run *r, uint32_t candidates)
{
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
    bool decoded = insn_decode(run_sregs(r), r->insn.code, r->insn.n, &insn, op);
    bool divides = decoded && (insn.mnemonic == ZYDIS_MNEMONIC_DIV || insn.mnemonic == ZYDIS_MNEMONIC_IDIV ||
                               insn.mnemonic == ZYDIS_MNEMONIC_AAM);
    bool invalid = !decoded || insn.mnemonic == ZYDIS_MNEMONIC_UD2;
    const struct {
        bool fits;
        unsigned vector;
    } guesses[] = {{run_sregs(r)->cr2 != r->insn.cr2, VECTOR_PF},
                   {divides, VECTOR_DE},
                   {invalid, VECTOR_UD},
                   {!divides && !invalid, VECTOR_GP}};
    for (size_t i = 0; i < sizeof guesses / sizeof guesses[0]; i++)
        if (guesses[i].fits && (candidates >> guesses[i].vector & 1))
            return (int)guesses[i].vector;
    return __builtin_ctz(candidates);
}

static bool stands_in(const struct run *r, unsigned vector)
{
    struct handler h;
    return handler_of(r, vector, &h) && h.rip == run_regs(r)->rip &&
           (h.cs & ~3u) == (run_sregs(r)->cs.selector & ~3u);
}

int step_landed(const struct run *r)
{
    uint32_t candidates = 0;
    bool real = cpu_mode(run_sregs(r)) == MODE_REAL;
    /* Every delivery pushes, and a handler that nothing was put out at has not been caught. */
    if (run_regs(r)->rsp == r->insn.rsp || (r->insn.kind != STEP_INT && !net_knows(r, run_regs(r)->rip)))
        return RUN_NO_VECTOR;
    /* An INT is behind the instruction that made it, an exception is at it. */
    if (r->insn.kind == STEP_INT && stands_in(r, r->insn.vector) &&
        frame_returns(r, false, r->insn.rip + r->insn.len))
        return r->insn.vector;
    for (unsigned vector = 0; vector < EXCEPTIONS; vector++)
        if (stands_in(r, vector) && frame_returns(r, !real && exception_has_code(vector), r->insn.rip))
            candidates |= 1u << vector;
    return candidates ? likeliest(r, candidates) : RUN_NO_VECTOR;
}
