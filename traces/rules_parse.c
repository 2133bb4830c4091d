/*
 * How assertions are read: see rules.h.  A line is cut at its separators (outside of quotes), and the parts
 * are compiled as queries, which knows their place in the file.
 */
#include "traces/rules_inside.h"

#include "traces/query_lex.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct rule_slice rule_slice_trim(struct rule_slice s, size_t n)
{
    while (n < s.len && is_blank(s.p[n]))
        n++;
    const struct lexer place = {.text = s.p, .len = s.len, .start = s.at};
    s.at = lexer_place(&place, n);
    s.p += n;
    s.len -= n;
    while (s.len && is_blank(s.p[s.len - 1]))
        s.len--;
    return s;
}

size_t rule_slice_word(struct rule_slice s)
{
    size_t n = 0;
    while (n < s.len && !is_blank(s.p[n]))
        n++;
    return n;
}

size_t rule_find_separator(struct rule_slice s, char separator)
{
    size_t i = 0;
    while (i < s.len && s.p[i] != separator)
        i += s.p[i] == '"' || s.p[i] == '\'' ? lexer_literal_len(s.p + i, s.len - i) : 1;
    return i;
}

int rule_add_query(struct rule *r, struct rule_slice s, struct err *e)
{
    s = rule_slice_trim(s, 0);
    if (r->query_count == RULE_QUERIES_MAX)
        return query_fail(e, s.at, "more than %d steps", RULE_QUERIES_MAX);
    struct query *q = query_compile_part(s.p, s.len, s.at, e);
    if (!q)
        return -1;
    r->query[r->query_count++] = q;
    return 0;
}

int rule_parse_one(struct rule *r, struct rule_slice rest, struct err *e)
{
    return rule_add_query(r, rest, e);
}

/* Cuts `rest` at each separator and adds the parts. */
static int add_queries(struct rule *r, struct rule_slice rest, char separator, struct err *e)
{
    for (;;) {
        size_t n = rule_find_separator(rest, separator);
        struct rule_slice part = {rest.p, n, rest.at};
        if (rule_add_query(r, part, e))
            return -1;
        if (n == rest.len)
            return 0;
        rest = rule_slice_trim(rest, n + 1);
    }
}

int rule_parse_two(struct rule *r, struct rule_slice rest, struct err *e)
{
    if (add_queries(r, rest, ':', e))
        return -1;
    return r->query_count == 2
               ? 0
               : query_fail(e, rest.at, "two questions with a colon between them are due: A : B");
}

int rule_parse_before(struct rule *r, struct rule_slice rest, struct err *e)
{
    static const char first[] = "first";
    if (rule_parse_within(r, &rest, e))
        return -1;
    r->only_first = rule_slice_word(rest) == sizeof first - 1 && !memcmp(rest.p, first, sizeof first - 1);
    return rule_parse_two(r, r->only_first ? rule_slice_trim(rest, sizeof first - 1) : rest, e);
}

int rule_parse_sequence(struct rule *r, struct rule_slice rest, struct err *e)
{
    return add_queries(r, rest, ';', e);
}

/* Behind `(A)`: an operator and a number, or `in` and a range. Fills least and most, which were 0 and the
 * maximum. */
static int parse_amount(struct rule *r, struct rule_slice rest, struct err *e)
{
    struct lexer l = {.text = rest.p, .len = rest.len, .start = rest.at};
    struct token op, number, more;
    if (lexer_next(&l, &op, e) || lexer_next(&l, &number, e) || lexer_next(&l, &more, e))
        return -1;
    uint64_t n = number.number;
    bool fine = number.kind == TOKEN_NUMBER && n < UINT64_MAX;
    if (op.kind == TOKEN_EQ || op.kind == TOKEN_GE || op.kind == TOKEN_IN)
        r->least = n;
    if (op.kind == TOKEN_EQ || op.kind == TOKEN_LE)
        r->most = n;
    if (op.kind == TOKEN_GT)
        r->least = n + 1;
    if (op.kind == TOKEN_LT)
        r->most = n - 1;
    fine = fine && (op.kind != TOKEN_LT || n > 0);
    if (op.kind == TOKEN_IN && more.kind == TOKEN_RANGE) {
        if (lexer_next(&l, &number, e) || lexer_next(&l, &more, e))
            return -1;
        r->most = number.number;
        fine = fine && number.kind == TOKEN_NUMBER && r->most >= r->least;
    } else {
        fine =
            fine && op.kind != TOKEN_IN && op.kind >= TOKEN_EQ && op.kind <= TOKEN_GE && op.kind != TOKEN_NE;
    }
    if (fine && more.kind == TOKEN_END)
        return 0;
    return query_fail(e, rest.at, "how many is due behind the parenthesis: == 26, >= 3, <= 5 or in 20..30");
}

/* The parenthesis around the question is what tells its own comparisons from that of the count. */
int rule_parse_count(struct rule *r, struct rule_slice rest, struct err *e)
{
    size_t depth = 0, i = 0;
    if (!rest.len || rest.p[0] != '(')
        return query_fail(e, rest.at, "the question goes between parentheses: count (kind == io) == 26");
    while (i < rest.len) {
        depth += rest.p[i] == '(';
        depth -= rest.p[i] == ')';
        if (depth == 0)
            break;
        i += rest.p[i] == '"' || rest.p[i] == '\'' ? lexer_literal_len(rest.p + i, rest.len - i) : 1;
    }
    if (i == rest.len)
        return query_fail(e, rest.at, "this parenthesis is not closed");
    r->most = UINT64_MAX;
    struct rule_slice inside = rest;
    inside.len = i;
    if (rule_add_query(r, rule_slice_trim(inside, 1), e))
        return -1;
    return parse_amount(r, rule_slice_trim(rest, i + 1), e);
}

/* How much of the text still fits at its own front when byte `i` was the last that fitted: the table of
 * Knuth, Morris and Pratt, with which no byte of the guest's output is looked at twice. */
static void text_prepare(struct rule *r)
{
    size_t fits = 0;
    r->resume[0] = 0;
    for (size_t i = 1; i < r->text_len; i++) {
        while (fits && r->text[i] != r->text[fits])
            fits = r->resume[fits - 1];
        fits += r->text[i] == r->text[fits];
        r->resume[i] = (uint8_t)fits;
    }
}

int rule_parse_text(struct rule *r, struct rule_slice rest, struct err *e)
{
    struct lexer l = {.text = rest.p, .len = rest.len, .start = rest.at};
    struct token where, what, more;
    if (lexer_next_name(&l, &where, e) || lexer_next(&l, &what, e) || lexer_next(&l, &more, e))
        return -1;
    if (where.kind != TOKEN_WORD || what.kind != TOKEN_STRING || !what.text[0] || more.kind != TOKEN_END)
        return query_fail(e, rest.at, "a register and a text are due: uart.THR \"Hello\"");
    struct text question = {0};
    text_addf(&question, "reg == %s && dir == out", where.text);
    r->query[0] = query_compile_part(text_str(&question), question.len, rest.at, e);
    text_fini(&question);
    if (!r->query[0])
        return -1;
    r->query_count = 1;
    r->where = strdup(where.text);
    if (!r->where)
        return err_sys(e, ENOMEM, "rules");
    r->text_len = strlen(what.text);
    memcpy(r->text, what.text, r->text_len + 1);
    text_prepare(r);
    return 0;
}

int rule_parse_end(struct rule *r, struct rule_slice rest, struct err *e)
{
    r->query[0] = query_compile_end(rest.p, rest.len, rest.at, e);
    r->query_count = r->query[0] ? 1 : 0;
    return r->query[0] ? 0 : -1;
}
