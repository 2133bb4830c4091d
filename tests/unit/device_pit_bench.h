/*
 * The 8254 on its bench: what its tests have in common.
 */
#ifndef RINGSIDE_TESTS_DEVICE_PIT_BENCH_H
#define RINGSIDE_TESTS_DEVICE_PIT_BENCH_H

#include "device/types.h"
#include "device_rig.h"

enum { COUNT0 = 0, COUNT2 = 2, CW = 3, PORTS = 0, PORTB = 1 };

enum { HZ = 1193182 };

/* The first nanosecond at which clock pulse `n` has come. */
static inline uint64_t pulse_ns(uint64_t n)
{
    return n / HZ * 1000000000u + (n % HZ * 1000000000u + HZ - 1) / HZ;
}

static inline void go_to(struct rig *r, uint64_t pulse)
{
    rig_pass(r, pulse_ns(pulse) - r->now_ns);
}

static inline void set_count(struct rig *r, unsigned counter, unsigned mode, unsigned count)
{
    rig_write(r, PORTS, CW, (uint8_t)(counter << 6 | 0x30 | mode << 1));
    rig_write(r, PORTS, counter, (uint8_t)count);
    rig_write(r, PORTS, counter, (uint8_t)(count >> 8));
}

static inline unsigned live_count(struct rig *r, unsigned counter)
{
    unsigned low = rig_read(r, PORTS, counter);
    return low | (unsigned)rig_read(r, PORTS, counter) << 8;
}

static inline uint8_t status(struct rig *r, unsigned counter)
{
    rig_write(r, PORTS, CW, (uint8_t)(0xe0 | 2u << counter));
    return rig_read(r, PORTS, counter);
}

#endif
