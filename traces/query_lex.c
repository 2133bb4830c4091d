/*
 * Tokens of a query: see query_lex.h.
 */
#include "traces/query_lex.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
}

/* The byte `ahead` places on, NUL past the end. */
static char peek(const struct lexer *l, size_t ahead)
{
    return l->at + ahead < l->len ? l->text[l->at + ahead] : '\0';
}

struct query_place lexer_place(const struct lexer *l, size_t at)
{
    struct query_place place = l->start;
    for (size_t i = 0; i < at && i < l->len; i++) {
        if (l->text[i] == '\n' && place.line) {
            place.line++;
            place.column = 1;
        } else if (((unsigned char)l->text[i] & 0xc0) != 0x80) {
            place.column++;
        }
    }
    return place;
}

int query_fail(struct err *e, struct query_place at, const char *fmt, ...)
{
    char why[ERR_TEXT_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    if (at.line)
        return err_set(e, "line %zu, column %zu: %s", at.line, at.column, why);
    return err_set(e, "column %zu: %s", at.column, why);
}

static int lexer_fail(const struct lexer *l, size_t at, struct err *e, const char *what)
{
    return query_fail(e, lexer_place(l, at), "%s", what);
}

/* Digit value, or 16 for none. */
static unsigned digit_value(char c)
{
    if (is_digit(c))
        return (unsigned)(c - '0');
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

static int lex_number(struct lexer *l, struct token *t, struct err *e)
{
    unsigned base = 10;
    if (peek(l, 0) == '0' && (peek(l, 1) | 0x20) == 'x')
        base = 16;
    else if (peek(l, 0) == '0' && (peek(l, 1) | 0x20) == 'b')
        base = 2;
    l->at += base == 10 ? 0 : 2;
    size_t first = l->at;
    t->kind = TOKEN_NUMBER;
    t->number = 0;
    for (unsigned d; (d = digit_value(peek(l, 0))) < base; l->at++) {
        if (t->number > (UINT64_MAX - d) / base)
            return lexer_fail(l, t->at, e, "this number needs more than 64 bits");
        t->number = t->number * base + d;
    }
    if (l->at == first || is_word(peek(l, 0)))
        return lexer_fail(l, t->at, e, "this is no number: 10, 0x10 or 0b10");
    return 0;
}

/* One character of a literal, escapes resolved. */
static int lex_char(struct lexer *l, unsigned char *out, struct err *e)
{
    static const char letters[] = "nrtb0\\'\"", bytes[] = "\n\r\t\b\0\\'\"";
    if (l->at >= l->len)
        return lexer_fail(l, l->at, e, "the closing quote is missing");
    *out = (unsigned char)l->text[l->at++];
    if (*out != '\\')
        return 0;
    char c = peek(l, 0);
    const char *letter = c ? strchr(letters, c) : NULL;
    l->at++;
    if (letter) {
        *out = (unsigned char)bytes[letter - letters];
        return 0;
    }
    unsigned high = digit_value(peek(l, 0)), low = digit_value(peek(l, 1));
    if (c != 'x' || high > 15 || low > 15)
        return lexer_fail(l, l->at - 2, e, "no such escape: \\n \\r \\t \\b \\0 \\\\ \\' \\\" or \\xNN");
    *out = (unsigned char)(high << 4 | low);
    l->at += 2;
    return 0;
}

static int lex_character(struct lexer *l, struct token *t, struct err *e)
{
    unsigned char c = 0;
    l->at++;
    if (peek(l, 0) == '\'')
        return lexer_fail(l, t->at, e, "there is no character between the quotes");
    if (lex_char(l, &c, e))
        return -1;
    if (peek(l, 0) != '\'')
        return lexer_fail(l, t->at, e,
                          "a character is one byte between single quotes; text goes between \"\"");
    l->at++;
    t->kind = TOKEN_NUMBER;
    t->number = c;
    return 0;
}

/* In a string a backslash before any other character stays: regular expressions have escapes of their own. */
static bool is_foreign_escape(const struct lexer *l)
{
    return peek(l, 0) == '\\' && peek(l, 1) && !strchr("nrtb0\\'\"x", peek(l, 1));
}

static int lex_string(struct lexer *l, struct token *t, struct err *e)
{
    size_t n = 0;
    t->kind = TOKEN_STRING;
    for (l->at++; peek(l, 0) != '"'; n++) {
        unsigned char c = '\\';
        if (n == TOKEN_TEXT_MAX)
            return lexer_fail(l, t->at, e, "this text is longer than 255 bytes");
        if (is_foreign_escape(l))
            l->at++;
        else if (lex_char(l, &c, e))
            return -1;
        if (c == '\0')
            return lexer_fail(l, t->at, e, "a text cannot hold a zero byte");
        t->text[n] = (char)c;
    }
    t->text[n] = '\0';
    l->at++;
    return 0;
}

/* A dot between letters belongs to the word; when it is `joined`, a dash does too. */
static int lex_word(struct lexer *l, struct token *t, bool joined, struct err *e)
{
    size_t n = 0;
    t->kind = TOKEN_WORD;
    while (is_word(peek(l, 0)) ||
           ((peek(l, 0) == '.' || (joined && peek(l, 0) == '-')) && is_word(peek(l, 1)))) {
        if (n == TOKEN_TEXT_MAX)
            return lexer_fail(l, t->at, e, "this word is longer than 255 letters");
        t->text[n++] = l->text[l->at++];
    }
    t->text[n] = '\0';
    return 0;
}

static int lex_operator(struct lexer *l, struct token *t, struct err *e)
{
    static const struct {
        const char *sign;
        enum token_kind kind;
    } signs[] = {
        {"||", TOKEN_OR},    {"&&", TOKEN_AND},    {"==", TOKEN_EQ},  {"!=", TOKEN_NE},  {"=~", TOKEN_LIKE},
        {"<=", TOKEN_LE},    {">=", TOKEN_GE},     {"<<", TOKEN_SHL}, {">>", TOKEN_SHR}, {"..", TOKEN_RANGE},
        {"!", TOKEN_NOT},    {"<", TOKEN_LT},      {">", TOKEN_GT},   {"(", TOKEN_OPEN}, {")", TOKEN_CLOSE},
        {"|", TOKEN_BIT_OR}, {"&", TOKEN_BIT_AND}, {"+", TOKEN_ADD},  {"-", TOKEN_SUB},  {"*", TOKEN_MUL},
    };
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        size_t n = strlen(signs[i].sign);
        if (n <= l->len - l->at && !memcmp(l->text + l->at, signs[i].sign, n)) {
            t->kind = signs[i].kind;
            l->at += n;
            return 0;
        }
    }
    if (peek(l, 0) == '=')
        return lexer_fail(l, l->at, e, "a single = compares nothing: use ==");
    return lexer_fail(l, l->at, e, "this character means nothing here");
}

/* and, or, not and in are operators by name. */
static void word_operator(struct token *t)
{
    static const struct {
        const char *word;
        enum token_kind kind;
    } words[] = {{"and", TOKEN_AND}, {"or", TOKEN_OR}, {"not", TOKEN_NOT}, {"in", TOKEN_IN}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (!strcmp(t->text, words[i].word))
            t->kind = words[i].kind;
}

static int lex(struct lexer *l, struct token *t, bool name, struct err *e)
{
    while (peek(l, 0) && strchr(" \t\r\n", peek(l, 0)))
        l->at++;
    t->at = l->at;
    t->kind = TOKEN_END;
    t->number = 0;
    int rc = 0;
    char c = peek(l, 0);
    if (l->at >= l->len)
        ;
    else if (name && is_word(c))
        rc = lex_word(l, t, true, e);
    else if (is_digit(c))
        rc = lex_number(l, t, e);
    else if (c == '\'')
        rc = lex_character(l, t, e);
    else if (c == '"')
        rc = lex_string(l, t, e);
    else if (is_word(c)) {
        rc = lex_word(l, t, false, e);
        word_operator(t);
    } else
        rc = lex_operator(l, t, e);
    t->len = l->at - t->at;
    return rc;
}

int lexer_next(struct lexer *l, struct token *t, struct err *e)
{
    return lex(l, t, false, e);
}

int lexer_next_name(struct lexer *l, struct token *t, struct err *e)
{
    return lex(l, t, true, e);
}

size_t lexer_literal_len(const char *p, size_t len)
{
    for (size_t i = 1; i < len; i++) {
        if (p[i] == '\\')
            i++;
        else if (p[i] == p[0])
            return i + 1;
    }
    return len;
}
