/*
 * Page tables in a trace: what is copied, that it comes back as it was, and that nothing in a file can hurt
 * who reads it.
 */
#include "tables_make.h"

#include "trace_sample.h"
#include "traces/format.h"

/* ---- what is copied ---- */

/* Through bytes and back; returns their number. */
static size_t through(struct trace_tables *from, struct trace_tables *to)
{
    struct text bytes = {0};
    struct err e = {0};
    CU_ASSERT_EQUAL_FATAL(tables_put(from, &bytes, &e), 0);
    CU_ASSERT_EQUAL_FATAL(tables_get(to, (struct cursor){(uint8_t *)bytes.buf, bytes.len, false}, &e), 0);
    size_t len = bytes.len;
    text_fini(&bytes);
    return len;
}

static void test_schemes(void)
{
    static struct trace_tables a, b;
    for (size_t i = 0; i < PATHS; i++) {
        struct guest_memory m;
        path_make(&m, &paths[i]);
        take_copy(&a, &m, &paths[i].c, 7 + i);
        CU_ASSERT_EQUAL(a.count, paths[i].levels);
        CU_ASSERT_EQUAL(a.table[0].level, paths[i].levels);
        CU_ASSERT_EQUAL(a.table[a.count - 1].level, 1);
        CU_ASSERT_FALSE(a.truncated);
        CU_ASSERT(through(&a, &b) < 140);
        CU_ASSERT(tables_equal(&a, &b));
        memory_fini(&m);
    }
    tables_fini(&a);
    tables_fini(&b);
}

static void test_paging_off(void)
{
    static struct trace_tables a, b;
    struct guest_memory m;
    const struct gva_context off = {.cr3 = 0x1000};
    memory_make(&m, MEMORY);
    take_copy(&a, &m, &off, 1);
    CU_ASSERT_EQUAL(a.count, 0);
    through(&a, &b);
    CU_ASSERT(tables_equal(&a, &b));
    memory_fini(&m);
    tables_fini(&a);
    tables_fini(&b);
}

/* A mapping of pages that follow each other takes a few bytes, whatever the CPU has set in it. */
static void test_small(void)
{
    static struct trace_tables a, b;
    struct guest_memory m;
    memory_make(&m, MEMORY);
    put_entry(&m, 0x1000, 0, 0x2000 | PWU, 8);
    put_entries(&m, 0x2000, 0, 4, 0x3000 | PWU, 0x1000, 8);
    take_copy(&a, &m, &paths[P4].c, 1);
    size_t empty = through(&a, &b);
    put_entries(&m, 0x3000, 0, 2048, P | W | PS, 2 * MIB, 8); /* four tables in a row */
    take_copy(&a, &m, &paths[P4].c, 1);
    size_t full = through(&a, &b);
    CU_ASSERT(full - empty <= 24);
    for (unsigned i = 0; i < 512; i += 100)
        put_entry(&m, 0x3000, i, (uint64_t)i * 2 * MIB | P | W | PS | A_ | D_, 8);
    take_copy(&a, &m, &paths[P4].c, 1);
    CU_ASSERT(through(&a, &b) - full <= 60);
    CU_ASSERT(tables_equal(&a, &b));
    memory_fini(&m);
    tables_fini(&a);
    tables_fini(&b);
}

/* A table is copied once, at its highest level; one where no memory is, is named. */
static void test_loops_and_holes(void)
{
    static struct trace_tables a, b;
    struct guest_memory m;
    memory_make(&m, MEMORY);
    put_entry(&m, 0x1000, 0, 0x2000 | PWU, 8);
    put_entry(&m, 0x1000, 511, 0x1000 | PWU, 8);       /* the table itself */
    put_entry(&m, 0x2000, 0, 0x40000000 | PWU, 8);     /* no memory there */
    put_entries(&m, 0x2000, 1, 8, 0x3000 | PWU, 0, 8); /* one table, eight times */
    put_entry(&m, 0x3000, 0, 0x1000 | PWU, 8);         /* back to the top */
    take_copy(&a, &m, &paths[P4].c, 1);
    CU_ASSERT_EQUAL(a.count, 4);
    CU_ASSERT_EQUAL(tables_find(&a, 0x1000)->level, 4);
    CU_ASSERT_EQUAL(tables_find(&a, 0x3000)->level, 2);
    CU_ASSERT_FALSE(tables_find(&a, 0x40000000)->backed);
    CU_ASSERT_EQUAL(a.page_count, 3);
    through(&a, &b);
    CU_ASSERT(tables_equal(&a, &b));
    memory_fini(&m);
    tables_fini(&a);
    tables_fini(&b);
}

/* More tables than a copy holds, and entries that no run can hold: the upper levels are there. */
static void test_too_many(void)
{
    static struct trace_tables a, b;
    struct guest_memory m;
    uint64_t seed = 5;
    memory_make(&m, 16 * MIB);
    put_entry(&m, 0x1000, 0, 0x2000 | PWU, 8);
    put_entries(&m, 0x2000, 0, 512, 0x200000 | PWU, 0x1000, 8);
    for (unsigned i = 0; i < 512 * 512; i++)
        put_entry(&m, 0x200000, i, make_random(&seed) & ~1ull, 8); /* absent, and all different */
    take_copy(&a, &m, &paths[P4].c, 1);
    CU_ASSERT_EQUAL(a.count, TABLES_MAX);
    CU_ASSERT(a.truncated);
    size_t len = through(&a, &b);
    CU_ASSERT(len <= TABLES_CODED_MAX);
    CU_ASSERT(a.count < TABLES_MAX); /* fewer fit a chunk */
    CU_ASSERT(a.count > 100);
    CU_ASSERT_EQUAL(b.count, a.count);
    CU_ASSERT(b.truncated);
    CU_ASSERT_PTR_NOT_NULL(tables_find(&b, 0x2000));
    memory_fini(&m);
    tables_fini(&a);
    tables_fini(&b);
}

/* Random entries of every scheme that mostly point at one another. */
static void test_hostile(void)
{
    static struct trace_tables a, b;
    uint64_t seed = 99;
    for (size_t round = 0; round < 40; round++) {
        const struct path *p = &paths[round % PATHS];
        struct guest_memory m;
        memory_make(&m, MEMORY);
        for (unsigned table = 0; table < 8; table++)
            for (unsigned i = 0; i < 0x1000 / p->entry_len; i++) {
                uint64_t r = make_random(&seed);
                uint64_t entry = r % 8 == 0 ? make_wide(&seed) : (1 + r % 9) << 12 | (r >> 20 & 0xe7);
                put_entry(&m, 0x1000 * (table + 1), i, r >> 60 ? entry : 0, p->entry_len);
            }
        take_copy(&a, &m, &p->c, round);
        through(&a, &b);
        CU_ASSERT(tables_equal(&a, &b));
        memory_fini(&m);
    }
    tables_fini(&a);
    tables_fini(&b);
}

/* ---- in a file ---- */

static void test_file_order(void)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    struct guest_memory m;
    struct event ev;
    struct err e = {0};
    path_make(&m, &paths[P4]);
    put_events(w, 0, 10);
    put_copy(w, &m, &paths[P4].c, 10);
    put_events(w, 10, 10);
    put_entry(&m, 0x1000, 1, 0x2000 | PWU, 8);
    put_copy(w, &m, &paths[P4].c, 20);
    make_close(w);
    struct trace_reader *r = make_reader(&f);
    for (int pass = 0; pass < 2; pass++) {
        while (trace_next(r, &ev, &e) == 1) {
            const struct trace_tables *t = trace_reader_tables(r);
            CU_ASSERT_EQUAL(t != NULL, ev.seq >= 10);
            CU_ASSERT(!t || t->place.seq == 10);
            CU_ASSERT_PTR_NULL(trace_reader_tables_before(r));
        }
        struct trace_state state;
        trace_reader_state(r, &state);
        CU_ASSERT(state.whole);
        CU_ASSERT_EQUAL(trace_reader_tables_count(r), 2);
        CU_ASSERT_EQUAL_FATAL(trace_reader_tables(r)->place.seq, 20);
        CU_ASSERT_EQUAL_FATAL(trace_reader_tables_before(r)->place.seq, 10);
        CU_ASSERT_EQUAL(trace_rewind(r, &e), 0);
        CU_ASSERT_PTR_NULL(trace_reader_tables(r));
    }
    trace_reader_close(r);
    memory_fini(&m);
    unlink(f.path);
}

/* ---- damage ---- */

/* Everything that reads page tables, over a file that may hold anything: it must come back. */
static void run_all_pages(const char *path)
{
    struct err e = {0};
    const struct tables_wanted last = {0}, first = {.at_given = true, .at = 1};
    struct trace_reader *r = trace_open(path, &e);
    if (!r)
        return;
    FILE *null = fopen("/dev/null", "w");
    struct text out = {0};
    const struct graph_choice walk = {.gva_given = true, .gva = 0x1234567};
    CU_ASSERT_EQUAL(trace_page(r, NULL, &last, &out, &e), 0);
    CU_ASSERT_EQUAL(trace_page(r, &walk.gva, &first, &out, &e), 0);
    CU_ASSERT_EQUAL(trace_graph_with(r, NULL, GRAPH_PAGES, NULL, NULL, null, &e), 0);
    CU_ASSERT_EQUAL(trace_graph_with(r, NULL, GRAPH_WALK, &walk, NULL, null, &e), 0);
    text_fini(&out);
    fclose(null);
    trace_reader_close(r);
}

static size_t sample_payload(size_t scheme, uint8_t *to, size_t cap)
{
    static struct trace_tables a;
    struct text bytes = {0};
    struct err e = {0};
    struct guest_memory m;
    path_make(&m, &paths[scheme]);
    put_entries(&m, 0x2000, 0, 8, PAGE | PWU, 0x1000, paths[scheme].entry_len);
    take_copy(&a, &m, &paths[scheme].c, 3);
    CU_ASSERT_EQUAL_FATAL(tables_put(&a, &bytes, &e), 0);
    CU_ASSERT_FATAL(bytes.len <= cap);
    memcpy(to, bytes.buf, bytes.len);
    size_t len = bytes.len;
    text_fini(&bytes);
    memory_fini(&m);
    tables_fini(&a);
    return len;
}

static void try_payload(const struct sample *s, const uint8_t *payload, size_t n)
{
    struct forge *g = forge_begin(s);
    struct make_file f = make_file();
    forge_plain(g, CHUNK_TABLES, payload, n);
    forge_copy(g, s, 1);
    make_file_fill(&f, g->bytes, g->len);
    run_all_pages(f.path);
    unlink(f.path);
    free(g);
}

/* Every byte changed and every prefix, with right checksums: only the decoder stands between them and us. */
static void test_damage(void)
{
    struct sample s = sample_make();
    uint8_t payload[1024], bad[1024];
    for (size_t scheme = 0; scheme < PATHS; scheme++) {
        size_t n = sample_payload(scheme, payload, sizeof payload);
        for (size_t i = 0; i < n; i++) {
            static const uint8_t with[] = {0x01, 0xff};
            try_payload(&s, payload, i);
            for (size_t k = 0; k < sizeof with; k++) {
                memcpy(bad, payload, n);
                bad[i] ^= with[k];
                try_payload(&s, bad, n);
            }
        }
    }
    free(s.bytes);
}

/* The decoder alone, over bytes that are anything at all. */
static void test_random_bytes(void)
{
    static struct trace_tables t;
    uint64_t seed = 17;
    uint8_t sample[PATHS][1024], payload[1024];
    size_t len[PATHS];
    struct err e;
    for (size_t i = 0; i < PATHS; i++)
        len[i] = sample_payload(i, sample[i], sizeof sample[i]);
    for (unsigned round = 0; round < 20000; round++) {
        size_t n = len[round % PATHS];
        memcpy(payload, sample[round % PATHS], n);
        for (unsigned k = 0; k < 1 + round % 4; k++)
            payload[make_random(&seed) % n] = (uint8_t)make_random(&seed);
        int rc = tables_get(&t, (struct cursor){payload, n, false}, &e);
        CU_ASSERT(rc == 0 || rc == 1);
        CU_ASSERT(t.count <= TABLES_MAX && t.page_count <= TABLES_MAX &&
                  t.region_count <= MEMORY_REGIONS_MAX);
    }
    tables_fini(&t);
}

/* Payloads that are well formed and cannot be true: the reader stops before the events behind them. */
static void test_impossible(void)
{
    struct sample s = sample_make();
    static const struct {
        const char *bytes;
        size_t n;
        const char *says;
    } rows[] = {
        {"", 0, "they end too early"},
        {"\x03\x00", 2, "they do not begin with their registers"},
        {"\x01\x02\x00\x00", 4, "their registers cannot be decoded"},
        {"\x01\x09\0\0\0\0\0\0\0\0\0\x01\x09\0\0\0\0\0\0\0\0\0", 22, "their registers are there twice"},
        {"\x01\x09\0\0\0\0\0\0\0\0\0\x03\x03\0\x01\x01", 16, "an impossible table"}, /* paging is off */
        {"\x01\x0d\0\0\x80\x80\x80\x80\x08\0\0\0\0\0\0\x03\x04\0\x03\x01\0", 21, "an impossible table"},
        {"\x01\x0d\0\0\x80\x80\x80\x80\x08\0\0\0\0\0\0\x03\x03\x02\x01\x01", 20, "a table where none can be"},
        {"\x01\x0d\0\0\x80\x80\x80\x80\x08\0\0\0\0\0\0\x03\x05\0\x01\x01\x84\x20", 22,
         "a table's entries cannot be decoded"}, /* 1025 zeros */
        {"\x01\x0d\0\0\x80\x80\x80\x80\x08\0\0\0\0\0\0\x03\x04\0\x01\x01\x03", 21,
         "a table's entries cannot be decoded"}, /* a run of none */
        {"\x01\x09\0\0\0\0\0\0\0\0\0\x02\x08\0\xff\xff\xff\xff\xff\xff\x7f", 21, "an impossible memory"},
        {"\x01\x09\0\0\0\0\0\0\0\0\0\x02\x01\x01", 14, "an impossible memory"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct forge *g = forge_begin(&s);
        forge_copy(g, &s, 1);
        forge_plain(g, CHUNK_TABLES, rows[i].bytes, rows[i].n);
        forge_copy(g, &s, 2);
        forge_expect(g, 6, rows[i].says);
        free(g);
    }
    free(s.bytes);
}

/* A later version's fields and flags are stepped over. */
static void test_later_version(void)
{
    struct sample s = sample_make();
    struct forge *g = forge_begin(&s);
    forge_copy(g, &s, 1);
    forge_plain(g, CHUNK_TABLES, "\x01\x0b\0\0\0\0\0\0\0\x70\0\x05\x06\x09\x02zz", 17);
    forge_copy(g, &s, 2);
    forge_expect(g, 12, "no footer");
    free(g);
    free(s.bytes);
}

static const struct unit_test tests[] = {
    {"each scheme's tables come back as they were", test_schemes},
    {"paging is off", test_paging_off},
    {"a mapping of pages in a row takes a few bytes", test_small},
    {"loops, shared tables and holes", test_loops_and_holes},
    {"more tables than fit", test_too_many},
    {"tables of a hostile guest", test_hostile},
    {"a copy stands where it was taken", test_file_order},
    {"every byte damaged, every prefix", test_damage},
    {"random damage to the decoder", test_random_bytes},
    {"what cannot be", test_impossible},
    {"what a later version may add", test_later_version},
};

int main(void)
{
    return unit_main("traces: page tables", tests, sizeof tests / sizeof tests[0]);
}
