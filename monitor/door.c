/*
 * The door: see door.h.  A mutex, two condition variables and a list: who asks puts a ticket at the list's
 * end and waits for it to be answered; the thread behind the door takes from its head.
 */
#include "monitor/door.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct door {
    pthread_mutex_t lock;
    pthread_cond_t asked, answered;
    struct door_ticket *head, **tail;
    void (*kick)(void *ctx);
    void *kick_ctx;
    bool interrupted, closed;
    bool waits; /* the thread behind the door sleeps in door_take: it needs no kick */
};

struct door *door_create(struct err *e)
{
    struct door *d = calloc(1, sizeof *d);
    if (!d) {
        err_sys(e, ENOMEM, "door");
        return NULL;
    }
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->asked, NULL);
    pthread_cond_init(&d->answered, NULL);
    d->tail = &d->head;
    return d;
}

void door_destroy(struct door *d)
{
    if (!d)
        return;
    pthread_cond_destroy(&d->answered);
    pthread_cond_destroy(&d->asked);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

void door_set_kick(struct door *d, void (*kick)(void *ctx), void *ctx)
{
    d->kick = kick;
    d->kick_ctx = ctx;
}

/* With the lock held. */
static void ticket_put(struct door *d, struct door_ticket *t)
{
    t->next = NULL;
    t->failed = t->answered = false;
    *d->tail = t;
    d->tail = &t->next;
    if (d->waits)
        pthread_cond_signal(&d->asked);
    else if (d->kick)
        d->kick(d->kick_ctx);
    d->waits = false; /* it wakes up for this one: the next must kick */
}

int door_post(struct door *d, struct door_ticket *t)
{
    pthread_mutex_lock(&d->lock);
    bool closed = d->closed;
    if (!closed)
        ticket_put(d, t);
    pthread_mutex_unlock(&d->lock);
    return closed ? -1 : 0;
}

int door_ask(struct door *d, enum door_channel channel, const char *text, size_t len, struct text *out,
             struct err *e)
{
    struct door_ticket t = {.channel = channel, .text = text, .len = len, .out = out};
    pthread_mutex_lock(&d->lock);
    if (!d->closed)
        ticket_put(d, &t);
    while (!t.answered && !d->closed)
        pthread_cond_wait(&d->answered, &d->lock);
    bool answered = t.answered;
    pthread_mutex_unlock(&d->lock);
    if (!answered)
        return err_sys(e, EPIPE, "the debugger has gone");
    if (t.failed)
        *e = t.err;
    return t.failed ? -1 : 0;
}

void door_interrupt(struct door *d)
{
    pthread_mutex_lock(&d->lock);
    d->interrupted = true;
    if (d->kick)
        d->kick(d->kick_ctx);
    pthread_mutex_unlock(&d->lock);
}

bool door_interrupted(struct door *d)
{
    pthread_mutex_lock(&d->lock);
    bool was = d->interrupted;
    d->interrupted = false;
    pthread_mutex_unlock(&d->lock);
    return was;
}

bool door_take(struct door *d, bool wait, struct door_request *rq)
{
    pthread_mutex_lock(&d->lock);
    while (wait && !d->head && !d->closed) {
        d->waits = true;
        pthread_cond_wait(&d->asked, &d->lock);
    }
    d->waits = false;
    struct door_ticket *t = d->closed ? NULL : d->head;
    if (t) {
        d->head = t->next;
        if (!d->head)
            d->tail = &d->head;
        *rq = (struct door_request){t->channel, t->text, t->len, t->out, t};
    }
    pthread_mutex_unlock(&d->lock);
    return t != NULL;
}

void door_answer(struct door *d, const struct door_request *rq, const struct err *failed)
{
    struct door_ticket *t = rq->ticket;
    if (t->done) {
        t->done(t->ctx, failed);
        return;
    }
    pthread_mutex_lock(&d->lock);
    if (failed) {
        t->err = *failed;
        t->failed = true;
    }
    t->answered = true;
    pthread_cond_broadcast(&d->answered);
    pthread_mutex_unlock(&d->lock);
}

void door_close(struct door *d)
{
    struct err gone;
    struct door_ticket *posted = NULL, *next;
    err_sys(&gone, EPIPE, "the debugger has gone");
    pthread_mutex_lock(&d->lock);
    d->closed = true;
    for (struct door_ticket *t = d->head; t; t = next) {
        next = t->next;
        if (!t->done)
            continue; /* wakes by itself, and then is no more */
        t->next = posted;
        posted = t;
    }
    d->head = NULL;
    d->tail = &d->head;
    pthread_cond_broadcast(&d->asked);
    pthread_cond_broadcast(&d->answered);
    pthread_mutex_unlock(&d->lock);
    for (; posted; posted = next) {
        next = posted->next;
        posted->done(posted->ctx, &gone);
    }
}
