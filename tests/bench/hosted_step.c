/*
 * Ringside stepping the same guests: by run_step, as every front end does in the end; and by the command
 * `step N`, as it is typed, with the debugger around it.
 */
#include "bench.h"

#include "machine/machine.h"
#include "monitor/debugger.h"
#include "monitor/shell/command.h"
#include "run/run.h"
#include "tables_tap.h"
#include "traces/trace.h"

#include <stdio.h>
#include <stdlib.h>

/* Everything that stands for one measurement. */
struct stage {
    struct machine machine;
    struct run *run;
    struct trace_writer *trace;
    struct tables_tap tap;     /* the way into it */
    struct debugger *debugger; /* NULL: by run_step */
    bool begun;
};

static int stage_open(struct stage *s, const struct bench_guest *g, const char *trace, struct err *e)
{
    struct machine_options mo = {.mem_len = 64 << 20};
    struct cpu_start start = {.mode = MODE_LONG, .entry = BENCH_STEP_AT, .rsp = BENCH_STEP_AT};
    struct run_options ro = {.trace_steps = trace != NULL};
    if (machine_init(&s->machine, &mo, e) < 0 ||
        memory_write(&s->machine.memory, BENCH_STEP_AT, g->code, g->code_len, e) < 0)
        return -1;
    s->run = run_create(&s->machine, &ro, &start, e);
    if (!s->run || !trace)
        return s->run ? 0 : -1;
    struct trace_info info = {.program = "bench",
                              .host = "",
                              .backend = "",
                              .guest = g->name,
                              .guest_sha256 = "",
                              .command = "",
                              .clock = "real",
                              .irqchip = "user",
                              .mem_len = mo.mem_len,
                              .names = machine_event_names(&s->machine)};
    s->trace = trace_create(trace, &info, e);
    if (!s->trace)
        return -1;
    tables_tap_init(&s->tap, s->trace, s->run, &s->machine);
    run_add_sink(s->run, (struct event_sink){tables_tap_put, &s->tap, tables_tap_step});
    return 0;
}

static int by_run(struct stage *s, unsigned n, struct err *e)
{
    struct run_pause p;
    for (unsigned i = 0; i < n; i++) {
        if (run_step(s->run, &p, e) < 0)
            return -1;
        if (p.why != PAUSED_STEP)
            return err_set(e, "a step did not end as one: %s", p.refusal);
    }
    return 0;
}

static int by_command(struct stage *s, unsigned n, struct err *e)
{
    char line[32];
    struct text out = {0};
    snprintf(line, sizeof line, "step %u", n);
    uint64_t before = run_result(s->run)->steps;
    int rc = shell_execute(s->debugger, line, &out, e);
    if (rc == 0 && run_result(s->run)->steps != before + n)
        rc = err_set(e, "%s: %s", line, text_str(&out));
    text_fini(&out);
    return rc;
}

static int stage_begin(struct stage *s, bool typed, struct err *e)
{
    if (typed && !(s->debugger = debugger_create(s->run, &s->machine, NULL, NULL, e)))
        return -1;
    if (run_begin(s->run, e) < 0)
        return -1;
    s->begun = true;
    return typed ? debugger_look(s->debugger, e) : 0;
}

struct stage *stage_create(const struct bench_guest *g, bool typed, const char *trace, struct err *e)
{
    struct stage *s = calloc(1, sizeof *s);
    if (!s) {
        err_set(e, "no memory");
        return NULL;
    }
    struct err other;
    if (stage_open(s, g, trace, e) == 0 && stage_begin(s, typed, e) == 0 &&
        stage_step(s, BENCH_STEP_WARM, e) == 0)
        return s;
    (void)!stage_close(s, &other);
    return NULL;
}

int stage_step(struct stage *s, unsigned n, struct err *e)
{
    return s->debugger ? by_command(s, n, e) : by_run(s, n, e);
}

int stage_close(struct stage *s, struct err *e)
{
    if (!s)
        return 0;
    if (s->begun)
        run_finish(s->run);
    struct trace_end end = {.status = "interrupted", .reason = ""};
    int rc = s->trace ? trace_close(s->trace, &end, e) : 0;
    debugger_destroy(s->debugger);
    run_destroy(s->run);
    tables_tap_fini(&s->tap);
    if (s->machine.device_count)
        machine_fini(&s->machine);
    free(s);
    return rc;
}
