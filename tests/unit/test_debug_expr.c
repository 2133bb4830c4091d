/*
 * Expressions: what each form gives, how tightly operators bind, what is refused and in which column.
 */
#include "debug/expr.h"
#include "debug_rig.h"
#include "unit.h"

#include <stdio.h>

struct row {
    const char *text;
    uint64_t want;
};

static void rows_check(const struct target *t, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct err e = {0};
        uint64_t got = 0xbad;
        if (expr_eval(rows[i].text, t, &got, &e) < 0 || got != rows[i].want) {
            fprintf(stderr, "%s: %#llx, not %#llx; %s\n", rows[i].text, (unsigned long long)got,
                    (unsigned long long)rows[i].want, e.text);
            CU_FAIL("an expression has the wrong value");
        }
    }
}
#define ROWS_CHECK(t, rows) rows_check(t, rows, sizeof(rows) / sizeof(rows)[0])

static void errors_check(const struct target *t, const char *const (*rows)[2], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct err e = {0};
        uint64_t got;
        int done = expr_eval(rows[i][0], t, &got, &e);
        if (done == 0 || strcmp(e.text, rows[i][1]) != 0)
            fprintf(stderr, "%s: got \"%s\", wanted \"%s\"\n", rows[i][0], e.text, rows[i][1]);
        CU_ASSERT_EQUAL(done, -1);
        CU_ASSERT_STRING_EQUAL(e.text, rows[i][1]);
    }
}
#define ERRORS_CHECK(t, rows) errors_check(t, rows, sizeof(rows) / sizeof(rows)[0])

static void test_numbers(void)
{
    static const struct row rows[] = {
        {"123", 123},
        {"0x1f", 0x1f},
        {"0X1F", 0x1f},
        {"0b101", 5},
        {"0o17", 15},
        {"017", 17}, /* no octal by accident */
        {"7c00h", 0x7c00},
        {"0b1h", 0xb1},
        {"1_000_000", 1000000},
        {"0xffff_ffff_ffff_ffff", UINT64_MAX},
        {"18446744073709551615", UINT64_MAX},
        {"'A'", 'A'},
        {"'\\n'", '\n'},
        {"'\\''", '\''},
        {"'\\x7f'", 0x7f},
        {"' '", ' '},
        {"  5\t", 5},
    };
    struct rig r;
    rig_init(&r, MODE_LONG);
    ROWS_CHECK(&r.target, rows);
    rig_fini(&r);
}

/* Each row has another value when its operators bind in any other order. */
static void test_operators(void)
{
    static const struct row rows[] = {
        {"2 + 3 * 4", 14},
        {"(2 + 3) * 4", 20},
        {"20 - 5 - 3", 12},
        {"100 / 5 / 2", 10},
        {"100 % 7 * 2", 4},
        {"1 << 2 + 1", 8},
        {"16 >> 1 << 2", 32},
        {"1 << 3 < 9", 1},
        {"3 > 2 == 1", 1},
        {"5 & 6 == 6", 1},
        {"1 | 2 ^ 3 & 1", 1 | (2 ^ (3 & 1))},
        {"4 ^ 4 | 1", 1},
        {"1 || 0 && 0", 1},
        {"0 && 1 || 1", 1},
        {"1 && 2 | 4", 1},
        {"8 && 4", 1},
        {"0 || 8", 1},
        {"0 || 0", 0},
        {"8 && 0", 0},
        {"-1", UINT64_MAX},
        {"~0 >> 60", 15},
        {"- - 3", 3},
        {"!0 + !5", 1},
        {"-2 + 3", 1},
        {"~1 & 3", 2},
        {"0 - 1 > 5", 1}, /* unsigned */
        {"3 <= 3 && 3 >= 3 && 3 != 4", 1},
        {"1 << 64", 0},
        {"1 >> 100", 0},
        {"1<<63", 1ull << 63},
        {"1 && 0 || 2 && 3", 1},
        {"(1 && 0) + (1 || 0) * 2", 2},
        /* the right side is not looked at when the left has decided */
        {"0 && 1/0", 0},
        {"1 || [0xffff000000000000]", 1},
        {"0 && (1 || 1/0) || 7 == 7", 1},
    };
    struct rig r;
    rig_init(&r, MODE_LONG);
    ROWS_CHECK(&r.target, rows);
    rig_fini(&r);
}

static void test_registers(void)
{
    static const struct row rows[] = {
        {"rax", 0x1122334455667788},
        {"$rax", 0x1122334455667788},
        {"RAX", 0x1122334455667788},
        {"eax + ax + al + ah", 0x55667788ull + 0x7788 + 0x88 + 0x77},
        {"$Cs.Base", 0},
        {"cs", 8},
        {"cs.l", 1},
        {"cr0.pg && efer.lme", 1},
        {"zf", 1},
        {"rflags.zf == eflags.zf", 1},
        {"pc == rip", 1},
        {"dr0", 0x1111},
        {"dr7.l0 + dr7.g0 * 2", 2},
        {"msr[0x10]", 0x7777},
        {"msr[0xc0000080]", EFER_LME | EFER_LMA}, /* from the settled copy */
        {"msr [ 0x8 + 8 ]", 0x7777},
        {"main", 0x100000},
        {"main+4", 0x100004},
        {"helper.constprop.0", 0x100040},
        {"big$table@2 - count", 0x10},
        {"sym:rax", 0x101008},
        {"\"rax\" + 1", 0x101009},
        {"count", 0x101000}, /* no event: the symbol */
    };
    struct rig r;
    rig_init(&r, MODE_LONG);
    r.target.regs.rax = 0x1122334455667788;
    r.target.regs.rflags |= RFLAGS_ZF;
    r.msr_10 = 0x7777;
    ROWS_CHECK(&r.target, rows);
    rig_fini(&r);
}

static void test_memory(void)
{
    static const struct row rows[] = {
        {"[0x2000]", 0x8877665544332211},
        {"*0x2000", 0x8877665544332211},
        {"byte [0x2000]", 0x11},
        {"word [0x2000]", 0x2211},
        {"dword [0x2000]", 0x44332211},
        {"qword [0x2000]", 0x8877665544332211},
        {"u8[0x2001]", 0x22},
        {"u16 [0x2001]", 0x3322},
        {"u32 ptr [0x2000 + 1]", 0x55443322},
        {"byte ptr[rbx+2*2]", 0x55},
        {"u64 *rbx", 0x8877665544332211},
        {"*rbx & 0xff", 0x11},
        {"byte [[0x3000]]", 0x11},
        {"**0x3000 & 0xffff", 0x2211},
        {"phys dword [0x2000]", 0x44332211},
        {"dword phys [0x2000]", 0x44332211},
        {"phys *0x2000", 0x8877665544332211},
        {"byte [fs:0x10]", 0x11},
        {"fs:0x10", 0x2000},
        {"word [es:rbx]", 0x2211}, /* ES has no base in 64-bit mode */
        {"rcx == 3 && [rsp+8] != 0", 1},
    };
    struct rig r;
    rig_init(&r, MODE_LONG);
    rig_put_number(&r, 0x2000, 0x8877665544332211, 8);
    rig_put_number(&r, 0x3000, 0x2000, 8);
    r.target.regs.rbx = 0x2000;
    r.target.regs.rcx = 3;
    r.target.regs.rsp = 0x2ff8;
    r.target.sregs.fs.base = 0x1ff0;
    r.target.sregs.es.base = 0x5000;
    ROWS_CHECK(&r.target, rows);
    rig_fini(&r);
}

static void test_widths_by_mode(void)
{
    static const struct row real[] = {
        {"[0x2000]", 0x2211}, {"[es:di]", 0x2211},         {"0xb800:0x10", 0xb8010},
        {"0x200:0", 0x2000},  {"byte [0x1ff:0x11]", 0x22}, {"word [0x100:0x1000] + 1", 0x2212},
        {"es:di+4", 0x2004},  {"0xffff:0xffff", 0x10ffef},
    };
    static const struct row protected[] = {
        {"[0x2000]", 0x44332211},
        {"[0x100002000]", 0x44332211}, /* 32 bits outside IA-32e mode */
        {"8:0x1234", 0x1234},
        {"ds:0x10", 0x10},
    };
    struct rig r;
    rig_init(&r, MODE_REAL);
    rig_put_number(&r, 0x2000, 0x8877665544332211, 8);
    r.target.sregs.es.base = 0x1000;
    r.target.regs.rdi = 0x1000;
    ROWS_CHECK(&r.target, real);
    struct err e;
    struct expr *x = expr_parse("[bx]", &r.target, NULL, &e);
    CU_ASSERT_EQUAL(expr_width(x, &r.target), 2);
    rig_fini(&r);
    rig_init(&r, MODE_PROTECTED);
    rig_put_number(&r, 0x2000, 0x8877665544332211, 8);
    ROWS_CHECK(&r.target, protected);
    CU_ASSERT_EQUAL(expr_width(x, &r.target), 4);
    expr_free(x);
    rig_fini(&r);
}

static void test_widths(void)
{
    static const struct row rows[] = {{"al", 1},      {"ax", 2},        {"eax", 4},       {"rax", 8},
                                      {"zf", 1},      {"cs", 2},        {"[rsp]", 8},     {"word [rsp]", 2},
                                      {"rax + 1", 8}, {"msr[0x10]", 8}, {"(byte [0])", 1}};
    struct rig r;
    rig_init(&r, MODE_LONG);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct expr *x = expr_parse(rows[i].text, &r.target, NULL, &r.e);
        CU_ASSERT_PTR_NOT_NULL_FATAL(x);
        CU_ASSERT_EQUAL(expr_width(x, &r.target), rows[i].want);
        expr_free(x);
    }
    rig_fini(&r);
}

static void test_event(void)
{
    static const struct row rows[] = {
        {"kind == io", 1},
        {"kind != mmio", 1},
        {"kind == hlt", 0},
        {"kind == KVM_EXIT_IO", 1},
        {"device == uart", 1},
        {"device == pic0", 0},
        {"reg == thr", 1},
        {"reg == IMR", 0}, /* the PIC's, though it has the same number as IER */
        {"dir == out && size == 1", 1},
        {"dir == in", 0},
        {"port == 0x3f8 && addr == 0x3f8", 1},
        {"value == 'H'", 1},
        {"value & 0xf0", 0x40},
        {"count", 3}, /* the field, since there is an event */
        {"sym:count", 0x101000},
        {"seq", 42},
        {"kind == main", 0}, /* no kind is called so: the symbol */
        {"kind == 2", 1},
        {"kind == io && value == 0x48 || 1/0", 1},
        {"(kind == io) == 1", 1},
    };
    static const char *const errors[][2] = {
        {"gpa", "column 1: this event (kind io) has no \"gpa\""},
        {"1 + vector", "column 5: this event (kind io) has no \"vector\""},
        {"kind == mmoi", "column 9: \"mmoi\" is neither a register nor a symbol (did you mean \"mmio\"?)"},
        {"device == urt", "column 11: \"urt\" is neither a register nor a symbol (did you mean \"uart\"?)"},
    };
    struct event ev = {.seq = 42,
                       .kind = EVENT_IO,
                       .addr = 0x3f8,
                       .value = 'H',
                       .count = 3,
                       .device = 1,
                       .reg = 0,
                       .dir = DIR_OUT,
                       .size = 1,
                       .flags = EVENT_ADDR | EVENT_VALUE};
    struct rig r;
    rig_init(&r, MODE_LONG);
    r.target.event = &ev;
    ROWS_CHECK(&r.target, rows);
    ERRORS_CHECK(&r.target, errors);
    ev.reg = 1;
    static const struct row second[] = {{"reg == IER", 1}, {"reg == IMR", 0}};
    ROWS_CHECK(&r.target, second);
    ev = (struct event){.kind = EVENT_IRQ, .addr = 0x20, .flags = EVENT_ADDR};
    static const struct row irq[] = {{"vector == 0x20", 1}, {"kind == irq", 1}};
    ROWS_CHECK(&r.target, irq);
    rig_fini(&r);
}

static void test_needs_event(void)
{
    static const struct row rows[] = {
        {"rax == 1", 0}, {"value == 1", 1}, {"kind == io", 1}, {"[rsp] + addr", 1}, {"count == 1", 0}};
    static const char *const errors[][2] = {{"value == 1", "column 1: only an event has \"value\""}};
    struct rig r;
    rig_init(&r, MODE_LONG);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct expr *x = expr_parse(rows[i].text, &r.target, NULL, &r.e);
        CU_ASSERT_PTR_NOT_NULL_FATAL(x);
        CU_ASSERT_EQUAL(expr_needs_event(x), rows[i].want);
        expr_free(x);
    }
    ERRORS_CHECK(&r.target, errors);
    rig_fini(&r);
}

static void test_errors(void)
{
    static const char *const rows[][2] = {
        {"", "column 1: expected a value"},
        {"1 +", "column 4: expected a value"},
        {"1 + )", "column 5: expected a value, not ')'"},
        {"(1", "column 3: expected )"},
        {"[1", "column 3: expected ]"},
        {"1 2", "column 3: expected an operator or the end, not '2'"},
        {"rax = 5", "column 5: expected an operator or the end, not '='"},
        {"1 \x01", "column 3: expected an operator or the end, not byte 0x01"},
        {"foo", "column 1: \"foo\" is neither a register nor a symbol"},
        {"1 + (mian)", "column 6: \"mian\" is neither a register nor a symbol (did you mean \"main\"?)"},
        {"cs.bsae", "column 1: \"cs.bsae\" is neither a register nor a symbol (did you mean \"cs.base\"?)"},
        {"sym:mian", "column 5: \"mian\" is no symbol (did you mean \"main\"?)"},
        {"\"a\nb\"", "column 1: no symbol has byte 0x0a in its name"},
        {"\"abc", "column 1: the quotation mark is not closed"},
        {"0x", "column 2: 'x' is no digit of a number in base 10"},
        {"0x12g", "column 5: 'g' is no digit of a number in base 16"},
        {"0b12", "column 4: '2' is no digit of a number in base 2"},
        {"12ab", "column 3: 'a' is no digit of a number in base 10"},
        {"0x1_0000_0000_0000_0000", "column 1: the number does not fit 64 bits"},
        {"'ab'", "column 1: expected one character between two '"},
        {"'", "column 1: expected one character between two '"},
        {"'\\q'", "column 1: no character is written so"},
        {"5 / 0", "column 3: division by zero"},
        {"5 % (3 - 3)", "column 3: division by zero"},
        {"1 + [0x100000000]", "column 5: cannot read 0x100000000: PDPTE not present"},
        {"[0x8000000000000000]", "column 1: cannot read 0x8000000000000000: not a canonical address"},
        {"phys byte [0xa0000]", "column 1: cannot read physical 0xa0000: no memory there"},
        {"msr[0x11]", "column 1: no MSR 0x11"},
        {"msr[1 << 40]", "column 1: an MSR's number has 32 bits: 0x10000000000 has more"},
        {"0x12345:0", "column 8: a selector has 16 bits: 0x12345 has more"},
        {"0x20:0", "column 5: selector 0x20 lies past the GDT limit 0x17"},
        {"tr:0", "column 3: expected an operator or the end, not ':'"},
    };
    struct rig r;
    rig_init(&r, MODE_LONG);
    ERRORS_CHECK(&r.target, rows);
    rig_fini(&r);
}

static void test_no_ops(void)
{
    static const char *const rows[][2] = {
        {"dr0", "dr0: the debug registers cannot be read here"},
        {"msr[0x10]", "column 1: MSRs cannot be read here"},
        {"main", "column 1: \"main\" is neither a register nor a symbol"},
    };
    struct rig r;
    rig_init(&r, MODE_LONG);
    r.target.ops = NULL;
    r.target.symbols = NULL;
    ERRORS_CHECK(&r.target, rows);
    rig_fini(&r);
}

/* Deep and long input ends in an error, and what is only long is taken. */
static void test_limits(void)
{
    static const char *const nests[] = {"(", "-", "[", "*", "!", "1||(", "1+(", "sym:main+(", "es:("};
    char text[EXPR_LEN_MAX + 16];
    uint64_t value;
    struct rig r;
    rig_init(&r, MODE_LONG);
    for (size_t i = 0; i < sizeof nests / sizeof nests[0]; i++) {
        size_t n = strlen(nests[i]), at = 0;
        for (; at + n < EXPR_LEN_MAX; at += n)
            memcpy(text + at, nests[i], n);
        text[at] = 0;
        CU_ASSERT_EQUAL(expr_eval(text, &r.target, &value, &r.e), -1);
        CU_ASSERT_PTR_NOT_NULL(strstr(r.e.text, "too deeply nested"));
    }
    for (size_t i = 0; i < 2000; i++)
        memcpy(text + 2 * i, i ? "+1" : " 1", 2);
    text[4000] = 0;
    CU_ASSERT_EQUAL(expr_eval(text, &r.target, &value, &r.e), 0);
    CU_ASSERT_EQUAL(value, 2000);
    memset(text, ' ', sizeof text);
    text[EXPR_LEN_MAX - 1] = '1';
    text[EXPR_LEN_MAX] = 0;
    CU_ASSERT_EQUAL(expr_eval(text, &r.target, &value, &r.e), 0);
    text[EXPR_LEN_MAX] = ' ';
    text[EXPR_LEN_MAX + 1] = 0;
    CU_ASSERT_EQUAL(expr_eval(text, &r.target, &value, &r.e), -1);
    CU_ASSERT_STRING_EQUAL(r.e.text, "the expression is longer than 4096 characters");
    rig_fini(&r);
}

static void test_used(void)
{
    static const struct row rows[] = {
        {"rax = 5", 3},  {"main if rcx == 3", 4}, {"1 + 2 , 3", 5}, {"[rsp] foo", 5},
        {"rax==5=6", 6}, {"  rax  ", 5},          {"'a'b", 3},      {"main\n", 4},
    };
    struct rig r;
    rig_init(&r, MODE_LONG);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t used = 99;
        struct expr *x = expr_parse(rows[i].text, &r.target, &used, &r.e);
        CU_ASSERT_PTR_NOT_NULL(x);
        CU_ASSERT_EQUAL(used, rows[i].want);
        expr_free(x);
    }
    size_t used;
    CU_ASSERT_PTR_NULL(expr_parse("= 5", &r.target, &used, &r.e));
    rig_fini(&r);
}

static int assign(struct rig *r, const char *text, uint64_t value)
{
    struct expr *x = expr_parse(text, &r->target, NULL, &r->e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x);
    int done = expr_assign(x, &r->target, value, &r->e);
    expr_free(x);
    return done;
}

static void test_assign(void)
{
    struct rig r;
    uint64_t value;
    rig_init(&r, MODE_LONG);
    CU_ASSERT_EQUAL(assign(&r, "rax", 7), 0);
    CU_ASSERT_EQUAL(r.target.regs.rax, 7);
    CU_ASSERT_TRUE(r.target.regs_changed);
    CU_ASSERT_FALSE(r.target.sregs_changed);
    CU_ASSERT_EQUAL(assign(&r, "(zf)", 1), 0);
    CU_ASSERT_EQUAL(r.target.regs.rflags, RFLAGS_FIXED | RFLAGS_ZF);
    rig_put_number(&r, 0x2000, UINT64_MAX, 8);
    CU_ASSERT_EQUAL(assign(&r, "word [0x2000 + 1]", 0), 0);
    CU_ASSERT_EQUAL(expr_eval("[0x2000]", &r.target, &value, &r.e), 0);
    CU_ASSERT_EQUAL(value, 0xffffffffff0000ff);
    CU_ASSERT_EQUAL(assign(&r, "byte [0x2000]", (uint64_t)-2), 0);
    CU_ASSERT_EQUAL(assign(&r, "phys dword [0x2004]", 0x12345678), 0);
    CU_ASSERT_EQUAL(expr_eval("*0x2000", &r.target, &value, &r.e), 0);
    CU_ASSERT_EQUAL(value, 0x12345678ff0000fe);
    CU_ASSERT_EQUAL(assign(&r, "msr[0x10]", 99), 0);
    CU_ASSERT_EQUAL(r.msr_10, 99);
    CU_ASSERT_EQUAL(assign(&r, "msr[0xc0000080]", EFER_LME | EFER_LMA | EFER_NXE), 0);
    CU_ASSERT_EQUAL(r.target.sregs.efer, EFER_LME | EFER_LMA | EFER_NXE);
    CU_ASSERT_TRUE(r.target.sregs_changed);

    CU_ASSERT_EQUAL(assign(&r, "byte [0x2000]", 0x100), -1);
    CU_ASSERT_STRING_EQUAL(r.e.text, "column 1: 0x100 does not fit 1 byte");
    CU_ASSERT_EQUAL(assign(&r, "byte [0x2000]", 0xffffffffffffff7f), -1);
    CU_ASSERT_EQUAL(assign(&r, "rax + 1", 0), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(r.e.text, "a value, not a place"));
    CU_ASSERT_EQUAL(assign(&r, "1 && [0x2000]", 0), -1);
    CU_ASSERT_EQUAL(assign(&r, "main", 0), -1);
    CU_ASSERT_EQUAL(assign(&r, "[0x100000000]", 0), -1);
    CU_ASSERT_STRING_EQUAL(r.e.text, "column 1: cannot write at 0x100000000: PDPTE not present");
    CU_ASSERT_EQUAL(assign(&r, "msr[0x11]", 0), -1);
    CU_ASSERT_EQUAL(assign(&r, "[1/0]", 0), -1);
    CU_ASSERT_STRING_EQUAL(r.e.text, "column 3: division by zero");
    CU_ASSERT_EQUAL(assign(&r, "cr0.pe", 0), -1);
    rig_fini(&r);
}

/* The debugger writes what the guest may not, but never half of it. */
static void test_assign_rights(void)
{
    static const uint8_t rom[4096];
    struct rig r;
    uint64_t value;
    rig_init(&r, MODE_LONG);
    CU_ASSERT_EQUAL(memory_add_rom(&r.memory, 0xf0000, rom, sizeof rom, &r.e), 0);
    CU_ASSERT_EQUAL(assign(&r, "[0xf0000]", 1), -1);
    CU_ASSERT_STRING_EQUAL(r.e.text, "column 1: cannot write at 0xf0000: it is ROM");
    rig_put_number(&r, 0xefff8, 0x1111, 8);
    CU_ASSERT_EQUAL(assign(&r, "[0xefffc]", UINT64_MAX), -1);
    CU_ASSERT_EQUAL(expr_eval("[0xefff8]", &r.target, &value, &r.e), 0);
    CU_ASSERT_EQUAL(value, 0x1111);
    /* a read-only page: the first 2 MiB, with CR0.WP */
    uint64_t pd = r.target.sregs.cr3 + 0x2000;
    rig_put_number(&r, pd, 0x81, 8);
    r.target.sregs.cr0 |= CR0_WP;
    CU_ASSERT_EQUAL(assign(&r, "byte [0x2000]", 5), 0);
    rig_fini(&r);
}

static void test_names(void)
{
    bool rax = false, lme = false, kind = false;
    size_t n = 0;
    const char *name;
    for (; (name = expr_name(n)); n++) {
        rax = rax || strcmp(name, "rax") == 0;
        lme = lme || strcmp(name, "efer.lme") == 0;
        kind = kind || strcmp(name, "kind") == 0;
    }
    CU_ASSERT_TRUE(rax && lme && kind);
    CU_ASSERT_TRUE(n > 300);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(expr_name(i), expr_name(k)) == 0)
                CU_FAIL("a name is there twice");
}

static const struct unit_test tests[] = {
    {"numbers", test_numbers},
    {"operators", test_operators},
    {"registers, MSRs and symbols", test_registers},
    {"memory", test_memory},
    {"natural width and segments by mode", test_widths_by_mode},
    {"widths", test_widths},
    {"an event's fields", test_event},
    {"expressions that need an event", test_needs_event},
    {"errors name the column", test_errors},
    {"a target that cannot be asked", test_no_ops},
    {"depth and length", test_limits},
    {"the longest expression", test_used},
    {"assignment", test_assign},
    {"assignment against the guest's rights", test_assign_rights},
    {"all names", test_names},
};
UNIT_MAIN("debug/expr", tests)
