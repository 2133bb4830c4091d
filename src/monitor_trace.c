/*
 * A trace on the screen: no guest, no other thread; time passes as it did when the trace was made.
 */
#include "monitor_inside.h"

#include "commands.h"

#include "machine/clock.h"
#include "monitor/model/replay.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Signals are read like everything else, as the keeper does with a guest. */
static int signals_open(sigset_t *old)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCONT, SIGTSTP, SIGWINCH};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaddset(&set, signals[i]);
    sigprocmask(SIG_BLOCK, &set, old);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void signals_take(struct loop *l, int signal_fd)
{
    struct signalfd_siginfo info;
    while (!l->over && read(signal_fd, &info, sizeof info) == sizeof info)
        (void)loop_signal(l, (int)info.ssi_signo);
}

static void trace_loop(struct loop *l, int signal_fd)
{
    struct replay *r = model_replay(l->model);
    struct err e;
    uint64_t was_ns = clock_host_ns();
    loop_hurry(l);
    while (!l->over) {
        struct pollfd fds[2] = {{.fd = l->epoll_fd, .events = POLLIN}, {.fd = signal_fd, .events = POLLIN}};
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            break;
        signals_take(l, signal_fd);
        uint64_t now_ns = clock_host_ns();
        if (replay_elapse(r, now_ns - was_ns, &e) < 0)
            screen_complain(l->screen, &e);
        was_ns = now_ns;
        loop_turn(l);
    }
}

int monitor_trace(const char *path)
{
    struct loop l;
    struct err e;
    sigset_t old;
    loop_init(&l, NULL);
    struct replay *r = replay_open(path, &e);
    if (!r || !(l.model = model_open_replay(r, &e)) || loop_open(&l, &e) < 0) {
        loop_close(&l);
        return command_fail(STATUS_USAGE, &e);
    }
    int signal_fd = signals_open(&old);
    trace_loop(&l, signal_fd);
    loop_close(&l);
    close(signal_fd);
    sigprocmask(SIG_SETMASK, &old, NULL);
    return l.signo ? 128 + l.signo : STATUS_OK;
}
