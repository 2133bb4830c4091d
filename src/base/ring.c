/*
 * A ring buffer that forgets: see ring.h.
 */
#include "base/ring.h"

#include <errno.h>
#include <stdlib.h>

int ring_init(struct ring *r, size_t item_len, size_t cap, struct err *e)
{
    *r = (struct ring){.items = calloc(cap, item_len), .item_len = item_len, .cap = cap};
    return r->items ? 0 : err_sys(e, ENOMEM, "ring of %zu items", cap);
}

void ring_fini(struct ring *r)
{
    free(r->items);
    *r = (struct ring){0};
}

void *ring_push(struct ring *r)
{
    return r->items + (r->total++ & (r->cap - 1)) * r->item_len;
}

size_t ring_count(const struct ring *r)
{
    return r->total < r->cap ? (size_t)r->total : r->cap;
}

const void *ring_back(const struct ring *r, size_t back)
{
    if (back >= ring_count(r))
        return NULL;
    return r->items + ((r->total - 1 - back) & (r->cap - 1)) * r->item_len;
}
