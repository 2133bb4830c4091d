/*
 * The inside of an 8259A, shared by its two halves: pic.c (the registers) and pic_request.c (the way of a
 * request). Nobody else includes this.
 */
#ifndef RINGSIDE_DEVICE_PIC_H
#define RINGSIDE_DEVICE_PIC_H

#include "device/device.h"

enum {
    PIC_LINES = 8,
    ICW1_IC4 = 0x01,  /* an ICW4 will follow */
    ICW1_SNGL = 0x02, /* no cascade, no ICW3 */
    ICW1_LTIM = 0x08, /* all inputs level-triggered */
    ICW1_HERE = 0x10, /* what makes a command byte an ICW1 */
    ICW4_AEOI = 0x02,
    ICW4_SFNM = 0x10,
    OCW3_HERE = 0x08,
    OCW3_RIS = 0x01,
    OCW3_RR = 0x02,
    OCW3_POLL = 0x04,
    OCW3_SMM = 0x20,
    OCW3_ESMM = 0x40,
    POLL_REQUEST = 0x80,
    /* The timer, the keyboard, the cascade, the RTC and the FPU sit on the board and are always edges. */
    ELCR_MASTER = 0xf8,
    ELCR_SLAVE = 0xde,
};

/* Which byte the odd port takes next; 0 is normal operation, where it is OCW1. */
enum pic_phase { PHASE_READY, PHASE_ICW1, PHASE_ICW2, PHASE_ICW3, PHASE_ICW4, PHASE_LAST = PHASE_ICW4 };

struct pic {
    struct device dev;
    struct pic *slaves[PIC_LINES]; /* who hangs on each input; wiring, so neither reset nor saved */
    bool is_slave;

    uint8_t pins;  /* input levels */
    uint8_t edges; /* rising edges seen and not yet served: a subset of pins */
    uint8_t isr, imr, elcr;
    uint8_t icw1, icw2, icw3, icw4;
    uint8_t phase;
    uint8_t lowest; /* the line with the lowest priority; 7 unless rotated */
    bool rotate_aeoi, special_mask, read_isr, poll;
};

static inline struct pic *pic_of(struct device *d)
{
    return (struct pic *)d;
}

static inline const struct pic *pic_of_const(const struct device *d)
{
    return (const struct pic *)d;
}

static inline uint8_t bit_of(unsigned line)
{
    return (uint8_t)(1u << (line & 7));
}

/* The request register, from pins, edges and the trigger mode of each line. */
uint8_t pic_irr(const struct pic *p);

/* The line that would be served now, or -1. */
int pic_next(const struct pic *p);

/* The line in service that a non-specific EOI means, or -1. */
int pic_served(const struct pic *p);

/* Moves the request of `line` into service (or, with automatic EOI, straight through it). */
void pic_serve(struct pic *p, unsigned line);

/* Sets the INT pin to what the registers say. */
void pic_drive_int(struct pic *p);

#endif
