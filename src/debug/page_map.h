/*
 * Between the two halves of `mem`: page_map.c finds the ranges, page_map_text.c makes lines of them.
 */
#ifndef RINGSIDE_DEBUG_PAGE_MAP_H
#define RINGSIDE_DEBUG_PAGE_MAP_H

#include "debug/backing.h"
#include "debug/pages.h"

enum map_kind {
    MAP_PAGES,
    MAP_RESERVED,  /* entries with reserved bits set */
    MAP_UNBACKED,  /* entries that point to where no memory is */
    MAP_RECURSIVE, /* an entry that leads back to a table on its own path */
    MAP_SHARED,    /* a table that has been shown several times */
};

/* A range of linear addresses about which one thing can be said. */
struct map_run {
    enum map_kind kind;
    uint64_t gva, len;
    uint64_t gpa;                     /* pages: of the first; else the table's */
    uint64_t page_lens;               /* pages: the lengths that occur, or-ed; 0 without paging */
    uint64_t unit;                    /* pages: the length of the first piece */
    bool same;                        /* pages: each piece maps to gpa */
    struct paging_rights rights;      /* pages */
    enum backing backing;             /* pages */
    bool a_any, a_all, d_any, d_all;  /* pages: accessed, dirty */
    const struct paging_level *level; /* else: that of the entries */
    uint64_t first_gva;               /* shared: where it was first shown */
};

/* Appends the heading, and a run as a line. `c` says how rights work out; `digits`: of a linear address. */
void map_heading_write(unsigned digits, struct text *out);
void map_run_write(const struct gva_context *c, const struct map_run *r, unsigned digits, struct text *out);

#endif
