/*
 * What a screen remembers between sessions: see screen_save.
 */
#include "monitor/ui/screen_inside.h"

#include <string.h>

/* Panes of a guest and of a trace are remembered apart. */
static const char *panes_word(const struct screen *s)
{
    return model_replay(s->model) ? "trace-panes " : "panes ";
}

/* How many panes there are when none has all the room. */
static size_t pane_count(const struct screen *s)
{
    struct layout l;
    layout_make(&l, s->canvas.w, s->canvas.h, model_replay(s->model) ? LAYOUT_TRACE : LAYOUT_GUEST);
    return l.fits ? l.pane_count : 0;
}

void screen_save(const struct screen *s, struct text *out)
{
    size_t n = pane_count(s);
    if (!theme_is_mono(theme_default()))
        text_addf(out, "theme %s\n", theme_name(s->theme));
    if (n) {
        text_addf(out, "%s%zu", panes_word(s), n);
        for (size_t i = 0; i < n; i++)
            text_addf(out, " %s", s->view[s->pane[i]].ops->name);
        text_addc(out, '\n');
    }
    text_add(out, text_str(&s->kept));
}

/* The word at *words, and on to the next; SCREEN_VIEWS_MAX when it is no view. */
static size_t take_view(const struct screen *s, const char **words)
{
    char name[32] = "";
    size_t len = strcspn(*words, " \n");
    if (len < sizeof name)
        memcpy(name, *words, len);
    *words += len + ((*words)[len] == ' ');
    size_t view = screen_view_find(s, name);
    return view < s->view_count ? view : SCREEN_VIEWS_MAX;
}

/* The views of a layout with the same number of panes, each once; others keep what the layout says. */
static void restore_panes(struct screen *s, const char *words)
{
    size_t n = s->layout.pane_count, pane[LAYOUT_PANES_MAX];
    if (s->zoomed || !s->layout.fits || words[0] != (char)('0' + n) || words[1] != ' ')
        return;
    words += 2;
    for (size_t i = 0; i < n; i++) {
        pane[i] = take_view(s, &words);
        for (size_t k = 0; k < i; k++)
            if (pane[k] == pane[i])
                return;
        if (pane[i] == SCREEN_VIEWS_MAX)
            return;
    }
    memcpy(s->pane, pane, n * sizeof pane[0]);
    s->want_load = s->dirty = true;
}

static void restore_theme(struct screen *s, const char *word, size_t len)
{
    char name[32] = "";
    if (len < sizeof name)
        memcpy(name, word, len);
    if (theme_find(name))
        screen_set_theme(s, theme_find(name));
}

static bool begins(const char *line, size_t len, const char *word)
{
    return len >= strlen(word) && strncmp(line, word, strlen(word)) == 0;
}

/* What is not for this screen (the theme where there are no colours, the panes of the other kind) is kept for
 * screen_save. */
void screen_restore(struct screen *s, const char *state)
{
    size_t len;
    const char *line, *panes = panes_word(s);
    bool colours = !theme_is_mono(theme_default());
    text_clear(&s->kept);
    for (size_t i = 0; (line = lines_row(state, i, &len)); i++) {
        bool theme = begins(line, len, "theme ");
        if (theme && colours)
            restore_theme(s, line + 6, len - 6);
        else if (begins(line, len, panes))
            restore_panes(s, line + strlen(panes));
        else if (theme || begins(line, len, "panes ") || begins(line, len, "trace-panes "))
            text_addf(&s->kept, "%.*s\n", (int)len, line);
    }
}
