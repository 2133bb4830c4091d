/*
 * `ringside trace report`: a trace as one page.
 */
#include "cmd_trace.h"
#include "desktop.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct report_settings {
    struct trace_settings common;
    bool open;
};

static int set_open(void *settings, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    ((struct report_settings *)settings)->open = true;
    return 0;
}

static const struct option_row report_rows[] = {
    {"-o", "FILE", "write the page here (needed, unless the output is a pipe or a file)", trace_set_output},
    {"--open", NULL, "show it in the desktop's browser", set_open},
    TRACE_RANGE_ROWS,
    TRACE_KIND_ROW,
    {0}};

static int read_report(struct trace_reader *r, const struct trace_settings *s, struct err *e)
{
    bool open = ((const struct report_settings *)s)->open;
    bool named = s->output && strcmp(s->output, "-") != 0;
    struct err why;
    if (!named && open)
        return err_set(e, "trace report: --open needs a file: give -o FILE.html");
    if (!s->output && isatty(STDOUT_FILENO))
        return err_set(e, "trace report: a page is not for a terminal: give -o FILE.html");
    int rc = trace_report(r, &s->filter, s->output, stdout, e);
    /* The page is there; that nobody can look at it here is worth a line, but no failure. */
    if (rc == 0 && open && desktop_open(s->output, &why))
        command_fail(STATUS_OK, &why);
    return rc;
}

const struct trace_command trace_command_report = {
    {"report", "FILE.rst", "makes one page of all that a trace tells: tables, charts, pictures",
     "The page is one HTML file that needs no net and works from file://; --where and the like make a page "
     "about "
     "those events only.",
     report_rows, trace_subcommand},
    "ringside trace report",
    sizeof(struct report_settings),
    1,
    1,
    read_report,
    NULL};
