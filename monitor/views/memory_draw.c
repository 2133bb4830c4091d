/*
 * Drawing the memory view: rows of bytes, what they are as characters, what points there, and a line about
 * the selected byte. See memory.c.
 */
#include "monitor/views/memory_inside.h"

#include "base/bytes.h"
#include "debug/symbols.h"

#include <string.h>

enum { NOTES_MIN_W = 8 };

/* ---- bytes ---- */

static unsigned byte_role(const struct memory_byte *b)
{
    if (!b->there || b->waiting)
        return ROLE_DIM;
    return b->changed ? ROLE_CHANGED : b->value ? ROLE_VALUE : ROLE_DIM;
}

/* The selected byte while its first digit has been typed shows that digit. */
static void put_byte(const struct memory *m, struct canvas *c, int x, int y, size_t i)
{
    const struct memory_byte *b = &m->byte[i];
    bool typed = m->digit >= 0 && m->top + i == m->at;
    if (typed)
        canvas_textf(c, x, y, ROLE_NOTE, "%x_", (unsigned)m->digit);
    else if (!b->there)
        canvas_text(c, x, y, ROLE_DIM, "--");
    else if (b->waiting)
        canvas_text(c, x, y, ROLE_DIM, "..");
    else
        canvas_textf(c, x, y, byte_role(b), "%02x", b->value);
}

static void put_character(struct canvas *c, int x, int y, const struct memory_byte *b)
{
    bool shown = b->there && !b->waiting, plain = shown && b->value >= ' ' && b->value < 0x7f;
    unsigned role = b->changed ? ROLE_CHANGED : plain ? ROLE_TEXT : ROLE_DIM;
    canvas_put(c, x, y, role, plain ? b->value : shown ? '.' : ' ');
}

/* Before a group: a star where one of its bytes has changed. */
static bool group_changed(const struct memory *m, size_t i)
{
    for (size_t k = i; k < i + (size_t)m->shape.group && k < m->count; k++)
        if (m->byte[k].changed)
            return true;
    return false;
}

/* Where a row's byte stands; the one behind the last is where the text begins. */
static int byte_x(const struct memory_shape *f, int i)
{
    int halves = f->group == 1 && f->per_row > 8 ? (i < f->per_row ? i / 8 : f->per_row / 8 - 1) : 0;
    return f->digits + 1 + i * 2 + i / f->group + halves + (f->per_row >= 8 && f->group == 1 ? 1 : 0);
}

static void put_row(const struct memory *m, struct canvas *c, int y, size_t first)
{
    const struct memory_shape *f = &m->shape;
    uint64_t addr = m->top + first;
    int text = byte_x(f, f->per_row);
    canvas_textf(c, 0, y, ROLE_ADDRESS, "%0*llx", f->digits, (unsigned long long)addr);
    for (int i = 0; i < f->per_row && first + (size_t)i < m->count; i++) {
        size_t at = first + (size_t)i;
        int x = byte_x(f, i);
        if (i % f->group == 0 && group_changed(m, at))
            canvas_put(c, x - 1, y, ROLE_CHANGED, '*');
        put_byte(m, c, x, y, at);
        put_character(c, text + i, y, &m->byte[at]);
        if (addr + (uint64_t)i == m->at) {
            canvas_look(c, (struct rect){x, y, 2, 1}, LOOK_CURSOR);
            canvas_look(c, (struct rect){text + i, y, 1, 1}, LOOK_CURSOR);
        }
    }
}

/* ---- what points into a row ---- */

static void add_register(const char *name, uint64_t at, uint64_t first, uint64_t len, struct text *out)
{
    if (at - first < len)
        text_addf(out, "%s%s", out->len ? " " : "", name);
}

static void put_notes(const struct memory *m, const struct snapshot *s, struct canvas *c, int y,
                      uint64_t addr)
{
    int x = byte_x(&m->shape, m->shape.per_row) + m->shape.per_row + 2, room = c->window.w - x;
    uint64_t len = (uint64_t)m->shape.per_row, last = addr + len - 1, offset = 0;
    struct text words = {0};
    if (room < NOTES_MIN_W || m->space != SPACE_LINEAR)
        return;
    add_register("RIP", s->rip_linear, addr, len, &words);
    add_register("RSP", target_stack_linear(&s->target), addr, len, &words);
    if (words.len) {
        x = canvas_text_cut(c, x, y, room, ROLE_HERE, text_str(&words)) + 1;
        text_clear(&words);
    }
    /* The symbol that begins here; in the first row the one that is shown, wherever it began. */
    if (symbols_at(s->target.symbols, last, &offset) && offset < len)
        symbols_name(s->target.symbols, last - offset, &words);
    else if (y == 0)
        symbols_name(s->target.symbols, addr, &words);
    if (x < c->window.w)
        canvas_text_cut(c, x, y, c->window.w - x, ROLE_SYMBOL, text_str(&words));
    text_fini(&words);
}

/* ---- the line about the selected byte ---- */

static int put_number(struct canvas *c, int x, int y, const char *name, const uint8_t *raw, size_t n,
                      size_t have)
{
    if (have < n || x + (int)(strlen(name) + 1 + 2 * n) > c->window.w)
        return x;
    x = canvas_textf(c, x, y, ROLE_BAR_NOTE, "%s ", name);
    return canvas_textf(c, x, y, ROLE_BAR, "%0*llx", (int)n * 2, (unsigned long long)le_load(raw, n)) + 2;
}

/* The bytes from the selected one on, as far as they are on the screen. */
static size_t selected_bytes(const struct memory *m, uint8_t raw[8])
{
    size_t i = (size_t)(m->at - m->top), n = 0;
    while (n < 8 && i + n < m->count && m->byte[i + n].there && !m->byte[i + n].waiting) {
        raw[n] = m->byte[i + n].value;
        n++;
    }
    return n;
}

static void put_status(const struct memory *m, const struct snapshot *s, struct canvas *c, int y)
{
    uint8_t raw[8] = {0};
    size_t n = selected_bytes(m, raw);
    struct text name = {0};
    canvas_row(c, 0, y, c->window.w, ROLE_BAR, ' ');
    int x = canvas_textf(c, 0, y, ROLE_BAR_KEY, "%0*llx", m->shape.digits, (unsigned long long)m->at) + 2;
    if (m->why)
        x = canvas_textf(c, x, y, ROLE_BAR, "a hole: %s", m->why) + 2;
    if (n > 0) {
        x = canvas_textf(c, x, y, ROLE_BAR, "%02x", raw[0]);
        x = canvas_textf(c, x, y, ROLE_BAR, " %u", raw[0]);
        x = raw[0] & 0x80 ? canvas_textf(c, x, y, ROLE_BAR, " %d", (int)raw[0] - 256) + 2 : x + 2;
    }
    if (m->space == SPACE_LINEAR && !m->why && m->at_gpa != m->at) {
        x = canvas_text(c, x, y, ROLE_BAR_NOTE, "gpa ");
        x = canvas_textf(c, x, y, ROLE_BAR, "%llx", (unsigned long long)m->at_gpa) + 2;
    }
    if (m->space == SPACE_LINEAR)
        symbols_name(s->target.symbols, m->at, &name);
    if (name.len)
        x = canvas_text_cut(c, x, y, c->window.w - x, ROLE_BAR_NOTE, text_str(&name)) + 2;
    x = put_number(c, x, y, "word", raw, 2, n);
    x = put_number(c, x, y, "dword", raw, 4, n);
    x = put_number(c, x, y, "qword", raw, 8, n);
    text_fini(&name);
}

void memory_draw(const struct view *v, struct canvas *c)
{
    const struct memory *m = v->state;
    size_t per = (size_t)m->shape.per_row;
    if (!v->snap->has_cpu) {
        canvas_text(c, 0, 0, ROLE_DIM, "a trace holds no memory");
        return;
    }
    for (int y = 0; y < m->shape.rows && (size_t)y * per < m->count; y++) {
        put_row(m, c, y, (size_t)y * per);
        put_notes(m, v->snap, c, y, m->top + (size_t)y * per);
    }
    if (m->shape.status)
        put_status(m, v->snap, c, m->shape.rows);
}
