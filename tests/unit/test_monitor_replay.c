/*
 * Replaying a trace of single steps: registers and instructions at each event, forwards, backwards, and
 * further back than is kept.
 */
#include "trace_make.h"
#include "view_rig.h"

#include "monitor/model/replay.h"
#include "monitor/model/replay_regs.h"
#include "monitor/views/header.h"

enum { STEPS = REPLAY_REGS_KEPT + 2000 };

/* `inc eax` over and over in real mode; an access to a port, which no registers come with, in front of
 * step 3. */
static struct make_file steps_make(void)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    struct event_regs regs = {0};
    unsigned real = event_with_bits(event_mode_cpl(MODE_REAL, 0), 16);
    regs.r[EVENT_REG_RFLAGS] = 2;
    regs.r[EVENT_REG_DS] = 0x40;
    for (uint64_t i = 0, seq = 0; i < STEPS; i++) {
        struct event ev = {
            .seq = seq++, .time_ns = 1000 * seq, .rip = 0x7c00, .mode_cpl = (uint8_t)real, .count = 1};
        if (i == 3) {
            ev.kind = EVENT_IO;
            ev.rip = 0x7c01; /* where the step before it ended */
            ev.addr = 0x80;
            ev.size = 1;
            ev.dir = DIR_OUT;
            ev.flags = EVENT_ADDR | EVENT_VALUE | EVENT_STEPPED;
            trace_put(w, &ev);
            ev.seq = seq++;
            ev.rip = 0x7c00;
        }
        ev.kind = EVENT_STEP;
        ev.reg = EVENT_NO_REG;
        ev.addr = 0x40; /* the instruction's byte */
        ev.value = 0;
        ev.size = 1;
        ev.dir = DIR_NONE;
        ev.flags = EVENT_ADDR | EVENT_STEPPED;
        regs.r[EVENT_REG_RAX] = i + 1;
        regs.r[EVENT_REG_RIP] = 0x7c01;
        trace_step(w, &ev, &regs);
    }
    make_close(w);
    return f;
}

/* The snapshot at an event, with a view on it. */
struct bench {
    struct replay *replay;
    struct view_rig rig;
};

static void at(struct bench *b, uint64_t position, const char *view, int w, int h)
{
    struct err e;
    CU_ASSERT_EQUAL_FATAL(replay_seek(b->replay, position, &e), 0);
    snapshot_free(b->rig.s);
    b->rig.s = replay_snapshot(b->replay, &b->rig.machine, &b->rig.history, &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b->rig.s);
    rig_view(&b->rig, view, w, h);
}

static struct bench bench_begin(const struct make_file *f)
{
    struct bench b = {0};
    struct err e;
    rig_begin(&b.rig);
    b.replay = replay_open(f->path, &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b.replay);
    CU_ASSERT_EQUAL(replay_events(b.replay), STEPS + 1);
    return b;
}

static void bench_end(struct bench *b)
{
    rig_end(&b->rig);
    replay_close(b->replay);
}

/* Event i is step i before the access, and step i - 1 behind it. */
static void check_step(struct bench *b, uint64_t event, uint64_t step)
{
    at(b, event, "registers", 43, 10);
    CU_ASSERT_TRUE(b->rig.s->has_regs);
    CU_ASSERT_FALSE(b->rig.s->has_cpu);
    CU_ASSERT_EQUAL(b->rig.s->regs.rax, step + 1);
    CU_ASSERT_EQUAL(b->rig.s->before_regs.rax, step ? step : 1); /* of the first nothing is known before */
}

static void test_registers(void)
{
    struct make_file f = steps_make();
    struct bench b = bench_begin(&f);
    check_step(&b, 0, 0);
    check_step(&b, 2, 2);
    check_step(&b, 4, 3);
    check_step(&b, STEPS, STEPS - 1);
    check_step(&b, STEPS - 1, STEPS - 2);
    check_step(&b, 7, 6); /* further back than is kept */
    check_step(&b, 6, 5);
    CU_ASSERT_TRUE(rig_shows(&b.rig, "eax 00000006"));
    CU_ASSERT_EQUAL(canvas_at(&b.rig.c, 4, 0).role, ROLE_CHANGED);
    at(&b, 3, "registers", 43, 20); /* the access: registers as they were, nothing has changed */
    CU_ASSERT_EQUAL(b.rig.s->regs.rax, 3);
    CU_ASSERT_EQUAL(b.rig.s->before_regs.rax, 3);
    CU_ASSERT_TRUE(rig_shows(&b.rig, "ds  0040"));
    bench_end(&b);
    unlink(f.path);
}

static void test_instructions(void)
{
    struct make_file f = steps_make();
    struct bench b = bench_begin(&f);
    at(&b, 5, "code", 40, 10);
    CU_ASSERT_TRUE(rig_shows(&b.rig, " ▶ 00007c00  inc ax"));
    CU_ASSERT_STRING_EQUAL(b.rig.s->stop, "inc ax");
    at(&b, 5, "exits", 60, 8);
    CU_ASSERT_TRUE(rig_shows(&b.rig, "inc ax"));
    bench_end(&b);
    unlink(f.path);
}

/* A trace need not name any device: what ran is known all the same. */
static void test_no_devices(void)
{
    struct make_file f = make_file();
    struct trace_info info = make_info();
    struct event ev = {.kind = EVENT_HLT, .rip = 0x7c00};
    struct bench b = {0};
    struct err e;
    info.guest = "folder/no-devices.bin";
    info.names.device_count = info.range_count = 0;
    struct trace_writer *w = trace_create(f.path, &info, &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w);
    trace_put(w, &ev);
    make_close(w);
    rig_begin(&b.rig);
    b.replay = replay_open(f.path, &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b.replay);
    at(&b, 0, "exits", 80, 10);
    header_draw(b.rig.s, &b.rig.c);
    CU_ASSERT_TRUE(rig_shows(&b.rig, "no-devices.bin"));
    at(&b, 0, "devices", 80, 10);
    bench_end(&b);
    unlink(f.path);
}

static const struct unit_test tests[] = {
    {"registers", test_registers},
    {"instructions", test_instructions},
    {"no devices", test_no_devices},
};

UNIT_MAIN("replay", tests)
