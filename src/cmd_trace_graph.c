/*
 * `ringside trace graph`: a trace as a picture, through Graphviz.
 */
#include "cmd_trace.h"

struct graph_settings {
    struct trace_settings common;
    enum graph_kind kind;
};

static int set_graph(void *settings, const char *value, struct err *e)
{
    int kind = graph_kind_find(value);
    if (kind < 0)
        return err_set(e, "unknown graph \"%s\": exits, boot or machine", value);
    ((struct graph_settings *)settings)->kind = (enum graph_kind)kind;
    return 0;
}

static const struct option_row graph_rows[] = {
    {"--kind", "KIND", "what to draw: exits (default), boot or machine", set_graph},
    {"-o", "FILE",
     "write here; the ending .dot, .svg, .png or .pdf names the format (default: DOT on stdout)",
     trace_set_output},
    TRACE_RANGE_ROWS,
    {0}};

static int read_graph(struct trace_reader *r, const struct trace_settings *s, struct err *e)
{
    const struct graph_settings *own = (const struct graph_settings *)s;
    return trace_graph(r, &s->filter, own->kind, s->output, stdout, e);
}

const struct trace_command trace_command_graph = {
    {"graph", "FILE.rst", "draws the trace through Graphviz",
     "exits: which exit follows which. boot: the path through the CPU's modes. machine: the PC and its "
     "traffic.",
     graph_rows, trace_subcommand},
    "ringside trace graph",
    sizeof(struct graph_settings),
    1,
    1,
    read_graph,
    NULL};
