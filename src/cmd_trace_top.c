/*
 * `ringside trace top`: a table of what the guest does, again every second while the trace grows.  On a
 * terminal it takes the whole screen with the few escape sequences that every terminal knows, and gives it
 * back; anywhere else it prints one table.
 */
#include "cmd_trace.h"

#include "base/write_all.h"

#include "follow.h"

#include "monitor/shell/terminal_size.h"
#include "traces/filter.h"
#include "traces/top.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

struct top_settings {
    struct trace_settings common;
    const char *by;
    uint64_t interval_ms;
    bool once;
};

static int set_by(void *settings, const char *value, struct err *e)
{
    struct by by;
    ((struct top_settings *)settings)->by = value;
    return by_parse(&by, value, e);
}

static int set_interval(void *settings, const char *value, struct err *e)
{
    char *end;
    double s = strtod(value, &end);
    if (end == value || *end || !(s >= 0.1 && s <= 3600))
        return err_set(e, "\"%.40s\" is no number of seconds from 0.1 to 3600", value);
    ((struct top_settings *)settings)->interval_ms = (uint64_t)(s * 1000);
    return 0;
}

static int set_once(void *settings, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    ((struct top_settings *)settings)->once = true;
    return 0;
}

static const struct option_row top_rows[] = {
    {"--by", "FIELDS", "groups by these fields, as `trace stat --by` (default " TOP_FIELDS ")", set_by},
    {"--interval", "SECONDS", "how often a new table comes (default 1)", set_interval},
    {"--once", NULL, "one table of what is there now, on any terminal", set_once},
    TRACE_CHOICE_ROWS,
    TRACE_KIND_ROW,
    {0}};

/* The user's terminal while the table has it. */
struct screen {
    struct termios was;
    sigset_t signals, signals_before;
    int signal_fd;
};

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Keys come one by one and are not shown; the other screen, without a cursor. */
static void screen_take(struct screen *s)
{
    static const char enter[] = "\033[?1049h\033[?25l";
    struct termios raw = s->was;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    write_all(STDOUT_FILENO, enter, sizeof enter - 1);
}

static void screen_give(const struct screen *s)
{
    static const char leave[] = "\033[?25h\033[?1049l";
    write_all(STDOUT_FILENO, leave, sizeof leave - 1);
    tcsetattr(STDIN_FILENO, TCSANOW, &s->was);
}

static int screen_open(struct screen *s, struct err *e)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH};
    if (tcgetattr(STDIN_FILENO, &s->was) < 0)
        return err_sys(e, errno, "the terminal");
    sigemptyset(&s->signals);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaddset(&s->signals, signals[i]);
    sigprocmask(SIG_BLOCK, &s->signals, &s->signals_before);
    s->signal_fd = signalfd(-1, &s->signals, SFD_CLOEXEC);
    if (s->signal_fd < 0) {
        err_sys(e, errno, "signalfd");
        sigprocmask(SIG_SETMASK, &s->signals_before, NULL);
        return -1;
    }
    screen_take(s);
    return 0;
}

static void screen_close(struct screen *s)
{
    screen_give(s);
    close(s->signal_fd);
    sigprocmask(SIG_SETMASK, &s->signals_before, NULL);
}

static int draw(struct top *t, const struct trace_reader *r, bool ended, uint64_t interval_ms, struct err *e)
{
    size_t width, height;
    struct text page = {0}, frame = {0};
    terminal_size(&width, &height);
    const struct top_shape shape = {.width = width,
                                    .height = height > 1 ? height - 1 : 1,
                                    .interval = true,
                                    .interval_ns = interval_ms * 1000000};
    int rc = top_print(t, r, &shape, &page, e);
    text_add(&frame, "\033[H");
    for (const char *s = text_str(&page); *s;) {
        size_t len = strcspn(s, "\n");
        text_add(&frame, "\033[2K");
        text_addn(&frame, s, len);
        text_add(&frame, "\r\n");
        s += len + (s[len] == '\n');
    }
    text_add(&frame, "\033[J");
    if (height > 1)
        text_addf(&frame, "%.*s", (int)width, ended ? "the run ended; q ends this" : "q ends");
    if (rc == 0)
        write_all(STDOUT_FILENO, text_str(&frame), frame.len);
    text_fini(&frame);
    text_fini(&page);
    return rc;
}

enum waited { WAITED_TICK, WAITED_REDRAW, WAITED_QUIT };

static enum waited take_signal(struct screen *s)
{
    struct signalfd_siginfo info;
    if (read(s->signal_fd, &info, sizeof info) != sizeof info)
        return WAITED_REDRAW;
    if (info.ssi_signo == SIGTSTP) {
        screen_give(s);
        raise(SIGSTOP);
        screen_take(s);
        return WAITED_REDRAW;
    }
    return info.ssi_signo == SIGWINCH ? WAITED_REDRAW : WAITED_QUIT;
}

/* Sleeps until the next table is due, unless a key or a signal comes first. */
static enum waited screen_wait(struct screen *s, uint64_t due_ms)
{
    for (;;) {
        char key;
        uint64_t now = now_ms();
        struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                               {.fd = s->signal_fd, .events = POLLIN}};
        if (now >= due_ms)
            return WAITED_TICK;
        if (poll(fds, 2, (int)(due_ms - now)) < 0 && errno != EINTR)
            return WAITED_QUIT;
        if (fds[1].revents)
            return take_signal(s);
        if (fds[0].revents && (read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q' || key == 4))
            return WAITED_QUIT;
    }
}

/* Reads what has come, as a new interval. 1: the file is at its end for good, and the last interval stays. */
static int read_more(struct top *t, struct trace_reader *r, const struct follow *f,
                     const struct top_settings *s, struct err *e)
{
    enum trace_growth growth = trace_continue(r, e);
    if (growth == TRACE_ENDED)
        return 1;
    if (growth == TRACE_LOST || follow_check(f, e) || top_begin(t, e))
        return -1;
    return growth == TRACE_GREW ? top_read(t, r, &s->common.filter, e) : 0;
}

static int top_loop(struct top *t, struct trace_reader *r, const struct follow *f, struct screen *screen,
                    const struct top_settings *s, struct err *e)
{
    uint64_t begun = now_ms(), interval = 0;
    bool ended = false;
    for (;;) {
        enum waited waited;
        do {
            if (draw(t, r, ended, interval, e))
                return -1;
            waited = screen_wait(screen, begun + s->interval_ms);
        } while (waited == WAITED_REDRAW);
        if (waited == WAITED_QUIT)
            return STATUS_OK;
        uint64_t passed = now_ms() - begun;
        begun += passed;
        int rc = ended ? 1 : read_more(t, r, f, s, e);
        if (rc < 0)
            return -1;
        ended = rc > 0;
        interval = ended ? interval : passed;
    }
}

static int top_page(struct top *t, const struct trace_reader *r, struct err *e)
{
    struct text out = {0};
    int rc = top_print(t, r, &(struct top_shape){0}, &out, e);
    if (rc == 0)
        rc = command_print(&out);
    text_fini(&out);
    return rc;
}

/* Behind the screen that is gone, the last table stays. */
static int top_live(struct top *t, struct trace_reader *r, const struct follow *f,
                    const struct top_settings *s, struct err *e)
{
    struct screen screen;
    if (screen_open(&screen, e))
        return -1;
    int rc = top_loop(t, r, f, &screen, s, e);
    screen_close(&screen);
    return rc == STATUS_OK ? top_page(t, r, e) : rc;
}

static bool is_terminal(void)
{
    const char *term = getenv("TERM");
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

static int top_file(const struct follow *f, struct top *t, const struct top_settings *s, struct err *e)
{
    struct trace_reader *r = trace_open(f->path, e);
    if (!r)
        return -1;
    bool live = !s->once && is_terminal();
    int status = trace_filter_check(&s->common.filter, &trace_reader_info(r)->names, e) ||
                         by_check(&t->now.by, &trace_reader_info(r)->names, e)
                     ? -1
                     : top_read(t, r, &s->common.filter, e);
    if (status == 0)
        status = live ? top_live(t, r, f, s, e) : top_page(t, r, e);
    if (status < 0)
        err_wrap(e, "%s", f->path);
    else
        trace_warn_incomplete(r, f->path);
    trace_reader_close(r);
    return status;
}

static int top_words(const struct positionals *words, const struct trace_settings *settings, struct err *e)
{
    struct top_settings s = *(const struct top_settings *)settings;
    struct follow f;
    struct top t;
    s.interval_ms = s.interval_ms ? s.interval_ms : 1000;
    if (follow_init(&f, words->word[0], e))
        return -1;
    int status = top_init(&t, s.by ? s.by : TOP_FIELDS, e);
    if (status == 0)
        status = top_file(&f, &t, &s, e);
    top_fini(&t);
    follow_fini(&f);
    return status;
}

const struct trace_command trace_command_top = {
    {"top", "FILE.rst", "what takes the time, in the last second and in all, while the trace grows",
     "Columns: `now` and `run` are shares of the time (in the guest before an event, and in Ringside for it) "
     "in the "
     "last interval and since the run began. q ends it. Where stdout is no terminal: one table.",
     top_rows, trace_subcommand},
    "ringside trace top",
    sizeof(struct top_settings),
    1,
    1,
    NULL,
    top_words};
