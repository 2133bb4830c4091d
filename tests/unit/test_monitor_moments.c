/*
 * What "changed since the last stop" is compared with: the last snapshot of the stop before, whatever came in
 * between; and exits per second.
 */
#include "unit.h"

#include "monitor/model/moments.h"

#include <stdlib.h>

struct rig {
    struct moments m;
    struct ring rates;
    uint64_t now_ns, exits;
};

static void rig_begin(struct rig *r)
{
    struct err e;
    *r = (struct rig){.now_ns = 1000000000};
    CU_ASSERT_EQUAL_FATAL(ring_init(&r->rates, sizeof(struct snapshot_rate), 16, &e), 0);
}

static void rig_end(struct rig *r)
{
    moments_fini(&r->m);
    ring_fini(&r->rates);
}

/* A snapshot comes; returns the one it is compared with: 0 none, or its serial. */
static uint64_t take(struct rig *r, enum snapshot_state state, uint64_t stop_serial)
{
    struct snapshot *s = (struct snapshot *)calloc(1, sizeof *s);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    s->state = state;
    s->stop_serial = stop_serial;
    s->exits = r->exits;
    moments_take(&r->m, s, &r->rates, r->now_ns);
    CU_ASSERT_PTR_EQUAL(r->m.now, s);
    return s->earlier ? s->earlier->serial : 0;
}

static void test_running_frames_are_not_compared_with(void)
{
    struct rig r;
    rig_begin(&r);
    CU_ASSERT_EQUAL(take(&r, STATE_STANDS, 1), 0);
    CU_ASSERT_EQUAL(take(&r, STATE_STANDS, 1), 0); /* number 2, with more pages */
    CU_ASSERT_EQUAL(take(&r, STATE_RUNNING, 1), 2);
    CU_ASSERT_EQUAL(take(&r, STATE_RUNNING, 1), 2);
    CU_ASSERT_EQUAL(take(&r, STATE_STANDS, 2), 2); /* number 5 */
    CU_ASSERT_EQUAL(take(&r, STATE_STANDS, 2), 2);
    CU_ASSERT_EQUAL(take(&r, STATE_STANDS, 3), 6); /* a step so short that no frame saw it run */
    CU_ASSERT_EQUAL(take(&r, STATE_RUNNING, 3), 7);
    CU_ASSERT_EQUAL(take(&r, STATE_ENDED, 4), 7);
    CU_ASSERT_EQUAL(take(&r, STATE_ENDED, 4), 7);
    rig_end(&r);
}

/* With --run nothing stood before the first stop. */
static void test_no_stop_before(void)
{
    struct rig r;
    rig_begin(&r);
    CU_ASSERT_EQUAL(take(&r, STATE_RUNNING, 0), 0);
    CU_ASSERT_EQUAL(take(&r, STATE_RUNNING, 0), 0);
    CU_ASSERT_EQUAL(take(&r, STATE_STANDS, 1), 0);
    rig_end(&r);
}

static void test_rate(void)
{
    struct rig r;
    rig_begin(&r);
    take(&r, STATE_RUNNING, 0);
    for (int i = 0; i < 3; i++) {
        r.now_ns += 500000000;
        r.exits += 1000;
        take(&r, STATE_RUNNING, 0);
        CU_ASSERT_DOUBLE_EQUAL(r.m.now->exits_per_s, 2000, 0.01);
    }
    CU_ASSERT_EQUAL(ring_count(&r.rates), 3);
    r.now_ns += 1000; /* too soon to measure again */
    r.exits += 500;
    take(&r, STATE_STANDS, 1);
    CU_ASSERT_DOUBLE_EQUAL(r.m.now->exits_per_s, 2000, 0.01);
    r.now_ns += 500000000;
    take(&r, STATE_STANDS, 1);
    CU_ASSERT_EQUAL(r.m.now->exits_per_s, 0);
    CU_ASSERT_EQUAL(ring_count(&r.rates), 3);
    rig_end(&r);
}

static const struct unit_test tests[] = {
    {"running frames are not compared with", test_running_frames_are_not_compared_with},
    {"no stop before", test_no_stop_before},
    {"exits per second", test_rate},
};

UNIT_MAIN("moments", tests)
