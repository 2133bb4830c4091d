/*
 * The picture of the page tables: which table points to which, and what is mapped where.  The tree comes from
 * a copy that the trace holds (tables.h) and is read with the debugger's own functions (page_tree.h), which
 * fold equal entries and pages that follow each other into rows. Here tables become nodes, level by level, so
 * that a tree too large for a picture is drawn from its top; tables side by side that go on with one pattern,
 * as those of a kernel's mapping of all memory do, become one node.
 *
 * The tree is the guest's: a table that is reached a second time at the same level is not drawn again, which
 * ends every loop. Each row is held against the copy before, to mark what has changed.
 */
#include "traces/graph_pages.h"

#include "base/bytes.h"

#include <errno.h>
#include <stdlib.h>

static const struct paging_level *level_of(const struct pages *p, const struct page_table *t)
{
    return page_tree_level(&p->tree, t);
}

/* ---- what has changed ---- */

/* Entry `i` of the table at `gpa` in a copy; false when the copy does not have the table. */
static bool entry_in(const struct pages *p, const struct trace_tables *copy, uint64_t gpa, unsigned i,
                     uint64_t *raw)
{
    const struct trace_table *t = copy ? tables_find(copy, gpa) : NULL;
    const uint8_t *page = t && t->backed ? tables_page(copy, gpa & ~(uint64_t)(TABLES_PAGE_LEN - 1)) : NULL;
    if (!page)
        return false;
    *raw = le_load(page + gpa % TABLES_PAGE_LEN + (size_t)i * p->tree.scheme->entry_len,
                   p->tree.scheme->entry_len);
    return true;
}

/* Entries of other widths cannot be compared. */
static bool before_compares(const struct pages *p)
{
    struct gva_context c =
        p->found.before ? tables_context(&p->found.before->place) : (struct gva_context){0};
    const struct paging_scheme *s = paging_scheme(&c);
    return s && s->entry_len == p->tree.scheme->entry_len;
}

static void row_compare(struct pages *p, uint64_t gpa, unsigned first, unsigned count, struct pages_row *row)
{
    const uint64_t by_cpu = PAGING_A | PAGING_D;
    for (unsigned i = first; i < first + count; i++) {
        uint64_t now, old;
        if (!entry_in(p, p->found.now, gpa, i, &now) || !entry_in(p, p->found.before, gpa, i, &old) ||
            now == old)
            continue;
        bool touched = ((now ^ old) & ~by_cpu) == 0;
        if (row->changed == 0 && (!touched || row->touched == 0))
            row->old = old;
        row->changed += !touched;
        row->touched += touched;
        p->marked = true;
    }
}

/* ---- tables of one pattern ---- */

/* A table that is a single row of pages. */
static bool table_plain(const struct pages *p, const struct page_table *t, struct page_row *row)
{
    return page_row_read(&p->tree, t, 0, row) == paging_entries(level_of(p, t)) &&
           row->decoded.kind == PAGING_PAGE && row->stride;
}

static bool entries_like(const struct paging_entry *a, const struct paging_entry *b)
{
    const uint64_t by_cpu = PAGING_A | PAGING_D;
    return a->kind == b->kind && a->large == b->large && ((a->raw ^ a->gpa ^ b->raw ^ b->gpa) & ~by_cpu) == 0;
}

/* How many entries from `row` on point to tables that go on with one pattern. `last`: the last of them. */
static unsigned pattern_len(const struct pages *p, const struct page_table *t, const struct page_row *row,
                            struct page_table *last)
{
    struct page_table child;
    struct page_row plain, next_plain, next;
    unsigned n = 1;
    if (!page_table_child(&p->tree, t, row->first, &child) || !table_plain(p, &child, &plain))
        return 1;
    uint64_t len = plain.count * plain.len;
    *last = child;
    for (unsigned i = row->first + 1; i < paging_entries(level_of(p, t)); i++, n++) {
        if (!page_row_read_to(&p->tree, t, i, i + 1, &next) || !entries_like(&row->decoded, &next.decoded) ||
            !page_table_child(&p->tree, t, i, &child) || !table_plain(p, &child, &next_plain) ||
            !entries_like(&plain.decoded, &next_plain.decoded) || next_plain.gpa != plain.gpa + n * len)
            break;
        *last = child;
    }
    return n;
}

/* ---- nodes ---- */

static struct pages_row *row_add(struct pages *p, const struct page_row *row)
{
    if (p->row_count == p->row_cap) {
        size_t cap = p->row_cap ? 2 * p->row_cap : 64;
        struct pages_row *grown = realloc(p->row, cap * sizeof *grown);
        if (!grown) {
            p->failed = true;
            return NULL;
        }
        p->row = grown;
        p->row_cap = cap;
    }
    p->row[p->row_count] = (struct pages_row){.row = *row, .alike = 1};
    return &p->row[p->row_count++];
}

static bool table_leads_to(const struct page_table *t, uint64_t gpa)
{
    bool found = t->gpa == gpa;
    for (unsigned i = t->level; i < t->top; i++)
        found = found || t->up_gpa[i] == gpa;
    return found;
}

/* The node of a table at a level, or p->count. */
static size_t node_find(const struct pages *p, uint64_t gpa, unsigned level)
{
    size_t i = 0;
    while (i < p->count && !(p->node[i].table.gpa == gpa && p->node[i].table.level == level))
        i++;
    return i;
}

/* The node of a table that led here, at whatever level. */
static size_t node_above(const struct pages *p, const struct page_table *t, uint64_t gpa)
{
    for (unsigned level = t->level; level <= t->top; level++) {
        size_t i = node_find(p, gpa, level);
        if (i < p->count)
            return i;
    }
    return p->count;
}

static void node_add(struct pages *p, const struct page_table *t, struct paging_rights above, unsigned alike,
                     uint64_t last_gpa)
{
    uint64_t ignored;
    struct pages_node *n = &p->node[p->count++];
    *n = (struct pages_node){.table = *t, .above = above, .alike = alike, .last_gpa = last_gpa};
    n->fresh = before_compares(p) && !entry_in(p, p->found.before, t->gpa, 0, &ignored);
    p->marked = p->marked || n->fresh;
    p->drawn += alike;
}

/* Where the table that a row points to is drawn. */
static void row_lead(struct pages *p, const struct page_table *t, struct paging_rights above,
                     struct pages_row *row, const struct page_table *last)
{
    struct page_table child;
    uint64_t gpa = row->row.gpa;
    if (row->row.decoded.kind != PAGING_TABLE)
        return;
    if (!page_table_child(&p->tree, t, row->row.first, &child)) {
        const struct trace_table *copy = tables_find(p->found.now, gpa);
        row->lead = copy && !copy->backed ? LEAD_UNBACKED : LEAD_UNKNOWN;
        return;
    }
    if (table_leads_to(t, gpa)) {
        row->child = node_above(p, t, gpa);
        row->lead = row->child < p->count ? LEAD_LOOP : LEAD_LEFT_OUT;
        return;
    }
    row->child = node_find(p, gpa, child.level);
    row->lead = LEAD_DRAWN;
    if (row->child < p->count)
        return;
    if (p->count == p->max) {
        row->lead = LEAD_LEFT_OUT;
        return;
    }
    node_add(p, &child, paging_rights_and(above, row->row.decoded.rights), row->alike,
             row->alike > 1 ? last->gpa : gpa);
}

/* The rows of a node that stands for several tables: one, of all their pages. */
static void node_read_alike(struct pages *p, struct pages_node *n)
{
    struct page_row row;
    struct page_table parent = n->table, child;
    if (!table_plain(p, &n->table, &row))
        return;
    struct pages_row *r = row_add(p, &row);
    parent.level = n->table.level + 1;
    parent.gpa = n->table.up_gpa[n->table.level];
    for (unsigned i = 0; r && i < n->alike; i++) {
        if (!page_table_child(&p->tree, &parent, n->table.up[n->table.level] + i, &child))
            return;
        row_compare(p, child.gpa, 0, row.count, r);
        if (i > 0 && table_plain(p, &child, &row)) {
            r->row.a_any |= row.a_any;
            r->row.a_all &= row.a_all;
            r->row.d_any |= row.d_any;
            r->row.d_all &= row.d_all;
        }
    }
}

/* The row that stands for all entries from `first` on. */
static void node_cut(struct pages *p, const struct page_table *t, unsigned first, unsigned rows)
{
    struct page_row row;
    unsigned n = paging_entries(level_of(p, t));
    for (unsigned i = first; (i = page_row_read(&p->tree, t, i, &row)) > 0;)
        rows++;
    if (!page_row_read_to(&p->tree, t, first, first + 1, &row))
        return;
    struct pages_row *r = row_add(p, &row);
    if (!r)
        return;
    r->row.count = n - first;
    r->more = rows;
    row_compare(p, t->gpa, first, n - first, r);
}

static void node_read(struct pages *p, size_t number)
{
    struct pages_node *n = &p->node[number];
    struct page_table t = n->table, last = t;
    struct paging_rights above = n->above;
    struct page_row row;
    n->first_row = p->row_count;
    if (n->alike > 1)
        node_read_alike(p, n);
    for (unsigned i = 0, next; n->alike == 1 && (next = page_row_read(&p->tree, &t, i, &row)) > 0; i = next) {
        if (p->row_count - n->first_row == p->rows_max - 1 && next < paging_entries(level_of(p, &t))) {
            node_cut(p, &t, i, 0);
            break;
        }
        struct pages_row *r = row_add(p, &row);
        if (!r)
            return;
        if (row.decoded.kind == PAGING_TABLE && row.count == 1) {
            r->alike = pattern_len(p, &t, &row, &last);
            r->row.count = r->alike;
            next = i + r->alike;
        }
        row_lead(p, &t, above, r, &last);
        row_compare(p, t.gpa, i, r->row.count, r);
    }
    n->rows = p->row_count - n->first_row;
}

/* ---- the picture ---- */

static void see_nothing(void *ctx, const struct event *ev)
{
    (void)ctx;
    (void)ev;
}

/* Finds the tables and rows anew, with at most p->rows_max of these a table. */
static void tree_read(struct pages *p, const struct page_table *root)
{
    const struct paging_rights all = {true, true, true};
    p->count = p->row_count = 0;
    p->drawn = 0;
    p->marked = false;
    node_add(p, root, all, 1, root->gpa);
    for (size_t i = 0; i < p->count && !p->failed; i++)
        node_read(p, i);
}

/* Who asks for more tables than usual gets all their rows; else a picture that would be too tall is drawn
 * with less of each table. */
static int pages_read(struct pages *p, struct err *e)
{
    struct page_table root;
    tables_view_init(&p->view, p->found.now);
    for (size_t i = 0; i < p->found.now->count; i++)
        p->backed += p->found.now->table[i].backed;
    if (page_tree_open(&p->tree, &p->view.target, &root, NULL) < 0)
        return 0; /* paging was off: no tables */
    p->tree.context = tables_context(&p->found.now->place);
    if (!before_compares(p))
        p->found.before = NULL;
    p->node = calloc(p->max, sizeof *p->node);
    if (!p->node)
        return err_sys(e, ENOMEM, "page tables");
    p->rows_max = p->max > PAGES_NODES ? PAGES_NODE_ROWS + p->max : PAGES_NODE_ROWS;
    tree_read(p, &root);
    while (p->max <= PAGES_NODES && p->row_count > PAGES_ROWS && p->rows_max > PAGES_NODE_ROWS_LEAST) {
        p->rows_max /= 2;
        tree_read(p, &root);
    }
    return p->failed ? err_sys(e, ENOMEM, "page tables") : 0;
}

int pages_find(struct graph *g, struct pages_found *found, struct err *e)
{
    const struct graph_choice *c = &g->choice;
    found->wanted = (struct tables_wanted){
        .at_given = c->at_given, .vcpu_given = c->vcpu_given, .at = c->at, .vcpu = c->vcpu};
    g->filter = NULL; /* the tables stand at one point, whatever events are wanted */
    if (graph_scan(g, see_nothing, NULL, e) || tables_seek(g->reader, &found->wanted, &found->missed, e))
        return -1;
    found->now = trace_reader_tables(g->reader);
    found->before = trace_reader_tables_before(g->reader);
    return 0;
}

int graph_pages(struct graph *g, struct err *e)
{
    struct pages p = {.graph = g, .max = g->choice.max_nodes};
    if (pages_find(g, &p.found, e))
        return -1;
    if (!p.found.now)
        return pages_draw_none(g, &p.found, "pages", "page tables", e);
    int rc = pages_read(&p, e);
    if (rc == 0)
        pages_draw(&p);
    free(p.node);
    free(p.row);
    return rc;
}
