/*
 * A child process as a test sees one: its words, what goes into its stdin, what comes out, and how it ended.
 * Both test programs of this folder start Ringside through it.
 *
 * What depends on the child's progress is a list of steps, each waiting for a text on its stdout: so tests
 * type, or send a signal, at a known moment and never sleep.
 */
#ifndef RINGSIDE_TESTS_PROC_H
#define RINGSIDE_TESTS_PROC_H

#include "base/text.h"

enum proc_act { PROC_TYPE, PROC_CLOSE, PROC_SIGNAL };

/* Once `after` has come on stdout (behind what the step before waited for): types `data` into stdin, closes
 * stdin, or sends the signal. */
struct proc_step {
    const char *after;
    enum proc_act act;
    const char *data;
    size_t len;
    int signal;
};

enum { PROC_LIMIT_S = 100 }; /* no child of a test may live longer */

struct proc {
    char *const *argv;   /* NULL-terminated; argv[0] is the program's path */
    const char *in_path; /* stdin; NULL is /dev/null */
    bool in_pipe;        /* stdin is a pipe instead, fed by steps, open until one closes it */
    const struct proc_step *step;
    size_t step_count;

    /* Filled by proc_run; proc_fini frees the texts. */
    struct text out, err;
    int status;         /* exit status, or 128 + the signal that killed it */
    bool late;          /* it was killed because its time was over */
    size_t steps_taken; /* less than step_count when it ended before */
};

/* Runs the child to its end. -1 when it could not even be started. */
NODISCARD int proc_run(struct proc *p, struct err *e);
void proc_fini(struct proc *p);

#endif
