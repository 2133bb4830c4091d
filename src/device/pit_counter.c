/*
 * One counter of the 8254: see pit_counter.h.
 *
 * In the formulas, n is the count and e the number of pulses since the counting element was loaded.  A count
 * written at pulse t is loaded at t + 1, which is why the data sheet says "n + 1 pulses after the write".
 *
 * Simplified: a count of 1 in modes 2 and 3, which the data sheet forbids, leaves OUT high.
 */
#include "device/pit_counter.h"

enum {
    CONTROL_BCD = 0x01,
    RW_LOW = 1,
    RW_HIGH = 2,
    RW_BOTH = 3,
    STATUS_OUT = 0x80,
    STATUS_NULL = 0x40,
};

unsigned counter_mode(const struct pit_counter *c)
{
    unsigned mode = c->control >> 1 & 7;
    return mode > 5 ? mode - 4 : mode;
}

static unsigned counter_rw(const struct pit_counter *c)
{
    return c->control >> 4 & 3;
}

/* Modes 2 and 3 begin again by themselves. */
static bool counter_periodic(const struct pit_counter *c)
{
    return counter_mode(c) == 2 || counter_mode(c) == 3;
}

/* In modes 1 and 5 a rising GATE starts the count, and its level means nothing. */
static bool counter_triggered(const struct pit_counter *c)
{
    return counter_mode(c) == 1 || counter_mode(c) == 5;
}

static bool counter_stopped_by_gate(const struct pit_counter *c)
{
    return !c->gate && !counter_triggered(c);
}

/* The count register holds 0 for the longest count. */
static uint32_t count_decode(const struct pit_counter *c, unsigned raw)
{
    if (!(c->control & CONTROL_BCD))
        return raw ? raw : 0x10000;
    uint32_t n = (raw >> 12) * 1000 + (raw >> 8 & 15) * 100 + (raw >> 4 & 15) * 10 + (raw & 15);
    return n ? n : 10000;
}

static uint16_t count_encode(const struct pit_counter *c, uint64_t n)
{
    if (!(c->control & CONTROL_BCD))
        return (uint16_t)n;
    unsigned v = (unsigned)(n % 10000);
    return (uint16_t)(v / 1000 << 12 | v / 100 % 10 << 8 | v / 10 % 10 << 4 | v % 10);
}

static uint64_t counter_elapsed(const struct pit_counter *c, uint64_t t)
{
    if (counter_stopped_by_gate(c) || t <= c->origin)
        return c->shift;
    return t - c->origin + c->shift;
}

static bool counter_loaded(const struct pit_counter *c, uint64_t t)
{
    return c->running && t >= c->origin;
}

/* Mode 3: pulses of a period of `n` with OUT high; an odd count gives the high half the odd pulse. */
static uint64_t square_high(uint64_t n)
{
    return (n + 1) / 2;
}

/* Mode 3 counts by two and passes twice through the (even) count in a period; the high half of an odd count
 * ends at 0. */
static uint64_t square_value(uint64_t n, uint64_t e)
{
    uint64_t phase = e % n;
    if (phase >= square_high(n))
        phase -= square_high(n);
    return (n & ~UINT64_C(1)) - 2 * phase;
}

uint16_t counter_value(const struct pit_counter *c, uint64_t t)
{
    if (!counter_loaded(c, t))
        return c->held;
    uint64_t n = c->count, e = counter_elapsed(c, t);
    if (counter_mode(c) == 2)
        return count_encode(c, n - e % n);
    if (counter_mode(c) == 3)
        return count_encode(c, square_value(n, e));
    /* The others go on through zero to the largest count. */
    uint64_t wrap = c->control & CONTROL_BCD ? 10000 : 0x10000;
    return count_encode(c, n + wrap - e % wrap);
}

bool counter_out(const struct pit_counter *c, uint64_t t)
{
    if (!counter_loaded(c, t))
        return c->held_out;
    uint64_t n = c->count, e = counter_elapsed(c, t);
    if (counter_periodic(c) && (!c->gate || n == 1))
        return true;
    switch (counter_mode(c)) {
    case 0:
    case 1:
        return e >= n;
    case 2:
        return e % n != n - 1;
    case 3:
        return e % n < square_high(n);
    default:
        return e != n;
    }
}

/* The next rise after `t` as long as the count stays what it is. */
static uint64_t counter_rise(const struct pit_counter *c, uint64_t t)
{
    if (!c->running)
        return COUNTER_NEVER;
    if (t < c->origin && !c->held_out && counter_out(c, c->origin))
        return c->origin;
    if (counter_stopped_by_gate(c) || (counter_periodic(c) && c->count == 1))
        return COUNTER_NEVER;
    uint64_t n = c->count;
    uint64_t at = counter_mode(c) < 2 ? n : n + 1; /* the strobes of modes 4 and 5 end one pulse later */
    if (counter_periodic(c))
        at = (counter_elapsed(c, t) / n + 1) * n;
    if (at <= c->shift)
        return COUNTER_NEVER;
    at = c->origin + (at - c->shift);
    return at > t ? at : COUNTER_NEVER;
}

/* Whether a count waits for the end of the present (half) period. */
static bool counter_reloads(const struct pit_counter *c)
{
    return c->next && c->running && c->gate && counter_periodic(c);
}

uint64_t counter_next_rise(const struct pit_counter *c, uint64_t t)
{
    uint64_t rise = counter_rise(c, t);
    if (!counter_reloads(c) || rise <= c->reload)
        return rise;
    struct pit_counter later = *c;
    counter_advance(&later, c->reload);
    return counter_rise(&later, c->reload);
}

/* NULL COUNT: the counting element does not have the last count written. */
static bool counter_null(const struct pit_counter *c, uint64_t t)
{
    return !counter_loaded(c, t) || c->next;
}

uint8_t counter_status(const struct pit_counter *c, uint64_t t)
{
    return (uint8_t)(c->control | (counter_out(c, t) ? STATUS_OUT : 0) |
                     (counter_null(c, t) ? STATUS_NULL : 0));
}

/* Loads the counting element at the next pulse. */
static void counter_load(struct pit_counter *c, uint64_t t, uint32_t count)
{
    c->held = counter_value(c, t);
    c->held_out = counter_mode(c) != 0 && counter_out(c, t);
    c->count = count;
    c->next = 0;
    c->origin = t + 1;
    c->shift = 0;
    c->running = true;
}

/* The pulse at which the period (mode 2) or half period (mode 3) that contains pulse `t` ends. */
static uint64_t counter_period_end(const struct pit_counter *c, uint64_t t)
{
    uint64_t n = c->count, e = counter_elapsed(c, t), phase = e % n;
    bool high_half = counter_mode(c) == 3 && phase < square_high(n);
    uint64_t end = e - phase + (high_half ? square_high(n) : n);
    return c->origin + (end - c->shift);
}

void counter_advance(struct pit_counter *c, uint64_t t)
{
    if (!counter_reloads(c) || t < c->reload)
        return;
    /* A new count that comes at the end of a high half begins with its low half. */
    bool low_half = counter_mode(c) == 3 && counter_elapsed(c, c->reload) % c->count != 0;
    c->origin = c->reload;
    c->count = c->next;
    c->shift = low_half ? square_high(c->count) : 0;
    c->next = 0;
}

/* A whole count has been written. */
static void counter_set_count(struct pit_counter *c, uint64_t t, unsigned raw)
{
    uint32_t count = count_decode(c, raw);
    if (counter_triggered(c)) {
        c->next = count;
    } else if (!counter_periodic(c) || !c->running) {
        counter_load(c, t, count);
    } else if (t < c->origin) {
        c->count = count;
    } else {
        c->next = count;
        c->reload = counter_period_end(c, t);
    }
}

/* In mode 0 the first of two bytes stops the count and takes OUT down, which is where `held_out` is in that
 * mode. */
static void counter_set_low(struct pit_counter *c, uint64_t t, uint8_t byte)
{
    c->low = byte;
    c->write_high = true;
    if (counter_mode(c) == 0) {
        c->held = counter_value(c, t);
        c->running = false;
    }
}

void counter_write(struct pit_counter *c, uint64_t t, uint8_t byte)
{
    if (counter_rw(c) == RW_LOW) {
        counter_set_count(c, t, byte);
    } else if (counter_rw(c) == RW_HIGH) {
        counter_set_count(c, t, (unsigned)byte << 8);
    } else if (!c->write_high) {
        counter_set_low(c, t, byte);
    } else {
        c->write_high = false;
        counter_set_count(c, t, (unsigned)byte << 8 | c->low);
    }
}

void counter_set_control(struct pit_counter *c, uint64_t t, uint8_t control)
{
    c->held = counter_value(c, t);
    c->control = control;
    c->held_out = counter_mode(c) != 0;
    c->running = false;
    c->next = 0;
    c->write_high = c->read_high = c->status_latched = false;
    c->latch_left = 0;
}

void counter_set_gate(struct pit_counter *c, uint64_t t, bool gate)
{
    if (gate == c->gate)
        return;
    if (!gate) {
        uint64_t elapsed = counter_elapsed(c, t);
        c->gate = false;
        if (!counter_triggered(c))
            c->shift = elapsed;
        return;
    }
    if (counter_triggered(c) || counter_periodic(c)) {
        /* The trigger: begin again, with the new count when there is one. */
        if (c->next || c->running)
            counter_load(c, t, c->next ? c->next : c->count);
    } else if (c->origin < t) {
        c->origin = t;
    }
    c->gate = true;
}

void counter_latch_count(struct pit_counter *c, uint64_t t)
{
    if (c->latch_left)
        return;
    c->latch = counter_value(c, t);
    c->latch_left = counter_rw(c) == RW_BOTH ? 2 : 1;
}

void counter_latch_status(struct pit_counter *c, uint64_t t)
{
    if (c->status_latched)
        return;
    c->status = counter_status(c, t);
    c->status_latched = true;
}

uint8_t counter_read(struct pit_counter *c, uint64_t t)
{
    if (c->status_latched) {
        c->status_latched = false;
        return c->status;
    }
    uint16_t value = c->latch_left ? c->latch : counter_value(c, t);
    bool high = counter_rw(c) == RW_HIGH;
    if (counter_rw(c) == RW_BOTH && c->latch_left) {
        high = c->latch_left == 1;
    } else if (counter_rw(c) == RW_BOTH) {
        high = c->read_high;
        c->read_high = !high;
    }
    if (c->latch_left)
        c->latch_left--;
    return (uint8_t)(high ? value >> 8 : value);
}

void counter_init(struct pit_counter *c, bool gate)
{
    *c = (struct pit_counter){.control = RW_BOTH << 4 | 3 << 1, .gate = gate, .held_out = true};
}

void counter_fields(struct state *s, struct pit_counter *c)
{
    state_mask(s, &c->control, 0x3f);
    state_bool(s, &c->gate);
    state_bool(s, &c->running);
    state_u64(s, &c->origin);
    state_u64(s, &c->shift);
    state_u64(s, &c->reload);
    state_u32(s, &c->count);
    state_u32(s, &c->next);
    state_u16(s, &c->held);
    state_bool(s, &c->held_out);
    state_bool(s, &c->write_high);
    state_bool(s, &c->read_high);
    state_u8(s, &c->low);
    state_u16(s, &c->latch);
    state_max(s, &c->latch_left, counter_rw(c) == RW_BOTH ? 2 : 1);
    state_u8(s, &c->status);
    state_bool(s, &c->status_latched);
    state_require(s, counter_rw(c) != 0 && c->count <= 0x10000 && c->next <= 0x10000 &&
                         (c->count || !c->running));
    state_require(s,
                  c->origin <= PIT_PULSES_MAX && c->shift <= PIT_PULSES_MAX && c->reload <= PIT_PULSES_MAX);
}
