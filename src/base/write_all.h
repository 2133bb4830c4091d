/*
 * Writing to a terminal or a pipe, of which write(2) may take a part at a time.
 */
#ifndef RINGSIDE_BASE_WRITE_ALL_H
#define RINGSIDE_BASE_WRITE_ALL_H

#include <stddef.h>

/* Writes all `n` bytes, going on after short and interrupted writes. Gives up without a word where nobody
 * takes them any more (a terminal that is gone): whoever watches the terminal hears of that otherwise. */
void write_all(int fd, const void *bytes, size_t n);

#endif
