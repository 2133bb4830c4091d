/*
 * Bytes with a meaning: see bytes.h.  The CRC takes half a byte at a step from a table of sixteen remainders:
 * small enough to check by hand, fast enough for a chunk that is summed once per thousands of events.
 */
#include "base/bytes.h"

size_t varint_load(const uint8_t *p, size_t avail, uint64_t *v)
{
    uint64_t out = 0;
    for (size_t i = 0; i < avail && i < VARINT_MAX; i++) {
        uint64_t bits = p[i] & 0x7f;
        if (i == VARINT_MAX - 1 && bits > 1)
            return 0;
        out |= bits << (7 * i);
        if (!(p[i] & 0x80)) {
            *v = out;
            return i + 1;
        }
    }
    return 0;
}

/* Remainders of the sixteen half-bytes for the reflected polynomial 0x82f63b78. */
static const uint32_t crc_nibble[16] = {
    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
    0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

static uint32_t crc32c_table(uint32_t crc, const uint8_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        crc ^= b[i];
        crc = crc >> 4 ^ crc_nibble[crc & 15];
        crc = crc >> 4 ^ crc_nibble[crc & 15];
    }
    return crc;
}

#if defined(__x86_64__)
/* SSE4.2 has an instruction for exactly this polynomial, eight bytes at a time (Intel SDM, CRC32). */
__attribute__((target("sse4.2"))) static uint32_t crc32c_instruction(uint32_t crc, const uint8_t *b, size_t n)
{
    uint64_t wide = crc;
    for (; n >= 8; n -= 8, b += 8)
        wide = __builtin_ia32_crc32di(wide, le64_load(b));
    crc = (uint32_t)wide;
    for (; n > 0; n--, b++)
        crc = __builtin_ia32_crc32qi(crc, *b);
    return crc;
}
#endif

uint32_t crc32c(uint32_t crc, const void *p, size_t n)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2"))
        return ~crc32c_instruction(~crc, p, n);
#endif
    return ~crc32c_table(~crc, p, n);
}
