/*
 * Inside `trace export --format perfetto`: the words of the Trace Event Format (the JSON that
 * chrome://tracing and ui.perfetto.dev open), and the tracks that are drawn.  A track is a "thread" of a
 * "process" there; both are numbers that metadata events give names.
 */
#ifndef RINGSIDE_TRACES_PERFETTO_H
#define RINGSIDE_TRACES_PERFETTO_H

#include "traces/export.h"

/* Processes, in the order in which they are shown. */
enum perfetto_process { PROCESS_RUN = 1, PROCESS_EXITS = 2, PROCESS_INTERRUPTS = 3, PROCESS_VCPU = 10 };

/* Tracks of a vCPU's process. */
enum perfetto_track { TRACK_MODE = 1, TRACK_CPL = 2, TRACK_TIME = 3 };

#define PERFETTO_VCPUS   256
#define PERFETTO_DEVICES 256
#define PERFETTO_VECTORS 256
#define PERFETTO_LINES   32

/* A stay in a mode or at a privilege level, not over yet. */
struct perfetto_stay {
    uint64_t since_ns;
    unsigned what;
    bool open;
};

struct perfetto_vcpu {
    bool seen;
    uint64_t left_ns; /* when the host was done with its last exit */
    struct perfetto_stay mode, cpl;
};

/* An interrupt that was injected and not ended yet. */
struct perfetto_irq {
    uint64_t since_ns, seq;
    uint64_t raised_ns; /* where the slice of its waiting begins, when `waited` */
    uint16_t line;
    bool open, waited;
};

struct perfetto {
    struct export_job *job;
    bool any; /* an element of the list was written */
    struct perfetto_vcpu vcpu[PERFETTO_VCPUS];
    uint64_t busy_ns[PERFETTO_DEVICES][PERFETTO_VCPUS]; /* a device's track is taken until then */
    bool device_named[PERFETTO_DEVICES][PERFETTO_VCPUS];
    struct perfetto_irq irq[PERFETTO_VECTORS][PERFETTO_VCPUS];
    uint64_t irq_free_ns[PERFETTO_VECTORS][PERFETTO_VCPUS];
    uint64_t line_free_ns[PERFETTO_LINES][PERFETTO_VCPUS];
    bool irq_named[PERFETTO_VECTORS + PERFETTO_LINES][PERFETTO_VCPUS];
    uint64_t flows;             /* arrows so far */
    uint64_t bin_ns, bin_exits; /* the counter of exits a second: start of its interval, and exits in it */
    uint64_t last_ns;
};

/* ---- words (perfetto_words.c)
 * ------------------------------------------------------------------------------- */

/* Begins an element: phase, process, track and time. More keys may follow; perfetto_end writes it. */
void perfetto_begin(struct perfetto *p, char phase, unsigned process, unsigned track, uint64_t ns);
void perfetto_string(struct text *out, const char *key, const char *s);
NODISCARD int perfetto_end(struct perfetto *p, struct err *e);

/* A whole slice without arguments. */
NODISCARD int perfetto_slice(struct perfetto *p, unsigned process, unsigned track, const char *name,
                             uint64_t from_ns, uint64_t to_ns, struct err *e);

/* Names a process or, with a track other than 0, a track; `sort` is its place among its like. */
NODISCARD int perfetto_name(struct perfetto *p, unsigned process, unsigned track, const char *name,
                            unsigned sort, struct err *e);

/* Nanoseconds as the format's microseconds, exact: `12.345`. */
void perfetto_time(struct text *out, uint64_t ns);

/* ---- tracks (perfetto_cpu.c, perfetto_device.c)
 * -------------------------------------------------------------- */

typedef int perfetto_fn(struct perfetto *p, const struct event *ev, struct err *e) NODISCARD;

perfetto_fn perfetto_cpu;       /* mode, privilege level, guest and host time */
perfetto_fn perfetto_device;    /* an exit on its device's track */
perfetto_fn perfetto_interrupt; /* injection and end of interrupt */
perfetto_fn perfetto_mark;

/* Ends the stays that are open. */
NODISCARD int perfetto_cpu_finish(struct perfetto *p, struct err *e);

#endif
