/*
 * The view of symbols: list, filter, search, and the commands its keys stand for.
 */
#include "unit.h"
#include "view_rig.h"

#include "debug/stops.h"

#include "debug_symbols.h"

static const struct symbol names[] = {
    {"PORT", 0x60, 0, false},           {"start", 0x7c00, 0x10, true},     {"loop_head", 0x7c10, 0x20, false},
    {"print_text", 0x7c30, 0x40, true}, {"print_hex", 0x7c70, 0x21, true}, {"buffer", 0x8000, 0x200, false},
};
static const struct symbols symbols = {names, sizeof names / sizeof names[0]};
static const struct snapshot_stop stop = {.number = 4,
                                          .kind = STOPS_BREAK,
                                          .enabled = true,
                                          .first = 0x7c30,
                                          .last = 0x7c30,
                                          .where = "",
                                          .condition = "",
                                          .commands = ""};

static void begin(struct view_rig *rig, int w, int h)
{
    rig_begin(rig);
    rig->s->regs.rip = 0x7c12;
    rig_aim(rig);
    rig->s->target.symbols = &symbols;
    rig->s->stops = &stop;
    rig->s->stop_count = 1;
    rig_view(rig, "symbols", w, h);
}

static void test_list(void)
{
    struct view_rig rig;
    begin(&rig, 100, 20);
    CU_ASSERT_TRUE(rig_shows(&rig, "00000060 = PORT"));
    CU_ASSERT_TRUE(rig_shows(&rig, ">  00007c10   loop_head"));
    CU_ASSERT_TRUE(rig_shows(&rig, " \u25cf 00007c30 f print_text"));
    CU_ASSERT_TRUE(rig_shows(&rig, "made-up.c:50"));
    rig_end(&rig);
}

/* The first time the symbol at RIP is selected. */
static void test_commands(void)
{
    struct view_rig rig;
    begin(&rig, 78, 20);
    rig_act(&rig, "open", "");
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "view code; goto 0x7c10");
    rig_act(&rig, "break-there", "");
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "break *0x7c10");
    rig_act(&rig, "down", "");
    rig_act(&rig, "break-there", ""); /* there is one: it goes */
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "delete 4");
    rig_act(&rig, "goto", "0x8123");
    rig_act(&rig, "to-memory", "");
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "view memory; goto 0x8000");
    rig_act(&rig, "top", "");
    rig_act(&rig, "break-there", "");
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "PORT is a number, not an address");
    rig_act(&rig, "select", "2"); /* below the header */
    rig_act(&rig, "open", "");
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "view code; goto 0x7c00");
    rig_end(&rig);
}

static void test_filter(void)
{
    struct view_rig rig;
    struct text note = {0};
    begin(&rig, 78, 20);
    rig_act(&rig, "filter", "PRINT");
    CU_ASSERT_TRUE(rig_shows(&rig, "print_text"));
    CU_ASSERT_TRUE(rig_shows(&rig, "print_hex"));
    CU_ASSERT_EQUAL(canvas_at(&rig.c, 3, 3).code, ' ');
    rig.v.ops->note(&rig.v, &note);
    CU_ASSERT_STRING_EQUAL(text_str(&note), "\"PRINT\": 2 of 6");
    rig_act(&rig, "find-name", "");
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "filter PRINT");
    rig_act(&rig, "bottom", "");
    rig_act(&rig, "open", "");
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "view code; goto 0x7c70");
    rig_act(&rig, "filter", "nobody");
    CU_ASSERT_TRUE(rig_shows(&rig, "no name has \"nobody\" in it"));
    CU_ASSERT_TRUE(rig_act(&rig, "open", ""));
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "");
    rig_act(&rig, "filter", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "buffer"));
    text_fini(&note);
    rig_end(&rig);
}

static void test_search(void)
{
    struct view_rig rig;
    begin(&rig, 36, 5);
    CU_ASSERT_TRUE(rig_act(&rig, "search", "buf"));
    CU_ASSERT_TRUE(rig_shows(&rig, "00008000   buffer"));
    CU_ASSERT_TRUE(rig_act(&rig, "search-back", "port"));
    CU_ASSERT_TRUE(rig_shows(&rig, "00000060 = PORT"));
    CU_ASSERT_FALSE(rig_act(&rig, "search", "nothing"));
    rig_end(&rig);
}

/* The file of symbols can be another one, or none, with the next snapshot. */
static void test_others(void)
{
    static const struct symbols few = {names + 1, 1};
    struct view_rig rig;
    begin(&rig, 78, 20);
    rig_act(&rig, "bottom", "");
    rig.s->target.symbols = &few;
    rig_reload(&rig);
    CU_ASSERT_TRUE(rig_shows(&rig, "start"));
    rig_act(&rig, "open", "");
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "view code; goto 0x7c00");
    rig.s->target.symbols = NULL;
    rig_reload(&rig);
    CU_ASSERT_TRUE(rig_shows(&rig, "no symbols are known"));
    rig_end(&rig);
}

static void test_golden(void)
{
    static const int sizes[][2] = {{36, 5}, {43, 10}, {66, 14}, {78, 20}, {120, 14}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct view_rig rig;
        begin(&rig, sizes[i][0], sizes[i][1]);
        rig_golden(&rig, "symbols");
        rig_end(&rig);
    }
}

static const struct unit_test tests[] = {
    {"list", test_list},     {"commands", test_commands},    {"filter", test_filter},
    {"search", test_search}, {"other symbols", test_others}, {"golden screens", test_golden},
};

UNIT_MAIN("symbols view", tests)
