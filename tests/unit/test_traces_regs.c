/*
 * The registers of steps in a trace: what is written comes back, whatever the steps were; what is not known
 * is not made up; a trace can be read with and without them, and twice.
 */
#include "trace_make.h"

#include "base/bytes.h"
#include "traces/format.h"

enum { STEPS = 3000 };

/* What was written, to compare with. */
struct written {
    struct event ev;
    struct event_regs regs;
    bool has_regs;
};

/* A step like those of a program: a loop of `loop` instructions (0: anywhere), some of which change a few
 * registers.
 */
static struct written make_step(uint64_t *seed, const struct written *before, uint64_t loop)
{
    struct written w = {.regs = before->regs, .has_regs = true};
    uint64_t change = make_random(seed) & make_random(seed) & make_random(seed);
    w.ev = (struct event){.seq = before->ev.seq + 1,
                          .time_ns = before->ev.time_ns + 2000 + make_random(seed) % 500,
                          .rip = loop ? 0x100000 + 3 * ((before->ev.seq + 1) % loop) : make_wide(seed),
                          .count = 1,
                          .reg = EVENT_NO_REG,
                          .kind = EVENT_STEP,
                          .size = 8,
                          .flags = EVENT_ADDR | EVENT_STEPPED,
                          .cs = (uint16_t)(change >> 40 & 1 ? 0x33 : 8)};
    for (unsigned i = 0; i < EVENT_REG_COUNT; i++)
        if (change >> i & 1)
            w.regs.r[i] = loop ? w.regs.r[i] + 8 : make_wide(seed);
    w.regs.r[EVENT_REG_RIP] = change >> 41 & 1 ? make_wide(seed) : w.ev.rip + 3;
    w.regs.r[EVENT_REG_CS] = w.ev.cs;
    return w;
}

static uint32_t differing(const struct event_regs *a, const struct event_regs *b)
{
    uint32_t mask = 0;
    for (unsigned i = 0; i < EVENT_REG_COUNT; i++)
        mask |= (uint32_t)(a->r[i] != b->r[i]) << i;
    return mask;
}

static bool same(const struct event_regs *a, const struct event_regs *b)
{
    return differing(a, b) == 0;
}

/* Reads the file to its end and compares. `regs_before` of a step are those written last, but for RIP and CS,
 * which are the event's own. */
static void expect_written(struct trace_reader *r, const struct written *all, size_t n, bool wanted)
{
    struct event ev;
    struct err e;
    size_t i = 0;
    for (; trace_next(r, &ev, &e) == 1; i++) {
        uint32_t changed = 1;
        const struct event_regs *regs = trace_reader_regs(r, &changed), *was = trace_reader_regs_before(r);
        CU_ASSERT_FATAL(i < n && memcmp(&ev, &all[i].ev, sizeof ev) == 0);
        CU_ASSERT_EQUAL_FATAL(regs != NULL, wanted && all[i].has_regs);
        if (!regs) {
            CU_ASSERT(was == NULL && changed == 0);
            continue;
        }
        CU_ASSERT_FATAL(same(regs, &all[i].regs));
        bool first = i == 0 || !all[i - 1].has_regs;
        CU_ASSERT_EQUAL(was == NULL, first);
        if (first) {
            CU_ASSERT_EQUAL(changed, UINT32_MAX);
            continue;
        }
        struct event_regs want = all[i - 1].regs;
        want.r[EVENT_REG_RIP] = ev.rip;
        want.r[EVENT_REG_CS] = ev.cs;
        CU_ASSERT_FATAL(same(was, &want));
        CU_ASSERT_EQUAL(changed, differing(regs, was));
    }
    CU_ASSERT_EQUAL(i, n);
    struct trace_state s;
    trace_reader_state(r, &s);
    CU_ASSERT_TRUE(s.whole);
    CU_ASSERT_PTR_NULL(trace_reader_regs(r, NULL));
}

static void roundtrip(uint64_t seed, uint64_t loop, unsigned flush_every)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    struct written *all = calloc(STEPS, sizeof *all), before = {.ev.seq = UINT64_MAX};
    CU_ASSERT_PTR_NOT_NULL_FATAL(all);
    for (size_t i = 0; i < STEPS; i++) {
        before = all[i] = make_step(&seed, &before, loop);
        trace_step(w, &all[i].ev, &all[i].regs);
        if (flush_every && i % flush_every == 0)
            trace_flush(w);
    }
    make_close(w);
    struct trace_reader *r = make_reader(&f);
    struct err e;
    expect_written(r, all, STEPS, false);
    CU_ASSERT_EQUAL(trace_rewind(r, &e), 0);
    CU_ASSERT_EQUAL(trace_reader_want_regs(r, &e), 0);
    expect_written(r, all, STEPS, true);
    CU_ASSERT_EQUAL(trace_rewind(r, &e), 0);
    expect_written(r, all, STEPS, true);
    trace_reader_close(r);
    free(all);
    unlink(f.path);
}

static void test_roundtrip(void)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        roundtrip(seed, 0, 0);
        roundtrip(seed, 0, 7);
        roundtrip(seed, 5, 1);
        roundtrip(seed, 40, 100);
        roundtrip(seed, 2000, 0); /* more instructions than slots */
    }
}

/* A program that counts: what its loop does every time must cost next to nothing. */
static void test_small(void)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    struct written s = {.has_regs = true};
    for (uint64_t i = 0; i < 30000; i++) {
        bool back = i % 3 == 2;
        s.ev = (struct event){.seq = i,
                              .rip = 0x7c00 + 2 * (i % 3),
                              .time_ns = 2000 * i,
                              .guest_ns = 2000,
                              .count = 1,
                              .kind = EVENT_STEP};
        s.regs.r[EVENT_REG_RIP] = back ? 0x7c00 : s.ev.rip + 2;
        s.regs.r[i % 3 ? EVENT_REG_RDX : EVENT_REG_RCX] += 4;
        trace_step(w, &s.ev, &s.regs);
    }
    make_close(w);
    size_t n;
    free(make_file_read(&f, &n));
    CU_ASSERT(n < 30000);
    unlink(f.path);
}

/* An event of another kind, at a place. */
static struct event make_other(enum event_kind kind, uint64_t seq, uint64_t rip, unsigned flags)
{
    return (struct event){
        .seq = seq, .rip = rip, .count = 1, .cs = 8, .kind = (uint8_t)kind, .flags = (uint8_t)flags};
}

/* Between steps: known while the CPU stands where the last step led, and never again after it ran on by
 * itself, until the next step. */
static void test_between(void)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    struct event_regs regs = {{[EVENT_REG_RAX] = 7, [EVENT_REG_RIP] = 0x102, [EVENT_REG_CS] = 8}};
    struct event step = make_other(EVENT_STEP, 1, 0x100, EVENT_STEPPED);
    const struct {
        struct event ev;
        bool known;
    } rows[] = {
        {make_other(EVENT_IO, 2, 0x102, EVENT_STEPPED), true},
        {make_other(EVENT_IRQ, 3, 0x102, 0), true},
        {make_other(EVENT_IO, 4, 0x102, EVENT_STEPPED | EVENT_RIP_NEXT), false},
        {make_other(EVENT_SHUTDOWN, 5, 0x102, EVENT_NO_CPU), false},
        {make_other(EVENT_IO, 6, 0x104, EVENT_STEPPED), false},
        {make_other(EVENT_IO, 7, 0x102, 0), true},
        {make_other(EVENT_IO, 8, 0x200, 0), false},
        {make_other(EVENT_IO, 9, 0x102, 0), false},
    };
    struct event early = make_other(EVENT_IO, 0, 0x100, 0), ev;
    trace_put(w, &early);
    trace_step(w, &step, &regs);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        trace_put(w, &rows[i].ev);
    trace_step(w, &step, &regs);
    make_close(w);
    struct trace_reader *r = make_reader(&f);
    struct err e;
    uint32_t changed;
    CU_ASSERT_EQUAL(trace_reader_want_regs(r, &e), 0);
    CU_ASSERT(trace_next(r, &ev, &e) == 1 && trace_reader_regs(r, &changed) == NULL);
    CU_ASSERT(trace_next(r, &ev, &e) == 1 && trace_reader_regs(r, &changed) && changed == UINT32_MAX);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CU_ASSERT_EQUAL(trace_next(r, &ev, &e), 1);
        const struct event_regs *now = trace_reader_regs(r, &changed);
        CU_ASSERT_EQUAL(now != NULL, rows[i].known);
        CU_ASSERT(changed == 0 && trace_reader_regs_before(r) == NULL);
        CU_ASSERT(!now || now->r[EVENT_REG_RAX] == 7);
    }
    CU_ASSERT(trace_next(r, &ev, &e) == 1 && trace_reader_regs(r, &changed) &&
              changed == 1u << EVENT_REG_RIP);
    trace_reader_close(r);
    unlink(f.path);
}

/* Some steps without registers among others with, of two vCPUs. */
static void test_mixed(void)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    enum { N = 400 };
    struct written all[N], before = {.ev.seq = UINT64_MAX};
    uint64_t seed = 99;
    for (size_t i = 0; i < N; i++) {
        before = all[i] = make_step(&seed, &before, 20);
        all[i].has_regs = i / 9 % 3 != 1;
        if (all[i].has_regs)
            trace_step(w, &all[i].ev, &all[i].regs);
        else
            trace_put(w, &all[i].ev);
    }
    make_close(w);
    struct trace_reader *r = make_reader(&f);
    struct err e;
    CU_ASSERT_EQUAL(trace_reader_want_regs(r, &e), 0);
    expect_written(r, all, N, true);
    trace_reader_close(r);
    unlink(f.path);
}

/* Each vCPU has registers of its own. */
static void test_vcpus(void)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    struct event_regs regs[256] = {0};
    struct event step = {.kind = EVENT_STEP, .count = 1};
    uint64_t seed = 5;
    for (unsigned i = 0; i < 2000; i++) {
        step.seq = i;
        step.vcpu = (uint8_t)(make_random(&seed) % (i < 1000 ? 2 : 256));
        regs[step.vcpu].r[EVENT_REG_RAX] += i;
        trace_step(w, &step, &regs[step.vcpu]);
        if (i % 300 == 0)
            trace_flush(w);
    }
    make_close(w);
    memset(regs, 0, sizeof regs);
    struct trace_reader *r = make_reader(&f);
    struct event ev;
    struct err e;
    CU_ASSERT_EQUAL(trace_reader_want_regs(r, &e), 0);
    unsigned n = 0;
    for (; trace_next(r, &ev, &e) == 1; n++) {
        const struct event_regs *now = trace_reader_regs(r, NULL);
        regs[ev.vcpu].r[EVENT_REG_RAX] += ev.seq;
        CU_ASSERT_FATAL(now && same(now, &regs[ev.vcpu]));
    }
    CU_ASSERT_EQUAL(n, 2000);
    trace_reader_close(r);
    unlink(f.path);
}

static const struct unit_test tests[] = {
    {"steps come back", test_roundtrip}, {"a loop costs next to nothing", test_small},
    {"between steps", test_between},     {"some steps without registers", test_mixed},
    {"several vCPUs", test_vcpus},
};
UNIT_MAIN("traces: registers of steps", tests)
