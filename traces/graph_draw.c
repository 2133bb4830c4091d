/*
 * Drawing in a process of its own.  Graphviz and the libraries under it keep state in static variables: the
 * pango plugin of Graphviz 2.42 remembers a font name that freeing the context has freed, so a second drawing
 * in one process reads freed memory.  A child draws once and ends; its picture comes back through a pipe.
 * What leaks or crashes in there costs one picture and not the program.
 *
 * Simplified: the child is a plain fork, without an exec, so this is for a program that has no other threads
 * at work.
 */
#include "traces/graph.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the child says first: the rest is the picture, or a sentence about why there is none. */
enum reply { REPLY_PICTURE = 'p', REPLY_ERROR = 'e' };

/* Writes all of it, whatever write(2) takes at a time. -1 with errno set. */
static int pipe_write(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        bytes += n;
        len -= (size_t)n;
    }
    return 0;
}

/* The child. It leaves by _exit: what it has of stdio's buffers and atexit's list belongs to the parent. */
static _Noreturn void child_run(int fd, const char *dot, const char *format)
{
    struct err e = {0};
    char *bytes = NULL, reply = REPLY_PICTURE;
    size_t len = 0;
    int failed = graph_render(dot, format, &bytes, &len, &e);
    if (failed)
        reply = REPLY_ERROR;
    if (pipe_write(fd, &reply, 1) || pipe_write(fd, failed ? e.text : bytes, failed ? strlen(e.text) : len))
        _exit(1);
    _exit(0);
}

static int child_listen(int fd, struct text *said, struct err *e)
{
    char part[16384];
    for (;;) {
        ssize_t n = read(fd, part, sizeof part);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(e, errno, "read the picture");
        if (n == 0)
            return 0;
        text_addn(said, part, (size_t)n);
    }
}

static int child_wait(pid_t child, struct err *e)
{
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return err_sys(e, errno, "wait for Graphviz");
    if (WIFSIGNALED(status))
        return err_set(e, "Graphviz died while drawing (signal %d)", WTERMSIG(status));
    return WEXITSTATUS(status) ? err_set(e, "Graphviz ended without a picture") : 0;
}

int graph_draw(const char *dot, const char *format, struct text *picture, struct err *e)
{
    int ends[2];
    if (pipe(ends))
        return err_sys(e, errno, "pipe");
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        child_run(ends[1], dot, format);
    }
    int why = errno;
    close(ends[1]);
    struct text said = {0};
    int rc = child < 0 ? err_sys(e, why, "fork") : child_listen(ends[0], &said, e);
    close(ends[0]);
    if (child > 0 && child_wait(child, rc ? NULL : e))
        rc = -1;
    if (rc == 0 && (said.failed || said.len == 0))
        rc = err_set(e, "out of memory while drawing");
    const char *reply = text_str(&said);
    if (rc == 0 && *reply == REPLY_ERROR)
        rc = err_set(e, "%s", reply + 1);
    if (rc == 0)
        text_addn(picture, reply + 1, said.len - 1);
    text_fini(&said);
    return rc;
}
