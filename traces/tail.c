/*
 * `trace tail`: the last events of a trace, and then those that come.  The end of a trace can only be reached
 * from its beginning (an event is coded as what is different from the one before), so all of it is read and
 * the last events are kept in a ring.
 */
#include "traces/filter.h"

#include <errno.h>
#include <stdlib.h>

struct ring {
    struct event *ev;
    size_t cap, count; /* count: of all that were put in */
};

static int ring_put(void *ctx, const struct event *ev, struct err *e)
{
    struct ring *g = ctx;
    (void)e;
    if (g->cap)
        g->ev[g->count % g->cap] = *ev;
    g->count++;
    return 0;
}

static int line_write(const struct event *ev, const struct event_names *names, struct text *line, FILE *out,
                      struct err *e)
{
    text_clear(line);
    trace_event_line(ev, names, line);
    if (line->failed)
        return err_sys(e, ENOMEM, "a line");
    return fwrite(line->buf, 1, line->len, out) == line->len ? 0 : err_sys(e, errno, "writing the answer");
}

int trace_tail(struct trace_reader *r, const struct trace_filter *f, size_t n, FILE *out, struct err *e)
{
    struct ring g = {.cap = n < TAIL_MAX ? n : TAIL_MAX};
    struct text line = {0};
    if (!(g.ev = calloc(g.cap + 1, sizeof *g.ev)))
        return err_sys(e, ENOMEM, "%zu events", g.cap);
    int rc = trace_scan(r, f, ring_put, &g, e);
    size_t kept = g.count < g.cap ? g.count : g.cap;
    for (size_t i = g.count - kept; rc == 0 && i < g.count; i++)
        rc = line_write(&g.ev[i % g.cap], &trace_reader_info(r)->names, &line, out, e);
    if (rc == 0 && fflush(out) != 0)
        rc = err_sys(e, errno, "writing the answer");
    text_fini(&line);
    free(g.ev);
    return rc;
}

enum trace_growth trace_tail_more(struct trace_reader *r, const struct trace_filter *f, FILE *out,
                                  struct err *e)
{
    const struct event_names *names = &trace_reader_info(r)->names;
    struct text line = {0};
    struct event ev;
    int more = 0;
    enum trace_growth growth = trace_continue(r, e);
    while (growth == TRACE_GREW && (more = trace_next(r, &ev, e)) > 0)
        if (trace_filter_match(f, names, &ev) && line_write(&ev, names, &line, out, e))
            growth = TRACE_LOST;
    if (more < 0)
        growth = TRACE_LOST;
    if (growth != TRACE_LOST && fflush(out) != 0) {
        err_sys(e, errno, "writing the answer");
        growth = TRACE_LOST;
    }
    text_fini(&line);
    return growth;
}
