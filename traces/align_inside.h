/*
 * Inside the alignment: a piece of both sequences, and the two ways to align it.
 */
#ifndef RINGSIDE_TRACES_ALIGN_INSIDE_H
#define RINGSIDE_TRACES_ALIGN_INSIDE_H

#include "traces/align.h"

/* a[a0] to a[a1 - 1] against b[b0] to b[b1 - 1]. */
struct align_box {
    size_t a0, a1, b0, b1;
};

static inline bool align_same(const struct align *al, size_t i, size_t k)
{
    return ((al->a[i] ^ al->b[k]) & al->mask) == 0;
}

/* The box at an open end is not held to align its last elements. */
static inline bool align_is_open(const struct align *al, struct align_box box)
{
    return al->open_end && box.a1 == al->a_len && box.b1 == al->b_len;
}

/* Takes what is equal off both ends. */
static inline struct align_box align_trim(const struct align *al, struct align_box box)
{
    while (box.a0 < box.a1 && box.b0 < box.b1 && align_same(al, box.a0, box.b0)) {
        box.a0++;
        box.b0++;
    }
    bool open = align_is_open(al, box);
    while (!open && box.a0 < box.a1 && box.b0 < box.b1 && align_same(al, box.a1 - 1, box.b1 - 1)) {
        box.a1--;
        box.b1--;
    }
    return box;
}

/* Aligns a box with the fewest changes, or nearly so. Needs no memory but a little of the stack. */
void align_shortest(struct align *al, struct align_box box);

#endif
