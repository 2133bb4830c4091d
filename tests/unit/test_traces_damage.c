/*
 * The reader never trusts the file: cut at every byte, damaged at every byte, and made up with right
 * checksums, it gives the events of whole chunks and says what is wrong. And a disk that is full never costs
 * more than the trace.
 */
#include "base/bytes.h"
#include "trace_make.h"
#include "traces/format.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <zstd.h>

/* A small trace with a mark and several chunks, as bytes, and where its chunks end. */
enum { SAMPLE_CHUNKS_MAX = 16 };
struct sample {
    uint8_t *bytes;
    size_t len;
    size_t chunk_end[SAMPLE_CHUNKS_MAX];   /* [0] is the header's */
    uint64_t events_by[SAMPLE_CHUNKS_MAX]; /* events up to and with this chunk */
    size_t chunks;
    struct event events[64];
    size_t event_count;
};

static void sample_chunks(struct sample *s)
{
    for (size_t at = TRACE_PREAMBLE_LEN; at < s->len; s->chunks++) {
        CU_ASSERT_FATAL(s->chunks < SAMPLE_CHUNKS_MAX);
        at += CHUNK_HEAD_LEN + le32_load(s->bytes + at + 8);
        s->chunk_end[s->chunks] = at;
    }
}

/* Three chunks of 5 events and a mark each. */
static struct sample sample_make(void)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    struct sample s = {0};
    uint64_t now = 0;
    for (unsigned i = 0; i < 15; i++) {
        struct event ev = make_console_event(i, &now);
        trace_put(w, &ev);
        s.events[s.event_count++] = ev;
        if (i % 5 == 2) {
            trace_mark(w, &ev, "a mark");
            s.events[s.event_count] = ev;
            s.events[s.event_count++].kind = EVENT_MARK;
        }
        if (i % 5 == 4)
            trace_flush(w);
    }
    make_close(w);
    s.bytes = make_file_read(&f, &s.len);
    sample_chunks(&s);
    CU_ASSERT_EQUAL_FATAL(s.chunks, 5);
    for (size_t i = 0; i < 5; i++)
        s.events_by[i] = i == 4 ? 18 : 6 * i;
    unlink(f.path);
    return s;
}

/* Reads all events of the file; each must be the sample's. Returns their number. */
static uint64_t read_as_sample(struct trace_reader *r, const struct sample *s)
{
    struct event ev;
    struct err e;
    uint64_t n = 0;
    while (trace_next(r, &ev, &e) == 1) {
        CU_ASSERT_FATAL(n < s->event_count);
        const struct event *want = &s->events[n++];
        CU_ASSERT(ev.kind == want->kind && ev.seq == want->seq && ev.time_ns == want->time_ns &&
                  ev.rip == want->rip);
        if (ev.kind != EVENT_MARK)
            CU_ASSERT(memcmp(&ev, want, sizeof ev) == 0);
    }
    return n;
}

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

/* Opens and runs every command over a file that may hold anything. Only that they come back is tested. */
static void run_all_commands(const char *path)
{
    struct err e = {0};
    struct trace_reader *r = trace_open(path, &e);
    if (!r) {
        CU_ASSERT(e.text[0] != '\0');
        return;
    }
    struct trace_filter all = {0};
    struct text out = {0};
    FILE *null = fopen("/dev/null", "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(null);
    CU_ASSERT_EQUAL(trace_show(r, &all, null, &e), 0);
    CU_ASSERT_EQUAL(trace_export_jsonl(r, &all, null, &e), 0);
    CU_ASSERT_EQUAL(trace_stat(r, &all, 0, false, &out, &e), 0);
    CU_ASSERT_EQUAL(trace_stat(r, &all, 3, true, &out, &e), 0);
    CU_ASSERT(trace_check(r, &out, &e) >= 0);
    fclose(null);
    text_fini(&out);
    trace_reader_close(r);
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

/* ---- made-up files
 * ----------------------------------------------------------------------------------------- */

/* A file under construction: preamble, then chunks with right numbers and checksums. */
struct forge {
    uint8_t bytes[1 << 16];
    size_t len;
    uint32_t number;
};

static void forge_preamble(struct forge *g, unsigned major, unsigned minor)
{
    memcpy(g->bytes, TRACE_MAGIC, TRACE_MAGIC_LEN);
    le_store(g->bytes + 8, major, 2);
    le_store(g->bytes + 10, minor, 2);
    le_store(g->bytes + 12, crc32c(0, g->bytes, 12), 4);
    g->len = TRACE_PREAMBLE_LEN;
    g->number = 0;
}

/* Sums the chunk at `at` anew. */
static void forge_seal(struct forge *g, size_t at)
{
    uint32_t crc = crc32c(0, g->bytes + at, CHUNK_CRC_AT);
    crc = crc32c(crc, g->bytes + at + CHUNK_HEAD_LEN, le32_load(g->bytes + at + 8));
    le_store(g->bytes + at + CHUNK_CRC_AT, crc, 4);
}

static size_t forge_chunk(struct forge *g, const char *type, uint32_t flags, const void *payload, size_t n,
                          size_t raw)
{
    size_t at = g->len;
    CU_ASSERT_FATAL(at + CHUNK_HEAD_LEN + n <= sizeof g->bytes);
    memcpy(g->bytes + at, type, CHUNK_TYPE_LEN);
    le_store(g->bytes + at + 4, flags, 4);
    le_store(g->bytes + at + 8, n, 4);
    le_store(g->bytes + at + 12, raw, 4);
    le_store(g->bytes + at + 16, g->number++, 4);
    memcpy(g->bytes + at + CHUNK_HEAD_LEN, payload, n);
    g->len += CHUNK_HEAD_LEN + n;
    forge_seal(g, at);
    return at;
}

static void forge_plain(struct forge *g, const char *type, const void *payload, size_t n)
{
    forge_chunk(g, type, 0, payload, n, n);
}

/* Chunk `i` of the sample, unpacked. */
static size_t forge_copy(struct forge *g, const struct sample *s, size_t i)
{
    size_t at = i ? s->chunk_end[i - 1] : TRACE_PREAMBLE_LEN;
    const uint8_t *head = s->bytes + at, *payload = head + CHUNK_HEAD_LEN;
    char type[CHUNK_TYPE_LEN + 1] = "";
    uint8_t raw[1 << 15];
    size_t n = le32_load(head + 8);
    memcpy(type, head, CHUNK_TYPE_LEN);
    if (le32_load(head + 4) & CHUNK_ZSTD) {
        n = ZSTD_decompress(raw, sizeof raw, payload, n);
        CU_ASSERT_FATAL(!ZSTD_isError(n));
        payload = raw;
    }
    return forge_chunk(g, type, 0, payload, n, n);
}

/* Header of the sample, so that a test can go on with what it wants. */
static struct forge *forge_begin(const struct sample *s)
{
    struct forge *g = malloc(sizeof *g);
    CU_ASSERT_PTR_NOT_NULL_FATAL(g);
    forge_preamble(g, TRACE_MAJOR, TRACE_MINOR);
    forge_copy(g, s, 0);
    return g;
}

/* The end of reading the forged file: events, and a problem that has `problem` in it (NULL: the file is
 * whole). */
static void forge_expect(const struct forge *g, uint64_t events, const char *problem)
{
    struct make_file f = make_file();
    make_file_fill(&f, g->bytes, g->len);
    struct trace_reader *r = make_reader(&f);
    struct event ev;
    struct err e = {0};
    uint64_t n = 0;
    int more;
    while ((more = trace_next(r, &ev, &e)) == 1)
        n++;
    CU_ASSERT_EQUAL(more, 0);
    CU_ASSERT_EQUAL(n, events);
    struct trace_state state;
    trace_reader_state(r, &state);
    CU_ASSERT_EQUAL(state.whole, problem == NULL);
    if (problem && (!state.problem || !strstr(state.problem, problem)))
        fprintf(stderr, "`%s` instead of `%s`\n", state.problem ? state.problem : "(none)", problem);
    CU_ASSERT(!problem || (state.problem && strstr(state.problem, problem)));
    trace_reader_close(r);
    run_all_commands(f.path);
    unlink(f.path);
}

static void test_unknown_chunks_are_skipped(void)
{
    struct sample s = sample_make();
    struct forge *g = forge_begin(&s);
    forge_plain(g, "SNAP", "from a later version", 20);
    forge_copy(g, &s, 1);
    forge_chunk(g, "ZZZZ", CHUNK_ZSTD, "not even zstd", 13, 1000);
    forge_copy(g, &s, 2);
    forge_copy(g, &s, 3);
    forge_expect(g, 18, "no footer");
    free(g);
    free(s.bytes);
}

static void test_impossible_chunks(void)
{
    struct sample s = sample_make();
    static const struct {
        const char *type;
        uint32_t flags;
        size_t n, raw;
        const char *problem;
    } bad[] = {
        {"EVTS", 0, 30, 31, "impossible length"},
        {"EVTS", CHUNK_ZSTD, 30, 30, "impossible length"},
        {"EVTS", CHUNK_ZSTD, 30, CHUNK_RAW_MAX + 1, "impossible length"},
        {"EVTS", CHUNK_ZSTD, 30, UINT32_MAX, "impossible length"},
        {"EVTS", 2, 30, 30, "unknown flags"},
        {"EVTS", CHUNK_ZSTD, 30, 1000, "compressed bytes are damaged"},
        {"EVTS", 0, 10, 10, "number of events is impossible"},
        {"EVTS", 0, 30, 30, "number of events is impossible"},
        {"HEAD", 0, 30, 30, "second header"},
        {"FOOT", 0, 2, 2, "footer at byte"},
        {"FOOT", 0, 30, 30, "footer at byte"},
    };
    static const uint8_t zeros[32];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct forge *g = forge_begin(&s);
        forge_copy(g, &s, 1);
        forge_chunk(g, bad[i].type, bad[i].flags, zeros, bad[i].n, bad[i].raw);
        forge_expect(g, 6, bad[i].problem);
        free(g);
    }
    free(s.bytes);
}

static void test_footer_must_agree(void)
{
    struct sample s = sample_make();
    struct forge *g = forge_begin(&s);
    forge_copy(g, &s, 1);
    forge_copy(g, &s, 4);
    forge_expect(g, 6, "the footer speaks of 18 events, but there are 6");
    forge_preamble(g, TRACE_MAJOR, TRACE_MINOR);
    for (size_t i = 0; i < 5; i++)
        forge_copy(g, &s, i);
    forge_expect(g, 18, NULL);
    g->bytes[g->len++] = 0;
    forge_expect(g, 18, "bytes after the footer");
    forge_preamble(g, TRACE_MAJOR, TRACE_MINOR);
    forge_copy(g, &s, 0);
    g->number = 7;
    forge_copy(g, &s, 1);
    forge_expect(g, 0, "out of order");
    free(g);
    free(s.bytes);
}

/* The chunks of the sample are unpacked here and so stand elsewhere than the index says. */
static void test_index_is_checked(void)
{
    struct sample s = sample_make();
    struct make_file f = make_file();
    struct forge *g = forge_begin(&s);
    for (size_t i = 1; i < 5; i++)
        forge_copy(g, &s, i);
    make_file_fill(&f, g->bytes, g->len);
    struct trace_reader *r = make_reader(&f);
    struct text said = {0};
    struct err e;
    CU_ASSERT_EQUAL(trace_check(r, &said, &e), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&said), "entry 0 of the index"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&said), "readable: all 18 events"));
    text_fini(&said);
    trace_reader_close(r);
    unlink(f.path);
    free(g);
    free(s.bytes);
}

/* Every byte of every payload wrong in turn, behind a right checksum: decoders must hold by themselves. */
static void test_forged_payloads(void)
{
    static const uint8_t flips[] = {0x01, 0x80, 0xff};
    struct sample s = sample_make();
    struct make_file f = make_file();
    struct forge *g = forge_begin(&s);
    size_t at[5] = {TRACE_PREAMBLE_LEN};
    for (size_t i = 1; i < 5; i++)
        at[i] = forge_copy(g, &s, i);
    for (size_t i = 0; i < 5; i++) {
        size_t end = i < 4 ? at[i + 1] : g->len;
        for (size_t b = at[i] + CHUNK_HEAD_LEN; b < end; b++) {
            for (size_t k = 0; k < sizeof flips; k++) {
                g->bytes[b] ^= flips[k];
                forge_seal(g, at[i]);
                make_file_fill(&f, g->bytes, g->len);
                run_all_commands(f.path);
                g->bytes[b] ^= flips[k];
            }
        }
        forge_seal(g, at[i]);
    }
    forge_expect(g, 18, NULL);
    free(g);
    free(s.bytes);
    unlink(f.path);
}

/* Random bytes as the payload of each kind of chunk. */
static void test_random_payloads(void)
{
    static const char *const types[] = {"HEAD", "EVTS", "FOOT"};
    struct sample s = sample_make();
    struct make_file f = make_file();
    uint64_t seed = 4711;
    for (unsigned run = 0; run < 600; run++) {
        uint8_t payload[400];
        size_t n = make_random(&seed) % sizeof payload;
        for (size_t i = 0; i < n; i++)
            payload[i] = (uint8_t)(make_random(&seed) & make_random(&seed));
        if (run % 3 == 1 && n >= EVENTS_HEAD_LEN)
            le_store(payload, 1 + make_random(&seed) % 40, 4);
        struct forge *g = forge_begin(&s);
        if (run % 3 == 0)
            forge_preamble(g, TRACE_MAJOR, TRACE_MINOR);
        forge_plain(g, types[run % 3], payload, n);
        make_file_fill(&f, g->bytes, g->len);
        run_all_commands(f.path);
        free(g);
    }
    free(s.bytes);
    unlink(f.path);
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

/* The limit on file sizes stands for the full disk: a write is cut short, the next one fails. */
static void test_full_disk(void)
{
    struct make_file f = make_file();
    struct rlimit before, limit;
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    struct trace_writer *w = make_writer(&f);
    limit = before;
    limit.rlim_cur = 100000;
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &limit), 0);
    uint64_t now = 0, put = 0;
    struct err e = {0};
    CU_ASSERT_FALSE(trace_failed(w, &e));
    while (!trace_failed(w, &e) && put < 1000000) {
        struct event ev = make_console_event(put++, &now);
        trace_put(w, &ev);
    }
    CU_ASSERT_EQUAL(e.code, EFBIG);
    uint64_t coded, kept;
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
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_DFL);

    struct trace_reader *r = make_reader(&f);
    struct event ev;
    uint64_t n = 0;
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
    {"cut at every byte", test_cut_everywhere},
    {"flipped at every byte", test_flipped_everywhere},
    {"unknown chunks are skipped", test_unknown_chunks_are_skipped},
    {"impossible chunks", test_impossible_chunks},
    {"the footer must agree", test_footer_must_agree},
    {"the index is checked", test_index_is_checked},
    {"forged payloads", test_forged_payloads},
    {"random payloads", test_random_payloads},
    {"files that are no traces", test_no_traces},
    {"a file that shrinks", test_shrinking_file},
    {"unwritable paths", test_unwritable},
    {"a full disk", test_full_disk},
};
UNIT_MAIN("traces: damage", tests)
