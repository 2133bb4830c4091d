/*
 * A thread behind the door, as the debugger will be: it takes gdb's packets and lets a made-up machine run.
 */
#ifndef RINGSIDE_TESTS_GDB_BEHIND_H
#define RINGSIDE_TESTS_GDB_BEHIND_H

#include "gdb_fake.h"
#include "monitor/gdb_listen.h"

#include <pthread.h>

struct behind {
    struct fake fake;
    struct door *door;
    struct gdb_session *session;
    pthread_t thread;
    bool until_killed; /* a client's `k` ends it */
};

static bool behind_asked(void *ctx)
{
    return door_interrupted(ctx);
}

static inline void behind_serve(struct behind *b)
{
    struct door_request rq;
    struct err bye;
    err_set(&bye, "the client has taken its leave");
    while (!(b->until_killed && b->fake.killed) && door_take(b->door, true, &rq)) {
        bool on = gdb_handle(b->session, rq.text, rq.len, rq.out);
        door_answer(b->door, &rq, on ? NULL : &bye);
    }
}

static inline void *behind_main(void *arg)
{
    behind_serve(arg);
    return NULL;
}

/* 0, or -1. The door is open; no thread runs yet. */
static inline int behind_init(struct behind *b, enum cpu_mode mode)
{
    struct err e;
    memset(b, 0, sizeof *b);
    if (fake_init(&b->fake, mode, 0x7c00) < 0)
        return -1;
    b->door = door_create(&e);
    b->session = gdb_session_create(&fake_ops, &b->fake, 1, &b->fake.memory, &e);
    b->fake.asked = behind_asked;
    b->fake.asked_ctx = b->door;
    return b->door && b->session ? 0 : -1;
}

static inline void behind_fini(struct behind *b)
{
    gdb_session_destroy(b->session);
    door_destroy(b->door);
    fake_fini(&b->fake);
}

#endif
