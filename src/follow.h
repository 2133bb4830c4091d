/*
 * Waiting for a file that somebody else writes: `trace tail -f`, `trace top`.
 */
#ifndef RINGSIDE_FOLLOW_H
#define RINGSIDE_FOLLOW_H

#include "base/err.h"

#include <sys/types.h>

struct follow {
    const char *path;
    dev_t device;
    ino_t inode;
    int notify; /* inotify, or -1 where that is not to be had: then it looks five times a second */
};

/* Begins to watch the file that has this name now; call it before the file is opened. -1 when there is none.
 */
NODISCARD int follow_init(struct follow *f, const char *path, struct err *e);
void follow_fini(struct follow *f);

/* Waits until the file may have changed, or nobody reads stdout any more: then -1 with `e` empty. It may
 * return sooner. */
NODISCARD int follow_wait(struct follow *f, struct err *e);

/* -1 when the name now stands for another file or for none: `e` says which. */
NODISCARD int follow_check(const struct follow *f, struct err *e);

#endif
