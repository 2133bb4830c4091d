/*
 * The machine out of a frame: see machine_read.h.
 */
#include "monitor/model/machine_read.h"

#include <stdlib.h>

enum { RANGES_MAX = 512, REGS_MAX = 255 };

void snapshot_machine_fini(struct snapshot_machine *m)
{
    free(m->devices);
    free(m->lines);
    free(m->first_range);
    free(m->range_count);
    free(m->ranges);
    pool_free(&m->pool);
    *m = (struct snapshot_machine){0};
}

static int machine_room(struct snapshot_machine *m)
{
    m->devices = calloc(MACHINE_DEVICES_MAX, sizeof *m->devices);
    m->lines = calloc(MACHINE_DEVICES_MAX, sizeof *m->lines);
    m->first_range = calloc(MACHINE_DEVICES_MAX, sizeof *m->first_range);
    m->range_count = calloc(MACHINE_DEVICES_MAX, sizeof *m->range_count);
    m->ranges = calloc(RANGES_MAX, sizeof *m->ranges);
    return m->devices && m->lines && m->first_range && m->range_count && m->ranges ? 0 : -1;
}

bool machine_read(struct snapshot_machine *m, struct cursor *c)
{
    if (m->devices)
        return true;
    if (machine_room(m) < 0)
        return false;
    m->mem_len = cursor_varint(c);
    m->image = pool_get_string(&m->pool, c);
    m->image_format = pool_get_string(&m->pool, c);
    m->clock = pool_get_string(&m->pool, c);
    m->irqchip = pool_get_string(&m->pool, c);
    m->program = pool_get_string(&m->pool, c);
    m->names.devices = m->devices;
    return m->image && m->image_format && m->clock && m->irqchip && m->program;
}

static void read_ranges(struct snapshot_machine *m, size_t i, struct cursor *c)
{
    m->first_range[i] = m->ranges_n;
    for (uint64_t n = cursor_varint(c); n > 0 && !c->bad && m->ranges_n < RANGES_MAX; n--) {
        struct snapshot_range *range = &m->ranges[m->ranges_n++];
        range->mmio = cursor_varint(c);
        range->base = cursor_varint(c);
        range->len = cursor_varint(c);
        m->range_count[i]++;
    }
}

bool machine_read_device(struct snapshot_machine *m, struct cursor *c)
{
    if (!m->devices || m->names.device_count == MACHINE_DEVICES_MAX)
        return false;
    size_t i = m->names.device_count;
    struct event_device *dev = &m->devices[i];
    const char **regs = pool_alloc(&m->pool, REGS_MAX * sizeof *regs);
    dev->name = pool_get_string(&m->pool, c);
    dev->summary = pool_get_string(&m->pool, c);
    m->lines[i] = (int)(cursor_varint(c) & 31) - 2;
    read_ranges(m, i, c);
    bool whole = true;
    while (regs && whole && c->left && !c->bad && dev->reg_count < REGS_MAX) {
        regs[dev->reg_count] = pool_get_string(&m->pool, c);
        whole = regs[dev->reg_count++];
    }
    dev->regs = regs;
    m->names.device_count++;
    return whole && !c->bad && regs && dev->name && dev->summary;
}
