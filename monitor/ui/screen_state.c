/*
 * What a screen remembers between sessions: see screen_save.
 */
#include "monitor/ui/screen_inside.h"

#include <string.h>

void screen_save(const struct screen *s, struct text *out)
{
    text_addf(out, "theme %s\n", theme_name(s->theme));
    text_addf(out, "panes %zu", s->layout.pane_count);
    for (size_t i = 0; i < s->layout.pane_count; i++)
        text_addf(out, " %s", s->view[s->pane[i]].ops->name);
    text_addc(out, '\n');
}

/* The views of a layout with the same number of panes; others keep what the layout says. */
static void restore_panes(struct screen *s, const char *words)
{
    char name[32];
    size_t n = s->layout.pane_count;
    if (*words++ != (char)('0' + n))
        return;
    for (size_t i = 0; i < n && *words == ' '; i++) {
        size_t len = strcspn(++words, " \n");
        if (len < sizeof name) {
            memcpy(name, words, len);
            name[len] = '\0';
            size_t view = screen_view_find(s, name);
            if (view < s->view_count)
                s->pane[i] = view;
        }
        words += len;
    }
    s->want_load = s->dirty = true;
}

void screen_restore(struct screen *s, const char *state)
{
    char name[32];
    size_t len;
    const char *line;
    for (size_t i = 0; (line = lines_row(state, i, &len)); i++) {
        if (strncmp(line, "theme ", 6) == 0 && len - 6 < sizeof name) {
            memcpy(name, line + 6, len - 6);
            name[len - 6] = '\0';
            if (theme_find(name) && !theme_is_mono(theme_default()))
                screen_set_theme(s, theme_find(name));
        } else if (strncmp(line, "panes ", 6) == 0) {
            restore_panes(s, line + 6);
        }
    }
}
