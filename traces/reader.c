/*
 * The trace reader: header, then event after event, to the footer or to the first thing that is not right. It
 * never trusts the file: a trace may be cut by a full disk, still be growing, be damaged, or be made up by
 * somebody who wants to see the reader fall.  In all these cases it gives the events of the whole chunks,
 * stops, and says why.
 */
#include "traces/reader_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_regular(const char *path, struct err *e)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return err_sys(e, errno, "open");
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        return fd;
    close(fd);
    return err_set(e, "%s", S_ISDIR(st.st_mode) ? "it is a directory" : "it is not a regular file");
}

static int read_preamble(struct trace_reader *r, struct err *e)
{
    uint8_t bytes[TRACE_PREAMBLE_LEN];
    long got = chunk_pread(r->fd, bytes, sizeof bytes, 0, e);
    if (got < 0)
        return -1;
    if (got == 0)
        return err_set(e, "the file is empty");
    if (memcmp(bytes, TRACE_MAGIC, got < TRACE_MAGIC_LEN ? (size_t)got : TRACE_MAGIC_LEN) != 0)
        return err_set(e, "not a trace of Ringside, or mangled by a transfer as text");
    if (got < TRACE_PREAMBLE_LEN)
        return err_set(e, "cut off inside its first %d bytes", TRACE_PREAMBLE_LEN);
    if (crc32c(0, bytes, 12) != le32_load(bytes + 12))
        return err_set(e, "its first %d bytes are damaged", TRACE_PREAMBLE_LEN);
    if (le16_load(bytes + 8) != TRACE_MAJOR)
        return err_set(e, "format version %u.%u, and this program reads %u: use the Ringside that wrote it",
                       le16_load(bytes + 8), le16_load(bytes + 10), TRACE_MAJOR);
    return 0;
}

static int read_header(struct trace_reader *r, struct err *e)
{
    struct chunk c;
    r->in.offset = TRACE_PREAMBLE_LEN;
    enum chunk_result result = chunk_read(&r->in, &c, e);
    if (result == CHUNK_EOF)
        return err_set(e, "cut off before its header");
    if (result == CHUNK_BAD || result == CHUNK_CUT)
        return err_wrap(e, "its header is damaged");
    if (result == CHUNK_IO)
        return -1;
    if (strcmp(c.type, CHUNK_HEAD) != 0)
        return err_set(e, "it has no header");
    r->first_offset = r->in.offset;
    return header_get(&r->info, (struct cursor){c.payload, c.payload_len, false}, &r->pool, e);
}

struct trace_reader *trace_open(const char *path, struct err *e)
{
    struct trace_reader *r = calloc(1, sizeof *r);
    if (!r) {
        err_sys(e, ENOMEM, "%s", path);
        return NULL;
    }
    r->tables_vcpu = TRACE_ANY_VCPU;
    r->fd = open_regular(path, e);
    chunk_reader_init(&r->in, r->fd);
    if (r->fd < 0 || read_preamble(r, e) || read_header(r, e)) {
        err_wrap(e, "%s", path);
        trace_reader_close(r);
        return NULL;
    }
    return r;
}

void trace_reader_close(struct trace_reader *r)
{
    if (!r)
        return;
    if (r->fd >= 0)
        close(r->fd);
    chunk_reader_fini(&r->in);
    regs_reader_destroy(r->regs);
    tables_pair_fini(&r->tables);
    pool_free(&r->pool);
    pool_free(&r->marks.pool);
    free(r->marks.text);
    free(r);
}

const struct trace_info *trace_reader_info(const struct trace_reader *r)
{
    return &r->info;
}

int reader_stop(struct trace_reader *r)
{
    r->at_end = true;
    r->whole = false;
    r->coded_count = 0;
    return 0;
}

/* The same, with the reason said of the chunk whose events were being decoded. */
static int reader_stop_in_chunk(struct trace_reader *r, const char *why)
{
    r->in.offset = r->chunk_offset;
    r->in.number = r->chunk_number;
    err_set(&r->problem, "chunk %" PRIu32 " at byte %" PRIu64 ": %s", r->chunk_number, r->chunk_offset, why);
    return reader_stop(r);
}

static int reader_begin_events(struct trace_reader *r, const struct chunk *c)
{
    struct cursor in = {c->payload, c->payload_len, false};
    uint64_t count = cursor_le(&in, 4), seq = cursor_le(&in, 8), base_ns = cursor_le(&in, 8);
    r->chunk_offset = c->offset;
    r->chunk_number = c->number;
    if (in.bad || count == 0 || count > in.left / EVENT_CODED_LEAST)
        return reader_stop_in_chunk(r, "its number of events is impossible");
    const char *wrong = r->regs ? regs_reader_begin(r->regs, c->number) : NULL;
    if (wrong)
        return reader_stop_in_chunk(r, wrong);
    codec_reset(&r->codec, seq, base_ns);
    r->coded = in;
    r->coded_count = (uint32_t)count;
    return 0;
}

static int reader_take_tables(struct trace_reader *r, const struct chunk *c, struct err *e)
{
    struct err why;
    int rc = tables_pair_take(&r->tables, (struct cursor){c->payload, c->payload_len, false}, r->tables_vcpu,
                              &why);
    if (rc < 0)
        return err_sys(e, ENOMEM, "page tables");
    if (rc == 0)
        return 0;
    r->chunk_offset = c->offset;
    r->chunk_number = c->number;
    return reader_stop_in_chunk(r, why.text);
}

int reader_advance(struct trace_reader *r, struct err *e)
{
    struct chunk c;
    switch (chunk_read(&r->in, &c, &r->problem)) {
    case CHUNK_IO:
        if (e)
            *e = r->problem;
        r->problem.text[0] = '\0';
        return -1;
    case CHUNK_EOF:
        err_set(&r->problem, "no footer: the run was killed, or is still being recorded");
        r->may_grow = true;
        return reader_stop(r);
    case CHUNK_CUT:
        r->may_grow = true;
        return reader_stop(r);
    case CHUNK_BAD:
        return reader_stop(r);
    case CHUNK_OK:
        break;
    }
    if (!strcmp(c.type, CHUNK_EVENTS))
        return reader_begin_events(r, &c);
    if (r->regs && !strcmp(c.type, CHUNK_REGS))
        return regs_reader_chunk(r->regs, &c, e);
    if (!strcmp(c.type, CHUNK_TABLES))
        return reader_take_tables(r, &c, e);
    if (!strcmp(c.type, CHUNK_FOOT))
        return reader_end(r, &c);
    if (strcmp(c.type, CHUNK_HEAD) != 0)
        return 0;
    err_set(&r->problem, "a second header at byte %" PRIu64, c.offset);
    return reader_stop(r);
}

/* The registers of the event just decoded; of the chunk's last one, also whether they came out even. */
static const char *reader_see_regs(struct trace_reader *r, const struct event *ev)
{
    const char *wrong = regs_reader_event(r->regs, ev);
    return wrong || r->coded_count ? wrong : regs_reader_end(r->regs);
}

int trace_next(struct trace_reader *r, struct event *ev, struct err *e)
{
    while (r->coded_count == 0) {
        if (r->at_end)
            return 0;
        if (reader_advance(r, e))
            return -1;
    }
    size_t n = codec_get(&r->codec, r->coded.p, r->coded.left, ev);
    if (n == 0)
        return reader_stop_in_chunk(r, "an event in it cannot be decoded");
    cursor_bytes(&r->coded, n);
    if (ev->kind == EVENT_MARK && reader_marks_take(r, ev, e))
        return -1;
    r->coded_count--;
    if (r->coded.bad || (r->coded_count == 0 && r->coded.left))
        return reader_stop_in_chunk(r, "its events do not fill it");
    const char *wrong = r->regs ? reader_see_regs(r, ev) : NULL;
    if (wrong)
        return reader_stop_in_chunk(r, wrong);
    r->events++;
    return 1;
}

int trace_reader_want_regs(struct trace_reader *r, struct err *e)
{
    r->in.want_regs = true;
    return r->regs || (r->regs = regs_reader_create(e)) ? 0 : -1;
}

const struct event_regs *trace_reader_regs(const struct trace_reader *r, uint32_t *changed)
{
    if (r->regs && !r->at_end)
        return regs_reader_now(r->regs, changed);
    if (changed)
        *changed = 0;
    return NULL;
}

const struct event_regs *trace_reader_regs_before(const struct trace_reader *r)
{
    return r->regs && !r->at_end ? regs_reader_before(r->regs) : NULL;
}

int trace_rewind(struct trace_reader *r, struct err *e)
{
    (void)e;
    r->in.offset = r->first_offset;
    r->in.number = 1;
    r->coded_count = 0;
    r->marks.seen = 0;
    if (r->sought) /* those texts have other numbers */
        reader_marks_forget(r);
    r->sought = false;
    r->tables.count = 0;
    r->events = 0;
    r->at_end = r->may_grow = false;
    if (r->regs)
        regs_reader_reset(r->regs);
    return 0;
}

void trace_reader_state(const struct trace_reader *r, struct trace_state *s)
{
    struct stat st;
    *s = (struct trace_state){
        .whole = r->whole,
        .at_end = r->at_end,
        .regs = r->regs && regs_reader_seen(r->regs),
        .problem = r->problem.text[0] ? r->problem.text : NULL,
        .readable_len = r->coded_count ? r->chunk_offset : r->in.offset,
        .chunks = r->coded_count ? r->chunk_number : r->in.number,
        .events = r->events,
        .end = r->has_foot ? &r->foot.end : NULL,
    };
    s->file_len = fstat(r->fd, &st) == 0 ? (uint64_t)st.st_size : s->readable_len;
}

const struct trace_tables *trace_reader_tables(const struct trace_reader *r)
{
    return r->tables.count ? r->tables.now : NULL;
}

const struct trace_tables *trace_reader_tables_before(const struct trace_reader *r)
{
    return r->tables.count > 1 ? r->tables.before : NULL;
}

uint64_t trace_reader_tables_count(const struct trace_reader *r)
{
    return r->tables.count;
}

void trace_reader_want_tables(struct trace_reader *r, unsigned vcpu)
{
    r->tables_vcpu = vcpu;
}
