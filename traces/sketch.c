/*
 * A log-linear histogram: see sketch.h.
 */
#include "traces/sketch.h"

#define SKETCH_LINEAR (1u << SKETCH_BITS)

uint32_t sketch_middle(size_t bucket)
{
    if (bucket < SKETCH_LINEAR)
        return (uint32_t)bucket;
    unsigned shift = (unsigned)(bucket >> SKETCH_BITS) - 1;
    uint32_t low = (uint32_t)((bucket & (SKETCH_LINEAR - 1)) + SKETCH_LINEAR) << shift;
    return low + ((1u << shift) >> 1);
}

void sketch_add(struct sketch *s, uint32_t v)
{
    if (s->count == 0 || v < s->min)
        s->min = v;
    if (v > s->max)
        s->max = v;
    s->count++;
    s->bucket[sketch_bucket(v)]++;
}

uint32_t sketch_quantile(const struct sketch *s, unsigned part, unsigned whole)
{
    uint64_t rank = s->count / whole * part + (s->count % whole * part + whole - 1) / whole, below = 0;
    for (size_t i = 0; s->count && i < SKETCH_BUCKETS; i++) {
        below += s->bucket[i];
        if (below < rank || below == 0)
            continue;
        uint32_t v = sketch_middle(i);
        return v < s->min ? s->min : v > s->max ? s->max : v;
    }
    return 0;
}
