/*
 * Rules about amounts and values: always, after, within, values, budget; and the report as JSON, as JUnit's
 * XML and for people.
 */
#include "rules_make.h"

static void test_limits(void)
{
    static const struct verdict table[] = {
        {"always kind == mmio : 0", "ABh", NULL},
        {"always reg == THR : value < 'C'", "ABC", "event 2 is `reg == THR`, but not `value < 'C'`"},
        {"after reg == LSR : reg == THR", "?A?mBh", NULL},
        {"after reg == LSR : reg == THR", "?A??B",
         "event 2 is `reg == LSR`, and none that is `reg == THR` comes behind it before the next that is"},
        {"after reg == LSR : reg == THR", "?A?h",
         "event 2 is `reg == LSR`, and none that is `reg == THR` comes behind it before the end"},
        {"after reg == LSR : reg == THR", "h", "no event is `reg == LSR`"},
        {"after reg == THR : reg == THR", "AB",
         "event 1 is `reg == THR`, and none that is `reg == THR` comes behind it before the end"},
        {"after reg == LSR : reg == THR within 2 events", "?mA", NULL},
        {"after reg == LSR : reg == THR within 2 events", "?mmA",
         "event 0 is `reg == LSR`, and none that is `reg == THR` comes behind it within 2 events"},
        {"after reg == LSR : reg == THR within 2 us", "?mA", NULL},
        {"after reg == LSR : reg == THR within 1 us", "?mA",
         "event 0 is `reg == LSR`, and none that is `reg == THR` comes behind it within 1.0 us"},
        {"before reg == THR : reg == LSR within 1 exit", "?A?B", NULL},
        {"before reg == THR : reg == LSR within 1 exits", "?A?mB",
         "event 4 is `reg == THR`, and none that is `reg == LSR` stands in front of it within 1 exit"},
        {"before first value == 'B' : reg == LSR within 3 events", "?A?mB", NULL},
        {"some text =~ \"within 3 events\"", "A", "no event is `text =~ \"within 3 events\"`"},
        {"budget exits <= 3", "ABh", NULL},
        {"budget exits <= 3", "ABCDh", "event 3 makes it 4 exits, and no more is allowed than 3 exits"},
        {"budget events <= 1 event", "AB", "event 1 makes it 2 events, and no more is allowed than 1 event"},
        {"budget steps <= 42", "A", NULL},
        {"budget steps <= 41", "A", "in all it is 42 steps, and no more is allowed than 41 steps"},
        {"budget time <= 1 s", "ABC", NULL},
        {"budget time <= 1 us", "ABC", "event 2 makes it 2.0 us, and no more is allowed than 1.0 us"},
        {"budget time <= 100 ms", "ABC", "in all it is 123.5 ms, and no more is allowed than 100.0 ms"},
        {"budget host <= 0 ns", "ABC", NULL},
    };
    EXPECT(table, true);
}

static void test_values(void)
{
    static const struct verdict table[] = {
        {"values reg == THR : 'A', 0x42", "?A?Bh", NULL},
        {"values reg == THR : 'A', 'B'", "?A?B?C",
         "event 5 has value 0x43, and after 2 values no more are due"},
        {"values reg == THR : 'A', 'B', ...", "?A?B?C", NULL},
        {"values reg == THR : 'A', 'X'", "AB", "value 2 of 2 is due to be 0x58, and event 1 has 0x42"},
        {"values reg == THR : 'A', 'B'", "?A?",
         "value 2 of 2 is due to be 0x42, and none comes behind event 1"},
        {"values reg == THR : 'A', 'A', 'A'", "?A?A",
         "value 3 of 3 is due to be 0x41, and none comes behind event 3"},
        {"values reg == THR : 'A'", "mh",
         "value 1 of 1 is due to be 0x41, and no event with a value is `reg == THR`"},
        {"values value == ',' : ','", ",", NULL},
    };
    EXPECT(table, true);
}

/* What a trace that breaks off cannot show is not taken for shown. */
static void test_cut(void)
{
#define UNPROVEN "the trace breaks off before this could be shown"
    static const struct verdict table[] = {
        {"always reg == THR : value < 'C'", "AB", UNPROVEN},
        {"after value == 'A' : value == 'B'", "AB", UNPROVEN},
        {"after value == 'A' : value == 'B' within 1 events", "AB", UNPROVEN},
        {"budget exits <= 10", "AB", UNPROVEN},
        {"budget exits <= 1", "AB", "event 1 makes it 2 exits"},
        {"values reg == THR : 'A', ...", "AB", NULL},
        {"values reg == THR : 'A', 'B'", "AB", UNPROVEN},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char rules[200];
        snprintf(rules, sizeof rules, "rule it\n%s\n", table[i].assertion);
        char *got = graded(rules, table[i].guest, false);
        CU_ASSERT_PTR_NOT_NULL(strstr(got, table[i].why ? table[i].why : "\nok 1 - it"));
        free(got);
    }
}

static void test_mistakes(void)
{
    static const struct {
        const char *assertion, *why;
    } table[] = {
        {"budget", "line 2, column 1: something is missing: budget exits <= 1000"},
        {"budget exit <= 3", "line 2, column 8: a budget is of exits, events, steps, time, guest or host"},
        {"budget exits < 3", "line 2, column 14: <= is due here"},
        {"budget exits <= 3 ms", "line 2, column 16: a number and a unit are due here"},
        {"budget time <= 3", "line 2, column 15: a time is due here: 5 ms"},
        {"budget time <= 3 exits", "line 2, column 15: a time is due here: 5 ms"},
        {"budget exits <= 3 exits more", "nothing more is due behind the unit"},
        {"after exit", "line 2, column 7: two questions with a colon between them are due: A : B"},
        {"after exit : exit within 3", "line 2, column 26: a number and a unit are due here"},
        {"after exit : exit within 3 parsecs", "line 2, column 28: \"parsecs\" is no unit"},
        {"after exit : exit within 99999999999999999 s", "line 2, column 26: this is too much"},
        {"values exit", "line 2, column 8: a question, a colon and values are due"},
        {"values exit : ...", "at least one value is due in front of `...`"},
        {"values exit : 1, ..., 2", "line 2, column 23: nothing stands behind `...`"},
        {"values exit : 1,, 2", "numbers with commas between them are due"},
        {"values prt : 1", "line 2, column 8: \"prt\" is no field; did you mean port?"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char text[200];
        struct err e = {0};
        snprintf(text, sizeof text, "rule it\n%s\n", table[i].assertion);
        CU_ASSERT_PTR_NULL(rules_parse(text, strlen(text), &e));
        if (!strstr(e.text, table[i].why))
            fprintf(stderr, "\n%s: %s instead of %s\n", table[i].assertion, e.text, table[i].why);
        CU_ASSERT_PTR_NOT_NULL(strstr(e.text, table[i].why));
    }
}

/* Too many values are refused, the most that fit are taken. */
static void test_many_values(void)
{
    struct text t = {0};
    struct err e = {0};
    for (size_t n = 64; n <= 65; n++) {
        text_clear(&t);
        text_add(&t, "rule it\nvalues exit : 0");
        for (size_t i = 1; i < n; i++)
            text_addf(&t, ", %zu", i);
        struct rules *r = rules_parse(text_str(&t), t.len, &e);
        CU_ASSERT_EQUAL(r != NULL, n == 64);
        rules_free(r);
    }
    CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "more than 64 values"));
    text_fini(&t);
}

typedef void form_fn(const struct rules_report *r, struct text *out);

static void form_people(const struct rules_report *r, struct text *out)
{
    rules_report_people(r, out);
}

static void form_json(const struct rules_report *r, struct text *out)
{
    rules_report_json(r, "a \"b\".rst", "c.rules", out);
}

static void form_junit(const struct rules_report *r, struct text *out)
{
    rules_report_junit(r, "<a> & \"b\".rst", "c.rules", out);
}

static void expect_form(form_fn *form, const char *rules, const char *guest, bool whole, const char *want)
{
    struct make_file f = write_guest(guest, whole);
    struct trace_reader *trace = make_reader(&f);
    struct rules *r = parse(rules);
    struct rules_report report;
    struct text out = {0};
    struct err e = {0};
    CU_ASSERT_EQUAL_FATAL(rules_run(r, trace, &report, &e), 0);
    form(&report, &out);
    if (strcmp(text_str(&out), want) != 0)
        fprintf(stderr, "\nreported:\n%sinstead of:\n%s", text_str(&out), want);
    CU_ASSERT_STRING_EQUAL(text_str(&out), want);
    rules_report_fini(&report);
    rules_free(r);
    trace_reader_close(trace);
    unlink(f.path);
    text_fini(&out);
}

static const char form_rules[] = "rule it <writes> \"A\" & no more\n"
                                 "points 2\n"
                                 "hint a < b\n"
                                 "count (reg == THR) <= 1\n"
                                 "rule it halts\n"
                                 "last exit : kind == hlt\n";

static void test_forms(void)
{
    expect_form(form_people, form_rules, "ABh", true,
                "BROKEN  it <writes> \"A\" & no more (2 points)\n"
                "      `reg == THR` is wanted at most 1 time, and event 1 is one too many\n"
                "             0  real       0x7c00      out 0x3f8 ← 41 'A'  uart.THR\n"
                "      >      1  real       0x7c01      out 0x3f8 ← 42 'B'  uart.THR\n"
                "             2  real       0x7c02      hlt: waits for an interrupt\n"
                "      hint: a < b\n"
                "kept    it halts\n"
                "1 of 2 rules kept, 1 of 3 points\n");
    expect_form(form_json, form_rules, "Ah", true,
                "{\"passed\":true,\"trace\":\"a "
                "\\\"b\\\".rst\",\"rules_file\":\"c.rules\",\"points\":3,\"points_max\":3,"
                "\"problem\":null,\"rules\":[{\"name\":\"it <writes> \\\"A\\\" & no "
                "more\",\"line\":1,\"passed\":true,"
                "\"points\":2},{\"name\":\"it halts\",\"line\":5,\"passed\":true,\"points\":1}]}\n");
    expect_form(
        form_json, "rule no x\nnever kind == shutdown\n", "x", true,
        "{\"passed\":false,\"trace\":\"a "
        "\\\"b\\\".rst\",\"rules_file\":\"c.rules\",\"points\":0,\"points_max\":1,"
        "\"problem\":null,\"rules\":[{\"name\":\"no x\",\"line\":1,\"passed\":false,\"points\":1,\"seq\":0,"
        "\"why\":\"event 0 is `kind == shutdown`\","
        "\"around\":\">      0  -          -           shutdown: triple fault: the CPU shut "
        "down\\u000a\",\"hint\":\"\"}]}\n");
    expect_form(
        form_junit, form_rules, "ABh", true,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuites tests=\"2\" failures=\"1\" errors=\"0\">\n"
        "  <testsuite name=\"&lt;a&gt; &amp; &quot;b&quot;.rst\" tests=\"2\" failures=\"1\" errors=\"0\" "
        "skipped=\"0\">\n"
        "    <testcase classname=\"c.rules\" name=\"it &lt;writes&gt; &quot;A&quot; &amp; no more\">\n"
        "      <failure message=\"`reg == THR` is wanted at most 1 time, and event 1 is one too many\" "
        "type=\"rule\">"
        "       0  real       0x7c00      out 0x3f8 ← 41 'A'  uart.THR\n"
        "&gt;      1  real       0x7c01      out 0x3f8 ← 42 'B'  uart.THR\n"
        "       2  real       0x7c02      hlt: waits for an interrupt\n"
        "hint: a &lt; b\n"
        "</failure>\n    </testcase>\n"
        "    <testcase classname=\"c.rules\" name=\"it halts\"/>\n"
        "  </testsuite>\n</testsuites>\n");
}

static const struct unit_test tests[] = {
    {"always, after, within, budget", test_limits},
    {"values", test_values},
    {"cut traces", test_cut},
    {"mistakes", test_mistakes},
    {"many values", test_many_values},
    {"the forms of a report", test_forms},
};
UNIT_MAIN("rules: limits", tests)
