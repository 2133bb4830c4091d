/*
 * The canvas: see canvas.h.  Drawing is clipped twice, by the window and by the canvas; everything goes
 * through cell_put, so that there is one place to get that right.
 */
#include "monitor/ui/canvas.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cell blank = {' ', ROLE_TEXT, 0};

const char *canvas_role_name(unsigned role)
{
    static const char *const names[] = {
#define CANVAS_NAME(name, text) text,
        CANVAS_ROLES(CANVAS_NAME)
#undef CANVAS_NAME
    };
    return role < ROLE_COUNT ? names[role] : "vga";
}

static int bounded(int n)
{
    return n < 1 ? 1 : n > CANVAS_MAX ? CANVAS_MAX : n;
}

static void cells_clear(struct cell *cells, size_t n)
{
    for (size_t i = 0; i < n; i++)
        cells[i] = blank;
}

int canvas_init(struct canvas *c, int w, int h, struct err *e)
{
    *c = (struct canvas){0};
    return canvas_resize(c, w, h, e);
}

int canvas_resize(struct canvas *c, int w, int h, struct err *e)
{
    w = bounded(w);
    h = bounded(h);
    size_t n = (size_t)w * (size_t)h;
    struct cell *cells = malloc(n * sizeof *cells);
    if (!cells)
        return err_sys(e, ENOMEM, "a canvas of %d by %d", w, h);
    cells_clear(cells, n);
    free(c->cells);
    *c = (struct canvas){cells, w, h, {0, 0, w, h}};
    return 0;
}

void canvas_fini(struct canvas *c)
{
    free(c->cells);
    *c = (struct canvas){0};
}

/* ---- windows ---- */

static int lower(int a, int b)
{
    return a < b ? a : b;
}

static int higher(int a, int b)
{
    return a > b ? a : b;
}

struct rect canvas_enter(struct canvas *c, struct rect part)
{
    struct rect old = c->window;
    int x = higher(part.x, 0), y = higher(part.y, 0);
    int right = lower(part.x + part.w, old.w), bottom = lower(part.y + part.h, old.h);
    c->window = (struct rect){old.x + x, old.y + y, higher(right - x, 0), higher(bottom - y, 0)};
    return old;
}

void canvas_leave(struct canvas *c, struct rect window)
{
    c->window = window;
}

/* ---- cells ---- */

static struct cell *cell_at(const struct canvas *c, int x, int y)
{
    if (x < 0 || y < 0 || x >= c->window.w || y >= c->window.h)
        return NULL;
    return &c->cells[(size_t)(c->window.y + y) * (size_t)c->w + (size_t)(c->window.x + x)];
}

static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

/* Ranges that terminals show in no cell, in two, or in another order: combining marks, directions, wide
 * scripts, emoji, private use. What is left is one cell wide on every terminal. */
static bool is_single(uint32_t code)
{
    static const struct {
        uint32_t first, last;
    } odd[] = {{0xad, 0xad},     {0x300, 0x36f},   {0x483, 0x489},    {0x590, 0x8ff},   {0x900, 0x109f},
               {0x1100, 0x11ff}, {0x1200, 0x1dff}, {0x200b, 0x200f},  {0x2028, 0x202e}, {0x2060, 0x206f},
               {0x20d0, 0x20ff}, {0x231a, 0x231b}, {0x2329, 0x232a},  {0x23e9, 0x23f3}, {0x25fd, 0x25fe},
               {0x2614, 0x2615}, {0x2648, 0x2653}, {0x267f, 0x2757},  {0x2795, 0x27bf}, {0x2b1b, 0x2b55},
               {0x2cef, 0x2cf1}, {0x2de0, 0x2dff}, {0x2e80, 0x10ffff}};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        if (code >= odd[i].first && code <= odd[i].last)
            return false;
    return true;
}

static uint32_t shown(uint32_t code)
{
    return is_control(code) || !is_single(code) ? '?' : code;
}

static void cell_put(struct canvas *c, int x, int y, unsigned role, uint32_t code)
{
    struct cell *cell = cell_at(c, x, y);
    if (cell)
        *cell = (struct cell){shown(code), (uint16_t)role, 0};
}

struct cell canvas_at(const struct canvas *c, int x, int y)
{
    return x >= 0 && y >= 0 && x < c->w && y < c->h ? c->cells[(size_t)y * (size_t)c->w + (size_t)x] : blank;
}

void canvas_clear(struct canvas *c)
{
    for (int y = 0; y < c->window.h; y++)
        cells_clear(cell_at(c, 0, y), c->window.w ? (size_t)c->window.w : 0);
}

void canvas_put(struct canvas *c, int x, int y, unsigned role, uint32_t code)
{
    cell_put(c, x, y, role, code);
}

void canvas_row(struct canvas *c, int x, int y, int n, unsigned role, uint32_t code)
{
    for (int i = higher(0, -x); i < n && x + i < c->window.w; i++)
        cell_put(c, x + i, y, role, code);
}

void canvas_column(struct canvas *c, int x, int y, int n, unsigned role, uint32_t code)
{
    for (int i = higher(0, -y); i < n && y + i < c->window.h; i++)
        cell_put(c, x, y + i, role, code);
}

/* ---- text ---- */

/* Takes one character off the text; what is no UTF-8 is '?'. */
static uint32_t take(const char **s, size_t *n)
{
    uint32_t code;
    size_t len = utf8_decode(*s, *n, &code);
    if (len == 0) {
        len = 1;
        code = '?';
    }
    *s += len;
    *n -= len;
    return code;
}

int canvas_textn(struct canvas *c, int x, int y, unsigned role, const char *s, size_t n)
{
    while (n > 0 && *s != '\n' && x < CANVAS_MAX)
        cell_put(c, x++, y, role, take(&s, &n));
    return x;
}

int canvas_text(struct canvas *c, int x, int y, unsigned role, const char *s)
{
    return canvas_textn(c, x, y, role, s, strlen(s));
}

int canvas_textf(struct canvas *c, int x, int y, unsigned role, const char *fmt, ...)
{
    char line[4 * CANVAS_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    return canvas_text(c, x, y, role, line);
}

/* Cells that a text takes, up to its first line's end. */
static int cells_of(const char *s)
{
    size_t n = strlen(s);
    int w = 0;
    while (n > 0 && *s != '\n' && w < CANVAS_MAX) {
        take(&s, &n);
        w++;
    }
    return w;
}

void canvas_text_right(struct canvas *c, int right, int y, unsigned role, const char *s)
{
    canvas_text(c, right - cells_of(s), y, role, s);
}

int canvas_text_cut(struct canvas *c, int x, int y, int w, unsigned role, const char *s)
{
    if (w <= 0)
        return x;
    if (cells_of(s) <= w)
        return canvas_text(c, x, y, role, s);
    size_t n = strlen(s);
    for (int i = 0; i < w - 1; i++)
        cell_put(c, x + i, y, role, take(&s, &n));
    cell_put(c, x + w - 1, y, role, 0x2026);
    return x + w;
}

void canvas_box(struct canvas *c, struct rect r, unsigned role, const char *title, unsigned title_role)
{
    int right = r.x + r.w - 1, bottom = r.y + r.h - 1;
    canvas_row(c, r.x, r.y, r.w, role, 0x2500);
    canvas_row(c, r.x, bottom, r.w, role, 0x2500);
    canvas_column(c, r.x, r.y, r.h, role, 0x2502);
    canvas_column(c, right, r.y, r.h, role, 0x2502);
    cell_put(c, r.x, r.y, role, 0x250c);
    cell_put(c, right, r.y, role, 0x2510);
    cell_put(c, r.x, bottom, role, 0x2514);
    cell_put(c, right, bottom, role, 0x2518);
    if (title && *title && r.w > 6) {
        cell_put(c, r.x + 2, r.y, title_role, ' ');
        int x = canvas_text_cut(c, r.x + 3, r.y, r.w - 6, title_role, title);
        cell_put(c, x, r.y, title_role, ' ');
    }
}

/* ---- looks ---- */

void canvas_look(struct canvas *c, struct rect r, unsigned look)
{
    for (int y = higher(r.y, 0); y < lower(r.y + r.h, c->window.h); y++)
        for (int x = higher(r.x, 0); x < lower(r.x + r.w, c->window.w); x++)
            cell_at(c, x, y)->look |= (uint16_t)look;
}

static uint32_t folded(uint32_t code)
{
    return code >= 'A' && code <= 'Z' ? code + 0x20 : code;
}

/* Cells of a row from x on that spell the needle; 0 when they do not. */
static int spells(const struct canvas *c, int x, int y, const char *needle)
{
    size_t n = strlen(needle);
    int from = x;
    while (n > 0) {
        const struct cell *cell = cell_at(c, x++, y);
        if (!cell || folded(cell->code) != folded(take(&needle, &n)))
            return 0;
    }
    return x - from;
}

void canvas_find(struct canvas *c, const char *needle)
{
    for (int y = 0; *needle && y < c->window.h; y++)
        for (int x = 0, n; x < c->window.w; x++)
            if ((n = spells(c, x, y, needle)) > 0)
                canvas_look(c, (struct rect){x, y, n, 1}, LOOK_MATCH);
}

/* ---- other shapes ---- */

char canvas_ascii(uint32_t code)
{
    static const struct {
        uint32_t first, last;
        char as;
    } table[] = {
        {0x2500, 0x2501, '-'}, {0x2502, 0x2503, '|'}, {0x250c, 0x254b, '+'}, {0x2550, 0x2550, '='},
        {0x2551, 0x2551, '|'}, {0x2552, 0x256c, '+'}, {0x2581, 0x2582, '_'}, {0x2583, 0x2585, '-'},
        {0x2586, 0x2587, '='}, {0x2588, 0x2588, '#'}, {0x2589, 0x258f, '#'}, {0x2591, 0x2591, '.'},
        {0x2592, 0x2592, ':'}, {0x2593, 0x2593, '%'}, {0x2190, 0x2190, '<'}, {0x2191, 0x2191, '^'},
        {0x2192, 0x2192, '>'}, {0x2193, 0x2193, 'v'}, {0x25b6, 0x25b8, '>'}, {0x25ba, 0x25ba, '>'},
        {0x25c0, 0x25c4, '<'}, {0x25be, 0x25be, 'v'}, {0x25b4, 0x25b4, '^'}, {0x25cf, 0x25cf, '*'},
        {0x25cb, 0x25cb, 'o'}, {0x25a0, 0x25a0, '#'}, {0x2026, 0x2026, '~'}, {0x2022, 0x2022, '*'},
        {0x00b7, 0x00b7, '.'}, {0x00d7, 0x00d7, 'x'}, {0x2013, 0x2014, '-'}, {0x2018, 0x2019, '\''},
        {0x201c, 0x201d, '"'}, {0x2713, 0x2713, 'v'}, {0x00b5, 0x00b5, 'u'}, {0x2264, 0x2264, '<'},
        {0x2265, 0x2265, '>'},
    };
    if (code < 0x80)
        return (char)code;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (code >= table[i].first && code <= table[i].last)
            return table[i].as;
    return '?';
}

void canvas_add_utf8(struct text *out, uint32_t code)
{
    char b[4];
    size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n; i-- > 1; code >>= 6)
        b[i] = (char)(0x80 | (code & 0x3f));
    b[0] = (char)(lead[n] | code);
    text_addn(out, b, n);
}

static int row_end(const struct canvas *c, int y)
{
    int end = c->w;
    while (end > 0 && canvas_at(c, end - 1, y).code == ' ')
        end--;
    return end;
}

void canvas_dump(const struct canvas *c, bool ascii, struct text *out)
{
    for (int y = 0; y < c->h; y++) {
        int end = row_end(c, y);
        for (int x = 0; x < end; x++) {
            uint32_t code = canvas_at(c, x, y).code;
            canvas_add_utf8(out, ascii ? (uint32_t)(unsigned char)canvas_ascii(code) : code);
        }
        text_addc(out, '\n');
    }
}

static char role_letter(struct cell cell)
{
    static const char plain[] = ".abcdefghijklmnopqrstuvwxyz0123456789";
    static const char looked[] = "!ABCDEFGHIJKLMNOPQRSTUVWXYZ#########";
    _Static_assert(sizeof plain > ROLE_COUNT && sizeof looked > ROLE_COUNT, "a letter a role");
    if (cell.role >= ROLE_COUNT)
        return '@';
    if (cell.look)
        return looked[cell.role];
    return cell.code == ' ' && cell.role == ROLE_TEXT ? ' ' : plain[cell.role];
}

void canvas_dump_roles(const struct canvas *c, struct text *out)
{
    for (int y = 0; y < c->h; y++) {
        for (int x = 0; x < c->w; x++)
            text_addc(out, role_letter(canvas_at(c, x, y)));
        text_addc(out, '\n');
    }
}
