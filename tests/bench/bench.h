/*
 * The benchmark's parts.  Every measure is a pair, the bare ioctl loop and Ringside doing the same work, in
 * turns within one process run; what counts is the ratio of the medians.
 */
#ifndef RINGSIDE_TESTS_BENCH_H
#define RINGSIDE_TESTS_BENCH_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

enum { BENCH_ROUNDS_MAX = 101 };

/* One measure: nanoseconds a unit of work (an exit, a wake, a start) in each round. */
struct bench_series {
    double floor_ns[BENCH_ROUNDS_MAX], ringside_ns[BENCH_ROUNDS_MAX], traced_ns[BENCH_ROUNDS_MAX];
    unsigned rounds;
};

/* A guest as bytes for real mode at 0x7c00 (long mode at BENCH_STEP_AT when it is stepped), and how a bare
 * loop must serve it. */
struct bench_guest {
    const char *name;
    const uint8_t *code;
    size_t code_len;
    unsigned exits_per_unit; /* exits that are one unit of work */
    unsigned exits_before;   /* set-up exits not worth counting apart, but the bare loop must get past them */
    uint8_t wake_vector;     /* bare loop: injected at a HLT, 0 when the guest has none */
};

extern const struct bench_guest bench_pio, bench_mmio, bench_hlt, bench_step, bench_step_memory;

/* Where stepped guests begin, and how many steps are made before the clock starts. */
enum { BENCH_STEP_AT = 0x8000, BENCH_STEP_WARM = 64 };

/* bare.c: `units` of work with bare ioctls; nanoseconds in *ns. */
NODISCARD int bare_run(const struct bench_guest *g, unsigned units, double *ns, struct err *e);
/* The smallest program that reaches a first exit: for startup. Returns an exit status. */
int bare_first_exit(void);

/* hosted.c: the same through Ringside's run loop; `trace` is a file to write or NULL. */
NODISCARD int hosted_run(const struct bench_guest *g, unsigned units, const char *trace, double *ns,
                         struct err *e);

/* bare_step.c and hosted_step.c: a guest in long mode that is stepped, warm already. `typed`: by the command
 * `step`, else by run_step; `trace`: with --trace-steps into this file, or NULL. */
struct bare_stepper;
struct bare_stepper *bare_stepper_open(const struct bench_guest *g, struct err *e);
NODISCARD int bare_stepper_run(struct bare_stepper *b, unsigned n, struct err *e);
void bare_stepper_close(struct bare_stepper *b);
struct stage;
struct stage *stage_create(const struct bench_guest *g, bool typed, const char *trace, struct err *e);
NODISCARD int stage_step(struct stage *s, unsigned n, struct err *e);
NODISCARD int stage_close(struct stage *s, struct err *e);
/* steps.c: the three in turns, slice by slice. Nanoseconds a step, of the thread's CPU time: a step never
 * waits, and so other work on the machine drops out. */
NODISCARD int bench_steps(const struct bench_guest *g, bool typed, unsigned rounds, unsigned units,
                          const char *trace, struct bench_series *s, struct err *e);

/* prompt.c: milliseconds (of CPU time) the prompt takes to answer each question, the median of `rounds`;
 * `guest` is guests/paging.elf. */
struct bench_question {
    const char *line; /* a command as typed; NULL ends the table */
    bool in_pieces;   /* with all memory mapped in small pieces */
};
extern const struct bench_question bench_questions[];
enum { BENCH_QUESTIONS_MAX = 64 };
NODISCARD int bench_prompt(const char *guest, unsigned rounds, double *ms, struct err *e);

/* monitor.c: what the full screen costs a guest that does nothing but leave, and how it feels. `ringside` is
 * the program, `units` the thousands of exits a run. */
enum { BENCH_SCREENS = 2 }; /* 80x24 and 200x60 */
struct bench_monitor {
    double plain_ns;             /* an exit of `ringside run` */
    double rate[BENCH_SCREENS];  /* exits a second with the monitor on, as a share of those without */
    double cpu[BENCH_SCREENS];   /* the same by the CPU time of the vCPU's thread */
    double key_ms, key_worst_ms; /* a key at the prompt, until the screen shows it, while the guest runs */
    double pause_ms, pause_worst_ms;  /* Space, until the guest stands and the screen says so */
    double idle_percent;              /* of a CPU, all threads, while the guest stands */
    double frames_per_s, frame_bytes; /* while it runs at 80x24 */
    double step_bytes;                /* written to the terminal for one step, at 200x60 */
};
NODISCARD int bench_monitor(const char *ringside, unsigned rounds, unsigned units, struct bench_monitor *m,
                            struct err *e);

/* main.c */
double bench_median(const double *v, unsigned n);
/* Runs a program to its end with no input and no output: wall time, and what else it used (NULL: not asked).
 * Fails when it cannot be run or ends with a status other than 0 and 124. */
NODISCARD int bench_spawn(char *const argv[], double *ns, struct rusage *usage, struct err *e);

/* make_trace.c: writes a made-up trace of that many events, always the same for the same number. */
NODISCARD int bench_make_trace(const char *path, uint64_t events, struct err *e);

/* traces.c: `ringside-bench --traces ...`, the words behind it. Returns an exit status. */
int bench_traces(const char *ringside, int argc, char **argv);

/* events.c: nanoseconds trace_put takes for one event, and coded bytes an event, over the bundled guests in
 * `folder`. */
NODISCARD int bench_events(const char *folder, double *write_ns, double *bytes_per_event, struct err *e);

#endif
