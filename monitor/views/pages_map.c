/*
 * The map of ranges: what the command `mem` answers, one line a range of equal mapping and rights.  The whole
 * tree would need more pages than a snapshot holds, so that the guest's side makes it, at each stop.
 */
#include "monitor/views/pages_inside.h"

#include "debug/pages.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char pages_map_question[] = "mem";

enum { COLUMNS = 7, LENGTH_W = 6 };

void pages_map_load(struct pages *p, const struct snapshot *s)
{
    const char *answer = snapshot_answer(s, pages_map_question);
    if (s->has_tables) { /* nobody is there to be asked, and all that there is to know is here */
        pages_map_write(&s->target, NULL, &p->text);
        return;
    }
    text_add(&p->text, answer                      ? answer
                       : s->state == STATE_RUNNING ? "the map is made when the guest stands: Space\n"
                                                   : "the map is being made\n");
}

bool pages_map_at(const struct pages *p, size_t row, uint64_t *first, uint64_t *end)
{
    size_t n;
    char *stop;
    const char *line = lines_row(text_str(&p->text), row, &n);
    if (!line)
        return false;
    *first = strtoull(line, &stop, 16);
    if (stop - line < 8 || *stop != '-')
        return false;
    const char *second = stop + 1;
    *end = strtoull(second, &stop, 16);
    if (stop - second > 16) /* 2^64 */
        *end = 0;
    return stop > second && *stop == ' ';
}

bool pages_map_find(struct pages *p, uint64_t gva, int h)
{
    uint64_t first, end;
    for (size_t i = 0, n = lines_count(text_str(&p->text)); i < n; i++) {
        if (pages_map_at(p, i, &first, &end) && gva >= first && gva - first < end - first) {
            list_show(&p->text_list, i, h);
            return true;
        }
    }
    return false;
}

/* Cuts the blank-separated words of a line; the last takes the rest. */
static size_t cut_words(char *line, char *word[COLUMNS])
{
    size_t n = 0;
    while (n < COLUMNS) {
        line += strspn(line, " ");
        if (!*line)
            break;
        word[n++] = line;
        if (n == COLUMNS)
            break;
        line += strcspn(line, " ");
        if (*line)
            *line++ = '\0';
    }
    return n;
}

static unsigned rights_role(const char *rights)
{
    return strcmp(rights, "---") == 0 ? ROLE_CLEAR : ROLE_USER;
}

/* In place of the long form, where there is no room for it: the start, the length, rights, where to. */
static void draw_brief(struct canvas *c, int y, const char *line, size_t n, int addr_w)
{
    char copy[160], *word[COLUMNS];
    n = n < sizeof copy - 1 ? n : sizeof copy - 1;
    memcpy(copy, line, n);
    copy[n] = '\0';
    uint64_t first = strtoull(copy, NULL, 16);
    size_t words = cut_words(copy, word);
    bool pages = words == COLUMNS && strlen(word[2]) == 3 && strlen(word[3]) == 3;
    canvas_textf(c, 0, y, ROLE_ADDRESS, "0x%" PRIx64, first);
    int x = canvas_textf(c, addr_w + 1, y, ROLE_VALUE, "%*s", LENGTH_W, words > 1 ? word[1] : "") + 1;
    if (!pages) {
        size_t from = words > 2 ? (size_t)(word[2] - copy) : n;
        canvas_text_cut(c, x, y, c->window.w - x, ROLE_NOTE, line + from);
        return;
    }
    x = canvas_text(c, x, y, ROLE_TEXT, word[2]) + 1;
    x = canvas_text(c, x, y, rights_role(word[3]), word[3]) + 1;
    if (c->window.w >= PAGES_NARROW) {
        x = canvas_text(c, x, y, ROLE_SET, word[4]) + 1;
        x = canvas_textf(c, x, y, ROLE_HUGE, "%-8s", word[5]) + 1;
    }
    x = canvas_text(c, x, y, ROLE_DIM, "→ ");
    canvas_text_cut(c, x, y, c->window.w - x, ROLE_TEXT, word[6]);
}

static void draw_heading(struct canvas *c, int y, int addr_w)
{
    int x = addr_w + 1;
    canvas_text(c, 0, y, ROLE_DIM, "linear");
    x = canvas_textf(c, x, y, ROLE_DIM, "%*s", LENGTH_W, "length") + 1;
    x = canvas_text(c, x, y, ROLE_DIM, "r0  r3 ") + 1;
    if (c->window.w >= PAGES_NARROW)
        x = canvas_text(c, x, y, ROLE_DIM, "AD pages   ") + 1;
    canvas_text(c, x, y, ROLE_DIM, "physical");
}

/* How wide the rows are, and the longest address in them. */
static int map_measure(const struct pages *p, int *addr_w)
{
    size_t n, row = 0;
    int widest = 0;
    uint64_t first, end;
    *addr_w = 0;
    for (const char *s = text_str(&p->text); *s; s += n + (s[n] == '\n'), row++) {
        n = strcspn(s, "\n");
        if (!pages_map_at(p, row, &first, &end))
            continue;
        char addr[24];
        int len = snprintf(addr, sizeof addr, "0x%" PRIx64, first);
        *addr_w = len > *addr_w ? len : *addr_w;
        widest = (int)n > widest ? (int)n : widest;
    }
    return widest;
}

void pages_map_draw(const struct view *v, struct canvas *c)
{
    const struct pages *p = v->state;
    size_t n;
    int addr_w;
    uint64_t first, end;
    if (map_measure(p, &addr_w) <= c->window.w) {
        lines_draw(c, text_str(&p->text), p->text_list.top, p->text_list.at);
        return;
    }
    for (int y = 0; y < c->window.h; y++) {
        size_t row = p->text_list.top + (size_t)y;
        const char *line = lines_row(text_str(&p->text), row, &n);
        if (!line)
            return;
        if (pages_map_at(p, row, &first, &end))
            draw_brief(c, y, line, n, addr_w);
        else if (strncmp(line, "linear", 6) == 0)
            draw_heading(c, y, addr_w);
        else
            canvas_text_cut(c, 0, y, c->window.w, ROLE_TEXT, line);
        if (row == p->text_list.at)
            canvas_look(c, (struct rect){0, y, c->window.w, 1}, LOOK_SELECTED);
    }
}
