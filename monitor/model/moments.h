/*
 * Moments: the newest snapshot, and the one of the stop before it, so that views can mark what has changed
 * since. While the guest runs many snapshots come and go; only the last one of each stop is kept.
 */
#ifndef RINGSIDE_MONITOR_MODEL_MOMENTS_H
#define RINGSIDE_MONITOR_MODEL_MOMENTS_H

#include "monitor/model/snapshot.h"

/* All zeros is a valid empty one. */
struct moments {
    struct snapshot *now;         /* the newest; NULL: none yet */
    struct snapshot *earlier;     /* the last one of the stop before now; NULL: none */
    uint64_t rate_ns, rate_exits; /* where exits per second were measured last */
    double rate;
};

/* Takes a snapshot (it is the moments' to free), links it to the stop before, and gives it its serial and its
 * exits per second, measured four times a second at `now_ns` of the host's clock; new measurements go into
 * `rates` (struct snapshot_rate). */
void moments_take(struct moments *m, struct snapshot *s, struct ring *rates, uint64_t now_ns);
void moments_fini(struct moments *m);

#endif
