/*
 * The post-mortem: a guest has died, and this is what is known.
 */
#ifndef RINGSIDE_DEBUG_POSTMORTEM_H
#define RINGSIDE_DEBUG_POSTMORTEM_H

#include "base/ring.h"
#include "base/text.h"
#include "event/event.h"
#include "vm/cpu.h"
#include "vm/memory.h"

struct symbols;

/* The facts, all borrowed. */
struct postmortem {
    const char *reason;
    const struct kvm_regs *regs;
    const struct kvm_sregs *sregs;
    bool from_last_exit;            /* the state is that of the last exit before the end */
    const struct ring *last_events; /* of struct event */
    const struct event_names *names;
    const struct guest_memory *memory;
    const struct symbols *symbols; /* NULL: none */
};

/* Appends mode, registers, the bytes at RIP disassembled and the last events: about twenty lines; and, for a
 * triple fault, how it came about. */
void postmortem_write(const struct postmortem *p, struct text *out);

/* Appends how a triple fault came about, and nothing else. */
void postmortem_autopsy(const struct postmortem *p, struct text *out);

#endif
