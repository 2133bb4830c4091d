/*
 * A small trace as bytes, for the tests that cut it, damage it and forge others like it.
 */
#ifndef RINGSIDE_TESTS_TRACE_SAMPLE_H
#define RINGSIDE_TESTS_TRACE_SAMPLE_H

#include "base/bytes.h"
#include "trace_make.h"
#include "traces/format.h"

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

static inline void sample_chunks(struct sample *s)
{
    for (size_t at = TRACE_PREAMBLE_LEN; at < s->len; s->chunks++) {
        CU_ASSERT_FATAL(s->chunks < SAMPLE_CHUNKS_MAX);
        at += CHUNK_HEAD_LEN + le32_load(s->bytes + at + 8);
        s->chunk_end[s->chunks] = at;
    }
}

/* Three chunks of 5 events and a mark each. */
static inline struct sample sample_make(void)
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
static inline uint64_t read_as_sample(struct trace_reader *r, const struct sample *s)
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

/* Opens and runs every command over a file that may hold anything. Only that they come back is tested. */
static inline void run_all_commands(const char *path)
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

/* ---- made-up files
 * ----------------------------------------------------------------------------------------- */

/* A file under construction: preamble, then chunks with right numbers and checksums. */
struct forge {
    uint8_t bytes[1 << 16];
    size_t len;
    uint32_t number;
};

static inline void forge_preamble(struct forge *g, unsigned major, unsigned minor)
{
    memcpy(g->bytes, TRACE_MAGIC, TRACE_MAGIC_LEN);
    le_store(g->bytes + 8, major, 2);
    le_store(g->bytes + 10, minor, 2);
    le_store(g->bytes + 12, crc32c(0, g->bytes, 12), 4);
    g->len = TRACE_PREAMBLE_LEN;
    g->number = 0;
}

/* Sums the chunk at `at` anew. */
static inline void forge_seal(struct forge *g, size_t at)
{
    uint32_t crc = crc32c(0, g->bytes + at, CHUNK_CRC_AT);
    crc = crc32c(crc, g->bytes + at + CHUNK_HEAD_LEN, le32_load(g->bytes + at + 8));
    le_store(g->bytes + at + CHUNK_CRC_AT, crc, 4);
}

static inline size_t forge_chunk(struct forge *g, const char *type, uint32_t flags, const void *payload,
                                 size_t n, size_t raw)
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

static inline void forge_plain(struct forge *g, const char *type, const void *payload, size_t n)
{
    forge_chunk(g, type, 0, payload, n, n);
}

/* Chunk `i` of the sample, unpacked. */
static inline size_t forge_copy(struct forge *g, const struct sample *s, size_t i)
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
static inline struct forge *forge_begin(const struct sample *s)
{
    struct forge *g = malloc(sizeof *g);
    CU_ASSERT_PTR_NOT_NULL_FATAL(g);
    forge_preamble(g, TRACE_MAJOR, TRACE_MINOR);
    forge_copy(g, s, 0);
    return g;
}

/* The end of reading the forged file: events, and a problem that has `problem` in it (NULL: the file is
 * whole). */
static inline void forge_expect(const struct forge *g, uint64_t events, const char *problem)
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

#endif
