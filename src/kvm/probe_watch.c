/*
 * The watchdog of the host probe.  Some operations loop for ever inside KVM_RUN on some back ends, and
 * nothing but a signal ends that call: KVM looks for pending signals between two entries and then returns
 * EINTR.  A signal that comes just before the ioctl would be lost, therefore the handler also sets
 * immediate_exit in the page shared with the kernel, which makes the next KVM_RUN return at once (KVM API
 * documentation, "KVM_RUN").
 *
 * One signal proves nothing: a machine that is starved by its own host sees time jump.  But however far it
 * jumps, it is one signal, after which the entry is made again; only a guest that outlasts several in a row
 * is stuck.  The first timer counts CPU time of the probing thread, so that a busy machine does not look like
 * a broken one; the wall clock is slower and only for guests that sleep inside the kernel.
 */
#include "kvm/probe_watch.h"

#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

enum { CPU_PERIOD_NS = 30000000, WALL_PERIOD_NS = 300000000, STRIKES = 8 };

static void watch_fire(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    struct probe_watch *w = info->si_value.sival_ptr;
    if (info->si_code != SI_TIMER || !w)
        return;
    w->strikes = w->strikes + 1;
    struct kvm_run *run = w->run;
    if (run)
        run->immediate_exit = 1;
}

static int timer_make(struct probe_watch *w, clockid_t clock, timer_t *timer, struct err *e)
{
    struct sigevent ev = {
        .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = w->signal, .sigev_value.sival_ptr = w};
    ev.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
    return timer_create(clock, &ev, timer) < 0 ? err_sys(e, errno, "watchdog timer") : 0;
}

int probe_watch_init(struct probe_watch *w, struct err *e)
{
    *w = (struct probe_watch){.signal = SIGRTMIN + 5};
    struct sigaction action = {.sa_sigaction = watch_fire, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigset_t mask;
    sigemptyset(&action.sa_mask);
    sigemptyset(&mask);
    sigaddset(&mask, w->signal);
    if (sigaction(w->signal, &action, &w->old_action) < 0)
        return err_sys(e, errno, "watchdog signal");
    pthread_sigmask(SIG_UNBLOCK, &mask, &w->old_mask);
    w->has_wall = timer_make(w, CLOCK_MONOTONIC, &w->wall_timer, e) == 0;
    w->has_cpu = w->has_wall && timer_make(w, CLOCK_THREAD_CPUTIME_ID, &w->cpu_timer, e) == 0;
    if (w->has_cpu)
        return 0;
    probe_watch_fini(w);
    return -1;
}

void probe_watch_fini(struct probe_watch *w)
{
    w->run = NULL;
    if (w->has_cpu)
        timer_delete(w->cpu_timer);
    if (w->has_wall)
        timer_delete(w->wall_timer);
    pthread_sigmask(SIG_SETMASK, &w->old_mask, NULL);
    sigaction(w->signal, &w->old_action, NULL);
    w->has_cpu = w->has_wall = false;
}

static void watch_set(struct probe_watch *w, long cpu_ns, long wall_ns)
{
    const struct itimerspec cpu = {.it_value.tv_nsec = cpu_ns, .it_interval.tv_nsec = cpu_ns};
    const struct itimerspec wall = {.it_value.tv_nsec = wall_ns, .it_interval.tv_nsec = wall_ns};
    timer_settime(w->cpu_timer, 0, &cpu, NULL);
    timer_settime(w->wall_timer, 0, &wall, NULL);
}

void probe_watch_start(struct probe_watch *w, struct kvm_run *run)
{
    w->strikes = 0;
    w->run = run;
    watch_set(w, CPU_PERIOD_NS, WALL_PERIOD_NS);
}

bool probe_watch_ended(const struct probe_watch *w)
{
    return w->strikes >= STRIKES;
}

void probe_watch_stop(struct probe_watch *w)
{
    watch_set(w, 0, 0);
    w->run = NULL;
}
