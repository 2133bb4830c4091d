/*
 * The door: see door.h.  A mutex, two condition variables and a list: who asks puts a ticket at the list's
 * end and waits for it to be answered; the thread behind the door takes from its head.
 */
#include "monitor/door.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Lives on the asking thread's stack. */
struct ticket {
    struct ticket *next;
    enum door_channel channel;
    const char *text;
    size_t len;
    struct text *out;
    struct err err;
    bool failed, answered;
};

struct door {
    pthread_mutex_t lock;
    pthread_cond_t asked, answered;
    struct ticket *head, **tail;
    void (*kick)(void *ctx);
    void *kick_ctx;
    bool interrupted, closed;
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

int door_ask(struct door *d, enum door_channel channel, const char *text, size_t len, struct text *out,
             struct err *e)
{
    struct ticket t = {.channel = channel, .text = text, .len = len, .out = out};
    pthread_mutex_lock(&d->lock);
    if (!d->closed) {
        *d->tail = &t;
        d->tail = &t.next;
        pthread_cond_signal(&d->asked);
        if (d->kick)
            d->kick(d->kick_ctx);
    }
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
    while (wait && !d->head && !d->closed)
        pthread_cond_wait(&d->asked, &d->lock);
    struct ticket *t = d->closed ? NULL : d->head;
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
    struct ticket *t = rq->ticket;
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
    pthread_mutex_lock(&d->lock);
    d->closed = true;
    pthread_cond_broadcast(&d->asked);
    pthread_cond_broadcast(&d->answered);
    pthread_mutex_unlock(&d->lock);
}
