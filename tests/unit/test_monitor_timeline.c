/*
 * The view of the timeline: the strip, the cursor on it, where Enter leads.
 */
#include "unit.h"
#include "view_rig.h"

static struct event_device parts[] = {{"", "", NULL, 0}};
static const struct snapshot_machine machine = {.names = {parts, 1, NULL, 0}};

static void put(struct view_rig *rig, struct event ev)
{
    ev.seq = rig->s->events_total;
    ev.time_ns = ev.seq * 1000;
    ev.reg = EVENT_NO_REG;
    timeline_put(&rig->s->timeline, &ev);
    *(struct event *)ring_push(&rig->history.events) = ev;
    rig->s->position = rig->s->events_total++;
}

static void put_many(struct view_rig *rig, size_t n, enum event_kind kind, enum cpu_mode mode)
{
    for (size_t i = 0; i < n; i++)
        put(rig, (struct event){.kind = (uint8_t)kind,
                                .mode_cpl = event_mode_cpl(mode, 0),
                                .addr = 0x80,
                                .dir = DIR_OUT,
                                .size = 1,
                                .flags = EVENT_ADDR});
}

/* Real mode, an interrupt, long mode, a mark, and a shutdown at the end: events 0-9, 10, 11-19, 20, 21. */
static void story_begin(struct view_rig *rig)
{
    rig_begin(rig);
    rig->s->machine = &machine;
    rig_aim(rig);
    put_many(rig, 10, EVENT_IO, MODE_REAL);
    put_many(rig, 1, EVENT_IRQ, MODE_REAL);
    put_many(rig, 9, EVENT_HLT, MODE_LONG);
    put(rig, (struct event){.kind = EVENT_MARK, .flags = EVENT_NO_CPU});
    put(rig, (struct event){.kind = EVENT_SHUTDOWN, .flags = EVENT_NO_CPU});
}

static void test_strip(void)
{
    struct view_rig rig;
    story_begin(&rig);
    rig_view(&rig, "timeline", 36, 6);
    CU_ASSERT_TRUE(rig_shows(&rig, "mode Real───────Long─────?─"));
    CU_ASSERT_TRUE(rig_shows(&rig, "exit ddddddddddocccccccccoX"));
    CU_ASSERT_TRUE(rig_shows(&rig, "what ··········1·········▴X"));
    CU_ASSERT_TRUE(rig_shows(&rig, "here ─────────────────────^"));
    CU_ASSERT_TRUE(rig_shows(&rig, "event 21  at 21.0 us"));
    rig_end(&rig);
}

static void test_tall(void)
{
    struct view_rig rig;
    story_begin(&rig);
    rig_view(&rig, "timeline", 80, 40);
    CU_ASSERT_TRUE(rig_shows(&rig, "device     ███"));
    CU_ASSERT_TRUE(rig_shows(&rig, "time taken ███"));
    CU_ASSERT_TRUE(rig_shows(&rig, "faults     ···"));
    CU_ASSERT_TRUE(rig_shows(&rig, "     21  21.0 us")); /* the events at the cursor */
    rig_end(&rig);
}

/* The cursor stays with the newest event until it is moved, and again after End. */
static void test_cursor(void)
{
    struct view_rig rig;
    story_begin(&rig);
    rig_view(&rig, "timeline", 60, 8);
    put_many(&rig, 1, EVENT_IO, MODE_LONG);
    rig_reload(&rig);
    CU_ASSERT_TRUE(rig_shows(&rig, "event 22 of 23"));
    CU_ASSERT_TRUE(rig_act(&rig, "left", ""));
    CU_ASSERT_TRUE(rig_shows(&rig, "event 21 of 23"));
    put_many(&rig, 1, EVENT_IO, MODE_LONG);
    rig_reload(&rig);
    CU_ASSERT_TRUE(rig_shows(&rig, "event 21 of 24"));
    CU_ASSERT_TRUE(rig_act(&rig, "top", ""));
    CU_ASSERT_TRUE(rig_act(&rig, "left", ""));
    CU_ASSERT_TRUE(rig_act(&rig, "up", ""));
    CU_ASSERT_TRUE(rig_shows(&rig, "event 0 of 24  at 0 ns  real ring 0"));
    CU_ASSERT_TRUE(rig_act(&rig, "bottom", ""));
    put_many(&rig, 1, EVENT_IO, MODE_LONG);
    rig_reload(&rig);
    CU_ASSERT_TRUE(rig_shows(&rig, "event 24 of 25"));
    rig_end(&rig);
}

static void test_goals(void)
{
    static const struct {
        const char *verb, *shows;
    } steps[] = {{"next-interrupt", "event 10 of 22"}, {"next-mode", "event 11 of 22"},
                 {"next-mark", "event 20 of 22"},      {"next-fault", "event 21 of 22"},
                 {"previous-mark", "event 20 of 22"},  {"previous-mode", "event 11 of 22"},
                 {"previous-interrupt", "event 10 of"}};
    struct view_rig rig;
    story_begin(&rig);
    rig_view(&rig, "timeline", 60, 8);
    rig_act(&rig, "top", "");
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        CU_ASSERT_TRUE(rig_act(&rig, steps[i].verb, ""));
        CU_ASSERT_TRUE(rig_shows(&rig, steps[i].shows));
    }
    CU_ASSERT_TRUE(rig_act(&rig, "previous-fault", ""));
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "no shutdown or failure before this place");
    CU_ASSERT_TRUE(rig_act(&rig, "search", "hlt"));
    CU_ASSERT_TRUE(rig_shows(&rig, "event 11 of 22"));
    CU_ASSERT_FALSE(rig_act(&rig, "search", "no such thing"));
    rig_end(&rig);
}

/* Slots of many events: goals are still found to the event, and every event has its column. */
static void test_many(void)
{
    struct view_rig rig;
    rig_begin(&rig);
    rig.s->machine = &machine;
    rig_aim(&rig);
    put_many(&rig, 2345, EVENT_IO, MODE_REAL);
    put_many(&rig, 1, EVENT_IRQ, MODE_REAL);
    put_many(&rig, 2654, EVENT_IO, MODE_PROTECTED);
    rig_view(&rig, "timeline", 50, 12);
    rig_act(&rig, "top", "");
    rig_act(&rig, "next-interrupt", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "event 2345 of 5000"));
    rig_act(&rig, "next-mode", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "event 2346 of 5000"));
    rig_act(&rig, "top", "");
    for (int i = 0; i < 44; i++)
        rig_act(&rig, "right", "");
    CU_ASSERT_EQUAL(canvas_at(&rig.c, 5 + 44, 3).code, '^');
    rig_act(&rig, "right", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "event 4999 of 5000"));
    rig_end(&rig);
}

static void test_open(void)
{
    struct view_rig rig;
    story_begin(&rig);
    rig_view(&rig, "timeline", 60, 24);
    rig_act(&rig, "top", "");
    struct view_reply r = {0};
    rig.v.ops->act(&rig.v, "open", "", &r);
    CU_ASSERT_EQUAL(strncmp(text_str(&r.show), "event 0\nevent 0: out 0x80", 25), 0);
    view_reply_fini(&r);
    rig.history.events.total = 0; /* all forgotten */
    rig_act(&rig, "open", "");
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "event 0 is no longer kept whole");
    CU_ASSERT_TRUE(rig_shows(&rig, "no longer kept"));
    rig_end(&rig);
}

/* In a replay Enter goes to the cursor, and the cursor follows the replay. */
static void test_replay(void)
{
    struct view_rig rig;
    story_begin(&rig);
    rig.s->replay = true;
    rig.s->has_cpu = false;
    rig.s->position = 4;
    rig_view(&rig, "timeline", 60, 16);
    CU_ASSERT_TRUE(rig_shows(&rig, "event 4 of 22"));
    rig_act(&rig, "next-mark", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "event 20 of 22"));
    rig_act(&rig, "open", "");
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "jump 20");
    rig.s->position = 5;
    rig_reload(&rig);
    CU_ASSERT_TRUE(rig_shows(&rig, "event 5 of 22"));
    rig_end(&rig);
}

/* No event at all, one, and sizes down to a cell; a strip that is damaged must not lead outside. */
static void test_any_size(void)
{
    static const char *const verbs[] = {"left", "right",  "up",   "down",      "page-up",   "page-down",
                                        "top",  "bottom", "open", "next-mode", "next-mark", "select"};
    struct view_rig rig;
    rig_begin(&rig);
    rig_view(&rig, "timeline", 36, 5);
    CU_ASSERT_TRUE(rig_shows(&rig, "nothing has happened yet"));
    CU_ASSERT_FALSE(rig_act(&rig, "open", ""));
    put_many(&rig, 1, EVENT_IO, MODE_REAL);
    rig.s->machine = &machine;
    rig.s->timeline.slot[0].mode[MODE_LONG] = UINT32_MAX;
    for (int w = 1; w < 130; w += 9)
        for (int h = 1; h < 52; h += 5) {
            rig_view(&rig, "timeline", w, h);
            for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
                rig_act(&rig, verbs[i], "3");
        }
    rig.s->timeline.slots = TIMELINE_SLOTS + 7;
    rig.s->timeline.slot[3].first_seq = UINT64_MAX;
    rig_view(&rig, "timeline", 36, 20);
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        rig_act(&rig, verbs[i], "3");
    CU_ASSERT_TRUE(rig_shows(&rig, "event 0 "));
    rig_end(&rig);
}

static void test_golden(void)
{
    static const struct {
        const char *frame;
        int w, h;
    } screens[] = {{"timer-tick", 36, 5},  {"timer-tick", 80, 20}, {"boot64-end", 40, 7},
                   {"boot64-end", 66, 14}, {"boot64-end", 80, 20}, {"boot64-end", 120, 50}};
    for (size_t i = 0; i < sizeof screens / sizeof screens[0]; i++) {
        struct view_rig rig;
        char name[64];
        rig_load_frame(&rig, screens[i].frame);
        rig_view(&rig, "timeline", screens[i].w, screens[i].h);
        rig_act(&rig, "page-up", "");
        snprintf(name, sizeof name, "timeline-%s", screens[i].frame);
        rig_golden(&rig, name);
        rig_end(&rig);
    }
}

static const struct unit_test tests[] = {
    {"the strip", test_strip},       {"tall", test_tall},         {"the cursor", test_cursor},
    {"going to things", test_goals}, {"many events", test_many},  {"open", test_open},
    {"a replay", test_replay},       {"any size", test_any_size}, {"golden screens", test_golden},
};

UNIT_MAIN("timeline view", tests)
