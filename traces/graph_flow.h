/*
 * What graph_flow.c counts and graph_flow_draw.c draws: pieces of code, the ways between them, and the
 * devices they touch.
 */
#ifndef RINGSIDE_TRACES_GRAPH_FLOW_H
#define RINGSIDE_TRACES_GRAPH_FLOW_H

#include "traces/graph_net.h"
#include "traces/graph_place.h"
#include "traces/graph_step.h"

/* Kinds of arrows. Those of accesses lead from code to NET_SPECIAL + device, whichever way the data went. */
enum flow_way {
    FLOW_CALL,
    FLOW_JUMP,
    FLOW_AFTER,
    FLOW_INTERRUPT,
    FLOW_NEXT_EXIT,
    FLOW_OUT,
    FLOW_IN,
    FLOW_WAYS
};

/* A device of any number, and all those that share a box. */
enum { FLOW_DEVICE_OTHER = 256, FLOW_DEVICES };

/* What code without symbols is divided into. */
enum flow_unit {
    FLOW_PIECES,  /* basic blocks; without steps: single instructions that caused exits */
    FLOW_ENTRIES, /* from an address that was called to the next such */
    FLOW_CHUNKS   /* pieces of equal size */
};

#define FLOW_HELD_MAX  8
#define FLOW_DEPTH_MAX 64 /* calls and interrupts that are remembered; of more, the last */

/* Where a call or an interrupt left from. */
struct flow_frame {
    uint64_t linear; /* of the last instruction */
    uint64_t start;
    uint32_t node;
    bool symbol;
};

/* A vCPU: where it is, and accesses of an instruction whose step is still to come. */
struct flow_cpu {
    bool here;     /* node and start are known */
    bool symbol;   /* in a function that has a name */
    uint32_t node; /* in the net */
    uint64_t start;
    unsigned depth;
    struct flow_frame frame[FLOW_DEPTH_MAX];
    unsigned held_count;
    struct event held[FLOW_HELD_MAX];
};

struct flow {
    struct graph *graph;
    struct net net; /* count: instructions, or exits of code that was not stepped; also: exits */
    struct places places;
    struct step_walk walk;
    struct flow_cpu cpu[256];
    uint64_t steps, exits, nowhere;               /* events; exits whose place is not known */
    uint64_t in[FLOW_DEVICES], out[FLOW_DEVICES]; /* accesses of each device, 0: nobody */
    uint64_t device[FLOW_DEVICES];                /* both, of those that are drawn */
    size_t other_devices;                         /* drawn as one */
    bool way_seen[FLOW_WAYS];                     /* for the legend */
    struct tally entries;                         /* where calls and interrupts led to, outside of symbols */
    enum flow_unit unit;
    unsigned chunk_bits; /* of FLOW_CHUNKS: the size is 1 << this */
};

void flow_draw(struct flow *f);

#endif
