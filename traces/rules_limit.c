/*
 * Rules about how much may go by: between two events (`within`), and in the whole run (`budget`).  Amounts
 * are counted in events, exits or steps, which are the same in each run of a deterministic guest, or in time,
 * which is not.
 */
#include "traces/rules_inside.h"

#include "traces/query_lex.h"

#include <inttypes.h>
#include <string.h>

/* ---- units ---- */

static const struct unit_row {
    const char *word;
    enum rule_unit unit;
    uint64_t factor; /* ns */
} units[] = {
    {"events", UNIT_EVENTS, 1},
    {"event", UNIT_EVENTS, 1},
    {"exits", UNIT_EXITS, 1},
    {"exit", UNIT_EXITS, 1},
    {"steps", UNIT_STEPS, 1},
    {"step", UNIT_STEPS, 1},
    {"ns", UNIT_TIME_NS, 1},
    {"us", UNIT_TIME_NS, 1000},
    {"ms", UNIT_TIME_NS, 1000000},
    {"s", UNIT_TIME_NS, 1000000000},
    {0},
};

static const struct unit_row *unit_find(const char *word)
{
    const struct unit_row *u = units;
    while (u->word && strcmp(u->word, word) != 0)
        u++;
    return u->word ? u : NULL;
}

/* What a budget can be of. */
static const struct {
    const char *word;
    enum rule_unit unit;
} quantities[] = {
    {"exits", UNIT_EXITS},  {"events", UNIT_EVENTS},  {"steps", UNIT_STEPS},
    {"time", UNIT_TIME_NS}, {"guest", UNIT_GUEST_NS}, {"host", UNIT_HOST_NS},
};
enum { QUANTITIES = sizeof quantities / sizeof quantities[0] };

static bool unit_is_time(enum rule_unit unit)
{
    return unit >= UNIT_TIME_NS;
}

static void add_amount(enum rule_unit unit, uint64_t n, struct text *out)
{
    static const char *const words[] = {
        [UNIT_EVENTS] = "event", [UNIT_EXITS] = "exit", [UNIT_STEPS] = "step"};
    if (unit_is_time(unit))
        text_add_ns(out, n);
    else
        text_addf(out, "%" PRIu64 " %s%s", n, words[unit], n == 1 ? "" : "s");
}

void rule_add_limit(const struct rule *r, struct text *out)
{
    add_amount(r->unit, r->limit, out);
}

void rule_tick(const struct rule_look *k)
{
    uint64_t *tick = &k->state->tick;
    const struct event *ev = k->ev;
    bool exit = event_kind_is_exit(ev->kind);
    switch (k->rule->unit) {
    case UNIT_EVENTS:
        *tick += 1;
        break;
    case UNIT_EXITS:
        *tick += exit;
        break;
    case UNIT_STEPS:
        *tick += ev->kind == EVENT_STEP;
        break;
    case UNIT_TIME_NS:
        *tick = ev->time_ns > *tick ? ev->time_ns : *tick; /* several vCPUs are not quite in order */
        break;
    case UNIT_GUEST_NS:
        *tick += exit ? ev->guest_ns : 0;
        break;
    case UNIT_HOST_NS:
        *tick += exit ? ev->host_ns : 0;
        break;
    }
}

bool rule_is_late(const struct rule_look *k)
{
    return k->rule->limited && k->state->tick - k->state->tick_then > k->rule->limit;
}

/* ---- reading ---- */

/* A number, and behind it a unit: of this sort when `of` is a budget's, any when it is NULL. */
static int parse_limit(struct rule *r, struct lexer *l, const enum rule_unit *of, struct err *e)
{
    struct query_place at = lexer_place(l, l->at);
    struct token number, word, more;
    const struct unit_row *u = NULL;
    if (lexer_next(l, &number, e) || lexer_next(l, &word, e))
        return -1;
    if (number.kind == TOKEN_NUMBER && word.kind == TOKEN_WORD && !(u = unit_find(word.text)))
        return query_fail(e, lexer_place(l, word.at),
                          "\"%.20s\" is no unit: events, exits, steps, ns, us, ms or s", word.text);
    bool fits = u && (!of || u->unit == *of || (unit_is_time(*of) && u->unit == UNIT_TIME_NS));
    if (of && !unit_is_time(*of) && word.kind == TOKEN_END)
        fits = true; /* budget exits <= 1000 needs no second "exits" */
    if (number.kind != TOKEN_NUMBER || !fits)
        return query_fail(e, at,
                          of && unit_is_time(*of) ? "a time is due here: 5 ms (ns, us, ms, s)"
                                                  : "a number and a unit are due here: 5 events, 2 ms");
    if (u && number.number > UINT64_MAX / u->factor)
        return query_fail(e, at, "this is too much");
    if (word.kind != TOKEN_END && (lexer_next(l, &more, e) || more.kind != TOKEN_END))
        return query_fail(e, lexer_place(l, l->at), "nothing more is due behind the unit");
    r->limited = true;
    r->limit = number.number * (u ? u->factor : 1);
    r->unit = of ? *of : u->unit;
    return 0;
}

/* Where the word stands by itself outside of quotes, the last time; the length when it does not. */
static size_t find_word(struct rule_slice s, const char *word)
{
    size_t n = strlen(word), found = s.len;
    for (size_t i = 0; i < s.len;) {
        bool quote = s.p[i] == '"' || s.p[i] == '\'';
        bool starts = i == 0 || strchr(" \t\r\n)\"'", s.p[i - 1]);
        if (starts && i + n < s.len && memcmp(s.p + i, word, n) == 0 && strchr(" \t\r\n", s.p[i + n]) &&
            s.p[i + n])
            found = i;
        i += quote ? lexer_literal_len(s.p + i, s.len - i) : 1;
    }
    return found;
}

int rule_parse_within(struct rule *r, struct rule_slice *rest, struct err *e)
{
    static const char within[] = "within";
    size_t at = find_word(*rest, within);
    if (at == rest->len)
        return 0;
    struct rule_slice limit = rule_slice_trim(*rest, at + sizeof within - 1);
    struct lexer l = {.text = limit.p, .len = limit.len, .start = limit.at};
    rest->len = at;
    *rest = rule_slice_trim(*rest, 0);
    return parse_limit(r, &l, NULL, e);
}

int rule_parse_after(struct rule *r, struct rule_slice rest, struct err *e)
{
    return rule_parse_within(r, &rest, e) ? -1 : rule_parse_two(r, rest, e);
}

int rule_parse_budget(struct rule *r, struct rule_slice rest, struct err *e)
{
    struct lexer l = {.text = rest.p, .len = rest.len, .start = rest.at};
    struct token word, op;
    size_t i = 0;
    if (lexer_next(&l, &word, e) || lexer_next(&l, &op, e))
        return -1;
    while (i < QUANTITIES && (word.kind != TOKEN_WORD || strcmp(word.text, quantities[i].word) != 0))
        i++;
    if (i == QUANTITIES)
        return query_fail(e, rest.at,
                          "a budget is of exits, events, steps, time, guest or host: budget exits <= 1000");
    if (op.kind != TOKEN_LE)
        return query_fail(e, lexer_place(&l, op.at), "<= is due here: budget exits <= 1000");
    return parse_limit(r, &l, &quantities[i].unit, e);
}

/* ---- after ---- */

/* The event to blame is the A that nothing came after. An event that is B and A at once ends the old wait and
 * begins another. */
void rule_see_after(const struct rule_look *k)
{
    struct rule_state *s = k->state;
    rule_tick(k);
    if (s->ready && rule_is_late(k)) {
        s->verdict = RULE_FAILED;
        return;
    }
    if (s->ready && rule_is(k, 1))
        s->ready = false;
    if (!rule_is(k, 0))
        return;
    if (s->ready) {
        s->broken = true;
        s->verdict = RULE_FAILED;
        return;
    }
    s->count++;
    s->ready = true;
    s->tick_then = s->tick;
    rule_point(k);
}

bool rule_finish_after(const struct rule_look *k)
{
    return k->state->count && !k->state->ready;
}

void rule_explain_after(const struct rule_look *k, struct text *out)
{
    const struct rule_state *s = k->state;
    if (!s->count) {
        rule_explain_nothing(k, out);
        return;
    }
    text_addf(out, "event %" PRIu64 " is `%s`, and none that is `%s` comes behind it ", s->seq,
              rule_source(k, 0), rule_source(k, 1));
    if (rule_is_late(k)) {
        text_add(out, "within ");
        rule_add_limit(k->rule, out);
    } else {
        text_add(out, s->broken ? "before the next that is" : "before the end");
    }
}

/* ---- budget ---- */

void rule_see_budget(const struct rule_look *k)
{
    rule_tick(k);
    if (rule_is_late(k))
        rule_fail(k);
}

/* Steps are events only with --trace-steps, and the last event is not the end of the run. */
bool rule_finish_budget(const struct rule_look *k)
{
    uint64_t *tick = &k->state->tick;
    if (k->rule->unit == UNIT_STEPS && k->end->steps > *tick)
        *tick = k->end->steps;
    if (k->rule->unit == UNIT_TIME_NS && k->end->elapsed_ns > *tick)
        *tick = k->end->elapsed_ns;
    return !rule_is_late(k);
}

void rule_explain_budget(const struct rule_look *k, struct text *out)
{
    if (k->state->has_at)
        text_addf(out, "event %" PRIu64 " makes it ", k->state->seq);
    else
        text_add(out, "in all it is ");
    add_amount(k->rule->unit, k->state->tick, out);
    text_add(out, ", and no more is allowed than ");
    rule_add_limit(k->rule, out);
}
