/*
 * What `trace stat` counts, and the two ways to say it.  Exits stand in the tables; Ringside's own events
 * (interrupts, steps, marks) are counted apart, since nobody left the guest for them, and so are
 * KVM's own numbers.
 */
#ifndef RINGSIDE_TRACES_STAT_H
#define RINGSIDE_TRACES_STAT_H

#include "traces/commands.h"
#include "traces/groups.h"

/* One place in the guest's code. */
struct stat_site {
    uint64_t rip;
    uint16_t cs;
    uint8_t mode;        /* enum cpu_mode */
    uint8_t kind;        /* of the first event there */
    uint8_t device, reg; /* likewise */
    const struct group_row *row;
};

#define STAT_TOP_MAX 1000
#define STAT_NO_MODE CPU_MODES /* the row of exits whose mode is not known */

struct stats {
    const struct trace_info *info;
    struct spread_pool pool;
    struct group_row exits, own;           /* totals */
    struct group_row kind[EVENT_KIND_MAX]; /* exits and own events */
    struct group_row device[256];          /* exits; [0] = no device */
    struct group_row mode[CPU_MODES + 1];  /* exits */
    struct groups sites;                   /* exits by place */
    struct groups mixes;   /* all events by kind, device and mode: the tables while counting */
    struct stat_site *top; /* the busiest places, most exits first */
    size_t top_count;
    struct group_row elsewhere; /* exits at places not in `top` */
    uint64_t first_ns, last_ns; /* times of the first and last event */
    struct trace_state state;
};

NODISCARD int stats_collect(struct stats *s, struct trace_reader *r, const struct trace_filter *f,
                            unsigned top, struct err *e);
void stats_free(struct stats *s);

/* The device an index names, `none` for 0. */
const char *stats_device_name(const struct stats *s, size_t device);

void stats_print(const struct stats *s, struct text *out);
void stats_json(const struct stats *s, struct text *out);

/* Cells and members that all tables of counts share (stat_cells.c): the titles `count` to `max`, a row of
 * them with its share of `of`, and the same as members of a JSON object. */
void stat_cells_head(struct table *t);
void stat_cells_row(struct table *t, const struct group_row *row, const struct spread_pool *pool,
                    uint64_t of);
void stat_json_row(struct text *out, const struct group_row *row, const struct spread_pool *pool);

#endif
