/*
 * The bus: see bus.h.  Ports are looked up in a map with one byte each, since port exits are what a small
 * guest does most; guest-physical ranges are few and far apart and are kept sorted.
 *
 * Manual: Intel SDM volume 1, chapter "Input/Output", section "I/O Ports" (accesses wider than the port, and
 * their order).
 */
#include "device/bus.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const space_words[] = {[SPACE_PIO] = "ports", [SPACE_MMIO] = "addresses"};

struct bus *bus_create(struct err *e)
{
    struct bus *b = calloc(1, sizeof(*b));
    if (!b)
        err_set(e, "bus: out of memory");
    return b;
}

void bus_destroy(struct bus *b)
{
    free(b);
}

static uint64_t range_last(const struct device_range *r)
{
    return r->base + (r->len - 1);
}

static bool range_overlaps(const struct device_range *a, const struct device_range *b)
{
    return a->space == b->space && a->base <= range_last(b) && b->base <= range_last(a);
}

static bool range_contains(const struct device_range *r, uint64_t addr, unsigned size)
{
    uint64_t offset = addr - r->base;
    return addr >= r->base && offset < r->len && size <= r->len - offset;
}

static bool width_valid(unsigned width)
{
    return width == 1 || width == 2 || width == 4 || width == 8;
}

/* Whether the range is one that can be claimed at all, whoever else is there. */
static int range_check(const struct device_range *r, const char *name, struct err *e)
{
    if (r->space != SPACE_PIO && r->space != SPACE_MMIO)
        return err_set(e, "%s: address space %d does not exist", name, (int)r->space);
    if (r->len == 0)
        return err_set(e, "%s: empty range at 0x%" PRIx64, name, r->base);
    if (!width_valid(r->width))
        return err_set(e, "%s: width of %u bytes is not 1, 2, 4 or 8", name, r->width);
    uint64_t end = r->space == SPACE_PIO ? BUS_PORTS - 1 : UINT64_MAX;
    if (r->base > end || r->len - 1 > end - r->base)
        return err_set(e, "%s: %s 0x%" PRIx64 " + 0x%" PRIx64 " reach past 0x%" PRIx64, name,
                       space_words[r->space], r->base, r->len, end);
    return 0;
}

static int bus_check(const struct bus *b, const struct bus_claim *new, struct err *e)
{
    const char *name = new->device->ops->name;
    if (range_check(&new->range, name, e))
        return -1;
    if (new->device_index == 0 || new->device_index > BUS_DEVICES_MAX)
        return err_set(e, "%s: device number %u is not 1 to %d", name, new->device_index, BUS_DEVICES_MAX);
    if (new->region >= DEVICE_RANGES_MAX)
        return err_set(e, "%s: region %u, but a device has at most %d", name, new->region, DEVICE_RANGES_MAX);
    if (b->claim_count == BUS_CLAIMS_MAX)
        return err_set(e, "%s: the bus is full (%d ranges)", name, BUS_CLAIMS_MAX);
    for (size_t i = 0; i < b->claim_count; i++) {
        const struct bus_claim *old = &b->claims[i];
        if (range_overlaps(&old->range, &new->range))
            return err_set(e,
                           "%s 0x%" PRIx64 "-0x%" PRIx64 " of %s (device %u) overlap 0x%" PRIx64 "-0x%" PRIx64
                           " of %s (device %u)",
                           space_words[new->range.space], new->range.base, range_last(&new->range), name,
                           new->device_index, old->range.base, range_last(&old->range),
                           old->device->ops->name, old->device_index);
    }
    return 0;
}

/* Puts claim `index` into the sorted list. */
static void mmio_insert(struct bus *b, uint8_t index)
{
    size_t at = b->mmio_count++;
    for (; at > 0 && b->claims[b->mmio[at - 1]].range.base > b->claims[index].range.base; at--)
        b->mmio[at] = b->mmio[at - 1];
    b->mmio[at] = index;
}

int bus_claim(struct bus *b, struct device *device, unsigned device_index, unsigned region,
              const struct device_range *range, struct err *e)
{
    const struct bus_claim new = {device, device_index, region, *range};
    if (bus_check(b, &new, e))
        return -1;
    uint8_t index = (uint8_t)b->claim_count++;
    b->claims[index] = new;
    if (range->space == SPACE_PIO)
        memset(b->ports + range->base, index + 1, range->len);
    else
        mmio_insert(b, index);
    return 0;
}

static const struct bus_claim *mmio_find(const struct bus *b, uint64_t addr)
{
    size_t low = 0, high = b->mmio_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (b->claims[b->mmio[middle]].range.base <= addr)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;
    const struct bus_claim *c = &b->claims[b->mmio[low - 1]];
    return range_contains(&c->range, addr, 1) ? c : NULL;
}

const struct bus_claim *bus_find(const struct bus *b, enum device_space space, uint64_t addr)
{
    if (space == SPACE_MMIO)
        return mmio_find(b, addr);
    if (addr >= BUS_PORTS || b->ports[addr] == 0)
        return NULL;
    return &b->claims[b->ports[addr] - 1];
}

static uint64_t size_mask(unsigned size)
{
    return size >= 8 ? UINT64_MAX : (UINT64_C(1) << size * 8) - 1;
}

/* One bus cycle of `size` bytes that the device can take as they are. Returns the register it hit. */
static uint8_t bus_cycle(const struct bus_claim *c, uint64_t addr, unsigned size, bool write, uint64_t *value)
{
    struct access a = {
        .region = c->region,
        .offset = addr - c->range.base,
        .value = write ? *value & size_mask(size) : 0,
        .size = (uint8_t)size,
        .reg = DEVICE_NO_REG,
    };
    if (write)
        c->device->ops->write(c->device, &a);
    else
        c->device->ops->read(c->device, &a);
    *value = a.value & size_mask(size);
    return a.reg;
}

/* An access that no one device takes whole: in parts, each looked up on its own. */
static void bus_access_parts(struct bus *b, enum device_space space, uint64_t addr, unsigned size, bool write,
                             uint64_t *value, struct bus_hit *hit)
{
    const struct bus_claim *c = bus_find(b, space, addr);
    bool whole = c && range_contains(&c->range, addr, size);
    unsigned part = whole ? c->range.width : 1;
    uint64_t result = 0;
    for (unsigned done = 0; done < size; done += part) {
        /* The sum may wrap at the top of the address space; what lies past the end is nobody's. */
        if (done && !whole)
            c = addr + done < addr ? NULL : bus_find(b, space, addr + done);
        uint64_t v = write ? *value >> done * 8 : size_mask(part);
        uint8_t reg = c ? bus_cycle(c, addr + done, part, write, &v) : DEVICE_NO_REG;
        if (done == 0)
            hit->reg = reg;
        result |= (v & size_mask(part)) << done * 8;
    }
    if (!write)
        *value = result;
}

void bus_access(struct bus *b, enum device_space space, uint64_t addr, unsigned size, bool write,
                uint64_t *value, struct bus_hit *hit)
{
    const struct bus_claim *c = bus_find(b, space, addr);
    *hit =
        (struct bus_hit){.device_index = c ? c->device_index : 0, .reg = DEVICE_NO_REG, .claimed = c != NULL};
    if (c && size <= c->range.width && range_contains(&c->range, addr, size)) {
        uint64_t v = *value;
        hit->reg = bus_cycle(c, addr, size, write, &v);
        if (!write)
            *value = v;
        return;
    }
    bus_access_parts(b, space, addr, size, write, value, hit);
}
