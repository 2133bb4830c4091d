/*
 * `ringside trace show` and `export`: the events themselves.
 */
#include "cmd_trace.h"

#include <string.h>

static const struct option_row show_rows[] = {TRACE_RANGE_ROWS, TRACE_KIND_ROW, {0}};

static int read_show(struct trace_reader *r, const struct trace_settings *s, struct err *e)
{
    return trace_show(r, &s->filter, stdout, e);
}

const struct trace_command trace_command_show = {
    {"show", "FILE.rst", "prints events, a sentence a line", "", show_rows, trace_subcommand},
    "ringside trace show",
    sizeof(struct trace_settings),
    1,
    1,
    read_show,
    NULL};

static int set_format(void *settings, const char *value, struct err *e)
{
    (void)settings;
    return strcmp(value, "jsonl") == 0 ? 0 : err_set(e, "unknown format \"%s\": jsonl", value);
}

static const struct option_row export_rows[] = {
    TRACE_RANGE_ROWS, TRACE_KIND_ROW, {"--format", "FORMAT", "jsonl: a JSON object a line", set_format}, {0}};

static int read_export(struct trace_reader *r, const struct trace_settings *s, struct err *e)
{
    return trace_export_jsonl(r, &s->filter, stdout, e);
}

const struct trace_command trace_command_export = {{"export", "FILE.rst",
                                                    "prints events for other programs, a JSON object a line",
                                                    "", export_rows, trace_subcommand},
                                                   "ringside trace export",
                                                   sizeof(struct trace_settings),
                                                   1,
                                                   1,
                                                   read_export,
                                                   NULL};
