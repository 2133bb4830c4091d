/*
 * Long answers on a terminal: see pager.h.
 */
#include "pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

bool pager_wanted(const struct text *t, unsigned rows)
{
    const char *pager = getenv("PAGER");
    size_t lines = 0;
    if (pager && !*pager)
        return false;
    for (const char *p = text_str(t); (p = strchr(p, '\n')); p++)
        lines++;
    return rows && lines >= rows;
}

/* Runs it with `in_fd` as its stdin, and with signals as a program expects them. */
static int pager_start(const char *pager, int in_fd, pid_t *pid)
{
    char *argv[] = {"sh", "-c", (char *)(uintptr_t)pager, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    sigaddset(&usual, SIGXFSZ);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in_fd, STDIN_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    int code = posix_spawn(pid, "/bin/sh", &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

int pager_show(const struct text *t, struct err *e)
{
    const char *pager = getenv("PAGER");
    int ends[2], status;
    pid_t pid;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(e, errno, "pager");
    int code = pager_start(pager ? pager : "less -FRX", ends[0], &pid);
    close(ends[0]);
    for (size_t done = 0; code == 0 && done < t->len;) {
        ssize_t n = write(ends[1], t->buf + done, t->len - done);
        if (n < 0 && errno != EINTR)
            break; /* who has seen enough does not read on */
        done += n > 0 ? (size_t)n : 0;
    }
    close(ends[1]);
    if (code != 0)
        return err_sys(e, code, "pager");
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    /* The shell's word for "no such program": nothing was shown then. */
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        return err_set(e, "pager: \"%.80s\" cannot be run", pager ? pager : "less");
    return 0;
}
