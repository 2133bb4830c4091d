/*
 * The dump: see memview.h.  The letters are gdb's, since everybody who debugs knows them; a dump in bytes has
 * the ASCII column of hexdump besides.
 */
#include "debug/memview.h"

#include "base/bytes.h"
#include "debug/symbols.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { ROW_LEN = 16, ROW_LEN_CHAR = 8, ROW_LEN_BINARY = 8, ROW_LEN_BYTES = 8 };

static const struct {
    char letter;
    uint8_t len;
} units[] = {{'b', 1}, {'h', 2}, {'w', 4}, {'g', 8}};

int memview_parse_format(const char *text, struct memview_format *f, size_t *used, struct err *e)
{
    struct memview_format got = *f;
    const char *s = text + (text[0] == '/');
    unsigned long count = 1;
    bool unit_said = false;
    if (isdigit((unsigned char)*s)) {
        char *end;
        count = strtoul(s, &end, 10);
        s = end;
    }
    if (count == 0 || count > MEMVIEW_COUNT_MAX)
        return err_set(e, "the count in a format is 1 to %d", MEMVIEW_COUNT_MAX);
    got.count = (unsigned)count;
    for (; isalpha((unsigned char)*s); s++) {
        size_t i = 0;
        while (i < sizeof units / sizeof units[0] && units[i].letter != *s)
            i++;
        if (i < sizeof units / sizeof units[0]) {
            got.unit = units[i].len;
            unit_said = true;
        } else if (strchr("xduotacsi", *s)) {
            got.format = *s;
            if (strchr("acsi", *s) && !unit_said)
                got.unit = 0;
        } else
            return err_set(e, "'%c' is no format (x d u o t a c s i) and no unit (b h w g)", *s);
    }
    if (!used && *s)
        return err_set(e, "a format is a count, a letter of x d u o t a c s i and one of b h w g, as in 8xw");
    if (used)
        *used = (size_t)(s - text);
    *f = got;
    return 0;
}

void memview_address(const struct target *t, enum space space, uint64_t addr, struct text *out)
{
    bool wide = cpu_mode(&t->sregs) >= MODE_COMPAT || addr > UINT32_MAX;
    text_addf(out, "0x%0*llx", wide ? 16 : 8, (unsigned long long)addr);
    if (space != SPACE_LINEAR || !t->symbols)
        return;
    struct text name = {0};
    symbols_name(t->symbols, addr, &name);
    if (name.len)
        text_addf(out, " %s", text_str(&name));
    text_fini(&name);
}

static void hole_write(const struct target *t, enum space space, uint64_t addr, const char *why,
                       struct text *out)
{
    memview_address(t, space, addr, out);
    text_addf(out, ": %s\n", why);
}

/* ---- one unit ---- */

static void unit_binary(uint64_t v, unsigned len, struct text *out)
{
    for (unsigned bit = len * 8; bit-- > 0;)
        text_addc(out, v >> bit & 1 ? '1' : '0');
}

/* The widest number of so many bytes, in decimal digits; one with a sign has at most one character more. */
static const uint8_t digits[] = {[1] = 3, [2] = 5, [4] = 10, [8] = 20};

static void unit_signed(uint64_t v, unsigned len, struct text *out)
{
    unsigned shift = 64 - 8 * len;
    text_addf(out, "%*lld", digits[len] + 1, (long long)((int64_t)(v << shift) >> shift));
}

/* 72 'H', as gdb writes it. */
static void unit_char(uint64_t v, struct text *out)
{
    uint8_t c = (uint8_t)v;
    text_addf(out, "%3u '", c);
    text_add_bytes(out, &c, 1);
    text_addc(out, '\'');
}

static void unit_write(const struct target *t, char format, uint64_t v, unsigned len, struct text *out)
{
    unsigned long long value = v;
    switch (format) {
    case 'd':
        unit_signed(v, len, out);
        break;
    case 'u':
        text_addf(out, "%*llu", digits[len], value);
        break;
    case 'o':
        text_addf(out, "0%0*llo", (int)(len * 8 + 2) / 3, value);
        break;
    case 't':
        unit_binary(v, len, out);
        break;
    case 'c':
        unit_char(v, out);
        break;
    case 'a':
        memview_address(t, SPACE_LINEAR, v, out);
        break;
    default:
        text_addf(out, "0x%0*llx", (int)len * 2, value);
    }
}

static void ascii_write(const uint8_t *row, size_t n, struct text *out)
{
    text_add(out, "  |");
    for (size_t i = 0; i < n; i++)
        text_addc(out, row[i] >= 0x20 && row[i] < 0x7f ? (char)row[i] : '.');
    text_addc(out, '|');
}

/* ---- rows ---- */

struct dump {
    const struct target *t;
    enum space space;
    char format;
    unsigned unit;
    struct text *out;
};

/* `n` bytes, of which some last ones may be no whole unit: those are not shown. */
static void row_write(const struct dump *d, uint64_t addr, const uint8_t *row, size_t n)
{
    size_t start = d->out->len;
    memview_address(d->t, d->space, addr, d->out);
    text_addc(d->out, ':');
    size_t head = d->out->len - start;
    for (size_t i = 0; i + d->unit <= n; i += d->unit) {
        text_addc(d->out, ' ');
        unit_write(d->t, d->format, le_load(row + i, d->unit), d->unit, d->out);
    }
    if (d->unit == 1 && d->format == 'x') {
        text_pad(d->out, head + 5 * ROW_LEN_BYTES);
        ascii_write(row, n, d->out);
    }
    text_addc(d->out, '\n');
}

/* One string, cut at MEMVIEW_STRING_MAX. Returns its length with the NUL, 0 when its first byte is a hole. */
static size_t string_write(const struct dump *d, uint64_t addr)
{
    uint8_t bytes[MEMVIEW_STRING_MAX];
    const char *why = "";
    size_t n = space_read(d->t, d->space, addr, bytes, sizeof bytes, &why);
    if (n == 0) {
        hole_write(d->t, d->space, addr, why, d->out);
        return 0;
    }
    const uint8_t *end = memchr(bytes, 0, n);
    size_t len = end ? (size_t)(end - bytes) : n;
    memview_address(d->t, d->space, addr, d->out);
    text_add(d->out, ": \"");
    text_add_bytes(d->out, bytes, len);
    text_addf(d->out, "\"%s\n", end ? "" : "...");
    return end ? len + 1 : len;
}

static size_t strings_write(const struct dump *d, uint64_t *addr, size_t count)
{
    size_t done = 0;
    for (; done < count; done++) {
        size_t len = string_write(d, *addr);
        if (len == 0)
            break;
        *addr = space_addr(d->t, d->space, *addr + len);
    }
    return done;
}

/* Bytes a row: fewer where a unit takes much room. */
static size_t row_len(const struct dump *d)
{
    bool bytes = d->format == 'x' && d->unit == 1;
    return d->format == 'c'   ? ROW_LEN_CHAR
           : d->format == 't' ? ROW_LEN_BINARY
           : bytes            ? ROW_LEN_BYTES
                              : ROW_LEN;
}

static size_t units_write(const struct dump *d, uint64_t *addr, size_t count)
{
    size_t done = 0;
    while (done < count) {
        uint8_t row[ROW_LEN];
        const char *why = "";
        size_t left = (count - done) * d->unit, want = left < row_len(d) ? left : row_len(d);
        /* the row that reaches the end of the address space ends there */
        uint64_t top = space_addr(d->t, d->space, UINT64_MAX) - *addr;
        if (top < want - 1)
            want = (size_t)top + 1;
        size_t n = space_read(d->t, d->space, *addr, row, want, &why), whole = n / d->unit;
        if (whole)
            row_write(d, *addr, row, whole * d->unit);
        done += whole;
        *addr = space_addr(d->t, d->space, *addr + whole * d->unit);
        if (n < want)
            hole_write(d->t, d->space, *addr + n % d->unit, why, d->out);
        if (n < want || whole == 0)
            break;
    }
    return done;
}

static unsigned unit_of(const struct target *t, const struct memview_format *f)
{
    if (f->format == 'c' && f->unit == 0)
        return 1;
    if (f->format == 'a' && f->unit == 0)
        return target_width(t);
    return f->unit ? f->unit : 4;
}

size_t memview_dump(const struct target *t, enum space space, uint64_t addr, const struct memview_format *f,
                    uint64_t *next, struct text *out)
{
    struct dump d = {.t = t,
                     .space = space,
                     .format = f->format && f->format != 'i' ? f->format : 'x',
                     .unit = unit_of(t, f),
                     .out = out};
    addr = space_addr(t, space, addr);
    size_t done = d.format == 's' ? strings_write(&d, &addr, f->count) : units_write(&d, &addr, f->count);
    if (next)
        *next = addr;
    return done;
}
