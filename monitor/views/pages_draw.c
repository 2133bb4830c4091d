/*
 * Drawing the tree: marks, the entry, where it leads, what rings 0 and 3 may do on the path so far, its bits.
 * What a pane has no room for is left out from the right, and the words get shorter.
 */
#include "monitor/views/pages_inside.h"

#include "debug/page_bits.h"
#include "debug/pages.h"

#include <inttypes.h>
#include <string.h>

enum { MARKS_W = 4, RIGHTS_W = 7, BITS_W = 34, BITS_SET_W = 12 };

/* Where the columns begin; 0: there is no room for it. */
struct columns {
    bool all_bits;
    int gva, where, rights, bits;
};

struct pages_rows pages_rows(int h)
{
    enum { WALK = 17 }; /* what is known about an entry, and a walk of five levels */
    struct pages_rows r = {.head = h >= 12 ? 2 : h >= 7, .rule = h >= 12};
    r.detail = h < 4            ? 0
               : h < 8          ? 1
               : h < 12         ? 2
               : h < 18         ? 3
               : h < PAGES_FULL ? 5
               : h / 2 < WALK   ? h / 2
                                : WALK;
    r.tree = h - r.head - r.rule - r.detail;
    r.tree = r.tree > 0 ? r.tree : 1;
    return r;
}

/* Tries to place the columns; false: they do not fit. */
static bool columns_try(const struct pages *p, int w, bool gva, int bits, struct columns *k)
{
    int gap = w < PAGES_WIDE ? 1 : 2, x = MARKS_W + p->label_w + gap;
    k->gva = gva ? x : 0;
    x += gva ? p->gva_w + gap : 0;
    k->where = x;
    x += p->where_w + gap;
    k->rights = x;
    x += RIGHTS_W + gap;
    k->bits = bits ? x : 0;
    k->all_bits = bits == BITS_W;
    return x + bits - gap <= w;
}

/* What is worth most when there is not room for all: the bits, then the address. */
static struct columns columns_of(const struct pages *p, int w)
{
    struct columns k = {0};
    if (w >= PAGES_NARROW &&
        (columns_try(p, w, true, BITS_W, &k) || columns_try(p, w, true, BITS_SET_W, &k) ||
         columns_try(p, w, false, BITS_SET_W, &k)))
        return k;
    if (!columns_try(p, w, w >= PAGES_NARROW, 0, &k) && !columns_try(p, w, false, 0, &k))
        k.rights = w - RIGHTS_W;
    return k;
}

static unsigned where_role(const struct pages_line *l)
{
    enum paging_kind kind = l->row.decoded.kind;
    if (kind == PAGING_ABSENT)
        return ROLE_DIM;
    if (kind == PAGING_RESERVED || !l->backed)
        return ROLE_ALARM;
    if (kind == PAGING_TABLE)
        return ROLE_ADDRESS;
    return l->row.decoded.large ? ROLE_HUGE : ROLE_PRESENT;
}

static unsigned bit_role(const char *name, size_t n)
{
    static const struct {
        const char *name;
        unsigned role;
    } roles[] = {{"P", ROLE_PRESENT}, {"US", ROLE_USER}, {"PS", ROLE_HUGE}, {"NX", ROLE_NX}};
    if (name[0] >= 'a')
        return ROLE_CLEAR;
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        if (strlen(roles[i].name) == n && memcmp(roles[i].name, name, n) == 0)
            return roles[i].role;
    return ROLE_SET;
}

/* A word, if there is one and all of it fits. */
static int draw_word(struct canvas *c, int x, int y, unsigned role, const char *word)
{
    bool fits = x + (int)strlen(word) <= c->window.w;
    return *word && fits ? canvas_text(c, x, y, role, word) + 1 : x;
}

static void draw_bits(const struct pages *p, const struct pages_line *l, struct canvas *c, int x, int y,
                      bool all)
{
    struct text bits = {0};
    page_bits_write(p->tree.scheme, pages_level(p, l), &l->row.decoded, &bits);
    for (const char *word = text_str(&bits); *word;) {
        size_t n = strcspn(word, " ");
        unsigned role = bit_role(word, n);
        if (all || role != ROLE_CLEAR)
            x = canvas_textn(c, x, y, role, word, n) + 1;
        word += n + (word[n] == ' ');
    }
    x = draw_word(c, x, y, ROLE_ALARM, l->row.decoded.reserved ? "! reserved" : "");
    x = draw_word(c, x, y, ROLE_ALARM, l->backed ? "" : "! no memory");
    x = draw_word(c, x, y, ROLE_NOTE, l->row.loops ? "leads back" : "");
    x = draw_word(c, x, y, ROLE_DIM, l->row.a_any && !l->row.a_all ? "some A" : "");
    draw_word(c, x, y, ROLE_DIM, l->row.d_any && !l->row.d_all ? "some D" : "");
    text_fini(&bits);
}

static void draw_rights(const struct pages *p, const struct pages_line *l, struct canvas *c, int x, int y)
{
    struct text s = {0};
    if (l->row.decoded.kind < PAGING_TABLE)
        return;
    pages_rights(p, 0, l->rights, &s);
    canvas_text(c, x, y, ROLE_TEXT, text_str(&s));
    text_clear(&s);
    pages_rights(p, 3, l->rights, &s);
    canvas_text(c, x + 4, y, strcmp(text_str(&s), "---") == 0 ? ROLE_CLEAR : ROLE_USER, text_str(&s));
    text_fini(&s);
}

static void draw_line(const struct pages *p, const struct pages_line *l, const struct columns *k,
                      struct canvas *c, int y)
{
    struct text s = {0};
    int x = 2 + (int)l->indent * pages_indent(c->window.w), room = k->rights - 1 - k->where;
    if (l->changed)
        canvas_put(c, 0, y, ROLE_CHANGED, '*');
    if (l->on_path)
        canvas_put(c, 1, y, ROLE_NOTE, 0x25ba);
    if (l->opens)
        canvas_put(c, x, y, ROLE_LABEL, l->open ? 0x25be : 0x25b8);
    pages_label(p, l, c->window.w < PAGES_NARROW, &s);
    canvas_text(c, x + 2, y, l->changed ? ROLE_CHANGED : ROLE_LABEL, text_str(&s));
    if (k->gva)
        canvas_textf(c, k->gva, y, l->row.decoded.kind == PAGING_ABSENT ? ROLE_DIM : ROLE_VALUE, "0x%" PRIx64,
                     l->row.gva);
    text_clear(&s);
    pages_where(p, l, c->window.w < PAGES_WIDE, &s);
    if (l->row.decoded.kind < PAGING_TABLE)
        room = c->window.w - k->where;
    canvas_text_cut(c, k->where, y, room, where_role(l), text_str(&s));
    draw_rights(p, l, c, k->rights, y);
    if (k->bits)
        draw_bits(p, l, c, k->bits, y, k->all_bits);
    text_fini(&s);
}

static void draw_head(const struct pages *p, const struct columns *k, struct canvas *c, int rows)
{
    struct text s = {0};
    pages_scheme_write(&p->tree.context, &s);
    if (rows > 0)
        canvas_text_cut(c, 0, 0, c->window.w, ROLE_TEXT, text_str(&s));
    if (rows > 1) {
        canvas_text(c, MARKS_W, 1, ROLE_DIM, "entry");
        if (k->gva)
            canvas_text(c, k->gva, 1, ROLE_DIM, "linear");
        canvas_text(c, k->where, 1, ROLE_DIM, "leads to");
        canvas_text(c, k->rights, 1, ROLE_DIM, "r0  r3");
        if (k->bits)
            canvas_text(c, k->bits, 1, ROLE_DIM, k->all_bits ? "bits (capitals are 1)" : "bits that are 1");
    }
    text_fini(&s);
}

void pages_tree_draw(const struct view *v, struct canvas *c)
{
    const struct pages *p = v->state;
    struct pages_rows r = pages_rows(c->window.h);
    struct columns k = columns_of(p, c->window.w);
    draw_head(p, &k, c, r.head);
    if (!p->lines)
        canvas_textf(c, 0, r.head, ROLE_ALARM, "! no memory at 0x%" PRIx64 ", where CR3 points", p->root.gpa);
    for (int y = 0; y < r.tree && p->list.top + (size_t)y < p->lines; y++) {
        size_t i = p->list.top + (size_t)y;
        draw_line(p, &p->line[i], &k, c, r.head + y);
        if (i == p->list.at)
            canvas_look(c, (struct rect){0, r.head + y, c->window.w, 1}, LOOK_SELECTED);
    }
    int below = r.head + r.tree;
    if (r.rule)
        canvas_row(c, 0, below, c->window.w, ROLE_BORDER, 0x2500);
    struct rect old = canvas_enter(c, (struct rect){0, below + r.rule, c->window.w, r.detail});
    lines_draw(c, text_str(&p->detail), 0, SIZE_MAX);
    canvas_leave(c, old);
}
