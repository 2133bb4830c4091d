/*
 * Files of commands: `source`, --script, the startup file and piped input are the same thing, a command line
 * a line.
 */
#ifndef RINGSIDE_MONITOR_SHELL_SCRIPT_H
#define RINGSIDE_MONITOR_SHELL_SCRIPT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* What is done with the lines. `line` executes one: 0, 1 to end the script without a failure, or -1 with *e,
 * which then begins with "NAME:LINE: ". `failed` hears of a failure that does not end the script. */
struct script_user {
    int (*line)(void *ctx, const char *line, struct err *e);
    void (*failed)(void *ctx, const struct err *e);
    bool (*wait)(void *ctx, int fd); /* before a read that may block; false ends it. NULL: just read */
    void *ctx;
};

/* Executes all lines of `fd`. With `strict` the first failure ends it: -1 with *e. Without, -1 only when the
 * file cannot be read. `name` stands in errors; NULL for input that has no name and lines no number. */
NODISCARD int script_run(int fd, const char *name, bool strict, const struct script_user *user,
                         struct err *e);

/* Opens a regular file (no folder, no pipe that would wait); "~/" is the home folder. The descriptor, or -1
 * with *e. */
NODISCARD int script_open(const char *path, struct err *e);

/* Expands a leading "~/" into `out`. -1: too long. */
NODISCARD int script_path(const char *path, char *out, size_t cap, struct err *e);

#endif
