/*
 * Lines that fit a pane: see wrap.h.
 */
#include "monitor/views/wrap.h"

#include <string.h>

enum { LABEL_MAX = 12, TEXT_MIN_W = 30 };

size_t line_indent(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n && s[i] == ' ')
        i++;
    return i;
}

bool line_is_problem(const char *s, size_t n)
{
    size_t i = line_indent(s, n);
    return i < n && s[i] == '!';
}

/* How many bytes of the line go into `w` cells, broken behind a blank where there is one past `from`. */
static size_t fit(const char *s, size_t n, size_t from, int w)
{
    size_t at = 0, blank = 0;
    for (int cells = 0; at < n; cells++) {
        uint32_t code;
        if (cells == w)
            return s[at] == ' ' && at > from ? at + 1 : blank ? blank : at;
        if (s[at] == ' ' && at > from)
            blank = at + 1;
        size_t len = utf8_decode(s + at, n - at, &code);
        at += len ? len : 1;
    }
    return n;
}

/* One line in as many as it takes; none is broken before column `from`, and those behind the first begin at
 * column `in`. */
static void break_line(const char *s, size_t n, size_t from, int in, int w, struct text *out)
{
    size_t len = fit(s, n, from, w);
    text_addn(out, s, len);
    while (len < n) {
        text_addf(out, "\n%*s", in, "");
        s += len;
        n -= len;
        len = fit(s, n, 0, w - in);
        text_addn(out, s, len);
    }
    text_addc(out, '\n');
}

static void wrap_line(const char *s, size_t n, int w, struct text *out)
{
    size_t from = line_indent(s, n);
    break_line(s, n, from, (int)(from + 2) > w / 3 ? 2 : (int)from + 2, w, out);
}

/* `known:    The guest …`: the column at which the text begins, 0 when the line is none of these. */
static size_t line_hang(const char *s, size_t n)
{
    size_t from = line_indent(s, n), at = from;
    while (at < n && s[at] != ' ' && s[at] != ':')
        at++;
    if (at == from || at - from > LABEL_MAX || at + 1 >= n || s[at] != ':' || s[at + 1] != ' ')
        return 0;
    size_t text = at + 1 + line_indent(s + at + 1, n - at - 1);
    return text < n ? text : 0;
}

void lines_reflow(const char *text, int w, struct text *out)
{
    size_t n;
    w = w < 10 ? 10 : w;
    for (const char *line = text; *line; line += n + (line[n] == '\n')) {
        struct text whole = {0};
        n = strcspn(line, "\n");
        size_t hang = line_hang(line, n);
        text_addn(&whole, line, n);
        for (size_t m; hang && line[n] == '\n'; n = m) { /* lines that go on where the text began */
            m = n + 1 + strcspn(line + n + 1, "\n");
            if (m == n + 1 || line_indent(line + n + 1, m - n - 1) != hang)
                break;
            text_addc(&whole, ' ');
            text_addn(&whole, line + n + 1 + hang, m - n - 1 - hang);
        }
        if (hang)
            break_line(text_str(&whole), whole.len, hang, w - (int)hang < TEXT_MIN_W ? 2 : (int)hang, w, out);
        else
            wrap_line(text_str(&whole), whole.len, w, out);
        text_fini(&whole);
    }
}

void lines_wrap(const char *text, int w, struct text *out)
{
    size_t n;
    w = w < 10 ? 10 : w;
    for (const char *line = text; *line; line += n + (line[n] == '\n')) {
        n = strcspn(line, "\n");
        wrap_line(line, n, w, out);
    }
}

void lines_draw(struct canvas *c, const char *text, size_t top, size_t at)
{
    bool problem = false;
    size_t in = 0, n;
    draw_lines(c, text, top, at);
    for (size_t i = 0; *text; i++, text += n + (text[n] == '\n')) {
        n = strcspn(text, "\n");
        size_t indent = line_indent(text, n);
        bool begins = line_is_problem(text, n);
        problem = begins || (problem && indent > in);
        in = begins ? indent : in;
        if (!problem || begins || i < top || i - top >= (size_t)c->window.h)
            continue;
        canvas_textn(c, 0, (int)(i - top), ROLE_ALARM, text, n);
        if (i == at)
            canvas_look(c, (struct rect){0, (int)(i - top), c->window.w, 1}, LOOK_SELECTED);
    }
}

bool list_scroll_act(struct list *l, int h, const char *verb, const char *args)
{
    static const struct {
        const char *verb;
        int rows, pages;
    } moves[] = {{"up", -1, 0}, {"down", 1, 0}, {"page-up", 0, -1}, {"page-down", 0, 1}};
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        struct text by = {0};
        if (strcmp(verb, moves[i].verb) != 0)
            continue;
        text_addf(&by, "%d", moves[i].rows + moves[i].pages * (h > 1 ? h - 1 : 1));
        list_act(l, 1, "scroll", text_str(&by));
        text_fini(&by);
        return true;
    }
    return strcmp(verb, "select") != 0 && list_act(l, 1, verb, args);
}
