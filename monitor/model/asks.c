/*
 * Questions of views: see asks.h.
 */
#include "monitor/model/asks.h"

#include <stdlib.h>
#include <string.h>

/* SNAPSHOT_ASKS_MAX: it was not asked. */
static size_t asks_find(const struct snapshot_asks *a, const char *question)
{
    size_t i = 0;
    while (i < SNAPSHOT_ASKS_MAX && !(a->question[i] && strcmp(a->question[i], question) == 0))
        i++;
    return i;
}

bool asks_know(const struct snapshot_asks *a, const char *question, uint64_t stop_serial)
{
    size_t i = asks_find(a, question);
    return i < SNAPSHOT_ASKS_MAX && a->stop_serial[i] == stop_serial;
}

const char *snapshot_answer(const struct snapshot *s, const char *question)
{
    size_t i = s->asks ? asks_find(s->asks, question) : SNAPSHOT_ASKS_MAX;
    return i < SNAPSHOT_ASKS_MAX ? s->asks->answer[i] : NULL;
}

/* The place for an answer: that of the same question, a free one, or the oldest. */
static size_t asks_place(const struct snapshot_asks *a, const char *question)
{
    size_t oldest = 0, same = asks_find(a, question);
    if (same < SNAPSHOT_ASKS_MAX)
        return same;
    for (size_t i = 0; i < SNAPSHOT_ASKS_MAX; i++) {
        if (!a->question[i])
            return i;
        if (a->stop_serial[i] < a->stop_serial[oldest])
            oldest = i;
    }
    return oldest;
}

static void slot_empty(struct snapshot_asks *a, size_t i)
{
    free(a->question[i]);
    free(a->answer[i]);
    a->question[i] = a->answer[i] = NULL;
}

void asks_keep(struct snapshot_asks *a, const char *question, const char *answer, uint64_t stop_serial)
{
    size_t i = asks_place(a, question);
    char *asked = strdup(question), *answered = strdup(answer);
    slot_empty(a, i);
    if (asked && answered) {
        a->question[i] = asked;
        a->answer[i] = answered;
        a->stop_serial[i] = stop_serial;
    } else {
        free(asked);
        free(answered);
    }
}

void asks_fini(struct snapshot_asks *a)
{
    for (size_t i = 0; i < SNAPSHOT_ASKS_MAX; i++)
        slot_empty(a, i);
}
