/*
 * Step traces that are cut, damaged or made up: every command that knows steps gives an answer or a clear
 * error, and nothing else happens. Damage that the checksums see, and damage behind right checksums.
 */
#include "trace_sample.h"

#include "traces/steps.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

enum { STEPS = 60, CHUNKS = 6 }; /* header, two of registers, two of events, footer */

/* A small step trace: a loop of seven instructions, with an access now and then. */
static struct sample steps_make(void)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    struct event_regs regs = {{0}};
    struct sample s = {0};
    uint64_t seed = 8;
    for (unsigned i = 0; i < STEPS; i++) {
        struct event ev = {.seq = i,
                           .time_ns = 2000u * i,
                           .guest_ns = 2000,
                           .rip = 0x7c00 + 3 * (i % 7),
                           .addr = 0xc483 + 0x10000 * (i % 7),
                           .count = 1,
                           .kind = i % 10 == 9 ? EVENT_HLT : EVENT_STEP,
                           .reg = EVENT_NO_REG,
                           .size = 3,
                           .flags = EVENT_ADDR | EVENT_STEPPED};
        regs.r[make_random(&seed) % EVENT_REG_COUNT] += make_wide(&seed);
        regs.r[EVENT_REG_RIP] = ev.rip + 3;
        if (ev.kind == EVENT_STEP)
            trace_step(w, &ev, &regs);
        else
            trace_put(w, &ev);
        if (i == STEPS / 2)
            trace_flush(w);
    }
    make_close(w);
    s.bytes = make_file_read(&f, &s.len);
    sample_chunks(&s);
    CU_ASSERT_EQUAL_FATAL(s.chunks, CHUNKS);
    unlink(f.path);
    return s;
}

/* All that knows steps, over a file that may hold anything: an answer, or an error with a text. */
static void run_step_commands(const char *path)
{
    struct err e = {0};
    struct trace_reader *r = trace_open(path, &e);
    if (!r) {
        CU_ASSERT(e.text[0] != '\0');
        return;
    }
    struct trace_filter all = {0};
    struct text out = {0};
    struct trace_find find = {.query = query_compile("rax == 5 || r9 > 3 && !zf", &e)};
    FILE *null = fopen("/dev/null", "w");
    CU_ASSERT_FATAL(null && find.query);
    e.text[0] = '\0';
    CU_ASSERT_EQUAL(trace_show_steps(r, &all, null, &e), 0);
    CU_ASSERT_EQUAL(trace_export_jsonl(r, &all, null, &e), 0);
    CU_ASSERT(trace_find(r, &find, null, &e) >= 0 || e.text[0]);
    e.text[0] = '\0';
    CU_ASSERT(trace_at(r, STEPS / 3, false, &out, &e) == 0 || e.text[0]);
    CU_ASSERT(trace_check(r, &out, &e) >= 0);
    fclose(null);
    query_free(find.query);
    text_fini(&out);
    trace_reader_close(r);
}

static bool check_says_damaged(const char *path)
{
    struct err e = {0};
    struct text said = {0};
    struct trace_reader *r = trace_open(path, &e);
    bool damaged = !r || trace_check(r, &said, &e) == 1;
    text_fini(&said);
    trace_reader_close(r);
    return damaged;
}

static void test_cut_everywhere(void)
{
    struct sample s = steps_make();
    struct make_file f = make_file();
    for (size_t len = 0; len <= s.len; len++) {
        make_file_fill(&f, s.bytes, len);
        run_step_commands(f.path);
        CU_ASSERT_EQUAL(check_says_damaged(f.path), len < s.len);
    }
    unlink(f.path);
    free(s.bytes);
}

static void test_flipped_everywhere(void)
{
    static const uint8_t flips[] = {0x01, 0x20, 0x80, 0xff};
    struct sample s = steps_make();
    struct make_file f = make_file();
    for (size_t at = 0; at < s.len; at++)
        for (size_t k = 0; k < sizeof flips; k++) {
            s.bytes[at] ^= flips[k];
            make_file_fill(&f, s.bytes, s.len);
            s.bytes[at] ^= flips[k];
            run_step_commands(f.path);
            CU_ASSERT_TRUE(check_says_damaged(f.path));
        }
    unlink(f.path);
    free(s.bytes);
}

/* Each byte of the first register chunk's payload, behind a checksum that is right. Many of these are traces
 * like any other, with other registers; the events are all there in any case when nobody asks for registers.
 */
static void test_flipped_behind_the_checksum(void)
{
    struct sample s = steps_make();
    struct make_file f = make_file();
    struct forge *g = malloc(sizeof *g);
    CU_ASSERT_PTR_NOT_NULL_FATAL(g);
    size_t refused = 0;
    for (size_t at = 0, len = 1; at < len; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            forge_preamble(g, TRACE_MAJOR, TRACE_MINOR);
            forge_copy(g, &s, 0);
            size_t chunk = forge_copy(g, &s, 1);
            len = g->len - chunk - CHUNK_HEAD_LEN;
            g->bytes[chunk + CHUNK_HEAD_LEN + at] ^= (uint8_t)(1 << bit);
            forge_seal(g, chunk);
            for (size_t i = 2; i < CHUNKS; i++)
                forge_copy(g, &s, i);
            make_file_fill(&f, g->bytes, g->len);
            run_step_commands(f.path);
            refused += check_says_damaged(f.path);
        }
    CU_ASSERT(refused > 64); /* the two counts in its head, at the least */
    unlink(f.path);
    free(g);
    free(s.bytes);
}

/* The end of reading a made-up file with registers asked for: so many events, and this problem. */
static void expect_problem(const struct forge *g, uint64_t events, const char *problem)
{
    struct make_file f = make_file();
    make_file_fill(&f, g->bytes, g->len);
    struct trace_reader *r = make_reader(&f);
    struct event ev;
    struct err e = {0};
    uint64_t n = 0;
    CU_ASSERT_EQUAL(trace_reader_want_regs(r, &e), 0);
    while (trace_next(r, &ev, &e) == 1)
        n++;
    struct trace_state state;
    trace_reader_state(r, &state);
    if (n != events || !state.problem || !strstr(state.problem, problem))
        fprintf(stderr, "%llu events and `%s` instead of `%s`\n", (unsigned long long)n, state.problem,
                problem);
    CU_ASSERT_EQUAL(n, events);
    CU_ASSERT(state.problem && strstr(state.problem, problem));
    trace_reader_close(r);
    run_step_commands(f.path);
    unlink(f.path);
}

static void test_made_up(void)
{
    struct sample s = steps_make();
    /* Registers with nothing behind them, or with something else, say nothing. */
    struct forge *g = forge_begin(&s);
    forge_plain(g, "REGS", "", 0);
    forge_copy(g, &s, 1);
    forge_plain(g, "NEWS", "later", 5);
    forge_copy(g, &s, 2);
    expect_problem(g, STEPS / 2 + 1, "no footer");
    free(g);
    static const struct {
        const char *payload;
        size_t n;
        uint64_t events;
        const char *problem;
    } rows[] = {
        {"", 0, 0, "its registers cannot be understood"},
        {"\x1c\0\0\0\0\0\0\0", 8, 0, "its registers cannot be understood"},
        {"\x1c\0\0\0\xff\xff\xff\xff\0", 9, 0, "its registers cannot be understood"},
        {"\x1c\0\0\0\0\0\0\0\x81\x02", 10, 0, "its registers cannot be understood"},
        {"\x1c\0\0\0\0\0\0\0\1\0", 10, 0, "its registers cannot be understood"},
        {"\1\0\0\0\1\0\0\0\0\0", 10, 1, "it has more steps than registers"},
        {"\x1c\0\0\0\1\0\0\0\0\0", 10, 1, "the registers of a step cannot be decoded"},
        {"\x1c\0\0\0\1\0\0\0\0\1", 10, 0, "the registers of a step cannot be decoded"},
        {"\x1c\0\0\0\5\0\0\0\0\xff\xff\xff\xff\x1f", 14, 0, "the registers of a step cannot be decoded"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        g = forge_begin(&s);
        forge_plain(g, "REGS", rows[i].payload, rows[i].n);
        forge_copy(g, &s, 2);
        expect_problem(g, rows[i].events, rows[i].problem);
        free(g);
    }
    free(s.bytes);
}

/* A disk that fills up while steps are written: whole chunks stay, and the loss is said. */
static void test_full_disk(void)
{
    struct make_file f = make_file();
    struct rlimit limit, before;
    struct err e = {0};
    signal(SIGXFSZ, SIG_IGN);
    struct trace_writer *w = make_writer(&f);
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = 60000;
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &limit), 0);
    uint64_t seed = 3, put = 0;
    struct event_regs regs = {{0}};
    for (; !trace_failed(w, &e) && put < 1000000; put++) {
        struct event ev = {.seq = put, .rip = 0x7c00 + put % 100, .count = 1, .kind = EVENT_STEP};
        regs.r[EVENT_REG_RAX] = make_random(&seed);
        trace_step(w, &ev, &regs);
    }
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_DFL);
    CU_ASSERT_EQUAL(e.code, EFBIG);
    const struct trace_end end = make_end();
    CU_ASSERT_EQUAL(trace_close(w, &end, &e), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "events lost)"));
    struct trace_reader *r = make_reader(&f);
    struct event ev;
    struct trace_state state;
    CU_ASSERT_EQUAL(trace_reader_want_regs(r, &e), 0);
    while (trace_next(r, &ev, &e) == 1)
        CU_ASSERT_FATAL(trace_reader_regs(r, NULL) != NULL);
    trace_reader_state(r, &state);
    CU_ASSERT(state.events < put && !state.whole);
    CU_ASSERT_EQUAL(state.readable_len, state.file_len);
    trace_reader_close(r);
    unlink(f.path);
}

static const struct unit_test tests[] = {
    {"cut at every byte", test_cut_everywhere},
    {"flipped at every byte", test_flipped_everywhere},
    {"flipped behind the checksum", test_flipped_behind_the_checksum},
    {"made-up registers", test_made_up},
    {"a full disk", test_full_disk},
};
UNIT_MAIN("traces: damaged step traces", tests)
