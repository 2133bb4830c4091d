/*
 * Decoding one instruction of the guest with Zydis, in the width its code segment asks for.
 */
#ifndef RINGSIDE_VM_INSN_H
#define RINGSIDE_VM_INSN_H

#include <Zydis/Zydis.h>
#include <linux/kvm.h>
#include <stdbool.h>

/* A decoder for `bits` (16, 32, 64) code. With `real_mode`, 16-bit code may not hold what only protected mode
 * has. */
void insn_decoder_init(ZydisDecoder *d, unsigned bits, bool real_mode);
/* A decoder for the width of the current code segment. */
void insn_decoder(const struct kvm_sregs *s, ZydisDecoder *d);

/* Is this byte a prefix in `bits` (16, 32, 64) code? (Intel SDM, "Instruction Prefixes", "REX Prefixes") */
bool insn_is_prefix(uint8_t byte, unsigned bits);

/* Decodes the bytes at `code`; `ops` has room for ZYDIS_MAX_OPERAND_COUNT. False when they are no
 * instruction. */
bool insn_decode(const struct kvm_sregs *s, const uint8_t *code, size_t n, ZydisDecodedInstruction *insn,
                 ZydisDecodedOperand *ops);

/* The base of a segment register as an address sees it: in 64-bit mode only FS and GS have one. */
uint64_t insn_segment_base(const struct kvm_sregs *s, ZydisRegister seg);

/* Linear address of a memory operand, for an instruction whose next is at `next_rip`. */
uint64_t insn_operand_linear(const struct kvm_regs *g, const struct kvm_sregs *s,
                             const ZydisDecodedInstruction *insn, const ZydisDecodedOperand *op,
                             uint64_t next_rip);

/* The 64-bit value of the general register that `reg` is part of, or 0; and a pointer to it, or NULL. */
uint64_t insn_reg_value(const struct kvm_regs *g, ZydisRegister reg);
uint64_t *insn_reg(struct kvm_regs *g, ZydisRegister reg);

#endif
