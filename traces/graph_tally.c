/*
 * Counting by key: a hash table with open addressing whose rows stay in an array, so that they can be sorted
 * by frequency and still be found.  The pictures use it to learn which exits, addresses and vectors a trace
 * holds before they decide which of them to draw.
 */
#include "traces/graph.h"

#include <stdlib.h>

void tally_fini(struct tally *t)
{
    free(t->rows);
    free(t->slots);
    *t = (struct tally){0};
}

/* Spreads the key over all bits (Fibonacci hashing): keys differ mostly in a few of them. */
static size_t tally_start(const struct tally *t, uint64_t key)
{
    return (size_t)((key * 0x9e3779b97f4a7c15u) >> 20) & (t->slot_count - 1);
}

/* The slot that holds the key, or the free one where it belongs. Slots hold row index + 1. */
static size_t tally_slot(const struct tally *t, uint64_t key)
{
    size_t s = tally_start(t, key);
    while (t->slots[s] && t->rows[t->slots[s] - 1].key != key)
        s = (s + 1) & (t->slot_count - 1);
    return s;
}

static void tally_index(struct tally *t)
{
    for (size_t s = 0; s < t->slot_count; s++)
        t->slots[s] = 0;
    for (size_t i = 0; i < t->count; i++)
        t->slots[tally_slot(t, t->rows[i].key)] = (uint32_t)(i + 1);
}

/* Room for twice the rows, in four times as many slots: the table is never more than a quarter full. */
static bool tally_grow(struct tally *t)
{
    size_t cap = t->cap ? t->cap * 2 : 64;
    struct tally_row *rows = realloc(t->rows, cap * sizeof *rows);
    if (rows)
        t->rows = rows;
    uint32_t *slots = rows ? malloc(cap * 4 * sizeof *slots) : NULL;
    if (!slots) {
        t->failed = true;
        return false;
    }
    free(t->slots);
    t->slots = slots;
    t->slot_count = cap * 4;
    t->cap = cap;
    tally_index(t);
    return true;
}

static struct tally_row *tally_row(struct tally *t, uint64_t key, const struct event *ev)
{
    size_t s = t->slot_count ? tally_slot(t, key) : 0;
    if (t->slot_count && t->slots[s])
        return &t->rows[t->slots[s] - 1];
    if (t->count == TALLY_ROWS_MAX)
        return &t->rest;
    if (t->count == t->cap) {
        if (!tally_grow(t))
            return &t->rest;
        s = tally_slot(t, key);
    }
    t->rows[t->count] = (struct tally_row){.key = key, .first = *ev};
    t->slots[s] = (uint32_t)++t->count;
    return &t->rows[t->count - 1];
}

size_t tally_see(struct tally *t, uint64_t key, const struct event *ev)
{
    struct tally_row *row = tally_row(t, key, ev);
    row->count++;
    row->host_ns += ev->host_ns;
    row->bytes += (uint64_t)ev->size * ev->count;
    return row == &t->rest ? TALLY_ROWS_MAX : (size_t)(row - t->rows);
}

size_t tally_add(struct tally *t, uint64_t key, const struct tally_row *more)
{
    struct tally_row *row = tally_row(t, key, &more->first);
    row->count += more->count;
    row->host_ns += more->host_ns;
    row->bytes += more->bytes;
    row->also += more->also;
    return row == &t->rest ? TALLY_ROWS_MAX : (size_t)(row - t->rows);
}

static int tally_order(const void *a, const void *b)
{
    const struct tally_row *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    if (x->first.seq != y->first.seq)
        return x->first.seq < y->first.seq ? -1 : 1;
    return x->key < y->key ? -1 : x->key > y->key;
}

void tally_sort(struct tally *t)
{
    if (t->count == 0)
        return;
    qsort(t->rows, t->count, sizeof *t->rows, tally_order);
    tally_index(t);
}

long tally_find(const struct tally *t, uint64_t key)
{
    if (t->slot_count == 0)
        return -1;
    return (long)t->slots[tally_slot(t, key)] - 1;
}
