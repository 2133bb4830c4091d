/*
 * Driving: see drive.h.  One loop for everything: each turn either steps one instruction or lets the guest
 * run free, whatever the plan asks for, and then asks the table of stops whether one is met.
 */
#include "monitor/drive_inside.h"

#include "debug/stops.h"

#include <stdlib.h>

enum { SHORT_STEPS = 1000 };

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
        if (drive_decodes(v))
            instruction_at(&d->was, &v->insn);
        v->had_event = d->has_event;
        v->event_seq = d->last_event.seq;
        bool off = v->off;
        v->off = false;
        int rc = run_step(d->run, &d->pause, e);
        if (d->pause.why == PAUSED_ASKED && !d->stop_met)
            v->off = off; /* it has not been executed */
        return rc;
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
        if (stepped && drive_step_met(v))
            return true;
        *end = DRIVE_STEPPED;
        if (!v->counts)
            v->off = v->looks && drive_within_rep(v);
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
        if (d->interrupted || door_interrupted(d->door) || d->quit) {
            *end = DRIVE_ASKED;
            return 0;
        }
        if (!v->counts && (d->pause.why == PAUSED_ASKED || v->plan.step || d->pause.why == PAUSED_BREAK))
            arm_plan(d, &v->plan); /* somebody may have set or deleted stops meanwhile */
        v->looks = v->plan.any || d->stop_at_fault;
    }
}

int drive(struct debugger *d, uint64_t steps, struct err *e)
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
    v->looks = v->plan.any || d->stop_at_fault;
    v->off = stops_armed(d->stops, STOPS_BREAK) || stops_armed(d->stops, STOPS_BREAK_PHYS);
    d->before.regs = d->now.regs;
    d->before.sregs = d->now.sregs;
    d->was = d->before;
    d->stop_met = false;
    d->has_event = false;
    text_clear(&d->why);
    d->running = true;
    d->short_drive = steps > 0 && steps <= SHORT_STEPS;
    int rc = drive_loop(v, &end, e);
    d->running = d->interrupted = false;
    d->stands++;
    d->stood_ns = machine_now_ns(d->machine);
    run_forget_pause(d->run);
    if (rc == 0)
        drive_sentence(d, end, steps - v->steps_left);
    if (rc == 0 && end != DRIVE_ENDED && d->stood)
        d->stood(d->stood_ctx, &d->now);
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
