/*
 * The watchdog of the host probe: a guest that never leaves KVM_RUN must not take the probe with it.
 */
#ifndef RINGSIDE_KVM_PROBE_WATCH_H
#define RINGSIDE_KVM_PROBE_WATCH_H

#include "base/err.h"

#include <linux/kvm.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>

/* Two timers that signal the thread which made them: one counts its CPU time (a guest that spins), the other
 * the wall clock (a guest that sleeps in the kernel). */
struct probe_watch {
    int signal;
    bool has_cpu, has_wall;
    timer_t cpu_timer, wall_timer;
    struct sigaction old_action;
    sigset_t old_mask;
    struct kvm_run *volatile run; /* gets immediate_exit; NULL when no guest is there */
    volatile sig_atomic_t strikes;
};

/* Makes the timers for the calling thread and takes the signal. `w` must not move until probe_watch_fini. */
NODISCARD int probe_watch_init(struct probe_watch *w, struct err *e);
/* Puts the old handler and mask back. */
void probe_watch_fini(struct probe_watch *w);

/* From now until probe_watch_stop, `run`'s vCPU is got out of KVM_RUN every so often, with immediate_exit
 * set. The caller clears that and enters again until probe_watch_ended. */
void probe_watch_start(struct probe_watch *w, struct kvm_run *run);
void probe_watch_stop(struct probe_watch *w);
/* True when that has happened so often since the start that the guest is stuck. */
bool probe_watch_ended(const struct probe_watch *w);

#endif
