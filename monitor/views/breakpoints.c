/*
 * Breakpoints, watchpoints and event stops: what each waits for, and how often it was met. A breakpoint lies
 * in one of the CPU's four debug registers, or is an INT3 that nobody sees, or makes the guest be stepped
 * (Intel SDM, "Debug Registers", "Breakpoint Exception"); the list is the same for all.
 */
#include "monitor/views/views.h"

#include "debug/stops.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { KIND_W = 12, HITS_W = 7, COLUMNS_MIN_W = 60, WHERE_MIN_W = 14, DETAIL_MIN_H = 7, DETAIL_ROWS = 2 };

struct breakpoints {
    struct list list;
    unsigned number; /* of the selected one: it stays selected when others go */
};

static const char *const kinds[STOPS_KIND_COUNT] = {
#define KIND_NAME(name, text) [STOPS_##name] = (text),
    STOPS_KINDS(KIND_NAME)
#undef KIND_NAME
};

static const char *kind_of(const struct snapshot_stop *s)
{
    return s->kind < STOPS_KIND_COUNT ? kinds[s->kind] : "?";
}

/* ---- drawing ---- */

static bool has_details(const struct view *v)
{
    return v->h >= DETAIL_MIN_H;
}

static int head_rows(const struct view *v)
{
    return v->w >= COLUMNS_MIN_W && v->h > 2;
}

static int list_rows(const struct view *v)
{
    int rows = v->h - head_rows(v) - (has_details(v) ? DETAIL_ROWS : 0);
    return rows > 0 ? rows : 1;
}

/* `> ` met now; a full circle is armed, an empty one is not. */
static int put_mark(struct canvas *c, int y, const struct snapshot_stop *s)
{
    if (s->met)
        canvas_put(c, 0, y, ROLE_HERE, '>');
    canvas_put(c, 1, y, s->enabled ? ROLE_BREAKPOINT : ROLE_DIM, s->enabled ? 0x25cf : 0x25cb);
    return canvas_textf(c, 3, y, ROLE_LABEL, "%2u", s->number) + 1;
}

static void hits_text(const struct snapshot_stop *s, char *out, size_t room)
{
    snprintf(out, room, "%" PRIu64, s->hits);
}

/* The number of hits at the right, kind and place in between: `● 1 break 0x7c10 <start+16>  3`. */
static void put_narrow(const struct snapshot *all, struct canvas *c, int y, const struct snapshot_stop *s)
{
    (void)all;
    char hits[32];
    snprintf(hits, sizeof hits, "%" PRIu64 "x", s->hits);
    int x = put_mark(c, y, s), right = c->window.w - (int)strlen(hits);
    unsigned role = s->enabled ? ROLE_TEXT : ROLE_DIM;
    x = canvas_text_cut(c, x, y, right - x - 1, ROLE_MNEMONIC, kind_of(s)) + 1;
    struct text words = {0};
    text_addf(&words, "%s%s%s", s->where, *s->condition ? " if " : "", s->condition);
    if (right - x > 1)
        canvas_text_cut(c, x, y, right - x - 1, role, text_str(&words));
    canvas_text(c, right, y, ROLE_VALUE, hits);
    text_fini(&words);
}

static void put_place(struct canvas *c, int x, int y, int w, const struct snapshot_stop *s)
{
    if (!s->enabled || (int)text_width(s->where) > w) {
        canvas_text_cut(c, x, y, w, s->enabled ? ROLE_TEXT : ROLE_DIM, s->where);
        return;
    }
    struct rect window = canvas_enter(c, (struct rect){x, y, w, 1});
    draw_lines(c, s->where, 0, SIZE_MAX);
    canvas_leave(c, window);
}

/* Columns: kind, place, hits, and what must be true as far as there is room. */
struct columns {
    int kind, where, hits, rest;
};

static void add_rest(const struct snapshot_stop *s, struct text *out)
{
    if (*s->condition)
        text_addf(out, "if %s", s->condition);
    if (s->once)
        text_addf(out, "%sonce", out->len ? ", " : "");
    if (s->ignore)
        text_addf(out, "%spasses %" PRIu64 " times", out->len ? ", " : "", s->ignore);
    if (!s->enabled)
        text_addf(out, "%soff", out->len ? ", " : "");
    if (*s->commands)
        text_addf(out, "%sruns commands", out->len ? ", " : "");
}

/* The widest of what the two last columns hold. */
static void measure(const struct snapshot *s, int *where, int *rest)
{
    *where = WHERE_MIN_W;
    *rest = 0;
    for (size_t i = 0; i < s->stop_count; i++) {
        struct text words = {0};
        add_rest(&s->stops[i], &words);
        int w = (int)text_width(s->stops[i].where) + 2, r = (int)text_width(text_str(&words));
        *where = w > *where ? w : *where;
        *rest = r > *rest ? r : *rest;
        text_fini(&words);
    }
}

/* The place gets what the longest one needs, as long as the last column has what it needs, or half. */
static struct columns columns_of(const struct snapshot *s, int w)
{
    struct columns k = {.kind = 6, .where = 6 + KIND_W};
    int free = w - k.where - HITS_W - 2, where, rest;
    measure(s, &where, &rest);
    int most = free - (rest < free / 2 ? rest : free / 2);
    k.hits = k.where + (where < most ? where : most);
    k.rest = k.hits + HITS_W + 2;
    return k;
}

static void put_wide(const struct snapshot *all, struct canvas *c, int y, const struct snapshot_stop *s)
{
    char hits[32];
    struct text rest = {0};
    struct columns k = columns_of(all, c->window.w);
    put_mark(c, y, s);
    hits_text(s, hits, sizeof hits);
    canvas_text_cut(c, k.kind, y, KIND_W - 1, ROLE_MNEMONIC, kind_of(s));
    put_place(c, k.where, y, k.hits - k.where - 1, s);
    canvas_text_right(c, k.hits + HITS_W - 1, y, s->hits ? ROLE_VALUE : ROLE_DIM, hits);
    add_rest(s, &rest);
    if (c->window.w > k.rest)
        canvas_text_cut(c, k.rest, y, c->window.w - k.rest, ROLE_TEXT, text_str(&rest));
    text_fini(&rest);
}

static void put_header(const struct snapshot *s, struct canvas *c)
{
    struct columns k = columns_of(s, c->window.w);
    canvas_text(c, 4, 0, ROLE_LABEL, "#");
    canvas_text(c, k.kind, 0, ROLE_LABEL, "stops at");
    canvas_text(c, k.where, 0, ROLE_LABEL, "where");
    canvas_text_right(c, k.hits + HITS_W - 1, 0, ROLE_LABEL, "hits");
    canvas_text(c, k.rest, 0, ROLE_LABEL, "only");
}

/* What a row may have no room for, about the selected one. */
static void put_details(const struct view *v, struct canvas *c, const struct snapshot_stop *s)
{
    struct text rest = {0};
    int y = v->h - DETAIL_ROWS;
    canvas_row(c, 0, y, c->window.w, ROLE_BORDER, 0x2500);
    text_addf(&rest, "%u: %s %s%s", s->number, kind_of(s), s->where, s->enabled ? "" : ", off");
    if (*s->condition)
        text_addf(&rest, " if %s", s->condition);
    if (*s->commands)
        text_addf(&rest, "; then %s", s->commands);
    for (size_t i = 0; i < rest.len; i++)
        if (rest.buf[i] == '\n')
            rest.buf[i] = ';';
    canvas_text_cut(c, 0, y + 1, c->window.w, ROLE_TEXT, text_str(&rest));
    text_fini(&rest);
}

static void put_none(struct canvas *c)
{
    canvas_text_cut(c, 0, 0, c->window.w, ROLE_DIM, "no breakpoints yet");
    canvas_text_cut(c, 0, 1, c->window.w, ROLE_DIM, "a adds one here; b in Code sets one");
    if (c->window.h > 3) {
        canvas_text_cut(c, 0, 3, c->window.w, ROLE_LABEL, ":break main    :watch dword [0x8000]");
        canvas_text_cut(c, 0, 4, c->window.w, ROLE_LABEL, ":stop io 0x3f8 out    :stop mode");
    }
}

static void breakpoints_draw(const struct view *v, struct canvas *c)
{
    const struct breakpoints *b = v->state;
    const struct snapshot *s = v->snap;
    bool wide = v->w >= COLUMNS_MIN_W;
    int head = head_rows(v);
    if (s->replay) {
        canvas_text(c, 0, 0, ROLE_DIM, "a trace has no breakpoints");
        return;
    }
    if (!s->stop_count) {
        put_none(c);
        return;
    }
    if (head)
        put_header(s, c);
    for (int y = 0; y < list_rows(v) && b->list.top + (size_t)y < s->stop_count; y++) {
        size_t i = b->list.top + (size_t)y;
        (wide ? put_wide : put_narrow)(s, c, y + head, &s->stops[i]);
        if (v->focused && i == b->list.at)
            canvas_look(c, (struct rect){0, y + head, c->window.w, 1}, LOOK_SELECTED);
    }
    if (has_details(v) && b->list.at < s->stop_count)
        put_details(v, c, &s->stops[b->list.at]);
}

/* ---- acting ---- */

static void act_open(const struct snapshot_stop *s, struct view_reply *r)
{
    static const char *const views[STOPS_KIND_COUNT] = {[STOPS_BREAK] = "code", [STOPS_WATCH] = "memory"};
    const char *view = s->kind < STOPS_KIND_COUNT ? views[s->kind] : NULL;
    if (view)
        text_addf(&r->command, "view %s; goto 0x%" PRIx64, view, s->first);
    else
        text_addf(&r->message, "%s has no linear address to show", kind_of(s));
}

static void act_delete(const struct snapshot_stop *s, struct view_reply *r)
{
    text_addf(&r->command, "delete %u", s->number);
}

static void act_toggle(const struct snapshot_stop *s, struct view_reply *r)
{
    text_addf(&r->command, "%s %u", s->enabled ? "disable" : "enable", s->number);
}

static void act_condition(const struct snapshot_stop *s, struct view_reply *r)
{
    text_addf(&r->prompt, "condition %u %s", s->number, s->condition);
}

static const struct {
    const char *verb;
    void (*act)(const struct snapshot_stop *s, struct view_reply *r);
} verbs[] = {{"open", act_open}, {"remove", act_delete}, {"switch", act_toggle}, {"only-if", act_condition}};

static bool row_has(const void *ctx, size_t row, const char *text)
{
    const struct snapshot_stop *s = &((const struct snapshot *)ctx)->stops[row];
    return words_have(kind_of(s), text) || words_have(s->where, text) || words_have(s->condition, text);
}

static bool move(struct view *v, const char *verb, const char *args)
{
    struct breakpoints *b = v->state;
    const struct snapshot *s = v->snap;
    bool done;
    if (strcmp(verb, "search") == 0 || strcmp(verb, "search-back") == 0)
        done = list_search(&b->list, list_rows(v), args, verb[6] != '\0', row_has, s);
    else
        done = list_act_below(&b->list, list_rows(v), head_rows(v), verb, args);
    if (b->list.at < s->stop_count)
        b->number = s->stops[b->list.at].number;
    return done;
}

static bool breakpoints_act(struct view *v, const char *verb, const char *args, struct view_reply *r)
{
    const struct breakpoints *b = v->state;
    const struct snapshot *s = v->snap;
    if (!s || s->replay)
        return false;
    if (strcmp(verb, "add") == 0) {
        text_add(&r->prompt, "break ");
        return true;
    }
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].verb, verb) != 0)
            continue;
        if (b->list.at < s->stop_count)
            verbs[i].act(&s->stops[b->list.at], r);
        else
            text_add(&r->message, "there are no breakpoints; a adds one");
        return true;
    }
    return move(v, verb, args);
}

/* The selected one may have moved up, or be gone: then the next one is selected. */
static void breakpoints_load(struct view *v, const struct snapshot *s)
{
    struct breakpoints *b = v->state;
    for (size_t i = 0; i < s->stop_count; i++) {
        if (s->stops[i].number >= b->number) {
            b->list.at = i;
            break;
        }
    }
    list_fit(&b->list, s->stop_count, list_rows(v));
    b->number = s->stop_count ? s->stops[b->list.at].number : 0;
}

static void breakpoints_note(const struct view *v, struct text *out)
{
    size_t on = 0, n = v->snap->stop_count;
    for (size_t i = 0; i < n; i++)
        on += v->snap->stops[i].enabled;
    if (n)
        text_addf(out, "%zu of %zu on", on, n);
}

static const struct key_row keys[] = {
    {'a', "add", "add one: opens the prompt with break"},
    {'d', "remove", "delete the selected one"},
    {'e', "switch", "switch it off and on"},
    {'i', "only-if", "its condition"},
    {0},
};

static const struct key_hint hints[] = {
    {'a', "Add"}, {'d', "Delete"}, {'e', "On/off"}, {'i', "Only if"}, {0, NULL}};

const struct view_ops view_breakpoints = {.name = "breakpoints",
                                          .title = "Breakpoints",
                                          .tab = "Breaks",
                                          .summary = "breakpoints, watchpoints and stops, and how often they "
                                                     "were met",
                                          .wants = PART_STOPS,
                                          .keys = keys,
                                          .hints = hints,
                                          .needs_guest = true,
                                          .state_len = sizeof(struct breakpoints),
                                          .load = breakpoints_load,
                                          .draw = breakpoints_draw,
                                          .act = breakpoints_act,
                                          .note = breakpoints_note};
