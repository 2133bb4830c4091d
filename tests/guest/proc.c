/*
 * A child process as a test sees one: see proc.h.
 */
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What the parent keeps of a running child. */
struct child {
    pid_t pid;
    int in, out, err; /* our ends, -1 when closed */
    size_t seen;      /* how far into stdout the steps have looked */
};

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* In the child: does not return. Signals are as a shell leaves them. */
static void child_start(const struct proc *p, int in, int out, int err)
{
    signal(SIGPIPE, SIG_DFL);
    if (dup2(in, 0) >= 0 && dup2(out, 1) >= 0 && dup2(err, 2) >= 0)
        execv(p->argv[0], p->argv);
    _exit(127);
}

static int child_fork(const struct proc *p, struct child *c, struct err *e)
{
    int in[2] = {-1, -1}, out[2], err[2];
    if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0 || (p->in_pipe && pipe2(in, O_CLOEXEC) < 0))
        return err_sys(e, errno, "pipe");
    if (!p->in_pipe) {
        in[0] = open(p->in_path ? p->in_path : "/dev/null", O_RDONLY | O_CLOEXEC);
        if (in[0] < 0)
            return err_sys(e, errno, "%s", p->in_path);
    }
    c->pid = fork();
    if (c->pid == 0)
        child_start(p, in[0], out[1], err[1]);
    close(in[0]);
    close(out[1]);
    close(err[1]);
    *c = (struct child){.pid = c->pid, .in = in[1], .out = out[0], .err = err[0]};
    return c->pid < 0 ? err_sys(e, errno, "fork") : 0;
}

/* Takes as many steps as stdout allows by now. A child that no longer reads is no error of the test's. */
static void steps_take(struct proc *p, struct child *c)
{
    while (p->steps_taken < p->step_count) {
        const struct proc_step *s = &p->step[p->steps_taken];
        const char *found = strstr(text_str(&p->out) + c->seen, s->after);
        if (!found)
            return;
        c->seen = (size_t)(found - text_str(&p->out)) + strlen(s->after);
        p->steps_taken++;
        if (s->act == PROC_SIGNAL)
            kill(c->pid, s->signal);
        else if (s->act == PROC_CLOSE)
            close_end(&c->in);
        else if (c->in >= 0 && write(c->in, s->data, s->len) < 0)
            close_end(&c->in);
    }
}

static void drain(int *fd, struct text *to)
{
    char buf[16384];
    ssize_t n = read(*fd, buf, sizeof buf);
    if (n > 0)
        text_addn(to, buf, (size_t)n);
    else if (n == 0 || errno != EINTR)
        close_end(fd);
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Until both of the child's outputs are closed, or its time is over. */
static void child_follow(struct proc *p, struct child *c)
{
    int64_t end_ms = now_ms() + PROC_LIMIT_S * 1000;
    steps_take(p, c);
    while (c->out >= 0 || c->err >= 0) {
        struct pollfd fd[2] = {{.fd = c->out, .events = POLLIN}, {.fd = c->err, .events = POLLIN}};
        int64_t left_ms = end_ms - now_ms();
        if (left_ms <= 0) {
            p->late = true;
            kill(c->pid, SIGKILL);
            return;
        }
        if (poll(fd, 2, (int)left_ms) <= 0)
            continue;
        if (fd[0].revents)
            drain(&c->out, &p->out);
        if (fd[1].revents)
            drain(&c->err, &p->err);
        steps_take(p, c);
    }
}

int proc_run(struct proc *p, struct err *e)
{
    struct child c;
    int status = 0;
    signal(SIGPIPE, SIG_IGN);
    if (child_fork(p, &c, e) < 0)
        return -1;
    child_follow(p, &c);
    close_end(&c.in);
    close_end(&c.out);
    close_end(&c.err);
    if (waitpid(c.pid, &status, 0) < 0)
        return err_sys(e, errno, "waitpid");
    p->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return 0;
}

void proc_fini(struct proc *p)
{
    text_fini(&p->out);
    text_fini(&p->err);
}
