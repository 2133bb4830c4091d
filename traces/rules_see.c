/*
 * How assertions look at a trace: one event after the other, with a few words of memory and no way back. Each
 * shape says when it is decided; what is still open at the end of a whole trace is decided by what was
 * counted, and at the end of a cut one it stays unproven.
 */
#include "traces/rules_inside.h"

#include <inttypes.h>

bool rule_is(const struct rule_look *k, size_t i)
{
    return query_match_regs(k->rule->query[i], k->names, k->ev, k->regs);
}

const char *rule_source(const struct rule_look *k, size_t i)
{
    return query_source(k->rule->query[i]);
}

void rule_point(const struct rule_look *k)
{
    k->state->has_at = true;
    k->state->at = k->at;
    k->state->seq = k->ev->seq;
}

void rule_fail(const struct rule_look *k)
{
    rule_point(k);
    k->state->verdict = RULE_FAILED;
}

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

void rule_explain_nothing(const struct rule_look *k, struct text *out)
{
    text_addf(out, "no event is `%s`", rule_source(k, 0));
}

static bool finish_failed(const struct rule_look *k)
{
    (void)k;
    return false;
}

/* There was an A, and nothing wrong was found. */
static bool finish_counted(const struct rule_look *k)
{
    return k->state->count > 0;
}

/* ---- some, never, count ---- */

static void see_some(const struct rule_look *k)
{
    if (rule_is(k, 0))
        k->state->verdict = RULE_PASSED;
}

static void see_never(const struct rule_look *k)
{
    if (rule_is(k, 0))
        rule_fail(k);
}

static bool finish_never(const struct rule_look *k)
{
    (void)k;
    return true;
}

static void explain_never(const struct rule_look *k, struct text *out)
{
    text_addf(out, "event %" PRIu64 " is `%s`", k->state->seq, rule_source(k, 0));
}

static void see_count(const struct rule_look *k)
{
    struct rule_state *s = k->state;
    if (!rule_is(k, 0))
        return;
    rule_point(k);
    s->count++;
    if (s->count > k->rule->most)
        s->verdict = RULE_FAILED;
    else if (k->rule->most == UINT64_MAX && s->count >= k->rule->least)
        s->verdict = RULE_PASSED;
}

static bool finish_count(const struct rule_look *k)
{
    return k->state->count >= k->rule->least && k->state->count <= k->rule->most;
}

static void explain_count(const struct rule_look *k, struct text *out)
{
    const struct rule_state *s = k->state;
    uint64_t least = k->rule->least, most = k->rule->most;
    if (s->count > most) {
        text_addf(out, "`%s` is wanted at most %" PRIu64 " time%s, and event %" PRIu64 " is one too many",
                  rule_source(k, 0), most, plural(most), s->seq);
        return;
    }
    text_addf(out, "`%s` is wanted %s%" PRIu64 " time%s, and found %" PRIu64, rule_source(k, 0),
              most == least ? "" : "at least ", least, plural(least), s->count);
    if (s->count)
        text_addf(out, "; the last is event %" PRIu64, s->seq);
}

/* ---- every, first, last ---- */

static void see_every(const struct rule_look *k)
{
    if (!rule_is(k, 0))
        return;
    k->state->count++;
    if (!rule_is(k, 1))
        rule_fail(k);
}

static void see_first(const struct rule_look *k)
{
    see_every(k);
    if (k->state->count && k->state->verdict == RULE_OPEN)
        k->state->verdict = RULE_PASSED;
}

static void see_last(const struct rule_look *k)
{
    if (!rule_is(k, 0))
        return;
    rule_point(k);
    k->state->count++;
    k->state->ready = rule_is(k, 1);
}

static bool finish_last(const struct rule_look *k)
{
    return k->state->ready;
}

static void explain_every(const struct rule_look *k, struct text *out)
{
    if (k->state->count)
        text_addf(out, "event %" PRIu64 " is `%s`, but not `%s`", k->state->seq, rule_source(k, 0),
                  rule_source(k, 1));
    else
        rule_explain_nothing(k, out);
}

/* ---- before, sequence ---- */

/* An event that is A and B at once counts as the B of the next A. */
static void see_before(const struct rule_look *k)
{
    struct rule_state *s = k->state;
    rule_tick(k);
    if (rule_is(k, 0)) {
        s->count++;
        if (!s->ready || rule_is_late(k))
            rule_fail(k);
        else if (k->rule->only_first)
            s->verdict = RULE_PASSED;
        s->ready = s->verdict == RULE_FAILED && s->ready;
    }
    if (s->verdict == RULE_OPEN && rule_is(k, 1)) {
        s->ready = true;
        s->tick_then = s->tick;
    }
}

static void explain_before(const struct rule_look *k, struct text *out)
{
    if (!k->state->count) {
        rule_explain_nothing(k, out);
        return;
    }
    text_addf(out, "event %" PRIu64 " is `%s`, and none that is `%s` stands %s", k->state->seq,
              rule_source(k, 0), rule_source(k, 1),
              !k->state->ready && k->state->count > 1 ? "between it and the one before" : "in front of it");
    if (k->state->ready) {
        text_add(out, " within ");
        rule_add_limit(k->rule, out);
    }
}

static void see_sequence(const struct rule_look *k)
{
    struct rule_state *s = k->state;
    if (!rule_is(k, s->step))
        return;
    rule_point(k);
    if (++s->step == k->rule->query_count)
        s->verdict = RULE_PASSED;
}

static void explain_sequence(const struct rule_look *k, struct text *out)
{
    const struct rule_state *s = k->state;
    text_addf(out, "step %zu of %zu does not come: `%s`", s->step + 1, k->rule->query_count,
              rule_source(k, s->step));
    if (s->step)
        text_addf(out, "; step %zu was event %" PRIu64, s->step, s->seq);
}

/* ---- text ---- */

/* The longest beginning of the text that the output so far ends in (Knuth, Morris and Pratt); and, for the
 * explanation, the longest there ever was, and what came behind it. */
static void text_take(const struct rule_look *k, uint8_t byte)
{
    const struct rule *r = k->rule;
    struct rule_state *s = k->state;
    if (s->step == s->best && !s->broken && s->best && (uint8_t)r->text[s->step] != byte) {
        s->broken = true;
        s->broken_by = byte;
        rule_point(k);
    }
    while (s->step && (uint8_t)r->text[s->step] != byte)
        s->step = r->resume[s->step - 1];
    s->step += (uint8_t)r->text[s->step] == byte;
    if (s->step > s->best) {
        s->best = s->step;
        s->broken = false;
    }
    if (!s->broken)
        rule_point(k);
}

static void see_text(const struct rule_look *k)
{
    struct rule_state *s = k->state;
    if (!(k->ev->flags & EVENT_VALUE) || !rule_is(k, 0))
        return;
    s->count++;
    text_take(k, (uint8_t)k->ev->value);
    if (s->step == k->rule->text_len) {
        s->verdict = RULE_PASSED;
    } else if (k->ev->count > 1) { /* OUTS: the trace keeps the first item only */
        s->step = 0;
        s->lost = true;
    }
}

static void add_quoted(const char *p, size_t n, struct text *out)
{
    text_addc(out, '"');
    text_add_bytes(out, (const uint8_t *)p, n);
    text_addc(out, '"');
}

static void explain_text(const struct rule_look *k, struct text *out)
{
    const struct rule_state *s = k->state;
    add_quoted(k->rule->text, k->rule->text_len, out);
    text_addf(out, " was not written to %s", k->rule->where);
    if (!s->count) {
        text_add(out, "; nothing was");
    } else if (!s->best) {
        text_addf(out, "; not even its first letter was, in %" PRIu64 " write%s", s->count, plural(s->count));
    } else {
        text_add(out, "; the most of it was ");
        add_quoted(k->rule->text, s->best, out);
        text_addf(out, s->broken ? ", behind which event %" PRIu64 " wrote " : ", up to event %" PRIu64,
                  s->seq);
        if (s->broken)
            add_quoted((const char *)&s->broken_by, 1, out);
    }
    if (s->lost)
        text_add(out, "; an OUTS wrote several bytes at once, of which a trace keeps the first: use OUT");
}

/* ---- end ---- */

static bool finish_end(const struct rule_look *k)
{
    return query_match_end(k->rule->query[0], k->end);
}

static void explain_end(const struct rule_look *k, struct text *out)
{
    text_addf(out, "the run ended so: status %s, exit_code %d, mode %s, rip 0x%" PRIx64 "; %s",
              k->end->status, k->end->exit_code, cpu_mode_name(k->end->mode), k->end->rip, k->end->reason);
}

const struct rule_shape rule_shapes[] = {
    {"some", "some A", rule_parse_one, see_some, finish_failed, rule_explain_nothing},
    {"never", "never A", rule_parse_one, see_never, finish_never, explain_never},
    {"count", "count (A) == 26", rule_parse_count, see_count, finish_count, explain_count},
    {"every", "every A : B", rule_parse_two, see_every, finish_counted, explain_every},
    {"always", "always A : B", rule_parse_two, see_every, finish_never, explain_every},
    {"first", "first A : B", rule_parse_two, see_first, finish_counted, explain_every},
    {"last", "last A : B", rule_parse_two, see_last, finish_last, explain_every},
    {"before", "before A : B", rule_parse_before, see_before, finish_counted, explain_before},
    {"after", "after A : B", rule_parse_after, rule_see_after, rule_finish_after, rule_explain_after},
    {"sequence", "sequence A ; B", rule_parse_sequence, see_sequence, finish_failed, explain_sequence},
    {"text", "text uart.THR \"Hello\"", rule_parse_text, see_text, finish_failed, explain_text},
    {"values", "values A : 0x11, 0x20", rule_parse_values, rule_see_values, rule_finish_values,
     rule_explain_values},
    {"budget", "budget exits <= 1000", rule_parse_budget, rule_see_budget, rule_finish_budget,
     rule_explain_budget},
    {"end", "end status == halted", rule_parse_end, NULL, finish_end, explain_end},
    {0},
};
