/*
 * How devices show a register to people: see show.h.
 */
#include "device/show.h"

#include <stdarg.h>
#include <stdio.h>

static void show_head(struct text *out, unsigned width, const char *name, uint8_t value)
{
    text_addf(out, "%-*s  %02x", (int)width, name, value);
}

void show_reg(struct text *out, unsigned width, const char *name, uint8_t value, const char *const bits[8])
{
    show_head(out, width, name, value);
    const char *gap = "  ";
    for (unsigned bit = 8; bits && bit-- > 0;) {
        if (!(value >> bit & 1) || !bits[bit])
            continue;
        text_addf(out, "%s%s", gap, bits[bit]);
        gap = " ";
    }
    text_addc(out, '\n');
}

void show_note(struct text *out, unsigned width, const char *name, uint8_t value, const char *fmt, ...)
{
    char note[160];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(note, sizeof(note), fmt, ap);
    va_end(ap);
    show_head(out, width, name, value);
    text_addf(out, "%s%s\n", note[0] ? "  " : "", note);
}
