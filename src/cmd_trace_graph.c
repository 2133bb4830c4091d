/*
 * `ringside trace graph`: a trace as a picture, through Graphviz.  What pictures there are says the table
 * GRAPH_KINDS (traces/commands.h); the help is made of it.
 */
#include "cmd_trace.h"
#include "desktop.h"

#include <stdio.h>
#include <unistd.h>

struct graph_settings {
    struct trace_settings common;
    enum graph_kind kind;
    struct graph_choice choice;
    bool open;
};

static int set_graph(void *settings, const char *value, struct err *e)
{
    int kind = graph_kind_named(value, e);
    if (kind < 0)
        return -1;
    ((struct graph_settings *)settings)->kind = (enum graph_kind)kind;
    return 0;
}

static int set_max_nodes(void *settings, const char *value, struct err *e)
{
    uint64_t n;
    if (option_number(value, 1, GRAPH_NODES_MAX, &n, e) < 0)
        return -1;
    ((struct graph_settings *)settings)->choice.max_nodes = (unsigned)n;
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

static int set_vcpu(void *settings, const char *value, struct err *e)
{
    struct graph_choice *c = &((struct graph_settings *)settings)->choice;
    uint64_t n;
    if (option_number(value, 0, 255, &n, e) < 0)
        return -1;
    c->vcpu_given = true;
    c->vcpu = (unsigned)n;
    return 0;
}

static int set_title(void *settings, const char *value, struct err *e)
{
    (void)e;
    ((struct graph_settings *)settings)->choice.title = value;
    return 0;
}

static int set_docs(void *settings, const char *value, struct err *e)
{
    (void)e;
    ((struct graph_settings *)settings)->choice.docs = value;
    return 0;
}

static int set_open(void *settings, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    ((struct graph_settings *)settings)->open = true;
    return 0;
}

#define GRAPH_WORD(id, name, summary, nodes, options)   " " #name
#define GRAPH_LESSON(id, name, summary, nodes, options) #name ": " summary " (" #nodes ")\n"

static const struct option_row graph_rows[] = {
    {"--kind", "KIND", "what to draw (default exits):" GRAPH_KINDS(GRAPH_WORD), set_graph},
    {"-o", "FILE",
     "write here; the ending .dot, .svg, .png or .pdf names the format (default: DOT on stdout)",
     trace_set_output},
    {"--open", NULL, "show it on the desktop; without -o, it is written to a temporary file", set_open},
    {"--max-nodes", "N", "at most N boxes, 1 to 500; what is rarer becomes one box \"other\"", set_max_nodes},
    {"--at", "SEQ", "pages, walk: the page tables as they stood at this event (default: the last)", set_at},
    {"--vcpu", "N", "pages, walk: this vCPU's page tables (default: the event's, else 0)", set_vcpu},
    {"--gva", "ADDR", "walk: the linear address", set_gva},
    {"--title", "TEXT", "the title, instead of the guest's name and what the picture shows", set_title},
    {"--docs", "URL",
     "where an SVG's links lead: the folder of the documents (default: those installed; empty: no links)",
     set_docs},
    TRACE_RANGE_ROWS,
    {0}};

static int draw(struct trace_reader *r, const struct graph_settings *s, const char *path, struct err *e)
{
    struct graph_choice choice = s->choice;
    struct text docs = {0};
    desktop_docs(&docs);
    if (!choice.docs)
        choice.docs = text_str(&docs);
    int rc = trace_graph_with(r, &s->common.filter, s->kind, &choice, path, stdout, e);
    text_fini(&docs);
    return rc;
}

/* The picture is what was asked for; that nobody can look at it here is worth a line, but no failure. */
static int draw_and_show(struct trace_reader *r, const struct graph_settings *s, struct err *e)
{
    struct text temp = {0};
    struct err why;
    const char *path = s->common.output;
    int rc = path ? 0 : desktop_temp(graph_kind_info(s->kind)->name, &temp, e);
    if (rc == 0) {
        path = path ? path : text_str(&temp);
        rc = draw(r, s, path, e);
        if (rc && temp.len)
            unlink(path);
    }
    if (rc == 0) {
        printf("the picture is in %s\n", path);
        if (desktop_open(path, &why))
            command_fail(STATUS_OK, &why);
    }
    text_fini(&temp);
    return rc;
}

static int read_graph(struct trace_reader *r, const struct trace_settings *s, struct err *e)
{
    const struct graph_settings *own = (const struct graph_settings *)s;
    return own->open ? draw_and_show(r, own, e) : draw(r, own, s->output, e);
}

const struct trace_command trace_command_graph = {
    {"graph", "FILE.rst", "draws the trace through Graphviz",
     "The kinds, and how many boxes each has at most by default:\n" GRAPH_KINDS(
         GRAPH_LESSON) "In an SVG, boxes and arrows "
                       "tell exact numbers when the pointer rests on them, and lead to the documents.",
     graph_rows, trace_subcommand},
    "ringside trace graph",
    sizeof(struct graph_settings),
    1,
    1,
    read_graph,
    NULL};
