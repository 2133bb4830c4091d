/*
 * The picture of interrupts: a row a line and vector, from left to right in the order in which things happen,
 * and on the arrows between them how long each took.
 */
#include "traces/graph_irq.h"

#include <string.h>

#define RAISE_FILL   "#d8ecf8"
#define RAISE_LINE   "#1f6f9e"
#define CPU_FILL     "#fbf7cf"
#define CPU_LINE     "#8a6100"
#define HANDLER_FILL "#fdf0d5"
#define END_FILL     "#e2f3ec"
#define END_LINE     "#00674b"
#define LIST_MAX     5

/* ---- boxes --------------------------------------------------------------------------------------- */

static void box_open(struct irqs *q, const char *id, size_t row, const char *fill, const char *line,
                     const char *style)
{
    text_addf(q->graph->dot,
              "%s%zu [label=<<TABLE BORDER=\"1\" COLOR=\"%s\" BGCOLOR=\"%s\" STYLE=\"%s\" CELLBORDER=\"0\" "
              "CELLSPACING=\"0\" CELLPADDING=\"4\">",
              id, row, line, fill, style);
}

static void box_title(struct irqs *q, const char *what, const char *title)
{
    struct text *out = q->graph->dot;
    text_add(out, "<TR><TD ALIGN=\"LEFT\" BALIGN=\"LEFT\" COLSPAN=\"2\">");
    dot_font(out, 10, DOT_GREY);
    text_addf(out, "%s<BR ALIGN=\"LEFT\"/>", what);
    dot_font_end(out);
    dot_font(out, 14, DOT_INK);
    text_add(out, "<B>");
    dot_add(out, title, 26);
    text_add(out, "</B><BR ALIGN=\"LEFT\"/>");
    dot_font_end(out);
    text_add(out, "</TD></TR>");
}

static void box_fact(struct irqs *q, const char *words, uint64_t count)
{
    struct text *out = q->graph->dot;
    text_add(out, "<TR><TD ALIGN=\"LEFT\">");
    dot_add(out, words, 36);
    text_add(out, "</TD><TD ALIGN=\"RIGHT\">");
    if (count) {
        dot_count(out, count);
        text_add(out, " ×");
    }
    text_add(out, "</TD></TR>");
}

static void box_close(struct irqs *q, const char *tip, const char *place)
{
    text_add(q->graph->dot, "</TABLE>>");
    dot_tip(q->graph->dot, tip);
    dot_link(q->graph, place);
    text_add(q->graph->dot, "];\n");
}

/* `median 3.1 us` and below `1.2 us to 12 us`; one value alone is only itself. */
static void span_words(const struct sketch *s, const char *line_end, struct text *out)
{
    if (s->count > 1)
        text_add(out, "median ");
    text_add_ns(out, s->count > 1 ? sketch_quantile(s, 1, 2) : s->min);
    if (s->count > 1) {
        text_add(out, line_end);
        text_add_ns(out, s->min);
        text_add(out, " to ");
        text_add_ns(out, s->max);
    }
}

/* ---- the boxes of a row -------------------------------------------------------------------------- */

static void row_raise(struct irqs *q, size_t i)
{
    const struct irq_row *row = q->row[i];
    const char *device = event_device_name(q->places.names, &row->first);
    const char *summary = row->first.device < q->places.names->device_count
                              ? q->places.names->devices[row->first.device].summary
                              : "";
    struct text name = {0};
    text_add(&name, *device ? device : "not known");
    box_open(q, "raise", i, RAISE_FILL, RAISE_LINE, *device ? "SOLID" : "DASHED");
    box_title(q, "raised by", text_str(&name));
    if (*device && *summary)
        box_fact(q, summary, 0);
    text_clear(&name);
    if (row->first.detail != 0xffff)
        text_addf(&name, "line %u", row->first.detail);
    else
        text_add(&name, "no line");
    box_fact(q, text_str(&name), 0);
    box_close(q, "the device whose line went up, or that has this line", "machine.txt");
    text_fini(&name);
}

static void row_vector(struct irqs *q, size_t i)
{
    struct irq_row *row = q->row[i];
    struct text words = {0}, tip = {0};
    text_addf(&words, "vector 0x%02" PRIx64, row->first.addr);
    box_open(q, "vector", i, CPU_FILL, CPU_LINE, "ROUNDED");
    box_title(q, "injected", text_str(&words));
    box_fact(q, "given to the guest", row->count);
    if (row->span[SPAN_PERIOD].count) {
        text_clear(&words);
        text_add(&words, "every ");
        text_add_ns(&words, sketch_quantile(&row->span[SPAN_PERIOD], 1, 2));
        text_add(&words, " (median)");
        box_fact(q, text_str(&words), 0);
    }
    if (row->nested)
        box_fact(q, "while another was handled", row->nested);
    text_addf(&tip, "%" PRIu64 " times, first as event %" PRIu64, row->count, row->first.seq);
    tip_place(q->graph, &row->first, &tip);
    if (row->span[SPAN_PERIOD].count) {
        text_add(&tip, "; from one to the next: ");
        span_words(&row->span[SPAN_PERIOD], ", ", &tip);
    }
    box_close(q, text_str(&tip), "exits.md#irq");
    text_fini(&words);
    text_fini(&tip);
}

/* The most frequent rows of a tally of places. */
static void places_list(struct irqs *q, struct tally *t, const char *what, size_t max)
{
    struct text name = {0};
    tally_sort(t);
    for (size_t i = 0; i < t->count && i < max; i++) {
        text_clear(&name);
        text_add(&name, what);
        place_name(q->places.names, t->rows[i].key, &name);
        box_fact(q, text_str(&name), t->rows[i].count);
    }
    if (t->count > max) {
        text_clear(&name);
        dot_plural(&name, t->count - max, "more place", "more places");
        box_fact(q, text_str(&name), 0);
    }
    text_fini(&name);
}

static void row_handler(struct irqs *q, size_t i)
{
    struct irq_row *row = q->row[i];
    struct text name = {0};
    tally_sort(&row->handlers);
    tally_sort(&row->touched);
    if (row->handlers.count)
        place_name(q->places.names, row->handlers.rows[0].key, &name);
    else
        text_add(&name, "not seen");
    box_open(q, "handler", i, HANDLER_FILL, CPU_LINE, row->handlers.count ? "SOLID" : "DASHED");
    box_title(q, q->steps ? "handler" : "handler: first exit in", text_str(&name));
    if (row->handlers.count > 1)
        places_list(q, &row->handlers, "in ", 3);
    for (size_t k = 0; k < row->touched.count && k < LIST_MAX; k++) {
        text_clear(&name);
        class_name(&row->touched.rows[k].first, q->places.names, &name);
        box_fact(q, text_str(&name), row->touched.rows[k].count);
    }
    if (row->touched.count > LIST_MAX) {
        text_clear(&name);
        dot_plural(&name, row->touched.count - LIST_MAX, "more register", "more registers");
        box_fact(q, text_str(&name), 0);
    }
    places_list(q, &row->interrupted, "interrupted ", 2);
    box_close(
        q,
        q->steps ? "the code at which the CPU stood after the interrupt, and the registers touched until IRET"
                 : "where the first exit after the interrupt was, and the registers touched until EOI",
        "graphs.md#irq");
    text_fini(&name);
}

static void row_end(struct irqs *q, size_t i)
{
    const struct irq_row *row = q->row[i];
    uint64_t ends = row->span[SPAN_EOI].count;
    struct text words = {0};
    box_open(q, "end", i, ends ? END_FILL : "#fdeee6", ends ? END_LINE : DOT_ALARM,
             ends ? "ROUNDED" : "DASHED");
    box_title(q, "end of interrupt", ends ? "EOI" : "no EOI seen");
    if (ends)
        box_fact(q, "to the controller", ends);
    if (ends && ends < row->count)
        box_fact(q, "without EOI", row->count - ends);
    if (row->span[SPAN_RETURN].count) {
        box_fact(q, "then IRET", row->span[SPAN_RETURN].count);
        text_add(&words, "after ");
        text_add_ns(&words, sketch_quantile(&row->span[SPAN_RETURN], 1, 2));
        text_add(&words, row->span[SPAN_RETURN].count > 1 ? " (median)" : "");
        box_fact(q, text_str(&words), 0);
    }
    box_close(q, "an OUT to port 0x20 or 0xa0: until then the controller holds back what is not more urgent",
              "graphs.md#irq");
    text_fini(&words);
}

/* ---- arrows -------------------------------------------------------------------------------------- */

static void arrow_add(struct irqs *q, size_t i, const char *from, const char *to, const struct sketch *s,
                      const char *unknown, const char *tip)
{
    struct text *out = q->graph->dot, words = {0};
    text_addf(out, "%s%zu -> %s%zu [penwidth=1.6, color=\"#333333\", fontsize=11%s, label=\" ", from, i, to,
              i, s->count ? "" : ", style=dashed");
    if (s->count)
        span_words(s, " \\n ", out);
    else
        text_add(out, unknown);
    text_add(out, " \"");
    text_addf(&words, "%s: %" PRIu64 " measured", tip, s->count);
    if (s->count) {
        text_add(&words, "; ");
        span_words(s, ", ", &words);
        text_add(&words, ", 99 % within ");
        text_add_ns(&words, sketch_quantile(s, 99, 100));
    }
    dot_tip(out, text_str(&words));
    text_add(out, "];\n");
    text_fini(&words);
}

static void row_draw(struct irqs *q, size_t i)
{
    const struct irq_row *row = q->row[i];
    row_raise(q, i);
    row_vector(q, i);
    row_handler(q, i);
    row_end(q, i);
    arrow_add(q, i, "raise", "vector", &row->span[SPAN_RAISE], "raise not recorded",
              "from the rise of the line to the injection");
    arrow_add(q, i, "vector", "handler", &row->span[SPAN_HANDLER], "not seen",
              q->steps ? "from the injection to the handler's first instruction"
                       : "from the injection to the first exit after it");
    arrow_add(q, i, "handler", "end", &row->span[SPAN_EOI], "not seen", "from the injection to the EOI");
}

/* Rows stay in their order: with rankdir=LR and inside a cluster, a chain of one rank grows upwards. */
static void rows_order(struct irqs *q, size_t shown)
{
    static const char *const ids[] = {"raise", "vector", "handler", "end"};
    for (size_t k = 0; k < sizeof ids / sizeof ids[0] && shown > 1; k++) {
        text_add(q->graph->dot, "{rank=same; ");
        for (size_t i = shown; i-- > 0;)
            text_addf(q->graph->dot, "%s%zu%s", ids[k], i, i ? " -> " : "");
        text_add(q->graph->dot, " [style=invis];}\n");
    }
}

/* ---- the picture --------------------------------------------------------------------------------- */

static void irq_empty(struct irqs *q)
{
    const char *chip = q->graph->info->irqchip;
    bool kernel = chip && strcmp(chip, "kernel") == 0;
    text_addf(q->graph->dot,
              "empty [shape=box, style=\"rounded,dashed\", margin=0.3, fontsize=14, label=\"%s\"];\n",
              kernel ? "the interrupt controllers were inside the kernel: what KVM injected\\n"
                       "and what ended it is not in the trace (run with --irqchip user)"
                     : "no interrupts in this trace");
}

static void irq_legend(struct irqs *q, size_t shown, struct text *out)
{
    uint64_t hidden = q->others;
    for (size_t i = shown; i < q->count; i++)
        hidden += q->row[i]->count;
    dot_note(out, 1,
             "From left to right, for each line and vector. On the arrows: how long it took, the median, and "
             "from the shortest to the longest.",
             0, NULL);
    dot_note(out, 1,
             "raised → injected: since the line went up (a timer's: since Ringside noticed that it is due), "
             "on the "
             "machine's clock; with --clock steps that counts executed work.",
             0, NULL);
    dot_note(
        out, 1,
        q->steps
            ? "injected → handler: to its first instruction. → EOI: also since the injection."
            : "injected → handler: to the first exit after it: a trace without steps knows no more. → EOI: "
              "also since the injection.",
        0, NULL);
    if (hidden)
        dot_note(out, 1, "Other lines and vectors, not drawn (--max-nodes draws more): ", hidden,
                 " interrupts.");
    if (q->strays)
        dot_note(out, 1, "EOIs with no interrupt to end: ", q->strays, ".");
}

void irq_draw(struct irqs *q)
{
    size_t max = q->graph->choice.max_nodes, shown = q->count <= max + 1 ? q->count : max;
    struct text legend = {0};
    dot_begin(q->graph, "irq", "interrupts, from the device to the EOI",
              "rankdir=LR, nodesep=0.3, ranksep=0.3");
    dot_frame_open(q->graph);
    if (!q->count)
        irq_empty(q);
    for (size_t i = 0; i < shown; i++)
        row_draw(q, i);
    rows_order(q, shown);
    irq_legend(q, shown, &legend);
    dot_frame_close(q->graph, &legend);
    dot_end(q->graph);
    text_fini(&legend);
}
