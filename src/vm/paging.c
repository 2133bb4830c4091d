/*
 * The four trees of paging, as tables, and the meaning of an entry.  The schemes differ in the width of an
 * entry, the bits of the linear address that a level takes and the page sizes; everything else is the same
 * everywhere: bit 0 says that the entry is there, bits 1 and 2 and the top bit are rights, bit 7 turns an
 * entry that could point to a table into a large page, and what is left over must be zero or may be anything
 * (Intel SDM, "32-Bit Paging", "PAE Paging", "4-Level Paging and 5-Level Paging": the tables "Format of…").
 *
 * Reserved bits depend on the processor: address bits at or above its physical-address width, PS in a PDPTE
 * without 1-GiB pages, and in a 4-MiB page the bits above those that PSE-36 uses for address bits 32 to 39.
 *
 * Simplified: PSE-36 and PAT exist; bit 8 of an upper entry is ignored (Intel; AMD reserves it in a PML4E);
 * protection keys, shadow stacks, HLAT, LAM and LASS are not looked at; accesses are explicit ones (the
 * implicit reads of descriptor tables are a supervisor's: say cpl 0).
 */
#include "vm/paging.h"

#define ADDRESS_64  0x000ffffffffff000ull
#define ADDRESS_32  0xfffff000ull
#define CR3_PAE     0xffffffe0ull
#define ENTRY_52_62 (0x7ffull << 52)
/* Nor has it A; but an entry in use is not checked again, and an emulated CPU (QEMU's) sets A there. */
#define PAE_PDPTE_RSV (0x6ull | 0x7ull << 6) /* W, U, D, PS and G positions: a PAE PDPTE has no such bits */

enum { WIDTH_MIN = 32, WIDTH_MAX = 52, WIDTH_PSE36 = 40 };

#define LEVEL_TEXTS(table, entry)                                                                            \
    table, entry, entry " not present", "reserved bit set in the " entry, "no memory under the " entry
static const struct paging_level levels_32bit[] = {
    {LEVEL_TEXTS("PD", "PDE"), 22, 10, true, false},
    {LEVEL_TEXTS("PT", "PTE"), 12, 10, false, false},
};
static const struct paging_level levels_pae[] = {
    {LEVEL_TEXTS("PDPT", "PDPTE"), 30, 2, false, true},
    {LEVEL_TEXTS("PD", "PDE"), 21, 9, true, false},
    {LEVEL_TEXTS("PT", "PTE"), 12, 9, false, false},
};
static const struct paging_level levels_long[] = {
    {LEVEL_TEXTS("PML5", "PML5E"), 48, 9, false, false}, {LEVEL_TEXTS("PML4", "PML4E"), 39, 9, false, false},
    {LEVEL_TEXTS("PDPT", "PDPTE"), 30, 9, true, false},  {LEVEL_TEXTS("PD", "PDE"), 21, 9, true, false},
    {LEVEL_TEXTS("PT", "PTE"), 12, 9, false, false},
};
#undef LEVEL_TEXTS

static const struct paging_scheme scheme_32bit = {"32-bit", levels_32bit, 2, 4, 32, ADDRESS_32};
static const struct paging_scheme scheme_pae = {"PAE", levels_pae, 3, 8, 32, CR3_PAE};
static const struct paging_scheme scheme_4level = {"4-level", levels_long + 1, 4, 8, 48, ADDRESS_64};
static const struct paging_scheme scheme_5level = {"5-level", levels_long, 5, 8, 57, ADDRESS_64};

const struct paging_scheme *paging_scheme(const struct gva_context *c)
{
    if (!(c->cr0 & CR0_PG))
        return NULL;
    if (!(c->cr4 & CR4_PAE))
        return &scheme_32bit;
    if (!(c->efer & EFER_LMA))
        return &scheme_pae;
    return c->cr4 & CR4_LA57 ? &scheme_5level : &scheme_4level;
}

static unsigned address_width(const struct gva_context *c)
{
    if (c->maxphyaddr == 0 || c->maxphyaddr > WIDTH_MAX)
        return WIDTH_MAX;
    return c->maxphyaddr < WIDTH_MIN ? WIDTH_MIN : c->maxphyaddr;
}

/* Does PS make a page of this entry? Without CR4.PSE 32-bit paging ignores the bit. */
static bool entry_is_large(const struct paging_scheme *s, const struct paging_level *l,
                           const struct gva_context *c, uint64_t raw)
{
    if (!l->large || !(raw & PAGING_PS) || (l->shift == 30 && c->no_1gib))
        return false;
    return s != &scheme_32bit || (c->cr4 & CR4_PSE);
}

/* In a 4-MiB page bits 13..20 are the address bits 32..39, as far as the processor has them (PSE-36). */
static uint64_t reserved_32bit(const struct gva_context *c, bool large)
{
    unsigned width = address_width(c) < WIDTH_PSE36 ? address_width(c) : WIDTH_PSE36;
    return large ? (1ull << 22) - (1ull << (width - 19)) : 0;
}

/* The bits that must be zero in this entry. Bit 12 of a large page is PAT. */
static uint64_t entry_reserved(const struct paging_scheme *s, const struct paging_level *l,
                               const struct gva_context *c, bool large)
{
    if (s == &scheme_32bit)
        return reserved_32bit(c, large);
    uint64_t reserved = (1ull << WIDTH_MAX) - (1ull << address_width(c));
    if (!(c->efer & EFER_NXE))
        reserved |= PAGING_NX;
    if (s == &scheme_pae)
        reserved |= ENTRY_52_62;
    if (l->no_rights)
        return reserved | PAGING_NX | PAE_PDPTE_RSV;
    if (large)
        reserved |= (1ull << l->shift) - (1ull << 13);
    else if (l->shift > 12)
        reserved |= PAGING_PS;
    return reserved;
}

static uint64_t entry_gpa(const struct paging_scheme *s, const struct paging_level *l, uint64_t raw,
                          bool large)
{
    uint64_t gpa = raw & (s == &scheme_32bit ? ADDRESS_32 : ADDRESS_64);
    if (!large)
        return gpa;
    gpa &= ~((1ull << l->shift) - 1);
    return s == &scheme_32bit ? gpa | (raw >> 13 & 0xff) << 32 : gpa;
}

void paging_decode(const struct paging_scheme *s, const struct paging_level *l, const struct gva_context *c,
                   uint64_t raw, struct paging_entry *e)
{
    bool large = entry_is_large(s, l, c, raw);
    *e = (struct paging_entry){.large = large, .raw = raw, .gpa = entry_gpa(s, l, raw, large)};
    if (!(raw & PAGING_P))
        return;
    e->reserved = raw & entry_reserved(s, l, c, large);
    e->rights.writable = l->no_rights || (raw & PAGING_W);
    e->rights.user = l->no_rights || (raw & PAGING_U);
    e->rights.executable = l->no_rights || !(raw & PAGING_NX) || !(c->efer & EFER_NXE);
    if (e->reserved)
        e->kind = PAGING_RESERVED;
    else
        e->kind = large || l->shift == 12 ? PAGING_PAGE : PAGING_TABLE;
}

const char *paging_refusal(const struct gva_context *c, struct paging_rights r, enum gva_access access)
{
    if (access == GVA_FETCH && !r.executable)
        return "the page is not executable";
    if (c->cpl == 3) {
        if (!r.user)
            return "the page belongs to the supervisor";
        return access == GVA_WRITE && !r.writable ? "the page is read-only" : NULL;
    }
    if (access == GVA_WRITE && !r.writable && (c->cr0 & CR0_WP))
        return "the page is read-only, for the supervisor too (CR0.WP)";
    if (access == GVA_FETCH && r.user && (c->cr4 & CR4_SMEP))
        return "the supervisor may not run a user page (CR4.SMEP)";
    if (access != GVA_FETCH && r.user && (c->cr4 & CR4_SMAP) && !c->ac)
        return "the supervisor may not touch a user page (CR4.SMAP)";
    return NULL;
}

uint32_t paging_error_code(const struct gva_context *c, enum gva_access access)
{
    bool tells_fetch = (c->cr4 & CR4_SMEP) || ((c->cr4 & CR4_PAE) && (c->efer & EFER_NXE));
    uint32_t code = c->cpl == 3 ? PF_USER : 0;
    if (access == GVA_WRITE)
        code |= PF_WRITE;
    if (access == GVA_FETCH && tells_fetch)
        code |= PF_FETCH;
    return code;
}

bool paging_canonical(const struct gva_context *c, uint64_t gva)
{
    unsigned sign = c->cr4 & CR4_LA57 ? 56 : 47;
    uint64_t top = gva >> sign;
    return top == 0 || top == UINT64_MAX >> sign;
}
