/*
 * `ringside trace show`: the events themselves.
 */
#include "cmd_trace.h"

#include "traces/steps.h"

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
