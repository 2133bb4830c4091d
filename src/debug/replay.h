/*
 * The replay: a small processor in software that executes what a guest must have executed after its last
 * exit.
 *
 * Some KVMs (AMD-V among them) reset the CPU when it shuts down, and the registers that are left are those of
 * the exit before.  From there to the death it is mostly a few dozen plain instructions, with no exit among
 * them, so that all they could do is known: here they are done again, up to one that raises an exception.
 */
#ifndef RINGSIDE_DEBUG_REPLAY_H
#define RINGSIDE_DEBUG_REPLAY_H

#include "debug/fault.h"

enum { REPLAY_MAX = 50000, REPLAY_WRITES_MAX = 16384 };

struct replay {
    struct target *t;       /* moved on, memory included, until replay_undo */
    const struct event *ev; /* the last exit: what the first instruction did is known from it */
    unsigned count;         /* instructions executed */
    bool found;             /* the next one raises an exception: `fault` */
    struct fault fault;
    char why[200]; /* not found: why it went no further */
    struct replay_write {
        uint64_t gpa;
        uint8_t old;
    } * writes;
    size_t write_count;
};

/* Executes from t's state. `last` is the last exit before the death (NULL: none). The guest must be dead: its
 * memory is written to. */
void replay_run(struct replay *r, struct target *t, const struct event *last);
/* Gives the memory back as it was, and frees. */
void replay_undo(struct replay *r);

/* ---- for its files ---- */

bool replay_load(struct replay *r, const struct instruction *x, size_t i, uint64_t *v);
bool replay_store(struct replay *r, const struct instruction *x, size_t i, uint64_t v);
bool replay_write(struct replay *r, uint64_t linear, uint64_t v, size_t n);
/* Executes one instruction; RIP is already behind it. False: it is not one that is known here. */
bool replay_plain(struct replay *r, const struct instruction *x);
bool replay_system(struct replay *r, const struct instruction *x);

#endif
