/*
 * Listings of code in a made-up guest: marks, labels and addresses in each mode, what is said of the
 * instruction at RIP, and code that is not there.
 */
#include "debug/listing.h"

#include "symbol_files.h"
#include "vm/cpu.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define RAM_LEN  0x200000ull

/* A guest that stands still, and the text of a listing of it. */
struct bench {
    struct guest_memory m;
    struct target t;
    struct text out;
};

enum mode { REAL, PROTECTED, LONG };

static void bench_init(struct bench *b, enum mode mode, uint64_t rip)
{
    struct err e;
    memset(b, 0, sizeof *b);
    if (memory_init(&b->m, NULL, RAM_LEN, &e) < 0)
        abort();
    b->t = (struct target){.memory = &b->m, .regs = {.rip = rip, .rflags = RFLAGS_FIXED}};
    if (mode == PROTECTED) {
        b->t.sregs.cr0 = CR0_PE;
        b->t.sregs.cs = (struct kvm_segment){.selector = 8, .db = 1};
    } else if (mode == LONG) { /* 0 to 2 MiB is mapped one to one, and at 0xffff800000000000 */
        b->t.sregs.cr0 = CR0_PE | CR0_PG;
        b->t.sregs.cr4 = CR4_PAE;
        b->t.sregs.cr3 = 0x10000;
        b->t.sregs.efer = EFER_LME | EFER_LMA;
        b->t.sregs.cs = (struct kvm_segment){.selector = 8, .l = 1};
        le_store(b->m.ram + 0x10000, 0x11003, 8);
        le_store(b->m.ram + 0x10800, 0x11003, 8);
        le_store(b->m.ram + 0x11000, 0x12003, 8);
        le_store(b->m.ram + 0x12000, 0x83, 8);
    }
}

static void bench_fini(struct bench *b)
{
    memory_fini(&b->m);
    text_fini(&b->out);
}

#define PUT(b, gpa, ...)                                                                                     \
    memcpy((b)->m.ram + (gpa), (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* The listing, with each run of spaces as one, must be `want`. */
static void check_text(const struct text *out, const char *want)
{
    struct text got = {0};
    for (const char *p = text_str(out); *p; p++)
        if (*p != ' ' || p[1] != ' ')
            text_addc(&got, *p);
    if (strcmp(text_str(&got), want) != 0)
        fprintf(stderr, "--- got:\n%s--- wanted:\n%s", text_str(&got), want);
    CU_ASSERT_STRING_EQUAL(text_str(&got), want);
    text_fini(&got);
}

static uint64_t list(struct bench *b, const struct symbols *s, uint64_t rip, size_t count)
{
    const struct disasm_style style = {.symbols = s};
    text_clear(&b->out);
    return listing_write(&b->t, &style, rip, count, NULL, &b->out);
}

static bool marked(void *ctx, uint64_t linear)
{
    return linear == *(uint64_t *)ctx;
}

/* Real mode: CS:IP, and symbols, marks and RIP by linear address. */
static void test_real(void)
{
    static const struct symbol_made rows[] = {{"start", 0x1000, 0, LABEL | GLOBAL, IN_TEXT},
                                              {"loop_top", 0x1002, 0, LABEL | LOCAL, IN_TEXT}};
    struct symbols *s = symbols_make(rows, COUNT(rows));
    struct bench b;
    uint64_t breakpoint = 0x1003;
    const struct disasm_style style = {.symbols = s};
    const struct listing_marks marks = {marked, &breakpoint};
    bench_init(&b, REAL, 2);
    b.t.sregs.cs = (struct kvm_segment){.selector = 0x100, .base = 0x1000};
    PUT(&b, 0x1000, 0x31, 0xc0, 0x40, 0xeb, 0xfd, 0xf4);
    CU_ASSERT_EQUAL(listing_write(&b.t, &style, 0, 4, &marks, &b.out), 6);
    check_text(&b.out, " start:\n"
                       " 0100:0000 31 c0 xor ax, ax\n"
                       " loop_top:\n"
                       "> 0100:0002 40 inc ax\n"
                       " * 0100:0003 eb fd jmp 0x2 <loop_top>\n"
                       " 0100:0005 f4 hlt\n");
    breakpoint = 0x1002;
    text_clear(&b.out);
    listing_write(&b.t, &style, 2, 1, &marks, &b.out);
    CU_ASSERT_STRING_EQUAL(text_str(&b.out),
                           "    loop_top:\n>*  0100:0002  40                    inc ax\n");
    const struct disasm_style att = {.syntax = DISASM_ATT};
    text_clear(&b.out);
    listing_write(&b.t, &att, 0, 1, NULL, &b.out);
    check_text(&b.out, " 0100:0000 31 c0 xor %ax, %ax\n");
    bench_fini(&b);
    symbols_close(s);
}

/* The offset wraps at 64 KiB in 16-bit code, at 4 GiB in 32-bit code. */
static void test_wrap(void)
{
    struct bench b;
    bench_init(&b, REAL, 0x100);
    PUT(&b, 0xffff, 0x90, 0xf4);
    PUT(&b, 0, 0xfa);
    CU_ASSERT_EQUAL(list(&b, NULL, 0xffff, 2), 1);
    check_text(&b.out, " 0000:ffff 90 nop\n 0000:0000 fa cli\n");
    bench_fini(&b);
    bench_init(&b, PROTECTED, 0);
    b.t.sregs.cs.base = 0x1001;
    PUT(&b, 0x1000, 0x90, 0xfa);
    CU_ASSERT_EQUAL(list(&b, NULL, 0xffffffff, 2), 1);
    check_text(&b.out, " ffffffff 90 nop\n> 00000000 fa cli\n");
    bench_fini(&b);
}

/* Bytes that are no instruction take a line each; where memory ends a line says why. */
static void test_bad(void)
{
    struct bench b;
    bench_init(&b, LONG, 0x1000);
    PUT(&b, 0x2000, 0x06, 0x0f, 0x0b, 0xf4);
    CU_ASSERT_EQUAL(list(&b, NULL, 0x2000, 3), 0x2004);
    check_text(&b.out, " 00002000 06 (bad)\n 00002001 0f 0b ud2\n 00002003 f4 hlt\n");
    /* the last bytes of the mapping: one whole instruction, and one that goes on behind it */
    PUT(&b, RAM_LEN - 3, 0x90, 0x48, 0xb8);
    CU_ASSERT_EQUAL(list(&b, NULL, RAM_LEN - 3, 5), RAM_LEN - 2);
    check_text(&b.out, " 001ffffd 90 nop\n 001ffffe cannot be read to its end: PDE not present\n");
    CU_ASSERT_EQUAL(list(&b, NULL, RAM_LEN, 5), RAM_LEN);
    check_text(&b.out, " 00200000 cannot be read: PDE not present\n");
    CU_ASSERT_EQUAL(list(&b, NULL, 0x0000900000000000, 5), 0x0000900000000000);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&b.out), "cannot be read: "));
    CU_ASSERT_EQUAL(list(&b, NULL, 0xffff800000002001, 1), 0xffff800000002003);
    check_text(&b.out, " ffff800000002001 0f 0b ud2\n");
    le_store(b.m.ram + 0x12000 + 8, 0x80000083, 8); /* mapped, but nothing is there */
    CU_ASSERT_EQUAL(list(&b, NULL, RAM_LEN - 3, 5), RAM_LEN - 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&b.out), "cannot be read to its end: "));
    CU_ASSERT_EQUAL(list(&b, NULL, 0x2000, 0), 0x2000);
    CU_ASSERT_EQUAL(b.out.len, 0);
    CU_ASSERT_EQUAL(list(&b, NULL, 0x20000, SIZE_MAX), 0x20000 + 2 * LISTING_COUNT_MAX); /* add [rax], al */
    bench_fini(&b);
}

/* Conditional branches against the flags they ask for: taken with exactly one value of each pair. */
static void test_branch(void)
{
    enum { CF = 1, PF = 4, ZF = 0x40, SF = 0x80, OF = 0x800 };
    static const uint64_t flag_sets[] = {0,       CF,      PF,      ZF,      SF,           OF,
                                         CF | ZF, SF | OF, ZF | SF, ZF | OF, SF | OF | ZF, CF | PF};
    /* for each even condition, in which of the sets it holds; the odd ones hold in the others */
    static const uint16_t holds[8] = {
        1 << 5 | 1 << 7 | 1 << 9 | 1 << 10,                             /* O */
        1 << 1 | 1 << 6 | 1 << 11,                                      /* B */
        1 << 3 | 1 << 6 | 1 << 8 | 1 << 9 | 1 << 10,                    /* Z */
        1 << 1 | 1 << 3 | 1 << 6 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 11, /* BE */
        1 << 4 | 1 << 7 | 1 << 8 | 1 << 10,                             /* S */
        1 << 2 | 1 << 11,                                               /* P */
        1 << 4 | 1 << 5 | 1 << 8 | 1 << 9,                              /* L */
        1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 8 | 1 << 9 | 1 << 10,  /* LE */
    };
    for (unsigned condition = 0; condition < 16; condition++)
        for (size_t i = 0; i < COUNT(flag_sets); i++) {
            struct kvm_regs r = {.rflags = RFLAGS_FIXED | flag_sets[i]};
            const uint8_t near[] = {0x0f, (uint8_t)(0x80 | condition), 0, 0, 0, 0};
            const uint8_t short_[] = {(uint8_t)(0x70 | condition), 0};
            int want = (holds[condition / 2] >> i & 1) != (condition & 1);
            CU_ASSERT_EQUAL(listing_branch(&r, 32, near, sizeof near), want);
            CU_ASSERT_EQUAL(listing_branch(&r, 16, short_, sizeof short_), want);
        }
}

static void test_branch_count(void)
{
    enum { LOOPNE = 0xe0, LOOPE, LOOP, JCXZ, ZF = 0x40 };
    static const struct {
        unsigned bits;
        bool address_prefix;
        uint8_t opcode;
        uint64_t rcx, rflags;
        int want;
    } rows[] = {
        {16, false, LOOP, 2, 0, 1},          {16, false, LOOP, 1, 0, 0},
        {16, false, LOOP, 0, 0, 1}, /* 0 counts as 65536 */
        {16, false, LOOP, 0x10001, 0, 0},    {16, true, LOOP, 0x10001, 0, 1},
        {32, false, LOOP, 0x10001, 0, 1},    {32, false, LOOP, 0x100000001, 0, 0},
        {32, true, LOOP, 0x10001, 0, 0},     {64, false, LOOP, 0x100000001, 0, 1},
        {64, true, LOOP, 0x100000001, 0, 0}, {64, false, LOOPE, 2, ZF, 1},
        {64, false, LOOPE, 2, 0, 0},         {64, false, LOOPE, 1, ZF, 0},
        {64, false, LOOPNE, 2, ZF, 0},       {64, false, LOOPNE, 2, 0, 1},
        {64, false, LOOPNE, 1, 0, 0},        {16, false, JCXZ, 0x10000, 0, 1},
        {16, true, JCXZ, 0x10000, 0, 0},     {64, false, JCXZ, 0x100000000, 0, 0},
        {64, true, JCXZ, 0x100000000, 0, 1}, {64, false, JCXZ, 0, 0, 1},
        {64, false, 0xeb, 0, 0, -1}, /* always */
        {64, false, 0xe8, 0, 0, -1},         {64, false, 0x90, 0, 0, -1},
        {64, false, 0x06, 0, 0, -1}, /* no instruction */
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct kvm_regs r = {.rcx = rows[i].rcx, .rflags = rows[i].rflags};
        uint8_t code[8] = {0};
        code[0] = 0x67;
        code[rows[i].address_prefix] = rows[i].opcode;
        CU_ASSERT_EQUAL(listing_branch(&r, rows[i].bits, code, sizeof code), rows[i].want);
    }
    const uint8_t xbegin[] = {0xc7, 0xf8, 0, 0, 0, 0};
    struct kvm_regs r = {0};
    CU_ASSERT_EQUAL(listing_branch(&r, 64, xbegin, sizeof xbegin), -1);
}

/* What the instruction at RIP, and only that one, says beyond its text. */
static void test_current(void)
{
    struct bench b;
    bench_init(&b, REAL, 0x7c00);
    b.t.sregs.ds.base = 0x100;
    b.t.sregs.es.base = 0x200;
    b.t.regs.rsi = 0xffff0010;
    b.t.regs.rdi = 0x20;
    b.t.regs.rbx = 0x7000;
    PUT(&b, 0x7f00, 0x34, 0x12, 0x78, 0x56, 0xbc, 0x9a);
    PUT(&b, 0x110, 0x61);
    PUT(&b, 0x220, 0x62);
    static const struct {
        uint8_t code[8];
        const char *want;
    } rows[] = {
        {{0x74, 0x10}, "74 10 jz 0x7c12 [not taken]"},
        {{0x75, 0x10}, "75 10 jnz 0x7c12 [taken]"},
        {{0xeb, 0x10}, "eb 10 jmp 0x7c12"},
        {{0xa1, 0x00, 0x7e}, "a1 00 7e mov ax, [0x7e00] [0x7f00] = 0x1234"},
        {{0x88, 0x87, 0x00, 0x0e}, "88 87 00 0e mov [bx+0xe00], al [0x7f00] = 0x34"},
        {{0x66, 0xff, 0x06, 0x00, 0x7e}, "66 ff 06 00 7e inc [0x7e00] [0x7f00] = 0x56781234"},
        {{0x0f, 0x01, 0x16, 0x00, 0x7e}, "0f 01 16 00 7e lgdt [0x7e00] [0x7f00] = 34 12 78 56 bc 9a"},
        {{0xac}, "ac lodsb [0x110] = 0x61"},
        {{0xa4}, "a4 movsb [0x220] = 0x62 [0x110] = 0x61"},
        {{0x6c}, "6c insb [0x220] = 0x62"},
        /* the address alone is used, or nothing at all */
        {{0x8d, 0x06, 0x00, 0x7e}, "8d 06 00 7e lea ax, [0x7e00]"},
        {{0x0f, 0x1f, 0x06, 0x00, 0x7e}, "0f 1f 06 00 7e nop [0x7e00], ax"},
        {{0xd7}, "d7 xlat"},
        {{0x50}, "50 push ax"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char want[128];
        memcpy(b.m.ram + 0x7c00, rows[i].code, sizeof rows[i].code);
        memcpy(b.m.ram + 0x7d00, rows[i].code, sizeof rows[i].code);
        snprintf(want, sizeof want, "> 0000:7c00 %s\n", rows[i].want);
        list(&b, NULL, 0x7c00, 1);
        check_text(&b.out, want);
        list(&b, NULL, 0x7d00, 1);
        CU_ASSERT_PTR_NULL(strstr(text_str(&b.out), " = "));
        CU_ASSERT_PTR_NULL(strstr(text_str(&b.out), "taken"));
    }
    bench_fini(&b);
}

/* Operands relative to RIP, not readable, and larger than is shown. */
static void test_current_long(void)
{
    struct bench b;
    bench_init(&b, LONG, 0x1000);
    PUT(&b, 0x1000, 0x48, 0x8b, 0x05, 0xf9, 0x0f, 0, 0);
    PUT(&b, 0x2000, 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01);
    list(&b, NULL, 0x1000, 1);
    check_text(&b.out, "> 00001000 48 8b 05 f9 0f 00 00 mov rax, [0x2000] [0x2000] = 0x123456789abcdef\n");
    b.t.regs.rbx = RAM_LEN - 4;
    PUT(&b, 0x1000, 0x48, 0x89, 0x03);
    list(&b, NULL, 0x1000, 1);
    check_text(&b.out, "> 00001000 48 89 03 mov [rbx], rax [0x1ffffc] not readable: PDE not present\n");
    b.t.regs.rbx = 0x2000;
    PUT(&b, 0x1000, 0x0f, 0xae, 0x03);
    list(&b, NULL, 0x1000, 1);
    check_text(&b.out, "> 00001000 0f ae 03 fxsave [rbx] [0x2000] = ef cd ab 89 67 45 23 01 00 00 00 00 00 00"
                       " 00 00 ...\n");
    bench_fini(&b);
}

/* The source line behind the instruction, and the labels, of a compiled file. */
static void test_source(void)
{
    struct bench b;
    struct err e;
    struct symbols *s = symbols_open(DEBUG_LINES "32.elf", &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    bench_init(&b, PROTECTED, 0x100001);
    PUT(&b, 0x100000, 0x90, 0x90, 0xe8, 0x08, 0, 0, 0);
    CU_ASSERT_EQUAL(list(&b, s, 0x100000, 3), 0x100007);
    check_text(&b.out, " start:\n"
                       " 00100000 90 nop ; debug_lines.S:10\n"
                       "> 00100001 90 nop ; debug_lines.S:11\n"
                       " inner:\n"
                       " 00100002 e8 08 00 00 00 call 0x10000f <twice> ; debug_lines.S:13\n");
    bench_fini(&b);
    symbols_close(s);
}

static const struct unit_test tests[] = {
    {"real mode, labels and marks", test_real},
    {"offsets that wrap", test_wrap},
    {"bad bytes, and no memory", test_bad},
    {"conditions", test_branch},
    {"counted branches", test_branch_count},
    {"the instruction at RIP", test_current},
    {"the instruction at RIP in 64-bit mode", test_current_long},
    {"source lines", test_source},
};
UNIT_MAIN("debug/listing", tests)
