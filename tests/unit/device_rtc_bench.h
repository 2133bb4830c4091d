/*
 * The MC146818A on its bench: what its tests have in common.
 */
#ifndef RINGSIDE_TESTS_DEVICE_RTC_BENCH_H
#define RINGSIDE_TESTS_DEVICE_RTC_BENCH_H

#include "device/types.h"
#include "device_rig.h"

enum {
    SEC,
    SECALARM,
    MIN,
    MINALARM,
    HOUR,
    HOURALARM,
    WDAY,
    MDAY,
    MONTH,
    YEAR,
    REGA,
    REGB,
    REGC,
    REGD,
    CENTURY = 0x32
};

enum {
    SET = 0x80,
    PIE = 0x40,
    AIE = 0x20,
    UIE = 0x10,
    DM = 0x04,
    H24 = 0x02,
    IRQF = 0x80,
    PF = 0x40,
    AF = 0x20,
    UF = 0x10
};

static const uint64_t second_ns = 1000000000;

/* 2024-02-29 23:59:58 UTC, a Thursday. */
static const uint64_t leap_day_s = 1709251198;

/* A clock that was switched on at this Unix time. */
static inline void set_up(struct rig *r, uint64_t wall_start_s)
{
    rig_init(r, &rtc_ops);
    struct device_wires wires = r->device->wires;
    wires.wall_start_s = wall_start_s;
    rtc_ops.destroy(r->device);
    r->device = rtc_ops.create(&wires, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r->device);
}

static inline uint8_t get(struct rig *r, uint8_t index)
{
    rig_write(r, 0, 0, index);
    return rig_read(r, 0, 1);
}

static inline void put(struct rig *r, uint8_t index, uint8_t value)
{
    rig_write(r, 0, 0, index);
    rig_write(r, 0, 1, value);
}

#endif
