/*
 * The terminal: see term.h.
 */
#define NCURSES_WIDECHAR 1
#include "monitor/ui/term.h"

#include "base/write_all.h"

#include "monitor/ui/guard.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { PAIRS_MAX = 256, DOUBLE_CLICK_MS = 400 };

/* What a cell on the terminal looks like now. */
struct shown {
    uint32_t code;
    struct style style;
};

struct term {
    SCREEN *screen;
    FILE *out;    /* curses' own end of the terminal */
    int frame_fd; /* where curses writes a frame, which then goes to the terminal at once; -1: nowhere */
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

static void no_handler(int signo)
{
    (void)signo;
}

/* curses has handlers of its own for whom nobody else looks after these signals: here the keeper does. They
 * are blocked, so that one that comes now is not lost. */
static SCREEN *screen_new(struct term *t)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGTSTP};
    enum { SIGNALS = sizeof signals / sizeof signals[0] };
    struct sigaction ours = {.sa_handler = no_handler}, was[SIGNALS];
    sigset_t set, old;
    sigemptyset(&set);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaddset(&set, signals[i]);
    pthread_sigmask(SIG_BLOCK, &set, &old);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &ours, &was[i]);
    SCREEN *screen = newterm(NULL, t->out, stdin);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &was[i], NULL);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return screen;
}

static int term_begin(struct term *t, struct err *e)
{
    int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
    t->out = fd < 0 ? NULL : fdopen(fd, "w");
    if (!t->out)
        return err_sys(e, errno, "terminal");
    t->frame_fd = memfd_create("frame", MFD_CLOEXEC);
    setlocale(LC_CTYPE, "");
    t->ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
    use_tioctl(TRUE); /* LINES and COLUMNS in the environment do not follow a window that is resized */
    t->screen = screen_new(t);
    const char *name = getenv("TERM");
    if (!t->screen && (!name || !*name))
        return err_set(e, "TERM is not set: set it to the terminal you have (xterm-256color)");
    if (!t->screen)
        return err_set(e, "the terminal \"%s\" is not known: set TERM to what you have (xterm-256color)",
                       name);
    if (!(t->guard = guard_open(e)))
        return -1;
    term_modes(t);
    return shown_resize(t) < 0 ? err_sys(e, ENOMEM, "terminal") : 0;
}

struct term *term_open(struct err *e)
{
    struct term *t = calloc(1, sizeof *t);
    if (!t) {
        err_sys(e, ENOMEM, "terminal");
        return NULL;
    }
    t->frame_fd = -1;
    if (term_begin(t, e) == 0)
        return t;
    term_close(t);
    return NULL;
}

void term_close(struct term *t)
{
    if (!t)
        return;
    if (t->screen) {
        endwin();
        delscreen(t->screen);
    }
    guard_close(t->guard);
    if (t->out)
        fclose(t->out);
    if (t->frame_fd >= 0)
        close(t->frame_fd);
    free(t->shown);
    free(t);
}

void term_suspend(struct term *t)
{
    (void)t;
    endwin();
    fflush(stdout);
}

/* The size may have changed meanwhile, and nobody told us: SIGWINCH goes to who has the foreground. */
void term_resume(struct term *t)
{
    if (!isendwin())
        endwin();
    clearok(stdscr, TRUE);
    refresh();
    term_resized(t);
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

/* Bright is bold there, but not everywhere: a bright black would be black on black. */
static void eight_colours(int *fg, int *bg, attr_t *attrs)
{
    if (*fg == 8) {
        *fg = -1;
        *attrs |= A_DIM;
    } else if (*fg > 8) {
        *fg -= 8;
        *attrs |= A_BOLD;
    } else if (*fg == 0) {
        *attrs &= ~(attr_t)A_BOLD;
    }
    *bg = *bg >= 8 ? *bg - 8 : *bg;
}

static void cell_write(struct term *t, int x, int y, const struct shown *cell)
{
    int fg = t->rich ? cell->style.fg : cell->style.fg16, bg = t->rich ? cell->style.bg : cell->style.bg16;
    attr_t attrs = attrs_of(&cell->style);
    if (!t->rich && t->colours && COLORS < 16)
        eight_colours(&fg, &bg, &attrs);
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

/* What curses has written goes to the terminal. */
static void frame_send(struct term *t)
{
    off_t len = lseek(t->frame_fd, 0, SEEK_CUR);
    char *bytes = len > 0 ? malloc((size_t)len) : NULL;
    ssize_t n = bytes ? pread(t->frame_fd, bytes, (size_t)len, 0) : 0;
    write_all(STDOUT_FILENO, bytes, n > 0 ? (size_t)n : 0);
    free(bytes);
    lseek(t->frame_fd, 0, SEEK_SET);
}

/* curses flushes whenever it moves the cursor, some fifty times a frame, and each time whoever plays the
 * terminal wakes up. So a frame is gathered in memory and sent as one. After term_suspend curses first has to
 * take the terminal, which only works on a terminal. */
static void refresh_at_once(struct term *t)
{
    bool gather = t->frame_fd >= 0 && !isendwin() && dup3(t->frame_fd, fileno(t->out), O_CLOEXEC) >= 0;
    refresh();
    if (!gather)
        return;
    dup3(STDOUT_FILENO, fileno(t->out), O_CLOEXEC);
    frame_send(t);
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
    refresh_at_once(t);
}
