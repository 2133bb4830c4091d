/*
 * Coding events: see codec.h, and docs/trace-format.md for the bytes.
 *
 * Time needs a thought.  The run loop reads the clock twice an exit: when KVM_RUN returns (the event's time)
 * and when the exit is handled.  So the time of an event is nearly always the end of its vCPU's previous one
 * plus the time the guest ran, and three 64-bit quantities cost two small differences.
 */
#include "traces/codec.h"

#include "base/bytes.h"
#include "traces/cursor.h"

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

static void shape_get(struct cursor *in, struct event *ev)
{
    uint8_t mask = cursor_byte(in);
    uint8_t *shape = shape_of(ev);
    for (unsigned i = 0; i < SHAPE_LEN; i++)
        if (mask & 1u << i)
            shape[i] = cursor_byte(in);
    if (mask & SHAPE_MODE_CS)
        ev->cs = (uint16_t)cursor_le(in, 2);
}

static uint8_t *difference_put(uint8_t *out, uint64_t now, uint64_t before)
{
    return out + varint_store(out, zigzag(now - before));
}

/* `before` plus a coded difference; above `max` the bytes are no event. */
static uint64_t difference_get(struct cursor *in, uint64_t before, uint64_t max)
{
    uint64_t v = before + unzigzag(cursor_varint(in));
    in->bad |= v > max;
    return v;
}

static uint64_t varint_get(struct cursor *in, uint64_t max)
{
    uint64_t v = cursor_varint(in);
    in->bad |= v > max;
    return v;
}

/* Both sides end an event with this. What took no time (a mark, an interrupt) does not move the vCPU's clock.
 */
static void codec_keep(struct codec *c, unsigned slot, const struct event *ev)
{
    c->slot[slot] = *ev;
    c->last = slot;
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
    codec_keep(c, slot, ev);
    return (size_t)(p - out);
}

size_t codec_get(struct codec *c, const uint8_t *p, size_t avail, struct event *ev)
{
    struct cursor in = {p, avail, false};
    unsigned tag = cursor_byte(&in);
    unsigned more = tag & TAG_MORE ? cursor_byte(&in) : 0;
    unsigned slot = tag % EVENT_SLOTS;
    *ev = c->slot[more & MORE_NEW ? c->last : slot];
    ev->guest_ns = (uint32_t)difference_get(&in, ev->guest_ns, UINT32_MAX);
    ev->host_ns = (uint32_t)difference_get(&in, ev->host_ns, UINT32_MAX);
    if (tag & TAG_VALUE)
        ev->value ^= cursor_varint(&in);
    if (more & MORE_RIP)
        ev->rip = difference_get(&in, ev->rip, UINT64_MAX);
    if (more & MORE_ADDR)
        ev->addr = difference_get(&in, ev->addr, UINT64_MAX);
    if (more & MORE_SHAPE)
        shape_get(&in, ev);
    if (more & MORE_COUNT)
        ev->count = (uint32_t)varint_get(&in, UINT32_MAX);
    if (more & MORE_DETAIL)
        ev->detail = (uint16_t)varint_get(&in, UINT16_MAX);
    ev->seq = c->seq_due;
    if (more & MORE_SEQ)
        ev->seq = difference_get(&in, ev->seq, UINT64_MAX);
    ev->time_ns = c->left_ns[ev->vcpu] + ev->guest_ns;
    if (more & MORE_TIME)
        ev->time_ns = difference_get(&in, ev->time_ns, UINT64_MAX);
    if (in.bad)
        return 0;
    codec_keep(c, slot, ev);
    return avail - in.left;
}
