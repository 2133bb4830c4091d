/*
 * A ring buffer that forgets: it keeps the newest `cap` items and overwrites the oldest.  The last events
 * before a guest died are kept in one, which is why a post-mortem can tell a story even when nobody asked for
 * a trace.
 */
#ifndef RINGSIDE_BASE_RING_H
#define RINGSIDE_BASE_RING_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* Items of `item_len` bytes; `total` counts all that were ever put in. */
struct ring {
    uint8_t *items;
    size_t item_len, cap;
    uint64_t total;
};

/* Makes room for `cap` (a power of two) items. Fails only for lack of memory. */
NODISCARD int ring_init(struct ring *r, size_t item_len, size_t cap, struct err *e);
void ring_fini(struct ring *r);

/* The slot for the next item, to be filled in place; the oldest item is given up for it. */
void *ring_push(struct ring *r);

/* How many items it holds now. */
size_t ring_count(const struct ring *r);

/* The item `back` places before the newest (0 = the newest), or NULL when it is not there. */
const void *ring_back(const struct ring *r, size_t back);

#endif
