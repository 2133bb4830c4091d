/*
 * `ringside trace merge`: several traces as one, on one clock.  Each trace counts its time from its own
 * start, and says when that was; the merged one counts from the earliest. Its events are renumbered, its
 * vCPUs and devices are told apart, and marks at its beginning say what came from where.
 *
 * Two cases are known by the traces themselves. Parts of one machine (the same guest and devices, and no vCPU
 * in two of them) are put together as they are. Several machines get their vCPUs renumbered and a letter
 * before each device: a.uart, b.uart.
 */
#ifndef RINGSIDE_TRACES_MERGE_H
#define RINGSIDE_TRACES_MERGE_H

#include "base/text.h"
#include "traces/trace.h"

enum { MERGE_MAX = 26 };

/* Merges `n` open traces (2 to MERGE_MAX), whose names are `paths`, into the new file `out_path`, which must
 * be none of them. Appends to `said` what was done, a line an input. On an error the new file is removed. */
NODISCARD int trace_merge(struct trace_reader *const *readers, const char *const *paths, size_t n,
                          const char *out_path, struct text *said, struct err *e);

#endif
