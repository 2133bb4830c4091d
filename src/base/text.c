/*
 * Growing text: see text.h.  A failed allocation is remembered in the text itself and reported once by
 * whoever prints it, so that the hundred places that append a word need no error path of their own.
 */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool text_reserve(struct text *t, size_t extra)
{
    if (t->failed)
        return false;
    if (t->cap - t->len > extra)
        return true;
    size_t cap = t->cap ? t->cap : 128;
    while (cap - t->len <= extra)
        cap *= 2;
    char *buf = realloc(t->buf, cap);
    if (!buf) {
        t->failed = true;
        return false;
    }
    t->buf = buf;
    t->cap = cap;
    t->buf[t->len] = '\0';
    return true;
}

void text_fini(struct text *t)
{
    free(t->buf);
    *t = (struct text){0};
}

void text_clear(struct text *t)
{
    t->len = 0;
    t->failed = false;
    if (t->buf)
        t->buf[0] = '\0';
}

const char *text_str(const struct text *t)
{
    return t->buf ? t->buf : "";
}

void text_addn(struct text *t, const char *s, size_t n)
{
    if (!text_reserve(t, n))
        return;
    memcpy(t->buf + t->len, s, n);
    t->len += n;
    t->buf[t->len] = '\0';
}

void text_add(struct text *t, const char *s)
{
    text_addn(t, s, strlen(s));
}

void text_addc(struct text *t, char c)
{
    text_addn(t, &c, 1);
}

void text_addf(struct text *t, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n >= 0 && text_reserve(t, (size_t)n)) {
        vsnprintf(t->buf + t->len, (size_t)n + 1, fmt, again);
        t->len += (size_t)n;
    }
    va_end(again);
}

size_t text_width(const char *s)
{
    size_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

void text_pad(struct text *t, size_t column)
{
    const char *all = text_str(t);
    const char *line = t->len ? all + t->len : all;
    while (line > all && line[-1] != '\n')
        line--;
    for (size_t w = text_width(line); w < column; w++)
        text_addc(t, ' ');
}

void text_add_wrapped(struct text *t, const char *s, size_t indent, size_t width)
{
    size_t column = indent;
    while (*s) {
        size_t len = strcspn(s, " ");
        char word[256];
        snprintf(word, sizeof word, "%.*s", (int)len, s);
        if (column > indent && column + 1 + text_width(word) > width) {
            text_addf(t, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            text_addc(t, ' ');
            column++;
        }
        text_addn(t, s, len);
        column += text_width(word);
        s += len;
        s += strspn(s, " ");
    }
}

void text_add_lines(struct text *t, const char *s, size_t width, size_t height)
{
    for (size_t line = 0; *s && (!height || line < height); line++) {
        size_t len = strcspn(s, "\n"), used = 0;
        uint32_t code;
        for (size_t cells = 0; used < len && (!width || cells < width); cells++) {
            size_t n = utf8_decode(s + used, len - used, &code);
            used += n ? n : 1;
        }
        while (used > 0 && s[used - 1] == ' ')
            used--;
        text_addn(t, s, used);
        text_addc(t, '\n');
        s += len + (s[len] == '\n');
    }
}

void text_add_ns(struct text *t, uint64_t ns)
{
    if (ns < 1000)
        text_addf(t, "%u ns", (unsigned)ns);
    else if (ns < 1000000)
        text_addf(t, "%.1f us", (double)ns / 1e3);
    else if (ns < 1000000000)
        text_addf(t, "%.1f ms", (double)ns / 1e6);
    else
        text_addf(t, "%.2f s", (double)ns / 1e9);
}

void text_add_size(struct text *t, uint64_t len)
{
    static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    size_t u = 0;
    double v = (double)len;
    while (v >= 1024 && u + 1 < sizeof unit / sizeof unit[0]) {
        v /= 1024;
        u++;
    }
    text_addf(t, v == (double)(uint64_t)v ? "%.0f %s" : "%.1f %s", v, unit[u]);
}

size_t utf8_decode(const char *s, size_t n, uint32_t *code)
{
    /* The smallest number that needs a sequence of this length: anything below is an overlong form. */
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)s;
    size_t len = p[0] < 0x80 ? 1 : p[0] < 0xc0 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf8 ? 4 : 0;
    if (len == 0 || len > n)
        return 0;
    uint32_t c = len == 1 ? p[0] : p[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3f);
    }
    *code = c;
    return c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0 : len;
}

void text_add_json(struct text *t, const char *s)
{
    text_addc(t, '"');
    for (size_t left = strlen(s); left > 0;) {
        uint32_t code = 0;
        size_t len = utf8_decode(s, left, &code);
        if (len == 0)
            text_add(t, "\\ufffd");
        else if (code == '"' || code == '\\')
            text_addf(t, "\\%c", (char)code);
        else if (code < 0x20 || code == 0x7f)
            text_addf(t, "\\u%04x", code);
        else
            text_addn(t, s, len);
        s += len ? len : 1;
        left -= len ? len : 1;
    }
    text_addc(t, '"');
}

void text_add_bytes(struct text *t, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] == '\n')
            text_add(t, "\\n");
        else if (p[i] == '\\' || p[i] == '\'')
            text_addf(t, "\\%c", p[i]);
        else if (p[i] >= 0x20 && p[i] < 0x7f)
            text_addc(t, (char)p[i]);
        else
            text_addf(t, "\\x%02x", p[i]);
    }
}

void table_init(struct table *t, const char *align)
{
    *t = (struct table){.align = align, .columns = strlen(align)};
}

void table_cell(struct table *t, const char *fmt, ...)
{
    if (t->cells == t->offset_cap) {
        size_t cap = t->offset_cap ? t->offset_cap * 2 : 64;
        size_t *grown = realloc(t->offset, cap * sizeof *grown);
        if (!grown) {
            t->failed = true;
            return;
        }
        t->offset = grown;
        t->offset_cap = cap;
    }
    t->offset[t->cells++] = t->pool.len;
    char cell[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(cell, sizeof cell, fmt, ap);
    va_end(ap);
    text_addn(&t->pool, cell, strlen(cell) + 1);
}

static const char *table_at(const struct table *t, size_t i)
{
    return t->pool.buf + t->offset[i];
}

static void table_row(const struct table *t, size_t first, const size_t *width, struct text *out,
                      const char *indent)
{
    text_add(out, indent);
    for (size_t c = 0; c < t->columns && first + c < t->cells; c++) {
        const char *s = table_at(t, first + c);
        size_t fill = width[c] - text_width(s);
        bool last = c + 1 == t->columns || first + c + 1 == t->cells;
        if (t->align[c] == 'r')
            text_addf(out, "%*s", (int)fill, "");
        text_add(out, s);
        if (!last)
            text_addf(out, "%*s", (int)(t->align[c] == 'r' ? 2 : fill + 2), "");
    }
    text_addc(out, '\n');
}

void table_finish(struct table *t, struct text *out, const char *indent, bool header)
{
    size_t width[TABLE_COLUMNS_MAX] = {0};
    if (t->failed || t->pool.failed || t->columns > TABLE_COLUMNS_MAX) {
        out->failed = true;
        t->cells = 0;
    }
    for (size_t i = 0; i < t->cells; i++) {
        size_t w = text_width(table_at(t, i));
        if (w > width[i % t->columns])
            width[i % t->columns] = w;
    }
    for (size_t i = 0; i < t->cells; i += t->columns) {
        table_row(t, i, width, out, indent);
        if (header && i == 0) {
            text_add(out, indent);
            for (size_t c = 0; c < t->columns; c++) {
                for (size_t k = 0; k < width[c]; k++)
                    text_addc(out, '-');
                text_add(out, c + 1 < t->columns ? "  " : "\n");
            }
        }
    }
    text_fini(&t->pool);
    free(t->offset);
    *t = (struct table){0};
}
