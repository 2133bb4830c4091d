/*
 * The front end of a debugger: see front.h.  The answer to `continue` may never come by itself: so asking
 * does not wait at the door, but goes on looking after signals, keys and the time limit until the answer is
 * there.
 */
#include "front_inside.h"

#include "commands.h"
#include "pager.h"

#include "machine/clock.h"
#include "monitor/door.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A command that takes longer has let the guest run: from then on keys are the guest's. Shorter ones leave
 * what was typed ahead to the prompt. */
#define KEYS_AFTER_NS 200000000u

/* ---- asking ---- */

struct ask {
    int answered_fd;
    bool failed;
    struct err *err;
};

/* On the vCPU's thread. */
static void ask_done(void *ctx, const struct err *failed)
{
    struct ask *a = ctx;
    uint64_t one = 1;
    a->failed = failed != NULL;
    if (failed)
        *a->err = *failed;
    ssize_t ignored = write(a->answered_fd, &one, sizeof one);
    (void)ignored;
}

/* Looks after everything else until the answer is there. */
static void front_await(struct front *f)
{
    uint64_t keys_ns = clock_host_ns() + KEYS_AFTER_NS, ignored;
    f->asking = true;
    while (keeper_turn(&f->keeper, f->ask_fd) != KEEPER_READY) {
        if (!f->keeper.keys && clock_host_ns() >= keys_ns) {
            f->keeper.keys = true;
            console_take_terminal(&f->session->console);
        }
    }
    ssize_t n = read(f->ask_fd, &ignored, sizeof ignored);
    (void)n;
    f->asking = false;
    if (f->prompt) {
        f->keeper.keys = false;
        console_give_terminal(&f->session->console);
    }
}

int front_ask(struct front *f, const char *line, struct text *out, struct err *e)
{
    struct ask a = {f->ask_fd, false, e};
    struct door_ticket ticket = {
        .channel = DOOR_COMMAND, .text = line, .len = strlen(line), .out = out, .done = ask_done, .ctx = &a};
    f->interrupted = false;
    if (door_post(f->session->debugger->door, &ticket) < 0) {
        f->over = true;
        return err_sys(e, EPIPE, "the debugger has gone");
    }
    front_await(f);
    /* After `quit` nobody opens again, though the thread behind the door may still be on its way out. */
    if (f->keeper.over || f->session->debugger->quit || (a.failed && e->code == EPIPE))
        f->over = true;
    return a.failed ? -1 : 0;
}

/* ---- showing ---- */

static bool front_pages(struct front *f, const struct text *t)
{
    struct text answer = {0};
    struct err e;
    if (!f->prompt || f->over || !pager_wanted(t, prompt_rows(f->prompt)))
        return false;
    bool on = front_ask(f, "show pager", &answer, &e) == 0 && strstr(text_str(&answer), "pager on");
    text_fini(&answer);
    if (!on)
        return false;
    if (pager_show(t, &e) == 0)
        return true;
    front_failed(f, &e);
    return false;
}

static void front_show(struct front *f, const struct text *t)
{
    console_end_line(&f->session->console);
    if (t->len == 0 || f->status == STATUS_USAGE || front_pages(f, t))
        return;
    if (fwrite(text_str(t), 1, t->len, f->answers) == t->len && fflush(f->answers) == 0 && !t->failed)
        return;
    struct err e;
    err_sys(&e, t->failed ? ENOMEM : errno, "writing the answer");
    f->status = command_fail(STATUS_USAGE, &e);
    f->over = true;
}

void front_failed(struct front *f, const struct err *e)
{
    console_end_line(&f->session->console);
    fflush(f->answers);
    if (f->prompt)
        fprintf(stderr, "%s\n", e->text);
    else
        command_fail(0, e);
}

int front_line(struct front *f, const char *line, struct err *e)
{
    struct text out = {0};
    int rc = front_ask(f, line, &out, e);
    front_show(f, &out);
    text_fini(&out);
    return rc;
}

/* ---- the life of a front end ---- */

static int front_body(void *ctx, struct err *e)
{
    struct front *f = ctx;
    return debugger_main(f->session->debugger, f->paused, f->until_end, e);
}

static bool front_signal(void *ctx, int signo)
{
    struct front *f = ctx;
    struct door *door = f->session->debugger->door;
    switch (signo) {
    case KEEPER_QUIT:
        if (f->until_end)
            return false;
        f->over = true;
        door_interrupt(door);
        return true;
    case SIGWINCH:
        if (f->prompt)
            prompt_resized(f->prompt);
        return true;
    case SIGINT:
        if (!f->prompt && f->until_end)
            return false; /* `run`: Ctrl-C ends it */
        f->interrupted = true;
        if (f->asking)
            door_interrupt(door);
        else if (f->prompt)
            prompt_interrupt(f->prompt);
        return true;
    case SIGTSTP:
        if (!f->prompt || f->asking)
            return false;
        prompt_hide(f->prompt);
        keeper_suspend();
        prompt_show(f->prompt);
        return true;
    case SIGTERM:
    case SIGHUP:
    case SIGQUIT:
        f->signo = signo;
        f->over = true;
        door_interrupt(door);
        return false; /* the keeper ends the run */
    default:
        return false;
    }
}

int front_open(struct front *f)
{
    struct session *s = f->session;
    struct keeper_hooks hooks = {front_body, front_signal, f};
    struct err e;
    f->ask_fd = eventfd(0, EFD_CLOEXEC);
    int rc = f->ask_fd < 0 ? err_sys(&e, errno, "eventfd")
                           : keeper_start(&f->keeper, s->run, &s->console, s->settings.timeout_s, &hooks, &e);
    if (rc == 0)
        return 0;
    if (f->ask_fd >= 0)
        close(f->ask_fd);
    f->status = command_fail(STATUS_NO_KVM, &e);
    return -1;
}

void front_close(struct front *f)
{
    struct text out = {0};
    struct err e;
    if (!f->keeper.over && (!f->until_end || f->over))
        (void)!front_ask(f, "quit", &out, &e); /* when it has quit already, nobody answers */
    text_fini(&out);
    if (keeper_finish(&f->keeper, &e) < 0)
        f->status = command_fail(STATUS_GUEST_DEATH, &e);
    console_fini(&f->session->console);
    close(f->ask_fd);
}

int front_shell(struct session *s, bool terminal)
{
    struct front f = {.session = s, .answers = stdout, .paused = true};
    struct complete_names names = {s->debugger->symbols, &s->debugger->names};
    struct err e;
    if (terminal && !(f.prompt = prompt_open("ringside> ", &names, &e)))
        return command_fail(STATUS_USAGE, &e);
    if (front_open(&f) < 0) {
        prompt_close(f.prompt);
        return f.status;
    }
    f.keeper.keys = false;
    if (!s->settings.no_rc)
        front_startup_files(&f);
    front_options(&f);
    if (f.prompt)
        front_prompt(&f);
    else
        front_piped(&f);
    prompt_close(f.prompt);
    f.prompt = NULL;
    front_close(&f);
    return f.signo ? 128 + f.signo : f.status;
}

int front_run(struct session *s)
{
    const struct vm_settings *settings = &s->settings;
    struct front f = {.session = s, .answers = stderr, .until_end = true};
    struct err e;
    f.paused = settings->paused || settings->command_count;
    console_take_terminal(&s->console);
    if (front_open(&f) < 0)
        return f.status;
    front_options(&f);
    /* Without a gdb to say so, nobody lets the guest go on but us, whatever stops it. */
    while (f.paused && !settings->gdb && !f.over && front_line(&f, "continue", &e) == 0)
        ;
    front_close(&f);
    return f.status ? f.status : run_result(s->run)->exit_code;
}
