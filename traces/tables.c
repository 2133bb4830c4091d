/*
 * Copying page tables: see tables.h.  The tree is walked level by level from CR3, so that a table which can
 * be reached at several levels (a recursive mapping) is met at its highest first, and so that a tree too
 * large keeps its upper levels.  Each table is copied once however many entries point to it, which also ends
 * every loop.
 *
 * Simplified: PAE's four PDPTEs are read from memory, not from the registers that the last MOV to CR3 filled.
 */
#include "traces/tables.h"

#include "base/bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_MASK (~(uint64_t)(TABLES_PAGE_LEN - 1))

enum { SEEN_SLOTS = 4 * TABLES_MAX };

void tables_fini(struct trace_tables *t)
{
    free(t->pages);
    t->pages = NULL;
    t->page_cap = t->page_count = t->count = 0;
}

int tables_copy(struct trace_tables *to, const struct trace_tables *from, struct err *e)
{
    size_t len = from->page_count * TABLES_PAGE_LEN;
    uint8_t *pages = malloc(len ? len : 1);
    if (!pages)
        return err_sys(e, ENOMEM, "page tables");
    if (len)
        memcpy(pages, from->pages, len);
    free(to->pages);
    *to = *from;
    to->pages = pages;
    to->page_cap = from->page_count;
    return 0;
}

struct gva_context tables_context(const struct tables_place *p)
{
    return (struct gva_context){.cr0 = p->cr0,
                                .cr3 = p->cr3,
                                .cr4 = p->cr4,
                                .efer = p->efer,
                                .maxphyaddr = p->maxphyaddr,
                                .no_1gib = p->no_1gib};
}

static size_t page_find(const struct trace_tables *t, uint64_t gpa)
{
    size_t i = 0;
    while (i < t->page_count && t->page_gpa[i] != gpa)
        i++;
    return i;
}

const uint8_t *tables_page(const struct trace_tables *t, uint64_t gpa)
{
    size_t i = page_find(t, gpa);
    return i < t->page_count ? t->pages + i * TABLES_PAGE_LEN : NULL;
}

const struct trace_table *tables_find(const struct trace_tables *t, uint64_t gpa)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->table[i].gpa == gpa)
            return &t->table[i];
    return NULL;
}

uint8_t *tables_page_make(struct trace_tables *t, uint64_t gpa)
{
    size_t i = page_find(t, gpa);
    if (i == TABLES_MAX)
        return NULL;
    if (i == t->page_cap) {
        size_t cap = t->page_cap ? 2 * t->page_cap : 8;
        uint8_t *grown = realloc(t->pages, cap * TABLES_PAGE_LEN);
        if (!grown)
            return NULL;
        t->pages = grown;
        t->page_cap = cap;
    }
    if (i == t->page_count) {
        t->page_gpa[t->page_count++] = gpa;
        memset(t->pages + i * TABLES_PAGE_LEN, 0, TABLES_PAGE_LEN);
    }
    return t->pages + i * TABLES_PAGE_LEN;
}

/* ---- the copy ---- */

struct take {
    struct trace_tables *tables;
    const struct guest_memory *memory;
    const struct paging_scheme *scheme;
    struct gva_context context;
    uint16_t seen[SEEN_SLOTS]; /* by address: number of the table plus one */
};

/* Puts a table on the list, unless it is there. A PAE PDPT has 32 bytes: a page of tables that begins where
 * it does is another. */
static void take_meet(struct take *k, unsigned level, uint64_t gpa)
{
    struct trace_tables *t = k->tables;
    uint64_t hash = (gpa >> 5) * 0x9e3779b97f4a7c15ull >> 32;
    bool small = k->scheme->level[k->scheme->levels - level].no_rights;
    for (size_t i = hash % SEEN_SLOTS;; i = (i + 1) % SEEN_SLOTS) {
        const struct trace_table *other = k->seen[i] ? &t->table[k->seen[i] - 1] : NULL;
        bool other_small = other && k->scheme->level[k->scheme->levels - other->level].no_rights;
        if (other && other->gpa == gpa && other_small == small)
            return;
        if (other)
            continue;
        if (t->count == TABLES_MAX) {
            t->truncated = true;
            return;
        }
        t->table[t->count++] = (struct trace_table){.gpa = gpa, .level = level};
        k->seen[i] = (uint16_t)t->count;
        return;
    }
}

/* Copies a table and puts those that it points to on the list. */
static int take_table(struct take *k, struct trace_table *table)
{
    const struct paging_scheme *s = k->scheme;
    const struct paging_level *l = &s->level[s->levels - table->level];
    size_t len = (size_t)paging_entries(l) * s->entry_len;
    const uint8_t *from = memory_ptr(k->memory, table->gpa, len, false);
    if (!from)
        return 0;
    uint8_t *page = tables_page_make(k->tables, table->gpa & PAGE_MASK);
    if (!page)
        return -1;
    table->backed = true;
    uint8_t *to = page + (table->gpa & ~PAGE_MASK);
    memcpy(to, from, len);
    for (size_t i = 0; table->level > 1 && i < len; i += s->entry_len) {
        struct paging_entry e;
        paging_decode(s, l, &k->context, le_load(to + i, s->entry_len), &e);
        if (e.kind == PAGING_TABLE)
            take_meet(k, table->level - 1, e.gpa);
    }
    return 0;
}

static void take_regions(struct trace_tables *t, const struct guest_memory *m)
{
    t->region_count = m->region_count;
    for (size_t i = 0; i < m->region_count; i++)
        t->region[i] = (struct memory_region){
            .gpa = m->region[i].gpa, .len = m->region[i].len, .read_only = m->region[i].read_only};
}

int tables_take(struct trace_tables *t, const struct tables_place *place, const struct guest_memory *m,
                struct err *e)
{
    struct take k = {.tables = t, .memory = m, .context = tables_context(place)};
    k.scheme = paging_scheme(&k.context);
    t->place = *place;
    t->place.a20_off = !m->a20;
    t->truncated = false;
    t->count = t->page_count = 0;
    take_regions(t, m);
    if (k.scheme)
        take_meet(&k, k.scheme->levels, place->cr3 & k.scheme->cr3_mask);
    for (size_t i = 0; i < t->count; i++)
        if (take_table(&k, &t->table[i]))
            return err_sys(e, ENOMEM, "page tables");
    return 0;
}

/* ---- the view ---- */

static const uint8_t *view_page(void *ctx, uint64_t gpa)
{
    return tables_page(ctx, gpa);
}

void tables_view_init(struct tables_view *v, const struct trace_tables *t)
{
    *v = (struct tables_view){0};
    v->memory.a20 = !t->place.a20_off;
    /* Only read from: guest_memory's way to its pages has no const. */
    v->memory.pages = (struct memory_pages){view_page, (void *)(uintptr_t)t};
    v->memory.region_count = t->region_count;
    memcpy(v->memory.region, t->region, t->region_count * sizeof t->region[0]);
    v->target.memory = &v->memory;
    v->target.sregs.cr0 = t->place.cr0;
    v->target.sregs.cr3 = t->place.cr3;
    v->target.sregs.cr4 = t->place.cr4;
    v->target.sregs.efer = t->place.efer;
    v->target.maxphyaddr = t->place.maxphyaddr;
    v->target.no_1gib = t->place.no_1gib;
}
