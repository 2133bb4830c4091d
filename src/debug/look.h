/*
 * The views of a standing CPU: registers, flags, segments, control registers.  Each writes what it sees into
 * a text of at most 80 columns, without characters beyond ASCII.  Descriptor tables are in descriptors.h,
 * MSRs in msrs.h.
 *
 * `which` picks one part ("" for all); -1 with *e, and nothing written, when there is no such part.
 */
#ifndef RINGSIDE_DEBUG_LOOK_H
#define RINGSIDE_DEBUG_LOOK_H

#include "debug/target.h"

/* General registers, RIP with its symbol, RFLAGS, segments in short; a `*` in front of each value that is not
 * that of `before` (NULL: no marks). Real and protected mode show 32-bit registers, long mode 64-bit ones,
 * and compatibility mode too, where the upper halves wait. */
void look_regs(const struct target *now, const struct target *before, struct text *out);

/* RFLAGS, a line a flag: bit, name, value and what that means now. `which`: a flag (`if`, `iopl`). */
NODISCARD int look_flags(const struct target *t, const char *which, struct text *out, struct err *e);

/* Segment registers with their hidden parts, TR, LDTR, GDTR and IDTR; points out where a hidden part is not
 * what the descriptor in memory now says. `which`: cs, ss, ds, es, fs, gs, tr, ldt. */
NODISCARD int look_segments(const struct target *t, const char *which, struct text *out, struct err *e);

/* CR0 CR2 CR3 CR4: the bits, set ones in upper case, and what they add up to. `which`: `cr0` or `0` for a
 * line a bit. */
NODISCARD int look_cr(const struct target *t, const char *which, struct text *out, struct err *e);
/* EFER in the same way; `which`: "" or `all` for a line a bit. */
NODISCARD int look_efer(const struct target *t, const char *which, struct text *out, struct err *e);

#endif
