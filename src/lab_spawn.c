/*
 * Starting a child and waiting for it: see lab_spawn.h.
 */
#include "lab_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* A compiler needs a fraction of this for any lab. */
static void child_limit(pid_t pid)
{
    static const struct {
        __rlimit_resource_t what;
        rlim_t most;
    } limits[] = {{RLIMIT_CPU, 30}, {RLIMIT_AS, 4ull << 30}, {RLIMIT_FSIZE, 256u << 20}};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        const struct rlimit l = {limits[i].most, limits[i].most};
        (void)prlimit(pid, limits[i].what, &l, NULL);
    }
}

static int start(const struct spawn *s, int out_fd, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t usual;
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    sigaddset(&usual, SIGINT);
    int code = posix_spawn_file_actions_init(&files);
    if (code)
        return code;
    code = posix_spawnattr_init(&attr);
    if (code) {
        posix_spawn_file_actions_destroy(&files);
        return code;
    }
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigdefault(&attr, &usual);
    code = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (code == 0 && out_fd >= 0)
        code = posix_spawn_file_actions_adddup2(&files, out_fd, STDOUT_FILENO);
    if (code == 0 && out_fd >= 0 && s->errors_too)
        code = posix_spawn_file_actions_adddup2(&files, out_fd, STDERR_FILENO);
    if (code == 0)
        code = posix_spawn_file_actions_addchdir_np(&files, s->dir);
    if (code == 0)
        code = posix_spawnp(pid, s->program ? s->program : s->argv[0], &files, &attr, s->argv, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    return code;
}

/* Reads until the child closes its end, keeping the beginning. */
static void collect(int fd, const struct spawn *s)
{
    char bytes[4096];
    ssize_t n;
    while ((n = read(fd, bytes, sizeof bytes)) > 0 || (n < 0 && errno == EINTR)) {
        size_t room = s->out->len < s->out_max ? s->out_max - s->out->len : 0;
        if (n > 0)
            text_addn(s->out, bytes, (size_t)n < room ? (size_t)n : room);
    }
}

static int wait_for(pid_t pid, int *status, struct err *e)
{
    int how;
    while (waitpid(pid, &how, 0) < 0)
        if (errno != EINTR)
            return err_sys(e, errno, "wait");
    *status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
    return 0;
}

int spawn_run(const struct spawn *s, int *status, struct err *e)
{
    int end[2] = {-1, -1};
    pid_t pid;
    if (s->out && pipe2(end, O_CLOEXEC) < 0)
        return err_sys(e, errno, "pipe");
    void (*before)(int) = signal(SIGINT, SIG_IGN);
    int code = start(s, end[1], &pid);
    if (end[1] >= 0)
        close(end[1]);
    int rc = code ? err_sys(e, code, "%s", s->argv[0]) : 0;
    if (code == 0) {
        if (s->limited)
            child_limit(pid);
        if (s->out)
            collect(end[0], s);
        rc = wait_for(pid, status, e);
    }
    if (end[0] >= 0)
        close(end[0]);
    signal(SIGINT, before);
    return rc;
}
