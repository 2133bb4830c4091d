/*
 * Finding a trace's page tables, and `trace page`: the debugger's `page ADDR` and `mem` on a copy that the
 * trace holds.  Nothing of the page walk is here: the copy is made to look like a standing guest
 * (tables_view), and the functions that the prompt uses do the rest.
 */
#include "traces/tables.h"

#include "debug/pages.h"
#include "traces/commands.h"
#include "traces/reader.h"

#include <inttypes.h>

/* The vCPU of event `at`. Page tables are a vCPU's: another one goes by its own CR3. */
static int seek_vcpu(struct trace_reader *r, uint64_t at, unsigned *vcpu, struct err *e)
{
    struct event ev = {0};
    int more;
    if (reader_seek(r, at, e) < 0)
        return -1;
    while ((more = trace_next(r, &ev, e)) > 0 && ev.seq < at)
        continue;
    *vcpu = ev.vcpu;
    return more < 0 ? -1 : 0;
}

/* The changes that the first copy behind event `at` says were not copied. */
static int seek_missed(struct trace_reader *r, uint64_t at, uint64_t *missed, struct err *e)
{
    struct event ev;
    int more = 1;
    if (trace_rewind(r, e))
        return -1;
    while (more > 0) {
        more = trace_next(r, &ev, e);
        const struct trace_tables *t = trace_reader_tables(r);
        if (t && t->place.seq > at) {
            *missed = t->place.missed;
            return 0;
        }
    }
    return more;
}

int tables_seek(struct trace_reader *r, struct tables_wanted *w, uint64_t *missed, struct err *e)
{
    struct event ev;
    int more;
    *missed = 0;
    if (w->at_given && !w->vcpu_given && seek_vcpu(r, w->at, &w->vcpu, e))
        return -1;
    trace_reader_want_tables(r, w->vcpu);
    if ((w->at_given && seek_missed(r, w->at, missed, e)) || trace_rewind(r, e))
        return -1;
    while ((more = trace_next(r, &ev, e)) > 0)
        if (w->at_given && ev.seq >= w->at)
            break;
    return more < 0 ? -1 : 0;
}

void tables_when(const struct trace_tables *t, struct text *out)
{
    if (t->place.vcpu)
        text_addf(out, "of vCPU %u ", t->place.vcpu);
    if (t->place.at_end)
        text_add(out, "at the end of the run");
    else
        text_addf(out, "at event %" PRIu64, t->place.seq);
}

/* What a trace without the wanted tables has. */
struct none {
    bool wanted, other; /* tables of the vCPU that was asked for; those of another */
    uint64_t seq;       /* of the first of them */
    unsigned vcpu;
    bool paged; /* the guest was in a mode that needs paging */
};

static int none_look(struct trace_reader *r, const struct tables_wanted *w, struct none *n, struct err *e)
{
    struct event ev;
    int more = 1;
    trace_reader_want_tables(r, TRACE_ANY_VCPU);
    if (trace_rewind(r, e))
        return -1;
    while (more > 0 && !n->wanted) {
        more = trace_next(r, &ev, e);
        const struct trace_tables *t = trace_reader_tables(r);
        if (t && t->place.vcpu == w->vcpu) {
            n->wanted = true;
            n->seq = t->place.seq;
        } else if (t && !n->other) {
            n->other = true;
            n->vcpu = t->place.vcpu;
        }
        n->paged |= more > 0 && !(ev.flags & EVENT_NO_CPU) && event_mode(&ev) >= MODE_COMPAT;
    }
    return more < 0 ? -1 : 0;
}

int tables_say_none(struct trace_reader *r, const struct tables_wanted *w, struct text *out, struct err *e)
{
    struct none n = {0};
    if (none_look(r, w, &n, e))
        return -1;
    if (n.wanted)
        text_addf(out, "paging was off at event %" PRIu64 ": it came on at event %" PRIu64, w->at, n.seq);
    else if (n.other)
        text_addf(out, "the trace holds no page tables of vCPU %u, but some of vCPU %u: see --vcpu", w->vcpu,
                  n.vcpu);
    else if (n.paged)
        text_add(out,
                 "the trace holds no page tables, though the guest was in long mode, which needs paging: it "
                 "was written without them");
    else
        text_add(out, "the trace holds no page tables: the guest never switched paging on");
    return 0;
}

static void write_heading(const struct trace_tables *t, uint64_t missed, struct text *out)
{
    text_add(out, "page tables ");
    tables_when(t, out);
    text_addf(out, " (%zu table%s)\n", t->count, t->count == 1 ? "" : "s");
    if (missed)
        text_addf(out,
                  "page tables: %" PRIu64
                  " changes after that copy are not in the trace, so these may not be those "
                  "of the event any more\n",
                  missed);
    if (t->place.missed)
        text_addf(out, "page tables: %" PRIu64 " changes before that copy are not in the trace\n",
                  t->place.missed);
    if (t->truncated)
        text_add(
            out,
            "page tables: there were more than a trace keeps; under an entry whose table it does not have "
            "there seems to be no memory\n");
}

int trace_page(struct trace_reader *r, const uint64_t *gva, const struct tables_wanted *wanted,
               struct text *out, struct err *e)
{
    struct tables_wanted w = *wanted;
    struct tables_view view;
    uint64_t missed;
    if (tables_seek(r, &w, &missed, e))
        return -1;
    const struct trace_tables *t = trace_reader_tables(r);
    if (!t) {
        if (tables_say_none(r, &w, out, e))
            return -1;
        text_addc(out, '\n');
        return 0;
    }
    write_heading(t, missed, out);
    tables_view_init(&view, t);
    if (gva)
        pages_walk_write(&view.target, *gva, out);
    else
        pages_map_write(&view.target, NULL, out);
    return 0;
}
