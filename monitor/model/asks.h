/*
 * Questions that views ask (command lines whose answers they show), and what was answered: a few slots of
 * struct snapshot_asks, where the oldest makes room.
 */
#ifndef RINGSIDE_MONITOR_MODEL_ASKS_H
#define RINGSIDE_MONITOR_MODEL_ASKS_H

#include "monitor/model/snapshot.h"

/* Was this answered at this stop? */
bool asks_know(const struct snapshot_asks *a, const char *question, uint64_t stop_serial);
/* Keeps a copy; without memory nothing is kept. */
void asks_keep(struct snapshot_asks *a, const char *question, const char *answer, uint64_t stop_serial);
void asks_fini(struct snapshot_asks *a);

#endif
