/*
 * What graph_calls.c counts and graph_calls_draw.c draws: functions, who called them, and the instructions in
 * them.
 */
#ifndef RINGSIDE_TRACES_GRAPH_CALLS_H
#define RINGSIDE_TRACES_GRAPH_CALLS_H

#include "traces/graph_net.h"
#include "traces/graph_place.h"
#include "traces/graph_step.h"

/* Kinds of arrows. */
enum calls_way { CALLS_CALL, CALLS_JUMP, CALLS_ENTER, CALLS_WAYS };

/* What begins a chain of calls, as special nodes of the net: the trace's own beginning, an interrupt or INT n
 * by its vector, an exception (whose vector no event tells). */
enum {
    ROOT_START,
    ROOT_EXCEPTION,
    ROOT_IRQ,
    ROOT_INT = ROOT_IRQ + 256,
    ROOT_OTHER = ROOT_INT + 256,
    ROOT_COUNT
};
_Static_assert((int)ROOT_COUNT <= (int)NET_SPECIAL_MAX, "each root is a special node");

#define CALLS_DEPTH_MAX 4096

/* A function, by its number in the net. */
struct calls_node {
    uint64_t calls, total; /* total: instructions in it and in what it called */
    uint64_t depth,
        since; /* how often it is on stacks now, and the count of instructions when the first came */
    uint64_t deepest;
};

struct calls_frame {
    uint32_t node;
    bool interrupt;  /* entered by an interrupt or an exception: IRET leaves it */
    uint64_t linear; /* the caller's last instruction, or where it was interrupted */
};

/* The shadow stack of a vCPU. */
struct calls_cpu {
    struct calls_frame *frame; /* CALLS_DEPTH_MAX of them, once used */
    unsigned depth;
    unsigned mode; /* of the last step */
};

struct calls {
    struct graph *graph;
    struct net net; /* count: instructions of the function itself */
    struct places places;
    struct step_walk walk;
    struct calls_cpu cpu[256];
    struct calls_node *node; /* of the net's nodes, and of NET_REST at the end */
    size_t node_cap;
    uint64_t steps, events, lost; /* lost: calls deeper than CALLS_DEPTH_MAX */
    uint64_t root[ROOT_COUNT];    /* how often each began a chain */
    size_t other_roots;           /* drawn as one */
    struct event irq[256];        /* the first of each vector */
    uint64_t *weight;
    bool way_seen[CALLS_WAYS];
    bool failed;
};

void calls_draw(struct calls *c);

#endif
