/*
 * The autopsy: how did the guest die of a triple fault?  From the last known state it is worked out which
 * exception the CPU met, why its handler could not be called, what that made of it, and so on down to the
 * shutdown.
 */
#ifndef RINGSIDE_DEBUG_AUTOPSY_H
#define RINGSIDE_DEBUG_AUTOPSY_H

#include "debug/delivery.h"
#include "debug/fault.h"

enum { AUTOPSY_STEPS_MAX = 8, AUTOPSY_ROUNDS_MAX = 20000 };

/* What is given; all borrowed. `memory` is left as it was; nobody else may look at it meanwhile. */
struct autopsy_facts {
    const struct kvm_regs *regs;
    const struct kvm_sregs *sregs;
    const struct guest_memory *memory;
    const struct symbols *symbols;  /* NULL: none */
    bool from_last_exit;            /* the state is older than the death: that of the last exit before it */
    const struct event *last_event; /* the last before the shutdown; NULL: not known */
};

/* One exception, and the call of its handler. */
struct autopsy_step {
    struct fault what; /* the exception (or interrupt) … */
    bool recorded;     /* an event tells of it */
    bool external;     /* … an interrupt that a device asked for */
    bool from_handler; /* raised by the first instruction of the handler before it */
    unsigned repeats;  /* how many more times the same happened, each time a frame lower on the stack */
    struct delivery delivery; /* how the call went */
};

enum autopsy_end {
    AUTOPSY_SHUTDOWN, /* the chain ends in the shutdown: this is how it died */
    AUTOPSY_HANDLED,  /* a handler could be called and began: this is not, or not yet, how it died */
    AUTOPSY_ENDLESS,  /* handlers that fail for ever, with a stack that does not run out */
    AUTOPSY_UNKNOWN,  /* it cannot be told: `why` says why */
};

struct autopsy {
    struct target t; /* the state in which the first exception came */
    bool from_last_exit;
    uint64_t exit_linear; /* from_last_exit: where that exit left it … */
    unsigned replayed;    /* … and how many instructions were done again from there (see replay.h) */
    struct autopsy_step step[AUTOPSY_STEPS_MAX];
    size_t steps; /* 0: the first exception was not found */
    enum autopsy_end end;
    char why[320];
    char checked[160]; /* what was looked at for the first exception */
};

/* Works it out. The struct is some 10 KiB. */
void autopsy_make(const struct autopsy_facts *facts, struct autopsy *a);

/* Appends it, some ten to twenty lines of at most 80 columns, each marked known or inferred. */
void autopsy_write(const struct autopsy *a, struct text *out);

#endif
