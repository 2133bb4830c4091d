/*
 * Golden screens of recorded snapshots: the tour guest in real mode and at its end in long mode, at three
 * sizes; and what a hostile console does to its view.
 */
#include "unit.h"
#include "view_rig.h"

#include "monitor/views/header.h"

static void golden_views(const char *frame, const char *const *names)
{
    static const int sizes[][2] = {{43, 10}, {36, 6}, {66, 26}, {100, 22}};
    for (; *names; names++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            struct view_rig rig;
            char name[64];
            rig_load_frame(&rig, frame);
            rig_view(&rig, *names, sizes[i][0], sizes[i][1]);
            snprintf(name, sizeof name, "%s-%s", frame, *names);
            rig_golden(&rig, name);
            rig_end(&rig);
        }
    }
}

static const char *const golden[] = {"registers", "code", "exits", "console", NULL};

static void test_real_mode(void)
{
    golden_views("boot64-real", golden);
}

static void test_long_mode(void)
{
    golden_views("boot64-long", golden);
}

static void test_header(void)
{
    static const int sizes[][2] = {{40, 1}, {80, 2}, {200, 2}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct view_rig rig;
        rig_load_frame(&rig, "boot64-long");
        CU_ASSERT_EQUAL_FATAL(canvas_init(&rig.c, sizes[i][0], sizes[i][1], &rig.err), 0);
        header_draw(rig.s, &rig.c);
        rig_golden(&rig, "boot64-long-header");
        rig_end(&rig);
    }
}

/* No frame that was damaged is read, and none makes the reader go astray. */
static void test_damaged_frames(void)
{
    size_t n = 0, refused = 0;
    char *bytes = rig_file(SCREEN_TESTS "/frames/boot64-long.frame", &n);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    for (size_t i = 0; i < n; i += 1 + n / 400) {
        struct snapshot_machine machine = {0};
        struct snapshot_history history;
        struct err e;
        CU_ASSERT_EQUAL_FATAL(history_init(&history, &e), 0);
        bytes[i] ^= 0x55;
        struct snapshot *s = snapshot_read(bytes, n - i % 7, &machine, &history, NULL, &e);
        refused += !s;
        snapshot_free(s);
        bytes[i] ^= 0x55;
        history_fini(&history);
        snapshot_machine_fini(&machine);
    }
    CU_ASSERT_TRUE(refused > 100);
    free(bytes);
}

/* ---- the console ---- */

static void say(struct view_rig *rig, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        *(char *)ring_push(&rig->history.console) = bytes[i];
    rig_reload(rig);
}

static void test_console_is_not_disturbed(void)
{
    static const char hostile[] =
        "one\r\n\x1b[2J\x1b[99;99Htwo\x1b]0;title\x07\xff\xc3(\x1b[31mred\x1b[0m\b\b\b\b\b\b\b\b"
        "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\bX\n\x9b\x1b[999999999999mlast";
    struct view_rig rig;
    rig_begin(&rig);
    rig_view(&rig, "console", 40, 6);
    say(&rig, hostile, sizeof hostile - 1);
    CU_ASSERT_TRUE(rig_shows(&rig, "one"));
    CU_ASSERT_TRUE(rig_shows(&rig, "Xwo"));
    CU_ASSERT_TRUE(rig_shows(&rig, "last"));
    rig_golden(&rig, "console-hostile");
    rig_end(&rig);
}

static void test_console_takes_a_million_lines(void)
{
    struct view_rig rig;
    char line[32];
    rig_begin(&rig);
    rig_view(&rig, "console", 40, 4);
    for (int i = 0; i < 1000000; i++) {
        int n = snprintf(line, sizeof line, "line %d\n", i);
        for (int k = 0; k < n; k++)
            *(char *)ring_push(&rig.history.console) = line[k];
        if (i % 5000 == 0)
            rig_reload(&rig);
    }
    rig_reload(&rig);
    CU_ASSERT_TRUE(rig_shows(&rig, "line 999999"));
    CU_ASSERT_TRUE(rig_act(&rig, "top", ""));
    CU_ASSERT_FALSE(rig_shows(&rig, "line 0\n"));
    rig_end(&rig);
}

static void test_console_types(void)
{
    struct view_rig rig;
    struct view_reply r = {0};
    rig_begin(&rig);
    rig_view(&rig, "console", 40, 4);
    CU_ASSERT_TRUE(rig_act(&rig, "open", ""));
    CU_ASSERT_TRUE(rig.v.grabs);
    rig.v.ops->typed(&rig.v, "a\r\"", 3, &r);
    CU_ASSERT_STRING_EQUAL(text_str(&r.command), "type \"\\x61\\x0a\\x22\"");
    view_reply_fini(&r);
    rig_end(&rig);
}

/* ---- the exits ---- */

static void test_exits_filter(void)
{
    struct view_rig rig;
    rig_load_frame(&rig, "boot64-long");
    rig_view(&rig, "exits", 80, 8);
    CU_ASSERT_TRUE(rig_act(&rig, "filter", "HLT"));
    CU_ASSERT_TRUE(rig_shows(&rig, "hlt: stops for good"));
    struct text out = {0};
    canvas_dump(&rig.c, false, &out);
    CU_ASSERT_PTR_NULL(strstr(text_str(&out), "uart.THR"));
    text_fini(&out);
    CU_ASSERT_TRUE(rig_act(&rig, "filter", ""));
    CU_ASSERT_TRUE(rig_shows(&rig, "uart.THR"));
    rig_end(&rig);
}

static void test_code_toggles_breakpoints(void)
{
    struct view_rig rig;
    rig_load_frame(&rig, "boot64-real");
    rig_view(&rig, "code", 60, 12);
    CU_ASSERT_TRUE(rig_act(&rig, "break-here", ""));
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "break *0x7c07");
    CU_ASSERT_TRUE(rig_act(&rig, "down", ""));
    CU_ASSERT_TRUE(rig_act(&rig, "break-here", ""));
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "break *0x7c09");
    CU_ASSERT_TRUE(rig_act(&rig, "goto", "0x7c00"));
    CU_ASSERT_TRUE(rig_shows(&rig, "cli"));
    rig_end(&rig);
}

/* A page that comes with the next frame: what stands before RIP is shown then. Where a branch leads, and
 * whether it is taken, is told. */
static void test_code_before_rip(void)
{
    struct view_rig rig;
    uint8_t nops[64];
    memset(nops, 0x90, sizeof nops);
    rig_begin(&rig);
    rig.s->regs.rip = 0x7c10;
    rig_bytes(&rig, 0x1000, nops, 1);
    rig_aim(&rig);
    rig_view(&rig, "code", 40, 9);
    CU_ASSERT_TRUE(rig.wants.missed);
    memcpy(nops + 0x10, "\x74\x02", 2); /* jz $+4 */
    rig_bytes(&rig, 0x7c00, nops, sizeof nops);
    rig_reload(&rig);
    CU_ASSERT_TRUE(rig_shows(&rig, "00007c0f  nop"));
    CU_ASSERT_TRUE(rig_shows(&rig, "jz 0x7c14  not taken"));
    CU_ASSERT_TRUE(rig_shows(&rig, "  →00007c14"));
    rig.s->regs.rflags |= 1 << 6;
    rig_aim(&rig);
    rig_reload(&rig);
    CU_ASSERT_TRUE(rig_shows(&rig, "jz 0x7c14  taken"));
    rig_end(&rig);
}

static const struct unit_test tests[] = {
    {"golden views, real mode", test_real_mode},
    {"golden views, long mode", test_long_mode},
    {"golden headers", test_header},
    {"damaged frames", test_damaged_frames},
    {"a hostile console", test_console_is_not_disturbed},
    {"a million lines", test_console_takes_a_million_lines},
    {"typing", test_console_types},
    {"exits are filtered", test_exits_filter},
    {"breakpoints from the code", test_code_toggles_breakpoints},
    {"code before RIP", test_code_before_rip},
};

UNIT_MAIN("screen", tests)
