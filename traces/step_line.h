/*
 * A step as a line for people: where, the instruction, and what it did to the registers.  Used by `trace show
 * --steps`, `trace at` and `trace find`.
 */
#ifndef RINGSIDE_TRACES_STEP_LINE_H
#define RINGSIDE_TRACES_STEP_LINE_H

#include "base/text.h"
#include "traces/trace.h"

/* A line without newline for the event that trace_next gave last:
 *
 *      12  0x7c05                mov al, 0x60                  eax 0x0→0x60
 *
 * for events that are no steps the sentence, as `trace show` prints it. The reader must have been asked for
 * registers; where they are not known, nothing is said of them. */
void step_line(const struct trace_reader *r, const struct event *ev, struct text *out);

/* The instruction of a step in words. Returns its length, or 0 when the bytes are none. */
size_t step_instruction(const struct event *ev, struct text *out);

/* What a step changed: `eax 0x0→0x60  +ZF -CF  →0x7c00 main`; nothing when the registers before are not
 * known. `len` is the instruction's length, 0 when that is not known. */
void step_changes(const struct trace_reader *r, const struct event *ev, size_t len, struct text *out);

/* `0x7c05`, or `0x100123 main+3` where there is a symbol. */
void step_place(const struct event_names *names, uint64_t rip, uint64_t linear, struct text *out);

#endif
