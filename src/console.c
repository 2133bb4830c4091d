/*
 * The user's end of the guest's console: see console.h.  On a terminal, Ctrl-A is the escape key: Ctrl-A x
 * quits, Ctrl-A h helps, Ctrl-A Ctrl-A is a Ctrl-A for the guest.  Ctrl-C still interrupts Ringside, as
 * people expect of a command.
 */
#include "console.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ESCAPE_KEY = 0x01, INTR_KEY = 0x03 };

void console_take_terminal(struct console *c)
{
    struct termios t = c->was;
    if (!c->terminal)
        return;
    t.c_iflag &= ~(tcflag_t)(ICRNL | IXON | ISTRIP | INLCR | IGNCR);
    t.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
    t.c_cc[VMIN] = 1;
    t.c_cc[VTIME] = 0;
    t.c_cc[VSUSP] = _POSIX_VDISABLE;
    t.c_cc[VQUIT] = _POSIX_VDISABLE;
    c->raw = tcsetattr(c->in_fd, TCSANOW, &t) == 0;
}

void console_give_terminal(struct console *c)
{
    if (c->raw)
        tcsetattr(c->in_fd, TCSANOW, &c->was);
    c->raw = c->escaped = false;
}

void console_init(struct console *c, int in_fd, int out_fd)
{
    struct stat st;
    *c = (struct console){.out_fd = out_fd, .in_fd = in_fd};
    pthread_mutex_init(&c->lock, NULL);
    pthread_mutex_init(&c->out_lock, NULL);
    c->in_over = in_fd < 0 || fstat(in_fd, &st) < 0;
    if (c->in_over)
        return;
    if (isatty(in_fd)) {
        /* A background job must leave its terminal alone: even looking at the keys would stop it. A terminal
         * that is not the controlling one (-1) has no background. */
        pid_t foreground = tcgetpgrp(in_fd);
        if ((foreground >= 0 && foreground != getpgrp()) || tcgetattr(in_fd, &c->was) < 0)
            c->in_over = true;
        else
            c->terminal = true;
    } else {
        c->in_file = S_ISREG(st.st_mode) || S_ISCHR(st.st_mode);
    }
}

void console_resume(struct console *c)
{
    if (c->raw)
        console_take_terminal(c);
}

void console_fini(struct console *c)
{
    console_flush(c);
    console_give_terminal(c);
}

void console_hurry(struct console *c)
{
    atomic_store(&c->hurry, true);
}

/* Waits until a write will not block: a pipe that polls as writable has room for PIPE_BUF bytes, which is as
 * much as is ever held back. False when there is no more time to wait. */
static bool console_writable(const struct console *c)
{
    enum { LOOK_UP_MS = 100 };
    struct pollfd fd = {.fd = c->out_fd, .events = POLLOUT};
    while (poll(&fd, 1, LOOK_UP_MS) == 0)
        if (atomic_load(&c->hurry))
            return false;
    return true;
}

/* With the lock held. */
static void console_write(struct console *c)
{
    size_t done = 0;
    while (done < c->out_len && !c->out_code && console_writable(c)) {
        ssize_t n = write(c->out_fd, c->out + done, c->out_len - done);
        if (n >= 0)
            done += (size_t)n;
        else if (errno != EINTR && errno != EAGAIN)
            c->out_code = errno;
    }
    c->out_len = 0;
}

void console_flush(struct console *c)
{
    pthread_mutex_lock(&c->out_lock);
    console_write(c);
    pthread_mutex_unlock(&c->out_lock);
}

void console_output(void *console, uint8_t byte)
{
    struct console *c = console;
    pthread_mutex_lock(&c->out_lock);
    c->out[c->out_len++] = byte;
    c->inside_line = byte != '\n';
    if (byte == '\n' || c->out_len == CONSOLE_OUT_MAX)
        console_write(c);
    pthread_mutex_unlock(&c->out_lock);
}

void console_end_line(struct console *c)
{
    pthread_mutex_lock(&c->out_lock);
    if (c->inside_line && c->out_len < CONSOLE_OUT_MAX)
        c->out[c->out_len++] = '\n';
    c->inside_line = false;
    console_write(c);
    pthread_mutex_unlock(&c->out_lock);
}

bool console_wants_input(struct console *c)
{
    pthread_mutex_lock(&c->lock);
    bool wants = !c->in_over && !c->in_file && c->in_count < CONSOLE_IN_MAX;
    pthread_mutex_unlock(&c->lock);
    return wants;
}

static void console_keep(struct console *c, uint8_t byte)
{
    if (c->in_count < CONSOLE_IN_MAX)
        c->in[(c->in_head + c->in_count++) % CONSOLE_IN_MAX] = byte;
}

/* The key after Ctrl-A. */
static enum console_wish console_escape(struct console *c, uint8_t byte)
{
    c->escaped = false;
    if (byte == 'x')
        return CONSOLE_QUIT;
    if (byte == ESCAPE_KEY)
        console_keep(c, byte);
    else if (byte == 'c')
        console_keep(c, INTR_KEY);
    else
        return CONSOLE_HELP;
    return CONSOLE_NONE;
}

/* Reads what is there, with the lock held. */
static enum console_wish console_fill(struct console *c)
{
    uint8_t bytes[CONSOLE_IN_MAX];
    enum console_wish wish = CONSOLE_NONE;
    ssize_t n = read(c->in_fd, bytes, CONSOLE_IN_MAX - c->in_count);
    if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
        c->in_over = true;
    for (ssize_t i = 0; i < n && wish != CONSOLE_QUIT; i++) {
        if (c->raw && c->escaped)
            wish = console_escape(c, bytes[i]);
        else if (c->raw && bytes[i] == ESCAPE_KEY)
            c->escaped = true;
        else
            console_keep(c, bytes[i]);
    }
    return wish;
}

enum console_wish console_read(struct console *c)
{
    pthread_mutex_lock(&c->lock);
    enum console_wish wish = console_fill(c);
    pthread_mutex_unlock(&c->lock);
    return wish;
}

size_t console_type(struct console *c, const char *bytes, size_t n)
{
    pthread_mutex_lock(&c->lock);
    size_t room = CONSOLE_IN_MAX - c->in_count, took = n < room ? n : room;
    for (size_t i = 0; i < took; i++)
        console_keep(c, (uint8_t)bytes[i]);
    pthread_mutex_unlock(&c->lock);
    return took;
}

int console_take(void *console, uint8_t *bytes, size_t n)
{
    struct console *c = console;
    pthread_mutex_lock(&c->lock);
    if (c->in_file && !c->in_over && c->in_count == 0)
        (void)console_fill(c);
    size_t taken = n < c->in_count ? n : c->in_count;
    for (size_t i = 0; i < taken; i++)
        bytes[i] = c->in[(c->in_head + i) % CONSOLE_IN_MAX];
    c->in_head = (c->in_head + taken) % CONSOLE_IN_MAX;
    c->in_count -= taken;
    bool over = c->in_over && c->in_count == 0;
    pthread_mutex_unlock(&c->lock);
    return taken == 0 && over ? -1 : (int)taken;
}
