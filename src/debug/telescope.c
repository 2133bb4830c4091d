/*
 * The telescope: see memview.h.  Most words on a stack are addresses; following each shows what they are
 * addresses of: code by its symbol, a string by its text, another stack slot by its own value.
 *
 * Simplified: any number above the first page that is a readable address is taken for a pointer. In 16-bit
 * code a near pointer is an offset, taken to be one into DS.
 */
#include "base/bytes.h"
#include "debug/memview.h"
#include "debug/registers.h"
#include "debug/symbols.h"

#include <ctype.h>
#include <string.h>

enum { STRING_MIN = 4, STRING_SHOWN = 40, NO_POINTER_BELOW = 0x1000 };

/* Appends the string at a linear address, when there is one: at least STRING_MIN printable characters, then
 * a NUL or more than is shown. */
static bool string_write(const struct target *t, uint64_t linear, struct text *out)
{
    uint8_t bytes[STRING_SHOWN + 1];
    size_t n = target_read(t, linear, bytes, sizeof bytes, NULL), len = 0;
    while (len < n && len < STRING_SHOWN &&
           (isprint(bytes[len]) || (bytes[len] && strchr("\n\r\t", bytes[len]))))
        len++;
    bool ends = len < n && bytes[len] == 0;
    if (len < STRING_MIN || (!ends && len < STRING_SHOWN))
        return false;
    text_add(out, " \"");
    text_add_bytes(out, bytes, len);
    text_add(out, ends ? "\"" : "...\"");
    return true;
}

static uint64_t pointer_linear(const struct target *t, uint64_t value)
{
    uint64_t base = cpu_code_bits(&t->sregs) == 16 ? t->sregs.ds.base : 0;
    return space_addr(t, SPACE_LINEAR, base + value);
}

/* ` <main+4>`; true when it lies in a function: what follows is code, not a pointer. */
static bool symbol_write(const struct target *t, uint64_t linear, struct text *out)
{
    uint64_t offset;
    const struct symbol *s = symbols_at(t->symbols, linear, &offset);
    if (!s)
        return false;
    text_addc(out, ' ');
    symbols_name(t->symbols, linear, out);
    return s->function;
}

/* A value that is no pointer may be characters. */
static void characters_write(uint64_t value, unsigned width, struct text *out)
{
    uint8_t bytes[8];
    le_store(bytes, value, width);
    for (unsigned i = 0; i < width; i++)
        if (!isprint(bytes[i]))
            return;
    if (width < STRING_MIN)
        return;
    text_add(out, " '");
    text_add_bytes(out, bytes, width);
    text_addc(out, '\'');
}

void telescope_chain(const struct target *t, uint64_t from, uint64_t value, struct text *out)
{
    unsigned width = target_width(t);
    uint64_t seen[TELESCOPE_DEPTH + 1] = {from};
    for (unsigned depth = 1;; depth++) {
        uint64_t linear = pointer_linear(t, value);
        uint8_t raw[8];
        text_addf(out, "0x%0*llx", (int)width * 2, (unsigned long long)value);
        if (value < NO_POINTER_BELOW || target_read(t, linear, raw, width, NULL) < width) {
            characters_write(value, width, out);
            return;
        }
        for (unsigned i = 0; i < depth; i++)
            if (seen[i] == linear) {
                text_add(out, " (a loop)");
                return;
            }
        if (symbol_write(t, linear, out) || string_write(t, linear, out))
            return;
        text_add(out, " -> ");
        if (depth > TELESCOPE_DEPTH) {
            text_add(out, "...");
            return;
        }
        seen[depth] = linear;
        value = le_load(raw, width);
    }
}

void telescope_write(const struct target *t, uint64_t addr, unsigned count, struct text *out)
{
    unsigned width = target_width(t);
    uint64_t base = space_addr(t, SPACE_LINEAR, addr);
    for (unsigned i = 0; i < count && i < TELESCOPE_WORDS_MAX; i++) {
        uint8_t raw[8];
        const char *why = "";
        uint64_t at = space_addr(t, SPACE_LINEAR, base + (uint64_t)i * width);
        size_t n = space_read(t, SPACE_LINEAR, at, raw, width, &why);
        text_addf(out, "+%04x  ", i * width);
        memview_address(t, SPACE_LINEAR, at, out);
        if (n < width) {
            text_addf(out, ": %s\n", why);
            return;
        }
        text_add(out, ": ");
        telescope_chain(t, at, le_load(raw, width), out);
        text_addc(out, '\n');
    }
}
