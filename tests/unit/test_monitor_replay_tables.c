/*
 * The page tables of a replayed trace: the copy that stands before the event, back and forth, and the view
 * that shows them as it shows a guest's.
 */
#include "monitor/model/replay.h"
#include "monitor/ui/canvas.h"
#include "monitor/views/view.h"
#include "monitor/views/views.h"
#include "tables_make.h"

/* Ten events without page tables, ten with one copy, ten with another. */
static struct make_file trace_make(void)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    struct guest_memory m;
    path_make(&m, &paths[P4]);
    put_events(w, 0, 10);
    put_copy(w, &m, &paths[P4].c, 10);
    put_events(w, 10, 10);
    put_entry(&m, 0x1000, 3, 0x2000 | PWU, 8);
    put_copy(w, &m, &paths[P4].c, 20);
    put_events(w, 20, 10);
    put_entry(&m, 0x1000, 4, 0x2000 | PWU, 8);
    put_copy(w, &m, &paths[P4].c, 30);
    make_close(w);
    memory_fini(&m);
    return f;
}

/* Events of two vCPUs in turn, and a copy for each in one place. */
static struct make_file two_make(void)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    struct trace_tables copy = {0};
    struct guest_memory m;
    uint64_t now = 0;
    path_make(&m, &paths[P4]);
    for (unsigned i = 0; i < 10; i++) {
        struct event ev = make_console_event(i, &now);
        ev.vcpu = i % 2;
        for (unsigned vcpu = 0; i == 4 && vcpu < 2; vcpu++) {
            put_entry(&m, 0x1000, 3, (2 + vcpu) * 0x1000 | PWU, 8);
            take_copy(&copy, &m, &paths[P4].c, i);
            copy.place.vcpu = vcpu;
            trace_put_tables(w, &copy);
        }
        trace_put(w, &ev);
    }
    make_close(w);
    tables_fini(&copy);
    memory_fini(&m);
    return f;
}

struct stage {
    struct make_file f;
    struct replay *replay;
    struct snapshot_machine machine;
    struct snapshot_history history;
};

static void stage_begin(struct stage *g, struct make_file f)
{
    struct err e = {0};
    *g = (struct stage){.f = f};
    CU_ASSERT_EQUAL_FATAL(history_init(&g->history, &e), 0);
    g->replay = replay_open(g->f.path, &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(g->replay);
}

static void stage_end(struct stage *g)
{
    replay_close(g->replay);
    snapshot_machine_fini(&g->machine);
    history_fini(&g->history);
    unlink(g->f.path);
}

static struct snapshot *stage_at(struct stage *g, uint64_t event)
{
    struct err e = {0};
    CU_ASSERT_EQUAL_FATAL(replay_seek(g->replay, event, &e), 0);
    struct snapshot *s = replay_snapshot(g->replay, &g->machine, &g->history, &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    return s;
}

/* Entry `index` of the top table at this event; 0 also when there are no tables. */
static uint64_t top_entry(struct stage *g, uint64_t event, unsigned index)
{
    struct snapshot *s = stage_at(g, event);
    const void *p = s->has_tables ? memory_ptr(&s->memory, 0x1000 + index * 8ull, 8, false) : NULL;
    uint64_t entry = p ? le64_load(p) : 0;
    snapshot_free(s);
    return entry;
}

static void test_back_and_forth(void)
{
    struct stage g;
    stage_begin(&g, trace_make());
    for (unsigned pass = 0; pass < 2; pass++) {
        CU_ASSERT_EQUAL(top_entry(&g, 9, 0x1a), 0);
        CU_ASSERT_EQUAL(top_entry(&g, 10, 0x1a), 0x2000 | PWU);
        CU_ASSERT_EQUAL(top_entry(&g, 19, 3), 0);
        CU_ASSERT_EQUAL(top_entry(&g, 20, 3), 0x2000 | PWU);
        CU_ASSERT_EQUAL(top_entry(&g, 28, 4), 0);
        CU_ASSERT_EQUAL(top_entry(&g, 29, 4), 0x2000 | PWU); /* the last event: as it was at the end */
        CU_ASSERT_EQUAL(top_entry(&g, 12, 3), 0);
    }
    stage_end(&g);
}

static void test_vcpus(void)
{
    struct stage g;
    stage_begin(&g, two_make());
    CU_ASSERT_EQUAL(top_entry(&g, 3, 3), 0);
    for (uint64_t event = 4; event < 10; event++)
        CU_ASSERT_EQUAL(top_entry(&g, event, 3), (event % 2 ? 0x3000 : 0x2000) | PWU);
    stage_end(&g);
}

static void test_view(void)
{
    static const struct {
        uint64_t event;
        const char *goes, *says;
    } rows[] = {{5, NULL, "no page tables at this event"},
                {15, NULL, "4-level paging, CR3 0x1000"},
                {15, "0xd0ac784dabc", "→ physical 0x6abc RAM"},
                {15, "0x18000000000", "PML4E not present"}};
    struct stage g;
    stage_begin(&g, trace_make());
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err e = {0};
        struct view_reply reply = {0};
        struct text out = {0};
        struct canvas c = {0};
        struct view v = {0};
        struct snapshot *s = stage_at(&g, rows[i].event);
        CU_ASSERT_EQUAL_FATAL(view_init(&v, &view_pages, &e), 0);
        CU_ASSERT_EQUAL_FATAL(canvas_init(&c, 90, 30, &e), 0);
        v.w = 90;
        v.h = 30;
        v.snap = s;
        view_pages.load(&v, s);
        if (rows[i].goes) {
            view_pages.act(&v, "goto", rows[i].goes, &reply);
            view_pages.load(&v, s);
        }
        view_pages.draw(&v, &c);
        canvas_dump(&c, false, &out);
        if (!strstr(text_str(&out), rows[i].says))
            fprintf(stderr, "\"%s\" is not in:\n%s", rows[i].says, text_str(&out));
        CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&out), rows[i].says));
        text_fini(&out);
        canvas_fini(&c);
        view_reply_fini(&reply);
        view_fini(&v);
        snapshot_free(s);
    }
    stage_end(&g);
}

static const struct unit_test tests[] = {
    {"the copy before the event", test_back_and_forth},
    {"two vCPUs", test_vcpus},
    {"the view", test_view},
};

int main(void)
{
    return unit_main("monitor: the page tables of a replay", tests, sizeof tests / sizeof tests[0]);
}
