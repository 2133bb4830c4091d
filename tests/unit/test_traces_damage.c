/*
 * The reader never trusts the file: cut at every byte and damaged at every byte, it gives the events of whole
 * chunks and says what is wrong. And a disk that is full never costs more than the trace.
 */
#include "trace_sample.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void test_cut_everywhere(void)
{
    struct sample s = sample_make();
    struct make_file f = make_file();
    for (size_t len = 0; len <= s.len; len++) {
        make_file_fill(&f, s.bytes, len);
        struct err e = {0};
        struct trace_reader *r = trace_open(f.path, &e);
        if (len < s.chunk_end[0]) {
            CU_ASSERT_PTR_NULL_FATAL(r);
            CU_ASSERT(e.text[0] != '\0');
            continue;
        }
        CU_ASSERT_PTR_NOT_NULL_FATAL(r);
        size_t last = 0;
        while (last + 1 < s.chunks && s.chunk_end[last + 1] <= len)
            last++;
        CU_ASSERT_EQUAL(read_as_sample(r, &s), s.events_by[last]);
        struct trace_state state;
        trace_reader_state(r, &state);
        CU_ASSERT_EQUAL(state.whole, len == s.len);
        CU_ASSERT_EQUAL(state.problem == NULL, len == s.len);
        CU_ASSERT_EQUAL(state.readable_len, s.chunk_end[last]);
        CU_ASSERT_EQUAL(state.file_len, len);
        CU_ASSERT_EQUAL(state.chunks, last + 1);
        CU_ASSERT_EQUAL(state.end != NULL, len == s.len);
        trace_reader_close(r);
    }
    unlink(f.path);
    free(s.bytes);
}

static void test_flipped_everywhere(void)
{
    static const uint8_t flips[] = {0x01, 0x20, 0x80, 0xff};
    struct sample s = sample_make();
    struct make_file f = make_file();
    for (size_t at = 0; at < s.len; at++) {
        for (size_t k = 0; k < sizeof flips; k++) {
            s.bytes[at] ^= flips[k];
            make_file_fill(&f, s.bytes, s.len);
            s.bytes[at] ^= flips[k];
            struct err e = {0};
            struct trace_reader *r = trace_open(f.path, &e);
            if (!r) {
                CU_ASSERT(at < s.chunk_end[0] && e.text[0]);
                continue;
            }
            CU_ASSERT(at >= s.chunk_end[0]);
            read_as_sample(r, &s);
            struct trace_state state;
            trace_reader_state(r, &state);
            CU_ASSERT_FALSE(state.whole);
            CU_ASSERT_PTR_NOT_NULL(state.problem);
            CU_ASSERT(state.readable_len <= at);
            struct text said = {0};
            CU_ASSERT_EQUAL(trace_check(r, &said, &e), 1);
            text_fini(&said);
            trace_reader_close(r);
        }
    }
    unlink(f.path);
    free(s.bytes);
}

/* ---- files that are no traces
 * ------------------------------------------------------------------------------ */

static void expect_open_fails(const char *path, const char *why)
{
    struct err e = {0};
    CU_ASSERT_PTR_NULL(trace_open(path, &e));
    if (!strstr(e.text, why))
        fprintf(stderr, "`%s` instead of `%s`\n", e.text, why);
    CU_ASSERT_PTR_NOT_NULL(strstr(e.text, why));
    CU_ASSERT_PTR_NOT_NULL(strstr(e.text, path));
}

static void test_no_traces(void)
{
    struct sample s = sample_make();
    struct make_file f = make_file();
    expect_open_fails(f.path, "empty");
    make_file_fill(&f, (const uint8_t *)"#!/bin/sh\nexit 0\n", 17);
    expect_open_fails(f.path, "not a trace");
    expect_open_fails("/tmp", "directory");
    expect_open_fails("/dev/null", "not a regular file");
    expect_open_fails("/nonexistent/t.rst", "No such file");
    struct forge *g = forge_begin(&s);
    forge_preamble(g, TRACE_MAJOR + 1, 0);
    forge_copy(g, &s, 0);
    make_file_fill(&f, g->bytes, g->len);
    expect_open_fails(f.path, "version 2.0");
    forge_preamble(g, TRACE_MAJOR, TRACE_MINOR);
    forge_copy(g, &s, 1);
    make_file_fill(&f, g->bytes, g->len);
    expect_open_fails(f.path, "no header");
    forge_preamble(g, TRACE_MAJOR, TRACE_MINOR + 9);
    forge_copy(g, &s, 0);
    forge_expect(g, 0, "no footer");
    unlink(f.path);
    CU_ASSERT_EQUAL(mkfifo(f.path, 0600), 0);
    expect_open_fails(f.path, "not a regular file");
    unlink(f.path);
    free(g);
    free(s.bytes);
}

/* A file that loses its end between two reads. */
static void test_shrinking_file(void)
{
    struct sample s = sample_make();
    struct make_file f = make_file();
    make_file_fill(&f, s.bytes, s.len);
    struct trace_reader *r = make_reader(&f);
    struct event ev;
    struct err e;
    CU_ASSERT_EQUAL(trace_next(r, &ev, &e), 1);
    CU_ASSERT_EQUAL(truncate(f.path, (off_t)s.chunk_end[1] + 30), 0);
    uint64_t n = 1;
    while (trace_next(r, &ev, &e) == 1)
        n++;
    CU_ASSERT_EQUAL(n, 6);
    struct trace_state state;
    trace_reader_state(r, &state);
    CU_ASSERT_PTR_NOT_NULL_FATAL(state.problem);
    CU_ASSERT_PTR_NOT_NULL(strstr(state.problem, "cut off inside chunk 2"));
    trace_reader_close(r);
    unlink(f.path);
    free(s.bytes);
}

/* ---- writing where nothing can be written
 * ------------------------------------------------------------------ */

static void expect_create_fails(const char *path, const char *why)
{
    struct trace_info info = make_info();
    struct err e = {0};
    CU_ASSERT_PTR_NULL(trace_create(path, &info, &e));
    CU_ASSERT_PTR_NOT_NULL(strstr(e.text, why));
    CU_ASSERT_PTR_NOT_NULL(strstr(e.text, path));
}

static void test_unwritable(void)
{
    expect_create_fails("/dev/full", strerror(ENOSPC));
    expect_create_fails("/tmp", strerror(EISDIR));
    expect_create_fails("/nonexistent/t.rst", strerror(ENOENT));
    struct make_file f = make_file();
    unlink(f.path);
    CU_ASSERT_EQUAL(mkfifo(f.path, 0600), 0);
    expect_create_fails(f.path, strerror(ENXIO));
    unlink(f.path);
    struct trace_info info = make_info();
    struct trace_range stray = {.device = 9};
    info.ranges = &stray;
    info.range_count = 1;
    struct err e = {0};
    CU_ASSERT_PTR_NULL(trace_create("/dev/null", &info, &e));
    CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "names no device"));
}

/* Lets this process write files of `len` bytes at most, as a full disk would; returns the limit before. */
static rlim_t limit_files(rlim_t len)
{
    struct rlimit limit;
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &limit), 0);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = len;
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &limit), 0);
    return before;
}

/* Puts events until writing fails, then some that are lost, and closes. Returns how many are in the file. */
static uint64_t write_until_full(struct trace_writer *w)
{
    uint64_t now = 0, put = 0, coded, kept;
    struct err e = {0};
    CU_ASSERT_FALSE(trace_failed(w, &e));
    while (!trace_failed(w, &e) && put < 1000000) {
        struct event ev = make_console_event(put++, &now);
        trace_put(w, &ev);
    }
    CU_ASSERT_EQUAL(e.code, EFBIG);
    trace_size(w, &coded, &kept);
    struct event late = make_console_event(put, &now);
    trace_put(w, &late);
    trace_mark(w, &late, "lost as well");
    trace_tick(w, now + 1000000000);
    trace_flush(w);
    const struct trace_end end = make_end();
    CU_ASSERT_EQUAL(trace_close(w, &end, &e), -1);
    char lost[40];
    snprintf(lost, sizeof lost, "(%llu events lost)", (unsigned long long)(put - kept + 2));
    CU_ASSERT_PTR_NOT_NULL(strstr(e.text, lost));
    CU_ASSERT_EQUAL(e.code, EFBIG);
    return kept;
}

/* A write is cut short, the next one fails: what stays is whole chunks, to the last byte of the file. */
static void test_full_disk(void)
{
    struct make_file f = make_file();
    signal(SIGXFSZ, SIG_IGN);
    struct trace_writer *w = make_writer(&f);
    rlim_t before = limit_files(100000);
    uint64_t kept = write_until_full(w), n = 0;
    limit_files(before);
    signal(SIGXFSZ, SIG_DFL);
    struct trace_reader *r = make_reader(&f);
    struct event ev;
    struct err e;
    while (trace_next(r, &ev, &e) == 1)
        CU_ASSERT_EQUAL_FATAL(ev.seq, n++);
    CU_ASSERT_EQUAL(n, kept);
    CU_ASSERT(kept > 5000);
    struct trace_state state;
    trace_reader_state(r, &state);
    CU_ASSERT_FALSE(state.whole);
    CU_ASSERT_EQUAL(state.readable_len, state.file_len);
    trace_reader_close(r);
    unlink(f.path);
}

static const struct unit_test tests[] = {
    {"cut at every byte", test_cut_everywhere},   {"flipped at every byte", test_flipped_everywhere},
    {"files that are no traces", test_no_traces}, {"a file that shrinks", test_shrinking_file},
    {"unwritable paths", test_unwritable},        {"a full disk", test_full_disk},
};
UNIT_MAIN("traces: damage", tests)
