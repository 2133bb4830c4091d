/*
 * Where an export or a report goes: standard output, a device or a pipe, or a file.  A file is written under
 * another name in the same folder and takes its own name only when it is complete, so that a full disk or a
 * ^C leaves neither half a file nor damage to the one that was there.
 */
#ifndef RINGSIDE_TRACES_OUTPUT_H
#define RINGSIDE_TRACES_OUTPUT_H

#include "base/text.h"

#include <signal.h>
#include <stdio.h>

struct output {
    FILE *file;
    struct text name; /* what to call it in errors */
    struct text path; /* the file's own name in the end; empty for standard output, devices and pipes */
    struct text temp; /* where it is written until then */
    bool ours;        /* `file` was opened here */
    bool guarded;     /* signals that end the program are held back, until the temporary file is gone */
    sigset_t was;
};

/* Opens `path`; NULL or "-" means `standard`. A trace is never overwritten: it is the evidence, and who names
 * it here has mixed up two words. On failure there is nothing to close. */
NODISCARD int output_open(struct output *o, const char *path, FILE *standard, struct err *e);

/* True when somebody wants the program to end (SIGINT, SIGTERM, SIGHUP): fills *e. Ask now and then: while a
 * temporary file is there these signals wait for output_close. */
bool output_stopped(const struct output *o, struct err *e);

/* Ends it. With `result` 0 the file takes its name; else, or when that fails, no file is left. Returns the
 * result, or -1 with *e filled. */
NODISCARD int output_close(struct output *o, int result, struct err *e);

/* fwrite of all of it, or -1. */
NODISCARD int output_write(struct output *o, const struct text *t, struct err *e);

#endif
