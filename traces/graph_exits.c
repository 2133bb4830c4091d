/*
 * The picture of exits: which exit follows which.  Its nodes are classes of exits (a write to the UART's data
 * register, a read of its line status, HLT), its arrows say what the same vCPU left for next.  The shape of a
 * driver's loop shows at a glance: poll, write, poll, write.
 *
 * The trace is read twice: once to learn which classes are frequent enough to be drawn, once to count who
 * follows whom among them.  Simplified: everything rare is one node, and of many arrows only the strong ones
 * and those without which a node would hang in the air are drawn.
 */
#include "traces/graph.h"

#include <string.h>

#define EXITS_MAX      14 /* nodes of their own; one more is drawn rather than folding a single class */
#define EDGES_PER_NODE 2

/* Node numbers: frequent classes from 0 on, then these. */
enum { NODE_OTHER = EXITS_MAX + 1, NODE_START, NODE_END, NODE_COUNT };

struct exits {
    struct graph *graph;
    struct tally classes;
    struct tally kinds;      /* for the legend */
    size_t shown;            /* classes with a node of their own */
    uint64_t total, skipped; /* events drawn; steps and marks left out */
    uint64_t unclaimed;      /* of those drawn */
    uint64_t follow[NODE_COUNT][NODE_COUNT];
    bool keep[NODE_COUNT][NODE_COUNT];
    uint8_t last[256]; /* by vCPU: the node it came from */
};

/* A single step or a mark is no exit; it is drawn only when it is asked for by name. */
static bool exits_wants(const struct exits *x, const struct event *ev)
{
    if (ev->kind != EVENT_STEP && ev->kind != EVENT_MARK)
        return true;
    return graph_kind_wanted(x->graph, (enum event_kind)ev->kind);
}

static bool exit_is_unclaimed(const struct event *ev)
{
    return (ev->kind == EVENT_IO || ev->kind == EVENT_MMIO) && !ev->device;
}

static void exits_count(void *ctx, const struct event *ev)
{
    struct exits *x = ctx;
    if (!exits_wants(x, ev)) {
        x->skipped++;
        return;
    }
    tally_see(&x->classes, class_key(ev), ev);
    tally_see(&x->kinds, event_kind_info(ev->kind)->kind, ev);
    x->total++;
    x->unclaimed += exit_is_unclaimed(ev);
}

static void exits_connect(void *ctx, const struct event *ev)
{
    struct exits *x = ctx;
    if (!exits_wants(x, ev))
        return;
    long found = tally_find(&x->classes, class_key(ev));
    unsigned node = found < 0 || (size_t)found >= x->shown ? NODE_OTHER : (unsigned)found;
    x->follow[x->last[ev->vcpu]][node]++;
    x->last[ev->vcpu] = (uint8_t)node;
}

/* ---- choosing ------------------------------------------------------------------------------------ */

/* The most frequent arrow that is not kept yet, within the given row or column (NODE_COUNT = any). */
static uint64_t edge_strongest(const struct exits *x, unsigned from, unsigned to, unsigned *f, unsigned *t)
{
    uint64_t most = 0;
    for (unsigned i = 0; i < NODE_COUNT; i++)
        for (unsigned k = 0; k < NODE_COUNT; k++)
            if ((from == NODE_COUNT || i == from) && (to == NODE_COUNT || k == to) && !x->keep[i][k] &&
                x->follow[i][k] > most) {
                most = x->follow[i][k];
                *f = i;
                *t = k;
            }
    return most;
}

/* Every node keeps its strongest way in and its strongest way out, so that the picture stays in one piece;
 * the rest goes by strength while there is room. */
static void edges_choose(struct exits *x)
{
    unsigned f = 0, t = 0;
    for (unsigned n = 0; n < NODE_COUNT; n++) {
        if (edge_strongest(x, n, NODE_COUNT, &f, &t))
            x->keep[f][t] = true;
        if (edge_strongest(x, NODE_COUNT, n, &f, &t))
            x->keep[f][t] = true;
        x->keep[n][NODE_END] = x->follow[n][NODE_END] != 0;
        x->keep[NODE_START][n] = x->follow[NODE_START][n] != 0;
    }
    size_t room = EDGES_PER_NODE * (x->shown + 2);
    for (size_t i = 0; i < room && edge_strongest(x, NODE_COUNT, NODE_COUNT, &f, &t); i++)
        x->keep[f][t] = true;
}

/* ---- nodes --------------------------------------------------------------------------------------- */

static void node_style(struct text *out, const char *colour, bool unclaimed, unsigned root)
{
    struct dot_colour fill = dot_lighten(colour, 88 - root * 43 / 100);
    struct dot_colour line = dot_darken(colour, 25);
    text_addf(out, "shape=box, style=\"rounded,filled%s\", fillcolor=\"%s\", color=\"%s\", penwidth=",
              unclaimed ? ",dashed" : "", fill.hex, unclaimed ? DOT_ALARM : line.hex);
    dot_decimal(out, 100 + root * 3);
    text_addf(out, ", margin=\"0.%02u,0.%02u\"", 14 + root / 8, 6 + root / 8);
}

/* Name in bold, then count, share and mean time: all three grow with the share of the class. */
static void node_label(struct exits *x, const char *name, uint64_t count, uint64_t host_ns)
{
    struct text *out = x->graph->dot;
    unsigned root = dot_root(count, x->total);
    text_add(out, "label=<<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"1\"><TR><TD>");
    dot_font(out, 12 + root / 12, DOT_INK);
    text_add(out, "<B>");
    dot_add(out, name, 32);
    text_add(out, "</B>");
    dot_font_end(out);
    text_add(out, "</TD></TR>");
    text_addf(out, "<TR><TD><FONT POINT-SIZE=\"%u\">", 11 + root / 25);
    dot_count(out, count);
    text_add(out, " × · ");
    dot_share(out, count, x->total);
    text_add(out, " · host ");
    text_add_ns(out, count ? host_ns / count : 0);
    text_add(out, "</FONT></TD></TR></TABLE>>");
}

static void node_class(struct exits *x, unsigned node)
{
    const struct tally_row *row = &x->classes.rows[node];
    const struct event_kind_info *info = event_kind_info(row->first.kind);
    bool unclaimed = exit_is_unclaimed(&row->first);
    struct text *out = x->graph->dot;
    struct text name = {0}, tip = {0};
    class_name(&row->first, &x->graph->info->names, &name);
    text_addf(&tip, "%s (%s): %s. %s%s", text_str(&name), info->name, info->meaning, info->cause,
              unclaimed ? " No device answered here." : "");
    text_addf(out, "n%u [", node);
    node_style(out, info->colour, unclaimed, dot_root(row->count, x->total));
    text_add(out, ", tooltip=");
    dot_quote(out, text_str(&tip));
    text_add(out, ", ");
    node_label(x, text_str(&name), row->count, row->host_ns);
    text_add(out, "];\n");
    out->failed |= name.failed || tip.failed;
    text_fini(&name);
    text_fini(&tip);
}

static void node_other(struct exits *x)
{
    struct tally_row sum = x->classes.rest;
    struct text name = {0}, *out = x->graph->dot;
    for (size_t i = x->shown; i < x->classes.count; i++) {
        sum.count += x->classes.rows[i].count;
        sum.host_ns += x->classes.rows[i].host_ns;
    }
    if (sum.count == 0)
        return;
    text_add(&name, "other (");
    dot_plural(&name, x->classes.count - x->shown, "class", "classes");
    text_add(&name, x->classes.rest.count ? " and more)" : ")");
    text_addf(out, "n%u [", NODE_OTHER);
    node_style(out, "#888888", false, dot_root(sum.count, x->total));
    text_add(out, ", tooltip=\"rare exits, counted together\", ");
    node_label(x, text_str(&name), sum.count, sum.host_ns);
    text_add(out, "];\n");
    text_fini(&name);
}

static void node_terminals(struct exits *x)
{
    struct text *out = x->graph->dot;
    const struct trace_end *end = x->graph->state.end;
    text_addf(
        out,
        "n%u [shape=circle, style=filled, fillcolor=\"#333333\", fontcolor=white, fontsize=12, margin=0.02, "
        "label=\"start\", tooltip=\"the vCPU enters the guest\"];\n",
        NODE_START);
    text_addf(out,
              "n%u [shape=box, style=\"rounded,filled\", peripheries=2, fillcolor=white, color=\"#333333\", "
              "fontsize=12, margin=\"0.15,0.06\", label=<<B>",
              NODE_END);
    dot_add(out, end && end->status ? end->status : "the trace stops here", 40);
    text_add(out, "</B>");
    text_add(out, ">, tooltip=");
    dot_quote(out, end && end->reason ? end->reason : "the trace stops here; the run may have gone on");
    text_add(out, "];\n");
}

/* ---- arrows -------------------------------------------------------------------------------------- */

static void edge_add(struct exits *x, unsigned from, unsigned to)
{
    struct text *out = x->graph->dot;
    uint64_t count = x->follow[from][to];
    bool terminal = from == NODE_START || to == NODE_END;
    bool rare = !terminal && count * 100 < x->total;
    unsigned root = dot_root(count, x->total);
    text_addf(out, "n%u -> n%u [penwidth=", from, to);
    dot_decimal(out, 80 + (terminal ? 40 : root * 5));
    text_addf(out, ", weight=%u", 1 + root / 4);
    if (rare)
        text_add(out, ", color=\"#a8a8a8\", fontcolor=\"" DOT_GREY "\"");
    else if (!terminal)
        text_add(out, ", color=\"#444444\"");
    if (count > 1) {
        text_add(out, from == to ? ", label=\"   " : ", label=\" ");
        dot_count(out, count);
        text_add(out, " \"");
    }
    text_add(out, "];\n");
}

/* Returns how many follow-ups are not drawn. */
static uint64_t edges_add(struct exits *x)
{
    uint64_t dropped = 0;
    for (unsigned f = 0; f < NODE_COUNT; f++)
        for (unsigned t = 0; t < NODE_COUNT; t++) {
            if (x->keep[f][t] && x->follow[f][t])
                edge_add(x, f, t);
            else
                dropped += x->follow[f][t];
        }
    return dropped;
}

/* ---- legend -------------------------------------------------------------------------------------- */

static void legend_kind(struct exits *x, const struct tally_row *row, struct text *out)
{
    const struct event_kind_info *info = event_kind_info(row->first.kind);
    struct dot_colour fill = dot_lighten(info->colour, 55), line = dot_darken(info->colour, 25);
    text_addf(out,
              "<TR><TD BORDER=\"1\" COLOR=\"%s\" BGCOLOR=\"%s\" WIDTH=\"20\"> </TD><TD ALIGN=\"LEFT\" "
              "WIDTH=\"80\"><B>",
              line.hex, fill.hex);
    dot_add(out, info->name, 20);
    text_add(out, "</B></TD><TD ALIGN=\"LEFT\" WIDTH=\"310\">");
    dot_add(out, info->meaning, 60);
    text_add(out, "</TD><TD ALIGN=\"RIGHT\" WIDTH=\"70\">");
    dot_count(out, row->count);
    text_add(out, " ×</TD><TD ALIGN=\"RIGHT\" WIDTH=\"50\">");
    dot_share(out, row->count, x->total);
    text_add(out, "</TD></TR>");
}

static void exits_legend(struct exits *x, uint64_t dropped, struct text *out)
{
    tally_sort(&x->kinds);
    if (x->total)
        text_add(out, "<TR><TD COLSPAN=\"5\" HEIGHT=\"6\"></TD></TR>");
    for (size_t i = 0; i < x->kinds.count && i < 10; i++)
        legend_kind(x, &x->kinds.rows[i], out);
    dot_note(
        out, 5,
        "The larger and darker a box, the more often. × = how many times; host = mean time Ringside took "
        "to answer. Arrows: what the same vCPU did next, and how often (no number: once).",
        0, NULL);
    if (x->unclaimed)
        dot_note(out, 5, "Dashed red: no device answered (", x->unclaimed, " times).");
    if (dropped)
        dot_note(out, 5, "Rare arrows are not drawn: they stand for ", dropped, " follow-ups.");
    if (x->skipped)
        dot_note(out, 5, "Not drawn, being no exits: single steps and marks (", x->skipped, ").");
}

static void exits_draw(struct exits *x)
{
    struct text legend = {0};
    uint64_t dropped = 0;
    dot_begin(x->graph, "exits", "which exit follows which", "nodesep=0.4, ranksep=0.32");
    dot_frame_open(x->graph);
    if (x->total == 0) {
        text_add(x->graph->dot, "empty [shape=box, style=\"rounded,dashed\", margin=0.3, fontsize=14, "
                                "label=\"no exits in this trace\"];\n");
    } else {
        node_terminals(x);
        for (unsigned n = 0; n < x->shown; n++)
            node_class(x, n);
        node_other(x);
        dropped = edges_add(x);
    }
    exits_legend(x, dropped, &legend);
    dot_frame_close(x->graph, &legend);
    dot_end(x->graph);
    text_fini(&legend);
}

static int exits_read(struct exits *x, struct err *e)
{
    if (graph_scan(x->graph, exits_count, x, e))
        return -1;
    if (x->classes.failed || x->kinds.failed)
        return err_set(e, "out of memory while drawing");
    tally_sort(&x->classes);
    x->shown = x->classes.count <= EXITS_MAX + 1 ? x->classes.count : EXITS_MAX;
    memset(x->last, NODE_START, sizeof x->last);
    if (graph_scan(x->graph, exits_connect, x, e))
        return -1;
    for (unsigned v = 0; v < 256; v++)
        if (x->last[v] != NODE_START)
            x->follow[x->last[v]][NODE_END]++;
    edges_choose(x);
    return 0;
}

int graph_exits(struct graph *g, struct err *e)
{
    struct exits x = {.graph = g};
    int rc = exits_read(&x, e);
    if (rc == 0)
        exits_draw(&x);
    tally_fini(&x.classes);
    tally_fini(&x.kinds);
    return rc;
}
