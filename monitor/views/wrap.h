/*
 * Text of the debug floor in panes narrower than the 80 columns it was written for.
 */
#ifndef RINGSIDE_MONITOR_VIEWS_WRAP_H
#define RINGSIDE_MONITOR_VIEWS_WRAP_H

#include "monitor/views/view.h"

/* Appends `text` with its lines broken between words to fit `w` columns (at least 10); what is broken off
 * stands two columns further in. */
void lines_wrap(const char *text, int w, struct text *out);

/* The same, but paragraphs that begin with a label (`known:    The guest …`) and go on in lines indented as
 * far are filled anew: they were broken for 80 columns. */
void lines_reflow(const char *text, int w, struct text *out);

/* How far a line of `n` bytes is indented; and does it point out a problem, a `!` in front? */
size_t line_indent(const char *s, size_t n);
bool line_is_problem(const char *s, size_t n);

/* Like draw_lines, but what continues a problem further in on the next line is an alarm too. */
void lines_draw(struct canvas *c, const char *text, size_t top, size_t at);

/* For a list in which nothing is selected and that only scrolls: `h` rows can be seen, and list_fit was given
 * the number of places to scroll to and a height of 1. */
bool list_scroll_act(struct list *l, int h, const char *verb, const char *args);

#endif
