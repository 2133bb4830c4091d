/*
 * `ringside trace graph`: a trace as a picture, through Graphviz.
 */
#include "cmd_trace.h"

struct graph_settings {
    struct trace_settings common;
    enum graph_kind kind;
    struct graph_choice choice;
};

static int set_graph(void *settings, const char *value, struct err *e)
{
    int kind = graph_kind_find(value);
    if (kind < 0)
        return err_set(e, "unknown graph \"%s\": exits, boot, machine, pages or walk", value);
    ((struct graph_settings *)settings)->kind = (enum graph_kind)kind;
    return 0;
}

static int set_at(void *settings, const char *value, struct err *e)
{
    struct graph_choice *c = &((struct graph_settings *)settings)->choice;
    c->at_given = true;
    return option_number(value, 0, UINT64_MAX, &c->at, e);
}

static int set_gva(void *settings, const char *value, struct err *e)
{
    struct graph_choice *c = &((struct graph_settings *)settings)->choice;
    c->gva_given = true;
    return option_number(value, 0, UINT64_MAX, &c->gva, e);
}

static int set_max_nodes(void *settings, const char *value, struct err *e)
{
    uint64_t n;
    if (option_number(value, 1, 1000, &n, e) < 0)
        return -1;
    ((struct graph_settings *)settings)->choice.max_nodes = (unsigned)n;
    return 0;
}

static const struct option_row graph_rows[] = {
    {"--kind", "KIND", "what to draw: exits (default), boot, machine, pages or walk", set_graph},
    {"--at", "SEQ", "pages, walk: the page tables as they stood at this event (default: the last)", set_at},
    {"--gva", "ADDR", "walk: the linear address", set_gva},
    {"--max-nodes", "N", "pages: at most N tables (default 40)", set_max_nodes},
    {"-o", "FILE",
     "write here; the ending .dot, .svg, .png or .pdf names the format (default: DOT on stdout)",
     trace_set_output},
    TRACE_RANGE_ROWS,
    {0}};

static int read_graph(struct trace_reader *r, const struct trace_settings *s, struct err *e)
{
    const struct graph_settings *own = (const struct graph_settings *)s;
    return trace_graph_with(r, &s->filter, own->kind, &own->choice, s->output, stdout, e);
}

const struct trace_command trace_command_graph = {
    {"graph", "FILE.rst", "draws the trace through Graphviz",
     "exits: which exit follows which. boot: the path through the CPU's modes. machine: the PC and its "
     "traffic. pages: the tree of page tables. walk: one linear address on its way through them.",
     graph_rows, trace_subcommand},
    "ringside trace graph",
    sizeof(struct graph_settings),
    1,
    1,
    read_graph,
    NULL};
