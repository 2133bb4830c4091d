/*
 * The paging schemes as data: which levels the tree has, how wide its entries are and what an entry's bits
 * mean (Intel SDM, "32-Bit Paging", "PAE Paging", "4-Level Paging and 5-Level Paging", "Access Rights",
 * "Page-Fault Exceptions").  The walk (gva.h) goes down one path of such a tree; the debugger shows all of
 * it.
 */
#ifndef RINGSIDE_VM_PAGING_H
#define RINGSIDE_VM_PAGING_H

#include "vm/cpu.h"

/* The registers and the properties of the processor that steer the walk. `cpl` 3 is a user access; `ac` is
 * RFLAGS.AC (suspends SMAP at CPL < 3). `maxphyaddr` is the width of a physical address in bits (CPUID leaf
 * 80000008H; 32 to 52): address bits above it are reserved. 0 = 52, the most there can be. `no_1gib`: the
 * processor has no 1-GiB pages. */
struct gva_context {
    uint64_t cr0, cr3, cr4, efer;
    unsigned cpl;
    bool ac;
    unsigned maxphyaddr;
    bool no_1gib;
};

enum gva_access { GVA_READ, GVA_WRITE, GVA_FETCH };

/* Page-fault error code bits (Intel SDM, "Page-Fault Exceptions"). */
enum { PF_PRESENT = 1, PF_WRITE = 2, PF_USER = 4, PF_RESERVED = 8, PF_FETCH = 16 };

/* The bits of an entry that have the same place in every scheme. */
enum {
    PAGING_P = 1 << 0,
    PAGING_W = 1 << 1,
    PAGING_U = 1 << 2,
    PAGING_A = 1 << 5,
    PAGING_D = 1 << 6, /* in an entry that maps a page */
    PAGING_PS = 1 << 7,
};
#define PAGING_NX (1ull << 63)

enum { PAGING_LEVELS_MAX = 5 };

/* One level of a tree. An entry of it covers 1 << shift bytes of linear addresses. */
struct paging_level {
    const char *table, *entry;                            /* "PD" and "PDE" */
    const char *why_absent, *why_reserved, *why_unbacked; /* "PDE not present" … */
    unsigned shift, index_bits;
    bool large;     /* an entry with PS maps a page and ends the walk */
    bool no_rights; /* its entries carry no W, U and NX: a PAE PDPTE */
};

/* A tree: level[0] is the one that CR3 points to. */
struct paging_scheme {
    const char *name; /* "32-bit" "PAE" "4-level" "5-level" */
    const struct paging_level *level;
    unsigned levels, entry_len;
    unsigned gva_bits; /* width of a linear address: 32, 48 or 57 */
    uint64_t cr3_mask; /* where in CR3 the table's address is */
};

enum paging_kind {
    PAGING_ABSENT,   /* P is 0: the other bits mean nothing to the processor */
    PAGING_RESERVED, /* present with reserved bits set: every access faults */
    PAGING_TABLE,    /* points to a table of the next level */
    PAGING_PAGE,
};

/* Rights, of an entry or gathered along a path. Executable is true where EFER.NXE is off. */
struct paging_rights {
    bool writable, user, executable;
};

/* What one entry says. */
struct paging_entry {
    enum paging_kind kind;
    bool large;        /* PS counts here: a page bigger than those of the last level */
    uint64_t raw, gpa; /* gpa: of the table or page that it points to */
    uint64_t reserved; /* the bits set that must not be */
    struct paging_rights rights;
};

/* The scheme in force; NULL = paging is off. */
const struct paging_scheme *paging_scheme(const struct gva_context *c);

/* Decodes `raw`, an entry of level l of scheme s. */
void paging_decode(const struct paging_scheme *s, const struct paging_level *l, const struct gva_context *c,
                   uint64_t raw, struct paging_entry *e);

/* The index that `gva` has at a level, and how many entries a table of that level holds. */
static inline unsigned paging_index(const struct paging_level *l, uint64_t gva)
{
    return (unsigned)(gva >> l->shift) & ((1u << l->index_bits) - 1);
}
static inline unsigned paging_entries(const struct paging_level *l)
{
    return 1u << l->index_bits;
}

/* Rights both have. */
static inline struct paging_rights paging_rights_and(struct paging_rights a, struct paging_rights b)
{
    return (struct paging_rights){a.writable && b.writable, a.user && b.user, a.executable && b.executable};
}

/* Why the context's CPL may not do this to a page with these rights: one phrase. NULL when it may. */
const char *paging_refusal(const struct gva_context *c, struct paging_rights r, enum gva_access access);

/* The bits of the error code that tell the access, whatever went wrong with it. */
uint32_t paging_error_code(const struct gva_context *c, enum gva_access access);

/* In IA-32e mode: are the bits above the width of a linear address all equal to its top bit? */
bool paging_canonical(const struct gva_context *c, uint64_t gva);

#endif
