/*
 * Page tables: a tree to walk with the arrows, with the way that RIP or an address takes through it always in
 * sight; a map of ranges; an entry bit by bit (Intel SDM, "Paging").  What it knows comes from debug/pages.h
 * and page_tree.h; here are the keys.
 */
#include "monitor/views/pages_inside.h"

#include "monitor/views/views.h"
#include "vm/cpu.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct key_row keys[] = {
    {'g', "ask", "walk to an address"},
    {'r', "rip", "walk to RIP, and follow it"},
    {'v', "fault", "walk to CR2, the last page fault's address"},
    {'m', "map", "the tree, or the map of ranges"},
    {'e', "entry", "the entry bit by bit"},
    {'*', "changed", "the next entry that changed"},
    {0},
};

/* The tree is shown, not a text in place of it. */
static bool shows_tree(const struct pages *p)
{
    return !p->map && p->paged && !p->entry;
}

static const struct pages_line *selected(const struct pages *p)
{
    return p->list.at < p->lines ? &p->line[p->list.at] : NULL;
}

static void load_tree(struct pages *p, const struct snapshot *s, int w, int h)
{
    pages_tree_load(p, s, w, h);
    const struct pages_line *l = selected(p);
    bool nowhere = !p->picked && p->walk.steps == 0; /* the walk has no entry: it is all there is to say */
    pages_detail(p, s, nowhere ? NULL : l, w, h >= PAGES_FULL);
    p->entry = p->entry && l;
    if (p->entry)
        pages_entry(p, s, l, w);
}

static void pages_load(struct view *v, const struct snapshot *s)
{
    struct pages *p = v->state;
    struct err e;
    text_clear(&p->detail);
    text_clear(&p->text);
    p->lines = 0;
    p->paged = pages_known(s) && page_tree_open(&p->tree, &s->target, &p->root, &e) == 0;
    if (!pages_known(s))
        text_add(&p->text, "no page tables at this event: paging is off, or the trace does not hold them\n");
    else if (p->map)
        pages_map_load(p, s);
    else if (p->paged)
        load_tree(p, s, v->w, v->h);
    else
        pages_unpaged(p, s, v->w);
    size_t rows = lines_count(text_str(&p->text)), h = v->h > 0 ? (size_t)v->h : 1;
    if (p->map)
        list_fit(&p->text_list, rows, v->h);
    else
        list_fit(&p->text_list, rows > h ? rows - h + 1 : 1, 1); /* nothing is selected: it only scrolls */
}

static void pages_draw(const struct view *v, struct canvas *c)
{
    const struct pages *p = v->state;
    if (!pages_known(v->snap))
        canvas_text_cut(c, 0, 0, c->window.w, ROLE_DIM, text_str(&p->text));
    else if (p->map)
        pages_map_draw(v, c);
    else if (shows_tree(p))
        pages_tree_draw(v, c);
    else
        lines_draw(c, text_str(&p->text), p->text_list.top, SIZE_MAX);
}

/* ---- keys ---- */

static void aim(struct pages *p, bool at_address, uint64_t address)
{
    p->map = p->entry = p->picked = false;
    p->at_address = at_address;
    p->address = address;
}

static void act_goto(struct view *v, const char *args, struct view_reply *r)
{
    struct pages *p = v->state;
    uint64_t gva = strtoull(args, NULL, 0);
    if (!p->map)
        aim(p, true, gva);
    else if (!pages_map_find(p, gva, v->h))
        text_addf(&r->message, "0x%" PRIx64 " is in no range", gva);
}

static void act_ask(struct view *v, const char *args, struct view_reply *r)
{
    (void)v;
    (void)args;
    text_add(&r->prompt, "goto ");
}

static void act_rip(struct view *v, const char *args, struct view_reply *r)
{
    (void)args;
    (void)r;
    aim(v->state, false, 0);
}

static void act_fault(struct view *v, const char *args, struct view_reply *r)
{
    (void)args;
    (void)r;
    if (v->snap && v->snap->has_cpu)
        aim(v->state, true, v->snap->sregs.cr2);
}

static void act_map(struct view *v, const char *args, struct view_reply *r)
{
    struct pages *p = v->state;
    (void)args;
    (void)r;
    p->map = !p->map;
    p->entry = false;
    p->text_list = (struct list){0};
}

static void act_entry(struct view *v, const char *args, struct view_reply *r)
{
    struct pages *p = v->state;
    (void)args;
    (void)r;
    if (p->map || !p->paged)
        return;
    p->entry = !p->entry;
    p->text_list = (struct list){0};
    pages_tree_pick(p);
}

static void act_changed(struct view *v, const char *args, struct view_reply *r)
{
    struct pages *p = v->state;
    (void)args;
    for (size_t i = 1; shows_tree(p) && i <= p->lines; i++) {
        size_t row = (p->list.at + i) % p->lines;
        if (!p->line[row].changed || p->line[row].run)
            continue;
        list_show(&p->list, row, pages_rows(v->h).tree);
        pages_tree_pick(p);
        return;
    }
    text_add(&r->message, "no entry in the open tables has changed since the stop before");
}

static void act_open(struct view *v, const char *args, struct view_reply *r)
{
    struct pages *p = v->state;
    uint64_t first, end;
    const struct pages_line *l = selected(p);
    if (p->map) {
        if (p->paged && pages_map_at(p, p->text_list.at, &first, &end))
            aim(p, true, first);
    } else if (p->entry || !l) {
        p->entry = false;
    } else if (!pages_tree_open(p, l) && !pages_tree_close(p, l)) {
        act_entry(v, args, r);
    } else {
        pages_tree_pick(p);
    }
}

static void act_right(struct view *v, const char *args, struct view_reply *r)
{
    struct pages *p = v->state;
    const struct pages_line *l = selected(p);
    (void)args;
    (void)r;
    if (!shows_tree(p) || !l)
        return;
    if (!pages_tree_open(p, l) && l->open && p->list.at + 1 < p->lines)
        list_show(&p->list, p->list.at + 1, pages_rows(v->h).tree);
    pages_tree_pick(p);
}

static void act_left(struct view *v, const char *args, struct view_reply *r)
{
    struct pages *p = v->state;
    const struct pages_line *l = selected(p);
    (void)args;
    (void)r;
    if (!shows_tree(p) || !l) {
        p->entry = false;
        return;
    }
    if (!pages_tree_close(p, l)) {
        size_t up = pages_tree_up(p, p->list.at);
        if (up != SIZE_MAX)
            list_show(&p->list, up, pages_rows(v->h).tree);
    }
    pages_tree_pick(p);
}

static const struct {
    const char *verb;
    void (*act)(struct view *v, const char *args, struct view_reply *r);
} verbs[] = {{"goto", act_goto},       {"ask", act_ask},     {"rip", act_rip},   {"fault", act_fault},
             {"map", act_map},         {"entry", act_entry}, {"open", act_open}, {"right", act_right},
             {"changed", act_changed}, {"left", act_left}};

static bool line_has(const void *ctx, size_t row, const char *text)
{
    const struct pages *p = ctx;
    struct text s = {0};
    pages_label(p, &p->line[row], false, &s);
    text_addf(&s, " 0x%" PRIx64 " ", p->line[row].row.gva);
    pages_where(p, &p->line[row], false, &s);
    bool has = words_have(text_str(&s), text);
    text_fini(&s);
    return has;
}

static bool text_has(const void *ctx, size_t row, const char *text)
{
    const struct pages *p = ctx;
    struct text s = {0};
    size_t n;
    const char *line = lines_row(text_str(&p->text), row, &n);
    if (line)
        text_addn(&s, line, n);
    bool has = words_have(text_str(&s), text);
    text_fini(&s);
    return has;
}

/* The mouse counts rows of the pane, the list those of the tree. */
static bool move_tree(struct view *v, const char *verb, const char *args)
{
    struct pages *p = v->state;
    struct pages_rows rows = pages_rows(v->h);
    struct text row = {0};
    bool select = strcmp(verb, "select") == 0;
    long y = select ? strtol(args, NULL, 10) - rows.head : 0;
    if (y < 0 || y >= rows.tree)
        return true;
    text_addf(&row, "%ld", y);
    bool taken = list_act(&p->list, rows.tree, verb, select ? text_str(&row) : args);
    text_fini(&row);
    if (taken)
        pages_tree_pick(p);
    return taken;
}

static bool act_search(struct view *v, const char *verb, const char *args)
{
    struct pages *p = v->state;
    bool back = strcmp(verb, "search-back") == 0;
    if (!shows_tree(p))
        return list_search(&p->text_list, p->map ? v->h : 1, args, back, text_has, p);
    bool found = list_search(&p->list, pages_rows(v->h).tree, args, back, line_has, p);
    if (found)
        pages_tree_pick(p);
    return found;
}

static bool pages_act(struct view *v, const char *verb, const char *args, struct view_reply *r)
{
    struct pages *p = v->state;
    r->reload = true;
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].verb, verb) != 0)
            continue;
        verbs[i].act(v, args, r);
        return true;
    }
    if (strncmp(verb, "search", 6) == 0)
        return act_search(v, verb, args);
    if (shows_tree(p))
        return move_tree(v, verb, args);
    return p->map ? list_act(&p->text_list, v->h, verb, args)
                  : list_scroll_act(&p->text_list, v->h, verb, args);
}

static void pages_note(const struct view *v, struct text *out)
{
    const struct pages *p = v->state;
    if (!v->snap || !pages_known(v->snap))
        return;
    if (p->changed && shows_tree(p))
        text_addf(out, "* %u changed, ", p->changed);
    if (p->map)
        text_add(out, "map");
    else if (!p->paged)
        text_add(out, "no paging");
    else if (p->at_address)
        text_addf(out, "0x%" PRIx64, p->address);
    else
        text_add(out, "rip");
}

static const char *pages_question(const struct view *v)
{
    const struct pages *p = v->state;
    return p->map ? pages_map_question : NULL;
}

static void pages_fini(struct view *v)
{
    struct pages *p = v->state;
    free(p->line);
    text_fini(&p->detail);
    text_fini(&p->text);
}

static const struct key_hint hints[] = {{'g', "Walk"},    {'m', "Map"}, {'e', "Entry"},
                                        {'*', "Changed"}, {'r', "RIP"}, {0, NULL}};

const struct view_ops view_pages = {.name = "pages",
                                    .title = "Page tables",
                                    .tab = "Pages",
                                    .summary = "the page tables as a tree, the walk to RIP or to an address, "
                                               "and the map of ranges",
                                    .keys = keys,
                                    .hints = hints,
                                    .state_len = sizeof(struct pages),
                                    .load = pages_load,
                                    .draw = pages_draw,
                                    .act = pages_act,
                                    .note = pages_note,
                                    .question = pages_question,
                                    .fini = pages_fini};
