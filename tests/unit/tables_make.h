/*
 * Page tables for the tests of the trace floor: guest memory with tables of every paging scheme in it, and
 * traces that hold copies of them.
 */
#ifndef RINGSIDE_TESTS_TABLES_MAKE_H
#define RINGSIDE_TESTS_TABLES_MAKE_H

#include "gva_paths.h"
#include "trace_make.h"
#include "traces/tables.h"

#define A_     0x20ull
#define D_     0x40ull
#define MEMORY (4 * MIB)

static inline struct tables_place place_of(const struct gva_context *c, uint64_t seq)
{
    return (struct tables_place){
        .seq = seq, .cr0 = c->cr0, .cr3 = c->cr3, .cr4 = c->cr4, .efer = c->efer, .maxphyaddr = 46};
}

static inline void put_entry(struct guest_memory *m, uint64_t table, unsigned index, uint64_t entry,
                             size_t len)
{
    le_store(memory_ptr(m, table + (uint64_t)index * len, len, true), entry, len);
}

/* `count` entries from `index` on, each pointing `stride` further. */
static inline void put_entries(struct guest_memory *m, uint64_t table, unsigned index, unsigned count,
                               uint64_t entry, uint64_t stride, size_t len)
{
    for (unsigned i = 0; i < count; i++)
        put_entry(m, table, index + i, entry + i * stride, len);
}

static inline void memory_make(struct guest_memory *m, uint64_t len)
{
    struct err e;
    CU_ASSERT_EQUAL_FATAL(memory_init(m, NULL, len, &e), 0);
}

/* A copy of what `c` leads to, into `t` (zeroed, or an old copy). */
static inline void take_copy(struct trace_tables *t, const struct guest_memory *m,
                             const struct gva_context *c, uint64_t seq)
{
    struct err e = {0};
    const struct tables_place place = place_of(c, seq);
    CU_ASSERT_EQUAL_FATAL(tables_take(t, &place, m, &e), 0);
}

static inline void put_copy(struct trace_writer *w, const struct guest_memory *m, const struct gva_context *c,
                            uint64_t seq)
{
    struct trace_tables *t = calloc(1, sizeof *t);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    take_copy(t, m, c, seq);
    trace_put_tables(w, t);
    tables_fini(t);
    free(t);
}

static inline void put_events(struct trace_writer *w, uint64_t from, uint64_t count)
{
    uint64_t now = from * 20000;
    for (uint64_t i = from; i < from + count; i++) {
        struct event ev = make_console_event(i, &now);
        trace_put(w, &ev);
    }
}

static inline bool tables_equal(const struct trace_tables *a, const struct trace_tables *b)
{
    if (a->count != b->count || a->truncated != b->truncated || a->region_count != b->region_count ||
        a->page_count != b->page_count)
        return false;
    for (size_t i = 0; i < a->region_count; i++)
        if (a->region[i].gpa != b->region[i].gpa || a->region[i].len != b->region[i].len ||
            a->region[i].read_only != b->region[i].read_only)
            return false;
    for (size_t i = 0; i < a->count; i++)
        if (a->table[i].gpa != b->table[i].gpa || a->table[i].level != b->table[i].level ||
            a->table[i].backed != b->table[i].backed)
            return false;
    for (size_t i = 0; i < a->page_count; i++) {
        const uint8_t *other = tables_page(b, a->page_gpa[i]);
        if (!other || memcmp(other, a->pages + i * TABLES_PAGE_LEN, TABLES_PAGE_LEN) != 0)
            return false;
    }
    return a->place.seq == b->place.seq && a->place.cr3 == b->place.cr3 && a->place.cr0 == b->place.cr0 &&
           a->place.cr4 == b->place.cr4 && a->place.efer == b->place.efer &&
           a->place.maxphyaddr == b->place.maxphyaddr && a->place.missed == b->place.missed;
}

#endif
