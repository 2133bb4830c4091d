/*
 * What the screen says: a line in the bottom row, a longer text over the panes, and what is said when.
 */
#include "monitor/ui/screen_inside.h"

#include "monitor/shell/command.h"
#include "monitor/shell/line.h"

#include <string.h>

void screen_say(struct screen *s, const char *message)
{
    text_clear(&s->message);
    text_addn(&s->message, message, strcspn(message, "\n"));
    s->message_alarm = false;
    s->dirty = true;
}

void screen_complain(struct screen *s, const struct err *e)
{
    screen_say(s, e->text);
    s->message_alarm = true;
}

void screen_lay_over(struct screen *s, struct overlay *o)
{
    o->shown = s->dirty = true;
    o->list = (struct list){0};
    o->w = 0; /* its rows are made when it is drawn */
}

const char *screen_complaint(const struct screen *s)
{
    return s->message_alarm && s->message.len ? text_str(&s->message) : NULL;
}

/* Lays a text over the panes. */
void screen_lay_text(struct screen *s, const char *title, size_t n, const char *text)
{
    text_clear(&s->output.title);
    text_addn(&s->output.title, title, n);
    text_clear(&s->output.text);
    text_add(&s->output.text, text);
    screen_lay_over(s, &s->output);
    s->help.shown = false;
}

/* `the guest has ended` is what the header's badge says. */
static const char *stop_words(const char *words)
{
    static const char ended[] = "the guest has ended: ";
    return strncmp(words, ended, sizeof ended - 1) == 0 ? words + sizeof ended - 1 : words;
}

/* An answer of one line goes to the bottom row, a longer one over the panes. Those of commands that let the
 * guest run end with the instruction it stands at, which the code view shows. */
void screen_answer(struct screen *s, const char *line, const struct text *out)
{
    const struct shell_command *row;
    struct err ignored;
    bool runs = shell_find(line, line_name_len(line), &row, &ignored) == 0 && (row->flags & COMMAND_RUNS);
    if (runs && s->layout.header.h > 1) /* its first line is in the header then */
        return;
    if (runs || lines_count(text_str(out)) <= 1) {
        screen_say(s, stop_words(text_str(out)));
        return;
    }
    screen_lay_text(s, line, strlen(line), text_str(out));
}
