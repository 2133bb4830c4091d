/*
 * Bytes to text in each width and both syntaxes, and the symbols behind what an instruction points to.
 */
#include "debug/disasm.h"

#include "symbol_files.h"
#include "vm/cpu.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* Symbols at 0x1000 (main), 0x1080 (next, 16 bytes) and 0x2000 (data). */
static struct symbols *some_symbols(void)
{
    static const struct symbol_made rows[] = {
        {"main", 0x1000, 0, FUNC | GLOBAL, IN_TEXT},
        {"next", 0x1080, 16, FUNC | GLOBAL, IN_TEXT},
        {"data", 0x2000, 0, OBJECT | GLOBAL, IN_DATA},
    };
    return symbols_make(rows, COUNT(rows));
}

struct row {
    unsigned bits;
    uint64_t rip;
    uint8_t len, code[15];
    const char *intel, *att;
};

static void check(const struct disasm_style *style, const struct row *r, const char *want)
{
    struct text t = {0};
    size_t len = disasm_styled(style, r->bits, r->rip, r->code, sizeof r->code, &t);
    if (strcmp(text_str(&t), want) != 0)
        fprintf(stderr, "%s\nnot %s\n", text_str(&t), want);
    CU_ASSERT_STRING_EQUAL(text_str(&t), want);
    CU_ASSERT_EQUAL(len, r->len);
    text_fini(&t);
}

static void test_syntax(void)
{
    static const struct row rows[] = {
        {16, 0x7c00, 3, {0xb8, 0x34, 0x12}, "mov ax, 0x1234", "mov $0x1234, %ax"},
        {32, 0x7c00, 5, {0xb8, 0x34, 0x12}, "mov eax, 0x1234", "mov $0x1234, %eax"},
        {64, 0, 4, {0x48, 0x8b, 0x04, 0x24}, "mov rax, [rsp]", "mov (%rsp), %rax"},
        {64, 0x1000, 7, {0x48, 0x8b, 0x05, 0x10}, "mov rax, [0x1017]", "mov 0x1017, %rax"},
        {32, 0x100000, 5, {0xe8, 0x2f}, "call 0x100034", "call 0x100034"},
        {16, 0, 5, {0xea, 0x00, 0x7e, 0x08, 0x00}, "jmp far 0x0008:0x7e00", "ljmp 0x0008:0x7e00"},
        {16, 0, 1, {0xf4}, "hlt", "hlt"},
        /* targets stay in 64 KiB for 16-bit operands, at both ends, and only for those */
        {16, 0xfff8, 2, {0xeb, 0x10}, "jmp 0xa", "jmp 0xa"},
        {16, 0x0010, 2, {0xeb, 0x80}, "jmp 0xff92", "jmp 0xff92"},
        {16, 0xfff8, 3, {0xe9, 0x10, 0x00}, "jmp 0xb", "jmp 0xb"},
        {16, 0xfff8, 6, {0x66, 0xe9, 0x10}, "jmp 0x1000e", "jmp 0x1000e"},
        {32, 0x12fff8, 4, {0x66, 0xe9, 0x10, 0x00}, "jmp 0xc", "jmp 0xc"},
        {64, 0xfff8, 2, {0xeb, 0x10}, "jmp 0x1000a", "jmp 0x1000a"},
        {64, 0, 0, {0x06}, "(bad)", "(bad)"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct disasm_style intel = {.syntax = DISASM_INTEL}, att = {.syntax = DISASM_ATT};
        struct text t = {0};
        check(&intel, &rows[i], rows[i].intel);
        check(&att, &rows[i], rows[i].att);
        CU_ASSERT_EQUAL(disasm_one(rows[i].bits, rows[i].rip, rows[i].code, 15, &t), rows[i].len);
        CU_ASSERT_STRING_EQUAL(text_str(&t), rows[i].intel);
        text_fini(&t);
    }
}

static void test_symbols(void)
{
    static const struct row rows[] = {
        {64, 0x1000, 5, {0xe8, 0x7b}, "call 0x1080 <next>", "call 0x1080 <next>"},
        {32, 0x1000, 2, {0x74, 0x02}, "jz 0x1004 <main+4>", "jz 0x1004 <main+4>"},
        {32, 0x1000, 5, {0xe9, 0x8b}, "jmp 0x1090", "jmp 0x1090"}, /* behind the end of `next` */
        {64,
         0x1000,
         7,
         {0x48, 0x8b, 0x05, 0xfa, 0x0f},
         "mov rax, [0x2001] <data+1>",
         "mov 0x2001, %rax <data+1>"},
        {64,
         0x1000,
         7,
         {0x48, 0x8d, 0x3d, 0xf9, 0x0f},
         "lea rdi, [0x2000] <data>",
         "lea 0x2000, %rdi <data>"},
        {32, 0, 5, {0xa1, 0x04, 0x20}, "mov eax, [0x2004] <data+4>", "mov 0x2004, %eax <data+4>"},
        {32, 0, 7, {0x8b, 0x04, 0x8d, 0x00, 0x20}, "mov eax, [ecx*4+0x2000]", "mov 0x2000(,%ecx,4), %eax"},
        {32, 0, 5, {0xb8, 0x00, 0x20}, "mov eax, 0x2000", "mov $0x2000, %eax"}, /* a number */
        {32,
         0,
         7,
         {0xea, 0x00, 0x10, 0, 0, 0x08},
         "jmp far 0x0008:0x00001000 <main>",
         "ljmp 0x0008:0x00001000 <main>"},
        /* the target wraps before the symbol is looked up */
        {16, 0xfff0, 3, {0xe9, 0x0d, 0x10}, "jmp 0x1000 <main>", "jmp 0x1000 <main>"},
        {32, 0xfffffff0, 5, {0xe9, 0x0b, 0x10}, "jmp 0x100001000 <main>", "jmp 0x100001000 <main>"},
        {64, 0xfffffff0, 5, {0xe9, 0x0b, 0x10}, "jmp 0x100001000", "jmp 0x100001000"},
    };
    struct symbols *s = some_symbols();
    const struct disasm_style intel = {.symbols = s}, att = {DISASM_ATT, s, NULL};
    for (size_t i = 0; i < COUNT(rows); i++) {
        check(&intel, &rows[i], rows[i].intel);
        check(&att, &rows[i], rows[i].att);
    }
    symbols_close(s);
}

/* Offsets become linear addresses through the segments' bases. */
static void test_segments(void)
{
    static const struct row rows[] = {
        {16, 0x0000, 2, {0xeb, 0x02}, "jmp 0x4 <main+4>", NULL},         /* CS 0x100 */
        {16, 0, 3, {0xa1, 0x00, 0x18}, "mov ax, [0x1800] <data>", NULL}, /* DS 0x80 */
        {16, 0, 3, {0xa1, 0x00, 0x20}, "mov ax, [0x2000]", NULL},
        {16, 0, 4, {0x64, 0xa1, 0x10, 0x00}, "mov ax, fs:[0x10] <data+16>", NULL},
        {16, 0, 5, {0xea, 0x04, 0x00, 0x08, 0x01}, "jmp far 0x0108:0x0004", NULL},
        {16, 0, 5, {0xea, 0x00, 0x10, 0x08, 0x00}, "jmp far 0x0008:0x1000 <next>", NULL},
    };
    struct symbols *s = some_symbols();
    struct kvm_sregs sregs = {.cs = {.base = 0x1000, .selector = 0x100},
                              .ds = {.base = 0x800, .selector = 0x80},
                              .fs = {.base = 0x2000, .selector = 0x200}};
    const struct disasm_style style = {.symbols = s, .segments = &sregs};
    for (size_t i = 0; i < COUNT(rows); i++)
        check(&style, &rows[i], rows[i].intel);
    /* seen from real mode, the branch that will enter flat protected mode */
    check(&style, &(struct row){16, 0, 5, {0xea, 0x00, 0x20, 0x08, 0x00}, NULL, NULL},
          "jmp far 0x0008:0x2000 <data>");
    /* the far branch of a guest that has just set CR0.PE: its selector is no address any more */
    sregs.cr0 = CR0_PE;
    check(&style, &(struct row){16, 0, 5, {0xea, 0x00, 0x10, 0x08, 0x00}, NULL, NULL},
          "jmp far 0x0008:0x1000 <main>");
    /* in 64-bit mode only FS and GS have a base */
    sregs.cr0 |= CR0_PG;
    sregs.efer = EFER_LME | EFER_LMA;
    sregs.cs.l = 1;
    check(&style, &(struct row){64, 0x1000, 2, {0xeb, 0x7e}, NULL, NULL}, "jmp 0x1080 <next>");
    check(&style, &(struct row){64, 0, 9, {0x64, 0x48, 0x8b, 0x04, 0x25, 0x08}, NULL, NULL},
          "mov rax, fs:[0x8] <data+8>");
    symbols_close(s);
}

/* However few bytes there are, none behind them is looked at, and what is said is never nothing. */
static void test_cut(void)
{
    static const uint8_t code[15] = {0x66, 0x67, 0xf0, 0x48, 0x81, 0x84, 0xc8, 1, 2, 3, 4, 5, 6, 7, 8};
    for (size_t n = 0; n <= sizeof code; n++) {
        uint8_t *exact = malloc(n ? n : 1);
        struct text t = {0};
        memcpy(exact, code, n);
        size_t len = disasm_one(64, 0, exact, n, &t);
        CU_ASSERT_EQUAL(len, n < sizeof code ? 0 : 15);
        CU_ASSERT_EQUAL(strcmp(text_str(&t), "(bad)") == 0, len == 0);
        text_fini(&t);
        free(exact);
    }
}

static const struct unit_test tests[] = {
    {"both syntaxes in each width", test_syntax},
    {"symbols of branches and memory", test_symbols},
    {"segments", test_segments},
    {"instructions that are cut", test_cut},
};
UNIT_MAIN("debug/disasm", tests)
