/*
 * The fields that a query can ask for, as tables: a name, a type, what it means and how to get it.
 */
#ifndef RINGSIDE_TRACES_QUERY_FIELD_H
#define RINGSIDE_TRACES_QUERY_FIELD_H

#include "base/text.h"
#include "traces/trace.h"

/* Names and numbers never meet in a comparison; a condition is what a comparison gives. */
enum query_type { QUERY_NUMBER, QUERY_NAME, QUERY_CONDITION };

/* What a query is asked about: an event with the names its numbers stand for, or the end of a run. `sentence`
 * is room for the event's sentence. */
struct query_subject {
    const struct event_names *names;
    const struct event *ev;
    const struct trace_end *end;
    const struct event_regs *regs; /* after the event; NULL: not known */
    struct text *sentence;
};

/* `known` is false for a field that the subject does not have. Conditions are numbers: 0 or 1. */
struct query_value {
    bool known;
    uint64_t number;
    const char *name; /* of a QUERY_NAME, when known */
};

struct query_field {
    const char *name;
    enum query_type type;
    const char *summary;
    struct query_value (*get)(const struct query_subject *s);
    /* For names of which the list is known beforehand: name `i`, NULL past the end. NULL when the trace
     * brings them. */
    const char *(*word)(size_t i);
    const char *example; /* of names: what stands behind == in a message */
};

/* Ends with a row without a name. */
extern const struct query_field query_event_fields[], query_end_fields[];

/* The row of this name, or NULL. */
const struct query_field *query_field_find(const struct query_field *table, const char *name);

/* A CPU register or a part of one, which is a field as well: `bits` bits of register `reg` from bit `low` up.
 * With bits 0 it is none. */
struct query_register {
    uint8_t reg, low, bits;
};

/* By a name of the debugger's (rax, al, zf, cr0.pe ...). *known (may be NULL) says whether there is a
 * register of that name at all: a trace does not keep each. RIP and its parts are not offered, since the
 * field `rip` is the event's own. */
struct query_register query_register_find(const char *name, bool *known);

struct query_value query_register_get(const struct query_register *r, const struct query_subject *s);

/* The fields whose constants depend on the machine: for the check of names. */
bool query_field_is_device(const struct query_field *f);
bool query_field_is_reg(const struct query_field *f);
bool query_field_is_symbol(const struct query_field *f);

#endif
