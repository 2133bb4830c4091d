/*
 * The inside of the view of the timeline: timeline.c (load and act), timeline_find.c (places in the run) and
 * timeline_draw.c.
 */
#ifndef RINGSIDE_MONITOR_VIEWS_TIMELINE_INSIDE_H
#define RINGSIDE_MONITOR_VIEWS_TIMELINE_INSIDE_H

#include "monitor/views/view.h"

enum { COLUMN_WIDE_MAX = 8 };

/* The strip as it fits into the pane: columns of one or more slots, each `wide` cells. Events are numbered by
 * their place in the strip, from 0. */
struct strip {
    uint64_t total; /* events */
    uint64_t start[TIMELINE_SLOTS + 1];
    uint64_t at; /* the cursor: an event */
    uint64_t position;
    bool moved; /* by hand; otherwise the cursor is where the run is */
    int labels, columns, wide;
    uint32_t slots;
    uint64_t end_ns; /* time of the last event */
};

/* What lies in a column. */
struct strip_column {
    struct timeline_slot sum;
    uint64_t first, ns; /* its first event's number; how long until the next column begins */
};

/* How the window's rows are used. */
struct strip_plan {
    bool tall;                                      /* a row for each class of exits */
    int axis, scale, info, legend, list, list_rows; /* rows of the window; -1: none */
};

void strip_fit(struct strip *t, const struct snapshot *s, int w);
struct strip_column strip_column(const struct strip *t, const struct snapshot *s, int column);
uint32_t strip_slot_of(const struct strip *t, uint64_t event);
int strip_column_of(const struct strip *t, uint64_t event);
/* The number of the first event of a column. */
uint64_t strip_column_first(const struct strip *t, int column);
struct strip_plan strip_plan(const struct snapshot *s, int h);
bool strip_has_class(const struct snapshot *s, unsigned class);

/* The event with this number, where it is still kept; NULL: it is not. */
const struct event *strip_event(const struct strip *t, const struct snapshot *s, uint64_t event);
/* How many kept events are older than event `event`, and how many there are. */
size_t strip_kept_before(const struct strip *t, const struct snapshot *s, uint64_t event, size_t *kept);
/* A kept event by age (0 is the oldest), and its number in the strip. */
const struct event *strip_kept(const struct strip *t, const struct snapshot *s, size_t age, uint64_t *event);

/* Things to go to. */
enum strip_goal { GOAL_MARK, GOAL_INTERRUPT, GOAL_FAULT, GOAL_MODE };
/* Moves the cursor to the next one, or back. False: there is none. */
bool strip_go(struct strip *t, const struct snapshot *s, enum strip_goal goal, bool back);
/* … to an event whose sentence has `text`, going round what is kept. */
bool strip_search(struct strip *t, const struct snapshot *s, const char *text, bool back);

/* The first kept event that the list shows. */
size_t strip_list_first(const struct strip *t, const struct snapshot *s, int rows);
unsigned strip_mode_of(const struct timeline_slot *slot); /* CPU_MODES: not known */

void timeline_view_draw(const struct view *v, struct canvas *c);

#endif
