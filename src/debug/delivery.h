/*
 * Would an exception reach its handler?  The processor's call through the interrupt table, done in software
 * without changing anything: gate, code segment, stack, frame, in its order and with the fault that each
 * mistake is.
 */
#ifndef RINGSIDE_DEBUG_DELIVERY_H
#define RINGSIDE_DEBUG_DELIVERY_H

#include "debug/fault.h"
#include "vm/gate.h"

struct delivery {
    enum fault_verdict verdict; /* NO: the handler is reached; YES: `fault` is raised instead */
    struct fault fault;
    struct gate gate;
    /* With verdict NO: the state at the handler's first instruction. The frame is not written. */
    struct kvm_regs regs;
    struct kvm_sregs sregs;
};

/* Delivers `what` in the state of `t`. An exception is itself an event that others happen during (the EXT
 * bit), a software interrupt is not. */
void delivery_try(const struct target *t, const struct fault *what, struct delivery *d);

#endif
