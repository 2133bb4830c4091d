/*
 * The picture of the flow: pieces of code as rounded boxes, the more often they run the darker; devices as
 * square ones; and arrows of several sorts, which differ in more than colour.
 */
#include "traces/graph_flow.h"

#define CODE_COLOUR   "#E69F00"
#define DEVICE_FILL   "#d8ecf8"
#define DEVICE_COLOUR "#1f6f9e"

static const struct net_style styles[FLOW_WAYS] = {
    [FLOW_CALL] = {"style=solid", "#333333", "━━▶", "calls", "calls (the number: how often; none: once)"},
    [FLOW_JUMP] = {"style=solid, arrowhead=vee", "#7a7a7a", "──&gt;", "goes on to",
                   "jumps to, or runs on into"},
    [FLOW_AFTER] = {"style=dotted, arrowhead=vee", "#7a7a7a", "┈┈&gt;",
                    "goes on, when what it called is done, with",
                    "goes on there when what it called is done"},
    [FLOW_INTERRUPT] = {"style=dashed, arrowhead=diamond", DOT_ALARM, "╌╌◆", "is interrupted by",
                        "is interrupted by: an interrupt, an exception or INT n"},
    [FLOW_NEXT_EXIT] = {"style=dashed, arrowhead=vee", "#595959", "╌╌&gt;", "is followed by the exit of",
                        "the next exit was there; what ran in between is not known"},
    [FLOW_OUT] = {"style=solid", DEVICE_COLOUR, "━━▶", "writes to",
                  "writes to the device (out); in: reads from it"},
    [FLOW_IN] = {"style=solid", DEVICE_COLOUR, "◀━━", "reads from", "reads from the device (in)"},
};

static bool edge_is_access(const struct net_edge *edge)
{
    return edge->kind == FLOW_OUT || edge->kind == FLOW_IN;
}

/* ---- names --------------------------------------------------------------------------------------- */

static void code_name(const struct flow *f, uint64_t start, struct text *out)
{
    bool chunk = f->unit == FLOW_CHUNKS && !place_is_symbol(f->places.names, start);
    place_name(f->places.names, chunk ? start & ~(uint64_t)1 : start, out);
    if (chunk)
        text_add(out, " …");
}

static void node_name(const struct flow *f, uint32_t place, struct text *out)
{
    if (place == NET_SPECIAL + FLOW_DEVICE_OTHER)
        text_addf(out, "%zu other devices", f->other_devices);
    else if (place > NET_SPECIAL)
        class_device_name(f->places.names, place - NET_SPECIAL, out);
    else if (place == NET_SPECIAL)
        text_add(out, "no device");
    else if (place >= f->net.shown)
        text_add(out, "other");
    else
        code_name(f, net_row(&f->net, place)->key, out);
}

/* ---- code ---------------------------------------------------------------------------------------- */

/* `1,234 instructions · 12 %`, and `45 exits` below. */
static void code_counts(const struct flow *f, const struct tally_row *row, struct text *out)
{
    uint64_t whole = f->steps ? f->steps : f->exits;
    text_add(out, "<TR><TD><FONT POINT-SIZE=\"11\">");
    dot_plural(out, row->count, f->steps ? "instruction" : "exit", f->steps ? "instructions" : "exits");
    text_add(out, " · ");
    dot_share(out, row->count, whole);
    if (f->steps && row->also) {
        text_add(out, "<BR/>");
        dot_plural(out, row->also, "exit", "exits");
    }
    text_add(out, "</FONT></TD></TR>");
}

static void code_box(struct flow *f, size_t place, const char *name, const struct tally_row *row,
                     const char *colour, const char *tip)
{
    struct text *out = f->graph->dot;
    unsigned root = dot_root(row->count, f->steps ? f->steps : f->exits);
    struct dot_colour fill = dot_lighten(colour, 90 - root * 45 / 100), line = dot_darken(colour, 35);
    text_addf(
        out,
        "n%zu [shape=box, style=\"rounded,filled\", fillcolor=\"%s\", color=\"%s\", margin=\"0.14,0.05\"",
        place, fill.hex, line.hex);
    dot_tip(out, tip);
    dot_link_picture(f->graph);
    text_add(out,
             ", label=<<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"1\"><TR><TD>");
    dot_font(out, 13 + root / 25, DOT_INK);
    text_add(out, "<B>");
    dot_add(out, name, 28);
    text_add(out, "</B>");
    dot_font_end(out);
    text_add(out, "</TD></TR>");
    code_counts(f, row, out);
    text_add(out, "</TABLE>>];\n");
}

static void code_tip(const struct flow *f, const char *name, const struct tally_row *row, struct text *tip)
{
    text_add(tip, name);
    if (place_is_symbol(f->places.names, row->key))
        text_addf(tip, " at 0x%" PRIx64, row->key);
    if (f->steps)
        text_addf(tip, ": %" PRIu64 " instructions, %" PRIu64 " exits", row->count, row->also);
    else
        text_addf(tip, ": %" PRIu64 " exits", row->count);
    text_addf(tip, "; first as event %" PRIu64 " in %s mode", row->first.seq,
              cpu_mode_name(event_mode(&row->first)));
}

static void code_add(struct flow *f, size_t place)
{
    const struct tally_row *row = net_row(&f->net, place);
    struct text name = {0}, tip = {0};
    code_name(f, row->key, &name);
    code_tip(f, text_str(&name), row, &tip);
    code_box(f, place, text_str(&name), row, CODE_COLOUR, text_str(&tip));
    f->graph->dot->failed |= name.failed || tip.failed;
    text_fini(&name);
    text_fini(&tip);
}

static void code_other(struct flow *f)
{
    struct text name = {0};
    if (!f->net.other.count)
        return;
    text_add(&name, "other (");
    dot_plural(&name, f->net.folded, "place", "places");
    text_add(&name, f->net.nodes.rest.count ? " and more)" : ")");
    code_box(f, f->net.shown, text_str(&name), &f->net.other, "#888888",
             "places that ran less, counted together; --max-nodes draws more of them");
    text_fini(&name);
}

/* ---- devices ------------------------------------------------------------------------------------- */

static void device_add(struct flow *f, unsigned device)
{
    const struct event_names *names = f->places.names;
    struct text *out = f->graph->dot, name = {0}, tip = {0};
    node_name(f, NET_SPECIAL + device, &name);
    text_addf(&tip, "%s: out %" PRIu64 " times, in %" PRIu64 " times", text_str(&name), f->out[device],
              f->in[device]);
    text_addf(out,
              "n%u [shape=box, style=\"filled%s\", fillcolor=\"%s\", color=\"%s\", penwidth=1.5, "
              "margin=\"0.14,0.05\"",
              NET_SPECIAL + device, device ? "" : ",dashed", device ? DEVICE_FILL : "#fdeee6",
              device ? DEVICE_COLOUR : DOT_ALARM);
    dot_tip(out, text_str(&tip));
    dot_link(f->graph, device ? "machine.txt" : "exits.md#io");
    text_add(out,
             ", label=<<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"1\"><TR><TD>");
    dot_font(out, 13, DOT_INK);
    text_add(out, "<B>");
    dot_add(out, text_str(&name), 20);
    text_add(out, "</B>");
    dot_font_end(out);
    text_add(out, "</TD></TR><TR><TD><FONT POINT-SIZE=\"10\">");
    dot_add(out,
            !device                        ? "nobody answered"
            : device < names->device_count ? names->devices[device].summary
                                           : "",
            34);
    text_add(out, "</FONT></TD></TR><TR><TD><FONT POINT-SIZE=\"11\">out ");
    dot_count(out, f->out[device]);
    text_add(out, " · in ");
    dot_count(out, f->in[device]);
    text_add(out, "</FONT></TD></TR></TABLE>>];\n");
    text_fini(&name);
    text_fini(&tip);
}

/* ---- arrows -------------------------------------------------------------------------------------- */

static void edge_tip(const struct flow *f, const struct net_edge *edge, const char *counts)
{
    struct text tip = {0};
    node_name(f, edge->from, &tip);
    text_addf(&tip, " %s ", edge_is_access(edge) ? "and" : styles[edge->kind].verb);
    node_name(f, edge->to, &tip);
    text_addf(&tip, ": %s", counts);
    dot_tip(f->graph->dot, text_str(&tip));
    text_fini(&tip);
}

/* Both directions of data are one arrow, of which one end or both have a head. */
static void edge_access(struct flow *f, const struct net_edge *edge)
{
    struct text *out = f->graph->dot, words = {0};
    const struct net_edge *twin = net_twin(&f->net, edge, edge->kind == FLOW_OUT ? FLOW_IN : FLOW_OUT);
    if (twin && twin->keep && twin < edge)
        return; /* that one is drawn, for both */
    uint64_t to = edge->kind == FLOW_OUT ? edge->count : twin ? twin->count : 0;
    uint64_t from = edge->kind == FLOW_IN ? edge->count : twin ? twin->count : 0;
    if (to) {
        text_add(&words, "out ");
        dot_count(&words, to);
    }
    text_add(&words, to && from ? " · " : "");
    if (from) {
        text_add(&words, "in ");
        dot_count(&words, from);
    }
    text_addf(out, "n%u -> n%u [dir=%s, %s, color=\"%s\", fontcolor=\"%s\", penwidth=", edge->from, edge->to,
              to && from ? "both"
              : to       ? "forward"
                         : "back",
              styles[FLOW_OUT].attributes, DEVICE_COLOUR, "#144a69");
    dot_decimal(out, 120 + 2 * dot_root(to + from, f->exits));
    text_addf(out, ", minlen=%u, label=\"  %s  \"", edge->rows, text_str(&words));
    edge_tip(f, edge, text_str(&words));
    text_add(out, "];\n");
    text_fini(&words);
}

static void edge_way(struct flow *f, const struct net_edge *edge)
{
    const struct net_style *style = &styles[edge->kind];
    struct text *out = f->graph->dot;
    text_addf(out, "n%u -> n%u [%s, color=\"%s\", penwidth=", edge->from, edge->to, style->attributes,
              style->colour);
    dot_decimal(out, edge->kind == FLOW_CALL ? 160 : 120);
    if (edge->rows > 1)
        text_addf(out, ", minlen=%u", edge->rows);
    if (edge->count > 1) {
        text_add(out, ", label=\"  ");
        dot_count(out, edge->count);
        text_add(out, "  \"");
    }
    struct text times = {0};
    dot_plural(&times, edge->count, "time", "times");
    edge_tip(f, edge, text_str(&times));
    text_add(out, "];\n");
    text_fini(&times);
}

static void edges_add(struct flow *f)
{
    for (size_t i = 0; i < f->net.edge_count; i++) {
        const struct net_edge *edge = &f->net.edge[i];
        if (!edge->keep)
            continue;
        if (edge_is_access(edge))
            edge_access(f, edge);
        else
            edge_way(f, edge);
    }
}

/* ---- legend -------------------------------------------------------------------------------------- */

static void legend_code(const struct flow *f, struct text *out)
{
    static const char *const units[][2] = {
        [FLOW_PIECES] =
            {"else one instruction that caused exits.",
             "else a basic block, named by its first address: instructions that run one after the other."},
        [FLOW_ENTRIES] = {"", "else what lies between two addresses that were called."},
        [FLOW_CHUNKS] = {"else a piece of code, of ", "else a piece of code, of "},
    };
    struct text words = {0};
    text_addf(&words, "Rounded: code: a function where the trace has its name, %s",
              units[f->unit][f->steps != 0]);
    if (f->unit == FLOW_CHUNKS) {
        text_add_size(&words, (uint64_t)1 << f->chunk_bits);
        text_addc(&words, '.');
    }
    dot_note(out, 2, text_str(&words), 0, NULL);
    text_fini(&words);
}

static void flow_legend(struct flow *f, struct text *out)
{
    text_add(out, "<TR><TD COLSPAN=\"2\" HEIGHT=\"6\"></TD></TR>");
    for (unsigned way = 0; way < FLOW_WAYS; way++)
        if (f->way_seen[way] && !(way == FLOW_IN && f->way_seen[FLOW_OUT]))
            net_legend(&styles[way], out);
    legend_code(f, out);
    dot_note(out, 2, "The darker, the more often. Square: a device; dashed red: nobody answered.", 0, NULL);
    if (!f->steps)
        dot_note(out, 2, "This trace has exits only; one of run --trace-steps has every instruction.", 0,
                 NULL);
    if (f->net.dropped)
        dot_note(out, 2, "Rare arrows are not drawn: they stand for ", f->net.dropped, " times.");
    if (f->nowhere)
        dot_note(out, 2, "Exits of which the place is not known: ", f->nowhere, ".");
}

void flow_draw(struct flow *f)
{
    struct text legend = {0};
    dot_begin(f->graph, "flow",
              f->steps ? "which code runs, and what it touches" : "which code causes exits, and where",
              "nodesep=0.35, ranksep=0.45");
    dot_frame_open(f->graph);
    if (f->net.nodes.count == 0)
        text_add(f->graph->dot, "empty [shape=box, style=\"rounded,dashed\", margin=0.3, fontsize=14, "
                                "label=\"no instructions and no exits in this trace\"];\n");
    for (size_t place = 0; place < f->net.shown; place++)
        code_add(f, place);
    code_other(f);
    for (unsigned d = 0; d < FLOW_DEVICES; d++)
        if (f->device[d])
            device_add(f, d);
    edges_add(f);
    flow_legend(f, &legend);
    dot_frame_close(f->graph, &legend);
    dot_end(f->graph);
    text_fini(&legend);
}
