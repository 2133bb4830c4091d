/*
 * Replay: a trace as if it were a run.  It stands at one event, goes forward and back, and makes the snapshot
 * of that moment from what events tell: CS:IP and mode, all registers when the trace holds single steps, no
 * memory. A window of events around
 * the place is kept; going far back reads the trace from its start.
 */
#ifndef RINGSIDE_MONITOR_MODEL_REPLAY_H
#define RINGSIDE_MONITOR_MODEL_REPLAY_H

#include "monitor/model/snapshot.h"
#include "traces/trace.h"

struct replay;

/* Reads the whole trace once. NULL with *e: it cannot be read, or holds no event. */
struct replay *replay_open(const char *path, struct err *e);
void replay_close(struct replay *r); /* NULL is fine */

/* How many events there are, and the one it stands at (from 0). */
uint64_t replay_events(const struct replay *r);
uint64_t replay_position(const struct replay *r);
/* Goes to an event; past the end means the last. -1 with *e: the file cannot be read any more. */
NODISCARD int replay_seek(struct replay *r, uint64_t position, struct err *e);
/* True once after a seek. */
bool replay_moved(struct replay *r);

/* Playing: at `speed` times the time the guest took (1 = as it was). */
void replay_play(struct replay *r, bool on);
bool replay_playing(const struct replay *r);
void replay_set_speed(struct replay *r, double speed);
double replay_speed(const struct replay *r);
/* `passed_ns` of the user's time have passed: goes on where it plays. */
NODISCARD int replay_elapse(struct replay *r, uint64_t passed_ns, struct err *e);

/* The snapshot of the present place. `history` is filled anew. NULL with *e. */
struct snapshot *replay_snapshot(struct replay *r, struct snapshot_machine *machine,
                                 struct snapshot_history *history, struct err *e);

#endif
