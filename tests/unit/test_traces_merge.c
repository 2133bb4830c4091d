/*
 * `trace merge`: the order, what is renumbered, what is joined, ends, and the refusals.
 */
#include "tables_make.h"

#include "traces/merge.h"

/* A trace of `n` events, each `step_ns` behind the one before. */
struct part {
    const char *guest, *status;
    uint64_t start_unix_ns, step_ns, n;
    uint8_t vcpu;
    bool cut, steps;
    const struct event_symbol *symbols;
};

static struct event part_event(const struct part *p, uint64_t i)
{
    return (struct event){.seq = i,
                          .time_ns = (i + 1) * p->step_ns,
                          .rip = 0x7c00,
                          .addr = 0x3f8,
                          .value = 'a' + i,
                          .count = 1,
                          .kind = p->steps ? EVENT_STEP : EVENT_IO,
                          .device = p->steps ? 0 : 1,
                          .reg = p->steps ? EVENT_NO_REG : 1,
                          .vcpu = p->vcpu,
                          .dir = p->steps ? DIR_NONE : DIR_OUT,
                          .size = 1,
                          .flags = EVENT_VALUE | EVENT_ADDR};
}

static struct make_file part_make(const struct part *p)
{
    struct make_file f = make_file();
    struct err e = {0};
    struct trace_info info = make_info();
    struct trace_end end = make_end();
    info.guest = p->guest;
    info.start_unix_ns = p->start_unix_ns;
    info.names.symbols = p->symbols;
    info.names.symbol_count = p->symbols ? 1 : 0;
    struct trace_writer *w = trace_create(f.path, &info, &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w);
    for (uint64_t i = 0; i < p->n; i++) {
        const struct event ev = part_event(p, i);
        struct event_regs regs = {.r = {[EVENT_REG_RAX] = 100 * p->vcpu + i, [EVENT_REG_RIP] = 0x7c01}};
        if (p->steps)
            trace_step(w, &ev, &regs);
        else
            trace_put(w, &ev);
        if (i == 1)
            trace_mark(w, &ev, "half-way");
    }
    end.status = p->status ? p->status : "halted";
    end.elapsed_ns = (p->n + 1) * p->step_ns;
    CU_ASSERT_EQUAL(trace_close(w, p->cut ? NULL : &end, &e), 0);
    return f;
}

/* Merges, and leaves the merged trace open; `said` may be NULL. */
static struct trace_reader *merged(const struct part *parts, size_t n, struct text *said)
{
    struct make_file in[MERGE_MAX], out = make_file();
    struct trace_reader *r[MERGE_MAX];
    const char *names[MERGE_MAX];
    struct text ignored = {0};
    struct err e = {0};
    for (size_t i = 0; i < n; i++) {
        in[i] = part_make(&parts[i]);
        names[i] = in[i].path;
        r[i] = make_reader(&in[i]);
    }
    int rc = trace_merge(r, names, n, out.path, said ? said : &ignored, &e);
    if (rc)
        fprintf(stderr, "trace_merge: %s\n", e.text);
    CU_ASSERT_EQUAL_FATAL(rc, 0);
    for (size_t i = 0; i < n; i++) {
        trace_reader_close(r[i]);
        unlink(in[i].path);
    }
    text_fini(&ignored);
    struct trace_reader *all = make_reader(&out);
    unlink(out.path);
    return all;
}

/* The events as words: `vcpu.device.value` each, marks left out. */
static void expect_events(struct trace_reader *r, const char *want)
{
    struct text got = {0};
    struct event ev;
    struct err e = {0};
    uint64_t seq = 0;
    while (trace_next(r, &ev, &e) > 0) {
        if (ev.kind == EVENT_MARK)
            continue;
        CU_ASSERT_EQUAL(ev.seq, seq++);
        text_addf(&got, "%s%u.%s.%c@%u", got.len ? " " : "", ev.vcpu,
                  event_device_name(&trace_reader_info(r)->names, &ev), (char)ev.value, (unsigned)ev.time_ns);
    }
    CU_ASSERT_STRING_EQUAL(text_str(&got), want);
    text_fini(&got);
}

static void expect_end(struct trace_reader *r, const char *status, const char *reason)
{
    struct trace_state s;
    trace_reader_state(r, &s);
    CU_ASSERT_TRUE(s.whole);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s.end);
    CU_ASSERT_STRING_EQUAL(s.end->status, status);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.end->reason, reason));
}

static void test_machines(void)
{
    const struct part parts[] = {
        {.guest = "one", .start_unix_ns = 5000, .step_ns = 100, .n = 3},
        {.guest = "two", .start_unix_ns = 4900, .step_ns = 100, .n = 3, .status = "triple-fault"},
    };
    struct trace_reader *r = merged(parts, 2, NULL);
    /* At 200 and at 300 both have something: the first input goes first. */
    expect_events(
        r, "1.b.uart.a@100 0.a.uart.a@200 1.b.uart.b@200 0.a.uart.b@300 1.b.uart.c@300 0.a.uart.c@400");
    expect_end(r, "triple-fault", "a: halted: the guest halted");
    const struct trace_info *info = trace_reader_info(r);
    CU_ASSERT_EQUAL(info->start_unix_ns, 4900);
    CU_ASSERT_STRING_EQUAL(info->guest, "a: one, b: two");
    CU_ASSERT_STRING_EQUAL(info->clock, "steps");
    CU_ASSERT_EQUAL(info->names.device_count, 7);
    CU_ASSERT_EQUAL(info->range_count, 6);
    trace_reader_close(r);
}

static void test_one_machine(void)
{
    const struct part parts[] = {{.guest = "smp", .start_unix_ns = 10, .step_ns = 100, .n = 2},
                                 {.guest = "smp", .start_unix_ns = 10, .step_ns = 70, .n = 2, .vcpu = 3}};
    struct text said = {0};
    struct trace_reader *r = merged(parts, 2, &said);
    expect_events(r, "3.uart.a@70 0.uart.a@100 3.uart.b@140 0.uart.b@200");
    expect_end(r, "halted", "b: halted");
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&said), "parts of one machine"));
    CU_ASSERT_STRING_EQUAL(trace_reader_info(r)->guest, "smp");
    trace_reader_close(r);
    text_fini(&said);
}

/* Marks keep their place and say whose they are; the beginning says what came from where. */
static void test_marks(void)
{
    const struct part parts[] = {{.guest = "one", .step_ns = 100, .n = 3},
                                 {.guest = "two", .step_ns = 70, .n = 3}};
    struct trace_reader *r = merged(parts, 2, NULL);
    const struct event_names *names = &trace_reader_info(r)->names;
    struct event ev;
    struct err e = {0};
    uint64_t seqs[2] = {0};
    size_t halves = 0;
    while (trace_next(r, &ev, &e) > 0)
        if (ev.kind == EVENT_MARK && strstr(names->marks[ev.addr], "half-way"))
            seqs[halves++ % 2] = ev.seq;
    CU_ASSERT_EQUAL(halves, 2);
    CU_ASSERT_EQUAL_FATAL(names->mark_count, 4);
    CU_ASSERT_PTR_NOT_NULL(strstr(names->marks[0], "one, 4 events, begins at 0 ns"));
    CU_ASSERT_PTR_NOT_NULL(strstr(names->marks[1], "its vCPU 0 is 1 here"));
    CU_ASSERT_STRING_EQUAL(names->marks[2], "b: half-way");
    CU_ASSERT_EQUAL(seqs[0], 2); /* of b's second event at 140 */
    CU_ASSERT_EQUAL(seqs[1], 3); /* of a's at 200 */
    trace_reader_close(r);
}

static void test_cut(void)
{
    const struct part parts[] = {{.guest = "one", .step_ns = 100, .n = 2},
                                 {.guest = "two", .step_ns = 100, .n = 2, .cut = true}};
    struct text said = {0};
    struct trace_reader *r = merged(parts, 2, &said);
    expect_events(r, "0.a.uart.a@100 1.b.uart.a@100 0.a.uart.b@200 1.b.uart.b@200");
    expect_end(r, "interrupted", "b: broke off: no footer");
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&said), "incomplete: no footer"));
    trace_reader_close(r);
    text_fini(&said);
}

static void test_registers(void)
{
    const struct part parts[] = {{.guest = "smp", .step_ns = 100, .n = 3, .steps = true},
                                 {.guest = "smp", .step_ns = 100, .n = 3, .steps = true, .vcpu = 1}};
    struct trace_reader *r = merged(parts, 2, NULL);
    struct event ev;
    struct err e = {0};
    uint64_t steps = 0;
    CU_ASSERT_EQUAL(trace_reader_want_regs(r, &e), 0);
    while (trace_next(r, &ev, &e) > 0) {
        if (ev.kind != EVENT_STEP)
            continue;
        const struct event_regs *regs = trace_reader_regs(r, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(regs);
        CU_ASSERT_EQUAL(regs->r[EVENT_REG_RAX], 100 * ev.vcpu + ev.value - 'a');
        steps++;
    }
    CU_ASSERT_EQUAL(steps, 6);
    trace_reader_close(r);
}

static void test_symbols(void)
{
    static const struct event_symbol x[] = {{0x7c00, 0, "main"}}, y[] = {{0x7c00, 0, "other"}};
    const struct part same[] = {{.guest = "one", .step_ns = 1, .n = 1, .symbols = x},
                                {.guest = "one", .step_ns = 1, .n = 1, .symbols = x}};
    const struct part differ[] = {{.guest = "one", .step_ns = 1, .n = 1, .symbols = x},
                                  {.guest = "two", .step_ns = 1, .n = 1, .symbols = y}};
    struct trace_reader *r = merged(same, 2, NULL);
    CU_ASSERT_EQUAL(trace_reader_info(r)->names.symbol_count, 1);
    trace_reader_close(r);
    struct text said = {0};
    r = merged(differ, 2, &said);
    CU_ASSERT_EQUAL(trace_reader_info(r)->names.symbol_count, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&said), "symbols: left out"));
    trace_reader_close(r);
    text_fini(&said);
}

/* A trace of two events, a copy of page tables in front of the second, and three at its end. */
static struct make_file paged_make(const char *guest, uint64_t start_unix_ns, struct guest_memory *m)
{
    struct part p = {.guest = guest, .step_ns = 100};
    struct make_file f = make_file();
    struct trace_info info = make_info();
    struct trace_end end = make_end();
    struct err e = {0};
    info.guest = guest;
    info.start_unix_ns = start_unix_ns;
    struct trace_writer *w = trace_create(f.path, &info, &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w);
    for (uint64_t i = 0; i < 2; i++) {
        const struct event ev = part_event(&p, i);
        trace_put(w, &ev);
        for (uint64_t k = 0; k < (i ? 3 : 1); k++) {
            put_entry(m, 0x1000, 1, (2 + 4 * i + k) * 0x1000 | PWU, 8);
            put_copy(w, m, &paths[P4].c, i + 1);
        }
    }
    CU_ASSERT_EQUAL(trace_close(w, &end, &e), 0);
    return f;
}

/* What stands in the first table's second entry. */
static uint64_t copy_entry(const struct trace_tables *t)
{
    const uint8_t *page = t ? tables_page(t, 0x1000) : NULL;
    return page ? le64_load(page + 8) >> 12 : 0;
}

/* Each copy in front of the same event as before, as its machine's; of several in one place the last two. */
static void test_tables(void)
{
    static const struct {
        uint64_t events, entry, missed;
        unsigned vcpu;
    } rows[] = {{2, 2, 0, 0}, {3, 7, 1, 0}, {3, 8, 0, 0}, {3, 2, 0, 1}, {4, 7, 1, 1}, {4, 8, 0, 1}};
    struct guest_memory m;
    struct make_file in[2], out = make_file();
    struct trace_reader *r[2], *all;
    const char *names[2];
    struct text said = {0};
    struct err e = {0};
    path_make(&m, &paths[P4]);
    for (size_t i = 0; i < 2; i++) { /* a at 100 and 200 ns, b at 150 and 250 */
        in[i] = paged_make(i ? "two" : "one", 5000 + 50 * i, &m);
        names[i] = in[i].path;
        r[i] = make_reader(&in[i]);
    }
    CU_ASSERT_EQUAL_FATAL(trace_merge(r, names, 2, out.path, &said, &e), 0);
    for (unsigned vcpu = 0; vcpu < 2; vcpu++) {
        struct tables_wanted w = {.vcpu_given = true, .vcpu = vcpu};
        uint64_t missed;
        all = make_reader(&out);
        CU_ASSERT_EQUAL(tables_seek(all, &w, &missed, &e), 0);
        CU_ASSERT_EQUAL(trace_reader_tables_count(all), 3);
        const struct trace_tables *t = trace_reader_tables(all), *old = trace_reader_tables_before(all);
        CU_ASSERT_PTR_NOT_NULL_FATAL(old);
        CU_ASSERT_EQUAL(copy_entry(old), rows[3 * vcpu + 1].entry);
        CU_ASSERT_EQUAL(old->place.missed, rows[3 * vcpu + 1].missed);
        CU_ASSERT_EQUAL(copy_entry(t), rows[3 * vcpu + 2].entry);
        CU_ASSERT_EQUAL(t->place.seq, rows[3 * vcpu + 2].events);
        w = (struct tables_wanted){
            .at_given = true, .at = rows[3 * vcpu].events, .vcpu_given = true, .vcpu = vcpu};
        CU_ASSERT_EQUAL(tables_seek(all, &w, &missed, &e), 0);
        CU_ASSERT_EQUAL(copy_entry(trace_reader_tables(all)), 2);
        CU_ASSERT_EQUAL(trace_reader_tables(all)->place.seq, rows[3 * vcpu].events);
        CU_ASSERT_EQUAL(trace_reader_tables(all)->place.vcpu, vcpu);
        trace_reader_close(all);
    }
    for (size_t i = 0; i < 2; i++) {
        trace_reader_close(r[i]);
        unlink(in[i].path);
    }
    unlink(out.path);
    text_fini(&said);
    memory_fini(&m);
}

/* Refused, and nothing is destroyed. */
static void refuse(const struct part *parts, size_t n, size_t out, const char *words)
{
    struct make_file in[MERGE_MAX];
    struct trace_reader *r[MERGE_MAX];
    const char *names[MERGE_MAX];
    struct text said = {0};
    struct err e = {0};
    for (size_t i = 0; i < n; i++) {
        in[i] = part_make(&parts[i]);
        names[i] = in[i].path;
        r[i] = make_reader(&in[i]);
    }
    CU_ASSERT_EQUAL(trace_merge(r, names, n, out < n ? names[out] : "/tmp/ringside-test-merged", &said, &e),
                    -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(e.text, words));
    CU_ASSERT_NOT_EQUAL(access("/tmp/ringside-test-merged", F_OK), 0);
    for (size_t i = 0; i < n; i++) {
        trace_reader_close(r[i]);
        r[i] = make_reader(&in[i]);
        expect_events(r[i], parts[i].vcpu ? "200.uart.a@1" : "0.uart.a@1");
        trace_reader_close(r[i]);
        unlink(in[i].path);
    }
    text_fini(&said);
}

static void test_refused(void)
{
    const struct part two[] = {{.guest = "one", .step_ns = 1, .n = 1},
                               {.guest = "two", .step_ns = 1, .n = 1}};
    const struct part many[] = {{.guest = "one", .step_ns = 1, .n = 1, .vcpu = 200},
                                {.guest = "two", .step_ns = 1, .n = 1, .vcpu = 200}};
    refuse(two, 2, 1, "it is one of the traces to merge");
    refuse(two, 1, 9, "2 to 26 traces");
    refuse(many, 2, 9, "402 vCPUs in all");
}

static const struct unit_test tests[] = {
    {"two machines", test_machines},
    {"one machine", test_one_machine},
    {"marks", test_marks},
    {"one that breaks off", test_cut},
    {"registers of steps", test_registers},
    {"symbols", test_symbols},
    {"page tables", test_tables},
    {"refused", test_refused},
};
UNIT_MAIN("merge", tests)
