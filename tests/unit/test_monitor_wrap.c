/*
 * Text of other widths in panes: lines are broken between words, paragraphs with a label are filled anew.
 */
#include "unit.h"

#include "monitor/views/wrap.h"

#include <string.h>

static void check(void (*wrap)(const char *text, int w, struct text *out), const char *text, int w,
                  const char *expected)
{
    struct text out = {0};
    wrap(text, w, &out);
    CU_ASSERT_STRING_EQUAL(text_str(&out), expected);
    text_fini(&out);
}

static void test_lines_are_broken(void)
{
    check(lines_wrap, "one two three\n", 13, "one two three\n");
    check(lines_wrap, "one two three\n", 10, "one two \n  three\n");
    check(lines_wrap, "0123456789 ab\n", 10, "0123456789 \n  ab\n"); /* the blank may stand outside */
    check(lines_wrap, "01234567890123\n", 10, "0123456789\n  0123\n");
    check(lines_wrap, "", 10, "");
}

static void test_paragraphs_are_filled(void)
{
    static const char text[] =
        "event 7\nknown:    one two three four five six seven\n          eight nine ten\n"
        "manual:   there\n";
    check(lines_reflow, text, 60,
          "event 7\nknown:    one two three four five six seven eight nine ten\nmanual:   there\n");
    check(
        lines_reflow, text, 44,
        "event 7\nknown:    one two three four five six seven \n          eight nine ten\nmanual:   there\n");
    check(lines_reflow, text, 30,
          "event 7\nknown:    one two three four \n  five six seven eight nine \n  ten\nmanual:   there\n");
}

/* Rows of a table are no paragraph, and neither is what is indented otherwise. */
static void test_tables_stay(void)
{
    static const char text[] = "  cs  0008\n  ss  0010\nnote: a\n  b\n\nnote: c\n\n      d\n";
    check(lines_reflow, text, 40, text);
    check(lines_reflow, "a:\nb: \n: c\nlongerthantwelve: x\n                  y", 40,
          "a:\nb: \n: c\nlongerthantwelve: x\n                  y\n");
}

static const struct unit_test tests[] = {
    {"lines are broken", test_lines_are_broken},
    {"paragraphs are filled", test_paragraphs_are_filled},
    {"tables stay", test_tables_stay},
};

UNIT_MAIN("wrap", tests)
