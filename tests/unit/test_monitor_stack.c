/*
 * The stack view: words, frames, where they lead, and that a hostile stack cannot take all pages.
 */
#include "unit.h"
#include "view_rig.h"

#include "base/bytes.h"
#include "vm/cpu.h"

#include "debug_symbols.h"

static const struct symbol names[] = {{"caller", 0x10000, 0x40, true}, {"table", 0x5000, 0x100, false}};
static const struct symbols symbols = {names, 2};

static void put(struct view_rig *rig, uint64_t gpa, uint32_t value)
{
    uint8_t raw[4];
    le_store(raw, value, 4);
    rig_bytes(rig, gpa, raw, sizeof raw);
}

static void aim(struct view_rig *rig)
{
    rig_aim(rig);
    rig->s->target.symbols = &symbols;
}

/* Flat 32-bit code in the middle of a function that was called by one that was called: two frames. */
static void begin(struct view_rig *rig, int w, int h)
{
    static const uint8_t call[] = {0xe8, 0, 0, 0, 0};
    rig_begin(rig);
    rig->s->sregs.cr0 = CR0_PE;
    rig->s->sregs.cs.db = rig->s->sregs.ss.db = 1;
    rig->s->regs.rip = 0x11000;
    rig->s->regs.rsp = 0x7000;
    rig->s->regs.rbp = 0x7004;
    rig_bytes(rig, 0x10000, call, sizeof call);
    rig_bytes(rig, 0x5200, "a string\0", 9);
    rig_bytes(rig, 0x11000, "\0", 1);
    put(rig, 0x7000, 0x5200);
    put(rig, 0x7004, 0x7010);
    put(rig, 0x7008, 0x10005);
    put(rig, 0x700c, 0x5000);
    put(rig, 0x7010, 0);
    put(rig, 0x7014, 0x10005);
    put(rig, 0x7018, 0x10005);
    put(rig, 0x701c, 0x64636261);
    aim(rig);
    rig_view(rig, "stack", w, h);
}

static void test_frames(void)
{
    struct view_rig rig;
    struct text note = {0};
    begin(&rig, 78, 20);
    CU_ASSERT_TRUE(rig_shows(&rig, "\u250crsp 00007000 +000  00005200 \"a string\""));
    CU_ASSERT_TRUE(rig_shows(&rig, "\u2502rbp 00007004 +004  00007010 saved RBP"));
    CU_ASSERT_TRUE(rig_shows(&rig, "\u2514    00007008 +008  00010005 return to <caller+5> made-up.c:10"));
    CU_ASSERT_TRUE(rig_shows(&rig, "\u250c    0000700c +00c  00005000 <table> ->"));
    CU_ASSERT_TRUE(rig_shows(&rig, "\u2514    00007014 +014  00010005 return to"));
    /* Not in the chain: only a guess. */
    CU_ASSERT_TRUE(rig_shows(&rig, "     00007018 +018  00010005 return? <caller+5>"));
    CU_ASSERT_TRUE(rig_shows(&rig, "     0000701c +01c  64636261 'abcd'"));
    rig.v.ops->note(&rig.v, &note);
    CU_ASSERT_STRING_EQUAL(text_str(&note), "0x7000, 32-bit, 2 frames");
    text_fini(&note);
    rig_end(&rig);
}

static void test_commands(void)
{
    struct view_rig rig;
    begin(&rig, 78, 20);
    CU_ASSERT_TRUE(rig_act(&rig, "open", ""));
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "view memory; goto 0x5200");
    rig_act(&rig, "select", "2");
    rig_act(&rig, "open", "");
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "view code; goto 0x10005");
    rig_act(&rig, "to-memory", "");
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "view memory; goto 0x7008");
    rig_act(&rig, "set-word", "");
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "set dword [0x7008] = ");
    CU_ASSERT_TRUE(rig_act(&rig, "search", "ABCD"));
    rig_act(&rig, "to-memory", "");
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "view memory; goto 0x701c");
    CU_ASSERT_FALSE(rig_act(&rig, "search", "nowhere"));
    rig_end(&rig);
}

/* It follows RSP until an address is given, and again when it is told to. */
static void test_goto(void)
{
    struct view_rig rig;
    begin(&rig, 78, 20);
    rig.s->regs.rsp = 0x7008;
    aim(&rig);
    rig_reload(&rig);
    CU_ASSERT_TRUE(rig_shows(&rig, "rsp 00007008 +000"));
    rig_act(&rig, "goto", "0x7000");
    CU_ASSERT_TRUE(rig_shows(&rig, "     00007000"));
    CU_ASSERT_TRUE(rig_shows(&rig, "rsp 00007008"));
    rig_act(&rig, "to-rsp", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "rsp 00007008 +000"));
    rig_act(&rig, "page-down", "");
    CU_ASSERT_TRUE(rig_act(&rig, "page-down", ""));
    CU_ASSERT_FALSE(canvas_at(&rig.c, 1, 0).code == 'r');
    rig_end(&rig);
}

/* 16-bit words, and a stack segment with a base. */
static void test_real_mode(void)
{
    struct view_rig rig;
    rig_begin(&rig);
    rig.s->sregs.ss.base = 0x1000;
    rig.s->sregs.ss.selector = 0x100;
    rig.s->regs.rsp = 0x20;
    put(&rig, 0x1020, 0xcafe1234);
    rig_bytes(&rig, 0, "\0", 1);
    rig_aim(&rig);
    rig_view(&rig, "stack", 78, 8);
    CU_ASSERT_TRUE(rig_shows(&rig, "rsp 00001020 +000  1234"));
    CU_ASSERT_TRUE(rig_shows(&rig, "    00001022 +002  cafe"));
    rig_end(&rig);
}

static void test_end_of_memory(void)
{
    struct view_rig rig;
    begin(&rig, 78, 20);
    put(&rig, 0xfffff8, 1);
    put(&rig, 0xfffffc, 2);
    rig.s->regs.rsp = 0xfffff8;
    aim(&rig);
    rig_reload(&rig);
    CU_ASSERT_TRUE(rig_shows(&rig, "00fffffc +004  00000002"));
    CU_ASSERT_TRUE(rig_shows(&rig, "01000000 +008  no memory"));
    rig_act(&rig, "select", "2");
    rig_act(&rig, "open", "");
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "");
    rig_end(&rig);
}

static void test_changed(void)
{
    struct view_rig rig;
    static uint8_t before[SNAPSHOT_PAGE_LEN];
    struct snapshot *earlier = (struct snapshot *)calloc(1, sizeof *earlier);
    begin(&rig, 78, 20);
    CU_ASSERT_PTR_NOT_NULL_FATAL(earlier);
    memcpy(before, snapshot_page(rig.s, 0x7000)->bytes, sizeof before);
    before[0x1d] ^= 1;
    earlier->pages[earlier->page_count++] = (struct snapshot_page){0x7000, before, true};
    rig.s->earlier = earlier;
    rig_reload(&rig);
    CU_ASSERT_TRUE(rig_shows(&rig, "+01c *64636261"));
    CU_ASSERT_TRUE(rig_shows(&rig, "+018  00010005"));
    rig.s->earlier = NULL;
    free(earlier);
    rig_end(&rig);
}

/* Each word leads to a page of its own, and that to another: other views must get their pages too. */
static void test_hostile(void)
{
    struct view_rig rig;
    begin(&rig, 78, 200);
    for (uint32_t i = 0; i < 200; i++)
        put(&rig, 0x7000 + i * 4, 0x100000 + i * 0x3000);
    rig.s->regs.rbp = 0xfffffff0;
    aim(&rig);
    rig_reload(&rig);
    CU_ASSERT_TRUE(rig.wants.count > 50 && rig.wants.count < 140);
    CU_ASSERT_TRUE(rig_shows(&rig, "0000731c +31c  00355000"));
    rig_end(&rig);
}

static void test_golden(void)
{
    static const int sizes[][2] = {{36, 5}, {43, 10}, {66, 26}, {78, 20}, {120, 50}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct view_rig rig;
        rig_load_frame(&rig, "timer-break");
        rig_view(&rig, "stack", sizes[i][0], sizes[i][1]);
        rig_golden(&rig, "timer-stack");
        rig_end(&rig);
        begin(&rig, sizes[i][0], sizes[i][1]);
        rig_golden(&rig, "frames-stack");
        rig_end(&rig);
    }
}

static void test_trace(void)
{
    struct view_rig rig;
    begin(&rig, 78, 20);
    rig.s->has_cpu = false;
    rig_view(&rig, "stack", 40, 6);
    CU_ASSERT_TRUE(rig_shows(&rig, "a trace holds no stack"));
    CU_ASSERT_FALSE(rig_act(&rig, "open", ""));
    rig_end(&rig);
}

static const struct unit_test tests[] = {
    {"frames", test_frames},
    {"commands", test_commands},
    {"elsewhere and back", test_goto},
    {"real mode", test_real_mode},
    {"the end of memory", test_end_of_memory},
    {"what changed", test_changed},
    {"a hostile stack", test_hostile},
    {"golden screens", test_golden},
    {"a trace", test_trace},
};

UNIT_MAIN("stack view", tests)
