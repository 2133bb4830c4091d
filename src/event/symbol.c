/*
 * Symbols: from the address of an instruction to the name of the function it is in.  The names come from the
 * guest's ELF file when there is one, and travel in the trace's header, so that a trace can be read where the
 * guest is not.
 */
#include "event/event.h"

uint64_t event_linear(const struct event *ev)
{
    return event_mode(ev) == MODE_REAL ? ((uint64_t)ev->cs << 4) + (ev->rip & 0xffff) : ev->rip;
}

const struct event_symbol *event_symbol_at(const struct event_names *names, uint64_t addr, uint64_t *offset)
{
    size_t low = 0, high = names->symbol_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (names->symbols[middle].addr <= addr)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;
    const struct event_symbol *s = &names->symbols[low - 1];
    if (s->len && addr - s->addr >= s->len)
        return NULL;
    *offset = addr - s->addr;
    return s;
}

const char *event_symbol_name(const struct event_names *names, const struct event *ev)
{
    uint64_t offset;
    const struct event_symbol *s =
        ev->flags & EVENT_NO_CPU ? NULL : event_symbol_at(names, event_linear(ev), &offset);
    return s ? s->name : "";
}
