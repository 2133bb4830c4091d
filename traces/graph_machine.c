/*
 * The PC as a picture: the CPU, its two buses (a PC has one address space for ports and one for memory; Intel
 * SDM, "Input/Output"), and every device of the machine table with the ranges it claims and the traffic the
 * trace holds for it.  A device that nobody touched is grey, an access that no device answered is a dashed
 * red box.
 *
 * Simplified: the real machine's chipset and interrupt wiring are left out.  A trace tells which vector was
 * injected and for which line, not which device pulled it, so interrupts have a box of their own.
 */
#include "traces/graph_machine.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- counting ------------------------------------------------------------------------------------ */

static void traffic_see(struct traffic *t, const struct event *ev)
{
    uint64_t bytes = (uint64_t)ev->size * ev->count;
    if (ev->dir == DIR_IN) {
        t->in++;
        t->in_bytes += bytes;
    } else {
        t->out++;
        t->out_bytes += bytes;
    }
}

static void traffic_add(struct traffic *t, const struct traffic *more)
{
    t->in += more->in;
    t->out += more->out;
    t->in_bytes += more->in_bytes;
    t->out_bytes += more->out_bytes;
}

static void machine_access(struct machine *m, const struct event *ev)
{
    enum machine_bus bus = ev->kind == EVENT_MMIO ? BUS_MEMORY : BUS_PORTS;
    traffic_see(&m->device[bus][ev->device], ev);
    traffic_see(&m->bus[bus], ev);
    if (!ev->device)
        tally_see(&m->unclaimed[bus], class_key(ev), ev);
}

static void machine_see(void *ctx, const struct event *ev)
{
    struct machine *m = ctx;
    if (ev->kind == EVENT_MARK)
        return;
    m->vcpu[ev->vcpu] = true;
    if (ev->kind == EVENT_IO || ev->kind == EVENT_MMIO)
        machine_access(m, ev);
    else if (ev->kind == EVENT_IRQ)
        tally_see(&m->vectors, (ev->addr & 0xff) << 16 | ev->detail, ev);
    else
        tally_see(&m->cpu, class_key(ev), ev);
}

struct traffic machine_device_traffic(const struct machine *m, unsigned device)
{
    const struct traffic *p = &m->device[BUS_PORTS][device], *q = &m->device[BUS_MEMORY][device];
    return (struct traffic){p->in + q->in, p->out + q->out, p->in_bytes + q->in_bytes,
                            p->out_bytes + q->out_bytes};
}

bool machine_on_bus(const struct machine *m, unsigned device, enum machine_bus bus)
{
    const struct trace_info *info = m->graph->info;
    if (traffic_count(&m->device[bus][device]))
        return true;
    for (size_t i = 0; i < info->range_count; i++)
        if (info->ranges[i].device == device && info->ranges[i].mmio == (bus == BUS_MEMORY))
            return true;
    return false;
}

/* Those the header names and those it forgot but the events have. */
static bool machine_has(const struct machine *m, unsigned device)
{
    struct traffic t = machine_device_traffic(m, device);
    return device < m->graph->info->names.device_count || traffic_count(&t);
}

/* ---- wires --------------------------------------------------------------------------------------- */

#define WIRE_IDLE "#c4c4c4"
#define WIRE_BUSY "#444444"

/* Hangs a box on a bus, below what hangs there already. */
static void bus_hang(struct machine *m, enum machine_bus bus, const char *box, unsigned height,
                     const struct traffic *t, const char *colour)
{
    struct bus_row *row = &m->rows[bus][m->row_count[bus]++];
    *row = (struct bus_row){.height = height, .traffic = t, .colour = colour};
    snprintf(row->box, sizeof row->box, "%s", box);
}

/* Puts a box below the others on the right. */
static void column_add(struct machine *m, const char *box)
{
    text_addf(&m->column, "%s%s", m->column.len ? " -> " : "", box);
}

/* `out 12 times, 12 bytes; in 3 times, 3 bytes` */
static void traffic_tip(const struct traffic *t, struct text *out)
{
    struct text tip = {0};
    text_addf(&tip, "out %" PRIu64 " times, %" PRIu64 " bytes; in %" PRIu64 " times, %" PRIu64 " bytes",
              t->out, t->out_bytes, t->in, t->in_bytes);
    dot_tip(out, traffic_count(t) ? text_str(&tip) : "never touched in this trace");
    text_fini(&tip);
}

/* From bus to box. The arrow points the way the data went; its width is the traffic's. */
static void wire_add(struct machine *m, enum machine_bus bus, const struct bus_row *row)
{
    static const char *const dirs[2][2] = {{"none", "forward"}, {"back", "both"}};
    const struct traffic *t = row->traffic;
    struct text *out = m->graph->dot;
    text_addf(out, "bus%u:%s:e -> %s:w [dir=%s, color=\"%s\", penwidth=", bus, row->box, row->box,
              dirs[t->in != 0][t->out != 0], traffic_count(t) ? row->colour : WIRE_IDLE);
    dot_decimal(out, traffic_count(t) ? 120 + 4 * dot_root(traffic_count(t), m->busiest) : 100);
    traffic_tip(t, out);
    text_add(out, "];\n");
}

/* CPU to bus, labelled with what crossed it. */
static void wire_cpu(struct machine *m, enum machine_bus bus)
{
    static const char *const words[BUS_COUNT][2] = {{"in", "out"}, {"read", "write"}};
    const struct traffic *t = &m->bus[bus];
    struct text *out = m->graph->dot;
    if (!traffic_count(t)) {
        text_addf(out, "cpu:e -> bus%u:head:w [dir=none, color=\"" WIRE_IDLE "\"];\n", bus);
        return;
    }
    text_addf(out, "cpu:e -> bus%u:head:w [dir=both, color=\"" WIRE_BUSY "\", penwidth=", bus);
    dot_decimal(out,
                120 + 4 * dot_root(traffic_count(t), traffic_count(&m->bus[0]) + traffic_count(&m->bus[1])));
    text_addf(out, ", label=\" %s ", words[bus][1]);
    dot_count(out, t->out);
    text_addf(out, " \\n %s ", words[bus][0]);
    dot_count(out, t->in);
    text_add(out, " \"");
    traffic_tip(t, out);
    text_add(out, "];\n");
}

/* ---- the picture --------------------------------------------------------------------------------- */

static void machine_device(struct machine *m, unsigned device)
{
    char box[12];
    snprintf(box, sizeof box, "d%u", device);
    unsigned height = part_device(m, device);
    for (unsigned bus = 0; bus < BUS_COUNT; bus++)
        if (machine_on_bus(m, device, bus))
            bus_hang(m, bus, box, height, &m->device[bus][device], WIRE_BUSY);
    column_add(m, box);
}

/* The busiest devices are drawn, as many as there may be boxes; the others share one. */
static void machine_fold(struct machine *m)
{
    unsigned busy = 0;
    for (unsigned d = 1; d < 256; d++) {
        struct traffic t = machine_device_traffic(m, d);
        busy += traffic_count(&t) != 0;
    }
    while (busy > m->graph->choice.max_nodes + 1 - (m->folded_count != 0)) {
        unsigned least = 0;
        uint64_t count = UINT64_MAX;
        for (unsigned d = 1; d < 256; d++) {
            struct traffic t = machine_device_traffic(m, d);
            if (!m->folded[d] && traffic_count(&t) && traffic_count(&t) <= count) {
                least = d;
                count = traffic_count(&t);
            }
        }
        m->folded[least] = true;
        m->folded_count++;
        busy--;
        for (unsigned bus = 0; bus < BUS_COUNT; bus++)
            traffic_add(&m->more[bus], &m->device[bus][least]);
    }
}

/* Draws the devices that are on exactly these buses. Returns how many idle ones were left out. */
static unsigned machine_devices(struct machine *m, bool ports, bool memory)
{
    unsigned left = 0;
    for (unsigned d = 1; d < 256; d++) {
        if (!machine_has(m, d) || machine_on_bus(m, d, BUS_PORTS) != ports ||
            machine_on_bus(m, d, BUS_MEMORY) != memory)
            continue;
        struct traffic t = machine_device_traffic(m, d);
        if (m->folded[d])
            continue;
        if (traffic_count(&t) || m->graph->info->names.device_count <= m->graph->choice.max_nodes)
            machine_device(m, d);
        else
            left++;
    }
    return left;
}

/* Below the devices; on the buses where it has traffic. */
static void machine_more(struct machine *m)
{
    if (!m->folded_count)
        return;
    unsigned height = part_more(m);
    for (unsigned bus = 0; bus < BUS_COUNT; bus++)
        if (traffic_count(&m->more[bus]))
            bus_hang(m, bus, "more", height, &m->more[bus], WIRE_BUSY);
    column_add(m, "more");
}

static void machine_unclaimed(struct machine *m, enum machine_bus bus)
{
    const struct traffic *t = &m->device[bus][0];
    const char *box = bus == BUS_PORTS ? "nobody0" : "nobody1";
    if (!traffic_count(t))
        return;
    bus_hang(m, bus, box, part_unclaimed(m, bus), t, DOT_ALARM);
    column_add(m, box);
}

/* The right column from top to bottom: what is on the port bus, on both, on the memory bus; so wires cross
 * little. */
static unsigned machine_column(struct machine *m)
{
    static const struct traffic none;
    unsigned left = machine_devices(m, true, false);
    machine_unclaimed(m, BUS_PORTS);
    left += machine_devices(m, true, true);
    machine_more(m);
    left += machine_devices(m, false, true);
    left += machine_devices(m, false, false);
    bus_hang(m, BUS_MEMORY, "ram", part_memory(m), &none, WIRE_IDLE);
    column_add(m, "ram");
    machine_unclaimed(m, BUS_MEMORY);
    return left;
}

/* Invisible arrows keep the columns in their order; Graphviz would shuffle them otherwise. (Inside a cluster
 * it does so all the same, which is why this picture has no frame and its legend is a box.) */
static void machine_wires(struct machine *m)
{
    struct text *out = m->graph->dot;
    for (unsigned bus = 0; bus < BUS_COUNT; bus++) {
        part_bus(m, bus);
        wire_cpu(m, bus);
        for (unsigned i = 0; i < m->row_count[bus]; i++)
            wire_add(m, bus, &m->rows[bus][i]);
    }
    text_addf(out, "{rank=same; %s [style=invis];}\n", text_str(&m->column));
    text_add(out, "{rank=same; bus0 -> bus1 [style=invis];}\n");
}

static void machine_draw(struct machine *m)
{
    for (unsigned d = 1; d < 256; d++) {
        struct traffic t = machine_device_traffic(m, d);
        m->busiest = traffic_count(&t) > m->busiest ? traffic_count(&t) : m->busiest;
    }
    dot_begin(m->graph, "machine", "the machine and its traffic", "rankdir=LR, nodesep=0.06, ranksep=0.7");
    part_cpu(m);
    part_interrupts(m);
    part_kernel(m);
    machine_fold(m);
    unsigned left = machine_column(m);
    machine_wires(m);
    part_legend(m, left);
    dot_end(m->graph);
}

static void machine_fini(struct machine *m)
{
    for (unsigned bus = 0; bus < BUS_COUNT; bus++)
        tally_fini(&m->unclaimed[bus]);
    text_fini(&m->column);
    tally_fini(&m->vectors);
    tally_fini(&m->cpu);
    free(m);
}

int graph_machine(struct graph *g, struct err *e)
{
    struct machine *m = calloc(1, sizeof *m);
    if (!m)
        return err_set(e, "out of memory while drawing");
    m->graph = g;
    int rc = graph_scan(g, machine_see, m, e);
    if (rc == 0 && (m->vectors.failed || m->cpu.failed || m->unclaimed[0].failed || m->unclaimed[1].failed))
        rc = err_set(e, "out of memory while drawing");
    if (rc == 0)
        machine_draw(m);
    machine_fini(m);
    return rc;
}
