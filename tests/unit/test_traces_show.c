/*
 * What `trace show`, `export` and `check` print, and which events a filter lets through.
 */
#include "trace_make.h"

#include <errno.h>

static const struct event events[] = {
    {.seq = 0,
     .time_ns = 15000,
     .rip = 0x7c10,
     .addr = 0x3f8,
     .value = 'H',
     .guest_ns = 15000,
     .host_ns = 900,
     .count = 1,
     .cs = 0x7c0,
     .kind = EVENT_IO,
     .device = 1,
     .reg = 1,
     .dir = DIR_OUT,
     .size = 1,
     .flags = EVENT_VALUE | EVENT_ADDR},
    {.seq = 1,
     .time_ns = 1234567890123,
     .rip = 0xffffffff81000010,
     .addr = 0xb8000,
     .value = 0x748,
     .count = 1,
     .cs = 8,
     .kind = EVENT_MMIO,
     .device = 2,
     .dir = DIR_OUT,
     .size = 2,
     .host_ns = 7,
     .flags = EVENT_VALUE | EVENT_ADDR | EVENT_RIP_NEXT | EVENT_UNCLAIMED,
     .mode_cpl = 3 | 3 << 4},
    {.seq = 2,
     .time_ns = 1234567890999,
     .addr = 0x20,
     .count = 1,
     .kind = EVENT_IRQ,
     .reg = EVENT_NO_REG,
     .flags = EVENT_ADDR | EVENT_NO_CPU},
    {.seq = 3,
     .time_ns = 1234567891000,
     .addr = 0xcc,
     .count = 1,
     .kind = EVENT_ASSIST,
     .detail = ASSIST_INT3,
     .size = 1,
     .flags = EVENT_ADDR | EVENT_STEPPED,
     .mode_cpl = MODE_PROTECTED,
     .rip = 0x10,
     .vcpu = 2},
};

/* Those events and a mark; without `close` the file has no footer. */
static struct make_file write_sample(bool close)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    for (size_t i = 0; i < 4; i++)
        trace_put(w, &events[i]);
    trace_mark(w, &events[3], "say \"hi\" \\ Ü");
    if (close) {
        make_close(w);
        return f;
    }
    struct err e;
    CU_ASSERT_EQUAL(trace_close(w, NULL, &e), 0);
    return f;
}

typedef int print_fn(struct trace_reader *r, const struct trace_filter *f, FILE *out, struct err *e);

/* What `print` prints for the file; the caller frees. */
static char *printed(print_fn *print, const struct make_file *f, const struct trace_filter *filter)
{
    char *out = NULL;
    size_t len = 0;
    struct err e;
    FILE *stream = open_memstream(&out, &len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
    struct trace_reader *r = make_reader(f);
    CU_ASSERT_EQUAL(print(r, filter, stream, &e), 0);
    trace_reader_close(r);
    CU_ASSERT_EQUAL(fclose(stream), 0);
    return out;
}

static void expect_printed(print_fn *print, const struct trace_filter *filter, const char *want)
{
    struct make_file f = write_sample(true);
    char *got = printed(print, &f, filter);
    if (strcmp(got, want) != 0)
        fprintf(stderr, "printed:\n%sinstead of:\n%s", got, want);
    CU_ASSERT_STRING_EQUAL(got, want);
    free(got);
    unlink(f.path);
}

static const struct trace_filter all = {0};

#define LINE0 "      0     0.000015  real       0x7c10              out 0x3f8 ← 48 'H'  uart.THR\n"
#define LINE1 "      1  1234.567890  long       0xffffffff81000010+  mmio write 0xb8000 ← 0748  unclaimed\n"
#define LINE2 "      2  1234.567890  -          -                   interrupt line 0 → vector 0x20\n"
#define LINE3 "      3  1234.567891  protected  0x10                int3 completed by Ringside (cc)\n"
#define LINE4 "      3  1234.567891  protected  0x10                mark: say \"hi\" \\ Ü\n"

static void test_show(void)
{
    expect_printed(trace_show, &all, LINE0 LINE1 LINE2 LINE3 LINE4);
}

static void test_export(void)
{
    expect_printed(
        trace_export_jsonl, &all,
        "{\"seq\":0,\"t_ns\":15000,\"vcpu\":0,\"rip\":\"0x7c10\",\"cs\":1984,\"mode\":\"real\",\"cpl\":0,"
        "\"kind\":\"io\","
        "\"device\":\"uart\",\"reg\":\"THR\",\"dir\":\"out\",\"size\":1,\"count\":1,\"addr\":\"0x3f8\","
        "\"value\":\"0x48\","
        "\"host_ns\":900,\"guest_ns\":15000,\"text\":\"out 0x3f8 ← 48 'H'  uart.THR\"}\n"
        "{\"seq\":1,\"t_ns\":1234567890123,\"vcpu\":0,\"rip\":\"0xffffffff81000010\",\"cs\":8,\"mode\":"
        "\"long\",\"cpl\":3,"
        "\"kind\":\"mmio\",\"device\":\"vga\",\"reg\":\"CELL\",\"dir\":\"out\",\"size\":2,\"count\":1,"
        "\"addr\":\"0xb8000\","
        "\"value\":\"0x748\",\"host_ns\":7,\"guest_ns\":0,\"flags\":[\"rip_next\",\"unclaimed\"],"
        "\"text\":\"mmio write 0xb8000 ← 0748  unclaimed\"}\n"
        "{\"seq\":2,\"t_ns\":1234567890999,\"vcpu\":0,\"kind\":\"irq\",\"addr\":\"0x20\",\"host_ns\":0,"
        "\"guest_ns\":0,\"text\":\"interrupt line 0 → vector 0x20\"}\n"
        "{\"seq\":3,\"t_ns\":1234567891000,\"vcpu\":2,\"rip\":\"0x10\",\"cs\":0,\"mode\":\"protected\","
        "\"cpl\":0,"
        "\"kind\":\"assist\",\"size\":1,\"addr\":\"0xcc\",\"host_ns\":0,\"guest_ns\":0,\"assist\":\"int3\","
        "\"detail\":2,"
        "\"flags\":[\"stepped\"],\"text\":\"int3 completed by Ringside (cc)\"}\n"
        "{\"seq\":3,\"t_ns\":1234567891000,\"vcpu\":2,\"rip\":\"0x10\",\"cs\":0,\"mode\":\"protected\","
        "\"cpl\":0,"
        "\"kind\":\"mark\",\"host_ns\":0,\"guest_ns\":0,\"flags\":[\"stepped\"],"
        "\"text\":\"say \\\"hi\\\" \\\\ Ü\"}\n");
}

static void test_filters(void)
{
    struct trace_filter f = {.from_seq = 1, .end_seq = 3};
    expect_printed(trace_show, &f, LINE1 LINE2);
    f = (struct trace_filter){.from_seq = 3};
    expect_printed(trace_show, &f, LINE3 LINE4);
    f = (struct trace_filter){.limit = 2};
    expect_printed(trace_show, &f, LINE0 LINE1);
    f = (struct trace_filter){.device = "vga"};
    expect_printed(trace_show, &f, LINE1);
    f = (struct trace_filter){.device = "post"};
    expect_printed(trace_show, &f, "");
    f = (struct trace_filter){0};
    struct err e = {0};
    CU_ASSERT_EQUAL(trace_filter_kind(&f, "irq", &e), 0);
    CU_ASSERT_EQUAL(trace_filter_kind(&f, "KVM_EXIT_IO", &e), 0);
    expect_printed(trace_show, &f, LINE0 LINE2);
    f.limit = 1;
    f.from_seq = 1;
    expect_printed(trace_show, &f, LINE2);
}

static void test_filter_names(void)
{
    static const struct {
        const char *wrong, *nearest;
    } typos[] = {
        {"mmoi", "`mmio`"}, {"msr_reed", "`msr_read`"}, {"halt", "`hlt`"}, {"intrnal", "`internal`"}};
    struct trace_filter f = {0};
    struct err e = {0};
    for (size_t i = 0; i < sizeof typos / sizeof typos[0]; i++) {
        CU_ASSERT_EQUAL(trace_filter_kind(&f, typos[i].wrong, &e), -1);
        CU_ASSERT_PTR_NOT_NULL(strstr(e.text, typos[i].nearest));
    }
    char endless[2000];
    memset(endless, 'x', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    CU_ASSERT_EQUAL(trace_filter_kind(&f, endless, &e), -1);
    CU_ASSERT_EQUAL(trace_filter_kind(&f, "", &e), -1);
    CU_ASSERT_FALSE(f.any_kind);
}

static void test_check_whole(void)
{
    struct make_file f = write_sample(true);
    struct trace_reader *r = make_reader(&f);
    struct text said = {0};
    struct err e;
    CU_ASSERT_EQUAL(trace_check(r, &said, &e), 0);
    CU_ASSERT_STRING_EQUAL(text_str(&said), "whole: 5 events in 4 chunks, ended: halted\n");
    text_fini(&said);
    trace_reader_close(r);
    unlink(f.path);
}

static void test_check_cut(void)
{
    struct make_file f = write_sample(false);
    struct trace_reader *r = make_reader(&f);
    struct text said = {0};
    struct err e;
    CU_ASSERT_EQUAL(trace_check(r, &said, &e), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&said), "damaged: no footer"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&said), "readable: 5 events in 3 chunks"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&said), "(100%)"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&said), "footer: missing"));
    text_fini(&said);
    trace_reader_close(r);
    unlink(f.path);
}

/* A byte in the middle of an event chunk: the footer is still found from the end, and says what is lost. */
static void test_check_damaged(void)
{
    struct make_file f = write_sample(true);
    size_t n;
    uint8_t *bytes = make_file_read(&f, &n);
    for (size_t i = 0; i + 4 < n; i++)
        if (!memcmp(bytes + i, "EVTS", 4))
            bytes[i + 30] ^= 1;
    make_file_fill(&f, bytes, n);
    struct trace_reader *r = make_reader(&f);
    struct text said = {0};
    struct err e;
    CU_ASSERT_EQUAL(trace_check(r, &said, &e), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&said), "damaged: chunk 1 at byte "));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&said), ": wrong checksum\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&said), "readable: 0 events in 1 chunk, "));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text_str(&said), "footer: there, ended: halted; it speaks of 5 events, so 5 are lost\n"));
    text_fini(&said);
    trace_reader_close(r);
    free(bytes);
    unlink(f.path);
}

static void test_output_that_fails(void)
{
    struct make_file f = write_sample(true);
    struct trace_reader *r = make_reader(&f);
    FILE *full = fopen("/dev/full", "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(full);
    struct err e = {0};
    CU_ASSERT_EQUAL(trace_show(r, &all, full, &e), -1);
    CU_ASSERT_EQUAL(e.code, ENOSPC);
    e = (struct err){0};
    CU_ASSERT_EQUAL(trace_export_jsonl(r, &all, full, &e), -1);
    CU_ASSERT_EQUAL(e.code, ENOSPC);
    fclose(full);
    trace_reader_close(r);
    unlink(f.path);
}

static const struct unit_test tests[] = {
    {"show", test_show},
    {"export", test_export},
    {"filters", test_filters},
    {"names in filters", test_filter_names},
    {"check: whole", test_check_whole},
    {"check: cut", test_check_cut},
    {"check: damaged", test_check_damaged},
    {"output that fails", test_output_that_fails},
};
UNIT_MAIN("traces: show, export, check", tests)
