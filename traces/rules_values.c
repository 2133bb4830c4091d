/*
 * The rule about values: what was written to a register (or read from it), one after the other.  A controller
 * that is set up by a sequence of commands, such as an 8259A, is checked so.
 */
#include "traces/rules_inside.h"

#include "traces/query_lex.h"

#include <inttypes.h>
#include <string.h>

static int parse_value(struct rule *r, struct rule_slice part, struct err *e)
{
    struct lexer l = {.text = part.p, .len = part.len, .start = part.at};
    struct token number, more;
    if (r->more_values)
        return query_fail(e, part.at, "nothing stands behind `...`");
    if (part.len == 3 && memcmp(part.p, "...", 3) == 0) {
        r->more_values = true;
        return 0;
    }
    if (lexer_next(&l, &number, e) || lexer_next(&l, &more, e))
        return -1;
    if (number.kind != TOKEN_NUMBER || more.kind != TOKEN_END)
        return query_fail(e, part.at, "numbers with commas between them are due: 0x11, 0x20, 'A'");
    if (r->value_count == RULE_VALUES_MAX)
        return query_fail(e, part.at, "more than %d values", RULE_VALUES_MAX);
    r->value[r->value_count++] = number.number;
    return 0;
}

int rule_parse_values(struct rule *r, struct rule_slice rest, struct err *e)
{
    size_t colon = rule_find_separator(rest, ':');
    struct rule_slice question = rest;
    if (colon == rest.len)
        return query_fail(e, rest.at,
                          "a question, a colon and values are due: values reg == pic0.CMD : 0x11, 0x20");
    question.len = colon;
    if (rule_add_query(r, question, e))
        return -1;
    for (rest = rule_slice_trim(rest, colon + 1);;) {
        size_t n = rule_find_separator(rest, ',');
        struct rule_slice part = {rest.p, n, rest.at};
        if (parse_value(r, rule_slice_trim(part, 0), e))
            return -1;
        if (n == rest.len)
            break;
        rest = rule_slice_trim(rest, n + 1);
    }
    return r->value_count ? 0 : query_fail(e, rest.at, "at least one value is due in front of `...`");
}

void rule_see_values(const struct rule_look *k)
{
    struct rule_state *s = k->state;
    const struct rule *r = k->rule;
    if (!(k->ev->flags & EVENT_VALUE) || !rule_is(k, 0))
        return;
    s->value = k->ev->value;
    if (s->count == r->value_count || k->ev->value != r->value[s->count]) {
        s->broken = true;
        rule_fail(k);
        return;
    }
    rule_point(k);
    if (++s->count == r->value_count && r->more_values)
        s->verdict = RULE_PASSED;
}

bool rule_finish_values(const struct rule_look *k)
{
    return k->state->count == k->rule->value_count;
}

void rule_explain_values(const struct rule_look *k, struct text *out)
{
    const struct rule_state *s = k->state;
    const struct rule *r = k->rule;
    if (s->broken && s->count == r->value_count) {
        text_addf(out, "event %" PRIu64 " has value 0x%" PRIx64 ", and after %zu value%s no more are due",
                  s->seq, s->value, r->value_count, r->value_count == 1 ? "" : "s");
        return;
    }
    text_addf(out, "value %" PRIu64 " of %zu is due to be 0x%" PRIx64, s->count + 1, r->value_count,
              r->value[s->count]);
    if (!s->has_at)
        text_addf(out, ", and no event with a value is `%s`", rule_source(k, 0));
    else if (s->broken)
        text_addf(out, ", and event %" PRIu64 " has 0x%" PRIx64, s->seq, s->value);
    else
        text_addf(out, ", and none comes behind event %" PRIu64, s->seq);
}
