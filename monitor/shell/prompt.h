/*
 * The prompt: GNU readline, fed a key at a time, so that whoever owns the terminal can wait for other things
 * as well.  readline keeps its state in globals: there can be one prompt in a process.
 */
#ifndef RINGSIDE_MONITOR_SHELL_PROMPT_H
#define RINGSIDE_MONITOR_SHELL_PROMPT_H

#include "monitor/shell/complete.h"

struct prompt;

/* Takes hold of readline on stdin and stdout; reads the history of earlier sessions. `names` is borrowed.
 * NULL on lack of memory. */
struct prompt *prompt_open(const char *text, const struct complete_names *names, struct err *e);
/* Keeps the history, gives the terminal back. */
void prompt_close(struct prompt *p);

/* Shows the prompt and takes the terminal; nothing when it is shown. */
void prompt_show(struct prompt *p);
/* Takes it away (the terminal is as it was before prompt_show). */
void prompt_hide(struct prompt *p);

/* stdin can be read: takes a key. True when that ended the line: *line is the caller's to free, NULL at the
 * end of input; the prompt is hidden then. */
bool prompt_read(struct prompt *p, char **line);

/* Ctrl-C: gives up the line, shows the prompt anew. And what else comes as a signal. */
void prompt_interrupt(struct prompt *p);
void prompt_resized(struct prompt *p);

/* The terminal's height in lines. */
unsigned prompt_rows(const struct prompt *p);

/* ---- inside of a screen, which draws the line itself ---- */

/* As prompt_open, but nothing is read from or written to the terminal. Before curses takes the terminal: both
 * know it through the same library. */
struct prompt *prompt_open_inside(const struct complete_names *names, struct err *e);
/* A new line that begins with `text`. */
void prompt_begin(struct prompt *p, const char *text);
/* Bytes as a terminal sends them. True when they ended the line: *line is the caller's to free, NULL: given
 * up. */
bool prompt_feed(struct prompt *p, const char *bytes, size_t n, char **line);
/* Gives the line up. */
void prompt_cancel(struct prompt *p);
/* The line as it is to be shown (while Ctrl-R searches, with the search in front) and the byte the cursor is
 * at. Valid until the next call. */
const char *prompt_shown(struct prompt *p, size_t *cursor);
/* What the last Tab found where it was not one word, separated by blanks; "" when there is nothing to say. */
const char *prompt_choices(const struct prompt *p);

#endif
