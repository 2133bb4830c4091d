/*
 * Views of memory: formats, dumps of every letter, holes, the search, files, and the telescope.
 */
#include "base/bytes.h"
#include "debug/memview.h"
#include "debug_rig.h"
#include "unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void text_check(struct text *got, const char *want)
{
    if (strcmp(text_str(got), want) != 0)
        fprintf(stderr, "got:\n%swanted:\n%s", text_str(got), want);
    CU_ASSERT_STRING_EQUAL(text_str(got), want);
    text_fini(got);
}

static void test_format(void)
{
    static const struct {
        const char *text;
        struct memview_format want;
        size_t used;
    } rows[] = {
        {"8xw", {8, 'x', 4}, 3}, {"/8wx", {8, 'x', 4}, 4}, {"/s", {1, 's', 0}, 2},
        {"", {1, 'd', 8}, 0},    {"3", {3, 'd', 8}, 1},    {"/b", {1, 'd', 1}, 2},
        {"c", {1, 'c', 0}, 1},   {"hc", {1, 'c', 2}, 2},   {"ch", {1, 'c', 2}, 2},
        {"a", {1, 'a', 0}, 1},   {"/4i", {4, 'i', 0}, 3},  {"2xg main", {2, 'x', 8}, 3},
    };
    struct memview_format f;
    struct err e;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t used;
        f = (struct memview_format){7, 'd', 8};
        CU_ASSERT_EQUAL(memview_parse_format(rows[i].text, &f, &used, &e), 0);
        CU_ASSERT_EQUAL(used, rows[i].used);
        CU_ASSERT_EQUAL(f.count, rows[i].want.count);
        CU_ASSERT_EQUAL(f.format, rows[i].want.format);
        CU_ASSERT_EQUAL(f.unit, rows[i].want.unit);
    }
    static const char *const wrong[] = {"0x", "70000", "8q", "99999999999999999999x", "8x 1", "x8", "-1x"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        f = (struct memview_format){7, 'd', 8};
        CU_ASSERT_EQUAL(memview_parse_format(wrong[i], &f, NULL, &e), -1);
        CU_ASSERT_EQUAL(f.count, 7);
        CU_ASSERT_EQUAL(f.unit, 8);
    }
}

/* `format` of the memory at an address, as text. */
static size_t dump(struct rig *r, enum space space, uint64_t addr, const char *format, uint64_t *next,
                   struct text *out)
{
    struct memview_format f = {0};
    CU_ASSERT_EQUAL(memview_parse_format(format, &f, NULL, &r->e), 0);
    return memview_dump(&r->target, space, addr, &f, next, out);
}

static void test_letters(void)
{
    static const struct {
        const char *format, *want;
    } rows[] = {
        {"18xb", "0x00002000: 0x48 0x69 0x21 0x00 0xff 0x80 0x01 0x7f  |Hi!.....|\n"
                 "0x00002008: 0x00 0x10 0x00 0x00 0x00 0x00 0x00 0x00  |........|\n"
                 "0x00002010: 0x41 0x42                                |AB|\n"},
        {"2xh", "0x00002000: 0x6948 0x0021\n"},
        {"2x", "0x00002000: 0x00216948 0x7f0180ff\n"},
        {"xg", "0x00002000: 0x7f0180ff00216948\n"},
        {"6db", "0x00002000:   72  105   33    0   -1 -128\n"},
        {"2ub", "0x00002000:  72 105\n"},
        {"2dh", "0x00002004: -32513  32513\n"},
        {"uw", "0x00002004: 2130804991\n"},
        {"2ob", "0x00002000: 0110 0151\n"},
        {"2tb", "0x00002000: 01001000 01101001\n"},
        {"3c", "0x00002000:  72 'H' 105 'i'  33 '!'\n"},
        {"5c", "0x00002004: 255 '\\xff' 128 '\\x80'   1 '\\x01' 127 '\\x7f'   0 '\\x00'\n"},
        {"2s", "0x00002000: \"Hi!\"\n0x00002004: \"\\xff\\x80\\x01\\x7f\"\n"},
        {"a", "0x00002010: 0x00007c42 <start+66>\n"},
    };
    struct rig r;
    rig_init(&r, MODE_PROTECTED);
    rig_put(&r, 0x2000, "Hi!\0\xff\x80\x01\x7f\0\x10\0\0\0\0\0\0AB", 18);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text out = {0};
        uint64_t addr = strtoull(rows[i].want, NULL, 16);
        if (rows[i].format[0] == 'a')
            rig_put_number(&r, addr, 0x7c42, 4);
        dump(&r, SPACE_LINEAR, addr, rows[i].format, NULL, &out);
        text_check(&out, rows[i].want);
    }
    rig_fini(&r);
}

static void test_next(void)
{
    struct rig r;
    struct text out = {0};
    uint64_t next;
    rig_init(&r, MODE_LONG);
    rig_put(&r, 0x2000, "one\0two", 8);
    CU_ASSERT_EQUAL(dump(&r, SPACE_LINEAR, 0x2000, "3xh", &next, &out), 3);
    CU_ASSERT_EQUAL(next, 0x2006);
    text_clear(&out);
    CU_ASSERT_EQUAL(dump(&r, SPACE_LINEAR, 0x2000, "2s", &next, &out), 2);
    CU_ASSERT_EQUAL(next, 0x2008);
    text_check(&out, "0x0000000000002000: \"one\"\n0x0000000000002004: \"two\"\n");
    CU_ASSERT_EQUAL(dump(&r, SPACE_LINEAR, 0x100004, "xg", &next, &out), 1);
    text_check(&out, "0x0000000000100004 <main+4>: 0x0000000000000000\n");
    CU_ASSERT_EQUAL(dump(&r, SPACE_PHYSICAL, 0x100004, "xb", &next, &out), 1);
    CU_ASSERT_PTR_NULL(strstr(text_str(&out), "main")); /* a symbol is linear */
    text_fini(&out);
    rig_fini(&r);
}

/* A string without an end is cut, and goes on where it was. */
static void test_long_string(void)
{
    struct rig r;
    struct text out = {0};
    uint64_t next;
    char as[300];
    rig_init(&r, MODE_LONG);
    memset(as, 'A', sizeof as);
    rig_put(&r, 0x2000, as, sizeof as);
    CU_ASSERT_EQUAL(dump(&r, SPACE_LINEAR, 0x2000, "s", &next, &out), 1);
    CU_ASSERT_EQUAL(next, 0x2000 + MEMVIEW_STRING_MAX);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&out), "AAA\"...\n"));
    text_fini(&out);
    rig_fini(&r);
}

static void test_holes(void)
{
    struct rig r;
    struct text out = {0};
    uint64_t next;
    rig_init(&r, MODE_LONG);
    CU_ASSERT_EQUAL(dump(&r, SPACE_LINEAR, 0x9fff8, "4xw", &next, &out), 2);
    text_check(&out, "0x000000000009fff8: 0x00000000 0x00000000\n"
                     "0x00000000000a0000: no memory under the page\n");
    CU_ASSERT_EQUAL(next, 0xa0000);
    CU_ASSERT_EQUAL(dump(&r, SPACE_PHYSICAL, 0x9fffe, "4xw", &next, &out), 0);
    text_check(&out, "0x00000000000a0000: no memory there\n");
    CU_ASSERT_EQUAL(dump(&r, SPACE_LINEAR, 4ull << 30, "xb", &next, &out), 0);
    text_check(&out, "0x0000000100000000: PDPTE not present\n");
    CU_ASSERT_EQUAL(dump(&r, SPACE_LINEAR, 1ull << 63, "s", &next, &out), 0);
    text_check(&out, "0x8000000000000000: not a canonical address\n");
    CU_ASSERT_EQUAL(dump(&r, SPACE_PHYSICAL, UINT64_MAX - 1, "8xb", &next, &out), 0);
    text_check(&out, "0xfffffffffffffffe: no memory there\n");
    rig_fini(&r);
    /* with 32-bit addresses the byte behind the last is the first */
    rig_init(&r, MODE_PROTECTED);
    rig_put_number(&r, 0, 0x2a, 1);
    CU_ASSERT_EQUAL(dump(&r, SPACE_LINEAR, 0x100000000, "xb", &next, &out), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&out), "0x00000000: 0x2a"));
    text_fini(&out);
    rig_fini(&r);
}

/* ---- search ---- */

static size_t find(struct rig *r, enum space space, uint64_t addr, uint64_t len, const char *what,
                   struct text *out)
{
    struct find_pattern p;
    CU_ASSERT_EQUAL(find_parse(what, &r->target, &p, &r->e), 0);
    text_clear(out);
    return memview_find(&r->target, space, addr, len, &p, 100, NULL, out);
}

static void test_pattern(void)
{
    static const struct {
        const char *text;
        size_t n;
        const char *bytes;
    } rows[] = {
        {"\"abc\"", 3, "abc"},
        {"\"a\\x00\\n\\\"\" ", 4, "a\0\n\""},
        {"bytes 7f 45 4C", 3, "\x7f\x45\x4c"},
        {"bytes 7f454c", 3, "\x7f\x45\x4c"},
        {"byte 'A'", 1, "A"},
        {"word 0x1234", 2, "\x34\x12"},
        {"dword 1", 4, "\1\0\0\0"},
        {"u16 -1", 2, "\xff\xff"},
        {"qword main", 8, "\0\0\x10\0\0\0\0\0"},
        {"0xff", 1, "\xff"},
        {"0x100", 2, "\0\1"},
        {"rip", 4, "\0\0\x10"},
        {"word [0x2000]", 1, "\x7b"},
    };
    static const char *const wrong[] = {"",         "\"",    "\"\"",        "\"a\" b",
                                        "\"\\q\"",  "bytes", "bytes 7",     "bytes zz",
                                        "byte 256", "word",  "byte nosuch", "u8 -129"};
    struct rig r;
    struct find_pattern p;
    rig_init(&r, MODE_LONG);
    rig_put_number(&r, 0x2000, 123, 2);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CU_ASSERT_EQUAL(find_parse(rows[i].text, &r.target, &p, &r.e), 0);
        if (strcmp(rows[i].text, "rip") == 0)
            CU_ASSERT_EQUAL(p.n, 4); /* 0x100000 needs three bytes */
        CU_ASSERT_EQUAL(p.n, rows[i].n);
        CU_ASSERT_EQUAL(memcmp(p.bytes, rows[i].bytes, p.n), 0);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CU_ASSERT_EQUAL(find_parse(wrong[i], &r.target, &p, &r.e), -1);
    char many[3 * (FIND_PATTERN_MAX + 1) + 8] = "bytes";
    for (size_t i = 0; i <= FIND_PATTERN_MAX; i++)
        memcpy(many + 5 + 3 * i, " 00", 4);
    CU_ASSERT_EQUAL(find_parse(many, &r.target, &p, &r.e), -1);
    rig_fini(&r);
}

static void test_find(void)
{
    struct rig r;
    struct text out = {0};
    rig_init(&r, MODE_LONG);
    rig_put(&r, 0x20000 - 2, "needle", 6); /* across two pieces of the search */
    rig_put(&r, 0x1f0000, "needle", 6);    /* behind the VGA hole */
    rig_put(&r, RIG_MEM_LEN - 8, "aaaa", 4);
    CU_ASSERT_EQUAL(find(&r, SPACE_LINEAR, 0, 1ull << 32, "\"needle\"", &out), 2);
    CU_ASSERT_STRING_EQUAL(text_str(&out), "  0x000000000001fffe\n  0x00000000001f0000\n2 places\n");
    CU_ASSERT_EQUAL(find(&r, SPACE_PHYSICAL, 0, UINT64_MAX, "\"needle\"", &out), 2);
    CU_ASSERT_EQUAL(find(&r, SPACE_LINEAR, 0, UINT64_MAX, "\"needle\"", &out), 2); /* all of it */
    CU_ASSERT_EQUAL(find(&r, SPACE_LINEAR, 0x1ffff, 0x100000, "\"needle\"", &out), 0);
    CU_ASSERT_EQUAL(find(&r, SPACE_LINEAR, 0x1fffe, 6, "\"needle\"", &out), 1);
    CU_ASSERT_EQUAL(find(&r, SPACE_LINEAR, 0x1fffe, 5, "\"needle\"", &out), 0);
    CU_ASSERT_EQUAL(find(&r, SPACE_LINEAR, 0x1fffd, 7, "\"needle\"", &out), 1);
    CU_ASSERT_EQUAL(find(&r, SPACE_LINEAR, RIG_MEM_LEN - 16, 64, "\"aa\"", &out), 3); /* they overlap */
    CU_ASSERT_EQUAL(find(&r, SPACE_LINEAR, 0, 0, "0", &out), 0);
    CU_ASSERT_EQUAL(find(&r, SPACE_LINEAR, 0x200000, 0x1000, "0", &out), 100);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&out), "100 places; stopped at"));
    uint64_t first = 0;
    struct find_pattern p = {"needle", 6};
    text_clear(&out);
    CU_ASSERT_EQUAL(memview_find(&r.target, SPACE_LINEAR, 0x20000, 1 << 21, &p, 1, &first, &out), 1);
    CU_ASSERT_EQUAL(first, 0x1f0000);
    rig_fini(&r);
    rig_init(&r, MODE_PROTECTED);
    rig_put(&r, 0x2000, "needle", 6);
    CU_ASSERT_EQUAL(find(&r, SPACE_LINEAR, 0, UINT64_MAX, "\"needle\"", &out), 1); /* 4 GiB, once */
    rig_fini(&r);
    text_fini(&out);
}

/* Tables that map one page everywhere: the search ends, and says so. */
static void test_find_everywhere(void)
{
    struct rig r;
    struct text out = {0};
    uint64_t table = 0x10000;
    rig_init(&r, MODE_LONG);
    for (unsigned i = 0; i < 512; i++)
        rig_put_number(&r, table + 8 * i, table | 7, 8); /* it is its own PDPT, PD, PT and page */
    r.target.sregs.cr3 = table;
    CU_ASSERT_EQUAL(find(&r, SPACE_LINEAR, 0, UINT64_MAX, "\"needle\"", &out), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&out), "too long a range, stopped at 0xf"));
    text_fini(&out);
    rig_fini(&r);
}

/* ---- files ---- */

static void test_files(void)
{
    char dir[] = "/tmp/ringside-memview.XXXXXX", path[64], other[64];
    uint8_t bytes[0x12345], back[0x12345];
    uint64_t len = 0;
    struct rig r;
    struct stat st;
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/file", dir);
    snprintf(other, sizeof other, "%s/none", dir);
    rig_init(&r, MODE_LONG);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7 + (i >> 8));
    rig_put(&r, 0x20ffd, bytes, sizeof bytes);
    CU_ASSERT_EQUAL(memview_save(&r.target, SPACE_LINEAR, 0x20ffd, sizeof bytes, path, &r.e), 0);
    CU_ASSERT_EQUAL(stat(path, &st), 0);
    CU_ASSERT_EQUAL((size_t)st.st_size, sizeof bytes);
    CU_ASSERT_EQUAL(memview_load(&r.target, SPACE_LINEAR, path, 0x200001, &len, &r.e), 0);
    CU_ASSERT_EQUAL(len, sizeof bytes);
    CU_ASSERT_EQUAL(memory_read(&r.memory, 0x200001, back, sizeof back, &r.e), 0);
    CU_ASSERT_EQUAL(memcmp(back, bytes, sizeof bytes), 0);
    CU_ASSERT_EQUAL(memory_read(&r.memory, 0x200000, back, 1, &r.e), 0);
    CU_ASSERT_EQUAL(back[0], 0);

    /* a hole: the old file stays, and nothing else is left behind */
    CU_ASSERT_EQUAL(memview_save(&r.target, SPACE_LINEAR, 0x9f000, 0x2000, path, &r.e), -1);
    CU_ASSERT_STRING_EQUAL(r.e.text, "cannot read at 0xa0000: no memory under the page");
    CU_ASSERT_EQUAL(stat(path, &st), 0);
    CU_ASSERT_EQUAL((size_t)st.st_size, sizeof bytes);
    CU_ASSERT_EQUAL(memview_load(&r.target, SPACE_PHYSICAL, path, 0x9f000, &len, &r.e), -1);
    CU_ASSERT_STRING_EQUAL(r.e.text, "cannot write at 0xa0000: no memory there");
    CU_ASSERT_EQUAL(memory_read(&r.memory, 0x9f000, back, 0x1000, &r.e), 0);
    for (size_t i = 0; i < 0x1000; i++)
        if (back[i] != 0) {
            CU_FAIL("half a file was loaded");
            break;
        }
    CU_ASSERT_EQUAL(memview_load(&r.target, SPACE_LINEAR, other, 0, &len, &r.e), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(r.e.text, "No such file"));
    CU_ASSERT_EQUAL(memview_load(&r.target, SPACE_LINEAR, dir, 0, &len, &r.e), -1);
    CU_ASSERT_EQUAL(memview_load(&r.target, SPACE_LINEAR, "/dev/null", 0, &len, &r.e), -1);
    CU_ASSERT_STRING_EQUAL(r.e.text, "/dev/null: there are no bytes to move");
    CU_ASSERT_EQUAL(memview_save(&r.target, SPACE_LINEAR, 0, 0, other, &r.e), -1);
    CU_ASSERT_EQUAL(memview_save(&r.target, SPACE_LINEAR, 0, UINT64_MAX, other, &r.e), -1);
    CU_ASSERT_EQUAL(memview_save(&r.target, SPACE_LINEAR, 0, 16, dir, &r.e), -1);
    CU_ASSERT_EQUAL(memview_save(&r.target, SPACE_LINEAR, 0, 16, "/nosuch/dir", &r.e), -1);
    CU_ASSERT_EQUAL(memview_save(&r.target, SPACE_LINEAR, 0, 16, "/dev/null", &r.e), 0);
    CU_ASSERT_EQUAL(unlink(path), 0);
    CU_ASSERT_EQUAL(rmdir(dir), 0); /* it is empty: no .part file */
    rig_fini(&r);
}

/* ---- telescope ---- */

static void test_telescope(void)
{
    static const char want[] =
        "+0000  0x0000000000003000: 0x0000000000100004 <main+4>\n"
        "+0008  0x0000000000003008: 0x0000000000004000 \"hello, world\"\n"
        "+0010  0x0000000000003010: 0x0000000000005000 -> 0x0000000000004000 \"hello, "
        "world\"\n"
        "+0018  0x0000000000003018: 0x0000000000003018 (a loop)\n"
        "+0020  0x0000000000003020: 0x0000000000000005\n"
        "+0028  0x0000000000003028: 0x6f77206f6c6c6548 'Hello wo'\n"
        "+0030  0x0000000000003030: 0x0000000000006000 -> 0x0000000000006008 -> "
        "0x0000000000006000 (a loop)\n"
        "+0038  0x0000000000003038: 0x0000000000006010 -> 0x0000000000006018 -> "
        "0x0000000000006020 -> 0x0000000000006028 -> 0x0000000000006030 -> ...\n"
        "+0040  0x0000000000003040: 0x0000000000101000 <count> -> 0x0000000000000000\n";
    static const uint64_t stack[] = {0x100004,           0x4000, 0x5000, 0x3018,  5,
                                     0x6f77206f6c6c6548, 0x6000, 0x6010, 0x101000};
    struct rig r;
    struct text out = {0};
    rig_init(&r, MODE_LONG);
    rig_put(&r, 0x3000, stack, sizeof stack);
    rig_put(&r, 0x4000, "hello, world", 13);
    rig_put_number(&r, 0x5000, 0x4000, 8);
    rig_put_number(&r, 0x6000, 0x6008, 8);
    rig_put_number(&r, 0x6008, 0x6000, 8);
    for (uint64_t at = 0x6010; at < 0x6060; at += 8)
        rig_put_number(&r, at, at + 8, 8);
    telescope_write(&r.target, 0x3000, sizeof stack / 8, &out);
    text_check(&out, want);
    telescope_write(&r.target, 0x9fff8, 4, &out);
    text_check(&out, "+0000  0x000000000009fff8: 0x0000000000000000\n"
                     "+0008  0x00000000000a0000: no memory under the page\n");
    rig_fini(&r);
    rig_init(&r, MODE_REAL);
    r.target.sregs.ds.base = 0x10000;
    rig_put_number(&r, 0x7000, 0x2000, 2);
    rig_put(&r, 0x12000, "near", 5);
    telescope_write(&r.target, 0x7000, 2, &out);
    text_check(&out, "+0000  0x00007000: 0x2000 \"near\"\n+0002  0x00007002: 0x0000\n");
    rig_fini(&r);
}

static const struct unit_test tests[] = {
    {"formats", test_format},
    {"every letter", test_letters},
    {"where the next dump begins", test_next},
    {"a string without an end", test_long_string},
    {"holes", test_holes},
    {"patterns", test_pattern},
    {"search", test_find},
    {"search where everything is mapped", test_find_everywhere},
    {"files", test_files},
    {"telescope", test_telescope},
};
UNIT_MAIN("debug/memview", tests)
