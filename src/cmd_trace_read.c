/*
 * `ringside trace show` and `check`: the events themselves, and whether the file is whole.
 */
#include "cmd_trace.h"

#include "traces/steps.h"

#include <string.h>

struct show_settings {
    struct trace_settings common;
    bool steps;
};

static int set_steps(void *settings, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    ((struct show_settings *)settings)->steps = true;
    return 0;
}

static const struct option_row show_rows[] = {
    TRACE_RANGE_ROWS,
    TRACE_KIND_ROW,
    {"--steps", NULL, "steps disassembled, with the registers that each changed", set_steps},
    {0}};

static int read_show(struct trace_reader *r, const struct trace_settings *s, struct err *e)
{
    const struct show_settings *own = (const struct show_settings *)s;
    return own->steps ? trace_show_steps(r, &s->filter, stdout, e) : trace_show(r, &s->filter, stdout, e);
}

const struct trace_command trace_command_show = {
    {"show", "FILE.rst", "prints events, a sentence a line", "", show_rows, trace_subcommand},
    "ringside trace show",
    sizeof(struct show_settings),
    1,
    1,
    read_show,
    NULL};

static int read_check(struct trace_reader *r, const struct trace_settings *s, struct err *e)
{
    (void)s;
    struct text t = {0};
    int rc = trace_check(r, &t, e);
    if (rc >= 0 && command_print(&t) != STATUS_OK)
        rc = STATUS_USAGE;
    text_fini(&t);
    return rc;
}

const struct trace_command trace_command_check = {
    {"check", "FILE.rst", "is the file whole? Says what is wrong and how much is readable",
     "Exit status: 0 whole, 1 damaged or cut, 126 not a trace at all.", NULL, trace_subcommand},
    "ringside trace check",
    sizeof(struct trace_settings),
    1,
    1,
    read_check,
    NULL};
