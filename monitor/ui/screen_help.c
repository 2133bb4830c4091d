/*
 * The help: made from the tables of keys, views and commands, in the order in which a beginner needs them. A
 * wide screen has keys and views side by side.
 */
#include "monitor/ui/screen_inside.h"

#include "monitor/shell/command.h"
#include "monitor/views/wrap.h"

#include <string.h>

/* WIDE: from here on two columns. BRIEF: below this what a key stands for at the prompt is left out. */
enum { HELP_WIDE = 150, HELP_BRIEF = 64, HELP_LEFT_W = 70, KEY_W = 10, WORDS_W = 46, COMMAND_W = 30 };

/* A cell of a table, at column `at` or two blanks behind what is there. */
static void cell(struct text *out, size_t at, const char *words)
{
    size_t column = out->len;
    while (column > 0 && out->buf[column - 1] != '\n')
        column--;
    if (out->len > column && text_width(text_str(out) + column) + 2 > at)
        text_add(out, "  ");
    else
        text_pad(out, at);
    text_add(out, words);
}

/* What a key does, "" when it does nothing here: on a trace the same keys step through events. */
static const char *help_of(const struct screen *s, const struct key_row *row)
{
    size_t n = strcspn(row->command, " ");
    if (!model_replay(s->model) || !*row->help)
        return row->help;
    for (size_t i = 0; replay_command_row(i); i++)
        if (strlen(replay_command_row(i)->name) == n &&
            strncmp(replay_command_row(i)->name, row->command, n) == 0)
            return replay_command_row(i)->summary;
    for (size_t i = 0; screen_command_row(i); i++)
        if (strlen(screen_command_row(i)->name) == n &&
            strncmp(screen_command_row(i)->name, row->command, n) == 0)
            return row->help;
    return "";
}

/* `verbs`: they stand for verbs of a view, not for commands. */
static void help_keys(const struct screen *s, const char *title, const struct key_row *rows, bool verbs,
                      bool brief, struct text *out)
{
    if (!rows)
        return;
    text_addf(out, "%s\n", title);
    for (; rows->command; rows++) {
        const char *help = verbs ? rows->help : help_of(s, rows);
        if (!*help)
            continue;
        text_add(out, "  ");
        key_add_name(rows->key, out);
        cell(out, KEY_W, help);
        if (!brief) {
            cell(out, WORDS_W, ":");
            text_add(out, rows->command);
        }
        text_addc(out, '\n');
    }
    text_addc(out, '\n');
}

static void help_views(const struct screen *s, struct text *out)
{
    static const char keys[] = "1234567890-=";
    text_add(out, "VIEWS\n");
    for (size_t i = 0; i < s->view_count; i++) {
        text_addf(out, "  %c", i < sizeof keys - 1 ? keys[i] : ' ');
        cell(out, KEY_W, s->view[i].ops->title);
        text_addf(out, ": %s\n", s->view[i].ops->summary);
    }
    text_addc(out, '\n');
}

static void help_command(const char *name, const char *args, const char *summary, struct text *out)
{
    text_addf(out, "  %s %s", name, args);
    cell(out, COMMAND_W, summary);
    text_addc(out, '\n');
}

static void help_screen(struct text *out)
{
    text_add(out, "COMMANDS OF THE SCREEN (: opens the prompt)\n");
    for (size_t i = 0; screen_command_row(i); i++)
        help_command(screen_command_row(i)->name, screen_command_row(i)->args, screen_command_row(i)->summary,
                     out);
}

static void help_guest(struct text *out)
{
    for (size_t g = 0; shell_group(g); g++) {
        text_addf(out, "\n%s\n", shell_group(g)->title);
        for (const struct shell_command *row = shell_group(g)->rows; row->name; row++)
            if (!(row->flags & COMMAND_HIDDEN))
                help_command(row->name, row->args, row->summary, out);
    }
}

static void help_replay(struct text *out)
{
    text_add(out, "COMMANDS OF A REPLAY\n");
    for (size_t i = 0; replay_command_row(i); i++)
        help_command(replay_command_row(i)->name, replay_command_row(i)->args, replay_command_row(i)->summary,
                     out);
    text_addc(out, '\n');
}

/* Two texts side by side, the right one from column `at` on. */
static void side_by_side(const char *left, const char *right, size_t at, struct text *out)
{
    size_t rows = lines_count(left) > lines_count(right) ? lines_count(left) : lines_count(right);
    for (size_t i = 0; i < rows; i++) {
        size_t n = 0, m = 0;
        const char *l = lines_row(left, i, &n), *r = lines_row(right, i, &m);
        text_addn(out, l ? l : "", l ? n : 0);
        if (r && m) {
            text_pad(out, at);
            text_addn(out, r, m);
        }
        text_addc(out, '\n');
    }
}

void screen_help_text(struct screen *s, int w, struct text *out)
{
    struct text own = {0}, keys = {0}, rest = {0};
    const struct view_ops *ops = screen_focused(s)->ops;
    bool brief = w < HELP_BRIEF;
    text_addf(&own, "KEYS OF THIS VIEW, %s", ops->title);
    help_keys(s, "KEYS", screen_keys, false, brief, &keys);
    help_keys(s, "MOVING", moving_keys, true, brief, &keys);
    help_views(s, &rest);
    help_keys(s, text_str(&own), ops->keys, true, brief, &rest);
    if (model_replay(s->model))
        help_replay(&rest);
    help_screen(&rest);
    if (w >= HELP_WIDE) {
        struct text right = {0};
        lines_wrap(text_str(&rest), w - HELP_LEFT_W, &right);
        side_by_side(text_str(&keys), text_str(&right), HELP_LEFT_W, out);
        text_fini(&right);
    } else {
        text_addf(out, "%s%s", text_str(&keys), text_str(&rest));
    }
    if (!model_replay(s->model))
        help_guest(out);
    text_fini(&own);
    text_fini(&keys);
    text_fini(&rest);
}
