/*
 * The inside of driving: drive.c is the loop, drive_to.c runs to a place, drive_words.c says how it ended.
 */
#ifndef RINGSIDE_MONITOR_DRIVE_INSIDE_H
#define RINGSIDE_MONITOR_DRIVE_INSIDE_H

#include "monitor/drive.h"

/* Lets the guest run: `steps` instructions, 0 for no limit. */
NODISCARD int drive(struct debugger *d, uint64_t steps, struct err *e);

/* Fills d->stop after a drive of which `steps` instructions were steps. */
void drive_sentence(struct debugger *d, enum drive_end end, uint64_t steps);

#endif
