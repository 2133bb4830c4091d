/*
 * Bytes with a meaning: little-endian fields, variable-length integers and the CRC-32C, as image headers and
 * the trace file use them.  A file is bytes, never a struct: padding, alignment and byte order are the
 * compiler's business, the format is ours.
 */
#ifndef RINGSIDE_BASE_BYTES_H
#define RINGSIDE_BASE_BYTES_H

#include <stddef.h>
#include <stdint.h>

static inline uint16_t le16_load(const void *p)
{
    const uint8_t *b = p;
    return (uint16_t)(b[0] | b[1] << 8);
}

static inline uint32_t le32_load(const void *p)
{
    const uint8_t *b = p;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static inline uint64_t le64_load(const void *p)
{
    return le32_load(p) | (uint64_t)le32_load((const uint8_t *)p + 4) << 32;
}

/* Stores the low `n` (0 to 8) bytes of `v`, least significant first. */
static inline void le_store(void *p, uint64_t v, size_t n)
{
    uint8_t *b = p;
    for (size_t i = 0; i < n; i++, v >>= 8)
        b[i] = (uint8_t)v;
}

/* Loads `n` (0 to 8) bytes, least significant first. */
static inline uint64_t le_load(const void *p, size_t n)
{
    const uint8_t *b = p;
    uint64_t v = 0;
    for (size_t i = n; i-- > 0;)
        v = v << 8 | b[i];
    return v;
}

#define VARINT_MAX 10

/* Writes `v` as LEB128 (7 bits a byte, low first, high bit = more follows) to `p`, which must have VARINT_MAX
 * bytes of room. Returns the number of bytes written. */
static inline size_t varint_store(uint8_t *p, uint64_t v)
{
    size_t n = 0;
    while (v >= 0x80) {
        p[n++] = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    p[n++] = (uint8_t)v;
    return n;
}

/* Reads a LEB128 value from the `avail` bytes at `p` into `*v`. Returns the bytes used, or 0 when the value
 * is cut off or does not fit 64 bits. */
size_t varint_load(const uint8_t *p, size_t avail, uint64_t *v);

/* Signed differences as small unsigned numbers: 0, -1, 1, -2 … become 0, 1, 2, 3 …. */
static inline uint64_t zigzag(uint64_t difference)
{
    return difference << 1 ^ (uint64_t)((int64_t)difference >> 63);
}

static inline uint64_t unzigzag(uint64_t z)
{
    return z >> 1 ^ (0 - (z & 1));
}

/* CRC-32C (Castagnoli, reflected, initial and final inversion, as in RFC 3720 appendix B.4) of `n` bytes,
 * continued from `crc`, the CRC of what came before (0 at the start). */
uint32_t crc32c(uint32_t crc, const void *p, size_t n);

#endif
