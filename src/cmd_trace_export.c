/*
 * `ringside trace export`: a trace in the forms that other programs read.
 */
#include "cmd_trace.h"

struct export_settings {
    struct trace_settings common;
    struct export_choice choice;
};

static int set_format(void *settings, const char *value, struct err *e)
{
    ((struct export_settings *)settings)->choice.format = value;
    return trace_export_format(value, e) < 0 ? -1 : 0;
}

static int set_force(void *settings, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    ((struct export_settings *)settings)->choice.force = true;
    return 0;
}

#define FORMAT_HELP(name, summary) #name ": " summary "; "

static const struct option_row export_rows[] = {
    {"--format", "FORMAT", EXPORT_FORMATS(FORMAT_HELP) "the first when none is named", set_format},
    {"-o", "FILE", "write here instead of standard output; an export that fails leaves no file",
     trace_set_output},
    {"--force", NULL, "sqlite: overwrite a file that is no such database, too (never a trace)", set_force},
    TRACE_RANGE_ROWS,
    TRACE_KIND_ROW,
    {0}};

static int read_export(struct trace_reader *r, const struct trace_settings *s, struct err *e)
{
    struct export_choice choice = ((const struct export_settings *)s)->choice;
    choice.path = s->output;
    return trace_export(r, &s->filter, &choice, stdout, e);
}

const struct trace_command trace_command_export = {
    {"export", "FILE.rst", "prints events for other programs: JSON, CSV, SQLite, Perfetto, DOT",
     "docs/traces.md has the keys, the database's schema with example queries, and what the tracks are.",
     export_rows, trace_subcommand},
    "ringside trace export",
    sizeof(struct export_settings),
    1,
    1,
    read_export,
    NULL};
