/*
 * A UART on the bench, for the tests of its registers and of its interrupts.
 */
#ifndef RINGSIDE_TESTS_UART_RIG_H
#define RINGSIDE_TESTS_UART_RIG_H

#include "device/types.h"
#include "device_rig.h"

/* Offsets; several registers share one. */
enum {
    RBR = 0,
    THR = 0,
    DLL = 0,
    IER = 1,
    DLM = 1,
    IIR = 2,
    FCR = 2,
    LCR = 3,
    MCR = 4,
    LSR = 5,
    MSR = 6,
    SCR = 7
};

static inline uint8_t in(struct rig *r, unsigned offset)
{
    return rig_read(r, 0, offset);
}

static inline void out(struct rig *r, unsigned offset, uint8_t value)
{
    rig_write(r, 0, offset, value);
}

static inline size_t receive(struct rig *r, const char *s)
{
    return uart_receive(r->device, (const uint8_t *)s, strlen(s));
}

/* 115200 baud, 8N1, FIFOs on with this trigger, interrupts through OUT2. */
static inline void set_up(struct rig *r, uint8_t fcr, uint8_t ier)
{
    rig_init(r, &uart_ops);
    out(r, LCR, 0x83);
    out(r, DLL, 1);
    out(r, DLM, 0);
    out(r, LCR, 0x03);
    out(r, FCR, fcr);
    out(r, MCR, 0x0b);
    out(r, IER, ier);
}

#endif
