/*
 * What `trace show --steps`, `trace at` and `trace find` say about a small program, of which a trace is made
 * by hand: two instructions of real mode, an access, a branch, a mode switch, and what comes after it.
 */
#include "trace_make.h"

#include "base/bytes.h"
#include "traces/rules.h"
#include "traces/steps.h"

static const struct event_symbol symbols[] = {{0x7c00, 8, "start"}, {0x7e00, 0, "protected_mode"}};

/* A trace under construction. */
struct program {
    struct make_file f;
    struct trace_writer *w;
    struct event_regs regs;
    uint64_t seq;
    uint16_t cs; /* of the next instruction */
};

static struct program program_begin(bool named)
{
    struct program p = {.f = make_file()};
    struct trace_info info = make_info();
    struct err e;
    info.names.symbols = symbols;
    info.names.symbol_count = named ? 2 : 0;
    p.w = trace_create(p.f.path, &info, &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p.w);
    return p;
}

/* Executes `n` bytes of code at `rip`; the registers are set by the caller, but for RIP. */
static void program_step(struct program *p, unsigned mode_cpl, uint64_t rip, const char *code, size_t n,
                         uint64_t next)
{
    uint8_t bytes[16] = {0};
    memcpy(bytes, code, n);
    struct event ev = {.seq = p->seq++,
                       .time_ns = 1000 * p->seq,
                       .rip = rip,
                       .addr = le64_load(bytes),
                       .value = n > 8 ? le64_load(bytes + 8) : 0,
                       .count = 1,
                       .cs = p->cs,
                       .kind = EVENT_STEP,
                       .reg = EVENT_NO_REG,
                       .size = (uint8_t)n,
                       .flags = (uint8_t)(EVENT_ADDR | EVENT_STEPPED | (n > 8 ? EVENT_VALUE : 0)),
                       .mode_cpl = (uint8_t)mode_cpl};
    p->regs.r[EVENT_REG_RIP] = next;
    p->cs = (uint16_t)p->regs.r[EVENT_REG_CS];
    trace_step(p->w, &ev, &p->regs);
}

static const struct event port_access = {.rip = 0x7c05,
                                         .addr = 0x3f8,
                                         .value = 'H',
                                         .count = 1,
                                         .kind = EVENT_IO,
                                         .device = 1,
                                         .reg = 1,
                                         .dir = DIR_OUT,
                                         .size = 1,
                                         .flags = EVENT_VALUE | EVENT_ADDR | EVENT_STEPPED};

static struct make_file program_make(bool named)
{
    struct program p = program_begin(named);
    uint64_t *r = p.regs.r;
    unsigned real = event_with_bits(event_mode_cpl(MODE_REAL, 0), 16);
    unsigned protected = event_with_bits(event_mode_cpl(MODE_PROTECTED, 0), 32);
    r[EVENT_REG_RFLAGS] = 2;
    r[EVENT_REG_RAX] = 0x48;
    program_step(&p, real, 0x7c00, "\xb8\x48\x00", 3, 0x7c03);
    r[EVENT_REG_RAX] = 0;
    r[EVENT_REG_RFLAGS] = 0x46;
    program_step(&p, real, 0x7c03, "\x31\xc0", 2, 0x7c05);
    struct event out = port_access;
    out.seq = p.seq++;
    out.time_ns = 3500;
    trace_put(p.w, &out);
    program_step(&p, real, 0x7c05, "\xee", 1, 0x7c06);
    program_step(&p, real, 0x7c06, "\xeb\xf8", 2, 0x7c00);
    r[EVENT_REG_RAX] = 0x48;
    program_step(&p, real, 0x7c00, "\xb8\x48\x00", 3, 0x7c03);
    r[EVENT_REG_CR0] = 1;
    r[EVENT_REG_CS] = 8;
    program_step(&p, real, 0x7c03, "\x0f\x01\xf0", 3, 0x7e00);
    r[EVENT_REG_RBX] = 0x1122334455667788;
    program_step(&p, protected, 0x7e00, "\xc7\x84\x24\x00\x00\x01\x00\x78\x56\x34\x12", 11, 0x7e0b);
    program_step(&p, protected, 0x7e0b, "\xff\xff", 2, 0x7e0d);
    make_close(p.w);
    return p.f;
}

/* The event and step lines of the program, as they must be. */
static const char lines_plain[] =
    "         --- real mode, 16-bit code ---\n"
    "      0  0x7c00              mov ax, 0x48\n"
    "      1  0x7c03              xor ax, ax                        eax 0x48→0x0  +ZF +PF\n"
    "      2  0x7c05              · out 0x3f8 ← 48 'H'  uart.THR\n"
    "      3  0x7c05              out dx, al\n"
    "      4  0x7c06              jmp 0x7c00                        →0x7c00\n"
    "      5  0x7c00              mov ax, 0x48                      eax 0x0→0x48\n"
    "      6  0x7c03              lmsw ax                           cr0 0x0→0x1 +PE  cs 0x0→0x8  →0x7e00\n"
    "         --- protected mode, 32-bit code ---\n"
    "      7  0x7e00              mov dword ptr [esp+0x10000], 0x12345678  ebx 0x0→0x1122334455667788\n"
    "      8  0x7e0b              (bad)                             →0x7e0d\n";

static char *shown(const struct make_file *f, const struct trace_filter *filter)
{
    char *out = NULL;
    size_t len = 0;
    struct err e;
    FILE *stream = open_memstream(&out, &len);
    struct trace_reader *r = make_reader(f);
    CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
    CU_ASSERT_EQUAL(trace_show_steps(r, filter, stream, &e), 0);
    trace_reader_close(r);
    fclose(stream);
    return out;
}

static void test_show(void)
{
    struct make_file f = program_make(false);
    struct trace_filter all = {0}, some = {.from_seq = 4, .limit = 1};
    char *out = shown(&f, &all);
    if (strcmp(out, lines_plain) != 0)
        fputs(out, stderr);
    CU_ASSERT_STRING_EQUAL(out, lines_plain);
    free(out);
    out = shown(&f, &some);
    CU_ASSERT_STRING_EQUAL(out, "         --- real mode, 16-bit code ---\n"
                                "      4  0x7c06              jmp 0x7c00                        →0x7c00\n");
    free(out);
    unlink(f.path);
}

static void test_symbols(void)
{
    struct make_file f = program_make(true);
    struct trace_filter some = {.from_seq = 4, .end_seq = 8};
    char *out = shown(&f, &some);
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "  0x7c06 start+6                jmp 0x7c00"));
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "→0x7c00 start\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(out, "→0x7e00 protected_mode\n"));
    free(out);
    unlink(f.path);
}

/* What `trace at` says; the caller frees. */
static char *said_at(const struct make_file *f, uint64_t seq, bool json, int status)
{
    struct text out = {0};
    struct err e = {0};
    struct trace_reader *r = make_reader(f);
    CU_ASSERT_EQUAL(trace_at(r, seq, json, &out, &e), status);
    char *said = strdup(status ? e.text : text_str(&out));
    trace_reader_close(r);
    text_fini(&out);
    return said;
}

static void expect_at(const struct make_file *f, uint64_t seq, const char *const *wanted)
{
    char *said = said_at(f, seq, false, 0);
    for (; *wanted; wanted++) {
        if (!strstr(said, *wanted))
            fprintf(stderr, "`%s` is not in:\n%s", *wanted, said);
        CU_ASSERT_PTR_NOT_NULL(strstr(said, *wanted));
    }
    free(said);
}

static void test_at(void)
{
    struct make_file f = program_make(false);
    expect_at(&f, 6,
              (const char *const[]){"event 6, 0.000007 s into the run, in real mode, 16-bit code, CPL 0\n",
                                    "\n>       6  0x7c03              lmsw ax", "\n        2  0x7c05  ",
                                    "\n        7  0x7e00  ", "Registers after it (* changed by it):\n",
                                    "eax 00000048  ", "eip*00007e00\n", "cs*0008  ",
                                    "protected mode, 32-bit code, CPL 0\n", "cr0 *0x1          *PE\n", NULL});
    expect_at(&f, 0,
              (const char *const[]){"\n>       0  0x7c00", "Registers after it:\n", "ip  00007c03\n", NULL});
    /* The access comes before its instruction is over: the registers are those that the step before left. */
    expect_at(&f, 2,
              (const char *const[]){"\n>       2  0x7c05", "Registers then, as step 1 left them:\n",
                                    "eax 00000000", "ip  00007c05\n", "ZF PF\n", NULL});
    char *said = said_at(&f, 5, true, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "\"regs\":{\"rax\":\"0x48\",\"rcx\":\"0x0\","));
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "\"gs\":\"0x0\"}}\n"));
    free(said);
    said = said_at(&f, 9, false, -1);
    CU_ASSERT_STRING_EQUAL(said, "there is no event 9: the last one is 8");
    free(said);
    unlink(f.path);
}

/* Without registers, and without events. */
static void test_at_nothing(void)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    struct event ev = port_access, later = {.seq = 2, .rip = 0x9000, .kind = EVENT_IO, .count = 1};
    struct event_regs regs = {{0}};
    ev.kind = EVENT_STEP;
    trace_put(w, &ev);
    ev.seq = 1;
    trace_step(w, &ev, &regs);
    trace_put(w, &later);
    make_close(w);
    expect_at(&f, 0, (const char *const[]){"Registers: not in this trace up to here.", NULL});
    expect_at(&f, 2, (const char *const[]){"not known", "those after event 1.\n", NULL});
    w = make_writer(&f);
    make_close(w);
    char *said = said_at(&f, 0, false, -1);
    CU_ASSERT_STRING_EQUAL(said, "there is no event 0: the trace has none at all");
    free(said);
    unlink(f.path);
}

/* The numbers of the events that are found, as text: `4 6 `. */
static void expect_found(const struct make_file *f, const char *question, bool all, uint64_t limit,
                         const char *want)
{
    char *out = NULL, numbers[200] = "";
    size_t len = 0;
    struct err e = {0};
    struct trace_find find = {.query = query_compile(question, &e), .all = all, .limit = limit, .json = true};
    struct trace_reader *r = make_reader(f);
    FILE *stream = open_memstream(&out, &len);
    CU_ASSERT_FATAL(find.query && stream);
    CU_ASSERT_EQUAL(trace_find(r, &find, stream, &e), !*want);
    fclose(stream);
    for (const char *line = out; *line; line = strchr(line, '\n') + 1)
        snprintf(numbers + strlen(numbers), sizeof numbers - strlen(numbers), "%lu ",
                 strtoul(line + strlen("{\"seq\":"), NULL, 10));
    if (strcmp(numbers, want) != 0)
        fprintf(stderr, "%s: `%s` instead of `%s`\n", question, numbers, want);
    CU_ASSERT_STRING_EQUAL(numbers, want);
    query_free(find.query);
    trace_reader_close(r);
    free(out);
}

static void test_find(void)
{
    struct make_file f = program_make(false);
    expect_found(&f, "rax == 0x48", false, 0, "0 5 ");
    expect_found(&f, "AX == 72", true, 0, "0 5 6 7 8 ");
    expect_found(&f, "rax == 0x48", true, 2, "0 5 ");
    expect_found(&f, "zf", false, 0, "1 ");
    expect_found(&f, "!zf", false, 0, "0 ");
    expect_found(&f, "cr0.pe && cs.index == 1", false, 0, "6 ");
    expect_found(&f, "bh == 0x77 && ebx == 0x55667788", false, 0, "7 ");
    expect_found(&f, "rax == 0 && kind == io", false, 0, "2 ");
    expect_found(&f, "kind == io", false, 0, "2 ");
    expect_found(&f, "rip == 0x7c00", false, 0, "0 5 ");
    expect_found(&f, "rax == 5", false, 0, "");
    unlink(f.path);
}

static void expect_refused(const struct make_file *f, const char *question, const char *why)
{
    struct err e = {0};
    struct query *q = query_compile(question, &e);
    if (q) {
        struct trace_find find = {.query = q};
        struct trace_reader *r = make_reader(f);
        CU_ASSERT_EQUAL(trace_find(r, &find, stderr, &e), -1);
        trace_reader_close(r);
    }
    if (!strstr(e.text, why))
        fprintf(stderr, "%s: `%s` instead of `%s`\n", question, e.text, why);
    CU_ASSERT_PTR_NOT_NULL(strstr(e.text, why));
    query_free(q);
}

static void test_find_refused(void)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    trace_put(w, &port_access);
    make_close(w);
    expect_refused(&f, "rax == 5", "this trace has no registers");
    expect_refused(&f, "kind == io && dr0", "column 15: a trace does not keep the register dr0");
    expect_refused(&f, "raxx == 5", "column 1: \"raxx\" is no field");
    expect_refused(&f, "rax == \"a\"", "column 8:");
    expect_refused(&f, "eip == 1", "a trace does not keep");
    unlink(f.path);
}

/* Where "no" to everything would look like an answer, a question about registers that are not there is
 * refused. */
static void test_no_registers(void)
{
    static const char text[] = "rule r\nnever rax == 5\n";
    struct make_file with = program_make(false), without = make_file();
    struct trace_writer *w = make_writer(&without);
    trace_put(w, &port_access);
    make_close(w);
    for (int bare = 0; bare < 2; bare++) {
        struct err e = {0};
        struct rules *rules = rules_parse(text, strlen(text), &e);
        struct trace_reader *r = make_reader(bare ? &without : &with);
        struct rules_report report;
        struct trace_filter filter = {.where = query_compile("rax == 0", &e)};
        FILE *null = fopen("/dev/null", "w");
        CU_ASSERT_FATAL(rules && filter.where && null);
        CU_ASSERT_EQUAL(rules_run(rules, r, &report, &e), bare ? -1 : 0);
        CU_ASSERT_EQUAL(strstr(e.text, "rule \"r\" asks for registers") != NULL, bare);
        if (!bare)
            rules_report_fini(&report);
        CU_ASSERT_EQUAL(trace_show(r, &filter, null, &e), bare ? -1 : 0);
        CU_ASSERT_EQUAL(strstr(e.text, "this trace has no registers") != NULL, bare);
        fclose(null);
        query_free(filter.where);
        rules_free(rules);
        trace_reader_close(r);
    }
    unlink(with.path);
    unlink(without.path);
}

static const struct unit_test tests[] = {
    {"show --steps", test_show},
    {"symbols in it", test_symbols},
    {"at an event", test_at},
    {"at an event without registers", test_at_nothing},
    {"find", test_find},
    {"questions that find refuses", test_find_refused},
    {"questions about registers that are not there", test_no_registers},
};
UNIT_MAIN("traces: steps", tests)
