/*
 * Page tables for people: one address walked down the tree (`page ADDR`), and the whole linear address space
 * as ranges (`mem`).
 */
#ifndef RINGSIDE_DEBUG_PAGES_H
#define RINGSIDE_DEBUG_PAGES_H

#include "debug/target.h"

/* Appends the walk of the linear address `gva`: the paging scheme and its control bits; the indices; each
 * entry with its bits and where it points; what reads, writes and fetches by the supervisor and by a user get
 * (allowed, or the page fault's error code and why); the page and what is behind it. Without paging it says
 * so. */
void pages_walk_write(const struct target *t, uint64_t gva, struct text *out);

/* Appends one line: the paging scheme and the control bits that bear on it. */
void pages_scheme_write(const struct gva_context *c, struct text *out);

/* Appends `640K`, `4G`, `17b`: a length in bytes, exactly, in the largest unit that divides it. */
void pages_len_write(uint64_t len, struct text *out);

/* Which part of the map is wanted: ranges that touch first..last, and only lines that contain `word` (NULL:
 * all; borrowed). */
struct pages_filter {
    uint64_t first, last;
    const char *word;
};

/* Parses what stands behind `mem`: nothing (everything), ADDR, FIRST-END (END not included), FIRST+LENGTH, or
 * else a word. Numbers are as in C. `filter->word` points into `args`. -1 with *e for a range that is
 * empty. */
NODISCARD int pages_filter_parse(const char *args, struct pages_filter *filter, struct err *e);

/* Appends the ranges of equal mapping and rights in linear order: linear addresses (end not included),
 * length, rights of supervisor and user, accessed and dirty, page sizes, physical address, what is behind it.
 * Tables that a guest has tied into knots are bounded: an entry that leads back to a table on its own path,
 * and a table seen several times before, are one line each; after a fixed number of entries read or lines
 * written it says from where on it did not look. `filter` may be NULL. */
void pages_map_write(const struct target *t, const struct pages_filter *filter, struct text *out);

/* The bounds: entries read (twice that with addresses to filter by), lines written, and lines searched for a
 * word. */
enum { PAGES_ENTRIES_MAX = 1 << 18, PAGES_LINES_MAX = 1000, PAGES_SEARCHED_MAX = 4096 };

#endif
