/*
 * The feed: what a screen shows of a run and would miss if it looked only thirty times a second.  It lives on
 * the vCPU's thread, as a sink of events and the end of the console's wire, and forgets what is old. Frames
 * are made from it.
 */
#ifndef RINGSIDE_MONITOR_MODEL_FEED_H
#define RINGSIDE_MONITOR_MODEL_FEED_H

#include "base/ring.h"
#include "monitor/model/timeline.h"

enum { FEED_EVENTS = 4096, FEED_CONSOLE = 1 << 16 };

struct feed {
    struct ring events;  /* struct event */
    struct ring console; /* bytes */
    struct timeline timeline;
    void (*output)(void *ctx, uint8_t byte); /* the console's bytes go here too; NULL: nowhere */
    void *output_ctx;
};

NODISCARD int feed_init(struct feed *f, struct err *e);
void feed_fini(struct feed *f);

/* An event sink, and machine_set_output's function; ctx is the feed. */
void feed_put(void *feed, const struct event *ev);
void feed_output(void *feed, uint8_t byte);

#endif
