/*
 * From a student's source to a trace: the compiler and `ringside run` as child processes.  No shell is in
 * between, so that no file name can become a command.
 */
#ifndef RINGSIDE_LAB_MAKE_H
#define RINGSIDE_LAB_MAKE_H

#include "lab.h"

/* Where the guest's console went, and how it ended. */
struct lab_run {
    bool quiet; /* set by the caller: Ringside's own words go into `console` too, instead of to stderr */
    int status; /* exit status of `ringside run` */
    struct text console; /* at most 64 KiB of what the guest wrote */
};

/* Called with each command before it runs, its words joined by spaces. */
struct lab_listener {
    void (*command)(void *ctx, const char *line);
    void *ctx;
};

/* Builds the lab's source in `dir` into lab.bin or lab.elf. What the compiler has to say goes to stderr. -1
 * with a message when it does not build. */
NODISCARD int lab_make_build(const struct lab *lab, const char *dir, const struct lab_listener *l,
                             struct err *e);

/* Runs what was built in `dir` and leaves the trace in lab.rst there. -1 when that could not be done at all;
 * then out->status is the status to end with. */
NODISCARD int lab_make_run(const struct lab *lab, const char *dir, const struct lab_listener *l,
                           struct lab_run *out, struct err *e);

/* What the built image of a lab is called. */
const char *lab_make_image(const struct lab *lab);

#define LAB_TRACE "lab.rst"

#endif
