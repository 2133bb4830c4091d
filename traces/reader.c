/*
 * The trace reader: header, then event after event, to the footer or to the first thing that is not right. It
 * never trusts the file: a trace may be cut by a full disk, still be growing, be damaged, or be made up by
 * somebody who wants to see the reader fall.  In all these cases it gives the events of the whole chunks,
 * stops, and says why.
 */
#include "traces/reader.h"

#include "traces/chunk.h"
#include "traces/codec.h"
#include "traces/regs_chunk.h"
#include "traces/tables.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Memory for marks is bounded, since a few compressed bytes can hold very many of them. */
#define MARKS_MAX     (1u << 20)
#define MARKS_LEN_MAX (64u << 20)

struct trace_reader {
    int fd;
    struct pool pool;
    struct trace_info info;
    struct chunk_reader in;
    uint64_t first_offset; /* of the chunk after the header, its number being 1 */
    struct codec codec;
    struct cursor coded; /* what is left of the chunk's events */
    uint32_t coded_count;
    uint64_t chunk_offset; /* of the chunk in `coded` */
    uint32_t chunk_number;
    struct regs_reader *regs; /* NULL: nobody has asked for them */

    const char **marks;
    size_t marks_cap, marks_len; /* marks_len: bytes of all texts */
    uint64_t marks_seen;         /* since the last rewind */

    struct tables_pair tables; /* copies of page tables since the last rewind */

    uint64_t events; /* since the last rewind */
    bool at_end, whole;
    bool may_grow;      /* at_end for lack of bytes: more of them may come */
    uint64_t seen_len;  /* the file's length when trace_continue last looked */
    struct err problem; /* text empty: none */
    bool has_foot;
    struct foot foot;
};

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
    free(r->marks);
    free(r);
}

const struct trace_info *trace_reader_info(const struct trace_reader *r)
{
    return &r->info;
}

/* Ends reading here for the reason in r->problem. Returns 0: that is an answer, not an error. */
static int reader_stop(struct trace_reader *r)
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
    int rc = tables_pair_take(&r->tables, (struct cursor){c->payload, c->payload_len, false}, &why);
    if (rc < 0)
        return err_sys(e, ENOMEM, "page tables");
    if (rc == 0)
        return 0;
    r->chunk_offset = c->offset;
    r->chunk_number = c->number;
    return reader_stop_in_chunk(r, why.text);
}

/* The last four bytes of a footer are the length of its chunk. */
static int foot_read(struct trace_reader *r, const struct chunk *c, struct foot *foot, struct err *e)
{
    if (c->payload_len < FOOT_TAIL_LEN ||
        le32_load(c->payload + c->payload_len - FOOT_TAIL_LEN) != CHUNK_HEAD_LEN + c->stored_len)
        return err_set(e, "it does not end in its own length");
    return foot_get(foot, (struct cursor){c->payload, c->payload_len - FOOT_TAIL_LEN, false}, &r->pool, e);
}

/* The footer must be the last thing in the file and agree with what was counted. */
static int reader_end(struct trace_reader *r, const struct chunk *c)
{
    uint8_t more;
    struct err why;
    if (foot_read(r, c, &r->foot, &why)) {
        r->has_foot = false;
        err_set(&r->problem, "footer at byte %" PRIu64 ": %s", c->offset, why.text);
        return reader_stop(r);
    }
    r->has_foot = true;
    if (r->foot.events != r->events)
        err_set(&r->problem, "the footer speaks of %" PRIu64 " events, but there are %" PRIu64,
                r->foot.events, r->events);
    else if (chunk_pread(r->fd, &more, 1, r->in.offset, NULL) != 0)
        err_set(&r->problem, "bytes after the footer, from byte %" PRIu64 " on", r->in.offset);
    else
        r->problem.text[0] = '\0';
    reader_stop(r);
    r->whole = !r->problem.text[0];
    return 0;
}

/* Goes to the next chunk. -1 for an I/O error; the end of what is readable sets at_end. */
static int reader_advance(struct trace_reader *r, struct err *e)
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

/* Keeps a mark's text and makes the event point at it. After a rewind the texts are there already. */
static int reader_mark(struct trace_reader *r, struct event *ev, struct err *e)
{
    struct cursor text = cursor_part(&r->coded);
    struct event_names *names = &r->info.names;
    ev->addr = r->marks_seen;
    if (r->coded.bad || r->marks_seen++ < names->mark_count || names->mark_count == MARKS_MAX)
        return 0;
    if (names->mark_count == r->marks_cap) {
        size_t cap = r->marks_cap ? 2 * r->marks_cap : 64;
        const char **grown = realloc(r->marks, cap * sizeof *grown);
        if (!grown)
            return err_sys(e, ENOMEM, "marks");
        r->marks = grown;
        r->marks_cap = cap;
        names->marks = grown;
    }
    r->marks_len += text.left;
    const char *s = r->marks_len > MARKS_LEN_MAX ? "" : pool_string(&r->pool, &text);
    if (!s)
        return err_sys(e, ENOMEM, "marks");
    r->marks[names->mark_count++] = s;
    return 0;
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
    if (ev->kind == EVENT_MARK && reader_mark(r, ev, e))
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
    r->marks_seen = 0;
    r->tables.count = 0;
    r->events = 0;
    r->at_end = r->may_grow = false;
    if (r->regs)
        regs_reader_reset(r->regs);
    return 0;
}

enum trace_growth trace_continue(struct trace_reader *r, struct err *e)
{
    struct stat st;
    if (!r->at_end)
        return TRACE_GREW;
    if (!r->may_grow)
        return TRACE_ENDED;
    if (fstat(r->fd, &st) < 0) {
        err_sys(e, errno, "look at the file");
        return TRACE_LOST;
    }
    uint64_t len = (uint64_t)st.st_size;
    if (len < r->in.offset) {
        err_set(e, "the file was cut from %" PRIu64 " to %" PRIu64 " bytes while it was read", r->in.offset,
                len);
        return TRACE_LOST;
    }
    bool same = len == r->in.offset || len == r->seen_len;
    r->seen_len = len;
    if (same)
        return TRACE_WAITS;
    r->at_end = r->may_grow = false;
    return TRACE_GREW;
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

const struct foot *reader_footer(const struct trace_reader *r)
{
    return r->has_foot ? &r->foot : NULL;
}

bool reader_find_footer(struct trace_reader *r, struct foot *foot)
{
    struct stat st;
    uint8_t tail[FOOT_TAIL_LEN], head[CHUNK_HEAD_LEN];
    if (fstat(r->fd, &st) < 0 || st.st_size < (off_t)(r->first_offset + FOOT_TAIL_LEN))
        return false;
    uint64_t file_len = (uint64_t)st.st_size;
    if (chunk_pread(r->fd, tail, sizeof tail, file_len - sizeof tail, NULL) != sizeof tail)
        return false;
    uint32_t len = le32_load(tail);
    if (len < CHUNK_HEAD_LEN + FOOT_TAIL_LEN || len > file_len - r->first_offset ||
        chunk_pread(r->fd, head, sizeof head, file_len - len, NULL) != sizeof head)
        return false;
    struct chunk_reader in;
    struct chunk c;
    chunk_reader_init(&in, r->fd);
    in.offset = file_len - len;
    in.number = le32_load(head + 16);
    bool found = chunk_read(&in, &c, NULL) == CHUNK_OK && in.offset == file_len &&
                 !strcmp(c.type, CHUNK_FOOT) && !foot_read(r, &c, foot, NULL);
    chunk_reader_fini(&in);
    return found;
}

bool reader_index_holds(struct trace_reader *r, const struct trace_index *entry)
{
    uint8_t head[CHUNK_HEAD_LEN];
    struct chunk_reader in;
    struct chunk c;
    if (chunk_pread(r->fd, head, sizeof head, entry->offset, NULL) != sizeof head)
        return false;
    chunk_reader_init(&in, r->fd);
    in.offset = entry->offset;
    in.number = le32_load(head + 16);
    bool holds = chunk_read(&in, &c, NULL) == CHUNK_OK && !strcmp(c.type, CHUNK_EVENTS) &&
                 c.payload_len >= EVENTS_HEAD_LEN && le32_load(c.payload) == entry->count &&
                 le64_load(c.payload + 4) == entry->seq && le64_load(c.payload + 12) == entry->time_ns;
    chunk_reader_fini(&in);
    return holds;
}
