/*
 * The screen's loop: see monitor_loop.h.  Everything it waits for (keys, answers from the vCPU's thread, the
 * next frame's time) is behind one epoll descriptor, so that the keeper, which waits for signals and the end
 * of the guest's thread, waits for it as well.
 */
#include "monitor_loop.h"

#include "commands.h"
#include "keeper.h"
#include "monitor_config.h"

#include "machine/clock.h"
#include "monitor/model/replay.h"
#include "monitor/shell/prompt.h"
#include "monitor/ui/screen.h"
#include "monitor/ui/term.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { UI_CTRL_Z = 26 };

struct loop {
    struct session *session; /* NULL: a trace */
    struct keeper keeper;
    struct term *term;
    struct screen *screen;
    struct model *model;
    struct prompt *prompt;
    struct complete_names names;
    int answered_fd, timer_fd, epoll_fd;
    int errors_fd, stderr_fd; /* what is said meanwhile, and where it is to go */
    size_t next_command;      /* of -x */
    bool over;
    int signo;
};

/* ---- the pieces ---- */

/* On the vCPU's thread. */
static void notify(void *ctx)
{
    struct loop *l = ctx;
    uint64_t one = 1;
    ssize_t ignored = write(l->answered_fd, &one, sizeof one);
    (void)ignored;
}

static int watch(struct loop *l, int fd)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};
    return fd < 0 ? -1 : epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &ev);
}

static int loop_descriptors(struct loop *l, struct err *e)
{
    l->answered_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    l->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll_fd < 0 || watch(l, l->answered_fd) < 0 || watch(l, l->timer_fd) < 0 ||
        watch(l, STDIN_FILENO) < 0)
        return err_sys(e, errno, "monitor");
    return 0;
}

static void loop_close_descriptors(struct loop *l)
{
    close(l->answered_fd);
    close(l->timer_fd);
    close(l->epoll_fd);
}

/* What others write to stderr would tear the screen: it is kept until the terminal is given back. */
static void errors_hold(struct loop *l)
{
    l->errors_fd = memfd_create("ringside", MFD_CLOEXEC);
    l->stderr_fd = dup(STDERR_FILENO);
    if (l->errors_fd >= 0 && l->stderr_fd >= 0)
        dup2(l->errors_fd, STDERR_FILENO);
}

static void errors_show(struct loop *l)
{
    char bytes[4096];
    ssize_t n;
    if (l->errors_fd < 0 || l->stderr_fd < 0)
        return;
    fflush(stderr);
    dup2(l->stderr_fd, STDERR_FILENO);
    lseek(l->errors_fd, 0, SEEK_SET);
    while ((n = read(l->errors_fd, bytes, sizeof bytes)) > 0) {
        ssize_t ignored = write(STDERR_FILENO, bytes, (size_t)n);
        (void)ignored;
    }
    close(l->errors_fd);
    close(l->stderr_fd);
}

/* ---- the prompt, as the screen sees it ---- */

static void line_begin(void *ctx, const char *text)
{
    prompt_begin(ctx, text);
}

static void line_cancel(void *ctx)
{
    prompt_cancel(ctx);
}

static bool line_feed(void *ctx, const char *bytes, size_t n, char **line)
{
    return prompt_feed(ctx, bytes, n, line);
}

static const char *line_shown(void *ctx, size_t *cursor)
{
    return prompt_shown(ctx, cursor);
}

static const char *line_choices(void *ctx)
{
    return prompt_choices(ctx);
}

/* ---- one turn ---- */

static void take_input(struct loop *l)
{
    struct term_event ev;
    while (term_read(l->term, &ev)) {
        if (ev.kind == TERM_RESIZE) {
            int w, h;
            term_size(l->term, &w, &h);
            screen_resize(l->screen, w, h);
        } else if (ev.kind == TERM_MOUSE) {
            screen_mouse(l->screen, ev.mouse, ev.x, ev.y);
        } else if (ev.key == UI_CTRL_Z) {
            term_suspend(l->term);
            keeper_suspend();
            term_resume(l->term);
        } else {
            screen_key(l->screen, ev.key);
        }
    }
}

static void drain(int fd)
{
    uint64_t ignored;
    while (read(fd, &ignored, sizeof ignored) > 0)
        ;
}

static void set_timer(struct loop *l, int ms)
{
    struct itimerspec at = {.it_value = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1000000L}};
    if (ms == 0)
        at.it_value.tv_nsec = 1;
    if (ms < 0)
        at.it_value = (struct timespec){0};
    timerfd_settime(l->timer_fd, 0, &at, NULL);
}

static void show(struct loop *l)
{
    bool fresh;
    int x, y;
    bool all = screen_wants_redraw(l->screen);
    const struct canvas *c = screen_draw(l->screen, &fresh, &x, &y);
    if (fresh || all)
        term_show(l->term, c, screen_theme(l->screen), x, y, all);
}

/* -x: one after the other. */
static void next_command(struct loop *l)
{
    const struct vm_settings *v = l->session ? &l->session->settings : NULL;
    if (!v || l->next_command >= v->command_count || model_commanding(l->model) || !model_now(l->model))
        return;
    const struct vm_command *c = &v->commands[l->next_command++];
    struct text line = {0};
    text_addf(&line, "%s%s", c->file ? "source " : "", c->text);
    screen_command(l->screen, text_str(&line));
    text_fini(&line);
}

static void loop_turn(struct loop *l)
{
    drain(l->answered_fd);
    drain(l->timer_fd);
    take_input(l);
    next_command(l);
    screen_poll(l->screen, clock_host_ns());
    show(l);
    set_timer(l, screen_wait_ms(l->screen, clock_host_ns()));
    l->over |= screen_over(l->screen);
}

/* ---- a live guest ---- */

static int live_body(void *ctx, struct err *e)
{
    struct loop *l = ctx;
    bool run = l->session->settings.at_once;
    return debugger_main(l->session->debugger, !run, false, e);
}

static bool live_signal(void *ctx, int signo)
{
    struct loop *l = ctx;
    switch (signo) {
    case SIGWINCH:
        term_resized(l->term);
        take_input(l);
        show(l);
        return true;
    case SIGINT:
        screen_command(l->screen, "interrupt");
        return true;
    case SIGTSTP:
        term_suspend(l->term);
        keeper_suspend();
        term_resume(l->term);
        return true;
    case SIGCONT:
        term_resume(l->term);
        return true;
    default:
        l->signo = signo;
        l->over = true;
        door_interrupt(l->session->debugger->door);
        return false;
    }
}

static void live_loop(struct loop *l)
{
    set_timer(l, 0);
    while (!l->over) {
        enum keeper_event event = keeper_turn(&l->keeper, l->epoll_fd);
        if (event == KEEPER_OVER)
            return;
        if (event == KEEPER_READY)
            loop_turn(l);
    }
}

/* The debugger's thread is told to end, and everything on its way is waited for. */
static int live_end(struct loop *l)
{
    struct text out = {0};
    struct err e;
    int status = STATUS_OK;
    struct door_ticket quit = {.channel = DOOR_COMMAND, .text = "quit", .len = 4, .out = &out};
    door_interrupt(l->session->debugger->door);
    if (!l->keeper.over)
        (void)!door_ask(l->session->debugger->door, quit.channel, quit.text, quit.len, &out, &e);
    text_fini(&out);
    if (keeper_finish(&l->keeper, &e) < 0)
        status = command_fail(STATUS_GUEST_DEATH, &e);
    return status;
}

static int loop_open(struct loop *l, struct err *e)
{
    int w, h;
    if (loop_descriptors(l, e) < 0 || !(l->prompt = prompt_open_inside(&l->names, e)) ||
        !(l->term = term_open(e)))
        return -1;
    const struct screen_prompt line = {line_begin, line_cancel,  line_feed,
                                       line_shown, line_choices, l->prompt};
    errors_hold(l);
    term_size(l->term, &w, &h);
    if (!(l->screen = screen_create(l->model, &line, w, h, e)))
        return -1;
    screen_set_ascii(l->screen, term_is_ascii(l->term));
    config_load(l->screen);
    return 0;
}

static void loop_close(struct loop *l)
{
    if (l->screen)
        config_save(l->screen);
    term_close(l->term);
    if (l->term)
        errors_show(l);
    screen_destroy(l->screen);
    prompt_close(l->prompt);
    model_close(l->model);
    loop_close_descriptors(l);
}

int monitor_live(struct session *s)
{
    struct loop l = {.session = s, .answered_fd = -1, .timer_fd = -1, .epoll_fd = -1};
    struct keeper_hooks hooks = {live_body, live_signal, &l};
    struct err e;
    int status = STATUS_USAGE;
    l.names = (struct complete_names){s->debugger->symbols, &s->debugger->names};
    l.model = model_open(s->debugger->door, s->debugger->symbols, notify, &l, &e);
    if (!l.model || loop_open(&l, &e) < 0) {
        door_close(s->debugger->door);
    } else if (keeper_start(&l.keeper, s->run, &s->console, s->settings.timeout_s, &hooks, &e) < 0) {
        status = STATUS_NO_KVM;
    } else {
        l.keeper.keys = false;
        live_loop(&l);
        e.text[0] = '\0';
        status = live_end(&l);
        loop_close(&l);
        return l.signo ? 128 + l.signo : status;
    }
    loop_close(&l);
    return command_fail(status, &e);
}

/* ---- a trace ---- */

int monitor_trace(const char *path)
{
    struct loop l = {.answered_fd = -1, .timer_fd = -1, .epoll_fd = -1};
    struct err e;
    struct replay *r = replay_open(path, &e);
    if (!r || !(l.model = model_open_replay(r, &e)) || loop_open(&l, &e) < 0) {
        loop_close(&l);
        return command_fail(STATUS_USAGE, &e);
    }
    uint64_t was_ns = clock_host_ns();
    for (bool first = true; !l.over; first = false) {
        struct pollfd fd = {.fd = l.epoll_fd, .events = POLLIN};
        if (!first && poll(&fd, 1, -1) < 0 && errno != EINTR)
            break;
        uint64_t now_ns = clock_host_ns();
        if (replay_elapse(r, now_ns - was_ns, &e) < 0)
            screen_say(l.screen, e.text);
        was_ns = now_ns;
        loop_turn(&l);
    }
    loop_close(&l);
    return STATUS_OK;
}
