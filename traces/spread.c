/*
 * Sketches that share a pool: see spread.h.
 */
#include "traces/spread.h"

#include <stdlib.h>

enum { PAGE_BUCKETS = 1 << SKETCH_BITS };

void spread_pool_free(struct spread_pool *p)
{
    free(p->page);
    *p = (struct spread_pool){0};
}

/* The number of a fresh page and 1, or 0 when there is none to be had. */
static uint32_t page_new(struct spread_pool *p)
{
    if (p->count == p->cap && p->cap < SPREAD_PAGES_MAX) {
        size_t cap = p->cap ? 2 * p->cap : 64;
        struct spread_page *grown = realloc(p->page, cap * sizeof *grown);
        if (grown) {
            p->page = grown;
            p->cap = cap;
        }
    }
    if (p->count == p->cap) {
        p->full = true;
        return 0;
    }
    p->page[p->count] = (struct spread_page){{0}};
    return (uint32_t)++p->count;
}

static void count_up(uint32_t *counter, uint32_t by, uint32_t most)
{
    *counter = by > most - *counter ? most : *counter + by;
}

static void bucket_add(struct spread *s, struct spread_pool *p, size_t bucket, uint32_t by)
{
    uint32_t *octave = &s->octave[bucket / PAGE_BUCKETS];
    if (*octave == 0 && !(*octave = page_new(p)))
        *octave = SPREAD_WHOLE;
    if (*octave & SPREAD_WHOLE)
        count_up(octave, by, UINT32_MAX);
    else
        count_up(&p->page[*octave - 1].bucket[bucket % PAGE_BUCKETS], by, UINT32_MAX);
}

static void widen(struct spread *s, uint32_t min, uint32_t max)
{
    if (s->count == 0 || min < s->min)
        s->min = min;
    if (max > s->max)
        s->max = max;
}

void spread_add(struct spread *s, struct spread_pool *p, uint32_t v)
{
    widen(s, v, v);
    s->count++;
    bucket_add(s, p, sketch_bucket(v), 1);
}

/* A doubling of which nothing but the number of its values is known counts as its middle. */
static uint32_t octave_whole(const struct spread *s, size_t i)
{
    return s->octave[i] & SPREAD_WHOLE ? s->octave[i] & ~SPREAD_WHOLE : 0;
}

static uint32_t octave_bucket(const struct spread *s, const struct spread_pool *p, size_t i, size_t k)
{
    if (s->octave[i] == 0 || s->octave[i] & SPREAD_WHOLE)
        return 0;
    return p->page[s->octave[i] - 1].bucket[k];
}

void spread_merge(struct spread *s, struct spread_pool *p, const struct spread *from)
{
    if (from->count == 0)
        return;
    widen(s, from->min, from->max);
    s->count += from->count;
    for (size_t i = 0; i < SPREAD_OCTAVES; i++) {
        if (octave_whole(from, i))
            bucket_add(s, p, i * PAGE_BUCKETS + PAGE_BUCKETS / 2, octave_whole(from, i));
        for (size_t k = 0; from->octave[i] && k < PAGE_BUCKETS; k++) {
            uint32_t n = octave_bucket(from, p, i, k);
            if (n)
                bucket_add(s, p, i * PAGE_BUCKETS + k, n);
        }
    }
}

/* The bucket in which the value of this rank is; counted from 1. */
static size_t bucket_of_rank(const struct spread *s, const struct spread_pool *p, uint64_t rank)
{
    uint64_t below = 0;
    size_t last = 0;
    for (size_t i = 0; i < SPREAD_OCTAVES; i++) {
        if (s->octave[i] == 0)
            continue;
        below += octave_whole(s, i);
        last = i * PAGE_BUCKETS + PAGE_BUCKETS / 2;
        if (below >= rank)
            return last;
        for (size_t k = 0; k < PAGE_BUCKETS; k++) {
            below += octave_bucket(s, p, i, k);
            if (octave_bucket(s, p, i, k))
                last = i * PAGE_BUCKETS + k;
            if (below >= rank)
                return last;
        }
    }
    return last;
}

uint32_t spread_quantile(const struct spread *s, const struct spread_pool *p, unsigned part, unsigned whole)
{
    if (s->count == 0)
        return 0;
    uint64_t rank = s->count / whole * part + (s->count % whole * part + whole - 1) / whole;
    uint32_t v = sketch_middle(bucket_of_rank(s, p, rank ? rank : 1));
    return v < s->min ? s->min : v > s->max ? s->max : v;
}
