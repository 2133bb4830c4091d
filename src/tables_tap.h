/*
 * Page tables for the trace.  The trace file's sink looks at each event's control registers: when they name
 * other page tables than before, or have them read otherwise, the tables are copied into the trace in front
 * of the event, and once more when the run has ended. What a guest changes in its tables without touching a
 * control register is therefore seen in the next copy only; but where a debugger has the guest stand,
 * somebody looks, and tables that are others by then are copied as well.
 */
#ifndef RINGSIDE_TABLES_TAP_H
#define RINGSIDE_TABLES_TAP_H

#include "run/run.h"
#include "traces/tables.h"

/* Copies of one run, the one at its end not counted; and how long they may be together, before compression.
 */
enum { TABLES_TAP_MAX = 256, TABLES_TAP_LEN_MAX = 8 << 20 };

struct tables_tap {
    struct trace_writer *trace;
    const struct run *run;
    const struct machine *machine;
    struct trace_tables tables;   /* the last copy */
    struct trace_tables standing; /* those of a guest that stands, to be compared */
    struct tables_place place;    /* where it was taken; the registers masked */
    unsigned maxphyaddr;          /* of the guest's processor */
    bool no_1gib;
    bool paged; /* the guest has had paging on */
    size_t taken, taken_len;
    uint64_t missed;
};

/* All borrowed. */
void tables_tap_init(struct tables_tap *t, struct trace_writer *trace, const struct run *run,
                     const struct machine *m);
void tables_tap_fini(struct tables_tap *t);

/* A sink's `put` and `step`: the event goes into the trace, behind the page tables where they are others now.
 */
void tables_tap_put(void *tap, const struct event *ev);
void tables_tap_step(void *tap, const struct event *ev, const struct event_regs *after);

/* The guest stands, with these registers. */
void tables_tap_stands(struct tables_tap *t, const struct kvm_sregs *s);

/* The run has ended: the tables as they are now, before the trace is closed. */
void tables_tap_end(struct tables_tap *t);

#endif
