/*
 * Decoding one instruction of the guest: see insn.h.  Address computation follows Intel SDM, "Specifying an
 * Offset" and "Segment Registers" (in 64-bit mode only FS and GS have a base).
 */
#include "vm/insn.h"

#include "vm/cpu.h"

#include <string.h>

uint64_t *insn_reg(struct kvm_regs *g, ZydisRegister reg)
{
    /* In the order of their encoding. */
    uint64_t *const gpr[16] = {
        (uint64_t *)&g->rax, (uint64_t *)&g->rcx, (uint64_t *)&g->rdx, (uint64_t *)&g->rbx,
        (uint64_t *)&g->rsp, (uint64_t *)&g->rbp, (uint64_t *)&g->rsi, (uint64_t *)&g->rdi,
        (uint64_t *)&g->r8,  (uint64_t *)&g->r9,  (uint64_t *)&g->r10, (uint64_t *)&g->r11,
        (uint64_t *)&g->r12, (uint64_t *)&g->r13, (uint64_t *)&g->r14, (uint64_t *)&g->r15};
    ZydisRegister wide = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
    ZyanI8 id = ZydisRegisterGetId(wide);
    return ZydisRegisterGetClass(wide) == ZYDIS_REGCLASS_GPR64 && id >= 0 && id < 16 ? gpr[id] : NULL;
}

uint64_t insn_reg_value(const struct kvm_regs *g, ZydisRegister reg)
{
    struct kvm_regs copy = *g;
    const uint64_t *p = insn_reg(&copy, reg);
    return p ? *p : 0;
}

uint64_t insn_segment_base(const struct kvm_sregs *s, ZydisRegister seg)
{
    const struct {
        ZydisRegister reg;
        uint64_t base;
    } bases[] = {{ZYDIS_REGISTER_ES, s->es.base}, {ZYDIS_REGISTER_CS, s->cs.base},
                 {ZYDIS_REGISTER_SS, s->ss.base}, {ZYDIS_REGISTER_DS, s->ds.base},
                 {ZYDIS_REGISTER_FS, s->fs.base}, {ZYDIS_REGISTER_GS, s->gs.base}};
    bool flat = cpu_mode(s) == MODE_LONG;
    for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++)
        if (bases[i].reg == seg)
            return flat && i < 4 ? 0 : bases[i].base;
    return 0;
}

uint64_t insn_operand_linear(const struct kvm_regs *g, const struct kvm_sregs *s,
                             const ZydisDecodedInstruction *insn, const ZydisDecodedOperand *op,
                             uint64_t next_rip)
{
    uint64_t ea = op->mem.disp.has_displacement ? (uint64_t)op->mem.disp.value : 0;
    if (op->mem.base == ZYDIS_REGISTER_RIP || op->mem.base == ZYDIS_REGISTER_EIP)
        ea += next_rip;
    else if (op->mem.base != ZYDIS_REGISTER_NONE)
        ea += insn_reg_value(g, op->mem.base);
    if (op->mem.index != ZYDIS_REGISTER_NONE)
        ea += insn_reg_value(g, op->mem.index) * op->mem.scale;
    if (insn->address_width == 16)
        ea &= 0xffff;
    else if (insn->address_width == 32)
        ea &= 0xffffffff;
    uint64_t linear = ea + insn_segment_base(s, op->mem.segment);
    return cpu_mode(s) == MODE_LONG ? linear : (uint32_t)linear;
}

bool insn_is_prefix(uint8_t byte, unsigned bits)
{
    static const uint8_t legacy[] = {0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};
    return memchr(legacy, byte, sizeof legacy) || (bits == 64 && (byte & 0xf0) == 0x40);
}

void insn_decoder_init(ZydisDecoder *d, unsigned bits, bool real_mode)
{
    if (bits == 64)
        ZydisDecoderInit(d, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    else if (bits == 32)
        ZydisDecoderInit(d, ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
    else
        ZydisDecoderInit(d, real_mode ? ZYDIS_MACHINE_MODE_REAL_16 : ZYDIS_MACHINE_MODE_LEGACY_16,
                         ZYDIS_STACK_WIDTH_16);
}

void insn_decoder(const struct kvm_sregs *s, ZydisDecoder *d)
{
    insn_decoder_init(d, cpu_code_bits(s), cpu_mode(s) == MODE_REAL);
}

bool insn_decode(const struct kvm_sregs *s, const uint8_t *code, size_t n, ZydisDecodedInstruction *insn,
                 ZydisDecodedOperand *ops)
{
    ZydisDecoder d;
    insn_decoder(s, &d);
    return ZYAN_SUCCESS(ZydisDecoderDecodeFull(&d, code, n, insn, ops));
}
