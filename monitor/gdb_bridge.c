/*
 * The bridge to gdb: see gdb_bridge.h.  gdb's breakpoints are hidden rows in the table of stops, so that they
 * are noticed by the same means as a person's and both can be set side by side.
 */
#include "monitor/gdb_bridge.h"

#include "monitor/drive.h"
#include "monitor/shell/command.h"

#include "debug/space.h"
#include "debug/stops.h"
#include <stdio.h>

static int read_cpu(void *ctx, unsigned vcpu, struct kvm_regs *regs, struct kvm_sregs *sregs, struct err *e)
{
    (void)vcpu;
    return run_read_cpu(((struct debugger *)ctx)->run, regs, sregs, e);
}

static int write_cpu(void *ctx, unsigned vcpu, const struct kvm_regs *regs, const struct kvm_sregs *sregs,
                     struct err *e)
{
    struct debugger *d = ctx;
    (void)vcpu;
    if (d->running)
        return err_set(e, "the guest is running");
    if (debugger_look(d, e) < 0)
        return -1;
    d->now.regs = *regs;
    d->now.regs_changed = true;
    if (sregs) {
        d->now.sregs = *sregs;
        d->now.sregs_changed = true;
    }
    return debugger_store(d, e);
}

static int read_fpu(void *ctx, unsigned vcpu, struct kvm_fpu *fpu, struct err *e)
{
    (void)vcpu;
    return kvm_get_fpu(run_vcpu(((struct debugger *)ctx)->run), fpu, e);
}

static int write_fpu(void *ctx, unsigned vcpu, const struct kvm_fpu *fpu, struct err *e)
{
    (void)vcpu;
    return kvm_set_fpu(run_vcpu(((struct debugger *)ctx)->run), fpu, e);
}

static size_t read_memory(void *ctx, unsigned vcpu, uint64_t linear, void *buf, size_t n)
{
    struct debugger *d = ctx;
    struct err ignored;
    (void)vcpu;
    if (debugger_look(d, &ignored) < 0)
        return 0;
    return space_read(&d->now, SPACE_LINEAR, linear, buf, n, NULL);
}

static int write_memory(void *ctx, unsigned vcpu, uint64_t linear, const void *buf, size_t n, struct err *e)
{
    struct debugger *d = ctx;
    (void)vcpu;
    if (debugger_look(d, e) < 0 || space_write(&d->now, SPACE_LINEAR, linear, buf, n, e) < 0)
        return -1;
    stops_look(d->stops, &d->now);
    return 0;
}

static struct stops_spec spec_of(enum gdb_break type, uint64_t linear, uint64_t len)
{
    static const struct {
        enum stops_kind kind;
        unsigned direction;
    } types[GDB_BREAK_TYPES] = {
        [GDB_BREAK_SOFT] = {STOPS_BREAK, STOPS_ANY},   [GDB_BREAK_HARD] = {STOPS_BREAK, STOPS_ANY},
        [GDB_WATCH_WRITE] = {STOPS_WATCH, STOPS_OUT},  [GDB_WATCH_READ] = {STOPS_WATCH, STOPS_IN},
        [GDB_WATCH_ACCESS] = {STOPS_WATCH, STOPS_ANY},
    };
    bool watch = types[type].kind == STOPS_WATCH;
    return (struct stops_spec){.kind = types[type].kind,
                               .first = linear,
                               .last = linear + (watch && len ? len - 1 : 0),
                               .direction = types[type].direction,
                               .hidden = true};
}

static int insert(void *ctx, enum gdb_break type, uint64_t linear, uint64_t len, struct err *e)
{
    struct debugger *d = ctx;
    struct stops_spec spec = spec_of(type, linear, len);
    if (debugger_look(d, e) < 0)
        return -1;
    return stops_add(d->stops, &spec, &d->now, e) ? 0 : -1;
}

static int remove_break(void *ctx, enum gdb_break type, uint64_t linear, uint64_t len, struct err *e)
{
    struct debugger *d = ctx;
    struct stops_spec spec = spec_of(type, linear, len);
    const struct stop *x;
    for (size_t i = 0; (x = stops_row(d->stops, i)); i++)
        if (x->what.hidden && x->what.kind == spec.kind && x->what.first == spec.first &&
            x->what.last == spec.last && x->what.direction == spec.direction)
            return stops_delete(d->stops, x->number, e);
    return err_set(e, "no such breakpoint");
}

/* What the table of stops says, in gdb's words. */
static void stopped(const struct debugger *d, struct gdb_stop *stop)
{
    const struct stop *x;
    stop->why = GDB_STOP_STOOD;
    stop->addr = cpu_rip_linear(&d->now.regs, &d->now.sregs);
    for (size_t i = 0; (x = stops_row(d->stops, i)); i++) {
        if (!x->met)
            continue;
        if (x->what.kind == STOPS_WATCH) {
            stop->why = GDB_STOP_WATCH;
            stop->addr = x->what.first;
        } else if (x->what.kind == STOPS_BREAK || x->what.kind == STOPS_BREAK_PHYS) {
            stop->why = GDB_STOP_BREAK;
        }
    }
}

static void ended(const struct debugger *d, struct gdb_stop *stop)
{
    const struct run_result *r = run_result(d->run);
    bool died = r->status == RUN_TRIPLE_FAULT || r->status == RUN_ERROR;
    stop->why = died ? GDB_STOP_DIED : GDB_STOP_EXITED;
    stop->code = (uint8_t)r->exit_code;
}

static int resume(void *ctx, const struct gdb_resume *how, struct gdb_stop *stop, struct err *e)
{
    static const enum gdb_stop_why whys[] = {
        [DRIVE_STEPPED] = GDB_STOP_STOOD,
        [DRIVE_ASKED] = GDB_STOP_ASKED,
        [DRIVE_REFUSED] = GDB_STOP_REFUSED,
    };
    struct debugger *d = ctx;
    if (d->running)
        return err_set(e, "the guest is running already");
    if (debugger_look(d, e) < 0 || (how->step ? drive_steps(d, 1, e) : drive_continue(d, e)) < 0)
        return -1;
    if (d->end == DRIVE_ENDED)
        ended(d, stop);
    else if (d->end == DRIVE_STOPPED)
        stopped(d, stop);
    else
        stop->why = whys[d->end];
    if (d->end != DRIVE_STEPPED && d->end != DRIVE_ASKED && d->stop.len)
        snprintf(stop->say, sizeof stop->say, "%.*s\n", (int)sizeof stop->say - 2, text_str(&d->stop));
    return 0;
}

static int monitor_command(void *ctx, const char *command, struct text *out, struct err *e)
{
    return shell_execute(ctx, command, out, e);
}

/* gdb has gone and wants nobody to hold the guest. */
static void detach(void *ctx)
{
    struct debugger *d = ctx;
    d->let_run = true;
}

static void kill_guest(void *ctx)
{
    struct debugger *d = ctx;
    d->quit = true;
}

struct gdb_session *gdb_bridge_create(struct debugger *d, struct err *e)
{
    static const struct gdb_ops ops = {
        .read_cpu = read_cpu,
        .write_cpu = write_cpu,
        .read_fpu = read_fpu,
        .write_fpu = write_fpu,
        .read_memory = read_memory,
        .write_memory = write_memory,
        .insert = insert,
        .remove = remove_break,
        .resume = resume,
        .monitor = monitor_command,
        .detach = detach,
        .kill = kill_guest,
    };
    return gdb_session_create(&ops, d, 1, &d->machine->memory, e);
}
