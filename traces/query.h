/*
 * Queries: a question about one event, written by a person.  `trace show --where` and the rules of a lab ask
 * in this language; it is compiled once and then answered for every event of a trace.
 *
 *   kind == io && dir == out && port in 0x3f8..0x3ff
 *   reg == uart.THR and value == 'H'
 *   not (kind == hlt or unclaimed)
 *   text =~ "vector 0x[23]"
 *   rax == 5 && zf
 *
 * From the loosest to the tightest: `||` (or), `&&` (and), `!` (not), the comparisons == != < <= > >= in =~,
 * then | & << >> + - *, and parentheses.  The bit operators bind tighter than comparisons, unlike in C:
 * `value & 1 == 1` asks about the bit.  Comparisons do not chain.  A number alone is true when it is not 0:
 * `unclaimed`, `value & 0x80`.
 *
 * Constants: numbers (10, 0x10, 0b10), characters ('c', '\n', '\x1b'), text ("..."), and behind == or != of a
 * field of names the bare name (kind == io, reg == THR, reg == uart.THR, status == debug-exit).  Arithmetic
 * is unsigned, of 64 bits, and wraps.
 *
 * CPU registers and their parts, by the debugger's names (rax, eax, al, zf, cr0.pg, cs.rpl ...), are fields
 * as well, where the trace has them: those after the event.
 *
 * A field that the event does not have (the port of a hlt) equals nothing, is in no order with anything and
 * counts as false; != is always the opposite of ==.
 *
 * The list of fields is a table in query_field.c.  Text of any length and any bytes is accepted or refused,
 * never more.
 */
#ifndef RINGSIDE_TRACES_QUERY_H
#define RINGSIDE_TRACES_QUERY_H

#include "traces/trace.h"

struct query;

/* Where a text stands, both counted from 1: in a file, or with line 0 on its own. Errors name the place of
 * the slip: `line 3, column 14: ...`, or `column 14: ...`. */
struct query_place {
    size_t line, column;
};

/* Compiles a question about an event; free it with query_free. NULL on error (`column N: ...`). */
struct query *query_compile(const char *text, struct err *e);

/* The same for a part of a file: `len` bytes, the first of which is at `at`. It may go over several lines. */
struct query *query_compile_part(const char *text, size_t len, struct query_place at, struct err *e);

/* The same for a question about how a run ended: status, exit_code, mode, rip, steps, elapsed_ns, reason. */
struct query *query_compile_end(const char *text, size_t len, struct query_place at, struct err *e);

/* The question as it was written, on one line and fit for a terminal. Valid as long as the query. */
const char *query_source(const struct query *q);

void query_free(struct query *q);

/* Refuses a query that names a device, register or symbol which `names` does not have: such a question would
 * be answered "no" for every event, and it is nearly always a slip of the pen. */
NODISCARD int query_check_names(const struct query *q, const struct event_names *names, struct err *e);

/* Is it so for this event? Not const: a query keeps the room in which it makes the event's sentence. */
bool query_match(struct query *q, const struct event_names *names, const struct event *ev);

/* The same with the registers after the event (NULL: not known, as query_match takes it). */
bool query_match_regs(struct query *q, const struct event_names *names, const struct event *ev,
                      const struct event_regs *regs);

/* Does it ask for registers? */
bool query_wants_regs(const struct query *q);

/* Is it so for this end? For queries of query_compile_end. */
bool query_match_end(struct query *q, const struct trace_end *end);

/* The fields of an event, for help: row `i`, or false past the end. */
bool query_field_help(size_t i, const char **name, const char **summary);

#endif
