/*
 * Why?  The explanation of an exit or of a stop, in a paragraph for what is known and one for what is
 * inferred.
 */
#ifndef RINGSIDE_DEBUG_WHY_H
#define RINGSIDE_DEBUG_WHY_H

#include "debug/target.h"

/* Explains an event: the instruction and its operands, which control of the processor made it exit, who
 * handled it, what the guest saw, how long it took, and where the manual says so. `t` is the guest as it
 * stands now; where the event is its last one, registers are told as operands. Lines of at most 80 columns,
 * each ended by a newline. */
void why_event(const struct target *t, const struct event *ev, const struct event_names *names,
               struct text *out);

/* A step that ended in a handler. */
struct why_stop {
    unsigned vector;
    bool interrupt;              /* from a device: no exception */
    const struct target *before; /* the state in which the instruction started; NULL: not known */
    const struct target *now;    /* at the handler's first instruction */
};

/* Explains it: the exception, its error code bit by bit, CR2 and its page walk, the instruction and the
 * operand that caused it, the gate that was used, the frame on the stack. */
void why_stop(const struct why_stop *w, struct text *out);

/* Which control of the processor or of KVM makes events of this kind come to user space; "" for kinds that
 * x86 has not.
 */
const char *why_control(unsigned kind);

#endif
