/*
 * Grading: the rules are asked while the trace goes by once; a second pass collects the neighbourhood of the
 * events that broke them.  Memory does not depend on the length of the trace.
 *
 * A neighbourhood is up to five lines: two events before, the event itself behind a `>`, two after. Where no
 * event is to blame it is the end of the trace, since that is mostly where a guest went another way.
 */
#include "traces/rules_inside.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

enum { NEIGHBOURS = 2 };

struct grading {
    struct rules *rules;
    struct trace_reader *trace;
    const struct event_names *names;
    struct rule_state state[RULES_MAX];
    uint64_t events;
    struct trace_state end; /* after the first pass */
};

static struct rule_look look(struct grading *g, size_t i)
{
    return (struct rule_look){
        .rule = &g->rules->rule[i], .state = &g->state[i], .names = g->names, .end = g->end.end};
}

static int check_names(const struct grading *g, struct err *e)
{
    for (size_t i = 0; i < g->rules->count; i++) {
        const struct rule *r = &g->rules->rule[i];
        for (size_t k = 0; k < r->query_count; k++)
            if (query_check_names(r->query[k], g->names, e))
                return err_wrap(e, "rule \"%.80s\"", r->name);
    }
    return 0;
}

/* A rule that asks for registers; NULL when none does. */
static const struct rule *rule_of_registers(const struct grading *g)
{
    for (size_t i = 0; i < g->rules->count; i++) {
        const struct rule *r = &g->rules->rule[i];
        for (size_t k = 0; k < r->query_count; k++)
            if (query_wants_regs(r->query[k]))
                return r;
    }
    return NULL;
}

static void see_event(struct grading *g, const struct event *ev, uint64_t at)
{
    for (size_t i = 0; i < g->rules->count; i++) {
        struct rule_look k = look(g, i);
        k.ev = ev;
        k.regs = trace_reader_regs(g->trace, NULL);
        k.at = at;
        if (k.state->verdict == RULE_OPEN && k.rule->shape->see)
            k.rule->shape->see(&k);
    }
}

static int first_pass(struct grading *g, struct err *e)
{
    const struct rule *asks = rule_of_registers(g);
    struct event ev;
    int more;
    if ((asks && trace_reader_want_regs(g->trace, e)) || trace_rewind(g->trace, e))
        return -1;
    for (g->events = 0; (more = trace_next(g->trace, &ev, e)) > 0; g->events++)
        see_event(g, &ev, g->events);
    trace_reader_state(g->trace, &g->end);
    if (more == 0 && asks && !g->end.regs && g->events) /* "never so" would be kept by not looking */
        return err_set(e,
                       "rule \"%.80s\" asks for registers, and this trace has none: they are there after "
                       "`ringside run --trace-steps`",
                       asks->name);
    return more;
}

static void decide(struct grading *g)
{
    for (size_t i = 0; i < g->rules->count; i++) {
        const struct rule_look k = look(g, i);
        if (k.state->verdict != RULE_OPEN)
            continue;
        bool whole = g->end.whole && g->end.end;
        k.state->verdict = whole && k.rule->shape->finish(&k) ? RULE_PASSED : RULE_FAILED;
        k.state->unproven = !whole;
    }
}

/* The middle of the neighbourhood of a failed rule: the event to blame, or the last of the trace. */
static uint64_t middle(const struct grading *g, const struct rule_state *s)
{
    return s->has_at ? s->at : g->events - 1;
}

/* One line of a neighbourhood: no host times, so that the same events make the same report. */
static void add_event(const struct event *ev, const struct event_names *names, bool blamed, struct text *out)
{
    text_addf(out, "%s %6" PRIu64 "  ", blamed ? ">" : " ", ev->seq);
    if (ev->flags & EVENT_NO_CPU)
        text_addf(out, "%-9s  %-10s  ", "-", "-");
    else
        text_addf(out, "%-9s  0x%-8" PRIx64 "  ", cpu_mode_name(event_mode(ev)), ev->rip);
    event_sentence(ev, names, out);
    text_addc(out, '\n');
}

static void collect(struct grading *g, struct rules_report *out, const struct event *ev, uint64_t at)
{
    for (size_t i = 0; i < g->rules->count; i++) {
        const struct rule_state *s = &g->state[i];
        struct text *around = &out->result[i].around;
        uint64_t mid = middle(g, s);
        if (s->verdict != RULE_FAILED || at + NEIGHBOURS < mid || at > mid + NEIGHBOURS)
            continue;
        if (!s->has_at && !around->len)
            text_add(around, "the trace ends so:\n");
        add_event(ev, g->names, s->has_at && at == mid, around);
    }
}

/* Reads on only as far as somebody's neighbourhood goes. */
static int second_pass(struct grading *g, struct rules_report *out, struct err *e)
{
    struct event ev;
    uint64_t last = 0;
    bool wanted = false;
    for (size_t i = 0; i < g->rules->count; i++) {
        if (g->state[i].verdict != RULE_FAILED || !g->events)
            continue;
        wanted = true;
        last = middle(g, &g->state[i]) > last ? middle(g, &g->state[i]) : last;
    }
    if (!wanted)
        return 0;
    if (trace_rewind(g->trace, e))
        return -1;
    int more = 1;
    for (uint64_t at = 0; at <= last + NEIGHBOURS && (more = trace_next(g->trace, &ev, e)) > 0; at++)
        collect(g, out, &ev, at);
    return more < 0 ? -1 : 0;
}

static void explain(struct grading *g, struct rules_report *out)
{
    for (size_t i = 0; i < g->rules->count; i++) {
        const struct rule_look k = look(g, i);
        struct text *why = &out->result[i].why;
        if (k.state->verdict == RULE_PASSED)
            continue;
        if (k.state->unproven)
            text_add(why, "the trace breaks off before this could be shown");
        else
            k.rule->shape->explain(&k, why);
    }
}

static int report_init(struct rules_report *out, const struct rules *r, struct err *e)
{
    *out = (struct rules_report){.result = calloc(r->count, sizeof *out->result), .count = r->count};
    if (!out->result)
        return err_sys(e, ENOMEM, "report");
    for (size_t i = 0; i < r->count; i++) {
        const struct rule *rule = &r->rule[i];
        out->result[i] = (struct rule_result){.name = rule->name,
                                              .hint = rule->hint ? rule->hint : "",
                                              .points = rule->points,
                                              .line = rule->line};
    }
    return 0;
}

static void report_sum(struct rules_report *out, const struct grading *g)
{
    for (size_t i = 0; i < out->count; i++) {
        out->result[i].passed = g->state[i].verdict == RULE_PASSED;
        out->result[i].has_event = !out->result[i].passed && g->state[i].has_at;
        out->result[i].seq = g->state[i].seq;
        out->points_max += out->result[i].points;
        out->points += out->result[i].passed ? out->result[i].points : 0;
    }
    if (!g->end.whole)
        text_addf(&out->problem, "%s; %" PRIu64 " event%s can be read",
                  g->end.problem ? g->end.problem : "the trace is not whole", g->events,
                  g->events == 1 ? "" : "s");
}

int rules_run(struct rules *r, struct trace_reader *trace, struct rules_report *out, struct err *e)
{
    *out = (struct rules_report){0};
    struct grading *g = calloc(1, sizeof *g);
    if (!g)
        return err_sys(e, ENOMEM, "rules");
    g->rules = r;
    g->trace = trace;
    g->names = &trace_reader_info(trace)->names;
    int rc = report_init(out, r, e);
    if (rc == 0)
        rc = check_names(g, e);
    if (rc == 0)
        rc = first_pass(g, e);
    if (rc == 0) {
        decide(g);
        explain(g, out);
        report_sum(out, g);
        rc = second_pass(g, out, e);
    }
    free(g);
    if (rc < 0)
        rules_report_fini(out);
    return rc;
}
