/*
 * The tree of page tables as a view walks it: rows and what they fold, the way down and what it keeps, loops,
 * and tables of noise.
 */
#include "debug/page_tree.h"
#include "page_target.h"

static void tree_open(struct page_tree *tree, const struct target *t, struct page_table *root)
{
    struct err e;
    CU_ASSERT_EQUAL_FATAL(page_tree_open(tree, t, root, &e), 0);
}

/* What page_table_write says, or the error. */
static void table_text(const struct target *t, unsigned level, uint64_t gpa, struct text *out)
{
    struct err e;
    text_clear(out);
    if (page_table_write(t, level, gpa, out, &e) < 0)
        text_add(out, e.text);
}

static bool text_is(const struct text *out, const char *want)
{
    if (strcmp(text_str(out), want) == 0)
        return true;
    fprintf(stderr, "got:\n%s\nwanted:\n%s\n", text_str(out), want);
    return false;
}

/* A row may be told to end early: one entry of a run, or what stands before it. */
static void test_row_ends_early(void)
{
    struct target t;
    struct guest_memory m;
    struct page_tree tree;
    struct page_table root;
    struct page_row row;
    target_make(&t, &m, P4, 16 * MIB);
    tree_open(&tree, &t, &root);
    CU_ASSERT_EQUAL(page_row_read_to(&tree, &root, 0, 40, &row), 40);
    CU_ASSERT_EQUAL(row.count, 40);
    CU_ASSERT_EQUAL(page_row_read_to(&tree, &root, 40, 41, &row), 41);
    CU_ASSERT_TRUE(row.count == 1 && row.gva == 40ull << 39);
    CU_ASSERT_EQUAL(page_row_read_to(&tree, &root, 41, 9999, &row), 512);
    CU_ASSERT_EQUAL(page_row_read_to(&tree, &root, 41, 41, &row), 0);
    CU_ASSERT_EQUAL(page_row_read_to(&tree, &root, 512, 513, &row), 0);
    memory_fini(&m);
}

/* Every fold there is, in one table. */
static void test_rows(void)
{
    struct target t;
    struct guest_memory m;
    struct text out = {0};
    target_make(&t, &m, P4, 16 * MIB);
    for (unsigned i = 0; i < 10; i++)
        put64(&m, 0x1000, i, 0x2000 | PW);
    put64(&m, 0x1000, 10, 0x3000 | PW);
    put64(&m, 0x1000, 11, 0x2002);
    put64(&m, 0x1000, 256, 0x1000 | PW | A_);
    put64(&m, 0x1000, 257, 0x70000000 | PW);
    put64(&m, 0x1000, 511, 0x2000 | PW | PS);
    table_text(&t, 0, 0, &out);
    CU_ASSERT_TRUE(text_is(
        &out,
        "PML4 at 0x1000, level 4 of 4-level paging\n"
        "  0..9       0x0000000000000000  10 entries: PDPT at 0x2000  P RW us pwt pcd a ps nx\n"
        "  10         0x0000050000000000  PDPT at 0x3000  P RW us pwt pcd a ps nx\n"
        "  11         0x0000058000000000  not present, value 0x2002\n"
        "  12..255    0x0000060000000000  244 entries: not present\n"
        "  256        0xffff800000000000  PDPT at 0x1000, which led here  P RW us pwt pcd A ps nx\n"
        "  257        0xffff808000000000  PDPT at 0x70000000, where no memory is  P RW us pwt pcd a ps nx\n"
        "  258..510   0xffff810000000000  253 entries: not present\n"
        "  511        0xffffff8000000000  0x2083  P RW us pwt pcd a PS nx; reserved bits set: 7 (PS)\n"));
    for (unsigned i = 0; i < 512; i++)
        put64(&m, 0x3000, i,
              i < 100   ? i * 2 * MIB | PW | PS | (i & 1 ? A_ : 0)
              : i < 200 ? 6 * MIB | PW | PS
              : i < 300 ? i * 2 * MIB | P | PS
                        : (i - 300) * 2 * MIB | P | PS | D_);
    table_text(&t, 2, 0x3008, &out);
    CU_ASSERT_TRUE(text_is(
        &out, "PD at 0x3000, level 2 of 4-level paging\n"
              "  0..99     100 entries: 2M pages from 0x0  P RW us pwt pcd a d PS g pat nx; some accessed\n"
              "  100..199  100 entries: 2M pages all at 0x600000  P RW us pwt pcd a d PS g pat nx\n"
              "  200..299  100 entries: 2M pages from 0x19000000  P rw us pwt pcd a d PS g pat nx\n"
              "  300..511  212 entries: 2M pages from 0x0  P rw us pwt pcd a D PS g pat nx\n"));
    memory_fini(&m);
    text_fini(&out);
}

static void test_other_schemes(void)
{
    struct target t;
    struct guest_memory m;
    struct text out = {0};
    target_path(&t, &m, P32);
    table_text(&t, 2, 0x1000, &out);
    CU_ASSERT_TRUE(has(&out, "  74         0x12800000  PT at 0x2000  P RW US pwt pcd a ps\n"));
    CU_ASSERT_TRUE(has(&out, "  75..1023   0x12c00000  949 entries: not present\n"));
    table_text(&t, 1, 0x2000, &out);
    CU_ASSERT_TRUE(has(&out, "  845       4K page at 0x6000  P RW US pwt pcd a d pat g\n"));
    memory_fini(&m);
    target_path(&t, &m, PAE);
    table_text(&t, 0, 0, &out);
    CU_ASSERT_TRUE(text_is(&out, "PDPT at 0x1020, level 3 of PAE paging\n"
                                 "  0..2       0x00000000  3 entries: not present\n"
                                 "  3          0xc0000000  PD at 0x2000  P pwt pcd\n"));
    memory_fini(&m);
    target_path(&t, &m, P5);
    table_text(&t, 0, 0, &out);
    CU_ASSERT_TRUE(has(&out, "  94         0x005e000000000000  PML4 at 0x2000  P RW US pwt pcd a ps nx\n"));
    CU_ASSERT_TRUE(has(&out, "  95..511    0x005f000000000000  417 entries: not present\n"));
    memory_fini(&m);
    text_fini(&out);
}

static void test_refused(void)
{
    struct target t;
    struct guest_memory m;
    struct text out = {0};
    struct page_tree tree;
    struct page_table table;
    struct err e;
    unsigned level;
    target_path(&t, &m, P4);
    table_text(&t, 5, 0x1000, &out);
    CU_ASSERT_TRUE(text_is(&out, "no level 5: 4-level paging has levels 1 to 4"));
    table_text(&t, 1, 0xa0000, &out);
    CU_ASSERT_TRUE(text_is(&out, "no memory under a PT at 0xa0000"));
    table_text(&t, 1, UINT64_MAX, &out);
    CU_ASSERT_TRUE(text_is(&out, "no memory under a PT at 0xfffffffffffff000"));
    tree_open(&tree, &t, &table);
    CU_ASSERT_EQUAL(page_level_parse(&tree, "pml4", &level, &e), 0);
    CU_ASSERT_EQUAL(level, 4);
    CU_ASSERT_EQUAL(page_level_parse(&tree, "PT", &level, &e), 0);
    CU_ASSERT_EQUAL(level, 1);
    CU_ASSERT_EQUAL(page_level_parse(&tree, "3", &level, &e), 0);
    CU_ASSERT_EQUAL(level, 3);
    CU_ASSERT_EQUAL(page_level_parse(&tree, "5", &level, &e), -1);
    CU_ASSERT_EQUAL(page_level_parse(&tree, "", &level, &e), -1);
    CU_ASSERT_EQUAL(page_level_parse(&tree, "PML5", &level, &e), -1);
    CU_ASSERT_STRING_EQUAL(e.text, "PML5: no level of 4-level paging: PT (1), PD (2), PDPT (3), PML4 (4)");
    t.sregs.cr0 &= ~CR0_PG;
    table_text(&t, 0, 0, &out);
    CU_ASSERT_TRUE(text_is(&out, "no page tables: paging is off (CR0.PG is 0)"));
    memory_fini(&m);
    text_fini(&out);
}

/* Down the path of each scheme, with the way kept. */
static void test_way_down(void)
{
    for (size_t s = 0; s < PATHS; s++) {
        const struct path *p = &paths[s];
        struct target t;
        struct guest_memory m;
        struct page_tree tree;
        struct page_table table;
        struct page_row row;
        target_path(&t, &m, s);
        tree_open(&tree, &t, &table);
        CU_ASSERT_EQUAL(table.gpa, p->c.cr3);
        for (size_t i = 0; i < p->levels; i++) {
            CU_ASSERT_EQUAL(table.level, p->levels - i);
            unsigned index = (unsigned)((p->entry_gpa[i] - table.gpa) / p->entry_len);
            CU_ASSERT_EQUAL(page_row_read(&tree, &table, index, &row), index + 1);
            CU_ASSERT_EQUAL(row.entry, entry_default(p, i));
            CU_ASSERT_EQUAL(row.gpa, p->next[i]);
            CU_ASSERT_EQUAL(row.gva, p->gva & ~(row.len - 1));
            CU_ASSERT_EQUAL(row.decoded.kind, i + 1 < p->levels ? PAGING_TABLE : PAGING_PAGE);
            CU_ASSERT_FALSE(row.loops);
            struct page_table child = table;
            CU_ASSERT_FALSE(page_table_child(&tree, &table, index ^ 1, &child)); /* absent */
            CU_ASSERT_EQUAL(page_table_child(&tree, &table, index, &child), i + 1 < p->levels);
            if (i + 1 < p->levels) {
                CU_ASSERT_EQUAL(child.up[child.level], index);
                CU_ASSERT_EQUAL(child.up_gpa[child.level], table.gpa);
                CU_ASSERT_TRUE(child.gva_known);
            }
            table = child;
        }
        memory_fini(&m);
    }
}

/* A table that maps itself: the row says so at each depth, and the way ends after as many steps as there are
 * levels. */
static void test_loop(void)
{
    struct target t;
    struct guest_memory m;
    struct page_tree tree;
    struct page_table table;
    struct page_row row;
    target_make(&t, &m, P4, 16 * MIB);
    t.sregs.cr3 = 0; /* where a table may lie too */
    put64(&m, 0, 511, 0 | PW);
    tree_open(&tree, &t, &table);
    for (unsigned level = 4; level > 1; level--) {
        CU_ASSERT_EQUAL(table.level, level);
        CU_ASSERT_EQUAL(page_row_read(&tree, &table, 511, &row), 512);
        CU_ASSERT_TRUE(row.loops);
        CU_ASSERT_TRUE(page_table_child(&tree, &table, 511, &table));
    }
    CU_ASSERT_EQUAL(page_row_read(&tree, &table, 511, &row), 512);
    CU_ASSERT_EQUAL(row.decoded.kind, PAGING_PAGE);
    CU_ASSERT_EQUAL(row.gva, 0xfffffffffffff000);
    CU_ASSERT_FALSE(row.loops);
    /* Back to the top from further down, on the way that began there. */
    t.sregs.cr3 = 0x1000;
    put64(&m, 0x1000, 7, 0x2000 | PW);
    put64(&m, 0x2000, 5, 0x1000 | PW);
    tree_open(&tree, &t, &table);
    CU_ASSERT_TRUE(page_table_child(&tree, &table, 7, &table));
    CU_ASSERT_EQUAL(page_row_read(&tree, &table, 5, &row), 6);
    CU_ASSERT_TRUE(row.loops);
    CU_ASSERT_FALSE(page_table_child(&tree, &table, 511, &table));
    memory_fini(&m);
}

/* Folding loses nothing: unfolded again, the rows are the table. Then down by chance, as far as it goes. */
static void table_check(const struct page_tree *tree, const struct page_table *table)
{
    const struct paging_level *l = page_tree_level(tree, table);
    struct page_row row;
    struct text out = {0};
    unsigned at = 0;
    bool good = true;
    for (unsigned next; (next = page_row_read(tree, table, at, &row)) > 0; at = next) {
        good = good && row.first == at && row.count == next - at;
        for (unsigned i = at; i < next; i++) {
            struct paging_entry e;
            uint64_t gpa = table->gpa + i * (uint64_t)tree->scheme->entry_len;
            const void *p = memory_ptr(tree->memory, gpa, tree->scheme->entry_len, false);
            if (!p)
                abort();
            paging_decode(tree->scheme, l, &tree->context, le_load(p, tree->scheme->entry_len), &e);
            good = good && e.kind == row.decoded.kind && e.large == row.decoded.large &&
                   e.gpa == row.gpa + (i - at) * row.stride &&
                   e.rights.writable == row.decoded.rights.writable &&
                   e.rights.user == row.decoded.rights.user;
        }
        page_row_write(tree, table, &row, &out);
        good = good && out.len > 0 && out.len < 300;
        text_clear(&out);
    }
    CU_ASSERT_TRUE(good);
    CU_ASSERT_EQUAL(at, paging_entries(l));
    text_fini(&out);
}

static void test_hostile(void)
{
    uint64_t seed = 0xdecade;
    size_t opened = 0;
    for (unsigned round = 0; round < 120; round++) {
        struct target t;
        struct guest_memory m;
        struct page_tree tree;
        struct page_table table;
        target_make(&t, &m, round % PATHS, 64 * KIB);
        t.sregs.cr4 |= round & 4 ? CR4_PSE : 0;
        tables_hostile(&m, &seed, 15, paths[round % PATHS].entry_len);
        tree_open(&tree, &t, &table);
        for (unsigned tries = 0; tries < 8; tries++) {
            table_check(&tree, &table);
            unsigned index = (unsigned)random_next(&seed) % paging_entries(page_tree_level(&tree, &table));
            opened += page_table_child(&tree, &table, index, &table);
        }
        memory_fini(&m);
    }
    CU_ASSERT_TRUE(opened > 120);
}

/* CR3 names no memory: no rows, and no way to read past anything. */
static void test_no_table(void)
{
    struct target t;
    struct guest_memory m;
    struct page_tree tree;
    struct page_table table;
    struct page_row row;
    target_make(&t, &m, P4, 16 * MIB);
    t.sregs.cr3 = 0xa0000;
    tree_open(&tree, &t, &table);
    CU_ASSERT_EQUAL(page_row_read(&tree, &table, 0, &row), 0);
    CU_ASSERT_FALSE(page_table_child(&tree, &table, 0, &table));
    t.sregs.cr3 = 0x1000;
    tree_open(&tree, &t, &table);
    CU_ASSERT_EQUAL(page_row_read(&tree, &table, 0, &row), 512);
    CU_ASSERT_EQUAL(row.count, 512);
    CU_ASSERT_EQUAL(page_row_read(&tree, &table, 512, &row), 0);
    CU_ASSERT_EQUAL(page_row_read(&tree, &table, 0xffffffff, &row), 0);
    CU_ASSERT_FALSE(page_table_child(&tree, &table, 512, &table));
    memory_fini(&m);
}

static const struct unit_test tests[] = {
    {"rows that end early", test_row_ends_early},
    {"rows and folds", test_rows},
    {"32-bit, PAE, 5-level", test_other_schemes},
    {"what is refused", test_refused},
    {"down each path", test_way_down},
    {"a loop", test_loop},
    {"hostile tables", test_hostile},
    {"no table", test_no_table},
};
UNIT_MAIN("debug/page_tree", tests)
