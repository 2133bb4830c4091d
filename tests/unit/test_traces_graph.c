/*
 * `trace graph`: what the three pictures tell about a trace, seen in their DOT, and that files come out whole
 * or not at all.  The guests here are made up: events as a boot, a poll loop or a hostile program would leave
 * them.
 */
#include "trace_make.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* ---- a guest, event by event
 * --------------------------------------------------------------------------------- */

/* Where the guest is; the next event is made from it. */
struct guest {
    struct make_file file;
    struct trace_writer *writer;
    struct event now;
};

static struct guest guest_start_as(const char *name)
{
    struct guest g = {.file = make_file()};
    struct trace_info info = make_info();
    struct err e = {0};
    info.guest = name;
    g.writer = trace_create(g.file.path, &info, &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(g.writer);
    return g;
}

static struct guest guest_start(void)
{
    return guest_start_as("guests/boot64.bin");
}

static void guest_put(struct guest *g, unsigned kind, uint64_t addr, unsigned detail)
{
    g->now.kind = (uint8_t)kind;
    g->now.addr = addr;
    g->now.detail = (uint16_t)detail;
    trace_put(g->writer, &g->now);
    g->now.seq++;
    g->now.time_ns += 1000;
    g->now.rip += 2;
}

static void guest_access(struct guest *g, unsigned kind, unsigned device, unsigned reg, enum event_dir dir,
                         uint64_t addr, uint64_t value)
{
    g->now.device = (uint8_t)device;
    g->now.reg = (uint8_t)reg;
    g->now.dir = (uint8_t)dir;
    g->now.value = value;
    g->now.size = 1;
    g->now.count = 1;
    g->now.host_ns = 640;
    g->now.flags = EVENT_ADDR | EVENT_VALUE | (device ? 0 : EVENT_UNCLAIMED);
    guest_put(g, kind, addr, 0);
    g->now.device = g->now.dir = g->now.flags = 0;
}

static void guest_mode(struct guest *g, enum cpu_mode mode, uint16_t cs, uint64_t rip)
{
    g->now.mode_cpl = event_mode_cpl(mode, 0);
    g->now.cs = cs;
    g->now.rip = rip;
}

/* Polls LSR and writes THR for each character. */
static void guest_print(struct guest *g, const char *s)
{
    for (; *s; s++) {
        guest_access(g, EVENT_IO, 1, 2, DIR_IN, 0x3fd, 0x60);
        guest_access(g, EVENT_IO, 1, 1, DIR_OUT, 0x3f8, (uint8_t)*s);
    }
}

static void guest_post(struct guest *g, uint8_t code)
{
    guest_access(g, EVENT_IO, 3, EVENT_NO_REG, DIR_OUT, 0x80, code);
}

static void guest_end(struct guest *g)
{
    struct trace_end end = make_end();
    struct err e = {0};
    CU_ASSERT_EQUAL_FATAL(trace_close(g->writer, &end, &e), 0);
}

static void guest_boot(struct guest *g)
{
    guest_mode(g, MODE_REAL, 0, 0x7c00);
    guest_post(g, 0x11);
    guest_print(g, "one\ntwo\n\nthree\nfour\nfive\n");
    guest_mode(g, MODE_PROTECTED, 8, 0x7e00);
    guest_post(g, 0x22);
    guest_mode(g, MODE_LONG, 0x18, 0x100000);
    guest_put(g, EVENT_IRQ, 0x20, 0);
    guest_put(g, EVENT_HLT, 0, 0);
}

/* ---- looking at pictures
 * ------------------------------------------------------------------------------------- */

/* The picture in DOT, malloc'ed. */
static char *draw_filtered(const struct guest *g, const struct trace_filter *f, const char *kind)
{
    struct err e = {0};
    char *dot = NULL;
    size_t len = 0;
    struct trace_reader *r = trace_open(g->file.path, &e);
    FILE *out = open_memstream(&dot, &len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    if (trace_graph(r, f, (enum graph_kind)graph_kind_find(kind), NULL, out, &e)) {
        fprintf(stderr, "trace_graph: %s\n", e.text);
        CU_FAIL("trace_graph");
    }
    fclose(out);
    trace_reader_close(r);
    return dot;
}

static char *draw(const struct guest *g, const char *kind)
{
    return draw_filtered(g, NULL, kind);
}

static int draw_file(const struct guest *g, const char *kind, const char *path, struct err *e)
{
    struct trace_reader *r = trace_open(g->file.path, e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    int rc = trace_graph(r, NULL, (enum graph_kind)graph_kind_find(kind), path, NULL, e);
    trace_reader_close(r);
    return rc;
}

static bool has(const char *text, const char *part)
{
    bool found = strstr(text, part) != NULL;
    if (!found)
        fprintf(stderr, "    not there: %s\n", part);
    return found;
}

static size_t times(const char *text, const char *part)
{
    size_t n = 0;
    for (const char *p = text; (p = strstr(p, part)); p += strlen(part))
        n++;
    return n;
}

static void done(struct guest *g, char *dot)
{
    free(dot);
    unlink(g->file.path);
}

/* ---- tests
 * ----------------------------------------------------------------------------------------------------- */

static void test_kinds(void)
{
    CU_ASSERT_EQUAL(graph_kind_find("exits"), GRAPH_EXITS);
    CU_ASSERT_EQUAL(graph_kind_find("boot"), GRAPH_BOOT);
    CU_ASSERT_EQUAL(graph_kind_find("machine"), GRAPH_MACHINE);
    CU_ASSERT_EQUAL(graph_kind_find("exit"), -1);
}

static void test_exits_poll_loop(void)
{
    struct guest g = guest_start();
    guest_print(&g, "0123456789");
    guest_put(&g, EVENT_ASSIST, 0xcc, ASSIST_INT3);
    guest_access(&g, EVENT_IO, 0, EVENT_NO_REG, DIR_IN, 0x1f7, 0xff);
    guest_access(&g, EVENT_MMIO, 2, 0, DIR_OUT, 0xb8000, 0x41);
    guest_end(&g);
    char *dot = draw(&g, "exits");
    CU_ASSERT(has(dot, "boot64.bin: which exit follows which"));
    CU_ASSERT(has(dot, "23 events · halted: the guest halted with interrupts off"));
    CU_ASSERT(has(dot, "in uart.LSR") && has(dot, "out uart.THR") && has(dot, "assist int3") &&
              has(dot, "in 0x1f7"));
    CU_ASSERT(has(dot, "mmio write vga.CELL"));
    CU_ASSERT(has(dot, "10 × · 43 % · host 640 ns"));
    /* LSR comes first and so is n0; THR follows it each time, and it follows THR but for the last time. */
    CU_ASSERT(has(dot, "n0 -> n1 [") && has(dot, "n1 -> n0 ["));
    CU_ASSERT(has(dot, "label=\" 10 \"") && has(dot, "label=\" 9 \""));
    CU_ASSERT_EQUAL(times(dot, "label=\"start\""), 1);
    done(&g, dot);
}

static void test_exits_fold(void)
{
    struct guest g = guest_start();
    for (unsigned port = 0; port < 60; port++)
        for (unsigned n = 0; n <= port; n++)
            guest_access(&g, EVENT_IO, 0, EVENT_NO_REG, DIR_OUT, 0x100 + port, 0);
    guest_end(&g);
    char *dot = draw(&g, "exits");
    CU_ASSERT(has(dot, "other (46 classes)"));
    CU_ASSERT(has(dot, "out 0x13b") && has(dot, "out 0x12e"));
    CU_ASSERT_PTR_NULL(strstr(dot, "out 0x12d"));
    CU_ASSERT(times(dot, "tooltip=") <= 17);
    done(&g, dot);
}

/* Two vCPUs take turns; each follows only itself. */
static void test_exits_by_vcpu(void)
{
    struct guest g = guest_start();
    for (unsigned i = 0; i < 20; i++) {
        g.now.vcpu = i % 2;
        guest_put(&g, i % 2 ? EVENT_HLT : EVENT_INTR, 0, 0);
    }
    guest_end(&g);
    char *dot = draw(&g, "exits");
    CU_ASSERT(has(dot, "n0 -> n0 [") && has(dot, "n1 -> n1 ["));
    CU_ASSERT_PTR_NULL(strstr(dot, "n0 -> n1 ["));
    done(&g, dot);
}

static void test_boot_path(void)
{
    struct guest g = guest_start();
    guest_boot(&g);
    guest_end(&g);
    char *dot = draw(&g, "boot");
    const char *real = strstr(dot, "1 · real mode"), *prot = strstr(dot, "2 · protected mode"),
               *lon = strstr(dot, "3 · long mode");
    CU_ASSERT_PTR_NOT_NULL_FATAL(real);
    CU_ASSERT_PTR_NOT_NULL_FATAL(prot);
    CU_ASSERT_PTR_NOT_NULL_FATAL(lon);
    CU_ASSERT(real < prot && prot < lon);
    CU_ASSERT(has(dot, "51 exits") && has(dot, "1 interrupt<"));
    CU_ASSERT(has(dot, ">one<") && has(dot, ">three<") && has(dot, "…\u00a01\u00a0more\u00a0line<") &&
              has(dot, ">five<"));
    CU_ASSERT_PTR_NULL(strstr(dot, ">four<"));
    CU_ASSERT(has(dot, ">11<") && has(dot, ">22<"));
    CU_ASSERT(has(dot, "#51") && has(dot, "out 0x80 ← 22") && has(dot, "cs:eip 0008:00007e00"));
    CU_ASSERT(has(dot, "the guest halted with interrupts off") &&
              has(dot, "long mode at 0xffffffff81000000"));
    done(&g, dot);
}

static void test_boot_back_and_forth(void)
{
    struct guest g = guest_start();
    for (unsigned i = 0; i < 1000; i++) {
        guest_mode(&g, MODE_REAL, 0, 0x7c00);
        guest_post(&g, 1);
        guest_mode(&g, MODE_PROTECTED, 8, 0x7e00);
        guest_post(&g, 2);
    }
    guest_end(&g);
    char *dot = draw(&g, "boot");
    CU_ASSERT_EQUAL(times(dot, "real mode</B>"), 1);
    CU_ASSERT_EQUAL(times(dot, "protected mode</B>"), 1);
    CU_ASSERT(has(dot, "1,000 stays") && has(dot, "\"  1,000 ×  \"") && has(dot, "\"  999 ×  \""));
    CU_ASSERT(strlen(dot) < 20000);
    done(&g, dot);
}

static void test_machine(void)
{
    struct guest g = guest_start();
    guest_print(&g, "abc");
    guest_access(&g, EVENT_MMIO, 0, EVENT_NO_REG, DIR_IN, 0xfee00020, 0);
    guest_put(&g, EVENT_IRQ, 0x24, 4);
    guest_end(&g);
    char *dot = draw(&g, "machine");
    CU_ASSERT(has(dot, "16550A serial port") && has(dot, "ports 3f8–3ff") && has(dot, "memory b8000–bffff"));
    CU_ASSERT(has(dot, "bus0:d1:e -> d1:w [dir=both") && has(dot, "bus1:d2:e -> d2:w [dir=none"));
    CU_ASSERT_EQUAL(times(dot, ">idle<"), 2);
    CU_ASSERT(has(dot, "mmio read 0xfee00000") && has(dot, "no device"));
    CU_ASSERT(has(dot, "vector 0x24 · line 4 (COM1)"));
    CU_ASSERT(has(dot, "inside the kernel") && has(dot, "123,456,789,012,345"));
    CU_ASSERT_PTR_NULL(strstr(dot, "tlb_flush"));
    done(&g, dot);
}

static void test_filter(void)
{
    struct guest g = guest_start();
    guest_boot(&g);
    guest_end(&g);
    struct err e = {0};
    struct trace_filter f = {0};
    CU_ASSERT_EQUAL(trace_filter_kind(&f, "hlt", &e), 0);
    char *dot = draw_filtered(&g, &f, "exits");
    CU_ASSERT(has(dot, "54 events, 1 of them drawn (filter) · halted"));
    CU_ASSERT(has(dot, ">hlt</B>"));
    CU_ASSERT_PTR_NULL(strstr(dot, "uart"));
    free(dot);
    f = (struct trace_filter){.limit = 3};
    dot = draw_filtered(&g, &f, "exits");
    CU_ASSERT(has(dot, "54 events, 3 of them drawn (filter) · halted"));
    done(&g, dot);
}

static void test_empty(void)
{
    struct guest g = guest_start();
    guest_end(&g);
    static const char *const says[][2] = {
        {"exits", "no exits in this trace"}, {"boot", "no events in this trace"}, {"machine", ">idle<"}};
    for (size_t i = 0; i < 3; i++) {
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
    for (int kind = GRAPH_EXITS; kind <= GRAPH_MACHINE; kind++) {
        char *dot = draw(&g, kind == GRAPH_EXITS ? "exits" : kind == GRAPH_BOOT ? "boot" : "machine");
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
    struct guest g = guest_start_as("<b>\"a\\b\" &nosuch; &lt; \xff\x01 \xe2\x86\x92");
    guest_print(&g, "</TD> & \"quoted\" \\N \xc0\xaf \x1b[31mred\n");
    guest_end(&g);
    static const char *const kinds[] = {"exits", "boot", "machine"};
    for (size_t i = 0; i < 3; i++) {
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
    CU_ASSERT_EQUAL(draw_file(&g, "exits", "/nonexistent/x.svg", &e), -1);
    CU_ASSERT(has(e.text, "/nonexistent/x.svg: No such file"));
    done(&g, NULL);
}

/* A limit on file sizes fails the write part-way, as a full disk does: no half picture may stay. */
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
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, before);
    CU_ASSERT_EQUAL(rc, -1);
    CU_ASSERT(has(e.text, f.path));
    CU_ASSERT_NOT_EQUAL(access(f.path, F_OK), 0);
    done(&g, NULL);
}

static const struct unit_test tests[] = {
    {"a picture has a name", test_kinds},
    {"exits: a poll loop", test_exits_poll_loop},
    {"exits: rare ones are folded", test_exits_fold},
    {"exits: each vCPU follows itself", test_exits_by_vcpu},
    {"boot: the path through the modes", test_boot_path},
    {"boot: many changes are merged", test_boot_back_and_forth},
    {"machine: devices, traffic, kernel", test_machine},
    {"a filter is obeyed and told", test_filter},
    {"an empty trace says so", test_empty},
    {"a damaged trace is drawn as incomplete", test_damaged},
    {"no text can break a picture", test_hostile_text},
    {"formats and determinism", test_formats},
    {"bad paths", test_bad_paths},
    {"a full disk leaves no half file", test_full_disk},
};

UNIT_MAIN("traces graph", tests)
