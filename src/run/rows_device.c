/*
 * Exits because the guest talks to a device: port I/O and MMIO.  KVM has decoded the instruction as far as
 * the access: a port or guest-physical address, a size, a direction, and the data in memory shared with us.
 * What we put there on a read reaches the guest's register on the next entry, when KVM finishes the
 * instruction.
 */
#include "base/bytes.h"
#include "run/rows.h"

void exit_decode_io(struct run *r, struct event *ev)
{
    const struct kvm_run *k = r->vcpu.run;
    bool string = false;
    ev->addr = k->io.port;
    ev->dir = k->io.direction == KVM_EXIT_IO_OUT ? DIR_OUT : DIR_IN;
    ev->size = k->io.size;
    ev->count = k->io.count;
    ev->flags |= EVENT_ADDR | EVENT_VALUE;
    if (!r->observed || !locate_io(r, ev->dir == DIR_OUT, ev->size, k->io.port, ev->count, &ev->rip, &string))
        ev->flags |= ev->dir == DIR_OUT ? EVENT_RIP_NEXT : 0;
    if (string || ev->count > 1)
        ev->flags |= EVENT_STRING;
}

static void event_hit(struct event *ev, const struct bus_hit *hit)
{
    ev->device = (uint8_t)hit->device_index;
    ev->reg = hit->reg;
    if (!hit->claimed)
        ev->flags |= EVENT_UNCLAIMED;
}

enum verdict exit_handle_io(struct run *r, struct event *ev, struct err *e)
{
    (void)e;
    struct kvm_run *k = r->vcpu.run;
    uint8_t *data = (uint8_t *)k + k->io.data_offset;
    size_t room = (r->vcpu.run_len - (size_t)k->io.data_offset) / ev->size;
    bool out = ev->dir == DIR_OUT;
    for (uint32_t i = 0; i < ev->count && i < room; i++, data += ev->size) {
        struct bus_hit hit;
        uint64_t value = out ? le_load(data, ev->size) : 0;
        machine_access(r->machine, SPACE_PIO, ev->addr, ev->size, out, &value, &hit);
        if (!out)
            le_store(data, value, ev->size);
        if (i > 0)
            continue;
        ev->value = value;
        event_hit(ev, &hit);
    }
    r->in_flight = true;
    return GO_ON;
}

void exit_decode_mmio(struct run *r, struct event *ev)
{
    const struct kvm_run *k = r->vcpu.run;
    ev->addr = k->mmio.phys_addr;
    ev->dir = k->mmio.is_write ? DIR_OUT : DIR_IN;
    ev->size = k->mmio.len <= 8 ? (uint8_t)k->mmio.len : 8;
    ev->flags |= EVENT_ADDR | EVENT_VALUE;
    if (!r->observed || !locate_mmio(r, k->mmio.is_write, ev->size, ev->addr, &ev->rip))
        ev->flags |= k->mmio.is_write ? EVENT_RIP_NEXT : 0;
}

/* KVM splits what a device could not take anyway; what is left is 1 to 8 bytes, not always a power of two. */
enum verdict exit_handle_mmio(struct run *r, struct event *ev, struct err *e)
{
    (void)e;
    struct kvm_run *k = r->vcpu.run;
    bool write = ev->dir == DIR_OUT;
    struct bus_hit hit = {.reg = DEVICE_NO_REG};
    uint64_t value = write ? le_load(k->mmio.data, ev->size) : 0;
    if (ev->size == 1 || ev->size == 2 || ev->size == 4 || ev->size == 8) {
        machine_access(r->machine, SPACE_MMIO, ev->addr, ev->size, write, &value, &hit);
    } else {
        for (unsigned i = 0; i < ev->size; i++) {
            struct bus_hit part;
            uint64_t byte = value >> (8 * i) & 0xff;
            machine_access(r->machine, SPACE_MMIO, ev->addr + i, 1, write, &byte, &part);
            if (!write)
                value |= (byte & 0xff) << (8 * i);
            if (i == 0)
                hit = part;
        }
    }
    if (!write)
        le_store(k->mmio.data, value, ev->size);
    ev->value = value;
    event_hit(ev, &hit);
    r->in_flight = true;
    return GO_ON;
}
