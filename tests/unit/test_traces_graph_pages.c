/*
 * The pictures of page tables: made-up guests of every paging scheme, whose DOT is compared with files that
 * somebody has looked at (golden/pages-*.dot, golden/walk-*.dot). RINGSIDE_GOLDEN=write writes them anew:
 * look at what changed, and at the pictures (`dot -Tpng`), before you keep it.
 */
#include "tables_make.h"

#include <errno.h>
#include <sys/stat.h>

/* ---- guests ---- */

/* 32-bit: the kernel's first 8 MiB in large pages, and a program's pages with a guard page between them. */
static void build_32(struct guest_memory *m, unsigned phase)
{
    put_entries(m, 0x1000, 0, 2, P | W | PS | A_ | D_, 4 * MIB, 4);
    put_entry(m, 0x1000, 32, 0x2000 | PWU | A_, 4);
    put_entries(m, 0x2000, 0, 3, 0x300000 | P | U | A_, 0x1000, 4);
    put_entries(m, 0x2000, 4, 2, 0x310000 | PWU, 0x1000, 4);
    if (phase)
        put_entry(m, 0x2000, 4, 0x310000 | PWU | A_ | D_, 4);
}

/* PAE: code that is not writable, data that is not executable. */
static void build_pae(struct guest_memory *m, unsigned phase)
{
    put_entry(m, 0x1020, 0, 0x2000 | P, 8);
    put_entry(m, 0x1020, 3, 0x3000 | P, 8);
    put_entry(m, 0x2000, 0, P | W | PS | NX, 8);
    put_entry(m, 0x2000, 1, 0x4000 | PWU, 8);
    put_entries(m, 0x4000, 0, 16, 0x200000 | P | U | A_, 0x1000, 8);
    put_entries(m, 0x4000, 16, 8, 0x210000 | P | W | U | NX, 0x1000, 8);
    put_entry(m, 0x3000, 511, 0x200000 | P | W | PS | 1ull << 13, 8); /* a reserved bit */
    if (phase)
        put_entry(m, 0x4000, 16, 0, 8);
}

/* 4-level, as a small kernel has it: all memory mapped high, a recursive entry, a program, and some mistakes.
 */
static void build_4level(struct guest_memory *m, unsigned phase)
{
    put_entry(m, 0x1000, 0, 0x2000 | PWU | A_, 8);
    put_entry(m, 0x1000, 256, 0x6000 | P | W | A_, 8);
    put_entry(m, 0x1000, 510, 0x1000 | P | W | NX, 8);
    put_entry(m, 0x2000, 0, 0x3000 | PWU | A_, 8);
    put_entry(m, 0x2000, 7, 0xfee00000 | PWU, 8); /* no memory there */
    put_entry(m, 0x3000, 2, 0x4000 | PWU | A_, 8);
    put_entries(m, 0x4000, 0, 4, 0x100000 | P | U | A_, 0x1000, 8);
    put_entries(m, 0x4000, 4, 2, 0x104000 | P | U | NX, 0x1000, 8);
    put_entries(m, 0x4000, 6, 3, 0x106000 | PWU | NX | A_ | D_, 0x1000, 8);
    put_entries(m, 0x4000, 20, 4, 0x110000 | PWU | NX, 0, 8); /* one page, four times */
    put_entries(m, 0x6000, 0, 4, 0x8000 | P | W | A_, 0x1000, 8);
    put_entries(m, 0x8000, 0, 2048, P | W | PS | NX, 2 * MIB, 8);
    if (!phase)
        return;
    put_entry(m, 0x4000, 4, 0x104000 | PWU | NX | D_, 8); /* copied on write */
    put_entry(m, 0x8000, 3, 6 * MIB | P | W | PS | NX | A_, 8);
    put_entry(m, 0x3000, 3, 0x5000 | PWU, 8);
    put_entry(m, 0x5000, 0, 0x120000 | PWU | NX, 8);
}

static void build_5level(struct guest_memory *m, unsigned phase)
{
    (void)phase;
    put_entry(m, 0x1000, 0, 0x2000 | PWU, 8);
    put_entry(m, 0x2000, 0, 0x3000 | PWU, 8);
    put_entry(m, 0x2000, 1, 0x3000 | P | W, 8); /* the same table */
    put_entries(m, 0x3000, 0, 3, P | W | PS, 1024 * MIB, 8);
    put_entry(m, 0x3000, 3, 0x4000 | PWU, 8);
    put_entry(m, 0x4000, 0, 0x5000 | PWU, 8);
    put_entry(m, 0x5000, 0, PAGE | P, 8);
}

/* Hundreds of tables of which no two go on with one pattern, and a table of which no two entries are alike.
 */
static void build_many(struct guest_memory *m, unsigned phase)
{
    (void)phase;
    put_entry(m, 0x1000, 0, 0x2000 | PWU, 8);
    put_entries(m, 0x2000, 0, 2, 0x3000 | PWU, 0x1000, 8);
    put_entries(m, 0x3000, 0, 200, 0x200000 | PWU, 0x1000, 8);
    put_entries(m, 0x4000, 0, 512, P | W | PS, 4 * MIB, 8); /* every second large page */
    for (unsigned i = 0; i < 200; i++)
        put_entries(m, 0x200000 + i * 0x1000ull, i, 7, PAGE | PWU, 0x3000, 8);
}

static const struct guest {
    const char *name;
    size_t scheme;
    uint64_t cr0, cr4, efer; /* besides the scheme's */
    void (*build)(struct guest_memory *m, unsigned phase);
} guests[] = {
    {"32bit", P32, CR0_WP, CR4_PSE, 0, build_32},
    {"pae", PAE, CR0_WP, 0, EFER_NXE, build_pae},
    {"4level", P4, CR0_WP, CR4_SMEP, EFER_NXE, build_4level},
    {"5level", P5, 0, 0, 0, build_5level},
    {"many", P4, 0, 0, 0, build_many},
};
enum { GUESTS = sizeof guests / sizeof guests[0] };

/* A trace of the guest with a copy before event 0 and one before event 10. */
static struct make_file guest_trace(const struct guest *g)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    struct guest_memory m;
    struct gva_context c = paths[g->scheme].c;
    c.cr0 |= g->cr0;
    c.cr4 |= g->cr4;
    c.efer |= g->efer;
    memory_make(&m, 8 * MIB);
    g->build(&m, 0);
    put_copy(w, &m, &c, 0);
    put_events(w, 0, 10);
    g->build(&m, 1);
    put_copy(w, &m, &c, 10);
    put_events(w, 10, 2);
    make_close(w);
    memory_fini(&m);
    return f;
}

/* ---- comparing ---- */

static char *draw(const struct make_file *f, enum graph_kind kind, const struct graph_choice *choice)
{
    struct err e = {0};
    char *dot = NULL;
    size_t len = 0;
    struct trace_reader *r = make_reader(f);
    FILE *out = open_memstream(&dot, &len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    if (trace_graph_with(r, NULL, kind, choice, NULL, out, &e)) {
        fprintf(stderr, "trace_graph_with: %s\n", e.text);
        CU_FAIL("trace_graph_with");
    }
    trace_reader_close(r);
    fclose(out);
    return dot;
}

static void golden(const char *name, const char *dot)
{
    static const char here[] = __FILE__;
    const char *slash = strrchr(here, '/'), *write = getenv("RINGSIDE_GOLDEN");
    struct text path = {0};
    text_addf(&path, "%.*s/golden/%s.dot", (int)(slash - here), here, name);
    if (write && strcmp(write, "write") == 0) {
        FILE *f = fopen(text_str(&path), "wb");
        CU_ASSERT_PTR_NOT_NULL_FATAL(f);
        fputs(dot, f);
        fclose(f);
    }
    FILE *f = fopen(text_str(&path), "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    char *want = NULL;
    size_t cap = 0;
    ssize_t n = getdelim(&want, &cap, '\0', f);
    fclose(f);
    bool same = n > 0 && strcmp(want, dot) == 0;
    if (!same)
        fprintf(stderr, "%s is not what is drawn\n", text_str(&path));
    CU_ASSERT(same);
    free(want);
    text_fini(&path);
}

static bool has(const char *dot, const char *part)
{
    bool found = strstr(dot, part) != NULL;
    if (!found)
        fprintf(stderr, "    not there: %s\n", part);
    return found;
}

static void test_pages(void)
{
    for (size_t i = 0; i < GUESTS; i++) {
        struct make_file f = guest_trace(&guests[i]);
        char name[64];
        char *dot = draw(&f, GRAPH_PAGES, NULL), *again = draw(&f, GRAPH_PAGES, NULL);
        snprintf(name, sizeof name, "pages-%s", guests[i].name);
        golden(name, dot);
        CU_ASSERT_STRING_EQUAL(dot, again);
        free(dot);
        free(again);
        unlink(f.path);
    }
}

static void test_walks(void)
{
    static const struct {
        size_t guest;
        uint64_t gva;
        const char *name;
    } rows[] = {
        {0, 0x8004123, "walk-32bit"},
        {1, 0x200123, "walk-pae"},
        {1, 0xffe00000, "walk-reserved"},
        {2, 0x404010, "walk-4level"},
        {2, 0x40a010, "walk-absent"},
        {2, 0xffff800000600000, "walk-large"},
        {2, 0x800000000000, "walk-canonical"},
        {2, 0x1c0000000, "walk-unbacked"},
        {3, 0x8000000000 + 0xc0000abc, "walk-5level"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct make_file f = guest_trace(&guests[rows[i].guest]);
        const struct graph_choice choice = {.gva_given = true, .gva = rows[i].gva};
        char *dot = draw(&f, GRAPH_WALK, &choice);
        golden(rows[i].name, dot);
        free(dot);
        unlink(f.path);
    }
}

/* The first copy has nothing before it; the second marks what is otherwise. */
static void test_changes(void)
{
    struct make_file f = guest_trace(&guests[2]);
    const struct graph_choice first = {.at_given = true, .at = 3};
    char *dot = draw(&f, GRAPH_PAGES, &first);
    CU_ASSERT(has(dot, "page tables at event 0"));
    CU_ASSERT(!strstr(dot, "●") && !strstr(dot, "○") && !strstr(dot, "new, level"));
    free(dot);
    dot = draw(&f, GRAPH_PAGES, NULL);
    CU_ASSERT(has(dot, "page tables at event 10"));
    CU_ASSERT(has(dot, "1 changed since the copy before, the first was 0x8000000000104005"));
    CU_ASSERT(has(dot, "of 1 only the accessed or dirty bit has changed"));
    CU_ASSERT(has(dot, "new, level 1"));
    free(dot);
    unlink(f.path);
}

/* Of the 204 tables each is drawn or counted as not drawn. */
static void test_max_nodes(void)
{
    struct make_file f = guest_trace(&guests[4]);
    for (unsigned max = 1; max <= 300; max += 23) {
        const struct graph_choice choice = {.max_nodes = max};
        char *dot = draw(&f, GRAPH_PAGES, &choice);
        static const char note[] = "Tables that are not drawn: ";
        const char *left = strstr(dot, note);
        size_t n = 0;
        for (const char *p = dot; (p = strstr(p, " [id=\"t")); p++)
            n++;
        size_t most = max < 204 ? max : 204;
        CU_ASSERT(n <= most);
        CU_ASSERT(max <= 40 || n == most);
        CU_ASSERT_EQUAL(n + (left ? strtoul(left + strlen(note), NULL, 10) : 0), 204);
        free(dot);
    }
    unlink(f.path);
}

static void test_none(void)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    const struct graph_choice choice = {.gva_given = true, .gva = 0x1000};
    put_events(w, 0, 5);
    make_close(w);
    for (enum graph_kind kind = GRAPH_PAGES; kind <= GRAPH_WALK; kind++) {
        char *dot = draw(&f, kind, kind == GRAPH_WALK ? &choice : NULL);
        CU_ASSERT(has(dot, "the trace holds no page tables: the guest never switched<BR/>paging on"));
        free(dot);
    }
    struct err e = {0};
    struct trace_reader *r = make_reader(&f);
    CU_ASSERT_EQUAL(trace_graph_with(r, NULL, GRAPH_WALK, NULL, NULL, stdout, &e), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "--gva"));
    trace_reader_close(r);
    unlink(f.path);
}

/* A guest whose tables are random entries that mostly point at one another: pictures, and Graphviz can draw
 * them. */
static void test_hostile(void)
{
    uint64_t seed = 4711;
    for (size_t round = 0; round < 24; round++) {
        const struct path *p = &paths[round % PATHS];
        struct make_file f = make_file();
        struct trace_writer *w = make_writer(&f);
        struct guest_memory m;
        memory_make(&m, MEMORY);
        for (unsigned table = 0; table < 8; table++)
            for (unsigned i = 0; i < 0x1000 / p->entry_len; i++) {
                uint64_t r = make_random(&seed);
                uint64_t entry = r % 8 == 0 ? make_wide(&seed) : (1 + r % 9) << 12 | (r >> 20 & 0xe7);
                put_entry(&m, 0x1000 * (table + 1), i, r >> 60 ? entry : 0, p->entry_len);
            }
        put_copy(w, &m, &p->c, 0);
        put_events(w, 0, 1);
        make_close(w);
        char *dot = draw(&f, GRAPH_PAGES, NULL);
        CU_ASSERT(strlen(dot) < 2000000);
        free(dot);
        for (unsigned k = 0; k < 50; k++) {
            const struct graph_choice choice = {.gva_given = true, .gva = make_wide(&seed)};
            free(draw(&f, GRAPH_WALK, &choice));
        }
        if (round < PATHS) {
            struct err e = {0};
            struct trace_reader *r = make_reader(&f);
            struct make_file svg = make_file();
            strcat(svg.path, ".svg");
            const struct graph_choice few = {.max_nodes = 6};
            CU_ASSERT_EQUAL(trace_graph_with(r, NULL, GRAPH_PAGES, &few, svg.path, NULL, &e), 0);
            trace_reader_close(r);
            unlink(svg.path);
            svg.path[strlen(svg.path) - 4] = '\0';
            unlink(svg.path);
        }
        memory_fini(&m);
        unlink(f.path);
    }
}

static const struct unit_test tests[] = {
    {"page tables of each scheme, as drawn before", test_pages},
    {"walks, as drawn before", test_walks},
    {"what has changed since the copy before", test_changes},
    {"--max-nodes", test_max_nodes},
    {"a trace without page tables", test_none},
    {"tables of a hostile guest", test_hostile},
};

int main(void)
{
    return unit_main("traces: pictures of page tables", tests, sizeof tests / sizeof tests[0]);
}
