/*
 * The picture of interrupts.  A device raises its line; the interrupt controller offers the interrupt to the
 * CPU, which takes it when it may (IF set); the CPU enters the handler through the IDT; the handler serves
 * the device and tells the controller that it is done (end of interrupt, EOI), before which nothing of the
 * same or lower priority comes (Intel 8259A data sheet, "End of Interrupt"; Intel SDM, "Interrupt and
 * Exception Handling").  This file finds these moments in the trace and the times between them.
 *
 * The event of an injected interrupt holds how long its line had waited. An EOI is an OUT to a command port
 * of the 8259As. In a step trace the handler is the code of the next step and its end an IRET; a trace
 * without steps knows only the first exit after the injection. Simplified: an EOI that names no line ends the
 * interrupt that came last.
 */
#include "traces/graph_irq.h"

#include <stdlib.h>

#define PORT_MASTER 0x20
#define PORT_SLAVE  0xa0

/* ---- rows ---------------------------------------------------------------------------------------- */

static struct irq_row *irq_row(struct irqs *q, const struct event *ev)
{
    for (size_t i = 0; i < q->count; i++)
        if (q->row[i]->first.addr == ev->addr && q->row[i]->first.detail == ev->detail)
            return q->row[i];
    if (q->count == IRQ_ROWS_MAX)
        return NULL;
    struct irq_row *row = calloc(1, sizeof *row);
    if (!row) {
        q->failed = true;
        return NULL;
    }
    row->first = *ev;
    row->last_ns = ev->time_ns;
    return q->row[q->count++] = row;
}

static void span_add(struct irq_row *row, enum irq_span span, uint64_t ns)
{
    sketch_add(&row->span[span], ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns);
}

static uint64_t since(const struct irq_open *o, const struct event *ev)
{
    return ev->time_ns > o->irq.time_ns ? ev->time_ns - o->irq.time_ns : 0;
}

static void place_count(struct irqs *q, struct tally *t, const struct event *ev, uint64_t linear)
{
    bool symbol;
    if (!(ev->flags & EVENT_NO_CPU))
        tally_see(t, place_of(&q->places, linear, &symbol), ev);
}

/* ---- one interrupt ------------------------------------------------------------------------------- */

static void irq_close(struct irq_cpu *cpu, unsigned at)
{
    for (cpu->depth--; at < cpu->depth; at++)
        cpu->open[at] = cpu->open[at + 1];
}

static void irq_inject(struct irqs *q, const struct event *ev)
{
    struct irq_cpu *cpu = &q->cpu[ev->vcpu];
    struct irq_row *row = irq_row(q, ev);
    q->total++;
    if (!row) {
        q->others++;
        return;
    }
    if (row->count++)
        span_add(row, SPAN_PERIOD, ev->time_ns > row->last_ns ? ev->time_ns - row->last_ns : 0);
    row->last_ns = ev->time_ns;
    row->nested += cpu->depth && !cpu->open[cpu->depth - 1].ended;
    if (ev->flags & EVENT_VALUE)
        span_add(row, SPAN_RAISE, ev->value);
    place_count(q, &row->interrupted, ev, event_linear(ev));
    if (cpu->depth == IRQ_OPEN_MAX)
        irq_close(cpu, 0); /* nobody ends the oldest one any more */
    cpu->open[cpu->depth++] = (struct irq_open){.row = row, .irq = *ev};
}

/* The first thing seen of the handler. */
static void irq_reach(struct irqs *q, struct irq_open *o, const struct event *ev)
{
    if (o->reached)
        return;
    o->reached = true;
    span_add(o->row, SPAN_HANDLER, since(o, ev));
    place_count(q, &o->row->handlers, ev, event_linear(ev) - (ev->flags & EVENT_RIP_NEXT ? 1 : 0));
}

/* ---- the end of an interrupt --------------------------------------------------------------------- */

/* OCW2 with the EOI bit: `*line` is the line it names, or -1. */
static bool event_is_eoi(const struct event *ev, int *line)
{
    if (ev->kind != EVENT_IO || ev->dir != DIR_OUT || (ev->addr != PORT_MASTER && ev->addr != PORT_SLAVE) ||
        (ev->value & 0x38) != 0x20)
        return false;
    bool specific = ev->value & 0x40;
    *line = specific ? (int)(ev->value & 7) + (ev->addr == PORT_SLAVE ? 8 : 0) : -1;
    return true;
}

static bool line_is_slave(const struct irq_open *o)
{
    return o->irq.detail >= 8 && o->irq.detail < 16;
}

/* Does this EOI end that interrupt? One that came through the slave needs two: the slave's ends it, the
 * master's ends the cascade line. */
static bool eoi_fits(const struct irq_open *o, const struct event *ev, int line)
{
    bool slave = ev->addr == PORT_SLAVE;
    if (o->cascade && !slave)
        return line < 0 || line == 2;
    return !o->ended && (line < 0 || line == o->irq.detail) &&
           (line_is_slave(o) == slave || o->irq.detail == 0xffff);
}

static void irq_eoi(struct irqs *q, const struct event *ev, int line)
{
    struct irq_cpu *cpu = &q->cpu[ev->vcpu];
    for (unsigned i = cpu->depth; i-- > 0;) {
        struct irq_open *o = &cpu->open[i];
        if (!eoi_fits(o, ev, line))
            continue;
        bool first = !o->ended;
        if (first)
            span_add(o->row, SPAN_EOI, since(o, ev));
        o->cascade = first && line_is_slave(o);
        o->ended = true;
        if (!o->cascade && !q->steps)
            irq_close(cpu, i);
        return;
    }
    q->strays++;
}

/* An IRET ends the innermost handler that was entered from where it leads. */
static void irq_return(struct irqs *q, const struct event *step)
{
    struct irq_cpu *cpu = &q->cpu[step->vcpu];
    for (unsigned i = cpu->depth; i-- > 0;)
        if (event_linear(step) - event_linear(&cpu->open[i].irq) <= STEP_LEN_MAX) {
            span_add(cpu->open[i].row, SPAN_RETURN, since(&cpu->open[i], step));
            cpu->depth = i;
            return;
        }
}

/* ---- all events ---------------------------------------------------------------------------------- */

static bool event_is_access(const struct event *ev)
{
    return ev->kind == EVENT_IO || ev->kind == EVENT_MMIO;
}

static void irq_see(void *ctx, const struct event *ev)
{
    struct irqs *q = ctx;
    struct irq_cpu *cpu = &q->cpu[ev->vcpu];
    struct event before;
    int line;
    enum step_way way = step_walk_see(&q->walk, ev, &before);
    q->steps += way != WAY_NONE;
    q->exits += event_kind_is_exit(ev->kind);
    if (way == WAY_IRET)
        irq_return(q, ev);
    if (ev->kind == EVENT_IRQ) {
        irq_inject(q, ev);
        return;
    }
    if (ev->kind == EVENT_MARK || q->failed)
        return;
    if (cpu->depth)
        irq_reach(q, &cpu->open[cpu->depth - 1], ev);
    if (cpu->depth && event_is_access(ev))
        tally_see(&cpu->open[cpu->depth - 1].row->touched, class_key(ev), ev);
    if (event_is_eoi(ev, &line))
        irq_eoi(q, ev, line);
}

/* Most frequent first. */
static int row_order(const void *a, const void *b)
{
    const struct irq_row *x = *(struct irq_row *const *)a, *y = *(struct irq_row *const *)b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return x->first.seq < y->first.seq ? -1 : 1;
}

static int irq_read(struct irqs *q, struct err *e)
{
    if (graph_scan(q->graph, irq_see, q, e))
        return -1;
    for (size_t i = 0; i < q->count; i++)
        q->failed |= q->row[i]->handlers.failed || q->row[i]->interrupted.failed || q->row[i]->touched.failed;
    if (q->failed)
        return err_set(e, "out of memory while drawing");
    if (q->count)
        qsort(q->row, q->count, sizeof(struct irq_row *), row_order);
    return 0;
}

int graph_irq(struct graph *g, struct err *e)
{
    struct irqs *q = calloc(1, sizeof *q);
    if (!q)
        return err_set(e, "out of memory while drawing");
    q->graph = g;
    q->places.names = &g->info->names;
    int rc = irq_read(q, e);
    if (rc == 0)
        irq_draw(q);
    for (size_t i = 0; i < q->count; i++) {
        tally_fini(&q->row[i]->handlers);
        tally_fini(&q->row[i]->interrupted);
        tally_fini(&q->row[i]->touched);
        free(q->row[i]);
    }
    free(q);
    return rc;
}
