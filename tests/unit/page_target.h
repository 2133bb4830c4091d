/*
 * A target for the tests of the page views: memory and the registers of one paging scheme, and entries put
 * where a test wants them.
 */
#ifndef RINGSIDE_TESTS_PAGE_TARGET_H
#define RINGSIDE_TESTS_PAGE_TARGET_H

#include "debug/target.h"
#include "gva_paths.h"

#define PW  (P | W)
#define A_  0x20ull
#define D_  0x40ull
#define KIB 0x400ull
#define GIB 0x40000000ull

/* A target with `len` bytes of empty memory and the control registers of a path of gva_paths.h. */
static inline void target_make(struct target *t, struct guest_memory *m, size_t scheme, uint64_t len)
{
    struct err e;
    const struct gva_context *c = &paths[scheme].c;
    if (memory_init(m, NULL, len, &e) < 0)
        abort();
    *t = (struct target){.memory = m,
                         .regs = {.rflags = RFLAGS_FIXED},
                         .sregs = {.cr0 = c->cr0, .cr3 = c->cr3, .cr4 = c->cr4, .efer = c->efer}};
}

/* The target of a path, with its tables. */
static inline void target_path(struct target *t, struct guest_memory *m, size_t scheme)
{
    target_make(t, m, scheme, 4 * MIB);
    for (size_t i = 0; i < paths[scheme].levels; i++)
        entry_put(m, &paths[scheme], i, entry_default(&paths[scheme], i));
}

static inline void put64(struct guest_memory *m, uint64_t table, unsigned index, uint64_t entry)
{
    le_store(memory_ptr(m, table + (uint64_t)index * 8, 8, true), entry, 8);
}

static inline void put32(struct guest_memory *m, uint64_t table, unsigned index, uint32_t entry)
{
    le_store(memory_ptr(m, table + (uint64_t)index * 4, 4, true), entry, 4);
}

/* Is `want` in the text? Says both when not. */
static inline bool has(const struct text *out, const char *want)
{
    if (strstr(text_str(out), want))
        return true;
    fprintf(stderr, "not there: %s\n%s\n", want, text_str(out));
    return false;
}

static inline size_t line_count(const struct text *out)
{
    size_t n = 0;
    for (const char *s = text_str(out); *s; s++)
        n += *s == '\n';
    return n;
}

/* A small generator (xorshift64) for hostile tables: the same in every run. */
static inline uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Fills the first `tables` pages behind 0x1000 with entries of all kinds that mostly point to one another. */
static inline void tables_hostile(struct guest_memory *m, uint64_t *seed, unsigned tables, size_t entry_len)
{
    static const uint64_t masks[] = {0x1ff, 0x67, 0xe7, 0x8000000000000067, 0xffffffffffffffff};
    for (unsigned table = 0; table < tables; table++)
        for (unsigned i = 0; i < 0x1000 / entry_len; i++) {
            uint64_t r = random_next(seed);
            uint64_t entry = (r & masks[r >> 60 & 3]) | (r >> 32 & 7 ? P : 0);
            entry |= (1 + (r >> 40) % (tables + 1)) << 12;
            if ((r >> 50 & 63) == 0)
                entry = r & masks[4];
            le_store(memory_ptr(m, 0x1000 * (table + 1) + i * entry_len, entry_len, true), entry, entry_len);
        }
}

#endif
