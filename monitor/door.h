/*
 * The door: the one way from a user's hands to the guest.  A front end (prompt, screen, gdb server) puts a
 * line of command text in and gets text back; the vCPU's thread takes the lines out between two entries into
 * the guest. Text in, text out and nothing else, so that one day a socket can stand here.
 */
#ifndef RINGSIDE_MONITOR_DOOR_H
#define RINGSIDE_MONITOR_DOOR_H

#include "base/err.h"
#include "base/text.h"

#include <stdbool.h>

/* What is asked: a person's command line, a packet of gdb's remote protocol, or a snapshot of the guest for a
 * screen (monitor/model/frame.h). */
enum door_channel { DOOR_COMMAND, DOOR_GDB, DOOR_FRAME };

struct door;

struct door *door_create(struct err *e);
void door_destroy(struct door *d);

/* How the door wakes the thread behind it; called on the asking thread. */
void door_set_kick(struct door *d, void (*kick)(void *ctx), void *ctx);

/* A request on its way; zeros but for what its owner fills in. */
struct door_ticket {
    enum door_channel channel;
    const char *text;
    size_t len;
    struct text *out;
    /* Called once, when it is answered or the door is closed: on the thread that does so, NULL or what
     * failed. The ticket is its owner's again. NULL: somebody waits in door_ask. */
    void (*done)(void *ctx, const struct err *failed);
    void *ctx;
    struct door_ticket *next; /* the rest is the door's */
    struct err err;
    bool failed, answered;
};

/* From any thread: asks and does not wait. The ticket and what it points to stay until `done`. -1: the door
 * is closed, and done will not be called. */
NODISCARD int door_post(struct door *d, struct door_ticket *t);

/* From any thread: asks and waits. Appends the answer to `out`; 0, or -1 with *e when the command failed
 * (then `out` has what was written before). A closed door fails with code EPIPE. */
NODISCARD int door_ask(struct door *d, enum door_channel channel, const char *text, size_t len,
                       struct text *out, struct err *e);

/* From any thread or a signal handler's thread: whatever runs now shall stop soon. Nothing when nothing runs.
 */
void door_interrupt(struct door *d);

/* ---- behind the door, on the vCPU's thread ---- */

/* One request; the strings are valid until it is answered. */
struct door_request {
    enum door_channel channel;
    const char *text;
    size_t len;
    struct text *out; /* the answer goes here */
    void *ticket;
};

/* Takes the next request; with `wait` sleeps until there is one. False: none there, or the door was closed.
 */
bool door_take(struct door *d, bool wait, struct door_request *rq);
/* Answers it. `failed` NULL: it went well. */
void door_answer(struct door *d, const struct door_request *rq, const struct err *failed);
/* True once after door_interrupt. */
bool door_interrupted(struct door *d);
/* No more requests: whoever waits gets EPIPE. */
void door_close(struct door *d);

#endif
