/*
 * The screen's own files: screen.c (its life and keys), screen_commands.c (what its commands do),
 * screen_draw.c.
 */
#ifndef RINGSIDE_MONITOR_UI_SCREEN_INSIDE_H
#define RINGSIDE_MONITOR_UI_SCREEN_INSIDE_H

#include "monitor/model/replay.h"
#include "monitor/ui/layout.h"
#include "monitor/ui/screen.h"

enum { SCREEN_VIEWS_MAX = 24, SCREEN_FRAME_NS = 33000000, SCREEN_ROUNDS_MAX = 16, SCREEN_KVM_NS = 500000000 };

/* What the bottom row is used for. */
enum screen_line { LINE_KEYS, LINE_PROMPT, LINE_SEARCH };

/* A text over the panes: help, or answers. */
struct overlay {
    bool shown;
    struct text title, text;
    struct text rows; /* the text in lines of at most `w` columns */
    int w;
    struct list list;
};

struct screen {
    struct model *model;
    struct screen_prompt prompt;
    struct canvas canvas;
    struct layout layout;
    const struct theme *theme;
    bool ascii, zoomed, dirty, over, redraw;

    struct view view[SCREEN_VIEWS_MAX];
    size_t view_count;
    size_t pane[LAYOUT_PANES_MAX]; /* which view is in which pane of the layout */
    size_t focus;                  /* a pane, when not zoomed … */
    size_t zoom;                   /* … and the view that has all the room when zoomed */

    enum screen_line line;
    struct text search; /* what is searched for, or being typed */
    struct overlay help, output;
    struct text message;
    struct text kept; /* lines of the saved state that are for the other kind of screen */
    bool message_alarm;
    uint64_t now_ns, asked_ns;
    uint64_t asked_kvm_ns; /* when KVM's own numbers were asked for: it is slow to tell them */
    unsigned rounds;       /* frames asked for since something happened, because pages were missing */
    bool want_frame;       /* something has changed that only a frame tells */
    bool want_load;
};

/* A command of the screen itself: what it does to the guest is none of its business. */
struct screen_command {
    const char *name, *args, *summary;
    void (*run)(struct screen *s, const char *args);
};
const struct screen_command *screen_command_row(size_t i);
/* Executes one, if it is one of the screen's. */
bool screen_command_run(struct screen *s, const char *line);
/* The same for what a trace is replayed with. */
const struct screen_command *replay_command_row(size_t i);
bool replay_command_run(struct screen *s, const char *line);

struct view *screen_focused(struct screen *s);
/* How many panes there are to be seen, and the view in one; its inside. */
size_t screen_panes(const struct screen *s);
struct view *screen_pane_view(struct screen *s, size_t pane);
/* Where a view's name stands in the strip; empty when it does not fit. */
struct rect screen_tab(const struct screen *s, size_t view);
/* Brings a view to where it can be seen, and gives it the keys. */
void screen_show(struct screen *s, size_t view);
size_t screen_view_find(const struct screen *s, const char *name); /* view_count when there is none */
/* Loads the views that can be seen, if they have changed places. */
void screen_settle(struct screen *s);
/* Puts views into the panes of the layout as it is now. */
void screen_relayout(struct screen *s);
/* Does what a view has asked for, and empties the reply. */
void screen_reply(struct screen *s, struct view_reply *r);
/* Shows an overlay from its first row on, after its text was filled in. */
void screen_lay_over(struct screen *s, struct overlay *o);
/* Lays a text over the panes; its title has `n` bytes. */
void screen_lay_text(struct screen *s, const char *title, size_t n, const char *text);
/* Shows what a command line was answered. */
void screen_answer(struct screen *s, const char *line, const struct text *out);
/* Gives a verb to the focused view. */
bool screen_act(struct screen *s, const char *verb, const char *args);
/* The bottom row's keys: what can be done now, as far as there is room. */
void screen_hints(const struct screen *s, struct canvas *c);
/* A view's own keys, in its title from column x to before `right`. `hints` may be NULL. */
void screen_title_hints(const struct key_hint *hints, struct canvas *c, int x, int right, int y);
/* The help, for lines of `w` columns. */
void screen_help_text(struct screen *s, int w, struct text *out);

#endif
