/*
 * The startup files: see startup.h.
 */
#include "startup.h"

#include "monitor/shell/script.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct hearer {
    void (*failed)(void *ctx, const struct err *e);
    void *ctx;
};

/* A file in the current folder may come from anybody: it is read only when it is the user's own and nobody
 * else could have written it. The descriptor is asked, not the name. */
static bool is_trusted(const struct startup_file *file, const struct hearer *h)
{
    struct stat st;
    struct err e;
    if (fstat(file->fd, &st) == 0 && st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH)))
        return true;
    err_set(&e, "%s is not read: somebody else owns it or may write it", file->name);
    h->failed(h->ctx, &e);
    return false;
}

static bool is_same(int a, int b)
{
    struct stat first, second;
    return fstat(a, &first) == 0 && fstat(b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

static bool open_file(struct startup_file *file, const char *name, const struct hearer *h)
{
    struct err e;
    *file = (struct startup_file){script_open(name, &e), name};
    if (file->fd < 0 && e.code != ENOENT && e.code != ENOTDIR) /* HOME=/dev/null is nobody's */
        h->failed(h->ctx, &e);
    return file->fd >= 0;
}

size_t startup_open(struct startup_file files[STARTUP_FILES], void (*failed)(void *ctx, const struct err *e),
                    void *ctx)
{
    struct hearer h = {failed, ctx};
    size_t n = getenv("HOME") && open_file(&files[0], "~/.ringsiderc", &h) ? 1 : 0;
    if (!open_file(&files[n], ".ringsiderc", &h))
        return n;
    if ((n == 0 || !is_same(files[0].fd, files[n].fd)) && is_trusted(&files[n], &h))
        return n + 1;
    close(files[n].fd);
    return n;
}
