/*
 * The page walk in software.  The MMU turns a linear address into a physical one by going down a tree of
 * tables that the guest keeps in its own memory: each level takes some bits of the address as an index, reads
 * one entry, and goes on where the entry points.  There are four such trees (32-bit, PAE, 4-level and
 * 5-level), which differ in the width of an entry, the bits a level takes and the page sizes; the tables
 * below say how, and one loop walks them all (Intel SDM, "32-Bit Paging", "PAE Paging", "4-Level Paging and
 * 5-Level Paging").  Rights gather on the way down: a page is writable or a user's only if every level says
 * so, and not executable if one says so ("Access Rights").
 *
 * Simplified: the processor is taken to have 1 GiB pages, PSE-36 with 40 address bits and 52 physical-address
 * bits, so that an address above its real width is no reserved bit here; protection keys are not looked at;
 * accesses are explicit ones (the implicit reads of descriptor tables are a supervisor's: say cpl 0); PAE
 * reads its PDPTEs from memory and not from the four registers that the MOV to CR3 filled.
 */
#include "vm/gva.h"

#include "base/bytes.h"

#include <string.h>

#define PAGE_LEN      0x1000ull
#define ADDRESS_64    0x000ffffffffff000ull
#define ADDRESS_32    0xfffff000ull
#define CR3_PAE       0xffffffe0ull
#define UNPAGED_LEN   (1ull << 48)
#define ENTRY_NX      (1ull << 63)
#define ENTRY_52_62   (0x7ffull << 52)
#define PAE_PDPTE_RSV (0x6ull | 0xfull << 5) /* W, U, A, D and PS positions: a PAE PDPTE has no such bits */

enum { ENTRY_P = 1 << 0, ENTRY_W = 1 << 1, ENTRY_U = 1 << 2, ENTRY_PS = 1 << 7 };

/* One level of a tree. A large page is one that the walk may end with here, for an entry with PS. */
struct level {
    const char *name, *why_absent, *why_reserved, *why_unbacked;
    unsigned shift, index_bits;
    bool large;
    bool no_rights; /* carries no W, U and NX: a PAE PDPTE */
};

struct scheme {
    const struct level *levels;
    size_t level_count;
    unsigned entry_len;
    uint64_t cr3_mask, address_mask;
};

#define LEVEL_TEXTS(name)                                                                                    \
    name, name " not present", "reserved bit set in the " name, "no memory under the " name
static const struct level levels_32bit[] = {
    {LEVEL_TEXTS("PDE"), 22, 10, true, false},
    {LEVEL_TEXTS("PTE"), 12, 10, false, false},
};
static const struct level levels_pae[] = {
    {LEVEL_TEXTS("PDPTE"), 30, 2, false, true},
    {LEVEL_TEXTS("PDE"), 21, 9, true, false},
    {LEVEL_TEXTS("PTE"), 12, 9, false, false},
};
static const struct level levels_long[] = {
    {LEVEL_TEXTS("PML5E"), 48, 9, false, false}, {LEVEL_TEXTS("PML4E"), 39, 9, false, false},
    {LEVEL_TEXTS("PDPTE"), 30, 9, true, false},  {LEVEL_TEXTS("PDE"), 21, 9, true, false},
    {LEVEL_TEXTS("PTE"), 12, 9, false, false},
};
#undef LEVEL_TEXTS

static const struct scheme scheme_32bit = {levels_32bit, 2, 4, ADDRESS_32, ADDRESS_32};
static const struct scheme scheme_pae = {levels_pae, 3, 8, CR3_PAE, ADDRESS_64};
static const struct scheme scheme_4level = {levels_long + 1, 4, 8, ADDRESS_64, ADDRESS_64};
static const struct scheme scheme_5level = {levels_long, 5, 8, ADDRESS_64, ADDRESS_64};

/* NULL = paging is off. */
static const struct scheme *scheme_of(const struct gva_context *c)
{
    if (!(c->cr0 & CR0_PG))
        return NULL;
    if (!(c->cr4 & CR4_PAE))
        return &scheme_32bit;
    if (!(c->efer & EFER_LMA))
        return &scheme_pae;
    return c->cr4 & CR4_LA57 ? &scheme_5level : &scheme_4level;
}

/* The bits of the error code that tell the access, whatever went wrong with it. */
static uint32_t access_code(const struct gva_context *c, enum gva_access access)
{
    bool tells_fetch = (c->cr4 & CR4_SMEP) || ((c->cr4 & CR4_PAE) && (c->efer & EFER_NXE));
    uint32_t code = c->cpl == 3 ? PF_USER : 0;
    if (access == GVA_WRITE)
        code |= PF_WRITE;
    if (access == GVA_FETCH && tells_fetch)
        code |= PF_FETCH;
    return code;
}

static void walk_fail(struct gva_walk *w, uint32_t error_code, const char *why)
{
    w->ok = false;
    w->error_code = error_code;
    w->why = why;
}

static bool entry_is_large(const struct scheme *s, const struct level *l, const struct gva_context *c,
                           uint64_t entry)
{
    return l->large && (entry & ENTRY_PS) && (s != &scheme_32bit || (c->cr4 & CR4_PSE));
}

/* The bits that must be zero in this entry. Bit 12 of a large page is PAT; in a 4 MiB one bits 13..20 are the
 * address bits 32..39 (PSE-36). */
static uint64_t entry_reserved(const struct scheme *s, const struct level *l, const struct gva_context *c,
                               bool large)
{
    if (s == &scheme_32bit)
        return large ? 1ull << 21 : 0;
    uint64_t reserved = c->efer & EFER_NXE ? 0 : ENTRY_NX;
    if (s == &scheme_pae)
        reserved |= ENTRY_52_62;
    if (l->no_rights)
        return reserved | ENTRY_NX | PAE_PDPTE_RSV;
    if (large)
        reserved |= (1ull << l->shift) - (1ull << 13);
    else if (!l->large && l->shift > 12)
        reserved |= ENTRY_PS;
    return reserved;
}

static uint64_t large_gpa(const struct scheme *s, uint64_t entry, uint64_t page_len)
{
    uint64_t gpa = entry & s->address_mask & ~(page_len - 1);
    return s == &scheme_32bit ? gpa | (entry >> 13 & 0xff) << 32 : gpa;
}

/* Why the path's rights forbid the access, or NULL. */
static const char *rights_refusal(const struct gva_context *c, const struct gva_walk *w,
                                  enum gva_access access)
{
    if (access == GVA_FETCH && !w->executable)
        return "the page is not executable";
    if (c->cpl == 3) {
        if (!w->user)
            return "the page belongs to the supervisor";
        return access == GVA_WRITE && !w->writable ? "the page is read-only" : NULL;
    }
    if (access == GVA_WRITE && !w->writable && (c->cr0 & CR0_WP))
        return "the page is read-only, for the supervisor too (CR0.WP)";
    if (access == GVA_FETCH && w->user && (c->cr4 & CR4_SMEP))
        return "the supervisor may not run a user page (CR4.SMEP)";
    if (access != GVA_FETCH && w->user && (c->cr4 & CR4_SMAP) && !c->ac)
        return "the supervisor may not touch a user page (CR4.SMAP)";
    return NULL;
}

static void rights_gather(const struct level *l, const struct gva_context *c, uint64_t entry,
                          struct gva_walk *w)
{
    if (l->no_rights)
        return;
    w->writable = w->writable && (entry & ENTRY_W);
    w->user = w->user && (entry & ENTRY_U);
    w->executable = w->executable && !((entry & ENTRY_NX) && (c->efer & EFER_NXE));
}

/* Reads the entry for `gva` from the table at `table_gpa` and notes the step. 0, or -1 when the walk ends in
 * failure. */
static int step_take(const struct guest_memory *m, const struct scheme *s, const struct level *l,
                     const struct gva_context *c, uint64_t gva, uint64_t table_gpa, uint32_t code,
                     struct gva_walk *w)
{
    uint64_t index = gva >> l->shift & ((1ull << l->index_bits) - 1);
    uint64_t entry_gpa = table_gpa + index * s->entry_len;
    const void *p = memory_ptr(m, entry_gpa, s->entry_len, false);
    if (!p) {
        walk_fail(w, code, l->why_unbacked);
        return -1;
    }
    uint64_t entry = le_load(p, s->entry_len);
    bool present = entry & ENTRY_P;
    w->step[w->steps++] = (struct gva_step){l->name, entry_gpa, entry, present};
    if (!present) {
        walk_fail(w, code, l->why_absent);
        return -1;
    }
    if (entry & entry_reserved(s, l, c, entry_is_large(s, l, c, entry))) {
        walk_fail(w, code | PF_PRESENT | PF_RESERVED, l->why_reserved);
        return -1;
    }
    rights_gather(l, c, entry, w);
    return 0;
}

static void walk_tables(const struct guest_memory *m, const struct scheme *s, const struct gva_context *c,
                        uint64_t gva, enum gva_access access, struct gva_walk *w)
{
    uint32_t code = access_code(c, access);
    uint64_t table_gpa = c->cr3 & s->cr3_mask;
    for (const struct level *l = s->levels; l < s->levels + s->level_count; l++) {
        if (step_take(m, s, l, c, gva, table_gpa, code, w) < 0)
            return;
        uint64_t entry = w->step[w->steps - 1].entry;
        w->page_len = 1ull << l->shift;
        if (entry_is_large(s, l, c, entry)) {
            table_gpa = large_gpa(s, entry, w->page_len);
            break;
        }
        table_gpa = entry & s->address_mask;
    }
    const char *refusal = rights_refusal(c, w, access);
    if (refusal) {
        walk_fail(w, code | PF_PRESENT, refusal);
        return;
    }
    w->ok = true;
    w->gpa = table_gpa | (gva & (w->page_len - 1));
}

static bool gva_is_canonical(const struct gva_context *c, uint64_t gva)
{
    unsigned sign = c->cr4 & CR4_LA57 ? 56 : 47;
    uint64_t top = gva >> sign;
    return top == 0 || top == UINT64_MAX >> sign;
}

void gva_translate(const struct guest_memory *m, const struct gva_context *c, uint64_t gva,
                   enum gva_access access, struct gva_walk *w)
{
    const struct scheme *s = scheme_of(c);
    *w = (struct gva_walk){.writable = true, .user = true, .executable = true};
    /* Outside IA-32e mode a linear address has 32 bits, and one that runs over begins again at 0. */
    if (!(c->efer & EFER_LMA))
        gva &= UINT32_MAX;
    else if (!gva_is_canonical(c, gva)) {
        walk_fail(w, 0, "not a canonical address");
        return;
    }
    if (s) {
        walk_tables(m, s, c, gva, access, w);
        return;
    }
    w->ok = true;
    w->gpa = gva;
    w->page_len = UNPAGED_LEN;
}

struct gva_context gva_context_of(const struct kvm_regs *r, const struct kvm_sregs *s)
{
    return (struct gva_context){.cr0 = s->cr0,
                                .cr3 = s->cr3,
                                .cr4 = s->cr4,
                                .efer = s->efer,
                                .cpl = cpu_cpl(r, s),
                                .ac = r->rflags & RFLAGS_AC};
}

/* Host address of the byte at `gva` and, in *run, how many of `n` bytes follow it in the same 4 KiB. NULL
 * when the walk fails or leads to no memory; then *w says why. */
static void *run_find(const struct guest_memory *m, const struct gva_context *c, uint64_t gva, size_t n,
                      enum gva_access access, struct gva_walk *w, size_t *run)
{
    gva_translate(m, c, gva, access, w);
    if (!w->ok)
        return NULL;
    uint64_t left = PAGE_LEN - (gva & (PAGE_LEN - 1));
    *run = n < left ? n : (size_t)left;
    void *p = memory_ptr(m, w->gpa, *run, access == GVA_WRITE);
    if (!p)
        walk_fail(w, 0, memory_ptr(m, w->gpa, 1, false) ? "the page is ROM" : "no memory under the page");
    return p;
}

size_t gva_read(const struct guest_memory *m, const struct gva_context *c, uint64_t gva, void *buf, size_t n,
                enum gva_access access, struct gva_walk *w)
{
    struct gva_walk local;
    size_t done = 0;
    for (size_t run; done < n; done += run) {
        const void *p = run_find(m, c, gva + done, n - done, access, w ? w : &local, &run);
        if (!p)
            break;
        memcpy((uint8_t *)buf + done, p, run);
    }
    return done;
}

/* All pages are found before the first byte is stored: the write may change the very tables that lead to
 * them. */
size_t gva_write(const struct guest_memory *m, const struct gva_context *c, uint64_t gva, const void *buf,
                 size_t n, struct gva_walk *w)
{
    struct gva_walk local;
    void *page[GVA_WRITE_MAX / PAGE_LEN + 1];
    size_t pages = 0;
    if (n > GVA_WRITE_MAX) {
        walk_fail(w ? w : &local, 0, "more than can be written at once");
        return 0;
    }
    for (size_t done = 0, run; done < n; done += run) {
        page[pages] = run_find(m, c, gva + done, n - done, GVA_WRITE, w ? w : &local, &run);
        if (!page[pages++])
            return 0;
    }
    size_t done = 0;
    for (size_t i = 0; i < pages; i++) {
        size_t left = (size_t)(PAGE_LEN - ((gva + done) & (PAGE_LEN - 1)));
        size_t run = n - done < left ? n - done : left;
        memcpy(page[i], (const uint8_t *)buf + done, run);
        done += run;
    }
    return n;
}
