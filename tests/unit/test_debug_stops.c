/*
 * The table of stops: adding and deleting, what meets which, conditions, counts, and the sentences.
 */
#include "debug_symbols.h"
#include "debug_target.h"

#include "debug/stops.h"

static const struct symbol rows[] = {
    {"main", 0x1000, 0x100, true}, {"counter", 0x8000, 4, false}, {"table", 0x8100, 64, false}};
static const struct symbols some_symbols = {rows, 3};
static const struct event_device devices[] = {{"none", "", NULL, 0},
                                              {"uart", "16550A", (const char *const[]){"THR", "IER"}, 2},
                                              {"pit", "8254", NULL, 0}};
static const struct event_names names = {.devices = devices, .device_count = 3};

struct bench {
    struct rig rig;
    struct stops *s;
    struct text out;
    struct err e;
};

static void bench_init(struct bench *b, enum cpu_mode mode)
{
    memset(b, 0, sizeof *b);
    rig_init(&b->rig, mode, 0x1004);
    b->rig.t.symbols = &some_symbols;
    b->rig.t.names = &names;
    b->s = stops_create(&b->e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b->s);
}

static void bench_fini(struct bench *b)
{
    stops_destroy(b->s);
    text_fini(&b->out);
    rig_fini(&b->rig);
}

/* Parses and adds; 0 when refused. */
static unsigned add(struct bench *b, const char *verb, const char *args)
{
    struct stops_spec spec;
    if (stops_parse(verb, args, &b->rig.t, &spec, &b->e) < 0)
        return 0;
    return stops_add(b->s, &spec, &b->rig.t, &b->e);
}

static unsigned number_of(const struct stop *x)
{
    return x ? x->number : 0;
}

static unsigned rip_meets(struct bench *b)
{
    text_clear(&b->out);
    return number_of(stops_match_rip(b->s, &b->rig.t, &b->out));
}

static unsigned event_meets(struct bench *b, const struct event *ev)
{
    text_clear(&b->out);
    return number_of(stops_match_event(b->s, &b->rig.t, ev, &b->out));
}

static unsigned change_meets(struct bench *b, const struct target *before)
{
    text_clear(&b->out);
    return number_of(stops_match_change(b->s, before, &b->rig.t, &b->out));
}

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

static void test_mode(void)
{
    struct bench b;
    bench_init(&b, MODE_REAL);
    add(&b, "stop", "mode");
    struct target before = b.rig.t;
    CU_ASSERT_EQUAL(change_meets(&b, &before), 0);
    b.rig.t.sregs.cr0 |= CR0_PE;
    CU_ASSERT_EQUAL(change_meets(&b, &before), 1);
    ASSERT_IS(&b.out, "stop 1: CR0.PE set: real → protected");
    before = b.rig.t;
    b.rig.t.sregs.cr0 |= CR0_WP;
    CU_ASSERT_EQUAL(change_meets(&b, &before), 0); /* no other mode */
    add(&b, "stop", "cr0");
    CU_ASSERT_EQUAL(change_meets(&b, &before), 2);
    ASSERT_IS(&b.out, "stop 2: CR0.WP set");
    add(&b, "stop", "cr3");
    before = b.rig.t;
    b.rig.t.sregs.cr3 = 0x2000;
    CU_ASSERT_EQUAL(change_meets(&b, &before), 3);
    ASSERT_IS(&b.out, "stop 3: CR3 0x0 → 0x2000");
    bench_fini(&b);
}

static void test_mode_sentence(void)
{
    struct kvm_sregs b = {.cr0 = CR0_PE, .cs = {.db = 1}}, n = b;
    struct text out = {0};
    CU_ASSERT_FALSE(stops_mode_sentence(&b, &n, &out));
    ASSERT_IS(&out, "");
    n.cr0 |= CR0_PG;
    n.efer |= EFER_LMA;
    n.cr3 = 0x1000;
    CU_ASSERT_TRUE(stops_mode_sentence(&b, &n, &out));
    ASSERT_IS(&out, "CR0.PG set, EFER.LMA set: protected → compat, CR3 0x0 → 0x1000");
    b = n;
    n.cs.l = 1;
    n.cs.db = 0;
    text_clear(&out);
    CU_ASSERT_TRUE(stops_mode_sentence(&b, &n, &out));
    ASSERT_IS(&out, "CS.L set: compat → long");
    text_clear(&out);
    b = n = (struct kvm_sregs){.cr0 = CR0_PE};
    n.cs.db = 1;
    n.cr4 = CR4_PAE | 1ull << 63;
    CU_ASSERT_TRUE(stops_mode_sentence(&b, &n, &out));
    ASSERT_IS(&out, "CR4.PAE set, CR4 0x0 → 0x8000000000000020, CS.D set: 16-bit → 32-bit code");
    text_fini(&out);
}

static void test_watch_compare(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    CU_ASSERT_EQUAL(add(&b, "watch", "dword [0x8000]"), 1);
    struct target before = b.rig.t;
    b.rig.t.regs.rip = 0x1008;
    CU_ASSERT_EQUAL(change_meets(&b, &before), 0);
    rig_store(&b.rig, 0x8000, 1, 4);
    CU_ASSERT_EQUAL(change_meets(&b, &before), 1);
    ASSERT_IS(&b.out, "watchpoint 1: dword [0x8000] 0x0 → 0x1 at 0x1004 <main+4>");
    CU_ASSERT_EQUAL(change_meets(&b, &before), 0); /* once a change */
    rig_store(&b.rig, 0x8004, 1, 4);
    CU_ASSERT_EQUAL(change_meets(&b, &before), 0);
    rig_store(&b.rig, 0x8003, 0x80, 1);
    stops_look(b.s, &b.rig.t); /* changed by the user's hand */
    CU_ASSERT_EQUAL(change_meets(&b, &before), 0);
    bench_fini(&b);
}

static void test_watch_range(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    CU_ASSERT_EQUAL(add(&b, "watch", "0x8100, 64"), 1);
    struct target before = b.rig.t;
    rig_store(&b.rig, 0x813f, 0x55, 1);
    CU_ASSERT_EQUAL(change_meets(&b, &before), 1);
    ASSERT_IS(&b.out, "watchpoint 1: 0x8100-0x813f, byte [0x813f] 0x0 → 0x55 at 0x1004 <main+4>");
    rig_store(&b.rig, 0x8140, 0x55, 1);
    CU_ASSERT_EQUAL(change_meets(&b, &before), 0);
    bench_fini(&b);
}

/* A page that goes away is a change too, and no crash. */
static void test_watch_unmapped(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    add(&b, "watch", "qword [0x8000]");
    struct target before = b.rig.t;
    b.rig.t.sregs.cr3 = 0x40000000;
    CU_ASSERT_EQUAL(change_meets(&b, &before), 1);
    ASSERT_HAS(&b.out, "qword [0x8000] 0x0 → (not mapped)");
    CU_ASSERT_EQUAL(change_meets(&b, &before), 0);
    b.rig.t.sregs.cr3 = before.sregs.cr3;
    CU_ASSERT_EQUAL(change_meets(&b, &before), 1);
    ASSERT_HAS(&b.out, "(not mapped) → 0x0");
    bench_fini(&b);
}

static void test_watch_access(void)
{
    static const struct {
        const char *verb;
        unsigned direction;
        uint64_t at, len;
        const char *sentence; /* NULL: not met */
    } cases[] = {
        {"watch", STOPS_OUT, 0x8000, 4, "watchpoint 1: dword [0x8000] written, still 0x0 at 0x1004 <main+4>"},
        {"watch", STOPS_IN, 0x8000, 4, NULL},
        {"rwatch", STOPS_IN, 0x8000, 4, "watchpoint 1: dword [0x8000] read, 0x0 at 0x1004 <main+4>"},
        {"rwatch", STOPS_OUT, 0x8000, 4, NULL},
        {"awatch", STOPS_IN, 0x8003, 1, "read, 0x0 at"},
        {"awatch", STOPS_OUT, 0x7ff8, 9, "written, still 0x0"},
        {"awatch", STOPS_OUT, 0x7ff8, 8, NULL},
        {"awatch", STOPS_OUT, 0x8004, 8, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench b;
        bench_init(&b, MODE_LONG);
        add(&b, cases[i].verb, "dword [0x8000]");
        struct target before = b.rig.t;
        b.rig.t.regs.rip += 4;
        unsigned n = number_of(stops_match_access(b.s, &before, &b.rig.t, cases[i].at, cases[i].len,
                                                  cases[i].direction, &b.out));
        CU_ASSERT_EQUAL(n, cases[i].sentence != NULL);
        ASSERT_HAS(&b.out, cases[i].sentence ? cases[i].sentence : "");
        bench_fini(&b);
    }
}

/* What a debug register reports: the instruction is past, and reads cannot be told from writes but by the
 * value. */
static void test_watch_by_number(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    add(&b, "watch", "dword [0x8000]");
    add(&b, "rwatch", "dword [0x8000]");
    rig_store(&b.rig, 0x8000, 7, 4);
    CU_ASSERT_EQUAL(number_of(stops_match_number(b.s, 1, &b.rig.t, &b.out)), 1);
    ASSERT_IS(&b.out, "watchpoint 1: dword [0x8000] 0x0 → 0x7, seen before 0x1004 <main+4>");
    text_clear(&b.out);
    CU_ASSERT_EQUAL(number_of(stops_match_number(b.s, 2, &b.rig.t, &b.out)), 0); /* it was written */
    CU_ASSERT_EQUAL(number_of(stops_match_number(b.s, 2, &b.rig.t, &b.out)), 2);
    ASSERT_IS(&b.out, "watchpoint 2: dword [0x8000] read, 0x7, seen before 0x1004 <main+4>");
    CU_ASSERT_PTR_NULL(stops_match_number(b.s, 77, &b.rig.t, &b.out));
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
    {"modes and control registers", test_mode},
    {"the sentence of a change", test_mode_sentence},
    {"watching by comparing", test_watch_compare},
    {"watching a range", test_watch_range},
    {"watching what is not mapped", test_watch_unmapped},
    {"watching accesses", test_watch_access},
    {"watching by debug register", test_watch_by_number},
    {"the list", test_list},
};

UNIT_MAIN("stops", tests)
