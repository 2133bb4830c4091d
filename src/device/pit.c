/*
 * The 8254 programmable interval timer and port 0x61 next to it.  Counter 0's OUT is IRQ 0, the tick of
 * nearly every PC operating system; counter 1 once timed the refresh of the memory; counter 2 makes the
 * speaker's tone and is gated from port 0x61, where its OUT can be read back.
 *
 * Called by the bus, and by the clock through deadline_ns and elapse: the deadline is the next rise of OUT 0.
 *
 * The pin towards the interrupt controller gets each rise of OUT 0 as the pair low, high at the moment of the
 * rise; when OUT falls by itself the pin stays up till then, which halves the wake-ups and lets a tick wait
 * for the handler a whole period.  A fall or rise that a register write causes is passed on at once.  When
 * elapse() comes late by several periods, one edge is given and the phase is kept: the other ticks are lost,
 * as they are on a PC that leaves interrupts off too long.
 *
 * Simplified: the refresh bit of port 0x61 toggles every 18 pulses (15.085 us), whatever counter 1 is set to;
 * there is no sound.
 *
 * Manual: Intel 8254 data sheet; IBM AT Technical Reference, "System Board", port 61h.
 */
#include "device/pit_counter.h"
#include "device/show.h"
#include "device/state.h"
#include "device/types.h"

#include <stdlib.h>

enum pit_reg { R_COUNT0, R_COUNT1, R_COUNT2, R_CW, R_LATCH, R_READBACK, R_STATUS, R_PORTB };

static const char *const pit_regs[] = {"COUNT0", "COUNT1",   "COUNT2", "CW",
                                       "LATCH",  "READBACK", "STATUS", "PORTB"};

enum {
    PIT_COUNTERS = 3,
    CONTROL_OFFSET = 3,
    READBACK_NO_COUNT = 0x20,
    READBACK_NO_STATUS = 0x10,
    PORTB_GATE2 = 0x01,
    PORTB_SPEAKER = 0x02,
    PORTB_WRITABLE = 0x0f, /* with the two parity-check enables, which are only kept */
    PORTB_REFRESH = 0x10,
    PORTB_OUT2 = 0x20,
    REFRESH_PULSES = 18,
};

/* `seen`: rises of OUT 0 up to this clock pulse have been passed on. */
struct pit {
    struct device dev;
    struct pit_counter counters[PIT_COUNTERS];
    uint64_t seen;
    uint8_t port_b;
};

static struct pit *pit_of(struct device *d)
{
    return (struct pit *)d;
}

static const struct pit *pit_of_const(const struct device *d)
{
    return (const struct pit *)d;
}

static const uint64_t second_ns = 1000000000;

/* Clock pulses up to a time. */
static uint64_t pulses_at(uint64_t ns)
{
    return ns / second_ns * PIT_HZ + ns % second_ns * PIT_HZ / second_ns;
}

/* The first nanosecond at which pulse `t` has come. */
static uint64_t pulse_ns(uint64_t t)
{
    if (t / PIT_HZ >= DEVICE_NEVER_NS / second_ns)
        return DEVICE_NEVER_NS;
    return t / PIT_HZ * second_ns + (t % PIT_HZ * second_ns + PIT_HZ - 1) / PIT_HZ;
}

static uint64_t pit_now(const struct pit *p)
{
    uint64_t t = pulses_at(device_now_ns(&p->dev));
    return t > p->seen ? t : p->seen;
}

static void pit_raise(struct pit *p)
{
    device_irq(&p->dev, false);
    device_irq(&p->dev, true);
}

/* Lets everything happen that was due by pulse `t`. */
static void pit_follow(struct pit *p, uint64_t t)
{
    bool rose = t > p->seen && counter_next_rise(&p->counters[0], p->seen) <= t;
    for (unsigned i = 0; i < PIT_COUNTERS; i++)
        counter_advance(&p->counters[i], t);
    if (t > p->seen)
        p->seen = t;
    if (rose)
        pit_raise(p);
}

static void pit_elapse(struct device *d, uint64_t now_ns)
{
    pit_follow(pit_of(d), pulses_at(now_ns));
}

static uint64_t pit_deadline_ns(const struct device *d)
{
    const struct pit *p = pit_of_const(d);
    return pulse_ns(counter_next_rise(&p->counters[0], p->seen));
}

static void pit_read_back(struct pit *p, uint64_t t, uint8_t command)
{
    for (unsigned i = 0; i < PIT_COUNTERS; i++) {
        if (!(command >> (i + 1) & 1))
            continue;
        if (!(command & READBACK_NO_COUNT))
            counter_latch_count(&p->counters[i], t);
        if (!(command & READBACK_NO_STATUS))
            counter_latch_status(&p->counters[i], t);
    }
}

static uint8_t pit_write_control(struct pit *p, uint64_t t, uint8_t value)
{
    unsigned which = value >> 6;
    if (which == PIT_COUNTERS) {
        pit_read_back(p, t, value);
        return R_READBACK;
    }
    if (!(value & 0x30)) {
        counter_latch_count(&p->counters[which], t);
        return R_LATCH;
    }
    counter_set_control(&p->counters[which], t, value & 0x3f);
    return R_CW;
}

static uint8_t pit_write_port_b(struct pit *p, uint64_t t, uint8_t value)
{
    p->port_b = value & PORTB_WRITABLE;
    counter_set_gate(&p->counters[2], t, value & PORTB_GATE2);
    return R_PORTB;
}

static void pit_write(struct device *d, struct access *a)
{
    struct pit *p = pit_of(d);
    uint64_t t = pit_now(p);
    uint8_t value = (uint8_t)a->value;
    pit_follow(p, t);
    bool before = counter_out(&p->counters[0], t);
    if (a->region == 1) {
        a->reg = pit_write_port_b(p, t, value);
    } else if (a->offset >= CONTROL_OFFSET) {
        a->reg = pit_write_control(p, t, value);
    } else {
        a->reg = (uint8_t)(R_COUNT0 + a->offset);
        counter_write(&p->counters[a->offset], t, value);
    }
    bool after = counter_out(&p->counters[0], t);
    if (before && !after)
        device_irq(d, false);
    else if (!before && after)
        pit_raise(p);
}

static uint8_t pit_port_b(const struct pit *p, uint64_t t)
{
    bool refresh = t / REFRESH_PULSES % 2;
    return (uint8_t)(p->port_b | (refresh ? PORTB_REFRESH : 0) |
                     (counter_out(&p->counters[2], t) ? PORTB_OUT2 : 0));
}

static void pit_read(struct device *d, struct access *a)
{
    struct pit *p = pit_of(d);
    uint64_t t = pit_now(p);
    pit_follow(p, t);
    if (a->region == 1) {
        a->reg = R_PORTB;
        a->value = pit_port_b(p, t);
    } else if (a->offset >= CONTROL_OFFSET) {
        a->reg = R_CW; /* write-only: nobody drives the bus */
        a->value = 0xff;
    } else {
        struct pit_counter *c = &p->counters[a->offset];
        a->reg = (uint8_t)(c->status_latched ? R_STATUS : R_COUNT0 + a->offset);
        a->value = counter_read(c, t);
    }
}

/* An 8254 has no reset pin; a machine's reset brings back what its firmware would have left. */
static void pit_power_on(struct pit *p)
{
    for (unsigned i = 0; i < PIT_COUNTERS; i++)
        counter_init(&p->counters[i], i != 2);
    p->port_b = 0;
}

static void pit_reset(struct device *d)
{
    pit_power_on(pit_of(d));
    device_irq(d, false);
}

static struct device *pit_create(const struct device_wires *wires, struct err *e)
{
    struct pit *p = calloc(1, sizeof(*p));
    if (!p) {
        err_set(e, "pit: out of memory");
        return NULL;
    }
    p->dev = (struct device){.ops = &pit_ops, .wires = *wires};
    pit_power_on(p);
    return &p->dev;
}

static void pit_destroy(struct device *d)
{
    free(pit_of(d));
}

static const char *const mode_words[] = {
    "interrupt on terminal count", "one-shot started by GATE", "rate generator", "square wave",
    "strobe started by the count", "strobe started by GATE"};
static const char *const rw_words[] = {"", "low byte only", "high byte only", "low byte, then high byte"};
static const char *const up_words[] = {"down", "up"};

static void pit_describe_counter(const struct pit_counter *c, unsigned i, uint64_t t, struct text *out)
{
    unsigned mode = counter_mode(c);
    text_addf(out, "CW%u     %02x    mode %u, %s; %s; %s\n", i, c->control, mode, mode_words[mode],
              rw_words[c->control >> 4], c->control & 1 ? "BCD" : "binary");
    text_addf(out, "COUNT%u  %04x  ", i, counter_value(c, t));
    if (!c->running)
        text_add(out, "no count yet");
    else if (mode == 2 || mode == 3)
        text_addf(out, "of %u, %.3f Hz", c->count, (double)PIT_HZ / c->count);
    else
        text_addf(out, "of %u", c->count);
    if (c->next)
        text_addf(out, ", then %u", c->next);
    text_addf(out, "; OUT %s, GATE %s", up_words[counter_out(c, t)], up_words[c->gate]);
    if (c->write_high)
        text_addf(out, "; low byte %02x written, high byte due", c->low);
    if (c->read_high)
        text_add(out, "; high byte to be read");
    if (c->latch_left)
        text_addf(out, "; latched %04x, %u to read", c->latch, c->latch_left);
    if (c->status_latched)
        text_addf(out, "; latched status %02x", c->status);
    text_addc(out, '\n');
}

static void pit_describe(const struct device *d, struct text *out)
{
    struct pit now = *pit_of_const(d);
    uint64_t t = pit_now(&now);
    for (unsigned i = 0; i < PIT_COUNTERS; i++) {
        counter_advance(&now.counters[i], t);
        pit_describe_counter(&now.counters[i], i, t, out);
    }
    uint8_t b = pit_port_b(&now, t);
    text_addf(out, "PORTB   %02x    gate 2 %s, speaker %s, refresh %s, OUT2 %s\n", b,
              b & PORTB_GATE2 ? "on" : "off", b & PORTB_SPEAKER ? "on" : "off",
              up_words[(b & PORTB_REFRESH) != 0], up_words[(b & PORTB_OUT2) != 0]);
}

/* GATE 0 and 1 are tied high on the board, GATE 2 follows port 0x61. A count is loaded one pulse after the
 * write. */
static void pit_fields(struct state *s, struct pit *p)
{
    for (unsigned i = 0; i < PIT_COUNTERS; i++)
        counter_fields(s, &p->counters[i]);
    state_u64(s, &p->seen);
    state_mask(s, &p->port_b, PORTB_WRITABLE);
    state_require(s, p->seen <= PIT_PULSES_MAX);
    for (unsigned i = 0; i < PIT_COUNTERS; i++) {
        bool gate = i != 2 || (p->port_b & PORTB_GATE2);
        state_require(s, p->counters[i].gate == gate && p->counters[i].origin <= p->seen + 1);
    }
}

static void pit_save(const struct device *d, struct text *out)
{
    struct pit copy = *pit_of_const(d);
    struct state s = state_saving(out, STATE_PIT, 1);
    pit_fields(&s, &copy);
}

static int pit_restore(struct device *d, const uint8_t *p, size_t len, struct err *e)
{
    struct pit copy = *pit_of(d);
    struct state s = state_loading(p, len, STATE_PIT, 1);
    pit_fields(&s, &copy);
    if (state_finish(&s, e))
        return err_wrap(e, "pit");
    *pit_of(d) = copy;
    return 0;
}

const struct device_ops pit_ops = {
    .name = "pit",
    .summary = "8254 interval timer",
    .lesson = "Three counters go down with a 1 193 182 Hz clock (a third of the NTSC colour carrier, since "
              "the first PC had "
              "that crystal). What happens at zero is the counter's mode: mode 2 and 3 start again, which "
              "makes counter 0 "
              "the tick on IRQ 0; 65536 pulses give the famous 18.2 Hz. Ports 0x40 to 0x42 are the counts, "
              "one byte at a "
              "time, 0x43 the control word. Intel 8254 data sheet.",
    .regs = pit_regs,
    .reg_count = sizeof(pit_regs) / sizeof(pit_regs[0]),
    .create = pit_create,
    .destroy = pit_destroy,
    .reset = pit_reset,
    .read = pit_read,
    .write = pit_write,
    .describe = pit_describe,
    .save = pit_save,
    .restore = pit_restore,
    .deadline_ns = pit_deadline_ns,
    .elapse = pit_elapse,
};
