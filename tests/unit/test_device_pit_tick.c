/*
 * The 8254 as the tick on IRQ 0, which must come exactly once a period however time passes; and its saved
 * state.
 */
#include "device_pit_bench.h"

#include <stdlib.h>

/* One rise a period, at the very pulse, for modes 2 and 3 and many counts. */
static void test_ticks(void)
{
    static const unsigned counts[] = {2, 3, 4, 5, 17, 1193, 11932, 65535};
    for (unsigned i = 0; i < 2 * sizeof(counts) / sizeof(counts[0]); i++) {
        struct rig r;
        uint64_t count = counts[i / 2];
        rig_init(&r, &pit_ops);
        go_to(&r, 7);
        set_count(&r, 0, 2 + i % 2, (unsigned)count);
        CU_ASSERT_EQUAL(r.irq_rises, 0);
        for (unsigned k = 1; k <= 20; k++) {
            uint64_t due = 8 + k * count;
            CU_ASSERT_EQUAL(r.device->ops->deadline_ns(r.device), pulse_ns(due));
            go_to(&r, due - 1);
            CU_ASSERT_EQUAL(r.irq_rises, k - 1);
            go_to(&r, due);
            CU_ASSERT_EQUAL(r.irq_rises, k);
            CU_ASSERT(r.irq);
        }
        rig_fini(&r);
    }
}

/* Over an hour of guest time not one tick is lost or gained. */
static void test_ticks_for_an_hour(void)
{
    struct rig r;
    rig_init(&r, &pit_ops);
    set_count(&r, 0, 3, 0);
    rig_pass(&r, UINT64_C(3600) * 1000000000);
    CU_ASSERT_EQUAL(r.irq_rises, (UINT64_C(3600) * HZ - 1) / 65536);
    rig_fini(&r);
}

/* elapse() late by several periods: one edge, and the next one where it always was. */
static void test_late(void)
{
    struct rig r;
    rig_init(&r, &pit_ops);
    set_count(&r, 0, 2, 1000);
    r.now_ns = pulse_ns(1 + 3500);
    r.device->ops->elapse(r.device, r.now_ns);
    r.device->ops->elapse(r.device, r.now_ns);
    CU_ASSERT_EQUAL(r.irq_rises, 1);
    CU_ASSERT_EQUAL(r.device->ops->deadline_ns(r.device), pulse_ns(1 + 4000));
    r.device->ops->elapse(r.device, pulse_ns(1 + 3999)); /* early */
    CU_ASSERT_EQUAL(r.irq_rises, 1);
    /* A port access that finds a period over does the same. */
    r.now_ns = pulse_ns(1 + 4000);
    live_count(&r, 0);
    CU_ASSERT_EQUAL(r.irq_rises, 2);
    rig_fini(&r);
}

/* A new count in mode 2 lets the running period end. */
static void test_tick_reload(void)
{
    struct rig r;
    rig_init(&r, &pit_ops);
    set_count(&r, 0, 2, 1000);
    go_to(&r, 300);
    rig_write(&r, PORTS, COUNT0, 100);
    rig_write(&r, PORTS, COUNT0, 0);
    CU_ASSERT_EQUAL(r.device->ops->deadline_ns(r.device), pulse_ns(1001));
    go_to(&r, 1001);
    CU_ASSERT_EQUAL(r.irq_rises, 1);
    rig_write(&r, PORTS, COUNT0, 100);
    rig_write(&r, PORTS, COUNT0, 0);
    CU_ASSERT(r.irq); /* OUT did not move, nor does the pin */
    CU_ASSERT_EQUAL(r.device->ops->deadline_ns(r.device), pulse_ns(1101));
    go_to(&r, 1501);
    CU_ASSERT_EQUAL(r.irq_rises, 6);
    rig_fini(&r);
}

/* The one-shot of mode 0: the control word takes the pin down, the end of the count takes it up, for good. */
static void test_one_shot(void)
{
    struct rig r;
    rig_init(&r, &pit_ops);
    CU_ASSERT_EQUAL(r.device->ops->deadline_ns(r.device), DEVICE_NEVER_NS);
    for (unsigned k = 1; k < 4; k++) {
        uint64_t start = k * 100000;
        go_to(&r, start);
        set_count(&r, 0, 0, 5000);
        CU_ASSERT_FALSE(r.irq);
        go_to(&r, start + 5000);
        CU_ASSERT_FALSE(r.irq);
        go_to(&r, start + 5001);
        CU_ASSERT(r.irq);
        CU_ASSERT_EQUAL(r.irq_rises, k);
        CU_ASSERT_EQUAL(r.device->ops->deadline_ns(r.device), DEVICE_NEVER_NS);
    }
    rig_fini(&r);
}

/* A control word that takes OUT up from mode 0's low is a rise like any other. */
static void test_rise_by_control_word(void)
{
    struct rig r;
    rig_init(&r, &pit_ops);
    set_count(&r, 0, 0, 5000);
    rig_write(&r, PORTS, CW, 0x34);
    CU_ASSERT(r.irq);
    CU_ASSERT_EQUAL(r.irq_rises, 1);
    rig_write(&r, PORTS, CW, 0x36);
    CU_ASSERT_EQUAL(r.irq_rises, 1);
    rig_fini(&r);
}

/* The forbidden count 1 must not make a guest's timer run away with the machine. */
static void test_count_one(void)
{
    for (unsigned mode = 2; mode < 4; mode++) {
        struct rig r;
        rig_init(&r, &pit_ops);
        set_count(&r, 0, mode, 1);
        CU_ASSERT_EQUAL(r.device->ops->deadline_ns(r.device), DEVICE_NEVER_NS);
        go_to(&r, 100);
        CU_ASSERT_EQUAL(status(&r, 0) & 0x80, 0x80);
        rig_write(&r, PORTS, COUNT0, 50);
        rig_write(&r, PORTS, COUNT0, 0);
        go_to(&r, 1000);
        CU_ASSERT(r.irq_rises > 10);
        rig_fini(&r);
    }
}

static uint32_t chance(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* Something a guest could do to counter 0, the same for the same seed. Counts are small, so that much
 * happens. */
static void meddle(struct rig *r, uint32_t *seed)
{
    uint32_t dice = chance(seed);
    switch (dice % 4) {
    case 0:
        rig_write(r, PORTS, CW, (uint8_t)(0x10 | (dice >> 4 & 15))); /* low byte only, any mode, BCD or not */
        break;
    case 1:
        rig_write(r, PORTS, CW, (uint8_t)(0x30 | (dice >> 4 & 15)));
        break;
    default:
        rig_write(r, PORTS, COUNT0, (uint8_t)(dice >> 4 & 7));
        break;
    }
}

/* Two timers, one looked at pulse by pulse through its status, the other only woken at its deadlines: the pin
 * of the second rises as often as OUT of the first. */
static void test_deadlines_miss_nothing(void)
{
    struct rig looked, woken;
    uint32_t seed = 7;
    unsigned rises = 0;
    uint64_t pulse = 0;
    rig_init(&looked, &pit_ops);
    rig_init(&woken, &pit_ops);
    bool out = status(&looked, 0) & 0x80;
    for (unsigned i = 0; i < 5000; i++) {
        uint32_t same = seed;
        meddle(&woken, &same);
        meddle(&looked, &seed);
        uint64_t until = pulse + chance(&seed) % 40;
        for (;; pulse++) {
            looked.now_ns = pulse_ns(pulse);
            bool now = status(&looked, 0) & 0x80;
            rises += now && !out;
            out = now;
            if (pulse == until)
                break;
        }
        go_to(&woken, until);
        if (woken.irq_rises != rises)
            break;
    }
    CU_ASSERT_EQUAL(woken.irq_rises, rises);
    CU_ASSERT(rises > 1000);
    rig_fini(&looked);
    rig_fini(&woken);
}

static void damage(struct rig *r)
{
    go_to(r, 5000);
    set_count(r, 0, 0, 77);
    set_count(r, 2, 1, 99);
    rig_write(r, PORTB, 0, 2);
    rig_write(r, PORTS, CW, 0xce);
    r->now_ns = pulse_ns(1234); /* the machine takes its clock back too */
}

static void test_state(void)
{
    struct rig r;
    rig_init(&r, &pit_ops);
    set_count(&r, 0, 3, 1001);
    set_count(&r, 2, 2, 50);
    rig_write(&r, PORTB, 0, 1);
    go_to(&r, 1234);
    rig_write(&r, PORTS, COUNT0, 0x20);
    rig_write(&r, PORTS, COUNT0, 0x03);
    rig_write(&r, PORTS, COUNT2, 0x44);
    rig_write(&r, PORTS, CW, 0xc2);
    rig_read(&r, PORTS, 1);
    rig_round_trip(&r, damage);
    CU_ASSERT_EQUAL(r.device->ops->deadline_ns(r.device),
                    pulse_ns(1002 + 501 + 400)); /* half of the old, half of the new */
    rig_corrupt(&r);
    rig_fini(&r);
}

/* Values that no 8254 can hold, by their place in the saved state. */
static void test_impossible_state(void)
{
    static const struct {
        size_t at;
        uint8_t value;
    } table[] = {
        {2, 0x04},      /* a control word that was a latch command */
        {2, 0x74},      /* counter select bits */
        {2 + 1, 0},     /* GATE 0 down */
        {2 + 3, 2},     /* loaded after the next pulse */
        {2 + 18, 2},    /* more pulses gone by than any clock counts */
        {2 + 29, 2},    /* a count of more than 65536 */
        {2 + 28, 0},    /* a count of none */
        {2 + 43, 3},    /* three latched bytes */
        {2 + 145, 2},   /* later than any clock */
        {2 + 146, 1},   /* gate 2 in port 0x61 and not at the counter */
        {2 + 146, 0x10} /* a bit of port 0x61 that cannot be written */
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct rig r;
        rig_init(&r, &pit_ops);
        set_count(&r, 0, 2, 0x100);
        struct rig_view good = rig_view(&r);
        CU_ASSERT(rig_restore(&r, good.saved.buf, good.saved.len) == 0);
        good.saved.buf[table[i].at] = (char)table[i].value;
        struct rig_view now = rig_view(&r);
        CU_ASSERT(rig_restore(&r, good.saved.buf, good.saved.len) == -1);
        CU_ASSERT(rig_looks(&r, &now));
        rig_view_fini(&now);
        rig_view_fini(&good);
        rig_fini(&r);
    }
}

/* Restoring a state does not send an edge, and the next one comes on time. */
static void test_restored_tick(void)
{
    struct rig r;
    rig_init(&r, &pit_ops);
    set_count(&r, 0, 2, 1000);
    go_to(&r, 500);
    struct rig_view v = rig_view(&r);
    rig_fini(&r);
    rig_init(&r, &pit_ops);
    r.now_ns = pulse_ns(500);
    CU_ASSERT_FATAL(rig_restore(&r, v.saved.buf, v.saved.len) == 0);
    CU_ASSERT_EQUAL(r.irq_rises, 0);
    go_to(&r, 1000);
    CU_ASSERT_EQUAL(r.irq_rises, 0);
    go_to(&r, 1001);
    CU_ASSERT_EQUAL(r.irq_rises, 1);
    rig_view_fini(&v);
    rig_fini(&r);
}

static void test_reset(void)
{
    struct rig r, fresh;
    rig_init(&r, &pit_ops);
    rig_init(&fresh, &pit_ops);
    set_count(&r, 0, 2, 1000);
    rig_write(&r, PORTB, 0, 3);
    go_to(&r, 1500);
    r.device->ops->reset(r.device);
    CU_ASSERT_FALSE(r.irq);
    CU_ASSERT_EQUAL(r.device->ops->deadline_ns(r.device), DEVICE_NEVER_NS);
    fresh.now_ns = r.now_ns;
    CU_ASSERT(rig_shows(&r, "no count yet"));
    struct rig_view a = rig_view(&r), b = rig_view(&fresh);
    CU_ASSERT(text_same(&a.shown, &b.shown));
    rig_view_fini(&a);
    rig_view_fini(&b);
    rig_fini(&fresh);
    rig_fini(&r);
}

static const struct unit_test tests[] = {
    {"one rise a period", test_ticks},
    {"an hour of ticks", test_ticks_for_an_hour},
    {"late elapse", test_late},
    {"new count at the end of a period", test_tick_reload},
    {"one-shot", test_one_shot},
    {"rise by a control word", test_rise_by_control_word},
    {"forbidden count 1", test_count_one},
    {"deadlines miss nothing", test_deadlines_miss_nothing},
    {"state", test_state},
    {"impossible state", test_impossible_state},
    {"restored tick", test_restored_tick},
    {"reset", test_reset},
};

UNIT_MAIN("8254 on IRQ 0", tests)
