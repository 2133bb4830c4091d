/*
 * Files of commands: see script.h.
 */
#include "monitor/shell/script.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A longer line is no command, and a file without line ends must not fill the memory. */
enum { SCRIPT_LINE_MAX = 64 << 10 };

int script_path(const char *path, char *out, size_t cap, struct err *e)
{
    const char *home = strncmp(path, "~/", 2) == 0 ? getenv("HOME") : NULL;
    int n = snprintf(out, cap, "%s%s", home ? home : "", home ? path + 1 : path);
    return n < 0 || (size_t)n >= cap ? err_set(e, "the file name is too long") : 0;
}

int script_open(const char *path, struct err *e)
{
    char full[PATH_MAX];
    struct stat st;
    if (script_path(path, full, sizeof full, e) < 0)
        return -1;
    int fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_sys(e, errno, "%s", path);
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        return fd;
    close(fd);
    return err_set(e, "%s: not a file", path);
}

struct script {
    int fd;
    const struct script_user *user;
    char *buf;         /* SCRIPT_LINE_MAX + 1 bytes */
    size_t start, end; /* what has been read and not used */
    bool over;
};

/* Makes room, reads more. -1: it cannot be read; at the end `over` is set. */
static int script_fill(struct script *s, struct err *e)
{
    memmove(s->buf, s->buf + s->start, s->end - s->start);
    s->end -= s->start;
    s->start = 0;
    if (s->user->wait && !s->user->wait(s->user->ctx, s->fd)) {
        s->over = true;
        s->end = 0; /* half a line is no command */
        return 0;
    }
    ssize_t n = read(s->fd, s->buf + s->end, SCRIPT_LINE_MAX - s->end);
    if (n < 0 && errno != EINTR && errno != EAGAIN)
        return err_sys(e, errno, "reading commands");
    s->over = n == 0;
    s->end += n > 0 ? (size_t)n : 0;
    return 0;
}

/* Skips the rest of a line that is too long. */
static int script_skip(struct script *s, struct err *e)
{
    const char *end = NULL;
    while (!end && !s->over) {
        s->start = s->end;
        if (script_fill(s, e) < 0)
            return -1;
        end = memchr(s->buf, '\n', s->end);
    }
    s->start = end ? (size_t)(end - s->buf) + 1 : s->end;
    return 0;
}

/* What came of looking for a line. */
enum script_got { GOT_END, GOT_LINE, GOT_BAD_LINE, GOT_ERROR };

/* The next line without its end; valid until the next call. */
static enum script_got script_line(struct script *s, char **line, struct err *e)
{
    char *end;
    while (!(end = memchr(s->buf + s->start, '\n', s->end - s->start)) && !s->over) {
        if (s->end - s->start == SCRIPT_LINE_MAX) {
            if (script_skip(s, e) < 0)
                return GOT_ERROR;
            err_set(e, "a line of more than %d bytes", SCRIPT_LINE_MAX - 1);
            return GOT_BAD_LINE;
        }
        if (script_fill(s, e) < 0)
            return GOT_ERROR;
    }
    if (!end && s->start == s->end)
        return GOT_END;
    end = end ? end : s->buf + s->end;
    *end = '\0';
    *line = s->buf + s->start;
    s->start = (size_t)(end - s->buf) + 1;
    s->start = s->start < s->end ? s->start : s->end;
    if (strlen(*line) == (size_t)(end - *line))
        return GOT_LINE;
    err_set(e, "a NUL byte is no part of a command");
    return GOT_BAD_LINE;
}

int script_run(int fd, const char *name, bool strict, const struct script_user *user, struct err *e)
{
    struct script s = {.fd = fd, .user = user, .buf = malloc(SCRIPT_LINE_MAX + 1)};
    int rc = s.buf ? 0 : err_sys(e, ENOMEM, "script");
    for (unsigned long number = 1; rc == 0; number++) {
        char *line;
        enum script_got got = script_line(&s, &line, e);
        if (got == GOT_END)
            break;
        rc = got == GOT_LINE ? user->line(user->ctx, line, e) : -1;
        if (rc < 0 && name)
            err_wrap(e, "%s:%lu", name, number);
        if (rc < 0 && !strict && got != GOT_ERROR) {
            user->failed(user->ctx, e);
            rc = 0;
        }
    }
    free(s.buf);
    return rc < 0 ? -1 : 0;
}
