/*
 * A bench for one device: a clock that the test moves, a lamp and a counter on its interrupt pin, and a
 * notebook for what it sends and signals.  Nothing of KVM or of the machine is needed to know whether a
 * device obeys its data sheet.
 */
#ifndef RINGSIDE_TESTS_DEVICE_RIG_H
#define RINGSIDE_TESTS_DEVICE_RIG_H

#include "device/device.h"
#include "device/state.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

enum { RIG_SIGNALS_MAX = 64 };

struct rig {
    struct device *device;
    uint64_t now_ns;
    bool irq;
    unsigned irq_rises;
    struct text sent;
    struct {
        enum device_signal what;
        uint64_t arg;
    } signals[RIG_SIGNALS_MAX];
    unsigned signal_count;
    uint8_t reg; /* what the last access hit */
};

static inline void rig_irq(void *ctx, unsigned line, bool level)
{
    struct rig *r = ctx;
    (void)line;
    r->irq_rises += level && !r->irq;
    r->irq = level;
}

static inline uint64_t rig_now(void *ctx)
{
    return ((struct rig *)ctx)->now_ns;
}

static inline void rig_signal(void *ctx, enum device_signal what, uint64_t arg)
{
    struct rig *r = ctx;
    if (r->signal_count == RIG_SIGNALS_MAX)
        return;
    r->signals[r->signal_count].what = what;
    r->signals[r->signal_count++].arg = arg;
}

static inline void rig_output(void *ctx, uint8_t byte)
{
    text_addc(&((struct rig *)ctx)->sent, (char)byte);
}

/* Builds a device of this type with all its wires on the bench. */
static inline void rig_init(struct rig *r, const struct device_ops *ops)
{
    *r = (struct rig){.reg = DEVICE_NO_REG};
    struct device_wires wires = {.irq = {rig_irq, r, 0},
                                 .clock = {rig_now, r},
                                 .signal = rig_signal,
                                 .signal_ctx = r,
                                 .output = rig_output,
                                 .output_ctx = r};
    struct err e = {0};
    r->device = ops->create(&wires, &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r->device);
}

static inline void rig_fini(struct rig *r)
{
    r->device->ops->destroy(r->device);
    text_fini(&r->sent);
}

static inline uint64_t rig_read_wide(struct rig *r, unsigned region, uint64_t offset, uint8_t size)
{
    struct access a = {.region = region, .offset = offset, .size = size, .reg = DEVICE_NO_REG};
    r->device->ops->read(r->device, &a);
    r->reg = a.reg;
    return a.value;
}

static inline void rig_write_wide(struct rig *r, unsigned region, uint64_t offset, uint64_t value,
                                  uint8_t size)
{
    struct access a = {
        .region = region, .offset = offset, .value = value, .size = size, .reg = DEVICE_NO_REG};
    r->device->ops->write(r->device, &a);
    r->reg = a.reg;
}

/* Reads or writes one byte. */
static inline uint8_t rig_read(struct rig *r, unsigned region, uint64_t offset)
{
    return (uint8_t)rig_read_wide(r, region, offset, 1);
}

static inline void rig_write(struct rig *r, unsigned region, uint64_t offset, uint8_t value)
{
    rig_write_wide(r, region, offset, value, 1);
}

/* Lets time pass as the machine does: stops at the device's deadline on the way. */
static inline void rig_pass(struct rig *r, uint64_t ns)
{
    uint64_t end_ns = r->now_ns + ns;
    const struct device_ops *ops = r->device->ops;
    while (ops->deadline_ns) {
        uint64_t deadline_ns = ops->deadline_ns(r->device);
        if (deadline_ns > end_ns)
            break;
        r->now_ns = deadline_ns > r->now_ns ? deadline_ns : r->now_ns;
        ops->elapse(r->device, r->now_ns);
        if (ops->deadline_ns(r->device) == deadline_ns)
            break;
    }
    r->now_ns = end_ns;
    if (ops->elapse)
        ops->elapse(r->device, end_ns);
}

/* How often it signalled this; `*last` (may be NULL) gets the latest argument. */
static inline unsigned rig_signalled(const struct rig *r, enum device_signal what, uint64_t *last)
{
    unsigned n = 0;
    for (unsigned i = 0; i < r->signal_count; i++) {
        if (r->signals[i].what != what)
            continue;
        n++;
        if (last)
            *last = r->signals[i].arg;
    }
    return n;
}

/* True when the register that the last access hit has this name in the device's list. */
static inline bool rig_hit(const struct rig *r, const char *name)
{
    const struct device_ops *ops = r->device->ops;
    return r->reg < ops->reg_count && strcmp(ops->regs[r->reg], name) == 0;
}

static inline bool text_same(const struct text *a, const struct text *b)
{
    return a->len == b->len && memcmp(text_str(a), text_str(b), a->len) == 0;
}

/* The device's state, as people and as snapshots see it. */
struct rig_view {
    struct text shown, saved;
};

static inline struct rig_view rig_view(const struct rig *r)
{
    struct rig_view v = {0};
    r->device->ops->describe(r->device, &v.shown);
    r->device->ops->save(r->device, &v.saved);
    return v;
}

static inline void rig_view_fini(struct rig_view *v)
{
    text_fini(&v->shown);
    text_fini(&v->saved);
}

static inline bool rig_looks(const struct rig *r, const struct rig_view *v)
{
    struct rig_view now = rig_view(r);
    bool same = text_same(&now.shown, &v->shown) && text_same(&now.saved, &v->saved);
    rig_view_fini(&now);
    return same;
}

static inline int rig_restore(struct rig *r, const void *p, size_t len)
{
    struct err e = {0};
    int rc = r->device->ops->restore(r->device, p, len, &e);
    CU_ASSERT(rc == 0 || e.text[0] != '\0');
    return rc;
}

/* States that must be refused, each leaving the device as it is: cut off anywhere, too long, another
 * device's, another version's. */
static inline void rig_refuses(struct rig *r, const struct rig_view *good)
{
    struct rig_view before = rig_view(r);
    for (size_t len = 0; len < good->saved.len; len++) {
        /* On the heap and of this length exactly, so that the sanitizer sees a read past its end. */
        char *cut = malloc(len ? len : 1);
        CU_ASSERT_PTR_NOT_NULL_FATAL(cut);
        memcpy(cut, text_str(&good->saved), len);
        CU_ASSERT(rig_restore(r, cut, len) == -1);
        free(cut);
    }
    struct text bad = {0};
    text_addn(&bad, text_str(&good->saved), good->saved.len);
    text_addc(&bad, 0);
    CU_ASSERT(rig_restore(r, bad.buf, bad.len) == -1);
    for (size_t i = 0; i < 2; i++) {
        bad.buf[i] ^= 0x40;
        CU_ASSERT(rig_restore(r, bad.buf, bad.len - 1) == -1);
        bad.buf[i] ^= 0x40;
    }
    CU_ASSERT(rig_looks(r, &before));
    text_fini(&bad);
    rig_view_fini(&before);
}

/* Saves the device as it stands, lets `damage` change it, proves that bad states are refused and the good one
 * brings everything back. */
static inline void rig_round_trip(struct rig *r, void (*damage)(struct rig *r))
{
    struct rig_view good = rig_view(r);
    CU_ASSERT(good.shown.len > 0 && good.shown.buf[good.shown.len - 1] == '\n');
    damage(r);
    CU_ASSERT_FALSE(rig_looks(r, &good));
    rig_refuses(r, &good);
    CU_ASSERT(rig_restore(r, good.saved.buf, good.saved.len) == 0);
    CU_ASSERT(rig_looks(r, &good));
    rig_view_fini(&good);
}

/* Restores one thousand corrupted copies of the present state (one byte changed in each, everywhere, in
 * turn): each is refused or gives a device that can still be described and saved. */
static inline void rig_corrupt(struct rig *r)
{
    struct rig_view good = rig_view(r);
    for (size_t i = 0; i < 1000; i++) {
        size_t at = i % good.saved.len;
        char kept = good.saved.buf[at];
        good.saved.buf[at] = (char)(kept ^ (1 << i / good.saved.len % 8));
        (void)rig_restore(r, good.saved.buf, good.saved.len);
        struct rig_view now = rig_view(r);
        CU_ASSERT(now.saved.len == good.saved.len);
        rig_view_fini(&now);
        good.saved.buf[at] = kept;
    }
    CU_ASSERT(rig_restore(r, good.saved.buf, good.saved.len) == 0);
    CU_ASSERT(rig_looks(r, &good));
    rig_view_fini(&good);
}

/* A fixed sequence of numbers that look like chance (xorshift), so that a failure happens again. */
static inline uint32_t rig_chance(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* One thing that can happen to a device, chosen by `chance`; what it answered. */
typedef uint64_t rig_step_fn(struct rig *r, uint32_t chance);

/* Two devices, one restored from the other in the middle of `steps` random things, must behave the same from
 * there on: the same answers, pin, output, signals and deadline. What `save` forgot shows here. */
static inline void rig_twins(const struct device_ops *ops, rig_step_fn *step, unsigned rounds, unsigned steps)
{
    for (uint32_t round = 1; round <= rounds; round++) {
        struct rig a, b;
        uint32_t seed = round * 2654435761u;
        rig_init(&a, ops);
        rig_init(&b, ops);
        for (unsigned i = 0; i < steps; i++)
            step(&a, rig_chance(&seed));
        struct rig_view v = rig_view(&a);
        CU_ASSERT(rig_restore(&b, v.saved.buf, v.saved.len) == 0);
        CU_ASSERT(rig_looks(&b, &v));
        rig_view_fini(&v);
        b.now_ns = a.now_ns;
        b.irq = a.irq;
        b.reg = a.reg;
        a.signal_count = b.signal_count = a.irq_rises = b.irq_rises = 0;
        text_clear(&a.sent);
        text_clear(&b.sent);
        bool same = true;
        for (unsigned i = 0; i < steps && same; i++) {
            uint32_t chance = rig_chance(&seed);
            same = step(&a, chance) == step(&b, chance) && a.irq == b.irq && a.irq_rises == b.irq_rises &&
                   a.reg == b.reg && text_same(&a.sent, &b.sent) && a.signal_count == b.signal_count;
            if (ops->deadline_ns)
                same = same && ops->deadline_ns(a.device) == ops->deadline_ns(b.device);
        }
        CU_ASSERT(same);
        rig_fini(&b);
        rig_fini(&a);
    }
}

/* True when `describe` has this text in it. */
static inline bool rig_shows(const struct rig *r, const char *words)
{
    struct rig_view v = rig_view(r);
    bool found = strstr(text_str(&v.shown), words) != NULL;
    rig_view_fini(&v);
    return found;
}

#endif
