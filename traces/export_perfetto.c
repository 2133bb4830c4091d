/*
 * `trace export --format perfetto`: the trace over time, for ui.perfetto.dev and chrome://tracing.  It is
 * written as it is read: what is remembered is one open slice a track, so a trace of any length needs the
 * same memory.
 *
 * Tracks: marks and exits a second; exits by device, each as long as the host took for it; interrupts by
 * vector; for each vCPU its mode, its privilege level, and guest and host time in turns.
 */
#include "traces/perfetto.h"

#include <errno.h>
#include <stdlib.h>

#define BIN_NS 100000 /* an interval of the counter of exits a second */

static int counter(struct perfetto *p, uint64_t ns, uint64_t exits, struct err *e)
{
    struct text *out = &p->job->line;
    perfetto_begin(p, 'C', PROCESS_RUN, 1, ns);
    text_add(out, ",\"name\":\"exits/s\",\"args\":{\"exits/s\":");
    export_decimal(out, exits * (1000000000 / BIN_NS));
    text_addc(out, '}');
    return perfetto_end(p, e);
}

/* Writes the interval before `ns`, and a zero when nothing came for longer. */
static int bin_close(struct perfetto *p, uint64_t ns, struct err *e)
{
    uint64_t end = p->bin_ns + BIN_NS;
    if (p->bin_exits && counter(p, p->bin_ns, p->bin_exits, e))
        return -1;
    if (p->bin_exits && (ns < end || ns - end >= BIN_NS) && counter(p, end, 0, e))
        return -1;
    p->bin_exits = 0;
    p->bin_ns = ns - ns % BIN_NS;
    return 0;
}

static int bin_see(struct perfetto *p, const struct event *ev, struct err *e)
{
    bool inside = ev->time_ns >= p->bin_ns && ev->time_ns - p->bin_ns < BIN_NS;
    if (!event_kind_is_exit(ev->kind))
        return 0;
    if (!inside && bin_close(p, ev->time_ns, e))
        return -1;
    p->bin_exits++;
    return 0;
}

static int see(void *ctx, const struct event *ev, struct err *e)
{
    static perfetto_fn *const tracks[] = {bin_see, perfetto_cpu, perfetto_device, perfetto_interrupt,
                                          perfetto_mark};
    for (size_t i = 0; i < sizeof tracks / sizeof tracks[0]; i++)
        if (tracks[i](ctx, ev, e))
            return -1;
    return 0;
}

/* What the viewer shows as the trace's own data: whose run it was, how it ended, and KVM's own numbers. */
static void add_about(struct export_job *x)
{
    struct text *out = &x->line;
    const struct trace_info *info = x->info;
    const struct {
        const char *key, *value;
    } rows[] = {
        {"host", info->host},           {"backend", info->backend}, {"guest", info->guest},
        {"sha256", info->guest_sha256}, {"command", info->command}, {"clock", info->clock},
    };
    struct trace_state state;
    trace_reader_state(x->reader, &state);
    text_add(out, "\"program\":");
    text_add_json(out, info->program);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        perfetto_string(out, rows[i].key, rows[i].value);
    if (state.problem)
        perfetto_string(out, "incomplete", state.problem);
    if (!state.end)
        return;
    perfetto_string(out, "status", state.end->status);
    perfetto_string(out, "reason", state.end->reason);
    for (size_t i = 0; i < state.end->counter_count; i++) {
        struct text key = {0};
        text_addf(&key, "kvm %s", state.end->counters[i].name);
        text_addc(out, ',');
        text_add_json(out, text_str(&key));
        text_addc(out, ':');
        export_decimal(out, state.end->counters[i].value);
        text_fini(&key);
    }
}

static int write_all(struct perfetto *p, struct err *e)
{
    struct export_job *x = p->job;
    text_add(&x->line, "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n");
    if (export_line(x, e) || perfetto_name(p, PROCESS_RUN, 0, "run", PROCESS_RUN, e) ||
        perfetto_name(p, PROCESS_RUN, 1, "marks", 1, e) ||
        perfetto_name(p, PROCESS_EXITS, 0, "exits by device", PROCESS_EXITS, e) ||
        perfetto_name(p, PROCESS_INTERRUPTS, 0, "interrupts", PROCESS_INTERRUPTS, e) ||
        export_scan(x, see, p, e) || bin_close(p, 0, e) || perfetto_cpu_finish(p, e))
        return -1;
    text_add(&x->line, "\n],\"otherData\":{");
    add_about(x);
    text_add(&x->line, "}}\n");
    return export_line(x, e);
}

int export_perfetto(struct export_job *x, struct err *e)
{
    struct perfetto *p = calloc(1, sizeof *p);
    if (!p)
        return err_sys(e, ENOMEM, "export");
    p->job = x;
    int rc = write_all(p, e);
    free(p);
    return rc;
}
