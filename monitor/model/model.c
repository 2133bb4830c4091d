/*
 * The model: see model.h.  Everything that goes through the door is a ticket in one of a few slots; the
 * vCPU's thread marks it as answered, and model_poll picks it up.
 */
#include "monitor/model/model.h"

#include "monitor/model/asks.h"
#include "monitor/model/frame.h"
#include "monitor/model/moments.h"
#include "monitor/model/replay.h"

#include "machine/clock.h"
#include "monitor/shell/command.h"
#include "monitor/shell/line.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 8, AHEAD_MAX = 16 };
#define AHEAD_WITHIN_NS 500000000u

enum slot_use { SLOT_IDLE, SLOT_FRAME, SLOT_COMMAND, SLOT_QUESTION };

/* A ticket on its way. */
struct slot {
    struct model *model;
    enum slot_use use;
    struct door_ticket ticket;
    struct text line, out;
    atomic_bool answered;
    bool failed;
    struct err err;
    bool runs; /* lets the guest run */
    uint64_t sent_ns;
};

struct model {
    struct door *door;
    const struct symbols *symbols;
    struct replay *replay;
    void (*notify)(void *ctx);
    void *notify_ctx;
    struct snapshot_machine machine;
    struct snapshot_history history;
    struct snapshot_asks asks;
    struct moments moments;
    struct wants wants;
    struct slot slot[SLOTS];
    struct text ahead[AHEAD_MAX]; /* command lines that wait for the one that runs */
    size_t ahead_count;
    struct text record; /* where the next frame is to be written; "" nowhere */
};

static struct model *model_create(struct err *e)
{
    struct model *m = calloc(1, sizeof *m);
    if (!m) {
        err_sys(e, ENOMEM, "model");
    } else if (history_init(&m->history, e) < 0) {
        free(m);
        m = NULL;
    }
    for (size_t i = 0; m && i < SLOTS; i++)
        m->slot[i].model = m;
    return m;
}

struct model *model_open(struct door *door, const struct symbols *symbols, void (*notify)(void *ctx),
                         void *ctx, struct err *e)
{
    struct model *m = model_create(e);
    if (!m)
        return NULL;
    m->door = door;
    m->symbols = symbols;
    m->notify = notify;
    m->notify_ctx = ctx;
    return m;
}

struct model *model_open_replay(struct replay *replay, struct err *e)
{
    struct model *m = model_create(e);
    if (m)
        m->replay = replay;
    else
        replay_close(replay);
    return m;
}

void model_close(struct model *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < SLOTS; i++) {
        text_fini(&m->slot[i].line);
        text_fini(&m->slot[i].out);
    }
    asks_fini(&m->asks);
    moments_fini(&m->moments);
    history_fini(&m->history);
    snapshot_machine_fini(&m->machine);
    replay_close(m->replay);
    for (size_t i = 0; i < AHEAD_MAX; i++)
        text_fini(&m->ahead[i]);
    text_fini(&m->record);
    free(m);
}

const struct snapshot *model_now(const struct model *m)
{
    return m->moments.now;
}

struct replay *model_replay(const struct model *m)
{
    return m->replay;
}

bool model_running(const struct model *m)
{
    return m->moments.now && m->moments.now->state == STATE_RUNNING;
}

/* ---- through the door ---- */

static void slot_done(void *ctx, const struct err *failed)
{
    struct slot *s = ctx;
    s->failed = failed != NULL;
    if (failed)
        s->err = *failed;
    struct model *m = s->model;
    void (*notify)(void *) = m->notify;
    void *notify_ctx = m->notify_ctx;
    atomic_store(&s->answered, true);
    notify(notify_ctx);
}

static struct slot *slot_idle(struct model *m)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (m->slot[i].use == SLOT_IDLE)
            return &m->slot[i];
    return NULL;
}

static bool on_its_way(const struct model *m, enum slot_use use)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (m->slot[i].use == use)
            return true;
    return false;
}

bool model_busy(const struct model *m)
{
    return on_its_way(m, SLOT_FRAME) || on_its_way(m, SLOT_COMMAND) || on_its_way(m, SLOT_QUESTION);
}

bool model_commanding(const struct model *m)
{
    return on_its_way(m, SLOT_COMMAND);
}

/* Sends the slot's line. */
static int slot_send(struct slot *s, enum slot_use use)
{
    s->use = use;
    s->failed = false;
    atomic_store(&s->answered, false);
    text_clear(&s->out);
    s->ticket = (struct door_ticket){.channel = use == SLOT_FRAME ? DOOR_FRAME : DOOR_COMMAND,
                                     .text = text_str(&s->line),
                                     .len = s->line.len,
                                     .out = &s->out,
                                     .done = slot_done,
                                     .ctx = s};
    if (!s->line.failed && door_post(s->model->door, &s->ticket) == 0)
        return 0;
    s->use = SLOT_IDLE;
    return -1;
}

bool model_ask(struct model *m, unsigned parts)
{
    struct slot *s = slot_idle(m);
    struct frame_request rq = {.parts = parts | (m->machine.names.device_count ? 0 : (unsigned)PART_MACHINE)};
    if (m->replay || !s || on_its_way(m, SLOT_FRAME))
        return false;
    if (m->record.len) {
        rq.parts = PART_ALL;
    } else if (m->moments.now) {
        rq.events_from = m->moments.now->events_total;
        rq.steps_from = m->moments.now->steps_total;
        rq.console_from = m->moments.now->console_total;
    }
    memcpy(rq.page, m->wants.gpa, sizeof rq.page);
    rq.page_count = m->wants.count;
    text_clear(&s->line);
    frame_request_write(&rq, &s->line);
    return slot_send(s, SLOT_FRAME) == 0;
}

static bool line_runs(const char *line)
{
    const struct shell_command *row;
    struct err ignored;
    line += strspn(line, " ");
    return shell_find(line, line_name_len(line), &row, &ignored) == 0 && (row->flags & COMMAND_RUNS);
}

/* A command that lets the guest run was sent so shortly ago that it may be over soon. */
static bool may_end_soon(const struct model *m)
{
    uint64_t now_ns = clock_host_ns();
    for (size_t i = 0; i < SLOTS; i++)
        if (m->slot[i].use == SLOT_COMMAND && m->slot[i].runs &&
            now_ns - m->slot[i].sent_ns < AHEAD_WITHIN_NS)
            return true;
    return false;
}

int model_execute(struct model *m, const char *line, struct err *e)
{
    struct slot *s = slot_idle(m);
    bool runs = line_runs(line), later = runs && (m->ahead_count || may_end_soon(m));
    if (strcmp(line, "interrupt") == 0)
        m->ahead_count = 0;
    if (m->replay)
        return err_set(e, "%s: a trace is replayed here, there is no guest to ask", line);
    if (later ? m->ahead_count == AHEAD_MAX : !s)
        return err_set(e, "%s: wait, earlier commands have not been answered", line);
    struct text *to = later ? &m->ahead[m->ahead_count++] : &s->line;
    text_clear(to);
    text_add(to, line);
    if (later)
        return 0;
    s->runs = runs;
    s->sent_ns = clock_host_ns();
    return slot_send(s, SLOT_COMMAND) < 0 ? err_sys(e, EPIPE, "the debugger has gone") : 0;
}

/* What was typed ahead has its turn; nothing when a command failed. */
static void ahead_next(struct model *m, bool failed)
{
    struct err ignored;
    if (failed)
        m->ahead_count = 0;
    if (m->ahead_count == 0 || may_end_soon(m))
        return;
    struct text first = m->ahead[0];
    memmove(m->ahead, m->ahead + 1, --m->ahead_count * sizeof m->ahead[0]);
    m->ahead[m->ahead_count] = (struct text){0};
    size_t waiting = m->ahead_count;
    m->ahead_count = 0; /* this one does not wait for itself */
    (void)!model_execute(m, text_str(&first), &ignored);
    m->ahead_count = waiting;
    text_fini(&first);
}

void model_question(struct model *m, const char *question)
{
    struct slot *s = slot_idle(m);
    if (m->replay || !s || !m->moments.now || m->moments.now->state == STATE_RUNNING ||
        on_its_way(m, SLOT_QUESTION))
        return;
    if (asks_know(&m->asks, question, m->moments.now->stop_serial))
        return;
    text_clear(&s->line);
    text_add(&s->line, question);
    (void)!slot_send(s, SLOT_QUESTION);
}

/* ---- snapshots ---- */

void model_begin_load(struct model *m)
{
    m->wants = (struct wants){0};
}

bool model_missed(const struct model *m)
{
    return m->wants.missed;
}

void model_record(struct model *m, const char *path)
{
    text_clear(&m->record);
    text_add(&m->record, path);
}

/* Its events are all known already. What came of it is told as an answer to the command. */
static void write_record(struct model *m, const struct slot *s, struct model_found *found)
{
    struct text line = {0}, said = {0};
    struct err e;
    bool failed = s->failed || frame_record(text_str(&m->record), &s->out, m->symbols, &e) < 0;
    text_addf(&line, "record %s", text_str(&m->record));
    if (!failed)
        text_addf(&said, "the snapshot is in %s", text_str(&m->record));
    if (found->answered)
        found->answered(found->ctx, text_str(&line), &said, !failed ? NULL : s->failed ? &s->err : &e);
    text_fini(&line);
    text_fini(&said);
    text_clear(&m->record);
    m->history.events.total = m->history.steps.total = m->history.console.total = 0;
}

static bool take_frame(struct model *m, struct slot *s, struct model_found *found)
{
    struct err e;
    struct frame_request rq;
    if (frame_request_read(text_str(&s->line), s->line.len, &rq, &e) < 0)
        rq.parts = 0;
    if (m->record.len && rq.parts == PART_ALL)
        write_record(m, s, found);
    struct snapshot *snap =
        s->failed ? NULL
                  : snapshot_read(text_str(&s->out), s->out.len, &m->machine, &m->history, m->symbols, &e);
    if (snap) {
        snap->parts = rq.parts;
        snap->wants = &m->wants;
        snap->asks = &m->asks;
        moments_take(&m->moments, snap, &m->history.rates, found->now_ns);
    }
    return snap;
}

static void slot_take(struct model *m, struct slot *s, struct model_found *found)
{
    enum slot_use use = s->use;
    found->gone |= s->failed && s->err.code == EPIPE;
    if (use == SLOT_FRAME) {
        found->frame |= take_frame(m, s, found);
    } else if (use == SLOT_QUESTION) {
        asks_keep(&m->asks, text_str(&s->line), s->failed ? s->err.text : text_str(&s->out),
                  m->moments.now ? m->moments.now->stop_serial : 0);
        found->frame |= m->moments.now != NULL; /* the same, but there is more to it */
    } else if (found->answered) {
        found->answered(found->ctx, text_str(&s->line), &s->out, s->failed ? &s->err : NULL);
    }
    s->use = SLOT_IDLE;
    if (use == SLOT_COMMAND)
        ahead_next(m, s->failed);
}

static void poll_replay(struct model *m, struct model_found *found)
{
    struct err e;
    if (m->moments.now && !replay_moved(m->replay))
        return;
    struct snapshot *s = replay_snapshot(m->replay, &m->machine, &m->history, &e);
    if (!s)
        return;
    s->wants = NULL;
    s->serial = m->moments.now ? m->moments.now->serial + 1 : 1;
    snapshot_free(m->moments.now);
    m->moments.now = s;
    found->frame = true;
}

void model_poll(struct model *m, struct model_found *found)
{
    found->frame = found->gone = false;
    if (m->replay)
        poll_replay(m, found);
    for (size_t i = 0; i < SLOTS; i++)
        if (m->slot[i].use != SLOT_IDLE && atomic_load(&m->slot[i].answered))
            slot_take(m, &m->slot[i], found);
}
