/*
 * The screen: header, strip, panes with views, the bottom row, and what lies over them (help, answers).  It
 * takes keys and snapshots and draws onto a canvas; it knows no terminal, so that a test can be its user.
 */
#ifndef RINGSIDE_MONITOR_UI_SCREEN_H
#define RINGSIDE_MONITOR_UI_SCREEN_H

#include "monitor/model/model.h"
#include "monitor/ui/canvas.h"
#include "monitor/ui/theme.h"
#include "monitor/views/view.h"

struct screen;

/* The prompt's line editor, as the screen needs it (monitor/shell/prompt.h has one); a member may be NULL. */
struct screen_prompt {
    void (*begin)(void *ctx, const char *text); /* a new line that begins with `text` */
    void (*cancel)(void *ctx);
    /* Bytes of keys: true when that ended the line; *line is the screen's to free, NULL: it was given up. */
    bool (*feed)(void *ctx, const char *bytes, size_t n, char **line);
    /* The line as it is, and where the cursor is, in bytes. */
    const char *(*line)(void *ctx, size_t *cursor);
    /* Words that could stand there, after Tab was pressed: one or several; NULL: none. */
    const char *(*choices)(void *ctx);
    void *ctx;
};

/* `model` is borrowed. NULL with *e: no memory. */
struct screen *screen_create(struct model *model, const struct screen_prompt *prompt, int w, int h,
                             struct err *e);
void screen_destroy(struct screen *s);

/* What happens to it. Each may change what is to be seen. */
void screen_resize(struct screen *s, int w, int h);
void screen_key(struct screen *s, int key);
enum screen_mouse { MOUSE_PRESS, MOUSE_DOUBLE, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN };
void screen_mouse(struct screen *s, enum screen_mouse what, int x, int y);
/* Pasted or typed text for the prompt or a view that has the keyboard. */
void screen_command(struct screen *s, const char *line);
/* Looks after the model: takes what was answered, asks for what is needed. `now_ns` is the host's clock. Call
 * it after model's notify, after keys, and when screen_wait_ms has passed. */
void screen_poll(struct screen *s, uint64_t now_ns);
/* How long it can wait at most for the next screen_poll; -1: until something happens. */
int screen_wait_ms(const struct screen *s, uint64_t now_ns);

/* The canvas as it is now. `fresh` is true when it may have changed since the last call. The cursor is at
 * *x, *y when the prompt is open, else *x is -1. */
const struct canvas *screen_draw(struct screen *s, bool *fresh, int *x, int *y);
const struct theme *screen_theme(const struct screen *s);
void screen_set_theme(struct screen *s, const struct theme *t);
void screen_set_ascii(struct screen *s, bool ascii); /* for :snap FILE.txt */

bool screen_over(const struct screen *s);   /* the user wants to leave */
bool screen_wants_redraw(struct screen *s); /* once, after Ctrl-L */
void screen_say(struct screen *s, const char *message);
void screen_complain(struct screen *s, const struct err *e);
/* What screen_complain has put on the bottom row, as long as it stands there; else NULL. */
const char *screen_complaint(const struct screen *s);

/* What is kept between sessions: theme, and which view is in which pane. Lines `NAME VALUE`. */
void screen_save(const struct screen *s, struct text *out);
void screen_restore(struct screen *s, const char *state);

#endif
