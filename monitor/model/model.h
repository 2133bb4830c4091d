/*
 * The model: what the screen knows of the guest.  It asks for frames and sends command lines through the
 * door, never waits for an answer, and keeps the newest snapshot with what was collected over time. All
 * functions are for one thread, the screen's; `notify` is called on the vCPU's thread.
 */
#ifndef RINGSIDE_MONITOR_MODEL_MODEL_H
#define RINGSIDE_MONITOR_MODEL_MODEL_H

#include "monitor/door.h"
#include "monitor/model/snapshot.h"

struct model;
struct replay;

/* `door` and `symbols` (NULL: none) are borrowed. `notify`: something was answered, call model_poll. */
struct model *model_open(struct door *door, const struct symbols *symbols, void (*notify)(void *ctx),
                         void *ctx, struct err *e);
/* A model that shows a trace; `replay` is taken. */
struct model *model_open_replay(struct replay *replay, struct err *e);
/* The door must be closed, or nothing on its way. */
void model_close(struct model *m);

/* The newest snapshot; NULL before the first. Valid until model_poll says that there is a newer one. */
const struct snapshot *model_now(const struct model *m);
struct replay *model_replay(const struct model *m);
bool model_running(const struct model *m);

/* Asks for a frame with these parts. False: not now, one is on its way. */
bool model_ask(struct model *m, unsigned parts);
/* The next frame has every part, and all that is still known of the past, and its bytes go to a file: that is
 * what tests draw their screens from. */
void model_record(struct model *m, const char *path);
/* Before views are loaded: forgets which pages they looked at. Afterwards model_missed: was one not there? */
void model_begin_load(struct model *m);
bool model_missed(const struct model *m);

/* Sends a command line; its answer comes by model_poll. One that lets the guest run waits for one like it
 * that has just been sent, so that keys can be typed ahead; what waits is forgotten when a command fails. -1:
 * the debugger has gone, or too many are on their way. */
NODISCARD int model_execute(struct model *m, const char *line, struct err *e);
/* Asks a view's question, if its answer is not known for this stop and the guest stands. */
void model_question(struct model *m, const char *question);

/* What a poll found at `now_ns` of the host's clock; `answered` is called for each command that was answered,
 * `failed` NULL when it went well. */
struct model_found {
    bool frame; /* a newer snapshot */
    bool gone;  /* the debugger has gone */
    uint64_t now_ns;
    void (*answered)(void *ctx, const char *line, const struct text *out, const struct err *failed);
    void *ctx;
};
void model_poll(struct model *m, struct model_found *found);
/* Whether anything is on its way. */
bool model_busy(const struct model *m);
/* … a command: the guest may be running because of it. */
bool model_commanding(const struct model *m);

#endif
