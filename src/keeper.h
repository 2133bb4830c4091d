/*
 * The keeper: while the vCPU's thread runs the guest, this thread waits for everything else (signals, keys,
 * the time limit) and turns it into wishes for the run loop.  A front end (a prompt, a screen) waits for its
 * own things at the same place, keeper_turn.
 */
#ifndef RINGSIDE_KEEPER_H
#define RINGSIDE_KEEPER_H

#include "console.h"
#include "run/run.h"

#include <signal.h>

enum { KEEPER_QUIT = 0 }; /* no signal has this number */

/* What happens, as far as the front end differs from `ringside run`. */
struct keeper_hooks {
    /* On the vCPU's thread: the guest's whole life; as run_loop, which it is when this is NULL. */
    int (*body)(void *ctx, struct err *e);
    /* A signal has come, or KEEPER_QUIT: the keys for quitting. True: it was dealt with; false or NULL: the
     * run ends, and at the second one the process. */
    bool (*signal)(void *ctx, int signo);
    void *ctx;
};

struct keeper {
    struct run *run;
    struct console *console;
    struct keeper_hooks hooks;
    int signal_fd, done_fd;
    uint64_t end_ns; /* host time of the time limit */
    unsigned signals;
    bool keys; /* what is typed goes to the guest: true at first */
    bool idle; /* the guest stands: nothing is held back, and nobody has to be woken now and then */
    bool over; /* the vCPU's thread has returned */
    pthread_t thread;
    sigset_t old;
    int rc;
    struct err err;
};

enum keeper_event {
    KEEPER_NOTHING, /* a tenth of a second has passed, or something was dealt with */
    KEEPER_OVER,    /* the vCPU's thread has returned; said once */
    KEEPER_READY,   /* the caller's descriptor can be read */
};

/* Starts the vCPU's thread. `timeout_s` 0 is no limit. Signals INT, TERM, HUP, QUIT, CONT, TSTP and WINCH are
 * blocked from here to keeper_finish. After a failure there is nothing to finish. */
NODISCARD int keeper_start(struct keeper *k, struct run *r, struct console *c, uint64_t timeout_s,
                           const struct keeper_hooks *hooks, struct err *e);
/* Waits for one thing to happen, with `fd` (-1: none) besides its own. */
enum keeper_event keeper_turn(struct keeper *k, int fd);
/* Waits for the vCPU's thread. Returns what its body returned. */
NODISCARD int keeper_finish(struct keeper *k, struct err *e);

/* Stops this process until SIGCONT, as SIGTSTP does where it is not blocked. */
void keeper_suspend(void);

/* All three for who has nothing to wait for: runs `r` until it has ended. Signals INT, TERM, HUP and QUIT end
 * the run cleanly; the second one ends the process on the spot (terminal restored). Returns what run_loop
 * returned. */
NODISCARD int keeper_run(struct run *r, struct console *c, uint64_t timeout_s, struct err *e);

#endif
