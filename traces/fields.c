/*
 * Fields, strings and the pool they are read into: see fields.h.
 */
#include "traces/fields.h"

#include "traces/format.h"

#include <stdlib.h>
#include <string.h>

/* Length of the printable character at `s`, of which `n` bytes exist, or 0 when there is none. U+0080 to
 * U+009F are control characters as those below U+0020 are. */
static size_t utf8_printable(const char *s, size_t n)
{
    uint32_t code;
    size_t len = utf8_decode(s, n, &code);
    return len && (code < 0x20 || (code >= 0x7f && code < 0xa0)) ? 0 : len;
}

void string_clean(struct text *out, const char *s, size_t n, size_t max)
{
    size_t used = 0;
    for (size_t i = 0; i < n;) {
        size_t len = utf8_printable(s + i, n - i);
        if (used + (len ? len : 1) > max)
            return;
        if (len)
            text_addn(out, s + i, len);
        else
            text_addc(out, '?');
        used += len ? len : 1;
        i += len ? len : 1;
    }
}

void fields_put_varint(struct text *out, uint64_t v)
{
    uint8_t bytes[VARINT_MAX];
    text_addn(out, (const char *)bytes, varint_store(bytes, v));
}

static void fields_put_bytes(struct text *out, const struct text *bytes)
{
    fields_put_varint(out, bytes->len);
    text_addn(out, text_str(bytes), bytes->len);
    out->failed |= bytes->failed;
}

void fields_put_string(struct text *out, const char *s)
{
    struct text clean = {0};
    if (s)
        string_clean(&clean, s, strlen(s), TRACE_STRING_MAX);
    fields_put_bytes(out, &clean);
    text_fini(&clean);
}

void fields_add_number(struct text *out, unsigned field, uint64_t v)
{
    uint8_t bytes[VARINT_MAX];
    size_t n = varint_store(bytes, v);
    fields_put_varint(out, field);
    fields_put_varint(out, n);
    text_addn(out, (const char *)bytes, n);
}

void fields_add_string(struct text *out, unsigned field, const char *s)
{
    fields_put_varint(out, field);
    fields_put_string(out, s);
}

void fields_add_bytes(struct text *out, unsigned field, const struct text *bytes)
{
    fields_put_varint(out, field);
    fields_put_bytes(out, bytes);
}

struct pool_block {
    struct pool_block *next;
    _Alignas(8) char bytes[];
};

void *pool_alloc(struct pool *p, size_t n)
{
    struct pool_block *b = calloc(1, sizeof *b + n);
    if (!b)
        return NULL;
    b->next = p->blocks;
    p->blocks = b;
    return b->bytes;
}

void pool_free(struct pool *p)
{
    while (p->blocks) {
        struct pool_block *b = p->blocks;
        p->blocks = b->next;
        free(b);
    }
}

const char *pool_string(struct pool *p, struct cursor *c)
{
    struct text clean = {0};
    size_t n = c->left;
    const uint8_t *s = cursor_bytes(c, n);
    if (s)
        string_clean(&clean, (const char *)s, n, TRACE_STRING_MAX);
    char *copy = clean.failed ? NULL : pool_alloc(p, clean.len + 1);
    if (copy)
        memcpy(copy, text_str(&clean), clean.len + 1);
    text_fini(&clean);
    return copy;
}

const char *pool_get_string(struct pool *p, struct cursor *c)
{
    struct cursor part = cursor_part(c);
    return pool_string(p, &part);
}
