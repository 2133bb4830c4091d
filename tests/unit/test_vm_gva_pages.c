/*
 * The page walk's ends: large pages, addresses that are not canonical, no paging at all; and copies through
 * it, across pages that lie apart, which stop where they must.
 */
#include "gva_paths.h"

static void test_large_pages(void)
{
    static const struct {
        size_t path, level;
        uint64_t entry, cr4, gva, gpa, page_len; /* page_len 0: reserved bit */
    } rows[] = {
        {P32, 0, 0x80400000 | PS, CR4_PSE, 0x12b4dabc, 0x8074dabc, 4 * MIB},
        {P32, 0, 0x80400000 | PS | 1 << 12, CR4_PSE, 0x12b4dabc, 0x8074dabc, 4 * MIB},
        {P32, 0, 0x80400000 | PS | 0xa5u << 13, CR4_PSE, 0x12b4dabc, 0xa58074dabc, 4 * MIB},
        {P32, 0, 0x80400000 | PS | 1 << 21, CR4_PSE, 0x12b4dabc, 0, 0},
        {PAE, 1, 0x300200000 | PS, 0, 3ull << 30 | 0x3cull << 21 | 0x4dabc, 0x30024dabc, 2 * MIB},
        {PAE, 1, 0x300200000 | PS | 1 << 12, 0, 3ull << 30 | 0x3cull << 21 | 0x4dabc, 0x30024dabc, 2 * MIB},
        {PAE, 1, 0x300200000 | PS | 1 << 13, 0, 3ull << 30 | 0x3cull << 21, 0, 0},
        {P4, 2, 0x300200000 | PS, 0, GVA_4LEVEL, 0x300200000 + 0x4dabc, 2 * MIB},
        {P4, 2, 0x300200000 | PS | 1 << 20, 0, GVA_4LEVEL, 0, 0},
        {P4, 1, 0x4440000000 | PS, 0, GVA_4LEVEL, 0x4440000000 + (GVA_4LEVEL & 0x3fffffff), 1024 * MIB},
        {P4, 1, 0x4440000000 | PS | 1 << 12, 0, GVA_4LEVEL, 0x4440000000 + (GVA_4LEVEL & 0x3fffffff),
         1024 * MIB},
        {P4, 1, 0x4440000000 | PS | 1 << 29, 0, GVA_4LEVEL, 0, 0},
        {P5, 2, 0x4440000000 | PS, 0, GVA_4LEVEL | 0x5eull << 48, 0x4440000000 + (GVA_4LEVEL & 0x3fffffff),
         1024 * MIB},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct path *p = &paths[rows[i].path];
        struct guest_memory m;
        struct gva_walk w;
        struct gva_context c = p->c;
        c.cr4 |= rows[i].cr4;
        path_make(&m, p);
        entry_put(&m, p, rows[i].level, rows[i].entry | PWU);
        unsigned got = translate(&m, &c, rows[i].gva, GVA_READ, &w);
        CU_ASSERT_EQUAL(got, rows[i].page_len ? OK : PF_PRESENT | PF_RESERVED);
        CU_ASSERT_EQUAL(w.steps, rows[i].level + 1);
        if (w.ok) {
            CU_ASSERT_EQUAL(w.gpa, rows[i].gpa);
            CU_ASSERT_EQUAL(w.page_len, rows[i].page_len);
        }
        memory_fini(&m);
    }
}

/* What the processor can do decides about bits: the width of its physical addresses, 1-GiB pages. */
static void test_processor(void)
{
    static const struct {
        size_t path, level;
        uint64_t bits, gone; /* set in, and taken from, the entry */
        unsigned maxphyaddr;
        bool no_1gib, reserved;
    } rows[] = {
        /* a table, and a page: an address bit above the width is reserved, one below it is an address */
        {P4, 3, 1ull << 40, 0, 40, false, true},
        {P4, 3, 1ull << 39, 0, 40, false, false},
        {P4, 3, 1ull << 51, 0, 51, false, true},
        {P4, 3, 1ull << 51, 0, 0, false, false},
        {P4, 3, 1ull << 51, 0, 99, false, false},
        {P4, 3, 1ull << 51, 0, 52, false, false},
        {P4, 0, 1ull << 36, 0, 36, false, true},
        {P4, 1, 1ull << 36, 0, 36, false, true},
        {P4, 2, 1ull << 36, 0, 36, false, true},
        {P4, 2, 1ull << 36 | PS, 0x4000, 36, false, true},
        {P4, 2, 1ull << 35 | PS, 0x4000, 36, false, false},
        {P5, 0, 1ull << 46, 0, 46, false, true},
        {PAE, 0, 1ull << 36, 0, 36, false, true},
        {PAE, 1, 1ull << 36, 0, 36, false, true},
        {PAE, 2, 1ull << 36, 0, 36, false, true},
        {PAE, 2, 1ull << 35, 0, 36, false, false},
        {PAE, 2, 1ull << 32, 0, 5, false, true}, /* 32 bits is the least there is */
        /* PSE-36: bits 13 to 20 of a 4-MiB page, as many as the width has above 32 */
        {P32, 0, PS | 1 << 16, PAGE | 0x2000, 36, false, false},
        {P32, 0, PS | 1 << 17, PAGE | 0x2000, 36, false, true},
        {P32, 0, PS | 1 << 20, PAGE | 0x2000, 36, false, true},
        {P32, 0, PS | 1 << 13, PAGE | 0x2000, 32, false, true},
        {P32, 0, PS | 1 << 20, PAGE | 0x2000, 40, false, false},
        {P32, 0, PS | 1 << 20, PAGE | 0x2000, 52, false, false},
        {P32, 0, PS | 1 << 21, PAGE | 0x2000, 52, false, true},
        /* without 1-GiB pages PS in a PDPTE is reserved; without PS nothing changes */
        {P4, 1, PS, 0x3000, 0, true, true},
        {P4, 1, PS, 0x3000, 0, false, false},
        {P4, 1, 0, 0, 0, true, false},
        {P4, 2, PS, 0x4000, 0, true, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct path *p = &paths[rows[i].path];
        struct guest_memory m;
        struct gva_walk w;
        struct gva_context c = p->c;
        c.cr4 |= CR4_PSE;
        c.maxphyaddr = rows[i].maxphyaddr;
        c.no_1gib = rows[i].no_1gib;
        path_make(&m, p);
        entry_put(&m, p, rows[i].level, (entry_default(p, rows[i].level) & ~rows[i].gone) | rows[i].bits);
        unsigned got = translate(&m, &c, p->gva, GVA_READ, &w);
        bool reserved = got == (PF_PRESENT | PF_RESERVED);
        CU_ASSERT_EQUAL(reserved, rows[i].reserved);
        CU_ASSERT_TRUE(reserved || w.ok);
        if (reserved != rows[i].reserved || (!reserved && !w.ok))
            fprintf(stderr, "processor row %zu: %#x\n", i, got);
        CU_ASSERT_EQUAL_FATAL(w.steps > rows[i].level, true);
        CU_ASSERT_EQUAL(w.step[rows[i].level].reserved != 0, rows[i].reserved);
        memory_fini(&m);
    }
}

/* What a view shows of each step. */
static void test_steps(void)
{
    for (size_t s = 0; s < PATHS; s++) {
        const struct path *p = &paths[s];
        struct guest_memory m;
        struct gva_walk w;
        path_make(&m, p);
        CU_ASSERT_EQUAL(translate(&m, &p->c, p->gva, GVA_READ, &w), OK);
        CU_ASSERT_TRUE(w.mapped);
        uint64_t gva = p->gva & 0xfff;
        for (size_t i = 0; i < w.steps; i++) {
            CU_ASSERT_EQUAL(w.step[i].next_gpa, p->next[i]);
            CU_ASSERT_EQUAL(w.step[i].table_gpa, i ? p->next[i - 1] : p->c.cr3);
            CU_ASSERT_EQUAL(w.step[i].entry_gpa, w.step[i].table_gpa + w.step[i].index * p->entry_len);
            CU_ASSERT_EQUAL(w.step[i].reserved, 0);
            CU_ASSERT_FALSE(w.step[i].large);
            gva |= (uint64_t)w.step[i].index << w.step[i].shift;
        }
        CU_ASSERT_EQUAL(gva, p->gva);
        memory_fini(&m);
    }
}

/* A page that is there and forbidden is still shown; one behind a missing entry is not. */
static void test_mapped(void)
{
    const struct path *p = &paths[P4];
    struct gva_context c = p->c;
    struct guest_memory m;
    struct gva_walk w;
    path_make(&m, p);
    c.cpl = 3;
    entry_put(&m, p, 2, (0x200000 | PWU | PS | 1 << 8) & ~U);
    CU_ASSERT_EQUAL(translate(&m, &c, p->gva, GVA_WRITE, &w), PF_PRESENT | PF_WRITE | PF_USER);
    CU_ASSERT_TRUE(w.mapped);
    CU_ASSERT_TRUE(w.step[2].large);
    CU_ASSERT_EQUAL(w.gpa, 0x200000 + 0x4dabc);
    CU_ASSERT_EQUAL(w.page_len, 2 * MIB);
    entry_put(&m, p, 2, 0);
    CU_ASSERT_EQUAL(translate(&m, &c, p->gva, GVA_WRITE, &w), PF_WRITE | PF_USER);
    CU_ASSERT_FALSE(w.mapped);
    /* the missing entry is found before the missing right above it counts */
    entry_put(&m, p, 1, entry_default(p, 1) & ~U);
    CU_ASSERT_EQUAL(translate(&m, &c, p->gva, GVA_READ, &w), PF_USER);
    memory_fini(&m);
}

static void test_canonical(void)
{
    static const struct {
        size_t path;
        uint64_t gva;
        bool canonical;
    } rows[] = {{P4, 0x00007fffffffffff, true},  {P4, 0x0000800000000000, false},
                {P4, 0xffff7fffffffffff, false}, {P4, 0xffff800000000000, true},
                {P4, UINT64_MAX, true},          {P4, 0x8000000000000000, false},
                {P5, 0x00ffffffffffffff, true},  {P5, 0x0100000000000000, false},
                {P5, 0xfeffffffffffffff, false}, {P5, 0xff00000000000000, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct guest_memory m;
        struct gva_walk w;
        path_make(&m, &paths[rows[i].path]);
        CU_ASSERT_EQUAL(translate(&m, &paths[rows[i].path].c, rows[i].gva, GVA_READ, &w), 0);
        CU_ASSERT_EQUAL(strcmp(w.why, "not a canonical address") == 0, !rows[i].canonical);
        CU_ASSERT_EQUAL(w.steps, rows[i].canonical ? 1 : 0);
        memory_fini(&m);
    }
}

static void test_no_paging(void)
{
    struct guest_memory m;
    struct gva_walk w;
    struct gva_context c = {.cr0 = CR0_PE, .cpl = 3};
    path_make(&m, &paths[P32]);
    CU_ASSERT_EQUAL(translate(&m, &c, 0xfeedf00d, GVA_WRITE, &w), OK);
    CU_ASSERT_EQUAL(w.gpa, 0xfeedf00d);
    CU_ASSERT_EQUAL(w.page_len, 1ull << 48);
    CU_ASSERT_EQUAL(w.steps, 0);
    CU_ASSERT_EQUAL(translate(&m, &c, 0x100000010, GVA_READ, &w), OK);
    CU_ASSERT_EQUAL(w.gpa, 0x10); /* 32-bit linear addresses run over */
    memory_fini(&m);
}

/* Two pages that follow each other in the guest's eyes and lie apart in memory. */
static void copy_fixture(struct guest_memory *m, struct gva_context *c, uint64_t second_entry)
{
    const struct path *p = &paths[P4];
    path_make(m, p);
    *c = p->c;
    le_store(memory_ptr(m, p->entry_gpa[3] + 8, 8, true), second_entry, 8);
    memcpy(memory_ptr(m, PAGE + 0xffc, 4, true), "abcd", 4);
    memcpy(memory_ptr(m, 0x20000, 4, true), "efgh", 4);
}

static void test_read_across(void)
{
    struct guest_memory m;
    struct gva_context c;
    struct gva_walk w;
    uint64_t gva = (GVA_4LEVEL & ~0xfffull) + 0xffc;
    char buf[9] = {0};
    copy_fixture(&m, &c, 0x20000 | PWU);
    CU_ASSERT_EQUAL(gva_read(&m, &c, gva, buf, 8, GVA_READ, NULL), 8);
    CU_ASSERT_STRING_EQUAL(buf, "abcdefgh");
    CU_ASSERT_EQUAL(gva_read(&m, &c, gva, buf, 0, GVA_READ, NULL), 0);
    memory_fini(&m);

    memset(buf, 0, sizeof buf);
    copy_fixture(&m, &c, 0);
    CU_ASSERT_EQUAL(gva_read(&m, &c, gva, buf, 8, GVA_FETCH, &w), 4);
    CU_ASSERT_STRING_EQUAL(buf, "abcd");
    CU_ASSERT_STRING_EQUAL(w.why, "PTE not present");
    memory_fini(&m);

    copy_fixture(&m, &c, 0x7ffff000 | PWU); /* a good walk to nowhere */
    CU_ASSERT_EQUAL(gva_read(&m, &c, gva, buf, 8, GVA_READ, &w), 4);
    CU_ASSERT_FALSE(w.ok);
    CU_ASSERT_EQUAL(w.error_code, 0);
    CU_ASSERT_STRING_EQUAL(w.why, "no memory under the page");
    memory_fini(&m);
}

static void test_write_whole_or_not(void)
{
    static const uint8_t rom[4096];
    static uint8_t big[GVA_WRITE_MAX + 1];
    struct guest_memory m;
    struct gva_context c;
    struct gva_walk w;
    struct err e;
    uint64_t gva = (GVA_4LEVEL & ~0xfffull) + 0xffc;
    copy_fixture(&m, &c, 0x20000 | PWU);
    CU_ASSERT_EQUAL(gva_write(&m, &c, gva, "12345678", 8, NULL), 8);
    CU_ASSERT_EQUAL(memcmp(memory_ptr(&m, PAGE + 0xffc, 4, false), "1234", 4), 0);
    CU_ASSERT_EQUAL(memcmp(memory_ptr(&m, 0x20000, 4, false), "5678", 4), 0);
    memory_fini(&m);

    copy_fixture(&m, &c, 0x20000 | P | U);
    c.cpl = 3;
    CU_ASSERT_EQUAL(gva_write(&m, &c, gva, "12345678", 8, &w), 0);
    CU_ASSERT_EQUAL(w.error_code, PF_PRESENT | PF_WRITE | PF_USER);
    CU_ASSERT_EQUAL(memcmp(memory_ptr(&m, PAGE + 0xffc, 4, false), "abcd", 4), 0);
    memory_fini(&m);

    copy_fixture(&m, &c, 0x200000 | PWU);
    CU_ASSERT_EQUAL(memory_add_rom(&m, 0x200000, rom, sizeof rom, &e), 0);
    CU_ASSERT_EQUAL(gva_write(&m, &c, gva, "12345678", 8, &w), 0);
    CU_ASSERT_STRING_EQUAL(w.why, "the page is ROM");
    CU_ASSERT_EQUAL(memcmp(memory_ptr(&m, PAGE + 0xffc, 4, false), "abcd", 4), 0);
    memory_fini(&m);

    path_make(&m, &paths[P4]);
    c = (struct gva_context){0};
    memset(big, 'x', sizeof big);
    CU_ASSERT_EQUAL(gva_write(&m, &c, 0x10001, big, sizeof big, &w), 0);
    CU_ASSERT_EQUAL(gva_write(&m, &c, 0x10001, big, GVA_WRITE_MAX, &w), GVA_WRITE_MAX);
    CU_ASSERT_EQUAL(memcmp(memory_ptr(&m, 0x10001, GVA_WRITE_MAX, false), big, GVA_WRITE_MAX), 0);
    CU_ASSERT_EQUAL(*(uint8_t *)memory_ptr(&m, 0x10001 + GVA_WRITE_MAX, 1, false), 0);
    memory_fini(&m);
}

/* A write that clears the very entry that maps its second page still lands where that entry pointed before.
 */
static void test_write_over_tables(void)
{
    const struct path *p = &paths[P32];
    struct guest_memory m;
    uint8_t zeros[0x1000 - 0xd38 + 4] = {0};
    path_make(&m, p);
    entry_put(&m, p, 1,
              0x2000 | PWU); /* the page table maps itself, and in the entry after that (at 0xd38) PAGE */
    CU_ASSERT_EQUAL(p->entry_gpa[1] + 4, 0x2d38);
    le_store(memory_ptr(&m, 0x2d38, 4, true), PAGE | PWU, 4);
    le_store(memory_ptr(&m, PAGE, 4, true), 0xdeadbeef, 4);
    CU_ASSERT_EQUAL(gva_write(&m, &p->c, 0x12b4dd38, zeros, sizeof zeros, NULL), sizeof zeros);
    CU_ASSERT_EQUAL(le32_load(memory_ptr(&m, 0x2d38, 4, false)), 0);
    CU_ASSERT_EQUAL(le32_load(memory_ptr(&m, PAGE, 4, false)), 0);
    memory_fini(&m);
}

static void test_context(void)
{
    struct kvm_regs r = {.rflags = RFLAGS_FIXED | RFLAGS_AC};
    struct kvm_sregs s = {
        .cr0 = CR0_PE | CR0_PG, .cr3 = 0x1000, .cr4 = CR4_PAE, .efer = LMA, .ss = {.dpl = 3}};
    struct gva_context c = gva_context_of(&r, &s);
    CU_ASSERT_EQUAL(c.cr0, s.cr0);
    CU_ASSERT_EQUAL(c.cr3, 0x1000);
    CU_ASSERT_EQUAL(c.cr4, CR4_PAE);
    CU_ASSERT_EQUAL(c.efer, LMA);
    CU_ASSERT_EQUAL(c.cpl, 3);
    CU_ASSERT_TRUE(c.ac);
}

static const struct unit_test tests[] = {
    {"large pages", test_large_pages},
    {"what the processor can do", test_processor},
    {"what a step says", test_steps},
    {"mapped and forbidden", test_mapped},
    {"canonical addresses", test_canonical},
    {"no paging", test_no_paging},
    {"reading across pages", test_read_across},
    {"writing is whole or not at all", test_write_whole_or_not},
    {"writing over the page tables", test_write_over_tables},
    {"the context of a CPU", test_context},
};
UNIT_MAIN("vm/gva pages", tests)
