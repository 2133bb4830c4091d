/*
 * Drawing the screen: header, strip, panes, what lies over them, and the bottom row.
 */
#include "monitor/ui/screen_inside.h"

#include "monitor/views/header.h"
#include "monitor/views/wrap.h"

#include <string.h>

/* ---- the strip ---- */

static const char view_keys[] = "1234567890-=";

enum { GLYPH_MORE_LEFT = 0x25c2, GLYPH_MORE_RIGHT = 0x25b8 };

static bool in_a_pane(const struct screen *s, size_t view)
{
    for (size_t i = 0; i < s->layout.pane_count && !s->zoomed; i++)
        if (s->pane[i] == view)
            return true;
    return s->zoomed && s->zoom == view;
}

static size_t focused_index(const struct screen *s)
{
    return s->zoomed ? s->zoom : s->pane[s->focus];
}

/* ` 1Regs `: as wide as the name and its key, and a blank. */
static int tab_width(const struct screen *s, size_t view)
{
    return (int)strlen(s->view[view].ops->tab) + 2;
}

/* The first tab that is shown: so many that the focused one can be seen. */
static size_t first_tab(const struct screen *s)
{
    size_t focused = focused_index(s), first = 0;
    int room = s->layout.strip.w;
    for (;; first++) {
        int w = 0;
        for (size_t i = first; i <= focused; i++)
            w += tab_width(s, i);
        if (w <= room - 1 || first == focused)
            return first;
    }
}

struct rect screen_tab(const struct screen *s, size_t view)
{
    size_t first = first_tab(s);
    struct rect strip = s->layout.strip;
    int x = strip.x, w = tab_width(s, view);
    for (size_t i = first; i < view; i++)
        x += tab_width(s, i);
    if (view < first || (x + w - 1 > strip.x + strip.w && view != first))
        return (struct rect){0};
    return (struct rect){x, strip.y, w, 1};
}

static void draw_strip(const struct screen *s, struct canvas *c)
{
    struct rect strip = s->layout.strip;
    for (size_t i = 0; i < s->view_count; i++) {
        struct rect tab = screen_tab(s, i);
        bool focus = i == focused_index(s);
        if (tab.w == 0)
            continue;
        unsigned role = focus ? ROLE_FOCUS : in_a_pane(s, i) ? ROLE_TITLE : ROLE_DIM;
        char key = i < sizeof view_keys - 1 ? view_keys[i] : ' ';
        canvas_put(c, tab.x, strip.y, focus ? ROLE_FOCUS : ROLE_LABEL, (uint32_t)(unsigned char)key);
        canvas_text(c, tab.x + 1, strip.y, role, s->view[i].ops->tab);
    }
    if (first_tab(s) > 0)
        canvas_put(c, strip.x, strip.y, ROLE_DIM, GLYPH_MORE_LEFT);
    if (screen_tab(s, s->view_count - 1).w == 0)
        canvas_put(c, strip.x + strip.w - 1, strip.y, ROLE_DIM, GLYPH_MORE_RIGHT);
}

/* ---- panes ---- */

/* What the view says of itself, at the right; returns where that begins. */
static int draw_note(const struct view *v, struct canvas *c, struct rect r, int x)
{
    struct text note = {0};
    int right = r.x + r.w - 2, room = right - x - 2;
    if (v->snap && v->ops->note)
        v->ops->note(v, &note);
    if (note.len && room > 4) {
        int w = (int)text_width(text_str(&note)), at = w < room ? right - w : x + 2;
        canvas_put(c, at - 1, r.y, ROLE_BORDER, ' ');
        int end = canvas_text_cut(c, at, r.y, room, ROLE_LABEL, text_str(&note));
        canvas_put(c, end, r.y, ROLE_BORDER, ' ');
        right = at - 1;
    }
    text_fini(&note);
    return right;
}

static void draw_title(const struct view *v, struct canvas *c, struct rect r, bool edge, bool focus)
{
    unsigned role = focus ? ROLE_FOCUS : ROLE_TITLE;
    canvas_row(c, r.x, r.y, r.w, ROLE_BORDER, 0x2500);
    if (edge) {
        canvas_column(c, r.x, r.y, r.h, ROLE_BORDER, 0x2502);
        canvas_put(c, r.x, r.y, ROLE_BORDER, 0x251c);
    }
    int x = r.x + 1 + (edge ? 1 : 0);
    canvas_put(c, x, r.y, role, ' ');
    x = canvas_text_cut(c, x + 1, r.y, r.w - 6, role, v->ops->title);
    canvas_put(c, x++, r.y, role, ' ');
    int right = draw_note(v, c, r, x - 1);
    if (focus && !(v->ops->needs_guest && v->snap && v->snap->replay))
        screen_title_hints(v->ops->hints, c, x + 1, right, r.y);
}

static void draw_pane(struct screen *s, struct canvas *c, size_t pane)
{
    struct view *v = screen_pane_view(s, pane);
    bool focus = pane == s->focus || s->zoomed;
    draw_title(v, c, s->layout.pane[pane], s->layout.edge[pane], focus);
    struct rect window = canvas_enter(c, layout_inside(&s->layout, pane));
    canvas_clear(c);
    if (v->snap || v->ops->early)
        v->ops->draw(v, c);
    else
        canvas_text(c, 0, 0, ROLE_DIM, "waiting for the guest");
    if (focus && s->search.len)
        canvas_find(c, text_str(&s->search));
    canvas_leave(c, window);
}

/* ---- overlays ---- */

static void draw_overlay(struct screen *s, struct canvas *c, struct overlay *o)
{
    if (o->w != c->w - 4) {
        o->w = c->w - 4;
        text_clear(&o->rows);
        lines_reflow(text_str(&o->text), o->w, &o->rows);
    }
    size_t rows = lines_count(text_str(&o->rows));
    int most = c->h - s->layout.strip.y - 3, h = (int)rows + 2 < most ? (int)rows + 2 : most;
    struct rect r = {0, c->h - 1 - h, c->w, h};
    struct text title = {0};
    list_fit(&o->list, rows > (size_t)(h - 2) ? rows - (size_t)(h - 2) + 1 : 1, 1);
    text_addf(&title, "%s", text_str(&o->title));
    struct rect window = canvas_enter(c, r);
    canvas_clear(c);
    canvas_leave(c, window);
    canvas_box(c, r, ROLE_BORDER, text_str(&title), ROLE_FOCUS);
    const char *hint = rows <= (size_t)(h - 2) ? " Esc: close "
                       : c->w < 50             ? " PgDn: more  Esc: close "
                                               : " Up Down PgUp PgDn: more   Esc: close ";
    canvas_text_right(c, r.w - 2, r.y + r.h - 1, ROLE_LABEL, hint);
    window = canvas_enter(c, (struct rect){r.x + 2, r.y + 1, r.w - 4, r.h - 2});
    lines_draw(c, text_str(&o->rows), o->list.top, SIZE_MAX);
    if (s->search.len)
        canvas_find(c, text_str(&s->search));
    canvas_leave(c, window);
    text_fini(&title);
}

/* ---- the bottom row ---- */

/* Draws a line that is being edited; returns the column of its cursor. Where it is too long its end is seen.
 */
static int draw_edited(struct canvas *c, struct rect r, const char *before, const char *line, size_t cursor)
{
    int x = canvas_text(c, r.x, r.y, ROLE_BAR_KEY, before);
    struct text head = {0};
    text_addn(&head, line, cursor);
    int room = r.w - (x - r.x) - 1, skip = (int)text_width(text_str(&head)) - room;
    text_fini(&head);
    struct rect window = canvas_enter(c, (struct rect){x, r.y, r.w - (x - r.x), 1});
    canvas_text(c, skip > 0 ? -skip : 0, 0, ROLE_TEXT, line);
    canvas_leave(c, window);
    return x + (skip > 0 ? room : room + skip);
}

static int draw_prompt(const struct screen *s, struct canvas *c)
{
    size_t cursor = 0;
    const char *line = s->prompt.line ? s->prompt.line(s->prompt.ctx, &cursor) : "";
    const char *choices = s->prompt.choices ? s->prompt.choices(s->prompt.ctx) : NULL;
    struct rect r = s->layout.bottom;
    if (choices && *choices && r.y > 1) {
        canvas_row(c, r.x, r.y - 1, r.w, ROLE_BAR, ' ');
        canvas_text_cut(c, r.x + 1, r.y - 1, r.w - 2, ROLE_BAR, choices);
    }
    return draw_edited(c, r, ":", line, cursor);
}

static int draw_bottom(struct screen *s, struct canvas *c)
{
    struct rect r = s->layout.bottom;
    struct view *v = screen_focused(s);
    if (s->line == LINE_PROMPT)
        return draw_prompt(s, c);
    if (s->line == LINE_SEARCH)
        return draw_edited(c, r, "/", text_str(&s->search), s->search.len);
    if (v->grabs && !s->message_alarm) {
        const char *words = v->ops->grabbing ? v->ops->grabbing : "keys go to the guest; Ctrl-A comes back";
        canvas_row(c, r.x, r.y, r.w, ROLE_RUNNING, ' ');
        canvas_text_cut(c, r.x + 1, r.y, r.w - 2, ROLE_RUNNING, words);
    } else if (s->message.len) {
        canvas_row(c, r.x, r.y, r.w, ROLE_TEXT, ' ');
        canvas_text_cut(c, r.x + 1, r.y, r.w - 2, s->message_alarm ? ROLE_ALARM : ROLE_NOTE,
                        text_str(&s->message));
    } else {
        screen_hints(s, c);
    }
    return -1;
}

static void draw_too_small(struct canvas *c)
{
    canvas_text(c, 0, 0, ROLE_ALARM, "too small");
    canvas_textf(c, 0, 1, ROLE_TEXT, "%dx%d, needs %dx%d", c->w, c->h, LAYOUT_MIN_W, LAYOUT_MIN_H);
    canvas_text(c, 0, 2, ROLE_TEXT, "q quits");
}

const struct canvas *screen_draw(struct screen *s, bool *fresh, int *x, int *y)
{
    struct canvas *c = &s->canvas;
    *fresh = s->dirty;
    *x = *y = -1;
    s->dirty = false;
    canvas_clear(c);
    if (!s->layout.fits) {
        draw_too_small(c);
        return c;
    }
    struct rect window = canvas_enter(c, s->layout.header);
    header_draw(model_now(s->model), c);
    canvas_leave(c, window);
    draw_strip(s, c);
    for (size_t i = 0; i < screen_panes(s); i++)
        draw_pane(s, c, i);
    if (s->help.shown)
        draw_overlay(s, c, &s->help);
    else if (s->output.shown)
        draw_overlay(s, c, &s->output);
    *x = draw_bottom(s, c);
    *y = s->layout.bottom.y;
    return c;
}
