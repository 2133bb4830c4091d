/*
 * The code: disassembly around RIP, in the width of the code segment, or around an address that was asked
 * for.
 *
 * x86 instructions can only be read forwards. To show what stands before an address, starting points before
 * it are tried until one is found whose instructions meet the address exactly: first the symbol it lies in,
 * then every byte of the last few dozen. That can be wrong where data lies in between; on from RIP it never
 * is.
 */
#include "monitor/views/code.h"

#include "debug/disasm.h"
#include "debug/symbols.h"
#include "vm/cpu.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { BACK_BYTES = 96 };

/* ---- reading ---- */

static uint64_t cut(const struct snapshot *s, uint64_t linear)
{
    return s->mode == MODE_LONG ? linear : linear & UINT32_MAX;
}

static uint64_t offset_of(const struct snapshot *s, uint64_t linear)
{
    return s->mode == MODE_LONG ? linear : (linear - s->sregs.cs.base) & UINT32_MAX;
}

/* The length of the instruction there; 1 for bytes that are none, 0 where no memory is. */
static size_t insn_read(const struct snapshot *s, uint64_t linear, struct code_row *row)
{
    struct disasm_style style = {.syntax = s->syntax_att ? DISASM_ATT : DISASM_INTEL,
                                 .symbols = s->target.symbols,
                                 .segments = &s->sregs};
    struct gva_walk w;
    struct text text = {0};
    size_t n = target_read(&s->target, linear, row->bytes, CODE_INSN_MAX, &w);
    row->linear = linear;
    row->kind = n ? ROW_CODE : ROW_NOTHING;
    size_t len =
        n ? disasm_styled(&style, cpu_code_bits(&s->sregs), offset_of(s, linear), row->bytes, n, &text) : 0;
    if (n == 0)
        text_addf(&text, "nothing can be read here: %s", w.why ? w.why : "no memory");
    size_t text_len = text.len < CODE_TEXT_MAX - 1 ? text.len : CODE_TEXT_MAX - 1;
    memcpy(row->text, text_str(&text), text_len);
    row->text[text_len] = '\0';
    text_fini(&text);
    row->len = (uint8_t)(n ? (len ? len : 1) : 0);
    return row->len;
}

/* Reads on from `from` and keeps the last `most` starts before `to` in start[]; 0 when `to` is not met. */
static size_t starts_between(const struct snapshot *s, uint64_t from, uint64_t to, uint64_t *start,
                             size_t most)
{
    struct code_row row;
    size_t n = 0;
    while (from < to) {
        size_t len = insn_read(s, from, &row);
        if (len == 0 || strcmp(row.text, "(bad)") == 0)
            return 0;
        if (n == most)
            memmove(start, start + 1, --n * sizeof *start);
        start[n++] = from;
        from += len;
    }
    return from == to ? n : 0;
}

static bool is_zeros(const struct snapshot *s, uint64_t linear)
{
    uint8_t two[2];
    return target_read(&s->target, linear, two, 2, NULL) == 2 && two[0] == 0 && two[1] == 0;
}

/* The address `back` instructions before `linear`, or as many as can be found. */
static uint64_t address_before(const struct snapshot *s, uint64_t linear, size_t back)
{
    uint64_t start[CODE_ROWS_MAX], offset = 0;
    size_t n = 0;
    if (back > CODE_ROWS_MAX)
        back = CODE_ROWS_MAX;
    if (back == 0)
        return linear;
    if (s->target.symbols && symbols_at(s->target.symbols, linear, &offset) && offset && offset < 4096)
        n = starts_between(s, linear - offset, linear, start, back);
    for (uint64_t from = BACK_BYTES; n == 0 && from > 0; from--)
        if (linear >= from)
            n = starts_between(s, linear - from, linear, start, back);
    size_t first = 0; /* zeros before the code are no code */
    while (first + 1 < n && is_zeros(s, start[first]))
        first++;
    return n && !is_zeros(s, start[first]) ? start[first] : linear;
}

/* ---- rows ---- */

static bool row_add_label(struct code *k, const struct snapshot *s, uint64_t linear)
{
    uint64_t offset;
    const struct symbol *symbol = s->target.symbols ? symbols_at(s->target.symbols, linear, &offset) : NULL;
    if (!symbol || offset || k->count == CODE_ROWS_MAX)
        return false;
    struct code_row *row = &k->row[k->count++];
    *row = (struct code_row){.kind = ROW_LABEL, .linear = linear};
    size_t n = strlen(symbol->name) < CODE_TEXT_MAX - 2 ? strlen(symbol->name) : CODE_TEXT_MAX - 2;
    memcpy(row->text, symbol->name, n);
    memcpy(row->text + n, ":", 2);
    return true;
}

static void rows_fill(struct code *k, const struct snapshot *s, size_t rows)
{
    uint64_t linear = k->top;
    k->count = 0;
    rows = rows < CODE_ROWS_MAX ? rows : CODE_ROWS_MAX;
    while (k->count < rows) {
        if (row_add_label(k, s, linear) && k->count == rows)
            return;
        size_t len = insn_read(s, linear, &k->row[k->count++]);
        if (len == 0)
            return;
        linear = cut(s, linear + len);
    }
}

static size_t row_of(const struct code *k, uint64_t linear)
{
    for (size_t i = 0; i < k->count; i++)
        if (k->row[i].linear == linear && k->row[i].kind != ROW_LABEL)
            return i;
    return k->count;
}

static size_t rows_of(const struct view *v)
{
    return v->h > 0 ? (size_t)v->h : 1;
}

/* Makes `linear` visible: as little is moved as can be, so that stepping does not make the picture jump. */
static void place(struct code *k, const struct view *v, const struct snapshot *s, uint64_t linear)
{
    size_t rows = rows_of(v), i;
    if (k->placed) {
        rows_fill(k, s, rows);
        i = row_of(k, linear);
        if (i < k->count && (i + 1 + rows / 8 < rows || i == 0)) { /* what comes next is seen too */
            k->at = i;
            return;
        }
    }
    k->top = address_before(s, linear, rows / 3);
    rows_fill(k, s, rows);
    i = row_of(k, linear);
    if (i == k->count) { /* labels took the room, or it was not met */
        k->top = linear;
        rows_fill(k, s, rows);
        i = row_of(k, linear);
    }
    k->at = i < k->count ? i : 0;
    k->placed =
        !s->wants || !s->wants->missed; /* what is before it may have been read from a page not there yet */
}

static void code_load(struct view *v, const struct snapshot *s)
{
    struct code *k = v->state;
    if (!s->has_cpu)
        return;
    if (s->rip_linear != k->last_rip) /* it was let go on: that is where the user looks */
        k->wander = k->want_it = false;
    k->last_rip = s->rip_linear;
    code_foresee(&k->future, s);
    if (!k->wander)
        place(k, v, s, s->rip_linear);
    else if (k->want_it)
        place(k, v, s, k->want);
    else
        rows_fill(k, s, rows_of(v));
    if (k->at >= k->count)
        k->at = k->count ? k->count - 1 : 0;
}

/* ---- acting ---- */

static void move(struct code *k, const struct view *v, long by)
{
    const struct snapshot *s = v->snap;
    size_t rows = rows_of(v);
    k->wander = true;
    for (; by < 0; by++) {
        if (k->at > 0)
            k->at--;
        else
            k->top = address_before(s, k->top, 1);
    }
    for (; by > 0; by--) {
        if (k->at + 1 < k->count)
            k->at++;
        else if (k->count > 1 && k->count >= rows)
            k->top = k->row[k->row[0].kind == ROW_LABEL && k->count > 2 ? 2 : 1].linear;
        rows_fill(k, s, rows);
    }
}

static bool code_moves(struct code *k, const struct view *v, const char *verb, const char *args)
{
    long page = (long)rows_of(v) > 2 ? (long)rows_of(v) - 2 : 1;
    static const struct {
        const char *verb;
        int rows, pages;
    } moves[] = {{"up", -1, 0}, {"down", 1, 0}, {"page-up", 0, -1}, {"page-down", 0, 1}};
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        if (strcmp(verb, moves[i].verb) == 0) {
            if (moves[i].pages) /* a page moves what is seen: from the edge on */
                k->at = moves[i].pages < 0 ? 0 : k->count ? k->count - 1 : 0;
            move(k, v, moves[i].rows + moves[i].pages * page);
            return true;
        }
    }
    if (strcmp(verb, "scroll") == 0) {
        long by = strtol(args, NULL, 10);
        k->at = by < 0 ? 0 : k->count ? k->count - 1 : 0;
        move(k, v, by);
    } else if (strcmp(verb, "select") == 0) {
        size_t row = strtoul(args, NULL, 10);
        k->wander = true;
        k->at = row < k->count ? row : k->at;
    } else {
        return false;
    }
    return true;
}

/* The instruction that is meant: the selected one, or that at RIP. */
static uint64_t meant(const struct code *k, const struct view *v)
{
    return k->wander && k->at < k->count ? k->row[k->at].linear : v->snap->rip_linear;
}

static void toggle_break(const struct code *k, const struct view *v, struct view_reply *r)
{
    uint64_t linear = meant(k, v);
    const struct snapshot_stop *stop = snapshot_break_at(v->snap, linear);
    if (stop)
        text_addf(&r->command, "delete %u", stop->number);
    else
        text_addf(&r->command, "break *0x%" PRIx64, linear);
}

static bool code_search(struct code *k, const struct view *v, const char *text, bool back)
{
    struct code_row row;
    enum { LOOKED_AT_MAX = 4000 };
    uint64_t linear = meant(k, v);
    for (int i = 0; i < LOOKED_AT_MAX; i++) {
        uint64_t next = back ? address_before(v->snap, linear, 1) : linear;
        size_t len = back ? 0 : insn_read(v->snap, linear, &row);
        linear = back ? next : cut(v->snap, linear + len);
        if ((!back && len == 0) || insn_read(v->snap, linear, &row) == 0)
            return false;
        if (words_have(row.text, text)) {
            k->want = linear;
            k->wander = k->want_it = true;
            return true;
        }
    }
    return false;
}

static bool code_act(struct view *v, const char *verb, const char *args, struct view_reply *r)
{
    struct code *k = v->state;
    if (!v->snap->has_cpu)
        return false;
    k->want_it = false;
    r->reload = true;
    if (code_moves(k, v, verb, args))
        return true;
    if (strcmp(verb, "goto") == 0) {
        k->want = strtoull(args, NULL, 0);
        k->wander = k->want_it = true;
    } else if (strcmp(verb, "follow") == 0 || strcmp(verb, "top") == 0) {
        k->wander = false;
    } else if (strcmp(verb, "break-here") == 0) {
        toggle_break(k, v, r);
    } else if (strcmp(verb, "run-here") == 0 || strcmp(verb, "open") == 0) {
        text_addf(&r->command, "until 0x%" PRIx64, meant(k, v));
    } else if (strcmp(verb, "go") == 0) {
        text_add(&r->prompt, "goto ");
    } else {
        r->reload = false;
        return strncmp(verb, "search", 6) == 0 && (r->reload = code_search(k, v, args, verb[6] == '-'));
    }
    return true;
}

static void code_note(const struct view *v, struct text *out)
{
    const struct code *k = v->state;
    if (v->snap->has_cpu)
        text_addf(out, "%u-bit%s", cpu_code_bits(&v->snap->sregs), k->wander ? ", r: back to RIP" : "");
}

static const struct key_row keys[] = {
    {'b', "break-here", "breakpoint at the selected line, or RIP; again takes it away"},
    {'u', "run-here", "run until the selected line"},
    {'g', "go", "go to an address or symbol"},
    {'r', "follow", "back to RIP"},
    {0},
};

static const struct key_hint hints[] = {
    {'b', "Break"}, {'u', "Run to"}, {'g', "Go to"}, {'r', "RIP"}, {0, NULL}};

const struct view_ops view_code = {.name = "code",
                                   .title = "Code",
                                   .tab = "Code",
                                   .summary = "instructions around RIP, or any address (goto)",
                                   .wants = PART_STOPS,
                                   .keys = keys,
                                   .hints = hints,
                                   .needs_guest = true,
                                   .state_len = sizeof(struct code),
                                   .load = code_load,
                                   .draw = code_draw,
                                   .act = code_act,
                                   .note = code_note};
