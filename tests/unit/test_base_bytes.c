/*
 * Bytes with a meaning: little-endian fields, varints and the CRC, against published values.
 */
#include "unit.h"

#include "base/bytes.h"

#include <string.h>

static void test_little_endian(void)
{
    const uint8_t b[] = {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88};
    uint8_t out[9] = {0};
    CU_ASSERT_EQUAL(le16_load(b), 0x2211);
    CU_ASSERT_EQUAL(le32_load(b), 0x44332211);
    CU_ASSERT_EQUAL(le64_load(b), 0x8877665544332211);
    CU_ASSERT_EQUAL(le_load(b, 3), 0x332211);
    CU_ASSERT_EQUAL(le_load(b, 0), 0);
    le_store(out, 0x8877665544332211, 8);
    CU_ASSERT_EQUAL(memcmp(out, b, 8), 0);
    CU_ASSERT_EQUAL(out[8], 0);
}

static void test_varint_round_trip(void)
{
    for (unsigned shift = 0; shift < 64; shift++) {
        for (uint64_t d = 0; d <= 2; d++) {
            uint64_t v = ((uint64_t)1 << shift) + d - 1, back = 0;
            uint8_t b[VARINT_MAX];
            size_t n = varint_store(b, v);
            CU_ASSERT_EQUAL(varint_load(b, n, &back), n);
            CU_ASSERT_EQUAL(back, v);
            CU_ASSERT_EQUAL(varint_load(b, n - 1, &back), 0); /* cut off */
        }
    }
}

static void test_varint_too_long(void)
{
    const uint8_t eleven[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01};
    const uint8_t bit_64[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02};
    uint64_t v;
    CU_ASSERT_EQUAL(varint_load(eleven, sizeof eleven, &v), 0);
    CU_ASSERT_EQUAL(varint_load(bit_64, sizeof bit_64, &v), 0);
}

static void test_zigzag(void)
{
    static const struct {
        int64_t v;
        uint64_t z;
    } cases[] = {{0, 0}, {-1, 1}, {1, 2}, {-2, 3}, {INT64_MAX, UINT64_MAX - 1}, {INT64_MIN, UINT64_MAX}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CU_ASSERT_EQUAL(zigzag((uint64_t)cases[i].v), cases[i].z);
        CU_ASSERT_EQUAL(unzigzag(cases[i].z), (uint64_t)cases[i].v);
    }
}

/* RFC 3720, appendix B.4, and the usual check value. */
static void test_crc32c(void)
{
    uint8_t zeros[32] = {0}, ones[32], up[32];
    memset(ones, 0xff, sizeof ones);
    for (unsigned i = 0; i < 32; i++)
        up[i] = (uint8_t)i;
    CU_ASSERT_EQUAL(crc32c(0, zeros, 32), 0x8a9136aa);
    CU_ASSERT_EQUAL(crc32c(0, ones, 32), 0x62a8ab43);
    CU_ASSERT_EQUAL(crc32c(0, up, 32), 0x46dd794e);
    CU_ASSERT_EQUAL(crc32c(0, "123456789", 9), 0xe3069283);
    CU_ASSERT_EQUAL(crc32c(crc32c(0, "1234", 4), "56789", 5), 0xe3069283);
}

static const struct unit_test tests[] = {
    {"little-endian fields", test_little_endian}, {"varint round trip", test_varint_round_trip},
    {"varint too long", test_varint_too_long},    {"zigzag", test_zigzag},
    {"CRC-32C against published values", test_crc32c},
};
UNIT_MAIN("base: bytes", tests)
