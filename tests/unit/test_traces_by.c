/*
 * Groups: `trace stat --by` against counts made event by event, over one trace and over many; the refusal of
 * what is no field; memory against a trace in which everything differs; `trace top` and its intervals.
 */
#include "trace_make.h"
#include "traces/query_field.h"
#include "traces/stat_files.h"
#include "traces/top.h"

enum { EVENTS = 1500 };

static struct make_file write_any(uint64_t seed)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    struct event ev = {.kind = EVENT_IO, .device = 1};
    for (unsigned i = 0; i < EVENTS; i++) {
        ev = make_any_event(&seed, &ev);
        trace_put(w, &ev);
    }
    make_close(w);
    return f;
}

/* ---- what is refused --------------------------------------------------------------------------------------
 */

static void expect_refused(const char *fields, const char *why)
{
    struct by by;
    struct err e = {0};
    CU_ASSERT_EQUAL(by_parse(&by, fields, &e), -1);
    if (!strstr(e.text, why))
        fprintf(stderr, "`%s`: `%s` instead of `%s`\n", fields, e.text, why);
    CU_ASSERT_PTR_NOT_NULL(strstr(e.text, why));
}

static void test_refused(void)
{
    struct by by;
    struct err e;
    expect_refused("knd", "\"knd\" is no field; did you mean kind?");
    expect_refused("", "\"\" is no field");
    expect_refused("kind,", "\"\" is no field");
    expect_refused(",kind", "\"\" is no field");
    expect_refused("kind,kind", "kind is there twice");
    expect_refused("time_ns:1s,time:1ms", "time is there twice");
    expect_refused("kind,device,reg,dir,mode", "more than 4 fields");
    expect_refused("kind:10", "kind is a name: only numbers have buckets");
    expect_refused("time", "time needs the width of a bucket");
    expect_refused("time:", "\"\" is no width of a bucket");
    expect_refused("time:0ms", "\"0ms\" is no width");
    expect_refused("time:-1ms", "\"-1ms\" is no width");
    expect_refused("time:10m", "\"10m\" is no width");
    expect_refused("time:99999999999999999s", "is no width");
    expect_refused("seq:10ms", "\"10ms\" is no width of a bucket: 1000, 0x1000");
    expect_refused("a field with a name that is far too long to be any field of ours", "is no field");
    CU_ASSERT_EQUAL(by_parse(&by, "time:10ms,addr:0x1000,kind,host_ns:500", &e), 0);
    CU_ASSERT_EQUAL(by.count, 4);
    CU_ASSERT_EQUAL(by.field[0].width, 10000000);
    CU_ASSERT_EQUAL(by.field[1].width, 0x1000);
    CU_ASSERT_EQUAL(by.field[3].width, 500);
}

/* ---- against counts by hand -------------------------------------------------------------------------------
 */

struct wanted {
    uint64_t count, host_ns, guest_ns;
    uint32_t min, max;
};

/* Counts the events that agree with the group in every field, asking the fields one by one. */
static struct wanted count_by_hand(struct trace_reader *r, const struct stat_by *b, const struct group *g)
{
    struct wanted w = {.min = UINT32_MAX};
    struct text sentence = {0};
    struct event ev;
    struct err e;
    CU_ASSERT_EQUAL(trace_rewind(r, &e), 0);
    while (trace_next(r, &ev, &e) > 0) {
        const struct query_subject s = {
            .names = &trace_reader_info(r)->names, .ev = &ev, .sentence = &sentence};
        bool same = true;
        for (size_t i = 0; same && i < b->by.count; i++) {
            struct text has = {0}, want = {0};
            const struct by_field *f = &b->by.field[i];
            struct query_value v = f->field->get(&s);
            by_json(&b->by, &b->names, g->key, i, &want);
            const char *value = strchr(text_str(&want), ':') + 1;
            if (!v.known)
                text_add(&has, "null");
            else if (f->field->type == QUERY_NAME)
                text_add_json(&has, v.name);
            else
                text_addf(&has, value[0] == '"' ? "\"0x%llx\"" : "%llu",
                          (unsigned long long)(f->width ? v.number / f->width * f->width : v.number));
            same = strcmp(text_str(&has), value) == 0;
            text_fini(&has);
            text_fini(&want);
        }
        if (!same)
            continue;
        w.count++;
        w.host_ns += ev.host_ns;
        w.guest_ns += ev.guest_ns;
        w.min = ev.host_ns < w.min ? ev.host_ns : w.min;
        w.max = ev.host_ns > w.max ? ev.host_ns : w.max;
    }
    text_fini(&sentence);
    return w;
}

static void expect_counts(const char *fields)
{
    struct make_file f = write_any(7);
    struct trace_reader *r = make_reader(&f);
    struct trace_filter all = {0};
    struct stat_by b;
    struct err e;
    uint64_t sum = 0;
    CU_ASSERT_EQUAL_FATAL(stat_by_init(&b, fields, &e), 0);
    CU_ASSERT_EQUAL_FATAL(stat_by_add(&b, r, &all, &e), 0);
    CU_ASSERT_EQUAL(b.groups.others.count, 0);
    for (size_t i = 0; i < b.groups.count; i++)
        sum += b.groups.group[i].row.count;
    CU_ASSERT_EQUAL(sum, EVENTS);
    for (size_t i = 0; i < b.groups.count && i < 40; i++) {
        const struct group_row *row = &b.groups.group[i].row;
        const struct wanted w = count_by_hand(r, &b, &b.groups.group[i]);
        if (row->count != w.count)
            fprintf(stderr, "by %s, group %zu: %llu instead of %llu\n", fields, i,
                    (unsigned long long)row->count, (unsigned long long)w.count);
        CU_ASSERT_EQUAL(row->count, w.count);
        CU_ASSERT_EQUAL(row->host_ns, w.host_ns);
        CU_ASSERT_EQUAL(row->guest_ns, w.guest_ns);
        CU_ASSERT_EQUAL(row->host.min, w.min);
        CU_ASSERT_EQUAL(row->host.max, w.max);
    }
    stat_by_fini(&b);
    trace_reader_close(r);
    unlink(f.path);
}

/* Every field that a query can ask for, by itself; then several, and buckets. Symbols have a test of their
 * own. */
static void test_every_field(void)
{
    const char *name, *summary;
    for (size_t i = 0; query_field_help(i, &name, &summary); i++)
        if (strcmp(name, "symbol") != 0)
            expect_counts(name);
    expect_counts("kind,device,reg,dir");
    expect_counts("mode,cpl");
    expect_counts("time:3s,vcpu");
    expect_counts("seq:1000");
    expect_counts("addr:0x10000000000,kind");
    expect_counts("host_ns:100us");
}

/* Three places under two names: groups by symbol, and a trace without any says so. */
static void test_symbols(void)
{
    static const struct event_symbol symbols[] = {{0x1000, 0x100, "first"}, {0x2000, 0x100, "second"}};
    struct make_file f = make_file();
    struct trace_info info = make_info();
    struct trace_filter all = {0};
    struct text said = {0};
    struct stat_by b;
    struct err e;
    info.names.symbols = symbols;
    info.names.symbol_count = 2;
    struct trace_writer *w = trace_create(f.path, &info, &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w);
    for (unsigned i = 0; i < 9; i++) {
        struct event ev = {
            .seq = i, .kind = EVENT_HLT, .host_ns = 1, .mode_cpl = event_mode_cpl(MODE_LONG, 0)};
        ev.rip = i < 2 ? 0x1000 : i < 5 ? 0x10ff : i < 8 ? 0x2050 : 0x3000;
        trace_put(w, &ev);
    }
    make_close(w);
    struct trace_reader *r = make_reader(&f);
    CU_ASSERT_EQUAL_FATAL(stat_by_init(&b, "symbol", &e), 0);
    CU_ASSERT_EQUAL_FATAL(stat_by_add(&b, r, &all, &e), 0);
    CU_ASSERT_EQUAL(stat_by_json(&b, &(struct stat_by_view){0}, &said, &e), 0);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text_str(&said), "\"groups\":3,\"rows\":[{\"symbol\":\"first\",\"count\":5,"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&said), "{\"symbol\":\"second\",\"count\":3,"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&said), "{\"symbol\":null,\"count\":1,"));
    trace_reader_close(r);
    unlink(f.path);
    f = write_any(1);
    r = make_reader(&f);
    CU_ASSERT_EQUAL(stat_by_add(&b, r, &all, &e), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "no symbols"));
    trace_reader_close(r);
    unlink(f.path);
    text_fini(&said);
    stat_by_fini(&b);
}

/* ---- what is shown ----------------------------------------------------------------------------------------
 */

/* Ten writes of 'a' to 'j' in rising numbers: 1 of 'a', 2 of 'b' ...; the rarest take longest. */
static void see_letters(struct stat_by *b)
{
    const struct event_names none = {0};
    for (unsigned letter = 0; letter < 10; letter++)
        for (unsigned i = 0; i <= letter; i++) {
            struct event ev = {.seq = letter * 100 + i, .kind = EVENT_IO, .flags = EVENT_VALUE};
            ev.value = 'a' + letter;
            ev.host_ns = 1000 / (letter + 1);
            stat_by_see(b, &none, &ev);
        }
}

static void expect_order(const char *fields, const struct stat_by_view *view, const char *want)
{
    struct stat_by b;
    struct text said = {0}, got = {0};
    struct err e;
    CU_ASSERT_EQUAL_FATAL(stat_by_init(&b, fields, &e), 0);
    see_letters(&b);
    CU_ASSERT_EQUAL(stat_by_json(&b, view, &said, &e), 0);
    const char *p = strstr(text_str(&said), "\"rows\":[");
    while (p && (p = strstr(p, "{\"")) && strncmp(p, "{\"groups\"", 9) != 0) {
        p = strchr(p, ':') + 1;
        text_addf(&got, "%s%.*s", got.len ? " " : "", (int)strcspn(p, ","), p);
    }
    if (strcmp(text_str(&got), want) != 0)
        fprintf(stderr, "`%s` instead of `%s`\n", text_str(&got), want);
    CU_ASSERT_STRING_EQUAL(text_str(&got), want);
    text_fini(&said);
    text_fini(&got);
    stat_by_fini(&b);
}

static void test_order(void)
{
    expect_order("value", &(struct stat_by_view){.top = 3}, "\"0x6a\" \"0x69\" \"0x68\"");
    expect_order("value", &(struct stat_by_view){.top = 2, .sort = "max"}, "\"0x61\" \"0x62\"");
    expect_order("value", &(struct stat_by_view){.top = 2, .sort = "value"}, "\"0x61\" \"0x62\"");
    expect_order("seq:500", &(struct stat_by_view){0}, "0 500");
    expect_order("seq:500", &(struct stat_by_view){.sort = "count"}, "500 0");
    expect_order("seq:100", &(struct stat_by_view){0}, "0 100 200 300 400 500 600 700 800 900");
    struct stat_by b;
    struct err e;
    CU_ASSERT_EQUAL_FATAL(stat_by_init(&b, "value", &e), 0);
    CU_ASSERT_EQUAL(stat_by_check_sort(&b, "median", &e), 0);
    CU_ASSERT_EQUAL(stat_by_check_sort(&b, "value", &e), 0);
    CU_ASSERT_EQUAL(stat_by_check_sort(&b, "mediam", &e), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "did you mean median?"));
    stat_by_fini(&b);
}

/* The rows that are not shown are in `others`, and all together are everything. */
static void test_others(void)
{
    struct stat_by b;
    struct text said = {0};
    struct err e;
    CU_ASSERT_EQUAL_FATAL(stat_by_init(&b, "value", &e), 0);
    see_letters(&b);
    CU_ASSERT_EQUAL(stat_by_json(&b, &(struct stat_by_view){.top = 8}, &said, &e), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&said), "\"events\":{\"count\":55,"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&said), "\"others\":{\"groups\":2,\"count\":3,\"host_ns\":2000,"));
    text_clear(&said);
    CU_ASSERT_EQUAL(stat_by_print(&b, &(struct stat_by_view){.top = 8}, &said, &e), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&said), "55 events in 10 groups: "));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&said), "others (2)      3   5.5%"));
    text_fini(&said);
    stat_by_fini(&b);
}

/* Every event its own group, with a name of its own: memory stays bounded, nothing is lost from the sums. */
static void test_all_different(void)
{
    enum { MANY = GROUPS_MAX + 1000 };
    const struct event_names none = {0};
    struct stat_by b;
    struct text said = {0};
    struct err e;
    CU_ASSERT_EQUAL_FATAL(stat_by_init(&b, "rip,value,text", &e), 0);
    for (uint64_t i = 0; i < MANY; i++) {
        struct event ev = {
            .rip = i * 977, .value = i, .kind = EVENT_IO, .flags = EVENT_VALUE, .host_ns = (uint32_t)i};
        stat_by_see(&b, &none, &ev);
    }
    CU_ASSERT_EQUAL(b.groups.count, GROUPS_MAX);
    CU_ASSERT_EQUAL(b.groups.others.count, 1000);
    CU_ASSERT_EQUAL(stat_by_print(&b, &(struct stat_by_view){0}, &said, &e), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&said), "66536 events in 65536 groups and more"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&said), "Only the first 65536 groups are told apart"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&said), "others (65526 and more)"));
    text_fini(&said);
    stat_by_fini(&b);
}

/* ---- many files -------------------------------------------------------------------------------------------
 */

static void test_files(void)
{
    struct make_file a = write_any(1), b = write_any(2), no = make_file(), cut = make_file();
    struct trace_filter all = {0};
    struct stat_files files = {0};
    struct stat_by by;
    struct text said = {0};
    struct err e;
    size_t len;
    uint8_t *bytes = make_file_read(&a, &len);
    make_file_fill(&cut, bytes, len - 5);
    free(bytes);
    make_file_fill(&no, (const uint8_t *)"my essay", 8);
    const char *const paths[] = {a.path, no.path, b.path, cut.path, "/nowhere/at all.rst"};
    CU_ASSERT_EQUAL_FATAL(stat_by_init(&by, "kind", &e), 0);
    for (size_t i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(stat_files_add(&files, paths[i], &all, &by, &e), 0);
    CU_ASSERT_EQUAL(stat_files_failed(&files), 2);
    CU_ASSERT_EQUAL(files.file[0].exits + files.file[0].own, EVENTS);
    CU_ASSERT_TRUE(files.file[0].whole);
    CU_ASSERT_STRING_EQUAL(files.file[0].status, "halted");
    CU_ASSERT_EQUAL(files.file[0].elapsed_ns, 123456789);
    CU_ASSERT_PTR_NOT_NULL(strstr(files.file[1].note, "not a trace of Ringside"));
    CU_ASSERT_FALSE(files.file[3].whole);
    CU_ASSERT_STRING_EQUAL(files.file[3].status, "-");
    CU_ASSERT_EQUAL(files.file[3].exits + files.file[3].own, EVENTS);
    CU_ASSERT_PTR_NOT_NULL(strstr(files.file[3].note, "cut off inside chunk"));
    stat_files_print(&files, &said);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&said), "5 files"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&said), "2 whole"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&said), "2 could not be read"));
    CU_ASSERT_EQUAL(stat_by_json(&by, &(struct stat_by_view){0}, &said, &e), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&said), "\"events\":{\"count\":4500,"));
    text_clear(&said);
    stat_files_json(&files, &said);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&said), "\"totals\":{\"files\":5,\"failed\":2,\"whole\":2,"));
    stat_files_fini(&files);
    stat_by_fini(&by);
    text_fini(&said);
    unlink(a.path);
    unlink(b.path);
    unlink(no.path);
    unlink(cut.path);
}

/* ---- top --------------------------------------------------------------------------------------------------
 */

/* No line is wider, there are not more, and none has spaces at its end. */
static void expect_shape(const struct text *page, const struct top_shape *shape)
{
    size_t lines = 0;
    for (const char *p = text_str(page); *p; lines++) {
        size_t len = strcspn(p, "\n");
        char line[400];
        CU_ASSERT_FATAL(len < sizeof line);
        snprintf(line, sizeof line, "%.*s", (int)len, p);
        CU_ASSERT(!shape->width || text_width(line) <= shape->width);
        CU_ASSERT(len == 0 || line[len - 1] != ' ');
        p += len + 1;
    }
    CU_ASSERT(!shape->height || lines <= shape->height);
}

static void test_top(void)
{
    struct make_file f = write_any(3);
    struct trace_reader *r = make_reader(&f);
    struct trace_filter all = {0};
    struct text page = {0};
    struct top t;
    struct err e;
    static const size_t widths[] = {0, 1, 2, 20, 40, 80, 200}, heights[] = {0, 1, 2, 3, 10, 100};
    CU_ASSERT_EQUAL_FATAL(top_init(&t, "kind,device,reg,text", &e), 0);
    CU_ASSERT_EQUAL(top_print(&t, r, &(struct top_shape){.width = 80}, &page, &e), 0);
    CU_ASSERT_EQUAL(top_read(&t, r, &all, &e), 0);
    for (size_t i = 0; i < 7; i++)
        for (size_t k = 0; k < 6; k++) {
            const struct top_shape shape = {widths[i], heights[k], k % 2, 0};
            text_clear(&page);
            CU_ASSERT_EQUAL(top_print(&t, r, &shape, &page, &e), 0);
            expect_shape(&page, &shape);
        }
    top_fini(&t);
    trace_reader_close(r);
    unlink(f.path);
    text_fini(&page);
}

/* The first part of the trace is console traffic, what comes then is only HLT: `now` shows it, `run` both. */
static void test_interval(void)
{
    struct make_file f = make_file();
    struct trace_filter all = {0};
    struct trace_writer *w = make_writer(&f);
    struct text page = {0};
    struct event ev;
    struct top t;
    struct err e;
    uint64_t now = 0;
    for (unsigned i = 0; i < 100; i++) {
        ev = make_console_event(i, &now);
        ev.host_ns = ev.guest_ns = 500;
        trace_put(w, &ev);
    }
    trace_flush(w);
    struct trace_reader *r = make_reader(&f);
    CU_ASSERT_EQUAL_FATAL(top_init(&t, "kind", &e), 0);
    CU_ASSERT_EQUAL(top_read(&t, r, &all, &e), 0);
    CU_ASSERT_EQUAL(top_begin(&t, &e), 0);
    ev = (struct event){.seq = 100, .kind = EVENT_HLT, .guest_ns = 300000, .time_ns = now + 300000};
    trace_put(w, &ev);
    make_close(w);
    CU_ASSERT_EQUAL(trace_continue(r, &e), TRACE_GREW);
    CU_ASSERT_EQUAL(top_read(&t, r, &all, &e), 0);
    const struct top_shape shape = {.width = 40, .interval = true, .interval_ns = 1000000000};
    CU_ASSERT_EQUAL(top_print(&t, r, &shape, &page, &e), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&page), "\n100.0%  75.0%      1  hlt\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&page), "\n  0.0%  25.0%    100  io\n"));
    top_fini(&t);
    trace_reader_close(r);
    text_fini(&page);
    unlink(f.path);
}

static const struct unit_test tests[] = {
    {"what is no field", test_refused},
    {"every field", test_every_field},
    {"symbols", test_symbols},
    {"order", test_order},
    {"others", test_others},
    {"all different", test_all_different},
    {"many files", test_files},
    {"top, any size", test_top},
    {"top's interval", test_interval},
};
UNIT_MAIN("traces: groups", tests)
