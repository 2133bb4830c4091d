/*
 * Remembered walks: see gva_memo.h.
 */
#include "vm/gva_memo.h"

#include "base/bytes.h"

#include <string.h>

#define PAGE_LEN 0x1000ull

static uint64_t entry_load(const uint8_t *p, size_t len)
{
    return len == 8 ? le64_load(p) : le32_load(p);
}

static bool context_same(const struct gva_context *a, const struct gva_context *b)
{
    return a->cr0 == b->cr0 && a->cr3 == b->cr3 && a->cr4 == b->cr4 && a->efer == b->efer &&
           a->cpl == b->cpl && a->ac == b->ac && a->maxphyaddr == b->maxphyaddr && a->no_1gib == b->no_1gib;
}

static bool line_holds(const struct gva_memo_line *l, const struct guest_memory *m,
                       const struct gva_context *c, uint64_t page, enum gva_access access)
{
    if (!l->valid || l->page != page || l->access != access || l->a20 != m->a20 ||
        l->rom_count != m->rom_count || !context_same(&l->context, c))
        return false;
    for (size_t i = 0; i < l->steps; i++)
        if (entry_load(l->entry[i], l->entry_len) != l->raw[i])
            return false;
    return true;
}

/* False when the walk fails. */
static bool line_fill(struct gva_memo_line *l, const struct guest_memory *m, const struct gva_context *c,
                      uint64_t page, enum gva_access access)
{
    const struct paging_scheme *s = paging_scheme(c);
    struct gva_walk w;
    l->valid = false;
    gva_translate(m, c, page * PAGE_LEN, access, &w);
    if (!w.ok)
        return false;
    l->a20 = m->a20;
    l->rom_count = m->rom_count;
    l->page = page;
    l->context = *c;
    l->access = access;
    l->gpa = w.gpa;
    l->host = memory_ptr(m, w.gpa, PAGE_LEN, access == GVA_WRITE);
    l->entry_len = s ? s->entry_len : 0;
    l->steps = w.steps;
    for (size_t i = 0; i < w.steps; i++) {
        l->entry[i] = memory_ptr(m, w.step[i].entry_gpa, l->entry_len, false);
        l->raw[i] = w.step[i].entry;
    }
    l->valid = true;
    return true;
}

/* Code and data never share a line. Pages that are used together, often at round addresses, should not: the
 * multiplication (by 2^64 divided by the golden ratio) spreads them. */
static struct gva_memo_line *line_of(struct gva_memo *memo, uint64_t page, enum gva_access access)
{
    return &memo->line[access][(page * 0x9e3779b97f4a7c15ull) >> (64 - GVA_MEMO_BITS)];
}

bool gva_memo_find(struct gva_memo *memo, const struct guest_memory *m, const struct gva_context *c,
                   uint64_t gva, enum gva_access access, uint64_t *gpa, uint8_t **host)
{
    uint64_t page = gva / PAGE_LEN, offset = gva % PAGE_LEN;
    struct gva_memo_line *l = line_of(memo, page, access);
    if (!line_holds(l, m, c, page, access) && !line_fill(l, m, c, page, access))
        return false;
    *gpa = l->gpa + offset;
    *host = l->host ? l->host + offset : NULL;
    return true;
}

size_t gva_memo_read(struct gva_memo *memo, const struct guest_memory *m, const struct gva_context *c,
                     uint64_t gva, void *buf, size_t n, enum gva_access access)
{
    size_t done = 0;
    for (size_t run; done < n; done += run) {
        uint64_t gpa, left = PAGE_LEN - (gva + done) % PAGE_LEN;
        uint8_t *host;
        if (!gva_memo_find(memo, m, c, gva + done, access, &gpa, &host) || !host)
            break;
        run = n - done < left ? n - done : (size_t)left;
        memcpy((uint8_t *)buf + done, host, run);
    }
    return done;
}
