/*
 * The tree of page tables, table by table, for who wants to walk it with arrows: a table is read as rows,
 * each an entry or a run of entries that say the same, and a row that points to a table can be opened.
 *
 *   struct page_tree tree;
 *   struct page_table table;
 *   struct page_row row;
 *   if (page_tree_open(&tree, t, &table, &e) == 0)
 *       for (unsigned i = 0; (i = page_row_read(&tree, &table, i, &row)) > 0;)
 *           …
 */
#ifndef RINGSIDE_DEBUG_PAGE_TREE_H
#define RINGSIDE_DEBUG_PAGE_TREE_H

#include "debug/target.h"

/* All borrowed: good as long as the target is. */
struct page_tree {
    const struct guest_memory *memory;
    struct gva_context context;
    const struct paging_scheme *scheme;
};

/* A table. Levels are numbered as in the manual: 1 is a page table, the highest is the one CR3 points to. */
struct page_table {
    unsigned level;
    unsigned top; /* the level of the table that the way here began with */
    uint64_t gpa;
    uint64_t gva;                       /* the first linear address it translates */
    bool gva_known;                     /* false: the way began with a table that was named, not reached */
    unsigned up[PAGING_LEVELS_MAX];     /* up[i], level <= i < top: the index taken at level i + 1 … */
    uint64_t up_gpa[PAGING_LEVELS_MAX]; /* … and the table it was taken in */
};

/* Entries `first`…`first + count - 1` of a table. Folded are: entries that are zero; equal entries; and pages
 * that follow each other with equal bits but for A and D. */
struct page_row {
    unsigned first, count;
    uint64_t entry;              /* value of the first */
    uint64_t gpa;                /* where the first points: a table or page */
    uint64_t stride;             /* each next entry's gpa is this much higher; 0: all the same */
    uint64_t len;                /* what one entry covers, in bytes */
    uint64_t gva;                /* of the first; meaningful when the table's gva_known */
    struct paging_entry decoded; /* the first */
    bool a_any, a_all, d_any, d_all;
    bool loops; /* points to the table itself or one that led to it */
};

/* The tree in force and its top table. -1 with *e when paging is off. */
NODISCARD int page_tree_open(struct page_tree *tree, const struct target *t, struct page_table *root,
                             struct err *e);

/* The paging_level of a table's entries. */
const struct paging_level *page_tree_level(const struct page_tree *tree, const struct page_table *table);

/* A table by its level (1 to the scheme's number) and place, without a way to it. The gpa is rounded down to
 * where such a table can lie. -1 with *e: no such level, no memory there. */
NODISCARD int page_table_at(const struct page_tree *tree, unsigned level, uint64_t gpa,
                            struct page_table *table, struct err *e);

/* The number of a level given as "PML4", "PDPT", "PD", "PT" in any case or as a number. -1 with *e. */
NODISCARD int page_level_parse(const struct page_tree *tree, const char *word, unsigned *level,
                               struct err *e);

/* Reads the row that begins at entry `index` and returns the index behind it; 0 when there is none (the end,
 * or the table is not in memory). */
unsigned page_row_read(const struct page_tree *tree, const struct page_table *table, unsigned index,
                       struct page_row *row);

/* The same for a row that ends before entry `end` at the latest: to see one entry of a run by itself. */
unsigned page_row_read_to(const struct page_tree *tree, const struct page_table *table, unsigned index,
                          unsigned end, struct page_row *row);

/* The table that entry `index` points to. False when it points to none: absent, reserved, a page, or to no
 * memory. */
bool page_table_child(const struct page_tree *tree, const struct page_table *table, unsigned index,
                      struct page_table *child);

/* Appends a row without a newline: `PDE 0..511  linear 2M pages from 0x0  P RW us …`. */
void page_row_write(const struct page_tree *tree, const struct page_table *table, const struct page_row *row,
                    struct text *out);

/* Appends a whole table: `gpa` and `level` as for page_table_at; level 0 means the top one, and `gpa` then
 * counts for nothing. -1 with *e as there, or without paging. */
NODISCARD int page_table_write(const struct target *t, unsigned level, uint64_t gpa, struct text *out,
                               struct err *e);

#endif
