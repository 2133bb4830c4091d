/*
 * Bins that widen: see series.h.
 */
#include "traces/series.h"

#include <string.h>

static void fold(struct series *s)
{
    for (size_t i = 0; i < SERIES_BINS / 2; i++)
        for (size_t row = 0; row < SERIES_ROWS_MAX; row++)
            s->cell[i][row] = s->cell[2 * i][row] + s->cell[2 * i + 1][row];
    memset(s->cell[SERIES_BINS / 2], 0, sizeof s->cell / 2);
    s->used = (s->used + 1) / 2;
    s->width *= 2;
}

/* 2^64 fits after 64 doublings at most: the width of a bin is then 2^55 or more. */
static size_t bin_of(struct series *s, uint64_t at)
{
    while (at / s->width >= SERIES_BINS)
        fold(s);
    size_t bin = (size_t)(at / s->width);
    if (bin >= s->used)
        s->used = bin + 1;
    return bin;
}

void series_add(struct series *s, size_t row, uint64_t at, uint64_t n)
{
    size_t bin = bin_of(s, at);
    s->cell[bin][row] += n;
}

void series_span(struct series *s, size_t row, uint64_t from, uint64_t to)
{
    if (to <= from)
        return;
    size_t last = bin_of(s, to - 1);
    for (size_t bin = bin_of(s, from); bin <= last; bin++) {
        uint64_t begin = bin * s->width, end = bin == last ? to : begin + s->width;
        s->cell[bin][row] += end - (begin > from ? begin : from);
    }
}

uint64_t series_bin(const struct series *s, size_t bin)
{
    uint64_t sum = 0;
    for (size_t row = 0; row < SERIES_ROWS_MAX; row++)
        sum += s->cell[bin][row];
    return sum;
}

uint64_t series_row(const struct series *s, size_t row)
{
    uint64_t sum = 0;
    for (size_t bin = 0; bin < s->used; bin++)
        sum += s->cell[bin][row];
    return sum;
}
