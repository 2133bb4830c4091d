/*
 * Hints: the keys that a user can find without reading anything.  The bottom row names those that matter in
 * the guest's present state, the most useful first, so that a narrow screen loses the least; a focused pane
 * names its own keys in its title. Help and the way out are there at any width.
 */
#include "monitor/ui/screen_inside.h"

enum { NARROW = 60 };

/* Columns that a hint takes, with one blank between key and word. */
static int hint_width(const struct key_hint *h)
{
    struct text key = {0};
    key_add_name(h->key, &key);
    int w = (int)(text_width(text_str(&key)) + text_width(h->word)) + 1;
    text_fini(&key);
    return w;
}

static int draw_hint(const struct key_hint *h, struct canvas *c, int x, int y, unsigned key_role,
                     unsigned word_role)
{
    struct text key = {0};
    key_add_name(h->key, &key);
    x = canvas_text(c, x, y, key_role, text_str(&key));
    text_fini(&key);
    return canvas_text(c, x + 1, y, word_role, h->word);
}

static const struct key_hint *hints_now(const struct screen *s)
{
    static const struct key_hint stands[] = {
        {'s', "Step"},  {'c', "Run"},     {'n', "Over"},   {'f', "Out"},    {'b', "Break"},
        {' ', "Pause"}, {UI_TAB, "Pane"}, {':', "Prompt"}, {'/', "Search"}, {'z', "Zoom"},
        {'w', "Why"},   {']', "Swap"},    {'T', "Theme"},  {0, NULL}};
    static const struct key_hint runs[] = {{' ', "Pause"}, {UI_TAB, "Pane"}, {':', "Prompt"},
                                           {'b', "Break"}, {'/', "Search"},  {'z', "Zoom"},
                                           {']', "Swap"},  {'T', "Theme"},   {0, NULL}};
    static const struct key_hint ended[] = {{'w', "Why"},  {UI_TAB, "Pane"}, {':', "Prompt"}, {'/', "Search"},
                                            {'z', "Zoom"}, {']', "Swap"},    {'T', "Theme"},  {0, NULL}};
    static const struct key_hint replay[] = {
        {'s', "Forward"}, {'f', "Back"},   {'c', "Play"}, {' ', "Pause"}, {UI_TAB, "Pane"},
        {':', "Prompt"},  {'/', "Search"}, {'z', "Zoom"}, {']', "Swap"},  {0, NULL}};
    const struct snapshot *snap = model_now(s->model);
    if (model_replay(s->model))
        return replay;
    if (model_running(s->model))
        return runs;
    return snap && snap->state == STATE_ENDED ? ended : stands;
}

void screen_hints(const struct screen *s, struct canvas *c)
{
    static const struct key_hint always[] = {{'?', "Help"}, {'q', "Quit"}, {0, NULL}};
    struct rect r = s->layout.bottom;
    const struct key_row *own = s->view[s->zoomed ? s->zoom : s->pane[s->focus]].ops->keys;
    int gap = r.w < NARROW ? 1 : 2, right = r.x + r.w;
    canvas_row(c, r.x, r.y, r.w, ROLE_BAR, ' ');
    for (size_t i = 2; i-- > 0;) {
        right -= hint_width(&always[i]) + (i ? 1 : gap);
        draw_hint(&always[i], c, right, r.y, ROLE_BAR_KEY, ROLE_BAR);
    }
    int x = r.x + 1;
    for (const struct key_hint *h = hints_now(s); h->word && x + hint_width(h) + gap <= right; h++)
        if (!key_find(own, h->key)) /* there it means something else, or the title names it */
            x = draw_hint(h, c, x, r.y, ROLE_BAR_KEY, ROLE_BAR) + gap;
}

void screen_title_hints(const struct key_hint *hints, struct canvas *c, int x, int right, int y)
{
    for (const struct key_hint *h = hints; h && h->word && x + 1 + hint_width(h) < right; h++) {
        canvas_row(c, x, y, hint_width(h) + 2, ROLE_BORDER, ' ');
        x = draw_hint(h, c, x + 1, y, ROLE_NOTE, ROLE_DIM);
    }
}
