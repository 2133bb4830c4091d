/*
 * Reading a trace for its report: once for the numbers that `trace stat` prints too, and once more for what
 * they do not have: when things happened, in which mode, which exits were slowest, and the marks.  Memory is
 * bounded whatever the trace holds.
 */
#include "traces/report.h"

#include "traces/filter.h"

#include <string.h>

/* The kinds with most exits get a colour of their own in the chart over time. */
static void choose_kinds(struct report *r)
{
    bool taken[EVENT_KIND_MAX] = {false};
    while (r->kind_count < REPORT_KINDS) {
        int best = -1;
        for (int k = 0; k < EVENT_KIND_MAX; k++)
            if (event_kind_is_exit((unsigned)k) && !taken[k] && r->stats.kind[k].count &&
                (best < 0 || r->stats.kind[k].count > r->stats.kind[best].count))
                best = k;
        if (best < 0)
            return;
        taken[best] = true;
        r->kind[r->kind_count++] = (unsigned)best;
    }
}

static size_t kind_row(const struct report *r, unsigned kind)
{
    size_t row = 0;
    while (row < r->kind_count && r->kind[row] != kind)
        row++;
    return row < r->kind_count ? row : REPORT_KINDS;
}

static uint64_t since(uint64_t ns, uint64_t start)
{
    return ns > start ? ns - start : 0;
}

static uint64_t after(uint64_t ns, uint32_t more)
{
    return ns > UINT64_MAX - more ? UINT64_MAX : ns + more;
}

/* From the end of the vCPU's last exit to the end of this one it was in the mode that this event tells. */
static void see_mode(struct report *r, const struct event *ev)
{
    if (ev->vcpu >= REPORT_VCPUS) {
        r->other_vcpus++;
        return;
    }
    struct report_vcpu *v = &r->vcpu[ev->vcpu];
    uint64_t end = after(ev->time_ns, ev->host_ns);
    unsigned mode = ev->flags & EVENT_NO_CPU ? v->mode : event_mode(ev);
    if (!v->seen) {
        *v = (struct report_vcpu){.seen = true, .left_ns = r->start_ns, .mode = CPU_MODES};
        v->time.width = v->by_exit.width = 1;
        mode = ev->flags & EVENT_NO_CPU ? CPU_MODES : mode;
    }
    v->changes += v->mode != CPU_MODES && mode != v->mode;
    v->mode = mode;
    if (end > v->left_ns) {
        series_span(&v->time, mode, since(v->left_ns, r->start_ns), since(end, r->start_ns));
        v->left_ns = end;
    }
    series_add(&v->by_exit, mode, r->counted, 1);
}

static void see_slow(struct report *r, const struct event *ev)
{
    size_t at = r->slow_count;
    while (at > 0 && r->slow[at - 1].host_ns < ev->host_ns)
        at--;
    if (at == REPORT_SLOW)
        return;
    size_t kept = r->slow_count < REPORT_SLOW ? r->slow_count : REPORT_SLOW - 1;
    memmove(&r->slow[at + 1], &r->slow[at], (kept - at) * sizeof r->slow[0]);
    r->slow[at] = *ev;
    r->slow_count = kept + 1;
}

static int see(void *ctx, const struct event *ev, struct err *e)
{
    struct report *r = ctx;
    (void)e;
    r->events++;
    if (ev->kind == EVENT_MARK) {
        if (r->mark_count < REPORT_MARKS)
            r->mark[r->mark_count] = *ev;
        r->mark_count++;
    }
    if (!event_kind_is_exit(ev->kind))
        return 0;
    see_mode(r, ev);
    see_slow(r, ev);
    series_add(&r->exits, kind_row(r, ev->kind), since(ev->time_ns, r->start_ns), 1);
    r->counted++;
    return 0;
}

int report_collect(struct report *r, struct err *e)
{
    r->info = trace_reader_info(r->reader);
    r->exits.width = 1;
    if (stats_collect(&r->stats, r->reader, r->filter, REPORT_PLACES, e))
        return -1;
    choose_kinds(r);
    /* Only a part of the trace begins at its first event; the whole begins with the run. */
    r->start_ns = r->filter->from_seq ? r->stats.first_ns : 0;
    if (trace_scan(r->reader, r->filter, see, r, e))
        return -1;
    trace_reader_state(r->reader, &r->state);
    r->tables = trace_reader_tables_count(r->reader);
    return 0;
}

void report_free(struct report *r)
{
    stats_free(&r->stats);
}
