/*
 * Registers in a replay: a trace of single steps (`run --trace-steps`) tells what each left in them. Kept for
 * the events around the place, as the events themselves are.
 */
#ifndef RINGSIDE_MONITOR_MODEL_REPLAY_REGS_H
#define RINGSIDE_MONITOR_MODEL_REPLAY_REGS_H

#include "monitor/model/snapshot.h"
#include "traces/trace.h"

enum { REPLAY_REGS_KEPT = 1 << 14 };

/* What is known at an event. */
struct replay_regs {
    bool known;
    struct event_regs before, after; /* the same where the event is no step */
};

/* Those at the event that trace_next gave last. */
void replay_regs_take(const struct trace_reader *r, struct replay_regs *to);
/* Puts them into a snapshot of a trace: has_regs, regs, sregs (of segments only selectors, and the bases of
 * FS and GS in long mode), and those before. */
void replay_regs_fill(const struct replay_regs *from, struct snapshot *s);

#endif
