/*
 * `trace show --steps` and `trace find`: steps as lines, all or those at which something became so.
 */
#include "traces/steps.h"

#include "traces/filter.h"
#include "traces/reader.h"
#include "traces/step_line.h"

#include <errno.h>

struct show {
    const struct trace_reader *reader;
    struct text line;
    FILE *out;
    uint8_t mode_bits; /* mode and code size of the last step's line, plus 1 */
};

static int line_write(struct show *s, struct err *e)
{
    text_addc(&s->line, '\n');
    if (s->line.failed)
        return err_sys(e, ENOMEM, "a line");
    return fwrite(s->line.buf, 1, s->line.len, s->out) == s->line.len
               ? 0
               : err_sys(e, errno, "writing the answer");
}

/* A line of its own where the mode changes, since it changes what instructions mean. */
static int show_mode(struct show *s, const struct event *ev, struct err *e)
{
    uint8_t mode_bits = (uint8_t)((ev->mode_cpl & 0xf) + 1);
    if (ev->kind != EVENT_STEP || mode_bits == s->mode_bits)
        return 0;
    s->mode_bits = mode_bits;
    text_clear(&s->line);
    text_addf(&s->line, "         --- %s mode, %u-bit code ---", cpu_mode_name(event_mode(ev)),
              event_code_bits(ev));
    return line_write(s, e);
}

static int show_event(void *ctx, const struct event *ev, struct err *e)
{
    struct show *s = ctx;
    if (show_mode(s, ev, e))
        return -1;
    text_clear(&s->line);
    step_line(s->reader, ev, &s->line);
    return line_write(s, e);
}

static int show_end(struct show *s, int result, struct err *e)
{
    text_fini(&s->line);
    return result >= 0 && fflush(s->out) != 0 ? err_sys(e, errno, "writing the answer") : result;
}

int trace_show_steps(struct trace_reader *r, const struct trace_filter *f, FILE *out, struct err *e)
{
    struct show s = {.reader = r, .out = out};
    if (trace_reader_want_regs(r, e))
        return -1;
    return show_end(&s, trace_scan_near(r, f, show_event, &s, e), e);
}

static int found(const struct trace_find *f, struct show *s, const struct event *ev, struct err *e)
{
    uint32_t changed;
    const struct event_regs *regs = trace_reader_regs(s->reader, &changed);
    if (!f->json)
        return show_event(s, ev, e);
    text_clear(&s->line);
    trace_event_json_regs(ev, &trace_reader_info(s->reader)->names, regs, changed, &s->line);
    return line_write(s, e);
}

/* 1: to go on; 0: this event ends it. */
static bool within(const struct trace_find *f, const struct event *ev)
{
    return ev->seq >= f->from_seq && (!f->end_seq || ev->seq < f->end_seq);
}

/* How far the search has got. */
struct search {
    uint64_t n;     /* events found since the reader began */
    uint64_t shown; /* … and in all */
    bool was;       /* the answer for the event before */
    bool was_sure;  /* it is known: reading began at the first event, or there was one since */
};

/* 1: whether an event is one is in doubt, and nothing behind those shown has been decided. */
static int find_events(struct trace_reader *r, const struct trace_find *f, struct show *s, struct search *k,
                       struct err *e)
{
    const struct event_names *names = &trace_reader_info(r)->names;
    bool wants = query_wants_regs(f->query);
    struct event ev;
    int more = 0;
    while ((!f->limit || k->n < f->limit) && (more = trace_next(r, &ev, e)) > 0) {
        const struct event_regs *regs = trace_reader_regs(r, NULL);
        k->was_sure &= !wants || reader_is_sure(r);
        if (!k->was_sure && within(f, &ev))
            return 1;
        if (wants && !regs)
            continue;
        bool is = query_match_regs(f->query, names, &ev, regs);
        if (is && (f->all || !k->was) && within(f, &ev) && k->n++ >= k->shown) {
            k->shown++;
            if (found(f, s, &ev, e))
                return -1;
        }
        k->was = is;
        k->was_sure = true;
    }
    return more < 0 ? -1 : 0;
}

/* From near the first event that may be one; from the start when that leaves doubts. */
static int find_near(struct trace_reader *r, const struct trace_find *f, struct show *s, struct search *k,
                     struct err *e)
{
    struct trace_state state;
    int went = reader_seek(r, f->from_seq, e);
    k->was_sure = went == 0;
    int again = went < 0 ? -1 : find_events(r, f, s, k, e);
    trace_reader_state(r, &state);
    if (again == 0 && went && query_wants_regs(f->query))
        again = state.at_end && !state.regs; /* perhaps there are none at all */
    if (again <= 0)
        return again;
    *k = (struct search){.shown = k->shown, .was_sure = true};
    return trace_rewind(r, e) ? -1 : find_events(r, f, s, k, e);
}

int trace_find(struct trace_reader *r, const struct trace_find *f, FILE *out, struct err *e)
{
    struct show s = {.reader = r, .out = out};
    const struct trace_filter question = {.where = f->query};
    struct search k = {0};
    if (query_check_names(f->query, &trace_reader_info(r)->names, e) || trace_reader_want_regs(r, e))
        return -1;
    int result = find_near(r, f, &s, &k, e);
    if (result == 0)
        result = trace_filter_end(&question, r, e);
    return show_end(&s, result ? result : k.shown == 0, e);
}
