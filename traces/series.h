/*
 * Counts along an axis whose length is not known beforehand: a row of bins that all get twice as wide, and
 * are folded two into one, whenever something falls behind the last.  So a run of a microsecond and one of an
 * hour are both told by 256 to 512 bins, in one pass and in fixed memory.
 */
#ifndef RINGSIDE_TRACES_SERIES_H
#define RINGSIDE_TRACES_SERIES_H

#include <stddef.h>
#include <stdint.h>

#define SERIES_BINS     512
#define SERIES_ROWS_MAX 8

/* All zeros, but for `width` (of a bin, at least 1), is a valid empty one. */
struct series {
    uint64_t width;
    size_t used; /* bins up to the last that something fell into */
    uint64_t cell[SERIES_BINS][SERIES_ROWS_MAX];
};

/* Counts `n` in this row at `at`. */
void series_add(struct series *s, size_t row, uint64_t at, uint64_t n);

/* Counts the length from `from` up to `to` in this row, each bin its part. */
void series_span(struct series *s, size_t row, uint64_t from, uint64_t to);

/* Sum of a bin's rows, and of a row's bins. */
uint64_t series_bin(const struct series *s, size_t bin);
uint64_t series_row(const struct series *s, size_t row);

#endif
