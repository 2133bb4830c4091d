/*
 * The inside of `why`: what its files share.
 */
#ifndef RINGSIDE_DEBUG_WHY_INSIDE_H
#define RINGSIDE_DEBUG_WHY_INSIDE_H

#include "debug/account.h"
#include "debug/why.h"

/* One explanation under way. */
struct why {
    const struct target *t;
    const struct event *ev;
    const struct event_names *names;
    struct account a;
};

/* What is known of an event by its kind: what was accessed, who answered, what the guest saw (why_known.c).
 */
void why_known(struct why *w);

/* What an access to a device's register does besides moving data; NULL: nothing is known. */
const char *why_effect(const char *device, const char *reg, unsigned dir);

#endif
