/*
 * What just happened: the last instructions and the last events, in the order they came.
 */
#ifndef RINGSIDE_MONITOR_HISTORY_H
#define RINGSIDE_MONITOR_HISTORY_H

#include "base/ring.h"
#include "debug/disasm.h"
#include "event/event.h"

/* Appends the last `n` of both, the newest last: `steps` holds struct run_step_record (only instructions that
 * were single-stepped), `events` struct event. Either may be empty. */
void history_print(const struct ring *steps, const struct ring *events, const struct event_names *names,
                   const struct disasm_style *style, size_t n, struct text *out);

#endif
