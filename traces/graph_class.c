/*
 * Which events count as the same thing in a picture, and what that thing is called.  A write to the UART's
 * data register is one class whatever byte it carries; an access that no device answered has only its address
 * to be known by; an MSR, a vector or an assist is known by its number.
 */
#include "traces/graph.h"

#include <inttypes.h>

#define PAGE_MASK (~(uint64_t)0xfff)

/* What tells two events of one kind apart, beyond device, register and direction. */
enum class_field { FIELD_NONE, FIELD_ADDR, FIELD_DETAIL, FIELD_ASSIST };

struct class_row {
    enum event_kind kind;
    enum class_field field;
    const char *word; /* as a programmer would say it */
};

/* Kinds that are not here are known by their short name alone. */
static const struct class_row class_rows[] = {
    {EVENT_MSR_READ, FIELD_ADDR, "rdmsr"},
    {EVENT_MSR_WRITE, FIELD_ADDR, "wrmsr"},
    {EVENT_HYPERCALL, FIELD_ADDR, "hypercall"},
    {EVENT_SYSTEM_EVENT, FIELD_ADDR, "system_event"},
    {EVENT_IRQ, FIELD_ADDR, "irq"},
    {EVENT_DEBUG, FIELD_DETAIL, "debug vector"},
    {EVENT_INTERNAL, FIELD_DETAIL, "internal suberror"},
    {EVENT_ASSIST, FIELD_ASSIST, "assist"},
};

static const struct class_row *class_row(unsigned kind)
{
    for (size_t i = 0; i < sizeof class_rows / sizeof class_rows[0]; i++)
        if (class_rows[i].kind == kind)
            return &class_rows[i];
    return NULL;
}

static bool class_is_access(const struct event *ev)
{
    return ev->kind == EVENT_IO || ev->kind == EVENT_MMIO;
}

/* Where nobody answered, each port counts by itself, memory by the page: a device that is missing would have
 * had a page or more of registers. */
static uint64_t class_place(const struct event *ev)
{
    if (class_is_access(ev))
        return ev->device ? 0 : ev->kind == EVENT_MMIO ? ev->addr & PAGE_MASK : ev->addr;
    const struct class_row *row = class_row(ev->kind);
    if (!row || row->field == FIELD_NONE)
        return 0;
    return row->field == FIELD_ADDR ? ev->addr : ev->detail;
}

uint64_t class_key(const struct event *ev)
{
    uint64_t place = class_place(ev);
    bool access = class_is_access(ev);
    if (access && ev->kind == EVENT_MMIO && !ev->device)
        place >>= 12; /* 52-bit physical addresses leave 40 bits of page number, so nothing is cut off */
    uint64_t key = (uint64_t)ev->kind << 56 | (place & 0xffffffffff);
    if (access) {
        key |= (uint64_t)(ev->dir & 3) << 54 | (uint64_t)(ev->flags & EVENT_STRING ? 1 : 0) << 53;
        if (ev->device)
            key |= (uint64_t)1 << 52 | (uint64_t)ev->device << 8 | ev->reg;
    }
    return key;
}

void class_device_name(const struct event_names *names, unsigned device, struct text *out)
{
    const char *name = device < names->device_count ? names->devices[device].name : NULL;
    if (name && *name)
        text_add(out, name);
    else
        text_addf(out, "device %u", device);
}

static void class_access_name(const struct event *ev, const struct event_names *names, struct text *out)
{
    static const char *const io[2][3] = {{"io", "in", "out"}, {"io", "ins", "outs"}};
    static const char *const mmio[3] = {"mmio", "mmio read", "mmio write"};
    unsigned dir = ev->dir <= DIR_OUT ? ev->dir : DIR_NONE;
    text_add(out, ev->kind == EVENT_MMIO ? mmio[dir] : io[ev->flags & EVENT_STRING ? 1 : 0][dir]);
    text_addc(out, ' ');
    if (!ev->device) {
        text_addf(out, "0x%" PRIx64, class_place(ev));
        return;
    }
    class_device_name(names, ev->device, out);
    const char *reg = event_reg_name(names, ev);
    if (*reg)
        text_addf(out, ".%s", reg);
}

void class_name(const struct event *ev, const struct event_names *names, struct text *out)
{
    const struct class_row *row = class_row(ev->kind);
    if (class_is_access(ev))
        class_access_name(ev, names, out);
    else if (!event_kind_known(ev->kind))
        text_addf(out, "exit reason %u", ev->kind);
    else if (!row)
        text_add(out, event_kind_info(ev->kind)->name);
    else if (row->field == FIELD_ASSIST)
        text_addf(out, "%s %s", row->word, event_assist_name(ev->detail));
    else if (row->field == FIELD_DETAIL)
        text_addf(out, "%s %u", row->word, ev->detail);
    else
        text_addf(out, "%s 0x%" PRIx64, row->word, ev->addr);
}
