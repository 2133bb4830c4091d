/*
 * The one door to Graphviz (libgvc and libcgraph; Graphviz manual, "Using Graphviz as a library").  DOT text
 * goes in, the bytes of a picture come out: parse, let the `dot` engine place nodes and edges, render.
 * Nothing else in Ringside calls these libraries, since they bring many shared objects along (cairo, pango,
 * fonts) that no other command should have to load.
 *
 * The picture is drawn into memory and not into its file, so that a drawing that fails half-way leaves no
 * file.
 */
#include "traces/graph.h"

#include <errno.h>
#include <graphviz/gvc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Graphviz keeps its messages for us instead of printing them; this is the last of them, without its line
 * end. */
static int render_failed(struct err *e, const char *what)
{
    char *why = agreseterrors() ? aglasterr() : NULL;
    if (why)
        why[strcspn(why, "\n")] = '\0';
    err_set(e, "%s%s%s", what, why && *why ? ": " : "", why ? why : "");
    free(why);
    return -1;
}

static int render_format_missing(struct err *e, const char *format)
{
    return err_set(e,
                   "this Graphviz cannot draw %s: its cairo plugin (libgvplugin_pango) is missing or not "
                   "registered; run `dot -c` as root, or write .svg or .dot",
                   format);
}

/* A screen has 96 dots an inch, which is too coarse on paper; .svg and .pdf have no dots. */
static void render_resolution(graph_t *graph, const char *format)
{
    char name[] = "dpi", value[] = "160", none[] = ""; /* Graphviz copies them, but its prototypes lack const */
    if (strcmp(format, "png") == 0)
        agsafeset(graph, name, value, none);
}

static int render_laid_out(GVC_t *gvc, graph_t *graph, const char *format, char **bytes, size_t *len,
                           struct err *e)
{
    FILE *memory = open_memstream(bytes, len);
    if (!memory)
        return err_sys(e, errno, "draw");
    int failed = gvRender(gvc, graph, format, memory);
    bool lost = ferror(memory) != 0;
    lost |= fclose(memory) != 0;
    if (!failed && !lost && *len)
        return 0;
    free(*bytes);
    *bytes = NULL;
    return lost ? err_set(e, "out of memory while drawing") : render_format_missing(e, format);
}

static int render_graph(GVC_t *gvc, graph_t *graph, const char *format, char **bytes, size_t *len,
                        struct err *e)
{
    render_resolution(graph, format);
    if (gvLayout(gvc, graph, "dot"))
        return render_failed(e, "Graphviz could not lay the picture out (is its dot_layout plugin installed? "
                                "`dot -c` as root registers plugins)");
    int rc = render_laid_out(gvc, graph, format, bytes, len, e);
    gvFreeLayout(gvc, graph);
    return rc;
}

int graph_render(const char *dot, const char *format, char **bytes, size_t *len, struct err *e)
{
    *bytes = NULL;
    *len = 0;
    agerrlevel_t level = agseterr(AGMAX);
    GVC_t *gvc = gvContext();
    graph_t *graph = gvc ? agmemread(dot) : NULL;
    int rc = -1;
    if (!graph)
        render_failed(e, "Graphviz could not read the picture's description");
    else
        rc = render_graph(gvc, graph, format, bytes, len, e);
    if (graph)
        agclose(graph);
    if (gvc)
        gvFreeContext(gvc);
    agreseterrors();
    agseterr(level);
    return rc;
}
