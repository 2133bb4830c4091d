/*
 * Wishes from outside.  Other threads and signal handlers never touch the vCPU; they set a flag and kick:
 * KVM_RUN returns with EINTR when kvm_run.immediate_exit is set or a signal is pending (KVM API,
 * "immediate_exit").  The signal carries the address of kvm_run, so that its handler needs no global: it sets
 * immediate_exit, which closes the gap between "looked at the flags" and "entered the guest".
 *
 * The same signal comes from a timer at the machine's next deadline, so that a guest that spins without an
 * exit still gets its timer interrupt.
 */
#include "run/inside.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* glibc has the member, not always the name. */
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

/* However fast a timer the guest asks for, it gets this long between two kicks, or it would never run at all.
 */
enum { KICK_INTERVAL_NS = 100000 };

static void kicked(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    volatile struct kvm_run *run = info->si_value.sival_ptr;
    if (run)
        run->immediate_exit = 1;
}

int control_init(struct run *r, struct err *e)
{
    r->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (r->wake_fd < 0)
        return err_sys(e, errno, "eventfd");
    struct sigaction sa = {.sa_sigaction = kicked, .sa_flags = SA_SIGINFO};
    sigemptyset(&sa.sa_mask);
    return sigaction(RUN_KICK_SIGNAL, &sa, NULL) < 0 ? err_sys(e, errno, "sigaction") : 0;
}

void control_fini(struct run *r)
{
    if (r->wake_fd >= 0)
        close(r->wake_fd);
}

static int timer_start(struct run *r, struct err *e)
{
    struct sigevent ev = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = RUN_KICK_SIGNAL};
    ev.sigev_value.sival_ptr = r->vcpu.run;
    ev.sigev_notify_thread_id = gettid();
    if (timer_create(CLOCK_MONOTONIC, &ev, &r->timer) < 0)
        return err_sys(e, errno, "timer_create");
    r->has_timer = true;
    return 0;
}

int control_attach(struct run *r, struct err *e)
{
    r->timer_armed_ns = DEVICE_NEVER_NS;
    if (r->machine->options.clock == CLOCK_REAL && timer_start(r, e) < 0)
        return -1;
    r->thread = pthread_self();
    atomic_store(&r->has_thread, true);
    return 0;
}

void control_detach(struct run *r)
{
    atomic_store(&r->has_thread, false);
    if (r->has_timer)
        timer_delete(r->timer);
    r->has_timer = false;
}

void control_kick(struct run *r)
{
    uint64_t one = 1;
    ssize_t ignored = write(r->wake_fd, &one, sizeof one);
    (void)ignored; /* full means that it is awake already */
    ((volatile struct kvm_run *)r->vcpu.run)->immediate_exit = 1;
    union sigval value = {.sival_ptr = r->vcpu.run};
    if (atomic_load(&r->has_thread))
        pthread_sigqueue(r->thread, RUN_KICK_SIGNAL, value);
}

void run_stop(struct run *r, enum run_stop why)
{
    int none = STOP_NONE;
    atomic_compare_exchange_strong(&r->stop, &none, (int)why);
    control_kick(r);
}

void run_ask_pause(struct run *r)
{
    atomic_store(&r->pause_asked, true);
    control_kick(r);
}

void run_wake(struct run *r)
{
    atomic_store(&r->woken, true);
    control_kick(r);
}

static enum verdict control_stop(struct run *r, int why)
{
    static const struct {
        enum run_status status;
        int exit_code;
        const char *reason;
    } stops[] = {
        [STOP_QUIT] = {RUN_INTERRUPTED, 0, "the user quit (Ctrl-A x)"},
        [STOP_SIGINT] = {RUN_INTERRUPTED, 128 + SIGINT, "interrupted (Ctrl-C)"},
        [STOP_SIGTERM] = {RUN_INTERRUPTED, 128 + SIGTERM, "terminated by a signal"},
        [STOP_SIGHUP] = {RUN_INTERRUPTED, 128 + SIGHUP, "the terminal was closed"},
        [STOP_SIGQUIT] = {RUN_INTERRUPTED, 128 + SIGQUIT, "quit by a signal"},
        [STOP_TIMEOUT] = {RUN_BUDGET, 124, "the time limit has passed"},
    };
    return run_end(r, stops[why].status, stops[why].exit_code, "%s", stops[why].reason);
}

enum verdict control_serve(struct run *r)
{
    /* First the flag that lets us in, then the wishes: one that comes in between kicks again. */
    ((volatile struct kvm_run *)r->vcpu.run)->immediate_exit = 0;
    int why = atomic_load(&r->stop);
    if (why != STOP_NONE)
        return control_stop(r, why);
    if (atomic_exchange(&r->woken, false)) {
        uint64_t count;
        ssize_t ignored = read(r->wake_fd, &count, sizeof count);
        (void)ignored;
        if (r->tick)
            r->tick(r->tick_ctx, clock_host_ns() - r->start_ns);
        control_input(r);
        if (r->visit)
            r->visit(r->visit_ctx);
    }
    if (r->in_hands && atomic_exchange(&r->pause_asked, false)) {
        r->pause.why = PAUSED_ASKED;
        return PAUSE;
    }
    return GO_ON;
}

void control_input(struct run *r)
{
    while (r->take_input) {
        if (!r->input_waiting) {
            int n = r->input_over ? -1 : r->take_input(r->input_ctx, &r->input_byte, 1);
            r->input_over = n < 0;
            if (n <= 0)
                return;
            r->input_waiting = true;
        }
        if (machine_input(r->machine, &r->input_byte, 1) == 0)
            return; /* no room: tried again after the guest's next exit */
        r->input_waiting = false;
    }
}

void control_arm(struct run *r)
{
    uint64_t due_ns = r->machine->next_deadline_ns;
    if (!r->has_timer || due_ns == r->timer_armed_ns)
        return;
    r->timer_armed_ns = due_ns;
    struct itimerspec t = {{0, 0}, {0, 0}};
    if (due_ns != DEVICE_NEVER_NS) {
        uint64_t at_ns = due_ns + r->machine->clock.origin_ns,
                 soonest_ns = clock_host_ns() + KICK_INTERVAL_NS;
        if (at_ns < soonest_ns)
            at_ns = soonest_ns;
        t.it_value = (struct timespec){(time_t)(at_ns / 1000000000u), (long)(at_ns % 1000000000u)};
    }
    timer_settime(r->timer, TIMER_ABSTIME, &t, NULL);
}

void control_wait(struct run *r, uint64_t until_ns)
{
    struct pollfd fd = {.fd = r->wake_fd, .events = POLLIN};
    uint64_t now_ns = clock_host_ns();
    if (until_ns <= now_ns)
        return;
    uint64_t left_ns = until_ns - now_ns;
    struct timespec t = {(time_t)(left_ns / 1000000000u), (long)(left_ns % 1000000000u)};
    ppoll(&fd, 1, until_ns == UINT64_MAX ? NULL : &t, NULL);
}
