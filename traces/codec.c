/*
 * Coding events: see codec.h, and docs/trace-format.md for the bytes.
 *
 * Time needs a thought.  The run loop reads the clock twice an exit: when KVM_RUN returns (the event's time)
 * and when the exit is handled.  So the time of an event is nearly always the end of its vCPU's previous one
 * plus the time the guest ran, and three 64-bit quantities cost two small differences.
 */
#include "traces/codec.h"

#include "base/bytes.h"

#include <stdbool.h>
#include <string.h>

/* The eight one-byte members from `kind` on are compared and copied as one block; mode_cpl is its last byte.
 */
#define SHAPE_LEN 8
_Static_assert(offsetof(struct event, mode_cpl) == offsetof(struct event, kind) + SHAPE_LEN - 1,
               "shape is a block");

static uint8_t *shape_of(struct event *ev)
{
    return (uint8_t *)ev + offsetof(struct event, kind);
}

static const uint8_t *shape_of_const(const struct event *ev)
{
    return (const uint8_t *)ev + offsetof(struct event, kind);
}

void codec_reset(struct codec *c, uint64_t seq_due, uint64_t base_ns)
{
    memset(c, 0, sizeof *c);
    c->seq_due = seq_due;
    for (size_t i = 0; i < sizeof c->left_ns / sizeof c->left_ns[0]; i++)
        c->left_ns[i] = base_ns;
}

/* Events of one place in the guest's code share a slot. Ports and MSRs count as part of the place, since a
 * function like outb() serves many; addresses do not, since a loop walks through them. */
static unsigned codec_slot(const struct event *ev)
{
    uint64_t key = ev->rip ^ (uint64_t)ev->kind << 32;
    if (ev->kind == EVENT_IO || ev->kind == EVENT_MSR_READ || ev->kind == EVENT_MSR_WRITE)
        key ^= ev->addr << 40;
    return (unsigned)(key * 0x9e3779b97f4a7c15 >> 58);
}

/* The mask of shape bytes in which the two differ; a new cs counts as a new mode. */
static uint8_t shape_mask(const struct event *a, const struct event *b)
{
    const uint8_t *pa = shape_of_const(a), *pb = shape_of_const(b);
    uint8_t mask = a->cs == b->cs ? 0 : SHAPE_MODE_CS;
    if (memcmp(pa, pb, SHAPE_LEN) == 0)
        return mask;
    for (unsigned i = 0; i < SHAPE_LEN; i++)
        mask |= (uint8_t)((pa[i] != pb[i]) << i);
    return mask;
}

static uint8_t *shape_put(uint8_t *out, uint8_t mask, const struct event *ev)
{
    *out++ = mask;
    const uint8_t *shape = shape_of_const(ev);
    for (unsigned i = 0; i < SHAPE_LEN; i++)
        if (mask & 1u << i)
            *out++ = shape[i];
    if (mask & SHAPE_MODE_CS) {
        le_store(out, ev->cs, 2);
        out += 2;
    }
    return out;
}

static uint8_t *difference_put(uint8_t *out, uint64_t now, uint64_t before)
{
    return out + varint_store(out, zigzag(now - before));
}

/* Both sides end an event with this. What took no time (a mark, an interrupt) does not move the vCPU's clock.
 */
static inline void codec_follow(struct codec *c, const struct event *ev)
{
    c->seq_due = ev->seq + 1;
    if (ev->guest_ns || ev->host_ns)
        c->left_ns[ev->vcpu] = ev->time_ns + ev->host_ns;
}

size_t codec_put(struct codec *c, const struct event *ev, uint8_t *out)
{
    unsigned slot = codec_slot(ev);
    const struct event *ref = &c->slot[slot];
    unsigned more = 0;
    if (ref->rip != ev->rip || ref->kind != ev->kind) {
        more = MORE_NEW;
        ref = &c->slot[c->last];
    }
    uint8_t shape = shape_mask(ev, ref);
    uint64_t time_due = c->left_ns[ev->vcpu] + ev->guest_ns;
    more |= (ev->rip != ref->rip ? MORE_RIP : 0u) | (ev->addr != ref->addr ? MORE_ADDR : 0u) |
            (shape ? MORE_SHAPE : 0u) | (ev->count != ref->count ? MORE_COUNT : 0u) |
            (ev->detail != ref->detail ? MORE_DETAIL : 0u) | (ev->seq != c->seq_due ? MORE_SEQ : 0u) |
            (ev->time_ns != time_due ? MORE_TIME : 0u);

    uint8_t *p = out;
    *p++ = (uint8_t)(slot | (ev->value != ref->value ? TAG_VALUE : 0u) | (more ? TAG_MORE : 0u));
    if (more)
        *p++ = (uint8_t)more;
    p = difference_put(p, ev->guest_ns, ref->guest_ns);
    p = difference_put(p, ev->host_ns, ref->host_ns);
    if (ev->value != ref->value)
        p += varint_store(p, ev->value ^ ref->value);
    if (more & MORE_RIP)
        p = difference_put(p, ev->rip, ref->rip);
    if (more & MORE_ADDR)
        p = difference_put(p, ev->addr, ref->addr);
    if (more & MORE_SHAPE)
        p = shape_put(p, shape, ev);
    if (more & MORE_COUNT)
        p += varint_store(p, ev->count);
    if (more & MORE_DETAIL)
        p += varint_store(p, ev->detail);
    if (more & MORE_SEQ)
        p = difference_put(p, ev->seq, c->seq_due);
    if (more & MORE_TIME)
        p = difference_put(p, ev->time_ns, time_due);
    c->slot[slot] = *ev;
    c->last = slot;
    codec_follow(c, ev);
    return (size_t)(p - out);
}

/*
 * Decoding is where a trace of ten million events takes its time, so it looks at the end of its bytes once an
 * event, not once a byte: no event uses more than DECODE_MOST bytes, and that many are always there.
 */
struct decoder {
    const uint8_t *p;
    bool bad; /* a number that does not fit where it belongs */
};

/* Two tags, nine numbers, a mask and what it names. */
enum { DECODE_MOST = 2 + 9 * VARINT_MAX + 1 + SHAPE_LEN + 2 };
_Static_assert(DECODE_MOST <= EVENT_CODED_MAX, "the longest event has room in the tail");

static inline uint64_t varint_get(struct decoder *in)
{
    uint64_t v = *in->p++;
    if (v < 0x80)
        return v;
    v &= 0x7f;
    for (unsigned shift = 7; shift < 63; shift += 7) {
        uint64_t bits = *in->p++;
        v |= (bits & 0x7f) << shift;
        if (bits < 0x80)
            return v;
    }
    uint64_t last = *in->p++;
    in->bad |= last > 1;
    return v | last << 63;
}

/* `before` plus a coded difference; above `max` the bytes are no event. */
static inline uint64_t difference_get(struct decoder *in, uint64_t before, uint64_t max)
{
    uint64_t v = before + unzigzag(varint_get(in));
    in->bad |= v > max;
    return v;
}

static inline uint64_t bounded_get(struct decoder *in, uint64_t max)
{
    uint64_t v = varint_get(in);
    in->bad |= v > max;
    return v;
}

static void shape_get(struct decoder *in, struct event *ev)
{
    uint8_t mask = *in->p++;
    uint8_t *shape = shape_of(ev);
    for (unsigned i = 0; i < SHAPE_LEN; i++)
        if (mask & 1u << i)
            shape[i] = *in->p++;
    if (mask & SHAPE_MODE_CS) {
        ev->cs = le16_load(in->p);
        in->p += 2;
    }
}

/* The rarer half of an event: what its second tag byte names. */
static void more_get(struct decoder *in, unsigned more, struct event *ev)
{
    if (more & MORE_RIP)
        ev->rip = difference_get(in, ev->rip, UINT64_MAX);
    if (more & MORE_ADDR)
        ev->addr = difference_get(in, ev->addr, UINT64_MAX);
    if (more & MORE_SHAPE)
        shape_get(in, ev);
    if (more & MORE_COUNT)
        ev->count = (uint32_t)bounded_get(in, UINT32_MAX);
    if (more & MORE_DETAIL)
        ev->detail = (uint16_t)bounded_get(in, UINT16_MAX);
}

/* Decodes at `p`, where DECODE_MOST bytes may be read, in the slot itself: what was written byte by byte is
 * copied once, not twice. Returns the length used, 0 for bytes that are no event. */
static inline size_t codec_decode(struct codec *c, const uint8_t *p, struct event *out)
{
    struct decoder in = {p, false};
    unsigned tag = *in.p++;
    unsigned more = tag & TAG_MORE ? *in.p++ : 0;
    unsigned slot = tag % EVENT_SLOTS;
    struct event *ev = &c->slot[slot];
    if (more & MORE_NEW)
        *ev = c->slot[c->last];
    uint32_t guest_ns = (uint32_t)difference_get(&in, ev->guest_ns, UINT32_MAX);
    uint32_t host_ns = (uint32_t)difference_get(&in, ev->host_ns, UINT32_MAX);
    if (tag & TAG_VALUE)
        ev->value ^= varint_get(&in);
    if (more)
        more_get(&in, more, ev);
    uint64_t seq = c->seq_due;
    if (more & MORE_SEQ)
        seq = difference_get(&in, seq, UINT64_MAX);
    uint64_t time_ns = c->left_ns[ev->vcpu] + guest_ns;
    if (more & MORE_TIME)
        time_ns = difference_get(&in, time_ns, UINT64_MAX);
    ev->guest_ns = guest_ns;
    ev->host_ns = host_ns;
    ev->seq = seq;
    ev->time_ns = time_ns;
    c->last = slot;
    codec_follow(c, ev);
    *out = *ev;
    return in.bad ? 0 : (size_t)(in.p - p);
}

/* The last events of a chunk are decoded from a copy with room behind it, so that they can be looked at like
 * all others; what went past the end shows in the length. Their slots no longer matter then. */
static size_t codec_decode_tail(struct codec *c, const uint8_t *p, size_t avail, struct event *ev)
{
    uint8_t tail[EVENT_CODED_MAX + DECODE_MOST] = {0};
    memcpy(tail, p, avail);
    size_t used = codec_decode(c, tail, ev);
    return used <= avail ? used : 0;
}

size_t codec_get(struct codec *c, const uint8_t *p, size_t avail, struct event *ev)
{
    return avail >= DECODE_MOST ? codec_decode(c, p, ev) : codec_decode_tail(c, p, avail, ev);
}
