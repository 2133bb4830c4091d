/*
 * A listing: instructions one below the other, as the `u` command shows them.
 *
 *       protected_mode:
 *   >*  00007e00  66 b8 10 00              mov ax, 0x10                    ; boot64.S:151
 *       00007e04  8e d8                    mov ds, ax                      ; boot64.S:152
 *
 * `>` is the instruction at RIP, `*` one with a breakpoint. 16-bit code has CS:IP in place of the offset. At
 * RIP, where the registers are known to be what the instruction will see, a conditional branch is followed by
 * [taken] or [not taken], and a memory operand by its linear address and what lies there: `[0x7e00] =
 * 0x1234`.
 */
#ifndef RINGSIDE_DEBUG_LISTING_H
#define RINGSIDE_DEBUG_LISTING_H

#include "debug/disasm.h"
#include "debug/target.h"

enum { LISTING_COUNT_MAX = 10000 };

/* Which addresses have a breakpoint. */
struct listing_marks {
    bool (*marked)(void *ctx, uint64_t linear);
    void *ctx;
};

/* Appends `count` (at most LISTING_COUNT_MAX) instructions from the offset `rip` in the code segment of `t`,
 * in its width. Labels and source lines are those of style->symbols; style->segments is not looked at: they
 * are the target's. `marks` may be NULL. Bytes that are no instruction are a line `(bad)` for the first of
 * them, and the next one is tried; where memory ends a line says why, and the listing ends. Returns the
 * offset behind the last instruction, where the next listing goes on. */
uint64_t listing_write(const struct target *t, const struct disasm_style *style, uint64_t rip, size_t count,
                       const struct listing_marks *marks, struct text *out);

/* Will the conditional branch at the start of the `n` bytes at `code` be taken with these registers? 1 yes,
 * 0 no, -1 no conditional branch (Intel SDM, "Jcc", "LOOP/LOOPcc"). */
int listing_branch(const struct kvm_regs *regs, unsigned bits, const uint8_t *code, size_t n);

#endif
