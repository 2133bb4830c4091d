/*
 * Commands about the machine around the CPU, and about what it did: devices, exits, the last things that
 * happened.
 */
#include "base/nearest.h"
#include "debug/postmortem.h"
#include "debug/why.h"
#include "monitor/counts.h"
#include "monitor/debugger.h"
#include "monitor/history.h"
#include "monitor/shell/command.h"
#include "monitor/shell/line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { HISTORY_LINES = 20 };

static int need_machine(const struct debugger *d, const char *what, struct err *e)
{
    return d->machine ? 0 : err_set(e, "%s: there is no machine", what);
}

static void device_ranges(const struct machine_part *part, struct text *out)
{
    for (size_t i = 0; i < DEVICE_RANGES_MAX && part->range[i].len; i++) {
        const struct device_range *r = &part->range[i];
        text_addf(out, "%s%s 0x%llx", i ? ", " : "", r->space == SPACE_PIO ? "port" : "memory",
                  (unsigned long long)r->base);
        if (r->len > 1)
            text_addf(out, "-0x%llx", (unsigned long long)(r->base + r->len - 1));
    }
}

static void device_row(struct table *t, const struct debugger *d, size_t i)
{
    const struct machine_part *part = d->machine->part[i];
    struct text ranges = {0};
    device_ranges(part, &ranges);
    table_cell(t, "%s", d->machine->event_device[i].name);
    table_cell(t, "%s", d->machine->event_device[i].summary);
    if (part->line >= 0)
        table_cell(t, "IRQ %d", part->line);
    else
        table_cell(t, "%s", part->line == LINE_CPU ? "INTR" : "");
    table_cell(t, "%s", text_str(&ranges));
    text_fini(&ranges);
}

static int run_devices(struct debugger *d, const char *slash, const char *args, struct text *out,
                       struct err *e)
{
    struct table t;
    (void)slash;
    if (line_no_args("devices", args, e) < 0 || need_machine(d, "devices", e) < 0)
        return -1;
    table_init(&t, "llll");
    for (size_t i = 1; i < d->machine->device_count; i++)
        device_row(&t, d, i);
    table_finish(&t, out, "", false);
    return 0;
}

static int device_unknown(const struct debugger *d, const char *name, struct err *e)
{
    const char *best = NULL;
    size_t distance = 0;
    for (size_t i = 1; i < d->machine->device_count; i++)
        nearest_offer(name, d->machine->event_device[i].name, &best, &distance);
    return err_set(e, "there is no device \"%.40s\": try %s", name, best ? best : "devices");
}

static int run_device(struct debugger *d, const char *slash, const char *args, struct text *out,
                      struct err *e)
{
    if (!*args)
        return run_devices(d, slash, args, out, e);
    if (need_machine(d, "device", e) < 0)
        return -1;
    for (size_t i = 1; i < d->machine->device_count; i++) {
        if (strcmp(d->machine->event_device[i].name, args) != 0)
            continue;
        const struct device *device = d->machine->device[i];
        text_addf(out, "%s: %s; ", args, d->machine->event_device[i].summary);
        device_ranges(d->machine->part[i], out);
        text_addc(out, '\n');
        device->ops->describe(device, out);
        return 0;
    }
    return device_unknown(d, args, e);
}

/* KVM counts what it does by itself, and that is never mixed with what reached us. */
static void print_counters(const struct debugger *d, struct text *out)
{
    struct kvm_stat *stats = NULL;
    struct table t;
    struct err e;
    size_t n = 0;
    if (!d->run || run_counters(d->run, &stats, &n, &e) < 0)
        return; /* an old kernel has none */
    table_init(&t, "lr");
    size_t shown = 0;
    for (size_t i = 0; i < n; i++) {
        if (!stats[i].value)
            continue;
        table_cell(&t, "%s", stats[i].name);
        table_cell(&t, "%llu", (unsigned long long)stats[i].value);
        shown++;
    }
    free(stats);
    if (shown)
        text_add(out, "\nKVM's own counters: what it did inside the kernel, with or without us\n");
    table_finish(&t, out, "  ", false);
}

static int run_exits(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    (void)slash;
    if (line_no_args("exits", args, e) < 0)
        return -1;
    if (!d->counts)
        return err_set(e, "exits: nobody counts them here");
    counts_print(d->counts, &d->names, out);
    print_counters(d, out);
    return 0;
}

static int run_history(struct debugger *d, const char *slash, const char *args, struct text *out,
                       struct err *e)
{
    struct disasm_style style = debugger_style(d);
    uint64_t n = HISTORY_LINES;
    (void)slash;
    if (*args && line_number(args, "history", 1, RUN_RING_STEPS + RUN_RING_EVENTS, &n, e) < 0)
        return -1;
    if (!d->run)
        return err_set(e, "history: there is no guest");
    size_t before = out->len;
    history_print(run_last_steps(d->run), run_last_events(d->run), &d->names, &style, n, out);
    if (out->len == before)
        text_add(out, "nothing yet: no step was made, and nothing left the guest\n");
    return 0;
}

static int run_type(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    struct text bytes = {0};
    (void)slash;
    if (!d->type)
        return err_set(e, "type: this guest has no console");
    int rc = line_unescape(args, &bytes, e);
    if (rc < 0) {
        err_wrap(e, "type");
    } else if (bytes.len == 0) {
        rc = err_set(e, "type what? type \"text\\n\"");
    } else {
        size_t took = d->type(d->type_ctx, text_str(&bytes), bytes.len);
        if (took < bytes.len)
            rc = err_set(e, "type: there was room for %zu of %zu bytes: the guest does not read", took,
                         bytes.len);
        else
            text_addf(out, "%zu byte%s typed: the guest has them when it runs and reads\n", took,
                      took == 1 ? "" : "s");
    }
    text_fini(&bytes);
    return rc;
}

/* A triple fault leaves no exit of the faults that led to it: they are worked out. */
static void why_dead(const struct debugger *d, struct text *out)
{
    const struct run_cpu *cpu = run_last_cpu(d->run);
    struct postmortem p = {.reason = run_result(d->run)->reason,
                           .regs = &cpu->regs,
                           .sregs = &cpu->sregs,
                           .from_last_exit = cpu->from_last_exit,
                           .last_events = run_last_events(d->run),
                           .names = &d->names,
                           .memory = d->now.memory,
                           .symbols = d->symbols};
    postmortem_autopsy(&p, out);
}

/* The last event that is more than a step's own (--trace-steps). */
static const struct event *last_exit(const struct debugger *d)
{
    const struct ring *events = run_last_events(d->run);
    const struct event *ev;
    for (size_t i = 0; (ev = ring_back(events, i)); i++)
        if (ev->kind != EVENT_STEP)
            return ev;
    return ring_back(events, 0);
}

/* What the last step ended in, or else the last event. */
static int run_why(struct debugger *d, const char *slash, const char *args, struct text *out, struct err *e)
{
    (void)slash;
    if (line_no_args("why", args, e) < 0)
        return -1;
    if (!d->run)
        return err_set(e, "why: there is no guest");
    const struct event *last = last_exit(d);
    if (d->pause.why == PAUSED_STEP && d->pause.vector != RUN_NO_VECTOR && !run_has_ended(d->run)) {
        struct why_stop stop = {(unsigned)d->pause.vector, d->pause.interrupt, &d->was, &d->now};
        why_stop(&stop, out);
    } else if (last) {
        bool old = d->pause.why == PAUSED_STEP && !d->has_event;
        if (old)
            text_addf(out, "%s; nothing left the guest meanwhile. Before that:\n", text_str(&d->stop));
        why_event(&d->now, last, &d->names, out);
        if (run_result(d->run)->status == RUN_TRIPLE_FAULT)
            why_dead(d, out);
    } else {
        text_add(out, "nothing has left the guest yet\n");
    }
    return 0;
}

const struct shell_command shell_machine_commands[] = {
    {.name = "why",
     .alias = "",
     .args = "",
     .summary = "explains the last exit, or the exception that the last step ended in",
     .lesson =
         "Which instruction it was and with which operands, which control of the CPU made it leave the "
         "guest, who handled it and what the guest saw, and where the manual says so; what is known and "
         "what is inferred stand apart. A dead guest gets the whole chain: the first fault, why its "
         "delivery failed, the double fault, the shutdown.",
     .example = "why  # why did that leave the guest?",
     .run = run_why},
    {.name = "devices",
     .alias = "",
     .args = "",
     .summary = "the machine's devices, where they answer and which interrupt they raise",
     .lesson =
         "A device answers at I/O ports or at guest-physical addresses; an access there leaves the guest "
         "and comes to Ringside, which plays the device. docs/machine.txt shows the same as a tree.",
     .example = "devices  # the whole PC",
     .run = run_devices},
    {.name = "device",
     .alias = "dev",
     .args = "[NAME]",
     .summary = "one device, each register by name",
     .lesson = "What the device holds right now, as its data sheet names it. Looking has no side effects, "
               "where a guest's own read may clear a bit.",
     .example = "device uart  # the serial port's registers",
     .complete = COMPLETE_DEVICE,
     .run = run_device},
    {.name = "exits",
     .alias = "",
     .args = "",
     .summary = "statistics of the exits so far, by kind and by device",
     .lesson =
         "An exit is the CPU leaving the guest because it needs somebody else. `share` is of all exits "
         "to Ringside; `in Ringside` is the time it took to handle them, `guest before` the time inside "
         "KVM_RUN up to them. What KVM handles inside the kernel never gets here: its own counters stand "
         "apart.",
     .example = "exits  # who costs what",
     .run = run_exits},
    {.name = "history",
     .alias = "hist",
     .args = "[N]",
     .summary = "the last N (20) instructions and events, oldest first",
     .lesson =
         "Instructions are those that were stepped (the last 4096 are kept); events, marked with =, are "
         "everything that left the guest or was put into it (the last 64). An OUT is there twice: as an "
         "instruction, and as what it did.",
     .example = "history 5  # how we got here",
     .run = run_history},
    {.name = "type",
     .alias = "",
     .args = "TEXT",
     .summary = "types at the guest's console",
     .lesson =
         "The text goes where keys go: to the serial port, or to the keyboard once the guest uses that. "
         "In quotes or not; \\n is the Enter key, \\x03 is Ctrl-C, \\x1b is Escape.",
     .example = "type \"hello\\n\"  # a word and Enter",
     .run = run_type},
    {0},
};
