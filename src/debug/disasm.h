/*
 * Disassembly: bytes to text, through Zydis, in the width the code segment asks for.
 */
#ifndef RINGSIDE_DEBUG_DISASM_H
#define RINGSIDE_DEBUG_DISASM_H

#include "base/text.h"

struct symbols;
struct kvm_sregs;

enum disasm_syntax { DISASM_INTEL, DISASM_ATT };

/* How to write. Symbols have linear addresses and code has offsets: `segments` says what lies between. */
struct disasm_style {
    enum disasm_syntax syntax;
    const struct symbols *symbols;    /* NULL: addresses stay numbers */
    const struct kvm_sregs *segments; /* NULL: all segments are taken to begin at 0 */
};

/* One instruction of `bits` (16, 32, 64) code at `rip`: appends `mov eax, 0x1` in Intel syntax and returns
 * its length; 0 and `(bad)` when the bytes are no instruction. */
size_t disasm_one(unsigned bits, uint64_t rip, const uint8_t *code, size_t n, struct text *out);

/* The same in a chosen syntax, with the symbol of a branch target or of a memory operand whose address stands
 * in the instruction (absolute or relative to RIP) behind it: `call 0x100034 <main+4>`. A far branch has one
 * only where exactly a symbol is: at selector times 16 plus offset in real mode, else at the offset. */
size_t disasm_styled(const struct disasm_style *style, unsigned bits, uint64_t rip, const uint8_t *code,
                     size_t n, struct text *out);

/* The instruction followed by its bytes: `fld1 (d9 e8)`. */
void disasm_named(unsigned bits, uint64_t rip, const uint8_t *code, size_t n, struct text *out);

#endif
