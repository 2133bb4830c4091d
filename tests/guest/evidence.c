/*
 * A trace as evidence: see evidence.h.
 */
#include "evidence.h"

#include "event/event.h"
#include "proc.h"
#include "traces/trace.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool host_own(const struct event *ev)
{
    return ev->kind == EVENT_ASSIST || ev->kind == EVENT_IRQ_WINDOW || ev->kind == EVENT_INTR;
}

/* True for a byte sent as text: to the serial port's transmitter, or to the debug console. */
static bool text_byte(const struct event *ev, const struct event_names *names)
{
    return ev->kind == EVENT_IO && ev->dir == DIR_OUT && ev->size == 1 && !(ev->flags & EVENT_STRING) &&
           (!strcmp(event_reg_name(names, ev), "THR") || !strcmp(event_device_name(names, ev), "debugcon"));
}

static void line_byte(struct text *out, uint8_t byte)
{
    if (byte == '\n')
        text_add(out, "\\n");
    else if (byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\')
        text_addc(out, (char)byte);
    else
        text_addf(out, "\\x%02x", byte);
}

static void line_add(const struct event *ev, const struct event *before, const struct event_names *names,
                     bool fold, struct text *out)
{
    bool folds = fold && text_byte(ev, names);
    if (folds && before && text_byte(before, names) && before->addr == ev->addr &&
        before->mode_cpl == ev->mode_cpl) {
        out->len -= 2; /* the quote and the line's end */
        out->buf[out->len] = '\0';
    } else {
        bool lost = (ev->flags & EVENT_NO_CPU) ||
                    ev->kind == EVENT_SHUTDOWN; /* some hosts have reset the CPU by then */
        text_addf(out, "%s ", lost ? "-" : cpu_mode_name(event_mode(ev)));
        if (folds)
            text_addf(out, "%s.%s ← \"", event_device_name(names, ev), event_reg_name(names, ev));
        else
            event_sentence(ev, names, out);
    }
    if (folds) {
        line_byte(out, (uint8_t)ev->value);
        text_addc(out, '"');
    }
    text_addc(out, '\n');
}

int evidence_lines(const char *trace, bool fold, struct text *out, struct err *e)
{
    struct trace_reader *r = trace_open(trace, e);
    struct event ev, before;
    bool first = true;
    int rc;
    if (!r)
        return -1;
    while ((rc = trace_next(r, &ev, e)) > 0) {
        if (host_own(&ev))
            continue;
        line_add(&ev, first ? NULL : &before, &trace_reader_info(r)->names, fold, out);
        before = ev;
        first = false;
    }
    trace_reader_close(r);
    return rc;
}

static struct event without_times(struct event ev)
{
    ev.time_ns = 0;
    ev.guest_ns = ev.host_ns = 0;
    return ev;
}

static void event_print(const char *title, const struct event *ev, const struct event_names *names)
{
    struct text t = {0};
    event_sentence(ev, names, &t);
    printf("  %s %s rip %04x:%" PRIx64 " flags %02x  %s\n", title, cpu_mode_name(event_mode(ev)), ev->cs,
           ev->rip, ev->flags, text_str(&t));
    text_fini(&t);
}

/* Walks both; prints what is not the same. */
static bool readers_same(struct trace_reader *r, struct trace_reader *s, struct err *e)
{
    for (;;) {
        struct event a, b;
        int more_a = trace_next(r, &a, e), more_b = trace_next(s, &b, e);
        if (more_a < 0 || more_b < 0)
            return false;
        if (!more_a && !more_b)
            return true;
        if (!more_a || !more_b) {
            printf("a second run has %s events\n", more_a ? "fewer" : "more");
            event_print(more_a ? "only in the first: " : "only in the second:", more_a ? &a : &b,
                        &trace_reader_info(more_a ? r : s)->names);
            return false;
        }
        a = without_times(a);
        b = without_times(b);
        if (memcmp(&a, &b, sizeof a) != 0) {
            printf("a second run is different at event %" PRIu64 "\n", a.seq);
            event_print("first: ", &a, &trace_reader_info(r)->names);
            event_print("second:", &b, &trace_reader_info(s)->names);
            return false;
        }
    }
}

bool evidence_same(const char *trace, const char *again)
{
    struct err e = {0};
    struct trace_reader *r = trace_open(trace, &e), *s = r ? trace_open(again, &e) : NULL;
    bool same = r && s && readers_same(r, s, &e);
    if (e.text[0])
        printf("%s\n", e.text);
    if (r)
        trace_reader_close(r);
    if (s)
        trace_reader_close(s);
    return same;
}

/* What the summary must hold, from the events and the footer. */
static int summary_expected(struct trace_reader *r, struct text *kinds, struct text *numbers, struct err *e)
{
    uint64_t by_kind[EVENT_KIND_MAX] = {0}, events = 0, exits = 0;
    struct trace_state state;
    struct event ev;
    int rc;
    while ((rc = trace_next(r, &ev, e)) > 0) {
        if (ev.seq != events)
            return err_set(e, "event %" PRIu64 " has number %" PRIu64, events, ev.seq);
        by_kind[ev.kind]++;
        events++;
        exits += event_kind_is_exit(ev.kind);
    }
    trace_reader_state(r, &state);
    if (rc < 0 || !state.end)
        return rc < 0 ? rc : err_set(e, "the trace has no footer");
    text_add(kinds, "\"by_kind\":{");
    for (unsigned kind = 0, n = 0; kind < EVENT_KIND_MAX; kind++)
        if (by_kind[kind])
            text_addf(kinds, "%s\"%s\":%" PRIu64, n++ ? "," : "", event_kind_info(kind)->name, by_kind[kind]);
    text_add(kinds, "}");
    text_addf(numbers, "{\"status\":\"%s\",\"exit_code\":%d,\"exits\":%" PRIu64 ",\"steps\":%" PRIu64 ",",
              state.end->status, state.end->exit_code, exits, state.end->steps);
    text_addf(kinds, ",\"mode\":\"%s\",\"rip\":\"0x%" PRIx64 "\"", cpu_mode_name(state.end->mode),
              state.end->rip);
    return 0;
}

bool evidence_agrees(const char *trace, const char *json)
{
    struct err e = {0};
    struct text kinds = {0}, numbers = {0};
    struct trace_reader *r = trace_open(trace, &e);
    bool read = r && summary_expected(r, &kinds, &numbers, &e) == 0;
    bool agrees =
        read && strstr(json, text_str(&kinds)) && strncmp(json, text_str(&numbers), numbers.len) == 0;
    if (!read)
        printf("%s\n", e.text);
    else if (!agrees)
        printf("run --json does not say what the trace does\n  trace: %s ... %s\n  json:  %s\n",
               text_str(&numbers), text_str(&kinds), json);
    if (r)
        trace_reader_close(r);
    text_fini(&kinds);
    text_fini(&numbers);
    return agrees;
}

bool evidence_checked(const char *ringside, const char *trace, bool cut)
{
    struct err e;
    char *argv[] = {(char *)ringside, "trace", "check", (char *)trace, NULL};
    struct proc p = {.argv = argv};
    bool good = false;
    if (proc_run(&p, &e) < 0)
        printf("%s\n", e.text);
    else
        good = cut ? p.status == 1 && strstr(text_str(&p.out), "no footer")
                   : p.status == 0 && strstr(text_str(&p.out), "whole");
    if (!good)
        printf("trace check does not find it %s (status %d)\n%s%s", cut ? "cut" : "whole", p.status,
               text_str(&p.out), text_str(&p.err));
    proc_fini(&p);
    return good;
}
