/*
 * What an instruction itself forbids, by its mnemonic: values that a control register will not take, a
 * divisor of zero, a selector that names the wrong thing, an opcode that is there to fail (Intel SDM,
 * Instruction Set Reference, the "Exceptions" part of each instruction).
 */
#include "debug/exceptions.h"
#include "debug/fault.h"
#include "debug/fault_system.h"

#include "base/bytes.h"

#define ULL(x) ((unsigned long long)(x))

static uint64_t size_mask(unsigned bits)
{
    return bits >= 64 ? UINT64_MAX : (1ull << bits) - 1;
}

bool fault_operand(const struct target *t, const struct instruction *x, size_t i, uint64_t *value)
{
    const ZydisDecodedOperand *op = &x->op[i];
    uint8_t bytes[8] = {0};
    uint64_t linear, len;
    if (op->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
        *value = op->imm.value.u; /* sign-extended where the instruction does so */
        return true;
    }
    if (op->type == ZYDIS_OPERAND_TYPE_REGISTER) {
        struct kvm_regs copy = t->regs;
        const uint64_t *reg = insn_reg(&copy, op->reg.value);
        unsigned shift = op->reg.value >= ZYDIS_REGISTER_AH && op->reg.value <= ZYDIS_REGISTER_BH ? 8 : 0;
        *value = reg ? *reg >> shift & size_mask(op->size) : 0;
        return reg != NULL;
    }
    if (!instruction_memory(t, x, i, &linear, &len) || len > 8 ||
        target_read(t, linear, bytes, len, NULL) != len)
        return false;
    *value = le_load(bytes, len);
    return true;
}

/* ---- opcodes that are there to fail, and software interrupts ---- */

static enum fault_verdict ud(const struct target *t, const struct instruction *x, struct fault *f)
{
    return fault_raise(t, f, VECTOR_UD, 0, "%s is an opcode that is promised to be invalid",
                       ZydisMnemonicGetString(x->insn.mnemonic));
}

static enum fault_verdict software_interrupt(const struct target *t, const struct instruction *x,
                                             struct fault *f)
{
    unsigned vector = x->insn.mnemonic == ZYDIS_MNEMONIC_INT3   ? VECTOR_BP
                      : x->insn.mnemonic == ZYDIS_MNEMONIC_INT1 ? VECTOR_DB
                                                                : (unsigned)(x->op[0].imm.value.u & 0xff);
    fault_raise(t, f, vector, 0, "the program asked for vector 0x%02x", vector);
    f->has_code = false;
    f->software = x->insn.mnemonic != ZYDIS_MNEMONIC_INT1;
    return FAULT_YES;
}

static enum fault_verdict into(const struct target *t, const struct instruction *x, struct fault *f)
{
    (void)x;
    if (!(t->regs.rflags & RFLAGS_OF))
        return FAULT_NO;
    fault_raise(t, f, VECTOR_OF, 0, "INTO with OF set");
    f->software = true;
    return FAULT_YES;
}

/* ---- division ---- */

__extension__ typedef unsigned __int128 u128;

/* The dividend in (R/E)DX:(R/E)AX, or AX for bytes. */
static u128 dividend(const struct target *t, unsigned bits)
{
    if (bits == 8)
        return t->regs.rax & 0xffff;
    return (u128)(t->regs.rdx & size_mask(bits)) << bits | (t->regs.rax & size_mask(bits));
}

static u128 magnitude(u128 v, unsigned bits, bool *negative)
{
    u128 mask = bits >= 128 ? ~(u128)0 : ((u128)1 << bits) - 1;
    *negative = v >> (bits - 1) & 1;
    return *negative ? -v & mask : v;
}

static enum fault_verdict divide(const struct target *t, const struct instruction *x, struct fault *f)
{
    uint64_t divisor;
    unsigned bits = x->op[0].size;
    bool is_signed = x->insn.mnemonic == ZYDIS_MNEMONIC_IDIV, n_neg = false, d_neg = false;
    if (!fault_operand(t, x, 0, &divisor))
        return fault_unknown(f, "the divisor cannot be read");
    if (divisor == 0)
        return fault_raise(t, f, VECTOR_DE, 0, "a division by zero");
    u128 n = dividend(t, bits), d = divisor;
    if (is_signed) {
        n = magnitude(n, bits * 2, &n_neg);
        d = magnitude(d, bits, &d_neg);
    }
    u128 quotient = n / d, limit = (u128)1 << (is_signed ? bits - 1 : bits);
    bool fits = quotient < limit || (is_signed && n_neg != d_neg && quotient == limit);
    return fits ? FAULT_NO
                : fault_raise(t, f, VECTOR_DE, 0,
                              "the quotient of the division by 0x%llx does not fit %u bits", ULL(divisor),
                              bits);
}

/* ---- near jumps ---- */

/* Where a near jump, call or return through a register or memory leads. */
static enum fault_verdict near_target(const struct target *t, const struct instruction *x, struct fault *f)
{
    uint64_t to;
    size_t i = 0;
    bool far = x->insn.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR;
    if (far)
        return fault_far(t, x, f);
    if (x->insn.mnemonic == ZYDIS_MNEMONIC_RET)
        while (i < x->insn.operand_count && x->op[i].type != ZYDIS_OPERAND_TYPE_MEMORY)
            i++;
    if (i >= x->insn.operand_count || x->op[i].type == ZYDIS_OPERAND_TYPE_IMMEDIATE ||
        !fault_operand(t, x, i, &to))
        return FAULT_NO;
    if (cpu_mode(&t->sregs) != MODE_LONG)
        return to > t->sregs.cs.limit
                   ? fault_raise(t, f, VECTOR_GP, 0, "the target 0x%llx is past the limit of CS, 0x%x",
                                 ULL(to), t->sregs.cs.limit)
                   : FAULT_NO;
    if (fault_is_canonical(t, to))
        return FAULT_NO;
    return fault_raise(t, f, VECTOR_GP, 0, "the target 0x%llx is not a canonical address", ULL(to));
}

static const struct {
    ZydisMnemonic mnemonic;
    enum fault_verdict (*check)(const struct target *t, const struct instruction *x, struct fault *f);
} rows[] = {
    {ZYDIS_MNEMONIC_UD0, ud},
    {ZYDIS_MNEMONIC_UD1, ud},
    {ZYDIS_MNEMONIC_UD2, ud},
    {ZYDIS_MNEMONIC_INT, software_interrupt},
    {ZYDIS_MNEMONIC_INT3, software_interrupt},
    {ZYDIS_MNEMONIC_INT1, software_interrupt},
    {ZYDIS_MNEMONIC_INTO, into},
    {ZYDIS_MNEMONIC_DIV, divide},
    {ZYDIS_MNEMONIC_IDIV, divide},
    {ZYDIS_MNEMONIC_JMP, near_target},
    {ZYDIS_MNEMONIC_CALL, near_target},
    {ZYDIS_MNEMONIC_RET, near_target},
    {ZYDIS_MNEMONIC_IRET, fault_iret},
    {ZYDIS_MNEMONIC_IRETD, fault_iret},
    {ZYDIS_MNEMONIC_IRETQ, fault_iret},
    {ZYDIS_MNEMONIC_MOV, fault_mov},
    {ZYDIS_MNEMONIC_POP, fault_mov},
    {ZYDIS_MNEMONIC_LTR, fault_ltr_lldt},
    {ZYDIS_MNEMONIC_LLDT, fault_ltr_lldt},
    {ZYDIS_MNEMONIC_LGDT, fault_lgdt_lidt},
    {ZYDIS_MNEMONIC_LIDT, fault_lgdt_lidt},
    {ZYDIS_MNEMONIC_WRMSR, fault_msr},
    {ZYDIS_MNEMONIC_RDMSR, fault_msr},
    {ZYDIS_MNEMONIC_XSETBV, fault_xsetbv},
    {ZYDIS_MNEMONIC_SYSCALL, fault_syscall},
    {ZYDIS_MNEMONIC_SYSRET, fault_syscall},
    {ZYDIS_MNEMONIC_LDS, fault_load_far},
    {ZYDIS_MNEMONIC_LES, fault_load_far},
    {ZYDIS_MNEMONIC_LSS, fault_load_far},
    {ZYDIS_MNEMONIC_LFS, fault_load_far},
    {ZYDIS_MNEMONIC_LGS, fault_load_far},
};

enum fault_verdict fault_of_mnemonic(const struct target *t, const struct instruction *x, struct fault *f)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].mnemonic == x->insn.mnemonic)
            return rows[i].check(t, x, f);
    return FAULT_NO;
}
