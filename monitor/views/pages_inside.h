/*
 * Between the parts of the view of page tables: pages.c is the view, pages_tree.c makes its lines,
 * pages_detail.c says what is known about the selected one, pages_draw.c draws, pages_map.c is the map.
 */
#ifndef RINGSIDE_MONITOR_VIEWS_PAGES_INSIDE_H
#define RINGSIDE_MONITOR_VIEWS_PAGES_INSIDE_H

#include "debug/page_tree.h"
#include "monitor/views/view.h"
#include "monitor/views/wrap.h"

/* So few tables are open at a time that the pages of a snapshot are enough for them and other views. */
enum { PAGES_OPEN_MAX = 24, PAGES_LINES_CAP = 4096, PAGES_NARROW = 60, PAGES_WIDE = 96 };
enum { PAGES_FULL = 30 }; /* rows from which on the walk is shown in full */

/* Is there anything to look at? */
static inline bool pages_known(const struct snapshot *s)
{
    return s->has_cpu || s->has_tables;
}

/* Columns that a level stands further in. */
static inline int pages_indent(int w)
{
    return w < PAGES_WIDE ? 1 : 2;
}

/* An entry by the way to it: the index taken in each table, from the top one down. */
struct pages_place {
    unsigned depth; /* tables above its own: index[depth] is the entry's */
    unsigned index[PAGING_LEVELS_MAX];
};

/* What the user opened: the table that an entry leads to or, `run`, a folded run into its entries. */
struct pages_open {
    struct pages_place place;
    bool run;
};

/* A line of the tree. */
struct pages_line {
    struct pages_place place; /* of the first entry */
    struct page_table table;
    struct page_row row;
    struct paging_rights rights; /* of the path, this entry included */
    unsigned indent;
    unsigned changed; /* entries that are not what they were at the stop before */
    unsigned was_index;
    uint64_t was;     /* what the first of those was */
    bool opens, open; /* can be opened; is */
    bool run;         /* open as a run: its entries follow one by one */
    bool piece;       /* one of those */
    bool on_path;     /* the walk goes through here */
    bool backed;      /* there is memory where it leads */
};

struct pages {
    /* What is looked at. */
    bool map, entry;         /* the map; one entry bit by bit */
    bool at_address, picked; /* the walk is to `address` instead of RIP; a line was selected by hand */
    uint64_t address;
    struct pages_open open[PAGES_OPEN_MAX];
    size_t open_count;
    struct pages_place at; /* what is selected, which the lines may not show yet */
    bool at_piece;

    /* What load found. */
    bool paged;
    struct page_tree tree;
    struct page_table root;
    uint64_t gva; /* where the walk goes */
    struct gva_walk walk;
    struct pages_place walk_place; /* of its last entry; meaningful with walk.steps */
    struct pages_line *line;
    size_t lines, lines_cap;
    bool full; /* more lines than are kept */
    unsigned changed;
    int label_w, where_w, gva_w;
    struct list list, text_list;
    struct text detail; /* below the tree */
    struct text text;   /* in place of the tree: an entry, the map, or why there is no tree */
};

/* Rows of the pane: heading, tree, rule, details. */
struct pages_rows {
    int head, tree, rule, detail;
};
struct pages_rows pages_rows(int h);

/* pages_tree.c: makes the lines, and finds the selected one. */
void pages_tree_load(struct pages *p, const struct snapshot *s, int w, int h);
/* Opens and closes; false when the line cannot. */
bool pages_tree_open(struct pages *p, const struct pages_line *l);
bool pages_tree_close(struct pages *p, const struct pages_line *l);
/* The line that leads here; SIZE_MAX: none. */
size_t pages_tree_up(const struct pages *p, size_t at);
/* What is selected is what the list's cursor is on. */
void pages_tree_pick(struct pages *p);
bool pages_is_walk_end(const struct pages *p, const struct pages_line *l);
const struct paging_level *pages_level(const struct pages *p, const struct pages_line *l);
/* Appends `PDE 4..511`, or only the numbers; and what is there: `PT at 0x3000`. */
void pages_label(const struct pages *p, const struct pages_line *l, bool brief, struct text *out);
void pages_where(const struct pages *p, const struct pages_line *l, bool brief, struct text *out);

/* pages_detail.c: what stands below the tree, and an entry bit by bit. */
void pages_detail(struct pages *p, const struct snapshot *s, const struct pages_line *l, int w, bool full);
void pages_entry(struct pages *p, const struct snapshot *s, const struct pages_line *l, int w);
void pages_unpaged(struct pages *p, const struct snapshot *s, int w);
/* Appends `r-x`. */
void pages_rights(const struct pages *p, unsigned cpl, struct paging_rights rights, struct text *out);

void pages_tree_draw(const struct view *v, struct canvas *c);

/* pages_map.c */
extern const char pages_map_question[];
void pages_map_load(struct pages *p, const struct snapshot *s);
void pages_map_draw(const struct view *v, struct canvas *c);
/* The first linear address of the selected line; false: it is none with an address. */
bool pages_map_at(const struct pages *p, size_t row, uint64_t *first, uint64_t *end);
bool pages_map_find(struct pages *p, uint64_t gva, int h);

#endif
