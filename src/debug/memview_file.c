/*
 * Guest memory to a file and back: see memview.h.  Neither way leaves a half: the file appears under its name
 * when it is complete, and memory is touched when the file has been read and its whole range found to be RAM.
 */
#include "debug/memview.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int length_check(uint64_t len, struct err *e)
{
    if (len == 0)
        return err_set(e, "there are no bytes to move");
    if (len > MEMVIEW_FILE_MAX)
        return err_set(e, "%llu bytes are more than can be moved at once (1 GiB)", (unsigned long long)len);
    return 0;
}

static int write_all(int fd, const uint8_t *p, size_t n, const char *path, struct err *e)
{
    while (n) {
        ssize_t done = write(fd, p, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return err_sys(e, errno, "%s", path);
        p += done;
        n -= (size_t)done;
    }
    return 0;
}

static int file_write(const char *path, const uint8_t *p, size_t n, int flags, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0666);
    if (fd < 0)
        return err_sys(e, errno, "%s", path);
    int done = write_all(fd, p, n, path, e);
    if (close(fd) < 0 && done == 0)
        done = err_sys(e, errno, "%s", path);
    return done;
}

/* Under another name first; a device or a pipe is written as it stands. */
static int file_replace(const char *path, const uint8_t *p, size_t n, struct err *e)
{
    struct stat st;
    struct text part = {0};
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return S_ISDIR(st.st_mode) ? err_sys(e, EISDIR, "%s", path) : file_write(path, p, n, 0, e);
    text_addf(&part, "%s.%ld.part", path, (long)getpid());
    int done =
        part.failed ? err_set(e, "out of memory") : file_write(text_str(&part), p, n, O_CREAT | O_EXCL, e);
    bool made = done == 0 || (e && e->code != EEXIST);
    if (done == 0 && rename(text_str(&part), path) < 0)
        done = err_sys(e, errno, "%s", path);
    if (done < 0 && made)
        unlink(text_str(&part));
    text_fini(&part);
    return done;
}

int memview_save(const struct target *t, enum space space, uint64_t addr, uint64_t len, const char *path,
                 struct err *e)
{
    const char *why = "";
    if (length_check(len, e) < 0)
        return -1;
    uint8_t *buf = malloc((size_t)len);
    if (!buf)
        return err_set(e, "out of memory");
    size_t n = space_read(t, space, addr, buf, (size_t)len, &why);
    int done = n == len ? file_replace(path, buf, n, e)
                        : err_set(e, "cannot read at %#llx: %s",
                                  (unsigned long long)space_addr(t, space, addr + n), why);
    free(buf);
    return done;
}

/* The whole of a file, one byte more than allowed at most. NULL with *e. */
static uint8_t *file_read(const char *path, size_t *n, struct err *e)
{
    size_t cap = 0;
    uint8_t *buf = NULL;
    FILE *f = fopen(path, "rbe");
    *n = 0;
    if (!f) {
        err_sys(e, errno, "%s", path);
        return NULL;
    }
    for (size_t got = 1; got && *n <= MEMVIEW_FILE_MAX; *n += got) {
        if (*n == cap) {
            cap = cap ? cap * 2 : 0x10000;
            if (cap > MEMVIEW_FILE_MAX)
                cap = MEMVIEW_FILE_MAX + 1; /* enough to see that it is too much */
            uint8_t *more = realloc(buf, cap);
            if (!more)
                break;
            buf = more;
        }
        got = fread(buf + *n, 1, cap - *n, f);
    }
    bool whole = feof(f) && !ferror(f);
    int code = errno;
    fclose(f);
    if (whole || *n > MEMVIEW_FILE_MAX)
        return buf;
    err_sys(e, code, "%s", path);
    free(buf);
    return NULL;
}

int memview_load(const struct target *t, enum space space, const char *path, uint64_t addr, uint64_t *len,
                 struct err *e)
{
    size_t n;
    uint8_t *buf = file_read(path, &n, e);
    if (!buf)
        return -1;
    int done = length_check(n, e) < 0 ? err_wrap(e, "%s", path)
                                      : space_write(t, space, space_addr(t, space, addr), buf, n, e);
    free(buf);
    *len = n;
    return done;
}
