/*
 * Compiling, asking and freeing a query: see query.h.  The evaluator walks the tree; its recursion is bounded
 * by the number of nodes, and nothing in a tree that the parser made can go wrong.
 */
#include "traces/query.h"

#include "traces/fields.h"
#include "traces/query_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void keep_source(struct query *q, const char *text, size_t len)
{
    struct text line = {0};
    bool space = false;
    for (size_t i = 0; i < len; i++) {
        bool blank = strchr(" \t\r\n", text[i]);
        if (!blank && space && line.len)
            text_addc(&line, ' ');
        if (!blank)
            text_addc(&line, text[i]);
        space = blank;
    }
    string_clean(&q->source, text_str(&line), line.len, QUERY_TEXT_MAX);
    q->source.failed |= line.failed;
    text_fini(&line);
}

static struct query *compile(const char *text, size_t len, struct query_place at,
                             const struct query_field *fields, struct err *e)
{
    struct lexer source = {.text = text, .len = len, .start = at};
    struct query *q = calloc(1, sizeof *q);
    if (!q) {
        err_sys(e, ENOMEM, "query");
        return NULL;
    }
    if (query_parse(q, fields, &source, e)) {
        query_free(q);
        return NULL;
    }
    keep_source(q, text, len);
    return q;
}

struct query *query_compile(const char *text, struct err *e)
{
    return compile(text, strlen(text), (struct query_place){0, 1}, query_event_fields, e);
}

struct query *query_compile_part(const char *text, size_t len, struct query_place at, struct err *e)
{
    return compile(text, len, at, query_event_fields, e);
}

struct query *query_compile_end(const char *text, size_t len, struct query_place at, struct err *e)
{
    return compile(text, len, at, query_end_fields, e);
}

const char *query_source(const struct query *q)
{
    return text_str(&q->source);
}

void query_free(struct query *q)
{
    if (!q)
        return;
    for (size_t i = 0; i < q->count; i++) {
        free(q->node[i].name);
        free(q->node[i].device);
        if (q->node[i].regex)
            regfree(q->node[i].regex);
        free(q->node[i].regex);
    }
    free(q->node);
    text_fini(&q->sentence);
    text_fini(&q->source);
    free(q);
}

static uint64_t shift_left(uint64_t a, uint64_t b)
{
    return b < 64 ? a << b : 0;
}

static uint64_t shift_right(uint64_t a, uint64_t b)
{
    return b < 64 ? a >> b : 0;
}

/* What an operator between two known numbers gives. */
static uint64_t apply(enum token_kind op, uint64_t a, uint64_t b)
{
    switch (op) {
    case TOKEN_EQ:
        return a == b;
    case TOKEN_LT:
        return a < b;
    case TOKEN_LE:
        return a <= b;
    case TOKEN_GT:
        return a > b;
    case TOKEN_GE:
        return a >= b;
    case TOKEN_BIT_OR:
        return a | b;
    case TOKEN_BIT_AND:
        return a & b;
    case TOKEN_SHL:
        return shift_left(a, b);
    case TOKEN_SHR:
        return shift_right(a, b);
    case TOKEN_ADD:
        return a + b;
    case TOKEN_SUB:
        return a - b;
    default: /* TOKEN_MUL: the parser knows no other */
        return a * b;
    }
}

static struct query_value truth(bool b)
{
    return (struct query_value){.known = true, .number = b};
}

static bool same_name(const struct query_node *n, const struct query_subject *s)
{
    struct query_value v = n->field->get(s);
    return v.known && !strcmp(v.name, n->name) &&
           (!n->device || !strcmp(event_device_name(s->names, s->ev), n->device));
}

static bool like(const struct query_node *n, const struct query_subject *s)
{
    struct query_value v = n->field->get(s);
    return v.known && regexec(n->regex, v.name, 0, NULL, 0) == 0;
}

static struct query_value eval(const struct query *q, size_t i, const struct query_subject *s);

static bool holds(const struct query *q, size_t i, const struct query_subject *s)
{
    struct query_value v = eval(q, i, s);
    return v.known && v.number;
}

static bool in_range(const struct query *q, const struct query_node *n, const struct query_subject *s)
{
    struct query_value v = eval(q, n->child[0], s), low = eval(q, n->child[1], s),
                       high = eval(q, n->child[2], s);
    return v.known && low.known && high.known && v.number >= low.number && v.number <= high.number;
}

static struct query_value binary(const struct query *q, const struct query_node *n,
                                 const struct query_subject *s)
{
    struct query_value a = eval(q, n->child[0], s), b = eval(q, n->child[1], s);
    if (a.known && b.known)
        return (struct query_value){.known = true, .number = apply(n->op, a.number, b.number)};
    return (struct query_value){.known = n->type == QUERY_CONDITION};
}

static struct query_value eval(const struct query *q, size_t i, const struct query_subject *s)
{
    const struct query_node *n = &q->node[i];
    switch (n->op) {
    case TOKEN_NUMBER:
        return (struct query_value){.known = true, .number = n->number};
    case TOKEN_WORD:
        return n->field ? n->field->get(s) : query_register_get(&n->reg, s);
    case TOKEN_STRING:
        return truth(same_name(n, s));
    case TOKEN_LIKE:
        return truth(like(n, s));
    case TOKEN_NOT:
        return truth(!holds(q, n->child[0], s));
    case TOKEN_AND:
        return truth(holds(q, n->child[0], s) && holds(q, n->child[1], s));
    case TOKEN_OR:
        return truth(holds(q, n->child[0], s) || holds(q, n->child[1], s));
    case TOKEN_IN:
        return truth(in_range(q, n, s));
    default:
        return binary(q, n, s);
    }
}

bool query_match(struct query *q, const struct event_names *names, const struct event *ev)
{
    return query_match_regs(q, names, ev, NULL);
}

bool query_match_regs(struct query *q, const struct event_names *names, const struct event *ev,
                      const struct event_regs *regs)
{
    const struct query_subject s = {.names = names, .ev = ev, .regs = regs, .sentence = &q->sentence};
    return holds(q, q->count - 1u, &s);
}

bool query_wants_regs(const struct query *q)
{
    for (size_t i = 0; i < q->count; i++)
        if (q->node[i].reg.bits)
            return true;
    return false;
}

bool query_match_end(struct query *q, const struct trace_end *end)
{
    const struct query_subject s = {.end = end, .sentence = &q->sentence};
    return holds(q, q->count - 1u, &s);
}
