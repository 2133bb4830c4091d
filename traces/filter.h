/*
 * Walking through the wanted events of a trace, as all commands do.
 */
#ifndef RINGSIDE_TRACES_FILTER_H
#define RINGSIDE_TRACES_FILTER_H

#include "traces/commands.h"

/* Refuses a filter for a device, or with a question about a name, that the trace does not have; the error
 * names what it has. */
NODISCARD int trace_filter_check(const struct trace_filter *f, const struct event_names *names,
                                 struct err *e);

/* For who reads by himself: checks, asks the reader for registers when the filter's question wants them, and
 * rewinds. Then trace_filter_passes() says yes or no to the event that trace_next() gave last. At the end
 * trace_filter_end() refuses a question about registers when the trace had none: "no" to every event would be
 * no answer. */
NODISCARD int trace_filter_begin(const struct trace_filter *f, struct trace_reader *r, struct err *e);
bool trace_filter_passes(const struct trace_filter *f, const struct trace_reader *r, const struct event *ev);
NODISCARD int trace_filter_end(const struct trace_filter *f, const struct trace_reader *r, struct err *e);

/* Rewinds and calls `see` with each wanted event up to the limit. When `see` returns other than 0, with `e`
 * filled, it ends there. A damaged file is not an error here: what is readable is seen. */
NODISCARD int trace_scan(struct trace_reader *r, const struct trace_filter *f,
                         int (*see)(void *ctx, const struct event *ev, struct err *e), void *ctx,
                         struct err *e);

/* The same without reading what stands before f->from_seq, where the trace's index allows it. What `see` gets
 * is the same; but of damage before that place nobody hears, and a mark's number (its addr) counts from it
 * on.
 */
NODISCARD int trace_scan_near(struct trace_reader *r, const struct trace_filter *f,
                              int (*see)(void *ctx, const struct event *ev, struct err *e), void *ctx,
                              struct err *e);

#endif
