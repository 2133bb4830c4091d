/*
 * Bits in words: see bits.h.  The tables themselves are in bits_cpu.c and bits_memory.c; here is how they are
 * searched and written out.  A bit that has no name in its table is reserved: software must write it as it
 * was, and a set one is worth a look.
 */
#include "debug/bits.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { PLACE_AT = 2, NAME_AT = 10 }; /* columns of a row */

static const struct bits *const all[] = {
    &bits_rflags,
    &bits_cr0,
    &bits_cr3,
    &bits_cr4,
    &bits_efer,
    &bits_apic_base,
    &bits_pte,
    &bits_pde,
    &bits_pml4e,
    &bits_page_fault,
    &bits_selector,
    &bits_descriptor,
    &bits_system_descriptor,
    &bits_call_gate,
    &bits_gate32,
    &bits_gate64,
};

const struct bits *bits_row(size_t i)
{
    return i < sizeof all / sizeof all[0] ? all[i] : NULL;
}

static bool alias_is(const char *aliases, const char *name, size_t len)
{
    for (const char *p = aliases; *p; p += strspn(p, " ")) {
        size_t n = strcspn(p, " ");
        if (n == len && strncasecmp(p, name, len) == 0)
            return true;
        p += n;
    }
    return false;
}

const struct bits *bits_find(const char *name, size_t len)
{
    const struct bits *b;
    for (size_t i = 0; (b = bits_row(i)); i++)
        if ((strlen(b->name) == len && strncasecmp(b->name, name, len) == 0) ||
            alias_is(b->aliases, name, len))
            return b;
    return NULL;
}

const struct bit *bits_bit(const struct bits *b, const char *name)
{
    for (const struct bit *row = b->bit; row->name; row++)
        if (strcasecmp(row->name, name) == 0)
            return row;
    return NULL;
}

static uint64_t mask_of(unsigned len)
{
    return len >= 64 ? UINT64_MAX : (1ull << len) - 1;
}

uint64_t bits_field(const struct bit *row, struct bits_value v)
{
    uint64_t word = row->low >= 64 ? v.high : v.low;
    return word >> (row->low & 63) & mask_of(row->len);
}

void bit_add_name(const struct bit *row, bool set, struct text *out)
{
    for (const char *p = row->name; *p; p++)
        text_addc(out, (char)(set ? toupper((unsigned char)*p) : tolower((unsigned char)*p)));
}

void bits_add_names(const struct bits *b, uint64_t value, size_t indent, struct text *out)
{
    struct text names = {0};
    for (const struct bit *row = b->bit; row->name; row++) {
        if (row->len > 1)
            continue;
        if (names.len)
            text_addc(&names, ' ');
        bit_add_name(row, bits_field(row, (struct bits_value){value, 0}), &names);
    }
    text_add_wrapped(out, text_str(&names), indent, BITS_WIDTH);
    text_fini(&names);
}

static void add_numbers(uint64_t mask, struct text *out)
{
    for (unsigned i = 64; i-- > 0;)
        if (mask >> i & 1) {
            mask &= ~(1ull << i);
            text_addf(out, "%u%s", i, mask ? ", " : "");
        }
}

void bits_add_reserved(const struct bits *b, uint64_t value, struct text *out)
{
    uint64_t named = b->ones;
    for (const struct bit *row = b->bit; row->name; row++)
        if (row->low < 64)
            named |= mask_of(row->len) << row->low;
    uint64_t set = value & ~named, clear = b->ones & ~value;
    if (set) {
        text_add(out, "reserved bits set: ");
        add_numbers(set, out);
    }
    if (clear) {
        text_add(out, set ? "; must be 1: " : "must be 1: ");
        add_numbers(clear, out);
    }
}

static void add_place(const struct bit *row, struct text *out)
{
    if (row->len > 1)
        text_addf(out, "%u-%u", row->low + row->len - 1u, row->low);
    else
        text_addf(out, "%u", row->low);
}

static size_t name_width(const struct bits *b)
{
    size_t width = 0;
    for (const struct bit *row = b->bit; row->name; row++)
        if (strlen(row->name) > width)
            width = strlen(row->name);
    return width;
}

/* Small fields are digits, wider ones hexadecimal numbers. */
static size_t value_width(const struct bits *b)
{
    size_t width = 1;
    for (const struct bit *row = b->bit; row->name; row++)
        if (row->len > 3 && 2 + (row->len + 3u) / 4 > width)
            width = 2 + (row->len + 3u) / 4;
    return width;
}

/* Whether nothing above bit 63 is to be shown: a 16-byte entry's form in a table of 8-byte ones. */
static bool is_past(const struct bits *b, const struct bit *row, struct bits_value v)
{
    return b->wide && row->low >= 64 && v.high == 0;
}

/* The columns: `  31     PG  1  paging: addresses go through …`. */
void bits_add_row(const struct bits *b, const struct bit *row, struct bits_value v, struct text *out)
{
    size_t value_at = NAME_AT + name_width(b) + 2, words_at = value_at + value_width(b) + 2;
    uint64_t value = bits_field(row, v);
    struct text words = {0};
    text_pad(out, PLACE_AT);
    add_place(row, out);
    text_pad(out, NAME_AT);
    bit_add_name(row, row->len > 1 || value, out);
    text_pad(out, value_at);
    text_addf(out, row->len > 3 ? "%#llx" : row->len > 1 ? "%llx" : "%llu", (unsigned long long)value);
    text_pad(out, words_at);
    text_addf(&words, "%s: %s", row->title, row->len > 1 || value ? row->one : row->zero);
    text_add_wrapped(out, text_str(&words), words_at, BITS_WIDTH);
    text_addc(out, '\n');
    text_fini(&words);
}

void bits_add_rows(const struct bits *b, struct bits_value v, struct text *out)
{
    for (const struct bit *row = b->bit; row->name; row++)
        if (!is_past(b, row, v))
            bits_add_row(b, row, v, out);
}

static void explain_source(const struct bits *b, struct text *out)
{
    text_addf(out, "\nSource: Intel SDM, \"%s\"\n", b->section);
}

static void explain_bit(const struct bits *b, const struct bit *row, size_t width, struct text *out)
{
    text_addf(out, "%s.%s, %s ", b->name, row->name, row->len > 1 ? "bits" : "bit");
    add_place(row, out);
    text_addf(out, ": %s\n\n  ", row->title);
    if (row->zero)
        text_add(out, "1  ");
    text_add_wrapped(out, row->one, row->zero ? 5 : 2, width);
    if (row->zero) {
        text_add(out, "\n  0  ");
        text_add_wrapped(out, row->zero, 5, width);
    }
    text_addc(out, '\n');
    explain_source(b, out);
}

static void explain_all(const struct bits *b, size_t width, struct text *out)
{
    size_t words_at = NAME_AT + name_width(b) + 2;
    text_addf(out, "%s: %s\n\n", b->name, b->title);
    for (const struct bit *row = b->bit; row->name; row++) {
        struct text words = {0};
        text_pad(out, PLACE_AT);
        add_place(row, out);
        text_pad(out, NAME_AT);
        text_add(out, row->name);
        text_pad(out, words_at);
        text_addf(&words, "%s: %s%s", row->title, row->zero ? "1 = " : "", row->one);
        text_add_wrapped(out, text_str(&words), words_at, width);
        text_addc(out, '\n');
        text_fini(&words);
    }
    explain_source(b, out);
}

/* A bit's name alone may be in several tables. One hit is shown, several are listed. */
static bool explain_name(const char *word, size_t width, struct text *out)
{
    const struct bits *b, *found = NULL;
    size_t hits = 0;
    for (size_t i = 0; (b = bits_row(i)); i++)
        if (bits_bit(b, word)) {
            found = b;
            hits++;
        }
    if (hits == 1)
        explain_bit(found, bits_bit(found, word), width, out);
    for (size_t i = 0; hits > 1 && (b = bits_row(i)); i++) {
        const struct bit *row = bits_bit(b, word);
        if (row)
            text_addf(out, "%s.%s is a bit of %s (%s): ringside explain %s.%s\n", b->name, row->name, b->name,
                      row->title, b->name, row->name);
    }
    return hits > 0;
}

bool bits_explain(const char *word, size_t width, struct text *out)
{
    const char *dot = strchr(word, '.');
    const struct bits *b = bits_find(word, dot ? (size_t)(dot - word) : strlen(word));
    if (!dot && !b)
        return explain_name(word, width, out);
    if (!b)
        return false;
    const struct bit *row = dot ? bits_bit(b, dot + 1) : NULL;
    if (dot && !row)
        return false;
    if (row)
        explain_bit(b, row, width, out);
    else
        explain_all(b, width, out);
    return true;
}
