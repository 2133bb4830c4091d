/*
 * `trace diff` on traces made for it: what counts as the same, what as changed, the two machines' numbers and
 * names, interrupts of a real clock, ends, windows, and the picture.
 */
#include "trace_make.h"

#include "traces/diff.h"

/* The same machine with its devices in another order. */
static const struct event_device other_devices[] = {
    {"none", "no device", NULL, 0},
    {"post", "POST port", NULL, 0},
    {"vga", "VGA text memory", make_vga_regs, 1},
    {"pic0", "interrupt controller", make_vga_regs, 1},
    {"uart", "16550A serial port", make_uart_regs, 3},
};
enum { OTHER_UART = 4, OTHER_PIC = 3 };

static const struct event_symbol symbols_a[] = {{0x7c00, 0x20, "poll"}, {0x7c20, 0x20, "print"}};
static const struct event_symbol symbols_b[] = {{0x8000, 0x80, "poll"}, {0x8080, 0x20, "print"}};

/* How a trace is made: a letter an event, as in test_traces_rules.c, and `!` an interrupt with its EOI. */
struct recipe {
    const char *guest;
    const struct event_symbol *symbols;
    const char *sha256, *clock;
    uint64_t rip;
    bool renumbered, cut;
    uint8_t vcpu;
    const char *status;
};

static struct event recipe_event(const struct recipe *c, char letter, uint64_t seq)
{
    bool poll = letter == '?';
    struct event ev = {.seq = seq,
                       .time_ns = 1000 * seq + c->rip,
                       .rip = c->rip + (poll ? 4 : 0),
                       .addr = poll ? 0x3fd : 0x3f8,
                       .value = poll ? 0x60 : (uint8_t)letter,
                       .count = 1,
                       .kind = EVENT_IO,
                       .device = c->renumbered ? OTHER_UART : 1,
                       .reg = poll ? 2 : 1,
                       .vcpu = c->vcpu,
                       .dir = poll ? DIR_IN : DIR_OUT,
                       .size = 1,
                       .flags = EVENT_VALUE | EVENT_ADDR,
                       .mode_cpl = MODE_LONG};
    if (letter == 'L') { /* something else, somewhere else */
        ev.reg = 2;
        ev.rip += 0x20;
    }
    if (letter == 'h')
        ev = (struct event){.seq = seq,
                            .rip = c->rip,
                            .count = 1,
                            .kind = EVENT_HLT,
                            .reg = EVENT_NO_REG,
                            .mode_cpl = MODE_LONG};
    return ev;
}

static void recipe_interrupt(struct trace_writer *w, const struct recipe *c, uint64_t *seq)
{
    struct event ev = {.seq = (*seq)++,
                       .addr = 0x20,
                       .count = 1,
                       .kind = EVENT_IRQ,
                       .reg = EVENT_NO_REG,
                       .flags = EVENT_ADDR | EVENT_NO_CPU};
    trace_put(w, &ev);
    ev = recipe_event(c, ' ', (*seq)++);
    ev.addr = ev.value = 0x20;
    ev.device = OTHER_PIC;
    ev.reg = 0;
    trace_put(w, &ev);
}

static struct trace_reader *recipe_make(const struct recipe *c)
{
    struct make_file f = make_file();
    struct err e = {0};
    struct trace_info info = make_info();
    struct trace_end end = make_end();
    uint64_t seq = 0;
    info.clock = c->clock ? c->clock : "steps";
    info.guest_sha256 = c->sha256 ? c->sha256 : "";
    if (c->renumbered) {
        info.names.devices = other_devices;
        info.names.device_count = 5;
        info.range_count = 0;
    }
    info.names.symbols = c->symbols;
    info.names.symbol_count = c->symbols ? 2 : 0;
    struct trace_writer *w = trace_create(f.path, &info, &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w);
    for (const char *p = c->guest; *p; p++) {
        const struct event ev = recipe_event(c, *p, seq);
        if (*p == '!')
            recipe_interrupt(w, c, &seq);
        else if (*p == 'm')
            trace_mark(w, &ev, "a mark");
        else
            trace_put(w, &ev);
        seq += *p != '!' && *p != 'm';
    }
    end.status = c->status ? c->status : end.status;
    CU_ASSERT_EQUAL(trace_close(w, c->cut ? NULL : &end, &e), 0);
    struct trace_reader *r = make_reader(&f);
    unlink(f.path);
    return r;
}

/* The answer; the caller frees. */
static char *compared(const struct recipe *a, const struct recipe *b, const struct diff_options *o, bool json,
                      int want)
{
    struct trace_reader *x = recipe_make(a), *y = recipe_make(b);
    struct diff_options all = {.context = 2, .path = {"a.rst", "b.rst"}};
    struct text out = {0};
    struct err e = {0};
    if (o) {
        all = *o;
        all.path[0] = "a.rst";
        all.path[1] = "b.rst";
    }
    int rc = trace_diff(x, y, &all, json, &out, &e);
    if (rc != want)
        fprintf(stderr, "\n%s against %s: %d %s\n%s", a->guest, b->guest, rc, e.text, text_str(&out));
    CU_ASSERT_EQUAL(rc, want);
    trace_reader_close(x);
    trace_reader_close(y);
    char *text = strdup(text_str(&out));
    text_fini(&out);
    return text;
}

static void expect(const struct recipe *a, const struct recipe *b, const struct diff_options *o, int want,
                   const char *words)
{
    char *got = compared(a, b, o, false, want);
    bool there = !*words || strstr(got, words);
    if (!there)
        fprintf(stderr, "\nno `%s` in:\n%s", words, got);
    CU_ASSERT_TRUE(there);
    free(got);
}

static void test_equal(void)
{
    const struct recipe a = {.guest = "?H?iho", .rip = 0x7c00}, none = {.guest = "", .rip = 0x7c00};
    expect(&a, &a, NULL, 0, "no difference in 6 events\n");
    expect(&none, &none, NULL, 0, "no difference in 0 events\n");
    struct recipe cut = a;
    cut.cut = true;
    expect(&cut, &cut, NULL, 0, "no difference in 6 events\n");
    expect(&a, &cut, NULL, 1, "status  halted  not known\n");
}

static void test_changed(void)
{
    const struct recipe a = {.guest = "?H?a?l?l?o", .rip = 0x7c00},
                        b = {.guest = "?H?e?l?l?o", .rip = 0x7c00};
    const struct recipe shorter = {.guest = "?H?a?l?o", .rip = 0x7c00};
    expect(&a, &b, NULL, 1,
           "~       3          long       0x7c00        out 0x3f8 ← 61 'a'  uart.THR\n"
           "~               3  long       0x7c00        out 0x3f8 ← 65 'e'  uart.THR   (value)\n");
    expect(&a, &b, NULL, 1, "9 events equal, 0 only in A, 0 only in B, 1 changed; 1 difference\n");
    expect(&a, &b, NULL, 1, "first difference: behind 3 equal events\n");
    struct diff_options o = {.context = 1};
    struct err e = {0};
    CU_ASSERT_EQUAL(diff_ignore(&o, "value", &e), 0);
    expect(&a, &b, &o, 0, "no difference in 10 events\n");
    CU_ASSERT_EQUAL(diff_ignore(&o, "colour", &e), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "\"colour\": kind, device, reg"));
    expect(&a, &shorter, NULL, 1, "8 events equal, 2 only in A, 0 only in B, 0 changed; 1 difference\n");
    expect(&shorter, &a, NULL, 1, "8 events equal, 0 only in A, 2 only in B, 0 changed; 1 difference\n");
}

/* Names decide, not numbers; functions, not addresses. */
static void test_names(void)
{
    const struct recipe a = {.guest = "?H?ih", .rip = 0x7c00, .symbols = symbols_a};
    struct recipe b = {.guest = "?H?ih", .rip = 0x8000, .symbols = symbols_b, .renumbered = true};
    expect(&a, &b, NULL, 0, "no difference in 5 events\n");
    b.rip = 0x8080;
    expect(&a, &b, NULL, 1, "place: by symbol");
    expect(&a, &b, NULL, 1, "out uart.THR  print  0  2       -       2        -  new\n");
    struct diff_options o = {.place = DIFF_PLACE_NONE};
    expect(&a, &b, &o, 0, "no difference");
    o.place = DIFF_PLACE_RIP;
    expect(&a, &b, &o, 1, "place: by RIP");
}

/* Register 1 in the first function and register 2 in the second are not one behaviour. */
static void test_behaviours(void)
{
    const struct recipe a = {.guest = "AAALL", .rip = 0x7c00, .symbols = symbols_a};
    const struct recipe b = {.guest = "AAAALLLL", .rip = 0x7c00, .symbols = symbols_a};
    expect(&a, &b, NULL, 1, "out uart.THR  poll   3  4       -       1        -  \n");
    expect(&a, &b, NULL, 1, "out uart.LSR  print  2  4       -       2        -  \n");
}

/* RIPs say something about one guest, and nothing about two. */
static void test_place(void)
{
    struct recipe a = {.guest = "?H?ih", .rip = 0x7c00, .sha256 = "aa"}, b = a;
    b.rip = 0x9000;
    expect(&a, &b, NULL, 1, "place: by RIP");
    b.sha256 = "bb";
    expect(&a, &b, NULL, 0, "no difference in 5 events\n");
    b.guest = "?H?i?h";
    expect(&a, &b, NULL, 1, "place: not compared (RIPs tell nothing of two guests");
}

static void test_interrupts(void)
{
    struct recipe a = {.guest = "?H!?i?p!!?h", .rip = 0x7c00, .renumbered = true}, b = a, none = a;
    b.guest = "!?H?i?p?!h";
    none.guest = "?H?i?p?h";
    expect(&a, &b, NULL, 1, "only in A");
    a.clock = b.clock = none.clock = "real";
    expect(&a, &b, NULL, 0, "no difference in 8 events\n");
    expect(&a, &b, NULL, 0, "  vector 0x20: 3 in A, 2 in B\n");
    expect(&a, &b, NULL, 0, "  and 5 events between an interrupt and its EOI\n");
    expect(&a, &none, NULL, 1, "  vector 0x20: 3 in A, 0 in B, a difference\n");
    const struct diff_options each = {.irqs = DIFF_IRQS_EACH};
    expect(&a, &b, &each, 1, "irq 0x20");
}

static void test_ends(void)
{
    const struct recipe a = {.guest = "?H", .rip = 0x7c00},
                        b = {.guest = "?H", .rip = 0x7c00, .status = "triple-fault"};
    expect(&a, &b, NULL, 1, "no difference in 2 events, but:\n");
    expect(&a, &b, NULL, 1, "  status  halted  triple-fault\n");
}

static void test_filter(void)
{
    const struct recipe a = {.guest = "?H?ih", .rip = 0x7c00}, b = {.guest = "???H?i??h", .rip = 0x7c00};
    struct err e = {0};
    struct diff_options o = {.filter = {.where = query_compile("dir == out", &e)}};
    expect(&a, &b, &o, 0, "no difference in 2 events\n");
    query_free(o.filter.where);
    o.filter.where = query_compile("device == uatr", &e);
    expect(&a, &b, &o, -1, "");
    query_free(o.filter.where);
    const struct recipe mark = {.guest = "?Hm?imh", .rip = 0x7c00};
    expect(&a, &mark, NULL, 1, "mark");
    const struct recipe second = {.guest = "?H?ih", .rip = 0x7c00, .vcpu = 1};
    expect(&a, &second, NULL, 1, "only in A");
}

/* Ten letters are added one by one: --limit shows so many of the differences. */
static void test_hunks(void)
{
    const struct recipe a = {.guest = "????????????????????????", .rip = 0x7c00};
    const struct recipe b = {.guest = "???A???B????C????D??????????", .rip = 0x7c00};
    struct diff_options o = {.shown = 2, .context = 1};
    char *got = compared(&a, &b, &o, false, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "'B'"));
    CU_ASSERT_PTR_NULL(strstr(got, "'C'"));
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "2 more differences follow"));
    free(got);
}

static void test_json(void)
{
    const struct recipe a = {.guest = "?H", .rip = 0x7c00}, b = {.guest = "?Hh", .rip = 0x7c00};
    char *got = compared(&a, &b, NULL, true, 1);
    static const char *const keys[] = {"{\"identical\":false,\"a\":{\"file\":\"a.rst\"", "\"differences\":1",
                                       "\"first\":{\"changed\":[],\"a\":null,\"b\":{\"seq\":2,",
                                       "\"behaviour\":[{\"what\":\"hlt\"", "\"only_b\":1"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(got, keys[i]));
    free(got);
}

/* More than a window of events, with a change in the first and one in the last of them, and a piece in
 * between that only B has. */
static struct trace_reader *make_long(bool edited)
{
    enum { EVENTS = 1500000 };
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    uint64_t now_ns = 0, seq = 0;
    for (uint64_t i = 0; i < EVENTS; i++) {
        struct event ev = make_console_event(i, &now_ns);
        if (edited && (i == 10 || i == EVENTS - 10))
            ev.value ^= 0xff;
        for (unsigned k = 0; edited && i == 700000 && k < 1000; k++) {
            struct event extra = ev;
            extra.seq = seq++;
            extra.value = k;
            trace_put(w, &extra);
        }
        ev.seq = seq++;
        trace_put(w, &ev);
    }
    make_close(w);
    struct trace_reader *r = make_reader(&f);
    unlink(f.path);
    return r;
}

static void test_windows(void)
{
    struct trace_reader *a = make_long(false), *b = make_long(true);
    const struct diff_options o = {.path = {"a", "b"}};
    struct text out = {0};
    struct err e = {0};
    CU_ASSERT_EQUAL(trace_diff(a, b, &o, false, &out, &e), 1);
    const char *sum =
        strstr(text_str(&out), "1499998 events equal, 0 only in A, 1000 only in B, 2 changed; 3 differences");
    if (!sum)
        fprintf(stderr, "%s", text_str(&out));
    CU_ASSERT_PTR_NOT_NULL(sum);
    text_clear(&out);
    trace_reader_close(b);
    b = make_long(false);
    CU_ASSERT_EQUAL(trace_diff(a, b, &o, false, &out, &e), 0);
    CU_ASSERT_STRING_EQUAL(text_str(&out), "no difference in 1500000 events\n");
    text_fini(&out);
    trace_reader_close(a);
    trace_reader_close(b);
}

static void test_picture(void)
{
    const struct recipe a = {.guest = "?H?ih", .rip = 0x7c00},
                        b = {.guest = "?H?i?!", .rip = 0x7c00, .renumbered = true};
    struct trace_reader *x = recipe_make(&a), *y = recipe_make(&b);
    const struct diff_options o = {.path = {"dir/<a>.rst", "b.rst"}};
    char *dot = NULL;
    size_t len = 0;
    struct err e = {0};
    FILE *out = open_memstream(&dot, &len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    CU_ASSERT_EQUAL(trace_diff_graph(x, y, &o, NULL, out, &e), 1);
    fclose(out);
    static const char *const words[] = {"&lt;a&gt;.rst and b.rst", "only in A: 1", "only in B: 1",
                                        "A 2 → B 3"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(dot, words[i]));
    free(dot);
    CU_ASSERT_EQUAL(trace_diff_graph(x, y, &o, "/tmp/x.bmp", stdout, &e), -1);
    trace_reader_close(x);
    trace_reader_close(y);
}

static const struct unit_test tests[] = {
    {"two that are equal", test_equal},
    {"changed, gone and new", test_changed},
    {"names, not numbers", test_names},
    {"behaviours", test_behaviours},
    {"places of one guest and of two", test_place},
    {"interrupts of a real clock", test_interrupts},
    {"ends", test_ends},
    {"filters, marks, vCPUs", test_filter},
    {"how many differences are shown", test_hunks},
    {"JSON", test_json},
    {"longer than a window", test_windows},
    {"the picture", test_picture},
};
UNIT_MAIN("diff", tests)
