/*
 * `ringside trace tail`: the last events, and with -f those that come while the guest runs.
 */
#include "cmd_trace.h"

#include "follow.h"

#include <stdio.h>

struct tail_settings {
    struct trace_settings common;
    uint64_t count;
    bool count_given, follow;
};

static int set_count(void *settings, const char *value, struct err *e)
{
    struct tail_settings *s = settings;
    s->count_given = true;
    return option_number(value, 0, TAIL_MAX, &s->count, e);
}

static int set_follow(void *settings, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    ((struct tail_settings *)settings)->follow = true;
    return 0;
}

static const struct option_row tail_rows[] = {
    {"-f", NULL, "then wait for more, until the run ends", set_follow},
    {"-n", "N", "how many of the last events (default 10)", set_count},
    TRACE_CHOICE_ROWS,
    TRACE_KIND_ROW,
    {0}};

/* The run's own last word, for somebody who watched it. */
static void say_end(const struct trace_reader *r, const char *path)
{
    struct trace_state state;
    struct err e;
    trace_reader_state(r, &state);
    if (!state.whole || !state.end)
        return;
    err_set(&e, "%s: the run ended: %s%s%s", path, state.end->status, *state.end->reason ? ": " : "",
            state.end->reason);
    command_fail(STATUS_OK, &e);
}

static int tail_follow(struct trace_reader *r, struct follow *f, const struct tail_settings *s, struct err *e)
{
    for (;;) {
        switch (trace_tail_more(r, &s->common.filter, stdout, e)) {
        case TRACE_GREW:
            break;
        case TRACE_WAITS:
            if (follow_check(f, e))
                return -1;
            if (follow_wait(f, e))
                return e->text[0] ? -1 : STATUS_OK;
            break;
        case TRACE_ENDED:
            say_end(r, f->path);
            return STATUS_OK;
        case TRACE_LOST:
            return -1;
        }
    }
}

static int tail_file(struct follow *f, const struct tail_settings *s, struct err *e)
{
    struct trace_reader *r = trace_open(f->path, e);
    if (!r)
        return -1;
    int status = trace_tail(r, &s->common.filter, s->count_given ? s->count : 10, stdout, e);
    if (status == 0 && s->follow)
        status = tail_follow(r, f, s, e);
    if (status < 0)
        err_wrap(e, "%s", f->path);
    else
        trace_warn_incomplete(r, f->path);
    trace_reader_close(r);
    return status;
}

static int tail_words(const struct positionals *words, const struct trace_settings *settings, struct err *e)
{
    struct follow f;
    if (follow_init(&f, words->word[0], e))
        return -1;
    int status = tail_file(&f, (const struct tail_settings *)settings, e);
    follow_fini(&f);
    return status;
}

const struct trace_command trace_command_tail = {
    {"tail", "FILE.rst", "the last events; with -f also those that come while the guest runs",
     "With -f it ends when the run does, when the file is removed, replaced or cut shorter, or with Ctrl-C.",
     tail_rows, trace_subcommand},
    "ringside trace tail",
    sizeof(struct tail_settings),
    1,
    1,
    NULL,
    tail_words};
