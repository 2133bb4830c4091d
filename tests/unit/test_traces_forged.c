/*
 * Files made up with right checksums, as somebody would who wants to see the reader fall: whatever they hold,
 * every command comes back, and what is wrong is named.
 */
#include "trace_sample.h"

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

static const struct unit_test tests[] = {
    {"unknown chunks are skipped", test_unknown_chunks_are_skipped},
    {"impossible chunks", test_impossible_chunks},
    {"the footer must agree", test_footer_must_agree},
    {"the index is checked", test_index_is_checked},
    {"forged payloads", test_forged_payloads},
    {"random payloads", test_random_payloads},
};
UNIT_MAIN("traces: forged files", tests)
