/*
 * Places in the guest's code, as nodes of a picture: a function where the trace has a symbol, else an
 * address.
 */
#ifndef RINGSIDE_TRACES_GRAPH_PLACE_H
#define RINGSIDE_TRACES_GRAPH_PLACE_H

#include "traces/graph.h"

#define PLACE_MEMO 1024

/* All zeros and `names` is a valid one. */
struct places {
    const struct event_names *names;
    struct {
        uint64_t linear, start; /* linear + 1, or 0: not used; where its function begins */
        bool symbol;
    } memo[PLACE_MEMO];
};

/* Where the function begins that the linear address lies in, *symbol true; the address itself when no symbol
 * is there. */
uint64_t place_of(struct places *p, uint64_t linear, bool *symbol);

/* Is this what place_of gives for a function? */
bool place_is_symbol(const struct event_names *names, uint64_t start);

/* Appends a place's name: `main`, `0x7c00`. */
void place_name(const struct event_names *names, uint64_t start, struct text *out);

#endif
