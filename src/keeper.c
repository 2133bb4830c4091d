/*
 * The keeper: see keeper.h.  Signals arrive through a signalfd, so that nothing runs in a signal handler but
 * the vCPU's own kick.
 */
#include "keeper.h"

#include "machine/clock.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* How often held-back output and trace events are written out. */
enum { TICK_MS = 100 };

struct keeper {
    struct run *run;
    struct console *console;
    int signal_fd, done_fd;
    uint64_t end_ns; /* host time of the time limit */
    unsigned signals;
    int rc;
    struct err err;
};

static void *vcpu_thread(void *arg)
{
    struct keeper *k = arg;
    k->rc = run_loop(k->run, &k->err);
    uint64_t one = 1;
    ssize_t ignored = write(k->done_fd, &one, sizeof one);
    (void)ignored;
    return NULL;
}

/* Ends the run; output that nobody takes must not hold it up. */
static void keeper_stop(struct keeper *k, enum run_stop why)
{
    console_hurry(k->console);
    run_stop(k->run, why);
}

static void keeper_signal(struct keeper *k)
{
    struct signalfd_siginfo info;
    if (read(k->signal_fd, &info, sizeof info) != sizeof info)
        return;
    if (info.ssi_signo == SIGCONT) {
        console_resume(k->console);
        return;
    }
    if (++k->signals > 1) {
        console_fini(k->console);
        _exit(128 + (int)info.ssi_signo);
    }
    keeper_stop(k, info.ssi_signo == SIGINT    ? STOP_SIGINT
                   : info.ssi_signo == SIGHUP  ? STOP_SIGHUP
                   : info.ssi_signo == SIGQUIT ? STOP_SIGQUIT
                                               : STOP_SIGTERM);
}

static void keeper_input(struct keeper *k)
{
    switch (console_read(k->console)) {
    case CONSOLE_QUIT:
        keeper_stop(k, STOP_QUIT);
        break;
    case CONSOLE_HELP:
        fputs("\r\nringside: Ctrl-A x quits, Ctrl-A c sends Ctrl-C to the guest, Ctrl-A Ctrl-A sends Ctrl-A; "
              "Ctrl-C "
              "interrupts\r\n",
              stderr);
        break;
    case CONSOLE_NONE:
        break;
    }
    run_wake(k->run);
}

static int keeper_wait_ms(const struct keeper *k)
{
    uint64_t now_ns = clock_host_ns();
    uint64_t left_ms = k->end_ns <= now_ns ? 0 : (k->end_ns - now_ns) / 1000000 + 1;
    return left_ms < TICK_MS ? (int)left_ms : TICK_MS;
}

static void keeper_loop(struct keeper *k)
{
    struct pollfd fd[3] = {
        {.fd = k->done_fd, .events = POLLIN}, {.fd = k->signal_fd, .events = POLLIN}, {.events = POLLIN}};
    for (;;) {
        fd[2].fd = console_wants_input(k->console) ? k->console->in_fd : -1;
        int n = poll(fd, 3, keeper_wait_ms(k));
        if (n > 0 && fd[0].revents)
            return;
        if (n > 0 && fd[1].revents)
            keeper_signal(k);
        if (n > 0 && fd[2].revents)
            keeper_input(k);
        if (clock_host_ns() >= k->end_ns) {
            keeper_stop(k, STOP_TIMEOUT);
            k->end_ns = UINT64_MAX;
        }
        if (n == 0)
            run_wake(k->run);
    }
}

static int keeper_open(struct keeper *k, sigset_t *old, struct err *e)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGQUIT);
    sigaddset(&set, SIGCONT);
    pthread_sigmask(SIG_BLOCK, &set, old);
    k->signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
    k->done_fd = eventfd(0, EFD_CLOEXEC);
    return k->signal_fd < 0 || k->done_fd < 0 ? err_sys(e, errno, "signalfd") : 0;
}

int keeper_run(struct run *r, struct console *c, uint64_t timeout_s, struct err *e)
{
    struct keeper k = {
        .run = r, .console = c, .end_ns = timeout_s ? clock_host_ns() + timeout_s * 1000000000u : UINT64_MAX};
    sigset_t old;
    pthread_t thread;
    int rc = keeper_open(&k, &old, e);
    if (rc == 0) {
        int code = pthread_create(&thread, NULL, vcpu_thread, &k);
        if (code != 0) {
            rc = err_sys(e, code, "starting the vCPU's thread");
        } else {
            keeper_loop(&k);
            pthread_join(thread, NULL);
            rc = k.rc;
            if (rc < 0)
                *e = k.err;
        }
    }
    if (k.signal_fd >= 0)
        close(k.signal_fd);
    if (k.done_fd >= 0)
        close(k.done_fd);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return rc;
}
