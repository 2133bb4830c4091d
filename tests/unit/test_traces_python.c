/*
 * The proof that docs/trace-format.md is complete: tests/trace_reader.py, which was written from that page
 * alone, must print the same as `trace export` (but for the sentences), and give up at the same place of a
 * damaged file. Skipped (77) without python3.
 */
#include "tables_make.h"
#include "trace_sample.h"

#include <inttypes.h>
#include <sys/wait.h>

/* Runs the reader of this tree over the file. Returns its exit status; *out is malloc'ed. */
static int python_reads(const char *option, const char *path, char **out)
{
    static const char here[] = __FILE__;
    const char *slash = strstr(here, "unit/test_traces_python.c");
    CU_ASSERT_PTR_NOT_NULL_FATAL(slash);
    char command[4096];
    size_t len = 0;
    snprintf(command, sizeof command, "python3 '%.*strace_reader.py' %s '%s' 2>/dev/null",
             (int)(slash - here), here, option, path);
    FILE *pipe = popen(command, "r");
    FILE *all = open_memstream(out, &len);
    CU_ASSERT_FATAL(pipe && all);
    for (int c; (c = fgetc(pipe)) != EOF;)
        fputc(c, all);
    fclose(all);
    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The sentences of `text` are Ringside's words and not in the file: only a mark's text is compared. */
static void drop_sentences(char *lines)
{
    char *out = lines;
    for (char *line = lines; *line;) {
        char *end = strchr(line, '\n');
        CU_ASSERT_PTR_NOT_NULL_FATAL(end);
        *end = '\0';
        char *text = NULL;
        for (char *at = strstr(line, ",\"text\":\""); at; at = strstr(at + 1, ",\"text\":\""))
            text = at;
        char *regs = strstr(line, ",\"regs\":{");
        if (text && !strstr(line, "\"kind\":\"mark\""))
            memmove(text, regs ? regs : "}", strlen(regs ? regs : "}") + 1);
        size_t len = strlen(line);
        memmove(out, line, len);
        out[len] = '\n';
        out += len + 1;
        line = end + 1;
    }
    *out = '\0';
}

static char *ringside_reads(const char *path)
{
    char *out = NULL;
    size_t len = 0;
    struct err e;
    struct trace_filter all = {0};
    struct trace_reader *r = trace_open(path, &e);
    FILE *stream = open_memstream(&out, &len);
    CU_ASSERT_FATAL(r && stream);
    CU_ASSERT_EQUAL(trace_export_jsonl(r, &all, stream, &e), 0);
    fclose(stream);
    trace_reader_close(r);
    drop_sentences(out);
    return out;
}

static void expect_same(const char *path, int status)
{
    char *python = NULL, *ours = ringside_reads(path);
    CU_ASSERT_EQUAL(python_reads("", path, &python), status);
    CU_ASSERT(strlen(ours) > 1000);
    CU_ASSERT_STRING_EQUAL(python, ours);
    free(python);
    free(ours);
}

/* Random events with marks of random bytes, in several chunks, some compressed and some not. */
static struct make_file write_sample(uint64_t seed)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    struct event ev = {.kind = EVENT_IO};
    uint64_t now = 0;
    for (unsigned i = 0; i < 1600; i++) {
        ev = i < 800 ? make_any_event(&seed, &ev) : make_console_event(i, &now);
        trace_put(w, &ev);
        if (i % 160 == 0) {
            char text[64];
            size_t n = make_random(&seed) % sizeof text;
            for (size_t k = 0; k < n; k++)
                text[k] = (char)(1 + make_random(&seed) % 255);
            text[n] = '\0';
            trace_mark(w, &ev, text);
        }
        if (i % 280 == 0)
            trace_flush(w);
    }
    make_close(w);
    return f;
}

static void test_same_export(void)
{
    for (uint64_t seed = 1; seed <= 2; seed++) {
        struct make_file f = write_sample(seed);
        expect_same(f.path, 0);
        unlink(f.path);
    }
}

static void test_same_end_of_a_cut_file(void)
{
    struct make_file f = write_sample(7);
    size_t n;
    uint8_t *bytes = make_file_read(&f, &n);
    make_file_fill(&f, bytes, n / 2);
    expect_same(f.path, 1);
    bytes[n / 2] ^= 1;
    make_file_fill(&f, bytes, n);
    expect_same(f.path, 1);
    free(bytes);
    unlink(f.path);
}

/* ---- page tables ---- */

/* The newest copy in the words of trace_reader.py. */
static void write_copy(const struct trace_tables *t, FILE *out)
{
    const struct tables_place *p = &t->place;
    struct gva_context c = tables_context(p);
    const struct paging_scheme *s = paging_scheme(&c);
    fprintf(out,
            "tables %" PRIu64 " %u 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64 " %u %u %" PRIu64
            "\n",
            p->seq, p->vcpu, p->cr0, p->cr3, p->cr4, p->efer, p->maxphyaddr,
            (p->no_1gib ? 1u : 0) | (t->truncated ? 2u : 0) | (p->at_end ? 4u : 0) | (p->a20_off ? 8u : 0),
            p->missed);
    for (size_t i = 0; i < t->count; i++) {
        const struct trace_table *table = &t->table[i];
        const uint8_t *page = tables_page(t, table->gpa & ~0xfffull);
        fprintf(out, "table %u 0x%" PRIx64 " %d\n", table->level, table->gpa, table->backed);
        for (unsigned k = 0; table->backed && k < paging_entries(&s->level[s->levels - table->level]); k++) {
            uint64_t entry = le_load(page + table->gpa % 0x1000 + k * s->entry_len, s->entry_len);
            if (entry)
                fprintf(out, "entry %u 0x%" PRIx64 "\n", k, entry);
        }
    }
}

/* All copies of a file. */
static char *ringside_tables(const char *path)
{
    char *words = NULL;
    size_t len = 0;
    uint64_t seen = 0;
    struct event ev;
    struct err e;
    struct trace_reader *r = trace_open(path, &e);
    FILE *out = open_memstream(&words, &len);
    CU_ASSERT_FATAL(r && out);
    for (int more = 1; more == 1;) {
        more = trace_next(r, &ev, &e);
        if (trace_reader_tables_count(r) > seen)
            write_copy(trace_reader_tables(r), out);
        seen = trace_reader_tables_count(r);
    }
    fclose(out);
    trace_reader_close(r);
    return words;
}

static void expect_same_tables(const char *path, int status)
{
    char *python = NULL, *ours = ringside_tables(path);
    CU_ASSERT_EQUAL(python_reads("--tables", path, &python), status);
    if (strcmp(python, ours) != 0)
        fprintf(stderr, "trace_reader.py:\n%s\nRingside:\n%s\n", python, ours);
    CU_ASSERT_STRING_EQUAL(python, ours);
    free(python);
    free(ours);
}

/* Tables of every scheme with a path, mappings, and random entries. */
static void test_same_tables(void)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    uint64_t seed = 3;
    for (uint64_t i = 0; i < PATHS; i++) {
        struct guest_memory m;
        path_make(&m, &paths[i]);
        put_entries(&m, 0x2000, 0, 200, 0x100000 | P | W | PS, 2 * MIB, paths[i].entry_len);
        for (unsigned k = 0; k < 100; k++)
            put_entry(&m, 0x2000, 300 + k, make_wide(&seed), paths[i].entry_len);
        put_copy(w, &m, &paths[i].c, i);
        put_events(w, i, 1);
        memory_fini(&m);
    }
    make_close(w);
    char *words = ringside_tables(f.path);
    CU_ASSERT(strlen(words) > 10000);
    free(words);
    expect_same_tables(f.path, 0);
    unlink(f.path);
}

/* Where one of the two gives a damaged copy up, so does the other. */
static void test_same_damaged_tables(void)
{
    struct sample s = sample_make();
    static struct trace_tables t;
    uint64_t seed = 11;
    struct guest_memory m;
    struct err e;
    for (unsigned i = 0; i < PATHS; i++) {
        struct text bytes = {0};
        struct make_file f = make_file();
        struct forge *g = forge_begin(&s);
        path_make(&m, &paths[i]);
        take_copy(&t, &m, &paths[i].c, 0);
        CU_ASSERT_EQUAL_FATAL(tables_put(&t, &bytes, &e), 0);
        bytes.buf[make_random(&seed) % bytes.len] = (char)make_random(&seed);
        forge_plain(g, CHUNK_TABLES, bytes.buf, bytes.len);
        forge_copy(g, &s, 1);
        make_file_fill(&f, g->bytes, g->len);
        expect_same_tables(f.path, 1);
        unlink(f.path);
        text_fini(&bytes);
        free(g);
        memory_fini(&m);
    }
    tables_fini(&t);
    free(s.bytes);
}

/* Steps with registers, two vCPUs and some exits between them: the lines' `regs`, and with --regs all
 * registers. */
static struct make_file write_steps(void)
{
    struct make_file f = make_file();
    struct trace_writer *w = make_writer(&f);
    struct event_regs regs[2] = {0};
    uint64_t seed = 4;
    for (unsigned i = 0; i < 1300; i++) {
        struct event ev = {.seq = i,
                           .time_ns = 2000u * i,
                           .rip = 0x100000 + 3 * (i % 50),
                           .count = 1,
                           .vcpu = i % 7 == 0,
                           .kind = EVENT_STEP,
                           .reg = EVENT_NO_REG};
        struct event_regs *now = &regs[ev.vcpu];
        uint64_t change = make_random(&seed) & make_random(&seed) & make_random(&seed);
        for (unsigned k = 0; k < EVENT_REG_COUNT; k++)
            if (change >> k & 1)
                now->r[k] = i % 3 ? now->r[k] + 8 : make_wide(&seed);
        now->r[EVENT_REG_RIP] = ev.rip + 3;
        if (i % 100 == 99)
            ev.kind = EVENT_HLT;
        if (i % 1000 < 900 && ev.kind == EVENT_STEP)
            trace_step(w, &ev, now);
        else
            trace_put(w, &ev);
    }
    make_close(w);
    return f;
}

/* As trace_reader.py --regs prints them. */
static char *ringside_registers(const char *path)
{
    char *out = NULL;
    size_t len = 0;
    struct err e;
    struct event ev;
    struct trace_reader *r = trace_open(path, &e);
    FILE *stream = open_memstream(&out, &len);
    CU_ASSERT_FATAL(r && stream && trace_reader_want_regs(r, &e) == 0);
    while (trace_next(r, &ev, &e) == 1) {
        const struct event_regs *regs = trace_reader_regs(r, NULL);
        if (ev.kind != EVENT_STEP || !regs)
            continue;
        fprintf(stream, "%llu vcpu=%u", (unsigned long long)ev.seq, ev.vcpu);
        for (unsigned i = 0; i < EVENT_REG_COUNT; i++)
            fprintf(stream, " %s=0x%llx", event_regs_name(i), (unsigned long long)regs->r[i]);
        fputc('\n', stream);
    }
    fclose(stream);
    trace_reader_close(r);
    return out;
}

static void test_same_registers(void)
{
    struct make_file f = write_steps();
    char *python = NULL, *ours = ringside_registers(f.path);
    expect_same(f.path, 0);
    CU_ASSERT_EQUAL(python_reads("--regs", f.path, &python), 0);
    CU_ASSERT(strlen(ours) > 100000);
    CU_ASSERT_STRING_EQUAL(python, ours);
    free(python);
    free(ours);
    unlink(f.path);
}

static const struct unit_test tests[] = {
    {"the same export", test_same_export},
    {"the same registers", test_same_registers},
    {"the same end of a cut file", test_same_end_of_a_cut_file},
    {"the same page tables", test_same_tables},
    {"the same of damaged page tables", test_same_damaged_tables},
};

int main(void)
{
    if (system("python3 -c '' 2>/dev/null") != 0) {
        printf("skipped: python3 is missing\n");
        return 77;
    }
    return unit_main("traces: the reader in Python", tests, sizeof tests / sizeof tests[0]);
}
