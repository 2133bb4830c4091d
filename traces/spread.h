/*
 * A sketch of durations for those who have very many: the same buckets as sketch.h, but the 32 of a doubling
 * are only there when a value fell into it.  Most groups of events know two or three doublings, so that such
 * a sketch takes some hundred bytes instead of seven thousand.
 *
 * The buckets live in a pool that many share and that does not grow past a limit. When it is full, a doubling
 * that is new to a sketch is only counted as a whole: then its percentiles are wrong by up to a third instead
 * of one part in 64, and the pool says so.
 */
#ifndef RINGSIDE_TRACES_SPREAD_H
#define RINGSIDE_TRACES_SPREAD_H

#include "traces/sketch.h"

#include <stdbool.h>
#include <stddef.h>

#define SPREAD_OCTAVES (SKETCH_BUCKETS >> SKETCH_BITS)

/* All zeros is a valid empty one. */
struct spread {
    uint64_t count;
    uint32_t min, max;
    uint32_t octave[SPREAD_OCTAVES]; /* 0: no value; a page's number and 1; or how many, with SPREAD_WHOLE */
};
#define SPREAD_WHOLE 0x80000000u

struct spread_page {
    uint32_t bucket[1 << SKETCH_BITS]; /* stays at its highest number once it is there */
};

#define SPREAD_PAGES_MAX (256u << 10) /* 32 MiB */

/* All zeros is a valid empty pool of up to SPREAD_PAGES_MAX pages. */
struct spread_pool {
    struct spread_page *page;
    size_t count, cap;
    bool full; /* some sketch had to do without: percentiles are coarse */
};

void spread_pool_free(struct spread_pool *p);

void spread_add(struct spread *s, struct spread_pool *p, uint32_t v);

/* Adds all values of `from` to `s`; both use this pool. */
void spread_merge(struct spread *s, struct spread_pool *p, const struct spread *from);

/* The value that `part` of `whole` values do not exceed (1 of 2: the median). 0 when empty. */
uint32_t spread_quantile(const struct spread *s, const struct spread_pool *p, unsigned part, unsigned whole);

#endif
