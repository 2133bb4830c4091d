/*
 * Arming: how the CPU is made to notice what the table of stops asks for.  Debug registers come first, since
 * the guest cannot see them and they cost nothing; then INT3s; where the host has neither, or for what no
 * hardware watches, the guest is single-stepped and compared, and the cost is said.
 */
#ifndef RINGSIDE_MONITOR_ARM_H
#define RINGSIDE_MONITOR_ARM_H

#include "monitor/debugger.h"

#include "debug/stops.h"

struct arm_plan {
    struct run_breaks breaks;
    unsigned stop[RUN_SLOTS]; /* the number of the stop behind a slot */
    bool step;                /* the guest must be stepped */
    bool accesses;            /* … and every memory operand compared */
    bool any;                 /* something is armed that a step could meet */
};

/* Makes the plan for the stops as they are now and the state d->now. */
void arm_plan(struct debugger *d, struct arm_plan *plan);

/* Appends a line with how a stop will be noticed, when that is worth telling. */
void arm_cost(struct debugger *d, const struct stop *stop, struct text *out);

#endif
