/*
 * Growing text, and tables made of it.  Everything a person reads (sentences, listings, help) is first
 * written into a `struct text`; only main and the screen send it anywhere.  That is what lets one command
 * serve the prompt, the monitor, a script and a test.
 */
#ifndef RINGSIDE_BASE_TEXT_H
#define RINGSIDE_BASE_TEXT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing, always NUL-terminated string. All zeros is a valid empty text. `failed` says memory ran out. */
struct text {
    char *buf;
    size_t len, cap;
    bool failed;
};

/* Frees what it holds and leaves it empty and usable. */
void text_fini(struct text *t);

/* Empties it, keeping the memory. */
void text_clear(struct text *t);

/* The contents as a C string (never NULL), valid until the next change. */
const char *text_str(const struct text *t);

/* Appends; on lack of memory sets `failed` and appends nothing. */
void text_add(struct text *t, const char *s);
void text_addn(struct text *t, const char *s, size_t n);
void text_addc(struct text *t, char c);
void text_addf(struct text *t, const char *fmt, ...) PRINTF(2, 3);

/* Pads with spaces until the current line is `column` characters (bytes that start a UTF-8 sequence) wide. */
void text_pad(struct text *t, size_t column);

/* Appends `s` broken between words at `width` columns; lines after the first begin with `indent` spaces. The
 * first starts where the text now is, taken to be column `indent`. No newline is added at the end. */
void text_add_wrapped(struct text *t, const char *s, size_t indent, size_t width);

/* Appends the first `height` lines of `s` (0: all), each cut at `width` cells (0: not cut), without spaces at their
 * ends. */
void text_add_lines(struct text *t, const char *s, size_t width, size_t height);

/* Width on a terminal of a UTF-8 string, one cell a code point (all that Ringside prints is so). */
size_t text_width(const char *s);

/* Takes one character off the `n` bytes at `s` (n > 0): its length, 1 to 4, and *code its number; 0 when no
 * well-formed UTF-8 sequence begins there (a stray byte, an overlong form, a surrogate, past U+10FFFF, cut
 * off). */
size_t utf8_decode(const char *s, size_t n, uint32_t *code);

/* Appends a nanosecond duration for people: `640 ns`, `12.5 us`, `3.1 ms`, `2.00 s`. */
void text_add_ns(struct text *t, uint64_t ns);

/* Appends a byte count for people: `512 B`, `64 KiB`, `1.5 MiB`. */
void text_add_size(struct text *t, uint64_t len);

/* Appends a JSON string literal with its quotes; bytes that are not UTF-8 become U+FFFD. */
void text_add_json(struct text *t, const char *s);

/* Appends a shell-like C-escaped view of `n` guest bytes (printable ASCII as is, others `\xNN`). */
void text_add_bytes(struct text *t, const uint8_t *p, size_t n);

/*
 * A table under construction: cells are added row by row, then laid out with aligned columns.
 * `align` has a character a column: 'l' left, 'r' right. Cells are copied. The table must be finished once.
 */
#define TABLE_COLUMNS_MAX 12
struct table {
    const char *align;
    size_t columns, cells;
    struct text pool;
    size_t *offset;
    size_t offset_cap;
    bool failed;
};

void table_init(struct table *t, const char *align);
void table_cell(struct table *t, const char *fmt, ...) PRINTF(2, 3);

/* Lays the rows out into `out`, each line behind `indent`, the first row underlined when `header`. Frees the
 * table. */
void table_finish(struct table *t, struct text *out, const char *indent, bool header);

#endif
