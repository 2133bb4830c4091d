/*
 * Remembered walks: what a TLB is to the MMU, this is to gva.h.  A processor's TLB may be wrong until it is
 * flushed (Intel SDM, "Caching Translation Information"); this one cannot be, because each answer is compared
 * with the entries it came from before it is given again.  Stepping asks for the same few pages at every
 * instruction.
 */
#ifndef RINGSIDE_VM_GVA_MEMO_H
#define RINGSIDE_VM_GVA_MEMO_H

#include "vm/gva.h"

enum { GVA_MEMO_BITS = 4, GVA_MEMO_LINES = 1 << GVA_MEMO_BITS };

/* One page that was reached. */
struct gva_memo_line {
    bool valid, a20;
    size_t rom_count;
    uint64_t page; /* of the linear address, in units of 4 KiB */
    struct gva_context context;
    enum gva_access access;
    uint64_t gpa;  /* of its first byte */
    uint8_t *host; /* the same in our memory, NULL when there is none (or ROM under a write) */
    size_t entry_len, steps;
    const uint8_t *entry[GVA_LEVELS_MAX]; /* where the entries lie in our memory … */
    uint64_t raw[GVA_LEVELS_MAX];         /* … and what they were */
};

/* Zeros are an empty one. Good for one guest memory, as long as that lives. */
struct gva_memo {
    struct gva_memo_line line[GVA_FETCH + 1][GVA_MEMO_LINES]; /* a set for each kind of access */
};

/* As gva_translate, without the steps: false when the walk fails. *host is the byte's place in our memory,
 * NULL when there is none or it is ROM under a write; what follows it up to the end of the 4 KiB is there
 * too. */
bool gva_memo_find(struct gva_memo *memo, const struct guest_memory *m, const struct gva_context *c,
                   uint64_t gva, enum gva_access access, uint64_t *gpa, uint8_t **host);

/* As gva_read. */
size_t gva_memo_read(struct gva_memo *memo, const struct guest_memory *m, const struct gva_context *c,
                     uint64_t gva, void *buf, size_t n, enum gva_access access);

#endif
