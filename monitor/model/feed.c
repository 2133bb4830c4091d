/*
 * The feed: see feed.h.
 */
#include "monitor/model/feed.h"

int feed_init(struct feed *f, struct err *e)
{
    *f = (struct feed){0};
    if (ring_init(&f->events, sizeof(struct event), FEED_EVENTS, e) < 0)
        return -1;
    if (ring_init(&f->console, 1, FEED_CONSOLE, e) == 0)
        return 0;
    ring_fini(&f->events);
    return -1;
}

void feed_fini(struct feed *f)
{
    ring_fini(&f->events);
    ring_fini(&f->console);
}

void feed_put(void *feed, const struct event *ev)
{
    struct feed *f = feed;
    *(struct event *)ring_push(&f->events) = *ev;
    timeline_put(&f->timeline, ev);
}

void feed_output(void *feed, uint8_t byte)
{
    struct feed *f = feed;
    *(uint8_t *)ring_push(&f->console) = byte;
    if (f->output)
        f->output(f->output_ctx, byte);
}
