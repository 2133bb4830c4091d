/*
 * The MC146818A real-time clock with 128 bytes of battery-backed RAM (CMOS), behind an index and a data port.
 * The first fourteen bytes are the clock: once a second an update cycle moves the time on, compares it with
 * the alarm and may interrupt (IRQ 8); a divider of the same crystal gives a periodic interrupt.  A PC's
 * firmware keeps its settings and memory sizes in the rest.
 *
 * Called by the bus, and by the clock through deadline_ns and elapse.  Nothing ticks: every call first
 * carries out the update cycles and periods that have passed.
 *
 * Simplified: the crystal is 32.768 kHz, and the divider settings for the two faster crystals count like the
 * one for it.  Changing the format (12/24 hours, BCD/binary) while the clock runs re-codes its bytes, where
 * the data sheet only says that they must be written anew.  The daylight-saving bit and the square-wave
 * output are kept, not acted on. Bit 7 of the index port, the PC's NMI mask, is ignored.
 *
 * Manual: Motorola MC146818A data sheet, sections "Update Cycle", "Interrupts", "Registers A, B, C, D".
 */
#include "device/rtc_time.h"
#include "device/show.h"
#include "device/state.h"
#include "device/types.h"

#include <inttypes.h>
#include <stdlib.h>

/* The first RTC_RAM names are in the order of the register file. */
static const char *const rtc_regs[] = {"SEC",  "SECALARM", "MIN",   "MINALARM", "HOUR", "HOURALARM",
                                       "WDAY", "MDAY",     "MONTH", "YEAR",     "REGA", "REGB",
                                       "REGC", "REGD",     "CMOS",  "CENTURY",  "INDEX"};

enum rtc_reg { R_CMOS = RTC_RAM, R_CENTURY, R_INDEX };

enum {
    A_UIP = 0x80,
    A_RATE = 0x0f,
    B_SET = 0x80,
    B_SQWE = 0x08,
    INT_PERIODIC = 0x40, /* the same bits enable in B and flag in C */
    INT_ALARM = 0x20,
    INT_UPDATE = 0x10,
    INT_ALL = 0x70,
    C_IRQF = 0x80,
    D_VRT = 0x80,
    CRYSTAL_HZ = 32768,
    UPDATE_NS = (244 + 1984) * 1000, /* UIP leads the update cycle by 244 us, which takes 1984 us */
};

static const uint64_t second_ns = 1000000000;

/* Update cycles end when clock time plus `skew_ns` is a whole number of seconds. Up to `seen_ns` they are
 * carried out. */
struct rtc {
    struct device dev;
    uint8_t regs[RTC_BYTES];
    uint8_t index;
    uint64_t seen_ns;
    uint32_t skew_ns;
};

static struct rtc *rtc_of(struct device *d)
{
    return (struct rtc *)d;
}

static const struct rtc *rtc_of_const(const struct device *d)
{
    return (const struct rtc *)d;
}

/* The divider counts at settings 0 to 2; 6 and 7 hold it in reset, the others are for the factory. */
static bool rtc_divides(const struct rtc *r)
{
    return (r->regs[RTC_A] >> 4 & 7) <= 2;
}

static bool rtc_updates(const struct rtc *r)
{
    return rtc_divides(r) && !(r->regs[RTC_B] & B_SET);
}

/* Crystal cycles between two periodic flags, 0 for none: 1 is as slow as 8 and 2 as 9, the others double. */
static uint64_t rtc_period(const struct rtc *r)
{
    unsigned rate = r->regs[RTC_A] & A_RATE;
    if (rate == 0)
        return 0;
    return UINT64_C(1) << (rate <= 2 ? rate + 6 : rate - 1);
}

static uint64_t cycles_at(uint64_t ns)
{
    return ns / second_ns * CRYSTAL_HZ + ns % second_ns * CRYSTAL_HZ / second_ns;
}

/* The first nanosecond of a crystal cycle. */
static uint64_t cycle_ns(uint64_t cycle)
{
    return cycle / CRYSTAL_HZ * second_ns + (cycle % CRYSTAL_HZ * second_ns + CRYSTAL_HZ - 1) / CRYSTAL_HZ;
}

/* `n` update cycles at once. */
static void rtc_update(struct rtc *r, uint64_t n)
{
    struct rtc_time time = rtc_time_load(r->regs);
    uint32_t alarm = rtc_time_until_alarm(r->regs, &time);
    if (alarm && alarm <= n)
        r->regs[RTC_C] |= INT_ALARM;
    time = rtc_time_add(&time, n);
    rtc_time_store(r->regs, &time);
    r->regs[RTC_C] |= INT_UPDATE;
}

/* Carries out what was due by `now_ns`, without touching the pin. */
static void rtc_advance(struct rtc *r, uint64_t now_ns)
{
    if (now_ns <= r->seen_ns)
        return;
    uint64_t from = r->seen_ns + r->skew_ns, to = now_ns + r->skew_ns;
    r->seen_ns = now_ns;
    if (rtc_updates(r) && to / second_ns != from / second_ns)
        rtc_update(r, to / second_ns - from / second_ns);
    uint64_t period = rtc_period(r);
    if (rtc_divides(r) && period && cycles_at(to) / period != cycles_at(from) / period)
        r->regs[RTC_C] |= INT_PERIODIC;
}

static bool rtc_interrupts(const struct rtc *r)
{
    return r->regs[RTC_B] & r->regs[RTC_C] & INT_ALL;
}

static void rtc_follow(struct rtc *r, uint64_t now_ns)
{
    rtc_advance(r, now_ns);
    device_irq(&r->dev, rtc_interrupts(r));
}

static void rtc_elapse(struct device *d, uint64_t now_ns)
{
    rtc_follow(rtc_of(d), now_ns);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t rtc_deadline_ns(const struct device *d)
{
    const struct rtc *r = rtc_of_const(d);
    uint8_t enabled = r->regs[RTC_B];
    uint64_t due = DEVICE_NEVER_NS, now = r->seen_ns + r->skew_ns, period = rtc_period(r);
    if (rtc_interrupts(r) || !rtc_divides(r))
        return DEVICE_NEVER_NS;
    if ((enabled & INT_PERIODIC) && period)
        due = cycle_ns((cycles_at(now) / period + 1) * period);
    if ((enabled & INT_UPDATE) && rtc_updates(r))
        due = earlier(due, (now / second_ns + 1) * second_ns);
    if ((enabled & INT_ALARM) && rtc_updates(r)) {
        struct rtc_time time = rtc_time_load(r->regs);
        uint32_t alarm = rtc_time_until_alarm(r->regs, &time);
        if (alarm)
            due = earlier(due, (now / second_ns + alarm) * second_ns);
    }
    return due == DEVICE_NEVER_NS ? due : due - r->skew_ns;
}

static uint8_t rtc_reg_of(uint8_t index)
{
    if (index < RTC_RAM)
        return index;
    return index == RTC_CENTURY ? R_CENTURY : R_CMOS;
}

static bool rtc_updating(const struct rtc *r)
{
    return rtc_updates(r) && (r->seen_ns + r->skew_ns) % second_ns >= second_ns - UPDATE_NS;
}

static uint8_t rtc_flags(const struct rtc *r)
{
    return (uint8_t)(r->regs[RTC_C] | (rtc_interrupts(r) ? C_IRQF : 0));
}

static void rtc_read(struct device *d, struct access *a)
{
    struct rtc *r = rtc_of(d);
    if (a->offset == 0) {
        a->reg = R_INDEX; /* write-only: nobody drives the bus */
        a->value = 0xff;
        return;
    }
    rtc_follow(r, device_now_ns(d));
    a->reg = rtc_reg_of(r->index);
    a->value = r->regs[r->index];
    if (r->index == RTC_A && rtc_updating(r))
        a->value |= A_UIP;
    if (r->index == RTC_C) {
        a->value = rtc_flags(r);
        r->regs[RTC_C] = 0;
        device_irq(d, false);
    }
}

/* When the divider is let go, the first update comes half a second later. */
static void rtc_write_a(struct rtc *r, uint8_t value)
{
    bool stood = !rtc_divides(r);
    r->regs[RTC_A] = (uint8_t)(value & ~A_UIP);
    if (stood && rtc_divides(r))
        r->skew_ns = (uint32_t)((second_ns - (r->seen_ns + second_ns / 2) % second_ns) % second_ns);
}

/* SET stops the updates, so that the guest can write the time byte by byte, in the format that it says. */
static void rtc_write_b(struct rtc *r, uint8_t value)
{
    uint8_t old = r->regs[RTC_B];
    if ((value & B_SET) && !(old & B_SET))
        value &= (uint8_t)~INT_UPDATE;
    bool reformats = (value ^ old) & (RTC_B_24H | RTC_B_DM);
    if (reformats && !((value | old) & B_SET))
        rtc_time_recode(r->regs, value);
    r->regs[RTC_B] = value;
}

static void rtc_write(struct device *d, struct access *a)
{
    struct rtc *r = rtc_of(d);
    uint8_t value = (uint8_t)a->value;
    if (a->offset == 0) {
        a->reg = R_INDEX;
        r->index = value & (RTC_BYTES - 1);
        return;
    }
    a->reg = rtc_reg_of(r->index);
    rtc_advance(r, device_now_ns(d));
    if (r->index == RTC_A)
        rtc_write_a(r, value);
    else if (r->index == RTC_B)
        rtc_write_b(r, value);
    else if (r->index != RTC_C && r->index != RTC_D)
        r->regs[r->index] = value;
    device_irq(d, rtc_interrupts(r));
}

void rtc_cmos_set(struct device *rtc, unsigned index, uint8_t value)
{
    if (index >= RTC_RAM && index < RTC_BYTES)
        rtc_of(rtc)->regs[index] = value;
}

/* The chip's RESET pin leaves time and RAM alone, which a battery keeps; it only ends and disables
 * interrupts. */
static void rtc_reset(struct device *d)
{
    struct rtc *r = rtc_of(d);
    rtc_advance(r, device_now_ns(d));
    r->regs[RTC_B] &= (uint8_t) ~(INT_ALL | B_SQWE);
    r->regs[RTC_C] = 0;
    r->index = RTC_D;
    device_irq(d, false);
}

static struct device *rtc_create(const struct device_wires *wires, struct err *e)
{
    struct rtc *r = calloc(1, sizeof(*r));
    if (!r) {
        err_set(e, "rtc: out of memory");
        return NULL;
    }
    r->dev = (struct device){.ops = &rtc_ops, .wires = *wires};
    r->regs[RTC_A] = 0x26; /* 32.768 kHz, 1024 periods a second: what a PC's firmware sets */
    r->regs[RTC_B] = RTC_B_24H;
    r->regs[RTC_D] = D_VRT;
    r->index = RTC_D;
    struct rtc_time time = rtc_time_from_unix(wires->wall_start_s);
    rtc_time_store(r->regs, &time);
    return &r->dev;
}

static void rtc_destroy(struct device *d)
{
    free(rtc_of(d));
}

static const char *const wday_words[] = {"",          "Sunday",   "Monday", "Tuesday",
                                         "Wednesday", "Thursday", "Friday", "Saturday"};
static const char *const b_bits[8] = {"DSE", "24H", "DM", "SQWE", "UIE", "AIE", "PIE", "SET"};
static const char *const c_bits[8] = {NULL, NULL, NULL, NULL, "UF", "AF", "PF", "IRQF"};
static const char *const d_bits[8] = {[7] = "VRT"};

static void rtc_describe_rate(const struct rtc *r, struct text *out)
{
    uint8_t a = (uint8_t)(r->regs[RTC_A] | (rtc_updating(r) ? A_UIP : 0));
    uint64_t period = rtc_period(r);
    const char *update = rtc_updating(r) ? "; UIP: the time is about to change" : "";
    if (!rtc_divides(r))
        show_note(out, 5, "REGA", a, "divider held: the clock stands");
    else if (!period)
        show_note(out, 5, "REGA", a, "no periodic rate%s", update);
    else
        show_note(out, 5, "REGA", a, "%" PRIu64 " periods a second%s", CRYSTAL_HZ / period, update);
}

/* RAM in rows of sixteen, those that are all zero left out. */
static void rtc_describe_ram(const struct rtc *r, struct text *out)
{
    for (unsigned row = 0; row < RTC_BYTES; row += 16) {
        unsigned any = 0;
        for (unsigned i = row; i < row + 16; i++)
            any |= r->regs[i];
        if (!any)
            continue;
        text_addf(out, "CMOS   %02x ", row);
        for (unsigned i = row; i < row + 16; i++)
            text_addf(out, " %02x", r->regs[i]);
        text_addc(out, '\n');
    }
}

static void rtc_describe(const struct device *d, struct text *out)
{
    struct rtc r = *rtc_of_const(d);
    rtc_advance(&r, device_now_ns(d));
    struct rtc_time t = rtc_time_load(r.regs);
    text_addf(out, "TIME   %04" PRId64 "-%02u-%02u %02u:%02u:%02u %s%s\n", t.year, t.month, t.mday, t.hour,
              t.min, t.sec, wday_words[t.wday], r.regs[RTC_B] & B_SET ? ", stopped by SET" : "");
    text_addf(out, "ALARM  %02x:%02x:%02x (a byte from c0 up matches all)\n", r.regs[RTC_HOUR_ALARM],
              r.regs[RTC_MIN_ALARM], r.regs[RTC_SEC_ALARM]);
    rtc_describe_rate(&r, out);
    show_reg(out, 5, "REGB", r.regs[RTC_B], b_bits);
    show_reg(out, 5, "REGC", rtc_flags(&r), c_bits);
    show_reg(out, 5, "REGD", r.regs[RTC_D], d_bits);
    show_note(out, 5, "INDEX", r.index, "the data port is %s", rtc_regs[rtc_reg_of(r.index)]);
    rtc_describe_ram(&r, out);
}

static void rtc_fields(struct state *s, struct rtc *r)
{
    state_bytes(s, r->regs, sizeof(r->regs));
    state_max(s, &r->index, RTC_BYTES - 1);
    state_u64(s, &r->seen_ns);
    state_u32(s, &r->skew_ns);
    state_require(s, !(r->regs[RTC_A] & A_UIP) && !(r->regs[RTC_C] & ~INT_ALL) && r->regs[RTC_D] == D_VRT);
    state_require(s, r->seen_ns <= INT64_MAX && r->skew_ns < second_ns);
}

static void rtc_save(const struct device *d, struct text *out)
{
    struct rtc copy = *rtc_of_const(d);
    struct state s = state_saving(out, STATE_RTC, 1);
    rtc_fields(&s, &copy);
}

static int rtc_restore(struct device *d, const uint8_t *p, size_t len, struct err *e)
{
    struct rtc copy = *rtc_of(d);
    struct state s = state_loading(p, len, STATE_RTC, 1);
    rtc_fields(&s, &copy);
    if (state_finish(&s, e))
        return err_wrap(e, "rtc");
    *rtc_of(d) = copy;
    return 0;
}

const struct device_ops rtc_ops = {
    .name = "rtc",
    .summary = "MC146818A real-time clock and CMOS RAM",
    .lesson = "A clock with a battery, and 128 bytes beside it that the same battery keeps: write a byte's "
              "index to port 0x70, "
              "then read or write it at 0x71. Time is in BCD unless register B says otherwise. Look at UIP "
              "in register A "
              "before reading, or the seconds may change between two bytes. IRQ 8 stays up until register C "
              "is read. "
              "Motorola MC146818A data sheet.",
    .regs = rtc_regs,
    .reg_count = sizeof(rtc_regs) / sizeof(rtc_regs[0]),
    .create = rtc_create,
    .destroy = rtc_destroy,
    .reset = rtc_reset,
    .read = rtc_read,
    .write = rtc_write,
    .describe = rtc_describe,
    .save = rtc_save,
    .restore = rtc_restore,
    .deadline_ns = rtc_deadline_ns,
    .elapse = rtc_elapse,
};
