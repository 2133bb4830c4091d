/*
 * A view: one way of looking at the guest.  A row of functions and tables; the screen owns the object, gives
 * it snapshots, room and keys, and knows nothing of what it shows.
 *
 * How it goes: `load` gets a snapshot and works out what is to be shown; `draw` puts that onto a canvas and
 * does nothing else (the same view and size always draw the same); `act` is told what the user wants, as a
 * command word, and may ask the screen to execute a command of the prompt.
 */
#ifndef RINGSIDE_MONITOR_VIEWS_VIEW_H
#define RINGSIDE_MONITOR_VIEWS_VIEW_H

#include "monitor/model/snapshot.h"
#include "monitor/ui/canvas.h"
#include "monitor/ui/keys.h"

struct view;

/* What a view asks of the screen after it has acted. */
struct view_reply {
    struct text command; /* a command line to execute, as if it had been typed; "" for none */
    struct text prompt;  /* opens the prompt with this text, to be completed by the user; "" for none */
    struct text message; /* a line for the user; "" for none */
    struct text show;    /* lines to lay over the panes, the first one their title; "" for none */
    bool reload;         /* load again: it wants to look at something else */
};

struct view_ops {
    const char *name;    /* one word, for commands and files: "registers" */
    const char *title;   /* over the pane: "Registers" */
    const char *tab;     /* at most 6 letters, for the strip */
    const char *summary; /* a sentence for the help */
    unsigned wants;      /* enum snapshot_part bits it needs in its snapshots */
    const struct key_row
        *keys; /* its own, before the screen's; ended by a row without a command. May be NULL */
    const struct key_hint
        *hints;       /* those of its keys that its title names, the most useful first. May be NULL */
    size_t state_len; /* bytes of view->state, zeros at first */

    /* A new snapshot, valid until the next load. v->snap is it already. Also called when the size changes. */
    void (*load)(struct view *v, const struct snapshot *s);
    /* Draws into the canvas's window, which is blank and as large as the inside of the pane. May be called
     * before the first load: v->snap is NULL then, and the screen shows a note instead, unless `early`. */
    void (*draw)(const struct view *v, struct canvas *c);
    /* A verb: of its own keys, or one that all views get (see VERBS). True: it was for this view. NULL: none
     * is. */
    bool (*act)(struct view *v, const char *verb, const char *args, struct view_reply *r);
    /* More words for the title: "0x7c00, linear". NULL: none. */
    void (*note)(const struct view *v, struct text *out);
    /* A command line whose answer it shows (see snapshot_answer): asked again at each stop. NULL, or returns
     * NULL: none. The answer may be NULL for a while. */
    const char *(*question)(const struct view *v);
    /* Bytes that the user types while it has the keyboard (see view->grabs). */
    void (*typed)(struct view *v, const char *bytes, size_t n, struct view_reply *r);
    /* What the bottom row says meanwhile; NULL: that keys go to the guest. */
    const char *grabbing;
    /* Frees what state points to; NULL: nothing. */
    void (*fini)(struct view *v);
    bool early;
    bool needs_guest; /* its keys do nothing on a trace */
};

/*
 * VERBS that every view may get, from keys and the mouse that mean the same everywhere:
 *   up down left right page-up page-down top bottom    move the selection, or scroll
 *   select ROW        the mouse was pressed in this row of the window (0 is the first)
 *   scroll N          the wheel: N rows down, or up when negative
 *   open              Enter, or a double click
 *   search TEXT       go to the next place that has it; TEXT is what `/` was given. The keys . and , search
 * again: search-back TEXT  … the other way goto ADDR         show this address (evaluated, "0x…"); what `goto
 * EXPR` at the prompt gives to the focused view filter TEXT       show only what has it; "" for all
 */

struct view {
    const struct view_ops *ops;
    const struct snapshot *snap;
    int w, h; /* the window's size, set before load, act and draw */
    bool focused;
    bool grabs;  /* it has the keyboard: all keys go to `typed` until the escape key (Ctrl-A) */
    void *state; /* ops->state_len bytes */
};

/* All views, in the order of the strip; NULL past the end. */
const struct view_ops *view_row(size_t i);
const struct view_ops *view_find(const char *name);

NODISCARD int view_init(struct view *v, const struct view_ops *ops, struct err *e);
void view_fini(struct view *v);

void view_reply_fini(struct view_reply *r);

/*
 * A list that can be longer than its pane: what moves the selection and the first row shown. A view keeps one
 * in its state, sets `count` in load, and gives list_act all verbs it does not know itself.
 */
struct list {
    size_t count, at, top;
    bool follow; /* stays at the end while new rows come */
};
/* Sets the number of rows and keeps `at` and `top` inside. `h`: rows that can be seen. */
void list_fit(struct list *l, size_t count, int h);
bool list_act(struct list *l, int h, const char *verb, const char *args);
/* The same for a list that stands below `head` rows of the window, where the mouse selects nothing. */
bool list_act_below(struct list *l, int h, int head, const char *verb, const char *args);
/* Search: `row_has(ctx, row, text)`; goes to the next (or, back, the previous) row that has it, going round.
 * False: none has. */
bool list_search(struct list *l, int h, const char *text, bool back,
                 bool (*row_has)(const void *ctx, size_t row, const char *text), const void *ctx);
/* Puts row `at` where it can be seen. */
void list_show(struct list *l, size_t at, int h);

/* Does `text` have `part` in it, ASCII letters in either case? */
bool words_have(const char *text, const char *part);

/* Draws a text of many lines, from line `top` on, with roles found in the words: numbers as addresses, lines
 * that begin with `!` as alarms, `*` in front as changed. For views that show what a function of the debug
 * floor wrote. `at`: the line that is selected; SIZE_MAX: none. */
void draw_lines(struct canvas *c, const char *text, size_t top, size_t at);
size_t lines_count(const char *text);
/* The i-th line; *len without its newline. NULL past the end. */
const char *lines_row(const char *text, size_t i, size_t *len);

#endif
