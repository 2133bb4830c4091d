/*
 * `trace page`: the debugger says the same of a trace's page tables as of the guest's own, of the copy that
 * stood at the event, of the vCPU that is asked about; and it says why there are none.
 */
#include "tables_make.h"

#include "debug/pages.h"

static char *page_words_of(const char *path, const uint64_t *gva, const struct tables_wanted *w)
{
    struct err e = {0};
    struct text out = {0};
    struct trace_reader *r = trace_open(path, &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    CU_ASSERT_EQUAL_FATAL(trace_page(r, gva, w, &out, &e), 0);
    trace_reader_close(r);
    char *words = strdup(text_str(&out));
    text_fini(&out);
    return words;
}

static char *page_words(const char *path, const uint64_t *gva, const uint64_t *at)
{
    const struct tables_wanted w = {.at_given = at, .at = at ? *at : 0};
    return page_words_of(path, gva, &w);
}

/* The debugger says the same of the copy as of the guest's own memory, for every scheme. */
static void test_same_words(void)
{
    for (size_t i = 0; i < PATHS; i++) {
        struct make_file f = make_file();
        struct trace_writer *w = make_writer(&f);
        struct guest_memory m;
        path_make(&m, &paths[i]);
        put_copy(w, &m, &paths[i].c, 0);
        put_events(w, 0, 3);
        make_close(w);
        struct target t = {.memory = &m};
        t.sregs.cr0 = paths[i].c.cr0;
        t.sregs.cr3 = paths[i].c.cr3;
        t.sregs.cr4 = paths[i].c.cr4;
        t.sregs.efer = paths[i].c.efer;
        t.maxphyaddr = 46; /* as in place_of */
        const uint64_t gvas[] = {paths[i].gva, paths[i].gva + 0x1000, 0, 0xffffffff};
        for (size_t k = 0; k < 5; k++) {
            struct text live = {0};
            char *words = page_words(f.path, k < 4 ? &gvas[k] : NULL, NULL);
            if (k < 4)
                pages_walk_write(&t, gvas[k], &live);
            else
                pages_map_write(&t, NULL, &live);
            char *body = strchr(words, '\n');
            CU_ASSERT_PTR_NOT_NULL_FATAL(body);
            CU_ASSERT(strncmp(words, "page tables at event 0 (", 24) == 0);
            CU_ASSERT_STRING_EQUAL(body + 1, text_str(&live));
            free(words);
            text_fini(&live);
        }
        memory_fini(&m);
        unlink(f.path);
    }
}

static void test_at(void)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    struct guest_memory m;
    static const struct {
        uint64_t at;
        const char *says;
    } rows[] = {{9, "paging was off at event 9: it came on at event 10"},
                {10, "page tables at event 10"},
                {19, "page tables at event 10"},
                {20, "page tables at event 20"},
                {100, "page tables at event 20"}};
    path_make(&m, &paths[P4]);
    put_events(w, 0, 10);
    put_copy(w, &m, &paths[P4].c, 10);
    put_events(w, 10, 10);
    put_copy(w, &m, &paths[P4].c, 20);
    put_events(w, 20, 5);
    make_close(w);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *words = page_words(f.path, NULL, &rows[i].at);
        CU_ASSERT(strncmp(words, rows[i].says, strlen(rows[i].says)) == 0);
        free(words);
    }
    memory_fini(&m);
    unlink(f.path);
}

/* Two vCPUs with tables of their own: the event's are shown, or those that are named. */
static void test_vcpus(void)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    static struct trace_tables copy;
    struct guest_memory m;
    uint64_t now = 0;
    path_make(&m, &paths[P4]);
    for (unsigned i = 0; i < 8; i++) {
        struct event ev = make_console_event(i, &now);
        ev.vcpu = i % 2;
        if (i == 2 || i == 3) {
            take_copy(&copy, &m, &paths[P4].c, i);
            copy.place.vcpu = ev.vcpu;
            trace_put_tables(w, &copy);
            put_entry(&m, 0x1000, 1, 0x2000 | PWU, 8);
        }
        trace_put(w, &ev);
    }
    make_close(w);
    static const struct {
        struct tables_wanted wanted;
        const char *says;
    } rows[] = {
        {{0}, "page tables at event 2 ("},
        {{.vcpu_given = true, .vcpu = 1}, "page tables of vCPU 1 at event 3 ("},
        {{.vcpu_given = true, .vcpu = 2}, "the trace holds no page tables of vCPU 2, but some of vCPU 0"},
        {{.at_given = true, .at = 6}, "page tables at event 2 ("},
        {{.at_given = true, .at = 7}, "page tables of vCPU 1 at event 3 ("},
        {{.at_given = true, .at = 6, .vcpu_given = true, .vcpu = 1}, "page tables of vCPU 1 at event 3 ("},
        {{.at_given = true, .at = 1}, "paging was off at event 1: it came on at event 3"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *words = page_words_of(f.path, NULL, &rows[i].wanted);
        CU_ASSERT(strncmp(words, rows[i].says, strlen(rows[i].says)) == 0);
        free(words);
    }
    tables_fini(&copy);
    memory_fini(&m);
    unlink(f.path);
}

/* A page beyond the processor's addresses is a reserved bit, for words as for pictures. */
static void test_width(void)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    struct guest_memory m;
    path_make(&m, &paths[P4]);
    put_entry(&m, 0x1000, 2, 1ull << 47 | PWU, 8); /* place_of says 46 bits */
    put_copy(w, &m, &paths[P4].c, 0);
    put_events(w, 0, 3);
    make_close(w);
    const uint64_t gva = 2ull << 39;
    char *words = page_words(f.path, &gva, NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(words, "reserved"));
    free(words);
    memory_fini(&m);
    unlink(f.path);
}

static void test_none(void)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    put_events(w, 0, 10);
    make_close(w);
    char *words = page_words(f.path, NULL, NULL);
    CU_ASSERT_STRING_EQUAL(words, "the trace holds no page tables: the guest never switched paging on\n");
    free(words);
    w = make_writer(&f);
    uint64_t now = 0;
    struct event ev = make_console_event(0, &now);
    ev.mode_cpl = event_mode_cpl(MODE_LONG, 0);
    trace_put(w, &ev);
    make_close(w);
    words = page_words(f.path, NULL, NULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(words, "it was written without them"));
    free(words);
    unlink(f.path);
}

static const struct unit_test tests[] = {
    {"the debugger's words are those of the live guest", test_same_words},
    {"--at", test_at},
    {"several vCPUs", test_vcpus},
    {"the width of a physical address", test_width},
    {"a trace without page tables", test_none},
};
UNIT_MAIN("traces: page", tests)
