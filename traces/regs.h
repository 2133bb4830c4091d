/*
 * Coding what a step did to the registers.  A program is loops, and an instruction does to the registers
 * mostly what it did the last time: `inc ecx` adds one, `mov eax, 5` leaves a five, `jnz` goes back by as
 * much.  So both sides remember by the instruction's address what its last execution did, take that for a
 * prediction, and only what comes out differently is written down: for most steps a single zero byte, which
 * compression turns into next to nothing.
 *
 * A coded step is two things, which go into two columns, since compression does better with like beside like:
 * which registers differ from the prediction, and their values.
 */
#ifndef RINGSIDE_TRACES_REGS_H
#define RINGSIDE_TRACES_REGS_H

#include "event/event.h"
#include "traces/cursor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    REGS_SLOTS = 1024,
    REGS_VCPUS = 256,
    REGS_MASK_MAX = 5,                              /* bytes of a step in the column of masks */
    REGS_VALUES_MAX = EVENT_REG_COUNT * VARINT_MAX, /* … and in that of values */
};

/* What the last execution of the instruction at an address did. */
struct regs_slot {
    uint64_t rip;
    uint32_t chunk;   /* the chunk it is of: others are as good as empty */
    uint32_t missed;  /* registers that the prediction got wrong */
    uint32_t touched; /* registers it has ever changed */
    uint64_t stride[EVENT_REG_RIP + 1];
    struct event_regs after;
};

/* What coder and decoder both know. Large, and for the most part never touched: calloc it. */
struct regs_codec {
    struct regs_slot slot[REGS_SLOTS];
    struct event_regs now[REGS_VCPUS]; /* by vCPU: after its last step */
    bool known[REGS_VCPUS];            /* … or all zeros, when that is not known */
    uint32_t chunk;
};

/* Forgets the slots: a chunk is decoded without any other. */
void regs_begin(struct regs_codec *c);

/* The registers of this vCPU are not known any more. */
void regs_forget(struct regs_codec *c, uint8_t vcpu);

/* Where the next step's parts go; both move on. Room for REGS_MASK_MAX and REGS_VALUES_MAX bytes. */
struct regs_columns {
    uint8_t *masks, *values;
};
void regs_put(struct regs_codec *c, const struct event *ev, const struct event_regs *after,
              struct regs_columns *out);

/* The same as it is read: c->now[ev->vcpu] is what the step left, *before what it met, and *changed which of
 * them differ (all, when nothing was known before). What is wrong with the bytes shows in the cursors' `bad`.
 */
struct regs_source {
    struct cursor masks, values;
};
void regs_get(struct regs_codec *c, const struct event *ev, struct regs_source *in, struct event_regs *before,
              uint32_t *changed);

/* The registers known at a chunk's start, as the chunk begins with them: appended to `out`, which has room
 * for REGS_KNOWN_MAX bytes; returns the length. And read: false when the bytes are none. */
#define REGS_KNOWN_MAX (VARINT_MAX + REGS_VCPUS * (1 + REGS_VALUES_MAX))
size_t regs_put_known(const struct regs_codec *c, uint8_t *out);
bool regs_get_known(struct regs_codec *c, struct cursor *in);

#endif
