/*
 * The timeline: the whole run on one strip, from the first event to the newest.  Its columns hold equally
 * many events, so a wait of a second is as narrow as an instruction; the row of times says which column took
 * long. A cursor goes over it and tells what lies there; in a replay the run goes to where the cursor is.
 */
#include "monitor/views/timeline_inside.h"
#include "monitor/views/views.h"

#include "debug/why.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct strip_plan strip_plan(const struct snapshot *s, int h)
{
    int tall = 6;
    struct strip_plan p = {.scale = -1, .info = -1, .legend = -1, .list = -1};
    for (unsigned k = 0; k < TIMELINE_CLASSES; k++)
        tall += strip_has_class(s, k);
    p.tall = h >= tall + 8;
    p.axis = p.tall ? tall - 1 : h >= 4 ? 3 : h - 1;
    int y = p.axis + 1;
    if (h >= 9)
        p.scale = y++;
    if (y < h) {
        p.info = y;
        y += y + 1 < h ? 2 : 1;
    }
    if (y < h)
        p.legend = y++;
    if (y + 1 < h)
        p.list = ++y;
    p.list_rows = p.list >= 0 ? h - p.list : 0;
    return p;
}

static void timeline_load(struct view *v, const struct snapshot *s)
{
    struct strip *t = v->state;
    if (s->replay && s->position != t->position)
        t->moved = false;
    t->position = s->position;
    strip_fit(t, s, v->w);
    if (!t->moved)
        t->at = s->replay ? s->position : t->total;
    if (t->at >= t->total)
        t->at = t->total ? t->total - 1 : 0;
}

/* ---- acting ---- */

static uint64_t moved_by(uint64_t at, uint64_t last, long by)
{
    if (by < 0)
        return at < (uint64_t)-by ? 0 : at - (uint64_t)-by;
    return last - at < (uint64_t)by ? last : at + (uint64_t)by;
}

static void go_columns(struct strip *t, long by)
{
    uint64_t last = (uint64_t)(t->columns ? t->columns - 1 : 0);
    uint64_t column = (uint64_t)strip_column_of(t, t->at);
    uint64_t to = moved_by(column, last, by);
    if (to != column)
        t->at = strip_column_first(t, (int)to);
    else
        t->at = by < 0 ? 0 : t->total - 1;
}

static bool move(struct strip *t, const char *verb, const char *args)
{
    long tenth = t->columns >= 10 ? t->columns / 10 : 1;
    const struct {
        const char *verb;
        long columns, events;
    } moves[] = {{"left", -1, 0},
                 {"right", 1, 0},
                 {"page-up", -tenth, 0},
                 {"page-down", tenth, 0},
                 {"up", 0, -1},
                 {"down", 0, 1},
                 {"top", 0, INT32_MIN},
                 {"bottom", 0, INT32_MAX},
                 {"scroll", 0, strtol(args, NULL, 10)}};
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        if (strcmp(verb, moves[i].verb) != 0)
            continue;
        if (strcmp(verb, "top") == 0)
            t->at = 0;
        else if (strcmp(verb, "bottom") == 0)
            t->at = t->total - 1;
        else if (moves[i].columns)
            go_columns(t, moves[i].columns);
        else
            t->at = moved_by(t->at, t->total - 1, moves[i].events);
        return true;
    }
    return false;
}

static void open_event(const struct view *v, struct strip *t, struct view_reply *r)
{
    const struct snapshot *s = v->snap;
    const struct event *ev = strip_event(t, s, t->at);
    if (s->replay) {
        text_addf(&r->command, "jump %" PRIu64, t->at);
        t->moved = false;
        t->position = t->at;
    } else if (!ev || !s->machine) {
        text_addf(&r->message, "event %" PRIu64 " is no longer kept whole", t->at);
    } else {
        text_addf(&r->show, "event %" PRIu64 "\n", t->at);
        why_event(&s->target, ev, &s->machine->names, &r->show);
    }
}

static void select_row(const struct view *v, struct strip *t, const char *args)
{
    struct strip_plan p = strip_plan(v->snap, v->h);
    long row = strtol(args, NULL, 10) - p.list;
    uint64_t event;
    if (p.list < 0 || row < 0)
        return;
    if (strip_kept(t, v->snap, strip_list_first(t, v->snap, p.list_rows) + (size_t)row, &event) &&
        event < t->total)
        t->at = event;
}

static bool go_to(const struct view *v, struct strip *t, const char *verb, struct view_reply *r)
{
    static const struct {
        const char *next, *previous, *what;
    } goals[] = {[GOAL_MARK] = {"next-mark", "previous-mark", "mark"},
                 [GOAL_INTERRUPT] = {"next-interrupt", "previous-interrupt", "interrupt"},
                 [GOAL_FAULT] = {"next-fault", "previous-fault", "shutdown or failure"},
                 [GOAL_MODE] = {"next-mode", "previous-mode", "change of mode"}};
    for (unsigned g = 0; g < sizeof goals / sizeof goals[0]; g++) {
        bool back = strcmp(verb, goals[g].previous) == 0;
        if (!back && strcmp(verb, goals[g].next) != 0)
            continue;
        if (!strip_go(t, v->snap, (enum strip_goal)g, back))
            text_addf(&r->message, "no %s %s", goals[g].what, back ? "before this place" : "behind it");
        return true;
    }
    return false;
}

static bool timeline_act(struct view *v, const char *verb, const char *args, struct view_reply *r)
{
    struct strip *t = v->state;
    if (!v->snap || t->total == 0)
        return false;
    if (strcmp(verb, "open") == 0) {
        open_event(v, t, r);
        return true;
    }
    bool taken = move(t, verb, args) || go_to(v, t, verb, r);
    if (!taken && strcmp(verb, "select") == 0) {
        select_row(v, t, args);
        taken = true;
    } else if (!taken && strncmp(verb, "search", 6) == 0) {
        taken = strip_search(t, v->snap, args, strcmp(verb, "search-back") == 0);
    }
    if (taken)
        t->moved = v->snap->replay ? t->at != t->position : t->at + 1 < t->total;
    return taken;
}

static void timeline_note(const struct view *v, struct text *out)
{
    const struct strip *t = v->state;
    if (t->total)
        text_addf(out, "%" PRIu64 " events%s", t->total, t->moved ? "" : v->snap->replay ? ", here" : "");
}

static const struct key_row keys[] = {{UI_ENTER, "open", "explain the event; in a replay, go there"},
                                      {'i', "next-interrupt", "the next interrupt"},
                                      {'I', "previous-interrupt", "the one before"},
                                      {'m', "next-mark", "the next mark"},
                                      {'M', "previous-mark", "the one before"},
                                      {'v', "next-mode", "the next change of mode"},
                                      {'V', "previous-mode", "the one before"},
                                      {'x', "next-fault", "the next shutdown or failure"},
                                      {'X', "previous-fault", "the one before"},
                                      {0}};

static const struct key_hint hints[] = {
    {'i', "Interrupt"}, {'m', "Mark"}, {'v', "Mode"}, {'x', "Fault"}, {0, NULL}};

const struct view_ops view_timeline = {.name = "timeline",
                                       .title = "Timeline",
                                       .tab = "Time",
                                       .summary =
                                           "the run as a strip: modes, exits, interrupts, marks, faults",
                                       .wants = PART_TIMELINE,
                                       .keys = keys,
                                       .hints = hints,
                                       .state_len = sizeof(struct strip),
                                       .load = timeline_load,
                                       .draw = timeline_view_draw,
                                       .act = timeline_act,
                                       .note = timeline_note};
