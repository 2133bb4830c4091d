/*
 * The 8259A on its bench: what its tests have in common.
 */
#ifndef RINGSIDE_TESTS_DEVICE_PIC_BENCH_H
#define RINGSIDE_TESTS_DEVICE_PIC_BENCH_H

#include "device/types.h"
#include "device_rig.h"

enum { CMD = 0, DATA = 1, PORTS = 0, ELCR = 1 };

enum {
    EOI = 0x20,
    EOI_AT = 0x60,
    READ_IRR = 0x0a,
    READ_ISR = 0x0b,
    POLL = 0x0c,
    SMM_ON = 0x68,
    SMM_OFF = 0x48
};

/* ICW1, ICW2, ICW3 (when not single), ICW4 (when announced). */
static inline void start(struct rig *r, uint8_t icw1, uint8_t icw2, uint8_t icw3, uint8_t icw4)
{
    rig_write(r, PORTS, CMD, icw1);
    rig_write(r, PORTS, DATA, icw2);
    if (!(icw1 & 2))
        rig_write(r, PORTS, DATA, icw3);
    if (icw1 & 1)
        rig_write(r, PORTS, DATA, icw4);
}

/* One chip alone: edge-triggered, vectors from 0x20, 8086 mode. */
static inline void set_up(struct rig *r)
{
    rig_init(r, &pic_ops);
    start(r, 0x13, 0x20, 0, 0x01);
}

static inline uint8_t isr(struct rig *r)
{
    rig_write(r, PORTS, CMD, READ_ISR);
    return rig_read(r, PORTS, CMD);
}

static inline uint8_t irr(struct rig *r)
{
    rig_write(r, PORTS, CMD, READ_IRR);
    return rig_read(r, PORTS, CMD);
}

static inline void command(struct rig *r, uint8_t value)
{
    rig_write(r, PORTS, CMD, value);
}

/* A new edge: down if it was up, then up. */
static inline void request(struct rig *r, unsigned line)
{
    pic_input(r->device, line, false);
    pic_input(r->device, line, true);
}

/* The vector of the CPU's INTA cycles. */
static inline unsigned ack(struct rig *r)
{
    unsigned line = 99;
    return pic_acknowledge(r->device, &line);
}

#endif
