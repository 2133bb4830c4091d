/*
 * Disassembly: bytes to text, through Zydis, in the width the code segment asks for.
 */
#ifndef RINGSIDE_DEBUG_DISASM_H
#define RINGSIDE_DEBUG_DISASM_H

#include "base/text.h"

/* One instruction of `bits` (16, 32, 64) code at `rip`: appends `mov eax, 0x1` in Intel syntax and returns
 * its length; 0 and `(bad)` when the bytes are no instruction. */
size_t disasm_one(unsigned bits, uint64_t rip, const uint8_t *code, size_t n, struct text *out);

/* The instruction followed by its bytes: `fld1 (d9 e8)`. */
void disasm_named(unsigned bits, uint64_t rip, const uint8_t *code, size_t n, struct text *out);

#endif
