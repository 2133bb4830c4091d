/*
 * `trace show`: a line an event, for reading.  In front of the sentence stand the sequence number, the time
 * in seconds since the run began, the CPU's mode and the instruction pointer (an offset in CS; a `+` behind
 * it says that only the next instruction's address was known).
 */
#include "traces/filter.h"

#include <errno.h>
#include <inttypes.h>

struct show {
    const struct event_names *names;
    struct text line;
    FILE *out;
};

static void show_place(const struct event *ev, struct text *line)
{
    if (ev->flags & EVENT_NO_CPU) {
        text_addf(line, "%-9s  %-18s", "-", "-");
        return;
    }
    char rip[24];
    snprintf(rip, sizeof rip, "0x%" PRIx64 "%s", ev->rip, ev->flags & EVENT_RIP_NEXT ? "+" : "");
    text_addf(line, "%-9s  %-18s", cpu_mode_name(event_mode(ev)), rip);
}

void trace_event_line(const struct event *ev, const struct event_names *names, struct text *out)
{
    text_addf(out, "%7" PRIu64 "  %4" PRIu64 ".%06u  ", ev->seq, ev->time_ns / 1000000000,
              (unsigned)(ev->time_ns % 1000000000 / 1000));
    show_place(ev, out);
    text_add(out, "  ");
    event_sentence(ev, names, out);
    text_addc(out, '\n');
}

static int show_event(void *ctx, const struct event *ev, struct err *e)
{
    struct show *s = ctx;
    text_clear(&s->line);
    trace_event_line(ev, s->names, &s->line);
    if (s->line.failed)
        return err_sys(e, ENOMEM, "a line");
    return fwrite(s->line.buf, 1, s->line.len, s->out) == s->line.len
               ? 0
               : err_sys(e, errno, "writing the answer");
}

int trace_show(struct trace_reader *r, const struct trace_filter *f, FILE *out, struct err *e)
{
    struct show s = {.names = &trace_reader_info(r)->names, .out = out};
    int result = trace_scan_near(r, f, show_event, &s, e);
    text_fini(&s.line);
    if (result == 0 && fflush(out) != 0)
        result = err_sys(e, errno, "writing the answer");
    return result;
}
