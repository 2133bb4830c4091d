/*
 * One instruction and its operands: see instruction.h.  `why` and the post-mortem tell the same things about
 * it.
 */
#include "debug/instruction.h"

#include "debug/disasm.h"

#include "base/bytes.h"

#include <string.h>

#define ULL(x) ((unsigned long long)(x))

void instruction_of(const struct target *t, const uint8_t *code, size_t n, struct instruction *x)
{
    *x = (struct instruction){.rip = t->regs.rip, .linear = cpu_rip_linear(&t->regs, &t->sregs)};
    x->code_len = n < INSTRUCTION_MAX ? n : INSTRUCTION_MAX;
    memcpy(x->code, code, x->code_len);
    x->ok = insn_decode(&t->sregs, x->code, x->code_len, &x->insn, x->op);
}

void instruction_at(const struct target *t, struct instruction *x)
{
    uint8_t code[INSTRUCTION_MAX];
    struct gva_context c = target_gva_context(t);
    struct gva_walk w = {.ok = true};
    size_t n = gva_read(t->memory, &c, cpu_rip_linear(&t->regs, &t->sregs), code, sizeof code, GVA_FETCH, &w);
    instruction_of(t, code, n, x);
    x->walk = w;
}

void instruction_write(const struct target *t, const struct instruction *x, struct text *out)
{
    disasm_one(cpu_code_bits(&t->sregs), x->rip, x->code, x->code_len, out);
    size_t len = x->ok ? x->insn.length : x->code_len < 8 ? x->code_len : 8;
    for (size_t i = 0; i < len; i++)
        text_addf(out, "%s%02x", i ? " " : " (", x->code[i]);
    text_add(out, len ? ")" : "");
}

static uint64_t next_rip(const struct instruction *x)
{
    return x->rip + x->insn.length;
}

bool instruction_memory(const struct target *t, const struct instruction *x, size_t i, uint64_t *linear,
                        uint64_t *len)
{
    const ZydisDecodedOperand *op = &x->op[i];
    if (!x->ok || i >= x->insn.operand_count || op->type != ZYDIS_OPERAND_TYPE_MEMORY ||
        op->mem.type == ZYDIS_MEMOP_TYPE_AGEN || !op->actions || x->insn.mnemonic == ZYDIS_MNEMONIC_NOP)
        return false;
    *linear = insn_operand_linear(&t->regs, &t->sregs, &x->insn, op, next_rip(x));
    *len = op->size / 8u;
    /* A push writes below the stack pointer it starts with. */
    bool stack = op->mem.base == ZYDIS_REGISTER_RSP || op->mem.base == ZYDIS_REGISTER_ESP ||
                 op->mem.base == ZYDIS_REGISTER_SP;
    if (stack && op->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN &&
        (op->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)) {
        uint64_t mask = cpu_mode(&t->sregs) == MODE_LONG ? UINT64_MAX : t->sregs.ss.db ? UINT32_MAX : 0xffff;
        uint64_t base = cpu_mode(&t->sregs) == MODE_LONG ? 0 : t->sregs.ss.base;
        *linear = base + ((t->regs.rsp - *len) & mask);
    }
    if (cpu_mode(&t->sregs) != MODE_LONG)
        *linear &= UINT32_MAX;
    return *len != 0;
}

/* The value of a general register as the operand sees it; false for other registers. */
static bool register_value(const struct target *t, ZydisRegister reg, unsigned bits, uint64_t *value)
{
    struct kvm_regs copy = t->regs;
    const uint64_t *whole = insn_reg(&copy, reg);
    if (!whole)
        return false;
    unsigned shift = reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH ? 8 : 0;
    *value = bits >= 64 ? *whole : *whole >> shift & ((1ull << bits) - 1);
    return true;
}

static bool register_written(const struct instruction *x, ZydisRegister reg)
{
    ZydisRegister wide = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
    for (size_t i = 0; i < x->insn.operand_count; i++)
        if (x->op[i].type == ZYDIS_OPERAND_TYPE_REGISTER &&
            (x->op[i].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) &&
            ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, x->op[i].reg.value) == wide)
            return true;
    return false;
}

/* `xor eax, eax` names one register twice, and it has one value. */
static bool register_repeats(const struct instruction *x, const ZydisDecodedOperand *op)
{
    for (const ZydisDecodedOperand *before = x->op; before < op; before++)
        if (before->type == ZYDIS_OPERAND_TYPE_REGISTER && before->reg.value == op->reg.value &&
            (before->actions & ZYDIS_OPERAND_ACTION_MASK_READ))
            return true;
    return false;
}

static bool tell_register(const struct target *t, const struct instruction *x, const ZydisDecodedOperand *op,
                          bool after, const char *sep, struct text *out)
{
    uint64_t value;
    if (after ? register_written(x, op->reg.value) : !(op->actions & ZYDIS_OPERAND_ACTION_MASK_READ))
        return false;
    if (register_repeats(x, op) || !register_value(t, op->reg.value, op->size, &value))
        return false;
    text_addf(out, "%s%s = 0x%llx", sep, ZydisRegisterGetString(op->reg.value), ULL(value));
    return true;
}

/* An address made of registers that the instruction itself has moved on is not the one it used. */
static bool tell_memory(const struct target *t, const struct instruction *x, size_t i, bool after,
                        const char *sep, struct text *out)
{
    const ZydisDecodedOperand *op = &x->op[i];
    uint64_t linear, len;
    if (!instruction_memory(t, x, i, &linear, &len))
        return false;
    bool moved = (op->mem.base && register_written(x, op->mem.base)) ||
                 (op->mem.index && register_written(x, op->mem.index));
    if (after && moved)
        return false;
    text_addf(out, "%sits memory operand is %llu byte%s at linear 0x%llx", sep, ULL(len), len == 1 ? "" : "s",
              ULL(linear));
    return true;
}

size_t instruction_operands(const struct target *t, const struct instruction *x, bool after, struct text *out)
{
    size_t told = 0;
    for (size_t i = 0; x->ok && i < x->insn.operand_count; i++) {
        const ZydisDecodedOperand *op = &x->op[i];
        const char *sep = told ? ", " : "";
        if (op->type == ZYDIS_OPERAND_TYPE_REGISTER && op->visibility != ZYDIS_OPERAND_VISIBILITY_HIDDEN)
            told += tell_register(t, x, op, after, sep, out);
        else if (op->type == ZYDIS_OPERAND_TYPE_MEMORY)
            told += tell_memory(t, x, i, after, sep, out);
    }
    return told;
}

void walk_sentence(const struct gva_walk *w, struct text *out)
{
    for (size_t i = 0; i < w->steps; i++)
        text_addf(out, "%s%s at 0x%llx is 0x%llx", i ? ", " : "", w->step[i].level, ULL(w->step[i].entry_gpa),
                  ULL(w->step[i].entry));
    if (w->ok)
        text_addf(out, "%sgpa 0x%llx", w->steps ? ": " : "", ULL(w->gpa));
    else if (w->why)
        text_addf(out, "%s%s", w->steps ? ": " : "", w->why);
}
