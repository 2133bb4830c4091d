/*
 * The header chunk and the footer chunk as bytes: what is known before the first event, and what is known
 * after the last.  Both are made of fields (fields.h).
 */
#ifndef RINGSIDE_TRACES_HEADER_H
#define RINGSIDE_TRACES_HEADER_H

#include "traces/fields.h"
#include "traces/trace.h"

/* Appends the header's fields. -1 when it would be too large for a chunk, or memory ran out. */
NODISCARD int header_put(const struct trace_info *info, struct text *out, struct err *e);

/* Reads them, with all strings and tables in `pool`. Every device index in the ranges is then valid. */
NODISCARD int header_get(struct trace_info *info, struct cursor in, struct pool *pool, struct err *e);

/* Where an event chunk is: the offset of its first byte, the sequence number due, time base and count as in
 * it. */
struct trace_index {
    uint64_t offset, seq, time_ns;
    uint32_t count;
};

/* All that a footer holds. */
struct foot {
    struct trace_end end;
    uint64_t events; /* in the whole file, marks included */
    const struct trace_index *index;
    size_t index_count;
};

/* Appends the footer's fields. */
NODISCARD int foot_put(const struct foot *foot, struct text *out, struct err *e);

NODISCARD int foot_get(struct foot *foot, struct cursor in, struct pool *pool, struct err *e);

#endif
