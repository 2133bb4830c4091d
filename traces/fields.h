/*
 * Fields: how the header and the footer of a trace hold what they hold.  A field is a number that says what
 * it is, a length, and that many bytes; a reader skips the numbers it does not know, so that later versions
 * can say more.
 *
 * Strings are UTF-8 without control characters: whatever a trace holds may be shown on a terminal.  The
 * writer sees to it, and the reader does so again, since it trusts no file.
 */
#ifndef RINGSIDE_TRACES_FIELDS_H
#define RINGSIDE_TRACES_FIELDS_H

#include "base/text.h"
#include "traces/cursor.h"

/* Appends up to `max` bytes of `s` (`n` bytes) as a string of the format: what is not well-formed UTF-8, and
 * control characters, become '?'; a character is never cut in two. */
void string_clean(struct text *out, const char *s, size_t n, size_t max);

/* The parts of a field's bytes: a varint, and a string behind its length (NULL counts as empty). */
void fields_put_varint(struct text *out, uint64_t v);
void fields_put_string(struct text *out, const char *s);

/* Whole fields: a number; a string (the field's length is its only one); bytes made with the functions above.
 */
void fields_add_number(struct text *out, unsigned field, uint64_t v);
void fields_add_string(struct text *out, unsigned field, const char *s);
void fields_add_bytes(struct text *out, unsigned field, const struct text *bytes);

/* Memory that is given back all at once. All zeros is a valid empty pool. */
struct pool {
    struct pool_block *blocks;
};

/* `n` zeroed bytes, or NULL when memory ran out. */
void *pool_alloc(struct pool *p, size_t n);
void pool_free(struct pool *p);

/* The rest of `c` as a clean C string out of the pool, or NULL when memory ran out. */
const char *pool_string(struct pool *p, struct cursor *c);

/* A string behind its length, as fields_put_string wrote it. */
const char *pool_get_string(struct pool *p, struct cursor *c);

#endif
