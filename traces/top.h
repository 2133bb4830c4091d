/*
 * `trace top`: what happened in the last interval, and since the run began, in groups, the busiest first.  A
 * group's time is what Ringside took for its events and what the guest ran before each.
 */
#ifndef RINGSIDE_TRACES_TOP_H
#define RINGSIDE_TRACES_TOP_H

#include "traces/stat_by.h"

/* What a group had when the interval began. */
struct top_before {
    uint64_t count, time_ns;
};

struct top {
    struct stat_by now;
    struct top_before *before; /* of the groups in their order, then of `others` */
    size_t before_count;
    struct top_before before_others;
    uint64_t last_ns, before_ns; /* time of the last event, now and when the interval began */
};

#define TOP_FIELDS "kind,device,reg,dir" /* when nothing else is asked for */

NODISCARD int top_init(struct top *t, const char *fields, struct err *e);
void top_fini(struct top *t);

/* Begins an interval: what is counted from here on is `now`. -1 when memory ran out. */
NODISCARD int top_begin(struct top *t, struct err *e);

/* Counts what the reader has to give, from its place to its present end. -1 for an I/O error. */
NODISCARD int top_read(struct top *t, struct trace_reader *r, const struct trace_filter *f, struct err *e);

/* How the table is to be: no line is wider than `width` cells (0: any width), and there are at most `height`
 * lines (0: any number). Without `interval` only the whole run is shown; `interval_ns` is how long it was for
 * whoever looks on, 0 when that is not known and the events' own times must say it. */
struct top_shape {
    size_t width, height;
    bool interval;
    uint64_t interval_ns;
};

/* Appends a line about the run and the table. -1 when memory ran out. */
NODISCARD int top_print(struct top *t, const struct trace_reader *r, const struct top_shape *shape,
                        struct text *out, struct err *e);

#endif
