/*
 * The clock bytes of the RTC: see rtc_time.h.  Days are counted in the proleptic Gregorian calendar from 1
 * March of year 0, which puts the leap day at the end of a year and makes the months' lengths regular.
 */
#include "device/rtc_time.h"

enum {
    HOUR_PM = 0x80,
    ALARM_ANY = 0xc0,
    DAY_S = 86400,
    DAYS_TO_1970 = 719468, /* from 1 March of year 0 */
    DAYS_400_YEARS = 146097,
};

static uint8_t byte_encode(const uint8_t regs[RTC_BYTES], unsigned v)
{
    return (uint8_t)(regs[RTC_B] & RTC_B_DM ? v : v / 10 % 10 << 4 | v % 10);
}

static unsigned byte_decode(const uint8_t regs[RTC_BYTES], uint8_t b)
{
    return regs[RTC_B] & RTC_B_DM ? b : (b >> 4) * 10u + (b & 15u);
}

static uint8_t hour_encode(const uint8_t regs[RTC_BYTES], unsigned hour)
{
    if (regs[RTC_B] & RTC_B_24H)
        return byte_encode(regs, hour);
    uint8_t b = byte_encode(regs, hour % 12 ? hour % 12 : 12);
    return hour < 12 ? b : (uint8_t)(b | HOUR_PM);
}

static unsigned hour_decode(const uint8_t regs[RTC_BYTES], uint8_t b)
{
    if (regs[RTC_B] & RTC_B_24H)
        return byte_decode(regs, b);
    return byte_decode(regs, b & 0x7f) % 12 + (b & HOUR_PM ? 12 : 0);
}

static unsigned clamp(unsigned v, unsigned low, unsigned high)
{
    return v < low ? low : v > high ? high : v;
}

/* Days since 1 January 1970. */
static int64_t days_from_date(int64_t year, unsigned month, unsigned mday)
{
    if (month < 3)
        year--;
    unsigned march_month = (month + 9) % 12; /* March is 0 */
    int64_t in_year = (153 * march_month + 2) / 5 + mday - 1;
    int64_t eras = year / 400, y = year % 400;
    if (y < 0) {
        eras--;
        y += 400;
    }
    return eras * DAYS_400_YEARS + y * 365 + y / 4 - y / 100 + in_year - DAYS_TO_1970;
}

/* The year, month and day of a day counted from 1 January 1970. */
static void date_from_days(int64_t days, struct rtc_time *out)
{
    days += DAYS_TO_1970;
    int64_t eras = days / DAYS_400_YEARS, d = days % DAYS_400_YEARS;
    if (d < 0) {
        eras--;
        d += DAYS_400_YEARS;
    }
    int64_t y = (d - d / 1460 + d / 36524 - d / 146096) / 365;
    int64_t in_year = d - (365 * y + y / 4 - y / 100);
    unsigned march_month = (unsigned)((5 * in_year + 2) / 153);
    out->mday = (unsigned)(in_year - (153 * march_month + 2) / 5 + 1);
    out->month = march_month < 10 ? march_month + 3 : march_month - 9;
    out->year = eras * 400 + y + (out->month < 3);
}

static unsigned seconds_of_day(const struct rtc_time *t)
{
    return t->hour * 3600 + t->min * 60 + t->sec;
}

static void set_seconds_of_day(struct rtc_time *t, unsigned s)
{
    t->hour = s / 3600;
    t->min = s / 60 % 60;
    t->sec = s % 60;
}

struct rtc_time rtc_time_from_unix(uint64_t unix_s)
{
    const struct rtc_time epoch = {.year = 1970, .month = 1, .mday = 1, .wday = 5};
    return rtc_time_add(&epoch, unix_s);
}

struct rtc_time rtc_time_add(const struct rtc_time *time, uint64_t seconds)
{
    struct rtc_time t = *time;
    seconds += seconds_of_day(time);
    uint64_t days = seconds / DAY_S;
    set_seconds_of_day(&t, (unsigned)(seconds % DAY_S));
    if (days == 0)
        return t;
    date_from_days(days_from_date(t.year, t.month, t.mday) + (int64_t)days, &t);
    t.wday = (unsigned)((t.wday - 1 + days) % 7 + 1);
    return t;
}

struct rtc_time rtc_time_load(const uint8_t regs[RTC_BYTES])
{
    unsigned century = byte_decode(regs, regs[RTC_CENTURY]);
    unsigned year = clamp(byte_decode(regs, regs[RTC_YEAR]), 0, 99);
    return (struct rtc_time){
        .year = (int64_t)century * 100 + year,
        .month = clamp(byte_decode(regs, regs[RTC_MONTH]), 1, 12),
        .mday = clamp(byte_decode(regs, regs[RTC_MDAY]), 1, 31),
        .wday = clamp(byte_decode(regs, regs[RTC_WDAY]), 1, 7),
        .hour = clamp(hour_decode(regs, regs[RTC_HOUR]), 0, 23),
        .min = clamp(byte_decode(regs, regs[RTC_MIN]), 0, 59),
        .sec = clamp(byte_decode(regs, regs[RTC_SEC]), 0, 59),
    };
}

void rtc_time_store(uint8_t regs[RTC_BYTES], const struct rtc_time *time)
{
    regs[RTC_SEC] = byte_encode(regs, time->sec);
    regs[RTC_MIN] = byte_encode(regs, time->min);
    regs[RTC_HOUR] = hour_encode(regs, time->hour);
    regs[RTC_WDAY] = byte_encode(regs, time->wday);
    regs[RTC_MDAY] = byte_encode(regs, time->mday);
    regs[RTC_MONTH] = byte_encode(regs, time->month);
    regs[RTC_YEAR] = byte_encode(regs, (unsigned)(time->year % 100));
    regs[RTC_CENTURY] = byte_encode(regs, (unsigned)(time->year / 100 % 100));
}

static bool alarm_any(uint8_t alarm)
{
    return (alarm & ALARM_ANY) == ALARM_ANY;
}

void rtc_time_recode(uint8_t regs[RTC_BYTES], uint8_t b)
{
    struct rtc_time now = rtc_time_load(regs);
    unsigned sec = byte_decode(regs, regs[RTC_SEC_ALARM]), min = byte_decode(regs, regs[RTC_MIN_ALARM]);
    unsigned hour = hour_decode(regs, regs[RTC_HOUR_ALARM]);
    regs[RTC_B] = b;
    rtc_time_store(regs, &now);
    if (!alarm_any(regs[RTC_SEC_ALARM]))
        regs[RTC_SEC_ALARM] = byte_encode(regs, sec);
    if (!alarm_any(regs[RTC_MIN_ALARM]))
        regs[RTC_MIN_ALARM] = byte_encode(regs, min);
    if (!alarm_any(regs[RTC_HOUR_ALARM]))
        regs[RTC_HOUR_ALARM] = hour_encode(regs, hour);
}

static bool alarm_matches(uint8_t alarm, uint8_t now)
{
    return alarm_any(alarm) || alarm == now;
}

/* Goes through the day by whole hours and minutes where those do not match, so that it takes some 150 steps
 * at most. */
uint32_t rtc_time_until_alarm(const uint8_t regs[RTC_BYTES], const struct rtc_time *time)
{
    struct rtc_time t = *time;
    unsigned start = seconds_of_day(time), at = start + 1;
    while (at <= start + DAY_S) {
        set_seconds_of_day(&t, at % DAY_S);
        if (!alarm_matches(regs[RTC_HOUR_ALARM], hour_encode(regs, t.hour)))
            at += 3600 - at % 3600;
        else if (!alarm_matches(regs[RTC_MIN_ALARM], byte_encode(regs, t.min)))
            at += 60 - at % 60;
        else if (!alarm_matches(regs[RTC_SEC_ALARM], byte_encode(regs, t.sec)))
            at++;
        else
            return at - start;
    }
    return 0;
}
