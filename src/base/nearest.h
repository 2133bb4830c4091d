/*
 * "Did you mean …": the word of a list that is closest to a mistyped one.
 */
#ifndef RINGSIDE_BASE_NEAREST_H
#define RINGSIDE_BASE_NEAREST_H

#include <stddef.h>

/* Offers `candidate` for `typed`; keeps the best in *best with its distance in *distance (start with NULL and
 * 0). A candidate that differs in more than a third of its letters (at least two) is never taken. */
void nearest_offer(const char *typed, const char *candidate, const char **best, size_t *distance);

#endif
