/*
 * The inside of the table of stops: what stops.c, stops_match.c, stops_say.c and stops_parse.c share.
 */
#ifndef RINGSIDE_DEBUG_STOPS_INSIDE_H
#define RINGSIDE_DEBUG_STOPS_INSIDE_H

#include "debug/stops.h"

struct stops {
    struct stop **row; /* in order of making; each on its own, so that a pointer stays good */
    size_t count, cap;
    unsigned next, next_hidden;
    size_t armed[STOPS_KIND_COUNT]; /* enabled and not spent */
};

void stops_recount(struct stops *s);

/* Parses a condition for a stop of `kind`; an empty text gives none. -1 with *e. */
NODISCARD int stops_condition(enum stops_kind kind, const char *text, const struct target *t, struct expr **x,
                              char **copy, struct err *e);

static inline bool stop_is_armed(const struct stop *x)
{
    return x->enabled && !x->spent;
}

/* The bytes a watch covers. */
static inline size_t stop_watch_len(const struct stop *x)
{
    return (size_t)(x->what.last - x->what.first + 1);
}

/* What a question found, for the sentence. */
struct stops_found {
    const struct target *t, *before; /* before: NULL when not known */
    const struct event *ev;
    unsigned vector, direction;
    bool interrupt;
    const uint8_t *old; /* the watched bytes before, as many as there were */
    size_t old_len;
};
void stop_say(const struct stop *x, const struct stops_found *f, struct text *out);

#endif
