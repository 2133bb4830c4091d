/*
 * The footer as a reader meets it: at its end, where it must agree with what was counted, or looked for from
 * the end of the file without reading what is in between.  A file without one was not closed; its events are
 * good all the same.
 */
#include "traces/reader_inside.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

/* The last four bytes of a footer are the length of its chunk. */
static int foot_read(struct trace_reader *r, const struct chunk *c, struct foot *foot, struct err *e)
{
    if (c->payload_len < FOOT_TAIL_LEN ||
        le32_load(c->payload + c->payload_len - FOOT_TAIL_LEN) != CHUNK_HEAD_LEN + c->stored_len)
        return err_set(e, "it does not end in its own length");
    return foot_get(foot, (struct cursor){c->payload, c->payload_len - FOOT_TAIL_LEN, false}, &r->pool, e);
}

int reader_end(struct trace_reader *r, const struct chunk *c)
{
    uint8_t more;
    struct err why;
    if (foot_read(r, c, &r->foot, &why)) {
        r->has_foot = false;
        err_set(&r->problem, "footer at byte %" PRIu64 ": %s", c->offset, why.text);
        return reader_stop(r);
    }
    r->has_foot = true;
    if (r->foot.events != r->events && !r->sought)
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

bool reader_index_holds(struct trace_reader *r, const struct trace_index *entry, uint32_t *number)
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
    if (number)
        *number = le32_load(head + 16);
    chunk_reader_fini(&in);
    return holds;
}
