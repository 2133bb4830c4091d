/*
 * One instruction with what it works on: decoded, its operands' values and addresses told.
 */
#ifndef RINGSIDE_DEBUG_INSTRUCTION_H
#define RINGSIDE_DEBUG_INSTRUCTION_H

#include "debug/target.h"
#include "vm/insn.h"

enum { INSTRUCTION_MAX = 15 };

struct instruction {
    bool ok;              /* decoded; else why says what is wrong */
    uint64_t rip, linear; /* where it starts */
    uint8_t code[INSTRUCTION_MAX];
    size_t code_len;      /* bytes that could be read */
    struct gva_walk walk; /* of the first byte that could not be */
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
};

/* Reads and decodes what CS:RIP of the target points to. */
void instruction_at(const struct target *t, struct instruction *x);
/* Decodes `n` bytes that are known from elsewhere, as if they lay at CS:RIP. */
void instruction_of(const struct target *t, const uint8_t *code, size_t n, struct instruction *x);

/* `mov eax, [rdi]` (or the bytes). */
void instruction_write(const struct target *t, const struct instruction *x, struct text *out);

/* A memory operand's range of linear addresses: false when operand `i` is no memory that is accessed (LEA,
 * NOP). */
bool instruction_memory(const struct target *t, const struct instruction *x, size_t i, uint64_t *linear,
                        uint64_t *len);

/* Operands with their values, as `t` has them: `dx = 0x3f8, al = 0x48, [rdi] is linear 0x8000`. With `after`,
 * the instruction has been done: registers it wrote are left out. Returns how many were told. */
size_t instruction_operands(const struct target *t, const struct instruction *x, bool after,
                            struct text *out);

/* `PML4E at 0x1000 is 0x2003, PDPTE at 0x2000 is 0x0: PDPTE not present`. */
void walk_sentence(const struct gva_walk *w, struct text *out);

#endif
