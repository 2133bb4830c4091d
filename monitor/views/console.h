/*
 * A small terminal for what a guest sends to its serial port: lines of cells, and what was learnt from
 * control characters so far. Hostile by nature: whatever comes, it stays inside of its lines.
 */
#ifndef RINGSIDE_MONITOR_VIEWS_CONSOLE_H
#define RINGSIDE_MONITOR_VIEWS_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TTY_LINES = 1024, TTY_COLUMNS = 132, TTY_PARAMS = 8 };

struct tty_cell {
    uint32_t code : 24, attribute : 8; /* as the VGA has it; code 0 is blank */
};

/* All zeros is a valid empty one. line[] is a ring: the newest is (count - 1) % TTY_LINES. */
struct tty {
    struct tty_cell line[TTY_LINES][TTY_COLUMNS];
    size_t count; /* lines ever begun */
    unsigned column;
    uint8_t attribute;
    char utf8[4]; /* a character that is not whole yet */
    size_t utf8_len;
    enum { TTY_PLAIN, TTY_ESCAPE, TTY_SEQUENCE, TTY_STRING } state;
    unsigned param[TTY_PARAMS];
    size_t params;
};

void tty_put(struct tty *t, uint8_t byte);
/* How many lines are kept, and line i of them (0 the oldest). */
size_t tty_lines(const struct tty *t);
const struct tty_cell *tty_line(const struct tty *t, size_t i);

#endif
