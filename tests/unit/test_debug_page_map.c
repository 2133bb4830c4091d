/*
 * `mem` on tables made by hand: ranges merge where they should and are cut where they must be, and no table
 * makes it endless.
 */
#include "debug/pages.h"
#include "page_target.h"

static void map(const struct target *t, const char *args, struct text *out)
{
    struct pages_filter filter;
    struct err e;
    text_clear(out);
    if (pages_filter_parse(args, &filter, &e) < 0)
        text_add(out, e.text);
    else
        pages_map_write(t, &filter, out);
    CU_ASSERT_FALSE(out->failed);
}

/* The lines behind the two of the heading are these and no others. */
static bool rows_are(const struct text *out, const char *want)
{
    const char *s = text_str(out);
    for (int i = 0; i < 2 && s; i++)
        s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL;
    if (s && strcmp(s, want) == 0)
        return true;
    fprintf(stderr, "got:\n%swanted:\n%s", text_str(out), want);
    return false;
}

/* What the long-mode loader leaves: 4 GiB one to one, of which 64 MiB are there. */
static void test_identity(void)
{
    struct target t;
    struct guest_memory m;
    struct text out = {0};
    target_make(&t, &m, P4, 64 * MIB);
    put64(&m, 0x1000, 0, 0x2000 | PW);
    for (unsigned i = 0; i < 4; i++)
        put64(&m, 0x2000, i, (0x3000 + i * 0x1000) | PW);
    for (unsigned i = 0; i < 2048; i++)
        put64(&m, 0x3000, i, i * 2 * MIB | PW | PS | (i < 4 ? A_ : 0) | (i < 1 ? D_ : 0));
    map(&t, "", &out);
    CU_ASSERT_TRUE(rows_are(
        &out, "0000000000000000-00000000000a0000    640K  rwx    ---   AD  2M        0x0  RAM\n"
              "00000000000a0000-00000000000c0000    128K  rwx    ---   AD  2M        0xa0000  VGA window\n"
              "00000000000c0000-0000000004000000  64768K  rwx    ---   ad  2M        0xc0000  RAM\n"
              "0000000004000000-0000000100000000   4032M  rwx    ---   --  2M        0x4000000  nothing\n"));
    map(&t, "0x100000", &out);
    CU_ASSERT_TRUE(rows_are(
        &out, "00000000000c0000-0000000004000000  64768K  rwx    ---   ad  2M        0xc0000  RAM\n"));
    map(&t, "VGA", &out);
    CU_ASSERT_TRUE(rows_are(
        &out, "00000000000a0000-00000000000c0000    128K  rwx    ---   AD  2M        0xa0000  VGA window\n"));
    map(&t, "0-0xa0000", &out);
    CU_ASSERT_EQUAL(line_count(&out), 3);
    map(&t, "0x0-0xa0001", &out);
    CU_ASSERT_EQUAL(line_count(&out), 4);
    map(&t, "0x9ffff+2", &out);
    CU_ASSERT_EQUAL(line_count(&out), 4);
    map(&t, "0x100000000", &out);
    CU_ASSERT_TRUE(rows_are(&out, "nothing mapped there\n"));
    memory_fini(&m);
    text_fini(&out);
}

/* Rights, offsets, page sizes: what joins two pages and what parts them. */
static void test_merging(void)
{
    struct target t;
    struct guest_memory m;
    struct text out = {0};
    target_make(&t, &m, P4, 16 * MIB);
    t.sregs.efer |= EFER_NXE;
    t.sregs.cr0 |= CR0_WP;
    put64(&m, 0x1000, 0, 0x2000 | PWU);
    put64(&m, 0x2000, 0, 0x3000 | PWU);
    put64(&m, 0x3000, 0, 0x4000 | PWU);
    put64(&m, 0x3000, 1, 2 * MIB | PWU | PS | NX); /* goes on where the page table ends */
    put64(&m, 0x3000, 2, 8 * MIB | PW | PS);
    put64(&m, 0x3000, 3, 10 * MIB | P | PS);
    put64(&m, 0x3000, 5, 12 * MIB | P | PS);
    for (unsigned i = 256; i < 512; i++)
        put64(&m, 0x4000, i, (0x100000 + (i - 256) * 0x1000ull) | PWU | NX | (i == 300 ? A_ : 0));
    put64(&m, 0x4000, 3, 0x3000 | PWU);
    put64(&m, 0x4000, 4, 0x3000 | PWU);
    put64(&m, 0x4000, 5, 0x3000 | PWU);
    put64(&m, 0x4000, 6, 0x4000 | PWU);
    map(&t, "", &out);
    CU_ASSERT_TRUE(rows_are(
        &out, "0000000000003000-0000000000006000     12K  rwx    rwx   --  4K        0x3000 each  RAM\n"
              "0000000000006000-0000000000007000      4K  rwx    rwx   --  4K        0x4000  RAM\n"
              "0000000000100000-0000000000400000      3M  rw-    rw-   a-  4K+2M     0x100000  RAM\n"
              "0000000000400000-0000000000600000      2M  rwx    ---   --  2M        0x800000  RAM\n"
              "0000000000600000-0000000000800000      2M  r-x    ---   --  2M        0xa00000  RAM\n"
              "0000000000a00000-0000000000c00000      2M  r-x    ---   --  2M        0xc00000  RAM\n"));
    t.sregs.cr4 |= CR4_SMEP | CR4_SMAP;
    t.sregs.cr0 &= ~CR0_WP;
    map(&t, "0x3000-0x800000", &out);
    CU_ASSERT_TRUE(has(&out, "12K  ---    rwx "));
    CU_ASSERT_TRUE(has(&out, "0000000000600000-0000000000800000      2M  rwx    ---"));
    memory_fini(&m);
    text_fini(&out);
}

static void test_narrow_schemes(void)
{
    struct target t;
    struct guest_memory m;
    struct text out = {0};
    target_make(&t, &m, P32, 16 * MIB);
    t.sregs.cr4 |= CR4_PSE;
    put32(&m, 0x1000, 0, 0x2000 | (uint32_t)PW);
    put32(&m, 0x1000, 1, 0x400000 | (uint32_t)(PW | PS));
    put32(&m, 0x1000, 768, 0 | (uint32_t)(PWU | PS));
    put32(&m, 0x1000, 1023, 0x400000 | (uint32_t)(PWU | PS) | 1 << 13);
    for (unsigned i = 1; i < 1024; i++)
        put32(&m, 0x2000, i, i * 0x1000 | (uint32_t)PW);
    map(&t, "", &out);
    CU_ASSERT_TRUE(rows_are(&out,
                            "00001000-000a0000    636K  rwx    ---   --  4K        0x1000  RAM\n"
                            "000a0000-000c0000    128K  rwx    ---   --  4K        0xa0000  VGA window\n"
                            "000c0000-00800000   7424K  rwx    ---   --  4K+4M     0xc0000  RAM\n"
                            "c0000000-c00a0000    640K  rwx    rwx   --  4M        0x0  RAM\n"
                            "c00a0000-c00c0000    128K  rwx    rwx   --  4M        0xa0000  VGA window\n"
                            "c00c0000-c0400000   3328K  rwx    rwx   --  4M        0xc0000  RAM\n"
                            "ffc00000-100000000      4M  rwx    rwx   --  4M        0x100400000  nothing\n"));
    memory_fini(&m);

    target_make(&t, &m, PAE, 16 * MIB);
    put64(&m, 0x1020, 3, 0x2000 | P);
    put64(&m, 0x2000, 511, 4 * MIB | PW | PS | D_ | A_);
    map(&t, "", &out);
    CU_ASSERT_TRUE(rows_are(&out, "ffe00000-100000000      2M  rwx    ---   AD  2M        0x400000  RAM\n"));
    memory_fini(&m);

    target_make(&t, &m, P5, 16 * MIB);
    put64(&m, 0x1000, 511, 0x2000 | PW);
    put64(&m, 0x2000, 511, 0x3000 | PW);
    put64(&m, 0x3000, 511, 4 * GIB | PW | PS);
    put64(&m, 0x1000, 256, 0x2000 | PW);
    map(&t, "", &out);
    CU_ASSERT_TRUE(rows_are(
        &out,
        "ff00ffffc0000000-ff01000000000000      1G  rwx    ---   --  1G        0x100000000  nothing\n"
        "ffffffffc0000000-10000000000000000      1G  rwx    ---   --  1G        0x100000000  nothing\n"));
    memory_fini(&m);
    text_fini(&out);
}

static void test_unpaged(void)
{
    struct target t;
    struct guest_memory m;
    struct text out = {0};
    struct err e;
    target_make(&t, &m, P32, 1 * MIB);
    t.sregs.cr0 = 0;
    map(&t, "", &out);
    CU_ASSERT_TRUE(rows_are(&out,
                            "00000000-000a0000    640K  rwx    rwx   --  -         0x0  RAM\n"
                            "000a0000-000c0000    128K  rwx    rwx   --  -         0xa0000  VGA window\n"
                            "000c0000-00100000    256K  rwx    rwx   --  -         0xc0000  RAM\n"
                            "00100000-100000000   4095M  rwx    rwx   --  -         0x100000  nothing\n"));
    CU_ASSERT_EQUAL(memory_set_a20(&m, false, &e), 0);
    map(&t, "0x100000", &out);
    CU_ASSERT_TRUE(has(&out, "A20 is off"));
    CU_ASSERT_TRUE(has(&out, "000c0000-001a0000    896K  rwx    rwx   --  -         0xc0000  RAM\n"));
    memory_fini(&m);
    text_fini(&out);
}

/* Entries that lead nowhere are said, once for a run of them. */
static void test_bad_entries(void)
{
    struct target t;
    struct guest_memory m;
    struct text out = {0};
    target_make(&t, &m, P4, 16 * MIB);
    put64(&m, 0x1000, 0, 0x2000 | PW);
    for (unsigned i = 4; i < 8; i++)
        put64(&m, 0x2000, i, 0x3000 | PW | NX);
    for (unsigned i = 9; i < 11; i++)
        put64(&m, 0x2000, i, 0x70000000 | PW);
    map(&t, "", &out);
    CU_ASSERT_TRUE(rows_are(
        &out,
        "0000000100000000-0000000200000000      4G  reserved bit set in the PDPTE: every access is a page "
        "fault\n"
        "0000000240000000-00000002c0000000      2G  the PDPTE points to 0x70000000, where no memory is\n"));
    t.sregs.cr3 = 0x70000000;
    map(&t, "", &out);
    CU_ASSERT_TRUE(rows_are(&out, "no memory under the PML4 at 0x70000000\nnothing is mapped\n"));
    memory_fini(&m);
    text_fini(&out);
}

/* A kernel's tables: one table mapped low and high, and the tables mapped by themselves. */
static void test_shared_and_recursive(void)
{
    struct target t;
    struct guest_memory m;
    struct text out = {0};
    target_make(&t, &m, P4, 16 * MIB);
    put64(&m, 0x1000, 0, 0x2000 | PW);
    put64(&m, 0x1000, 256, 0x2000 | PW);
    put64(&m, 0x1000, 510, 0x1000 | PW);
    put64(&m, 0x2000, 0, 0x3000 | PW);
    put64(&m, 0x3000, 1, 2 * MIB | PW | PS);
    map(&t, "", &out);
    CU_ASSERT_TRUE(rows_are(
        &out, "0000000000200000-0000000000400000      2M  rwx    ---   --  2M        0x200000  RAM\n"
              "ffff800000200000-ffff800000400000      2M  rwx    ---   --  2M        0x200000  RAM\n"
              "ffffff0000000000-ffffff8000000000    512G  recursive: the PML4E points back to the table at "
              "0x1000: the tables themselves\n"));
    for (unsigned i = 257; i < 500; i++)
        put64(&m, 0x1000, i, 0x2000 | PW);
    map(&t, "", &out);
    CU_ASSERT_TRUE(has(
        &out, "ffff818000000000-fffffa0000000000  123392G  the same as at 0x0: the PDPT at 0x2000 again\n"));
    CU_ASSERT_EQUAL(line_count(&out), 8);
    map(&t, "0xfffff98000200000", &out); /* asked for, it is followed */
    CU_ASSERT_TRUE(rows_are(
        &out, "fffff98000200000-fffff98000400000      2M  rwx    ---   --  2M        0x200000  RAM\n"));
    memory_fini(&m);
    text_fini(&out);
}

/* Four tables, all of whose entries name the next: 2^36 pages. */
static void test_all_the_same(void)
{
    struct target t;
    struct guest_memory m;
    struct text out = {0};
    for (unsigned kind = 0; kind < 3; kind++) {
        target_make(&t, &m, P4, 16 * MIB);
        for (unsigned table = 1; table <= 4; table++)
            for (unsigned i = 0; i < 512; i++)
                put64(&m, table * 0x1000ull, i,
                      table < 4   ? (table + 1) * 0x1000ull | PW
                      : kind == 0 ? 0x5000 | PW
                      : kind == 1 ? i * 0x1000ull | PW
                                  : (i * 7919 & 0xfff) << 12 | PW);
        map(&t, "", &out);
        CU_ASSERT_TRUE(line_count(&out) <= PAGES_LINES_MAX + 3);
        CU_ASSERT_TRUE(has(&out, kind == 2 ? "on left out: no more than 1000 lines are shown" : "again\n"));
        map(&t, "0x7f0000001000", &out);
        CU_ASSERT_TRUE(line_count(&out) >= 3 && line_count(&out) <= 6);
        CU_ASSERT_TRUE(has(&out, "RAM\n"));
        memory_fini(&m);
    }
    text_fini(&out);
}

/* More tables than are read at one go: it says so, and the rest can be asked for. */
static void test_entries_budget(void)
{
    struct target t;
    struct guest_memory m;
    struct text out = {0};
    target_make(&t, &m, P4, 16 * MIB);
    put64(&m, 0x1000, 0, 0x2000 | PW);
    for (unsigned i = 0; i < 4; i++) {
        put64(&m, 0x2000, i, (0x3000 + i * 0x1000) | PW);
        for (unsigned k = 0; k < 512; k++)
            put64(&m, 0x3000 + i * 0x1000ull, k, (0x100000 + (i * 512 + k) * 0x1000ull) | PW);
    }
    put64(&m, 0x100000 + 2047 * 0x1000, 9, 0x5000 | PW);
    map(&t, "", &out);
    CU_ASSERT_TRUE(has(&out, "on left out: no more than 262144 entries are read"));
    for (unsigned i = 0; i < 10 * 512; i++)
        put64(&m, 0x100000, i, (i * 7919 & 0xfff) << 12 | PW);
    map(&t, "no such word", &out);
    CU_ASSERT_TRUE(has(&out, "left out: no more than 4096 lines are searched"));
    map(&t, "", &out);
    CU_ASSERT_TRUE(has(&out, "left out: no more than 1000 lines are shown"));
    map(&t, "0xffe00000-0x100000000", &out);
    CU_ASSERT_TRUE(rows_are(
        &out, "00000000ffe09000-00000000ffe0a000      4K  rwx    ---   --  4K        0x5000  RAM\n"));
    memory_fini(&m);
    text_fini(&out);
}

static void test_filter(void)
{
    static const struct {
        const char *args;
        uint64_t first, last;
        const char *word, *error;
    } rows[] = {
        {"", 0, UINT64_MAX, NULL, NULL},
        {"0x100000", 0x100000, 0x100000, NULL, NULL},
        {"4096", 4096, 4096, NULL, NULL},
        {"0x0-0x200000", 0, 0x1fffff, NULL, NULL},
        {"0x1000+0x1000", 0x1000, 0x1fff, NULL, NULL},
        {"0xffffffffffffffff", UINT64_MAX, UINT64_MAX, NULL, NULL},
        {"0xfffffffffffff000+0x1000", 0xfffffffffffff000, UINT64_MAX, NULL, NULL},
        {"rw-", 0, UINT64_MAX, "rw-", NULL},
        {"2M", 0, UINT64_MAX, "2M", NULL},
        {"0x1000-0x1000", 0, 0, NULL, "0x1000-0x1000: an empty range"},
        {"0x1000+0", 0, 0, NULL, "0x1000+0: an empty range"},
        {"0x2000-0x1000", 0, 0, NULL, "0x2000-0x1000: an empty range"},
        {"0-0", 0, 0, NULL, "0-0: an empty range"},
        {"0xfffffffffffff000+0x1001", 0, 0, NULL, "0xfffffffffffff000+0x1001: an empty range"},
        {"0x12345678123456781", 0, 0, NULL, "0x12345678123456781: more than 64 bits"},
        {"1-2-3", 0, 0, NULL, "1-2-3: neither ADDR nor FIRST-END nor FIRST+LENGTH"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pages_filter f;
        struct err e;
        int rc = pages_filter_parse(rows[i].args, &f, &e);
        CU_ASSERT_EQUAL(rc, rows[i].error ? -1 : 0);
        if (rc < 0) {
            CU_ASSERT_PTR_NOT_NULL_FATAL(rows[i].error);
            CU_ASSERT_STRING_EQUAL(e.text, rows[i].error);
            continue;
        }
        CU_ASSERT_EQUAL(f.first, rows[i].first);
        CU_ASSERT_EQUAL(f.last, rows[i].last);
        CU_ASSERT_EQUAL(f.word != NULL, rows[i].word != NULL);
        if (f.word && rows[i].word)
            CU_ASSERT_STRING_EQUAL(f.word, rows[i].word);
    }
}

static const struct unit_test tests[] = {
    {"the loader's identity map", test_identity},
    {"what joins and what parts", test_merging},
    {"32-bit, PAE, 5-level", test_narrow_schemes},
    {"no paging", test_unpaged},
    {"bad entries", test_bad_entries},
    {"shared and recursive tables", test_shared_and_recursive},
    {"2^36 pages", test_all_the_same},
    {"the budget of entries", test_entries_budget},
    {"the filter", test_filter},
};
UNIT_MAIN("debug/page_map", tests)
