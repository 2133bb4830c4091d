/*
 * A device's state as bytes: see state.h.  There is no recovery inside a walk: the first thing that is wrong
 * marks it bad, and state_finish() refuses the whole, because half a device is worse than the old one.
 */
#include "device/state.h"

#include "base/bytes.h"

#include <string.h>

/* Moves the `n` bytes at `b` out of or into the walk. False when `b` holds nothing new. */
static bool state_move(struct state *s, uint8_t *b, size_t n)
{
    if (s->out) {
        text_addn(s->out, (const char *)b, n);
        return false;
    }
    if (s->bad || s->left < n) {
        s->bad = true;
        return false;
    }
    if (n)
        memcpy(b, s->p, n);
    s->p += n;
    s->left -= n;
    return true;
}

struct state state_saving(struct text *out, enum state_tag tag, uint8_t version)
{
    struct state s = {.out = out};
    uint8_t head[2] = {(uint8_t)tag, version};
    state_bytes(&s, head, sizeof(head));
    return s;
}

struct state state_loading(const uint8_t *p, size_t len, enum state_tag tag, uint8_t version)
{
    struct state s = {.p = p, .left = len};
    uint8_t head[2] = {0};
    state_bytes(&s, head, sizeof(head));
    state_require(&s, head[0] == tag && head[1] == version);
    return s;
}

void state_u8(struct state *s, uint8_t *v)
{
    state_move(s, v, 1);
}

void state_u16(struct state *s, uint16_t *v)
{
    uint8_t b[2];
    le_store(b, *v, sizeof(b));
    if (state_move(s, b, sizeof(b)))
        *v = le16_load(b);
}

void state_u32(struct state *s, uint32_t *v)
{
    uint8_t b[4];
    le_store(b, *v, sizeof(b));
    if (state_move(s, b, sizeof(b)))
        *v = le32_load(b);
}

void state_u64(struct state *s, uint64_t *v)
{
    uint8_t b[8];
    le_store(b, *v, sizeof(b));
    if (state_move(s, b, sizeof(b)))
        *v = le64_load(b);
}

void state_bool(struct state *s, bool *v)
{
    uint8_t b = *v;
    state_max(s, &b, 1);
    if (!s->bad)
        *v = b != 0;
}

void state_max(struct state *s, uint8_t *v, uint8_t max)
{
    if (state_move(s, v, 1))
        state_require(s, *v <= max);
}

void state_mask(struct state *s, uint8_t *v, uint8_t mask)
{
    if (state_move(s, v, 1))
        state_require(s, (*v & ~mask) == 0);
}

void state_bytes(struct state *s, uint8_t *v, size_t n)
{
    state_move(s, v, n);
}

void state_require(struct state *s, bool holds)
{
    if (!s->out && !holds)
        s->bad = true;
}

int state_finish(const struct state *s, struct err *e)
{
    if (s->bad)
        return err_set(e, "device state: cut off, of another device, or with an impossible value");
    if (s->left)
        return err_set(e, "device state: %zu bytes too many", s->left);
    return 0;
}
