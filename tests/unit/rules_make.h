/*
 * What the tests of rules share: a guest in a few letters, its trace, and a table of assertions with what the
 * trace says to them.
 */
#ifndef RINGSIDE_TESTS_RULES_MAKE_H
#define RINGSIDE_TESTS_RULES_MAKE_H

#include "trace_make.h"

#include "traces/rules.h"

/* A guest in a few letters, an event each: a capital letter is written to the UART, `?` asks it for room, `m`
 * writes to the screen, `h` halts, `x` is a triple fault, `s` an OUTS of three bytes that begins with S, `l`
 * an L in long mode. */
static inline struct event make_event(char c, uint64_t seq)
{
    struct event ev = {.seq = seq,
                       .time_ns = 1000 * seq,
                       .rip = 0x7c00 + seq,
                       .addr = 0x3f8,
                       .value = (uint8_t)c,
                       .count = 1,
                       .kind = EVENT_IO,
                       .device = 1,
                       .reg = 1,
                       .dir = DIR_OUT,
                       .size = 1,
                       .flags = EVENT_VALUE | EVENT_ADDR};
    if (c == '?') {
        ev.reg = 2;
        ev.dir = DIR_IN;
        ev.addr = 0x3fd;
        ev.value = 0x60;
    } else if (c == 'm') {
        ev.kind = EVENT_MMIO;
        ev.device = 2;
        ev.reg = 0;
        ev.addr = 0xb8000;
    } else if (c == 'h' || c == 'x') {
        ev = (struct event){.seq = seq,
                            .rip = 0x7c00 + seq,
                            .count = 1,
                            .kind = c == 'h' ? EVENT_HLT : EVENT_SHUTDOWN,
                            .reg = EVENT_NO_REG,
                            .flags = c == 'h' ? 0 : EVENT_NO_CPU};
    } else if (c == 's') {
        ev.value = 'S';
        ev.count = 3;
        ev.flags |= EVENT_STRING;
    } else if (c == 'l') {
        ev.value = 'L';
        ev.mode_cpl = MODE_LONG;
    }
    return ev;
}

static inline struct make_file write_guest(const char *guest, bool whole)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    struct err e;
    for (size_t i = 0; guest[i]; i++) {
        const struct event ev = make_event(guest[i], i);
        trace_put(w, &ev);
    }
    if (whole)
        make_close(w);
    else
        CU_ASSERT_EQUAL(trace_close(w, NULL, &e), 0);
    return f;
}

static inline struct rules *parse(const char *text)
{
    struct err e = {0};
    struct rules *r = rules_parse(text, strlen(text), &e);
    if (!r)
        fprintf(stderr, "\n%s\n%s\n", text, e.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    return r;
}

/* The report of the rules on a guest's trace, as text; the caller frees. */
static inline char *graded(const char *rules, const char *guest, bool whole)
{
    struct make_file f = write_guest(guest, whole);
    struct trace_reader *trace = make_reader(&f);
    struct rules *r = parse(rules);
    struct rules_report report;
    struct text out = {0};
    struct err e = {0};
    int rc = rules_run(r, trace, &report, &e);
    if (rc < 0)
        fprintf(stderr, "\n%s\n%s\n", rules, e.text);
    CU_ASSERT_EQUAL_FATAL(rc, 0);
    rules_report_text(&report, &out);
    rules_report_fini(&report);
    rules_free(r);
    trace_reader_close(trace);
    unlink(f.path);
    char *text = strdup(text_str(&out));
    text_fini(&out);
    return text;
}

/* One assertion and one guest: passed when `why` is NULL, else failed for that reason. */
struct verdict {
    const char *assertion, *guest, *why;
};

static inline void expect_verdicts(const struct verdict *table, size_t n, bool whole)
{
    for (size_t i = 0; i < n; i++) {
        char rules[400], want[600];
        snprintf(rules, sizeof rules, "rule it\n%s\n", table[i].assertion);
        snprintf(want, sizeof want, "not ok 1 - it (1 point)\n#   %s\n", table[i].why ? table[i].why : "");
        char *got = graded(rules, table[i].guest, whole);
        bool fine = table[i].why ? strstr(got, want) != NULL
                                 : strstr(got, "\nok 1 - it (1 point)\n# 1 of 1 point\n") != NULL;
        if (!fine)
            fprintf(stderr, "\n%s on %s: %s%s", table[i].assertion, table[i].guest, got,
                    table[i].why ? want : "");
        CU_ASSERT_TRUE(fine);
        free(got);
    }
}

#define EXPECT(table, whole) expect_verdicts(table, sizeof(table) / sizeof(table)[0], whole)

#endif
