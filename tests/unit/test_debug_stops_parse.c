/*
 * Stops from words: what is understood as what, and what is refused with which words.
 */
#include "debug_symbols.h"
#include "debug_target.h"

#include "debug/stops.h"

static const struct symbol rows[] = {
    {"main", 0x1000, 0x100, true}, {"counter", 0x8000, 4, false}, {"table", 0x8100, 64, false}};
static const struct symbols some_symbols = {rows, 3};
static const struct event_device devices[] = {{"none", "", NULL, 0}, {"uart", "16550A", NULL, 0}};
static const struct event_names names = {.devices = devices, .device_count = 2};

static const struct {
    const char *verb, *args;
    struct stops_spec want;
} good[] = {
    {"break", "*0x7c00", {.kind = STOPS_BREAK, .first = 0x7c00, .last = 0x7c00}},
    {"break", "0x7c00", {.kind = STOPS_BREAK, .first = 0x7c00, .last = 0x7c00}},
    {"break", "main", {.kind = STOPS_BREAK, .first = 0x1000, .last = 0x1000}},
    {"break", "main+4", {.kind = STOPS_BREAK, .first = 0x1004, .last = 0x1004}},
    {"break", "", {.kind = STOPS_BREAK, .first = 0x1004, .last = 0x1004}},
    {"break", "made-up.c:10", {.kind = STOPS_BREAK, .first = 0x1000, .last = 0x1000}},
    {"break", "phys 0x1000", {.kind = STOPS_BREAK_PHYS, .first = 0x1000, .last = 0x1000}},
    {"hbreak", "main", {.kind = STOPS_BREAK, .first = 0x1000, .last = 0x1000, .hardware = true}},
    {"tbreak", "main", {.kind = STOPS_BREAK, .first = 0x1000, .last = 0x1000, .once = true}},
    {"thbreak",
     "main",
     {.kind = STOPS_BREAK, .first = 0x1000, .last = 0x1000, .once = true, .hardware = true}},
    {"watch",
     "dword [0x8000]",
     {.kind = STOPS_WATCH, .first = 0x8000, .last = 0x8003, .direction = STOPS_OUT}},
    {"rwatch",
     "byte [main+1]",
     {.kind = STOPS_WATCH, .first = 0x1001, .last = 0x1001, .direction = STOPS_IN}},
    {"awatch",
     "word [0x8000]",
     {.kind = STOPS_WATCH, .first = 0x8000, .last = 0x8001, .direction = STOPS_ANY}},
    {"watch", "[0x8000]", {.kind = STOPS_WATCH, .first = 0x8000, .last = 0x8007, .direction = STOPS_OUT}},
    {"watch", "0x8000", {.kind = STOPS_WATCH, .first = 0x8000, .last = 0x8007, .direction = STOPS_OUT}},
    {"watch", "0x8000, 16", {.kind = STOPS_WATCH, .first = 0x8000, .last = 0x800f, .direction = STOPS_OUT}},
    {"watch", "0x8000,1", {.kind = STOPS_WATCH, .first = 0x8000, .last = 0x8000, .direction = STOPS_OUT}},
    {"watch", "counter", {.kind = STOPS_WATCH, .first = 0x8000, .last = 0x8003, .direction = STOPS_OUT}},
    {"watch", "table", {.kind = STOPS_WATCH, .first = 0x8100, .last = 0x813f, .direction = STOPS_OUT}},
    {"stop", "io", {.kind = STOPS_IO, .first = 0, .last = 0xffff, .direction = STOPS_ANY}},
    {"stop", "IO 0x3f8-0x3ff OUT", {.kind = STOPS_IO, .first = 0x3f8, .last = 0x3ff, .direction = STOPS_OUT}},
    {"stop", "io in 96", {.kind = STOPS_IO, .first = 96, .last = 96, .direction = STOPS_IN}},
    {"stop", "mmio", {.kind = STOPS_MMIO, .first = 0, .last = UINT64_MAX, .direction = STOPS_ANY}},
    {"stop",
     "mmio 0xb8000, 4000 write",
     {.kind = STOPS_MMIO, .first = 0xb8000, .last = 0xb8f9f, .direction = STOPS_OUT}},
    {"stop",
     "msr 0xc0000080",
     {.kind = STOPS_MSR, .first = 0xc0000080, .last = 0xc0000080, .direction = STOPS_ANY}},
    {"stop", "mode", {.kind = STOPS_MODE, .direction = STOPS_ANY}},
    {"stop", "cr3", {.kind = STOPS_CR3, .direction = STOPS_ANY}},
    {"stop", "cr0", {.kind = STOPS_CR0, .direction = STOPS_ANY}},
    {"stop", "hlt", {.kind = STOPS_HLT, .direction = STOPS_ANY}},
    {"stop", "vector", {.kind = STOPS_VECTOR, .first = 0, .last = 0xff, .direction = STOPS_ANY}},
    {"stop", "vector #GP", {.kind = STOPS_VECTOR, .first = 13, .last = 13, .direction = STOPS_ANY}},
    {"stop", "vector 32-47", {.kind = STOPS_VECTOR, .first = 32, .last = 47, .direction = STOPS_ANY}},
    {"stop",
     "kind mmio",
     {.kind = STOPS_KIND, .first = EVENT_MMIO, .last = EVENT_MMIO, .direction = STOPS_ANY}},
    {"stop", "assist", {.kind = STOPS_ASSIST, .direction = STOPS_ANY}},
    {"stop",
     "assist INT3",
     {.kind = STOPS_ASSIST, .first = ASSIST_INT3, .last = ASSIST_INT3, .direction = STOPS_ANY}},
    {"stop", "device uart out", {.kind = STOPS_DEVICE, .direction = STOPS_OUT}},
};

static void spec_compare(const struct stops_spec *got, const struct stops_spec *want)
{
    CU_ASSERT_EQUAL(got->kind, want->kind);
    CU_ASSERT_EQUAL(got->first, want->first);
    CU_ASSERT_EQUAL(got->last, want->last);
    CU_ASSERT_EQUAL(got->direction, want->direction);
    CU_ASSERT_EQUAL(got->once, want->once);
    CU_ASSERT_EQUAL(got->hardware, want->hardware);
    CU_ASSERT_FALSE(got->hidden);
}

/* Each as it is and with a condition behind it. */
static void test_good(void)
{
    struct rig r;
    rig_init(&r, MODE_LONG, 0x1004);
    r.t.symbols = &some_symbols;
    r.t.names = &names;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct stops_spec spec;
        struct err e = {0};
        char args[128];
        if (stops_parse(good[i].verb, good[i].args, &r.t, &spec, &e) < 0)
            fprintf(stderr, "%s %s: %s\n", good[i].verb, good[i].args, e.text);
        else
            spec_compare(&spec, &good[i].want);
        CU_ASSERT_STRING_EQUAL(e.text, "");
        CU_ASSERT_PTR_NULL(spec.condition);
        stops_spec_fini(&spec);
        snprintf(args, sizeof args, " %s  if rax == 3", good[i].args);
        CU_ASSERT_EQUAL_FATAL(stops_parse(good[i].verb, args, &r.t, &spec, &e), 0);
        spec_compare(&spec, &good[i].want);
        CU_ASSERT_PTR_NOT_NULL(spec.condition);
        CU_ASSERT_STRING_EQUAL(spec.condition_text, "rax == 3");
        stops_spec_fini(&spec);
    }
    rig_fini(&r);
}

static const struct {
    enum cpu_mode mode;
    const char *verb, *args, *why;
} bad[] = {
    {MODE_LONG, "break", "main nonsense", "Only `if CONDITION` can follow"},
    {MODE_LONG, "break", "main if", "a condition is missing"},
    {MODE_LONG, "break", "main if )", "condition"},
    {MODE_LONG, "break", "made-up.c:", "line number"},
    {MODE_LONG, "break", "made-up.c:0", "line number"},
    {MODE_LONG, "break", "made-up.c:4x", "line number"},
    {MODE_LONG, "break", "other.S:4", "no such file"},
    {MODE_LONG, "break", "0x7c0:0x10", "real mode only"},
    {MODE_REAL, "break", "0x17c00:0x10", "16 bits"},
    {MODE_LONG, "break", "phys", "missing"},
    {MODE_LONG, "watch", "", "what is to be watched"},
    {MODE_LONG, "watch", "[0x8000]+1", "computed value"},
    {MODE_LONG, "watch", "0x8000, 0", "length of 0"},
    {MODE_LONG, "watch", "0x8000, 5000", "at most 4096"},
    {MODE_LONG, "watch", "0xffffffffffffffff, 2", "end of the address space"},
    {MODE_LONG, "stop", "", "io mmio msr mode"},
    {MODE_LONG, "stop", "iq", "did you mean io?"},
    {MODE_LONG, "stop", "io 0x10000", "ports end at 0xffff"},
    {MODE_LONG, "stop", "io 0x3ff-0x3f8", "ends before it begins"},
    {MODE_LONG, "stop", "io 0x3f8 out in", "Only `if CONDITION`"},
    {MODE_LONG, "stop", "mode real", "Only `if CONDITION`"},
    {MODE_LONG, "stop", "msr 0x100000000", "MSR numbers end"},
    {MODE_LONG, "stop", "vector 256", "vectors end at 0xff"},
    {MODE_LONG, "stop", "kind", "which kind"},
    {MODE_LONG, "stop", "kind mmoi", "did you mean mmio?"},
    {MODE_LONG, "stop", "kind if rax", "which kind"},
    {MODE_LONG, "stop", "assist frobnicate", "no such instruction"},
    {MODE_LONG, "stop", "device uatr", "did you mean uart?"},
    {MODE_LONG, "stop", "mode if value == 1", "no event"},
    {MODE_LONG, "halt", "", "no such way to stop"},
};

static void test_bad(void)
{
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct rig r;
        struct stops_spec spec;
        struct err e = {0};
        rig_init(&r, bad[i].mode, 0x1004);
        r.t.symbols = &some_symbols;
        r.t.names = &names;
        CU_ASSERT_EQUAL(stops_parse(bad[i].verb, bad[i].args, &r.t, &spec, &e), -1);
        if (!strstr(e.text, bad[i].why))
            fprintf(stderr, "%s %s: %s\n", bad[i].verb, bad[i].args, e.text);
        CU_ASSERT_PTR_NOT_NULL(strstr(e.text, bad[i].why));
        rig_fini(&r);
    }
}

/* A segment in front of an address adds its base; without symbols, names and lines are refused. */
static void test_context(void)
{
    struct rig r;
    struct stops_spec spec;
    struct err e;
    rig_init(&r, MODE_REAL, 0x1004);
    r.t.sregs.ds.base = 0x10000;
    CU_ASSERT_EQUAL(stops_parse("break", "made-up.c:10", &r.t, &spec, &e), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "no symbols"));
    CU_ASSERT_EQUAL(stops_parse("watch", "word [0x20]", &r.t, &spec, &e), 0);
    CU_ASSERT_EQUAL(spec.first, 0x20);
    stops_spec_fini(&spec);
    CU_ASSERT_EQUAL(stops_parse("watch", "word [ds:0x20]", &r.t, &spec, &e), 0);
    CU_ASSERT_EQUAL(spec.first, 0x10020);
    CU_ASSERT_EQUAL(spec.last, 0x10021);
    CU_ASSERT_STRING_EQUAL(spec.where, "word [ds:0x20]");
    stops_spec_fini(&spec);
    rig_fini(&r);
}

/* Words in any order: a spec or one line of error, and nothing worse. */
static void test_any_words(void)
{
    static const char *const verbs[] = {"break", "tbreak", "hbreak", "watch", "rwatch", "awatch", "stop"};
    static const char *const pieces[] = {
        "io",   "mmio", "msr",  "vector", "kind",   "device", "assist", "uart", "in",        "out",
        "read", "if",   "*",    ":",      "-",      ",",      "[",      "]",    "(",         ")",
        "0x10", "9",    "main", "rax",    "dword ", "es:",    "phys",   "==",   "made-up.c", " "};
    struct rig r;
    uint32_t seed = 2463534242u;
    rig_init(&r, MODE_REAL, 0x1004);
    r.t.symbols = &some_symbols;
    r.t.names = &names;
    for (unsigned round = 0; round < 30000; round++) {
        char args[160] = "";
        for (unsigned i = 0; i < 1 + round % 9; i++) {
            seed ^= seed << 13;
            seed ^= seed >> 17;
            seed ^= seed << 5;
            strcat(args, pieces[seed % (sizeof pieces / sizeof pieces[0])]);
            strcat(args, seed & 0x10000 ? " " : "");
        }
        struct stops_spec spec;
        struct err e = {0};
        if (stops_parse(verbs[round % 7], args, &r.t, &spec, &e) == 0) {
            CU_ASSERT(spec.first <= spec.last);
            stops_spec_fini(&spec);
        } else {
            CU_ASSERT(e.text[0] && !strchr(e.text, '\n'));
        }
    }
    rig_fini(&r);
}

static const struct unit_test tests[] = {
    {"understood", test_good},
    {"refused", test_bad},
    {"mode and symbols", test_context},
    {"any words", test_any_words},
};

UNIT_MAIN("stops from words", tests)
