/*
 * The startup files: ~/.ringsiderc and ./.ringsiderc, commands that are done before all others.
 */
#ifndef RINGSIDE_STARTUP_H
#define RINGSIDE_STARTUP_H

#include "base/err.h"

#include <stddef.h>

enum { STARTUP_FILES = 2 };

struct startup_file {
    int fd;           /* the caller closes it */
    const char *name; /* for messages */
};

/* Opens those that are there and may be trusted, in their order, and returns how many. `failed` hears why one
 * is left out. */
size_t startup_open(struct startup_file files[STARTUP_FILES], void (*failed)(void *ctx, const struct err *e),
                    void *ctx);

#endif
