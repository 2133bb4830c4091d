/*
 * Text, tables, errors, rings and near words: the promises of src/base's headers.
 */
#include "unit.h"

#include "base/nearest.h"
#include "base/ring.h"
#include "base/text.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

static void expect(struct text *t, const char *want)
{
    CU_ASSERT_STRING_EQUAL(text_str(t), want);
    text_fini(t);
}

static void test_growing(void)
{
    struct text t = {0};
    CU_ASSERT_STRING_EQUAL(text_str(&t), "");
    for (int i = 0; i < 1000; i++)
        text_addf(&t, "%d,", i);
    CU_ASSERT_EQUAL(t.len, strlen(text_str(&t)));
    CU_ASSERT_EQUAL(t.len, 10 * 2 + 90 * 3 + 900 * 4);
    text_clear(&t);
    text_addc(&t, 'x');
    expect(&t, "x");
}

static void test_pad_counts_characters(void)
{
    struct text t = {0};
    text_add(&t, "first\n←é");
    text_pad(&t, 4);
    text_add(&t, "|");
    text_pad(&t, 2); /* already past: nothing */
    CU_ASSERT_EQUAL(text_width("←é"), 2);
    expect(&t, "first\n←é  |");
}

static void test_durations_and_sizes(void)
{
    static const struct {
        uint64_t ns;
        const char *want;
    } durations[] = {{0, "0 ns"}, {999, "999 ns"}, {12500, "12.5 us"}, {3100000, "3.1 ms"}, {2000000000, "2.00 s"}};
    static const struct {
        uint64_t len;
        const char *want;
    } sizes[] = {{512, "512 B"}, {65536, "64 KiB"}, {1572864, "1.5 MiB"}, {1ull << 40, "1 TiB"}};
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
        struct text t = {0};
        text_add_ns(&t, durations[i].ns);
        expect(&t, durations[i].want);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct text t = {0};
        text_add_size(&t, sizes[i].len);
        expect(&t, sizes[i].want);
    }
}

static void test_json_is_always_legal(void)
{
    struct text t = {0};
    text_add_json(&t, "a\"b\\c\n\x01\x7f é \xff \xc0\xaf \xed\xa0\x80 \xf0\x9f\x98\x80");
    /* a bare byte, an overlong form and a surrogate are not UTF-8 */
    expect(&t, "\"a\\\"b\\\\c\\u000a\\u0001\\u007f é \\ufffd \\ufffd\\ufffd \\ufffd\\ufffd\\ufffd \xf0\x9f\x98\x80\"");
}

static void test_guest_bytes(void)
{
    struct text t = {0};
    text_add_bytes(&t, (const uint8_t *)"A\n'\\\x1b\xff", 6);
    expect(&t, "A\\n\\'\\\\\\x1b\\xff");
}

static void test_wrapping(void)
{
    struct text t = {0};
    text_add(&t, "--opt  ");
    text_add_wrapped(&t, "one two  three averyverylongword é", 7, 17);
    expect(&t, "--opt  one two\n       three\n       averyverylongword\n       é");
}

static void test_table(void)
{
    struct table table;
    struct text t = {0};
    table_init(&table, "lr");
    table_cell(&table, "kind");
    table_cell(&table, "count");
    table_cell(&table, "←");
    table_cell(&table, "%d", 7);
    table_finish(&table, &t, " ", true);
    expect(&t, " kind  count\n ----  -----\n ←         7\n");
}

static void test_errors_stay_one_line(void)
{
    struct err e;
    CU_ASSERT_EQUAL(err_sys(&e, ENOENT, "open %s", "a\nb"), -1);
    CU_ASSERT_EQUAL(e.code, ENOENT);
    CU_ASSERT_STRING_EQUAL(e.text, "open a?b: No such file or directory");
    CU_ASSERT_EQUAL(err_wrap(&e, "boot"), -1);
    CU_ASSERT_STRING_EQUAL(e.text, "boot: open a?b: No such file or directory");
    CU_ASSERT_EQUAL(e.code, ENOENT);
    CU_ASSERT_EQUAL(err_set(NULL, "nobody cares"), -1);
    char longer[4096];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    err_set(&e, "%s", longer);
    CU_ASSERT_EQUAL(strlen(e.text), ERR_TEXT_MAX - 1);
    err_wrap(&e, "%s", longer);
    CU_ASSERT(strlen(e.text) < ERR_TEXT_MAX);
}

static void test_ring_forgets_the_oldest(void)
{
    struct ring r;
    struct err e;
    CU_ASSERT_EQUAL_FATAL(ring_init(&r, sizeof(int), 4, &e), 0);
    CU_ASSERT_PTR_NULL(ring_back(&r, 0));
    for (int i = 0; i < 6; i++)
        *(int *)ring_push(&r) = i;
    CU_ASSERT_EQUAL(ring_count(&r), 4);
    CU_ASSERT_EQUAL(*(const int *)ring_back(&r, 0), 5);
    CU_ASSERT_EQUAL(*(const int *)ring_back(&r, 3), 2);
    CU_ASSERT_PTR_NULL(ring_back(&r, 4));
    ring_fini(&r);
}

static void test_nearest(void)
{
    static const char *const words[] = {"mmio", "io", "hlt", "shutdown", "--format"};
    static const struct {
        const char *typed, *want;
    } cases[] = {{"mmoi", "mmio"}, {"shutdwon", "shutdown"}, {"--fromat", "--format"}, {"hltt", "hlt"}, {"zzzzzz", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *best = NULL;
        size_t distance = 0;
        for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
            nearest_offer(cases[i].typed, words[k], &best, &distance);
        if (cases[i].want)
            CU_ASSERT_STRING_EQUAL(best ? best : "(none)", cases[i].want)
        else
            CU_ASSERT_PTR_NULL(best)
    }
}

static const struct unit_test tests[] = {
    {"text grows", test_growing},
    {"padding counts characters, not bytes", test_pad_counts_characters},
    {"durations and sizes", test_durations_and_sizes},
    {"JSON is legal whatever comes", test_json_is_always_legal},
    {"guest bytes", test_guest_bytes},
    {"wrapping", test_wrapping},
    {"table", test_table},
    {"errors stay one line", test_errors_stay_one_line},
    {"ring forgets the oldest", test_ring_forgets_the_oldest},
    {"nearest word", test_nearest},
};
UNIT_MAIN("base: text", tests)
