/*
 * Which instruction made this MMIO access?  As locate.c, for memory instructions: every length that an x86
 * instruction can have is tried backwards from RIP, and an instruction counts only when its memory operand,
 * computed from the registers and walked through the page tables, is the very address that was written.  What
 * was found is remembered with its bytes, since a driver writes from the same place again and again.
 */
#include "run/inside.h"
#include "run/insn.h"

#include <string.h>

/* A string store has moved RDI on by one item already. */
static uint64_t string_correction(const struct kvm_regs *g, const ZydisDecodedInstruction *insn,
                                  unsigned size)
{
    bool string = insn->mnemonic >= ZYDIS_MNEMONIC_STOSB && insn->mnemonic <= ZYDIS_MNEMONIC_STOSW;
    string |= insn->mnemonic == ZYDIS_MNEMONIC_MOVSB || insn->mnemonic == ZYDIS_MNEMONIC_MOVSW ||
              (insn->mnemonic == ZYDIS_MNEMONIC_MOVSD && insn->meta.category == ZYDIS_CATEGORY_STRINGOP) ||
              insn->mnemonic == ZYDIS_MNEMONIC_MOVSQ;
    if (!string || (insn->attributes & ZYDIS_ATTRIB_HAS_REP))
        return 0;
    return g->rflags & RFLAGS_DF ? size : 0 - (uint64_t)size;
}

/* Does the instruction in code[0..n) store to `gpa`? */
static bool stores_to(struct run *r, const uint8_t *code, size_t n, size_t want_len, unsigned size,
                      uint64_t gpa, uint64_t next_rip)
{
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
    const struct kvm_regs *g = run_regs(r);
    const struct kvm_sregs *s = run_sregs(r);
    if (!insn_decode(s, code, n, &insn, op) || (want_len && insn.length != want_len))
        return false;
    struct gva_context c = run_gva_context(r);
    for (size_t i = 0; i < insn.operand_count; i++) {
        if (op[i].type != ZYDIS_OPERAND_TYPE_MEMORY || !(op[i].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE))
            continue;
        uint64_t linear =
            insn_operand_linear(g, s, &insn, &op[i], next_rip) + string_correction(g, &insn, size);
        struct gva_walk w;
        gva_translate(&r->machine->memory, &c, linear, GVA_READ, &w);
        /* A wide store comes in pieces of up to eight bytes. */
        if (w.ok && gpa - w.gpa < (op[i].size + 7u) / 8u)
            return true;
    }
    return false;
}

bool locate_mmio(struct run *r, bool write, unsigned size, uint64_t gpa, uint64_t *rip)
{
    uint8_t code[2 * INSN_MAX];
    uint64_t next = run_regs(r)->rip, what = (uint64_t)size << 8;
    if (!write)
        return true;
    const struct located *known = located_find(r, what);
    if (known) {
        *rip = next - known->back;
        return true;
    }
    size_t before = next < INSN_MAX ? (size_t)next : INSN_MAX;
    while (before && run_read_code(r, next - before, code, before) != before)
        before = (next & 0xfff) < before ? (size_t)(next & 0xfff) : 0;
    for (size_t len = before; len >= 2; len--) {
        if (!stores_to(r, code + before - len, len, len, size, gpa, next))
            continue;
        *rip = next - len;
        located_keep(r, what, (unsigned)len, (unsigned)len, false);
        return true;
    }
    /* A REP string that is not through yet still has RIP on it. */
    size_t after = run_read_code(r, next, code, INSN_MAX);
    return stores_to(r, code, after, 0, size, gpa, next);
}
