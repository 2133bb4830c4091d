/*
 * The page walk in software.  The MMU turns a linear address into a physical one by going down a tree of
 * tables that the guest keeps in its own memory: each level takes some bits of the address as an index, reads
 * one entry, and goes on where the entry points (Intel SDM, "Paging").  paging.c knows the four kinds of tree
 * and what an entry means; one loop here walks them all.  Rights gather on the way down: a page is writable
 * or a user's only if every level says so, and not executable if one says so ("Access Rights").  They are
 * judged when the page has been reached, so that a missing entry further down comes before a missing right.
 *
 * Simplified: PAE reads its PDPTEs from memory and not from the four registers that the MOV to CR3 filled
 * (as AMD's processors do under nested paging); a PDPTE with a reserved bit, which that MOV refuses with a
 * general-protection fault, is a page fault here.
 */
#include "vm/gva.h"

#include "base/bytes.h"

#include <string.h>

#define PAGE_LEN    0x1000ull
#define UNPAGED_LEN (1ull << 48)

static void walk_fail(struct gva_walk *w, uint32_t error_code, const char *why)
{
    w->ok = false;
    w->error_code = error_code;
    w->why = why;
}

/* Reads the entry for `gva` from the table at `table_gpa` and notes the step. 0, or -1 when the walk ends in
 * failure. */
static int step_take(const struct guest_memory *m, const struct paging_scheme *s,
                     const struct paging_level *l, const struct gva_context *c, uint64_t gva,
                     uint64_t table_gpa, uint32_t code, struct gva_walk *w)
{
    unsigned index = paging_index(l, gva);
    uint64_t entry_gpa = table_gpa + (uint64_t)index * s->entry_len;
    const void *p = memory_ptr(m, entry_gpa, s->entry_len, false);
    if (!p) {
        walk_fail(w, code, l->why_unbacked);
        return -1;
    }
    struct paging_entry e;
    paging_decode(s, l, c, le_load(p, s->entry_len), &e);
    w->step[w->steps++] = (struct gva_step){.level = l->entry,
                                            .table_gpa = table_gpa,
                                            .entry_gpa = entry_gpa,
                                            .entry = e.raw,
                                            .next_gpa = e.gpa,
                                            .reserved = e.reserved,
                                            .index = index,
                                            .shift = l->shift,
                                            .present = e.kind != PAGING_ABSENT,
                                            .large = e.large};
    if (e.kind == PAGING_ABSENT) {
        walk_fail(w, code, l->why_absent);
        return -1;
    }
    if (e.kind == PAGING_RESERVED) {
        walk_fail(w, code | PF_PRESENT | PF_RESERVED, l->why_reserved);
        return -1;
    }
    w->writable = w->writable && e.rights.writable;
    w->user = w->user && e.rights.user;
    w->executable = w->executable && e.rights.executable;
    w->mapped = e.kind == PAGING_PAGE;
    return 0;
}

static void walk_tables(const struct guest_memory *m, const struct paging_scheme *s,
                        const struct gva_context *c, uint64_t gva, enum gva_access access, struct gva_walk *w)
{
    uint32_t code = paging_error_code(c, access);
    uint64_t next_gpa = c->cr3 & s->cr3_mask;
    for (const struct paging_level *l = s->level; !w->mapped; l++) {
        if (step_take(m, s, l, c, gva, next_gpa, code, w) < 0)
            return;
        next_gpa = w->step[w->steps - 1].next_gpa;
        w->page_len = 1ull << l->shift;
    }
    w->gpa = next_gpa | (gva & (w->page_len - 1));
    struct paging_rights rights = {w->writable, w->user, w->executable};
    const char *refusal = paging_refusal(c, rights, access);
    if (refusal)
        walk_fail(w, code | PF_PRESENT, refusal);
    else
        w->ok = true;
}

void gva_translate(const struct guest_memory *m, const struct gva_context *c, uint64_t gva,
                   enum gva_access access, struct gva_walk *w)
{
    const struct paging_scheme *s = paging_scheme(c);
    *w = (struct gva_walk){.writable = true, .user = true, .executable = true};
    /* Outside IA-32e mode a linear address has 32 bits, and one that runs over begins again at 0. */
    if (!(c->efer & EFER_LMA))
        gva &= UINT32_MAX;
    else if (!paging_canonical(c, gva)) {
        walk_fail(w, 0, "not a canonical address");
        return;
    }
    if (s) {
        walk_tables(m, s, c, gva, access, w);
        return;
    }
    w->ok = w->mapped = true;
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
