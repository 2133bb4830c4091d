/*
 * The autopsy: see autopsy.h.  A processor that shuts down says nothing; but what it did can be done again.
 * It met an exception and went through the interrupt table to call a handler.  The call failed, which is an
 * exception too.  Two rules follow (Intel SDM, "Interrupt 8—Double Fault Exception (#DF)"): an exception that
 * merely gets in the way of another is served in its place, one that shows that the first cannot be served
 * makes a double fault; and what goes wrong in the call of the double fault's handler is the end.  There is
 * one more way down: a handler that can be called but whose own first instruction fails, again and again,
 * each time a frame lower, until the stack runs out.
 *
 * Simplified: frames are not written while working this out, so that a stack that grows into its own tables
 * is not seen.
 */
#include "debug/autopsy.h"

#include "debug/exceptions.h"
#include "debug/replay.h"

#include <stdio.h>
#include <string.h>

static void end_unknown(struct autopsy *a, const char *why)
{
    a->end = AUTOPSY_UNKNOWN;
    snprintf(a->why, sizeof a->why, "%s", why);
}

static struct autopsy_step *step_add(struct autopsy *a, const struct fault *what)
{
    if (a->steps == AUTOPSY_STEPS_MAX) {
        end_unknown(a, "one exception followed the other for longer than is looked at here");
        return NULL;
    }
    struct autopsy_step *s = &a->step[a->steps++];
    *s = (struct autopsy_step){.what = *what};
    return s;
}

/* What the processor makes of an exception in the call of another's handler; false: it shuts down. */
static bool combine(const struct autopsy_step *s, struct fault *next)
{
    const struct fault *first = &s->what, *second = &s->delivery.fault;
    bool double_fault = first->vector == VECTOR_DF && !first->software && !s->external;
    bool benign = first->software || s->external;
    if (benign || !exception_doubles(first->vector, second->vector)) {
        *next = *second;
        return true;
    }
    if (double_fault)
        return false;
    *next = (struct fault){.vector = VECTOR_DF, .has_code = second->has_code};
    return true;
}

/* The handler was reached: does its first instruction do better? Returns the step to go on with, or NULL at
 * an end. */
static struct autopsy_step *enter_handler(struct autopsy *a, struct autopsy_step *s, struct target *state)
{
    struct fault f;
    uint64_t rsp = state->regs.rsp;
    state->regs = s->delivery.regs;
    state->sregs = s->delivery.sregs;
    enum fault_verdict v = fault_find(state, &f, NULL);
    if (v == FAULT_NO || f.software) {
        a->end = AUTOPSY_HANDLED;
        return NULL;
    }
    if (v == FAULT_UNKNOWN) {
        end_unknown(a, f.why);
        return NULL;
    }
    if (!s->from_handler || f.vector != s->what.vector) {
        s = step_add(a, &f);
        if (s)
            s->from_handler = true;
        return s;
    }
    if (state->regs.rsp == rsp) {
        a->end = AUTOPSY_ENDLESS;
        return NULL;
    }
    if (++s->repeats < AUTOPSY_ROUNDS_MAX)
        return s;
    end_unknown(
        a, "a handler that fails at its first instruction is called over and over, for longer than is looked "
           "at here");
    return NULL;
}

static void follow(struct autopsy *a, struct autopsy_step *s)
{
    struct target state = a->t;
    while (s) {
        struct fault next;
        delivery_try(&state, &s->what, &s->delivery);
        switch (s->delivery.verdict) {
        case FAULT_NO:
            s = enter_handler(a, s, &state);
            break;
        case FAULT_UNKNOWN:
            end_unknown(a, s->delivery.fault.why);
            return;
        case FAULT_YES:
            if (!combine(s, &next)) {
                a->end = AUTOPSY_SHUTDOWN;
                return;
            }
            s = step_add(a, &next);
            break;
        }
    }
}

/* The last thing before the shutdown was that Ringside gave the guest an interrupt, and it has executed
 * nothing since. */
static bool interrupt_first(const struct autopsy_facts *facts, struct autopsy *a)
{
    const struct event *ev = facts->last_event;
    if (!ev || ev->kind != EVENT_IRQ || ev->addr > 0xff || (ev->flags & EVENT_NO_CPU) ||
        ev->rip != facts->regs->rip || ev->cs != facts->sregs->cs.selector)
        return false;
    struct fault f = {.vector = (unsigned)ev->addr};
    snprintf(f.why, sizeof f.why, "given to the guest just before");
    struct autopsy_step *s = step_add(a, &f);
    s->external = s->recorded = true;
    return true;
}

/* The last exit was an MSR that Ringside answered with #GP. */
static bool refused_msr(const struct autopsy_facts *facts, struct autopsy *a)
{
    const struct event *ev = facts->last_event;
    struct fault f;
    if (!ev || (ev->kind != EVENT_MSR_READ && ev->kind != EVENT_MSR_WRITE) || !ev->detail ||
        ev->rip != facts->regs->rip || ev->cs != facts->sregs->cs.selector)
        return false;
    fault_raise(&a->t, &f, VECTOR_GP, 0, "KVM does not know MSR 0x%llx, and %s was answered with it",
                (unsigned long long)ev->addr, ev->kind == EVENT_MSR_READ ? "RDMSR" : "WRMSR");
    step_add(a, &f)->recorded = true;
    return true;
}

static void first_exception(const struct autopsy_facts *facts, struct autopsy *a)
{
    struct fault f;
    struct text checked = {0};
    if (interrupt_first(facts, a) || refused_msr(facts, a))
        return;
    enum fault_verdict v = fault_find(&a->t, &f, &checked);
    snprintf(a->checked, sizeof a->checked, "%s", text_str(&checked));
    text_fini(&checked);
    if (v == FAULT_YES)
        step_add(a, &f);
    else
        end_unknown(a, v == FAULT_UNKNOWN
                           ? f.why
                           : "the instruction at CS:RIP would have gone through, as far as can be seen");
}

/* The registers are those of the last exit: what came after it is done again. */
static void replay_to_exception(const struct autopsy_facts *facts, struct autopsy *a, struct replay *r)
{
    a->exit_linear = cpu_rip_linear(&a->t.regs, &a->t.sregs);
    if (interrupt_first(facts, a) || refused_msr(facts, a))
        return;
    replay_run(r, &a->t, facts->last_event);
    a->replayed = r->count;
    if (r->found)
        step_add(a, &r->fault);
    else
        end_unknown(a, r->why);
}

void autopsy_make(const struct autopsy_facts *facts, struct autopsy *a)
{
    memset(a, 0, sizeof *a);
    a->t = (struct target){.memory = (struct guest_memory *)(uintptr_t)facts->memory, /* put back as it was */
                           .regs = *facts->regs,
                           .sregs = *facts->sregs,
                           .symbols = facts->symbols};
    a->from_last_exit = facts->from_last_exit;
    struct replay r = {.t = &a->t};
    if (a->from_last_exit)
        replay_to_exception(facts, a, &r);
    else
        first_exception(facts, a);
    if (a->steps)
        follow(a, &a->step[0]);
    replay_undo(&r);
}
