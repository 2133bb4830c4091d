/*
 * The ten clock bytes of the RTC and the calendar behind them: binary-coded decimal or binary, 12 or 24
 * hours, two-digit years with the century in a byte of their own.  Pure functions on the register file; rtc.c
 * has the device.
 *
 * Manual: Motorola MC146818A data sheet, "Time, Calendar, and Alarm Locations" (the table of data modes).
 */
#ifndef RINGSIDE_DEVICE_RTC_TIME_H
#define RINGSIDE_DEVICE_RTC_TIME_H

#include <stdbool.h>
#include <stdint.h>

enum { RTC_BYTES = 128 };

/* Indexes into the register file. The century is where the PC's firmware keeps it, not the chip's idea. */
enum rtc_index {
    RTC_SEC,
    RTC_SEC_ALARM,
    RTC_MIN,
    RTC_MIN_ALARM,
    RTC_HOUR,
    RTC_HOUR_ALARM,
    RTC_WDAY,
    RTC_MDAY,
    RTC_MONTH,
    RTC_YEAR,
    RTC_A,
    RTC_B,
    RTC_C,
    RTC_D,
    RTC_RAM,
    RTC_CENTURY = 0x32,
};

enum {
    RTC_B_24H = 0x02,
    RTC_B_DM = 0x04, /* binary */
};

/* What the clock bytes say. Weekday 1 is Sunday; it is counted, not worked out from the date. */
struct rtc_time {
    int64_t year;
    unsigned month, mday, wday; /* from 1 */
    unsigned hour, min, sec;
};

/* The date and time of day (UTC) of a Unix time. */
struct rtc_time rtc_time_from_unix(uint64_t unix_s);

/* Reads the clock bytes as register B's format says. Impossible values are taken to the nearest possible one.
 */
struct rtc_time rtc_time_load(const uint8_t regs[RTC_BYTES]);

/* Writes the clock bytes in register B's format. */
void rtc_time_store(uint8_t regs[RTC_BYTES], const struct rtc_time *time);

/* Gives register B the value `b` and says the same time, and the same alarm, in the format that it asks for.
 */
void rtc_time_recode(uint8_t regs[RTC_BYTES], uint8_t b);

/* `time` and `seconds` more. */
struct rtc_time rtc_time_add(const struct rtc_time *time, uint64_t seconds);

/* Seconds (1 to 86400) from `time` until the three alarm bytes match the time of day, or 0 when they never
 * will. A byte of 0xc0 or more matches everything. */
uint32_t rtc_time_until_alarm(const uint8_t regs[RTC_BYTES], const struct rtc_time *time);

#endif
