/*
 * The picture of a boot: boxes from top to bottom in the order of time, and between two of them the last
 * event before the change of mode and the first one after it.  A guest that goes back and forth between modes
 * (a 64-bit kernel with 32-bit programs) would make a very long strip: it gets one box a mode, and arrows
 * that say how often.
 */
#include "traces/graph_boot.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SENTENCE_CHARS 48

/* ---- ends ---------------------------------------------------------------------------------------- */

static void ends_start(struct boot *b)
{
    const struct trace_info *info = b->graph->info;
    struct text *out = b->graph->dot;
    text_add(out, "start [group=path, shape=box, style=\"rounded,filled\", fillcolor=\"#333333\", "
                  "color=\"#333333\", fontcolor=white, "
                  "margin=\"0.25,0.08\", label=<<FONT POINT-SIZE=\"13\"><B>start</B></FONT><BR/><FONT "
                  "POINT-SIZE=\"10\">");
    text_add_size(out, info->mem_len);
    text_add(out, " of memory");
    if (info->backend && *info->backend) {
        text_add(out, " · KVM: ");
        dot_add(out, info->backend, 24);
    }
    if (info->clock && *info->clock) {
        text_add(out, " · clock: ");
        dot_add(out, info->clock, 12);
    }
    text_add(out, "</FONT>>];\n");
}

/* How runs end: well (green), by a limit (amber), badly (vermilion). */
static const char *end_colour(const char *status)
{
    static const char *const good[] = {"halted", "poweroff", "debug-exit"};
    static const char *const bad[] = {"triple-fault", "error"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (strcmp(status, good[i]) == 0)
            return "#009E73";
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (strcmp(status, bad[i]) == 0)
            return "#D55E00";
    return "#E69F00";
}

static void ends_facts(const struct trace_end *end, struct text *out)
{
    text_add(out, "<BR/><FONT POINT-SIZE=\"10\">");
    text_addf(out, "exit status %d · %s mode at %#" PRIx64 " · after ", end->exit_code,
              cpu_mode_name(end->mode), end->rip);
    text_add_ns(out, end->elapsed_ns);
    text_add(out, "</FONT>");
}

static void ends_end(struct boot *b)
{
    const struct trace_end *end = b->graph->state.end;
    const char *status = end && end->status ? end->status : "the trace stops here";
    struct dot_colour fill = dot_lighten(end ? end_colour(status) : "#888888", 75);
    struct dot_colour line = dot_darken(end ? end_colour(status) : "#888888", 25);
    struct text *out = b->graph->dot;
    text_addf(
        out,
        "end [group=path, shape=box, style=\"rounded,filled%s\", penwidth=2, fillcolor=\"%s\", color=\"%s\", "
        "margin=\"0.25,0.08\", label=<<FONT POINT-SIZE=\"14\"><B>",
        end ? "" : ",dashed", fill.hex, line.hex);
    dot_add(out, status, 40);
    text_add(out, "</B></FONT>");
    if (end && end->reason && *end->reason) {
        text_add(out, "<BR/>");
        dot_add_wrapped(out, end->reason, 60, 3, "<BR/>");
    }
    if (end)
        ends_facts(end, out);
    text_add(out, ">];\n");
}

/* ---- borders ------------------------------------------------------------------------------------- */

static void border_place(const struct event *ev, struct text *out)
{
    if (event_mode(ev) == MODE_LONG)
        text_addf(out, "rip %" PRIx64, ev->rip);
    else if (event_mode(ev) == MODE_REAL)
        text_addf(out, "cs:ip %04x:%04" PRIx64, ev->cs, ev->rip);
    else
        text_addf(out, "cs:eip %04x:%08" PRIx64, ev->cs, ev->rip);
}

static void border_row(struct boot *b, const char *when, const struct event *ev, struct text *out)
{
    struct text words = {0};
    event_sentence(ev, &b->graph->info->names, &words);
    text_add(out, "<TR><TD ALIGN=\"LEFT\">");
    dot_font(out, 10, DOT_GREY);
    text_addf(out, "%s %s mode\u00a0\u00a0", when, cpu_mode_name(event_mode(ev)));
    dot_font_end(out);
    text_addf(out,
              "</TD><TD ALIGN=\"RIGHT\"><FONT COLOR=\"" DOT_GREY "\">#%" PRIu64
              "</FONT></TD><TD ALIGN=\"LEFT\">",
              ev->seq);
    dot_add(out, text_str(&words), SENTENCE_CHARS);
    text_add(out, "\u00a0\u00a0\u00a0</TD><TD ALIGN=\"LEFT\">");
    dot_font(out, 10, DOT_GREY);
    border_place(ev, out);
    dot_font_end(out);
    text_add(out, "</TD></TR>");
    out->failed |= words.failed;
    text_fini(&words);
}

/* The border is a node of its own in the middle of its arrow: as a label it would push the boxes aside. */
static void border_add(struct boot *b, const char *id, const char *from, const char *to,
                       const struct boot_hop *hop)
{
    struct text *out = b->graph->dot;
    text_addf(out,
              "%s [group=path, fontsize=10, label=<<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"0\" "
              "CELLPADDING=\"2\">",
              id);
    border_row(b, "last in", &hop->before, out);
    border_row(b, "first in", &hop->after, out);
    text_add(out, "</TABLE>>];\n");
    text_addf(out,
              "%s -> %s [dir=none, weight=20, penwidth=2];\n%s -> %s [weight=20, penwidth=2, arrowsize=1];\n",
              from, id, id, to);
}

/* ---- pictures ------------------------------------------------------------------------------------ */

static void arrow_add(struct boot *b, const char *from, const char *to)
{
    text_addf(b->graph->dot, "%s -> %s [weight=20, penwidth=2, arrowsize=1];\n", from, to);
}

static void path_draw(struct boot *b)
{
    char id[24], before[24], title[24], border[24];
    for (unsigned i = 0; i < b->path_len; i++) {
        snprintf(id, sizeof id, "stay%u", i);
        snprintf(before, sizeof before, "stay%u", i - 1);
        snprintf(border, sizeof border, "border%u", i);
        snprintf(title, sizeof title, "%u · ", i + 1);
        boot_box(b, id, &b->path[i], b->path_len > 1 ? title : "");
        if (i)
            border_add(b, border, before, id, &b->border[i]);
        else
            arrow_add(b, "start", id);
    }
    arrow_add(b, id, "end");
}

/* The modes in the order in which they were entered first. */
static unsigned merged_order(const struct boot *b, unsigned order[CPU_MODES])
{
    unsigned n = 0;
    for (unsigned m = 0; m < CPU_MODES; m++) {
        if (!b->by_mode[m].visits)
            continue;
        unsigned at = n++;
        for (; at && b->by_mode[order[at - 1]].first.seq > b->by_mode[m].first.seq; at--)
            order[at] = order[at - 1];
        order[at] = m;
    }
    return n;
}

static void merged_hop(struct boot *b, unsigned from, unsigned to)
{
    struct text *out = b->graph->dot;
    uint64_t count = b->hop[from][to].count;
    if (!count)
        return;
    text_addf(out, "mode%u -> mode%u [constraint=false, penwidth=", from, to);
    dot_decimal(out, 150 + 4 * dot_root(count, b->path_len));
    text_add(out, ", arrowsize=1, fontsize=11, label=\"  ");
    dot_count(out, count);
    text_add(out, " ×  \"];\n");
}

/* One box a mode, one below the other; the events at the borders go into the legend. */
static void merged_draw(struct boot *b)
{
    unsigned order[CPU_MODES], n = merged_order(b, order);
    char id[24];
    for (unsigned i = 0; i < n; i++) {
        snprintf(id, sizeof id, "mode%u", order[i]);
        boot_box(b, id, &b->by_mode[order[i]], "");
        if (i == 0)
            arrow_add(b, "start", id);
        else
            text_addf(b->graph->dot, "mode%u -> mode%u [style=invis, weight=100, minlen=2];\n", order[i - 1],
                      order[i]);
    }
    for (unsigned f = 0; f < CPU_MODES; f++)
        for (unsigned t = 0; t < CPU_MODES; t++)
            merged_hop(b, f, t);
    if (event_mode(&b->last) != order[n - 1])
        text_addf(b->graph->dot, "mode%u -> end [style=invis, weight=100];\n", order[n - 1]);
    snprintf(id, sizeof id, "mode%u", event_mode(&b->last));
    arrow_add(b, id, "end");
}

/* The change that happened first among those after event `seq`, or NULL. */
static const struct boot_hop *merged_next(const struct boot *b, uint64_t seq)
{
    const struct boot_hop *next = NULL;
    for (unsigned f = 0; f < CPU_MODES; f++)
        for (unsigned t = 0; t < CPU_MODES; t++) {
            const struct boot_hop *hop = &b->hop[f][t];
            if (hop->count && hop->after.seq > seq && (!next || hop->after.seq < next->after.seq))
                next = hop;
        }
    return next;
}

static void merged_legend(struct boot *b, struct text *legend)
{
    dot_note(legend, 4, "Too many changes of mode to draw every stay: ", b->path_len - 1,
             ". The first of each kind of change:");
    for (const struct boot_hop *hop = merged_next(b, 0); hop; hop = merged_next(b, hop->after.seq)) {
        border_row(b, "last in", &hop->before, legend);
        border_row(b, "first in", &hop->after, legend);
        text_add(legend, "<TR><TD HEIGHT=\"4\" COLSPAN=\"4\"></TD></TR>");
    }
}

static void boot_legend(struct boot *b, struct text *legend)
{
    if (!b->started) {
        dot_note(legend, 4, "Each box would be a stay in one of the CPU's modes.", 0, NULL);
        return;
    }
    if (boot_is_merged(b))
        merged_legend(b, legend);
    dot_note(legend, 4,
             boot_is_merged(b) ? "Each box: all stays in a mode." : "Each box: one stay in a mode.", 0, NULL);
    dot_note(legend, 4,
             "# = an event's number in the trace; guest = time inside KVM_RUN; host = time Ringside took.", 0,
             NULL);
    if (b->other_vcpus)
        dot_note(legend, 4, "Only the vCPU that started first is drawn: ", b->other_vcpus,
                 " events of others are not.");
}

void boot_draw(struct boot *b)
{
    struct text legend = {0};
    b->graph->tells_end = true;
    dot_begin(b->graph, "boot", "the path of a boot", "nodesep=0.5, ranksep=0.16");
    dot_frame_open(b->graph);
    ends_start(b);
    ends_end(b);
    if (!b->started) {
        text_add(b->graph->dot, "empty [shape=box, style=\"rounded,dashed\", margin=0.3, fontsize=14, "
                                "label=\"no events in this trace\"];\n");
        arrow_add(b, "start", "empty");
        arrow_add(b, "empty", "end");
    } else if (boot_is_merged(b)) {
        merged_draw(b);
    } else {
        path_draw(b);
    }
    boot_legend(b, &legend);
    dot_frame_close(b->graph, &legend);
    dot_end(b->graph);
    text_fini(&legend);
}
