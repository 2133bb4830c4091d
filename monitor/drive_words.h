/*
 * How the guest came to stand, in words.
 */
#ifndef RINGSIDE_MONITOR_DRIVE_WORDS_H
#define RINGSIDE_MONITOR_DRIVE_WORDS_H

#include "monitor/drive.h"

/* Fills d->stop after a drive of which `steps` instructions were steps. */
void drive_sentence(struct debugger *d, enum drive_end end, uint64_t steps);

#endif
