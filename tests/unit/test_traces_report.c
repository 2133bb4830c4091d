/*
 * The parts that a report is made of: bins that widen, text that must not become markup, and drawings that
 * are put into a page.
 */
#include "traces/report.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct series *new_series(void)
{
    struct series *s = calloc(1, sizeof *s);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    s->width = 1;
    return s;
}

/* Whatever is added, nothing gets lost when the bins widen. */
static void test_series_keeps_all(void)
{
    struct series *s = new_series();
    uint64_t sum = 0;
    for (uint64_t i = 0; i < 10000; i++) {
        series_add(s, i % 3, i * i, i);
        sum += i;
    }
    CU_ASSERT_EQUAL(series_row(s, 0) + series_row(s, 1) + series_row(s, 2), sum);
    CU_ASSERT_EQUAL(s->width, 262144); /* 9999 * 9999 in at most 512 bins, by doubling */
    CU_ASSERT_EQUAL(s->used, 9999ull * 9999 / 262144 + 1);
    free(s);
}

static void test_series_spans(void)
{
    struct series *s = new_series();
    series_span(s, 0, 0, 300);
    series_span(s, 1, 300, 2000);
    series_span(s, 1, 5, 5);
    series_span(s, 1, 9, 3);
    CU_ASSERT_EQUAL(series_row(s, 0), 300);
    CU_ASSERT_EQUAL(series_row(s, 1), 1700);
    CU_ASSERT_EQUAL(s->width, 4);
    for (size_t bin = 0; bin < 500; bin++)
        CU_ASSERT_EQUAL(series_bin(s, bin), 4);
    CU_ASSERT_EQUAL(s->cell[74][0], 4);
    CU_ASSERT_EQUAL(s->cell[75][0], 0);
    free(s);
}

/* The end of time is not past the last bin. */
static void test_series_at_the_end_of_time(void)
{
    struct series *s = new_series();
    series_add(s, 0, 0, 1);
    series_add(s, 1, UINT64_MAX, 1);
    series_span(s, 2, UINT64_MAX - 10, UINT64_MAX);
    series_span(s, 3, 0, UINT64_MAX);
    CU_ASSERT_EQUAL(s->used, SERIES_BINS);
    CU_ASSERT_EQUAL(s->cell[0][0], 1);
    CU_ASSERT_EQUAL(s->cell[SERIES_BINS - 1][1], 1);
    CU_ASSERT_EQUAL(series_row(s, 2), 10);
    CU_ASSERT_EQUAL(series_row(s, 3), UINT64_MAX);
    free(s);
}

static void expect_html(const char *given, size_t max, const char *wanted)
{
    struct text t = {0};
    html_add(&t, given, max);
    CU_ASSERT_STRING_EQUAL(text_str(&t), wanted);
    if (strcmp(text_str(&t), wanted) != 0)
        printf("\n  %s\n  %s\n", text_str(&t), wanted);
    text_fini(&t);
}

static void test_text_stays_text(void)
{
    expect_html("<script>alert('x')</script>", 80, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;");
    expect_html("a & \"b\"", 80, "a &amp; &quot;b&quot;");
    expect_html("Überlänge", 5, "Überl…");
    expect_html("genau", 5, "genau");
    expect_html("a\tb\x1b\x7f", 80, "a·b··");
    expect_html("\xff\xc3", 80, "\xef\xbf\xbd\xef\xbf\xbd");
    expect_html("", 0, "");
}

static void test_numbers(void)
{
    struct text t = {0};
    html_count(&t, 0);
    html_count(&t, 1234567);
    CU_ASSERT_STRING_EQUAL(text_str(&t), "01,234,567");
    text_clear(&t);
    html_share(&t, 1, 3);
    html_share(&t, 1, 100000);
    html_share(&t, 0, 0);
    html_share(&t, UINT64_MAX - 1, UINT64_MAX);
    CU_ASSERT_STRING_EQUAL(text_str(&t), "33 %&lt; 0.1 %0.0 %100 %");
    text_clear(&t);
    html_duration(&t, 1500);
    CU_ASSERT_STRING_EQUAL(text_str(&t), "1.5 µs");
    text_fini(&t);
}

static void expect_svg(const char *given, const char *wanted)
{
    struct text t = {0};
    struct err e;
    unsigned width = 0;
    CU_ASSERT_EQUAL(svg_inline(given, strlen(given), "p-", &t, &width, &e), 0);
    CU_ASSERT_STRING_EQUAL(text_str(&t), wanted);
    if (strcmp(text_str(&t), wanted) != 0)
        printf("\n  %s\n  %s\n", text_str(&t), wanted);
    text_fini(&t);
}

/* What a drawing is made of stays, ids get a prefix, and everything else goes. */
static void test_drawing_in_a_page(void)
{
    expect_svg("<?xml version=\"1.0\"?><!DOCTYPE svg><!-- a > b --><svg width=\"30pt\" height=\"9pt\" "
               "viewBox=\"0 0 30 9\" xmlns=\"x\"><g id=\"a\"><rect fill=\"url(#b)\" x='1'/></g></svg>\n",
               "<svg viewBox=\"0 0 30 9\" role=\"img\"><g id=\"p-a\"><rect fill=\"url(#p-b)\" "
               "x=\"1\"/></g></svg>\n");
    expect_svg(
        "<svg><a xlink:href=\"javascript:x\" href='http://y'><text onclick=\"z\" x=\"1\">t</text></a></svg>",
        "<svg role=\"img\"><text x=\"1\">t</text></svg>");
    expect_svg("<svg><script>alert(1)</script><image href=\"x\"/><foreignObject/><style>*{}</style></svg>",
               "<svg role=\"img\">alert(1)*{}</svg>");
    expect_svg("<svg><path style=\"fill:URL(http://x)\" d=\"M0\"/></svg>",
               "<svg role=\"img\"><path d=\"M0\"/></svg>");
}

static void test_drawing_that_is_none(void)
{
    static const char *const broken[] = {"",           "no markup", "<g></g>", "<svg", "<svg width=\"1",
                                         "<!-- <svg>", "<svg><g",   "<"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct text t = {0};
        struct err e;
        unsigned width;
        CU_ASSERT_EQUAL(svg_inline(broken[i], strlen(broken[i]), "p-", &t, &width, &e), -1);
        text_fini(&t);
    }
}

static void test_width_of_a_drawing(void)
{
    struct text t = {0};
    struct err e;
    unsigned width;
    static const char svg[] = "<svg width=\"300pt\" height=\"7pt\"></svg>";
    CU_ASSERT_EQUAL(svg_inline(svg, strlen(svg), "", &t, &width, &e), 0);
    CU_ASSERT_EQUAL(width, 400);
    text_fini(&t);
}

static const struct unit_test tests[] = {
    {"a series keeps all", test_series_keeps_all},
    {"spans", test_series_spans},
    {"the end of time", test_series_at_the_end_of_time},
    {"text stays text", test_text_stays_text},
    {"numbers", test_numbers},
    {"a drawing in a page", test_drawing_in_a_page},
    {"a drawing that is none", test_drawing_that_is_none},
    {"the width of a drawing", test_width_of_a_drawing},
};
UNIT_MAIN("report", tests)
