/*
 * The tree of page tables as lines: each open table is listed under the entry that leads to it, equal entries
 * folded into runs (debug/page_tree.h).  A place in it is kept as the indices on the way, not as a line
 * number, so that it stays the same entry when a guest rewrites its tables between two snapshots (Intel SDM,
 * "Paging", "Hierarchical Paging Structures: an Overview").
 *
 * Only open tables are read, and the walk's entry is always a line by itself.
 */
#include "monitor/views/pages_inside.h"

#include "base/bytes.h"
#include "debug/backing.h"
#include "debug/pages.h"
#include "vm/cpu.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct builder {
    struct pages *p;
    const struct snapshot *s;
};

const struct paging_level *pages_level(const struct pages *p, const struct pages_line *l)
{
    return page_tree_level(&p->tree, &l->table);
}

static bool same_table(const struct pages_place *a, const struct pages_place *b)
{
    return a->depth == b->depth && memcmp(a->index, b->index, a->depth * sizeof a->index[0]) == 0;
}

static bool same_place(const struct pages_place *a, const struct pages_place *b)
{
    return same_table(a, b) && a->index[a->depth] == b->index[b->depth];
}

/* Is the entry of `place` one of the line's? */
static bool line_covers(const struct pages_line *l, const struct pages_place *place)
{
    unsigned i = place->index[place->depth];
    return same_table(&l->place, place) && i >= l->row.first && i - l->row.first < l->row.count;
}

bool pages_is_walk_end(const struct pages *p, const struct pages_line *l)
{
    return p->walk.steps > 0 && l->row.count == 1 && same_place(&l->place, &p->walk_place);
}

/* ---- what is open ---- */

static size_t open_find(const struct pages *p, const struct pages_line *l, bool run)
{
    size_t i = 0;
    while (i < p->open_count && (p->open[i].run != run || !line_covers(l, &p->open[i].place)))
        i++;
    return i;
}

static void open_add(struct pages *p, const struct pages_place *place, bool run)
{
    for (size_t i = 0; i < p->open_count; i++)
        if (p->open[i].run == run && same_place(&p->open[i].place, place))
            return;
    if (p->open_count == PAGES_OPEN_MAX) /* the one that has been open longest gives way */
        memmove(p->open, p->open + 1, --p->open_count * sizeof p->open[0]);
    p->open[p->open_count++] = (struct pages_open){*place, run};
}

bool pages_tree_open(struct pages *p, const struct pages_line *l)
{
    if (!l->opens || l->open)
        return false;
    open_add(p, &l->place, l->row.decoded.kind != PAGING_TABLE || l->row.count > 1);
    return true;
}

bool pages_tree_close(struct pages *p, const struct pages_line *l)
{
    size_t i = open_find(p, l, l->run);
    if (!l->open || i == p->open_count)
        return false;
    memmove(p->open + i, p->open + i + 1, (--p->open_count - i) * sizeof p->open[0]);
    return true;
}

size_t pages_tree_up(const struct pages *p, size_t at)
{
    for (size_t i = at; i-- > 0;)
        if (p->line[i].indent < p->line[at].indent)
            return i;
    return SIZE_MAX;
}

void pages_tree_pick(struct pages *p)
{
    p->picked = true;
    if (p->list.at >= p->lines)
        return;
    p->at = p->line[p->list.at].place;
    p->at_piece = p->line[p->list.at].piece;
}

/* ---- words ---- */

void pages_label(const struct pages *p, const struct pages_line *l, bool brief, struct text *out)
{
    if (!brief)
        text_addf(out, "%s ", pages_level(p, l)->entry);
    text_addf(out, "%u", l->row.first);
    if (l->row.count > 1)
        text_addf(out, "..%u", l->row.first + l->row.count - 1);
}

static void add_page(const struct page_row *row, bool brief, struct text *out)
{
    if (row->count > 1)
        text_addf(out, brief ? "%u × " : "%u pages of ", row->count);
    pages_len_write(row->len, out);
    text_addf(out, "%s 0x%" PRIx64,
              row->count > 1 ? row->stride ? " from" : ", all"
              : brief        ? ""
                             : " page at",
              row->gpa);
}

void pages_where(const struct pages *p, const struct pages_line *l, bool brief, struct text *out)
{
    const struct page_row *row = &l->row;
    enum paging_kind kind = row->decoded.kind;
    if (row->count > 1 && kind != PAGING_PAGE)
        text_addf(out, brief ? "%u " : "%u entries ", row->count);
    if (kind == PAGING_ABSENT)
        text_add(out, "not present");
    else if (kind == PAGING_RESERVED)
        text_add(out, "reserved bits set");
    else if (kind == PAGING_TABLE)
        text_addf(out, "%s%s %s0x%" PRIx64, row->count > 1 ? "→ " : "", pages_level(p, l)[1].table,
                  brief ? "" : "at ", row->gpa);
    else
        add_page(row, brief, out);
}

/* ---- what changed ---- */

/* The bytes of a table in a snapshot; NULL: it does not have them. */
static const uint8_t *table_in(const struct snapshot *s, uint64_t gpa)
{
    const struct snapshot_page *page = s ? snapshot_page(s, gpa & ~(uint64_t)(SNAPSHOT_PAGE_LEN - 1)) : NULL;
    return page && page->backed ? page->bytes + gpa % SNAPSHOT_PAGE_LEN : NULL;
}

static void find_changed(const struct builder *b, struct pages_line *l)
{
    const uint8_t *now = table_in(b->s, l->table.gpa), *then = table_in(b->s->earlier, l->table.gpa);
    unsigned len = b->p->tree.scheme->entry_len;
    for (unsigned i = l->row.first; now && then && i < l->row.first + l->row.count; i++) {
        if (memcmp(now + (size_t)i * len, then + (size_t)i * len, len) == 0)
            continue;
        if (l->changed++ == 0) {
            l->was_index = i;
            l->was = le_load(then + (size_t)i * len, len);
        }
    }
}

/* ---- lines ---- */

static struct pages_line *line_add(struct pages *p)
{
    if (p->lines == p->lines_cap) {
        size_t cap = p->lines_cap ? p->lines_cap * 2 : 64;
        struct pages_line *more =
            p->lines < PAGES_LINES_CAP ? realloc(p->line, cap * sizeof p->line[0]) : NULL;
        if (!more) {
            p->full = true;
            return NULL;
        }
        p->line = more;
        p->lines_cap = cap;
    }
    p->line[p->lines] = (struct pages_line){0};
    return &p->line[p->lines++];
}

/* The walk goes through the table in which `place` is an entry. */
static bool walk_in_table(const struct pages *p, const struct pages_place *place)
{
    return place->depth < p->walk.steps &&
           memcmp(place->index, p->walk_place.index, place->depth * sizeof place->index[0]) == 0;
}

/* Up to where a row may reach that begins at entry i: the walk's entry stands alone. */
static unsigned row_end(const struct pages *p, const struct pages_place *place, unsigned i)
{
    unsigned cut = p->walk_place.index[place->depth];
    if (!walk_in_table(p, place) || i > cut)
        return UINT_MAX;
    return i < cut ? cut : cut + 1;
}

static void fill_line(const struct builder *b, struct pages_line *l, const struct page_table *table,
                      struct pages_place place, struct paging_rights above)
{
    const struct pages *p = b->p;
    struct pages_place walk = p->walk_place;
    enum paging_kind kind = l->row.decoded.kind;
    place.index[place.depth] = l->row.first;
    l->place = place;
    l->table = *table;
    l->rights = paging_rights_and(above, l->row.decoded.rights);
    walk.depth = place.depth;
    l->on_path = walk_in_table(p, &place) && line_covers(l, &walk);
    l->backed = kind < PAGING_TABLE || backing_at(p->tree.memory, l->row.gpa).what != BACKING_NOTHING;
    l->opens = (kind == PAGING_TABLE && l->backed) || (kind != PAGING_ABSENT && l->row.count > 1);
    find_changed(b, l);
}

static void add_table(const struct builder *b, const struct page_table *table, struct pages_place place,
                      struct paging_rights above, unsigned indent);

/* The table that a line of one entry leads to. `l` may move: it is a copy. */
static void add_below(const struct builder *b, struct pages_line l)
{
    struct page_table child;
    struct pages_place below = l.place;
    if (!page_table_child(&b->p->tree, &l.table, l.row.first, &child))
        return;
    below.depth++;
    add_table(b, &child, below, l.rights, l.indent + 1);
}

static bool opens_table(const struct pages *p, const struct pages_line *l)
{
    return l->opens && l->row.decoded.kind == PAGING_TABLE && l->row.count == 1 &&
           open_find(p, l, false) < p->open_count;
}

/* The entries of a run one by one. */
static void add_pieces(const struct builder *b, struct pages_line run, struct paging_rights above)
{
    for (unsigned i = run.row.first; i < run.row.first + run.row.count; i++) {
        struct page_row row;
        if (!page_row_read_to(&b->p->tree, &run.table, i, i + 1, &row))
            return;
        struct pages_line *l = line_add(b->p);
        if (!l)
            return;
        l->row = row;
        l->indent = run.indent + 1;
        l->piece = true;
        fill_line(b, l, &run.table, run.place, above);
        l->open = opens_table(b->p, l);
        if (l->open)
            add_below(b, *l);
    }
}

static void add_table(const struct builder *b, const struct page_table *table, struct pages_place place,
                      struct paging_rights above, unsigned indent)
{
    struct page_row row;
    for (unsigned i = 0, next;
         (next = page_row_read_to(&b->p->tree, table, i, row_end(b->p, &place, i), &row)) > 0; i = next) {
        struct pages_line *l = line_add(b->p);
        if (!l)
            return;
        l->row = row;
        l->indent = indent;
        fill_line(b, l, table, place, above);
        b->p->changed += l->changed;
        l->run = l->opens && row.count > 1 && open_find(b->p, l, true) < b->p->open_count;
        l->open = l->run || opens_table(b->p, l);
        if (l->run)
            add_pieces(b, *l, above);
        else if (l->open)
            add_below(b, *l);
    }
}

/* ---- the walk and the selection ---- */

static void load_walk(struct pages *p, const struct snapshot *s)
{
    struct gva_context c = p->tree.context;
    p->gva = p->at_address ? p->address : s->rip_linear;
    if (!(c.efer & EFER_LMA))
        p->gva &= UINT32_MAX;
    gva_translate(&s->memory, &c, p->gva, GVA_READ, &p->walk);
    p->walk_place = (struct pages_place){0};
    for (size_t i = 0; i < p->walk.steps; i++) {
        p->walk_place.depth = (unsigned)i;
        p->walk_place.index[i] = p->walk.step[i].index;
        if (!p->picked && i + 1 < p->walk.steps)
            open_add(p, &p->walk_place, false);
    }
    if (!p->picked && p->walk.steps) {
        p->at = p->walk_place;
        p->at_piece = false;
    }
}

/* How many tables a place and a line go the same way; better still when the entry itself is the line's. */
static unsigned likeness(const struct pages *p, const struct pages_line *l)
{
    unsigned n = 0;
    while (n < l->place.depth && n < p->at.depth && l->place.index[n] == p->at.index[n])
        n++;
    if (n < l->place.depth)
        return 0;
    struct pages_place above = p->at;
    above.depth = l->place.depth;
    return line_covers(l, &above) ? 4 * n + 2 + (l->piece == p->at_piece) : 0;
}

static void select_place(struct pages *p, int h)
{
    unsigned best = 0;
    size_t at = 0;
    for (size_t i = 0; i < p->lines; i++) {
        unsigned n = p->line[i].place.depth <= p->at.depth ? likeness(p, &p->line[i]) : 0;
        if (n > best) {
            best = n;
            at = i;
        }
    }
    list_show(&p->list, at, h);
    list_fit(&p->list, p->lines, h);
}

static void measure(struct pages *p, int w)
{
    struct text s = {0};
    p->label_w = p->where_w = p->gva_w = 0;
    for (size_t i = 0; i < p->lines; i++) {
        const struct pages_line *l = &p->line[i];
        int indent = (int)l->indent * pages_indent(w), n;
        text_clear(&s);
        pages_label(p, l, w < PAGES_NARROW, &s);
        n = indent + (int)s.len;
        p->label_w = n > p->label_w ? n : p->label_w;
        text_clear(&s);
        pages_where(p, l, w < PAGES_WIDE, &s);
        n = (int)text_width(text_str(&s));
        p->where_w = n > p->where_w ? n : p->where_w;
        text_clear(&s);
        text_addf(&s, "0x%" PRIx64, l->row.gva);
        p->gva_w = (int)s.len > p->gva_w ? (int)s.len : p->gva_w;
    }
    text_fini(&s);
}

void pages_tree_load(struct pages *p, const struct snapshot *s, int w, int h)
{
    const struct builder b = {p, s};
    p->lines = 0;
    p->changed = 0;
    p->full = false;
    load_walk(p, s);
    add_table(&b, &p->root, (struct pages_place){0}, (struct paging_rights){true, true, true}, 0);
    measure(p, w);
    select_place(p, pages_rows(h).tree);
}
