/*
 * The tree of page tables: see page_tree.h.  A table is 512 or 1024 entries, most of which are zero or say
 * the same as their neighbour; folded, a table is a handful of rows (Intel SDM, "Paging").  Nothing here
 * keeps state: a place in the tree is a struct page_table that the caller holds, so that a table which the
 * guest changes in between is simply read as it is now.
 *
 * Tables are the guest's: a tree may have loops. A row says when it leads back; to follow it all the same is
 * harmless, since each step goes one level down and there are at most five.
 */
#include "debug/page_tree.h"

#include "base/bytes.h"
#include "debug/page_bits.h"
#include "debug/pages.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

int page_tree_open(struct page_tree *tree, const struct target *t, struct page_table *root, struct err *e)
{
    *tree = (struct page_tree){.memory = t->memory, .context = target_gva_context(t)};
    tree->scheme = paging_scheme(&tree->context);
    if (!tree->scheme)
        return err_set(e, "no page tables: paging is off (CR0.PG is 0)");
    *root = (struct page_table){.level = tree->scheme->levels,
                                .top = tree->scheme->levels,
                                .gpa = tree->context.cr3 & tree->scheme->cr3_mask,
                                .gva_known = true};
    return 0;
}

const struct paging_level *page_tree_level(const struct page_tree *tree, const struct page_table *table)
{
    return &tree->scheme->level[tree->scheme->levels - table->level];
}

static uint64_t table_len(const struct page_tree *tree, const struct paging_level *l)
{
    return (uint64_t)paging_entries(l) * tree->scheme->entry_len;
}

int page_table_at(const struct page_tree *tree, unsigned level, uint64_t gpa, struct page_table *table,
                  struct err *e)
{
    if (level < 1 || level > tree->scheme->levels)
        return err_set(e, "no level %u: %s paging has levels 1 to %u", level, tree->scheme->name,
                       tree->scheme->levels);
    *table = (struct page_table){.level = level, .top = level};
    const struct paging_level *l = page_tree_level(tree, table);
    table->gpa = gpa & ~(table_len(tree, l) - 1);
    if (!memory_ptr(tree->memory, table->gpa, table_len(tree, l), false))
        return err_set(e, "no memory under a %s at 0x%" PRIx64, l->table, table->gpa);
    if (level == tree->scheme->levels && table->gpa == (tree->context.cr3 & tree->scheme->cr3_mask))
        table->gva_known = true;
    return 0;
}

int page_level_parse(const struct page_tree *tree, const char *word, unsigned *level, struct err *e)
{
    const struct paging_scheme *s = tree->scheme;
    struct text names = {0};
    for (*level = 1; *level <= s->levels; ++*level) {
        const char *name = s->level[s->levels - *level].table;
        if (strcasecmp(word, name) == 0 || (word[0] == '0' + (char)*level && !word[1]))
            break;
        text_addf(&names, "%s %s (%u)", *level > 1 ? "," : "", name, *level);
    }
    if (*level > s->levels)
        err_set(e, "%s: no level of %s paging:%s", word, s->name, text_str(&names));
    text_fini(&names);
    return *level > s->levels ? -1 : 0;
}

/* The table's bytes, or NULL. */
static const uint8_t *table_bytes(const struct page_tree *tree, const struct page_table *table)
{
    return memory_ptr(tree->memory, table->gpa, table_len(tree, page_tree_level(tree, table)), false);
}

static uint64_t entry_load(const struct page_tree *tree, const uint8_t *bytes, unsigned index)
{
    return le_load(bytes + (size_t)index * tree->scheme->entry_len, tree->scheme->entry_len);
}

static bool table_on_path(const struct page_table *table, uint64_t gpa)
{
    bool found = table->gpa == gpa;
    for (unsigned i = table->level; i < table->top; i++)
        found = found || table->up_gpa[i] == gpa;
    return found;
}

static uint64_t index_gva(const struct page_tree *tree, const struct page_table *table, unsigned index)
{
    const struct paging_scheme *s = tree->scheme;
    uint64_t gva = table->gva + ((uint64_t)index << page_tree_level(tree, table)->shift);
    if (s->gva_bits > 32 && gva >> (s->gva_bits - 1) & 1)
        gva |= 0 - (1ull << (s->gva_bits - 1));
    return gva;
}

/* The same bits but for accessed and dirty, and the place. */
static bool page_bits_equal(const struct paging_entry *a, const struct paging_entry *b)
{
    const uint64_t free = PAGING_A | PAGING_D;
    return a->large == b->large && ((a->raw ^ a->gpa ^ b->raw ^ b->gpa) & ~free) == 0;
}

/* Makes the next entry part of the row, if it says the same. */
static bool row_join(struct page_row *row, const struct paging_entry *next)
{
    const struct paging_entry *first = &row->decoded;
    if (first->kind != next->kind)
        return false;
    if (next->kind != PAGING_PAGE) {
        row->count += first->raw == next->raw;
        return first->raw == next->raw;
    }
    if (!page_bits_equal(first, next))
        return false;
    if (row->count == 1)
        row->stride = next->gpa == first->gpa ? 0 : row->len;
    if (next->gpa != first->gpa + row->count * row->stride)
        return false;
    row->count++;
    row->a_any = row->a_any || (next->raw & PAGING_A);
    row->a_all = row->a_all && (next->raw & PAGING_A);
    row->d_any = row->d_any || (next->raw & PAGING_D);
    row->d_all = row->d_all && (next->raw & PAGING_D);
    return true;
}

unsigned page_row_read_to(const struct page_tree *tree, const struct page_table *table, unsigned index,
                          unsigned end, struct page_row *row)
{
    const struct paging_level *l = page_tree_level(tree, table);
    const uint8_t *bytes = table_bytes(tree, table);
    end = end < paging_entries(l) ? end : paging_entries(l);
    if (!bytes || index >= end)
        return 0;
    *row = (struct page_row){
        .first = index, .count = 1, .len = 1ull << l->shift, .gva = index_gva(tree, table, index)};
    row->entry = entry_load(tree, bytes, index);
    paging_decode(tree->scheme, l, &tree->context, row->entry, &row->decoded);
    row->gpa = row->decoded.gpa;
    row->a_any = row->a_all = row->entry & PAGING_A;
    row->d_any = row->d_all = row->entry & PAGING_D;
    row->loops = row->decoded.kind == PAGING_TABLE && table_on_path(table, row->gpa);
    for (index++; index < end; index++) {
        struct paging_entry next;
        paging_decode(tree->scheme, l, &tree->context, entry_load(tree, bytes, index), &next);
        if (!row_join(row, &next))
            break;
    }
    return index;
}

unsigned page_row_read(const struct page_tree *tree, const struct page_table *table, unsigned index,
                       struct page_row *row)
{
    return page_row_read_to(tree, table, index, UINT_MAX, row);
}

bool page_table_child(const struct page_tree *tree, const struct page_table *table, unsigned index,
                      struct page_table *child)
{
    const struct paging_level *l = page_tree_level(tree, table);
    const uint8_t *bytes = table_bytes(tree, table);
    struct paging_entry e;
    if (!bytes || index >= paging_entries(l))
        return false;
    paging_decode(tree->scheme, l, &tree->context, entry_load(tree, bytes, index), &e);
    if (e.kind != PAGING_TABLE || !memory_ptr(tree->memory, e.gpa, table_len(tree, l + 1), false))
        return false;
    struct page_table next = *table;
    next.gva = index_gva(tree, table, index);
    next.level = table->level - 1;
    next.gpa = e.gpa;
    next.up[next.level] = index;
    next.up_gpa[next.level] = table->gpa;
    *child = next;
    return true;
}

/* `absent` … what the row's entries are, in words. */
static void row_words(const struct page_tree *tree, const struct page_row *row, struct text *out,
                      const struct paging_level *l)
{
    const struct paging_entry *e = &row->decoded;
    const char *s = row->count == 1 ? "" : "s";
    switch (e->kind) {
    case PAGING_ABSENT:
        text_add(out, "not present");
        if (row->entry)
            text_addf(out, ", value 0x%" PRIx64, row->entry);
        return;
    case PAGING_RESERVED:
        text_addf(out, "0x%" PRIx64, row->entry);
        return;
    case PAGING_TABLE:
        text_addf(out, "%s at 0x%" PRIx64 "%s", l[1].table, e->gpa,
                  !memory_ptr(tree->memory, e->gpa, table_len(tree, l + 1), false) ? ", where no memory is"
                  : row->loops                                                     ? ", which led here"
                                                                                   : "");
        return;
    case PAGING_PAGE:
        pages_len_write(row->len, out);
        text_addf(out, " page%s %s 0x%" PRIx64, s,
                  row->count == 1 ? "at"
                  : row->stride   ? "from"
                                  : "all at",
                  e->gpa);
        return;
    }
}

static void row_accessed(const struct page_row *row, struct text *out)
{
    if (row->a_any && !row->a_all)
        text_add(out, "; some accessed");
    if (row->d_any && !row->d_all)
        text_add(out, "; some dirty");
}

void page_row_write(const struct page_tree *tree, const struct page_table *table, const struct page_row *row,
                    struct text *out)
{
    const struct paging_level *l = page_tree_level(tree, table);
    struct text head = {0};
    text_addf(&head, "%u", row->first);
    if (row->count > 1)
        text_addf(&head, "..%u", row->first + row->count - 1);
    text_addf(out, "%-9s ", text_str(&head));
    text_fini(&head);
    if (table->gva_known)
        text_addf(out, " 0x%0*" PRIx64 "  ", tree->scheme->gva_bits > 32 ? 16 : 8, row->gva);
    if (row->count > 1)
        text_addf(out, "%u entries: ", row->count);
    row_words(tree, row, out, l);
    if (row->decoded.kind != PAGING_ABSENT) {
        text_add(out, "  ");
        page_bits_write(tree->scheme, l, &row->decoded, out);
        page_bits_remark(tree->scheme, l, &tree->context, &row->decoded, out);
    }
    if (row->decoded.kind == PAGING_PAGE)
        row_accessed(row, out);
}

int page_table_write(const struct target *t, unsigned level, uint64_t gpa, struct text *out, struct err *e)
{
    struct page_tree tree;
    struct page_table table;
    struct page_row row;
    if (page_tree_open(&tree, t, &table, e) < 0)
        return -1;
    if (page_table_at(&tree, level ? level : table.level, level ? gpa : table.gpa, &table, e) < 0)
        return -1;
    text_addf(out, "%s at 0x%" PRIx64 ", level %u of %s paging\n", page_tree_level(&tree, &table)->table,
              table.gpa, table.level, tree.scheme->name);
    for (unsigned i = 0; (i = page_row_read(&tree, &table, i, &row)) > 0;) {
        text_add(out, "  ");
        page_row_write(&tree, &table, &row, out);
        text_addc(out, '\n');
    }
    return 0;
}
