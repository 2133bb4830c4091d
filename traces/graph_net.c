/*
 * A net of nodes and arrows, counted and folded: see graph_net.h.  Both tables are bounded, so that a trace
 * with millions of places costs no more memory than one with thousands, and everything is ordered by count
 * and then by appearance, so that the same trace gives the same picture.
 */
#include "traces/graph_net.h"

#include <stdlib.h>

#define KIND_BITS 4
#define NODE_BITS 20
#define KIND_MASK ((1u << KIND_BITS) - 1)
#define NODE_MASK ((1u << NODE_BITS) - 1)

/* An arrow's key: from, to, kind. */
static uint32_t edge_from(uint64_t key)
{
    return (uint32_t)(key >> (KIND_BITS + NODE_BITS)) & NODE_MASK;
}

static uint32_t edge_to(uint64_t key)
{
    return (uint32_t)(key >> KIND_BITS) & NODE_MASK;
}

static uint64_t edge_key(uint32_t from, uint32_t to, unsigned kind)
{
    return ((uint64_t)from << NODE_BITS | to) << KIND_BITS | kind;
}

/* ---- counts by key ------------------------------------------------------------------------------- */

#define EDGES_MAX 65536

/* The slot that holds the key, or the free one where it belongs. */
static struct net_count *counts_slot(const struct net_counts *c, uint64_t key)
{
    size_t s = (size_t)(key * 0x9e3779b97f4a7c15u >> 24) & (c->slots - 1);
    while (c->slot[s].count && c->slot[s].key != key)
        s = (s + 1) & (c->slots - 1);
    return &c->slot[s];
}

/* Twice the slots; the table is never more than half full. */
static bool counts_grow(struct net_counts *c)
{
    struct net_counts more = {.slots = c->slots ? c->slots * 2 : 256, .used = c->used, .rest = c->rest};
    more.slot = calloc(more.slots, sizeof *more.slot);
    if (!more.slot) {
        c->failed = true;
        return false;
    }
    for (size_t i = 0; i < c->slots; i++)
        if (c->slot[i].count)
            *counts_slot(&more, c->slot[i].key) = c->slot[i];
    free(c->slot);
    *c = more;
    return true;
}

static void counts_add(struct net_counts *c, uint64_t key, uint64_t count)
{
    struct net_count *slot = c->slots ? counts_slot(c, key) : NULL;
    if (!slot || !slot->count) {
        if (c->used == EDGES_MAX || (c->used * 2 >= c->slots && !counts_grow(c))) {
            c->rest += count;
            return;
        }
        slot = counts_slot(c, key);
        slot->key = key;
        c->used++;
    }
    slot->count += count;
}

/* ---- counting ------------------------------------------------------------------------------------ */

uint32_t net_see(struct net *n, uint64_t key, const struct event *ev)
{
    return (uint32_t)tally_see(&n->nodes, key, ev);
}

struct tally_row *net_node(struct net *n, uint32_t node)
{
    return node == NET_REST ? &n->nodes.rest : &n->nodes.rows[node];
}

void net_connect(struct net *n, uint32_t from, uint32_t to, unsigned kind)
{
    counts_add(&n->edges, edge_key(from, to, kind), 1);
}

/* ---- regrouping ---------------------------------------------------------------------------------- */

int net_regroup(struct net *n, uint64_t (*group)(const void *ctx, uint64_t key), const void *ctx,
                struct err *e)
{
    struct net new = {.special_plain = n->special_plain};
    uint32_t *to = malloc((n->nodes.count + 1) * sizeof *to);
    if (!to)
        return err_set(e, "out of memory while drawing");
    for (size_t i = 0; i < n->nodes.count; i++)
        to[i] = (uint32_t)tally_add(&new.nodes, group(ctx, n->nodes.rows[i].key), &n->nodes.rows[i]);
    new.nodes.rest = n->nodes.rest;
    for (size_t i = 0; i < n->edges.slots; i++) {
        const struct net_count *c = &n->edges.slot[i];
        uint32_t a = edge_from(c->key), b = edge_to(c->key);
        uint32_t x = a < NET_REST ? to[a] : a, y = b < NET_REST ? to[b] : b;
        if (c->count && x != y)
            counts_add(&new.edges, edge_key(x, y, c->key & KIND_MASK), c->count);
    }
    new.edges.rest += n->edges.rest;
    free(to);
    net_fini(n);
    *n = new;
    return n->nodes.failed || n->edges.failed ? err_set(e, "out of memory while drawing") : 0;
}

/* ---- folding ------------------------------------------------------------------------------------- */

uint32_t net_place(const struct net *n, uint32_t node)
{
    if (node >= NET_SPECIAL)
        return n->special_as[node - NET_SPECIAL] ? n->special_as[node - NET_SPECIAL] : node;
    return node == NET_REST ? (uint32_t)n->shown : n->place[node];
}

const struct tally_row *net_row(const struct net *n, size_t place)
{
    return &n->nodes.rows[n->order[place]];
}

static int node_order(const void *a, const void *b, void *ctx)
{
    const struct net *n = ctx;
    uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
    uint64_t x = n->weight ? n->weight[i] : n->nodes.rows[i].count;
    uint64_t y = n->weight ? n->weight[k] : n->nodes.rows[k].count;
    return x != y ? (x < y ? 1 : -1) : i < k ? -1 : i > k;
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
        qsort_r(n->order, count, sizeof *n->order, node_order, n);
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
        n->other.also += row->also;
    }
    return true;
}

size_t net_fold_special(struct net *n, uint64_t *count, size_t counts, size_t max, uint32_t other)
{
    size_t used = 0, folded = 0;
    for (size_t i = 0; i < counts; i++)
        used += count[i] != 0;
    if (used <= max + 1)
        return 0;
    for (; used > max; used--, folded++) {
        size_t least = counts;
        for (size_t i = 0; i < counts; i++)
            if (count[i] && (least == counts || count[i] <= count[least]))
                least = i;
        n->special_as[least] = NET_SPECIAL + other;
        count[other] += count[least];
        count[least] = 0;
    }
    return folded;
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
    struct net_edge *edge = calloc(n->edges.used + 1, sizeof *edge);
    size_t all = 0, count = 0;
    if (!edge)
        return false;
    for (size_t i = 0; i < n->edges.slots; i++) {
        const struct net_count *c = &n->edges.slot[i];
        if (c->count)
            edge[all++] = (struct net_edge){.from = net_place(n, edge_from(c->key)),
                                            .to = net_place(n, edge_to(c->key)),
                                            .kind = c->key & KIND_MASK,
                                            .count = c->count};
    }
    qsort(edge, all, sizeof *edge, edge_by_ends);
    for (size_t i = 0; i < all; i++)
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
        bool special = x->from >= NET_SPECIAL || x->to >= NET_SPECIAL;
        x->keep = !has_out[from] || !has_in[to] || (special && !n->special_plain);
        has_out[from] = has_in[to] = true;
    }
    for (size_t i = 0; i < n->edge_count; i++) {
        struct net_edge *x = &n->edge[i];
        bool other = x->from == n->shown || x->to == n->shown; /* it would have an arrow to everybody */
        if (!x->keep && room && !other) {
            x->keep = true;
            room--;
        }
        n->dropped += x->keep ? 0 : x->count;
    }
    n->dropped += n->edges.rest;
    free(has_out);
    return true;
}

#define ROW_WIDTH 8 /* ends of one node's arrows in a row */
#define ROWS_MAX  8

/* Deals the ends of each node's arrows out to as many rows as they need. */
static bool edges_spread(struct net *n)
{
    size_t places = n->shown + 1 + NET_SPECIAL_MAX;
    unsigned *out = calloc(places, 2 * sizeof *out);
    if (!out)
        return false;
    unsigned *dealt = out + places;
    for (size_t i = 0; i < n->edge_count; i++)
        out[place_index(n, n->edge[i].from)] += n->edge[i].keep;
    for (size_t i = 0; i < n->edge_count; i++) {
        struct net_edge *x = &n->edge[i];
        size_t from = place_index(n, x->from);
        unsigned rows = 1 + (out[from] - (out[from] != 0)) / ROW_WIDTH;
        x->rows = 1 + dealt[from] % (rows < ROWS_MAX ? rows : ROWS_MAX);
        dealt[from] += x->keep;
    }
    free(out);
    return true;
}

int net_fold(struct net *n, size_t max, size_t per_node, struct err *e)
{
    if (n->nodes.failed || n->edges.failed || !nodes_fold(n, max) || !edges_merge(n) ||
        !edges_choose(n, per_node) || !edges_spread(n))
        return err_set(e, "out of memory while drawing");
    return 0;
}

const struct net_edge *net_twin(const struct net *n, const struct net_edge *edge, unsigned kind)
{
    for (size_t i = 0; i < n->edge_count; i++)
        if (n->edge[i].from == edge->from && n->edge[i].to == edge->to && n->edge[i].kind == kind)
            return &n->edge[i];
    return NULL;
}

void net_legend(const struct net_style *style, struct text *legend)
{
    text_addf(
        legend,
        "<TR><TD ALIGN=\"LEFT\" WIDTH=\"50\"><FONT FACE=\"" DOT_MONO
        "\" POINT-SIZE=\"13\" COLOR=\"%s\">%s</FONT></TD><TD ALIGN=\"LEFT\" BALIGN=\"LEFT\" WIDTH=\"510\">",
        style->colour, style->sample);
    dot_font(legend, 11, DOT_INK);
    text_add(legend, style->meaning);
    dot_font_end(legend);
    text_add(legend, "<BR ALIGN=\"LEFT\"/></TD></TR>");
}

void net_fini(struct net *n)
{
    tally_fini(&n->nodes);
    free(n->edges.slot);
    free(n->order);
    free(n->place);
    free(n->edge);
    *n = (struct net){0};
}
