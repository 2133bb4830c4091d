/*
 * The picture of exits: which exit follows which.  Its nodes are classes of exits (a write to the UART's data
 * register, a read of its line status, HLT), its arrows say what the same vCPU left for next.  The shape of a
 * driver's loop shows at a glance: poll, write, poll, write.
 *
 * Simplified: everything rare is one node, and of many arrows only the strong ones and those without which a
 * node would hang in the air are drawn.
 */
#include "traces/graph_net.h"

#define EDGES_PER_NODE 2

enum { NODE_START = NET_SPECIAL, NODE_END };

struct exits {
    struct graph *graph;
    struct net net;
    uint64_t kind[EVENT_KIND_MAX]; /* for the legend */
    uint64_t total, skipped;       /* events drawn; steps and marks left out */
    uint64_t unclaimed;            /* of those drawn */
    uint32_t last[256];            /* by vCPU: the node it came from, plus one; 0: none yet */
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

static void exits_see(void *ctx, const struct event *ev)
{
    struct exits *x = ctx;
    if (!exits_wants(x, ev)) {
        x->skipped++;
        return;
    }
    uint32_t node = net_see(&x->net, class_key(ev), ev), before = x->last[ev->vcpu];
    net_connect(&x->net, before ? before - 1 : NODE_START, node, 0);
    x->last[ev->vcpu] = node + 1;
    x->kind[event_kind_info(ev->kind)->kind]++;
    x->total++;
    x->unclaimed += exit_is_unclaimed(ev);
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
static void node_label(struct exits *x, const char *name, const struct tally_row *row)
{
    struct text *out = x->graph->dot;
    unsigned root = dot_root(row->count, x->total);
    text_add(out,
             ", label=<<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"1\"><TR><TD>");
    dot_font(out, 12 + root / 12, DOT_INK);
    text_add(out, "<B>");
    dot_add(out, name, 32);
    text_add(out, "</B>");
    dot_font_end(out);
    text_add(out, "</TD></TR>");
    text_addf(out, "<TR><TD><FONT POINT-SIZE=\"%u\">", 11 + root / 25);
    dot_count(out, row->count);
    text_add(out, " × · ");
    dot_share(out, row->count, x->total);
    text_add(out, " · host ");
    text_add_ns(out, row->count ? row->host_ns / row->count : 0);
    text_add(out, "</FONT></TD></TR></TABLE>>");
}

/* `out uart.THR: 312 times (41 %), first as event 12 at 0x7c15 print+3; host 640 ns each, 200 us in all. …`
 */
static void node_tip(struct exits *x, const char *name, const struct tally_row *row, struct text *tip)
{
    const struct event_kind_info *info = event_kind_info(row->first.kind);
    text_addf(tip, "%s: %" PRIu64 " times (", name, row->count);
    dot_share(tip, row->count, x->total);
    text_addf(tip, "), first as event %" PRIu64, row->first.seq);
    tip_place(x->graph, &row->first, tip);
    text_add(tip, "; host ");
    text_add_ns(tip, row->count ? row->host_ns / row->count : 0);
    text_add(tip, " each, ");
    text_add_ns(tip, row->host_ns);
    text_addf(tip, " in all. %s: %s. %s%s", info->name, info->meaning, info->cause,
              exit_is_unclaimed(&row->first) ? " No device answered here." : "");
}

static void node_class(struct exits *x, unsigned node)
{
    const struct tally_row *row = net_row(&x->net, node);
    struct text *out = x->graph->dot;
    struct text name = {0}, tip = {0};
    class_name(&row->first, &x->graph->info->names, &name);
    node_tip(x, text_str(&name), row, &tip);
    text_addf(out, "n%u [", node);
    node_style(out, event_kind_info(row->first.kind)->colour, exit_is_unclaimed(&row->first),
               dot_root(row->count, x->total));
    dot_tip(out, text_str(&tip));
    dot_link_kind(x->graph, row->first.kind);
    node_label(x, text_str(&name), row);
    text_add(out, "];\n");
    out->failed |= name.failed || tip.failed;
    text_fini(&name);
    text_fini(&tip);
}

static void node_other(struct exits *x)
{
    const struct tally_row *sum = &x->net.other;
    struct text name = {0}, *out = x->graph->dot;
    if (sum->count == 0)
        return;
    text_add(&name, "other (");
    dot_plural(&name, x->net.folded, "class", "classes");
    text_add(&name, x->net.nodes.rest.count ? " and more)" : ")");
    text_addf(out, "n%zu [", x->net.shown);
    node_style(out, "#888888", false, dot_root(sum->count, x->total));
    dot_tip(out, "rare exits, counted together; --max-nodes draws more of them");
    node_label(x, text_str(&name), sum);
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

/* What a node is called in a sentence. */
static void node_name(const struct exits *x, uint32_t node, struct text *out)
{
    if (node >= NET_SPECIAL)
        text_add(out, node == NODE_START ? "the start" : "the end");
    else if (node >= x->net.shown)
        text_add(out, "other");
    else
        class_name(&net_row(&x->net, node)->first, &x->graph->info->names, out);
}

static void edge_tip(const struct exits *x, const struct net_edge *edge)
{
    struct text tip = {0};
    text_addf(&tip, "%" PRIu64 " times: ", edge->count);
    node_name(x, edge->from, &tip);
    text_add(&tip, ", then ");
    node_name(x, edge->to, &tip);
    dot_tip(x->graph->dot, text_str(&tip));
    text_fini(&tip);
}

static void edge_add(struct exits *x, const struct net_edge *edge)
{
    struct text *out = x->graph->dot;
    bool terminal = edge->from == NODE_START || edge->to == NODE_END;
    bool rare = !terminal && edge->count * 100 < x->total;
    unsigned root = dot_root(edge->count, x->total);
    text_addf(out, "n%u -> n%u [penwidth=", edge->from, edge->to);
    dot_decimal(out, 80 + (terminal ? 40 : root * 5));
    text_addf(out, ", weight=%u", 1 + root / 4);
    if (rare)
        text_add(out, ", color=\"#8c8c8c\", fontcolor=\"" DOT_GREY "\"");
    else if (!terminal)
        text_add(out, ", color=\"#444444\"");
    edge_tip(x, edge);
    if (edge->count > 1) {
        text_add(out, edge->from == edge->to ? ", label=\"   " : ", label=\" ");
        dot_count(out, edge->count);
        text_add(out, " \"");
    }
    text_add(out, "];\n");
}

static void edges_add(struct exits *x)
{
    for (size_t i = 0; i < x->net.edge_count; i++)
        if (x->net.edge[i].keep)
            edge_add(x, &x->net.edge[i]);
}

/* ---- legend -------------------------------------------------------------------------------------- */

static void legend_kind(struct exits *x, unsigned kind, struct text *out)
{
    const struct event_kind_info *info = event_kind_info(kind);
    struct dot_colour fill = dot_lighten(info->colour, 55), line = dot_darken(info->colour, 25);
    text_addf(out,
              "<TR><TD BORDER=\"1\" COLOR=\"%s\" BGCOLOR=\"%s\" WIDTH=\"20\"> </TD><TD ALIGN=\"LEFT\" "
              "WIDTH=\"80\"><B>",
              line.hex, fill.hex);
    dot_add(out, info->name, 20);
    text_add(out, "</B></TD><TD ALIGN=\"LEFT\" WIDTH=\"310\">");
    dot_add(out, info->meaning, 60);
    text_add(out, "</TD><TD ALIGN=\"RIGHT\" WIDTH=\"70\">");
    dot_count(out, x->kind[kind]);
    text_add(out, " ×</TD><TD ALIGN=\"RIGHT\" WIDTH=\"50\">");
    dot_share(out, x->kind[kind], x->total);
    text_add(out, "</TD></TR>");
}

#define LEGEND_KINDS 10

/* The most frequent kinds. */
static void legend_kinds(struct exits *x, struct text *out)
{
    bool told[EVENT_KIND_MAX] = {false};
    for (unsigned n = 0; n < LEGEND_KINDS; n++) {
        unsigned most = 0;
        for (unsigned k = 1; k < EVENT_KIND_MAX; k++)
            if (!told[k] && (told[most] || x->kind[k] > x->kind[most]))
                most = k;
        if (told[most] || !x->kind[most])
            return;
        told[most] = true;
        legend_kind(x, most, out);
    }
}

static void exits_legend(struct exits *x, struct text *out)
{
    if (x->total)
        text_add(out, "<TR><TD COLSPAN=\"5\" HEIGHT=\"6\"></TD></TR>");
    legend_kinds(x, out);
    dot_note(
        out, 5,
        "The larger and darker a box, the more often. × = how many times; host = mean time Ringside took "
        "to answer. Arrows: what the same vCPU did next, and how often (no number: once).",
        0, NULL);
    if (x->unclaimed)
        dot_note(out, 5, "Dashed red: no device answered (", x->unclaimed, " times).");
    if (x->net.dropped)
        dot_note(out, 5, "Rare arrows are not drawn: they stand for ", x->net.dropped, " follow-ups.");
    if (x->skipped)
        dot_note(out, 5, "Not drawn, being no exits: single steps and marks (", x->skipped, ").");
}

static void exits_draw(struct exits *x)
{
    struct text legend = {0};
    dot_begin(x->graph, "exits", "which exit follows which", "nodesep=0.4, ranksep=0.32");
    dot_frame_open(x->graph);
    if (x->total == 0) {
        text_add(x->graph->dot, "empty [shape=box, style=\"rounded,dashed\", margin=0.3, fontsize=14, "
                                "label=\"no exits in this trace\"];\n");
    } else {
        node_terminals(x);
        for (unsigned n = 0; n < x->net.shown; n++)
            node_class(x, n);
        node_other(x);
        edges_add(x);
    }
    exits_legend(x, &legend);
    dot_frame_close(x->graph, &legend);
    dot_end(x->graph);
    text_fini(&legend);
}

static int exits_read(struct exits *x, struct err *e)
{
    if (graph_scan(x->graph, exits_see, x, e))
        return -1;
    for (unsigned v = 0; v < 256; v++)
        if (x->last[v])
            net_connect(&x->net, x->last[v] - 1, NODE_END, 0);
    return net_fold(&x->net, x->graph->choice.max_nodes, EDGES_PER_NODE, e);
}

int graph_exits(struct graph *g, struct err *e)
{
    struct exits x = {.graph = g};
    int rc = exits_read(&x, e);
    if (rc == 0)
        exits_draw(&x);
    net_fini(&x.net);
    return rc;
}
