/*
 * What graph_pages.c finds in the page tables and graph_pages_draw.c draws: tables as nodes, and in them
 * rows, each an entry or a run of entries that say the same.
 */
#ifndef RINGSIDE_TRACES_GRAPH_PAGES_H
#define RINGSIDE_TRACES_GRAPH_PAGES_H

#include "debug/page_tree.h"
#include "traces/graph.h"
#include "traces/tables.h"

/* Tables drawn unless --max-nodes says otherwise; the most rows a table is drawn with, and the fewest that
 * are tried when all tables together have more than PAGES_ROWS. */
enum { PAGES_NODES = 40, PAGES_NODE_ROWS = 24, PAGES_NODE_ROWS_LEAST = 6, PAGES_ROWS = 150 };

/* What becomes of the table that a row points to. */
enum pages_lead {
    LEAD_NONE,     /* it points to none */
    LEAD_DRAWN,    /* row.child is its node */
    LEAD_LOOP,     /* likewise, and it is one that led here */
    LEAD_LEFT_OUT, /* more than are drawn */
    LEAD_UNBACKED, /* no memory is there */
    LEAD_UNKNOWN,  /* the trace does not have it */
};

struct pages_row {
    struct page_row row; /* row.count entries */
    unsigned alike; /* more than 1: so many entries, which point to tables of one pattern (see pages_node) */
    unsigned more;  /* not 0: the row stands for so many rows that are not drawn */
    enum pages_lead lead;
    size_t child;
    unsigned changed, touched; /* entries that the copy before has otherwise; otherwise in A and D only */
    uint64_t old;              /* of the first that changed: what it was */
};

/* A table, or `alike` tables that lie next to each other in linear addresses, each one row of pages that goes
 * on where the one before ended. */
struct pages_node {
    struct page_table table; /* the first */
    uint64_t last_gpa;       /* of the last of them */
    struct paging_rights above;
    unsigned alike;
    size_t first_row, rows;
    bool fresh; /* the copy before does not have it */
};

/* Page tables that were found, and those of the copy before; NULL where there are none. `missed`: see
 * tables_seek. */
struct pages_found {
    struct tables_wanted wanted;
    const struct trace_tables *now, *before;
    uint64_t missed;
};

struct pages {
    struct graph *graph;
    struct pages_found found; /* before: NULL also when it cannot be compared */
    struct tables_view view;
    struct page_tree tree;
    struct pages_node *node;
    size_t count, max;
    size_t rows_max; /* of a table */
    struct pages_row *row;
    size_t row_count, row_cap;
    uint64_t drawn, backed; /* tables that the nodes stand for; tables in memory */
    bool marked;            /* some row or node differs from the copy before */
    bool failed;
};

/* Scans the trace for the title's sake and finds the page tables that are asked for. -1 on an I/O error. */
NODISCARD int pages_find(struct graph *g, struct pages_found *found, struct err *e);

/* Appends to a legend what is missing of them. */
void pages_note_missing(const struct pages_found *found, unsigned columns, struct text *legend);

/* The picture of what was found. */
void pages_draw(struct pages *p);

/* A picture that is one sentence: there is nothing to be drawn. */
NODISCARD int pages_draw_none(struct graph *g, const struct pages_found *found, const char *name,
                              const char *what, struct err *e);

/* The colour of lines, and of what is a user's too. */
#define PAGES_LINE      "#8a97a5"
#define PAGES_FILL_USER "#e3d3ee"

/* The colour of pages with these rights. */
const char *pages_fill(struct paging_rights r);

/* Appends `U W X` in words: `user, writable, executable`. */
void pages_rights_words(struct paging_rights r, struct text *out);

/* Appends a legend's row for the colours: so many columns. */
enum { PAGES_LEGEND_COLUMNS = 10 };
void pages_legend_fills(struct text *legend);

#endif
