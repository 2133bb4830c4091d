/*
 * A file that grows while it is read: the run is still being recorded.  Its end is then no end, as long as
 * nothing but bytes is missing; what was there once must stay.
 */
#include "traces/reader_inside.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>

enum trace_growth trace_continue(struct trace_reader *r, struct err *e)
{
    struct stat st;
    if (!r->at_end)
        return TRACE_GREW;
    if (!r->may_grow)
        return TRACE_ENDED;
    if (fstat(r->fd, &st) < 0) {
        err_sys(e, errno, "look at the file");
        return TRACE_LOST;
    }
    uint64_t len = (uint64_t)st.st_size;
    if (len < r->in.offset) {
        err_set(e, "the file was cut from %" PRIu64 " to %" PRIu64 " bytes while it was read", r->in.offset,
                len);
        return TRACE_LOST;
    }
    bool same = len == r->in.offset || len == r->seen_len;
    r->seen_len = len;
    if (same)
        return TRACE_WAITS;
    r->at_end = r->may_grow = false;
    return TRACE_GREW;
}
