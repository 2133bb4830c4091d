/*
 * The tables that the CPU reads behind a program's back: GDT, LDT, IDT (in real mode the interrupt vectors)
 * and TSS, with what would fault pointed out (Intel SDM, "System Architecture Overview", "Interrupt
 * Descriptor Table (IDT)", "Task-State Segment (TSS)").  The words are the debug floor's:
 * debug/descriptors.h.
 */
#include "monitor/views/tables_inside.h"

#include "debug/descriptor_words.h"
#include "debug/descriptors.h"
#include "monitor/views/views.h"
#include "monitor/views/wrap.h"
#include "vm/cpu.h"
#include "vm/gate.h"

#include <stdlib.h>
#include <string.h>

/* In the order of the tabs. */
static const struct {
    const char *name;
    enum table_kind kind;
    int (*look)(const struct target *t, const char *which, struct text *out, struct err *e);
} tables[] = {{"GDT", TABLE_GDT, look_gdt},
              {"LDT", TABLE_LDT, look_ldt},
              {"IDT", TABLE_IDT, look_idt},
              {"TSS", TABLE_TSS, look_tss}};
enum { TABLES = sizeof tables / sizeof tables[0], HEAD_MIN = 4, SMALL = 8 };
/* Of the pages that a snapshot may hold: a guest can spread the handlers of 256 gates over as many pages. */
enum { TABLES_PAGES_MAX = 96 };

struct tables {
    size_t tab;
    bool opened; /* one entry, bit by bit */
    bool chosen; /* the cursor was moved; before that it is on the first entry */
    size_t entry;
    struct table_lines lines;
    struct text text; /* the opened entry */
    struct list list, text_list;
};

static const struct key_row keys[] = {
    {'x', "handler", "show the handler in Code"},
    {'b', "break-handler", "breakpoint at the handler"},
    {0},
};

static enum table_kind kind_of(const struct tables *t, const struct snapshot *s)
{
    enum table_kind kind = tables[t->tab].kind;
    return kind == TABLE_IDT && s->mode == MODE_REAL ? TABLE_IVT : kind;
}

static const char *name_of(size_t tab, const struct snapshot *s)
{
    return tables[tab].kind == TABLE_IDT && s->mode == MODE_REAL ? "IVT" : tables[tab].name;
}

static int rows_of(const struct view *v)
{
    return v->h >= HEAD_MIN ? v->h - 1 : v->h;
}

static void load_entry(struct view *v, const struct snapshot *s)
{
    struct tables *t = v->state;
    struct text which = {0}, out = {0};
    struct err e;
    text_addf(&which, "%zu", t->entry);
    t->opened = tables[t->tab].look(&s->target, text_str(&which), &out, &e) == 0;
    lines_wrap(text_str(&out), v->w, &t->text);
    size_t rows = lines_count(text_str(&t->text)), h = rows_of(v) > 0 ? (size_t)rows_of(v) : 1;
    list_fit(&t->text_list, rows > h ? rows - h + 1 : 1, 1); /* it only scrolls */
    text_fini(&which);
    text_fini(&out);
}

/* Gives back what was noted beyond this view's share since there were `before`. */
static void bound_pages(const struct snapshot *s, size_t before)
{
    struct wants *w = s->wants;
    if (!w || w->count <= before + TABLES_PAGES_MAX)
        return;
    w->count = before + TABLES_PAGES_MAX;
    w->missed = false;
    for (size_t i = 0; i < w->count; i++)
        w->missed |= !snapshot_page(s, w->gpa[i]);
}

/* The cursor begins on the first entry, in a small pane with little above it. */
static void choose_first(struct tables *t, int h)
{
    size_t i = 0;
    while (i < t->lines.count && t->lines.entry[i] == SIZE_MAX)
        i++;
    if (t->chosen || i == t->lines.count)
        return;
    t->list.top = h < SMALL && i ? i - 1 : 0;
    list_show(&t->list, i, h);
}

static void tables_load(struct view *v, const struct snapshot *s)
{
    struct tables *t = v->state;
    size_t before = s->wants ? s->wants->count : 0;
    struct text out = {0};
    struct err e;
    text_clear(&t->text);
    if (!s->has_cpu)
        text_add(&out, "a trace holds no memory, and so no descriptor tables\n");
    else if (tables[t->tab].look(&s->target, "", &out, &e) < 0)
        text_addf(&out, "%s\n", e.text);
    table_lines_fit(&t->lines, kind_of(t, s), text_str(&out), v->w);
    if (s->has_cpu)
        table_lines_compare(&t->lines, kind_of(t, s), s);
    list_fit(&t->list, t->lines.count, rows_of(v));
    choose_first(t, rows_of(v));
    if (t->opened && s->has_cpu)
        load_entry(v, s);
    bound_pages(s, before);
    text_fini(&out);
}

static void draw_tabs(const struct tables *t, const struct snapshot *s, struct canvas *c)
{
    int x = 0;
    for (size_t i = 0; i < TABLES; i++) {
        bool on = i == t->tab;
        x = canvas_textf(c, x, 0, on ? ROLE_FOCUS : ROLE_DIM, on ? "[%s]" : " %s ", name_of(i, s));
    }
    if (t->opened)
        canvas_textf(c, x + 1, 0, ROLE_LABEL, "%zu", t->entry);
    else if (t->lines.problems)
        canvas_textf(c, x + 1, 0, ROLE_ALARM, "! %zu problem%s", t->lines.problems,
                     t->lines.problems == 1 ? "" : "s");
}

static void tables_draw(const struct view *v, struct canvas *c)
{
    const struct tables *t = v->state;
    int head = v->h - rows_of(v);
    if (head && v->snap->has_cpu)
        draw_tabs(t, v->snap, c);
    struct rect old = canvas_enter(c, (struct rect){0, head, c->window.w, c->window.h - head});
    if (t->opened)
        lines_draw(c, text_str(&t->text), t->text_list.top, SIZE_MAX);
    else
        lines_draw(c, text_str(&t->lines.text), t->list.top,
                   v->snap->has_cpu && v->focused ? t->list.at : SIZE_MAX);
    if (!t->opened)
        table_lines_stars(&t->lines, t->list.top, c);
    canvas_leave(c, old);
}

/* ---- keys ---- */

static size_t entry_selected(const struct tables *t)
{
    if (t->opened)
        return t->entry;
    return t->list.at < t->lines.count ? t->lines.entry[t->list.at] : SIZE_MAX;
}

/* Where the selected vector's handler is. */
static bool handler_of(const struct view *v, uint64_t *linear)
{
    const struct tables *t = v->state;
    const struct snapshot *s = v->snap;
    size_t entry = entry_selected(t);
    struct raw_descriptor d;
    struct gate g;
    if (!s || !s->has_cpu || tables[t->tab].kind != TABLE_IDT || entry > 255)
        return false;
    gate_read(&s->memory, &s->regs, &s->sregs, (unsigned)entry, &g);
    *linear = g.offset;
    if (!gate_is_there(&g) || g.type == GATE_TASK)
        return false;
    if (s->mode == MODE_REAL)
        *linear = (uint32_t)(g.selector << 4) + g.offset;
    else if (!target_long(&s->target) && selector_read(&s->target, g.selector, &d) == SELECTOR_OK)
        *linear = (uint32_t)(d.base + g.offset);
    else if (!target_long(&s->target))
        return false;
    return true;
}

static void act_handler(struct view *v, struct view_reply *r, const char *command)
{
    uint64_t linear;
    if (handler_of(v, &linear))
        text_addf(&r->command, "%s0x%llx", command, (unsigned long long)linear);
    else
        text_add(&r->message, "no handler here: select a gate of the IDT");
}

/* The other table, or when an entry is open the one before or behind it. */
static void turn(struct view *v, int by)
{
    struct tables *t = v->state;
    if (!t->opened) {
        t->tab = (t->tab + TABLES + (size_t)by) % TABLES;
        t->list = (struct list){0};
        t->chosen = false;
        return;
    }
    struct text which = {0}, out = {0};
    struct err e;
    size_t next = t->entry + (size_t)by; /* before the first is past the last */
    text_addf(&which, "%zu", next);
    if (next != SIZE_MAX && v->snap && tables[t->tab].look(&v->snap->target, text_str(&which), &out, &e) == 0)
        t->entry = next;
    text_fini(&which);
    text_fini(&out);
}

static void act_open(struct view *v, struct view_reply *r)
{
    struct tables *t = v->state;
    const struct snapshot *s = v->snap;
    size_t entry = entry_selected(t);
    if (!s || !s->has_cpu)
        return;
    if (tables[t->tab].kind == TABLE_TSS && s->sregs.tr.selector >= 4 && (s->sregs.cr0 & CR0_PE)) {
        t->tab = 0; /* the GDT holds its descriptor */
        entry = s->sregs.tr.selector >> 3;
        t->list = (struct list){0};
    }
    if (!t->opened && entry == SIZE_MAX) {
        text_add(&r->message, "no entry here");
        return;
    }
    t->opened = !t->opened;
    t->entry = entry;
    t->text_list = (struct list){0};
}

static bool line_has(const void *ctx, size_t row, const char *text)
{
    const struct tables *t = ctx;
    struct text s = {0};
    size_t n;
    const char *line = lines_row(text_str(t->opened ? &t->text : &t->lines.text), row, &n);
    if (line)
        text_addn(&s, line, n);
    bool has = words_have(text_str(&s), text);
    text_fini(&s);
    return has;
}

static bool move(struct view *v, const char *verb, const char *args)
{
    struct tables *t = v->state;
    struct text row = {0};
    bool select = strcmp(verb, "select") == 0;
    int head = v->h - rows_of(v);
    if (t->opened)
        return list_scroll_act(&t->text_list, rows_of(v), verb, args);
    long y = select ? strtol(args, NULL, 10) - head : 0;
    if (y < 0)
        return true;
    text_addf(&row, "%ld", y);
    bool taken = list_act(&t->list, rows_of(v), verb, select ? text_str(&row) : args);
    text_fini(&row);
    t->chosen |= taken;
    return taken;
}

static bool tables_act(struct view *v, const char *verb, const char *args, struct view_reply *r)
{
    struct tables *t = v->state;
    r->reload = true;
    if (strcmp(verb, "left") == 0)
        turn(v, -1);
    else if (strcmp(verb, "right") == 0)
        turn(v, 1);
    else if (strcmp(verb, "open") == 0)
        act_open(v, r);
    else if (strcmp(verb, "handler") == 0)
        act_handler(v, r, "view code; goto ");
    else if (strcmp(verb, "break-handler") == 0)
        act_handler(v, r, "break *");
    else if (strncmp(verb, "search", 6) == 0 && (t->chosen = true))
        return list_search(t->opened ? &t->text_list : &t->list, t->opened ? 1 : rows_of(v), args,
                           strcmp(verb, "search-back") == 0, line_has, t);
    else
        return move(v, verb, args);
    return true;
}

static void tables_note(const struct view *v, struct text *out)
{
    const struct tables *t = v->state;
    if (v->snap && v->snap->has_cpu)
        text_addf(out, "%s%s%s", t->lines.problems ? "! " : "", name_of(t->tab, v->snap),
                  t->lines.any_changed ? ", * changed" : "");
}

static void tables_fini(struct view *v)
{
    struct tables *t = v->state;
    table_lines_fini(&t->lines);
    text_fini(&t->text);
}

static const struct key_hint hints[] = {
    {UI_RIGHT, "Next table"}, {UI_ENTER, "Entry"}, {'x', "Handler"}, {0, NULL}};

const struct view_ops view_tables = {.name = "tables",
                                     .title = "Descriptor tables",
                                     .tab = "Tables",
                                     .summary = "GDT, LDT, IDT and TSS, and what would fault in them",
                                     .keys = keys,
                                     .hints = hints,
                                     .needs_guest = true,
                                     .state_len = sizeof(struct tables),
                                     .load = tables_load,
                                     .draw = tables_draw,
                                     .act = tables_act,
                                     .note = tables_note,
                                     .fini = tables_fini};
