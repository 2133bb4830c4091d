/*
 * Expected text against what came: line by line, and where they part, the first line that is different with
 * what stands before it.
 */
#ifndef RINGSIDE_TESTS_LINES_H
#define RINGSIDE_TESTS_LINES_H

#include "base/text.h"

/* True when `text` matches the extended regular expression somewhere; `whole` wants all of it. A bad
 * expression is a fault of the test: it says so and never matches. */
bool lines_match(const char *regex, bool whole, const char *text);

/* Compares two texts. A line of `expected` that starts with "~ " is an extended regular expression for the
 * whole line. Carriage returns before line ends do not count. When they differ, prints where to stdout, under
 * the name `what`. */
bool lines_equal(const char *what, const char *expected, const char *actual);

/* `actual` with each line replaced by the "~ " line at the same place in `old`, where that one matches it. */
void lines_keep_regexes(const char *old, const char *actual, struct text *out);

/* The file's contents. */
NODISCARD int file_read(const char *path, struct text *out, struct err *e);
NODISCARD int file_write(const char *path, const void *data, size_t n, struct err *e);

#endif
