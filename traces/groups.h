/*
 * Groups of events, told apart by a few numbers: how many, how long, and the spread of the durations.  The
 * tables of `trace stat` are made of them.  Memory is bounded: past a number of groups, what belongs to none
 * of them is counted together as `others`.
 */
#ifndef RINGSIDE_TRACES_GROUPS_H
#define RINGSIDE_TRACES_GROUPS_H

#include "event/event.h"
#include "traces/spread.h"

#define GROUP_KEYS_MAX 5
#define GROUPS_MAX     65536 /* groups that are told apart as a rule */

/* Events that have something in common. All zeros is none. */
struct group_row {
    uint64_t count, host_ns, guest_ns;
    struct spread host; /* of host_ns, one event */
};

void group_row_add(struct group_row *row, struct spread_pool *pool, const struct event *ev);
void group_row_merge(struct group_row *row, struct spread_pool *pool, const struct group_row *from);

struct group {
    uint64_t key[GROUP_KEYS_MAX]; /* those past the width are 0 */
    uint64_t tag;                 /* of whoever made it; 0 at first */
    struct group_row row;
};

/* All zeros but for `width` and `limit` is a valid empty set. */
struct groups {
    size_t width; /* numbers in a key */
    size_t limit; /* groups that are told apart, at most GROUPS_MAX */
    struct group *group;
    size_t count, cap;
    uint32_t *slot; /* a hash table of indices into `group`, and 1 */
    size_t slot_count;
    struct group_row others;
    bool failed; /* memory ran out: fewer were told apart than `limit` */
};

void groups_free(struct groups *g);

/* The group of these numbers, made when it is new; NULL when it would be one too many. Valid until the next
 * call. */
struct group *groups_find(struct groups *g, const uint64_t *key);

#endif
