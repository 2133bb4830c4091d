/*
 * How devices show a register to people: its name, its value in hexadecimal and the names of the bits that
 * are set, as the data sheet draws them, most significant first.
 */
#ifndef RINGSIDE_DEVICE_SHOW_H
#define RINGSIDE_DEVICE_SHOW_H

#include "base/text.h"

#include <stdint.h>

/* Appends one line, `LSR  60  TEMT THRE`: the name padded to `width`, the value, then the name of each set
 * bit; bits[0] is bit 0's. A bit without a name (NULL) is not mentioned, and `bits` itself may be NULL. */
void show_reg(struct text *out, unsigned width, const char *name, uint8_t value, const char *const bits[8]);

/* As show_reg, with a sentence of the caller's own behind the value. */
void show_note(struct text *out, unsigned width, const char *name, uint8_t value, const char *fmt, ...)
    PRINTF(5, 6);

#endif
