/*
 * What is written is what is read: events of every kind with any values, marks, header and footer, over many
 * chunks.
 */
#include "trace_make.h"

/* Fails once, with both sides said, instead of once a member. */
static void same_event(const struct event *got, const struct event *want, uint64_t i)
{
    if (memcmp(got, want, sizeof *got) != 0)
        fprintf(stderr, "event %llu differs: kind %u/%u seq %llu/%llu\n", (unsigned long long)i, got->kind,
                want->kind, (unsigned long long)got->seq, (unsigned long long)want->seq);
    CU_ASSERT_FATAL(memcmp(got, want, sizeof *got) == 0);
}

static void expect_end(struct trace_reader *r, uint64_t events)
{
    struct event ev;
    struct err e;
    struct trace_state s;
    CU_ASSERT_EQUAL(trace_next(r, &ev, &e), 0);
    CU_ASSERT_EQUAL(trace_next(r, &ev, &e), 0);
    trace_reader_state(r, &s);
    CU_ASSERT_TRUE(s.whole);
    CU_ASSERT_TRUE(s.at_end);
    CU_ASSERT_PTR_NULL(s.problem);
    CU_ASSERT_EQUAL(s.events, events);
    CU_ASSERT_EQUAL(s.readable_len, s.file_len);
}

/* Random events that fill several chunks, for several seeds; then all again after a rewind. */
static void test_any_events(void)
{
    enum { EVENTS = 20000 };
    for (uint64_t run = 1; run <= 5; run++) {
        struct make_file f = make_file();
        struct trace_writer *w = make_writer(&f);
        struct event ev = {.kind = EVENT_IO};
        uint64_t seed = run;
        for (unsigned i = 0; i < EVENTS; i++) {
            ev = make_any_event(&seed, &ev);
            trace_put(w, &ev);
        }
        make_close(w);
        struct trace_reader *r = make_reader(&f);
        struct err e;
        for (unsigned pass = 0; pass < 2; pass++) {
            struct event want = {.kind = EVENT_IO}, got;
            seed = run;
            for (unsigned i = 0; i < EVENTS; i++) {
                want = make_any_event(&seed, &want);
                CU_ASSERT_EQUAL_FATAL(trace_next(r, &got, &e), 1);
                same_event(&got, &want, i);
            }
            expect_end(r, EVENTS);
            CU_ASSERT_EQUAL(trace_rewind(r, &e), 0);
        }
        trace_reader_close(r);
        unlink(f.path);
    }
}

/* Members at their limits, as the first event and after each other. */
static void test_extremes(void)
{
    struct event all[3];
    memset(&all[0], 0xff, sizeof all[0]);
    all[0].kind = 255;
    memset(&all[1], 0, sizeof all[1]);
    all[2] = all[0];
    all[2].seq = all[2].time_ns = 0x8000000000000000;
    for (unsigned first = 0; first < 3; first++) {
        struct make_file f = make_file();
        struct trace_writer *w = make_writer(&f);
        for (unsigned i = 0; i < 9; i++)
            trace_put(w, &all[(first + i * (1 + first)) % 3]);
        make_close(w);
        struct trace_reader *r = make_reader(&f);
        struct event got;
        struct err e;
        for (unsigned i = 0; i < 9; i++) {
            CU_ASSERT_EQUAL_FATAL(trace_next(r, &got, &e), 1);
            same_event(&got, &all[(first + i * (1 + first)) % 3], i);
        }
        expect_end(r, 9);
        trace_reader_close(r);
        unlink(f.path);
    }
}

/* Every kind there is, each with its own values. */
static void test_every_kind(void)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    struct event all[EVENT_KIND_MAX], got;
    unsigned n = 0;
    uint64_t seed = 99;
    for (unsigned kind = 0; kind < EVENT_KIND_MAX; kind++) {
        struct event ev = {
            .rip = make_wide(&seed), .addr = make_wide(&seed), .value = make_wide(&seed), .seq = n};
        ev.kind = (uint8_t)kind;
        if (kind == EVENT_MARK)
            continue;
        all[n++] = ev;
        trace_put(w, &ev);
    }
    make_close(w);
    struct trace_reader *r = make_reader(&f);
    struct err e;
    for (unsigned i = 0; i < n; i++) {
        CU_ASSERT_EQUAL_FATAL(trace_next(r, &got, &e), 1);
        same_event(&got, &all[i], i);
    }
    expect_end(r, n);
    trace_reader_close(r);
    unlink(f.path);
}

static void same_names(const struct event_names *got)
{
    CU_ASSERT_EQUAL_FATAL(got->device_count, 4);
    for (size_t i = 0; i < 4; i++) {
        CU_ASSERT_STRING_EQUAL(got->devices[i].name, make_devices[i].name);
        CU_ASSERT_STRING_EQUAL(got->devices[i].summary, make_devices[i].summary);
        CU_ASSERT_EQUAL_FATAL(got->devices[i].reg_count, make_devices[i].reg_count);
        for (size_t k = 0; k < make_devices[i].reg_count; k++)
            CU_ASSERT_STRING_EQUAL(got->devices[i].regs[k], make_devices[i].regs[k]);
    }
}

static void test_header(void)
{
    struct make_file f = make_file();
    struct trace_info want = make_info();
    make_close(make_writer(&f));
    struct trace_reader *r = make_reader(&f);
    const struct trace_info *got = trace_reader_info(r);
    CU_ASSERT_STRING_EQUAL(got->program, want.program);
    CU_ASSERT_STRING_EQUAL(got->host, want.host);
    CU_ASSERT_STRING_EQUAL(got->backend, want.backend);
    CU_ASSERT_STRING_EQUAL(got->guest, want.guest);
    CU_ASSERT_STRING_EQUAL(got->guest_sha256, "");
    CU_ASSERT_STRING_EQUAL(got->command, want.command);
    CU_ASSERT_STRING_EQUAL(got->clock, want.clock);
    CU_ASSERT_STRING_EQUAL(got->irqchip, want.irqchip);
    CU_ASSERT_EQUAL(got->mem_len, want.mem_len);
    CU_ASSERT_EQUAL(got->start_unix_ns, want.start_unix_ns);
    same_names(&got->names);
    CU_ASSERT_EQUAL_FATAL(got->range_count, 3);
    for (size_t i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(got->ranges[i].mmio, make_ranges[i].mmio);
        CU_ASSERT_EQUAL(got->ranges[i].device, make_ranges[i].device);
        CU_ASSERT_EQUAL(got->ranges[i].base, make_ranges[i].base);
        CU_ASSERT_EQUAL(got->ranges[i].len, make_ranges[i].len);
    }
    trace_reader_close(r);
    unlink(f.path);
}

/* Symbols come back as they were, the highest address and an unknown length too; too many are cut, not
 * refused. */
static void test_symbols(void)
{
    enum { MANY = 20000 };
    struct make_file f = make_file();
    struct event_symbol *symbols = calloc(MANY, sizeof *symbols);
    CU_ASSERT_PTR_NOT_NULL_FATAL(symbols);
    for (size_t i = 0; i < MANY; i++)
        symbols[i] = (struct event_symbol){0x100000 + 16 * i, i % 3, "some_function"};
    symbols[2] = (struct event_symbol){UINT64_MAX, 0, "the_top"};
    static const size_t written[] = {0, 3, MANY}, read[] = {0, 3, 16384};
    for (size_t k = 0; k < 3; k++) {
        struct trace_info info = make_info();
        struct err e = {0};
        if (k == 2)
            symbols[2] = (struct event_symbol){0x100020, 2, "some_function"};
        info.names.symbols = symbols;
        info.names.symbol_count = written[k];
        struct trace_writer *w = trace_create(f.path, &info, &e);
        CU_ASSERT_PTR_NOT_NULL_FATAL(w);
        make_close(w);
        struct trace_reader *r = make_reader(&f);
        const struct event_names *got = &trace_reader_info(r)->names;
        CU_ASSERT_EQUAL_FATAL(got->symbol_count, read[k]);
        for (size_t i = 0; i < read[k]; i++) {
            CU_ASSERT_EQUAL(got->symbols[i].addr, symbols[i].addr);
            CU_ASSERT_EQUAL(got->symbols[i].len, symbols[i].len);
            CU_ASSERT_STRING_EQUAL(got->symbols[i].name, symbols[i].name);
        }
        trace_reader_close(r);
    }
    free(symbols);
    unlink(f.path);
}

/* Not known when the file is opened, known once its end is reached. */
static void test_footer(void)
{
    struct make_file f = make_file();
    make_close(make_writer(&f));
    struct trace_reader *r = make_reader(&f);
    struct trace_state s;
    trace_reader_state(r, &s);
    CU_ASSERT_PTR_NULL(s.end);
    CU_ASSERT_FALSE(s.whole);
    expect_end(r, 0);
    trace_reader_state(r, &s);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s.end);
    CU_ASSERT_STRING_EQUAL(s.end->status, "halted");
    CU_ASSERT_STRING_EQUAL(s.end->reason, make_end().reason);
    CU_ASSERT_EQUAL(s.end->elapsed_ns, make_end().elapsed_ns);
    CU_ASSERT_EQUAL(s.end->steps, 42);
    CU_ASSERT_EQUAL(s.end->mode, MODE_LONG);
    CU_ASSERT_EQUAL(s.end->rip, make_end().rip);
    CU_ASSERT_EQUAL_FATAL(s.end->counter_count, 2);
    CU_ASSERT_STRING_EQUAL(s.end->counters[0].name, "exits");
    CU_ASSERT_EQUAL(s.end->counters[0].value, make_counters[0].value);
    CU_ASSERT_EQUAL(s.end->counters[1].value, 0);
    trace_reader_close(r);
    unlink(f.path);
}

/* Strings may be missing, too long, or unfit for a terminal; the exit code may be negative. */
static void test_odd_strings(void)
{
    struct make_file f = make_file();
    char *endless = malloc(20001);
    CU_ASSERT_PTR_NOT_NULL_FATAL(endless);
    for (size_t i = 0; i < 20000; i++)
        endless[i] = "\xc3\xa4"[i % 2];
    endless[20000] = '\0';
    struct trace_info info = {.program = "a\nb\x1b[31m\xff\xc2\x85z", .command = endless};
    struct trace_end end = {.exit_code = -7, .status = NULL};
    struct err e = {0};
    struct trace_writer *w = trace_create(f.path, &info, &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w);
    CU_ASSERT_EQUAL(trace_close(w, &end, &e), 0);
    struct trace_reader *r = make_reader(&f);
    const struct trace_info *got = trace_reader_info(r);
    CU_ASSERT_STRING_EQUAL(got->program, "a?b?[31m???z");
    CU_ASSERT_STRING_EQUAL(got->host, "");
    CU_ASSERT_EQUAL(strlen(got->command), 8192);
    CU_ASSERT_EQUAL(strncmp(got->command, endless, 8192), 0);
    CU_ASSERT_EQUAL(got->names.device_count, 0);
    expect_end(r, 0);
    struct trace_state s;
    trace_reader_state(r, &s);
    CU_ASSERT_EQUAL(s.end->exit_code, -7);
    CU_ASSERT_STRING_EQUAL(s.end->status, "");
    trace_reader_close(r);
    free(endless);
    unlink(f.path);
}

enum { MARKED_EVENTS = 30000, MARK_EVERY = 1000 };

/* Reads console events with a mark at every thousandth; the second mark's text is empty. */
static void expect_marks(struct trace_reader *r)
{
    const struct event_names *names = &trace_reader_info(r)->names;
    struct event got;
    struct err e;
    uint64_t events = 0, marks = 0;
    char text[32];
    while (trace_next(r, &got, &e) == 1) {
        if (got.kind != EVENT_MARK) {
            CU_ASSERT_EQUAL_FATAL(got.seq, events);
            events++;
            continue;
        }
        CU_ASSERT_EQUAL_FATAL(got.addr, marks);
        CU_ASSERT_FATAL(names->mark_count > marks);
        snprintf(text, sizeof text, "mark?at %llu", (unsigned long long)marks * MARK_EVERY);
        CU_ASSERT_STRING_EQUAL(names->marks[got.addr], marks == 1 ? "" : text);
        CU_ASSERT_EQUAL(got.seq, marks * MARK_EVERY);
        CU_ASSERT_EQUAL(event_mode(&got), MODE_REAL);
        CU_ASSERT_EQUAL(got.rip, 0x7c10);
        marks++;
    }
    CU_ASSERT_EQUAL(events, MARKED_EVENTS);
    CU_ASSERT_EQUAL(marks, MARKED_EVENTS / MARK_EVERY);
    expect_end(r, events + marks);
}

/* Marks stand where they were made, with the number of the event they stand at, also on a second reading. */
static void test_marks(void)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    uint64_t now = 0;
    char text[32];
    for (unsigned i = 0; i < MARKED_EVENTS; i++) {
        struct event ev = make_console_event(i, &now);
        trace_put(w, &ev);
        snprintf(text, sizeof text, "mark\tat %u", i);
        if (i % MARK_EVERY == 0)
            trace_mark(w, &ev, i == MARK_EVERY ? "" : text);
    }
    make_close(w);
    struct trace_reader *r = make_reader(&f);
    struct err e;
    expect_marks(r);
    CU_ASSERT_EQUAL(trace_rewind(r, &e), 0);
    expect_marks(r);
    trace_reader_close(r);
    unlink(f.path);
}

/* Nothing is written before a chunk is due; a tick, a flush or 100 ms of events make it so. */
static void test_when_chunks_are_written(void)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    struct event ev = {.kind = EVENT_HLT, .time_ns = 1000000}, got;
    struct err e;
    trace_put(w, &ev);
    trace_tick(w, 1000000 + 99999999);
    struct trace_reader *r = make_reader(&f);
    CU_ASSERT_EQUAL(trace_next(r, &got, &e), 0);
    trace_tick(w, 1000000 + 100000000);
    CU_ASSERT_EQUAL(trace_rewind(r, &e), 0);
    CU_ASSERT_EQUAL(trace_next(r, &got, &e), 1);
    ev.seq = 1;
    trace_put(w, &ev);
    CU_ASSERT_EQUAL(trace_next(r, &got, &e), 0);
    trace_flush(w);
    trace_flush(w);
    CU_ASSERT_EQUAL(trace_rewind(r, &e), 0);
    CU_ASSERT_EQUAL(trace_next(r, &got, &e), 1);
    CU_ASSERT_EQUAL(trace_next(r, &got, &e), 1);
    CU_ASSERT_EQUAL(got.seq, 1);
    ev.seq = 2;
    trace_put(w, &ev);
    ev.seq = 3;
    ev.time_ns += 100000000;
    trace_put(w, &ev);
    CU_ASSERT_EQUAL(trace_next(r, &got, &e), 1);
    CU_ASSERT_EQUAL(trace_next(r, &got, &e), 1);
    CU_ASSERT_EQUAL(got.seq, 3);
    trace_reader_close(r);
    make_close(w);
    unlink(f.path);
}

/* More chunks than the index has entries: every second or fourth is kept, and the file is whole all the same.
 */
static void test_long_run(void)
{
    enum { CHUNKS = 9000 };
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    struct event ev = {.kind = EVENT_HLT}, got;
    for (unsigned i = 0; i < CHUNKS; i++) {
        ev.seq = i;
        ev.time_ns += 200000000;
        trace_put(w, &ev);
        trace_flush(w);
    }
    make_close(w);
    struct trace_reader *r = make_reader(&f);
    struct err e;
    struct text said = {0};
    CU_ASSERT_EQUAL(trace_check(r, &said, &e), 0);
    CU_ASSERT_STRING_EQUAL(text_str(&said), "whole: 9000 events in 9002 chunks, ended: halted\n");
    CU_ASSERT_EQUAL(trace_rewind(r, &e), 0);
    for (unsigned i = 0; i < CHUNKS; i++)
        CU_ASSERT_EQUAL_FATAL(trace_next(r, &got, &e), 1);
    expect_end(r, CHUNKS);
    text_fini(&said);
    trace_reader_close(r);
    unlink(f.path);
}

static const struct unit_test tests[] = {
    {"any events", test_any_events},
    {"members at their limits", test_extremes},
    {"every kind", test_every_kind},
    {"header", test_header},
    {"symbols", test_symbols},
    {"footer", test_footer},
    {"odd strings", test_odd_strings},
    {"marks", test_marks},
    {"when chunks are written", test_when_chunks_are_written},
    {"more chunks than the index holds", test_long_run},
};
UNIT_MAIN("traces: round trip", tests)
