/*
 * The small tables of an exported database: what events refer to by number, and the run itself.
 */
#include "traces/database.h"

#include <string.h>

/* Kinds that this program does not know have rows as well when they occur, so that every event has its kind.
 */
int database_kind(struct database *d, unsigned kind, struct err *e)
{
    const struct event_kind_info *info = event_kind_info(kind);
    if (d->kind_told[kind])
        return 0;
    d->kind_told[kind] = true;
    return database_put(d, e, "INSERT INTO kinds VALUES (?, ?, ?, ?, ?)", "ntttn", (uint64_t)kind, info->name,
                        info->constant, info->meaning, (uint64_t)event_kind_is_exit(kind));
}

static int put_fixed(struct database *d, struct err *e)
{
    const struct event_kind_info *row;
    int rc = 0;
    for (size_t i = 0; rc == 0 && (row = event_kind_row(i)); i++)
        rc = database_kind(d, row->kind, e);
    for (unsigned i = 0; rc == 0 && i < CPU_MODES; i++)
        rc = database_put(d, e, "INSERT INTO modes VALUES (?, ?)", "nt", (uint64_t)i,
                          cpu_mode_name((enum cpu_mode)i));
    for (unsigned i = 0; rc == 0 && i < ASSIST_KIND_COUNT; i++)
        rc = database_put(d, e, "INSERT INTO assists VALUES (?, ?)", "nt", (uint64_t)i, event_assist_name(i));
    return rc;
}

/* A register without a name is one that event_reg_name() does not give either. */
static int put_registers(struct database *d, size_t device, struct err *e)
{
    const struct event_device *dev = &d->job->info->names.devices[device];
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < dev->reg_count; i++)
        if (dev->regs[i] && *dev->regs[i])
            rc = database_put(d, e, "INSERT INTO registers VALUES (?, ?, ?)", "nnt", (uint64_t)device,
                              (uint64_t)i, dev->regs[i]);
    return rc;
}

static int put_devices(struct database *d, struct err *e)
{
    const struct trace_info *info = d->job->info;
    int rc = 0;
    for (size_t i = 1; rc == 0 && i < info->names.device_count; i++) {
        rc = database_put(d, e, "INSERT INTO devices VALUES (?, ?, ?)", "ntt", (uint64_t)i,
                          info->names.devices[i].name, info->names.devices[i].summary);
        if (rc == 0)
            rc = put_registers(d, i, e);
    }
    for (size_t i = 0; rc == 0 && i < info->range_count; i++) {
        const struct trace_range *r = &info->ranges[i];
        bool known = r->device && r->device < info->names.device_count;
        rc =
            database_put(d, e, "INSERT INTO ranges (device, space, base, len) VALUES (nullif(?, 0), ?, ?, ?)",
                         "ntnn", known ? (uint64_t)r->device : 0, r->mmio ? "mmio" : "port", r->base, r->len);
    }
    return rc;
}

int database_names(struct database *d, struct err *e)
{
    const struct event_names *names = &d->job->info->names;
    int rc = put_fixed(d, e);
    if (rc == 0)
        rc = put_devices(d, e);
    for (size_t i = 0; rc == 0 && i < names->symbol_count; i++)
        rc = database_put(d, e, "INSERT INTO symbols VALUES (?, ?, ?, ?)", "nnnt", (uint64_t)i,
                          names->symbols[i].addr, names->symbols[i].len, names->symbols[i].name);
    return rc;
}

static int put_end(struct database *d, const struct trace_end *end, struct err *e)
{
    int rc = database_put(d, e,
                          "UPDATE run SET status = ?, reason = ?, exit_code = ?, elapsed_ns = ?, steps = ?,"
                          " end_mode = ?, end_rip = ?",
                          "ttnnnnn", end->status, end->reason, (uint64_t)end->exit_code, end->elapsed_ns,
                          end->steps, (uint64_t)(end->mode & 3), end->rip);
    for (size_t i = 0; rc == 0 && i < end->counter_count; i++)
        rc = database_put(d, e, "INSERT INTO counters (name, value) VALUES (?, ?)", "tn",
                          end->counters[i].name, end->counters[i].value);
    return rc;
}

/* The problem is NULL when there is none: t would be a string, so the letter differs. */
int database_run_row(struct database *d, struct err *e)
{
    const struct trace_info *i = d->job->info;
    struct trace_state state;
    trace_reader_state(d->job->reader, &state);
    int rc = database_put(
        d, e,
        "INSERT INTO run (id, program, host, backend, guest, guest_sha256, command, clock, irqchip,"
        " mem_len, start_unix_ns, whole, events, problem) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        state.problem ? "ttttttttnnnnt" : "ttttttttnnnn", i->program, i->host, i->backend, i->guest,
        i->guest_sha256, i->command, i->clock, i->irqchip, i->mem_len, i->start_unix_ns,
        (uint64_t)state.whole, d->rows, state.problem);
    if (rc == 0 && state.end)
        rc = put_end(d, state.end, e);
    return rc;
}
