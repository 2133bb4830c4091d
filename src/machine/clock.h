/*
 * The machine's clock: the one source of device time.  `real` follows the host's monotonic clock.
 * `steps` knows nothing of the host: it moves only when the guest has done work (an exit, an
 * instruction single-stepped) or when the CPU sleeps and time may as well jump to the next thing that will
 * happen. That is why two runs under `steps` give the same trace.
 */
#ifndef RINGSIDE_MACHINE_CLOCK_H
#define RINGSIDE_MACHINE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* One exit or one instruction is worth a microsecond: about the speed of an early PC. */
#define CLOCK_STEP_NS 1000

enum clock_kind { CLOCK_REAL, CLOCK_STEPS };

struct machine_clock {
    enum clock_kind kind;
    uint64_t virtual_ns; /* steps: the time */
    uint64_t origin_ns;  /* real: host time that is zero */
};

/* The host's monotonic clock. */
uint64_t clock_host_ns(void);
/* The CPU time of the calling thread so far; for a vCPU's thread the guest's is part of it. */
uint64_t clock_thread_ns(void);

void clock_init(struct machine_clock *c, enum clock_kind kind);

/* Nanoseconds since power-on. */
uint64_t clock_now_ns(const struct machine_clock *c);

/* The guest did `units` of work; nothing under a real clock. */
void clock_work(struct machine_clock *c, uint64_t units);

/* Host time of `stood_ns` has passed that is none for the machine: it was paused. */
void clock_stood(struct machine_clock *c, uint64_t stood_ns);

/* The CPU sleeps until `at_ns`: under steps, time goes there (never back); nothing under a real clock. */
void clock_jump(struct machine_clock *c, uint64_t at_ns);

/* `real` or `steps`. */
const char *clock_name(enum clock_kind kind);

#endif
