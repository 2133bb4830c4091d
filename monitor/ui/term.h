/*
 * The terminal, through ncurses: keys and the mouse in, a canvas out.  The only place that knows curses,
 * which keeps its state in globals: there is one terminal in a process.
 */
#ifndef RINGSIDE_MONITOR_UI_TERM_H
#define RINGSIDE_MONITOR_UI_TERM_H

#include "monitor/ui/canvas.h"
#include "monitor/ui/keys.h"
#include "monitor/ui/screen.h"
#include "monitor/ui/theme.h"

struct term;

/* Takes the terminal on stdin and stdout. NULL with *e: it cannot be driven ($TERM). From here on the
 * terminal is given back however the process dies: by term_close, by a signal like SIGSEGV, or by SIGKILL. */
struct term *term_open(struct err *e);
void term_close(struct term *t);

/* Gives it back for a while (SIGTSTP), and takes it again. */
void term_suspend(struct term *t);
void term_resume(struct term *t);
/* After SIGWINCH: the new size is told by term_read. */
void term_resized(struct term *t);

void term_size(const struct term *t, int *w, int *h);
/* The locale has UTF-8, and the terminal more than 8 bits a character. */
bool term_is_ascii(const struct term *t);
bool term_has_colours(const struct term *t);

enum term_event_kind { TERM_KEY, TERM_MOUSE, TERM_RESIZE };
struct term_event {
    enum term_event_kind kind;
    int key; /* KEY: enum ui_key or a character */
    enum screen_mouse mouse;
    int x, y;
};
/* The next thing that has happened; false: nothing now. */
bool term_read(struct term *t, struct term_event *ev);

/* Shows a canvas: only cells that differ from what is shown are written. `all`: every one. The cursor is at
 * x, y, or hidden when x is -1. */
void term_show(struct term *t, const struct canvas *c, const struct theme *theme, int x, int y, bool all);

#endif
