/*
 * The trace writer: a sink of events that the run loop feeds, one call an exit.  Events are coded straight
 * into the buffer of the coming chunk; only a full chunk, or one that is 100 ms old, costs compression and
 * one write(2).  So a run that is killed loses a tenth of a second, and a run that goes well pays some tens
 * of nanoseconds an event.
 *
 * A failed write (a full disk) ends the trace, never the guest: the file is cut back to its last whole chunk,
 * later events are counted as lost, and trace_failed() and trace_close() tell.  Used by one thread.
 */
#include "traces/trace.h"

#include "base/bytes.h"
#include "traces/chunk.h"
#include "traces/codec.h"
#include "traces/header.h"
#include "traces/regs_chunk.h"
#include "traces/tables.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WRITER_CHUNK_LEN (64u * 1024)
#define WRITER_HOLD_NS   100000000
#define WRITER_HEADS_LEN (CHUNK_HEAD_LEN + EVENTS_HEAD_LEN)
#define WRITER_BUF_LEN   (WRITER_HEADS_LEN + WRITER_CHUNK_LEN + EVENT_CODED_MAX + VARINT_MAX + TRACE_STRING_MAX)

struct trace_writer {
    char *path;
    struct chunk_writer out;
    struct codec codec;
    struct regs_writer *regs; /* NULL until a step brings registers */
    bool steps_bare;          /* there are steps in buf, and they have no registers */
    struct text text;         /* of a mark, while it is cleaned */
    size_t len;               /* bytes in buf, the heads' room included */
    uint32_t count;           /* events in buf */
    uint64_t first_ns;        /* time of the first of them */
    uint64_t events, coded_len, marks, lost;
    uint64_t chunks, index_every; /* event chunks; every how manyth is in the index */
    size_t index_count;
    struct trace_index index[TRACE_INDEX_MAX];
    struct err failure; /* text empty: none */
    uint8_t buf[WRITER_BUF_LEN];
};

static void writer_free(struct trace_writer *w)
{
    if (!w)
        return;
    chunk_writer_fini(&w->out);
    regs_writer_destroy(w->regs);
    text_fini(&w->text);
    free(w->path);
    free(w);
}

static int write_preamble(struct trace_writer *w, struct err *e)
{
    uint8_t bytes[TRACE_PREAMBLE_LEN];
    memcpy(bytes, TRACE_MAGIC, TRACE_MAGIC_LEN);
    le_store(bytes + 8, TRACE_MAJOR, 2);
    le_store(bytes + 10, TRACE_MINOR, 2);
    le_store(bytes + 12, crc32c(0, bytes, 12), 4);
    return chunk_write_bytes(&w->out, bytes, sizeof bytes, e);
}

/* Room for the head of a chunk that is built in a text. */
static void text_add_head_room(struct text *t)
{
    const char room[CHUNK_HEAD_LEN] = {0};
    text_addn(t, room, sizeof room);
}

static int write_header(struct trace_writer *w, const struct trace_info *info, struct err *e)
{
    struct text fields = {0}, framed = {0};
    int result = header_put(info, &fields, e);
    text_add_head_room(&framed);
    text_addn(&framed, text_str(&fields), fields.len);
    if (result == 0 && framed.failed)
        result = err_sys(e, ENOMEM, "header");
    if (result == 0)
        result = chunk_write(&w->out, CHUNK_HEAD, (uint8_t *)framed.buf, fields.len, true, e);
    text_fini(&fields);
    text_fini(&framed);
    return result;
}

/* A FIFO without a reader must not hold the VM up, so the file is opened without waiting. */
static int writer_open(const char *path, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
    if (fd < 0)
        return err_sys(e, errno, "trace %s", path);
    if (fcntl(fd, F_SETFL, 0) < 0) {
        int code = errno;
        close(fd);
        return err_sys(e, code, "trace %s", path);
    }
    return fd;
}

struct trace_writer *trace_create(const char *path, const struct trace_info *info, struct err *e)
{
    int fd = writer_open(path, e);
    if (fd < 0)
        return NULL;
    struct trace_writer *w = malloc(sizeof *w);
    if (w) {
        memset(w, 0, offsetof(struct trace_writer, index));
        w->failure.text[0] = '\0';
        w->index_every = 1;
        w->path = strdup(path);
    }
    int result = w && w->path ? chunk_writer_init(&w->out, fd, e) : err_sys(e, ENOMEM, "buffers");
    if (result || write_preamble(w, e) || write_header(w, info, e)) {
        err_wrap(e, "trace %s", path);
        writer_free(w);
        close(fd);
        return NULL;
    }
    return w;
}

/* Notes where the chunk about to be written stands. A full index gives up every second entry. */
static void writer_index(struct trace_writer *w, uint64_t seq, uint64_t base_ns)
{
    if (w->chunks++ % w->index_every)
        return;
    if (w->index_count == TRACE_INDEX_MAX) {
        for (size_t i = 0; i < TRACE_INDEX_MAX / 2; i++)
            w->index[i] = w->index[2 * i];
        w->index_count = TRACE_INDEX_MAX / 2;
        w->index_every *= 2;
    }
    w->index[w->index_count++] =
        (struct trace_index){.offset = w->out.offset, .seq = seq, .time_ns = base_ns, .count = w->count};
}

static void writer_begin(struct trace_writer *w, const struct event *ev)
{
    uint64_t base_ns = ev->time_ns - ev->guest_ns;
    codec_reset(&w->codec, ev->seq, base_ns);
    le_store(w->buf + CHUNK_HEAD_LEN + 4, ev->seq, 8);
    le_store(w->buf + CHUNK_HEAD_LEN + 12, base_ns, 8);
    w->len = WRITER_HEADS_LEN;
    w->first_ns = ev->time_ns;
    w->steps_bare = false;
}

/* The registers of the steps among the events go before them. */
static int flush_regs(struct trace_writer *w)
{
    if (!w->regs || regs_writer_steps(w->regs) == 0)
        return 0;
    size_t len;
    uint8_t *framed = regs_writer_take(w->regs, &len);
    return chunk_write(&w->out, CHUNK_REGS, framed, len, true, &w->failure);
}

static int flush_events(struct trace_writer *w)
{
    uint8_t *payload = w->buf + CHUNK_HEAD_LEN;
    le_store(payload, w->count, 4);
    writer_index(w, le64_load(payload + 4), le64_load(payload + 12));
    return chunk_write(&w->out, CHUNK_EVENTS, w->buf, w->len - CHUNK_HEAD_LEN, true, &w->failure);
}

void trace_flush(struct trace_writer *w)
{
    if (w->count == 0 || w->failure.text[0])
        return;
    if (flush_regs(w) || flush_events(w)) {
        err_wrap(&w->failure, "trace %s", w->path);
        w->events -= w->count;
        w->lost += w->count;
    }
    w->count = 0;
}

size_t trace_put_tables(struct trace_writer *w, struct trace_tables *t)
{
    struct text framed = {0};
    trace_flush(w);
    if (w->failure.text[0])
        return 0;
    text_add_head_room(&framed);
    if (tables_put(t, &framed, &w->failure) || chunk_write(&w->out, CHUNK_TABLES, (uint8_t *)framed.buf,
                                                           framed.len - CHUNK_HEAD_LEN, true, &w->failure))
        err_wrap(&w->failure, "trace %s", w->path);
    size_t len = framed.len;
    text_fini(&framed);
    return len;
}

/* Is what is held back enough, or old enough? */
static bool writer_is_full(const struct trace_writer *w, uint64_t now_ns)
{
    return w->len >= WRITER_HEADS_LEN + WRITER_CHUNK_LEN ||
           (w->regs && regs_writer_len(w->regs) >= WRITER_CHUNK_LEN) ||
           (int64_t)(now_ns - w->first_ns) >= WRITER_HOLD_NS;
}

/* Codes an event, and behind it the text when it is a mark. */
static void writer_add(struct trace_writer *w, const struct event *ev, const char *text, size_t text_len)
{
    if (w->failure.text[0]) {
        w->lost++;
        return;
    }
    if (w->count == 0)
        writer_begin(w, ev);
    size_t before = w->len;
    w->len += codec_put(&w->codec, ev, w->buf + w->len);
    if (ev->kind == EVENT_MARK) {
        w->len += varint_store(w->buf + w->len, text_len);
        memcpy(w->buf + w->len, text, text_len);
        w->len += text_len;
        w->marks++;
    }
    w->coded_len += w->len - before;
    w->count++;
    w->events++;
    if (writer_is_full(w, ev->time_ns))
        trace_flush(w);
}

/* Of the steps in a chunk either all have registers or none: a step of the other sort begins a new one. */
static void writer_part(struct trace_writer *w, bool bare)
{
    bool other = bare ? w->regs && regs_writer_steps(w->regs) : w->count && w->steps_bare;
    if (other)
        trace_flush(w);
}

void trace_put(void *writer, const struct event *ev)
{
    struct trace_writer *w = writer;
    if (ev->kind == EVENT_STEP) {
        writer_part(w, true);
        if (w->regs)
            regs_writer_forget(w->regs, ev->vcpu);
    }
    writer_add(w, ev, "", 0);
    if (ev->kind == EVENT_STEP)
        w->steps_bare = true;
}

void trace_step(void *writer, const struct event *ev, const struct event_regs *after)
{
    struct trace_writer *w = writer;
    if (!w->regs && !w->failure.text[0] && !(w->regs = regs_writer_create(&w->failure)))
        err_wrap(&w->failure, "trace %s", w->path);
    if (w->failure.text[0] || ev->kind != EVENT_STEP) {
        trace_put(w, ev);
        return;
    }
    writer_part(w, false);
    w->coded_len += regs_writer_put(w->regs, ev, after);
    writer_add(w, ev, "", 0);
}

void trace_mark(struct trace_writer *w, const struct event *at, const char *text)
{
    struct event ev = {.kind = EVENT_MARK, .reg = EVENT_NO_REG, .count = 1, .addr = w->marks};
    ev.flags = at ? at->flags & (EVENT_NO_CPU | EVENT_RIP_NEXT | EVENT_STEPPED) : EVENT_NO_CPU;
    if (at) {
        ev.seq = at->seq;
        ev.time_ns = at->time_ns;
        ev.rip = at->rip;
        ev.cs = at->cs;
        ev.vcpu = at->vcpu;
        ev.mode_cpl = at->mode_cpl;
    }
    text_clear(&w->text);
    string_clean(&w->text, text, strlen(text), TRACE_STRING_MAX);
    writer_add(w, &ev, text_str(&w->text), w->text.len);
}

void trace_tick(struct trace_writer *w, uint64_t now_ns)
{
    if (w->count && (int64_t)(now_ns - w->first_ns) >= WRITER_HOLD_NS)
        trace_flush(w);
}

bool trace_failed(const struct trace_writer *w, struct err *e)
{
    if (w->failure.text[0] && e)
        *e = w->failure;
    return w->failure.text[0] != '\0';
}

void trace_size(const struct trace_writer *w, uint64_t *coded_len, uint64_t *events)
{
    *coded_len = w->coded_len;
    *events = w->events;
}

static int write_footer(struct trace_writer *w, const struct trace_end *end, struct err *e)
{
    const struct foot foot = {
        .end = *end, .events = w->events, .index = w->index, .index_count = w->index_count};
    struct text framed = {0};
    uint8_t tail[FOOT_TAIL_LEN];
    text_add_head_room(&framed);
    int result = foot_put(&foot, &framed, e);
    le_store(tail, framed.len + FOOT_TAIL_LEN, FOOT_TAIL_LEN);
    text_addn(&framed, (const char *)tail, FOOT_TAIL_LEN);
    if (result == 0 && framed.failed)
        result = err_sys(e, ENOMEM, "footer");
    if (result == 0)
        result =
            chunk_write(&w->out, CHUNK_FOOT, (uint8_t *)framed.buf, framed.len - CHUNK_HEAD_LEN, false, e);
    text_fini(&framed);
    return result;
}

int trace_close(struct trace_writer *w, const struct trace_end *end, struct err *e)
{
    trace_flush(w);
    struct err why = w->failure;
    int result = why.text[0] ? -1 : 0;
    if (result == 0 && end && write_footer(w, end, &why))
        result = err_wrap(&why, "trace %s", w->path);
    if (close(w->out.fd) < 0 && result == 0)
        result = err_sys(&why, errno, "trace %s: close", w->path);
    if (result) {
        int code = why.code;
        err_set(e, "%.400s (%" PRIu64 " events lost)", why.text, w->lost);
        if (e)
            e->code = code;
    }
    writer_free(w);
    return result;
}
