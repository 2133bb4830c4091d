/*
 * A net of nodes and arrows, counted and folded: see graph_net.h.  Both tables are bounded, so that a trace
 * with millions of places costs no more memory than one with thousands, and everything is ordered by count
 * and then by appearance, so that the same trace gives the same picture.
 */
#include "traces/graph_net.h"

#include <stdlib.h>

#define KIND_BITS 4
#define NODE_BITS 20

/* ---- counting ------------------------------------------------------------------------------------ */

uint32_t net_see(struct net *n, uint64_t key, const struct event *ev)
{
    return (uint32_t)tally_see(&n->nodes, key, ev);
}

void net_connect(struct net *n, uint32_t from, uint32_t to, unsigned kind, const struct event *ev)
{
    uint64_t key = ((uint64_t)from << NODE_BITS | to) << KIND_BITS | kind;
    tally_see(&n->edges, key, ev);
}

/* ---- folding ------------------------------------------------------------------------------------- */

uint32_t net_place(const struct net *n, uint32_t node)
{
    return node >= NET_SPECIAL ? node : node == NET_REST ? (uint32_t)n->shown : n->place[node];
}

const struct tally_row *net_row(const struct net *n, size_t place)
{
    return &n->nodes.rows[n->order[place]];
}

static int node_order(const void *a, const void *b, void *ctx)
{
    const struct tally_row *rows = ctx;
    uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
    if (rows[i].count != rows[k].count)
        return rows[i].count < rows[k].count ? 1 : -1;
    return i < k ? -1 : i > k;
}

static bool nodes_fold(struct net *n, size_t max)
{
    size_t count = n->nodes.count;
    n->order = malloc((count + 1) * sizeof *n->order);
    n->place = malloc((count + 1) * sizeof *n->place);
    if (!n->order || !n->place)
        return false;
    for (size_t i = 0; i < count; i++)
        n->order[i] = (uint32_t)i;
    if (count)
        qsort_r(n->order, count, sizeof *n->order, node_order, n->nodes.rows);
    n->shown = count <= max + 1 ? count : max;
    n->folded = count - n->shown;
    n->other = n->nodes.rest;
    for (size_t i = 0; i < count; i++) {
        const struct tally_row *row = net_row(n, i);
        n->place[n->order[i]] = (uint32_t)(i < n->shown ? i : n->shown);
        if (i < n->shown)
            continue;
        n->other.count += row->count;
        n->other.host_ns += row->host_ns;
        n->other.bytes += row->bytes;
    }
    return true;
}

/* ---- arrows -------------------------------------------------------------------------------------- */

static int edge_by_ends(const void *a, const void *b)
{
    const struct net_edge *x = a, *y = b;
    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    if (x->to != y->to)
        return x->to < y->to ? -1 : 1;
    return x->kind < y->kind ? -1 : x->kind > y->kind;
}

static int edge_by_count(const void *a, const void *b)
{
    const struct net_edge *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return edge_by_ends(a, b);
}

/* The same arrows between drawn places, those with the same ends as one. */
static bool edges_merge(struct net *n)
{
    const uint32_t node_mask = (1u << NODE_BITS) - 1;
    struct net_edge *edge = calloc(n->edges.count + 1, sizeof *edge);
    if (!edge)
        return false;
    for (size_t i = 0; i < n->edges.count; i++) {
        uint64_t key = n->edges.rows[i].key;
        edge[i].kind = key & ((1u << KIND_BITS) - 1);
        edge[i].to = net_place(n, (uint32_t)(key >> KIND_BITS) & node_mask);
        edge[i].from = net_place(n, (uint32_t)(key >> (KIND_BITS + NODE_BITS)) & node_mask);
        edge[i].count = n->edges.rows[i].count;
    }
    qsort(edge, n->edges.count, sizeof *edge, edge_by_ends);
    size_t count = 0;
    for (size_t i = 0; i < n->edges.count; i++)
        if (count && edge_by_ends(&edge[count - 1], &edge[i]) == 0)
            edge[count - 1].count += edge[i].count;
        else
            edge[count++] = edge[i];
    qsort(edge, count, sizeof *edge, edge_by_count);
    n->edge = edge;
    n->edge_count = count;
    return true;
}

/* A place as an index of a small array: special nodes come behind "other". */
static size_t place_index(const struct net *n, uint32_t place)
{
    return place < NET_SPECIAL ? place : n->shown + 1 + (place - NET_SPECIAL);
}

static bool edges_choose(struct net *n, size_t per_node)
{
    size_t room = per_node * (n->shown + 2);
    bool *has_out = calloc(n->shown + 1 + NET_SPECIAL_MAX, 2 * sizeof *has_out);
    if (!has_out)
        return false;
    bool *has_in = has_out + n->shown + 1 + NET_SPECIAL_MAX;
    for (size_t i = 0; i < n->edge_count; i++) {
        struct net_edge *x = &n->edge[i];
        size_t from = place_index(n, x->from), to = place_index(n, x->to);
        x->keep = !has_out[from] || !has_in[to] || x->from >= NET_SPECIAL || x->to >= NET_SPECIAL;
        has_out[from] = has_in[to] = true;
    }
    for (size_t i = 0; i < n->edge_count; i++) {
        struct net_edge *x = &n->edge[i];
        if (!x->keep && room) {
            x->keep = true;
            room--;
        }
        n->dropped += x->keep ? 0 : x->count;
    }
    n->dropped += n->edges.rest.count;
    free(has_out);
    return true;
}

int net_fold(struct net *n, size_t max, size_t per_node, struct err *e)
{
    if (n->nodes.failed || n->edges.failed || !nodes_fold(n, max) || !edges_merge(n) ||
        !edges_choose(n, per_node))
        return err_set(e, "out of memory while drawing");
    return 0;
}

void net_fini(struct net *n)
{
    tally_fini(&n->nodes);
    tally_fini(&n->edges);
    free(n->order);
    free(n->place);
    free(n->edge);
    *n = (struct net){0};
}
