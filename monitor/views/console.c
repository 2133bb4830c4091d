/*
 * The guest's console: what it sends to its serial port, as lines, and what it writes into the VGA's text
 * memory, as the screen it would be. The keys can be given to the guest.
 *
 * Lines of the serial port that are longer than the pane go on in the next row, as on a terminal of that
 * width; the VGA's screen has its 80 columns, and a narrower pane is moved over it.
 */
#include "monitor/views/console.h"

#include "monitor/views/views.h"

#include <stdlib.h>
#include <string.h>

enum console_side { SIDE_AUTO, SIDE_SERIAL, SIDE_VGA, SIDE_COUNT };

struct console_view {
    struct tty tty;
    uint64_t seen; /* bytes of the history that are in tty */
    enum console_side side;
    struct list list; /* of rows; row_of: the first row of each line of the tty, and behind them all */
    uint32_t row_of[TTY_LINES + 1];
    int left; /* the first column of the VGA that is shown */
    bool begun;
};

static bool shows_vga(const struct console_view *k, const struct snapshot *s)
{
    return k->side == SIDE_VGA || (k->side == SIDE_AUTO && s->vga_used);
}

static int line_length(const struct tty_cell *cells)
{
    int n = TTY_COLUMNS;
    while (n > 0 && !cells[n - 1].code)
        n--;
    return n;
}

/* Breaks the lines into rows of `w` columns. The newest has room for the cursor behind it when keys go there.
 */
static void break_lines(struct console_view *k, int w, bool cursor)
{
    size_t lines = tty_lines(&k->tty);
    uint32_t rows = 0;
    w = w > 0 ? w : 1;
    for (size_t i = 0; i < lines; i++) {
        int n = line_length(tty_line(&k->tty, i));
        if (cursor && i + 1 == lines && (int)k->tty.column >= n)
            n = (int)k->tty.column + 1;
        k->row_of[i] = rows;
        rows += n > w ? (uint32_t)((n + w - 1) / w) : 1;
    }
    k->row_of[lines] = rows;
}

/* The line that a row is of. */
static size_t line_at(const struct console_view *k, size_t row)
{
    size_t low = 0, high = tty_lines(&k->tty);
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (k->row_of[middle] <= row)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* A pane that is smaller than the VGA's screen stays with its cursor, until the user moves. */
static void fit_vga(const struct view *v, struct console_view *k, int cursor)
{
    bool follow = k->list.follow;
    k->list.follow = false;
    list_fit(&k->list, SNAPSHOT_VGA_H, v->h);
    k->list.follow = follow;
    if (!follow || cursor < 0)
        return;
    int column = cursor % SNAPSHOT_VGA_W;
    list_show(&k->list, (size_t)(cursor / SNAPSHOT_VGA_W), v->h);
    if (column < k->left)
        k->left = column;
    else if (column >= k->left + v->w)
        k->left = column - v->w + 1;
}

static void console_load(struct view *v, const struct snapshot *s)
{
    struct console_view *k = v->state;
    const struct ring *r = &s->history->console;
    uint64_t oldest = r->total - ring_count(r);
    if (!k->begun)
        k->begun = k->list.follow = true;
    if (s->replay || r->total < k->seen) {
        memset(&k->tty, 0, sizeof k->tty);
        k->seen = 0;
    }
    for (uint64_t i = k->seen > oldest ? k->seen : oldest; i < r->total; i++)
        tty_put(&k->tty, *(const uint8_t *)ring_back(r, (size_t)(r->total - 1 - i)));
    k->seen = r->total;
    break_lines(k, v->w, v->grabs);
    if (shows_vga(k, s))
        fit_vga(v, k, s->vga_cursor);
    else
        list_fit(&k->list, k->row_of[tty_lines(&k->tty)], v->h);
}

/* ---- drawing ---- */

static void draw_line(const struct tty_cell *cells, struct canvas *c, int y, int left)
{
    for (int x = 0; x < c->window.w && left + x < TTY_COLUMNS; x++) {
        struct tty_cell cell = cells[left + x];
        if (cell.code)
            canvas_put(c, x, y, cell.attribute == 0x07 ? ROLE_TEXT : ROLE_VGA(cell.attribute), cell.code);
    }
}

static void draw_serial(const struct view *v, const struct console_view *k, struct canvas *c)
{
    size_t lines = tty_lines(&k->tty), rows = k->row_of[lines];
    if (lines == 0) {
        canvas_text(c, 0, 0, ROLE_DIM, "the guest has said nothing yet");
        return;
    }
    size_t line = line_at(k, k->list.top);
    for (size_t row = k->list.top; row < rows && row - k->list.top < (size_t)c->window.h; row++) {
        line += row >= k->row_of[line + 1];
        draw_line(tty_line(&k->tty, line), c, (int)(row - k->list.top), (int)(row - k->row_of[line]) * v->w);
    }
    int row = (int)k->row_of[lines - 1] + (int)k->tty.column / v->w - (int)k->list.top;
    if (v->grabs && row < c->window.h)
        canvas_look(c, (struct rect){(int)k->tty.column % v->w, row, 1, 1}, LOOK_CURSOR);
}

/* The VGA's own characters above 127 and below 32 (code page 437), as far as ASCII letters are not the same.
 */
static uint32_t vga_code(uint8_t byte)
{
    static const uint16_t low[32] = {' ',    0x263a, 0x263b, 0x2665, 0x2666, 0x2663, 0x2660, 0x2022,
                                     0x25d8, 0x25cb, 0x25d9, 0x2642, 0x2640, 0x266a, 0x266b, 0x263c,
                                     0x25ba, 0x25c4, 0x2195, '!',    0xb6,   0xa7,   0x25ac, 0x21a8,
                                     0x2191, 0x2193, 0x2192, 0x2190, 0x221f, 0x2194, 0x25b2, 0x25bc};
    static const uint16_t high[128] = {
        0xc7,   0xfc,   0xe9,   0xe2,   0xe4,   0xe0,   0xe5,   0xe7,   0xea,   0xeb,   0xe8,   0xef,
        0xee,   0xec,   0xc4,   0xc5,   0xc9,   0xe6,   0xc6,   0xf4,   0xf6,   0xf2,   0xfb,   0xf9,
        0xff,   0xd6,   0xdc,   0xa2,   0xa3,   0xa5,   0x20a7, 0x192,  0xe1,   0xed,   0xf3,   0xfa,
        0xf1,   0xd1,   0xaa,   0xba,   0xbf,   0x2310, 0xac,   0xbd,   0xbc,   0xa1,   0xab,   0xbb,
        0x2591, 0x2592, 0x2593, 0x2502, 0x2524, 0x2561, 0x2562, 0x2556, 0x2555, 0x2563, 0x2551, 0x2557,
        0x255d, 0x255c, 0x255b, 0x2510, 0x2514, 0x2534, 0x252c, 0x251c, 0x2500, 0x253c, 0x255e, 0x255f,
        0x255a, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550, 0x256c, 0x2567, 0x2568, 0x2564, 0x2565, 0x2559,
        0x2558, 0x2552, 0x2553, 0x256b, 0x256a, 0x2518, 0x250c, 0x2588, 0x2584, 0x258c, 0x2590, 0x2580,
        0x3b1,  0xdf,   0x393,  0x3c0,  0x3a3,  0x3c3,  0xb5,   0x3c4,  0x3a6,  0x398,  0x3a9,  0x3b4,
        0x221e, 0x3c6,  0x3b5,  0x2229, 0x2261, 0xb1,   0x2265, 0x2264, 0x2320, 0x2321, 0xf7,   0x2248,
        0xb0,   0x2219, 0xb7,   0x221a, 0x207f, 0xb2,   0x25a0, ' '};
    return byte < 32 ? low[byte] : byte < 127 ? byte : byte == 127 ? 0x2302 : high[byte - 128];
}

static void draw_vga(const struct view *v, const struct console_view *k, struct canvas *c)
{
    const struct snapshot *s = v->snap;
    for (int y = 0; y < c->window.h && k->list.top + (size_t)y < SNAPSHOT_VGA_H; y++) {
        size_t row = k->list.top + (size_t)y;
        for (int x = 0; x < c->window.w && k->left + x < SNAPSHOT_VGA_W; x++) {
            int i = (int)row * SNAPSHOT_VGA_W + k->left + x;
            canvas_put(c, x, y, ROLE_VGA(s->vga[i] >> 8 & 0x7f), vga_code((uint8_t)s->vga[i]));
            if (i == s->vga_cursor)
                canvas_look(c, (struct rect){x, y, 1, 1}, LOOK_CURSOR);
        }
    }
}

static void console_draw(const struct view *v, struct canvas *c)
{
    const struct console_view *k = v->state;
    if (shows_vga(k, v->snap) && !v->snap->replay)
        draw_vga(v, k, c);
    else
        draw_serial(v, k, c);
}

/* ---- acting ---- */

static bool row_has(const void *ctx, size_t row, const char *text)
{
    const struct view *v = ctx;
    const struct console_view *k = v->state;
    size_t at = line_at(k, row), from = (row - k->row_of[at]) * (size_t)v->w;
    size_t end = from + (size_t)v->w + strlen(text) - 1; /* it may go on in the next row */
    const struct tty_cell *cells = tty_line(&k->tty, at);
    struct text line = {0};
    for (size_t x = from; x < TTY_COLUMNS && x < end; x++)
        canvas_add_utf8(&line, cells[x].code ? cells[x].code : ' ');
    bool has = words_have(text_str(&line), text);
    text_fini(&line);
    return has;
}

static bool console_act(struct view *v, const char *verb, const char *args, struct view_reply *r)
{
    struct console_view *k = v->state;
    if (strcmp(verb, "open") == 0) {
        v->grabs = !v->snap->replay;
        if (v->snap->replay)
            text_add(&r->message, "nobody listens: this is a trace");
    } else if (strcmp(verb, "side") == 0) {
        k->side = (k->side + 1) % SIDE_COUNT;
        r->reload = true;
    } else if (strcmp(verb, "left") == 0 || strcmp(verb, "right") == 0) {
        k->list.follow &= !shows_vga(k, v->snap);
        k->left += verb[0] == 'l' ? -8 : 8;
        int most = v->w < SNAPSHOT_VGA_W ? SNAPSHOT_VGA_W - v->w : 0;
        k->left = k->left < 0 ? 0 : k->left > most ? most : k->left;
    } else if (strncmp(verb, "search", 6) == 0) {
        return !shows_vga(k, v->snap) && list_search(&k->list, v->h, args, verb[6] == '-', row_has, v);
    } else if (strcmp(verb, "select") != 0 && list_act(&k->list, v->h, verb, args)) {
        k->list.follow |= strcmp(verb, "bottom") == 0;
    } else {
        return strcmp(verb, "select") == 0;
    }
    return true;
}

/* A key is typed by the command that types. */
static void console_typed(struct view *v, const char *bytes, size_t n, struct view_reply *r)
{
    (void)v;
    text_add(&r->command, "type \"");
    for (size_t i = 0; i < n; i++)
        text_addf(&r->command, "\\x%02x", (unsigned char)(bytes[i] == '\r' ? '\n' : bytes[i]));
    text_addc(&r->command, '"');
}

static void console_note(const struct view *v, struct text *out)
{
    const struct console_view *k = v->state;
    bool vga = shows_vga(k, v->snap);
    text_add(out, vga ? "VGA text" : "serial");
    if (vga && v->w < SNAPSHOT_VGA_W)
        text_addf(out, " %d-%d of %d", k->left + 1, k->left + v->w, SNAPSHOT_VGA_W);
    text_add(out, k->side == SIDE_AUTO ? "" : ", chosen");
}

static const struct key_row keys[] = {
    {UI_ENTER, "open", "give the keys to the guest (Ctrl-A comes back)"},
    {'v', "side", "serial port, VGA, or whichever is used"},
    {0},
};

static const struct key_hint hints[] = {{UI_ENTER, "Type"}, {'v', "VGA/serial"}, {0, NULL}};

const struct view_ops view_console = {.name = "console",
                                      .title = "Console",
                                      .tab = "Cons",
                                      .summary = "what the guest says, and a way to answer",
                                      .wants = PART_VGA,
                                      .keys = keys,
                                      .hints = hints,
                                      .state_len = sizeof(struct console_view),
                                      .load = console_load,
                                      .draw = console_draw,
                                      .act = console_act,
                                      .note = console_note,
                                      .typed = console_typed};
