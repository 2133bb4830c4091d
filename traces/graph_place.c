/*
 * Places in the guest's code: see graph_place.h.  A trace of ten million instructions is at a few hundred
 * addresses, so what was looked up is remembered.
 */
#include "traces/graph_place.h"

uint64_t place_of(struct places *p, uint64_t linear, bool *symbol)
{
    size_t slot = (linear ^ linear >> 10) % PLACE_MEMO;
    if (p->memo[slot].linear != linear + 1 || linear + 1 == 0) {
        uint64_t offset;
        const struct event_symbol *s = event_symbol_at(p->names, linear, &offset);
        p->memo[slot].linear = linear + 1;
        p->memo[slot].start = s ? s->addr : linear;
        p->memo[slot].symbol = s != NULL;
    }
    *symbol = p->memo[slot].symbol;
    return p->memo[slot].start;
}

bool place_is_symbol(const struct event_names *names, uint64_t start)
{
    uint64_t offset;
    return event_symbol_at(names, start, &offset) && offset == 0;
}

void place_name(const struct event_names *names, uint64_t start, struct text *out)
{
    uint64_t offset;
    const struct event_symbol *s = event_symbol_at(names, start, &offset);
    if (s && offset == 0 && s->name && *s->name)
        text_add(out, s->name);
    else
        text_addf(out, "0x%" PRIx64, start);
}
