/*
 * How long does the prompt take to answer?  A guest of 64 MiB with page tables of its own, symbols, lines and
 * a full history stands still after some thousand steps; each looking command is executed again and again, as
 * if it were typed.
 */
#include "bench.h"

#include "base/text.h"
#include "debug/symbols.h"
#include "machine/machine.h"
#include "monitor/counts.h"
#include "monitor/debugger.h"
#include "monitor/shell/command.h"
#include "run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PIECE_LEN = 0x1000, PIECES = (64 << 20) / PIECE_LEN, TABLES = PIECES / 512 };

/* Where the tables of the last row lie: the directory and 32 tables of 4-KiB pages. */
enum { PIECES_GPA = 0x2000000 };

const struct bench_question bench_questions[] = {
    {"regs", false},
    {"flags", false},
    {"seg", false},
    {"cr", false},
    {"efer", false},
    {"msrs", false},
    {"gdt", false},
    {"ldt", false},
    {"idt", false},
    {"ivt", false},
    {"tss", false},
    {"x/4096xb 0", false},
    {"xp/512xg 0", false},
    {"u/100 rip", false},
    {"bt", false},
    {"telescope/32", false},
    {"mem", false},
    {"page rip", false},
    {"devices", false},
    {"device", false},
    {"exits", false},
    {"history 4096", false},
    {"symbols", false},
    {"print rax + [rsp] * 2", false},
    {"find phys 0, 0xa0000, \"no such text\"", false},
    {"find phys 0x100000, 0x3f00000, \"no such text\"", false},
    {"find phys 0x100000, 0x3f00000, qword 0x1234000000000000", false},
    {"why", false},
    {"stops", false},
    {"show", false},
    {"info registers", false},
    {"mem", true},
    {NULL, false},
};

struct scene {
    struct machine machine;
    struct image image;
    struct counts counts;
    struct run *run;
    struct debugger *debugger;
};

/* Nothing here waits: other work on the machine drops out. */
static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int ask(struct scene *s, const char *line, double *ms, struct err *e)
{
    struct text out = {0};
    double start_ms = now_ms();
    int rc = shell_execute(s->debugger, line, &out, e);
    *ms = now_ms() - start_ms;
    if (rc == 0 && out.len == 0)
        rc = err_set(e, "no answer");
    text_fini(&out);
    return rc < 0 ? err_wrap(e, "%s", line) : 0;
}

static int scene_open(struct scene *s, const char *path, struct err *e)
{
    struct machine_options o = {.mem_len = 64 << 20, .clock = CLOCK_STEPS};
    struct image_request rq = {.path = path, .mode = IMAGE_NO_MODE, .at = IMAGE_NO_ADDR};
    struct run_options ro = {0};
    double ignored;
    if (machine_init(&s->machine, &o, e) < 0 || image_load(&rq, &s->machine.memory, &s->image, e) < 0)
        return -1;
    s->run = run_create(&s->machine, &ro, &s->image.start, e);
    struct symbols *symbols = s->run ? symbols_open(path, e) : NULL;
    if (!symbols || !(s->debugger = debugger_create(s->run, &s->machine, &s->image, symbols, e)))
        return -1;
    s->debugger->counts = &s->counts;
    run_add_sink(s->run, (struct event_sink){.put = counts_put, .ctx = &s->counts});
    if (run_begin(s->run, e) < 0 || debugger_look(s->debugger, e) < 0)
        return -1;
    s->debugger->before = s->debugger->now;
    return ask(s, "step 5000", &ignored, e);
}

static void scene_close(struct scene *s)
{
    debugger_destroy(s->debugger);
    run_destroy(s->run);
    if (s->machine.device_count)
        machine_fini(&s->machine);
    free(s);
}

/* The worst for `mem`: all 64 MiB in pages of 4 KiB, each with other rights than its neighbours. */
static int scene_in_pieces(struct scene *s, struct err *e)
{
    uint64_t table[512], pdpt = PIECES_GPA + PIECE_LEN, pd = pdpt + PIECE_LEN, pt = pd + PIECE_LEN;
    const struct guest_memory *m = &s->machine.memory;
    for (unsigned t = 0; t < TABLES; t++) {
        for (unsigned i = 0; i < 512; i++)
            table[i] = (t * 512ull + i) * PIECE_LEN | (i % 2 ? 1 : 3);
        if (memory_write(m, pt + (uint64_t)t * PIECE_LEN, table, sizeof table, e) < 0)
            return -1;
    }
    memset(table, 0, sizeof table);
    for (unsigned t = 0; t < TABLES; t++)
        table[t] = (pt + (uint64_t)t * PIECE_LEN) | 3;
    uint64_t pml4e = pdpt | 3, pdpte = pd | 3;
    if (memory_write(m, pd, table, sizeof table, e) < 0 || memory_write(m, PIECES_GPA, &pml4e, 8, e) < 0 ||
        memory_write(m, pdpt, &pdpte, 8, e) < 0)
        return -1;
    s->debugger->now.sregs.cr3 = PIECES_GPA; /* in the debugger's copy only: this guest never runs again */
    return 0;
}

static int questions(struct scene *s, unsigned rounds, double *ms, struct err *e)
{
    double each[BENCH_ROUNDS_MAX];
    int rc = 0;
    bool in_pieces = false;
    for (size_t i = 0; rc == 0 && bench_questions[i].line; i++) {
        if (bench_questions[i].in_pieces && !in_pieces)
            rc = scene_in_pieces(s, e);
        in_pieces |= bench_questions[i].in_pieces;
        for (unsigned round = 0; rc == 0 && round < rounds; round++)
            rc = ask(s, bench_questions[i].line, &each[round], e);
        if (rc == 0)
            ms[i] = bench_median(each, rounds);
    }
    return rc;
}

int bench_prompt(const char *path, unsigned rounds, double *ms, struct err *e)
{
    struct scene *s = calloc(1, sizeof *s);
    if (!s)
        return err_set(e, "no memory");
    int rc = scene_open(s, path, e);
    if (rc == 0)
        rc = questions(s, rounds, ms, e);
    scene_close(s);
    return rc;
}
