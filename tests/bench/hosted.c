/*
 * Ringside doing the same work: the product's own machine and run loop, without the terminal around it.  With
 * a trace everything stands between them that `ringside run --trace` puts there.
 */
#include "bench.h"

#include "machine/machine.h"
#include "run/run.h"
#include "tables_tap.h"
#include "traces/trace.h"

#include <stdlib.h>
#include <string.h>

/* The guest that sleeps is woken by a byte on its serial line, each time. */
static int endless_input(void *ctx, uint8_t *bytes, size_t n)
{
    (void)ctx;
    memset(bytes, 'x', n);
    return (int)n;
}

static void tick(void *ctx, uint64_t time_ns)
{
    trace_tick(ctx, time_ns);
}

static int hosted_loop(struct machine *m, const struct bench_guest *g, unsigned units,
                       struct trace_writer *trace, double *ns, struct err *e)
{
    struct cpu_start start = {.mode = MODE_REAL, .entry = 0x7c00};
    struct run_options o = {.max_exits = (uint64_t)units * g->exits_per_unit + g->exits_before};
    if (memory_write(&m->memory, 0x7c00, g->code, g->code_len, e) < 0)
        return -1;
    struct run *r = run_create(m, &o, &start, e);
    if (!r)
        return -1;
    if (g->wake_vector)
        run_set_input(r, endless_input, NULL);
    struct tables_tap tap = {0};
    if (trace) {
        tables_tap_init(&tap, trace, r, m);
        run_add_sink(r, (struct event_sink){tables_tap_put, &tap, tables_tap_step});
        run_set_tick(r, tick, trace);
    }
    int rc = run_loop(r, e);
    tables_tap_end(&tap);
    const struct run_result *result = run_result(r);
    *ns = (double)result->elapsed_ns / units; /* a handful of set-up exits among thousands */
    if (rc == 0 && result->status != RUN_BUDGET)
        rc = err_set(e, "%s: %s", g->name, result->reason);
    run_destroy(r);
    tables_tap_fini(&tap);
    return rc;
}

int hosted_run(const struct bench_guest *g, unsigned units, const char *trace, double *ns, struct err *e)
{
    struct machine *m = malloc(sizeof *m);
    struct machine_options o = {.mem_len = 1 << 20};
    struct trace_info info = {.program = "bench",
                              .host = "",
                              .backend = "",
                              .guest = g->name,
                              .guest_sha256 = "",
                              .command = "",
                              .clock = "real",
                              .irqchip = "user",
                              .mem_len = o.mem_len};
    struct trace_end end = {.status = "budget", .reason = ""};
    struct trace_writer *w = NULL;
    if (!m)
        return err_set(e, "no memory");
    int rc = machine_init(m, &o, e);
    if (rc == 0) {
        info.names = machine_event_names(m);
        if (trace && !(w = trace_create(trace, &info, e)))
            rc = -1;
        if (rc == 0)
            rc = hosted_loop(m, g, units, w, ns, e);
        if (w && trace_close(w, &end, rc < 0 ? NULL : e) < 0)
            rc = -1;
        machine_fini(m);
    }
    free(m);
    return rc;
}
