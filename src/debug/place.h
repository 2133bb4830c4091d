/*
 * A place in the guest's code, in words.
 */
#ifndef RINGSIDE_DEBUG_PLACE_H
#define RINGSIDE_DEBUG_PLACE_H

#include "debug/symbols.h"
#include "debug/target.h"

/* Appends ` <main+4>` where there is a symbol. */
static inline void place_symbol(const struct target *t, uint64_t linear, struct text *out)
{
    uint64_t offset;
    if (!t || !t->symbols || !symbols_at(t->symbols, linear, &offset))
        return;
    text_addc(out, ' ');
    symbols_name(t->symbols, linear, out);
}

/* Appends `0x100034 <main+4>`. `t` may be NULL. */
static inline void place_write(const struct target *t, uint64_t linear, struct text *out)
{
    text_addf(out, "0x%llx", (unsigned long long)linear);
    place_symbol(t, linear, out);
}

#endif
