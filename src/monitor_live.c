/*
 * A live guest on the screen: the vCPU's thread has the debugger, this one the keeper and the screen.
 */
#include "monitor_inside.h"

#include "commands.h"

#include "monitor/gdb_listen.h"

static int live_body(void *ctx, struct err *e)
{
    struct loop *l = ctx;
    return debugger_main(l->session->debugger, true, false, e);
}

/* One that ends the monitor ends whatever the guest does as well. */
static bool live_signal(void *ctx, int signo)
{
    struct loop *l = ctx;
    bool dealt = loop_signal(l, signo);
    if (!dealt)
        door_interrupt(l->session->debugger->door);
    return dealt;
}

/* While the guest stands nothing has to be written out now and then. */
static void live_loop(struct loop *l)
{
    loop_hurry(l);
    while (!l->over) {
        l->keeper.idle = !model_running(l->model) && !model_busy(l->model);
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

/* Who wants to attach must learn the port, and what was said before the screen came cannot be seen. */
static void live_say_gdb(struct loop *l)
{
    struct text said = {0};
    if (!l->session->gdb)
        return;
    text_addf(&said, "for gdb: target remote %s", gdb_listen_place(l->session->gdb));
    screen_say(l->screen, text_str(&said));
    text_fini(&said);
}

static int live_run(struct loop *l)
{
    live_say_gdb(l);
    loop_startup_collect(l);
    live_loop(l);
    int status = live_end(l);
    loop_close(l);
    return l->signo ? 128 + l->signo : l->status ? l->status : status;
}

int monitor_live(struct session *s)
{
    struct loop l;
    struct keeper_hooks hooks = {live_body, live_signal, &l};
    struct err e;
    int status = STATUS_USAGE;
    loop_init(&l, s);
    l.names = (struct complete_names){s->debugger->symbols, &s->debugger->names};
    l.model = model_open(s->debugger->door, s->debugger->symbols, loop_notify, &l, &e);
    if (!l.model || loop_open(&l, &e) < 0) {
        door_close(s->debugger->door);
    } else if (keeper_start(&l.keeper, s->run, &s->console, s->settings.timeout_s, &hooks, &e) < 0) {
        status = STATUS_NO_KVM;
    } else {
        l.keeper.keys = false;
        return live_run(&l);
    }
    loop_close(&l);
    return command_fail(status, &e);
}
