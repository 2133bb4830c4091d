/*
 * Aligning two sequences: which elements of the one are elements of the other, in order, and which stand
 * alone.  `trace diff` asks it about events; it knows only 64-bit keys that are equal or not.
 *
 * Time and memory are bounded whatever the sequences are. Pieces that occur once in both are found first and
 * taken as anchors (as patience sorting finds them); what lies between two anchors is small as a rule and is
 * aligned with the fewest changes (E. Myers, "An O(ND) Difference Algorithm and Its Variations", the variant
 * that needs linear space). Where that would take too long, it goes on from the point that got furthest: the
 * answer is then still an alignment, but perhaps not the shortest.
 */
#ifndef RINGSIDE_TRACES_ALIGN_H
#define RINGSIDE_TRACES_ALIGN_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No sequence is longer: positions are kept in 32 bits. */
#define ALIGN_MAX (1u << 30)

struct align {
    const uint64_t *a, *b;
    size_t a_len, b_len;
    uint64_t mask;              /* keys are equal when they agree in these bits */
    uint8_t *a_alone, *b_alone; /* a byte an element, given by the caller; filled with 0 or 1 */
    bool open_end;  /* both go on behind what is given: what is left over of one at the end is free */
    bool shortened; /* set when some piece would have taken too long: see above */
};

/* Fills a_alone and b_alone: the elements with 0, of which there are as many in both, belong together in
 * their order. -1 when memory ran out. */
NODISCARD int align_run(struct align *al, struct err *e);

#endif
