/*
 * What `trace stat` counts, and the two ways to say it.  Exits stand in the tables; Ringside's own events
 * (interrupts, steps, marks) are counted apart, since nobody left the guest for them, and so are
 * KVM's own numbers.
 */
#ifndef RINGSIDE_TRACES_STAT_H
#define RINGSIDE_TRACES_STAT_H

#include "traces/commands.h"
#include "traces/sketch.h"

/* Events that have something in common. `host` is NULL for rows that need no percentiles. */
struct stat_row {
    uint64_t count, host_ns, guest_ns;
    struct sketch *host;
};

/* One place in the guest's code. */
struct stat_site {
    uint64_t rip;
    uint16_t cs;
    uint8_t mode;        /* enum cpu_mode */
    uint8_t kind;        /* of the first event there */
    uint8_t device, reg; /* likewise */
    struct stat_row row; /* count 0: an unused slot */
};

#define STAT_SITES_MAX 65536 /* places that are told apart; what comes later is counted together */
#define STAT_TOP_MAX   1000
#define STAT_NO_MODE   CPU_MODES /* the row of exits whose mode is not known */

struct stats {
    const struct trace_info *info;
    struct stat_row exits, own;           /* totals */
    struct stat_row kind[EVENT_KIND_MAX]; /* exits and own events */
    struct stat_row device[256];          /* exits; [0] = no device */
    struct stat_row mode[CPU_MODES + 1];  /* exits */
    struct stat_site *sites;              /* hash table of a power of two slots */
    size_t site_cap, site_count;
    struct stat_site **top; /* the busiest, most exits first */
    size_t top_count;
    struct stat_row elsewhere;  /* exits at places not in `top` */
    uint64_t sites_missed;      /* exits at places past STAT_SITES_MAX, or of no known place */
    uint64_t first_ns, last_ns; /* times of the first and last event */
    struct trace_state state;
};

/* Reads the trace twice: once to count, once for the percentiles of the busiest places. */
NODISCARD int stats_collect(struct stats *s, struct trace_reader *r, const struct trace_filter *f,
                            unsigned top, struct err *e);
void stats_free(struct stats *s);

/* The device an index names, `none` for 0. */
const char *stats_device_name(const struct stats *s, size_t device);

void stats_print(const struct stats *s, struct text *out);
void stats_json(const struct stats *s, struct text *out);

#endif
