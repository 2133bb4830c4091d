/*
 * The tokens of expressions: spaces, numbers and characters, and the errors that name a column.  See expr.h
 * for how numbers may be written; assemblers' 7c00h and C's 0x7c00 are both at home here.
 */
#include "debug/expr_inside.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int expr_error(struct err *e, size_t column, const char *fmt, ...)
{
    char what[ERR_TEXT_MAX];
    va_list list;
    va_start(list, fmt);
    vsnprintf(what, sizeof what, fmt, list);
    va_end(list);
    return err_set(e, "column %zu: %s", column, what);
}

int expr_emit(struct parser *p, struct expr_op op, int grow)
{
    struct expr *x = p->x;
    p->height += (size_t)grow;
    if (p->height > EXPR_DEPTH_MAX)
        return expr_error(p->e, op.column, "too deeply nested");
    if (x->n == x->cap) {
        size_t cap = x->cap ? x->cap * 2 : 8;
        struct expr_op *ops = realloc(x->ops, cap * sizeof *ops);
        if (!ops)
            return err_set(p->e, "out of memory");
        x->ops = ops;
        x->cap = cap;
    }
    x->ops[x->n++] = op;
    return 0;
}

/* ---- characters ---- */

char token_peek(const struct parser *p)
{
    return p->at < p->len ? p->text[p->at] : 0;
}

void token_skip_space(struct parser *p)
{
    while (p->at < p->len && isspace((unsigned char)p->text[p->at]))
        p->at++;
}

/* The next character that is no space; it is not taken. */
char token_next(struct parser *p)
{
    token_skip_space(p);
    return token_peek(p);
}

void token_take(struct parser *p, size_t n)
{
    p->at += n;
    p->end = p->at;
}

size_t token_column(const struct parser *p)
{
    return p->at + 1;
}

struct expr_op token_op(const struct parser *p, enum op_code code)
{
    return (struct expr_op){.code = (uint8_t)code, .column = (uint16_t)token_column(p)};
}

int token_expected(struct parser *p, const char *what)
{
    char c = token_next(p);
    if (!c && p->at >= p->len)
        return expr_error(p->e, token_column(p), "expected %s", what);
    if (!isprint((unsigned char)c))
        return expr_error(p->e, token_column(p), "expected %s, not byte 0x%02x", what, (unsigned char)c);
    return expr_error(p->e, token_column(p), "expected %s, not '%c'", what, c);
}

int token_take_char(struct parser *p, char c, const char *what)
{
    if (token_next(p) != c)
        return token_expected(p, what);
    token_take(p, 1);
    return 0;
}

/* ---- numbers ---- */

static unsigned digit_of(char c)
{
    if (isdigit((unsigned char)c))
        return (unsigned)(c - '0');
    return isalpha((unsigned char)c) ? (unsigned)(tolower((unsigned char)c) - 'a') + 10 : 99;
}

/* Which base the digits at s have; *skip and *drop say how many characters before and behind are none. */
static unsigned number_base(const char *s, size_t n, size_t *skip, size_t *drop)
{
    static const struct {
        char mark;
        unsigned base;
    } prefixes[] = {{'x', 16}, {'o', 8}, {'b', 2}};
    *skip = *drop = 0;
    if (tolower((unsigned char)s[n - 1]) == 'h') {
        *drop = 1;
        return 16;
    }
    for (size_t i = 0; n > 2 && s[0] == '0' && i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (tolower((unsigned char)s[1]) == prefixes[i].mark) {
            *skip = 2;
            return prefixes[i].base;
        }
    return 10;
}

int token_number(struct parser *p)
{
    const char *s = p->text + p->at;
    size_t n = 0, skip, drop;
    struct expr_op op = token_op(p, OP_NUMBER);
    while (p->at + n < p->len && (isalnum((unsigned char)s[n]) || s[n] == '_'))
        n++;
    unsigned base = number_base(s, n, &skip, &drop);
    for (size_t i = skip; i < n - drop; i++) {
        if (s[i] == '_' && i > skip)
            continue;
        if (digit_of(s[i]) >= base)
            return expr_error(p->e, op.column + i, "'%c' is no digit of a number in base %u", s[i], base);
        if (op.value > (UINT64_MAX - digit_of(s[i])) / base)
            return expr_error(p->e, op.column, "the number does not fit 64 bits");
        op.value = op.value * base + digit_of(s[i]);
    }
    token_take(p, n);
    return expr_emit(p, op, 1);
}

/* 'c', '\n', '\x1b'. */
int token_char(struct parser *p)
{
    static const char names[] = "nrt0abfve\\'\"", values[] = "\n\r\t\0\a\b\f\v\x1b\\'\"";
    const char *s = p->text + p->at + 1;
    size_t left = p->len - p->at - 1, n = 1;
    struct expr_op op = token_op(p, OP_NUMBER);
    if (left >= 2)
        op.value = (unsigned char)s[0];
    if (left >= 3 && s[0] == '\\') {
        const char *found = memchr(names, s[1], sizeof names - 1);
        n = 2;
        if (found)
            op.value = (unsigned char)values[found - names];
        else if (left >= 5 && s[1] == 'x' && digit_of(s[2]) < 16 && digit_of(s[3]) < 16) {
            op.value = digit_of(s[2]) * 16 + digit_of(s[3]);
            n = 4;
        } else
            return expr_error(p->e, op.column, "no character is written so");
    }
    if (left <= n || s[n] != '\'')
        return expr_error(p->e, op.column, "expected one character between two '");
    token_take(p, n + 2);
    return expr_emit(p, op, 1);
}
