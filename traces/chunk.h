/*
 * Chunks: the envelope of everything in a trace behind its first 16 bytes.  Type, lengths and a checksum make
 * each one good or bad by itself, which is what lets a cut or damaged file be read as far as it is whole.
 */
#ifndef RINGSIDE_TRACES_CHUNK_H
#define RINGSIDE_TRACES_CHUNK_H

#include "base/err.h"
#include "traces/format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- writing ----------------------------------------------------------------------------------------------
 */

/* Where the next chunk goes. */
struct chunk_writer {
    int fd;
    uint64_t offset; /* everything before it is whole chunks */
    uint32_t number;
    void *zstd;      /* ZSTD_CCtx */
    uint8_t *packed; /* a compressed chunk, its head included */
    size_t packed_cap;
};

NODISCARD int chunk_writer_init(struct chunk_writer *w, int fd, struct err *e);
void chunk_writer_fini(struct chunk_writer *w);

/* Writes the bytes at the end of what is written, with one write(2) as a rule; interrupted and short writes
 * are gone on with. After an error the file is cut back to where it was, if it can be. */
NODISCARD int chunk_write_bytes(struct chunk_writer *w, const void *p, size_t n, struct err *e);

/* Writes a chunk whose payload of `raw_len` bytes stands at framed + CHUNK_HEAD_LEN; the head is filled in
 * here. With `pack` it is compressed when that makes it smaller. */
NODISCARD int chunk_write(struct chunk_writer *w, const char *type, uint8_t *framed, size_t raw_len,
                          bool pack, struct err *e);

/* ---- reading ----------------------------------------------------------------------------------------------
 */

/* A chunk that was read and whose checksum is right. */
struct chunk {
    char type[CHUNK_TYPE_LEN + 1];
    uint64_t offset;
    uint32_t number, stored_len;
    const uint8_t *payload; /* raw; NULL for a type that is skipped. Valid until the next read */
    size_t payload_len;
};

struct chunk_reader {
    int fd;
    uint64_t offset; /* of the next chunk */
    uint32_t number;
    bool want_regs; /* chunks of registers are wanted: else they are skipped */
    void *zstd;     /* ZSTD_DCtx */
    uint8_t *stored, *raw;
    size_t stored_cap, raw_cap;
};

enum chunk_result {
    CHUNK_OK,
    CHUNK_EOF, /* the file ends here, between two chunks */
    CHUNK_CUT, /* the file ends inside this chunk: the text says so */
    CHUNK_BAD, /* damaged: the text says how */
    CHUNK_IO,  /* the file could not be read, or memory ran out */
};

void chunk_reader_init(struct chunk_reader *r, int fd);
void chunk_reader_fini(struct chunk_reader *r);

/* Reads the chunk at r->offset and goes behind it. All but CHUNK_OK leave the place as it was; CHUNK_CUT,
 * CHUNK_BAD and CHUNK_IO fill `e`. */
enum chunk_result chunk_read(struct chunk_reader *r, struct chunk *c, struct err *e);

/* Up to `n` bytes at `offset`: the number read, less than `n` only at the end of the file, or -1. */
NODISCARD long chunk_pread(int fd, void *p, size_t n, uint64_t offset, struct err *e);

#endif
