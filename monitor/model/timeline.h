/*
 * The timeline: a whole run as a strip of at most TIMELINE_SLOTS slots of equally many events.  When the
 * strip is full, neighbours are put together, and each slot then holds twice as many: so it never grows and
 * never forgets.
 */
#ifndef RINGSIDE_MONITOR_MODEL_TIMELINE_H
#define RINGSIDE_MONITOR_MODEL_TIMELINE_H

#include "event/event.h"

enum { TIMELINE_SLOTS = 256, TIMELINE_CLASSES = CLASS_OWN + 1 };

struct timeline_slot {
    uint64_t first_seq, first_ns; /* of its first event */
    uint32_t count;
    uint32_t class[TIMELINE_CLASSES]; /* events by class */
    uint32_t mode[CPU_MODES];         /* events by the mode the CPU was in */
    uint32_t faults, marks, irqs;     /* shutdowns and failures; marks; interrupts */
};

/* All zeros is a valid empty one. */
struct timeline {
    struct timeline_slot slot[TIMELINE_SLOTS];
    uint32_t slots;    /* in use */
    uint32_t slot_cap; /* events that fill a slot; 0 before the first */
};

/* An event sink; ctx is the timeline. */
void timeline_put(void *timeline, const struct event *ev);

#endif
