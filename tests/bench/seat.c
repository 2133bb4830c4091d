/*
 * A seat at a terminal: see seat.h.
 */
#include "seat.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

double seat_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Nothing of the user's own must play a part: no config, no startup file. */
static void become(char *const argv[])
{
    setenv("TERM", "xterm-256color", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("HOME", "/dev/null", 1);
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("XDG_STATE_HOME");
    unsetenv("NO_COLOR");
    execv(argv[0], argv);
    _exit(127);
}

int seat_open(struct seat *s, char *const argv[], int w, int h, struct err *e)
{
    struct winsize size = {.ws_col = (unsigned short)w, .ws_row = (unsigned short)h};
    *s = (struct seat){.last_ms = seat_now_ms()};
    s->pid = forkpty(&s->fd, NULL, NULL, &size);
    if (s->pid < 0)
        return err_sys(e, errno, "a pseudo-terminal");
    if (s->pid == 0)
        become(argv);
    return 0;
}

void seat_close(struct seat *s)
{
    close(s->fd);
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
}

int seat_type(struct seat *s, const char *keys, struct err *e)
{
    size_t n = strlen(keys);
    return write(s->fd, keys, n) == (ssize_t)n ? 0 : err_sys(e, errno, "typing");
}

void seat_forget(struct seat *s)
{
    s->len = 0;
    s->tail[0] = '\0';
}

static void keep(struct seat *s, const char *bytes, size_t n)
{
    double now_ms = seat_now_ms();
    s->bytes += n;
    s->bursts += now_ms - s->last_ms > 5;
    s->last_ms = now_ms;
    if (s->len + n > SEAT_TAIL) {
        size_t drop = s->len + n - SEAT_TAIL < s->len ? s->len + n - SEAT_TAIL : s->len;
        memmove(s->tail, s->tail + drop, s->len - drop);
        s->len -= drop;
    }
    memcpy(s->tail + s->len, bytes, n);
    s->len += n;
    s->tail[s->len] = '\0';
}

/* 1: something came; 0: nothing within ms; -1: the program has gone. */
static int seat_read(struct seat *s, double ms)
{
    char bytes[16384];
    struct pollfd fd = {.fd = s->fd, .events = POLLIN};
    int n = poll(&fd, 1, ms > 0 ? (int)ms + 1 : 0);
    if (n <= 0)
        return n < 0 && errno != EINTR ? -1 : 0;
    ssize_t got = read(s->fd, bytes, sizeof bytes);
    if (got <= 0)
        return -1;
    keep(s, bytes, (size_t)got);
    return 1;
}

int seat_await(struct seat *s, const char *word, double *ms, struct err *e)
{
    double end_ms = seat_now_ms() + SEAT_LIMIT_MS;
    while (!memmem(s->tail, s->len, word, strlen(word)))
        if (seat_now_ms() > end_ms || seat_read(s, 100) < 0)
            return err_set(e, "the screen never said \"%s\"", word);
    *ms = s->last_ms;
    return 0;
}

void seat_listen(struct seat *s, double ms, double quiet_ms)
{
    double end_ms = seat_now_ms() + ms;
    for (double left_ms = ms; left_ms > 0; left_ms = end_ms - seat_now_ms())
        if (seat_read(s, quiet_ms < left_ms ? quiet_ms : left_ms) <= 0 && quiet_ms < left_ms)
            return;
}

int seat_finish(struct seat *s, struct err *e)
{
    double end_ms = seat_now_ms() + SEAT_LIMIT_MS;
    while (seat_now_ms() < end_ms)
        if (seat_read(s, 100) < 0)
            return 0;
    return err_set(e, "the program never ended");
}

/* The first number in schedstat is the thread's CPU time in nanoseconds (Linux, proc_pid_schedstat). */
static double thread_cpu_ms(const char *folder, const char *thread)
{
    char path[512];
    unsigned long long ns = 0;
    snprintf(path, sizeof path, "%s/%s/schedstat", folder, thread);
    FILE *f = fopen(path, "re");
    if (f && fscanf(f, "%llu", &ns) != 1)
        ns = 0;
    if (f)
        fclose(f);
    return (double)ns / 1e6;
}

int seat_cpu_ms(const struct seat *s, double *ms, struct err *e)
{
    char folder[64];
    struct dirent *entry;
    snprintf(folder, sizeof folder, "/proc/%d/task", (int)s->pid);
    DIR *d = opendir(folder);
    if (!d)
        return err_sys(e, errno, "%s", folder);
    *ms = 0;
    while ((entry = readdir(d)))
        if (entry->d_name[0] != '.')
            *ms += thread_cpu_ms(folder, entry->d_name);
    closedir(d);
    return 0;
}
