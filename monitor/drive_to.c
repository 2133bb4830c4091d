/*
 * Running to a place: a breakpoint for this one time, hidden from the user.  Who steps over a call wants to
 * come back, and never to run past a fault: so the handlers of the exceptions that mean trouble are watched
 * too, as far as there are breakpoints for them (a stepped guest is asked after each instruction instead).
 */
#include "monitor/drive_inside.h"

#include "debug/exceptions.h"
#include "debug/place.h"
#include "debug/stops.h"
#include "vm/gate.h"

#include <stdio.h>

enum { FAULTS_MAX = 6 };

/* In the order of what happens most. */
static const uint8_t faults[FAULTS_MAX] = {VECTOR_PF, VECTOR_GP, VECTOR_UD, VECTOR_DF, VECTOR_DE, VECTOR_SS};

/* What was set for one run. */
struct errand {
    unsigned goal, fault[FAULTS_MAX];
};

static unsigned hidden_break(struct debugger *d, uint64_t linear, struct expr *condition, struct err *e)
{
    struct stops_spec spec = {.kind = STOPS_BREAK,
                              .first = linear,
                              .last = linear,
                              .direction = STOPS_ANY,
                              .once = true,
                              .hidden = true,
                              .condition = condition};
    return stops_add(d->stops, &spec, &d->now, e);
}

/* Where the handler of a vector begins; false when it has none that could be reached. */
static bool handler_linear(const struct debugger *d, unsigned vector, uint64_t *linear)
{
    struct gate g;
    const struct kvm_sregs *s = &d->now.sregs;
    gate_read(d->now.memory, &d->now.regs, s, vector, &g);
    if (g.trouble != GATE_FINE)
        return false;
    *linear = cpu_mode(s) == MODE_REAL ? ((uint64_t)g.selector << 4) + g.offset : g.offset;
    return *linear != 0;
}

/* Watches fault handlers with what debug registers are left; nothing where the guest will be stepped anyway.
 */
static void faults_watch(struct debugger *d, struct errand *w)
{
    struct err ignored;
    size_t used = stops_armed(d->stops, STOPS_BREAK) + stops_armed(d->stops, STOPS_BREAK_PHYS) +
                  stops_armed(d->stops, STOPS_WATCH);
    if (!run_able(d->run, ABLE_BREAK))
        return;
    for (size_t i = 0; i < FAULTS_MAX && used < RUN_SLOTS; i++) {
        uint64_t linear;
        if (!handler_linear(d, faults[i], &linear))
            continue;
        w->fault[i] = hidden_break(d, linear, NULL, &ignored);
        used += w->fault[i] != 0;
    }
}

static bool is_met(const struct debugger *d, unsigned number)
{
    const struct stop *x = number ? stops_find(d->stops, number) : NULL;
    return x && x->met;
}

/* Which of the watched faults came, or RUN_NO_VECTOR. */
static int fault_met(const struct debugger *d, const struct errand *w)
{
    for (size_t i = 0; i < FAULTS_MAX; i++)
        if (is_met(d, w->fault[i]))
            return faults[i];
    bool stepped = d->pause.why == PAUSED_STEP && d->pause.vector < EXCEPTION_VECTORS && !d->pause.interrupt;
    return stepped ? d->pause.vector : RUN_NO_VECTOR;
}

static void errand_over(struct debugger *d, const struct errand *w)
{
    struct err ignored;
    (void)!stops_delete(d->stops, w->goal, &ignored);
    for (size_t i = 0; i < FAULTS_MAX; i++)
        if (w->fault[i])
            (void)!stops_delete(d->stops, w->fault[i], &ignored);
}

int drive_to(struct debugger *d, const struct drive_goal *goal, struct err *e)
{
    char text[64];
    struct expr *condition = NULL;
    struct errand w = {0};
    if (goal->rsp_min) {
        snprintf(text, sizeof text, "rsp >= 0x%llx", (unsigned long long)goal->rsp_min);
        condition = expr_parse(text, &d->now, NULL, e);
        if (!condition)
            return -1;
    }
    w.goal = hidden_break(d, goal->linear, condition, e);
    if (!w.goal)
        return -1;
    if (goal->stop_at_fault)
        faults_watch(d, &w);
    d->stop_at_fault = goal->stop_at_fault;
    int rc = drive(d, 0, e);
    d->stop_at_fault = false;
    d->reached = is_met(d, w.goal);
    int vector = rc == 0 && goal->stop_at_fault && d->end == DRIVE_STOPPED ? fault_met(d, &w) : RUN_NO_VECTOR;
    errand_over(d, &w);
    if (vector != RUN_NO_VECTOR && !d->stop.len) {
        exception_name((unsigned)vector, &d->stop);
        text_add(&d->stop, " on the way: in its handler");
    }
    return rc;
}
