/*
 * The path of a boot, read from a trace: a PC wakes in real mode and a kernel takes it through protected mode
 * to long mode (Intel SDM, "Modes of Operation" and "Mode Switching").  This file cuts the events into stays
 * in one mode and collects what happened in each: exits and time, what was printed, POST codes, the devices
 * touched.
 *
 * Simplified: only the boot CPU is followed (the vCPU of the first event); an event tells the mode at its
 * exit, so a change is placed between two events, never at the very instruction.
 */
#include "traces/graph_boot.h"

#include <stdlib.h>
#include <string.h>

#define PORT_POST  0x80
#define PORT_DEBUG 0xe9 /* Bochs debug port */

/* ---- what was printed ---------------------------------------------------------------------------- */

static void line_put(struct console_line *line, uint8_t byte)
{
    if (line->len < CONSOLE_LINE_MAX)
        line->text[line->len++] = (char)byte;
}

/* Colours and cursor movements are for terminals: ESC [ … letter, or ESC and one byte, is left out. */
static bool console_is_escape(struct console *c, uint8_t byte)
{
    if (byte == 0x1b) {
        c->escape = 1;
        return true;
    }
    if (c->escape == 0)
        return false;
    bool opened = c->escape == 1 && byte == '[';
    bool goes_on = c->escape == 2 && byte < 0x40;
    c->escape = opened || goes_on ? 2 : 0;
    return true;
}

/* An empty line is not worth one of the few that a box has room for: a line begins with its first character.
 */
void console_put(struct console *c, uint8_t byte)
{
    if (console_is_escape(c, byte) || byte == '\r' || byte == '\0')
        return;
    if (byte == '\n') {
        c->open = false;
        return;
    }
    if (!c->open) {
        if (byte == ' ')
            return;
        c->open = true;
        c->lines++;
        memset(&c->last, 0, sizeof c->last);
    }
    line_put(&c->last, byte);
    if (c->lines <= CONSOLE_HEAD)
        line_put(&c->head[c->lines - 1], byte);
}

/* ---- one event into one stay --------------------------------------------------------------------- */

static bool event_prints(const struct boot *b, const struct event *ev)
{
    if (ev->kind != EVENT_IO || ev->dir != DIR_OUT || !ev->device)
        return false;
    return ev->addr == PORT_DEBUG || strcmp(event_reg_name(&b->graph->info->names, ev), "THR") == 0;
}

/* OUTS: the trace has the first byte only. */
static void stay_print(struct boot_stay *s, const struct event *ev)
{
    console_put(&s->console, (uint8_t)ev->value);
    for (const char *more = ev->count > 1 ? "…" : ""; *more; more++)
        console_put(&s->console, (uint8_t)*more);
}

static void stay_post(struct boot_stay *s, uint8_t code)
{
    if (s->post_count < BOOT_POST_MAX)
        s->post[s->post_count] = code;
    s->post_count++;
}

static void stay_kind(struct boot_stay *s, const struct event *ev)
{
    s->exits += event_kind_is_exit(ev->kind);
    s->irqs += ev->kind == EVENT_IRQ;
    s->assists += ev->kind == EVENT_ASSIST;
    s->steps += ev->kind == EVENT_STEP;
    if (ev->kind == EVENT_MARK) {
        if (s->mark_count < BOOT_MARKS_MAX)
            s->marks[s->mark_count] = ev->addr;
        s->mark_count++;
    }
}

static void stay_see(const struct boot *b, struct boot_stay *s, const struct event *ev)
{
    if (s->events++ == 0)
        s->first = *ev;
    s->last = *ev;
    s->guest_ns += ev->guest_ns;
    s->host_ns += ev->host_ns;
    stay_kind(s, ev);
    if (ev->kind == EVENT_IO || ev->kind == EVENT_MMIO)
        s->touched[ev->device]++;
    if (event_prints(b, ev))
        stay_print(s, ev);
    if (ev->kind == EVENT_IO && ev->dir == DIR_OUT && ev->addr == PORT_POST)
        stay_post(s, (uint8_t)ev->value);
}

/* ---- the path ------------------------------------------------------------------------------------ */

static void stay_enter(struct boot_stay *s, enum cpu_mode mode)
{
    s->mode = mode;
    s->mode_known = true;
    s->visits++;
}

static void boot_cross(struct boot *b, enum cpu_mode mode, const struct event *ev)
{
    struct boot_hop *hop = &b->hop[b->last.mode_cpl & 3][mode];
    struct boot_hop here = {.count = 1, .before = b->last, .after = *ev};
    if (hop->count++ == 0) {
        hop->before = here.before;
        hop->after = here.after;
    }
    b->now = b->path_len < b->stays_max ? &b->path[b->path_len] : NULL;
    if (b->now) {
        b->border[b->path_len] = here;
        stay_enter(b->now, mode);
    }
    b->path_len++;
    stay_enter(&b->by_mode[mode], mode);
}

/* An event without a CPU state (a shutdown, say) belongs to the stay it happened in. */
static enum cpu_mode boot_mode_of(const struct boot *b, const struct event *ev)
{
    return event_mode(ev->flags & EVENT_NO_CPU ? &b->last : ev);
}

static void boot_first(struct boot *b, const struct event *ev)
{
    b->started = true;
    b->vcpu = ev->vcpu;
    b->path_len = 1;
    b->now = &b->path[0];
}

static void boot_see(void *ctx, const struct event *ev)
{
    struct boot *b = ctx;
    if (!b->started)
        boot_first(b, ev);
    if (ev->vcpu != b->vcpu) {
        b->other_vcpus++;
        return;
    }
    enum cpu_mode mode = boot_mode_of(b, ev);
    bool known = !(ev->flags & EVENT_NO_CPU);
    if (known && b->path_len == 1 && !b->path[0].mode_known) {
        stay_enter(&b->path[0], mode);
        stay_enter(&b->by_mode[mode], mode);
    } else if (known && mode != event_mode(&b->last)) {
        boot_cross(b, mode, ev);
    }
    if (b->now)
        stay_see(b, b->now, ev);
    stay_see(b, &b->by_mode[mode], ev);
    if (known)
        b->last = *ev;
}

static int boot_collect(struct boot *b, struct err *e)
{
    b->path = calloc(b->stays_max, sizeof *b->path);
    b->border = calloc(b->stays_max, sizeof *b->border);
    if (!b->path || !b->border)
        return err_set(e, "out of memory while drawing");
    return graph_scan(b->graph, boot_see, b, e);
}

int graph_boot(struct graph *g, struct err *e)
{
    struct boot *b = calloc(1, sizeof *b);
    if (!b)
        return err_set(e, "out of memory while drawing");
    b->graph = g;
    b->stays_max = g->choice.max_nodes;
    int rc = boot_collect(b, e);
    if (rc == 0)
        boot_draw(b);
    free(b->path);
    free(b->border);
    free(b);
    return rc;
}
