/*
 * The question language: what it refuses, in which words, and where it points.
 */
#include "trace_make.h"

#include "traces/query.h"

struct refusal {
    const char *text, *why;
};

static void expect_refusals(const struct refusal *table, size_t n,
                            struct query *(*compile)(const char *, struct err *))
{
    for (size_t i = 0; i < n; i++) {
        struct err e = {0};
        struct query *q = compile(table[i].text, &e);
        CU_ASSERT_PTR_NULL(q);
        query_free(q);
        if (strcmp(e.text, table[i].why) != 0)
            fprintf(stderr, "\n%s\n  says    %s\n  not     %s\n", table[i].text, e.text, table[i].why);
        CU_ASSERT_STRING_EQUAL(e.text, table[i].why);
    }
}

static void test_refusals(void)
{
    static const struct refusal table[] = {
        {"", "column 1: something is missing at the end"},
        {"kind ==", "column 8: a name is due here: kind == io"},
        {"kind == oi", "column 9: no kind is called \"oi\"; did you mean io?"},
        {"kind == xyzzy", "column 9: no kind is called \"xyzzy\""},
        {"kind", "column 1: kind alone is no condition: compare it, as in kind == io"},
        {"hlt", "column 1: \"hlt\" is no field; did you mean kind == hlt?"},
        {"prot == 0x3f8", "column 1: \"prot\" is no field; did you mean port?"},
        {"kind == io && mode == protectde",
         "column 23: no mode is called \"protectde\"; did you mean protected?"},
        {"port = 3", "column 6: a single = compares nothing: use =="},
        {"port == 3 == 4", "column 11: comparisons do not chain: use &&"},
        {"(port == 3) == 4",
         "column 7: a number is due here, not a condition; comparisons do not chain: use &&"},
        {"(seq == 1) + 1",
         "column 6: a number is due here, not a condition; comparisons do not chain: use &&"},
        {"kind < io", "column 1: kind is a name: names have no order and no sum, only ==, != and =~"},
        {"seq + kind == 1", "column 7: kind is a name: names have no order and no sum, only ==, != and =~"},
        {"seq =~ \"1\"", "column 5: =~ searches in a text or a name: text =~ \"...\""},
        {"text =~ uart", "column 9: a regular expression is due here, between double quotes"},
        {"text =~ \"(\"", "column 9: regular expression: Unmatched ( or \\("},
        {"text =~ \"((a{99}){99}){99}\"", "column 9: regular expression: more than 256 repetitions"},
        {"text =~ \"a{999}\"", "column 9: regular expression: more than 256 repetitions"},
        {"text =~ \"a+++++++++++++++++++++++++++++++++++++++++++++++++\"",
         "column 9: regular expression: more than 256 repetitions"},
        {"text =~ \"(((((((((a+)+)+)+)+)+)+)+)+)\"",
         "column 9: regular expression: more than 256 repetitions"},
        {"text =~ \"(([^]+]a){99}+|b)+c\"", "column 9: regular expression: more than 256 repetitions"},
        {"text =~ \"((((((((((((((((((((((((((((((((a\"",
         "column 9: regular expression: more than 31 groups in each other"},
        {"text =~ \"(a*)\\1\"", "column 9: regular expression: back-references (\\1) are not for queries"},
        {"port in 3", "column 10: a range is due behind `in`: 0x3f8..0x3ff"},
        {"port in 3..", "column 12: something is missing at the end"},
        {"(seq == 1", "column 1: this parenthesis is not closed"},
        {"seq == 1)", "column 9: `)` is not expected here: join conditions by && or ||"},
        {"seq == 1 seq == 2", "column 10: `seq` is not expected here: join conditions by && or ||"},
        {"seq == 0x", "column 8: this is no number: 10, 0x10 or 0b10"},
        {"seq == 12ab", "column 8: this is no number: 10, 0x10 or 0b10"},
        {"seq == 18446744073709551616", "column 8: this number needs more than 64 bits"},
        {"value == ''", "column 10: there is no character between the quotes"},
        {"value == 'ab'", "column 10: a character is one byte between single quotes; text goes between \"\""},
        {"value == 'a", "column 10: a character is one byte between single quotes; text goes between \"\""},
        {"value == '", "column 11: the closing quote is missing"},
        {"value == '\\q'", "column 11: no such escape: \\n \\r \\t \\b \\0 \\\\ \\' \\\" or \\xNN"},
        {"value == '\\", "column 11: no such escape: \\n \\r \\t \\b \\0 \\\\ \\' \\\" or \\xNN"},
        {"text == \"abc", "column 13: the closing quote is missing"},
        {"text == \"a\\0b\"", "column 9: a text cannot hold a zero byte"},
        {"text == \"ü\" @", "column 13: this character means nothing here"},
        {"seq == \"1\"", "column 8: a text can only stand behind ==, != or =~"},
        {"&& seq == 1", "column 1: a field, a number or a parenthesis is due here, not `&&`"},
    };
    expect_refusals(table, sizeof table / sizeof table[0], query_compile);
}

static struct query *compile_part(const char *text, struct err *e)
{
    return query_compile_part(text, strlen(text), (struct query_place){12, 9}, e);
}

static struct query *compile_end(const char *text, struct err *e)
{
    return query_compile_end(text, strlen(text), (struct query_place){3, 1}, e);
}

static void test_places(void)
{
    static const struct refusal parts[] = {
        {"seq == 1 &&\n   prot == 3", "line 13, column 4: \"prot\" is no field; did you mean port?"},
        {"seq = 1", "line 12, column 13: a single = compares nothing: use =="},
    };
    static const struct refusal ends[] = {
        {"status == halte", "line 3, column 11: no status is called \"halte\"; did you mean halted?"},
        {"kind == io", "line 3, column 1: \"kind\" is no field"},
    };
    expect_refusals(parts, 2, compile_part);
    expect_refusals(ends, 2, compile_end);
}

/* Devices and registers are known to the trace alone; a name that it does not have is refused with the
 * nearest. */
static void test_names(void)
{
    static const struct event_names names = {.devices = make_devices, .device_count = 4};
    static const struct refusal table[] = {
        {"device == uart && reg == THR && reg == vga.CELL && device == post", ""},
        {"seq == 1 && device == uatr",
         "column 23: no device of this machine is called \"uatr\"; did you mean uart?"},
        {"reg == THX", "column 8: this machine has no register called \"THX\"; did you mean THR?"},
        {"reg == vga.THR", "column 8: vga has no register called \"THR\""},
        {"reg != art.THR", "column 8: no device of this machine is called \"art\"; did you mean uart?"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct err e = {0};
        struct query *q = query_compile(table[i].text, &e);
        CU_ASSERT_PTR_NOT_NULL_FATAL(q);
        CU_ASSERT_EQUAL(query_check_names(q, &names, &e), table[i].why[0] ? -1 : 0);
        CU_ASSERT_STRING_EQUAL(e.text, table[i].why);
        query_free(q);
    }
}

/* A text of `n` times `piece`. */
static char *repeated(const char *piece, size_t n, const char *last)
{
    size_t len = strlen(piece);
    char *text = malloc(n * len + strlen(last) + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    for (size_t i = 0; i < n; i++)
        memcpy(text + i * len, piece, len);
    memcpy(text + n * len, last, strlen(last) + 1);
    return text;
}

static void expect_bounded(const char *piece, size_t n, const char *last, const char *why)
{
    struct err e = {0};
    char *text = repeated(piece, n, last);
    struct query *q = query_compile(text, &e);
    if (why)
        CU_ASSERT_PTR_NOT_NULL(strstr(e.text, why));
    CU_ASSERT_EQUAL(q == NULL, why != NULL);
    query_free(q);
    free(text);
}

static void test_bounds(void)
{
    expect_bounded("(", 20, "seq))))))))))))))))))))", NULL);
    expect_bounded("(", 100000, "", "too long for one question");
    expect_bounded("(", 4000, "", "32 levels deep");
    expect_bounded("!", 4000, "seq", "32 levels deep");
    expect_bounded("seq||", 100, "seq", NULL);
    expect_bounded("seq||", 700, "seq", "too long for one question");
    expect_bounded("1+", 2000, "1", "too long for one question");
    expect_bounded("a", 300, "", "longer than 255 letters");
}

static const struct unit_test tests[] = {
    {"refusals", test_refusals},
    {"places", test_places},
    {"names", test_names},
    {"bounds", test_bounds},
};
UNIT_MAIN("traces: queries that are refused", tests)
