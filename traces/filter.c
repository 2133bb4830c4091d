/*
 * Which events of a trace are wanted: see commands.h.  Every command that reads a trace takes the same
 * filter, so that what `show` lists is what `stat` counts and `graph` draws.
 */
#include "traces/filter.h"

#include "traces/reader.h"

#include <string.h>

static bool match(const struct trace_filter *f, const struct event_names *names, const struct event *ev,
                  const struct event_regs *regs)
{
    if (ev->seq < f->from_seq || (f->end_seq && ev->seq >= f->end_seq))
        return false;
    if (f->any_kind && !f->kind[ev->kind])
        return false;
    if (f->device && strcmp(f->device, event_device_name(names, ev)) != 0)
        return false;
    return !f->where || query_match_regs(f->where, names, ev, regs);
}

bool trace_filter_match(const struct trace_filter *f, const struct event_names *names, const struct event *ev)
{
    return match(f, names, ev, NULL);
}

bool trace_filter_passes(const struct trace_filter *f, const struct trace_reader *r, const struct event *ev)
{
    return match(f, &trace_reader_info(r)->names, ev, trace_reader_regs(r, NULL));
}

int trace_filter_begin(const struct trace_filter *f, struct trace_reader *r, struct err *e)
{
    if (trace_filter_check(f, &trace_reader_info(r)->names, e))
        return -1;
    if (f->where && query_wants_regs(f->where) && trace_reader_want_regs(r, e))
        return -1;
    return trace_rewind(r, e);
}

int trace_filter_end(const struct trace_filter *f, const struct trace_reader *r, struct err *e)
{
    struct trace_state s;
    trace_reader_state(r, &s);
    if (!f->where || !query_wants_regs(f->where) || s.regs || !s.at_end || !s.events)
        return 0;
    return err_set(e,
                   "this trace has no registers, and `%s` asks for some: they are there after `ringside run "
                   "--trace-steps`",
                   query_source(f->where));
}

/* Number of letters to add, drop or change to make `b` from `a` (Levenshtein). Names here are short. */
static size_t edit_distance(const char *a, const char *b)
{
    enum { LETTERS_MAX = 31 };
    size_t row[LETTERS_MAX + 1], len = strlen(b);
    if (len > LETTERS_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= len; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= len; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
        }
    }
    return row[len];
}

int trace_filter_kind(struct trace_filter *f, const char *name, struct err *e)
{
    int kind = event_kind_find(name);
    if (kind >= 0) {
        f->kind[kind] = true;
        f->any_kind = true;
        return 0;
    }
    const struct event_kind_info *row, *nearest = event_kind_row(0);
    for (size_t i = 1; (row = event_kind_row(i)); i++)
        if (edit_distance(name, row->name) < edit_distance(name, nearest->name))
            nearest = row;
    return err_set(e, "no kind of event is called `%.40s`; the nearest is `%s`", name, nearest->name);
}

int trace_filter_check(const struct trace_filter *f, const struct event_names *names, struct err *e)
{
    if (f->where && query_check_names(f->where, names, e))
        return err_wrap(e, "--where");
    if (!f->device)
        return 0;
    struct text known = {0};
    bool found = false;
    for (size_t i = 1; i < names->device_count; i++) {
        found |= !strcmp(f->device, names->devices[i].name);
        text_addf(&known, " %s", names->devices[i].name);
    }
    if (!found)
        err_set(e, "no device is called `%.40s` in this trace; it has:%s", f->device,
                known.len ? text_str(&known) : " none");
    text_fini(&known);
    return found ? 0 : -1;
}

/* A scan, and how far it has got. */
struct scan {
    int (*see)(void *ctx, const struct event *ev, struct err *e);
    void *ctx;
    uint64_t passed, seen; /* events that passed the filter since the reader began; those seen in all */
    bool doubts;           /* the filter's question is about registers, and they may be in doubt */
};

/* 1: an event is in doubt, and nothing behind those seen has been decided. */
static int scan_on(struct trace_reader *r, const struct trace_filter *f, struct scan *s, struct err *e)
{
    struct event ev;
    int more = 0;
    while ((!f->limit || s->passed < f->limit) && (more = trace_next(r, &ev, e)) > 0) {
        if (s->doubts && ev.seq >= f->from_seq && !reader_is_sure(r))
            return 1;
        if (!trace_filter_passes(f, r, &ev) || s->passed++ < s->seen)
            continue;
        s->seen++;
        if (s->see(s->ctx, &ev, e))
            return -1;
    }
    return more < 0 ? -1 : 0;
}

/* Were there no registers since a place in the midst of the trace? That says nothing about all of it. */
static bool scan_met_none(const struct trace_reader *r)
{
    struct trace_state state;
    trace_reader_state(r, &state);
    return state.at_end && !state.regs;
}

int trace_scan(struct trace_reader *r, const struct trace_filter *f,
               int (*see)(void *ctx, const struct event *ev, struct err *e), void *ctx, struct err *e)
{
    struct scan s = {.see = see, .ctx = ctx};
    if (trace_filter_begin(f, r, e) || scan_on(r, f, &s, e))
        return -1;
    return trace_filter_end(f, r, e);
}

int trace_scan_near(struct trace_reader *r, const struct trace_filter *f,
                    int (*see)(void *ctx, const struct event *ev, struct err *e), void *ctx, struct err *e)
{
    struct scan s = {.see = see, .ctx = ctx, .doubts = f->where && query_wants_regs(f->where)};
    int went, again;
    if (!f->from_seq)
        return trace_scan(r, f, see, ctx, e);
    if (trace_filter_begin(f, r, e) || (went = reader_seek(r, f->from_seq, e)) < 0)
        return -1;
    again = scan_on(r, f, &s, e);
    if (again == 0 && went && s.doubts)
        again = scan_met_none(r);
    if (again > 0) {
        s.passed = 0;
        s.doubts = false;
        again = trace_rewind(r, e) ? -1 : scan_on(r, f, &s, e);
    }
    return again < 0 ? -1 : trace_filter_end(f, r, e);
}
