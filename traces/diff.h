/*
 * `ringside trace diff`: what is different between two runs.  Events are the same when the same thing
 * happened (kind, device, register, direction, place), whenever it happened; of events that are the same,
 * what they carried (value, size, address, mode) may have changed. Devices, registers and symbols are
 * compared by name, since the two machines may number them otherwise.
 *
 * Both traces are read twice: once to align them (align.h), once to tell. Memory does not depend on their
 * length but for a bit an event: what is aligned at a time is a window of a million events a side.
 */
#ifndef RINGSIDE_TRACES_DIFF_H
#define RINGSIDE_TRACES_DIFF_H

#include "traces/commands.h"

/* What stands for the place at which something happened. */
enum diff_place {
    DIFF_PLACE_AUTO,   /* symbols when both traces have them; else RIP for two runs of one guest; else nothing
                        */
    DIFF_PLACE_SYMBOL, /* the symbol, not the offset into it */
    DIFF_PLACE_RIP,    /* the linear address */
    DIFF_PLACE_NONE,
};

/* A real clock interrupts the guest somewhere else in each run. */
enum diff_irqs {
    DIFF_IRQS_AUTO,  /* count when one of the traces is of a real clock, else each */
    DIFF_IRQS_EACH,  /* an interrupt is an event like others */
    DIFF_IRQS_COUNT, /* only its vector and how often it came; the same for what the handler does up to its
                        EOI */
};

/* What an event is compared by: rows of a table. A change in a row of the first sort makes it another event,
 * in one of the second a changed event. */
enum { DIFF_FIELDS_MAX = 32 };

struct diff_options {
    struct trace_filter filter; /* applied to both; its limit is not used */
    bool ignore[DIFF_FIELDS_MAX];
    enum diff_place place;
    enum diff_irqs irqs;
    unsigned context; /* equal events shown before and behind a difference */
    uint64_t shown;   /* differences shown, the first of them; 0 = 1 */
    const char *path[2];
};

/* Leaves a field out of the comparison; the error lists those there are. */
NODISCARD int diff_ignore(struct diff_options *o, const char *name, struct err *e);

/* The names that --place and --irqs take: the number, or -1 with a message. */
NODISCARD int diff_place_find(const char *name, struct err *e);
NODISCARD int diff_irqs_find(const char *name, struct err *e);

/* Compares two traces and appends the answer, as text or as a JSON object (docs/traces.md has its keys).
 * Returns 0 when nothing is different, 1 when something is, -1 on an error. */
NODISCARD int trace_diff(struct trace_reader *a, struct trace_reader *b, const struct diff_options *o,
                         bool json, struct text *out, struct err *e);

/* Draws both as one picture to `path` (its ending names the format; NULL = DOT on `out`). Returns as
 * trace_diff. */
NODISCARD int trace_diff_graph(struct trace_reader *a, struct trace_reader *b, const struct diff_options *o,
                               const char *path, FILE *out, struct err *e);

#endif
