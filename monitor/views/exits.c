/*
 * The exits: a feed of sentences, newest last, with a filter; beside it how often each kind or device was the
 * reason and what it cost, exits per second as a sparkline, and what KVM dealt with by itself, which never
 * came to Ringside and is counted apart.
 */
#include "monitor/views/exits.h"

#include "debug/why.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct event *event_number(const struct snapshot *s, uint64_t number)
{
    const struct ring *r = &s->history->events;
    return number < r->total ? ring_back(r, (size_t)(r->total - 1 - number)) : NULL;
}

/* The event in a row of the list. */
static const struct event *row_event(const struct exits *x, const struct snapshot *s, size_t row)
{
    return row < x->count ? event_number(s, x->kept[(x->first + row) % EXITS_ROWS_MAX]) : NULL;
}

static bool passes(const struct exits *x, const struct snapshot *s, const struct event *ev)
{
    struct text words = {0};
    if (!*x->filter)
        return true;
    text_addf(&words, "%s %s ", event_kind_info(ev->kind)->name, cpu_mode_name(event_mode(ev)));
    snapshot_event_words(s, ev, &words);
    bool has = words_have(text_str(&words), x->filter);
    text_fini(&words);
    return has;
}

static void keep(struct exits *x, uint64_t number)
{
    if (x->count == EXITS_ROWS_MAX) {
        x->first = (x->first + 1) % EXITS_ROWS_MAX;
        x->count--;
        if (x->list.top > 0 && !x->list.follow) { /* what is looked at stays where it is */
            x->list.top--;
            x->list.at -= x->list.at > 0;
        }
    }
    x->kept[(x->first + x->count++) % EXITS_ROWS_MAX] = number;
}

/* Only what is new is looked at; a replay, where the past changes, is looked at anew. */
static void exits_load(struct view *v, const struct snapshot *s)
{
    struct exits *x = v->state;
    const struct ring *r = &s->history->events;
    uint64_t oldest = r->total - ring_count(r);
    if (!x->begun)
        x->begun = x->list.follow = true;
    if (s->replay || r->total < x->seen || x->filtered)
        x->seen = x->count = x->first = 0;
    x->filtered = false;
    exits_keep_counters(x, s);
    for (uint64_t i = x->seen > oldest ? x->seen : oldest; i < r->total && s->machine; i++)
        if (passes(x, s, event_number(s, i)))
            keep(x, i);
    x->seen = s->machine ? r->total : 0;
    while (x->count && x->kept[x->first] < oldest) {
        x->first = (x->first + 1) % EXITS_ROWS_MAX;
        x->count--;
    }
    list_fit(&x->list, x->count, exits_feed_rows(v->w, v->h));
}

/* ---- drawing the feed ---- */

static unsigned event_role(const struct event *ev)
{
    static const unsigned roles[] = {
        [CLASS_DEVICE] = ROLE_DEVICE, [CLASS_CPU] = ROLE_CPU,      [CLASS_DEBUG] = ROLE_DEBUG,
        [CLASS_FATAL] = ROLE_FATAL,   [CLASS_FOREIGN] = ROLE_NOTE, [CLASS_OWN] = ROLE_OWN};
    return roles[event_kind_info(ev->kind)->class];
}

static int draw_when(const struct event *ev, struct canvas *c, int x, int y)
{
    struct text when = {0};
    text_add_ns(&when, ev->time_ns);
    canvas_text_right(c, x + 8, y, ROLE_DIM, text_str(&when));
    text_fini(&when);
    return x + 10;
}

static int draw_where(const struct event *ev, struct canvas *c, int x, int y)
{
    if (ev->flags & EVENT_NO_CPU)
        return x + 16;
    canvas_textf(c, x, y, ROLE_LABEL, "%.4s%u", cpu_mode_name(event_mode(ev)), event_cpl(ev));
    canvas_textf(c, x + 6, y, ROLE_ADDRESS, "%8" PRIx64, ev->rip);
    return x + 16;
}

static void draw_event(const struct exits *x, const struct snapshot *s, size_t row, struct canvas *c, int y)
{
    const struct event *ev = row_event(x, s, row), *before = row ? row_event(x, s, row - 1) : NULL;
    struct text words = {0};
    if (!ev)
        return;
    bool gap = before && !*x->filter && ev->seq != before->seq + 1;
    int at = canvas_textf(c, 0, y, gap ? ROLE_NOTE : ROLE_DIM, "%s%7" PRIu64, gap ? "…" : " ", ev->seq) + 1;
    if (c->window.w >= 84)
        at = draw_when(ev, c, at, y);
    if (c->window.w >= 60)
        at = draw_where(ev, c, at, y);
    snapshot_event_words(s, ev, &words);
    canvas_text_cut(c, at, y, c->window.w - at, event_role(ev), text_str(&words));
    text_fini(&words);
}

static void draw_feed(const struct view *v, struct canvas *c)
{
    const struct exits *x = v->state;
    if (x->count == 0)
        canvas_text(c, 1, 0, ROLE_DIM,
                    *x->filter ? "no exit has this; F changes the filter" : "nothing has left the guest yet");
    for (int y = 0; y < c->window.h && x->list.top + (size_t)y < x->count; y++) {
        size_t row = x->list.top + (size_t)y;
        draw_event(x, v->snap, row, c, y);
        if (row == x->list.at && (v->focused || v->snap->replay))
            canvas_look(c, (struct rect){0, y, c->window.w, 1}, LOOK_SELECTED);
    }
}

static void exits_draw(const struct view *v, struct canvas *c)
{
    struct exits_room room = exits_room(c->window.w, c->window.h);
    struct rect window = canvas_enter(c, room.feed);
    draw_feed(v, c);
    canvas_leave(c, window);
    if (room.tally.w == 0)
        return;
    if (room.tally.x > 0)
        canvas_column(c, room.tally.x - 2, 0, c->window.h, ROLE_BORDER, 0x2502);
    window = canvas_enter(c, room.tally);
    exits_draw_tally(v, c);
    canvas_leave(c, window);
}

/* ---- acting ---- */

static bool row_has(const void *ctx, size_t row, const char *text)
{
    const struct view *v = ctx;
    const struct event *ev = row_event(v->state, v->snap, row);
    struct text words = {0};
    if (!ev)
        return false;
    snapshot_event_words(v->snap, ev, &words);
    bool has = words_have(text_str(&words), text);
    text_fini(&words);
    return has;
}

/* The explanation of one event. */
static void explain(struct exits *x, const struct view *v, struct view_reply *r)
{
    const struct event *ev = row_event(x, v->snap, x->list.at);
    if (!ev) {
        text_add(&r->message, "no exit is selected");
        return;
    }
    text_addf(&r->show, "exit %" PRIu64 "\n", ev->seq);
    why_event(&v->snap->target, ev, &v->snap->machine->names, &r->show);
}

static void set_filter(struct exits *x, const char *filter, struct view_reply *r)
{
    size_t n = strlen(filter) < sizeof x->filter - 1 ? strlen(filter) : sizeof x->filter - 1;
    memcpy(x->filter, filter, n);
    x->filter[n] = '\0';
    x->filtered = x->list.follow = true;
    r->reload = true;
}

static bool exits_act(struct view *v, const char *verb, const char *args, struct view_reply *r)
{
    struct exits *x = v->state;
    int h = exits_feed_rows(v->w, v->h);
    if (!v->snap->machine)
        return false;
    if (strcmp(verb, "filter") == 0)
        set_filter(x, args, r);
    else if (strcmp(verb, "ask-filter") == 0)
        text_addf(&r->prompt, "filter %s", x->filter);
    else if (strcmp(verb, "by") == 0)
        x->by_device = !x->by_device;
    else if (strcmp(verb, "open") == 0)
        explain(x, v, r);
    else if (strncmp(verb, "search", 6) == 0)
        return list_search(&x->list, h, args, verb[6] == '-', row_has, v);
    else if (list_act(&x->list, h, verb, args))
        x->list.follow |= strcmp(verb, "bottom") == 0;
    else
        return false;
    return true;
}

static void exits_note(const struct view *v, struct text *out)
{
    const struct exits *x = v->state;
    if (*x->filter)
        text_addf(out, "only \"%s\": %zu", x->filter, x->count);
    else if (!x->list.follow)
        text_add(out, "End: newest again");
}

static const struct key_row keys[] = {
    {UI_ENTER, "open", "explain the selected exit"},
    {'F', "ask-filter", "show only some exits: a device, a kind, a port"},
    {'d', "by", "tally by kind, or by device"},
    {0},
};

static const struct key_hint hints[] = {
    {UI_ENTER, "Explain"}, {'F', "Filter"}, {'d', "By device"}, {0, NULL}};

const struct view_ops view_exits = {.name = "exits",
                                    .title = "Exits",
                                    .tab = "Exits",
                                    .summary = "what left the guest, one sentence each, and how often",
                                    .wants = PART_KVM,
                                    .keys = keys,
                                    .hints = hints,
                                    .state_len = sizeof(struct exits),
                                    .load = exits_load,
                                    .draw = exits_draw,
                                    .act = exits_act,
                                    .note = exits_note};
