/*
 * Reading from the midst of a trace on: whatever is asked about one place must get the same answer from a
 * trace with an index as from the same one without, which is read from its start.
 */
#include "trace_make.h"

#include "traces/reader.h"
#include "traces/steps.h"

enum { EVENTS = 4000, CHUNK_EVENTS_ABOUT = 20, STRIDE = 37 };

/* Two CPUs that are stepped for a while, run on for a while, and are stepped without anybody keeping their
 * registers for a while; now and then a mark. */
struct world {
    uint64_t seed, seq;
    struct event_regs regs[2];
    struct trace_writer *w;
};

static uint64_t draw(struct world *k, uint64_t n)
{
    k->seed = k->seed * 6364136223846793005u + 1442695040888963407u;
    return (k->seed >> 33) % n;
}

static struct event world_event(struct world *k, uint8_t vcpu)
{
    uint64_t seq = k->seq++;
    return (struct event){.seq = seq,
                          .time_ns = seq * (100000000 / CHUNK_EVENTS_ABOUT),
                          .rip = k->regs[vcpu].r[EVENT_REG_RIP],
                          .count = 1,
                          .kind = EVENT_STEP,
                          .vcpu = vcpu,
                          .reg = EVENT_NO_REG,
                          .size = 1,
                          .addr = 0x90,
                          .flags = EVENT_ADDR | EVENT_STEPPED};
}

static void world_step(struct world *k, uint8_t vcpu, bool bare)
{
    struct event ev = world_event(k, vcpu);
    struct event_regs *r = &k->regs[vcpu];
    r->r[EVENT_REG_RIP] = 0x7c00 + draw(k, 40);
    r->r[EVENT_REG_RAX] = draw(k, 6);
    if (bare)
        trace_put(k->w, &ev);
    else
        trace_step(k->w, &ev, r);
}

/* An exit where the last step led to, or, when the CPU has run on, perhaps elsewhere. */
static void world_exit(struct world *k, uint8_t vcpu, bool ran_on)
{
    struct event ev = world_event(k, vcpu);
    ev.kind = EVENT_IO;
    ev.device = 1;
    ev.reg = 1;
    ev.dir = DIR_OUT;
    ev.addr = 0x3f8;
    ev.value = 'a' + draw(k, 26);
    ev.flags = (uint8_t)(EVENT_ADDR | EVENT_VALUE | (ran_on ? 0 : EVENT_STEPPED));
    if (ran_on && draw(k, 40) == 0)
        ev.rip = 0x9000;
    trace_put(k->w, &ev);
    if (draw(k, 20) == 0) {
        char text[32];
        snprintf(text, sizeof text, "mark at %u", (unsigned)ev.seq);
        trace_mark(k->w, &ev, text);
    }
}

static struct make_file world_make(bool whole)
{
    struct make_file f = make_file();
    struct world k = {.seed = 7, .w = make_writer(&f)};
    while (k.seq < EVENTS) {
        uint64_t part = draw(&k, 5), until = k.seq + draw(&k, 300);
        while (k.seq < until) {
            uint8_t vcpu = part == 4 ? 0 : (uint8_t)draw(&k, 2);
            if (part == 0 || (part != 1 && draw(&k, 4) == 0))
                world_exit(&k, vcpu, part == 0);
            else
                world_step(&k, vcpu, part == 1);
        }
    }
    struct trace_end end = make_end();
    struct err e;
    CU_ASSERT_EQUAL_FATAL(trace_close(k.w, whole ? &end : NULL, &e), 0);
    return f;
}

struct both {
    struct make_file file[2];
    struct trace_reader *r[2];
};

static struct both both_make(void)
{
    struct both b;
    for (size_t i = 0; i < 2; i++) {
        b.file[i] = world_make(i == 0);
        b.r[i] = make_reader(&b.file[i]);
    }
    return b;
}

static void both_free(struct both *b)
{
    for (size_t i = 0; i < 2; i++) {
        trace_reader_close(b->r[i]);
        unlink(b->file[i].path);
    }
}

/* What `ask` says about event `seq`, of both; they must say the same. */
static void compare(struct both *b, uint64_t seq,
                    int (*ask)(struct trace_reader *r, uint64_t seq, FILE *out, struct err *e))
{
    char *words[2];
    size_t len;
    int rc[2];
    struct err e[2] = {{0}, {0}};
    for (size_t i = 0; i < 2; i++) {
        FILE *out = open_memstream(&words[i], &len);
        CU_ASSERT_PTR_NOT_NULL_FATAL(out);
        rc[i] = ask(b->r[i], seq, out, &e[i]);
        fclose(out);
    }
    CU_ASSERT_EQUAL(rc[0], rc[1]);
    CU_ASSERT_STRING_EQUAL(words[0], words[1]);
    CU_ASSERT_STRING_EQUAL(e[0].text, e[1].text);
    if (strcmp(words[0], words[1]) != 0)
        fprintf(stderr, "event %u\n%s----\n%s", (unsigned)seq, words[0], words[1]);
    free(words[0]);
    free(words[1]);
}

static int ask_at(struct trace_reader *r, uint64_t seq, FILE *out, struct err *e)
{
    struct text words = {0};
    int rc = trace_at(r, seq, false, &words, e);
    fputs(text_str(&words), out);
    text_fini(&words);
    return rc;
}

static int ask_show(struct trace_reader *r, uint64_t seq, FILE *out, struct err *e)
{
    const struct trace_filter f = {.from_seq = seq, .limit = 60};
    return trace_show(r, &f, out, e);
}

static int ask_steps(struct trace_reader *r, uint64_t seq, FILE *out, struct err *e)
{
    const struct trace_filter f = {.from_seq = seq, .end_seq = seq + 90};
    return trace_show_steps(r, &f, out, e);
}

static int ask_where(struct trace_reader *r, uint64_t seq, FILE *out, struct err *e)
{
    struct trace_filter f = {.from_seq = seq, .limit = 30, .where = query_compile("rax == 5", e)};
    CU_ASSERT_PTR_NOT_NULL_FATAL(f.where);
    int rc = trace_show(r, &f, out, e);
    query_free(f.where);
    return rc;
}

static int find(struct trace_reader *r, const char *query, bool all, uint64_t seq, FILE *out, struct err *e)
{
    struct trace_find f = {.query = query_compile(query, e), .from_seq = seq, .limit = 30, .all = all};
    CU_ASSERT_PTR_NOT_NULL_FATAL(f.query);
    int rc = trace_find(r, &f, out, e);
    query_free(f.query);
    return rc;
}

static int ask_find(struct trace_reader *r, uint64_t seq, FILE *out, struct err *e)
{
    return find(r, "rax == 5 || rax == 4", false, seq, out, e);
}

static int ask_find_all(struct trace_reader *r, uint64_t seq, FILE *out, struct err *e)
{
    return find(r, "rax > 1", true, seq, out, e);
}

static int ask_find_event(struct trace_reader *r, uint64_t seq, FILE *out, struct err *e)
{
    return find(r, "kind == io", false, seq, out, e);
}

static void test_same_answers(void)
{
    static int (*const asks[])(struct trace_reader *, uint64_t, FILE *, struct err *) = {
        ask_at, ask_show, ask_steps, ask_where, ask_find, ask_find_all, ask_find_event};
    struct both b = both_make();
    for (uint64_t seq = 0; seq <= EVENTS + STRIDE; seq += STRIDE)
        for (size_t i = 0; i < sizeof asks / sizeof asks[0]; i++)
            compare(&b, seq, asks[i]);
    both_free(&b);
}

/* It goes there at all, and a rewind leads back to everything. */
static void test_goes(void)
{
    struct both b = both_make();
    struct event ev;
    struct err e = {0};
    struct trace_state s;
    for (int pass = 0; pass < 2; pass++) {
        CU_ASSERT_EQUAL(reader_seek(b.r[0], EVENTS - 500, &e), 1);
        CU_ASSERT_EQUAL_FATAL(trace_next(b.r[0], &ev, &e), 1);
        CU_ASSERT(ev.seq <= EVENTS - 500 && ev.seq > EVENTS - 500 - 4 * CHUNK_EVENTS_ABOUT);
        while (trace_next(b.r[0], &ev, &e) > 0)
            if (ev.kind == EVENT_MARK) {
                const struct event_names *names = &trace_reader_info(b.r[0])->names;
                CU_ASSERT_FATAL(ev.addr < names->mark_count);
                CU_ASSERT_EQUAL(strtoul(names->marks[ev.addr] + 8, NULL, 10), ev.seq);
            }
        trace_reader_state(b.r[0], &s);
        CU_ASSERT(s.whole);
        uint64_t n = 0, marks = 0;
        CU_ASSERT_EQUAL(trace_rewind(b.r[0], &e), 0);
        while (trace_next(b.r[0], &ev, &e) > 0) {
            n++;
            CU_ASSERT(ev.kind != EVENT_MARK || ev.addr == marks++);
        }
        trace_reader_state(b.r[0], &s);
        CU_ASSERT(s.whole && s.events == n);
    }
    CU_ASSERT_EQUAL(reader_seek(b.r[0], 10, &e), 0);
    CU_ASSERT_EQUAL(reader_seek(b.r[1], EVENTS - 500, &e), 0);
    CU_ASSERT_EQUAL_FATAL(trace_next(b.r[1], &ev, &e), 1);
    CU_ASSERT_EQUAL(ev.seq, 0);
    both_free(&b);
}

static const struct unit_test tests[] = {
    {"the same answers with an index as without", test_same_answers},
    {"there and back", test_goes},
};
UNIT_MAIN("traces: from the midst on", tests)
