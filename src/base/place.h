/*
 * Where a user's own files are: the XDG Base Directory Specification's folders, and their making.
 */
#ifndef RINGSIDE_BASE_PLACE_H
#define RINGSIDE_BASE_PLACE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct place {
    const char *variable; /* XDG_STATE_HOME */
    const char *fallback; /* below $HOME when the variable is not set: .local/state */
    const char *file;     /* below that: ringside/history */
};

/* Writes the path of the file into `path` (`cap` bytes, terminated). False, with an empty path, when the
 * environment names no absolute folder or the path does not fit. */
bool place_find(const struct place *place, char *path, size_t cap);

/* Makes the folders above a file that place_find found, for the user alone, but not the home folder itself:
 * where that does not exist, its owner keeps nothing. *path is changed meanwhile and restored. */
bool place_make(char *path);

#endif
