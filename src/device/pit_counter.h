/*
 * One counter of the 8254: a 16-bit register that counts down with a 1 193 182 Hz clock and an output OUT
 * that depends on the count in one of six ways (modes).  Nothing here ticks: a counter remembers at which
 * clock pulse its counting element was loaded and with what, and everything else (the count now, OUT now, the
 * next rise of OUT) is arithmetic on the number of pulses since.  So time can stand still, jump or crawl and
 * the counter is always exact.
 *
 * Used by pit.c only. `t` is always the number of the last clock pulse since power-on and never goes back.
 *
 * Manual: Intel 8254 data sheet, sections "Mode Definitions", "Operation Common to All Modes", "Read
 * Operations".
 */
#ifndef RINGSIDE_DEVICE_PIT_COUNTER_H
#define RINGSIDE_DEVICE_PIT_COUNTER_H

#include "device/state.h"

#include <stdbool.h>
#include <stdint.h>

#define PIT_HZ        1193182
#define COUNTER_NEVER UINT64_MAX

/* No clock gets there in centuries; a saved state beyond it is not one of ours. */
#define PIT_PULSES_MAX (UINT64_C(1) << 56)

/* `held` and `held_out` are the count and OUT while nothing counts: after a control word, and until the pulse
 * that loads the counting element. `next` is a count that was written and that the counting element does not
 * have yet (0: none); in modes 2 and 3 it takes it at pulse `reload`. `shift` pulses of the current count had
 * gone by at `origin`. */
struct pit_counter {
    uint8_t control; /* RW1 RW0 M2 M1 M0 BCD, as the control word had them */
    bool gate;
    bool running;
    uint64_t origin, shift, reload;
    uint32_t count, next; /* 1 to 65536 */
    uint16_t held;
    bool held_out;

    bool write_high, read_high; /* the second byte of a two-byte transfer is due */
    uint8_t low;                /* its first byte, written */
    uint16_t latch;
    uint8_t latch_left; /* bytes of `latch` not yet read */
    uint8_t status;
    bool status_latched;
};

/* As a BIOS leaves it: mode 3, two bytes, binary; but without a count, so that it does not count yet. */
void counter_init(struct pit_counter *c, bool gate);

/* A control word for this counter: `control` is its low six bits. */
void counter_set_control(struct pit_counter *c, uint64_t t, uint8_t control);

/* One byte to or from the counter's port. */
void counter_write(struct pit_counter *c, uint64_t t, uint8_t byte);
uint8_t counter_read(struct pit_counter *c, uint64_t t);

void counter_latch_count(struct pit_counter *c, uint64_t t);
void counter_latch_status(struct pit_counter *c, uint64_t t);
void counter_set_gate(struct pit_counter *c, uint64_t t, bool gate);

/* Takes over a count that was due by pulse `t`. To be called before any of the others. */
void counter_advance(struct pit_counter *c, uint64_t t);

/* Mode 0 to 5. */
unsigned counter_mode(const struct pit_counter *c);
uint16_t counter_value(const struct pit_counter *c, uint64_t t);
bool counter_out(const struct pit_counter *c, uint64_t t);

/* The status byte of the read-back command: OUT, NULL COUNT and the six control bits. */
uint8_t counter_status(const struct pit_counter *c, uint64_t t);

/* The first pulse after `t` at which OUT rises by itself, or COUNTER_NEVER. */
uint64_t counter_next_rise(const struct pit_counter *c, uint64_t t);

void counter_fields(struct state *s, struct pit_counter *c);

#endif
