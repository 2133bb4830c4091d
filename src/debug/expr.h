/*
 * Expressions, as the prompt, breakpoint conditions and gdb users write them: numbers, registers and their
 * parts, flags, symbols, memory, the fields of an event, and C's operators on 64-bit unsigned numbers.
 *
 *   rcx == 3 && [rsp+8] != 0        memory at a linear address, in the CPU's natural width (2, 4 or 8 bytes)
 *   byte [0x7dfe]  word [es:di]  dword [ebx]  qword [rsp]  phys dword [0x1000]
 *   main+4   $rip   cs.base   eflags.zf   cr0.pe   efer.lme   msr[0xc0000080]   value & 0xf0
 *   kind == io && device == uart   0xb800:0x10   es:di   sym:rax   0x7c00 7c00h 0b101 0o17 1_000 'A'
 */
#ifndef RINGSIDE_DEBUG_EXPR_H
#define RINGSIDE_DEBUG_EXPR_H

#include "debug/target.h"

enum { EXPR_LEN_MAX = 4096, EXPR_DEPTH_MAX = 64 };

struct expr;

/* Parses the longest expression at the start of `text`; *used (when not NULL) gets how many bytes it took,
 * and what follows is the caller's (`=` and `,` and a word end an expression); with used NULL everything must
 * be taken. Names are looked up here: a register, else a field of an event, else a symbol of `t` (NULL: none
 * are known), else the name of an event kind, a device or a direction; behind `kind ==`, `device ==`, `reg
 * ==` and `dir ==` their names come first. "name" and sym:name mean the symbol. A field whose name is a
 * symbol's too is the field when the target has an event and the symbol when it has none. NULL with *e that
 * names the column (from 1). */
struct expr *expr_parse(const char *text, const struct target *t, size_t *used, struct err *e);
void expr_free(struct expr *x); /* NULL is fine */

/* The value now. -1 with *e: memory that is not there, a division by zero, a field outside of an event. */
NODISCARD int expr_value(const struct expr *x, const struct target *t, uint64_t *value, struct err *e);
/* Whether it mentions what only an event has: seq kind device reg dir size count addr value detail, port (of
 * an io event), gpa (of mmio), vector (of irq and debug). */
bool expr_needs_event(const struct expr *x);
/* Puts `value` where the expression points: a register, a part of one, memory, an MSR. -1 with *e when it is
 * no such thing, or the target refuses: control registers and segments are checked so that the CPU will
 * accept the state. */
NODISCARD int expr_assign(const struct expr *x, struct target *t, uint64_t value, struct err *e);
/* The width of what it points to in bytes (1, 2, 4, 8), 8 for a computed value. */
unsigned expr_width(const struct expr *x, const struct target *t);

/* One call for who needs a value at once. */
NODISCARD int expr_eval(const char *text, const struct target *t, uint64_t *value, struct err *e);

/* The i-th name the evaluator knows (registers, then fields), for completion; NULL past the end. */
const char *expr_name(size_t i);

#endif
