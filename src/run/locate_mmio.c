/*
 * Which instruction made this MMIO access?  As locate.c, for memory instructions: every length that an x86
 * instruction can have is tried backwards from RIP, and an instruction counts only when its memory operand,
 * computed from the registers and walked through the page tables, is the very address that was written.  What
 * was found is remembered with its bytes, since a driver writes from the same place again and again.
 */
#include "run/inside.h"
#include "vm/insn.h"

#include <string.h>

/* A string store has moved RDI on by one item already, whether more are to come or not. */
static uint64_t string_correction(const struct kvm_regs *g, const ZydisDecodedInstruction *insn,
                                  unsigned size)
{
    switch (insn->mnemonic) {
    case ZYDIS_MNEMONIC_STOSB:
    case ZYDIS_MNEMONIC_STOSW:
    case ZYDIS_MNEMONIC_STOSD:
    case ZYDIS_MNEMONIC_STOSQ:
    case ZYDIS_MNEMONIC_MOVSB:
    case ZYDIS_MNEMONIC_MOVSW:
    case ZYDIS_MNEMONIC_MOVSQ:
    case ZYDIS_MNEMONIC_INSB:
    case ZYDIS_MNEMONIC_INSW:
    case ZYDIS_MNEMONIC_INSD:
        return g->rflags & RFLAGS_DF ? size : 0 - (uint64_t)size;
    case ZYDIS_MNEMONIC_MOVSD: /* the name is also SSE's */
        return insn->meta.category != ZYDIS_CATEGORY_STRINGOP ? 0
               : g->rflags & RFLAGS_DF                        ? size
                                                              : 0 - (uint64_t)size;
    default:
        return 0;
    }
}

struct store {
    uint64_t gpa, next_rip;
    unsigned size;
};

static bool store_hits(const struct run *r, uint64_t linear, const struct store *want, unsigned operand_len)
{
    struct gva_context c = run_gva_context(r);
    struct gva_walk w;
    gva_translate(&r->machine->memory, &c, linear, GVA_READ, &w);
    /* A store over a border of pages or wider than eight bytes comes in pieces. */
    if (w.ok && want->size < operand_len)
        return want->gpa - w.gpa < operand_len || (want->gpa & 0xfff) == 0;
    return w.ok && want->gpa == w.gpa && want->size == operand_len;
}

/* Does the instruction in code[0..n) make this store? Returns its length, 0 when not; *rep tells a REP
 * string. */
static unsigned stores_to(const struct run *r, const uint8_t *code, size_t n, const struct store *want,
                          bool *rep)
{
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
    const struct kvm_regs *g = run_regs(r);
    const struct kvm_sregs *s = run_sregs(r);
    if (!insn_decode(s, code, n, &insn, op))
        return 0;
    *rep = insn.attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE);
    for (size_t i = 0; i < insn.operand_count; i++) {
        if (op[i].type != ZYDIS_OPERAND_TYPE_MEMORY || !(op[i].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE))
            continue;
        uint64_t linear = insn_operand_linear(g, s, &insn, &op[i], want->next_rip);
        uint64_t moved = linear + string_correction(g, &insn, op[i].size / 8u);
        if (store_hits(r, moved, want, op[i].size / 8u) ||
            (*rep && store_hits(r, linear, want, op[i].size / 8u)))
            return insn.length;
    }
    return 0;
}

bool locate_mmio(struct run *r, bool write, unsigned size, uint64_t gpa, uint64_t *rip)
{
    uint8_t code[LOCATE_WINDOW], after[INSN_MAX];
    uint64_t next = run_regs(r)->rip, what = (uint64_t)size << 8;
    struct store want = {.gpa = gpa, .next_rip = next, .size = size};
    unsigned candidates = 0, len;
    bool rep = false;
    if (!write)
        return true;
    const struct located *known = located_find(r, what);
    if (known) {
        *rip = next - known->back;
        return true;
    }
    /* A REP string that is not through yet still has RIP on it. */
    len = stores_to(r, after, run_read_code(r, next, after, sizeof after), &want, &rep);
    if (len && rep)
        return true;
    size_t n = locate_window(r, code);
    for (len = 1; len <= INSN_MAX && len <= n; len++)
        if (stores_to(r, code + n - len, len, &want, &rep) == len)
            candidates |= 1u << len;
    len = locate_vote(r, code, n, candidates);
    if (!len)
        return false;
    *rip = next - len;
    located_keep(r, what, len, len, false);
    return true;
}
