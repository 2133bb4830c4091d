/*
 * The view of the devices: the tree, registers with what has changed, lamps.
 */
#include "unit.h"
#include "view_rig.h"

#include "machine/machine.h"

/* A PC of four devices: both controllers, a timer on line 0, a clock on line 8, and one without a line. */
static const char *const no_regs[] = {"A", "B"};
static struct event_device parts[] = {{"", "", NULL, 0},
                                      {"post", "POST code port", no_regs, 2},
                                      {"pic0", "8259A interrupt controller", no_regs, 2},
                                      {"pic1", "8259A interrupt controller", no_regs, 2},
                                      {"rtc", "real-time clock", no_regs, 2},
                                      {"pit", "8254 interval timer", no_regs, 2}};
enum { POST = 1, PIC0, PIC1, RTC, PIT, PARTS };

struct bench {
    struct view_rig rig;
    struct snapshot_device devices[PARTS];
    size_t first[PARTS], count[PARTS];
    int lines[PARTS];
    struct snapshot_range ranges[2];
    struct snapshot_machine machine;
};

static void bench_begin(struct bench *b)
{
    static const int lines[PARTS] = {LINE_NONE, LINE_NONE, LINE_CPU, LINE_CASCADE, 8, 0};
    memset(b, 0, sizeof *b);
    rig_begin(&b->rig);
    b->ranges[0] = (struct snapshot_range){false, 0x40, 4};
    b->ranges[1] = (struct snapshot_range){true, 0xb8000, 0x8000};
    b->count[PIT] = 2;
    b->machine = (struct snapshot_machine){.image = "guests/timer.elf",
                                           .clock = "real",
                                           .irqchip = "user",
                                           .names = {parts, PARTS, NULL, 0},
                                           .first_range = b->first,
                                           .range_count = b->count,
                                           .ranges = b->ranges,
                                           .ranges_n = 2};
    for (size_t i = 0; i < PARTS; i++) {
        b->devices[i].registers = "";
        b->devices[i].line = lines[i];
    }
    b->devices[PIT].registers = "CW0     34    mode 2, rate generator; low byte, then high byte\n"
                                "COUNT0  270f  of 11931; OUT up, GATE up\n";
    b->rig.s->machine = &b->machine;
    b->rig.s->devices = b->devices;
    b->rig.s->device_count = PARTS;
    b->rig.s->serial = b->rig.s->stop_serial = 1;
    rig_aim(&b->rig);
}

/* The row of the canvas in which a text begins, -1 when it is nowhere. */
static int row_with(const struct view_rig *rig, const char *words)
{
    struct text out = {0};
    canvas_dump(&rig->c, false, &out);
    const char *at = strstr(text_str(&out), words);
    int row = at ? 0 : -1;
    for (const char *p = text_str(&out); at && p < at; p++)
        row += *p == '\n';
    text_fini(&out);
    return row;
}

/* A timer hangs on the master, the clock on the slave, the slave on the master. */
static void test_tree(void)
{
    struct bench b;
    bench_begin(&b);
    rig_view(&b.rig, "devices", 70, 30);
    CU_ASSERT_TRUE(rig_shows(&b.rig, "PC 5 devices, runs timer.elf"));
    CU_ASSERT_TRUE(rig_shows(&b.rig, "├─▸ pic0           INTR"));
    CU_ASSERT_TRUE(rig_shows(&b.rig, "│ ├─▸ pit          IRQ 0"));
    CU_ASSERT_TRUE(rig_shows(&b.rig, "│ └─▸ pic1         IRQ 2"));
    CU_ASSERT_TRUE(rig_shows(&b.rig, "│   └─▸ rtc        IRQ 8"));
    CU_ASSERT_TRUE(rig_shows(&b.rig, "└─▸ post"));
    CU_ASSERT_TRUE(rig_shows(&b.rig, "port 0x40-0x43, me…"));
    rig_view(&b.rig, "devices", 120, 30);
    CU_ASSERT_TRUE(
        rig_shows(&b.rig, "8254 interval timer                        port 0x40-0x43, memory 0x…"));
    rig_end(&b.rig);
}

static void test_open_and_close(void)
{
    struct bench b;
    bench_begin(&b);
    rig_view(&b.rig, "devices", 40, 20);
    CU_ASSERT_TRUE(rig_act(&b.rig, "search", "interval"));
    CU_ASSERT_EQUAL(row_with(&b.rig, "CW0"), -1);
    CU_ASSERT_TRUE(rig_act(&b.rig, "open", ""));
    int row = row_with(&b.rig, "CW0     34    mode 2");
    CU_ASSERT_TRUE(row > 0);
    CU_ASSERT_EQUAL(row_with(&b.rig, "generator;"), row + 1); /* what has no room goes on below */
    CU_ASSERT_TRUE(rig_act(&b.rig, "left", ""));
    CU_ASSERT_EQUAL(row_with(&b.rig, "CW0"), -1);
    CU_ASSERT_TRUE(rig_act(&b.rig, "left", "")); /* to its controller */
    CU_ASSERT_TRUE(rig_act(&b.rig, "right", ""));
    CU_ASSERT_TRUE(rig_shows(&b.rig, "it has no registers"));
    CU_ASSERT_TRUE(rig_act(&b.rig, "all", ""));
    CU_ASSERT_FALSE(row_with(&b.rig, "no registers") >= 0);
    rig_end(&b.rig);
}

/* What is not as at the last stop has a star; what was looked at again has not lost it. */
static void test_changes(void)
{
    struct bench b;
    bench_begin(&b);
    rig_view(&b.rig, "devices", 60, 30);
    rig_act(&b.rig, "all", "");
    CU_ASSERT_EQUAL(row_with(&b.rig, "*"), -1);
    b.devices[PIT].registers = "CW0     34    mode 2, rate generator; low byte, then high byte\n"
                               "COUNT0  1a48  of 11931; OUT up, GATE up\n";
    b.rig.s->irq_pending = 1;
    b.rig.s->serial = b.rig.s->stop_serial = 2;
    for (int again = 0; again < 2; again++) {
        rig_reload(&b.rig);
        CU_ASSERT_TRUE(rig_shows(&b.rig, "*COUNT0"));
        CU_ASSERT_TRUE(rig_shows(&b.rig, "▾*pit"));
        CU_ASSERT_TRUE(rig_shows(&b.rig, "pending    *●"));
        CU_ASSERT_EQUAL(row_with(&b.rig, "*CW0"), -1);
    }
    b.rig.s->serial = b.rig.s->stop_serial = 3;
    rig_reload(&b.rig);
    CU_ASSERT_EQUAL(row_with(&b.rig, "*"), -1);
    rig_end(&b.rig);
}

/* More frames of one stop (a breakpoint was set, a page was missing) take no mark away, and a frame for views that
 * need no devices gives none. */
static void test_changes_at_one_stop(void)
{
    struct bench b;
    bench_begin(&b);
    rig_view(&b.rig, "devices", 60, 30);
    rig_act(&b.rig, "all", "");
    const char *words = b.devices[PIT].registers;
    b.devices[PIT].registers = "";
    b.rig.s->serial = b.rig.s->stop_serial = 2;
    rig_reload(&b.rig);
    b.devices[PIT].registers = words;
    b.rig.s->serial = b.rig.s->stop_serial = 3;
    rig_reload(&b.rig);
    CU_ASSERT_EQUAL(row_with(&b.rig, "*"), -1);
    b.devices[PIT].registers = "COUNT0  1111  x\n";
    b.rig.s->stop_serial = 4;
    for (uint64_t serial = 4; serial < 7; serial++) {
        b.rig.s->serial = serial;
        rig_reload(&b.rig);
        CU_ASSERT_TRUE(rig_shows(&b.rig, "*COUNT0"));
    }
    rig_end(&b.rig);
}

/* While it runs frames are compared with each other, at the next stop with the stop before. */
static void test_changes_over_a_run(void)
{
    struct bench b;
    bench_begin(&b);
    rig_view(&b.rig, "devices", 60, 30);
    rig_act(&b.rig, "all", "");
    b.devices[PIT].registers = "COUNT0  1111  x\n";
    for (uint64_t serial = 2; serial < 4; serial++) {
        b.rig.s->state = STATE_RUNNING;
        b.rig.s->serial = serial;
        rig_reload(&b.rig);
        CU_ASSERT_EQUAL(row_with(&b.rig, "*COUNT0") >= 0, serial == 2);
    }
    b.rig.s->state = STATE_STANDS;
    b.rig.s->serial = 4;
    rig_reload(&b.rig);
    CU_ASSERT_TRUE(rig_shows(&b.rig, "*COUNT0"));
    rig_end(&b.rig);
}

/* The most telling state of a line wins, and is said in words. */
static void test_lamps(void)
{
    struct bench b;
    bench_begin(&b);
    b.rig.s->irq_levels = 1 << 0 | 1 << 4;
    b.rig.s->irq_pending = 1 << 1 | 1 << 8;
    b.rig.s->irq_masked = 1 << 8 | 0xe000;
    b.rig.s->irq_in_service = 1 << 0;
    rig_view(&b.rig, "devices", 80, 8);
    CU_ASSERT_TRUE(rig_shows(&b.rig, "IRQ  0S  1P  2·  3·  4R  5·  6·  7·  8H"));
    CU_ASSERT_TRUE(
        rig_shows(&b.rig, "0 pit in service, 1  pending, 4  raised, 8 rtc held by mask, masked 13"));
    b.rig.s->serial = b.rig.s->stop_serial = 2;
    b.rig.s->irq_levels |= 1 << 5; /* new */
    rig_reload(&b.rig);
    CU_ASSERT_TRUE(rig_shows(&b.rig, " 4R  5R* 6·"));
    rig_view(&b.rig, "devices", 36, 5);
    CU_ASSERT_TRUE(rig_shows(&b.rig, "IRQ S P · · R R · · H · · · · m m m"));
    rig_view(&b.rig, "devices", 80, 24);
    CU_ASSERT_TRUE(rig_shows(&b.rig, "in service  ●  ·"));
    CU_ASSERT_TRUE(rig_shows(&b.rig, "IRQ 8  held by mask"));
    b.machine.irqchip = "kernel";
    b.rig.s->irq_pending = b.rig.s->irq_masked = b.rig.s->irq_in_service = 0;
    b.rig.s->serial = b.rig.s->stop_serial = 3;
    rig_reload(&b.rig);
    CU_ASSERT_TRUE(rig_shows(&b.rig, "KVM's own interrupt controllers"));
    CU_ASSERT_EQUAL(row_with(&b.rig, "in service"), -1);
    rig_end(&b.rig);
}

static void test_commands(void)
{
    struct bench b;
    bench_begin(&b);
    rig_view(&b.rig, "devices", 60, 20);
    rig_act(&b.rig, "stop-at", "");
    CU_ASSERT_STRING_EQUAL(text_str(&b.rig.answer), "select a device first");
    rig_act(&b.rig, "search", "pit");
    rig_act(&b.rig, "stop-at", "");
    CU_ASSERT_STRING_EQUAL(text_str(&b.rig.answer), "stop device pit");
    rig_act(&b.rig, "exits-of", "");
    CU_ASSERT_STRING_EQUAL(text_str(&b.rig.answer), "view exits; filter pit");
    rig_end(&b.rig);
}

/* A trace holds no registers: the last access to each, and the line its interrupts came on. */
static void test_trace(void)
{
    struct bench b;
    static const struct event events[] = {
        {.seq = 1, .kind = EVENT_IO, .device = RTC, .reg = 0, .dir = DIR_OUT, .size = 1, .value = 0x0a},
        {.seq = 2,
         .kind = EVENT_IO,
         .device = RTC,
         .reg = 0,
         .dir = DIR_OUT,
         .size = 1,
         .value = 0x0c,
         .flags = EVENT_VALUE},
        {.seq = 3, .kind = EVENT_IRQ, .device = RTC, .reg = EVENT_NO_REG, .detail = 8},
    };
    bench_begin(&b);
    b.rig.s->replay = true;
    b.rig.s->has_cpu = false;
    b.rig.s->devices = NULL;
    b.rig.s->device_count = 0;
    for (size_t i = 0; i < 3; i++)
        *(struct event *)ring_push(&b.rig.history.events) = events[i];
    rig_view(&b.rig, "devices", 70, 30);
    rig_act(&b.rig, "all", "");
    CU_ASSERT_TRUE(rig_shows(&b.rig, "IRQ 8"));
    CU_ASSERT_TRUE(rig_shows(&b.rig, "A      0c  written by event 2"));
    CU_ASSERT_TRUE(rig_shows(&b.rig, "read 0, written 2, interrupts 1"));
    CU_ASSERT_TRUE(rig_shows(&b.rig, "no event of it yet"));
    rig_act(&b.rig, "search", "rtc");
    rig_act(&b.rig, "stop-at", "");
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&b.rig.answer), "cannot be stopped"));
    rig_end(&b.rig);
}

static bool selection_seen(const struct view_rig *rig)
{
    bool seen = false;
    for (int y = 0; y < rig->c.h; y++)
        seen |= canvas_at(&rig->c, 0, y).look & LOOK_SELECTED;
    return seen;
}

/* Any size, from nothing known to all open: drawn inside of the pane, the selection always in sight. */
static void test_any_size(void)
{
    struct bench b;
    bench_begin(&b);
    for (int w = 1; w < 130; w += 7) {
        for (int h = 1; h < 40; h += 3) {
            rig_view(&b.rig, "devices", w, h);
            rig_act(&b.rig, "all", "");
            rig_act(&b.rig, "bottom", "");
            rig_act(&b.rig, "page-up", "");
            rig_act(&b.rig, "select", "2");
            CU_ASSERT_TRUE(selection_seen(&b.rig) || h < 4);
        }
    }
    b.rig.s->machine = NULL;
    b.rig.s->device_count = 0;
    rig_view(&b.rig, "devices", 40, 10);
    CU_ASSERT_TRUE(rig_shows(&b.rig, "no devices yet"));
    CU_ASSERT_FALSE(rig_act(&b.rig, "open", ""));
    rig_end(&b.rig);
}

/* In the handler of the timer's interrupt. */
static void test_golden(void)
{
    static const struct {
        int w, h;
    } sizes[] = {{36, 5}, {40, 7}, {66, 28}, {80, 20}, {120, 50}};
    struct view_rig rig;
    rig_load_frame(&rig, "timer-tick");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        rig_view(&rig, "devices", sizes[i].w, sizes[i].h);
        rig_act(&rig, "search", "pit");
        rig_act(&rig, "open", "");
        rig_golden(&rig, "devices-timer");
    }
    rig_end(&rig);
}

static const struct unit_test tests[] = {
    {"the tree", test_tree},         {"open and close", test_open_and_close},
    {"changes", test_changes},       {"changes over a run", test_changes_over_a_run},
    {"changes at one stop", test_changes_at_one_stop},
    {"lamps", test_lamps},           {"commands", test_commands},
    {"a trace", test_trace},         {"any size", test_any_size},
    {"golden screens", test_golden},
};

UNIT_MAIN("devices view", tests)
