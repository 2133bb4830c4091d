/*
 * The terminal: see term.h.
 */
#define NCURSES_WIDECHAR 1
#include "monitor/ui/term.h"

#include "monitor/ui/guard.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PAIRS_MAX = 256, DOUBLE_CLICK_MS = 400 };

/* What a cell on the terminal looks like now. */
struct shown {
    uint32_t code;
    struct style style;
};

struct term {
    SCREEN *screen;
    struct guard *guard;
    bool ascii, colours, rich; /* rich: 256 colours */
    struct shown *shown;
    int w, h;
    struct {
        short fg, bg;
    } pair[PAIRS_MAX]; /* [0] is the terminal's own */
    int pairs, pairs_most;
    uint64_t pressed_ms;
    int pressed_x, pressed_y;
};

static void term_modes(struct term *t)
{
    raw();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    leaveok(stdscr, FALSE);
    set_escdelay(25);
    mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
    mouseinterval(0);
    t->colours = has_colors();
    if (!t->colours)
        return;
    start_color();
    use_default_colors();
    t->rich = COLORS >= 256;
    t->pairs = 1;
    t->pairs_most = COLOR_PAIRS < PAIRS_MAX ? COLOR_PAIRS : PAIRS_MAX;
}

static int shown_resize(struct term *t)
{
    free(t->shown);
    t->w = COLS;
    t->h = LINES;
    t->shown = calloc((size_t)t->w * (size_t)t->h + 1, sizeof *t->shown);
    return t->shown ? 0 : -1;
}

struct term *term_open(struct err *e)
{
    struct term *t = calloc(1, sizeof *t);
    if (!t) {
        err_sys(e, ENOMEM, "terminal");
        return NULL;
    }
    setlocale(LC_CTYPE, "");
    t->ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
    t->screen = newterm(NULL, stdout, stdin);
    if (!t->screen || !(t->guard = guard_open(e))) {
        if (t->screen)
            endwin();
        else
            err_set(e, "the terminal \"%s\" is not known: set TERM to what you have (xterm-256color)",
                    getenv("TERM") ? getenv("TERM") : "");
        free(t);
        return NULL;
    }
    term_modes(t);
    if (shown_resize(t) == 0)
        return t;
    term_close(t);
    err_sys(e, ENOMEM, "terminal");
    return NULL;
}

void term_close(struct term *t)
{
    if (!t)
        return;
    endwin();
    delscreen(t->screen);
    guard_close(t->guard);
    free(t->shown);
    free(t);
}

void term_suspend(struct term *t)
{
    (void)t;
    endwin();
    fflush(stdout);
}

void term_resume(struct term *t)
{
    (void)t;
    clearok(stdscr, TRUE);
    refresh();
}

/* curses learns of a new size in its own handler of SIGWINCH, which is blocked as all signals are here. */
void term_resized(struct term *t)
{
    sigset_t set, old;
    (void)t;
    sigemptyset(&set);
    sigaddset(&set, SIGWINCH);
    pthread_sigmask(SIG_UNBLOCK, &set, &old);
    raise(SIGWINCH);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void term_size(const struct term *t, int *w, int *h)
{
    *w = t->w;
    *h = t->h;
}

bool term_is_ascii(const struct term *t)
{
    return t->ascii;
}

bool term_has_colours(const struct term *t)
{
    return t->colours;
}

/* ---- in ---- */

static int key_of(int code)
{
    static const struct {
        int curses, key;
    } keys[] = {{KEY_UP, UI_UP},       {KEY_DOWN, UI_DOWN},     {KEY_LEFT, UI_LEFT},
                {KEY_RIGHT, UI_RIGHT}, {KEY_PPAGE, UI_PAGE_UP}, {KEY_NPAGE, UI_PAGE_DOWN},
                {KEY_HOME, UI_HOME},   {KEY_END, UI_END},       {KEY_IC, UI_INSERT},
                {KEY_DC, UI_DELETE},   {KEY_BTAB, UI_BACKTAB},  {KEY_BACKSPACE, UI_BACKSPACE},
                {KEY_ENTER, UI_ENTER}};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (keys[i].curses == code)
            return keys[i].key;
    return code > KEY_F0 && code <= KEY_F(24) ? UI_F(code - KEY_F0) : UI_NONE;
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool mouse_read(struct term *t, struct term_event *ev)
{
    MEVENT m;
    if (getmouse(&m) != OK)
        return false;
    *ev = (struct term_event){.kind = TERM_MOUSE, .x = m.x, .y = m.y, .mouse = MOUSE_PRESS};
    if (m.bstate & BUTTON4_PRESSED) {
        ev->mouse = MOUSE_WHEEL_UP;
    } else if (m.bstate & BUTTON5_PRESSED) {
        ev->mouse = MOUSE_WHEEL_DOWN;
    } else if (m.bstate & BUTTON1_PRESSED) {
        uint64_t ms = now_ms();
        if (ms - t->pressed_ms < DOUBLE_CLICK_MS && m.x == t->pressed_x && m.y == t->pressed_y)
            ev->mouse = MOUSE_DOUBLE;
        t->pressed_ms = ms;
        t->pressed_x = m.x;
        t->pressed_y = m.y;
    } else {
        return false;
    }
    return true;
}

bool term_read(struct term *t, struct term_event *ev)
{
    wint_t code;
    for (int kind; (kind = get_wch(&code)) != ERR;) {
        *ev = (struct term_event){.kind = TERM_KEY};
        if (kind == KEY_CODE_YES && code == KEY_RESIZE) {
            ev->kind = TERM_RESIZE;
            if (shown_resize(t) == 0)
                erase();
            return t->shown;
        }
        if (kind == KEY_CODE_YES && code == KEY_MOUSE) {
            if (mouse_read(t, ev))
                return true;
            continue;
        }
        ev->key = kind == KEY_CODE_YES ? key_of((int)code)
                  : code == '\n'       ? UI_ENTER
                  : code == 8          ? UI_BACKSPACE
                                       : (int)code;
        if (ev->key != UI_NONE)
            return true;
    }
    return false;
}

/* ---- out ---- */

/* The number of a pair of colours; pairs are made as they are needed. */
static short pair_of(struct term *t, int fg, int bg)
{
    if (!t->colours || (fg < 0 && bg < 0))
        return 0;
    for (int i = 1; i < t->pairs; i++)
        if (t->pair[i].fg == fg && t->pair[i].bg == bg)
            return (short)i;
    if (t->pairs == t->pairs_most || init_pair((short)t->pairs, (short)fg, (short)bg) == ERR)
        return 0;
    t->pair[t->pairs].fg = (short)fg;
    t->pair[t->pairs].bg = (short)bg;
    return (short)t->pairs++;
}

static attr_t attrs_of(const struct style *s)
{
    return (s->attrs & ATTR_BOLD ? A_BOLD : 0) | (s->attrs & ATTR_DIM ? A_DIM : 0) |
           (s->attrs & ATTR_UNDERLINE ? A_UNDERLINE : 0) | (s->attrs & ATTR_REVERSE ? A_REVERSE : 0);
}

static void cell_write(struct term *t, int x, int y, const struct shown *cell)
{
    int fg = t->rich ? cell->style.fg : cell->style.fg16, bg = t->rich ? cell->style.bg : cell->style.bg16;
    attr_t attrs = attrs_of(&cell->style);
    /* Of eight colours the bright ones are bold. Not black: bold black is not seen on many terminals. */
    if (!t->rich && t->colours && COLORS < 16) {
        attrs |= fg == 8 ? A_DIM : fg > 8 ? A_BOLD : 0;
        fg = fg == 8 ? COLOUR_DEFAULT : fg > 8 ? fg - 8 : fg;
        bg = bg >= 8 ? bg - 8 : bg;
    }
    wchar_t text[2] = {(wchar_t)(t->ascii ? (uint32_t)(unsigned char)canvas_ascii(cell->code) : cell->code),
                       0};
    cchar_t out;
    setcchar(&out, text, attrs, pair_of(t, fg, bg), NULL);
    mvadd_wch(y, x, &out);
}

static bool same(const struct shown *a, const struct shown *b)
{
    return a->code == b->code && memcmp(&a->style, &b->style, sizeof a->style) == 0;
}

void term_show(struct term *t, const struct canvas *c, const struct theme *theme, int x, int y, bool all)
{
    if (!t->colours) /* the others say much by colour */
        theme = theme_find("mono");
    if (all)
        clearok(stdscr, TRUE);
    for (int row = 0; row < t->h && row < c->h; row++)
        for (int column = 0; column < t->w && column < c->w; column++) {
            struct cell cell = canvas_at(c, column, row);
            struct shown now = {cell.code, theme_style(theme, cell.role, cell.look)};
            struct shown *old = &t->shown[(size_t)row * (size_t)t->w + (size_t)column];
            if (!all && same(&now, old))
                continue;
            *old = now;
            cell_write(t, column, row, &now);
        }
    curs_set(x >= 0);
    if (x >= 0)
        move(y, x);
    refresh();
}
