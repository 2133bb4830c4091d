/*
 * What `ringside trace SUBCOMMAND FILE` does, each as a function from a reader and options to text.  main
 * parses the options from its table; these never print and never open terminals.
 *
 * Each starts at the first event. A damaged or cut trace is no error to them: they work on what is readable,
 * and whoever called asks trace_reader_state() afterwards and says what was missing. A filter for a device
 * that the trace does not have is an error that names those it has.
 */
#ifndef RINGSIDE_TRACES_COMMANDS_H
#define RINGSIDE_TRACES_COMMANDS_H

#include "base/text.h"
#include "traces/query.h"
#include "traces/trace.h"

#include <stdio.h>

/* Which events are wanted. All zeros wants every one. */
struct trace_filter {
    uint64_t from_seq, end_seq; /* from the first up to, but not including, the second; end_seq 0: no end */
    uint64_t limit;             /* 0 = no limit */
    bool kind[EVENT_KIND_MAX];  /* none set = all */
    bool any_kind;              /* some of kind[] is set */
    const char *device;         /* name, NULL = all */
    struct query *where;        /* a question that must be answered yes (query.h), NULL = none; not owned */
};

/* True when the event passes (the limit is the caller's to count). */
bool trace_filter_match(const struct trace_filter *f, const struct event_names *names,
                        const struct event *ev);

/* Adds a kind by name to the filter; error names the nearest known one. */
NODISCARD int trace_filter_kind(struct trace_filter *f, const char *name, struct err *e);

/* `trace show`: a sentence a line with seq, time in seconds, mode and rip in front, written to `out` as it
 * reads. */
NODISCARD int trace_show(struct trace_reader *r, const struct trace_filter *f, FILE *out, struct err *e);

/* One event as that line, with its newline. */
void trace_event_line(const struct event *ev, const struct event_names *names, struct text *out);

/* `trace tail`: the last `n` wanted events (at most TAIL_MAX) as `trace show` prints them; the reader stands
 * at the end then. With trace_tail_more, what has come since: it tells what became of the file, as
 * trace_continue does. An error of writing is TRACE_LOST. */
#define TAIL_MAX 1000000
NODISCARD int trace_tail(struct trace_reader *r, const struct trace_filter *f, size_t n, FILE *out,
                         struct err *e);
NODISCARD enum trace_growth trace_tail_more(struct trace_reader *r, const struct trace_filter *f, FILE *out,
                                            struct err *e);

/* `trace export --format jsonl`: an object a line, keys as promised. */
NODISCARD int trace_export_jsonl(struct trace_reader *r, const struct trace_filter *f, FILE *out,
                                 struct err *e);

/* One event as that JSON object, without newline; docs/trace-format.md says when each key is there. */
void trace_event_json(const struct event *ev, const struct event_names *names, struct text *out);

/* `trace stat`: tables by kind, device, mode and rip with counts, share, host and guest time,
 * min/median/p99/max; `top` rows of each (0 = 10). */
NODISCARD int trace_stat(struct trace_reader *r, const struct trace_filter *f, unsigned top, bool json,
                         struct text *out, struct err *e);

/* `trace check`: is the file whole; what is wrong; how much is readable. Returns 0 whole, 1 damaged, -1 I/O
 * error. */
NODISCARD int trace_check(struct trace_reader *r, struct text *out, struct err *e);

enum graph_kind { GRAPH_EXITS, GRAPH_BOOT, GRAPH_MACHINE };

/* `trace graph`: draws to `path` (its ending names the format: .dot .svg .png .pdf; NULL = DOT on `out`). */
NODISCARD int trace_graph(struct trace_reader *r, const struct trace_filter *f, enum graph_kind kind,
                          const char *path, FILE *out, struct err *e);

/* The name of a graph kind (`exits`) to its number, or -1. */
int graph_kind_find(const char *name);

#endif
