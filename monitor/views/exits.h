/*
 * The two halves of the view of exits: exits.c has the feed, exits_tally.c the numbers beside it.
 */
#ifndef RINGSIDE_MONITOR_VIEWS_EXITS_H
#define RINGSIDE_MONITOR_VIEWS_EXITS_H

#include "monitor/views/views.h"

enum { EXITS_ROWS_MAX = HISTORY_EVENTS, EXITS_FILTER_MAX = 64, EXITS_COUNTERS_MAX = 24 };

/* A number of KVM's own: the screen asks for them only now and then, since KVM is slow to tell. */
struct exits_counter {
    char name[48];
    uint64_t value;
};

/* kept[] holds numbers of events in the history's ring, oldest at `first`. */
struct exits {
    uint64_t kept[EXITS_ROWS_MAX];
    size_t first, count;
    uint64_t seen; /* events of the history that were looked at */
    struct list list;
    char filter[EXITS_FILTER_MAX];
    bool filtered; /* the filter has changed: all must be looked at again */
    bool by_device, begun;
    struct exits_counter counter[EXITS_COUNTERS_MAX];
    size_t counters;
};

/* How the room is shared; tally.w is 0 where there is none for it. */
struct exits_room {
    struct rect feed, tally;
};
struct exits_room exits_room(int w, int h);
int exits_feed_rows(int w, int h);

/* Keeps those counters of the snapshot that tell of exits. */
void exits_keep_counters(struct exits *x, const struct snapshot *s);
/* Draws the tally into the window. */
void exits_draw_tally(const struct view *v, struct canvas *c);

#endif
