/*
 * Two traces as one picture: the boxes are behaviours (an OUT to the UART's data register in this function),
 * the arrows say what the same vCPU did next.  What only one of the traces has is told by the style of its
 * line and in words, so that it shows in grey print as well; where both have it and only the number is
 * another, both numbers stand there.
 *
 * When there are more behaviours than boxes, those that differ are drawn first.
 */
#include "traces/diff_inside.h"
#include "traces/graph_net.h"

#include <string.h>

enum { NODE_START = NET_SPECIAL, NODE_END, NODES_MAX = 24, EDGES_PER_NODE = 2 };

/* A behaviour that differs goes before any that does not, however frequent. */
#define DIFFERS_WEIGHT (UINT64_C(1) << 40)

struct picture {
    struct graph graph;
    struct diff *diff;
    struct diff_groups groups;
    struct net net;
    uint32_t last[SIDES][256]; /* by vCPU: the node it came from, + 1 */
    uint64_t ends[SIDES];      /* vCPUs that did something */
    bool differs;
};

/* ---- reading ---- */

static void see_event(struct picture *p, unsigned side, const struct event *ev)
{
    long at = diff_group_find(&p->groups, p->diff, side, ev);
    if (at < 0)
        return;
    uint32_t *last = &p->last[side][ev->vcpu];
    uint32_t node = net_see(&p->net, (uint64_t)at, ev);
    net_connect(&p->net, *last ? *last - 1 : NODE_START, node, side);
    *last = node + 1;
    p->groups.row[at].count[side]++;
}

static void see(void *ctx, const struct diff_step *step)
{
    struct picture *p = ctx;
    bool both = step->ev[SIDE_A] && step->ev[SIDE_B];
    p->differs |= diff_step_differs(step);
    for (unsigned side = 0; side < SIDES; side++) {
        if (!step->ev[side])
            continue;
        see_event(p, side, step->ev[side]);
        long at = diff_group_find(&p->groups, p->diff, side, step->ev[side]);
        if (at < 0)
            continue;
        p->groups.row[at].alone[side] += !both;
        p->groups.row[at].changed += both && side == SIDE_A && step->fields;
    }
}

static int read_both(struct picture *p, struct err *e)
{
    if (diff_walk(p->diff, see, p, e))
        return -1;
    for (unsigned side = 0; side < SIDES; side++)
        for (unsigned v = 0; v < 256; v++)
            if (p->last[side][v])
                net_connect(&p->net, p->last[side][v] - 1, NODE_END, side);
    for (size_t i = 0; i < p->net.nodes.count; i++)
        if (diff_group_differs(&p->groups.row[p->net.nodes.rows[i].key]))
            p->net.nodes.rows[i].count += DIFFERS_WEIGHT;
    if (p->groups.failed)
        return err_set(e, "out of memory while drawing");
    return net_fold(&p->net, NODES_MAX, EDGES_PER_NODE, e);
}

/* ---- the three styles ---- */

enum style { STYLE_BOTH, STYLE_OTHERWISE, STYLE_A, STYLE_B, STYLES };

static const struct style_row {
    const char *words, *node, *edge, *swatch, *legend;
} styles[STYLES] = {
    [STYLE_BOTH] = {"in both",
                    "style=\"rounded,filled\", fillcolor=\"#f2f2f2\", color=\"#777777\", penwidth=1.2",
                    "color=\"#777777\", penwidth=1.2",
                    "BORDER=\"1\" STYLE=\"ROUNDED\" COLOR=\"#777777\" BGCOLOR=\"#f2f2f2\"",
                    "grey line: the same in A and B"},
    [STYLE_OTHERWISE] = {"in both, but",
                         "style=\"rounded,filled\", fillcolor=\"#fdf6c8\", color=\"#1b1b1b\", penwidth=2.4",
                         "color=\"#1b1b1b\", penwidth=2.2",
                         "BORDER=\"2\" STYLE=\"ROUNDED\" COLOR=\"#1b1b1b\" BGCOLOR=\"#fdf6c8\"",
                         "black line: not as often, or with other values"},
    [STYLE_A] = {"only in A",
                 "style=\"rounded,filled,dashed\", fillcolor=\"#fde6d0\", color=\"#b35900\", penwidth=2",
                 "color=\"#b35900\", fontcolor=\"#8a4500\", style=dashed, penwidth=1.8",
                 "BORDER=\"2\" STYLE=\"ROUNDED,DASHED\" COLOR=\"#b35900\" BGCOLOR=\"#fde6d0\"",
                 "dashed orange line: gone"},
    [STYLE_B] =
        {"only in B",
         "style=\"rounded,filled\", peripheries=2, fillcolor=\"#d8e8f8\", color=\"#0055a4\", penwidth=2",
         "color=\"#0055a4\", fontcolor=\"#003f7a\", penwidth=3.4",
         "BORDER=\"3\" STYLE=\"ROUNDED\" COLOR=\"#0055a4\" BGCOLOR=\"#d8e8f8\"",
         "double blue line, thick arrow: new"},
};

static enum style style_of(uint64_t a, uint64_t b)
{
    return !b ? STYLE_A : !a ? STYLE_B : a != b ? STYLE_OTHERWISE : STYLE_BOTH;
}

static enum style group_style(const struct diff_group *g)
{
    enum style style = style_of(g->count[SIDE_A], g->count[SIDE_B]);
    return style == STYLE_BOTH && diff_group_differs(g) ? STYLE_OTHERWISE : style;
}

/* `only in A: 3`, `12`, or `A 12 → B 13`. */
static void add_counts(struct text *out, uint64_t a, uint64_t b)
{
    enum style style = style_of(a, b);
    if (style == STYLE_A || style == STYLE_B) {
        text_addf(out, "%s: ", styles[style].words);
        dot_count(out, a + b);
    } else if (a == b) {
        dot_count(out, a);
    } else {
        text_add(out, "A ");
        dot_count(out, a);
        text_add(out, " → B ");
        dot_count(out, b);
    }
}

/* ---- nodes ---- */

static void node_label(struct text *out, const char *what, const char *where, const struct diff_group *g)
{
    text_add(out,
             ", label=<<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"1\"><TR><TD>");
    dot_font(out, 13, DOT_INK);
    text_add(out, "<B>");
    dot_add(out, what, 32);
    text_add(out, "</B>");
    dot_font_end(out);
    text_add(out, "</TD></TR>");
    if (*where) {
        text_add(out, "<TR><TD>in ");
        dot_add(out, where, 32);
        text_add(out, "</TD></TR>");
    }
    text_add(out, "<TR><TD>");
    add_counts(out, g->count[SIDE_A], g->count[SIDE_B]);
    if (g->changed) {
        text_add(out, " · changed: ");
        dot_count(out, g->changed);
    }
    text_add(out, "</TD></TR></TABLE>>");
}

static void node_add(struct picture *p, unsigned place)
{
    const struct diff_group *g = &p->groups.row[net_row(&p->net, place)->key];
    struct text *out = p->graph.dot;
    struct text tip = {0};
    text_addf(&tip,
              "%s: %" PRIu64 " in A, %" PRIu64 " in B; only in A %" PRIu64 ", only in B %" PRIu64
              ", changed %" PRIu64,
              g->what, g->count[SIDE_A], g->count[SIDE_B], g->alone[SIDE_A], g->alone[SIDE_B], g->changed);
    text_addf(out, "n%u [shape=box, margin=\"0.16,0.07\", %s", place, styles[group_style(g)].node);
    dot_tip(out, text_str(&tip));
    node_label(out, g->what, g->where, g);
    text_add(out, "];\n");
    out->failed |= tip.failed;
    text_fini(&tip);
}

static void node_other(struct picture *p)
{
    struct diff_group sum = {0};
    struct text name = {0};
    for (size_t i = 0; i < p->net.nodes.count; i++) {
        if (net_place(&p->net, (uint32_t)i) != p->net.shown)
            continue;
        const struct diff_group *g = &p->groups.row[p->net.nodes.rows[i].key];
        sum.count[SIDE_A] += g->count[SIDE_A];
        sum.count[SIDE_B] += g->count[SIDE_B];
        sum.changed += g->changed;
    }
    if (!sum.count[SIDE_A] && !sum.count[SIDE_B])
        return;
    text_add(&name, "other (");
    dot_plural(&name, p->net.folded, "behaviour", "behaviours");
    text_add(&name, ")");
    text_addf(p->graph.dot, "n%zu [shape=box, margin=\"0.16,0.07\", %s", p->net.shown,
              styles[group_style(&sum)].node);
    node_label(p->graph.dot, text_str(&name), "", &sum);
    text_add(p->graph.dot, "];\n");
    text_fini(&name);
}

static const char *end_status(const struct picture *p, unsigned side)
{
    const struct trace_end *end = p->diff->side[side].state.end;
    return end ? end->status : "breaks off";
}

static void node_ends(struct picture *p)
{
    struct text *out = p->graph.dot;
    const char *a = end_status(p, SIDE_A), *b = end_status(p, SIDE_B);
    text_addf(
        out,
        "n%u [shape=circle, style=filled, fillcolor=\"#333333\", fontcolor=white, fontsize=12, margin=0.02, "
        "label=\"start\"];\n",
        NODE_START);
    text_addf(out,
              "n%u [shape=box, style=\"rounded,filled\", fillcolor=white, color=\"#333333\", penwidth=2, "
              "fontsize=12, margin=\"0.15,0.06\", label=<<B>",
              NODE_END);
    if (strcmp(a, b) != 0)
        text_add(out, "A ends: ");
    dot_add(out, a, 30);
    if (strcmp(a, b) != 0) {
        text_add(out, "<BR/>B ends: ");
        dot_add(out, b, 30);
    }
    text_add(out, "</B>>];\n");
}

/* ---- arrows ---- */

/* The same arrow of the other trace, or NULL. */
static struct net_edge *edge_twin(const struct picture *p, const struct net_edge *edge)
{
    for (size_t i = 0; i < p->net.edge_count; i++) {
        struct net_edge *other = &p->net.edge[i];
        if (other->from == edge->from && other->to == edge->to && other->kind != edge->kind)
            return other;
    }
    return NULL;
}

static void edge_add(struct picture *p, const struct net_edge *edge)
{
    const struct net_edge *twin = edge_twin(p, edge);
    struct text *out = p->graph.dot;
    uint64_t n[SIDES] = {0};
    if (twin && twin->keep && twin < edge)
        return; /* drawn already */
    n[edge->kind % SIDES] = edge->count;
    if (twin)
        n[twin->kind % SIDES] = twin->count;
    text_addf(out, "n%u -> n%u [%s", edge->from, edge->to, styles[style_of(n[SIDE_A], n[SIDE_B])].edge);
    if (n[SIDE_A] != 1 || n[SIDE_B] != 1) {
        text_add(out, edge->from == edge->to ? ", label=\"   " : ", label=\" ");
        add_counts(out, n[SIDE_A], n[SIDE_B]);
        text_add(out, " \"");
    }
    text_add(out, "];\n");
}

/* ---- the whole ---- */

static void legend_add(const struct picture *p, struct text *out)
{
    text_add(out, "<TR><TD COLSPAN=\"2\" HEIGHT=\"6\"></TD></TR>");
    for (unsigned s = 0; s < STYLES; s++)
        text_addf(out, "<TR><TD %s WIDTH=\"90\">%s</TD><TD ALIGN=\"LEFT\" WIDTH=\"420\">%s</TD></TR>",
                  styles[s].swatch, styles[s].words, styles[s].legend);
    dot_note(
        out, 2,
        "Boxes: what happened, and how often. Arrows: what the same vCPU did next, and how often (no number: "
        "once in each). A 12 → B 13: 12 times in A and 13 times in B. changed: the same thing with another "
        "value, size, "
        "address or mode.",
        0, NULL);
    for (unsigned side = 0; side < SIDES; side++) {
        struct text file = {0};
        text_addf(&file, "%c: %s%s", "AB"[side], p -> diff -> options.path[side],
                  p->diff->side[side].state.whole ? "" : " (incomplete)");
        dot_note(out, 2, text_str(&file), 0, NULL);
        text_fini(&file);
    }
    if (p->net.dropped)
        dot_note(out, 2, "Rare arrows are not drawn: they stand for ", p->net.dropped, " follow-ups.");
}

static void draw(struct picture *p)
{
    struct text legend = {0};
    dot_begin(&p->graph, "diff", "", "nodesep=0.4, ranksep=0.35");
    dot_frame_open(&p->graph);
    if (p->net.nodes.count == 0) {
        text_add(p->graph.dot, "empty [shape=box, style=\"rounded,dashed\", margin=0.3, fontsize=14, "
                               "label=\"no events in either\"];\n");
    } else {
        node_ends(p);
        for (unsigned n = 0; n < p->net.shown; n++)
            node_add(p, n);
        node_other(p);
        for (size_t i = 0; i < p->net.edge_count; i++)
            if (p->net.edge[i].keep)
                edge_add(p, &p->net.edge[i]);
    }
    legend_add(p, &legend);
    dot_frame_close(&p->graph, &legend);
    dot_end(&p->graph);
    text_fini(&legend);
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int draw_both(struct picture *p, struct err *e)
{
    struct text title = {0};
    if (read_both(p, e))
        return -1;
    text_addf(&title, "%.40s and %.40s: %s", name_of(p->diff->options.path[SIDE_A]),
              name_of(p->diff->options.path[SIDE_B]), p->differs ? "differences" : "no difference");
    p->graph.choice.title = text_str(&title);
    p->graph.seen = p->graph.passed = p->diff->alone[SIDE_A].count + p->diff->alone[SIDE_B].count;
    draw(p);
    text_fini(&title);
    return 0;
}

int trace_diff_graph(struct trace_reader *a, struct trace_reader *b, const struct diff_options *o,
                     const char *path, FILE *out, struct err *e)
{
    struct text dot = {0};
    struct diff d;
    struct picture p = {.diff = &d};
    if (graph_path_check(path, e))
        return -1;
    int rc = diff_open(&d, a, b, o, e);
    p.graph = (struct graph){.reader = a, .info = trace_reader_info(a), .kind = "diff", .dot = &dot};
    p.graph.state.whole = true;
    if (rc == 0)
        rc = draw_both(&p, e);
    if (rc == 0)
        rc = graph_publish(&dot, path, out, e);
    net_fini(&p.net);
    diff_groups_fini(&p.groups);
    diff_close(&d);
    text_fini(&dot);
    return rc ? rc : p.differs;
}
