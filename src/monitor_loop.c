/*
 * The screen's loop: see monitor_loop.h.  Everything it waits for (keys, answers from the vCPU's thread, the
 * next frame's time) is behind one epoll descriptor, so that the keeper, which waits for signals and the end
 * of the guest's thread, waits for it as well.
 */
#include "monitor_inside.h"

#include "monitor_config.h"

#include "machine/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { UI_CTRL_Z = 26 };

/* ---- the pieces ---- */

void loop_notify(void *ctx)
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

/* SIGCONT has come as well by then: it is taken here, or the screen would be painted twice. */
static void suspend(struct loop *l)
{
    sigset_t set;
    const struct timespec at_once = {0};
    term_suspend(l->term);
    keeper_suspend();
    sigemptyset(&set);
    sigaddset(&set, SIGCONT);
    sigtimedwait(&set, NULL, &at_once);
    term_resume(l->term);
}

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
            suspend(l);
        } else {
            screen_key(l->screen, ev.key);
        }
    }
}

/* A terminal that was closed says so again and again; SIGHUP comes only from one that controls us. */
static void look_for_terminal(struct loop *l)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    if (poll(&in, 1, 0) <= 0 || !(in.revents & (POLLHUP | POLLERR | POLLNVAL)))
        return;
    l->signo = SIGHUP;
    l->over = true;
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

void loop_hurry(struct loop *l)
{
    loop_notify(l);
}

void loop_turn(struct loop *l)
{
    drain(l->answered_fd);
    drain(l->timer_fd);
    take_input(l);
    look_for_terminal(l);
    loop_startup_next(l);
    screen_poll(l->screen, clock_host_ns());
    show(l);
    set_timer(l, screen_wait_ms(l->screen, clock_host_ns()));
    l->over |= screen_over(l->screen);
}

bool loop_signal(void *ctx, int signo)
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
        loop_hurry(l);
        return true;
    case SIGTSTP:
        suspend(l);
        loop_hurry(l);
        return true;
    case SIGCONT: /* after a SIGSTOP that nobody could prepare for */
        term_resume(l->term);
        loop_hurry(l);
        return true;
    default:
        l->signo = signo;
        l->over = true;
        return false;
    }
}

void loop_init(struct loop *l, struct session *s)
{
    *l = (struct loop){.session = s, .answered_fd = -1, .timer_fd = -1, .epoll_fd = -1};
}

int loop_open(struct loop *l, struct err *e)
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

void loop_close(struct loop *l)
{
    if (l->screen)
        config_save(l->screen);
    term_close(l->term);
    if (l->term)
        errors_show(l);
    screen_destroy(l->screen);
    prompt_close(l->prompt);
    model_close(l->model);
    loop_startup_fini(l);
    loop_close_descriptors(l);
}
