/*
 * The screen's keys and the mouse: who gets them (the prompt, a search, a view that has the keyboard, what
 * lies over the panes, the focused view, the screen), and which command line they stand for.
 */
#include "monitor/ui/screen_inside.h"

#include "monitor/shell/command.h"

#include <stdlib.h>
#include <string.h>

static bool is_command(const char *verb)
{
    const struct screen_command *row;
    const struct shell_command *shell_row;
    struct err ignored;
    for (size_t i = 0; (row = screen_command_row(i)); i++)
        if (strcmp(row->name, verb) == 0)
            return true;
    return shell_find(verb, strlen(verb), &shell_row, &ignored) == 0;
}

/* A command of a view's key may be a verb of the view, else it is anybody's. A verb that found nothing to do,
 * as in a list without rows, is no mistake. */
static void run_view_key(struct screen *s, const char *command)
{
    char verb[32];
    size_t n = strcspn(command, " ");
    if (n >= sizeof verb)
        return;
    memcpy(verb, command, n);
    verb[n] = '\0';
    if (!screen_act(s, verb, command + n + strspn(command + n, " ")) && is_command(verb))
        screen_command(s, command);
}

static bool overlay_key(struct screen *s, struct overlay *o, int key)
{
    const struct key_row *row = key_find(moving_keys, key);
    int h = s->canvas.h > 4 ? s->canvas.h - 4 : 1;
    if (!o->shown)
        return false;
    s->dirty = true;
    if (row && list_act(&o->list, h, row->command, ""))
        return true;
    if (key == UI_ESC || key == 'q' || key == UI_ENTER || (o == &s->help && (key == '?' || key == UI_F(1)))) {
        o->shown = false;
        return true;
    }
    o->shown = false; /* any other key does what it always does */
    return false;
}

static void finish_prompt(struct screen *s, char *line)
{
    s->line = LINE_KEYS;
    if (line)
        screen_command(s, line);
    free(line);
}

static void prompt_key(struct screen *s, int key)
{
    struct text bytes = {0};
    char *line = NULL;
    if (key == UI_ESC || key == UI_CTRL_C) {
        s->line = LINE_KEYS;
        if (s->prompt.cancel)
            s->prompt.cancel(s->prompt.ctx);
        return;
    }
    key_add_bytes(key, &bytes);
    if (bytes.len && s->prompt.feed && s->prompt.feed(s->prompt.ctx, text_str(&bytes), bytes.len, &line))
        finish_prompt(s, line);
    text_fini(&bytes);
}

static void search_key(struct screen *s, int key)
{
    if (key == UI_ESC || key == UI_CTRL_C) {
        text_clear(&s->search);
        s->line = LINE_KEYS;
    } else if (key == UI_ENTER) {
        s->line = LINE_KEYS;
        if (s->search.len)
            screen_command(s, "again");
    } else if (key == UI_BACKSPACE) {
        while (s->search.len && (s->search.buf[s->search.len - 1] & 0xc0) == 0x80)
            s->search.buf[--s->search.len] = '\0';
        if (s->search.len)
            s->search.buf[--s->search.len] = '\0';
    } else if (key >= ' ' && key < UI_SPECIAL) {
        canvas_add_utf8(&s->search, (uint32_t)key);
    }
}

static void grabbed_key(struct screen *s, struct view *v, int key)
{
    struct view_reply r = {0};
    struct text bytes = {0};
    screen_say(s, "");
    if (key == UI_CTRL_A) {
        v->grabs = false;
    } else {
        key_add_bytes(key, &bytes);
        if (bytes.len && v->ops->typed)
            v->ops->typed(v, text_str(&bytes), bytes.len, &r);
        screen_reply(s, &r);
        text_fini(&bytes);
    }
}

/* 1 to 9, 0, - and = are the views in their order. */
static bool view_key(struct screen *s, int key)
{
    static const char keys[] = "1234567890-=";
    const char *at = key > 0 && key < 0x80 ? strchr(keys, key) : NULL;
    if (!at || (size_t)(at - keys) >= s->view_count)
        return false;
    screen_show(s, (size_t)(at - keys));
    return true;
}

static void plain_key(struct screen *s, int key)
{
    const struct key_row *own = key_find(screen_focused(s)->ops->keys, key);
    const struct key_row *moving = key_find(moving_keys, key), *row = key_find(screen_keys, key);
    text_clear(&s->message);
    if (own)
        run_view_key(s, own->command);
    else if (moving && screen_act(s, moving->command, ""))
        return;
    else if (!view_key(s, key) && row)
        screen_command(s, row->command);
}

void screen_key(struct screen *s, int key)
{
    screen_settle(s); /* what was typed ahead is for the view that the key before has shown */
    struct view *v = screen_focused(s);
    s->dirty = true;
    if (s->line == LINE_PROMPT)
        prompt_key(s, key);
    else if (s->line == LINE_SEARCH)
        search_key(s, key);
    else if (v->grabs)
        grabbed_key(s, v, key);
    else if (!overlay_key(s, &s->help, key) && !overlay_key(s, &s->output, key))
        plain_key(s, key);
}

/* ---- the mouse ---- */

static void mouse_in_pane(struct screen *s, enum screen_mouse what, size_t pane, int row)
{
    char args[16];
    bool wheel = what == MOUSE_WHEEL_UP || what == MOUSE_WHEEL_DOWN;
    size_t focus = s->focus;
    if (!s->zoomed)
        s->focus = pane;
    if (wheel)
        screen_act(s, "scroll", what == MOUSE_WHEEL_UP ? "-3" : "3");
    else if (row >= 0 && (size_t)row < sizeof args * 1000) {
        text_clear(&s->message);
        struct text t = {0};
        text_addf(&t, "%d", row);
        screen_act(s, "select", text_str(&t));
        text_fini(&t);
        if (what == MOUSE_DOUBLE)
            screen_act(s, "open", "");
    }
    if (wheel)
        s->focus = focus;
    else if (focus != s->focus)
        s->want_load = true;
}

/* Which view's name is at this column of the strip; drawn by screen_draw.c in the same way. */
void screen_mouse(struct screen *s, enum screen_mouse what, int x, int y)
{
    screen_settle(s);
    s->dirty = true;
    struct overlay *o = s->help.shown ? &s->help : &s->output;
    if (o->shown) {
        if (what == MOUSE_WHEEL_UP || what == MOUSE_WHEEL_DOWN)
            list_act(&o->list, s->canvas.h - 4, "scroll", what == MOUSE_WHEEL_UP ? "-3" : "3");
        else
            o->shown = false;
        return;
    }
    if (rect_has(s->layout.strip, x, y)) {
        for (size_t i = 0; i < s->view_count; i++) {
            struct rect tab = screen_tab(s, i);
            if (rect_has(tab, x, y) && what == MOUSE_PRESS)
                screen_show(s, i);
        }
        return;
    }
    for (size_t i = 0; i < screen_panes(s); i++)
        if (rect_has(s->layout.pane[i], x, y))
            mouse_in_pane(s, what, i, y - s->layout.pane[i].y - 1);
}
