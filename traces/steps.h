/*
 * What `ringside trace` says about single steps: each as a line, the state at one of them, and the steps at
 * which something became so.  As with all commands (commands.h), a damaged trace is no error, and works as
 * far as it can be read.
 */
#ifndef RINGSIDE_TRACES_STEPS_H
#define RINGSIDE_TRACES_STEPS_H

#include "traces/commands.h"

/* `trace show --steps`: like trace_show(), with each step disassembled and what it changed. */
NODISCARD int trace_show_steps(struct trace_reader *r, const struct trace_filter *f, FILE *out,
                               struct err *e);

/* `trace at FILE SEQ`: the event of that number with its neighbours, and the registers after it; as text, or
 * as the event's JSON object with all registers. An error when there is no such event. */
NODISCARD int trace_at(struct trace_reader *r, uint64_t seq, bool json, struct text *out, struct err *e);

/* What `trace find` looks for. */
struct trace_find {
    struct query *query;        /* not owned */
    uint64_t from_seq, end_seq; /* as in struct trace_filter */
    uint64_t limit;             /* 0: none */
    bool all;                   /* each event at which it is so, not only where it becomes so */
    bool json;                  /* JSON objects instead of lines */
};

/* Writes a line for each event after which the question is answered yes, and was not after the event before.
 * Events whose registers are not known are passed over when the question asks for registers. Returns 0 when
 * there was one, 1 when there was none, -1 with *e. */
NODISCARD int trace_find(struct trace_reader *r, const struct trace_find *f, FILE *out, struct err *e);

#endif
