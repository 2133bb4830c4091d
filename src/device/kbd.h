/*
 * The keyboard itself: the small computer at the other end of the cable.  It takes commands, answers them,
 * and sends a scancode for each key that moves; the i8042 in the PC passes bytes in both directions.  Part of
 * device/i8042.c.
 */
#ifndef RINGSIDE_DEVICE_KBD_H
#define RINGSIDE_DEVICE_KBD_H

#include "base/text.h"
#include "device/state.h"

#include <stdbool.h>
#include <stdint.h>

enum { KBD_QUEUE_LEN = 16 };

/* Bytes that wait, oldest first. */
struct kbd_queue {
    uint8_t bytes[KBD_QUEUE_LEN], head, count;
};

/* False, and nothing changed, when it is full. */
bool kbd_queue_put(struct kbd_queue *q, uint8_t byte);
/* The oldest byte, or -1 when none waits. */
int kbd_queue_take(struct kbd_queue *q);
void kbd_queue_fields(struct state *s, struct kbd_queue *q);

/* `set` is 1 or 2. `command` is one that waits for its parameter, or 0. Replies go out before keys. */
struct kbd {
    uint8_t set, leds, rate, command, last_sent;
    bool scanning;
    struct kbd_queue replies, keys;
};

/* Power-on: set 2, scanning, nothing queued. */
void kbd_init(struct kbd *k);

/* A byte from the PC: a command, or the parameter of the one before. */
void kbd_command(struct kbd *k, uint8_t byte);

/* The next byte for the PC, or -1. */
int kbd_take(struct kbd *k);

/* True when kbd_type has room for any character: scanning, and space for the longest stroke. */
bool kbd_ready(const struct kbd *k);

/* Presses and releases the keys of a character. False when no key types it, or it is not ready. */
bool kbd_type(struct kbd *k, uint8_t ascii);

void kbd_describe(const struct kbd *k, struct text *out);
void kbd_fields(struct state *s, struct kbd *k);

#endif
