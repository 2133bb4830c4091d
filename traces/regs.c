/*
 * Coding registers: see regs.h, and docs/trace-format.md for the bytes.
 *
 * Two kinds of register are predicted in two ways.  General registers and RIP move: they are predicted to
 * move as far as the last time.  Flags, selectors and control registers are set: where this instruction has
 * ever changed one, it is predicted to leave the value that it left the last time.
 */
#include "traces/regs.h"

#include <string.h>

static bool moves(unsigned reg)
{
    return reg <= EVENT_REG_RIP;
}

void regs_begin(struct regs_codec *c)
{
    if (++c->chunk == 0) { /* once in 2^32 chunks, what is old would look new */
        memset(c->slot, 0, sizeof c->slot);
        c->chunk = 1;
    }
}

void regs_forget(struct regs_codec *c, uint8_t vcpu)
{
    c->known[vcpu] = false;
    memset(&c->now[vcpu], 0, sizeof c->now[vcpu]);
}

/* The slot of the instruction at `rip`: as it was left, or empty. */
static struct regs_slot *slot_of(struct regs_codec *c, uint64_t rip)
{
    struct regs_slot *slot = &c->slot[(rip ^ rip >> 10) % REGS_SLOTS];
    if (slot->chunk == c->chunk && slot->rip == rip)
        return slot;
    slot->chunk = c->chunk;
    slot->rip = rip;
    slot->missed = slot->touched = 0;
    memset(slot->stride, 0, sizeof slot->stride);
    return slot;
}

/* Where an instruction was and in which segment, its event says: an interrupt may have come in between. */
static struct event_regs regs_before(const struct regs_codec *c, const struct event *ev)
{
    struct event_regs before = c->now[ev->vcpu];
    before.r[EVENT_REG_RIP] = ev->rip;
    before.r[EVENT_REG_CS] = ev->cs;
    return before;
}

static struct event_regs predict(const struct regs_slot *slot, const struct event_regs *before)
{
    struct event_regs p = *before;
    for (unsigned i = 0; moves(i); i++)
        p.r[i] += slot->stride[i];
    for (uint32_t left = slot->touched >> (EVENT_REG_RIP + 1) << (EVENT_REG_RIP + 1); left;
         left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctz(left);
        p.r[i] = slot->after.r[i];
    }
    return p;
}

/* What a value that was predicted wrong is compared with. */
static uint64_t reference(const struct regs_slot *slot, const struct event_regs *before, unsigned i)
{
    return slot->touched >> i & 1 ? slot->after.r[i] : before->r[i];
}

static uint32_t differing(const struct event_regs *a, const struct event_regs *b)
{
    uint32_t mask = 0;
    for (unsigned i = 0; i < EVENT_REG_COUNT; i++)
        if (a->r[i] != b->r[i]) /* few do, and the CPU knows it */
            mask |= 1u << i;
    return mask;
}

/* Both sides end a step with this. */
static uint32_t keep(struct regs_codec *c, struct regs_slot *slot, uint8_t vcpu,
                     const struct event_regs *before, const struct event_regs *after, uint32_t missed)
{
    uint32_t changed = differing(after, before);
    for (unsigned i = 0; moves(i); i++)
        slot->stride[i] = after->r[i] - before->r[i];
    slot->touched |= changed;
    slot->missed = missed;
    slot->after = c->now[vcpu] = *after;
    c->known[vcpu] = true;
    return changed;
}

void regs_put(struct regs_codec *c, const struct event *ev, const struct event_regs *after,
              struct regs_columns *out)
{
    struct regs_slot *slot = slot_of(c, ev->rip);
    struct event_regs before = regs_before(c, ev), predicted = predict(slot, &before);
    uint32_t missed = differing(after, &predicted);
    out->masks += varint_store(out->masks, missed ^ slot->missed);
    for (uint32_t left = missed; left; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctz(left);
        uint64_t ref = reference(slot, &before, i);
        out->values += varint_store(out->values, moves(i) ? zigzag(after->r[i] - ref) : (after->r[i] ^ ref));
    }
    keep(c, slot, ev->vcpu, &before, after, missed);
}

void regs_get(struct regs_codec *c, const struct event *ev, struct regs_source *in, struct event_regs *before,
              uint32_t *changed)
{
    struct regs_slot *slot = slot_of(c, ev->rip);
    bool known = c->known[ev->vcpu];
    *before = regs_before(c, ev);
    struct event_regs after = predict(slot, before);
    uint64_t mask = cursor_varint(&in->masks) ^ slot->missed;
    in->masks.bad |= mask > UINT32_MAX;
    for (uint32_t left = (uint32_t)mask; left && !in->values.bad; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctz(left);
        uint64_t v = cursor_varint(&in->values), ref = reference(slot, before, i);
        after.r[i] = moves(i) ? ref + unzigzag(v) : v ^ ref;
    }
    *changed = keep(c, slot, ev->vcpu, before, &after, (uint32_t)mask);
    if (!known)
        *changed = UINT32_MAX;
}

size_t regs_put_known(const struct regs_codec *c, uint8_t *out)
{
    uint8_t *p = out;
    size_t count = 0;
    for (unsigned v = 0; v < REGS_VCPUS; v++)
        count += c->known[v];
    p += varint_store(p, count);
    for (unsigned v = 0; v < REGS_VCPUS; v++) {
        if (!c->known[v])
            continue;
        *p++ = (uint8_t)v;
        for (unsigned i = 0; i < EVENT_REG_COUNT; i++)
            p += varint_store(p, c->now[v].r[i]);
    }
    return (size_t)(p - out);
}

bool regs_get_known(struct regs_codec *c, struct cursor *in)
{
    memset(c->now, 0, sizeof c->now);
    memset(c->known, 0, sizeof c->known);
    uint64_t count = cursor_varint(in);
    if (count > REGS_VCPUS)
        return false;
    for (; count && !in->bad; count--) {
        uint8_t v = cursor_byte(in);
        for (unsigned i = 0; i < EVENT_REG_COUNT; i++)
            c->now[v].r[i] = cursor_varint(in);
        c->known[v] = true;
    }
    return !in->bad;
}
