/*
 * Remembered walks: whatever changes between two questions, entries, registers, rights, the layout of memory,
 * the second answer is what a walk from the beginning gives.
 */
#include "gva_paths.h"
#include "vm/gva_memo.h"

/* The memo's answer is the walk's. */
static bool agrees(struct gva_memo *memo, const struct guest_memory *m, const struct gva_context *c,
                   uint64_t gva, enum gva_access access)
{
    struct gva_walk w;
    uint64_t gpa = 0;
    uint8_t *host = NULL;
    gva_translate(m, c, gva, access, &w);
    bool ok = gva_memo_find(memo, m, c, gva, access, &gpa, &host);
    if (!w.ok || !ok)
        return w.ok == ok;
    return gpa == w.gpa && host == memory_ptr(m, w.gpa, 1, access == GVA_WRITE);
}

static bool all_agree(struct gva_memo *memo, const struct guest_memory *m, const struct gva_context *c,
                      uint64_t gva)
{
    bool agree = true;
    for (unsigned twice = 0; twice < 2; twice++)
        for (unsigned access = GVA_READ; access <= GVA_FETCH; access++)
            agree &= agrees(memo, m, c, gva, (enum gva_access)access) &&
                     agrees(memo, m, c, gva ^ 0x1000, (enum gva_access)access);
    return agree;
}

/* Each entry on each path is changed in each of its bits, between two questions. */
static void test_entries_change(void)
{
    for (size_t s = 0; s < PATHS; s++) {
        const struct path *p = &paths[s];
        struct gva_memo memo = {0};
        struct guest_memory m;
        path_make(&m, p);
        for (size_t level = 0; level < p->levels; level++)
            for (unsigned bit = 0; bit < 8 * p->entry_len; bit++) {
                CU_ASSERT_TRUE(all_agree(&memo, &m, &p->c, p->gva));
                entry_put(&m, p, level, entry_default(p, level) ^ 1ull << bit);
                CU_ASSERT_TRUE(all_agree(&memo, &m, &p->c, p->gva));
                entry_put(&m, p, level, entry_default(p, level));
            }
        memory_fini(&m);
    }
}

static void test_context_changes(void)
{
    for (size_t s = 0; s < PATHS; s++) {
        const struct path *p = &paths[s];
        struct gva_memo memo = {0};
        struct guest_memory m;
        path_make(&m, p);
        entry_put(&m, p, p->levels - 1, PAGE | P | U); /* a user's, read-only */
        struct gva_context wp = p->c, user = p->c, smap = p->c, ac, moved = p->c, unpaged = p->c;
        wp.cr0 |= CR0_WP;
        user.cpl = 3;
        smap.cr4 |= CR4_SMAP;
        ac = smap;
        ac.ac = true;
        moved.cr3 += 0x1000;
        unpaged.cr0 &= ~CR0_PG;
        const struct gva_context *all[] = {&p->c, &wp, &user, &smap, &ac, &moved, &unpaged};
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
            for (size_t j = 0; j < sizeof all / sizeof all[0]; j++)
                CU_ASSERT_TRUE(all_agree(&memo, &m, all[i], p->gva) && all_agree(&memo, &m, all[j], p->gva));
        memory_fini(&m);
    }
}

static void test_memory_changes(void)
{
    static const uint8_t rom[0x1000] = {1};
    const struct gva_context c = {.cr0 = CR0_PE};
    struct gva_memo memo = {0};
    struct guest_memory m;
    struct err e;
    CU_ASSERT_EQUAL_FATAL(memory_init(&m, NULL, 4 * MIB, &e), 0);
    CU_ASSERT_TRUE(all_agree(&memo, &m, &c, MIB));
    CU_ASSERT_EQUAL(memory_set_a20(&m, false, &e), 0);
    CU_ASSERT_TRUE(all_agree(&memo, &m, &c, MIB));
    CU_ASSERT_EQUAL(memory_set_a20(&m, true, &e), 0);
    CU_ASSERT_TRUE(all_agree(&memo, &m, &c, MIB));
    CU_ASSERT_EQUAL(memory_add_rom(&m, MIB, rom, sizeof rom, &e), 0);
    CU_ASSERT_TRUE(all_agree(&memo, &m, &c, MIB));
    CU_ASSERT_TRUE(all_agree(&memo, &m, &c, MEMORY_VGA_GPA));
    memory_fini(&m);
}

/* Reads that begin and end anywhere, over pages that lie apart, up to the first that is not there. */
static void test_read(void)
{
    const struct path *p = &paths[P4];
    struct gva_memo memo = {0};
    struct guest_memory m;
    uint8_t ours[0x2100], theirs[0x2100];
    path_make(&m, p);
    uint64_t first = p->gva & ~0xfffull, pte = p->entry_gpa[3];
    le_store(memory_ptr(&m, pte + 8, 8, true), 0x9000 | PWU, 8);
    for (unsigned i = 0; i < 0x1000; i++) {
        *(uint8_t *)memory_ptr(&m, PAGE + i, 1, true) = (uint8_t)(i * 7);
        *(uint8_t *)memory_ptr(&m, 0x9000 + i, 1, true) = (uint8_t)(i * 11);
    }
    for (uint64_t at = 0; at < 0x2000; at += 0x7f)
        for (size_t n = 0; n <= sizeof ours; n += 0x383) {
            size_t got = gva_memo_read(&memo, &m, &p->c, first + at, ours, n, GVA_READ);
            CU_ASSERT_EQUAL_FATAL(gva_read(&m, &p->c, first + at, theirs, n, GVA_READ, NULL), got);
            CU_ASSERT_EQUAL(memcmp(ours, theirs, got), 0);
        }
    memory_fini(&m);
}

static const struct unit_test tests[] = {
    {"entries that change", test_entries_change},
    {"registers that change", test_context_changes},
    {"memory that changes", test_memory_changes},
    {"reads", test_read},
};

UNIT_MAIN("remembered walks", tests)
