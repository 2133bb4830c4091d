/*
 * Symbols: the names that the guest's ELF file has for addresses (functions, labels, variables), and for
 * plain numbers (`.set PORT, 0x60`). A name's address is the one the linker gave it.
 */
#include "monitor/views/views.h"

#include "debug/symbols.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MIN_W = 60, LEN_MIN_W = 80, FILTER_MAX = 64 };

struct symbols_view {
    struct list list;
    const struct symbols *from; /* whose rows these are */
    char filter[FILTER_MAX];
    uint32_t *row; /* indices into the symbols, those that the filter leaves */
    size_t count, room, all;
    bool failed, placed;
};

/* ---- the rows ---- */

static void keep(struct symbols_view *k, size_t i)
{
    if (k->count == k->room) {
        size_t room = k->room ? k->room * 2 : 256;
        uint32_t *row = realloc(k->row, room * sizeof *row);
        k->failed |= !row;
        if (!row)
            return;
        k->row = row;
        k->room = room;
    }
    k->row[k->count++] = (uint32_t)i;
}

static void collect(struct symbols_view *k, const struct symbols *from)
{
    const struct symbol *s;
    k->from = from;
    k->count = k->all = 0;
    for (size_t i = 0; i < UINT32_MAX && (s = symbols_row(from, i)); i++, k->all++)
        if (words_have(s->name, k->filter))
            keep(k, i);
}

static const struct symbol *row_of(const struct symbols_view *k, size_t i)
{
    return i < k->count ? symbols_row(k->from, k->row[i]) : NULL;
}

/* A number with a name: no address is called after it. */
static bool is_number(const struct symbols_view *k, const struct symbol *s)
{
    uint64_t offset;
    return !symbols_at(k->from, s->addr, &offset);
}

/* The row of the symbol RIP is in; SIZE_MAX: none. */
static size_t row_of_rip(const struct symbols_view *k, const struct snapshot *s)
{
    uint64_t offset;
    const struct symbol *here = s->has_cpu ? symbols_at(k->from, s->rip_linear, &offset) : NULL;
    for (size_t i = 0; here && i < k->count; i++)
        if (row_of(k, i) == here)
            return i;
    return SIZE_MAX;
}

static int head_rows(const struct view *v)
{
    return v->w >= LINE_MIN_W && v->h > 3;
}

static int list_rows(const struct view *v)
{
    return v->h - head_rows(v) > 0 ? v->h - head_rows(v) : 1;
}

static void symbols_load(struct view *v, const struct snapshot *s)
{
    struct symbols_view *k = v->state;
    if (k->from != s->target.symbols)
        collect(k, s->target.symbols);
    list_fit(&k->list, k->count, list_rows(v));
    if (!k->placed && k->count && row_of_rip(k, s) < k->count)
        list_show(&k->list, row_of_rip(k, s), list_rows(v));
    k->placed |= k->count > 0;
}

/* ---- drawing ---- */

struct columns {
    int name, len, line; /* 0: not shown */
};

static struct columns columns_of(int w, int digits)
{
    struct columns c = {.name = 3 + digits + 3};
    int room = w - c.name;
    if (w >= LEN_MIN_W) {
        c.line = c.name + (room - 8) * 3 / 5 + 8;
        c.len = c.line - 9;
    } else if (w >= LINE_MIN_W) {
        c.line = c.name + room * 3 / 5;
    }
    return c;
}

static int digits_of(const struct symbols_view *k)
{
    const struct symbol *last = row_of(k, k->count ? k->count - 1 : 0);
    return last && last->addr > UINT32_MAX ? 16 : 8;
}

static void put_row(const struct view *v, struct canvas *c, int y, const struct symbol *s, bool here)
{
    const struct symbols_view *k = v->state;
    int digits = digits_of(k);
    struct columns at = columns_of(c->window.w, digits);
    bool number = is_number(k, s);
    const char *file;
    unsigned line;
    const struct snapshot_stop *stop = number ? NULL : snapshot_break_at(v->snap, s->addr);
    if (here)
        canvas_put(c, 0, y, ROLE_HERE, '>');
    if (stop)
        canvas_put(c, 1, y, ROLE_BREAKPOINT, stop->enabled ? 0x25cf : 0x25cb);
    canvas_textf(c, 3, y, number ? ROLE_DIM : ROLE_ADDRESS, "%0*" PRIx64, digits, s->addr);
    canvas_text(c, 4 + digits, y, ROLE_LABEL, s->function ? "f" : number ? "=" : "");
    int end = at.len ? at.len : at.line ? at.line : c->window.w + 1;
    canvas_text_cut(c, at.name, y, end - at.name - 1, number ? ROLE_DIM : ROLE_SYMBOL, s->name);
    if (at.len && s->len) {
        char len[24];
        snprintf(len, sizeof len, "%" PRIu64, s->len);
        canvas_text_right(c, at.len + 7, y, ROLE_TEXT, len);
    }
    if (at.line && !number && symbols_line(k->from, s->addr, &file, &line)) {
        struct text place = {0};
        text_addf(&place, "%s:%u", file, line);
        canvas_text_cut(c, at.line, y, c->window.w - at.line, ROLE_TEXT, text_str(&place));
        text_fini(&place);
    }
}

static void put_header(struct canvas *c, int digits)
{
    struct columns at = columns_of(c->window.w, digits);
    canvas_text(c, 3, 0, ROLE_LABEL, "address");
    canvas_text(c, at.name, 0, ROLE_LABEL, "name (f function, = number)");
    if (at.len)
        canvas_text_right(c, at.len + 7, 0, ROLE_LABEL, "bytes");
    if (at.line)
        canvas_text(c, at.line, 0, ROLE_LABEL, "source");
}

static void put_none(const struct symbols_view *k, struct canvas *c)
{
    if (k->all) {
        canvas_textf(c, 0, 0, ROLE_DIM, "no name has \"%s\" in it", k->filter);
        canvas_text_cut(c, 0, 1, c->window.w, ROLE_DIM, "F asks for another; :filter shows all");
        return;
    }
    canvas_text_cut(c, 0, 0, c->window.w, ROLE_DIM, "no symbols are known");
    canvas_text_cut(c, 0, 1, c->window.w, ROLE_DIM, "--symbols FILE.elf says where they are");
}

static void symbols_draw(const struct view *v, struct canvas *c)
{
    const struct symbols_view *k = v->state;
    size_t here = row_of_rip(k, v->snap);
    int head = head_rows(v);
    if (!k->count) {
        put_none(k, c);
        return;
    }
    if (head)
        put_header(c, digits_of(k));
    for (int y = 0; y < list_rows(v) && k->list.top + (size_t)y < k->count; y++) {
        size_t i = k->list.top + (size_t)y;
        put_row(v, c, y + head, row_of(k, i), i == here);
        if (v->focused && i == k->list.at)
            canvas_look(c, (struct rect){0, y + head, c->window.w, 1}, LOOK_SELECTED);
    }
}

/* ---- acting ---- */

static void act_on(struct view *v, const char *verb, const struct symbol *s, struct view_reply *r)
{
    static const struct {
        const char *verb, *command;
    } commands[] = {
        {"open", "view code; goto"}, {"to-memory", "view memory; goto"}, {"break-there", "break *"}};
    if (is_number(v->state, s)) {
        text_addf(&r->message, "%s is a number, not an address", s->name);
        return;
    }
    const struct snapshot_stop *stop = verb[0] == 'b' ? snapshot_break_at(v->snap, s->addr) : NULL;
    if (stop) {
        text_addf(&r->command, "delete %u", stop->number);
        return;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].verb, verb) == 0)
            text_addf(&r->command, "%s%s0x%" PRIx64, commands[i].command, verb[0] == 'b' ? "" : " ", s->addr);
}

/* The nearest symbol at or before an address. */
static void act_goto(struct view *v, const char *args)
{
    struct symbols_view *k = v->state;
    uint64_t addr = strtoull(args, NULL, 0);
    size_t at = 0;
    for (size_t i = 0; i < k->count && row_of(k, i)->addr <= addr; i++)
        at = i;
    list_show(&k->list, at, list_rows(v));
}

static void act_filter(struct view *v, const char *args)
{
    struct symbols_view *k = v->state;
    snprintf(k->filter, sizeof k->filter, "%s", args);
    collect(k, k->from);
    k->list = (struct list){0};
    list_fit(&k->list, k->count, list_rows(v));
}

static bool row_has(const void *ctx, size_t row, const char *text)
{
    const struct symbol *s = row_of(ctx, row);
    return s && words_have(s->name, text);
}

static bool move(struct view *v, const char *verb, const char *args)
{
    struct symbols_view *k = v->state;
    if (strcmp(verb, "search") == 0 || strcmp(verb, "search-back") == 0)
        return list_search(&k->list, list_rows(v), args, verb[6] != '\0', row_has, k);
    return list_act_below(&k->list, list_rows(v), head_rows(v), verb, args);
}

static bool symbols_act(struct view *v, const char *verb, const char *args, struct view_reply *r)
{
    struct symbols_view *k = v->state;
    const struct symbol *s = row_of(k, k->list.at);
    if (strcmp(verb, "find-name") == 0) {
        text_addf(&r->prompt, "filter %s", k->filter);
    } else if (strcmp(verb, "filter") == 0) {
        act_filter(v, args);
    } else if (strcmp(verb, "goto") == 0) {
        act_goto(v, args);
    } else if (strcmp(verb, "open") == 0 || strcmp(verb, "to-memory") == 0 ||
               strcmp(verb, "break-there") == 0) {
        if (s)
            act_on(v, verb, s, r);
    } else {
        return move(v, verb, args);
    }
    return true;
}

static void symbols_note(const struct view *v, struct text *out)
{
    const struct symbols_view *k = v->state;
    if (*k->filter)
        text_addf(out, "\"%s\": %zu of %zu", k->filter, k->count, k->all);
    else if (k->all)
        text_addf(out, "%zu", k->all);
    if (k->failed)
        text_add(out, ", out of memory");
}

static void symbols_fini(struct view *v)
{
    struct symbols_view *k = v->state;
    free(k->row);
}

static const struct key_row keys[] = {
    {'b', "break-there", "breakpoint at this symbol, or take it away"},
    {'m', "to-memory", "its bytes in the memory view"},
    {'F', "find-name", "only names with a text in them"},
    {0},
};

static const struct key_hint hints[] = {{'F', "Filter"}, {'b', "Break"}, {'m', "Memory"}, {0, NULL}};

const struct view_ops view_symbols = {.name = "symbols",
                                      .title = "Symbols",
                                      .tab = "Syms",
                                      .summary = "the names in the guest's ELF file, and where they are",
                                      .wants = PART_STOPS,
                                      .keys = keys,
                                      .hints = hints,
                                      .needs_guest = true,
                                      .state_len = sizeof(struct symbols_view),
                                      .load = symbols_load,
                                      .draw = symbols_draw,
                                      .act = symbols_act,
                                      .note = symbols_note,
                                      .fini = symbols_fini};
