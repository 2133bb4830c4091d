/*
 * Driving: see drive.h.  One loop for everything: each turn either steps one instruction or lets the guest
 * run free, whatever the plan asks for, and then asks the table of stops whether one is met.
 */
#include "monitor/drive.h"

#include "monitor/arm.h"
#include "monitor/drive_words.h"

#include "debug/instruction.h"
#include "debug/stops.h"

#include <stdio.h>
#include <stdlib.h>

/* What happens in one drive. */
struct drive {
    struct debugger *d;
    struct arm_plan plan;
    uint64_t steps_left; /* 0: no limit, the guest runs */
    bool counts;         /* steps_left is a limit */
    bool looks;          /* a step may meet a stop */
    bool off;            /* the next turn steps off the present instruction */
    bool blind;          /* this host cannot step here: runs free to the next event */
    struct instruction insn;
};

void drive_event(void *debugger, const struct event *ev)
{
    struct debugger *d = debugger;
    struct err ignored;
    d->last_event = *ev;
    d->has_event = true;
    if (!d->running || d->stop_met)
        return;
    if (d->pause_at_event)
        run_ask_pause(d->run);
    bool armed = false;
    for (unsigned kind = STOPS_IO; kind < STOPS_KIND_COUNT && !armed; kind++)
        armed = stops_armed(d->stops, (enum stops_kind)kind);
    if (!armed || run_read_cpu(d->run, &d->now.regs, &d->now.sregs, &ignored) < 0)
        return;
    d->now.event = ev;
    if (stops_match_event(d->stops, &d->now, ev, &d->why)) {
        d->stop_met = true;
        run_ask_pause(d->run);
    }
    d->now.event = NULL;
}

/* An instruction's memory operands, as accesses to watched memory. */
static bool accesses_met(struct drive *v)
{
    struct debugger *d = v->d;
    bool met = false;
    for (size_t i = 0; v->insn.ok && i < v->insn.insn.operand_count; i++) {
        uint64_t linear, len;
        const ZydisDecodedOperand *op = &v->insn.op[i];
        if (!instruction_memory(&d->was, &v->insn, i, &linear, &len))
            continue;
        unsigned direction = (op->actions & ZYDIS_OPERAND_ACTION_MASK_READ ? STOPS_IN : 0u) |
                             (op->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE ? STOPS_OUT : 0u);
        uint64_t items = d->pause.iterations ? d->pause.iterations : 1;
        if (items > 1 && (d->was.regs.rflags & RFLAGS_DF))
            linear -= (items - 1) * len;
        met |=
            stops_match_access(d->stops, &d->was, &d->now, linear, len * items, direction, &d->why) != NULL;
    }
    return met;
}

/* Has the step that was just made met a stop? */
static bool step_met(struct drive *v)
{
    struct debugger *d = v->d;
    bool met = d->stop_met;
    if (!v->looks)
        return met;
    if (v->plan.accesses && d->pause.vector == RUN_NO_VECTOR)
        met |= accesses_met(v);
    met |= stops_match_change(d->stops, &d->was, &d->now, &d->why) != NULL;
    if (d->pause.vector != RUN_NO_VECTOR && !d->pause.interrupt) /* an interrupt was an event */
        met |= stops_match_vector(d->stops, &d->now, (unsigned)d->pause.vector, false, &d->why) != NULL;
    met |= stops_match_rip(d->stops, &d->now, &d->why) != NULL;
    return met;
}

/* A breakpoint of the hardware: is it a stop, or does its condition or count let the guest go on? */
static bool hardware_met(struct drive *v)
{
    struct debugger *d = v->d;
    v->off = d->pause.why == PAUSED_BREAK;
    if (d->pause.why == PAUSED_BREAK)
        return stops_match_rip(d->stops, &d->now, &d->why) != NULL;
    unsigned slot = d->pause.slot < RUN_SLOTS ? d->pause.slot : 0;
    return stops_match_number(d->stops, v->plan.stop[slot], &d->now, &d->why) != NULL;
}

/* One turn; the guest stands afterwards. */
static int drive_turn(struct drive *v, bool *stepped, struct err *e)
{
    struct debugger *d = v->d;
    *stepped = v->counts || v->off || (v->plan.step && !v->blind);
    if (*stepped) {
        bool hold = v->counts ? !d->settings.step_interrupts : v->off;
        run_hold_interrupts(d->run, hold);
        d->was.regs = d->now.regs;
        d->was.sregs = d->now.sregs;
        if (v->plan.accesses)
            instruction_at(&d->was, &v->insn);
        v->off = false;
        return run_step(d->run, &d->pause, e);
    }
    d->pause_at_event = v->blind && v->plan.step;
    if (run_set_breaks(d->run, &v->plan.breaks, e) < 0)
        return -1;
    int rc = run_go(d->run, &d->pause, e);
    d->pause_at_event = v->blind = false;
    return rc;
}

/* After a turn: true when the drive is over, *end says how. */
static bool drive_over(struct drive *v, bool stepped, enum drive_end *end)
{
    struct debugger *d = v->d;
    switch (d->pause.why) {
    case PAUSED_ENDED:
        *end = DRIVE_ENDED;
        return true;
    case PAUSED_REFUSED:
        *end = DRIVE_REFUSED;
        v->blind = true;
        return v->counts;
    case PAUSED_BREAK:
    case PAUSED_WATCH:
        *end = DRIVE_STOPPED;
        return hardware_met(v);
    case PAUSED_STEP:
        *end = DRIVE_STOPPED;
        if (stepped && step_met(v))
            return true;
        *end = DRIVE_STEPPED;
        return v->counts && --v->steps_left == 0;
    case PAUSED_ASKED:
        break;
    }
    *end = d->stop_met ? DRIVE_STOPPED : DRIVE_ASKED;
    return d->stop_met;
}

static int drive_loop(struct drive *v, enum drive_end *end, struct err *e)
{
    struct debugger *d = v->d;
    for (;;) {
        bool stepped;
        if (drive_turn(v, &stepped, e) < 0) {
            d->lost = true;
            return -1;
        }
        if (debugger_look(d, e) < 0)
            return -1;
        if (drive_over(v, stepped, end))
            return 0;
        if (door_interrupted(d->door) || d->quit) {
            *end = DRIVE_ASKED;
            return 0;
        }
        if (!v->counts && (d->pause.why == PAUSED_ASKED || v->plan.step || d->pause.why == PAUSED_BREAK))
            arm_plan(d, &v->plan); /* somebody may have set or deleted stops meanwhile */
    }
}

static int drive(struct debugger *d, uint64_t steps, struct err *e)
{
    struct drive *v = calloc(1, sizeof *v);
    enum drive_end end = DRIVE_STEPPED;
    if (!v)
        return err_set(e, "out of memory");
    v->d = d;
    v->counts = steps > 0;
    v->steps_left = steps;
    stops_sweep(d->stops);
    stops_look(d->stops, &d->now);
    arm_plan(d, &v->plan);
    v->looks = v->plan.any;
    v->off = stops_armed(d->stops, STOPS_BREAK) || stops_armed(d->stops, STOPS_BREAK_PHYS);
    d->before.regs = d->now.regs;
    d->before.sregs = d->now.sregs;
    d->was = d->before;
    d->stop_met = false;
    d->has_event = false;
    text_clear(&d->why);
    d->running = true;
    int rc = drive_loop(v, &end, e);
    d->running = false;
    d->stands++;
    d->stood_ns = machine_now_ns(d->machine);
    run_forget_pause(d->run);
    if (rc == 0)
        drive_sentence(d, end, steps - v->steps_left);
    d->end = end;
    free(v);
    return rc;
}

int drive_steps(struct debugger *d, uint64_t n, struct err *e)
{
    return n ? drive(d, n, e) : 0;
}

int drive_continue(struct debugger *d, struct err *e)
{
    return drive(d, 0, e);
}

int drive_to(struct debugger *d, uint64_t linear, uint64_t rsp_min, struct err *e)
{
    char condition[64];
    struct stops_spec spec = {.kind = STOPS_BREAK,
                              .first = linear,
                              .last = linear,
                              .direction = STOPS_ANY,
                              .once = true,
                              .hidden = true};
    if (rsp_min) {
        snprintf(condition, sizeof condition, "rsp >= 0x%llx", (unsigned long long)rsp_min);
        spec.condition = expr_parse(condition, &d->now, NULL, e);
        if (!spec.condition)
            return -1;
    }
    unsigned number = stops_add(d->stops, &spec, &d->now, e);
    if (!number)
        return -1;
    int rc = drive(d, 0, e);
    struct err ignored;
    d->reached = stops_find(d->stops, number) && stops_find(d->stops, number)->met;
    (void)!stops_delete(d->stops, number, &ignored);
    return rc;
}
