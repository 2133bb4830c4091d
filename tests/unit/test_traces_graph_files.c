/*
 * `trace graph` when something is wrong with the trace, its words or the file to write: a picture is whole
 * and well-formed, or there is none and one line says why.
 */
#include "graph_guest.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void test_empty(void)
{
    struct guest g = guest_start();
    guest_end(&g);
    static const char *const says[][2] = {{"exits", "no exits in this trace"},
                                          {"boot", "no events in this trace"},
                                          {"machine", ">idle<"},
                                          {"flow", "no instructions and no exits in this trace"},
                                          {"irq", "no interrupts in this trace"},
                                          {"calls", "no events in this trace"}};
    for (size_t i = 0; i < sizeof says / sizeof says[0]; i++) {
        char *dot = draw(&g, says[i][0]);
        CU_ASSERT(has(dot, says[i][1]));
        free(dot);
    }
    done(&g, NULL);
}

static void test_damaged(void)
{
    struct guest g = guest_start();
    guest_boot(&g);
    guest_end(&g);
    struct stat st;
    CU_ASSERT_EQUAL_FATAL(stat(g.file.path, &st), 0);
    CU_ASSERT_EQUAL_FATAL(truncate(g.file.path, st.st_size - 9), 0);
    for (int kind = 0; kind < GRAPH_KIND_COUNT; kind++) {
        if (graph_kind_info((enum graph_kind)kind)->options & GRAPH_NEEDS_GVA)
            continue;
        char *dot = draw(&g, graph_kind_info((enum graph_kind)kind)->name);
        CU_ASSERT(has(dot, "Incomplete trace: "));
        CU_ASSERT(has(dot, "54 events"));
        free(dot);
    }
    done(&g, NULL);
}

/* Well-formed as far as markup goes: each ampersand starts one of XML's own entities, and no bare control is
 * left. */
static bool svg_is_clean(const char *svg, size_t len)
{
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;", "&#45;", "&#160;"};
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)svg[i] < 0x20 && svg[i] != '\n' && svg[i] != '\t')
            return false;
        bool known = svg[i] != '&';
        for (size_t k = 0; k < sizeof entities / sizeof entities[0]; k++)
            known = known || strncmp(svg + i, entities[k], strlen(entities[k])) == 0;
        if (!known)
            return false;
    }
    return true;
}

static void test_hostile_text(void)
{
    static const struct event_symbol symbols[] = {{0, 0, "&nosuch; <b>\"q\\N\" \xff\x1b[m"}};
    struct guest g = guest_start_with("<b>\"a\\b\" &nosuch; &lt; \xff\x01 \xe2\x86\x92", symbols, 1);
    guest_step(&g, 0x1000, 0xe8);
    guest_step(&g, 0x2000, 0xc3);
    guest_irq(&g, 0x1005, 0x20, 0, 1);
    guest_print(&g, "</TD> & \"quoted\" \\N \xc0\xaf \x1b[31mred\n");
    guest_end(&g);
    static const char *const kinds[] = {"exits", "boot", "machine", "flow", "irq", "calls"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct err e = {0};
        struct make_file svg = make_file();
        strcat(svg.path, ".svg");
        CU_ASSERT_EQUAL_FATAL(draw_file(&g, kinds[i], svg.path, &e), 0);
        size_t len;
        char *bytes = (char *)make_file_read(&svg, &len);
        bytes[len] = '\0';
        CU_ASSERT(svg_is_clean(bytes, len));
        CU_ASSERT(has(bytes, "&lt;b&gt;&quot;a\\b&quot; &amp;\u200bnosuch; &amp;\u200blt; "));
        CU_ASSERT(i != 1 ||
                  (has(bytes, "red</text>") && has(bytes, "&lt;/TD&gt;") && has(bytes, "\ufffd\ufffd")));
        free(bytes);
        unlink(svg.path);
        svg.path[strlen(svg.path) - 4] = '\0';
        unlink(svg.path);
    }
    done(&g, NULL);
}

/* A device that the trace's table does not have has no summary, and a second mark no word in front of it. To
 * Graphviz a FONT or B around nothing is a syntax error, and the whole box would be shown as raw markup. */
static void test_nothing_to_say(void)
{
    static const char *const kinds[] = {"exits", "boot", "machine", "flow", "irq", "calls"};
    struct guest g = guest_start_as("");
    guest_print(&g, "\n");
    guest_access(&g, EVENT_IO, 200, EVENT_NO_REG, DIR_OUT, 0x80, 1);
    trace_mark(g.writer, &g.now, "one");
    trace_mark(g.writer, &g.now, "two, under the same word");
    guest_end(&g);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char *dot = draw(&g, kinds[i]);
        CU_ASSERT_PTR_NULL(strstr(dot, "\"></FONT>"));
        CU_ASSERT_PTR_NULL(strstr(dot, "<B></B>"));
        free(dot);
    }
    done(&g, NULL);
}

/* The same trace gives the same bytes, whatever the picture. */
static void test_same_twice(void)
{
    static const char *const kinds[] = {"exits", "boot", "machine", "flow", "irq", "calls"};
    struct guest g = guest_start();
    guest_boot(&g);
    for (unsigned i = 0; i < 3000; i++) {
        guest_step(&g, 0x1000 + i * 7919 % 4096, i % 3 ? 0xe8 : 0xc3);
        if (i % 50 == 0)
            guest_irq(&g, i, 0x20 + i % 7, i % 3, i);
    }
    guest_end(&g);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct err e = {0};
        struct make_file f;
        size_t len[2];
        char *bytes[2];
        snprintf(f.path, sizeof f.path, "%.50s.svg", g.file.path);
        for (unsigned k = 0; k < 2; k++) {
            CU_ASSERT_EQUAL_FATAL(draw_file(&g, kinds[i], f.path, &e), 0);
            bytes[k] = (char *)make_file_read(&f, &len[k]);
        }
        CU_ASSERT(len[0] == len[1] && memcmp(bytes[0], bytes[1], len[0]) == 0);
        free(bytes[0]);
        free(bytes[1]);
        unlink(f.path);
    }
    done(&g, NULL);
}

/* A title of one's own, and links below a URL that is none too clean. */
static void test_choice(void)
{
    struct guest g = guest_start();
    guest_boot(&g);
    guest_end(&g);
    struct graph_choice c = {.title = "mine & <yours>", .docs = "file:///a b/\"x\"&y"};
    char *dot = draw_chosen(&g, NULL, "exits", &c);
    CU_ASSERT(has(dot, "<B>mine &amp; &lt;yours&gt;</B>"));
    CU_ASSERT_PTR_NULL(strstr(dot, "boot64.bin: which"));
    CU_ASSERT(has(dot, "href=\"file:///a%20b/%22x%22&amp;y/exits.md#io\""));
    CU_ASSERT(has(dot, "HREF=\"file:///a%20b/%22x%22&amp;y/graphs.md#exits\""));
    free(dot);
    dot = draw(&g, "exits");
    CU_ASSERT_PTR_NULL(strstr(dot, "href"));
    done(&g, dot);
}

/* Options that a picture has no use for are refused. */
static void test_choice_refused(void)
{
    struct guest g = guest_start();
    guest_end(&g);
    struct trace_reader *r = make_reader(&g.file);
    struct graph_choice c = {.gva_given = true};
    struct err e = {0};
    CU_ASSERT_EQUAL(trace_graph_with(r, NULL, GRAPH_EXITS, &c, NULL, stdout, &e), -1);
    CU_ASSERT(has(e.text, "--gva: the picture \"exits\" has no use for it"));
    CU_ASSERT_EQUAL(graph_kind_named("exit", &e), -1);
    CU_ASSERT(has(e.text, "unknown graph \"exit\": exits, boot, machine, "));
    trace_reader_close(r);
    done(&g, NULL);
}

/* Every format begins as such files do; and two drawings of one trace are the same. */
static void test_formats(void)
{
    static const struct {
        const char *ending, *magic;
    } rows[] = {{".dot", "digraph boot"},
                {".svg", "<?xml"},
                {".png", "\x89PNG"},
                {".pdf", "%PDF"},
                {".SVG", "<?xml"}};
    struct guest g = guest_start();
    guest_boot(&g);
    guest_end(&g);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err e = {0};
        struct make_file f;
        size_t len[2];
        snprintf(f.path, sizeof f.path, "%.50s%s", g.file.path, rows[i].ending);
        CU_ASSERT_EQUAL_FATAL(draw_file(&g, "boot", f.path, &e), 0);
        char *first = (char *)make_file_read(&f, &len[0]);
        CU_ASSERT(strncmp(first, rows[i].magic, strlen(rows[i].magic)) == 0);
        CU_ASSERT_EQUAL_FATAL(draw_file(&g, "boot", f.path, &e), 0);
        char *second = (char *)make_file_read(&f, &len[1]);
        bool dated = strcmp(rows[i].ending, ".pdf") == 0; /* a PDF holds its date */
        CU_ASSERT(dated || (len[0] == len[1] && memcmp(first, second, len[0]) == 0));
        free(first);
        free(second);
        unlink(f.path);
    }
    done(&g, NULL);
}

static void test_bad_paths(void)
{
    struct guest g = guest_start();
    guest_end(&g);
    static const char *const endings[] = {"picture", "picture.jpg", "dir.svg/", ""};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        struct err e = {0};
        CU_ASSERT_EQUAL(draw_file(&g, "exits", endings[i], &e), -1);
        CU_ASSERT(has(e.text, ".dot, .svg, .png or .pdf"));
    }
    struct err e = {0};
    char nowhere[80];
    snprintf(nowhere, sizeof nowhere, "%s/x.svg", g.file.path);
    CU_ASSERT_EQUAL(draw_file(&g, "exits", nowhere, &e), -1);
    CU_ASSERT(has(e.text, "/x.svg: Not a directory"));
    done(&g, NULL);
}

/* The ending does not make it a picture: a trace stays a trace, and its bytes are untouched. */
static void test_trace_stays(void)
{
    struct guest g = guest_start();
    guest_boot(&g);
    guest_end(&g);
    struct make_file f;
    snprintf(f.path, sizeof f.path, "%.50s.svg", g.file.path);
    size_t len, after;
    uint8_t *bytes = make_file_read(&g.file, &len);
    make_file_fill(&f, bytes, len);
    struct err e = {0};
    CU_ASSERT_EQUAL(draw_file(&g, "boot", f.path, &e), -1);
    CU_ASSERT(has(e.text, "is a trace, which is never overwritten"));
    uint8_t *left = make_file_read(&f, &after);
    CU_ASSERT(after == len && memcmp(left, bytes, len) == 0);
    free(left);
    free(bytes);
    unlink(f.path);
    done(&g, NULL);
}

/* A limit on file sizes fails the write part-way, as a full disk does: no half picture may stay, and the one
 * that was there before does. */
static void test_full_disk(void)
{
    struct guest g = guest_start();
    guest_boot(&g);
    guest_end(&g);
    struct make_file f;
    snprintf(f.path, sizeof f.path, "%.50s.dot", g.file.path);
    struct rlimit old, small;
    CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){.rlim_cur = 1000, .rlim_max = old.rlim_max};
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
    CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_FSIZE, &small), 0);
    struct err e = {0};
    int rc = draw_file(&g, "boot", f.path, &e);
    CU_ASSERT_EQUAL(rc, -1);
    CU_ASSERT(has(e.text, f.path));
    CU_ASSERT_NOT_EQUAL(access(f.path, F_OK), 0);
    make_file_fill(&f, (const uint8_t *)"earlier", 7);
    CU_ASSERT_EQUAL(draw_file(&g, "boot", f.path, &e), -1);
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, before);
    size_t len;
    uint8_t *bytes = make_file_read(&f, &len);
    CU_ASSERT(len == 7 && memcmp(bytes, "earlier", 7) == 0);
    free(bytes);
    unlink(f.path);
    done(&g, NULL);
}

static const struct unit_test tests[] = {
    {"an empty trace says so", test_empty},
    {"a damaged trace is drawn as incomplete", test_damaged},
    {"no text can break a picture", test_hostile_text},
    {"no text at all", test_nothing_to_say},
    {"formats and determinism", test_formats},
    {"the same trace, the same picture", test_same_twice},
    {"title and links", test_choice},
    {"options of other pictures", test_choice_refused},
    {"bad paths", test_bad_paths},
    {"a trace is no picture to write", test_trace_stays},
    {"a full disk leaves no half file", test_full_disk},
};

UNIT_MAIN("traces graph files", tests)
