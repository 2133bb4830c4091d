/*
 * A trace that grows while it is read: trace_continue goes on where the reader stopped, whatever the writer
 * had finished by then, and reads nothing twice.
 */
#include "trace_make.h"

enum { EVENTS = 30000 };

static struct event sample_event(uint64_t i, uint64_t *now)
{
    struct event ev = make_console_event(i, now);
    return ev;
}

/* Console events with a mark every thousand, over several chunks. */
static struct make_file write_sample(bool ended)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    struct err e;
    uint64_t now = 0;
    for (uint64_t i = 0; i < EVENTS; i++) {
        struct event ev = sample_event(i, &now);
        char text[32];
        snprintf(text, sizeof text, "mark %llu", (unsigned long long)i);
        trace_put(w, &ev);
        if (i % 1000 == 0)
            trace_mark(w, &ev, text);
    }
    if (ended)
        make_close(w);
    else
        CU_ASSERT_EQUAL(trace_close(w, NULL, &e), 0);
    return f;
}

static void grow(const struct make_file *f, const uint8_t *bytes, size_t n)
{
    FILE *out = fopen(f->path, "ab");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    CU_ASSERT_EQUAL(fwrite(bytes, 1, n, out), n);
    fclose(out);
}

struct seen {
    uint64_t events, marks, now;
};

/* Reads to the present end; every event must be the next of the sample. */
static void read_on(struct trace_reader *r, struct seen *s)
{
    struct event ev;
    struct err e;
    int more;
    while ((more = trace_next(r, &ev, &e)) > 0) {
        if (ev.kind == EVENT_MARK) {
            char text[32];
            snprintf(text, sizeof text, "mark %llu", (unsigned long long)(s->events - 1));
            CU_ASSERT_EQUAL_FATAL(ev.addr, s->marks);
            CU_ASSERT_STRING_EQUAL(trace_reader_info(r)->names.marks[ev.addr], text);
            s->marks++;
            continue;
        }
        struct event want = sample_event(s->events, &s->now);
        CU_ASSERT_FATAL(memcmp(&ev, &want, sizeof ev) == 0);
        s->events++;
    }
    CU_ASSERT_EQUAL(more, 0);
}

/* The file arrives in pieces of a length that fits no chunk. */
static void grow_in_pieces(size_t piece)
{
    struct make_file whole = write_sample(true), f = make_file();
    struct seen seen = {0};
    struct trace_state state;
    struct err e;
    size_t len, at = 2000, growths = 0;
    uint8_t *bytes = make_file_read(&whole, &len);
    make_file_fill(&f, bytes, at);
    struct trace_reader *r = make_reader(&f);
    read_on(r, &seen);
    while (at < len) {
        size_t n = len - at < piece ? len - at : piece;
        CU_ASSERT_EQUAL(growths ? trace_continue(r, &e) : TRACE_WAITS, TRACE_WAITS);
        grow(&f, bytes + at, n);
        at += n;
        growths++;
        CU_ASSERT_EQUAL_FATAL(trace_continue(r, &e), TRACE_GREW);
        read_on(r, &seen);
        trace_reader_state(r, &state);
        CU_ASSERT_EQUAL(state.events, seen.events + seen.marks);
        CU_ASSERT_EQUAL(state.whole, at == len);
    }
    CU_ASSERT_EQUAL(seen.events, EVENTS);
    CU_ASSERT_EQUAL(seen.marks, EVENTS / 1000);
    CU_ASSERT(growths > 3);
    CU_ASSERT_PTR_NULL(state.problem);
    CU_ASSERT_STRING_EQUAL(state.end->status, "halted");
    CU_ASSERT_EQUAL(trace_continue(r, &e), TRACE_ENDED);
    trace_reader_close(r);
    free(bytes);
    unlink(f.path);
    unlink(whole.path);
}

static void test_pieces(void)
{
    grow_in_pieces(777);
    grow_in_pieces(1501);
    grow_in_pieces(333);
}

/* In the middle of the events nothing is lost by asking. */
static void test_asked_early(void)
{
    struct make_file f = write_sample(true);
    struct trace_reader *r = make_reader(&f);
    struct seen seen = {0};
    struct event ev;
    struct err e;
    CU_ASSERT_EQUAL(trace_continue(r, &e), TRACE_GREW);
    CU_ASSERT_EQUAL(trace_next(r, &ev, &e), 1);
    CU_ASSERT_EQUAL(trace_continue(r, &e), TRACE_GREW);
    (void)sample_event(seen.events++, &seen.now);
    read_on(r, &seen);
    CU_ASSERT_EQUAL(seen.events, EVENTS);
    CU_ASSERT_EQUAL(trace_continue(r, &e), TRACE_ENDED);
    CU_ASSERT_EQUAL(trace_rewind(r, &e), 0);
    CU_ASSERT_EQUAL(trace_continue(r, &e), TRACE_GREW);
    trace_reader_close(r);
    unlink(f.path);
}

/* What no later byte can mend ends it; what is not there yet does not. */
static void test_damage(void)
{
    struct make_file f = write_sample(false);
    struct err e;
    struct seen seen = {0};
    size_t len;
    uint8_t *bytes = make_file_read(&f, &len);
    struct trace_reader *r = make_reader(&f);
    read_on(r, &seen);
    CU_ASSERT_EQUAL(seen.events, EVENTS);
    CU_ASSERT_EQUAL(trace_continue(r, &e), TRACE_WAITS);
    CU_ASSERT_EQUAL(trace_continue(r, &e), TRACE_WAITS);
    grow(&f, (const uint8_t *)"EVTS and then something that is no chunk at all", 47);
    CU_ASSERT_EQUAL(trace_continue(r, &e), TRACE_GREW);
    read_on(r, &seen);
    CU_ASSERT_EQUAL(seen.events, EVENTS);
    CU_ASSERT_EQUAL(trace_continue(r, &e), TRACE_ENDED);
    trace_reader_close(r);
    free(bytes);
    unlink(f.path);
}

/* A file that gets shorter: of no matter as long as only an unfinished chunk is taken back. */
static void test_shorter(void)
{
    struct make_file whole = write_sample(true), f = make_file();
    struct err e;
    struct seen seen = {0};
    struct trace_state state;
    size_t len;
    uint8_t *bytes = make_file_read(&whole, &len);
    make_file_fill(&f, bytes, len - 10);
    struct trace_reader *r = make_reader(&f);
    read_on(r, &seen);
    CU_ASSERT_EQUAL(seen.events, EVENTS);
    trace_reader_state(r, &state);
    CU_ASSERT_EQUAL(trace_continue(r, &e), TRACE_GREW); /* the first time it looks at the length */
    read_on(r, &seen);
    CU_ASSERT_EQUAL(truncate(f.path, (off_t)state.readable_len), 0);
    CU_ASSERT_EQUAL(trace_continue(r, &e), TRACE_WAITS);
    CU_ASSERT_EQUAL(truncate(f.path, (off_t)state.readable_len - 1), 0);
    CU_ASSERT_EQUAL(trace_continue(r, &e), TRACE_LOST);
    CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "the file was cut from"));
    trace_reader_close(r);
    free(bytes);
    unlink(f.path);
    unlink(whole.path);
}

/* `trace tail`: the last lines, then those that have come. */
static void test_tail(void)
{
    struct make_file whole = write_sample(true), f = make_file();
    struct trace_filter marks = {.any_kind = true};
    struct err e;
    size_t len, said_len;
    uint8_t *bytes = make_file_read(&whole, &len);
    char *said = NULL;
    FILE *out = open_memstream(&said, &said_len);
    marks.kind[EVENT_MARK] = true;
    make_file_fill(&f, bytes, len / 2);
    struct trace_reader *r = make_reader(&f);
    CU_ASSERT_EQUAL(trace_tail(r, &marks, 2, out, &e), 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(said);
    const char *first = strstr(said, "mark ");
    CU_ASSERT_PTR_NOT_NULL_FATAL(first);
    unsigned at = (unsigned)atoi(first + 5), lines = 0;
    grow(&f, bytes + len / 2, len - len / 2);
    enum trace_growth growth;
    while ((growth = trace_tail_more(r, &marks, out, &e)) == TRACE_GREW)
        continue;
    CU_ASSERT_EQUAL(growth, TRACE_ENDED);
    fclose(out);
    for (const char *p = said; *p; p = strchr(p, '\n') + 1) {
        char text[32];
        snprintf(text, sizeof text, "mark %u\n", at + 1000 * lines++);
        CU_ASSERT_PTR_NOT_NULL(strstr(p, text));
    }
    CU_ASSERT_EQUAL(at + 1000 * lines, EVENTS);
    free(said);
    trace_reader_close(r);
    free(bytes);
    unlink(f.path);
    unlink(whole.path);
}

static const struct unit_test tests[] = {
    {"a file in pieces", test_pieces},
    {"asked in the middle", test_asked_early},
    {"damage", test_damage},
    {"a file that gets shorter", test_shorter},
    {"tail", test_tail},
};
UNIT_MAIN("traces: a file that grows", tests)
