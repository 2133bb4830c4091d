/*
 * Whole screens as a user sees them: header, strip, panes and bottom row together, drawn from recorded frames
 * (and a recorded trace) at the sizes of three terminals, compared with golden files. The test stands behind
 * the door in the debugger's place and hands out the recording.
 */
#include "unit.h"
#include "view_rig.h"

#include "debug_symbols.h"

#include "monitor/door.h"
#include "monitor/model/frame.h"
#include "monitor/model/replay.h"
#include "monitor/ui/layout.h"
#include "monitor/ui/screen.h"

enum { FRAME_NS = 40000000, ROUNDS = 40, SYMBOLS_MAX = 200 };

static const int sizes[][2] = {{80, 24}, {40, 10}, {200, 60}};

/* A screen, what it shows, and the debugger behind the door. */
struct stage {
    struct door *door;
    struct model *model;
    struct screen *screen;
    uint64_t now_ns;
    char *frame;
    size_t frame_len;
    struct text again; /* the frame without events, steps and console: those are told once */
    bool told;
    struct symbol symbol[SYMBOLS_MAX]; /* recorded behind it */
    struct symbols symbols;
    struct pool pool;
};

static void take_symbol(struct stage *g, struct cursor *c)
{
    CU_ASSERT_FATAL(g->symbols.n < SYMBOLS_MAX);
    struct symbol *s = &g->symbol[g->symbols.n++];
    s->addr = cursor_varint(c);
    s->len = cursor_varint(c);
    s->function = cursor_varint(c);
    s->name = pool_get_string(&g->pool, c);
}

/* Only how many there were of what is collected over time. */
static void strip_frame(struct stage *g)
{
    g->symbols.rows = g->symbol;
    struct cursor c = {(const uint8_t *)g->frame, g->frame_len, false};
    while (c.left && !c.bad) {
        uint64_t field = cursor_varint(&c);
        struct cursor part = cursor_part(&c);
        struct text bytes = {0};
        if (field == FRAME_EVENTS || field == FRAME_STEPS || field == FRAME_CONSOLE)
            fields_put_varint(&bytes, cursor_varint(&part));
        else
            text_addn(&bytes, (const char *)part.p, part.left);
        fields_add_bytes(&g->again, (unsigned)field, &bytes);
        if (field == FRAME_SYMBOL)
            take_symbol(g, &part);
        text_fini(&bytes);
    }
    CU_ASSERT_FALSE(c.bad);
    for (size_t i = 0; i + 1 < g->symbols.n; i++) /* a label reaches to the next one */
        if (g->symbol[i].len == 0)
            g->symbol[i].len = g->symbol[i + 1].addr - g->symbol[i].addr;
}

static void nothing(void *ctx)
{
    (void)ctx;
}

static void answer_door(struct stage *g)
{
    struct door_request rq;
    while (g->door && door_take(g->door, false, &rq)) {
        if (rq.channel == DOOR_FRAME && g->told)
            text_addn(rq.out, text_str(&g->again), g->again.len);
        else if (rq.channel == DOOR_FRAME)
            text_addn(rq.out, g->frame, g->frame_len);
        g->told |= rq.channel == DOOR_FRAME;
        door_answer(g->door, &rq, NULL);
    }
}

static void settle(struct stage *g)
{
    for (int i = 0; i < ROUNDS; i++) {
        screen_poll(g->screen, g->now_ns += FRAME_NS);
        answer_door(g);
    }
}

static void stage_begin(struct stage *g, const char *frame, int w, int h)
{
    char path[512];
    struct err e;
    *g = (struct stage){.now_ns = 1};
    snprintf(path, sizeof path, SCREEN_TESTS "/frames/%s.frame", frame);
    g->frame = rig_file(path, &g->frame_len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(g->frame);
    strip_frame(g);
    g->door = door_create(&e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(g->door);
    g->model = model_open(g->door, &g->symbols, nothing, NULL, &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(g->model);
    g->screen = screen_create(g->model, NULL, w, h, &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(g->screen);
    settle(g);
}

static void stage_begin_trace(struct stage *g, int w, int h)
{
    struct err e;
    *g = (struct stage){.now_ns = 1};
    struct replay *replay = replay_open(SCREEN_TESTS "/../../traces/gallery/boot64.rst", &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(replay);
    g->model = model_open_replay(replay, &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(g->model);
    g->screen = screen_create(g->model, NULL, w, h, &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(g->screen);
    settle(g);
}

static void stage_end(struct stage *g)
{
    screen_destroy(g->screen);
    if (g->door)
        door_close(g->door);
    model_close(g->model);
    if (g->door)
        door_destroy(g->door);
    text_fini(&g->again);
    pool_free(&g->pool);
    free(g->frame);
}

static void press(struct stage *g, const char *keys)
{
    for (; *keys; keys++)
        screen_key(g->screen, (unsigned char)*keys);
    settle(g);
}

static const struct canvas *draw(struct stage *g)
{
    bool fresh;
    int x, y;
    return screen_draw(g->screen, &fresh, &x, &y);
}

static bool shows(struct stage *g, const char *words)
{
    struct text out = {0};
    canvas_dump(draw(g), false, &out);
    bool there = strstr(text_str(&out), words);
    text_fini(&out);
    return there;
}

static void golden(struct stage *g, const char *name)
{
    golden_check(draw(g), name, false);
    golden_check(draw(g), name, true);
}

/* ---- whole screens ---- */

static void test_paused(void)
{
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct stage g;
        stage_begin(&g, "timer-stops", sizes[i][0], sizes[i][1]);
        golden(&g, "screen-paused");
        press(&g, "4"); /* the page tables */
        golden(&g, "screen-pages");
        stage_end(&g);
    }
}

static void test_running(void)
{
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct stage g;
        stage_begin(&g, "keyboard-runs", sizes[i][0], sizes[i][1]);
        golden(&g, "screen-running");
        stage_end(&g);
    }
}

static void test_replay(void)
{
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct stage g;
        stage_begin_trace(&g, sizes[i][0], sizes[i][1]);
        press(&g, "3sss");
        golden(&g, "screen-replay");
        stage_end(&g);
    }
}

/* Smaller than the smallest layout: it says so, says how to leave, and comes back when there is room. */
static void test_too_small(void)
{
    struct stage g;
    stage_begin(&g, "timer-stops", 30, 6);
    golden(&g, "screen-small");
    for (int w = 1; w < LAYOUT_MIN_W + 2; w += 3)
        for (int h = 1; h < LAYOUT_MIN_H + 2; h++) {
            screen_resize(g.screen, w, h);
            draw(&g);
        }
    screen_resize(g.screen, 80, 24);
    settle(&g);
    CU_ASSERT_TRUE(shows(&g, "Registers"));
    stage_end(&g);
}

/* ---- who has read nothing ---- */

/* How to step, run or stop, see the page tables, get help and leave is on the screen at every size. */
static void test_hints(void)
{
    static const char *const standing[] = {"s Step", "c Run", "? Help", "q Quit", "4Pages"};
    static const char *const running[] = {"Space Pause", "? Help", "q Quit", "4Pages"};
    static const int more[][2] = {{80, 24},  {40, 10}, {200, 60}, {LAYOUT_MIN_W, LAYOUT_MIN_H},
                                  {120, 40}, {59, 19}};
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        struct stage g;
        stage_begin(&g, "timer-stops", more[i][0], more[i][1]);
        for (size_t k = 0; k < sizeof standing / sizeof standing[0]; k++)
            CU_ASSERT_TRUE(shows(&g, standing[k]));
        stage_end(&g);
        stage_begin(&g, "keyboard-runs", more[i][0], more[i][1]);
        for (size_t k = 0; k < sizeof running / sizeof running[0]; k++)
            CU_ASSERT_TRUE(shows(&g, running[k]));
        stage_end(&g);
    }
}

/* What a title names is a key of that view. */
static void test_title_hints(void)
{
    const struct view_ops *ops;
    for (size_t i = 0; (ops = view_row(i)); i++)
        for (const struct key_hint *h = ops->hints; h && h->word; h++)
            CU_ASSERT_TRUE(key_find(ops->keys, h->key) || key_find(moving_keys, h->key));
}

static void test_help(void)
{
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct stage g;
        stage_begin(&g, "timer-stops", sizes[i][0], sizes[i][1]);
        press(&g, "?");
        golden(&g, "screen-help");
        press(&g, "\x1b");
        CU_ASSERT_FALSE(shows(&g, "Esc: close"));
        stage_end(&g);
    }
}

/* ---- whatever the user does ---- */

/* Keys, the mouse and sizes without sense, on each recording: nothing is drawn outside of the screen, nothing
 * breaks. The numbers are always the same ones. */
static void play(struct stage *g, uint32_t *seed, int actions)
{
    static const char letters[] = "snfcbwz][/.,To1234567890-=gmeruvxdaiFIMVXWjkhl*?p";
    for (int i = 0; i < actions; i++) {
        uint32_t r = (*seed = *seed * 1664525u + 1013904223u) >> 8;
        int w = (int)(r % 230) + 1, h = (int)(r / 230 % 70) + 1;
        if (r % 11 == 0)
            screen_resize(g->screen, w, h);
        else if (r % 11 < 3)
            screen_mouse(g->screen, (enum screen_mouse)(r / 11 % 4), w, h);
        else if (r % 11 < 6)
            screen_key(g->screen, UI_UP + (int)(r / 11 % (UI_F0 - UI_UP)));
        else if (r % 11 == 6)
            screen_key(g->screen, r / 11 % 2 ? UI_ENTER : UI_ESC);
        else
            screen_key(g->screen, letters[r / 11 % (sizeof letters - 1)]);
        screen_poll(g->screen, g->now_ns += FRAME_NS);
        answer_door(g);
        draw(g);
    }
}

static void test_anything(void)
{
    static const char *const frames[] = {"timer-stops", "keyboard-runs", "boot64-real", "paging-window",
                                         "interrupts-end"};
    uint32_t seed = 1;
    struct stage g;
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        stage_begin(&g, frames[i], 80, 24);
        play(&g, &seed, 3000);
        screen_resize(g.screen, 80, 24);
        settle(&g);
        CU_ASSERT_TRUE(shows(&g, "1Regs") || shows(&g, "=Syms"));
        stage_end(&g);
    }
    stage_begin_trace(&g, 80, 24);
    play(&g, &seed, 3000);
    stage_end(&g);
}

/* ---- what is remembered ---- */

static void state(struct stage *g, const char *kept, struct text *out)
{
    screen_restore(g->screen, kept);
    settle(g);
    text_clear(out);
    screen_save(g->screen, out);
}

static void test_state(void)
{
    static const char *const refused[] = {"panes 3 code code exits\n",
                                          "panes 3 code nothing exits\n",
                                          "panes 3 code\n",
                                          "panes 9 code\n",
                                          "panes",
                                          "panes 3",
                                          "theme \xff\n"};
    struct stage g;
    struct text out = {0};
    stage_begin(&g, "timer-stops", 80, 24);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        state(&g, refused[i], &out);
        CU_ASSERT_STRING_EQUAL(text_str(&out), "theme dark\npanes 3 code registers exits\n");
    }
    state(&g, "theme light\npanes 3 pages stack code\ntrace-panes 3 exits console devices\n", &out);
    CU_ASSERT_STRING_EQUAL(text_str(&out),
                           "theme light\npanes 3 pages stack code\ntrace-panes 3 exits console devices\n");
    CU_ASSERT_TRUE(shows(&g, "Page tables"));
    press(&g, "z"); /* one view in full is no arrangement */
    text_clear(&out);
    screen_save(g.screen, &out);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&out), "panes 3 pages stack code\n"));
    stage_end(&g);
    text_fini(&out);
}

/* A session without colours leaves the theme of the others alone. */
static void test_state_without_colours(void)
{
    struct stage g;
    struct text out = {0};
    setenv("NO_COLOR", "1", 1);
    stage_begin(&g, "timer-stops", 80, 24);
    state(&g, "theme light\n", &out);
    CU_ASSERT_TRUE(theme_is_mono(screen_theme(g.screen)));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&out), "theme light\n"));
    CU_ASSERT_PTR_NULL(strstr(text_str(&out), "mono"));
    unsetenv("NO_COLOR");
    stage_end(&g);
    text_fini(&out);
}

static const struct unit_test tests[] = {
    {"paused", test_paused},
    {"running", test_running},
    {"a replay", test_replay},
    {"too small", test_too_small},
    {"keys are named", test_hints},
    {"keys in titles", test_title_hints},
    {"help", test_help},
    {"anything", test_anything},
    {"what is remembered", test_state},
    {"what is remembered without colours", test_state_without_colours},
};

UNIT_MAIN("screens", tests)
