/*
 * What graph_irq.c collects and graph_irq_draw.c draws: the interrupts of each line and vector, on their way
 * from the device to the end of their handler.
 */
#ifndef RINGSIDE_TRACES_GRAPH_IRQ_H
#define RINGSIDE_TRACES_GRAPH_IRQ_H

#include "traces/graph.h"
#include "traces/graph_place.h"
#include "traces/graph_step.h"
#include "traces/sketch.h"

#define IRQ_ROWS_MAX 64
#define IRQ_OPEN_MAX 16 /* interrupts inside interrupts that are followed */

/* Latencies that are told. */
enum irq_span { SPAN_RAISE, SPAN_HANDLER, SPAN_EOI, SPAN_RETURN, SPAN_PERIOD, SPAN_COUNT };

/* All interrupts of one line and vector. */
struct irq_row {
    struct event first;
    uint64_t count, nested; /* nested: came while another was being handled */
    uint64_t last_ns;
    struct sketch span[SPAN_COUNT];
    struct tally handlers;    /* the code reached first, by where its function begins */
    struct tally interrupted; /* the code that ran before, likewise */
    struct tally touched;     /* accesses from injection to EOI (or to IRET in a step trace), by class */
};

/* An interrupt that is being handled. */
struct irq_open {
    struct irq_row *row;
    struct event irq;
    bool reached, ended,
        cascade; /* its handler was seen; its EOI was; the master's for a slave's line is due */
};

struct irq_cpu {
    unsigned depth;
    struct irq_open open[IRQ_OPEN_MAX];
};

struct irqs {
    struct graph *graph;
    struct places places;
    struct step_walk walk;
    struct irq_cpu cpu[256];
    struct irq_row *row[IRQ_ROWS_MAX];
    size_t count;
    uint64_t total, others;        /* interrupts; those of lines past the limit */
    uint64_t steps, exits, strays; /* strays: EOIs with no interrupt to end */
    bool failed;
};

void irq_draw(struct irqs *q);

#endif
