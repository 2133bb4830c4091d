/*
 * The MC146818A against its data sheet: the data modes of the clock bytes, the calendar, the update cycle and
 * the CMOS RAM.
 */
#include "device_rtc_bench.h"

#include <stdlib.h>

/* True when the clock bytes are these: century, year, month, day, weekday, hour, minute, second. */
static bool clock_is(struct rig *r, const uint8_t expect[8])
{
    static const uint8_t index[8] = {CENTURY, YEAR, MONTH, MDAY, WDAY, HOUR, MIN, SEC};
    bool same = true;
    for (size_t i = 0; i < 8; i++)
        same = same && get(r, index[i]) == expect[i];
    return same;
}

static void set_clock(struct rig *r, const uint8_t bytes[8])
{
    static const uint8_t index[8] = {CENTURY, YEAR, MONTH, MDAY, WDAY, HOUR, MIN, SEC};
    for (size_t i = 0; i < 8; i++)
        put(r, index[i], bytes[i]);
}

static void test_power_on(void)
{
    struct rig r;
    set_up(&r, leap_day_s);
    CU_ASSERT(clock_is(&r, (const uint8_t[]){0x20, 0x24, 0x02, 0x29, 5, 0x23, 0x59, 0x58}));
    CU_ASSERT_EQUAL(get(&r, REGA), 0x26);
    CU_ASSERT_EQUAL(get(&r, REGB), H24);
    CU_ASSERT_EQUAL(get(&r, REGC), 0);
    CU_ASSERT_EQUAL(get(&r, REGD), 0x80);
    CU_ASSERT_EQUAL(rig_read(&r, 0, 0), 0xff);
    CU_ASSERT(rig_hit(&r, "INDEX"));
    rig_write(&r, 0, 0, SEC);
    CU_ASSERT(rig_hit(&r, "INDEX"));
    CU_ASSERT(rig_shows(&r, "2024-02-29 23:59:58 Thursday"));
    rig_fini(&r);
}

/* Unix times against the calendar, the century years among them. */
static void test_calendar(void)
{
    static const struct {
        uint64_t unix_s;
        uint8_t bytes[8];
    } table[] = {
        {0, {0x19, 0x70, 0x01, 0x01, 5, 0x00, 0x00, 0x00}},
        {86399, {0x19, 0x70, 0x01, 0x01, 5, 0x23, 0x59, 0x59}},
        {86400, {0x19, 0x70, 0x01, 0x02, 6, 0x00, 0x00, 0x00}},
        {951782400, {0x20, 0x00, 0x02, 0x29, 3, 0x00, 0x00, 0x00}}, /* 2000 was a leap year */
        {951868800, {0x20, 0x00, 0x03, 0x01, 4, 0x00, 0x00, 0x00}},
        {1000000000, {0x20, 0x01, 0x09, 0x09, 1, 0x01, 0x46, 0x40}},
        {2147483647, {0x20, 0x38, 0x01, 0x19, 3, 0x03, 0x14, 0x07}},
        {4107542399, {0x21, 0x00, 0x02, 0x28, 1, 0x23, 0x59, 0x59}},
        {4107542400, {0x21, 0x00, 0x03, 0x01, 2, 0x00, 0x00, 0x00}}, /* 2100 will not be one */
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct rig r;
        set_up(&r, table[i].unix_s);
        CU_ASSERT(clock_is(&r, table[i].bytes));
        rig_fini(&r);
    }
}

/* Table "Time, Calendar, and Alarm Data Modes": the same hour in all four formats. */
static void test_data_modes(void)
{
    static const struct {
        unsigned hour;
        uint8_t bcd24, bin24, bcd12, bin12;
    } table[] = {{0, 0x00, 0, 0x12, 12},     {1, 0x01, 1, 0x01, 1},      {11, 0x11, 11, 0x11, 11},
                 {12, 0x12, 12, 0x92, 0x8c}, {13, 0x13, 13, 0x81, 0x81}, {22, 0x22, 22, 0x90, 0x8a},
                 {23, 0x23, 23, 0x91, 0x8b}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct rig r;
        set_up(&r, table[i].hour * 3600 + 59 * 60 + 48);
        CU_ASSERT_EQUAL(get(&r, HOUR), table[i].bcd24);
        CU_ASSERT_EQUAL(get(&r, MIN), 0x59);
        put(&r, REGB, H24 | DM);
        CU_ASSERT_EQUAL(get(&r, HOUR), table[i].bin24);
        CU_ASSERT_EQUAL(get(&r, MIN), 59);
        CU_ASSERT_EQUAL(get(&r, YEAR), 70);
        CU_ASSERT_EQUAL(get(&r, CENTURY), 19);
        put(&r, REGB, DM);
        CU_ASSERT_EQUAL(get(&r, HOUR), table[i].bin12);
        put(&r, REGB, 0);
        CU_ASSERT_EQUAL(get(&r, HOUR), table[i].bcd12);
        put(&r, REGB, H24);
        CU_ASSERT_EQUAL(get(&r, HOUR), table[i].bcd24);
        rig_fini(&r);
    }
}

/* The clock goes on in each format: past midnight, past the leap day, past the century. */
static void test_roll_over(void)
{
    static const struct {
        uint8_t b, from[8], to[8];
    } table[] = {
        {H24, {0x20, 0x24, 2, 0x28, 4, 0x23, 0x59, 0x59}, {0x20, 0x24, 2, 0x29, 5, 0, 0, 0}},
        {H24, {0x20, 0x23, 2, 0x28, 3, 0x23, 0x59, 0x59}, {0x20, 0x23, 3, 0x01, 4, 0, 0, 0}},
        {H24, {0x19, 0x99, 0x12, 0x31, 6, 0x23, 0x59, 0x59}, {0x20, 0x00, 0x01, 0x01, 7, 0, 0, 0}},
        {H24 | DM, {20, 99, 12, 31, 7, 23, 59, 59}, {21, 0, 1, 1, 1, 0, 0, 0}},
        {H24, {0, 0, 1, 0x31, 2, 0x23, 0x59, 0x59}, {0, 0, 2, 0x01, 3, 0, 0, 0}},
        {H24, {0, 0, 2, 0x29, 2, 0x23, 0x59, 0x59}, {0, 0, 3, 0x01, 3, 0, 0, 0}},
        {H24, {0x04, 0x00, 2, 0x28, 2, 0x23, 0x59, 0x59}, {0x04, 0x00, 2, 0x29, 3, 0, 0, 0}},
        {0, {0x20, 0x25, 0x06, 0x30, 2, 0x91, 0x59, 0x59}, {0x20, 0x25, 0x07, 0x01, 3, 0x12, 0, 0}},
        {0, {0x20, 0x25, 0x06, 0x30, 2, 0x11, 0x59, 0x59}, {0x20, 0x25, 0x06, 0x30, 2, 0x92, 0, 0}},
        {DM, {20, 25, 6, 30, 2, 12, 59, 59}, {20, 25, 6, 30, 2, 1, 0, 0}},
        {DM, {20, 25, 6, 30, 2, 0x8c, 59, 59}, {20, 25, 6, 30, 2, 0x81, 0, 0}},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct rig r;
        set_up(&r, leap_day_s);
        put(&r, REGB, SET | table[i].b);
        set_clock(&r, table[i].from);
        rig_pass(&r, 5 * second_ns);
        CU_ASSERT(clock_is(&r, table[i].from)); /* SET: the time stands */
        put(&r, REGB, table[i].b);
        CU_ASSERT(clock_is(&r, table[i].from));
        rig_pass(&r, second_ns);
        CU_ASSERT(clock_is(&r, table[i].to));
        rig_fini(&r);
    }
}

/* The time that was set is kept over a long silence. */
static void test_long_silence(void)
{
    struct rig r;
    set_up(&r, 0);
    put(&r, REGB, SET | H24);
    set_clock(&r, (const uint8_t[]){0x20, 0x24, 0x02, 0x29, 5, 0x12, 0x34, 0x56});
    put(&r, REGB, H24);
    r.now_ns = UINT64_C(366) * 86400 * second_ns;
    CU_ASSERT(clock_is(&r, (const uint8_t[]){0x20, 0x25, 0x03, 0x01, 7, 0x12, 0x34, 0x56}));
    rig_fini(&r);
}

/* A byte written without SET counts from the moment of the write. */
static void test_write_without_set(void)
{
    struct rig r;
    set_up(&r, 0);
    r.now_ns = 3 * second_ns + second_ns / 2;
    put(&r, SEC, 0x30);
    CU_ASSERT(rig_hit(&r, "SEC"));
    CU_ASSERT_EQUAL(get(&r, SEC), 0x30);
    r.now_ns = 4 * second_ns;
    CU_ASSERT_EQUAL(get(&r, SEC), 0x31);
    rig_fini(&r);
}

/* Bytes that are no time at all do not upset the clock. */
static void test_nonsense_time(void)
{
    struct rig r;
    set_up(&r, 0);
    for (unsigned value = 0; value < 256; value++) {
        for (uint8_t b = 0; b < 8; b = (uint8_t)(b + 2)) {
            put(&r, REGB, SET | b);
            for (uint8_t i = 0; i < REGA; i++)
                put(&r, i, (uint8_t)value);
            put(&r, CENTURY, (uint8_t)value);
            CU_ASSERT_EQUAL(get(&r, MONTH), value);
            put(&r, REGB, AIE | b);
            rig_pass(&r, 40 * UINT64_C(86400) * second_ns);
            unsigned month = get(&r, MONTH), wday = get(&r, WDAY);
            CU_ASSERT(month >= 1 && month <= 0x12);
            CU_ASSERT(wday >= 1 && wday <= 7);
            get(&r, REGC);
        }
    }
    rig_fini(&r);
}

/* UIP is up for 2228 us before the time changes: 244 us of warning, 1984 us of update. */
static void test_update_in_progress(void)
{
    struct rig r;
    set_up(&r, 30);
    r.now_ns = second_ns - 2228001;
    CU_ASSERT_EQUAL(get(&r, REGA), 0x26);
    r.now_ns = second_ns - 2228000;
    CU_ASSERT_EQUAL(get(&r, REGA), 0xa6);
    CU_ASSERT_EQUAL(get(&r, SEC), 0x30);
    CU_ASSERT(rig_shows(&r, "UIP"));
    put(&r, REGB, SET | H24);
    CU_ASSERT_EQUAL(get(&r, REGA), 0x26); /* SET ends an update */
    put(&r, REGB, H24);
    r.now_ns = second_ns - 1;
    CU_ASSERT_EQUAL(get(&r, REGA), 0xa6);
    r.now_ns = second_ns;
    CU_ASSERT_EQUAL(get(&r, REGA), 0x26);
    CU_ASSERT_EQUAL(get(&r, SEC), 0x31);
    put(&r, REGA, 0xa6); /* UIP cannot be written */
    CU_ASSERT_EQUAL(get(&r, REGA), 0x26);
    rig_fini(&r);
}

/* "The first update cycle begins one-half second after the divider reset is removed." */
static void test_divider_reset(void)
{
    struct rig r;
    set_up(&r, 30);
    r.now_ns = 300000000;
    put(&r, REGA, 0x76);
    get(&r, REGC);
    rig_pass(&r, 10 * second_ns);
    CU_ASSERT_EQUAL(get(&r, SEC), 0x30);
    CU_ASSERT_EQUAL(get(&r, REGC), 0);
    CU_ASSERT(rig_shows(&r, "the clock stands"));
    put(&r, REGA, 0x26);
    rig_pass(&r, second_ns / 2 - 1);
    CU_ASSERT_EQUAL(get(&r, SEC), 0x30);
    rig_pass(&r, 1);
    CU_ASSERT_EQUAL(get(&r, SEC), 0x31);
    put(&r, REGB, H24 | UIE);
    get(&r, REGC);
    CU_ASSERT_EQUAL(rtc_ops.deadline_ns(r.device), UINT64_C(11800000000));
    rig_pass(&r, second_ns / 10);
    put(&r, REGA, 0x2a); /* a divider that runs is not disturbed */
    CU_ASSERT_EQUAL(rtc_ops.deadline_ns(r.device), UINT64_C(11800000000));
    rig_fini(&r);
}

static void test_cmos(void)
{
    struct rig r;
    set_up(&r, 0);
    for (unsigned i = 0x0e; i < 0x80; i++) {
        if (i == CENTURY)
            continue;
        put(&r, (uint8_t)i, (uint8_t)(i * 7));
        CU_ASSERT(rig_hit(&r, "CMOS"));
    }
    for (unsigned i = 0x0e; i < 0x80; i++)
        if (i != CENTURY)
            CU_ASSERT_EQUAL(get(&r, (uint8_t)(i | 0x80)),
                            (uint8_t)(i * 7)); /* the NMI mask bit changes nothing */
    rtc_cmos_set(r.device, 0x15, 0x80);
    CU_ASSERT_EQUAL(get(&r, 0x15), 0x80);
    rtc_cmos_set(r.device, REGB, 0xff); /* not the clock's own registers */
    CU_ASSERT_EQUAL(get(&r, REGB), H24);
    struct rig_view v = rig_view(&r);
    rtc_cmos_set(r.device, 128, 0xff);
    CU_ASSERT(rig_looks(&r, &v));
    rig_view_fini(&v);
    rtc_cmos_set(r.device, 0x0e, 0x33);
    CU_ASSERT_EQUAL(get(&r, 0x0e), 0x33);
    CU_ASSERT(rig_shows(&r, "CMOS   70"));
    rig_fini(&r);
}

static void test_names(void)
{
    static const char *const names[] = {"SEC",  "SECALARM", "MIN",  "MINALARM", "HOUR", "HOURALARM", "WDAY",
                                        "MDAY", "MONTH",    "YEAR", "REGA",     "REGB", "REGC",      "REGD"};
    struct rig r;
    set_up(&r, 0);
    for (uint8_t i = 0; i < 14; i++) {
        get(&r, i);
        CU_ASSERT(rig_hit(&r, names[i]));
        put(&r, i, 0);
        CU_ASSERT(rig_hit(&r, names[i]));
    }
    get(&r, CENTURY);
    CU_ASSERT(rig_hit(&r, "CENTURY"));
    rig_fini(&r);
}

static const struct unit_test tests[] = {
    {"power-on", test_power_on},
    {"calendar", test_calendar},
    {"data modes", test_data_modes},
    {"roll over", test_roll_over},
    {"long silence", test_long_silence},
    {"write without SET", test_write_without_set},
    {"nonsense time", test_nonsense_time},
    {"update in progress", test_update_in_progress},
    {"divider reset", test_divider_reset},
    {"CMOS RAM", test_cmos},
    {"names", test_names},
};

UNIT_MAIN("MC146818A", tests)
