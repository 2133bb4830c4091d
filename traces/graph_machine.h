/*
 * What graph_machine.c counts and graph_machine_parts.c draws as boxes.
 */
#ifndef RINGSIDE_TRACES_GRAPH_MACHINE_H
#define RINGSIDE_TRACES_GRAPH_MACHINE_H

#include "traces/graph.h"

enum machine_bus { BUS_PORTS, BUS_MEMORY, BUS_COUNT };

/* Accesses and bytes, as the guest sees them: in = read, out = written. */
struct traffic {
    uint64_t in, out, in_bytes, out_bytes;
};

/* A place on a bus: the box that hangs there, how tall it will be drawn, and what went over the wire. */
struct bus_row {
    char box[12];
    unsigned height; /* points */
    const struct traffic *traffic;
    const char *colour;
};

#define BUS_ROWS_MAX 259 /* every device, RAM, "more" and "no device" */

struct machine {
    struct graph *graph;
    struct traffic device[BUS_COUNT][256]; /* [0]: no device answered */
    struct traffic bus[BUS_COUNT];
    uint64_t busiest; /* accesses of the busiest device */
    struct tally unclaimed[BUS_COUNT];
    struct tally vectors; /* interrupts by vector and line */
    struct tally cpu;     /* what is no access: HLT, MSRs, assists … */
    bool vcpu[256];       /* seen */
    struct bus_row rows[BUS_COUNT][BUS_ROWS_MAX];
    unsigned row_count[BUS_COUNT];
    bool folded[256]; /* busy, but not among the busiest that are drawn */
    unsigned folded_count;
    struct traffic more[BUS_COUNT]; /* of these together */
    struct text column;             /* names of the boxes on the right, from top to bottom */
};

static inline uint64_t traffic_count(const struct traffic *t)
{
    return t->in + t->out;
}

/* Reads and writes of a device on both buses. */
struct traffic machine_device_traffic(const struct machine *m, unsigned device);

/* True when the header says that the device has a range on this bus, or the trace has accesses there. */
bool machine_on_bus(const struct machine *m, unsigned device, enum machine_bus bus);

#define DEVICE_WIDTH 340 /* of the boxes on the right, in points */

/* Opens a box: a node whose label is a table with a border of colour `line` and Graphviz's table style
 * `style`. Closes it with what a pointer is told and a place in the documents. */
void box_open(struct text *out, const char *id, const char *line, const char *fill, const char *style,
              unsigned width);
void box_close(struct machine *m, const char *tip, const char *place);

/* The boxes, each a node of the name in the comment. Those on a bus return about how tall they are, in
 * points. */
void part_cpu(struct machine *m);                         /* cpu */
void part_interrupts(struct machine *m);                  /* irq */
void part_kernel(struct machine *m);                      /* kernel */
void part_legend(struct machine *m, unsigned left);       /* legend; `left` devices are not drawn */
void part_bus(struct machine *m, enum machine_bus bus);   /* bus0, bus1: a port of its own for each row */
unsigned part_device(struct machine *m, unsigned device); /* d1 … */
unsigned part_more(struct machine *m);                    /* more: the folded devices */
unsigned part_memory(struct machine *m);                  /* ram */
unsigned part_unclaimed(struct machine *m, enum machine_bus bus); /* nobody0, nobody1 */

#endif
