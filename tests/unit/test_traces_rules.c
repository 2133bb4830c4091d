/*
 * Rules: each assertion on a trace that fulfils it and on one that does not, the event that is blamed,
 * damaged traces, and the report.
 */
#include "rules_make.h"

static void test_some_never_count(void)
{
    static const struct verdict table[] = {
        {"some kind == mmio", "Am", NULL},
        {"some kind == mmio", "AB", "no event is `kind == mmio`"},
        {"some kind == mmio", "", "no event is `kind == mmio`"},
        {"never kind == shutdown", "ABh", NULL},
        {"never kind == shutdown", "ABx", "event 2 is `kind == shutdown`"},
        {"count (reg == THR) == 3", "A?BCh", NULL},
        {"count (reg == THR) == 3", "A?Bh",
         "`reg == THR` is wanted 3 times, and found 2; the last is event 2"},
        {"count (reg == THR) == 3", "ABCDEh",
         "`reg == THR` is wanted at most 3 times, and event 3 is one too many"},
        {"count (reg == THR) >= 2", "ABC", NULL},
        {"count (reg == THR) >= 2", "h", "`reg == THR` is wanted at least 2 times, and found 0"},
        {"count (reg == THR) > 1", "A",
         "`reg == THR` is wanted at least 2 times, and found 1; the last is event 0"},
        {"count (reg == THR) <= 2", "AB", NULL},
        {"count (reg == THR) < 2", "AB",
         "`reg == THR` is wanted at most 1 time, and event 1 is one too many"},
        {"count (reg == THR) in 2..3", "AB", NULL},
        {"count (reg == THR) in 2..3", "ABCD",
         "`reg == THR` is wanted at most 3 times, and event 3 is one too many"},
        {"count (reg == THR) in 2..3", "A",
         "`reg == THR` is wanted at least 2 times, and found 1; the last is event 0"},
        {"count (value == ')' || (value == 'A')) == 1", "A", NULL},
    };
    EXPECT(table, true);
}

static void test_every_first_last(void)
{
    static const struct verdict table[] = {
        {"every reg == THR : value < 'C'", "ABh", NULL},
        {"every reg == THR : value < 'C'", "ABCA", "event 2 is `reg == THR`, but not `value < 'C'`"},
        {"every reg == THR : value < 'C'", "h", "no event is `reg == THR`"},
        {"first reg == THR : value == 'A'", "mAB", NULL},
        {"first reg == THR : value == 'A'", "mBA", "event 1 is `reg == THR`, but not `value == 'A'`"},
        {"first reg == THR : value == 'A'", "m", "no event is `reg == THR`"},
        {"last exit : kind == hlt", "ABh", NULL},
        {"last exit : kind == hlt", "hAB", "event 2 is `exit`, but not `kind == hlt`"},
        {"last reg == THR : value == ':'", "h", "no event is `reg == THR`"},
    };
    EXPECT(table, true);
}

static void test_before_sequence(void)
{
    static const struct verdict table[] = {
        {"before reg == THR : reg == LSR", "?A?Bh", NULL},
        {"before reg == THR : reg == LSR", "??A?B", NULL},
        {"before reg == THR : reg == LSR", "?AB",
         "event 2 is `reg == THR`, and none that is `reg == LSR` stands between it and the one before"},
        {"before reg == THR : reg == LSR", "A?B",
         "event 0 is `reg == THR`, and none that is `reg == LSR` stands in front of it"},
        {"before reg == THR : reg == LSR", "??h", "no event is `reg == THR`"},
        {"before first reg == THR : reg == LSR", "?ABC", NULL},
        {"before first reg == THR : reg == LSR", "A?BC",
         "event 0 is `reg == THR`, and none that is `reg == LSR` stands in front of it"},
        {"before reg == THR : reg == THR", "AB",
         "event 0 is `reg == THR`, and none that is `reg == THR` stands in front of it"},
        {"sequence value == 'A' ; kind == mmio ; kind == hlt", "BA?mh", NULL},
        {"sequence value == 'A' ; kind == mmio ; kind == hlt", "mAh",
         "step 2 of 3 does not come: `kind == mmio`; step 1 was event 1"},
        {"sequence value == 'A' ; value == 'A'", "A",
         "step 2 of 2 does not come: `value == 'A'`; step 1 was event 0"},
        {"sequence value == ';' ; kind == hlt", "h", "step 1 of 2 does not come: `value == ';'`"},
    };
    EXPECT(table, true);
}

static void test_text_end(void)
{
    static const struct verdict table[] = {
        {"text uart.THR \"AB\"", "?A?B", NULL},
        {"text uart.THR \"AAB\"", "AAAB", NULL}, /* found inside, after a false start */
        {"text uart.THR \"ABABC\"", "ABABABC", NULL},
        {"text uart.THR \"ABC\"", "ABDA",
         "\"ABC\" was not written to uart.THR; the most of it was \"AB\", behind which event 2 wrote \"D\""},
        {"text uart.THR \"ABC\"", "XAB",
         "\"ABC\" was not written to uart.THR; the most of it was \"AB\", up to event 2"},
        {"text uart.THR \"ABC\"", "XYZ",
         "\"ABC\" was not written to uart.THR; not even its first letter was, in 3 writes"},
        {"text uart.THR \"ABC\"", "mh", "\"ABC\" was not written to uart.THR; nothing was"},
        {"text uart.LSR \"A\"", "A?", "\"A\" was not written to uart.LSR; nothing was"},
        {"text vga.CELL \"m\"", "Am", NULL},
        {"text uart.THR \"SS\"", "ss",
         "\"SS\" was not written to uart.THR; the most of it was \"S\", up to event 1; an OUTS wrote "
         "several\n#   bytes at once, "
         "of which a trace keeps the first: use OUT"},
        {"end status == halted && exit_code == 0 && mode == long", "h", NULL},
        {"end status == poweroff", "h",
         "the run ended so: status halted, exit_code 0, mode long, rip 0xffffffff81000000; the guest\n#   "
         "halted with interrupts off"},
    };
    EXPECT(table, true);
}

/* A cut trace: what was found counts, what cannot be known does not. */
static void test_cut(void)
{
#define UNPROVEN "the trace breaks off before this could be shown"
    static const struct verdict table[] = {
        {"some value == 'A'", "AB", NULL},
        {"count (value == 'A') >= 1", "AB", NULL},
        {"text uart.THR \"AB\"", "AB", NULL},
        {"sequence value == 'A' ; value == 'B'", "AB", NULL},
        {"first exit : value == 'A'", "AB", NULL},
        {"before first value == 'B' : value == 'A'", "AB", NULL},
        {"some value == 'C'", "AB", UNPROVEN},
        {"never value == 'C'", "AB", UNPROVEN},
        {"never value == 'B'", "AB", "event 1 is `value == 'B'`"},
        {"count (value == 'A') == 1", "AB", UNPROVEN},
        {"every reg == THR : value < 'C'", "AB", UNPROVEN},
        {"last exit : value == 'B'", "AB", UNPROVEN},
        {"end status == halted", "AB", UNPROVEN},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char rules[200];
        snprintf(rules, sizeof rules, "rule it\n%s\n", table[i].assertion);
        char *got = graded(rules, table[i].guest, false);
        CU_ASSERT_PTR_NOT_NULL(strstr(got, table[i].why ? table[i].why : "\nok 1 - it"));
        CU_ASSERT_EQUAL(strncmp(got, "# the trace is not whole: no footer", 35), 0); /* said first */
        CU_ASSERT_PTR_NOT_NULL(strstr(got, "; 2 events can be read\n1..1\n"));
        free(got);
    }
}

static void expect_report(const char *rules, const char *guest, const char *want)
{
    char *got = graded(rules, guest, true);
    if (strcmp(got, want) != 0)
        fprintf(stderr, "\nreported:\n%sinstead of:\n%s", got, want);
    CU_ASSERT_STRING_EQUAL(got, want);
    free(got);
}

static void test_report(void)
{
    expect_report(
        "# what a guest must do\n"
        "rule it writes   an A\n"
        "points 3\n"
        "hint Did it?\n"
        "some value == 'A'\n"
        "\n"
        "rule it writes no C\n"
        "points 2\n"
        "hint The letter behind B is not wanted, as the README says in its second paragraph, which is\n"
        "     worth reading again.\n"
        "never value ==\n"
        "\t'C'\n"
        "rule it draws\n"
        "points 0\n"
        "some kind == mmio\n"
        "rule it draws twice\n"
        "sequence kind == mmio ;\n"
        "         kind == mmio\n",
        "ABCDEh",
        "1..4\n"
        "ok 1 - it writes an A (3 points)\n"
        "not ok 2 - it writes no C (2 points)\n"
        "#   event 2 is `value == 'C'`\n"
        "#          0  real       0x7c00      out 0x3f8 ← 41 'A'  uart.THR\n"
        "#          1  real       0x7c01      out 0x3f8 ← 42 'B'  uart.THR\n"
        "#   >      2  real       0x7c02      out 0x3f8 ← 43 'C'  uart.THR\n"
        "#          3  real       0x7c03      out 0x3f8 ← 44 'D'  uart.THR\n"
        "#          4  real       0x7c04      out 0x3f8 ← 45 'E'  uart.THR\n"
        "#   hint: The letter behind B is not wanted, as the README says in its second paragraph, which is\n"
        "#         worth reading again.\n"
        "not ok 3 - it draws (0 points)\n"
        "#   no event is `kind == mmio`\n"
        "#   the trace ends so:\n"
        "#          3  real       0x7c03      out 0x3f8 ← 44 'D'  uart.THR\n"
        "#          4  real       0x7c04      out 0x3f8 ← 45 'E'  uart.THR\n"
        "#          5  real       0x7c05      hlt: waits for an interrupt\n"
        "not ok 4 - it draws twice (1 point)\n"
        "#   step 1 of 2 does not come: `kind == mmio`\n"
        "# 3 of 6 points\n");
}

/* The first and the last event have fewer neighbours; the CPU's place may be unknown. */
static void test_neighbourhood(void)
{
    expect_report("rule it lives\nnever kind == shutdown\nrule it waits\nfirst exit : kind == hlt\n", "Ax",
                  "1..2\n"
                  "not ok 1 - it lives (1 point)\n"
                  "#   event 1 is `kind == shutdown`\n"
                  "#          0  real       0x7c00      out 0x3f8 ← 41 'A'  uart.THR\n"
                  "#   >      1  -          -           shutdown: triple fault: the CPU shut down\n"
                  "not ok 2 - it waits (1 point)\n"
                  "#   event 0 is `exit`, but not `kind == hlt`\n"
                  "#   >      0  real       0x7c00      out 0x3f8 ← 41 'A'  uart.THR\n"
                  "#          1  -          -           shutdown: triple fault: the CPU shut down\n"
                  "# 0 of 2 points\n");
    expect_report("rule it lives\nsome exit\n", "",
                  "1..1\nnot ok 1 - it lives (1 point)\n#   no event is `exit`\n# 0 of 1 point\n");
}

/* Marks have the sequence number of the event they stand at, and must not shift the neighbourhood. */
static void test_marks(void)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    for (uint64_t i = 0; i < 6; i++) {
        const struct event ev = make_event((char)('A' + i), i);
        trace_put(w, &ev);
        trace_mark(w, &ev, "note");
    }
    make_close(w);
    struct trace_reader *trace = make_reader(&f);
    struct rules *r = parse("rule it\nnever value == 'C' && kind == io\n");
    struct rules_report report;
    struct err e;
    CU_ASSERT_EQUAL_FATAL(rules_run(r, trace, &report, &e), 0);
    const struct rule_result *failed = rules_report_first_failure(&report);
    CU_ASSERT_PTR_NOT_NULL_FATAL(failed);
    CU_ASSERT_STRING_EQUAL(text_str(&failed->around),
                           "       1  real       0x7c01      out 0x3f8 ← 42 'B'  uart.THR\n"
                           "       1  real       0x7c01      mark: note\n"
                           ">      2  real       0x7c02      out 0x3f8 ← 43 'C'  uart.THR\n"
                           "       2  real       0x7c02      mark: note\n"
                           "       3  real       0x7c03      out 0x3f8 ← 44 'D'  uart.THR\n");
    rules_report_fini(&report);
    rules_free(r);
    trace_reader_close(trace);
    unlink(f.path);
}

/* The same rules serve several traces, and the same trace several times. */
static void test_again(void)
{
    struct make_file good = write_guest("ABCh", true), bad = write_guest("ABh", true);
    struct rules *r = parse("rule it writes\ntext uart.THR \"ABC\"\nrule it ends\nlast exit : kind == hlt\n");
    const struct make_file *const order[] = {&good, &bad, &good, &bad};
    for (size_t i = 0; i < 4; i++) {
        struct trace_reader *trace = make_reader(order[i]);
        struct rules_report report;
        struct err e;
        for (unsigned twice = 0; twice < 2; twice++) {
            CU_ASSERT_EQUAL_FATAL(rules_run(r, trace, &report, &e), 0);
            CU_ASSERT_EQUAL(report.points, i % 2 ? 1 : 2);
            CU_ASSERT_EQUAL(report.points_max, 2);
            CU_ASSERT_EQUAL(rules_report_first_failure(&report) == NULL, i % 2 == 0);
            rules_report_fini(&report);
        }
        trace_reader_close(trace);
    }
    CU_ASSERT_EQUAL(rules_points(r), 2);
    rules_free(r);
    unlink(good.path);
    unlink(bad.path);
}

/* A byte in the middle is wrong: the events of the chunk are gone, and the report begins with that. */
static void test_damaged(void)
{
    struct make_file f = write_guest("ABCh", true);
    size_t n;
    uint8_t *bytes = make_file_read(&f, &n);
    for (size_t i = 0; i + 40 < n; i++)
        if (!memcmp(bytes + i, "EVTS", 4))
            bytes[i + 30] ^= 1;
    make_file_fill(&f, bytes, n);
    struct trace_reader *trace = make_reader(&f);
    struct rules *r = parse("rule it halts\nend status == halted\n");
    struct rules_report report;
    struct text out = {0};
    struct err e;
    CU_ASSERT_EQUAL_FATAL(rules_run(r, trace, &report, &e), 0);
    rules_report_text(&report, &out);
    CU_ASSERT_EQUAL(strncmp(text_str(&out), "# the trace is not whole: chunk 1 at byte ", 42), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&out), "; 0 events can be read\n"));
    CU_ASSERT_EQUAL(report.points, 0);
    text_fini(&out);
    rules_report_fini(&report);
    rules_free(r);
    trace_reader_close(trace);
    free(bytes);
    unlink(f.path);
}

static void test_unknown_device(void)
{
    struct make_file f = write_guest("ABCh", true);
    struct trace_reader *trace = make_reader(&f);
    struct rules *r = parse("rule it draws\nsome reg == vag.CELL\n");
    struct rules_report report;
    struct err e = {0};
    CU_ASSERT_EQUAL(rules_run(r, trace, &report, &e), -1);
    CU_ASSERT_STRING_EQUAL(e.text, "rule \"it draws\": line 2, column 13: no device of this machine is "
                                   "called \"vag\"; did you mean vga?");
    rules_free(r);
    trace_reader_close(trace);
    unlink(f.path);
}

static const struct unit_test tests[] = {
    {"some, never, count", test_some_never_count},
    {"every, first, last", test_every_first_last},
    {"before, sequence", test_before_sequence},
    {"text, end", test_text_end},
    {"cut traces", test_cut},
    {"the report", test_report},
    {"neighbourhoods", test_neighbourhood},
    {"marks", test_marks},
    {"again and again", test_again},
    {"damaged traces", test_damaged},
    {"a device that is not there", test_unknown_device},
};
UNIT_MAIN("traces: rules", tests)
