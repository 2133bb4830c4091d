/*
 * A child process: a program and its words, in a folder.
 */
#ifndef RINGSIDE_LAB_SPAWN_H
#define RINGSIDE_LAB_SPAWN_H

#include "base/err.h"
#include "base/text.h"

#include <stdbool.h>

/* A child to be. `argv` ends with NULL; argv[0] is looked up in PATH unless it has a slash or `program` is
 * set. */
struct spawn {
    const char *program; /* NULL: argv[0] */
    char *const *argv;
    const char *dir;  /* its working directory */
    struct text *out; /* takes its stdout; NULL: it has ours */
    bool errors_too;  /* out takes its stderr as well */
    size_t out_max;   /* no more than this is kept, the rest is read and dropped */
    bool limited;     /* CPU time, memory and file sizes are bounded, as for a compiler of unknown input */
};

/* Runs it to its end, with nothing on its stdin. *status is its exit status, or 128 + the signal that ended
 * it. An interrupt from the terminal is the child's; it ends both sooner. -1 when it could not be started. */
NODISCARD int spawn_run(const struct spawn *s, int *status, struct err *e);

#endif
