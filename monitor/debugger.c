/*
 * The debugger: see debugger.h.  Its life on the vCPU's thread: it waits at the door, executes what comes,
 * and answers. While a command lets the guest run, the run loop calls back between two entries (`visit`), so
 * that looking commands are answered meanwhile.
 */
#include "monitor/debugger.h"

#include "monitor/drive.h"
#include "monitor/gdb_bridge.h"
#include "monitor/model/frame.h"
#include "monitor/shell/command.h"

#include "debug/stops.h"
#include "debug/symbols.h"
#include "vm/cpu_check.h"

#include <errno.h>
#include <stdlib.h>

static int ask_msr(void *ctx, uint32_t index, uint64_t *value, struct err *e)
{
    return kvm_get_msr(run_vcpu(((struct debugger *)ctx)->run), index, value, e);
}

static int tell_msr(void *ctx, uint32_t index, uint64_t value, struct err *e)
{
    return kvm_set_msr(run_vcpu(((struct debugger *)ctx)->run), index, value, e);
}

static int ask_debugregs(void *ctx, struct kvm_debugregs *regs, struct err *e)
{
    return kvm_get_debugregs(run_vcpu(((struct debugger *)ctx)->run), regs, e);
}

static void kick(void *ctx)
{
    run_wake(((struct debugger *)ctx)->run);
}

struct debugger *debugger_create(struct run *run, struct machine *machine, const struct image *image,
                                 struct symbols *symbols, struct err *e)
{
    static const struct target_ops ops = {ask_msr, tell_msr, ask_debugregs};
    struct debugger *d = calloc(1, sizeof *d);
    if (!d) {
        err_sys(e, ENOMEM, "debugger");
        symbols_close(symbols);
        return NULL;
    }
    d->run = run;
    d->machine = machine;
    d->image = image;
    d->symbols = symbols;
    d->names = machine_event_names(machine);
    d->pause = (struct run_pause){.why = PAUSED_ASKED, .iterations = 1, .vector = RUN_NO_VECTOR};
    d->now = (struct target){
        .memory = &machine->memory, .symbols = symbols, .names = &d->names, .ops = &ops, .ctx = d};
    d->stops = stops_create(e);
    d->door = d->stops ? door_create(e) : NULL;
    d->gdb = d->door ? gdb_bridge_create(d, e) : NULL;
    if (!d->gdb) {
        debugger_destroy(d);
        return NULL;
    }
    door_set_kick(d->door, kick, d);
    run_set_visit(run, debugger_visit, d);
    run_add_sink(run, (struct event_sink){.put = drive_event, .ctx = d});
    return d;
}

void debugger_destroy(struct debugger *d)
{
    if (!d)
        return;
    gdb_session_destroy(d->gdb);
    door_destroy(d->door);
    stops_destroy(d->stops);
    symbols_close(d->symbols);
    text_fini(&d->stop);
    text_fini(&d->why);
    free(d);
}

int debugger_look(struct debugger *d, struct err *e)
{
    d->now.regs_changed = d->now.sregs_changed = false;
    return run_read_cpu(d->run, &d->now.regs, &d->now.sregs, e);
}

int debugger_store(struct debugger *d, struct err *e)
{
    struct err again;
    struct kvm_regs regs;
    struct kvm_sregs sregs;
    if (!d->now.regs_changed && !d->now.sregs_changed)
        return 0;
    if (run_has_ended(d->run))
        return err_set(e, "the guest has ended: its registers cannot be changed");
    int rc = run_read_cpu(d->run, &regs, &sregs, e);
    if (rc == 0)
        rc = cpu_check_change(&regs, &sregs, &d->now.regs, &d->now.sregs, e);
    if (rc == 0)
        rc = run_write_cpu(d->run, &d->now.regs, d->now.sregs_changed ? &d->now.sregs : NULL, e);
    /* What the vCPU holds is the truth, also when it refused. */
    return debugger_look(d, &again) < 0 ? -1 : rc;
}

struct disasm_style debugger_style(const struct debugger *d)
{
    return (struct disasm_style){.syntax = d->settings.syntax, .symbols = d->symbols};
}

static void serve(struct debugger *d, const struct door_request *rq)
{
    struct err e;
    bool failed = false;
    if (rq->channel == DOOR_GDB)
        failed = !gdb_handle(d->gdb, rq->text, rq->len, rq->out);
    else if (rq->channel == DOOR_FRAME)
        failed = frame_write(d, rq->text, rq->len, rq->out, &e) < 0;
    else
        failed = shell_execute(d, rq->text, rq->out, &e) < 0;
    if (rq->channel == DOOR_GDB && failed)
        err_set(&e, "the client has taken its leave");
    door_answer(d->door, rq, failed ? &e : NULL);
}

void debugger_visit(void *ctx)
{
    struct debugger *d = ctx;
    struct door_request rq;
    struct err ignored;
    if (!d->running || d->visiting || d->short_drive)
        return;
    d->visiting = true;
    bool changed = false;
    while (door_take(d->door, false, &rq)) {
        (void)!debugger_look(d, &ignored);
        serve(d, &rq);
        changed |= rq.channel != DOOR_FRAME;
    }
    d->visiting = false;
    d->interrupted |= door_interrupted(d->door);
    if (changed || d->interrupted || d->quit) /* changed: what the CPU watches is arranged anew */
        run_ask_pause(d->run);
}

static int debugger_live(struct debugger *d, bool paused, bool until_end, struct err *e)
{
    struct door_request rq;
    if (debugger_look(d, e) < 0)
        return -1;
    d->before = d->was = d->now;
    d->pause = (struct run_pause){.why = PAUSED_ASKED, .vector = RUN_NO_VECTOR};
    text_add(&d->stop, "power-on: at the first instruction");
    if (!paused && drive_continue(d, e) < 0)
        return -1;
    while (!d->quit && !(until_end && run_has_ended(d->run)) && door_take(d->door, true, &rq))
        if (serve(d, &rq), d->let_run) {
            d->let_run = false;
            if (drive_continue(d, e) < 0)
                return -1;
        }
    return d->lost ? err_set(e, "%s", run_result(d->run)->reason) : 0;
}

int debugger_main(struct debugger *d, bool paused, bool until_end, struct err *e)
{
    if (run_begin(d->run, e) < 0) {
        door_close(d->door);
        return -1;
    }
    int rc = debugger_live(d, paused, until_end, e);
    door_close(d->door);
    run_finish(d->run);
    return rc;
}
