/*
 * What graph_boot.c collects and graph_boot_draw.c draws: the stays of the boot CPU in its modes, and the
 * borders between them.
 */
#ifndef RINGSIDE_TRACES_GRAPH_BOOT_H
#define RINGSIDE_TRACES_GRAPH_BOOT_H

#include "traces/graph.h"

#define BOOT_POST_MAX    12
#define BOOT_MARKS_MAX   3
#define CONSOLE_HEAD     3   /* first lines that are kept; besides them, the last */
#define CONSOLE_LINE_MAX 192 /* bytes kept of a line */

struct console_line {
    char text[CONSOLE_LINE_MAX + 1];
    size_t len;
};

/* What was printed: the first lines, the last, and how many there were. */
struct console {
    struct console_line head[CONSOLE_HEAD], last;
    uint64_t lines; /* started so far */
    bool open;      /* the last line has not ended yet */
    uint8_t escape; /* inside a terminal's escape sequence */
};

/* One contiguous stay in a mode, or all stays in it together. */
struct boot_stay {
    enum cpu_mode mode;
    bool mode_known;
    uint64_t visits, events, exits, irqs, assists, steps;
    uint64_t guest_ns, host_ns;
    struct event first, last;
    struct console console;
    uint8_t post[BOOT_POST_MAX];
    uint64_t post_count;
    uint64_t marks[BOOT_MARKS_MAX]; /* indices of texts */
    uint64_t mark_count;
    uint64_t touched[256]; /* accesses by device; 0 = unclaimed */
};

/* A change of mode: how often, and the events at the border the first time. */
struct boot_hop {
    uint64_t count;
    struct event before, after;
};

struct boot {
    struct graph *graph;
    unsigned stays_max;      /* with more, the picture would not fit a page: each mode is drawn once */
    struct boot_stay *path;  /* in order of time */
    struct boot_hop *border; /* [i] = into path[i] */
    uint64_t path_len;       /* stays there were: may exceed stays_max */
    struct boot_stay by_mode[CPU_MODES];
    struct boot_hop hop[CPU_MODES][CPU_MODES];
    bool started;
    uint8_t vcpu;          /* the one that is followed: the first seen */
    uint64_t other_vcpus;  /* events of others */
    struct boot_stay *now; /* in path, or NULL past its end */
    struct event last;
};

/* True when each mode is drawn once because there were too many stays. */
static inline bool boot_is_merged(const struct boot *b)
{
    return b->path_len > b->stays_max;
}

void console_put(struct console *c, uint8_t byte);

/* Writes the picture. */
void boot_draw(struct boot *b);

/* The box of one stay, as node `id` (graph_boot_box.c). */
void boot_box(struct boot *b, const char *id, const struct boot_stay *s, const char *title);

/* The colour of a mode's box. */
const char *boot_mode_colour(const struct boot_stay *s);

#endif
