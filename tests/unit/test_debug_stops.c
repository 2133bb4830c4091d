/*
 * The table of stops: adding and deleting, what meets which, conditions, counts, and the sentences.
 */
#include "stops_bench.h"

static void test_numbers(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    CU_ASSERT_EQUAL(add(&b, "break", "main"), 1);
    CU_ASSERT_EQUAL(add(&b, "break", "0x2000"), 2);
    CU_ASSERT_EQUAL(stops_delete(b.s, 2, &b.e), 0);
    CU_ASSERT_EQUAL(add(&b, "break", "0x3000"), 3);
    CU_ASSERT_PTR_NULL(stops_find(b.s, 2));
    CU_ASSERT_EQUAL(stops_delete(b.s, 2, &b.e), -1);
    CU_ASSERT_STRING_EQUAL(b.e.text, "there is no stop 2");
    CU_ASSERT_EQUAL(stops_row(b.s, 1)->number, 3);
    CU_ASSERT_PTR_NULL(stops_row(b.s, 2));
    CU_ASSERT_EQUAL(stops_armed(b.s, STOPS_BREAK), 2);
    CU_ASSERT_EQUAL(stops_enable(b.s, 3, false, &b.e), 0);
    CU_ASSERT_EQUAL(stops_armed(b.s, STOPS_BREAK), 1);

    struct stops_spec hidden = {.kind = STOPS_BREAK, .first = 0x1004, .last = 0x1004, .hidden = true};
    unsigned h = stops_add(b.s, &hidden, NULL, &b.e);
    CU_ASSERT(h >= STOPS_HIDDEN_FIRST);
    CU_ASSERT_EQUAL(stops_delete(b.s, 0, &b.e), 0); /* all that a user sees */
    CU_ASSERT_PTR_NOT_NULL(stops_find(b.s, h));
    CU_ASSERT_PTR_NULL(stops_row(b.s, 1));
    CU_ASSERT_EQUAL(add(&b, "break", "main"), 4);
    bench_fini(&b);
}

static void test_too_many(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    for (unsigned i = 1; i <= STOPS_MAX; i++)
        CU_ASSERT_EQUAL_FATAL(add(&b, "break", "main"), i);
    CU_ASSERT_EQUAL(add(&b, "break", "main"), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(b.e.text, "already"));
    bench_fini(&b);
}

static void test_break(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    unsigned here = add(&b, "break", "main+4");
    add(&b, "break", "main");
    CU_ASSERT_EQUAL(rip_meets(&b), here);
    ASSERT_IS(&b.out, "breakpoint 1 at 0x1004 <main+4>");
    CU_ASSERT_EQUAL(stops_find(b.s, here)->hits, 1);
    CU_ASSERT_EQUAL(stops_find(b.s, 2)->hits, 0);
    CU_ASSERT_TRUE(stops_find(b.s, here)->met);
    stops_sweep(b.s);
    CU_ASSERT_FALSE(stops_find(b.s, here)->met);
    CU_ASSERT_EQUAL(stops_enable(b.s, here, false, &b.e), 0);
    CU_ASSERT_EQUAL(rip_meets(&b), 0);
    ASSERT_IS(&b.out, "");
    bench_fini(&b);
}

/* The segment's base counts: a breakpoint is a linear address. */
static void test_break_real_mode(void)
{
    struct bench b;
    bench_init(&b, MODE_REAL);
    CU_ASSERT_EQUAL(add(&b, "break", "0x7c0:0x10"), 1);
    b.rig.t.sregs.cs.selector = 0x7c0;
    b.rig.t.sregs.cs.base = 0x7c00;
    b.rig.t.regs.rip = 0x10;
    CU_ASSERT_EQUAL(rip_meets(&b), 1);
    ASSERT_IS(&b.out, "breakpoint 1 at 0x7c10");
    b.rig.t.sregs.cs.base = 0;
    CU_ASSERT_EQUAL(rip_meets(&b), 0);
    bench_fini(&b);
}

/* A physical breakpoint is met through whatever page leads there. */
static void test_break_phys(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    CU_ASSERT_EQUAL(add(&b, "break", "phys 0x201004"), 1);
    CU_ASSERT_EQUAL(rip_meets(&b), 0);
    struct gva_context c = target_context(&b.rig.t);
    struct gva_walk w;
    gva_translate(&b.rig.memory, &c, 0x1004, GVA_READ, &w);
    CU_ASSERT_EQUAL_FATAL(w.steps, 3);
    rig_store(&b.rig, w.step[2].entry_gpa, 0x200083, 8); /* the first 2 MiB are now the second */
    CU_ASSERT_EQUAL(rip_meets(&b), 1);
    ASSERT_IS(&b.out, "breakpoint 1 at gpa 0x201004, linear 0x1004 <main+4>");
    rig_store(&b.rig, w.step[2].entry_gpa, 0, 8);
    CU_ASSERT_EQUAL(rip_meets(&b), 0);
    bench_fini(&b);
}

static void test_once(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    CU_ASSERT_EQUAL(add(&b, "tbreak", "main+4"), 1);
    CU_ASSERT_EQUAL(rip_meets(&b), 1);
    ASSERT_IS(&b.out, "temporary breakpoint 1 at 0x1004 <main+4>");
    CU_ASSERT_EQUAL(stops_armed(b.s, STOPS_BREAK), 0);
    CU_ASSERT_EQUAL(rip_meets(&b), 0); /* spent, though still there to be looked at */
    CU_ASSERT_PTR_NOT_NULL(stops_find(b.s, 1));
    stops_sweep(b.s);
    CU_ASSERT_PTR_NULL(stops_find(b.s, 1));
    bench_fini(&b);
}

static void test_ignore(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    add(&b, "break", "main+4");
    CU_ASSERT_EQUAL(stops_set_ignore(b.s, 1, 2, &b.e), 0);
    CU_ASSERT_EQUAL(stops_set_ignore(b.s, 9, 2, &b.e), -1);
    CU_ASSERT_EQUAL(rip_meets(&b), 0);
    CU_ASSERT_EQUAL(rip_meets(&b), 0);
    CU_ASSERT_EQUAL(rip_meets(&b), 1);
    CU_ASSERT_EQUAL(stops_find(b.s, 1)->hits, 3);
    bench_fini(&b);
}

static void test_condition(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    CU_ASSERT_EQUAL(add(&b, "break", "main+4 if rax == 3"), 1);
    CU_ASSERT_EQUAL(rip_meets(&b), 0);
    CU_ASSERT_EQUAL(stops_find(b.s, 1)->hits, 0); /* a hit is one whose condition held */
    b.rig.t.regs.rax = 3;
    CU_ASSERT_EQUAL(rip_meets(&b), 1);
    CU_ASSERT_EQUAL(stops_set_condition(b.s, 1, "rax == 4", &b.rig.t, &b.e), 0);
    CU_ASSERT_EQUAL(rip_meets(&b), 0);
    CU_ASSERT_EQUAL(stops_set_condition(b.s, 1, "", &b.rig.t, &b.e), 0);
    CU_ASSERT_EQUAL(rip_meets(&b), 1);
    CU_ASSERT_EQUAL(stops_set_condition(b.s, 1, "rax ==", &b.rig.t, &b.e), -1);
    CU_ASSERT_EQUAL(rip_meets(&b), 1); /* the old one stays */
    CU_ASSERT_EQUAL(stops_set_condition(b.s, 1, "value == 4", &b.rig.t, &b.e), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(b.e.text, "no event"));
    bench_fini(&b);
}

/* What cannot be told stops, as in gdb, also when it was to be ignored some more times. */
static void test_condition_fails(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    CU_ASSERT_EQUAL(add(&b, "break", "main+4 if [0x300000000] == 1"), 1);
    CU_ASSERT_EQUAL(stops_set_ignore(b.s, 1, 5, &b.e), 0);
    CU_ASSERT_EQUAL(rip_meets(&b), 1);
    ASSERT_HAS(&b.out, "breakpoint 1 at 0x1004 <main+4> (its condition cannot be told: ");
    bench_fini(&b);
}

static void test_several_at_once(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    struct stops_spec hidden = {
        .kind = STOPS_BREAK, .first = 0x1004, .last = 0x1004, .hidden = true, .once = true};
    unsigned h = stops_add(b.s, &hidden, NULL, &b.e);
    CU_ASSERT_EQUAL(rip_meets(&b), h);
    ASSERT_IS(&b.out, "");
    stops_sweep(b.s);
    CU_ASSERT_PTR_NULL(stops_find(b.s, h));

    hidden = (struct stops_spec){.kind = STOPS_BREAK, .first = 0x1004, .last = 0x1004, .hidden = true};
    h = stops_add(b.s, &hidden, NULL, &b.e);
    for (unsigned i = 0; i < 3; i++)
        add(&b, "break", "main+4");
    CU_ASSERT_EQUAL(rip_meets(&b), 1); /* a user's goes before the debugger's own */
    ASSERT_IS(&b.out, "breakpoint 1 at 0x1004 <main+4> (also stop 2, 3)");
    CU_ASSERT_TRUE(stops_find(b.s, h)->met && stops_find(b.s, 3)->met);
    bench_fini(&b);
}

static const struct event uart_write = {.kind = EVENT_IO,
                                        .dir = DIR_OUT,
                                        .addr = 0x3f8,
                                        .value = 'H',
                                        .size = 1,
                                        .count = 1,
                                        .device = 1,
                                        .reg = 0,
                                        .flags = EVENT_ADDR | EVENT_VALUE};

static void test_io(void)
{
    static const struct {
        const char *args;
        bool meets;
    } cases[] = {
        {"io", true},
        {"io out", true},
        {"io in", false},
        {"io 0x3f8", true},
        {"io 0x3f8 out", true},
        {"io out 0x3f8", true},
        {"io 0x3f8 in", false},
        {"io 0x3f0-0x3f8", true},
        {"io 0x3f9-0x3ff", false},
        {"io 0x3f0, 8", false},
        {"io 0x3f0, 9", true},
        {"io 0x3f8 if value == 0x48", true},
        {"io 0x3f8 if value == 0x49", false},
        {"mmio 0x3f8", false},
        {"device uart", true},
        {"device uart in", false},
        {"device pit", false},
        {"kind io", true},
        {"kind mmio", false},
        {"hlt", false},
        {"assist", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench b;
        bench_init(&b, MODE_LONG);
        CU_ASSERT_EQUAL_FATAL(add(&b, "stop", cases[i].args), 1);
        CU_ASSERT_EQUAL(event_meets(&b, &uart_write), cases[i].meets);
        if (event_meets(&b, &uart_write) != cases[i].meets)
            fprintf(stderr, "stop %s\n", cases[i].args);
        if (cases[i].meets)
            ASSERT_IS(&b.out, "stop 1: out 0x3f8 ← 48 'H'  uart.THR");
        bench_fini(&b);
    }
}

/* An access of several ports touches them all. */
static void test_io_wide(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    struct event ev = uart_write;
    ev.addr = 0x3f6;
    ev.size = 4;
    CU_ASSERT_EQUAL(add(&b, "stop", "io 0x3f9"), 1);
    CU_ASSERT_EQUAL(event_meets(&b, &ev), 1);
    ev.size = 2;
    CU_ASSERT_EQUAL(event_meets(&b, &ev), 0);
    ev.addr = UINT64_MAX; /* a made-up event must not wrap round */
    ev.size = 8;
    CU_ASSERT_EQUAL(event_meets(&b, &ev), 0);
    bench_fini(&b);
}

static void test_other_events(void)
{
    static const struct {
        const char *args;
        struct event ev;
        const char *sentence;
    } cases[] = {
        {"mmio 0xb8000-0xbffff write",
         {.kind = EVENT_MMIO,
          .dir = DIR_OUT,
          .addr = 0xb8002,
          .value = 0x41,
          .size = 2,
          .flags = EVENT_VALUE},
         "stop 1: mmio write 0xb8002 ← 0041"},
        {"msr 0xc0000080 read",
         {.kind = EVENT_MSR_READ, .dir = DIR_IN, .addr = 0xc0000080, .size = 8, .detail = 1},
         "stop 1: rdmsr 0xc0000080 → #GP  EFER"},
        {"vector 0x20",
         {.kind = EVENT_IRQ, .addr = 0x20, .detail = 0, .device = 2, .reg = EVENT_NO_REG},
         "stop 1: interrupt line 0 → vector 0x20  pit"},
        {"hlt", {.kind = EVENT_HLT}, "stop 1: hlt: waits for an interrupt"},
        {"kind internal", {.kind = EVENT_INTERNAL, .detail = 2}, "stop 1: internal error"},
        {"kind KVM_EXIT_SHUTDOWN", {.kind = EVENT_SHUTDOWN}, "stop 1: shutdown"},
        {"assist", {.kind = EVENT_ASSIST, .detail = ASSIST_POPCNT}, "stop 1: popcnt completed by Ringside"},
        {"assist popcnt", {.kind = EVENT_ASSIST, .detail = ASSIST_POPCNT}, "stop 1: popcnt completed"},
    };
    struct event other = {.kind = EVENT_IRQ_WINDOW};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench b;
        bench_init(&b, MODE_LONG);
        CU_ASSERT_EQUAL_FATAL(add(&b, "stop", cases[i].args), 1);
        CU_ASSERT_EQUAL(event_meets(&b, &cases[i].ev), 1);
        ASSERT_HAS(&b.out, cases[i].sentence);
        CU_ASSERT_EQUAL(event_meets(&b, &other), 0);
        bench_fini(&b);
    }
}

static void test_vectors(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    CU_ASSERT_EQUAL(add(&b, "stop", "vector pf"), 1);
    CU_ASSERT_PTR_NULL(stops_match_vector(b.s, &b.rig.t, 13, false, &b.out));
    CU_ASSERT_EQUAL(number_of(stops_match_vector(b.s, &b.rig.t, 14, false, &b.out)), 1);
    ASSERT_IS(&b.out, "stop 1: exception 0x0e #PF page fault");
    add(&b, "stop", "vector 0x20-0x2f");
    text_clear(&b.out);
    CU_ASSERT_EQUAL(number_of(stops_match_vector(b.s, &b.rig.t, 0x21, true, &b.out)), 2);
    ASSERT_IS(&b.out, "stop 2: interrupt 0x21");
    bench_fini(&b);
}

static void test_list(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    stops_list(b.s, &b.rig.t, &b.out);
    ASSERT_IS(&b.out, "no stops are set\n");
    text_clear(&b.out);
    add(&b, "break", "main if rax == 3");
    add(&b, "tbreak", "made-up.c:0x10");
    add(&b, "tbreak", "made-up.c:10");
    add(&b, "watch", "counter");
    add(&b, "stop", "io 0x3f8-0x3ff out");
    add(&b, "stop", "vector PF");
    struct stops_spec hidden = {.kind = STOPS_BREAK, .first = 0x77777, .last = 0x77777, .hidden = true};
    stops_add(b.s, &hidden, NULL, &b.e);
    CU_ASSERT_EQUAL(stops_set_commands(b.s, 1, "regs\nc", &b.e), 0);
    CU_ASSERT_EQUAL(stops_enable(b.s, 3, false, &b.e), 0);
    stops_list(b.s, &b.rig.t, &b.out);
    ASSERT_HAS(&b.out, "0x1000 <main>");
    ASSERT_HAS(&b.out, "rax == 3");
    ASSERT_HAS(&b.out, "does: regs; c");
    ASSERT_HAS(&b.out, "dword [0x8000] <counter>");
    ASSERT_HAS(&b.out, "disabled");
    ASSERT_HAS(&b.out, "0x3f8-0x3ff out");
    ASSERT_HAS(&b.out, "0xe #PF");
    ASSERT_HAS(&b.out, "once");
    ASSERT_LACKS(&b.out, "77777");
    CU_ASSERT_EQUAL(stops_set_commands(b.s, 1, "", &b.e), 0);
    CU_ASSERT_PTR_NULL(stops_find(b.s, 1)->commands);
    bench_fini(&b);
}

static const struct unit_test tests[] = {
    {"numbers are given once", test_numbers},
    {"too many", test_too_many},
    {"a breakpoint by linear address", test_break},
    {"… in real mode, with a segment's base", test_break_real_mode},
    {"… by physical address", test_break_phys},
    {"once", test_once},
    {"ignore counts", test_ignore},
    {"conditions", test_condition},
    {"a condition that cannot be told stops", test_condition_fails},
    {"several at one place", test_several_at_once},
    {"port access", test_io},
    {"port access of several bytes", test_io_wide},
    {"other events", test_other_events},
    {"vectors", test_vectors},
    {"the list", test_list},
};

UNIT_MAIN("stops", tests)
