/*
 * `ringside trace stat`: how often, how long, where.
 */
#include "cmd_trace.h"

struct stat_settings {
    struct trace_settings common;
    uint64_t top;
};

static int set_top(void *settings, const char *value, struct err *e)
{
    return option_number(value, 1, 100000, &((struct stat_settings *)settings)->top, e);
}

static const struct option_row stat_rows[] = {TRACE_RANGE_ROWS,
                                              TRACE_KIND_ROW,
                                              {"--top", "N", "rows a table (default 10)", set_top},
                                              {"--json", NULL, "as one JSON object", trace_set_json},
                                              {0}};

static int read_stat(struct trace_reader *r, const struct trace_settings *s, struct err *e)
{
    const struct stat_settings *own = (const struct stat_settings *)s;
    struct text t = {0};
    int rc = trace_stat(r, &s->filter, (unsigned)own->top, s->json, &t, e);
    if (rc == 0)
        rc = command_print(&t);
    text_fini(&t);
    return rc;
}

const struct trace_command trace_command_stat = {
    {"stat", "FILE.rst", "counts and times by kind, device, mode and place", "", stat_rows, trace_subcommand},
    "ringside trace stat",
    sizeof(struct stat_settings),
    1,
    1,
    read_stat,
    NULL};
