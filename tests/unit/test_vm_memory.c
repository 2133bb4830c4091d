/*
 * Guest memory without a VM: the layout for every interesting size, bounds, ROMs, the A20 gate, and that
 * pages the guest never touches cost nothing.
 */
#include "unit.h"
#include "vm/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define KIB 1024ull
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

static void memory_make(struct guest_memory *m, uint64_t len)
{
    struct err e;
    if (memory_init(m, NULL, len, &e) < 0) {
        fprintf(stderr, "memory_init: %s\n", e.text);
        abort();
    }
}

static void test_layout(void)
{
    static const struct {
        uint64_t len, low_end;
        size_t count;
        struct memory_region want[3];
    } rows[] = {
        {64 * KIB, 0x10000, 1, {{.gpa = 0, .len = 0x10000}}},
        {640 * KIB, 0xa0000, 1, {{.gpa = 0, .len = 0xa0000}}},
        {640 * KIB + 4096, 0xa0000, 1, {{.gpa = 0, .len = 0xa0000}}},
        {768 * KIB, 0xa0000, 1, {{.gpa = 0, .len = 0xa0000}}},
        {1 * MIB, 0x100000, 2, {{.gpa = 0, .len = 0xa0000}, {.gpa = 0xc0000, .len = 0x40000}}},
        {3 * GIB, 0xc0000000, 2, {{.gpa = 0, .len = 0xa0000}, {.gpa = 0xc0000, .len = 0xbff40000}}},
        {5 * GIB,
         0xc0000000,
         3,
         {{.gpa = 0, .len = 0xa0000},
          {.gpa = 0xc0000, .len = 0xbff40000},
          {.gpa = 0x100000000, .len = 0x80000000}}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct guest_memory m;
        memory_make(&m, rows[i].len);
        CU_ASSERT_EQUAL(m.region_count, rows[i].count);
        for (size_t r = 0; r < rows[i].count && r < m.region_count; r++) {
            CU_ASSERT_EQUAL(m.region[r].gpa, rows[i].want[r].gpa);
            CU_ASSERT_EQUAL(m.region[r].len, rows[i].want[r].len);
            CU_ASSERT_FALSE(m.region[r].read_only);
        }
        CU_ASSERT_EQUAL(memory_low_end(&m), rows[i].low_end);
        memory_fini(&m);
    }
}

/* High RAM must not share bytes with low RAM. */
static void test_high_is_apart(void)
{
    struct guest_memory m;
    struct err e;
    memory_make(&m, 4 * GIB);
    uint8_t *low_last = memory_ptr(&m, MEMORY_LOW_MAX - 1, 1, true);
    uint8_t *high_first = memory_ptr(&m, MEMORY_HIGH_GPA, 1, true);
    CU_ASSERT_PTR_NOT_NULL_FATAL(low_last);
    CU_ASSERT_PTR_NOT_NULL_FATAL(high_first);
    *low_last = 1;
    *high_first = 2;
    CU_ASSERT_EQUAL(*low_last, 1);
    CU_ASSERT_PTR_NULL(memory_ptr(&m, MEMORY_LOW_MAX, 1, false));
    CU_ASSERT_PTR_NULL(memory_ptr(&m, MEMORY_HIGH_GPA - 1, 1, false));
    CU_ASSERT_PTR_NOT_NULL(memory_ptr(&m, MEMORY_HIGH_GPA + GIB - 1, 1, false));
    CU_ASSERT_PTR_NULL(memory_ptr(&m, MEMORY_HIGH_GPA + GIB, 1, false));
    uint8_t two[2];
    CU_ASSERT_EQUAL(memory_read(&m, MEMORY_LOW_MAX - 1, two, 2, &e), -1);
    memory_fini(&m);
}

static void test_sizes_refused(void)
{
    static const uint64_t bad[] = {
        0, 1, 4096, 64 * KIB - 4096, 64 * KIB + 1, 1 * MIB - 1, (1ull << 40) + 4096, UINT64_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct guest_memory m;
        struct err e = {0};
        CU_ASSERT_EQUAL(memory_init(&m, NULL, bad[i], &e), -1);
        CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "memory of "));
    }
}

static void test_ptr_bounds(void)
{
    struct guest_memory m;
    memory_make(&m, 1 * MIB);
    CU_ASSERT_PTR_EQUAL(memory_ptr(&m, 0, 0xa0000, true), m.ram);
    CU_ASSERT_PTR_NULL(memory_ptr(&m, 0, 0xa0001, false));
    CU_ASSERT_PTR_NOT_NULL(memory_ptr(&m, 0x9ffff, 1, true));
    CU_ASSERT_PTR_NULL(memory_ptr(&m, 0x9ffff, 2, false));
    CU_ASSERT_PTR_NULL(memory_ptr(&m, 0xa0000, 1, false));
    CU_ASSERT_PTR_NULL(memory_ptr(&m, 0xbffff, 1, false));
    CU_ASSERT_PTR_EQUAL(memory_ptr(&m, 0xc0000, 1, false), m.ram + 0xc0000);
    CU_ASSERT_PTR_NULL(memory_ptr(&m, 0x100000, 1, false));
    CU_ASSERT_PTR_NULL(memory_ptr(&m, 0x10, UINT64_MAX, false));
    CU_ASSERT_PTR_NULL(memory_ptr(&m, UINT64_MAX, 1, false));
    CU_ASSERT_PTR_NULL(memory_ptr(&m, UINT64_MAX, UINT64_MAX, false));
    memory_fini(&m);
}

static void test_read_write(void)
{
    struct guest_memory m;
    struct err e;
    uint8_t buf[32], rom[4096];
    memory_make(&m, 1 * MIB);
    memset(rom, 0x55, sizeof rom);
    CU_ASSERT_EQUAL(memory_write(&m, 0x10, "hello", 5, &e), 0);
    CU_ASSERT_EQUAL(memory_read(&m, 0x0f, buf, 7, &e), 0);
    CU_ASSERT_EQUAL(memcmp(buf, "\0hello\0", 7), 0);
    /* a span over RAM, ROM and RAM is read whole, and not written at all */
    CU_ASSERT_EQUAL(memory_add_rom(&m, 0xf0000, rom, sizeof rom, &e), 0);
    CU_ASSERT_EQUAL(memory_write(&m, 0xefffe, "ab", 2, &e), 0);
    CU_ASSERT_EQUAL(memory_read(&m, 0xefffe, buf, 4, &e), 0);
    CU_ASSERT_EQUAL(memcmp(buf, "ab\x55\x55", 4), 0);
    CU_ASSERT_EQUAL(memory_write(&m, 0xefffe, "xyz", 3, &e), -1);
    CU_ASSERT_STRING_EQUAL(e.text, "write of 3 bytes at 0xefffe: ROM at 0xf0000");
    CU_ASSERT_EQUAL(memory_read(&m, 0xefffe, buf, 2, &e), 0);
    CU_ASSERT_EQUAL(memcmp(buf, "ab", 2), 0);
    /* past the end, in the hole, and a span that wraps: refused, and the buffer untouched */
    memset(buf, 0xee, sizeof buf);
    CU_ASSERT_EQUAL(memory_read(&m, 0xfffff, buf, 2, &e), -1);
    CU_ASSERT_STRING_EQUAL(e.text, "read of 2 bytes at 0xfffff: no memory at 0x100000");
    CU_ASSERT_EQUAL(memory_read(&m, 0x9ffff, buf, 2, &e), -1);
    CU_ASSERT_EQUAL(memory_read(&m, UINT64_MAX, buf, 2, &e), -1);
    CU_ASSERT_EQUAL(buf[0], 0xee);
    CU_ASSERT_EQUAL(memory_read(&m, UINT64_MAX, buf, 0, &e), 0);
    memory_fini(&m);
}

static void test_rom(void)
{
    struct guest_memory m;
    struct err e;
    uint8_t data[5000];
    memset(data, 0xab, sizeof data);
    memory_make(&m, 1 * MIB);
    CU_ASSERT_EQUAL(memory_add_rom(&m, 0xf0000, data, sizeof data, &e), 0);
    const uint8_t *p = memory_ptr(&m, 0xf0000, 8192, false);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    CU_ASSERT_EQUAL(p[4999], 0xab);
    CU_ASSERT_EQUAL(p[5000], 0xff);
    CU_ASSERT_EQUAL(p[8191], 0xff);
    CU_ASSERT_PTR_NULL(memory_ptr(&m, 0xf0000, 1, true));
    CU_ASSERT_PTR_NOT_NULL(memory_ptr(&m, 0xeffff, 1, true));
    CU_ASSERT_PTR_NOT_NULL(memory_ptr(&m, 0xf2000, 1, true));
    /* where no RAM is; up to the last byte below 4 GiB */
    CU_ASSERT_EQUAL(memory_add_rom(&m, 0xfffff000, data, 4096, &e), 0);
    CU_ASSERT_PTR_NOT_NULL(memory_ptr(&m, 0xffffffff, 1, false));
    memory_fini(&m);
}

static void test_rom_refused(void)
{
    static const struct {
        uint64_t gpa;
        size_t n;
        const char *why;
    } rows[] = {{0xe0000, 0, "empty"},
                {0xe0800, 16, "4 KiB"},
                {0xf1000, 16, "over the ROM at 0xf0000"},
                {0xef000, 4097, "over the ROM at 0xf0000"},
                {0x9f000, 4097, "VGA window"},
                {0xbf000, 1, "VGA window"},
                {0xfffff000, 4097, "above 4 GiB"},
                {0x100000000, 1, "above 4 GiB"},
                {0xe0000, SIZE_MAX, "above 4 GiB"}};
    struct guest_memory m;
    struct err e;
    static const uint8_t data[8192];
    memory_make(&m, 1 * MIB);
    CU_ASSERT_EQUAL(memory_add_rom(&m, 0xf0000, data, 8192, &e), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t regions = m.region_count;
        CU_ASSERT_EQUAL(memory_add_rom(&m, rows[i].gpa, data, rows[i].n, &e), -1);
        CU_ASSERT_PTR_NOT_NULL(strstr(e.text, rows[i].why));
        CU_ASSERT_EQUAL(m.region_count, regions);
    }
    CU_ASSERT_EQUAL(memory_add_rom(&m, 0xe0000, data, 1, &e), 0);
    CU_ASSERT_EQUAL(memory_add_rom(&m, 0xd0000, data, 1, &e), 0);
    CU_ASSERT_EQUAL(memory_add_rom(&m, 0xc8000, data, 1, &e), 0);
    CU_ASSERT_EQUAL(memory_add_rom(&m, 0x80000, data, 1, &e), -1);
    memory_fini(&m);
}

static void test_a20(void)
{
    struct guest_memory m;
    struct err e;
    uint8_t b = 0;
    memory_make(&m, 4 * MIB);
    static const uint8_t rom[4096] = {0x77};
    CU_ASSERT_EQUAL(memory_add_rom(&m, 0xf0000, rom, sizeof rom, &e), 0);
    CU_ASSERT_EQUAL(memory_write(&m, 0x500, "L", 1, &e), 0);
    CU_ASSERT_EQUAL(memory_write(&m, 0x100500, "H", 1, &e), 0);
    CU_ASSERT_EQUAL(memory_write(&m, 0x200500, "T", 1, &e), 0);
    CU_ASSERT_EQUAL(memory_set_a20(&m, false, &e), 0);
    CU_ASSERT_EQUAL(memory_read(&m, 0x100500, &b, 1, &e), 0);
    CU_ASSERT_EQUAL(b, 'L');
    CU_ASSERT_EQUAL(memory_write(&m, 0x100500, "X", 1, &e), 0);
    CU_ASSERT_EQUAL(memory_read(&m, 0x1f0000, &b, 1, &e), 0);
    CU_ASSERT_EQUAL(b, 0x77);
    CU_ASSERT_PTR_NULL(memory_ptr(&m, 0x1f0000, 1, true));
    CU_ASSERT_PTR_NULL(memory_ptr(&m, 0x1a0000, 1, false));
    CU_ASSERT_EQUAL(memory_read(&m, 0x200500, &b, 1, &e), 0);
    CU_ASSERT_EQUAL(b, 'T');
    CU_ASSERT_EQUAL(memory_set_a20(&m, true, &e), 0);
    CU_ASSERT_EQUAL(memory_read(&m, 0x100500, &b, 1, &e), 0);
    CU_ASSERT_EQUAL(b, 'H');
    CU_ASSERT_EQUAL(memory_read(&m, 0x500, &b, 1, &e), 0);
    CU_ASSERT_EQUAL(b, 'X');
    memory_fini(&m);
}

/* Regions stay sorted and apart with as many ROMs as there may be and their aliases. */
static void test_most_regions(void)
{
    static const uint64_t places[MEMORY_ROMS_MAX] = {0xc8000, 0x10000, 0xf0000, 0x30000};
    struct guest_memory m;
    struct err e;
    static const uint8_t rom[1];
    memory_make(&m, 5 * GIB);
    for (size_t i = 0; i < MEMORY_ROMS_MAX; i++)
        CU_ASSERT_EQUAL(memory_add_rom(&m, places[i], rom, 1, &e), 0);
    CU_ASSERT_EQUAL(memory_set_a20(&m, false, &e), 0);
    CU_ASSERT_EQUAL(m.region_count, 22);
    for (size_t i = 1; i < m.region_count; i++)
        CU_ASSERT_TRUE(m.region[i - 1].gpa + m.region[i - 1].len <= m.region[i].gpa);
    for (size_t i = 0; i < MEMORY_ROMS_MAX; i++) {
        CU_ASSERT_PTR_EQUAL(memory_ptr(&m, places[i], 1, false), memory_ptr(&m, places[i] + MIB, 1, false));
        CU_ASSERT_PTR_NULL(memory_ptr(&m, places[i] + MIB, 1, true));
    }
    memory_fini(&m);
}

static void test_top(void)
{
    struct guest_memory m;
    struct err e;
    static const uint8_t rom[4096];
    memory_make(&m, 5 * GIB);
    CU_ASSERT_EQUAL(memory_top_gpa(&m, 1), 0xbffff000);
    CU_ASSERT_EQUAL(memory_top_gpa(&m, 3 * GIB), MEMORY_NONE);
    memory_fini(&m);
    memory_make(&m, 0xc2000); /* 8 KiB above the VGA window: too small for three pages */
    CU_ASSERT_EQUAL(memory_top_gpa(&m, 0x2000), 0xc0000);
    CU_ASSERT_EQUAL(memory_top_gpa(&m, 0x2001), 0x9d000);
    CU_ASSERT_EQUAL(memory_add_rom(&m, 0xc1000, rom, 4096, &e), 0);
    CU_ASSERT_EQUAL(memory_top_gpa(&m, 0x1000), 0xc0000);
    memory_fini(&m);
}

static size_t resident_pages(const struct guest_memory *m)
{
    size_t pages = m->len / 4096, n = 0;
    unsigned char *map = malloc(pages);
    if (!map || mincore(m->ram, m->len, map) < 0)
        abort();
    for (size_t i = 0; i < pages; i++)
        n += map[i] & 1;
    free(map);
    return n;
}

static void test_untouched_is_free(void)
{
    struct guest_memory m;
    struct err e;
    memory_make(&m, 256 * MIB);
    CU_ASSERT_EQUAL(resident_pages(&m), 0);
    CU_ASSERT_EQUAL(memory_write(&m, 16 * MIB, "x", 1, &e), 0);
    CU_ASSERT_EQUAL(memory_write(&m, 32 * MIB - 1, "xy", 2, &e), 0);
    CU_ASSERT_EQUAL(resident_pages(&m), 3);
    CU_ASSERT_EQUAL(memory_zero(&m, MIB, 200 * MIB, &e), 0);
    CU_ASSERT_EQUAL(resident_pages(&m), 0);
    memory_fini(&m);
}

static void test_zero(void)
{
    static const struct {
        uint64_t gpa, len;
    } rows[] = {{0x2000, 0},      {0x2000, 1},      {0x2fff, 1},     {0x2fff, 2},
                {0x2001, 0x1fff}, {0x2000, 0x2000}, {0x2123, 0x2fff}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct guest_memory m;
        struct err e;
        memory_make(&m, 64 * KIB);
        memset(m.ram, 0xaa, 64 * KIB);
        CU_ASSERT_EQUAL(memory_zero(&m, rows[i].gpa, rows[i].len, &e), 0);
        for (uint64_t gpa = 0; gpa < 64 * KIB; gpa++)
            if (m.ram[gpa] != (gpa >= rows[i].gpa && gpa < rows[i].gpa + rows[i].len ? 0 : 0xaa)) {
                CU_FAIL("a byte inside was kept, or one outside was changed");
                break;
            }
        CU_ASSERT_EQUAL(memory_zero(&m, 0xf000, 0x1001, &e), -1);
        CU_ASSERT_EQUAL(m.ram[0xf000], 0xaa);
        memory_fini(&m);
    }
}

static void test_parse_size(void)
{
    static const struct {
        const char *text;
        uint64_t len;
    } good[] = {{"1", 1},
                {"4096", 4096},
                {"512K", 512 * KIB},
                {"64M", 64 * MIB},
                {"64m", 64 * MIB},
                {"1G", GIB},
                {"2T", 2048 * GIB},
                {"0010K", 10 * KIB},
                {"18446744073709551615", UINT64_MAX},
                {"16777215T", 16777215ull << 40}};
    static const char *const bad[] = {"",
                                      "0",
                                      "0K",
                                      "M",
                                      "-1",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "64MB",
                                      "64Q",
                                      "1.5G",
                                      "0x1000",
                                      "K1",
                                      "1KK",
                                      "18446744073709551616",
                                      "99999999999999999999999",
                                      "16777216T"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        uint64_t len = 0;
        struct err e;
        CU_ASSERT_EQUAL(memory_parse_size(good[i].text, &len, &e), 0);
        CU_ASSERT_EQUAL(len, good[i].len);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint64_t len = 7;
        struct err e = {0};
        CU_ASSERT_EQUAL(memory_parse_size(bad[i], &len, &e), -1);
        CU_ASSERT_EQUAL(len, 7);
        CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "size '"));
    }
}

static const struct unit_test tests[] = {
    {"the PC's layout for each size of RAM", test_layout},
    {"RAM above 4 GiB is apart from RAM below", test_high_is_apart},
    {"sizes that are refused", test_sizes_refused},
    {"pointers stay in one region", test_ptr_bounds},
    {"reads and writes are whole or not at all", test_read_write},
    {"ROM is read-only, padded, and hides RAM", test_rom},
    {"ROMs that are refused", test_rom_refused},
    {"A20 off makes the second MiB an alias", test_a20},
    {"as many regions as there can be", test_most_regions},
    {"the top of low RAM", test_top},
    {"untouched memory costs nothing", test_untouched_is_free},
    {"zeroing changes what it should and nothing else", test_zero},
    {"sizes as text", test_parse_size},
};
UNIT_MAIN("vm/memory", tests)
