/*
 * Backtraces over stacks made by hand: chains of frame pointers in each width, the places where RBP is not
 * the function's own, guesses, and stacks made to mislead.
 */
#include "base/bytes.h"
#include "debug/memview.h"
#include "debug_rig.h"
#include "unit.h"

#include <stdio.h>

#define RSP 0x3000ull

/* CALL rel32 and its return address right behind. */
static uint64_t put_call(struct rig *r, uint64_t at)
{
    rig_put(r, at, "\xe8\0\0\0", 5);
    return at + 5;
}

static void put_stack(struct rig *r, size_t i, uint64_t value, size_t width)
{
    rig_put_number(r, RSP + i * width, value, width);
}

static void text_check(const struct rig *r, const char *want)
{
    struct text out = {0};
    backtrace_write(&r->target, 16, &out);
    if (strcmp(text_str(&out), want) != 0)
        fprintf(stderr, "got:\n%swanted:\n%s", text_str(&out), want);
    CU_ASSERT_STRING_EQUAL(text_str(&out), want);
    text_fini(&out);
}

/* Inside helper, called by main, called by start: two frames on the chain. */
static void chain_make(struct rig *r, enum cpu_mode mode)
{
    size_t width = mode == MODE_LONG ? 8 : mode == MODE_REAL ? 2 : 4;
    rig_init(r, mode);
    uint64_t from_main = put_call(r, 0x100010), from_start = put_call(r, 0x7c10);
    if (mode == MODE_REAL) { /* CALL rel16 */
        rig_put(r, 0x7c1d, "\xe8\0\0\x90\x90", 5);
        rig_put(r, 0x7c10, "\xe8\0\0\x90\x90", 5);
        from_main = 0x7c20;
        from_start = 0x7c13;
    }
    r->target.regs.rsp = RSP;
    r->target.regs.rbp = RSP + 2 * width;
    r->target.regs.rip = mode == MODE_REAL ? 0x7c80 : 0x100050;
    rig_put(r, r->target.regs.rip, "\x90", 1);
    put_stack(r, 2, RSP + 6 * width, width);
    put_stack(r, 3, from_main, width);
    put_stack(r, 6, 0, width);
    put_stack(r, 7, from_start, width);
}

static void test_chain(void)
{
    struct rig r;
    chain_make(&r, MODE_LONG);
    text_check(&r, "by frame pointers:\n"
                   "#0   0x0000000000100050 <helper.constprop.0+16>  made-up.c:30\n"
                   "#1   0x0000000000100015 <main+21>  made-up.c:20\n"
                   "#2   0x0000000000007c15 <start+21>  made-up.c:10\n");
    rig_fini(&r);
    chain_make(&r, MODE_PROTECTED);
    text_check(&r, "by frame pointers:\n"
                   "#0   0x00100050 <helper.constprop.0+16>  made-up.c:30\n"
                   "#1   0x00100015 <main+21>  made-up.c:20\n"
                   "#2   0x00007c15 <start+21>  made-up.c:10\n");
    rig_fini(&r);
    chain_make(&r, MODE_REAL);
    text_check(&r, "by frame pointers:\n"
                   "#0   0x00007c80 <start+128>  made-up.c:10\n"
                   "#1   0x00007c20 <start+32>  made-up.c:10\n"
                   "#2   0x00007c13 <start+19>  made-up.c:10\n");
    rig_fini(&r);
}

/* Where RBP is the caller's, the return address is at the top of the stack. */
static void test_outside_frame(void)
{
    static const struct {
        const char *code;
        size_t n;
        unsigned words;
    } rows[] = {{"\x55", 1, 0}, {"\xf3\x0f\x1e\xfa\x55", 5, 0}, {"\x48\x89\xe5", 3, 1}, {"\xc3", 1, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rig r;
        uint64_t at[8];
        bool guess;
        chain_make(&r, MODE_LONG);
        rig_put(&r, 0x100050, rows[i].code, rows[i].n);
        uint64_t inner = put_call(&r, 0x100020);
        put_stack(&r, rows[i].words, inner, 8);
        CU_ASSERT_EQUAL(backtrace_frames(&r.target, at, 8, &guess), 4);
        CU_ASSERT_FALSE(guess);
        CU_ASSERT_EQUAL(at[1], inner);
        CU_ASSERT_EQUAL(at[2], 0x100015);
        CU_ASSERT_EQUAL(at[3], 0x7c15);
        uint64_t slot[8], value = 0;
        CU_ASSERT_EQUAL(backtrace_slots(&r.target, slot, 8), 3);
        CU_ASSERT_EQUAL(slot[0], RSP + rows[i].words * 8);
        for (size_t k = 0; k < 3; k++) { /* what lies in each is where the frame goes on */
            CU_ASSERT_EQUAL(target_read(&r.target, slot[k], &value, sizeof value, NULL), sizeof value);
            CU_ASSERT_EQUAL(value, at[k + 1]);
        }
        CU_ASSERT_EQUAL(backtrace_slots(&r.target, slot, 2), 2);
        /* anywhere else the top of the stack is not a return address */
        rig_put(&r, 0x100050, "\x90\x90\x90\x90", 4);
        CU_ASSERT_EQUAL(backtrace_frames(&r.target, at, 8, &guess), 3);
        rig_fini(&r);
    }
}

static void test_guess(void)
{
    struct rig r;
    chain_make(&r, MODE_LONG);
    r.target.regs.rbp = 0x12345;
    put_stack(&r, 1, 0x100030, 8); /* code, but not behind a CALL */
    text_check(&r, "no chain of frame pointers: what lies on the stack and behind a CALL, guessed:\n"
                   "#0   0x0000000000100050 <helper.constprop.0+16>  made-up.c:30\n"
                   "#1   0x0000000000100015 <main+21>  made-up.c:20  (guess)\n"
                   "#2   0x0000000000007c15 <start+21>  made-up.c:10  (guess)\n");
    put_stack(&r, 3, 0, 8);
    put_stack(&r, 7, 0, 8);
    text_check(&r, "no chain of frame pointers, and nothing on the stack that lies behind a CALL:\n"
                   "#0   0x0000000000100050 <helper.constprop.0+16>  made-up.c:30\n");
    r.target.regs.rsp = 1ull << 40;
    r.target.regs.rip = 1ull << 41;
    text_check(&r, "no chain of frame pointers, and nothing on the stack that lies behind a CALL:\n"
                   "#0   0x0000020000000000\n");
    rig_fini(&r);
}

/* Chains that go nowhere, backwards or round. */
static void test_bad_chains(void)
{
    struct rig r;
    uint64_t at[BACKTRACE_FRAMES_MAX];
    bool guess;
    chain_make(&r, MODE_LONG);
    put_stack(&r, 2, RSP + 16, 8); /* points to itself */
    CU_ASSERT_EQUAL(backtrace_frames(&r.target, at, 8, &guess), 2);
    put_stack(&r, 2, RSP, 8); /* downwards */
    CU_ASSERT_EQUAL(backtrace_frames(&r.target, at, 8, &guess), 2);
    put_stack(&r, 2, UINT64_MAX - 7, 8);
    CU_ASSERT_EQUAL(backtrace_frames(&r.target, at, 8, &guess), 2);
    CU_ASSERT_FALSE(guess);
    rig_fini(&r);
    /* a stack of nothing but return addresses: bounded */
    chain_make(&r, MODE_LONG);
    uint64_t back = put_call(&r, 0x100020);
    for (size_t i = 0; i < 4096; i++)
        put_stack(&r, i, back, 8);
    r.target.regs.rbp = 0;
    CU_ASSERT_EQUAL(backtrace_frames(&r.target, at, BACKTRACE_FRAMES_MAX, &guess), BACKTRACE_FRAMES_MAX);
    CU_ASSERT_TRUE(guess);
    CU_ASSERT_EQUAL(backtrace_slots(&r.target, at, BACKTRACE_FRAMES_MAX), 0); /* never a guess */
    CU_ASSERT_EQUAL(backtrace_frames(&r.target, at, 3, &guess), 3);
    CU_ASSERT_EQUAL(backtrace_frames(&r.target, at, 1, &guess), 1);
    CU_ASSERT_EQUAL(backtrace_frames(&r.target, at, 0, &guess), 0);
    rig_fini(&r);
}

static void test_behind_call(void)
{
    static const struct {
        const char *code;
        unsigned len;
        bool is, is32;
    } rows[] = {
        {"\xe8\x11\x22\x33\x44", 5, true, true},
        {"\xff\xd0", 2, true, true},                 /* call rax */
        {"\x41\xff\xd4", 3, true, true},             /* call r12; without REX the same two bytes */
        {"\xff\x55\x08", 3, true, true},             /* call [rbp+8] */
        {"\xff\x15\x01\x02\x03\x04", 6, true, true}, /* call [rip+…] */
        {"\xff\x94\xc8\x10\x20\x30\x00", 7, true, true},
        {"\xe9\x11\x22\x33\x44", 5, false, false}, /* jmp */
        {"\x90\x90\x90\x90\xe8", 5, false, false},
        {"\xff\xe0", 2, false, false}, /* jmp rax */
        {"\xff\x30", 2, false, false}, /* push [rax] */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int wide = 0; wide < 2; wide++) {
            struct rig r;
            rig_init(&r, wide ? MODE_LONG : MODE_PROTECTED);
            rig_put(&r, 0x5000, rows[i].code, rows[i].len);
            bool is = backtrace_behind_call(&r.target, 0x5000 + rows[i].len);
            CU_ASSERT_EQUAL(is, wide ? rows[i].is : rows[i].is32);
            rig_fini(&r);
        }
    struct rig r;
    rig_init(&r, MODE_LONG);
    for (uint64_t at = 0; at < 12; at++)
        CU_ASSERT_FALSE(backtrace_behind_call(&r.target, at));
    CU_ASSERT_FALSE(backtrace_behind_call(&r.target, UINT64_MAX));
    rig_fini(&r);
}

static const struct unit_test tests[] = {
    {"frame pointers in three widths", test_chain},
    {"prologue and return", test_outside_frame},
    {"guesses", test_guess},
    {"chains that mislead", test_bad_chains},
    {"behind a CALL", test_behind_call},
};
UNIT_MAIN("debug/backtrace", tests)
