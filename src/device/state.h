/*
 * A device's state as bytes.  A device names each of its fields once, in one function that serves both
 * directions:
 *
 *     static void uart_fields(struct state *s, struct uart *u)
 *     {
 *         state_u8(s, &u->ier);
 *         state_u64(s, &u->timeout_ns);
 *     }
 *
 *     save:     struct uart copy = *u;
 *               struct state s = state_saving(out, STATE_UART, 1);
 *               uart_fields(&s, &copy);
 *     restore:  struct uart copy = *u;
 *               struct state s = state_loading(p, len, STATE_UART, 1);
 *               uart_fields(&s, &copy);
 *               if (state_finish(&s, e))
 *                   return -1;
 *               *u = copy;
 *
 * so that what is written is what is read, in the same order, and a bad state is refused before the device
 * has changed.  Fields are little-endian and of fixed size; the first two bytes are the device's type and the
 * version of its list of fields.
 *
 * Restoring moves no pin and sends no signal: the interrupt controllers keep the levels of their inputs and
 * the machine keeps address line 20 in their own states.
 */
#ifndef RINGSIDE_DEVICE_STATE_H
#define RINGSIDE_DEVICE_STATE_H

#include "base/err.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first byte of a saved state. Part of the format: values are never reused. */
enum state_tag {
    STATE_UART = 1,
    STATE_I8042 = 2,
    STATE_DEBUGCON = 3,
    STATE_DEBUGEXIT = 4,
    STATE_POST = 5,
    STATE_POWEROFF = 6,
    STATE_PORT92 = 7,
    STATE_ROM = 8,
    STATE_PIC = 9,
    STATE_PIT = 10,
    STATE_RTC = 11,
    STATE_VGA = 12,
};

/* A walk over the fields. When `out` is set it appends them there, else it takes them from `p`. `bad` is set,
 * and stays set, when the bytes run out or a value is impossible; a bad walk leaves the fields after it
 * alone. */
struct state {
    struct text *out;
    const uint8_t *p;
    size_t left;
    bool bad;
};

/* Starts a walk that appends to `out`, with the two header bytes. */
struct state state_saving(struct text *out, enum state_tag tag, uint8_t version);

/* Starts a walk that reads the `len` bytes at `p`; bad at once when the header bytes are not these. */
struct state state_loading(const uint8_t *p, size_t len, enum state_tag tag, uint8_t version);

/* One field each. */
void state_u8(struct state *s, uint8_t *v);
void state_u16(struct state *s, uint16_t *v);
void state_u32(struct state *s, uint32_t *v);
void state_u64(struct state *s, uint64_t *v);
void state_bool(struct state *s, bool *v);                  /* bad unless 0 or 1 */
void state_max(struct state *s, uint8_t *v, uint8_t max);   /* a byte; bad above `max` */
void state_mask(struct state *s, uint8_t *v, uint8_t mask); /* a byte; bad with a bit outside `mask` */
void state_bytes(struct state *s, uint8_t *v, size_t n);

/* A condition between fields, for the loading walk: bad when it does not hold. */
void state_require(struct state *s, bool holds);

/* Ends a loading walk: -1 when it is bad or bytes are left over. */
NODISCARD int state_finish(const struct state *s, struct err *e);

#endif
