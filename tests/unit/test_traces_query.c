/*
 * The question language: what it answers, and that no text makes it fall over.
 */
#include "trace_make.h"

#include "traces/query.h"

/* Events that the questions are put to. */
enum { OUT_H, IN_LSR, MMIO, HLT, IRQ, SHUTDOWN, ASSIST, WRMSR, OUTS, EVENTS };

static const struct event events[EVENTS] = {
    [OUT_H] = {.seq = 0,
               .time_ns = 500,
               .rip = 0x7c10,
               .addr = 0x3f8,
               .value = 'H',
               .count = 1,
               .kind = EVENT_IO,
               .device = 1,
               .reg = 1,
               .dir = DIR_OUT,
               .size = 1,
               .flags = EVENT_VALUE | EVENT_ADDR,
               .guest_ns = 70,
               .host_ns = 30},
    [IN_LSR] = {.seq = 1,
                .rip = 0x7c15,
                .addr = 0x3fd,
                .value = 0x60,
                .count = 1,
                .kind = EVENT_IO,
                .device = 1,
                .reg = 2,
                .dir = DIR_IN,
                .size = 1,
                .flags = EVENT_VALUE | EVENT_ADDR | EVENT_STEPPED,
                .mode_cpl = MODE_PROTECTED},
    [MMIO] = {.seq = 2,
              .rip = 0xffffffff81000010,
              .addr = 0xb8000,
              .value = 0x748,
              .count = 1,
              .cs = 8,
              .kind = EVENT_MMIO,
              .device = 2,
              .reg = 0,
              .dir = DIR_OUT,
              .size = 2,
              .flags = EVENT_VALUE | EVENT_ADDR | EVENT_RIP_NEXT,
              .mode_cpl = MODE_LONG | 3 << 4},
    [HLT] = {.seq = 3,
             .rip = 0x7c20,
             .count = 1,
             .kind = EVENT_HLT,
             .reg = EVENT_NO_REG,
             .mode_cpl = MODE_COMPAT},
    [IRQ] = {.seq = 4,
             .addr = 0x21,
             .count = 1,
             .kind = EVENT_IRQ,
             .reg = EVENT_NO_REG,
             .detail = 1,
             .flags = EVENT_ADDR},
    [SHUTDOWN] = {.seq = 5, .count = 1, .kind = EVENT_SHUTDOWN, .reg = EVENT_NO_REG, .flags = EVENT_NO_CPU},
    [ASSIST] = {.seq = 6,
                .addr = 0x80cd,
                .value = 0x80,
                .count = 1,
                .kind = EVENT_ASSIST,
                .detail = ASSIST_INT,
                .size = 2,
                .reg = EVENT_NO_REG,
                .flags = EVENT_ADDR | EVENT_VALUE,
                .vcpu = 2},
    [WRMSR] = {.seq = 7,
               .addr = 0xc0000080,
               .value = UINT64_MAX,
               .count = 1,
               .kind = EVENT_MSR_WRITE,
               .dir = DIR_OUT,
               .size = 8,
               .reg = EVENT_NO_REG,
               .flags = EVENT_ADDR | EVENT_VALUE},
    [OUTS] = {.seq = 8,
              .addr = 0x80,
              .value = 0x1122,
              .count = 5,
              .kind = EVENT_IO,
              .device = 3,
              .reg = EVENT_NO_REG,
              .dir = DIR_OUT,
              .size = 2,
              .flags = EVENT_ADDR | EVENT_VALUE | EVENT_STRING | EVENT_UNCLAIMED},
};

static const struct event_names names = {.devices = make_devices, .device_count = 4};

/* A bit for each event that the question is true for. */
static unsigned answers(const char *text)
{
    struct err e = {0};
    struct query *q = query_compile(text, &e);
    if (!q) {
        fprintf(stderr, "\n%s: %s\n", text, e.text);
        CU_FAIL("a question that should compile");
        return 0;
    }
    unsigned bits = 0;
    for (size_t i = 0; i < EVENTS; i++)
        bits |= (unsigned)query_match(q, &names, &events[i]) << i;
    query_free(q);
    return bits;
}

#define B(event) (1u << (event))
#define ALL      (B(EVENTS) - 1)

struct answer {
    const char *text;
    unsigned bits;
};

static void expect_answers(const struct answer *table, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned got = answers(table[i].text);
        if (got != table[i].bits)
            fprintf(stderr, "\n%s: 0x%x instead of 0x%x\n", table[i].text, got, table[i].bits);
        CU_ASSERT_EQUAL(got, table[i].bits);
    }
}

#define EXPECT(table) expect_answers(table, sizeof(table) / sizeof(table)[0])

static void test_fields(void)
{
    static const struct answer table[] = {
        {"kind == io", B(OUT_H) | B(IN_LSR) | B(OUTS)},
        {"kind == \"io\"", B(OUT_H) | B(IN_LSR) | B(OUTS)},
        {"device == uart", B(OUT_H) | B(IN_LSR)},
        {"device != uart", ALL & ~(B(OUT_H) | B(IN_LSR))},
        {"reg == THR", B(OUT_H)},
        {"reg == uart.THR", B(OUT_H)},
        {"reg == vga.THR", 0},
        {"reg != uart.THR", ALL & ~B(OUT_H)},
        {"dir == in", B(IN_LSR)},
        {"dir == out", B(OUT_H) | B(MMIO) | B(WRMSR) | B(OUTS)},
        {"mode == protected", B(IN_LSR)},
        {"mode == compat", B(HLT)},
        {"mode == real",
         B(OUT_H) | B(IRQ) | B(ASSIST) | B(WRMSR) | B(OUTS)}, /* not the shutdown: its mode is lost */
        {"port == 0x3f8", B(OUT_H)},
        {"gpa == 0xb8000", B(MMIO)},
        {"msr == 0xc0000080", B(WRMSR)},
        {"addr == 0xb8000 || addr == 0x3f8", B(MMIO) | B(OUT_H)},
        {"vector == 0x21", B(IRQ)},
        {"vector == 0x80", B(ASSIST)},
        {"line == 1", B(IRQ)},
        {"value == 'H'", B(OUT_H)},
        {"value == 0xffffffffffffffff", B(WRMSR)},
        {"size == 2", B(MMIO) | B(ASSIST) | B(OUTS)},
        {"count > 1", B(OUTS)},
        {"rip == 0xffffffff81000010", B(MMIO)},
        {"cs == 8", B(MMIO)},
        {"cpl == 3", B(MMIO)},
        {"vcpu == 2", B(ASSIST)},
        {"detail == 1", B(IRQ) | B(ASSIST)},
        {"seq <= 1", B(OUT_H) | B(IN_LSR)},
        {"time_ns == 500 && guest_ns == 70 && host_ns == 30", B(OUT_H)},
        {"exit", ALL & ~B(IRQ)},
        {"string", B(OUTS)},
        {"unclaimed", B(OUTS)},
        {"stepped", B(IN_LSR)},
        {"rip_next", B(MMIO)},
    };
    EXPECT(table);
}

static void test_operators(void)
{
    static const struct answer table[] = {
        {"port in 0x3f8..0x3ff", B(OUT_H) | B(IN_LSR)},
        {"port in 0x3f8 .. 0x3f8 + 5", B(OUT_H) | B(IN_LSR)},
        {"port in 0x3ff..0x3f8", 0},
        {"kind == io and dir == out", B(OUT_H) | B(OUTS)},
        {"kind == hlt or kind == mmio && dir == in", B(HLT)},
        {"(kind == hlt or kind == mmio) && dir == out", B(MMIO)},
        {"not kind == io && !(kind == hlt)", ALL & ~(B(OUT_H) | B(IN_LSR) | B(OUTS) | B(HLT))},
        {"! ! unclaimed", B(OUTS)},
        {"value & 0x40 == 0x40", B(OUT_H) | B(IN_LSR) | B(MMIO) | B(WRMSR)},
        {"value & 1", B(WRMSR)},
        {"seq << 1 == 6", B(HLT)},
        {"seq >> 1 == 1 && seq | 1 == 3", B(MMIO) | B(HLT)},
        {"seq << 64 == 0 && seq >> 64 == 0 && seq == 3", B(HLT)},
        {"seq * 2 + 1 == 7", B(HLT)},
        {"seq - 1 == 0xffffffffffffffff", B(OUT_H)}, /* wraps */
        {"2 + 3 * 4 - 1 == 13", ALL},
        {"1 << 2 + 1 == 8", ALL},
        {"1 | 2 & 3 == 3", ALL},
        {"seq < 1", B(OUT_H)},
        {"seq >= 8", B(OUTS)},
        {"seq != 3 && seq > 1 && seq < 5", B(MMIO) | B(IRQ)},
        {"0b101 == 5 && '\\n' == 10 && '\\x41' == 'A' && '\\'' == 39", ALL},
        {"0", 0},
        {"1", ALL},
        {"\tseq\n== 3\r\n", B(HLT)},
    };
    EXPECT(table);
}

/* What an event does not have equals nothing, and != is the opposite. */
static void test_missing_fields(void)
{
    static const struct answer table[] = {
        {"port == 0", 0},
        {"port != 0x3f8", ALL & ~B(OUT_H)},
        {"port < 0xffff", B(OUT_H) | B(IN_LSR) | B(OUTS)},
        {"!(port < 0xffff)", ALL & ~(B(OUT_H) | B(IN_LSR) | B(OUTS))},
        {"port + 1 == 0x3f9", B(OUT_H)},
        {"port * 0 == 0", B(OUT_H) | B(IN_LSR) | B(OUTS)},
        {"gpa in 0..0xffffffffffffffff", B(MMIO)},
        {"rip == 0 && kind == shutdown", 0},
        {"mode =~ \".\" && kind == shutdown", 0},
        {"line", B(IRQ)},
    };
    EXPECT(table);
}

static void test_text(void)
{
    static const struct answer table[] = {
        {"text =~ \"'H'\"", B(OUT_H)},
        {"text =~ \"^(out|in) 0x3f[8-9a-f]\"", B(OUT_H) | B(IN_LSR)},
        {"text =~ \"vector 0x2\"", B(IRQ)},
        {"text == \"out 0x3f8 ← 48 'H'  uart.THR\"", B(OUT_H)},
        {"text =~ \"← 48\"", B(OUT_H)},
        {"reg =~ \"^(THR|RBR)$\"", B(OUT_H)},
        {"text =~ \"uart\\.\"", B(OUT_H) | B(IN_LSR)},
        {"device =~ \"a{1,3}\"", B(OUT_H) | B(IN_LSR) | B(MMIO)},
        {"! (text =~ \".\")", 0},
        {"text =~ \"[[:alpha:]++++++++++++]ut []+++++++++++++0]x\"", B(OUT_H)},
        {"text =~ \"\\\\[+|^out 0x3f8 .+ [0-9a-f]+ \"", B(OUT_H)},
    };
    EXPECT(table);
}

static void test_end(void)
{
    static const struct {
        const char *text;
        bool is;
    } table[] = {
        {"status == halted", true},
        {"status != halted", false},
        {"status == debug-exit || status == \"triple-fault\"", false},
        {"exit_code == 0", true},
        {"mode == long", true},
        {"steps == 42", true},
        {"rip == 0xffffffff81000000", true},
        {"elapsed_ns > 1000", true},
        {"reason =~ \"interrupts off\"", true},
    };
    const struct trace_end end = make_end();
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct err e = {0};
        struct query *q =
            query_compile_end(table[i].text, strlen(table[i].text), (struct query_place){0, 1}, &e);
        CU_ASSERT_PTR_NOT_NULL_FATAL(q);
        CU_ASSERT_EQUAL(query_match_end(q, &end), table[i].is);
        query_free(q);
    }
}

/* Names that machines may have holes in, and a trace with no devices at all. */
static void test_poor_names(void)
{
    static const char *const regs[] = {NULL, "THR"};
    static const struct event_device devices[] = {{"none", "", NULL, 0}, {"uart", "", regs, 2}};
    const struct event_names poor = {.devices = devices, .device_count = 2}, none = {0};
    struct err e = {0};
    struct query *q = query_compile("reg == uart.THR", &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(q);
    CU_ASSERT_EQUAL(query_check_names(q, &poor, &e), 0);
    CU_ASSERT_EQUAL(query_check_names(q, &none, &e), -1);
    CU_ASSERT_TRUE(query_match(q, &poor, &events[OUT_H]));
    CU_ASSERT_FALSE(query_match(q, &none, &events[OUT_H]));
    query_free(q);
}

/* Any bytes, and any soup of real tokens: refused or answered, never a crash (the sanitizers watch). */
static void test_garbage(void)
{
    static const char *const soup[] = {
        "kind", "==",  "io",       "&&", "(",  ")", "!",  "in", "..", "0x3f8", "'a'",    "\"a{9}\"", "=~",
        "text", "reg", "uart.THR", "<",  "<<", "-", "or", "\\", "'",  "\"",    "status", "\x80",     "value"};
    uint64_t seed = 20261122;
    for (unsigned round = 0; round < 20000; round++) {
        char text[200];
        size_t len = 0;
        struct err e = {0};
        while (len < 150 && make_random(&seed) % 12) {
            const char *word = soup[make_random(&seed) % (sizeof soup / sizeof soup[0])];
            if (round % 2)
                len += (size_t)snprintf(text + len, sizeof text - len, "%s ", word);
            else
                text[len++] = (char)make_random(&seed);
        }
        char *exact = malloc(len ? len : 1);
        CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
        memcpy(exact, text, len);
        struct query *q = query_compile_part(exact, len, (struct query_place){0, 1}, &e);
        free(exact);
        for (size_t i = 0; q && i < EVENTS; i++)
            (void)query_match(q, &names, &events[i]);
        CU_ASSERT_TRUE(q || !strncmp(e.text, "column ", 7));
        query_free(q);
    }
}

static void test_help(void)
{
    const char *name, *summary;
    size_t n = 0;
    while (query_field_help(n, &name, &summary)) {
        CU_ASSERT_TRUE(name[0] && summary[0]);
        n++;
    }
    CU_ASSERT_TRUE(n > 20);
}

static void test_source(void)
{
    struct err e;
    struct query *q = query_compile("  seq ==\n   1   && port==2 ", &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(q);
    CU_ASSERT_STRING_EQUAL(query_source(q), "seq == 1 && port==2");
    query_free(q);
    q = query_compile("text =~ \"\x1b" "2J\xff\"", &e); /* it is shown on terminals */
    CU_ASSERT_PTR_NOT_NULL_FATAL(q);
    CU_ASSERT_STRING_EQUAL(query_source(q), "text =~ \"?2J?\"");
    query_free(q);
}

static const struct unit_test tests[] = {
    {"fields", test_fields},   {"operators", test_operators}, {"missing fields", test_missing_fields},
    {"text", test_text},       {"the end", test_end},         {"poor names", test_poor_names},
    {"garbage", test_garbage}, {"help", test_help},           {"source", test_source},
};
UNIT_MAIN("traces: queries", tests)
