/*
 * Text of many lines in a view: see view.h. Roles are found in the words, so that what the debug floor wrote
 * for a prompt reads well on a screen.
 */
#include "monitor/views/view.h"

#include <string.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 0x20) : c;
}

bool words_have(const char *text, const char *part)
{
    for (; *text; text++) {
        size_t i = 0;
        while (part[i] && lower(text[i]) == lower(part[i]))
            i++;
        if (!part[i])
            return true;
    }
    return !*part;
}

size_t lines_count(const char *text)
{
    size_t n = 0;
    for (; *text; n++) {
        const char *end = strchr(text, '\n');
        if (!end)
            return n + 1;
        text = end + 1;
    }
    return n;
}

const char *lines_row(const char *text, size_t i, size_t *len)
{
    for (; i > 0 && *text; i--) {
        const char *end = strchr(text, '\n');
        text = end ? end + 1 : text + strlen(text);
    }
    *len = strcspn(text, "\n");
    return *text ? text : NULL;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'f');
}

/* A word that is a number as far as it goes: 0x…, or at least four hex digits with a digit first. */
static bool is_number(const char *s, size_t n)
{
    size_t i = n > 2 && s[0] == '0' && s[1] == 'x' ? 2 : 0, from = i;
    while (i < n && is_hex(s[i]))
        i++;
    return i == n && i > from && (from == 2 || (n >= 4 && s[0] >= '0' && s[0] <= '9'));
}

static unsigned word_role(const char *s, size_t n)
{
    if (s[0] == '<')
        return ROLE_SYMBOL;
    if (is_number(s, n))
        return ROLE_ADDRESS;
    if (s[0] == '*')
        return ROLE_CHANGED;
    return ROLE_TEXT;
}

/* What a word ends at. */
static const char breaks[] = " ,()[]=:;\n";

static void draw_line(struct canvas *c, int y, const char *s, size_t n)
{
    size_t indent = 0;
    while (indent < n && s[indent] == ' ')
        indent++;
    bool problem = indent < n && s[indent] == '!';
    int x = 0;
    for (size_t i = 0; i < n;) {
        size_t len = strcspn(s + i, breaks);
        len = len > n - i ? n - i : len;
        unsigned role = len ? word_role(s + i, len) : ROLE_TEXT;
        x = canvas_textn(c, x, y, problem ? ROLE_ALARM : role, s + i, len ? len : 1);
        i += len ? len : 1;
    }
}

void draw_lines(struct canvas *c, const char *text, size_t top, size_t at)
{
    size_t n;
    const char *line = lines_row(text, top, &n);
    for (int y = 0; line && y < c->window.h; y++) {
        draw_line(c, y, line, n);
        if (top + (size_t)y == at)
            canvas_look(c, (struct rect){0, y, c->window.w, 1}, LOOK_SELECTED);
        line = line[n] ? line + n + 1 : NULL;
        if (line && !*line)
            return;
        n = line ? strcspn(line, "\n") : 0;
    }
}
