/*
 * The devices in the machine's picture: each a box with its name, the ranges it claims and its traffic.
 */
#include "traces/graph_machine.h"

#include <stdio.h>

#define TRAFFIC_WIDTH 84
#define RANGES_SHOWN  4
#define DEVICE_FILL   "#d8ecf8"
#define DEVICE_LINE   "#2f7fae"

/* `ports 3f8–3ff, 61, memory b8000–bffff`: the word only where it changes. */
static void device_ranges(const struct trace_info *info, unsigned device, struct text *words)
{
    unsigned shown = 0, left = 0;
    bool mmio = false;
    for (size_t i = 0; i < info->range_count; i++) {
        const struct trace_range *r = &info->ranges[i];
        if (r->device != device || !r->len)
            continue;
        if (shown >= RANGES_SHOWN) {
            left++;
            continue;
        }
        text_add(words, shown ? ", " : "");
        if (!shown || r->mmio != mmio)
            text_add(words, r->mmio ? "memory " : r->len > 1 ? "ports " : "port ");
        text_addf(words, "%" PRIx64, r->base);
        if (r->len > 1)
            text_addf(words, "–%" PRIx64, r->base + r->len - 1);
        mmio = r->mmio;
        shown++;
    }
    if (left)
        text_addf(words, ", %u more", left);
}

static void device_count(struct text *out, const char *word, uint64_t n)
{
    if (!n)
        return;
    text_addf(out, "%s\u00a0<B>", word);
    dot_count(out, n);
    text_add(out, "</B><BR ALIGN=\"RIGHT\"/>");
}

static void device_traffic(const struct traffic *t, struct text *out)
{
    text_addf(out, "<TD ALIGN=\"RIGHT\" BALIGN=\"RIGHT\" WIDTH=\"%u\">", TRAFFIC_WIDTH);
    if (traffic_count(t)) {
        device_count(out, "out", t->out);
        device_count(out, "in", t->in);
    } else {
        text_add(out, "<FONT COLOR=\"" DOT_GREY "\">idle</FONT>");
    }
    text_add(out, "</TD>");
}

/* Name and summary, and its ranges below. */
static void device_words(struct machine *m, unsigned device, bool idle, struct text *out)
{
    const struct event_names *names = &m->graph->info->names;
    struct text words = {0};
    class_device_name(names, device, &words);
    text_addf(out, "<TD ALIGN=\"LEFT\" BALIGN=\"LEFT\" WIDTH=\"%u\"><FONT POINT-SIZE=\"13\" COLOR=\"%s\"><B>",
              DEVICE_WIDTH - TRAFFIC_WIDTH, idle ? DOT_GREY : DOT_INK);
    dot_add(out, text_str(&words), 20);
    text_add(out, "\u00a0\u00a0</B></FONT>");
    dot_font(out, 10, idle ? DOT_GREY : DOT_INK);
    dot_add(out, device < names->device_count ? names->devices[device].summary : "", 40);
    dot_font_end(out);
    text_add(out, "<BR ALIGN=\"LEFT\"/>");
    text_clear(&words);
    device_ranges(m->graph->info, device, &words);
    dot_font(out, 9, DOT_GREY);
    dot_add(out, text_str(&words), 64);
    dot_font_end(out);
    text_add(out, "<BR ALIGN=\"LEFT\"/></TD>");
    out->failed |= words.failed;
    text_fini(&words);
}

/* Exact accesses and bytes, on each bus. */
static void device_tip(const struct machine *m, unsigned device, struct text *tip)
{
    static const char *const words[BUS_COUNT][2] = {{"out", "in"}, {"write", "read"}};
    class_device_name(&m->graph->info->names, device, tip);
    for (unsigned bus = 0; bus < BUS_COUNT; bus++) {
        const struct traffic *t = &m->device[bus][device];
        if (traffic_count(t))
            text_addf(tip, ": %s %" PRIu64 " (%" PRIu64 " bytes), %s %" PRIu64 " (%" PRIu64 " bytes)",
                      words[bus][0], t->out, t->out_bytes, words[bus][1], t->in, t->in_bytes);
    }
}

unsigned part_device(struct machine *m, unsigned device)
{
    struct traffic t = machine_device_traffic(m, device);
    bool idle = !traffic_count(&t);
    struct text *out = m->graph->dot;
    char id[16];
    snprintf(id, sizeof id, "d%u", device);
    box_open(out, id, idle ? "#b5b5b5" : DEVICE_LINE, idle ? "#f6f6f6" : DEVICE_FILL, "SOLID", DEVICE_WIDTH);
    text_add(out, "<TR>");
    device_words(m, device, idle, out);
    device_traffic(&t, out);
    text_add(out, "</TR>");
    struct text tip = {0};
    device_tip(m, device, &tip);
    box_close(m, text_str(&tip), "machine.txt");
    text_fini(&tip);
    return 42;
}

unsigned part_more(struct machine *m)
{
    struct text *out = m->graph->dot;
    struct traffic t = m->more[BUS_PORTS];
    t.in += m->more[BUS_MEMORY].in;
    t.out += m->more[BUS_MEMORY].out;
    box_open(out, "more", DEVICE_LINE, DEVICE_FILL, "DASHED", DEVICE_WIDTH);
    text_addf(out,
              "<TR><TD ALIGN=\"LEFT\" WIDTH=\"%u\"><FONT POINT-SIZE=\"13\"><B>other\u00a0\u00a0</B></FONT>",
              DEVICE_WIDTH - TRAFFIC_WIDTH);
    text_addf(out, "%u less busy devices</TD>", m->folded_count);
    device_traffic(&t, out);
    text_add(out, "</TR>");
    box_close(m, "these devices are counted together; --max-nodes draws more of them", "machine.txt");
    return 42;
}
