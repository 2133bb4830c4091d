/*
 * Live statistics: how many events of each kind and device there were, and how long they took.  A sink of the
 * run counts; the command `exits` reads while the guest stands.
 */
#ifndef RINGSIDE_MONITOR_COUNTS_H
#define RINGSIDE_MONITOR_COUNTS_H

#include "event/event.h"

enum { COUNTS_DEVICES = 256 };

struct count_row {
    uint64_t count;
    uint64_t host_ns;  /* time Ringside took */
    uint64_t guest_ns; /* time in the guest before */
};

struct counts {
    struct count_row exits;                  /* all exits to user space */
    struct count_row kind[EVENT_KIND_MAX];   /* exits and Ringside's own events */
    struct count_row device[COUNTS_DEVICES]; /* exits; [0]: of no device */
};

/* An event sink; ctx is the struct counts, all zeros at first. */
void counts_put(void *ctx, const struct event *ev);

/* Appends two tables: by kind and by device, the most frequent first, and Ringside's own events apart. */
void counts_print(const struct counts *c, const struct event_names *names, struct text *out);

#endif
