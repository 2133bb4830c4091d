/*
 * Statistics: the sketch against exact percentiles, the tables against counts made by hand, memory against a
 * guest that exits everywhere.
 */
#include "trace_make.h"
#include "traces/sketch.h"
#include "traces/stat.h"

static int compare_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Fails when a percentile is more than 1/64 away from the exact one. */
static void expect_quantiles(uint32_t *values, size_t n)
{
    struct sketch *s = calloc(1, sizeof *s);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    for (size_t i = 0; i < n; i++)
        sketch_add(s, values[i]);
    qsort(values, n, sizeof values[0], compare_u32);
    static const unsigned percents[] = {1, 25, 50, 75, 90, 99, 100};
    for (size_t i = 0; i < sizeof percents / sizeof percents[0]; i++) {
        size_t rank = (n * percents[i] + 99) / 100;
        double exact = values[rank ? rank - 1 : 0], got = sketch_quantile(s, percents[i], 100);
        CU_ASSERT(got >= exact - exact / 64 - 0.5 && got <= exact + exact / 64 + 0.5);
    }
    CU_ASSERT_EQUAL(s->count, n);
    CU_ASSERT_EQUAL(s->min, values[0]);
    CU_ASSERT_EQUAL(s->max, values[n - 1]);
    free(s);
}

static void test_sketch(void)
{
    enum { VALUES = 5000 };
    uint32_t *values = malloc(VALUES * sizeof *values);
    CU_ASSERT_PTR_NOT_NULL_FATAL(values);
    for (uint64_t seed = 1; seed < 20; seed++) {
        uint64_t state = seed;
        size_t n = 1 + make_random(&state) % VALUES;
        for (size_t i = 0; i < n; i++)
            values[i] = (uint32_t)(make_random(&state) >> (32 + make_random(&state) % 32));
        expect_quantiles(values, n);
        for (size_t i = 0; i < n; i++)
            values[i] = 1400 + (uint32_t)(make_random(&state) % 200);
        expect_quantiles(values, n);
    }
    uint32_t limits[] = {0, UINT32_MAX, 31, 32, 63, 64, UINT32_MAX - 1, 1u << 31};
    expect_quantiles(limits, sizeof limits / sizeof limits[0]);
    struct sketch *empty = calloc(1, sizeof *empty);
    CU_ASSERT_PTR_NOT_NULL_FATAL(empty);
    CU_ASSERT_EQUAL(sketch_quantile(empty, 1, 2), 0);
    free(empty);
    free(values);
}

/* Sketches out of a pool say what the large ones say; two of them added together, what one of all says; and
 * values that are few take little memory. */
static void test_spread(void)
{
    enum { VALUES = 3000 };
    for (uint64_t seed = 1; seed < 20; seed++) {
        uint64_t state = seed;
        struct spread_pool pool = {0};
        struct spread half[2] = {{0}}, sum = {0};
        struct sketch *large = calloc(1, sizeof *large);
        CU_ASSERT_PTR_NOT_NULL_FATAL(large);
        for (size_t i = 0; i < VALUES; i++) {
            uint32_t v = (uint32_t)(make_random(&state) >> (32 + make_random(&state) % 32));
            sketch_add(large, v);
            spread_add(&half[i % 2], &pool, v);
        }
        spread_merge(&sum, &pool, &half[0]);
        spread_merge(&sum, &pool, &half[1]);
        CU_ASSERT_EQUAL(sum.count, VALUES);
        CU_ASSERT_EQUAL(sum.min, large->min);
        CU_ASSERT_EQUAL(sum.max, large->max);
        for (unsigned percent = 1; percent <= 100; percent++)
            CU_ASSERT_EQUAL(spread_quantile(&sum, &pool, percent, 100), sketch_quantile(large, percent, 100));
        CU_ASSERT_FALSE(pool.full);
        free(large);
        spread_pool_free(&pool);
    }
    struct spread_pool pool = {0};
    struct spread narrow = {0};
    CU_ASSERT_EQUAL(spread_quantile(&narrow, &pool, 1, 2), 0);
    for (uint32_t v = 1000; v < 2000; v++)
        spread_add(&narrow, &pool, v);
    CU_ASSERT_EQUAL(pool.count, 2);
    spread_pool_free(&pool);
}

/* More sketches than the pool has pages for: counts, smallest and largest stay exact, percentiles within
 * their doubling. */
static void test_spread_without_room(void)
{
    enum { SKETCHES = SPREAD_PAGES_MAX / SPREAD_OCTAVES + 50 };
    struct spread_pool pool = {0};
    struct spread *s = calloc(SKETCHES, sizeof *s);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    for (size_t i = 0; i < SKETCHES; i++) {
        spread_add(&s[i], &pool, 3);
        for (unsigned shift = 5; shift < 32; shift++)
            spread_add(&s[i], &pool, 1u << shift);
    }
    CU_ASSERT_TRUE(pool.full);
    CU_ASSERT_EQUAL(pool.count, SPREAD_PAGES_MAX);
    const struct spread *last = &s[SKETCHES - 1];
    CU_ASSERT_EQUAL(last->count, 28);
    CU_ASSERT_EQUAL(last->min, 3);
    CU_ASSERT_EQUAL(last->max, 1u << 31);
    uint32_t median = spread_quantile(last, &pool, 1, 2); /* the 14th value: 1 << 17 */
    CU_ASSERT(median >= 1u << 17 && median < 1u << 18);
    free(s);
    spread_pool_free(&pool);
}

/* 200 console events in real mode, 20 VGA writes in long mode, a hlt, a shutdown without registers, 3
 * interrupts, and an assist, which counts as an exit. */
static struct make_file write_sample(void)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    uint64_t now = 0, seq = 0;
    for (; seq < 200; seq++) {
        struct event ev = make_console_event(seq, &now);
        ev.host_ns = 100 * (uint32_t)(seq + 1);
        ev.guest_ns = 1000;
        trace_put(w, &ev);
    }
    struct event ev = {
        .kind = EVENT_MMIO, .device = 2, .reg = 0, .rip = 0xffffffff81000010, .cs = 8, .count = 1};
    ev.mode_cpl = event_mode_cpl(MODE_LONG, 0);
    ev.host_ns = 50;
    for (unsigned i = 0; i < 20; i++) {
        ev.seq = seq++;
        trace_put(w, &ev);
    }
    ev.kind = EVENT_HLT;
    ev.device = 0;
    ev.rip = 0x100400;
    trace_put(w, &ev);
    ev.kind = EVENT_IRQ;
    for (unsigned i = 0; i < 3; i++)
        trace_put(w, &ev);
    ev.kind = EVENT_ASSIST;
    trace_put(w, &ev);
    ev.kind = EVENT_SHUTDOWN;
    ev.flags = EVENT_NO_CPU;
    ev.rip = 0;
    trace_put(w, &ev);
    make_close(w);
    return f;
}

static void expect_says(const struct text *said, const char *what)
{
    if (!strstr(text_str(said), what))
        fprintf(stderr, "no `%s` in:\n%s\n", what, text_str(said));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(said), what));
}

/* The line of the section `title` that starts with `name`, with runs of spaces made one. */
static void expect_row(const struct text *said, const char *title, const char *name, const char *rest)
{
    const char *at = strstr(text_str(said), title);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    const char *end = strstr(at, "\n\n");
    char want[200], got[400] = "", line[40];
    snprintf(line, sizeof line, "\n  %s ", name);
    const char *row = strstr(at, line);
    CU_ASSERT_FATAL(row != NULL && (!end || row < end));
    size_t n = 0;
    for (const char *p = row + 3; *p && *p != '\n' && n + 1 < sizeof got; p++)
        if (*p != ' ' || (n && got[n - 1] != ' '))
            got[n++] = *p;
    got[n] = '\0';
    snprintf(want, sizeof want, "%s %s", name, rest);
    if (strcmp(got, want) != 0)
        fprintf(stderr, "`%s` instead of `%s`\n", got, want);
    CU_ASSERT_STRING_EQUAL(got, want);
}

static void test_tables(void)
{
    struct make_file f = write_sample();
    struct trace_reader *r = make_reader(&f);
    struct trace_filter all = {0};
    struct text said = {0};
    struct err e;
    CU_ASSERT_EQUAL(trace_stat(r, &all, 0, false, &said, &e), 0);
    expect_says(&said, "223 exits in ");
    expect_says(&said, "; 3 other events");
    expect_row(&said, "Exits by kind", "io", "200 89.7% 2.0 ms 200.0 us 100 ns 10.1 us 19.7 us 20.0 us");
    expect_row(&said, "Exits by kind", "mmio", "20 9.0% 1.0 us 0 ns 50 ns 50 ns 50 ns 50 ns");
    expect_row(&said, "Exits by kind", "assist", "1 0.4% 50 ns 0 ns 50 ns 50 ns 50 ns 50 ns");
    expect_row(&said, "Exits by device", "uart", "200 89.7% 2.0 ms 200.0 us 100 ns 10.1 us 19.7 us 20.0 us");
    expect_row(&said, "Exits by device", "none", "3 1.3% 150 ns 0 ns 50 ns 50 ns 50 ns 50 ns");
    expect_row(&said, "Exits by mode", "real", "200 89.7% 2.0 ms 200.0 us 100 ns 10.1 us 19.7 us 20.0 us");
    expect_row(&said, "Exits by mode", "long", "22 9.9% 1.1 us 0 ns 50 ns 50 ns 50 ns 50 ns");
    expect_row(&said, "Exits by mode", "unknown", "1 0.4% 50 ns 0 ns 50 ns 50 ns 50 ns 50 ns");
    expect_row(&said, "Exits by rip", "0000:7c10 real",
               "io uart.LSR 100 44.8% 1.0 ms 100.0 us 100 ns 9.9 us 19.7 us 19.9 us");
    expect_row(&said, "Exits by rip", "0xffffffff81000010 long",
               "mmio vga.CELL 20 9.0% 1.0 us 0 ns 50 ns 50 ns 50 ns 50 ns");
    expect_row(&said, "Exits by rip", "others", "1 0.4% 50 ns 0 ns 50 ns 50 ns 50 ns 50 ns");
    expect_row(&said, "Ringside's own events", "irq", "3 100.0% 150 ns 0 ns 50 ns 50 ns 50 ns 50 ns");
    expect_row(&said, "KVM's own counters", "exits", "123456789012345");
    CU_ASSERT_PTR_NULL(strstr(text_str(&said), "not whole"));
    text_fini(&said);
    trace_reader_close(r);
    unlink(f.path);
}

static void test_json(void)
{
    struct make_file f = write_sample();
    struct trace_reader *r = make_reader(&f);
    struct trace_filter all = {0};
    struct text said = {0};
    struct err e;
    CU_ASSERT_EQUAL(trace_stat(r, &all, 1, true, &said, &e), 0);
    expect_says(&said, "{\"exits\":{\"count\":223,\"host_ns\":2011150,\"guest_ns\":200000,\"min_ns\":50,");
    expect_says(&said, "\"whole\":true");
    expect_says(&said, "\"by_kind\":[{\"kind\":\"io\",\"count\":200,\"host_ns\":2010000,\"guest_ns\":200000,"
                       "\"min_ns\":100,");
    expect_says(&said, "\"by_device\":[{\"device\":\"none\",\"count\":3,");
    expect_says(&said, "\"by_mode\":[{\"mode\":\"real\",\"count\":200,");
    expect_says(&said,
                "\"by_rip\":[{\"mode\":\"real\",\"rip\":\"0x7c10\",\"cs\":0,\"kind\":\"io\",\"count\":100,");
    expect_says(&said, "\"other_rips\":{\"count\":123,");
    expect_says(&said, "\"own\":[{\"kind\":\"irq\",\"count\":3,");
    expect_says(&said, "\"kvm\":{\"exits\":123456789012345,\"tlb_flush\":0}}\n");
    text_fini(&said);
    trace_reader_close(r);
    unlink(f.path);
}

/* With a filter the shares are of what passed it. */
static void test_filtered(void)
{
    struct make_file f = write_sample();
    struct trace_reader *r = make_reader(&f);
    struct trace_filter only = {.from_seq = 10, .end_seq = 210, .device = "uart", .limit = 100};
    struct text said = {0};
    struct err e;
    CU_ASSERT_EQUAL(trace_stat(r, &only, 0, false, &said, &e), 0);
    expect_says(&said, "100 exits in ");
    expect_row(&said, "Exits by kind", "io", "100 100.0% 605.0 us 100.0 us 1.1 us 6.0 us 10.9 us 11.0 us");
    CU_ASSERT_PTR_NULL(strstr(text_str(&said), "mmio"));
    text_clear(&said);
    only.device = "nothing";
    CU_ASSERT_EQUAL(trace_stat(r, &only, 0, false, &said, &e), -1);
    CU_ASSERT_STRING_EQUAL(e.text, "no device is called `nothing` in this trace; it has: uart vga post");
    text_fini(&said);
    trace_reader_close(r);
    unlink(f.path);
}

static void test_nothing_to_count(void)
{
    struct make_file f = make_file();
    make_close(make_writer(&f));
    struct trace_reader *r = make_reader(&f);
    struct trace_filter all = {0};
    struct text said = {0};
    struct err e;
    CU_ASSERT_EQUAL(trace_stat(r, &all, 0, false, &said, &e), 0);
    expect_says(&said, "0 exits in 0 ns");
    text_clear(&said);
    CU_ASSERT_EQUAL(trace_stat(r, &all, 0, true, &said, &e), 0);
    expect_says(&said, "\"by_kind\":[],");
    text_fini(&said);
    trace_reader_close(r);
    unlink(f.path);
}

/* More places than are told apart: the rest is counted together, and the one busy place is still found. */
static void test_exits_everywhere(void)
{
    enum { PLACES = GROUPS_MAX + 5000 };
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    for (unsigned i = 0; i < 2 * PLACES; i++) {
        struct event ev = {.seq = i, .kind = EVENT_HLT, .rip = i % 2 ? 0x100000 + i : 0x7c00, .host_ns = 1};
        trace_put(w, &ev);
    }
    make_close(w);
    struct trace_reader *r = make_reader(&f);
    struct trace_filter all = {0};
    struct err e;
    struct stats *s = malloc(sizeof *s);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT_EQUAL(stats_collect(s, r, &all, 3, &e), 0);
    CU_ASSERT_EQUAL(s->exits.count, 2 * PLACES);
    CU_ASSERT_EQUAL(s->sites.count, GROUPS_MAX);
    CU_ASSERT_EQUAL_FATAL(s->top_count, 3);
    CU_ASSERT_EQUAL(s->top[0].rip, 0x7c00);
    CU_ASSERT_EQUAL(s->top[0].row->count, PLACES);
    CU_ASSERT_EQUAL(s->top[1].rip, 0x100001);
    CU_ASSERT_EQUAL(s->elsewhere.count, PLACES - 2);
    stats_free(s);
    free(s);
    trace_reader_close(r);
    unlink(f.path);
}

static const struct unit_test tests[] = {
    {"the sketch's percentiles", test_sketch},
    {"sketches out of a pool", test_spread},
    {"a pool that is full", test_spread_without_room},
    {"tables", test_tables},
    {"json", test_json},
    {"filtered", test_filtered},
    {"nothing to count", test_nothing_to_count},
    {"exits everywhere", test_exits_everywhere},
};
UNIT_MAIN("traces: statistics", tests)
