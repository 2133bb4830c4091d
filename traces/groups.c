/*
 * A hash table with open addressing over an array of groups: see groups.h.
 */
#include "traces/groups.h"

#include <stdlib.h>
#include <string.h>

void group_row_add(struct group_row *row, struct spread_pool *pool, const struct event *ev)
{
    row->count++;
    row->host_ns += ev->host_ns;
    row->guest_ns += ev->guest_ns;
    spread_add(&row->host, pool, ev->host_ns);
}

void group_row_merge(struct group_row *row, struct spread_pool *pool, const struct group_row *from)
{
    row->count += from->count;
    row->host_ns += from->host_ns;
    row->guest_ns += from->guest_ns;
    spread_merge(&row->host, pool, &from->host);
}

void groups_free(struct groups *g)
{
    free(g->group);
    free(g->slot);
    *g = (struct groups){.width = g->width, .limit = g->limit};
}

static uint64_t key_hash(const uint64_t *key, size_t width)
{
    uint64_t h = 0;
    for (size_t i = 0; i < width; i++) {
        h = (h ^ key[i]) * 0x9e3779b97f4a7c15;
        h ^= h >> 32;
    }
    return h;
}

/* The slot that holds the key, or the free one where it belongs. There is always a free one. */
static size_t slot_find(const struct groups *g, const uint64_t *key)
{
    size_t s = key_hash(key, g->width) & (g->slot_count - 1);
    while (g->slot[s] && memcmp(g->group[g->slot[s] - 1].key, key, g->width * sizeof *key) != 0)
        s = (s + 1) & (g->slot_count - 1);
    return s;
}

/* Room for twice the groups, in slots of which a quarter is used. */
static bool groups_grow(struct groups *g)
{
    size_t cap = g->cap ? 2 * g->cap : 64;
    struct group *grown = realloc(g->group, cap * sizeof *grown);
    uint32_t *slot = grown ? calloc(4 * cap, sizeof *slot) : NULL;
    if (grown)
        g->group = grown;
    if (!slot)
        return false;
    free(g->slot);
    g->slot = slot;
    g->slot_count = 4 * cap;
    g->cap = cap;
    for (size_t i = 0; i < g->count; i++)
        g->slot[slot_find(g, g->group[i].key)] = (uint32_t)i + 1;
    return true;
}

struct group *groups_find(struct groups *g, const uint64_t *key)
{
    size_t s = g->slot_count ? slot_find(g, key) : 0;
    if (g->slot_count && g->slot[s])
        return &g->group[g->slot[s] - 1];
    if (g->count == g->limit || g->failed)
        return NULL;
    if (g->count == g->cap) {
        if (!groups_grow(g)) {
            g->failed = true;
            return NULL;
        }
        s = slot_find(g, key);
    }
    struct group *made = &g->group[g->count];
    *made = (struct group){0};
    memcpy(made->key, key, g->width * sizeof *key);
    g->slot[s] = (uint32_t)++g->count;
    return made;
}
