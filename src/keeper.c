/*
 * The keeper: see keeper.h.  Signals arrive through a signalfd, so that nothing runs in a signal handler but
 * the vCPU's own kick.
 */
#include "keeper.h"

#include "machine/clock.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* How often held-back output and trace events are written out. */
enum { TICK_MS = 100 };

static void *vcpu_thread(void *arg)
{
    struct keeper *k = arg;
    k->rc = k->hooks.body ? k->hooks.body(k->hooks.ctx, &k->err) : run_loop(k->run, &k->err);
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

/* Has the front end a use for it? */
static bool keeper_offer(struct keeper *k, int signo)
{
    return k->hooks.signal && k->hooks.signal(k->hooks.ctx, signo);
}

void keeper_suspend(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTSTP);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    raise(SIGTSTP); /* not SIGSTOP: the kernel knows whether anybody is there who could wake us */
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void keeper_signal(struct keeper *k)
{
    struct signalfd_siginfo info;
    if (read(k->signal_fd, &info, sizeof info) != sizeof info)
        return;
    int signo = (int)info.ssi_signo;
    if (keeper_offer(k, signo) || signo == SIGWINCH)
        return;
    if (signo == SIGCONT) {
        console_resume(k->console);
        return;
    }
    if (signo == SIGTSTP) {
        bool raw = k->console->raw;
        console_give_terminal(k->console);
        keeper_suspend();
        if (raw)
            console_take_terminal(k->console);
        return;
    }
    if (++k->signals > 1) {
        console_fini(k->console);
        _exit(128 + signo);
    }
    keeper_stop(k, signo == SIGINT    ? STOP_SIGINT
                   : signo == SIGHUP  ? STOP_SIGHUP
                   : signo == SIGQUIT ? STOP_SIGQUIT
                                      : STOP_SIGTERM);
}

static void keeper_input(struct keeper *k)
{
    switch (console_read(k->console)) {
    case CONSOLE_QUIT:
        if (!keeper_offer(k, KEEPER_QUIT))
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
    if (k->idle && k->end_ns == UINT64_MAX)
        return -1;
    uint64_t left_ms = k->end_ns <= now_ns ? 0 : (k->end_ns - now_ns) / 1000000 + 1;
    return left_ms < TICK_MS ? (int)left_ms : TICK_MS;
}

enum keeper_event keeper_turn(struct keeper *k, int fd)
{
    bool input = k->keys && console_wants_input(k->console);
    struct pollfd fds[4] = {{.fd = k->over ? -1 : k->done_fd, .events = POLLIN},
                            {.fd = k->signal_fd, .events = POLLIN},
                            {.fd = input ? k->console->in_fd : -1, .events = POLLIN},
                            {.fd = fd, .events = POLLIN}};
    int n = poll(fds, 4, keeper_wait_ms(k));
    if (n > 0 && fds[0].revents) {
        k->over = true;
        return KEEPER_OVER;
    }
    if (n > 0 && fds[1].revents)
        keeper_signal(k);
    if (n > 0 && fds[2].revents)
        keeper_input(k);
    if (clock_host_ns() >= k->end_ns) {
        keeper_stop(k, STOP_TIMEOUT);
        k->end_ns = UINT64_MAX;
    }
    if (n == 0 && !k->idle)
        run_wake(k->run);
    return n > 0 && fds[3].revents ? KEEPER_READY : KEEPER_NOTHING;
}

static void keeper_close(struct keeper *k)
{
    if (k->signal_fd >= 0)
        close(k->signal_fd);
    if (k->done_fd >= 0)
        close(k->done_fd);
    pthread_sigmask(SIG_SETMASK, &k->old, NULL);
}

int keeper_start(struct keeper *k, struct run *r, struct console *c, uint64_t timeout_s,
                 const struct keeper_hooks *hooks, struct err *e)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCONT, SIGTSTP, SIGWINCH};
    sigset_t set;
    *k = (struct keeper){.run = r, .console = c, .keys = true, .end_ns = UINT64_MAX};
    if (hooks)
        k->hooks = *hooks;
    if (timeout_s)
        k->end_ns = clock_host_ns() + timeout_s * 1000000000u;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaddset(&set, signals[i]);
    pthread_sigmask(SIG_BLOCK, &set, &k->old);
    k->signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
    k->done_fd = eventfd(0, EFD_CLOEXEC);
    int code = k->signal_fd < 0 || k->done_fd < 0 ? errno : pthread_create(&k->thread, NULL, vcpu_thread, k);
    if (code == 0)
        return 0;
    keeper_close(k);
    return err_sys(e, code, "starting the vCPU's thread");
}

int keeper_finish(struct keeper *k, struct err *e)
{
    while (!k->over)
        keeper_turn(k, -1);
    pthread_join(k->thread, NULL);
    keeper_close(k);
    if (k->rc < 0)
        *e = k->err;
    return k->rc;
}

int keeper_run(struct run *r, struct console *c, uint64_t timeout_s, struct err *e)
{
    struct keeper k;
    return keeper_start(&k, r, c, timeout_s, NULL, e) < 0 ? -1 : keeper_finish(&k, e);
}
