/*
 * Where everything goes: rectangles for a screen of a given size.  The header at the top, a strip with the
 * names of all views, panes in between, and one row for keys and the prompt at the bottom.
 */
#ifndef RINGSIDE_MONITOR_UI_LAYOUT_H
#define RINGSIDE_MONITOR_UI_LAYOUT_H

#include "monitor/ui/canvas.h"

enum { LAYOUT_PANES_MAX = 6, LAYOUT_MIN_W = 36, LAYOUT_MIN_H = 8 };

/* A pane includes its title row at the top, and a line at its left where another pane is there. */
struct layout {
    bool fits; /* false: the screen is too small for anything */
    struct rect header, strip, bottom;
    struct rect pane[LAYOUT_PANES_MAX];
    bool edge[LAYOUT_PANES_MAX]; /* has that line at its left */
    size_t pane_count;
    const char *const *views; /* which views to begin with, one a pane */
};

/* What is shown: a guest, a trace (which has no registers and no memory), or one view with all the room. */
enum layout_kind { LAYOUT_GUEST, LAYOUT_TRACE, LAYOUT_SINGLE };

/* The layout for w columns and h rows. */
void layout_make(struct layout *l, int w, int h, enum layout_kind kind);

/* Inside of pane i: without title and line. */
struct rect layout_inside(const struct layout *l, size_t i);

#endif
