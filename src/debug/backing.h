/*
 * What is behind a guest-physical address: RAM, a ROM, the VGA window, or nothing that Ringside knows to be
 * memory (devices in the address space, and holes; an access there is an MMIO exit).
 */
#ifndef RINGSIDE_DEBUG_BACKING_H
#define RINGSIDE_DEBUG_BACKING_H

#include "vm/memory.h"

enum backing { BACKING_NOTHING, BACKING_RAM, BACKING_ROM, BACKING_VGA };

/* A stretch with one thing behind it. The last one ends at UINT64_MAX and is one byte short. */
struct backing_run {
    enum backing what;
    uint64_t gpa, len;
};

/* The stretch that `gpa` lies in, from its beginning. */
struct backing_run backing_at(const struct guest_memory *m, uint64_t gpa);

/* `RAM`, `ROM`, `VGA window`, `nothing`. */
const char *backing_name(enum backing what);

#endif
