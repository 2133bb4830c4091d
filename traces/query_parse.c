/*
 * From tokens to a tree, by recursive descent: a function for each level of the grammar in query.h, the
 * loosest first. Types are checked on the way, so that the evaluator need not: a condition is never added to,
 * a name never ordered.
 */
#include "traces/query_tree.h"

#include "base/nearest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct parser {
    struct lexer lex;
    struct token tok; /* the next one */
    const struct query_field *fields;
    struct query *q;
    unsigned depth;
    struct err *e;
};

/* Each parse function returns the number of its node, or -1. */
static int parse_or(struct parser *p);

static struct query_place here(const struct parser *p)
{
    return lexer_place(&p->lex, p->tok.at);
}

static int advance(struct parser *p)
{
    return lexer_next(&p->lex, &p->tok, p->e);
}

static struct query_node *node(struct parser *p, int i)
{
    return &p->q->node[i];
}

/* A new last node, or -1 when the tree is full. */
static int grow(struct parser *p, enum token_kind op, enum query_type type, struct query_place at)
{
    struct query *q = p->q;
    if (q->count == QUERY_NODES_MAX)
        return query_fail(p->e, at, "this is too long for one question");
    if (q->count == q->cap) {
        size_t cap = q->cap ? 2u * q->cap : 8;
        struct query_node *grown = realloc(q->node, cap * sizeof *grown);
        if (!grown)
            return err_sys(p->e, ENOMEM, "query");
        q->node = grown;
        q->cap = (uint16_t)cap;
    }
    q->node[q->count] = (struct query_node){.op = op, .type = type, .at = at};
    return q->count++;
}

static int grow_with(struct parser *p, enum token_kind op, enum query_type type, struct query_place at, int a,
                     int b)
{
    int n = grow(p, op, type, at);
    if (n < 0)
        return -1;
    node(p, n)->child[0] = (uint16_t)a;
    node(p, n)->child[1] = (uint16_t)b;
    return n;
}

static int enter(struct parser *p)
{
    if (++p->depth > QUERY_DEPTH_MAX)
        return query_fail(p->e, here(p), "more than %d levels deep", QUERY_DEPTH_MAX);
    return 0;
}

/* A word that is no field: say what it may have been meant for. */
static int fail_word(struct parser *p)
{
    const char *word = p->tok.text, *best = NULL;
    size_t distance = 0;
    for (const struct query_field *f = p->fields; f->name; f++) {
        for (size_t i = 0; f->word && f->word(i); i++)
            if (!strcmp(f->word(i), word))
                return query_fail(p->e, here(p), "\"%s\" is no field; did you mean %s == %s?", word, f->name,
                                  word);
        nearest_offer(word, f->name, &best, &distance);
    }
    return query_fail(p->e, here(p), "\"%.40s\" is no field%s%s%s", word, best ? "; did you mean " : "",
                      best ? best : "", best ? "?" : "");
}

/* A word that is no field: a CPU register, when the question is about an event. */
static int parse_register(struct parser *p)
{
    bool known;
    struct query_register reg = query_register_find(p->tok.text, &known);
    if (p->fields != query_event_fields || !known)
        return fail_word(p);
    if (!reg.bits)
        return query_fail(p->e, here(p), "a trace does not keep the register %s", p->tok.text);
    int n = grow(p, TOKEN_WORD, QUERY_NUMBER, here(p));
    if (n < 0)
        return -1;
    node(p, n)->reg = reg;
    return advance(p) ? -1 : n;
}

static int parse_field(struct parser *p)
{
    const struct query_field *f = query_field_find(p->fields, p->tok.text);
    if (!f)
        return parse_register(p);
    int n = grow(p, TOKEN_WORD, f->type, here(p));
    if (n < 0)
        return -1;
    node(p, n)->field = f;
    return advance(p) ? -1 : n;
}

static int parse_number(struct parser *p)
{
    int n = grow(p, TOKEN_NUMBER, QUERY_NUMBER, here(p));
    if (n < 0)
        return -1;
    node(p, n)->number = p->tok.number;
    return advance(p) ? -1 : n;
}

static int parse_parentheses(struct parser *p)
{
    struct query_place open = here(p);
    if (enter(p) || advance(p))
        return -1;
    int n = parse_or(p);
    if (n < 0)
        return -1;
    if (p->tok.kind != TOKEN_CLOSE)
        return query_fail(p->e, open, "this parenthesis is not closed");
    p->depth--;
    return advance(p) ? -1 : n;
}

static int parse_primary(struct parser *p)
{
    switch (p->tok.kind) {
    case TOKEN_NUMBER:
        return parse_number(p);
    case TOKEN_WORD:
        return parse_field(p);
    case TOKEN_OPEN:
        return parse_parentheses(p);
    case TOKEN_STRING:
        return query_fail(p->e, here(p), "a text can only stand behind ==, != or =~");
    case TOKEN_END:
        return query_fail(p->e, here(p), "something is missing at the end");
    default:
        return query_fail(p->e, here(p), "a field, a number or a parenthesis is due here, not `%.*s`",
                          (int)p->tok.len, p->lex.text + p->tok.at);
    }
}

/* The operators between numbers, from the loosest to the tightest. */
enum { ARITHMETIC_LEVELS = 5 };

static int arithmetic_level(enum token_kind op)
{
    static const signed char levels[] = {
        [TOKEN_BIT_OR] = 1, [TOKEN_BIT_AND] = 2, [TOKEN_SHL] = 3, [TOKEN_SHR] = 3,
        [TOKEN_ADD] = 4,    [TOKEN_SUB] = 4,     [TOKEN_MUL] = 5};
    return (size_t)op < sizeof levels ? levels[op] : 0;
}

static int need_number(struct parser *p, int n)
{
    if (node(p, n)->type == QUERY_NUMBER)
        return 0;
    if (node(p, n)->type == QUERY_NAME)
        return query_fail(p->e, node(p, n)->at,
                          "%s is a name: names have no order and no sum, only ==, != and =~",
                          node(p, n)->field->name);
    return query_fail(p->e, node(p, n)->at,
                      "a number is due here, not a condition; comparisons do not chain: use &&");
}

static int parse_arithmetic(struct parser *p, int level)
{
    if (level > ARITHMETIC_LEVELS)
        return parse_primary(p);
    int left = parse_arithmetic(p, level + 1);
    while (left >= 0 && arithmetic_level(p->tok.kind) == level) {
        enum token_kind op = p->tok.kind;
        struct query_place at = here(p);
        if (need_number(p, left) || advance(p))
            return -1;
        int right = parse_arithmetic(p, level + 1);
        if (right < 0 || need_number(p, right))
            return -1;
        left = grow_with(p, op, QUERY_NUMBER, at, left, right);
    }
    return left;
}

/* Refuses a name that the field can never have; the others may be brought by a machine. */
static int check_word(struct parser *p, const struct query_field *f, const char *word)
{
    const char *best = NULL;
    size_t distance = 0;
    for (size_t i = 0; f->word && f->word(i); i++) {
        if (!strcmp(f->word(i), word))
            return 0;
        nearest_offer(word, f->word(i), &best, &distance);
    }
    if (!f->word)
        return 0;
    return query_fail(p->e, here(p), "no %s is called \"%.40s\"%s%s%s", f->name, word,
                      best ? "; did you mean " : "", best ? best : "", best ? "?" : "");
}

/* Takes the current token as the name that a field is compared with. `uart.THR` is a register behind its
 * device. */
static int take_name(struct parser *p, int n, const struct query_field *f)
{
    char *name = p->tok.text, *dot = strrchr(name, '.');
    if (p->tok.kind != TOKEN_WORD && p->tok.kind != TOKEN_STRING)
        return query_fail(p->e, here(p), "a name is due here: %s == %s", f->name, f->example);
    if (check_word(p, f, name))
        return -1;
    node(p, n)->at = here(p);
    if (dot && query_field_is_reg(f)) {
        *dot = '\0';
        node(p, n)->device = strdup(name);
        name = dot + 1;
        if (!node(p, n)->device)
            return err_sys(p->e, ENOMEM, "query");
    }
    node(p, n)->name = strdup(name);
    return node(p, n)->name ? 0 : err_sys(p->e, ENOMEM, "query");
}

/* FIELD == NAME, behind whose operator the parser stands. */
static int parse_same(struct parser *p, const struct query_field *f, bool same, struct query_place at)
{
    int n = grow(p, TOKEN_STRING, QUERY_CONDITION, at);
    if (n < 0)
        return -1;
    node(p, n)->field = f;
    if (lexer_next_name(&p->lex, &p->tok, p->e) || take_name(p, n, f) || advance(p))
        return -1;
    return same ? n : grow_with(p, TOKEN_NOT, QUERY_CONDITION, at, n, n);
}

static int parse_like(struct parser *p, const struct query_field *f, struct query_place at)
{
    struct err why;
    int n = grow(p, TOKEN_LIKE, QUERY_CONDITION, at);
    if (n < 0 || advance(p))
        return -1;
    node(p, n)->field = f;
    if (p->tok.kind != TOKEN_STRING)
        return query_fail(p->e, here(p), "a regular expression is due here, between double quotes");
    if (query_regex(node(p, n), p->tok.text, &why))
        return query_fail(p->e, here(p), "regular expression: %s", why.text);
    return advance(p) ? -1 : n;
}

static int parse_range(struct parser *p, int value, struct query_place at)
{
    int low = -1, high = -1;
    if (!advance(p))
        low = parse_arithmetic(p, 1);
    if (low < 0 || need_number(p, low))
        return -1;
    if (p->tok.kind != TOKEN_RANGE)
        return query_fail(p->e, here(p), "a range is due behind `in`: 0x3f8..0x3ff");
    if (!advance(p))
        high = parse_arithmetic(p, 1);
    if (high < 0 || need_number(p, high))
        return -1;
    int n = grow_with(p, TOKEN_IN, QUERY_CONDITION, at, value, low);
    if (n >= 0)
        node(p, n)->child[2] = (uint16_t)high;
    return n;
}

/* LEFT OP RIGHT between numbers. != is the opposite of ==, so it is made of it. */
static int parse_order(struct parser *p, int left, enum token_kind op, struct query_place at)
{
    if (advance(p))
        return -1;
    int right = parse_arithmetic(p, 1);
    if (right < 0 || need_number(p, right))
        return -1;
    int n = grow_with(p, op == TOKEN_NE ? TOKEN_EQ : op, QUERY_CONDITION, at, left, right);
    return n < 0 || op != TOKEN_NE ? n : grow_with(p, TOKEN_NOT, QUERY_CONDITION, at, n, n);
}

static bool is_comparison(enum token_kind k)
{
    return (k >= TOKEN_EQ && k <= TOKEN_LIKE);
}

static int parse_comparison(struct parser *p)
{
    int left = parse_arithmetic(p, 1);
    enum token_kind op = p->tok.kind;
    struct query_place at = here(p);
    if (left < 0 || !is_comparison(op))
        return left;
    const struct query_field *f = node(p, left)->type == QUERY_NAME ? node(p, left)->field : NULL;
    int n;
    if (f && (op == TOKEN_EQ || op == TOKEN_NE))
        n = parse_same(p, f, op == TOKEN_EQ, at);
    else if (f && op == TOKEN_LIKE)
        n = parse_like(p, f, at);
    else if (op == TOKEN_LIKE)
        return query_fail(p->e, at, "=~ searches in a text or a name: text =~ \"...\"");
    else if (need_number(p, left))
        return -1;
    else
        n = op == TOKEN_IN ? parse_range(p, left, at) : parse_order(p, left, op, at);
    if (n >= 0 && is_comparison(p->tok.kind))
        return query_fail(p->e, here(p), "comparisons do not chain: use &&");
    return n;
}

/* Where a condition is due a number will do, but a name says nothing. */
static int need_condition(struct parser *p, int n)
{
    const struct query_field *f = node(p, n)->field;
    if (node(p, n)->type != QUERY_NAME)
        return 0;
    return query_fail(p->e, node(p, n)->at, "%s alone is no condition: compare it, as in %s == %s", f->name,
                      f->name, f->example);
}

static int parse_not(struct parser *p)
{
    struct query_place at = here(p);
    if (p->tok.kind != TOKEN_NOT)
        return parse_comparison(p);
    if (enter(p) || advance(p))
        return -1;
    int n = parse_not(p);
    p->depth--;
    if (n < 0 || need_condition(p, n))
        return -1;
    return grow_with(p, TOKEN_NOT, QUERY_CONDITION, at, n, n);
}

/* ITEM { OP ITEM }, for && and ||. */
static int parse_list(struct parser *p, enum token_kind op, int (*item)(struct parser *p))
{
    int left = item(p);
    while (left >= 0 && p->tok.kind == op) {
        struct query_place at = here(p);
        if (need_condition(p, left) || advance(p))
            return -1;
        int right = item(p);
        if (right < 0 || need_condition(p, right))
            return -1;
        left = grow_with(p, op, QUERY_CONDITION, at, left, right);
    }
    return left;
}

static int parse_and(struct parser *p)
{
    return parse_list(p, TOKEN_AND, parse_not);
}

static int parse_or(struct parser *p)
{
    return parse_list(p, TOKEN_OR, parse_and);
}

int query_parse(struct query *q, const struct query_field *fields, const struct lexer *source, struct err *e)
{
    struct parser p = {.lex = *source, .fields = fields, .q = q, .e = e};
    if (source->len > QUERY_TEXT_MAX)
        return query_fail(e, source->start, "this is too long for one question");
    if (advance(&p))
        return -1;
    int root = parse_or(&p);
    if (root < 0 || need_condition(&p, root))
        return -1;
    if (p.tok.kind != TOKEN_END)
        return query_fail(e, here(&p), "`%.*s` is not expected here: join conditions by && or ||",
                          (int)p.tok.len, source->text + p.tok.at);
    return 0;
}
