/*
 * A bounded walk through bytes that nobody vouches for.  Reading past the end, or a number that does not fit,
 * sets `bad` and gives zeros from then on, so that a decoder reads straight through and asks once at its end.
 */
#ifndef RINGSIDE_TRACES_CURSOR_H
#define RINGSIDE_TRACES_CURSOR_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
    const uint8_t *p;
    size_t left;
    bool bad;
};

/* The next `n` bytes, or NULL when there are fewer. */
static inline const uint8_t *cursor_bytes(struct cursor *c, size_t n)
{
    if (c->bad || n > c->left) {
        c->bad = true;
        return NULL;
    }
    const uint8_t *p = c->p;
    c->p += n;
    c->left -= n;
    return p;
}

static inline uint8_t cursor_byte(struct cursor *c)
{
    const uint8_t *p = cursor_bytes(c, 1);
    return p ? *p : 0;
}

/* A little-endian number of `n` (1 to 8) bytes. */
static inline uint64_t cursor_le(struct cursor *c, size_t n)
{
    const uint8_t *p = cursor_bytes(c, n);
    return p ? le_load(p, n) : 0;
}

static inline uint64_t cursor_varint(struct cursor *c)
{
    uint64_t v = 0;
    size_t n = c->bad ? 0 : varint_load(c->p, c->left, &v);
    if (n == 0) {
        c->bad = true;
        return 0;
    }
    c->p += n;
    c->left -= n;
    return v;
}

/* A varint length and that many bytes, as a cursor of their own. */
static inline struct cursor cursor_part(struct cursor *c)
{
    uint64_t n = cursor_varint(c);
    if (n > c->left) {
        c->bad = true;
        n = 0;
    }
    return (struct cursor){cursor_bytes(c, (size_t)n), (size_t)n, c->bad};
}

#endif
