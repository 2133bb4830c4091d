/*
 * A sketch of many durations in little memory: a histogram whose buckets grow with the values, 32 of them for
 * every doubling.  Counts, smallest and largest are exact; a percentile is wrong by at most one part in 64.
 * Adding costs a few instructions and two sketches of any number of values take the same 7 KiB each.
 */
#ifndef RINGSIDE_TRACES_SKETCH_H
#define RINGSIDE_TRACES_SKETCH_H

#include <stddef.h>
#include <stdint.h>

#define SKETCH_BITS    5 /* buckets for every doubling: 1 << 5 */
#define SKETCH_BUCKETS ((32 - SKETCH_BITS + 1) << SKETCH_BITS)

/* The bucket of a value. Values below 32 have one each; above, the position of the highest bit and the five
 * bits behind it name it, as in a floating-point number with a very short mantissa. */
static inline size_t sketch_bucket(uint32_t v)
{
    if (v < 1u << SKETCH_BITS)
        return v;
    unsigned shift = 31u - (unsigned)__builtin_clz(v) - SKETCH_BITS;
    return ((size_t)shift << SKETCH_BITS) + (v >> shift);
}

/* The middle of a bucket's values. */
uint32_t sketch_middle(size_t bucket);

/* All zeros is a valid empty sketch. */
struct sketch {
    uint64_t count;
    uint32_t min, max;
    uint64_t bucket[SKETCH_BUCKETS];
};

void sketch_add(struct sketch *s, uint32_t v);

/* The value that `part` of `whole` values do not exceed (1 of 2: the median; 99 of 100: p99). 0 when empty.
 */
uint32_t sketch_quantile(const struct sketch *s, unsigned part, unsigned whole);

#endif
