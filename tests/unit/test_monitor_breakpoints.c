/*
 * The view of breakpoints: the list, and the commands its keys stand for.
 */
#include "unit.h"
#include "view_rig.h"

#include "debug/stops.h"

static const struct snapshot_stop stops[] = {
    {.number = 1,
     .kind = STOPS_BREAK,
     .enabled = true,
     .met = true,
     .first = 0x7c10,
     .last = 0x7c10,
     .hits = 3,
     .where = "0x7c10 <start+16>",
     .condition = "ax == 0",
     .commands = ""},
    {.number = 2,
     .kind = STOPS_WATCH,
     .enabled = false,
     .first = 0x8000,
     .last = 0x8003,
     .where = "dword [0x8000]",
     .condition = "",
     .commands = ""},
    {.number = 7,
     .kind = STOPS_IO,
     .enabled = true,
     .once = true,
     .first = 0x3f8,
     .last = 0x3ff,
     .hits = 1234567,
     .ignore = 5,
     .where = "0x3f8-0x3ff out",
     .condition = "value == 0x0a",
     .commands = "print cx\ncontinue"},
};

static void begin(struct view_rig *rig, size_t n, int w, int h)
{
    rig_begin(rig);
    rig->s->stops = stops;
    rig->s->stop_count = n;
    rig_view(rig, "breakpoints", w, h);
}

static void test_list(void)
{
    struct view_rig rig;
    begin(&rig, 3, 120, 20);
    CU_ASSERT_TRUE(rig_shows(&rig, ">\u25cf  1 break       0x7c10 <start+16>"));
    CU_ASSERT_TRUE(rig_shows(&rig, " \u25cb  2 watch       dword [0x8000]"));
    CU_ASSERT_TRUE(rig_shows(&rig, "1234567   if value == 0x0a, once, passes 5 times, runs commands"));
    CU_ASSERT_TRUE(rig_shows(&rig, "off"));
    CU_ASSERT_TRUE(rig_shows(&rig, "1: break 0x7c10 <start+16> if ax == 0"));
    rig_act(&rig, "bottom", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "; then print cx;continue"));
    rig_end(&rig);
}

static void test_commands(void)
{
    static const struct {
        const char *row, *verb, *answer;
    } cases[] = {
        {"1", "open", "view code; goto 0x7c10"},
        {"2", "open", "view memory; goto 0x8000"},
        {"1", "remove", "delete 1"},
        {"3", "remove", "delete 7"},
        {"1", "switch", "disable 1"},
        {"2", "switch", "enable 2"},
        {"1", "only-if", "condition 1 ax == 0"},
        {"2", "only-if", "condition 2 "},
        {"0", "remove", "delete 2"}, /* the header: nothing is selected by it */
        {"2", "add", "break "},
    };
    struct view_rig rig;
    begin(&rig, 3, 78, 20);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CU_ASSERT_TRUE(rig_act(&rig, "select", cases[i].row));
        CU_ASSERT_TRUE(rig_act(&rig, cases[i].verb, ""));
        CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), cases[i].answer);
    }
    rig_act(&rig, "select", "3");
    rig_act(&rig, "open", "");
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&rig.answer), "no linear address"));
    rig_end(&rig);
}

/* The same one stays selected when one before it goes; when it goes itself, the next one is. */
static void test_stays_selected(void)
{
    struct view_rig rig;
    begin(&rig, 3, 78, 20);
    rig_act(&rig, "down", "");
    rig.s->stops = stops + 1;
    rig.s->stop_count = 2;
    rig_reload(&rig);
    rig_act(&rig, "remove", "");
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "delete 2");
    rig.s->stops = stops + 2;
    rig.s->stop_count = 1;
    rig_reload(&rig);
    rig_act(&rig, "remove", "");
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "delete 7");
    rig_end(&rig);
}

static void test_search(void)
{
    struct view_rig rig;
    begin(&rig, 3, 78, 20);
    CU_ASSERT_TRUE(rig_act(&rig, "search", "IO"));
    rig_act(&rig, "remove", "");
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "delete 7");
    CU_ASSERT_TRUE(rig_act(&rig, "search-back", "dword"));
    rig_act(&rig, "remove", "");
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "delete 2");
    CU_ASSERT_FALSE(rig_act(&rig, "search", "nothing"));
    rig_end(&rig);
}

static void test_none(void)
{
    struct view_rig rig;
    begin(&rig, 0, 36, 5);
    CU_ASSERT_TRUE(rig_shows(&rig, "no breakpoints yet"));
    rig_act(&rig, "remove", "");
    CU_ASSERT_PTR_NULL(strstr(text_str(&rig.answer), "delete"));
    rig_act(&rig, "add", "");
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "break ");
    rig.s->replay = true;
    rig_reload(&rig);
    CU_ASSERT_TRUE(rig_shows(&rig, "a trace has no breakpoints"));
    CU_ASSERT_FALSE(rig_act(&rig, "add", ""));
    rig_end(&rig);
}

static void test_golden(void)
{
    static const int sizes[][2] = {{36, 5}, {43, 10}, {66, 14}, {78, 20}, {120, 20}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct view_rig rig;
        begin(&rig, 3, sizes[i][0], sizes[i][1]);
        rig_golden(&rig, "breakpoints");
        rig_end(&rig);
        begin(&rig, 0, sizes[i][0], sizes[i][1]);
        rig_golden(&rig, "no-breakpoints");
        rig_end(&rig);
    }
}

static const struct unit_test tests[] = {
    {"list", test_list},     {"commands", test_commands},
    {"search", test_search}, {"the selected one", test_stays_selected},
    {"none", test_none},     {"golden screens", test_golden},
};

UNIT_MAIN("breakpoints view", tests)
