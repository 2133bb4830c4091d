/*
 * A net of nodes and arrows, counted: what the pictures with boxes and arrows have in common. A picture names
 * its nodes by a key while it reads the trace; afterwards the net is folded to as many boxes as shall be
 * drawn, the rarest becoming one, and the strongest arrows between those are chosen.
 */
#ifndef RINGSIDE_TRACES_GRAPH_NET_H
#define RINGSIDE_TRACES_GRAPH_NET_H

#include "traces/graph.h"

/* Numbers of nodes: below NET_REST they count up from 0 by appearance. NET_REST is everything past the limit
 * of the table. From NET_SPECIAL on they are the picture's own (a start, an end), which are always drawn. */
enum { NET_REST = TALLY_ROWS_MAX, NET_SPECIAL, NET_SPECIAL_MAX = 1024 };

/* An arrow between two drawn nodes: from and to are places in net.order, net.shown for the box "other", and
 * NET_SPECIAL and up as they were. */
struct net_edge {
    uint32_t from, to, kind; /* kind: the picture's own, 0 to 15 */
    uint64_t count;
    bool keep;     /* chosen to be drawn */
    unsigned rows; /* how many rows it shall span at least (Graphviz's minlen): a node with dozens of arrows
                      would else have all their ends in one very wide row */
};

/* Arrows are many, and one is counted for each event: a table of nothing but keys and counts, which stays in
 * the CPU's caches longer than a tally would. */
struct net_counts {
    struct net_count {
        uint64_t key, count; /* count 0: free */
    } * slot;
    size_t slots, used;
    uint64_t rest; /* of keys past the limit */
    bool failed;
};

/* All zeros is a valid empty one. */
struct net {
    struct tally nodes;
    struct net_counts edges;
    const uint64_t *weight;               /* by number: what a node is ranked by; NULL: its count */
    uint32_t special_as[NET_SPECIAL_MAX]; /* the special node that this one is drawn as, 0: itself */
    bool special_plain; /* arrows of special nodes are chosen like others, and not kept always */
    /* after net_fold */
    uint32_t *order; /* of the drawn nodes: the number in nodes.rows, most frequent first */
    size_t shown;
    uint32_t *place;        /* of every node: where it is in `order`, or `shown` */
    size_t folded;          /* nodes behind the box "other", not counting those past the limit */
    struct tally_row other; /* their sum */
    struct net_edge *edge;  /* strongest first */
    size_t edge_count;
    uint64_t dropped; /* sum of the arrows that were not chosen, or not counted one by one */
};

/* Counts the event for the node with this key; returns its number. */
uint32_t net_see(struct net *n, uint64_t key, const struct event *ev);

/* The row of a node by its number. */
struct tally_row *net_node(struct net *n, uint32_t node);

/* Puts all nodes whose keys have the same group together, as one with that key. Arrows that come to lie
 * inside a group are gone. */
NODISCARD int net_regroup(struct net *n, uint64_t (*group)(const void *ctx, uint64_t key), const void *ctx,
                          struct err *e);

/* Counts an arrow. */
void net_connect(struct net *n, uint32_t from, uint32_t to, unsigned kind);

/* The drawn place of a node's number, as in net_edge. */
uint32_t net_place(const struct net *n, uint32_t node);

/* The row of the drawn node at this place. */
const struct tally_row *net_row(const struct net *n, size_t place);

/* Before net_fold: of the special nodes with a count, only the `max` largest are drawn as themselves (or one
 * more), and the others as the special node NET_SPECIAL + `other`, whose count becomes their sum. Returns how
 * many. */
size_t net_fold_special(struct net *n, uint64_t *count, size_t counts, size_t max, uint32_t other);

/* The arrow of this kind between the same ends as `edge`, or NULL. */
const struct net_edge *net_twin(const struct net *n, const struct net_edge *edge, unsigned kind);

/* Folds to at most `max` boxes (one more when that spares folding a single node), and chooses arrows: every
 * node keeps its strongest way in and out, so that the picture stays in one piece, every arrow of the special
 * nodes is kept, and `per_node` arrows for each node go by strength. -1 when memory ran out. */
NODISCARD int net_fold(struct net *n, size_t max, size_t per_node, struct err *e);

void net_fini(struct net *n);

/* ---- how arrows are drawn ------------------------------------------------------------------------ */

/* A kind of arrow: Graphviz's attributes, and how it looks in a line of the legend. */
struct net_style {
    const char *attributes; /* `style=dashed` */
    const char *colour;
    const char *sample;  /* `━━▶` */
    const char *verb;    /* from the one end to the other, in a sentence: `calls` */
    const char *meaning; /* in the legend */
};

/* Appends a row of two columns to a legend, for a kind of arrow. */
void net_legend(const struct net_style *style, struct text *legend);

#endif
