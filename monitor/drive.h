/*
 * Driving: letting the standing guest run, by steps or freely, until something stops it.  All on the vCPU's
 * thread. Afterwards d->now is the state it stands in, d->before the one it started from, d->pause and
 * d->stop say why.
 */
#ifndef RINGSIDE_MONITOR_DRIVE_H
#define RINGSIDE_MONITOR_DRIVE_H

#include "monitor/debugger.h"

/* How a drive ended. */
enum drive_end {
    DRIVE_STEPPED, /* all steps are done */
    DRIVE_STOPPED, /* by a stop of the table */
    DRIVE_ASKED,   /* somebody interrupted it */
    DRIVE_ENDED,   /* the guest has ended */
    DRIVE_REFUSED, /* this host cannot step here; nothing was done */
};

/* Executes `n` instructions, fewer when a stop is met. -1: KVM failed. */
NODISCARD int drive_steps(struct debugger *d, uint64_t n, struct err *e);
/* Runs until a stop is met. A stop at the present instruction is passed. */
NODISCARD int drive_continue(struct debugger *d, struct err *e);
/* Runs on until the guest is at a linear address with RSP at least `rsp_min` (0: any), or something else
 * stops it; d->reached tells. With `stop_at_fault`, an exception on the way stops it in its handler. */
struct drive_goal {
    uint64_t linear, rsp_min;
    bool stop_at_fault;
};
NODISCARD int drive_to(struct debugger *d, const struct drive_goal *goal, struct err *e);

/* The event sink that looks for stops on events; ctx is the debugger. */
void drive_event(void *debugger, const struct event *ev);

/* Appends how the guest came to stand and the instruction it stands at, and executes the commands of the
 * stops that were met. */
NODISCARD int drive_report(struct debugger *d, struct text *out, struct err *e);

#endif
