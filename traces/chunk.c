/*
 * Reading and writing chunks: see chunk.h.  The reader believes nothing: every length is bounded before it is
 * used, memory is only asked for after that, and a file that shrinks under its hands is a cut file, not a
 * fault (which is why it is read with pread(2) and never mapped).
 */
#include "traces/chunk.h"

#include "base/bytes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

/* The fastest level: a chunk is compressed while the guest waits. */
#define CHUNK_ZSTD_LEVEL 1

int chunk_writer_init(struct chunk_writer *w, int fd, struct err *e)
{
    *w = (struct chunk_writer){.fd = fd, .zstd = ZSTD_createCCtx()};
    return w->zstd ? 0 : err_sys(e, ENOMEM, "zstd");
}

void chunk_writer_fini(struct chunk_writer *w)
{
    ZSTD_freeCCtx(w->zstd);
    free(w->packed);
}

/* Cuts off what a failed write left behind. Devices and pipes cannot be cut, and need not be. */
static void chunk_cut_back(struct chunk_writer *w)
{
    if (ftruncate(w->fd, (off_t)w->offset) == 0)
        lseek(w->fd, (off_t)w->offset, SEEK_SET);
}

int chunk_write_bytes(struct chunk_writer *w, const void *p, size_t n, struct err *e)
{
    size_t done = 0;
    while (done < n) {
        ssize_t got = write(w->fd, (const uint8_t *)p + done, n - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            int code = got < 0 ? errno : ENOSPC;
            chunk_cut_back(w);
            return err_sys(e, code, "write");
        }
        done += (size_t)got;
    }
    w->offset += n;
    return 0;
}

static void chunk_seal(uint8_t *framed, const char *type, uint32_t flags, size_t stored, size_t raw,
                       uint32_t number)
{
    memcpy(framed, type, CHUNK_TYPE_LEN);
    le_store(framed + 4, flags, 4);
    le_store(framed + 8, stored, 4);
    le_store(framed + 12, raw, 4);
    le_store(framed + 16, number, 4);
    uint32_t crc = crc32c(0, framed, CHUNK_CRC_AT);
    le_store(framed + CHUNK_CRC_AT, crc32c(crc, framed + CHUNK_HEAD_LEN, stored), 4);
}

/* Compresses into w->packed behind room for a head. Returns the length, or 0 when that is no gain. */
static size_t chunk_pack(struct chunk_writer *w, const uint8_t *raw, size_t raw_len)
{
    if (w->packed_cap < CHUNK_HEAD_LEN + raw_len) {
        free(w->packed);
        w->packed = malloc(CHUNK_HEAD_LEN + raw_len);
        w->packed_cap = w->packed ? CHUNK_HEAD_LEN + raw_len : 0;
    }
    if (!w->packed || raw_len < 2)
        return 0;
    size_t n =
        ZSTD_compressCCtx(w->zstd, w->packed + CHUNK_HEAD_LEN, raw_len - 1, raw, raw_len, CHUNK_ZSTD_LEVEL);
    return ZSTD_isError(n) ? 0 : n;
}

int chunk_write(struct chunk_writer *w, const char *type, uint8_t *framed, size_t raw_len, bool pack,
                struct err *e)
{
    size_t stored = pack ? chunk_pack(w, framed + CHUNK_HEAD_LEN, raw_len) : 0;
    uint8_t *out = stored ? w->packed : framed;
    uint32_t flags = stored ? CHUNK_ZSTD : 0;
    if (!stored)
        stored = raw_len;
    chunk_seal(out, type, flags, stored, raw_len, w->number);
    if (chunk_write_bytes(w, out, CHUNK_HEAD_LEN + stored, e))
        return -1;
    w->number++;
    return 0;
}

void chunk_reader_init(struct chunk_reader *r, int fd)
{
    *r = (struct chunk_reader){.fd = fd};
}

void chunk_reader_fini(struct chunk_reader *r)
{
    ZSTD_freeDCtx(r->zstd);
    free(r->stored);
    free(r->raw);
}

long chunk_pread(int fd, void *p, size_t n, uint64_t offset, struct err *e)
{
    size_t done = 0;
    while (done < n) {
        ssize_t got = pread(fd, (uint8_t *)p + done, n - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_sys(e, errno, "read");
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (long)done;
}

/* Makes *buf hold `n` bytes; what it held is lost. */
static int buffer_reserve(uint8_t **buf, size_t *cap, size_t n, struct err *e)
{
    if (*cap >= n)
        return 0;
    free(*buf);
    *buf = malloc(n);
    *cap = *buf ? n : 0;
    return *buf ? 0 : err_sys(e, ENOMEM, "chunk of %zu bytes", n);
}

static enum chunk_result chunk_bad(const struct chunk_reader *r, struct err *e, const char *why)
{
    err_set(e, "chunk %" PRIu32 " at byte %" PRIu64 ": %s", r->number, r->offset, why);
    return CHUNK_BAD;
}

static enum chunk_result chunk_cut(const struct chunk_reader *r, struct err *e)
{
    err_set(e, "cut off inside chunk %" PRIu32 " at byte %" PRIu64, r->number, r->offset);
    return CHUNK_CUT;
}

/* What is wrong with a head before its checksum is looked at, or NULL. A compressed payload is always the
 * smaller. */
static const char *chunk_head_fault(const uint8_t head[CHUNK_HEAD_LEN])
{
    uint32_t flags = le32_load(head + 4), stored = le32_load(head + 8), raw = le32_load(head + 12);
    if (raw > CHUNK_RAW_MAX || (flags & CHUNK_ZSTD ? stored >= raw : stored != raw))
        return "impossible length";
    return flags & ~CHUNK_ZSTD ? "unknown flags" : NULL;
}

static enum chunk_result chunk_unpack(struct chunk_reader *r, struct chunk *c, bool packed, size_t raw_len,
                                      struct err *e)
{
    if (!packed) {
        c->payload = r->stored + CHUNK_HEAD_LEN;
        c->payload_len = c->stored_len;
        return CHUNK_OK;
    }
    if (!r->zstd && !(r->zstd = ZSTD_createDCtx())) {
        err_sys(e, ENOMEM, "zstd");
        return CHUNK_IO;
    }
    if (buffer_reserve(&r->raw, &r->raw_cap, raw_len, e))
        return CHUNK_IO;
    size_t n = ZSTD_decompressDCtx(r->zstd, r->raw, raw_len, r->stored + CHUNK_HEAD_LEN, c->stored_len);
    if (ZSTD_isError(n) || n != raw_len)
        return chunk_bad(r, e, "its compressed bytes are damaged");
    c->payload = r->raw;
    c->payload_len = raw_len;
    return CHUNK_OK;
}

/* Only these are looked into; a chunk of another type is from a later version and is stepped over. */
static bool chunk_type_known(const struct chunk_reader *r, const char *type)
{
    static const char *const types[] = {CHUNK_HEAD, CHUNK_EVENTS, CHUNK_FOOT, CHUNK_TABLES};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (!memcmp(type, types[i], CHUNK_TYPE_LEN))
            return true;
    return r->want_regs && !memcmp(type, CHUNK_REGS, CHUNK_TYPE_LEN);
}

/* Reads head and stored payload into r->stored and proves the checksum. */
static enum chunk_result chunk_load(struct chunk_reader *r, struct err *e)
{
    uint8_t head[CHUNK_HEAD_LEN];
    long got = chunk_pread(r->fd, head, sizeof head, r->offset, e);
    if (got <= 0)
        return got == 0 ? CHUNK_EOF : CHUNK_IO;
    if (got < (long)sizeof head)
        return chunk_cut(r, e);
    const char *fault = chunk_head_fault(head);
    if (fault)
        return chunk_bad(r, e, fault);
    size_t len = CHUNK_HEAD_LEN + (size_t)le32_load(head + 8);
    if (buffer_reserve(&r->stored, &r->stored_cap, len, e))
        return CHUNK_IO;
    got = chunk_pread(r->fd, r->stored, len, r->offset, e);
    if (got < (long)len)
        return got < 0 ? CHUNK_IO : chunk_cut(r, e);
    if (memcmp(head, r->stored, sizeof head) != 0)
        return chunk_bad(r, e, "it changed while it was read");
    uint32_t crc = crc32c(0, head, CHUNK_CRC_AT);
    if (crc32c(crc, r->stored + CHUNK_HEAD_LEN, len - CHUNK_HEAD_LEN) != le32_load(head + CHUNK_CRC_AT))
        return chunk_bad(r, e, "wrong checksum");
    if (le32_load(head + 16) != r->number)
        return chunk_bad(r, e, "out of order");
    return CHUNK_OK;
}

enum chunk_result chunk_read(struct chunk_reader *r, struct chunk *c, struct err *e)
{
    enum chunk_result result = chunk_load(r, e);
    if (result != CHUNK_OK)
        return result;
    *c = (struct chunk){.offset = r->offset, .number = r->number, .stored_len = le32_load(r->stored + 8)};
    memcpy(c->type, r->stored, CHUNK_TYPE_LEN);
    if (chunk_type_known(r, c->type))
        result = chunk_unpack(r, c, le32_load(r->stored + 4) & CHUNK_ZSTD, le32_load(r->stored + 12), e);
    if (result != CHUNK_OK)
        return result;
    r->offset += CHUNK_HEAD_LEN + (uint64_t)c->stored_len;
    r->number++;
    return CHUNK_OK;
}
