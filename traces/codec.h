/*
 * Coding events as bytes and back.  A guest's life is loops: the same few instructions cause the same exits
 * over and over.  So both sides keep 64 slots with an event each; the coder names a slot and writes down only
 * what is different from the event in it.  A byte sent by `out` in a loop then costs a byte for the slot, one
 * for the value and two or so for each of the two times, which are noise.
 *
 * The slot is the coder's free choice (the decoder just follows), so that the choice may get better without a
 * change of the format.
 */
#ifndef RINGSIDE_TRACES_CODEC_H
#define RINGSIDE_TRACES_CODEC_H

#include "event/event.h"
#include "traces/format.h"

#include <stddef.h>
#include <stdint.h>

/* What coder and decoder both know after each event. */
struct codec {
    struct event slot[EVENT_SLOTS];
    unsigned last;         /* the slot written last: the event before this one */
    uint64_t seq_due;      /* the next event's sequence number, when nothing is lost */
    uint64_t left_ns[256]; /* by vCPU: when the host was done with its last exit */
};

/* The state at the start of a chunk: empty slots, `seq_due`, and every vCPU entered its guest at `base_ns`.
 */
void codec_reset(struct codec *c, uint64_t seq_due, uint64_t base_ns);

/* Codes `ev` into `out`, which has room for EVENT_CODED_MAX bytes. Returns the length. */
size_t codec_put(struct codec *c, const struct event *ev, uint8_t *out);

/* Decodes one event from the `avail` bytes at `p`. Returns the length used, or 0 when they hold none; then
 * the codec is good for nothing until its next reset. */
size_t codec_get(struct codec *c, const uint8_t *p, size_t avail, struct event *ev);

#endif
