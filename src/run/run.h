/*
 * Running a guest: the loop around KVM_RUN.  One thread enters the guest; each time KVM hands back control,
 * the exit is decoded into an event, handled by the machine, completed and given to the sinks.  Other threads
 * never touch the vCPU: they leave a wish (stop, tick, console input) and kick it out of KVM_RUN.
 *
 *   run_create → run_loop (on the vCPU's thread) → run_result / run_post_mortem facts → run_destroy
 */
#ifndef RINGSIDE_RUN_RUN_H
#define RINGSIDE_RUN_RUN_H

#include "base/ring.h"
#include "event/event.h"
#include "machine/machine.h"
#include "vm/image.h"

enum { RUN_SINKS_MAX = 4, RUN_RING_EVENTS = 64 };

/* How a run ended; names are promised to other programs (run --json, the trace's footer). */
#define RUN_STATUSES(X)                                                                                      \
    X(RUNNING, "running")                                                                                    \
    X(HALTED, "halted")                                                                                      \
    X(POWEROFF, "poweroff")                                                                                  \
    X(DEBUG_EXIT, "debug-exit")                                                                              \
    X(BUDGET, "budget")                                                                                      \
    X(TRIPLE_FAULT, "triple-fault")                                                                          \
    X(ERROR, "error")                                                                                        \
    X(INTERRUPTED, "interrupted")
enum run_status {
#define RUN_ENUM(name, text) RUN_##name,
    RUN_STATUSES(RUN_ENUM)
#undef RUN_ENUM
};
const char *run_status_name(enum run_status s);

/* Why somebody outside wants the run to end. */
enum run_stop { STOP_NONE, STOP_QUIT, STOP_SIGINT, STOP_SIGTERM, STOP_SIGHUP, STOP_SIGQUIT, STOP_TIMEOUT };

struct run_options {
    uint64_t max_exits; /* 0 = no limit */
    uint64_t max_steps; /* 0 = no limit; else the whole run is single-stepped */
};

/* Everything that is known when the loop has ended. */
struct run_result {
    enum run_status status;
    int exit_code;    /* for the process: DESIGN's list */
    char reason[256]; /* a sentence */
    uint64_t exits;   /* exits to user space */
    uint64_t events;  /* exits and Ringside's own events */
    uint64_t steps;   /* instructions single-stepped */
    uint64_t by_kind[EVENT_KIND_MAX];
    uint64_t elapsed_ns; /* host time of the loop */
    enum cpu_mode mode;
    uint64_t rip;
};

struct run;

/* Creates the vCPU in the state `start` asks for. The machine is borrowed and must outlive the run. */
struct run *run_create(struct machine *m, const struct run_options *o, const struct cpu_start *start,
                       struct err *e);
void run_destroy(struct run *r);

/* Adds a sink; before run_loop. */
void run_add_sink(struct run *r, struct event_sink sink);

/* Called on the vCPU's thread about ten times a second and before it sleeps: write out what was held back. */
void run_set_tick(struct run *r, void (*tick)(void *ctx, uint64_t time_ns), void *ctx);

/* How to put an instruction into words, for the reason of a run that ends at one: `describe` appends to
 * `out`. */
void run_set_describe(struct run *r, void (*describe)(unsigned bits, uint64_t rip, const uint8_t *code,
                                                      size_t n, struct text *out));

/* Where console input comes from: `take` fills up to n bytes and returns how many, or -1 for "never again".
 * A byte the machine has no room for yet is kept and offered again. */
void run_set_input(struct run *r, int (*take)(void *ctx, uint8_t *bytes, size_t n), void *ctx);

/* Runs until the guest has ended, a budget is spent or somebody stops it. Fills run_result(). Returns 0, or
 * -1 when KVM itself failed (then *e says how and the result's status is ERROR). */
NODISCARD int run_loop(struct run *r, struct err *e);

const struct run_result *run_result(const struct run *r);

/* From any thread or a signal handler: end the run as soon as possible. */
void run_stop(struct run *r, enum run_stop why);
/* From any thread: console input is there, or time to write out what is held back. */
void run_wake(struct run *r);

/* KVM's own counters of this VM and vCPU (see kvm_stats_read), after the loop; the array is the caller's. */
NODISCARD int run_counters(const struct run *r, struct kvm_stat **out, size_t *n, struct err *e);

/* For a post-mortem, after the loop: the last events, newest first through ring_back(), and the last state
 * that is known to be the guest's own. */
const struct ring *run_last_events(const struct run *r);
struct run_cpu {
    struct kvm_regs regs;
    struct kvm_sregs sregs;
    bool from_last_exit; /* the backend reset the registers at the shutdown: this is the state one exit
                            earlier */
};
const struct run_cpu *run_last_cpu(const struct run *r);

/* Every KVM exit reason has a row; this counts them, for the test that compares it with linux/kvm.h. */
bool run_handles_exit(unsigned reason);

#endif
