/*
 * How a CPU came from one instruction of a step trace to the next.
 */
#ifndef RINGSIDE_TRACES_GRAPH_STEP_H
#define RINGSIDE_TRACES_GRAPH_STEP_H

#include "traces/graph.h"

#define STEP_LEN_MAX 15 /* bytes of an instruction, at most */

enum step_way {
    WAY_NONE,      /* the event is no step */
    WAY_START,     /* nothing is known of the instruction before */
    WAY_NEXT,      /* the next instruction, or the same again (REP) */
    WAY_SKIP,      /* a conditional branch that was not taken */
    WAY_JUMP,      /* a branch that was taken */
    WAY_CALL,      /* CALL, SYSCALL, SYSENTER */
    WAY_RETURN,    /* RET, SYSRET, SYSEXIT */
    WAY_IRET,      /* IRET */
    WAY_INT,       /* INT n, INT3, INTO: the instruction asked for it */
    WAY_INTERRUPT, /* an interrupt was given to the guest between the two */
    WAY_EXCEPTION, /* what is left: the instruction before raised an exception */
};

/* One vCPU. */
struct step_cpu {
    bool open;         /* `last` is the step right before */
    struct event last; /* the last step */
    uint64_t linear;   /* of it */
    bool interrupted;  /* and behind it came this interrupt */
    struct event irq;
    uint64_t seq; /* of the last event, whatever it was */
};

/* All zeros is a valid start. */
struct step_walk {
    struct step_cpu cpu[256];
    uint64_t seq, events; /* of the last event of all, and how many there were */
};

/* Takes the next event, whatever its kind, and says which way led to it. For a step, *before is the step that
 * came before it on this vCPU; nothing of use behind WAY_START. */
enum step_way step_walk_see(struct step_walk *walk, const struct event *ev, struct event *before);

/* Where the way to the step that was just seen left from: the last instruction's linear address, or that at
 * which the interrupt came. */
uint64_t step_left(const struct step_walk *walk, enum step_way way, const struct event *before);

/* The vector of INT n, INT3, INT1, INTO in the step's instruction bytes, or -1. */
int step_int_vector(const struct event *step);

/* What an instruction does to the flow, from its first bytes: WAY_NEXT, WAY_SKIP (a conditional branch),
 * WAY_JUMP, WAY_CALL, WAY_RETURN, WAY_IRET or WAY_INT. */
enum step_way step_way_of(const struct event *step);

#endif
