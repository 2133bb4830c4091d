/*
 * What a trace tells of a device.  It holds no registers, but each access of the guest to one: the last of
 * them is what was written to or read from it. Which line a device pulls is seen from its interrupts.
 */
#include "monitor/views/devices_inside.h"

#include <inttypes.h>

/* The last access to a register. */
struct told {
    const struct event *ev;
};

static const char *reg_name(const struct event_device *dev, unsigned reg)
{
    return reg < dev->reg_count ? dev->regs[reg] : "?";
}

static void add_access(const struct event *ev, const char *name, struct text *out)
{
    int digits = ev->size >= 1 && ev->size <= 8 ? 2 * ev->size : 2;
    text_addf(out, "%-6s ", name);
    if (ev->flags & EVENT_VALUE)
        text_addf(out, "%0*" PRIx64, digits, ev->value);
    text_addf(out, "  %s by event %" PRIu64 "\n", ev->dir == DIR_IN ? "read" : "written", ev->seq);
}

void device_told(const struct snapshot *s, size_t device, struct text *out)
{
    const struct event_device *dev = &s->machine->names.devices[device];
    struct told told[256] = {{0}};
    uint64_t reads = 0, writes = 0, interrupts = 0;
    for (size_t i = ring_count(&s->history->events); i > 0; i--) {
        const struct event *ev = ring_back(&s->history->events, i - 1);
        if (ev->device != device)
            continue;
        reads += ev->dir == DIR_IN;
        writes += ev->dir == DIR_OUT;
        interrupts += ev->kind == EVENT_IRQ;
        if (ev->reg != EVENT_NO_REG && ev->dir != DIR_NONE)
            told[ev->reg].ev = ev;
    }
    for (unsigned r = 0; r < 256; r++)
        if (told[r].ev)
            add_access(told[r].ev, reg_name(dev, r), out);
    if (reads + writes + interrupts)
        text_addf(out, "        read %" PRIu64 ", written %" PRIu64 ", interrupts %" PRIu64 "\n", reads,
                  writes, interrupts);
}

void device_told_lines(const struct snapshot *s, int *line, size_t count)
{
    for (size_t i = ring_count(&s->history->events); i > 0; i--) {
        const struct event *ev = ring_back(&s->history->events, i - 1);
        if (ev->kind == EVENT_IRQ && ev->device && ev->device < count && ev->detail < LINE_COUNT)
            line[ev->device] = ev->detail;
    }
}
