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

/* Rewinds and calls `see` with each wanted event up to the limit. When `see` returns other than 0, with `e`
 * filled, it ends there. A damaged file is not an error here: what is readable is seen. */
NODISCARD int trace_scan(struct trace_reader *r, const struct trace_filter *f,
                         int (*see)(void *ctx, const struct event *ev, struct err *e), void *ctx,
                         struct err *e);

#endif
