/*
 * The target: the standing guest as the debugger's looking functions see it.  It is one settled copy of the
 * registers, the guest's memory and the symbols that go with it.  Whoever owns the vCPU fills it while the
 * guest stands still, lets the functions of this floor look at it or change it, and stores what was changed
 * back. Nothing here knows KVM_RUN, so that every view can be tested on registers and memory made up by a
 * test.
 */
#ifndef RINGSIDE_DEBUG_TARGET_H
#define RINGSIDE_DEBUG_TARGET_H

#include "event/event.h"
#include "vm/gva.h"

struct symbols;

/* What is not in the copy and must be asked for. A member may be NULL, and each may fail: *e says why. */
struct target_ops {
    int (*msr_read)(void *ctx, uint32_t index, uint64_t *value, struct err *e);
    int (*msr_write)(void *ctx, uint32_t index, uint64_t value, struct err *e);
    int (*debugregs)(void *ctx, struct kvm_debugregs *d, struct err *e);
};

/* All pointers are borrowed. */
struct target {
    struct guest_memory *memory;
    struct kvm_regs regs;
    struct kvm_sregs sregs;
    bool regs_changed, sregs_changed; /* set by who writes them; the owner stores them and clears these */
    unsigned maxphyaddr;              /* bits of a physical address, 0: not known; as in struct gva_context */
    bool no_1gib;                     /* the processor has no 1-GiB pages */
    const struct symbols *symbols;    /* NULL: none */
    const struct event *event;        /* for conditions on an event; NULL: none */
    const struct event_names *names;  /* of the machine's devices; NULL: none */
    const struct target_ops *ops;     /* NULL: none of them */
    void *ctx;                        /* theirs */
};

/* The context of the guest's own accesses. */
static inline struct gva_context target_gva_context(const struct target *t)
{
    struct gva_context c = gva_context_of(&t->regs, &t->sregs);
    c.maxphyaddr = t->maxphyaddr;
    c.no_1gib = t->no_1gib;
    return c;
}

/* As CPL 0 without SMAP in the way: what a debugger may read, the guest's own ring notwithstanding. */
static inline struct gva_context target_context(const struct target *t)
{
    struct gva_context c = target_gva_context(t);
    c.cpl = 0;
    c.ac = true;
    return c;
}

/* Reads up to n bytes at a linear address; returns how many are there. *w (may be NULL) says why it ended. */
static inline size_t target_read(const struct target *t, uint64_t linear, void *buf, size_t n,
                                 struct gva_walk *w)
{
    struct gva_context c = target_context(t);
    return gva_read(t->memory, &c, linear, buf, n, GVA_READ, w);
}

#endif
