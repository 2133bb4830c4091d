/*
 * The monitor's own files: monitor_loop.c (what is waited for, one turn), monitor_live.c (a guest),
 * monitor_trace.c (a trace), monitor_startup.c (commands that come before the first key).
 */
#ifndef RINGSIDE_MONITOR_INSIDE_H
#define RINGSIDE_MONITOR_INSIDE_H

#include "keeper.h"
#include "monitor_loop.h"

#include "monitor/model/model.h"
#include "monitor/shell/prompt.h"
#include "monitor/ui/screen.h"
#include "monitor/ui/term.h"

/* A command line that waits for its turn. */
struct startup_line {
    char *text;
    char *origin; /* "-x", "FILE:7"; NULL: --run */
    bool strict;  /* when it fails, everything ends */
};

struct loop {
    struct session *session; /* NULL: a trace */
    struct keeper keeper;
    struct term *term;
    struct screen *screen;
    struct model *model;
    struct prompt *prompt;
    struct complete_names names;
    int answered_fd, timer_fd, epoll_fd;
    int errors_fd, stderr_fd; /* what is said meanwhile, and where it is to go */
    struct startup_line *startup;
    size_t startup_count, startup_next;
    bool startup_asked; /* the one before startup_next is on its way */
    bool startup_failed;
    struct err startup_err; /* the first failure, until it has been shown */
    bool over;
    int signo;  /* the signal that ended it; 0: none */
    int status; /* of a startup command that failed under --strict */
};

/* Nothing is open yet. */
void loop_init(struct loop *l, struct session *s);
/* Takes the terminal; l->model must be there. */
NODISCARD int loop_open(struct loop *l, struct err *e);
/* Gives everything back, also after loop_open has failed. */
void loop_close(struct loop *l);
/* The model's notify; ctx is the loop. On the vCPU's thread. */
void loop_notify(void *ctx);
/* Keys, answers, a new frame: all that is there now. */
void loop_turn(struct loop *l);
/* The next turn comes at once. */
void loop_hurry(struct loop *l);
/* Waits for loop_turn's things; ctx is the loop. True: the signal was dealt with; false: it ends the loop. */
bool loop_signal(void *ctx, int signo);

/* Collects startup files (unless --no-rc), -x and --script, and what --run stands for. */
void loop_startup_collect(struct loop *l);
/* Gives the next line to the screen, when the one before has been answered. */
void loop_startup_next(struct loop *l);
void loop_startup_fini(struct loop *l);

#endif
