/*
 * The layouts: see layout.h.  A table, biggest first: the first row whose size the screen has is taken. Panes
 * are given in parts of the body (0 to 24 in both directions), so that neighbours always share an edge.
 */
#include "monitor/ui/layout.h"

enum { PARTS = 24 };

struct arrangement {
    int min_w, min_h;
    size_t count;
    struct {
        int x0, y0, x1, y1;
    } part[LAYOUT_PANES_MAX];
    const char *views[LAYOUT_PANES_MAX];
};

static const struct arrangement of_guest[] = {
    {180,
     44,
     6,
     {{0, 0, 8, 12}, {0, 12, 8, 24}, {8, 0, 16, 12}, {8, 12, 16, 24}, {16, 0, 24, 14}, {16, 14, 24, 24}},
     {"code", "registers", "pages", "memory", "exits", "console"}},
    {120,
     30,
     4,
     {{0, 0, 15, 12}, {15, 0, 24, 12}, {0, 12, 15, 24}, {15, 12, 24, 24}},
     {"code", "registers", "exits", "console"}},
    {76, 20, 3, {{0, 0, 11, 14}, {11, 0, 24, 14}, {0, 14, 24, 24}}, {"code", "registers", "exits"}},
    {LAYOUT_MIN_W, LAYOUT_MIN_H, 1, {{0, 0, PARTS, PARTS}}, {"code"}},
};

/* The views that a trace has something for. */
static const struct arrangement of_trace[] = {
    {180,
     44,
     4,
     {{0, 0, 14, 11}, {14, 0, 24, 14}, {0, 11, 14, 24}, {14, 14, 24, 24}},
     {"timeline", "exits", "devices", "console"}},
    {120,
     30,
     4,
     {{0, 0, 24, 9}, {0, 9, 15, 24}, {15, 9, 24, 16}, {15, 16, 24, 24}},
     {"timeline", "exits", "console", "devices"}},
    {76, 20, 3, {{0, 0, 24, 7}, {0, 7, 24, 17}, {0, 17, 24, 24}}, {"timeline", "exits", "console"}},
    {LAYOUT_MIN_W, LAYOUT_MIN_H, 1, {{0, 0, PARTS, PARTS}}, {"exits"}},
};

/* Each table ends with the smallest, which is for one pane of any size. */
static const struct arrangement *arrangement_for(int w, int h, enum layout_kind kind)
{
    const struct arrangement *a = kind == LAYOUT_TRACE ? of_trace : of_guest;
    while (a->count > 1 && (kind == LAYOUT_SINGLE || w < a->min_w || h < a->min_h))
        a++;
    return a;
}

void layout_make(struct layout *l, int w, int h, enum layout_kind kind)
{
    const struct arrangement *a = arrangement_for(w, h, kind);
    int header = h >= 20 ? 2 : 1;
    *l = (struct layout){.fits = w >= LAYOUT_MIN_W && h >= LAYOUT_MIN_H};
    if (!l->fits)
        return;
    l->header = (struct rect){0, 0, w, header};
    l->strip = (struct rect){0, header, w, 1};
    l->bottom = (struct rect){0, h - 1, w, 1};
    l->views = a->views;
    l->pane_count = a->count;
    struct rect body = {0, header + 1, w, h - header - 2};
    for (size_t i = 0; i < a->count; i++) {
        int x0 = body.w * a->part[i].x0 / PARTS, x1 = body.w * a->part[i].x1 / PARTS;
        int y0 = body.h * a->part[i].y0 / PARTS, y1 = body.h * a->part[i].y1 / PARTS;
        l->pane[i] = (struct rect){body.x + x0, body.y + y0, x1 - x0, y1 - y0};
        l->edge[i] = x0 > 0;
    }
}

struct rect layout_inside(const struct layout *l, size_t i)
{
    struct rect r = l->pane[i];
    int edge = l->edge[i] ? 1 : 0;
    return (struct rect){r.x + edge, r.y + 1, r.w - edge, r.h - 1};
}
