/*
 * What is around every picture: paper and fonts, the title that says whose trace this is and how the run
 * ended, and the legend below.  Graphviz gives a graph only one label, so the title is the graph's and the
 * legend that of an invisible cluster around everything drawn.
 */
#include "traces/graph.h"

#include <string.h>

#define TITLE_WIDTH 86
#define EASY_NODES                                                                                           \
    60 /* with more, Graphviz would look for a better layout for minutes: it takes what it finds soon */

static const char *path_last(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    if (slash && slash[1])
        return slash + 1;
    return path && *path ? path : "a guest";
}

static void title_row(struct text *out, unsigned points, const char *colour, const struct text *words)
{
    text_add(out, "<TR><TD>");
    dot_font(out, points, colour);
    dot_add_wrapped(out, text_str(words), TITLE_WIDTH, 3, "<BR/>");
    dot_font_end(out);
    text_add(out, "</TD></TR>");
}

/* True when the sentence says the status already: "triple fault: …" for triple-fault. */
static bool reason_says(const char *reason, const char *status)
{
    for (; *status; status++, reason++)
        if (*reason != *status && !(*status == '-' && *reason == ' '))
            return false;
    return true;
}

/* `1,234 events · halted: HLT with interrupts off` */
static void title_verdict(struct graph *g, struct text *words)
{
    const struct trace_end *end = g->state.end;
    dot_plural(words, g->seen, "event", "events");
    if (g->passed != g->seen) {
        text_add(words, ", ");
        dot_count(words, g->passed);
        text_add(words, " of them drawn (filter)");
    }
    const char *status = end && end->status ? end->status : "";
    const char *reason = end && end->reason && !g->tells_end ? end->reason : "";
    bool twice = *reason && reason_says(reason, status);
    if (*status && !twice)
        text_addf(words, " · %s%s", status, *reason ? ":" : "");
    if (*reason)
        text_addf(words, "%s%s", twice ? " · " : " ", reason);
}

/* The title leads to the page that says what the picture shows. */
static void title_cell(struct graph *g)
{
    struct text url = {0}, place = {0};
    text_addf(&place, "graphs.md#%s", g->kind);
    if (dot_url(g, text_str(&place), &url))
        text_addf(g->dot, "<TD HREF=\"%s\" TOOLTIP=\"what this picture shows, and how it is read\">",
                  text_str(&url));
    else
        text_add(g->dot, "<TD>");
    g->dot->failed |= url.failed;
    text_fini(&place);
    text_fini(&url);
}

static void title_add(struct graph *g, const char *what)
{
    struct text *out = g->dot;
    text_add(out, "<<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"2\"><TR>");
    title_cell(g);
    dot_font(out, 20, DOT_INK);
    text_add(out, "<B>");
    if (g->choice.title) {
        dot_add_wrapped(out, *g->choice.title ? g->choice.title : " ", TITLE_WIDTH / 2, 2, "<BR/>");
    } else {
        dot_add(out, path_last(g->info->guest), 30);
        text_addf(out, ": %s", what);
    }
    text_add(out, "</B>");
    dot_font_end(out);
    text_add(out, "</TD></TR>");
    struct text words = {0};
    title_verdict(g, &words);
    title_row(out, 12, DOT_GREY, &words);
    if (!g->state.whole) {
        text_clear(&words);
        text_addf(&words, "Incomplete trace: %s", g->state.problem ? g->state.problem : "its end is missing");
        title_row(out, 12, DOT_ALARM, &words);
    }
    text_fini(&words);
    text_add(out, "<TR><TD HEIGHT=\"8\"></TD></TR></TABLE>>");
}

void dot_begin(struct graph *g, const char *name, const char *what, const char *attributes)
{
    struct text *out = g->dot;
    text_addf(out, "digraph %s {\n", name);
    text_add(out, "graph [charset=\"UTF-8\", bgcolor=white, pad=0.3, labelloc=t, fontname=\"" DOT_SANS
                  "\", fontcolor=\"" DOT_INK "\", forcelabels=true");
    text_addf(out, "%s%s", *attributes ? ", " : "", attributes);
    if (g->choice.max_nodes > EASY_NODES)
        text_add(out, ", nslimit=1, nslimit1=1, mclimit=0.2, splines=polyline");
    text_add(out, "];\n");
    text_add(out, "node [shape=plain, fontname=\"" DOT_SANS "\", fontsize=11, fontcolor=\"" DOT_INK "\"];\n"
                  "edge [fontname=\"" DOT_SANS "\", fontsize=10, fontcolor=\"" DOT_INK
                  "\", color=\"#6b6b6b\", arrowsize=0.7];\n");
    text_add(out, "label=");
    title_add(g, what);
    text_add(out, ";\n");
}

void dot_end(struct graph *g)
{
    text_add(g->dot, "}\n");
}

void dot_frame_open(struct graph *g)
{
    text_add(g->dot, "subgraph cluster_all {\npenwidth=0; margin=6; labelloc=b; fontsize=11;\n");
}

void dot_frame_close(struct graph *g, const struct text *legend)
{
    if (!legend->len) {
        text_add(g->dot, "label=\"\";\n"); /* or it would inherit the graph's */
    } else {
        text_add(g->dot, "label=<<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"3\">");
        text_add(g->dot, text_str(legend));
        text_add(g->dot, "</TABLE>>;\n");
    }
    text_add(g->dot, "}\n");
    g->dot->failed |= legend->failed;
}

void dot_note(struct text *legend, unsigned columns, const char *before, uint64_t n, const char *after)
{
    struct text note = {0};
    text_add(&note, before);
    if (after) {
        dot_count(&note, n);
        text_add(&note, after);
    }
    text_addf(legend, "<TR><TD COLSPAN=\"%u\" ALIGN=\"LEFT\" BALIGN=\"LEFT\">", columns);
    dot_font(legend, 10, DOT_GREY);
    dot_add_wrapped(legend, text_str(&note), 96, 3, "<BR ALIGN=\"LEFT\"/>");
    text_add(legend, "<BR ALIGN=\"LEFT\"/>");
    dot_font_end(legend);
    text_add(legend, "</TD></TR>");
    legend->failed |= note.failed;
    text_fini(&note);
}
