/*
 * The page tables of a trace for its replay, which goes back and forth: all copies that the trace holds, by
 * the event in front of which they stand.
 */
#ifndef RINGSIDE_MONITOR_MODEL_REPLAY_TABLES_H
#define RINGSIDE_MONITOR_MODEL_REPLAY_TABLES_H

#include "monitor/model/snapshot.h"
#include "traces/tables.h"

/* What a made-up trace may have kept of its copies: their number, and bytes of tables. */
enum { REPLAY_TABLES_MAX = 512, REPLAY_TABLES_LEN_MAX = 64 << 20 };

/* All zeros is a valid empty one. */
struct replay_tables {
    struct trace_tables *copy[REPLAY_TABLES_MAX];
    uint64_t before[REPLAY_TABLES_MAX]; /* the event, counted from 0, that the copy stands in front of */
    size_t count, len;
    uint64_t seen; /* by the reader */
};
void replay_tables_fini(struct replay_tables *k);

/* After the reader has read event number `event`, or its end: keeps a copy that has come since. -1 with *e:
 * no memory. */
NODISCARD int replay_tables_see(struct replay_tables *k, const struct trace_reader *r, uint64_t event,
                                struct err *e);

/* Gives the snapshot the page tables of a vCPU at event `position`, if there are any; they are borrowed.
 * `last`: the run ends there. */
void replay_tables_fill(const struct replay_tables *k, uint64_t position, bool last, unsigned vcpu,
                        struct snapshot *s);

#endif
