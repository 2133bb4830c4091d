/*
 * Instruction assist.  A KVM without hardware behind it emulates the guest's ring 0, and its emulator does
 * not know every instruction: it gives up with KVM_EXIT_INTERNAL_ERROR, suberror 1.  The ones that guests
 * need are completed here, in user space, from the same registers and memory the CPU would use; the exit
 * becomes an event of kind `assist`.  On hosts with VT-x or AMD-V these instructions never leave the guest
 * and nothing here runs.
 *
 * This file decodes and holds the table and the arithmetic ones; assist_system.c has those that touch
 * privileged state, assist_fpu.c the floating-point and XSAVE family.
 */
#include "run/assist.h"

#include "base/bytes.h"

#include <string.h>

uint64_t assist_linear(const struct assist *a, unsigned op)
{
    return insn_operand_linear(a->regs, a->sregs, &a->insn, &a->op[op], a->next_rip);
}

bool assist_read(struct assist *a, uint64_t linear, void *buf, size_t n)
{
    struct gva_context c = run_gva_context(a->run);
    return gva_read(&a->run->machine->memory, &c, linear, buf, n, GVA_READ, NULL) == n;
}

bool assist_write(struct assist *a, uint64_t linear, const void *buf, size_t n)
{
    struct gva_context c = run_gva_context(a->run);
    return gva_write(&a->run->machine->memory, &c, linear, buf, n, NULL) == n;
}

/* AH, CH, DH and BH lie at bit 8 of their register. */
static unsigned reg_shift(ZydisRegister reg)
{
    return reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH ? 8 : 0;
}

static uint64_t size_mask(unsigned bits)
{
    return bits >= 64 ? UINT64_MAX : (1ull << bits) - 1;
}

bool assist_load(struct assist *a, unsigned op, uint64_t *value)
{
    const ZydisDecodedOperand *o = &a->op[op];
    if (o->type == ZYDIS_OPERAND_TYPE_REGISTER) {
        const uint64_t *reg = insn_reg(a->regs, o->reg.value);
        *value = reg ? *reg >> reg_shift(o->reg.value) & size_mask(o->size) : 0;
        return reg != NULL;
    }
    uint8_t bytes[8] = {0};
    if (o->type != ZYDIS_OPERAND_TYPE_MEMORY || o->size > 64 ||
        !assist_read(a, assist_linear(a, op), bytes, o->size / 8u))
        return false;
    *value = le_load(bytes, o->size / 8u);
    return true;
}

bool assist_store(struct assist *a, unsigned op, uint64_t value)
{
    const ZydisDecodedOperand *o = &a->op[op];
    if (o->type == ZYDIS_OPERAND_TYPE_REGISTER) {
        uint64_t *reg = insn_reg(a->regs, o->reg.value);
        if (!reg)
            return false;
        uint64_t mask = size_mask(o->size) << reg_shift(o->reg.value);
        /* Writing 32 bits clears the upper half; 8 and 16 bits leave the rest (Intel SDM, "General-Purpose
         * Registers in 64-Bit Mode"). */
        *reg = o->size == 32 ? (uint32_t)value : (*reg & ~mask) | (value << reg_shift(o->reg.value) & mask);
        return true;
    }
    uint8_t bytes[8];
    le_store(bytes, value, 8);
    return o->type == ZYDIS_OPERAND_TYPE_MEMORY && o->size <= 64 &&
           assist_write(a, assist_linear(a, op), bytes, o->size / 8u);
}

static bool assist_popcnt(struct assist *a)
{
    uint64_t v;
    if (!assist_load(a, 1, &v))
        return false;
    a->operand = v;
    const uint64_t arithmetic = 0x8d5; /* OF SF ZF AF PF CF */
    a->regs->rflags = (a->regs->rflags & ~arithmetic) | (v ? 0 : RFLAGS_ZF);
    return assist_store(a, 0, (uint64_t)__builtin_popcountll(v));
}

static bool assist_crc32(struct assist *a)
{
    uint64_t crc, v;
    if (!assist_load(a, 0, &crc) || !assist_load(a, 1, &v))
        return false;
    a->operand = v;
    uint8_t bytes[8];
    le_store(bytes, v, 8);
    /* The instruction does not invert before and after, as the checksum of the same polynomial does. */
    return assist_store(a, 0, (uint32_t)~crc32c(~(uint32_t)crc, bytes, a->op[1].size / 8u));
}

static bool assist_cmpxchg16b(struct assist *a)
{
    uint64_t linear = assist_linear(a, 0);
    uint8_t bytes[16];
    if ((linear & 15) || !assist_read(a, linear, bytes, 16))
        return false;
    a->operand = linear;
    uint64_t low = le64_load(bytes), high = le64_load(bytes + 8);
    bool equal = low == a->regs->rax && high == a->regs->rdx;
    le_store(bytes, equal ? a->regs->rbx : low, 8);
    le_store(bytes + 8, equal ? a->regs->rcx : high, 8);
    if (!assist_write(a, linear, bytes, 16)) /* the CPU writes in both cases */
        return false;
    if (!equal) {
        a->regs->rax = low;
        a->regs->rdx = high;
    }
    a->regs->rflags = (a->regs->rflags & ~RFLAGS_ZF) | (equal ? RFLAGS_ZF : 0);
    return true;
}

static const struct {
    ZydisMnemonic mnemonic;
    enum assist_kind kind;
    bool (*complete)(struct assist *a);
} assist_table[] = {
    {ZYDIS_MNEMONIC_INT, ASSIST_INT, assist_int},
    {ZYDIS_MNEMONIC_INT3, ASSIST_INT3, assist_int},
    {ZYDIS_MNEMONIC_INTO, ASSIST_INTO, assist_into},
    {ZYDIS_MNEMONIC_IRET, ASSIST_IRETD, assist_iretd},
    {ZYDIS_MNEMONIC_IRETD, ASSIST_IRETD, assist_iretd},
    {ZYDIS_MNEMONIC_STAC, ASSIST_STAC, assist_stac},
    {ZYDIS_MNEMONIC_CLAC, ASSIST_CLAC, assist_clac},
    {ZYDIS_MNEMONIC_POPCNT, ASSIST_POPCNT, assist_popcnt},
    {ZYDIS_MNEMONIC_CRC32, ASSIST_CRC32, assist_crc32},
    {ZYDIS_MNEMONIC_CMPXCHG16B, ASSIST_CMPXCHG16B, assist_cmpxchg16b},
    {ZYDIS_MNEMONIC_RDTSCP, ASSIST_RDTSCP, assist_rdtscp},
    {ZYDIS_MNEMONIC_XGETBV, ASSIST_XGETBV, assist_xgetbv},
    {ZYDIS_MNEMONIC_XSETBV, ASSIST_XSETBV, assist_xsetbv},
    {ZYDIS_MNEMONIC_FXSAVE, ASSIST_FXSAVE, assist_fxsave},
    {ZYDIS_MNEMONIC_FXSAVE64, ASSIST_FXSAVE, assist_fxsave},
    {ZYDIS_MNEMONIC_FXRSTOR, ASSIST_FXRSTOR, assist_fxrstor},
    {ZYDIS_MNEMONIC_FXRSTOR64, ASSIST_FXRSTOR, assist_fxrstor},
    {ZYDIS_MNEMONIC_XSAVE, ASSIST_XSAVE, assist_xsave},
    {ZYDIS_MNEMONIC_XSAVE64, ASSIST_XSAVE, assist_xsave},
    {ZYDIS_MNEMONIC_XSAVEOPT, ASSIST_XSAVE, assist_xsave},
    {ZYDIS_MNEMONIC_XSAVEOPT64, ASSIST_XSAVE, assist_xsave},
    {ZYDIS_MNEMONIC_XSAVEC, ASSIST_XSAVE, assist_xsave},
    {ZYDIS_MNEMONIC_XSAVEC64, ASSIST_XSAVE, assist_xsave},
    {ZYDIS_MNEMONIC_XSAVES, ASSIST_XSAVE, assist_xsave},
    {ZYDIS_MNEMONIC_XSAVES64, ASSIST_XSAVE, assist_xsave},
    {ZYDIS_MNEMONIC_XRSTOR, ASSIST_XRSTOR, assist_xrstor},
    {ZYDIS_MNEMONIC_XRSTOR64, ASSIST_XRSTOR, assist_xrstor},
    {ZYDIS_MNEMONIC_XRSTORS, ASSIST_XRSTOR, assist_xrstor},
    {ZYDIS_MNEMONIC_XRSTORS64, ASSIST_XRSTOR, assist_xrstor},
    {ZYDIS_MNEMONIC_FNINIT, ASSIST_FNINIT, assist_fninit},
    {ZYDIS_MNEMONIC_LDMXCSR, ASSIST_LDMXCSR, assist_ldmxcsr},
    {ZYDIS_MNEMONIC_STMXCSR, ASSIST_STMXCSR, assist_stmxcsr},
    {ZYDIS_MNEMONIC_LAR, ASSIST_LAR, assist_lar_lsl},
    {ZYDIS_MNEMONIC_LSL, ASSIST_LSL, assist_lar_lsl},
    {ZYDIS_MNEMONIC_VERR, ASSIST_VERR, assist_verr_verw},
    {ZYDIS_MNEMONIC_VERW, ASSIST_VERW, assist_verr_verw},
    {ZYDIS_MNEMONIC_INVPCID, ASSIST_INVPCID, assist_invpcid},
};

/* The bytes at RIP: from guest memory, or, when they cannot be read there, as KVM fetched them. */
static size_t assist_code(const struct run *r, uint8_t code[INSN_MAX])
{
    size_t n = run_read_code(r, run_regs(r)->rip, code, INSN_MAX);
    const struct kvm_run *k = r->vcpu.run;
    if (n || k->emulation_failure.ndata < 1 ||
        !(k->emulation_failure.flags & KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES))
        return n;
    n = k->emulation_failure.insn_size < INSN_MAX ? k->emulation_failure.insn_size : INSN_MAX;
    memcpy(code, k->emulation_failure.insn_bytes, n);
    return n;
}

static int assist_finish(struct assist *a, struct event *ev, enum assist_kind kind, const uint8_t *code)
{
    uint8_t first[8] = {0};
    memcpy(first, code, a->insn.length < 8 ? a->insn.length : 8);
    ev->kind = EVENT_ASSIST;
    ev->addr = le64_load(first);
    ev->value = a->operand;
    ev->detail = (uint16_t)kind;
    ev->size = a->insn.length;
    ev->count = 1;
    ev->flags |= EVENT_ADDR | EVENT_VALUE;
    if (!a->jumped)
        a->regs->rip = a->next_rip;
    return vcpu_state_store(a->run, a->sregs_changed, a->e) < 0 ? -1 : 1;
}

int assist_complete(struct run *r, struct event *ev, struct err *e)
{
    uint8_t code[INSN_MAX];
    if (vcpu_state_need_sregs(r, e) < 0)
        return -1;
    struct assist a = {.run = r, .regs = run_regs(r), .sregs = run_sregs(r), .rip = run_regs(r)->rip, .e = e};
    size_t n = assist_code(r, code);
    if (!insn_decode(a.sregs, code, n, &a.insn, a.op))
        return 0;
    unsigned bits = cpu_code_bits(a.sregs);
    a.next_rip = (a.rip + a.insn.length) & (bits == 64 ? UINT64_MAX : bits == 32 ? 0xffffffffu : 0xffffu);
    for (size_t i = 0; i < sizeof assist_table / sizeof assist_table[0]; i++)
        if (assist_table[i].mnemonic == a.insn.mnemonic)
            return assist_table[i].complete(&a) ? assist_finish(&a, ev, assist_table[i].kind, code) : 0;
    return 0;
}
