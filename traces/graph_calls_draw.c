/*
 * The picture of the call graph: functions from callers to callees, the larger and darker the more
 * instructions are spent in them and below them; what the CPU itself entered (interrupts, exceptions) begins
 * at a box of its own.
 */
#include "traces/graph_calls.h"

#define CODE_COLOUR "#E69F00"
#define ROOT_COLOUR "#7a2f6b"

static const struct net_style styles[CALLS_WAYS] = {
    [CALLS_CALL] = {"style=solid", "#333333", "━━▶", "calls", "calls (the number: how often; none: once)"},
    [CALLS_JUMP] = {"style=solid, arrowhead=vee", "#7a7a7a", "──&gt;", "jumps to",
                    "jumps or runs on into the other and does not come back"},
    [CALLS_ENTER] = {"style=dashed, arrowhead=diamond", ROOT_COLOUR, "╌╌◆", "enters",
                     "the CPU enters it: the start, an interrupt, an exception, INT n"},
};

/* ---- names --------------------------------------------------------------------------------------- */

static void root_name(const struct calls *c, unsigned root, struct text *out)
{
    if (root == ROOT_START) {
        text_add(out, "start");
    } else if (root == ROOT_EXCEPTION) {
        text_add(out, "exception");
    } else if (root == ROOT_OTHER) {
        text_addf(out, "%zu other vectors", c->other_roots);
    } else if (root >= ROOT_INT) {
        text_addf(out, "INT 0x%02x", root - ROOT_INT);
    } else {
        const struct event *irq = &c->irq[root - ROOT_IRQ];
        text_addf(out, "interrupt 0x%02x", root - ROOT_IRQ);
        if (*event_device_name(c->places.names, irq))
            text_addf(out, " · %s", event_device_name(c->places.names, irq));
    }
}

static void node_name(const struct calls *c, uint32_t place, struct text *out)
{
    if (place >= NET_SPECIAL)
        root_name(c, place - NET_SPECIAL, out);
    else if (place >= c->net.shown)
        text_add(out, "other");
    else
        place_name(c->places.names, net_row(&c->net, place)->key, out);
}

/* ---- boxes --------------------------------------------------------------------------------------- */

static void box_open(struct calls *c, size_t place, const char *name, const char *colour, uint64_t total)
{
    struct text *out = c->graph->dot;
    unsigned root = dot_root(total, c->steps);
    struct dot_colour fill = dot_lighten(colour, 92 - root * 42 / 100), line = dot_darken(colour, 35);
    text_addf(
        out,
        "n%zu [shape=box, style=\"rounded,filled\", fillcolor=\"%s\", color=\"%s\", margin=\"0.14,0.05\"",
        place, fill.hex, line.hex);
    text_add(out,
             ", label=<<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"1\"><TR><TD>");
    dot_font(out, 13 + root / 33, DOT_INK);
    text_add(out, "<B>");
    dot_add(out, name, 28);
    text_add(out, "</B>");
    dot_font_end(out);
    text_add(out, "</TD></TR>");
}

static void box_share(const struct calls *c, const char *word, uint64_t n, struct text *out)
{
    text_addf(out, "<TR><TD><FONT POINT-SIZE=\"11\">%s ", word);
    dot_count(out, n);
    text_add(out, " · ");
    dot_share(out, n, c->steps);
    text_add(out, "</FONT></TD></TR>");
}

static void box_close(struct calls *c, const char *tip)
{
    text_add(c->graph->dot, "</TABLE>>");
    dot_tip(c->graph->dot, tip);
    dot_link_picture(c->graph);
    text_add(c->graph->dot, "];\n");
}

static void function_tip(const struct calls *c, const char *name, const struct tally_row *row,
                         const struct calls_node *n, struct text *tip)
{
    text_add(tip, name);
    if (place_is_symbol(c->places.names, row->key))
        text_addf(tip, " at 0x%" PRIx64, row->key);
    text_addf(tip,
              ": called %" PRIu64 " times; %" PRIu64 " instructions itself, %" PRIu64 " with what it called",
              n->calls, row->count, n->total);
    if (n->deepest > 1)
        text_addf(tip, "; %" PRIu64 " deep in itself", n->deepest);
    text_addf(tip, "; first as event %" PRIu64 " in %s mode", row->first.seq,
              cpu_mode_name(event_mode(&row->first)));
}

static void function_add(struct calls *c, size_t place)
{
    const struct tally_row *row = net_row(&c->net, place);
    const struct calls_node *n = &c->node[c->net.order[place]];
    struct text *out = c->graph->dot, name = {0}, tip = {0};
    node_name(c, (uint32_t)place, &name);
    function_tip(c, text_str(&name), row, n, &tip);
    box_open(c, place, text_str(&name), CODE_COLOUR, n->total);
    text_add(out, "<TR><TD><FONT POINT-SIZE=\"11\">");
    if (n->calls)
        dot_plural(out, n->calls, "call", "calls");
    else
        text_add(out, "jumped into");
    if (n->deepest > 1)
        text_addf(out, ", up to %" PRIu64 " deep", n->deepest);
    text_add(out, "</FONT></TD></TR>");
    box_share(c, "self", row->count, out);
    if (n->total != row->count)
        box_share(c, "total", n->total, out);
    box_close(c, text_str(&tip));
    text_fini(&name);
    text_fini(&tip);
}

static void function_other(struct calls *c)
{
    struct text name = {0};
    if (!c->net.other.count)
        return;
    text_add(&name, "other (");
    dot_plural(&name, c->net.folded, "function", "functions");
    text_add(&name, c->net.nodes.rest.count ? " and more)" : ")");
    box_open(c, c->net.shown, text_str(&name), "#888888", c->net.other.count);
    box_share(c, "self", c->net.other.count, c->graph->dot);
    box_close(c, "functions with less, counted together; --max-nodes draws more of them");
    text_fini(&name);
}

static void root_add(struct calls *c, unsigned root)
{
    struct text *out = c->graph->dot, name = {0}, tip = {0};
    root_name(c, root, &name);
    text_addf(&tip, "%s: %" PRIu64 " times", text_str(&name), c->root[root]);
    text_addf(out,
              "n%u [shape=cds, style=filled, fillcolor=\"#f3e6f0\", color=\"" ROOT_COLOUR
              "\", fontsize=12, margin=\"0.2,0.08\", label=<<B>",
              NET_SPECIAL + root);
    dot_add(out, text_str(&name), 34);
    if (c->root[root] > 1) {
        text_add(out, " · ");
        dot_count(out, c->root[root]);
        text_add(out, " ×");
    }
    text_add(out, "</B>");
    text_add(out, ">");
    dot_tip(out, text_str(&tip));
    if (root == ROOT_START)
        dot_link_picture(c->graph);
    else
        dot_link(c->graph, "exits.md#irq");
    text_add(out, "];\n");
    text_fini(&name);
    text_fini(&tip);
}

/* ---- arrows -------------------------------------------------------------------------------------- */

static void edge_add(struct calls *c, const struct net_edge *edge)
{
    const struct net_style *style = &styles[edge->kind];
    struct text *out = c->graph->dot, tip = {0};
    uint64_t busiest = c->net.edge[0].count;
    text_addf(out, "n%u -> n%u [%s, color=\"%s\", penwidth=", edge->from, edge->to, style->attributes,
              style->colour);
    dot_decimal(out, edge->kind == CALLS_CALL ? 130 + 2 * dot_root(edge->count, busiest) : 130);
    if (edge->rows > 1)
        text_addf(out, ", minlen=%u", edge->rows);
    if (edge->count > 1) {
        text_add(out, ", label=\"  ");
        dot_count(out, edge->count);
        text_addf(out, "%s  \"", edge->from == edge->to ? " (itself)" : "");
    }
    node_name(c, edge->from, &tip);
    text_addf(&tip, " %s ", style->verb);
    node_name(c, edge->to, &tip);
    text_add(&tip, ": ");
    dot_plural(&tip, edge->count, "time", "times");
    dot_tip(out, text_str(&tip));
    text_add(out, "];\n");
    text_fini(&tip);
}

/* ---- the picture --------------------------------------------------------------------------------- */

static void calls_empty(struct calls *c)
{
    text_addf(
        c->graph->dot,
        "empty [shape=box, style=\"rounded,dashed\", margin=0.3, fontsize=14, label=\"%s\"];\n",
        c->events
            ? "no instructions in this trace: who calls whom\\nneeds a trace made with run --trace-steps"
            : "no events in this trace");
}

static void calls_legend(struct calls *c, struct text *out)
{
    text_add(out, "<TR><TD COLSPAN=\"2\" HEIGHT=\"6\"></TD></TR>");
    for (unsigned way = 0; way < CALLS_WAYS; way++)
        if (c->way_seen[way])
            net_legend(&styles[way], out);
    dot_note(out, 2,
             "self: instructions of the function; total: with those of what it called and of interrupts "
             "meanwhile.",
             0, NULL);
    dot_note(out, 2, "A function is what a symbol names; in code without symbols, what was called.", 0, NULL);
    if (c->net.dropped)
        dot_note(out, 2, "Rare arrows are not drawn: they stand for ", c->net.dropped, " times.");
    if (c->lost)
        dot_note(out, 2, "Calls more than 4,096 deep, counted but not nested: ", c->lost, ".");
}

void calls_draw(struct calls *c)
{
    struct text legend = {0};
    dot_begin(c->graph, "calls", "which function calls which", "nodesep=0.35, ranksep=0.5");
    dot_frame_open(c->graph);
    if (!c->steps)
        calls_empty(c);
    for (unsigned root = 0; root < ROOT_COUNT; root++)
        if (c->root[root])
            root_add(c, root);
    for (size_t place = 0; place < c->net.shown; place++)
        function_add(c, place);
    function_other(c);
    for (size_t i = 0; i < c->net.edge_count; i++)
        if (c->net.edge[i].keep)
            edge_add(c, &c->net.edge[i]);
    calls_legend(c, &legend);
    dot_frame_close(c->graph, &legend);
    dot_end(c->graph);
    text_fini(&legend);
}
