// Printing on the first serial port. See console.c for how the 16550A is driven.
#ifndef GUESTS_LIB_CONSOLE_H
#define GUESTS_LIB_CONSOLE_H

#include <stdint.h>

// Sets the port up: 115200 baud, 8 data bits, no parity, FIFOs on, interrupts off. Call it once, first.
void console_init(void);

// Prints the characters of `text` up to its zero byte.
void console_text(const char *text);

// Prints "0x" and `value` as `digits` hexadecimal digits (1 to 16; higher digits of the value are left out).
void console_hex(uint64_t value, int digits);

// Prints `value` in decimal.
void console_decimal(unsigned value);

#endif
