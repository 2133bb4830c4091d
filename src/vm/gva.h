/*
 * Guest-virtual to guest-physical: the page walk as the hardware does it, in software, with every step kept
 * (Intel SDM, "Paging", "4-Level Paging and 5-Level Paging", "PAE Paging", "32-Bit Paging", "Access Rights").
 * The instruction assist reads code and data through it, and the debugger shows it.
 */
#ifndef RINGSIDE_VM_GVA_H
#define RINGSIDE_VM_GVA_H

#include "vm/memory.h"
#include "vm/paging.h"

enum { GVA_LEVELS_MAX = PAGING_LEVELS_MAX };

/* One entry that was read on the way. */
struct gva_step {
    const char *level;  /* PML5E PML4E PDPTE PDE PTE */
    uint64_t table_gpa; /* the table it was read from */
    uint64_t entry_gpa; /* where the entry lies: table_gpa + index * its length */
    uint64_t entry;     /* its value (zero-extended for 32-bit paging) */
    uint64_t next_gpa;  /* where it points, when present: the next table, or the page */
    uint64_t reserved;  /* the bits set in it that must not be */
    unsigned index;     /* in the table */
    unsigned shift;     /* the entry covers 1 << shift bytes of linear addresses */
    bool present;
    bool large; /* maps a page although tables could follow */
};

struct gva_walk {
    bool ok;
    bool mapped;                     /* a page was reached, whether or not its rights allow the access */
    uint64_t gpa;                    /* when mapped */
    uint64_t page_len;               /* when mapped: 4 KiB, 2 MiB, 4 MiB or 1 GiB; 2^48 without paging */
    bool writable, user, executable; /* rights of the path, as far as it went */
    uint32_t error_code;             /* of the page fault, when not ok */
    const char *why; /* one phrase, when not ok: "PDE not present", "no memory under the PTE" */
    struct gva_step step[GVA_LEVELS_MAX];
    size_t steps;
};

/* Walks; never sets A or D bits. Without paging gpa = gva. Outside IA-32e mode only the low 32 bits of `gva`
 * count. A non-canonical address fails with error_code 0. A table where no memory is fails as KVM has it: as
 * not present. */
void gva_translate(const struct guest_memory *m, const struct gva_context *c, uint64_t gva,
                   enum gva_access access, struct gva_walk *w);

/* The context of the current CPU state. */
struct gva_context gva_context_of(const struct kvm_regs *r, const struct kvm_sregs *s);

/* Copies between a buffer and guest-virtual memory across pages. Stops at the first page that fails (then *w,
 * when not NULL, holds its walk, not ok; error_code 0 where the walk was good but led to no memory, or a
 * write to ROM) and returns the number of bytes copied. A write is all or nothing, 0 or n, and at most
 * GVA_WRITE_MAX bytes. */
enum { GVA_WRITE_MAX = 0x10000 };
size_t gva_read(const struct guest_memory *m, const struct gva_context *c, uint64_t gva, void *buf, size_t n,
                enum gva_access access, struct gva_walk *w);
size_t gva_write(const struct guest_memory *m, const struct gva_context *c, uint64_t gva, const void *buf,
                 size_t n, struct gva_walk *w);

#endif
