/*
 * The inside of driving: drive.c is the loop, drive_match.c asks the table of stops, drive_to.c runs to a
 * place, drive_words.c says how it ended.
 */
#ifndef RINGSIDE_MONITOR_DRIVE_INSIDE_H
#define RINGSIDE_MONITOR_DRIVE_INSIDE_H

#include "monitor/arm.h"
#include "monitor/drive.h"

#include "debug/instruction.h"

/* What happens in one drive. */
struct drive {
    struct debugger *d;
    struct arm_plan plan;
    uint64_t steps_left; /* 0: no limit, the guest runs */
    bool counts;         /* steps_left is a limit */
    bool looks;          /* a step may meet a stop */
    bool off;            /* the next turn steps off the present instruction */
    bool blind;          /* this host cannot step here: runs free to the next event */
    bool had_event;      /* when the step began there had been an event … */
    uint64_t event_seq;  /* … and this was the last one's number */
    struct instruction insn;
};

/* Whether the instruction about to be stepped must be decoded into v->insn for drive_step_met. */
bool drive_decodes(const struct drive *v);
/* Has the step that was just made, from d->was to d->now, met a stop? */
bool drive_step_met(struct drive *v);

/* Lets the guest run: `steps` instructions, 0 for no limit. */
NODISCARD int drive(struct debugger *d, uint64_t steps, struct err *e);

/* Fills d->stop after a drive of which `steps` instructions were steps. */
void drive_sentence(struct debugger *d, enum drive_end end, uint64_t steps);

/* Is the guest in the middle of a REP string instruction that the last step was a turn of? */
bool drive_within_rep(const struct drive *v);

#endif
