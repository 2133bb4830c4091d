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

static const struct arrangement arrangements[] = {
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

/* The smallest arrangement, for one pane of any size. */
static const struct arrangement *arrangement_for(int w, int h, bool single)
{
    size_t n = sizeof arrangements / sizeof arrangements[0];
    if (single)
        return &arrangements[n - 1];
    for (size_t i = 0; i < n; i++)
        if (w >= arrangements[i].min_w && h >= arrangements[i].min_h)
            return &arrangements[i];
    return &arrangements[n - 1];
}

void layout_make(struct layout *l, int w, int h, bool single)
{
    const struct arrangement *a = arrangement_for(w, h, single);
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
