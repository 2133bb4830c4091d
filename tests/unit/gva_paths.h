/*
 * Page tables for the tests of the walk: one path through each paging scheme, as entries at known places.
 */
#ifndef RINGSIDE_TESTS_GVA_PATHS_H
#define RINGSIDE_TESTS_GVA_PATHS_H

#include "base/bytes.h"
#include "unit.h"
#include "vm/gva.h"

#include <stdlib.h>
#include <string.h>

#define P    1ull
#define W    2ull
#define U    4ull
#define PS   0x80ull
#define NX   (1ull << 63)
#define PWU  (P | W | U)
#define MIB  0x100000ull
#define LMA  (EFER_LME | EFER_LMA)
#define OK   0x100u
#define PAGE 0x6000ull /* where every path ends */

/* A scheme with one path through it: the entry of level i lies at entry_gpa[i] and points to next[i]. */
struct path {
    const char *name;
    struct gva_context c;
    uint64_t gva;
    size_t levels, entry_len;
    const char *level[GVA_LEVELS_MAX];
    uint64_t entry_gpa[GVA_LEVELS_MAX], next[GVA_LEVELS_MAX];
    uint64_t top_bits; /* of the first entry: a PAE PDPTE has no rights */
};

/* Indices 0x5e 0x1a 0x2b 0x3c 0x4d and offset 0xabc where the scheme has them. */
#define GVA_4LEVEL (0x1aull << 39 | 0x2bull << 30 | 0x3cull << 21 | 0x4dull << 12 | 0xabc)
static const struct path paths[] = {
    {"32-bit",
     {.cr0 = CR0_PE | CR0_PG, .cr3 = 0x1000},
     0x12b4dabcull,
     2,
     4,
     {"PDE", "PTE"},
     {0x1000 + 0x04a * 4, 0x2000 + 0x34d * 4},
     {0x2000, PAGE},
     PWU},
    {"PAE",
     {.cr0 = CR0_PE | CR0_PG, .cr3 = 0x1020, .cr4 = CR4_PAE},
     (3ull << 30 | 0x3cull << 21 | 0x4dull << 12 | 0xabc),
     3,
     8,
     {"PDPTE", "PDE", "PTE"},
     {0x1020 + 3 * 8, 0x2000 + 0x3c * 8, 0x3000 + 0x4d * 8},
     {0x2000, 0x3000, PAGE},
     P},
    {"4-level",
     {.cr0 = CR0_PE | CR0_PG, .cr3 = 0x1000, .cr4 = CR4_PAE, .efer = LMA},
     GVA_4LEVEL,
     4,
     8,
     {"PML4E", "PDPTE", "PDE", "PTE"},
     {0x1000 + 0x1a * 8, 0x2000 + 0x2b * 8, 0x3000 + 0x3c * 8, 0x4000 + 0x4d * 8},
     {0x2000, 0x3000, 0x4000, PAGE},
     PWU},
    {"5-level",
     {.cr0 = CR0_PE | CR0_PG, .cr3 = 0x1000, .cr4 = CR4_PAE | CR4_LA57, .efer = LMA},
     GVA_4LEVEL | 0x5eull << 48,
     5,
     8,
     {"PML5E", "PML4E", "PDPTE", "PDE", "PTE"},
     {0x1000 + 0x5e * 8, 0x2000 + 0x1a * 8, 0x3000 + 0x2b * 8, 0x4000 + 0x3c * 8, 0x5000 + 0x4d * 8},
     {0x2000, 0x3000, 0x4000, 0x5000, PAGE},
     PWU},
};
enum { PATHS = sizeof paths / sizeof paths[0], P32 = 0, PAE = 1, P4 = 2, P5 = 3 };

static inline void entry_put(struct guest_memory *m, const struct path *p, size_t level, uint64_t value)
{
    le_store(memory_ptr(m, p->entry_gpa[level], p->entry_len, true), value, p->entry_len);
}

static inline uint64_t entry_default(const struct path *p, size_t level)
{
    return p->next[level] | (level == 0 ? p->top_bits : PWU);
}

static inline void path_make(struct guest_memory *m, const struct path *p)
{
    struct err e;
    if (memory_init(m, NULL, 4 * MIB, &e) < 0)
        abort();
    for (size_t i = 0; i < p->levels; i++)
        entry_put(m, p, i, entry_default(p, i));
}

/* OK, or the error code. */
static inline unsigned translate(const struct guest_memory *m, const struct gva_context *c, uint64_t gva,
                                 enum gva_access access, struct gva_walk *w)
{
    memset(w, 0xee, sizeof *w);
    gva_translate(m, c, gva, access, w);
    if (w->ok)
        return OK;
    CU_ASSERT_PTR_NOT_NULL_FATAL(w->why);
    return w->error_code;
}

#endif
