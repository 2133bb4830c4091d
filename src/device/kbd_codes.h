/*
 * Scancodes: what a PC keyboard sends for its keys, and how the keyboard controller rewrites it.
 */
#ifndef RINGSIDE_DEVICE_KBD_CODES_H
#define RINGSIDE_DEVICE_KBD_CODES_H

#include <stdint.h>

/* Set-2 codes of the keys that are held down with others, and the prefix of a key's release. */
#define KBD_SHIFT 0x12
#define KBD_CTRL  0x14
#define KBD_BREAK 0xf0

/* How to type a character: the key's set-2 code (0: no key types it) and the key held with it (0: none). */
struct kbd_stroke {
    uint8_t code, held;
};

/* On a US keyboard. Letters, digits, signs, space; \n and \r (Enter), \t, \b and DEL (Backspace), ESC; and
 * Ctrl with a letter for the other codes 1 to 26. */
struct kbd_stroke kbd_stroke(uint8_t ascii);

/* The controller's translation of one set-2 byte into set 1. The break prefix is not its business. */
uint8_t kbd_set1(uint8_t set2);

#endif
