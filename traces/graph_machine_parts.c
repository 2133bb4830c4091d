/*
 * The boxes of the machine's picture: CPU, buses, devices, memory, interrupts, and what KVM did alone.
 */
#include "traces/graph_machine.h"

#include <inttypes.h>
#include <string.h>

/* Widths in points. */
#define LEFT_WIDTH   206
#define COUNT_WIDTH  44
#define LINE_HEIGHT  22
#define LIST_MAX     8
#define COUNTERS_MAX 12

/* ---- shared -------------------------------------------------------------------------------------- */

void box_open(struct text *out, const char *id, const char *line, const char *fill, const char *style,
              unsigned width)
{
    text_addf(out,
              "%s [label=<<TABLE BORDER=\"1\" COLOR=\"%s\" BGCOLOR=\"%s\" STYLE=\"%s\" CELLBORDER=\"0\" "
              "CELLSPACING=\"0\" CELLPADDING=\"4\" WIDTH=\"%u\">",
              id, line, fill, style, width);
}

void box_close(struct machine *m, const char *tip, const char *place)
{
    text_add(m->graph->dot, "</TABLE>>");
    dot_tip(m->graph->dot, tip);
    dot_link(m->graph, place);
    text_add(m->graph->dot, "];\n");
}

static void box_title(struct text *out, const char *title, const char *below)
{
    text_addf(out,
              "<TR><TD COLSPAN=\"2\" ALIGN=\"LEFT\" BALIGN=\"LEFT\"><FONT POINT-SIZE=\"14\"><B>%s</B></FONT>",
              title);
    if (below && *below) {
        text_add(out, "<BR ALIGN=\"LEFT\"/>");
        dot_font(out, 10, DOT_GREY);
        dot_add_wrapped(out, below, 34, 3, "<BR ALIGN=\"LEFT\"/>");
        dot_font_end(out);
    }
    text_add(out, "</TD></TR>");
}

static void box_line(struct text *out, unsigned width, const char *name, uint64_t count)
{
    text_addf(out, "<TR><TD ALIGN=\"LEFT\" WIDTH=\"%u\">", width - COUNT_WIDTH);
    dot_add(out, name, 30);
    text_addf(out, "</TD><TD ALIGN=\"RIGHT\" WIDTH=\"%u\">", COUNT_WIDTH);
    dot_count(out, count);
    text_add(out, "</TD></TR>");
}

/* The most frequent rows, and how many more there are. Returns the number of lines. */
static unsigned box_classes(struct machine *m, struct tally *t, unsigned width, struct text *out)
{
    struct text name = {0};
    tally_sort(t);
    for (size_t i = 0; i < t->count && i < LIST_MAX; i++) {
        text_clear(&name);
        class_name(&t->rows[i].first, &m->graph->info->names, &name);
        box_line(out, width, text_str(&name), t->rows[i].count);
    }
    uint64_t more = 0;
    for (size_t i = LIST_MAX; i < t->count; i++)
        more += t->rows[i].count;
    text_clear(&name);
    dot_count(&name, t->count > LIST_MAX ? t->count - LIST_MAX : 0);
    text_add(&name, t->rest.count ? " and more" : " more");
    if (more + t->rest.count)
        box_line(out, width, text_str(&name), more + t->rest.count);
    text_fini(&name);
    return (unsigned)(t->count > LIST_MAX ? LIST_MAX + 1 : t->count);
}

/* ---- CPU, interrupts, kernel --------------------------------------------------------------------- */

void part_cpu(struct machine *m)
{
    struct text *out = m->graph->dot;
    unsigned vcpus = 0;
    for (unsigned v = 0; v < 256; v++)
        vcpus += m->vcpu[v];
    box_open(out, "cpu", "#8a6100", "#fdf0d5", "ROUNDED", LEFT_WIDTH);
    char title[24];
    snprintf(title, sizeof title, vcpus > 1 ? "%u vCPUs" : "vCPU", vcpus);
    box_title(out, title, m->graph->info->host);
    if (m->cpu.count) {
        text_add(out, "<TR><TD COLSPAN=\"2\" ALIGN=\"LEFT\">");
        dot_font(out, 10, DOT_GREY);
        text_add(out, "left for other reasons than devices:");
        dot_font_end(out);
        text_add(out, "</TD></TR>");
    }
    box_classes(m, &m->cpu, LEFT_WIDTH, out);
    box_close(m, "exits that no device answers, and Ringside's own events", "exits.md");
}

/* Who is on which line of a PC, by convention: a trace knows only the number. */
static const char *line_owner(unsigned line)
{
    static const char *const owners[16] = {"timer",  "keyboard", "cascade", "COM2",  "COM1", "LPT2",
                                           "floppy", "LPT1",     "clock",   "",      "",     "",
                                           "mouse",  "FPU",      "disk 1",  "disk 2"};
    return line < 16 ? owners[line] : "";
}

void part_interrupts(struct machine *m)
{
    if (!m->vectors.count)
        return;
    struct text *out = m->graph->dot, name = {0};
    tally_sort(&m->vectors);
    box_open(out, "irq", "#8a6100", "#fbf7cf", "ROUNDED", LEFT_WIDTH);
    box_title(out, "interrupts", "injected into the guest");
    for (size_t i = 0; i < m->vectors.count && i < LIST_MAX; i++) {
        const struct event *ev = &m->vectors.rows[i].first;
        text_clear(&name);
        text_addf(&name, "vector 0x%" PRIx64, ev->addr);
        if (ev->detail != 0xffff)
            text_addf(&name, " · line %u", ev->detail);
        if (*line_owner(ev->detail))
            text_addf(&name, " (%s)", line_owner(ev->detail));
        box_line(out, LEFT_WIDTH, text_str(&name), m->vectors.rows[i].count);
    }
    if (m->vectors.count > LIST_MAX)
        text_addf(out, "<TR><TD COLSPAN=\"2\" ALIGN=\"LEFT\">%zu more vectors</TD></TR>",
                  m->vectors.count - LIST_MAX);
    box_close(m, event_kind_info(EVENT_IRQ)->cause, "exits.md#irq");
    text_add(out, "{rank=same; cpu -> irq [dir=back, minlen=2, penwidth=2, color=\"#8a6100\"];}\n");
    text_fini(&name);
}

/* Counters worth a place first, with what they count (KVM's own words are terse). */
static const struct counter_row {
    const char *name, *meaning;
} counter_rows[] = {
    {"exits", "all VM exits"},
    {"io_exits", "port accesses"},
    {"mmio_exits", "MMIO accesses"},
    {"halt_exits", "HLT"},
    {"irq_exits", "host interrupts"},
    {"irq_injections", "interrupts injected"},
    {"insn_emulation", "emulated by KVM"},
    {"insn_emulation_fail", "gave up"},
    {"pf_taken", "page faults taken"},
    {"pf_fixed", "page faults mended"},
    {"tlb_flush", "TLB flushes"},
    {"hypercalls", "hypercalls"},
};

#define COUNTER_ROWS (sizeof counter_rows / sizeof counter_rows[0])

static void part_counter(struct text *out, const struct trace_counter *c, const char *meaning)
{
    text_add(out, "<TR><TD ALIGN=\"LEFT\">");
    dot_add(out, c->name, 28);
    if (*meaning) {
        text_add(out, "\u00a0\u00a0");
        dot_font(out, 9, DOT_GREY);
        text_add(out, meaning);
        dot_font_end(out);
    }
    text_add(out, "</TD><TD ALIGN=\"RIGHT\">");
    dot_count(out, c->value);
    text_add(out, "</TD></TR>");
}

static const struct counter_row *counter_known(const char *name)
{
    for (size_t i = 0; i < COUNTER_ROWS; i++)
        if (strcmp(counter_rows[i].name, name) == 0)
            return &counter_rows[i];
    return NULL;
}

void part_kernel(struct machine *m)
{
    const struct trace_end *end = m->graph->state.end;
    struct text *out = m->graph->dot;
    unsigned shown = 0, left = 0;
    if (!end || !end->counter_count)
        return;
    box_open(out, "kernel", "#777777", "#f3f3f3", "DASHED", LEFT_WIDTH);
    box_title(out, "inside the kernel",
              "KVM's own counters for this VM. What it handled alone is not in the trace.");
    for (size_t k = 0; k < COUNTER_ROWS; k++)
        for (size_t i = 0; i < end->counter_count; i++)
            if (shown < COUNTERS_MAX && end->counters[i].value &&
                counter_known(end->counters[i].name) == &counter_rows[k]) {
                part_counter(out, &end->counters[i], counter_rows[k].meaning);
                shown++;
            }
    for (size_t i = 0; i < end->counter_count; i++) {
        if (!end->counters[i].value || counter_known(end->counters[i].name))
            continue;
        if (shown >= COUNTERS_MAX) {
            left++;
            continue;
        }
        part_counter(out, &end->counters[i], "");
        shown++;
    }
    if (left)
        text_addf(out, "<TR><TD COLSPAN=\"2\" ALIGN=\"LEFT\">%u more counters</TD></TR>", left);
    box_close(m, "KVM's own counters, read when the run ended", "graphs.md#machine");
    text_addf(out, "{rank=same; %s -> kernel [minlen=2, style=dotted, dir=none, color=\"#777777\"];}\n",
              m->vectors.count ? "irq" : "cpu");
}

void part_legend(struct machine *m, unsigned left)
{
    struct text *out = m->graph->dot;
    const char *irqchip = m->graph->info->irqchip;
    const char *above = m->vectors.count ? "irq" : "cpu";
    if (m->graph->state.end && m->graph->state.end->counter_count)
        above = "kernel";
    text_add(out, "legend [label=<<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"4\">");
    dot_note(out, 1, "in, read: the CPU reads;", 0, NULL);
    dot_note(out, 1, "out, write: it writes. Each is an exit.", 0, NULL);
    dot_note(out, 1, "Lines are as thick as the traffic.", 0, NULL);
    dot_note(out, 1, "Grey: claimed, but never touched here.", 0, NULL);
    if (left)
        dot_note(out, 1, "", left, " more of these are not drawn.");
    if (irqchip && irqchip[0] == 'k') {
        dot_note(out, 1, "The interrupt controllers were inside", 0, NULL);
        dot_note(out, 1, "the kernel: their traffic is not traced.", 0, NULL);
    }
    text_add(out, "</TABLE>>];\n");
    text_addf(out, "{rank=same; %s -> legend [style=invis];}\n", above);
}

/* ---- buses, memory ------------------------------------------------------------------------------- */

void part_bus(struct machine *m, enum machine_bus bus)
{
    static const char *const names[BUS_COUNT] = {"ports", "memory"};
    static const char *const below[BUS_COUNT] = {"IN, OUT", "load, store"};
    struct text *out = m->graph->dot;
    text_addf(out,
              "bus%u [label=<<TABLE BORDER=\"1\" COLOR=\"#555555\" BGCOLOR=\"#e6e6e6\" CELLBORDER=\"0\" "
              "CELLSPACING=\"0\" CELLPADDING=\"5\"><TR><TD PORT=\"head\" WIDTH=\"66\"><FONT "
              "POINT-SIZE=\"13\"><B>%s</B></FONT><BR/>",
              bus, names[bus]);
    dot_font(out, 9, DOT_GREY);
    text_add(out, below[bus]);
    dot_font_end(out);
    text_add(out, "</TD></TR>");
    for (unsigned i = 0; i < m->row_count[bus]; i++)
        text_addf(out, "<TR><TD PORT=\"%s\" HEIGHT=\"%u\"> </TD></TR>", m->rows[bus][i].box,
                  m->rows[bus][i].height);
    text_add(out, "</TABLE>>];\n");
}

unsigned part_memory(struct machine *m)
{
    struct text *out = m->graph->dot;
    box_open(out, "ram", "#9a9a9a", "#f3f3f3", "SOLID", DEVICE_WIDTH);
    text_add(out, "<TR><TD ALIGN=\"LEFT\"><FONT POINT-SIZE=\"13\"><B>RAM\u00a0\u00a0</B></FONT>");
    text_add_size(out, m->graph->info->mem_len);
    text_add(out, "</TD><TD ALIGN=\"RIGHT\">");
    dot_font(out, 10, DOT_GREY);
    text_add(out, "the CPU reaches it without exits");
    dot_font_end(out);
    text_add(out, "</TD></TR>");
    box_close(m, "guest memory, a KVM memory slot: no exits", "machine.txt");
    return 32;
}

unsigned part_unclaimed(struct machine *m, enum machine_bus bus)
{
    struct text *out = m->graph->dot;
    box_open(out, bus == BUS_PORTS ? "nobody0" : "nobody1", DOT_ALARM, "#fdeee6", "DASHED", DEVICE_WIDTH);
    text_add(out, "<TR><TD COLSPAN=\"2\" ALIGN=\"LEFT\"><FONT POINT-SIZE=\"13\" COLOR=\"" DOT_ALARM
                  "\"><B>no device\u00a0</B></FONT>"
                  "answered here: reads gave all ones</TD></TR>");
    unsigned lines = box_classes(m, &m->unclaimed[bus], DEVICE_WIDTH, out);
    box_close(m, "a PC's bus floats where no device drives it: reads give all ones, writes are lost",
              bus == BUS_PORTS ? "exits.md#io" : "exits.md#mmio");
    return 30 + LINE_HEIGHT * lines;
}
