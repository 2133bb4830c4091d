/*
 * The page walk against tables made by hand: each scheme, each level that can fail, each right and reserved
 * bit, with the error code the processor would push (Intel SDM, "Page-Fault Exceptions", "Access Rights").
 */
#include "gva_paths.h"

static void test_paths(void)
{
    for (size_t s = 0; s < PATHS; s++) {
        const struct path *p = &paths[s];
        struct guest_memory m;
        struct gva_walk w;
        path_make(&m, p);
        CU_ASSERT_EQUAL(translate(&m, &p->c, p->gva, GVA_WRITE, &w), OK);
        CU_ASSERT_EQUAL(w.gpa, PAGE + 0xabc);
        CU_ASSERT_EQUAL(w.page_len, 4096);
        CU_ASSERT_TRUE(w.writable && w.user && w.executable);
        CU_ASSERT_EQUAL_FATAL(w.steps, p->levels);
        for (size_t i = 0; i < p->levels; i++) {
            CU_ASSERT_STRING_EQUAL(w.step[i].level, p->level[i]);
            CU_ASSERT_EQUAL(w.step[i].entry_gpa, p->entry_gpa[i]);
            CU_ASSERT_EQUAL(w.step[i].entry, entry_default(p, i));
            CU_ASSERT_TRUE(w.step[i].present);
        }
        /* accessed and dirty bits are the processor's to set, not ours */
        for (size_t i = 0; i < p->levels; i++)
            CU_ASSERT_EQUAL(le_load(memory_ptr(&m, p->entry_gpa[i], 8, false), p->entry_len),
                            entry_default(p, i));
        memory_fini(&m);
    }
}

/* Each level in turn: not present, and a table (or page) where no memory is. */
static void test_levels_fail(void)
{
    for (size_t s = 0; s < PATHS; s++)
        for (size_t i = 0; i < paths[s].levels; i++) {
            const struct path *p = &paths[s];
            struct gva_context c = p->c;
            struct guest_memory m;
            struct gva_walk w;
            char want[64];
            path_make(&m, p);
            entry_put(&m, p, i, entry_default(p, i) & ~P);
            c.cpl = 3;
            snprintf(want, sizeof want, "%s not present", p->level[i]);
            CU_ASSERT_EQUAL(translate(&m, &c, p->gva, GVA_WRITE, &w), PF_USER | PF_WRITE);
            CU_ASSERT_STRING_EQUAL(w.why, want);
            CU_ASSERT_EQUAL(w.steps, i + 1);
            CU_ASSERT_FALSE(w.step[i].present);
            c.cpl = 0;
            CU_ASSERT_EQUAL(translate(&m, &c, p->gva, GVA_READ, &w), 0);
            CU_ASSERT_EQUAL(translate(&m, &c, p->gva, GVA_FETCH, &w), 0);

            entry_put(&m, p, i, 0x7ffff000 | (i == 0 ? p->top_bits : PWU));
            if (i + 1 < p->levels) {
                snprintf(want, sizeof want, "no memory under the %s", p->level[i + 1]);
                CU_ASSERT_EQUAL(translate(&m, &c, p->gva, GVA_WRITE, &w), PF_WRITE);
                CU_ASSERT_STRING_EQUAL(w.why, want);
                CU_ASSERT_EQUAL(w.steps, i + 1);
            } else {
                CU_ASSERT_EQUAL(translate(&m, &c, p->gva, GVA_WRITE, &w), OK);
                CU_ASSERT_EQUAL(w.gpa, 0x7ffffabc);
            }
            memory_fini(&m);
        }
}

static void test_cr3_without_memory(void)
{
    for (size_t s = 0; s < PATHS; s++) {
        struct gva_context c = paths[s].c;
        struct guest_memory m;
        struct gva_walk w;
        path_make(&m, &paths[s]);
        c.cr3 = 0xfffff000;
        CU_ASSERT_EQUAL(translate(&m, &c, paths[s].gva, GVA_READ, &w), 0);
        CU_ASSERT_EQUAL(w.steps, 0);
        c.cr3 = paths[s].c.cr3 | 0x18; /* PWT, PCD: no part of the address */
        CU_ASSERT_EQUAL(translate(&m, &c, paths[s].gva, GVA_READ, &w), OK);
        c.cr3 = paths[s].c.cr3 | 1ull << 63; /* nor is what lies above it */
        CU_ASSERT_EQUAL(translate(&m, &c, paths[s].gva, GVA_READ, &w), OK);
        memory_fini(&m);
    }
}

/* What one page's rights and the control bits make of one access. cr4 and cr0 are added to the path's. */
struct right {
    uint64_t bits;
    unsigned cpl;
    enum gva_access access;
    uint64_t cr0, cr4, efer;
    bool ac;
    unsigned want;
};
static const struct right rights[] = {
    /* a user at a user's page */
    {PWU, 3, GVA_READ, 0, 0, 0, false, OK},
    {PWU, 3, GVA_WRITE, 0, 0, 0, false, OK},
    {PWU, 3, GVA_FETCH, 0, 0, 0, false, OK},
    {P | U, 3, GVA_READ, 0, 0, 0, false, OK},
    {P | U, 3, GVA_WRITE, 0, 0, 0, false, PF_PRESENT | PF_WRITE | PF_USER},
    {P | U, 3, GVA_WRITE, CR0_WP, 0, 0, false, PF_PRESENT | PF_WRITE | PF_USER},
    {PWU, 3, GVA_READ, 0, CR4_SMAP | CR4_SMEP, 0, false, OK},
    {PWU, 3, GVA_FETCH, 0, CR4_SMAP | CR4_SMEP, 0, false, OK},
    /* a user at a supervisor's page */
    {P | W, 3, GVA_READ, 0, 0, 0, false, PF_PRESENT | PF_USER},
    {P | W, 3, GVA_WRITE, 0, 0, 0, false, PF_PRESENT | PF_WRITE | PF_USER},
    {P | W, 3, GVA_FETCH, 0, 0, 0, false, PF_PRESENT | PF_USER},
    {P | W, 3, GVA_FETCH, 0, CR4_SMEP, 0, false, PF_PRESENT | PF_USER | PF_FETCH},
    {P | W, 3, GVA_READ, 0, CR4_SMAP, 0, true, PF_PRESENT | PF_USER},
    /* the supervisor */
    {P | W, 0, GVA_READ, 0, 0, 0, false, OK},
    {P | W, 0, GVA_FETCH, 0, CR4_SMEP | CR4_SMAP, 0, false, OK},
    {P | W, 0, GVA_WRITE, CR0_WP, CR4_SMEP | CR4_SMAP, 0, false, OK},
    {P, 0, GVA_WRITE, 0, 0, 0, false, OK},
    {P, 0, GVA_WRITE, CR0_WP, 0, 0, false, PF_PRESENT | PF_WRITE},
    {P | U, 2, GVA_WRITE, CR0_WP, 0, 0, false, PF_PRESENT | PF_WRITE},
    {PWU, 1, GVA_WRITE, CR0_WP, 0, 0, false, OK},
    /* the supervisor at a user's page: SMEP and SMAP */
    {PWU, 0, GVA_FETCH, 0, 0, 0, false, OK},
    {PWU, 0, GVA_FETCH, 0, CR4_SMAP, 0, false, OK},
    {PWU, 0, GVA_FETCH, 0, CR4_SMEP, 0, false, PF_PRESENT | PF_FETCH},
    {PWU, 0, GVA_FETCH, 0, CR4_SMEP, 0, true, PF_PRESENT | PF_FETCH},
    {PWU, 0, GVA_READ, 0, CR4_SMEP, 0, false, OK},
    {PWU, 0, GVA_READ, 0, CR4_SMAP, 0, false, PF_PRESENT},
    {PWU, 0, GVA_READ, 0, CR4_SMAP, 0, true, OK},
    {PWU, 0, GVA_WRITE, 0, CR4_SMAP, 0, false, PF_PRESENT | PF_WRITE},
    {PWU, 0, GVA_WRITE, CR0_WP, CR4_SMAP, 0, true, OK},
    {P | U, 0, GVA_WRITE, CR0_WP, CR4_SMAP, 0, true, PF_PRESENT | PF_WRITE},
};
static const struct right nx_rights[] = {
    {NX | PWU, 0, GVA_READ, 0, 0, EFER_NXE, false, OK},
    {NX | PWU, 3, GVA_WRITE, 0, 0, EFER_NXE, false, OK},
    {NX | PWU, 0, GVA_FETCH, 0, 0, EFER_NXE, false, PF_PRESENT | PF_FETCH},
    {NX | PWU, 3, GVA_FETCH, 0, 0, EFER_NXE, false, PF_PRESENT | PF_USER | PF_FETCH},
    {NX | P, 0, GVA_FETCH, 0, 0, EFER_NXE, false, PF_PRESENT | PF_FETCH},
    {PWU, 0, GVA_FETCH, 0, 0, EFER_NXE, false, OK},
    {P | W, 3, GVA_FETCH, 0, 0, EFER_NXE, false, PF_PRESENT | PF_USER | PF_FETCH},
    /* without EFER.NXE the bit is a reserved one */
    {NX | PWU, 0, GVA_READ, 0, 0, 0, false, PF_PRESENT | PF_RESERVED},
    {NX | PWU, 3, GVA_FETCH, 0, 0, 0, false, PF_PRESENT | PF_RESERVED | PF_USER},
    {NX | PWU, 3, GVA_WRITE, 0, CR4_SMEP, 0, false, PF_PRESENT | PF_RESERVED | PF_USER | PF_WRITE},
};

static void right_check(const struct path *p, size_t level, const struct right *r)
{
    struct guest_memory m;
    struct gva_walk w;
    struct gva_context c = p->c;
    path_make(&m, p);
    entry_put(&m, p, level, p->next[level] | r->bits);
    c.cr0 |= r->cr0;
    c.cr4 |= r->cr4;
    c.efer |= r->efer;
    c.cpl = r->cpl;
    c.ac = r->ac;
    unsigned got = translate(&m, &c, p->gva, r->access, &w);
    if (got != r->want)
        fprintf(stderr, "%s, %s with bits %#llx, cpl %u, access %d: %#x, not %#x (%s)\n", p->name,
                p->level[level], (unsigned long long)r->bits, r->cpl, (int)r->access, got, r->want,
                w.ok ? "ok" : w.why);
    CU_ASSERT_EQUAL(got, r->want);
    if (w.ok) {
        CU_ASSERT_EQUAL(w.writable, (r->bits & W) != 0);
        CU_ASSERT_EQUAL(w.user, (r->bits & U) != 0);
        CU_ASSERT_EQUAL(w.executable, !(r->bits & NX));
    }
    memory_fini(&m);
}

/* A right taken away at any one level is taken from the page. */
static void test_rights(void)
{
    for (size_t s = 0; s < PATHS; s++)
        for (size_t level = s == PAE ? 1 : 0; level < paths[s].levels; level++) {
            for (size_t i = 0; i < sizeof rights / sizeof rights[0]; i++)
                right_check(&paths[s], level, &rights[i]);
            for (size_t i = 0; s != P32 && i < sizeof nx_rights / sizeof nx_rights[0]; i++)
                right_check(&paths[s], level, &nx_rights[i]);
        }
}

/* Reserved bits, a scheme and a level each. */
static void test_reserved(void)
{
    static const struct {
        size_t path, level;
        uint64_t bits, cr4;
        unsigned want;
    } rows[] = {
        {PAE, 0, 1 << 1, 0, PF_PRESENT | PF_RESERVED},
        {PAE, 0, 1 << 2, 0, PF_PRESENT | PF_RESERVED},
        {PAE, 0, 1 << 5, 0, OK}, /* see paging.c */
        {PAE, 0, 1 << 6, 0, PF_PRESENT | PF_RESERVED},
        {PAE, 0, 1 << 8, 0, PF_PRESENT | PF_RESERVED},
        {PAE, 0, NX, 0, PF_PRESENT | PF_RESERVED},
        {PAE, 0, 1 << 3 | 1 << 4 | 7 << 9, 0, OK},
        {PAE, 1, 1ull << 52, 0, PF_PRESENT | PF_RESERVED},
        {PAE, 2, 1ull << 62, 0, PF_PRESENT | PF_RESERVED},
        {PAE, 2, PS, 0, OK}, /* PAT in a PTE */
        {P4, 0, PS, 0, PF_PRESENT | PF_RESERVED},
        {P4, 0, 1ull << 52 | 1ull << 62, 0, OK},
        {P4, 3, PS | 1ull << 58, 0, OK},
        {P5, 0, PS, 0, PF_PRESENT | PF_RESERVED},
        {P5, 1, PS, 0, PF_PRESENT | PF_RESERVED},
        {P32, 0, PS, 0, OK}, /* without CR4.PSE no large pages: ignored */
        {P32, 1, PS, CR4_PSE, OK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct path *p = &paths[rows[i].path];
        struct guest_memory m;
        struct gva_walk w;
        struct gva_context c = p->c;
        c.cr4 |= rows[i].cr4;
        c.efer |= EFER_NXE;
        path_make(&m, p);
        entry_put(&m, p, rows[i].level, entry_default(p, rows[i].level) | rows[i].bits);
        unsigned got = translate(&m, &c, p->gva, GVA_READ, &w);
        CU_ASSERT_EQUAL(got, rows[i].want);
        if (got != rows[i].want)
            fprintf(stderr, "reserved row %zu: %#x\n", i, got);
        if (got == OK)
            CU_ASSERT_EQUAL(w.gpa, PAGE + 0xabc);
        if (got != OK)
            CU_ASSERT_PTR_NOT_NULL(strstr(w.why, p->level[rows[i].level]));
        memory_fini(&m);
    }
}

static const struct unit_test tests[] = {
    {"a good path in each scheme", test_paths},
    {"each level not present, or without memory", test_levels_fail},
    {"CR3 where no memory is", test_cr3_without_memory},
    {"rights, taken away at each level", test_rights},
    {"reserved bits", test_reserved},
};
UNIT_MAIN("vm/gva", tests)
