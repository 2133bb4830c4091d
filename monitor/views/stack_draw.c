/*
 * Drawing the stack: brackets and registers at the left, addresses where there is room, the words, and where
 * they lead.
 */
#include "monitor/views/stack.h"

#include <string.h>

/* Panes narrower than this show offsets only; words of eight bytes take more room. */
enum { ADDRESS_MIN_W = 56, ADDRESS_MIN_W64 = 72 };

static void put_bracket(struct canvas *c, int y, const struct stack_row *row)
{
    uint32_t code = row->bracket == 'f'   ? 0x250c
                    : row->bracket == 'm' ? 0x2502
                    : row->bracket == 'l' ? 0x2514
                                          : ' ';
    if (code != ' ')
        canvas_put(c, 0, y, ROLE_BORDER, code);
    canvas_text(c, 1, y, ROLE_HERE, row->mark);
}

static int put_value(struct canvas *c, int x, int y, const struct stack_row *row, unsigned width)
{
    char text[20];
    struct text t = {0};
    text_addf(&t, "%0*llx", (int)width * 2, (unsigned long long)row->value);
    size_t zeros = strspn(text_str(&t), "0"), n = t.len < sizeof text ? t.len : 0;
    zeros = zeros < n ? zeros : n ? n - 1 : 0;
    if (row->changed) {
        canvas_put(c, x - 1, y, ROLE_CHANGED, '*');
        zeros = 0;
    }
    canvas_textn(c, x, y, ROLE_DIM, text_str(&t), zeros);
    canvas_text(c, x + (int)zeros, y, row->changed ? ROLE_CHANGED : ROLE_VALUE, text_str(&t) + zeros);
    text_fini(&t);
    return x + (int)width * 2 + 1;
}

static void put_words(struct canvas *c, int x, int y, enum word_kind kind, const char *words, size_t n)
{
    struct text line = {0};
    text_addn(&line, words, n);
    int room = c->window.w - x;
    if (room <= 0 || !n) {
        text_fini(&line);
        return;
    }
    if (kind == WORD_SAVED_RBP) {
        canvas_text_cut(c, x, y, room, ROLE_LABEL, text_str(&line));
    } else if ((int)text_width(text_str(&line)) > room) {
        canvas_text_cut(c, x, y, room, kind == WORD_PLAIN ? ROLE_TEXT : ROLE_SYMBOL, text_str(&line));
    } else {
        struct rect window = canvas_enter(c, (struct rect){x, y, room, 1});
        draw_lines(c, text_str(&line), 0, SIZE_MAX);
        canvas_leave(c, window);
    }
    text_fini(&line);
}

static void put_row(const struct stack *k, struct canvas *c, int y, const char *words, size_t n)
{
    const struct stack_row *row = &k->row[y];
    bool wide = c->window.w >= (k->width == 8 ? ADDRESS_MIN_W64 : ADDRESS_MIN_W);
    uint64_t from = (k->list.top + (size_t)y) * k->width;
    int x = 5;
    put_bracket(c, y, row);
    if (wide)
        x = canvas_textf(c, x, y, ROLE_ADDRESS, "%0*llx", k->row[0].at >> 32 ? 16 : 8,
                         (unsigned long long)row->at) +
            1;
    x = canvas_textf(c, x, y, ROLE_LABEL, k->away ? " %03llx" : "+%03llx", (unsigned long long)from) + 2;
    if (!row->there) {
        canvas_text_cut(c, x, y, c->window.w - x, ROLE_DIM, k->why ? k->why : "--");
        return;
    }
    x = put_value(c, x, y, row, k->width);
    put_words(c, x, y, row->kind, words, n);
}

void stack_draw(const struct view *v, struct canvas *c)
{
    const struct stack *k = v->state;
    if (!v->snap->has_cpu) {
        canvas_text(c, 0, 0, ROLE_DIM, "a trace holds no stack");
        return;
    }
    const char *words = text_str(&k->words);
    for (size_t y = 0; y < k->rows; y++) {
        size_t n = strcspn(words, "\n");
        put_row(k, c, (int)y, words, n);
        words += n + (words[n] ? 1 : 0);
        if (v->focused && k->list.top + y == k->list.at)
            canvas_look(c, (struct rect){0, (int)y, c->window.w, 1}, LOOK_SELECTED);
    }
}
