/*
 * "Did you mean …": see nearest.h.  The distance is Damerau's in its simple form: insertions, deletions,
 * substitutions and swaps of neighbours, each worth one.
 */
#include "base/nearest.h"

#include <string.h>

enum { WORD_MAX = 40 };

static size_t min3(size_t a, size_t b, size_t c)
{
    return a < b ? (a < c ? a : c) : b < c ? b : c;
}

static size_t word_distance(const char *a, const char *b)
{
    size_t la = strlen(a), lb = strlen(b), d[WORD_MAX + 1][WORD_MAX + 1];
    if (la > WORD_MAX || lb > WORD_MAX)
        return WORD_MAX;
    for (size_t i = 0; i <= la; i++) {
        for (size_t k = 0; k <= lb; k++) {
            if (i == 0 || k == 0) {
                d[i][k] = i + k;
                continue;
            }
            d[i][k] = min3(d[i - 1][k] + 1, d[i][k - 1] + 1, d[i - 1][k - 1] + (a[i - 1] != b[k - 1]));
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1] &&
                d[i - 2][k - 2] + 1 < d[i][k])
                d[i][k] = d[i - 2][k - 2] + 1;
        }
    }
    return d[la][lb];
}

void nearest_offer(const char *typed, const char *candidate, const char **best, size_t *distance)
{
    size_t len = strlen(candidate), most = len / 3 > 2 ? len / 3 : 2, is = word_distance(typed, candidate);
    if (is > most || is >= len || (*best && is >= *distance))
        return;
    *best = candidate;
    *distance = is;
}
