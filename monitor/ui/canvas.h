/*
 * The canvas: a rectangle of cells, each a character and a role.  Views draw onto it and know no colours and
 * no terminal; a theme gives roles their looks, and then the canvas becomes a screen, a text, an SVG picture
 * or an HTML page.  That is what lets a test compare whole screens.
 *
 * All that is drawn is clipped: by the canvas, and by the window that is set. Text may be anything, also a
 * guest's: control characters and broken UTF-8 become '?', and every character takes one cell (those that
 * would take none or two become '?' as well), so that no text can shift or disturb what stands beside it.
 */
#ifndef RINGSIDE_MONITOR_UI_CANVAS_H
#define RINGSIDE_MONITOR_UI_CANVAS_H

#include "base/err.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a cell is for. X(enumerator, name): the names are classes in HTML. */
#define CANVAS_ROLES(X)                                                                                      \
    X(TEXT, "text")   /* what is being read */                                                               \
    X(DIM, "dim")     /* filler, zeros, what does not matter now */                                          \
    X(LABEL, "label") /* the name of what stands beside it */                                                \
    X(TITLE, "title") /* of a pane */                                                                        \
    X(FOCUS, "focus") /* of the pane that has the keys */                                                    \
    X(BORDER, "border")                                                                                      \
    X(BAR, "bar")           /* header and key bar */                                                         \
    X(BAR_KEY, "bar-key")   /* a key in a bar */                                                             \
    X(BAR_NOTE, "bar-note") /* less important words in a bar */                                              \
    X(RUNNING, "running")   /* state words */                                                                \
    X(PAUSED, "paused")                                                                                      \
    X(ENDED, "ended")                                                                                        \
    X(ADDRESS, "address")                                                                                    \
    X(VALUE, "value")                                                                                        \
    X(CHANGED, "changed") /* not what it was before the last step */                                         \
    X(SYMBOL, "symbol")                                                                                      \
    X(MNEMONIC, "mnemonic")                                                                                  \
    X(BRANCH, "branch") /* an instruction that goes elsewhere */                                             \
    X(HERE, "here")     /* the instruction at RIP */                                                         \
    X(BREAKPOINT, "breakpoint")                                                                              \
    X(GOOD, "good")                                                                                          \
    X(NOTE, "note")       /* worth a look */                                                                 \
    X(ALARM, "alarm")     /* a fault, a violation */                                                         \
    X(SET, "set")         /* a flag or bit that is 1 … */                                                  \
    X(CLEAR, "clear")     /* … and 0 */                                                                    \
    X(PRESENT, "present") /* page-table entries */                                                           \
    X(HUGE, "huge")                                                                                          \
    X(NX, "nx")                                                                                              \
    X(USER, "user")                                                                                          \
    X(DEVICE, "device") /* events by class */                                                                \
    X(CPU, "cpu")                                                                                            \
    X(DEBUG, "debug")                                                                                        \
    X(FATAL, "fatal")                                                                                        \
    X(OWN, "own")                                                                                            \
    X(GRAPH, "graph") /* bars and sparklines */
enum canvas_role {
#define CANVAS_ENUM(name, text) ROLE_##name,
    CANVAS_ROLES(CANVAS_ENUM)
#undef CANVAS_ENUM
        ROLE_COUNT
};
/* A cell of the guest's own screen: the VGA attribute (background in bits 4-6, foreground in 0-3). */
#define ROLE_VGA(attribute) (0x100u + ((attribute)&0xffu))

const char *canvas_role_name(unsigned role);

/* On top of a role. */
enum cell_look { LOOK_SELECTED = 1, LOOK_MATCH = 2, LOOK_CURSOR = 4 };

struct cell {
    uint32_t code; /* a printable character of one cell's width */
    uint16_t role;
    uint16_t look; /* enum cell_look bits */
};

struct rect {
    int x, y, w, h;
};

static inline bool rect_has(struct rect r, int x, int y)
{
    return x >= r.x && y >= r.y && x < r.x + r.w && y < r.y + r.h;
}

enum { CANVAS_MAX = 1000 }; /* columns and rows, each */

/* (0, 0) is the window's upper left corner; nothing is drawn outside of the window. */
struct canvas {
    struct cell *cells;
    int w, h;
    struct rect window;
};

/* All cells blank. Sizes are cut to 1…CANVAS_MAX. A resize empties it; when there is no memory (-1) it keeps
 * its old size. */
NODISCARD int canvas_init(struct canvas *c, int w, int h, struct err *e);
NODISCARD int canvas_resize(struct canvas *c, int w, int h, struct err *e);
void canvas_fini(struct canvas *c);

/* Makes a part of the present window the window, and returns the old one for canvas_leave. */
struct rect canvas_enter(struct canvas *c, struct rect part);
void canvas_leave(struct canvas *c, struct rect window);

/* The window blank. */
void canvas_clear(struct canvas *c);
/* The cell at a place on the whole canvas (not the window); a blank one outside. */
struct cell canvas_at(const struct canvas *c, int x, int y);

/* One character, `n` times to the right or down. */
void canvas_put(struct canvas *c, int x, int y, unsigned role, uint32_t code);
void canvas_row(struct canvas *c, int x, int y, int n, unsigned role, uint32_t code);
void canvas_column(struct canvas *c, int x, int y, int n, unsigned role, uint32_t code);

/* Text; returns the column behind it (also where it was clipped), so that calls can be chained:
 *     x = canvas_text(c, x, y, ROLE_LABEL, "CR3 ");
 *     x = canvas_textf(c, x, y, ROLE_ADDRESS, "%016llx", cr3);
 * A newline ends it. */
int canvas_text(struct canvas *c, int x, int y, unsigned role, const char *s);
int canvas_textn(struct canvas *c, int x, int y, unsigned role, const char *s, size_t n);
int canvas_textf(struct canvas *c, int x, int y, unsigned role, const char *fmt, ...) PRINTF(5, 6);
/* Ends at the column before `right`. */
void canvas_text_right(struct canvas *c, int right, int y, unsigned role, const char *s);
/* At most `w` cells: what is longer ends in `…`. */
int canvas_text_cut(struct canvas *c, int x, int y, int w, unsigned role, const char *s);

/* Lines around a rectangle, with a title in the upper one. */
void canvas_box(struct canvas *c, struct rect r, unsigned role, const char *title, unsigned title_role);

/* Adds a look to cells of the window, or (canvas_find) to those that hold `needle`, ASCII letters in either
 * case. */
void canvas_look(struct canvas *c, struct rect r, unsigned look);
void canvas_find(struct canvas *c, const char *needle);

/* A character that stands for another where there is only ASCII: '-' for '─', '>' for '→', '?' at last. */
char canvas_ascii(uint32_t code);
/* Appends one character as UTF-8. */
void canvas_add_utf8(struct text *out, uint32_t code);

/* The whole canvas as lines, blanks at their ends taken off. */
void canvas_dump(const struct canvas *c, bool ascii, struct text *out);
/* The roles in the same shape, for tests: a letter a cell, '.' for ROLE_TEXT, blanks for blank cells without
 * a look, upper-case letters where a look is on. */
void canvas_dump_roles(const struct canvas *c, struct text *out);

#endif
