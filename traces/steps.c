/*
 * `trace show --steps` and `trace find`: steps as lines, all or those at which something became so.
 */
#include "traces/steps.h"

#include "traces/filter.h"
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
    return show_end(&s, trace_scan(r, f, show_event, &s, e), e);
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

static int find_events(struct trace_reader *r, const struct trace_find *f, struct show *s, uint64_t *n,
                       struct err *e)
{
    const struct event_names *names = &trace_reader_info(r)->names;
    bool wants = query_wants_regs(f->query), was = false;
    struct event ev;
    int more = 0;
    while ((!f->limit || *n < f->limit) && (more = trace_next(r, &ev, e)) > 0) {
        const struct event_regs *regs = trace_reader_regs(r, NULL);
        if (wants && !regs)
            continue;
        bool is = query_match_regs(f->query, names, &ev, regs);
        if (is && (f->all || !was) && within(f, &ev)) {
            (*n)++;
            if (found(f, s, &ev, e))
                return -1;
        }
        was = is;
    }
    return more < 0 ? -1 : 0;
}

int trace_find(struct trace_reader *r, const struct trace_find *f, FILE *out, struct err *e)
{
    struct show s = {.reader = r, .out = out};
    const struct trace_filter question = {.where = f->query};
    uint64_t n = 0;
    if (query_check_names(f->query, &trace_reader_info(r)->names, e) || trace_reader_want_regs(r, e) ||
        trace_rewind(r, e))
        return -1;
    int result = find_events(r, f, &s, &n, e);
    if (result == 0)
        result = trace_filter_end(&question, r, e);
    return show_end(&s, result ? result : n == 0, e);
}
