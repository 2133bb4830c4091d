/*
 * From characters to tokens, for queries.  The lexer looks at nothing outside its `len` bytes, whatever they
 * are.
 */
#ifndef RINGSIDE_TRACES_QUERY_LEX_H
#define RINGSIDE_TRACES_QUERY_LEX_H

#include "base/err.h"
#include "traces/query.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum token_kind {
    TOKEN_END,
    TOKEN_NUMBER, /* also a character */
    TOKEN_STRING,
    TOKEN_WORD,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_RANGE, /* .. */
    TOKEN_OR,
    TOKEN_AND,
    TOKEN_NOT,
    TOKEN_EQ,
    TOKEN_NE,
    TOKEN_LT,
    TOKEN_LE,
    TOKEN_GT,
    TOKEN_GE,
    TOKEN_IN,
    TOKEN_LIKE, /* =~ */
    TOKEN_BIT_OR,
    TOKEN_BIT_AND,
    TOKEN_SHL,
    TOKEN_SHR,
    TOKEN_ADD,
    TOKEN_SUB,
    TOKEN_MUL,
};

enum { TOKEN_TEXT_MAX = 255 };

struct token {
    enum token_kind kind;
    size_t at, len;                /* bytes in the source */
    uint64_t number;               /* TOKEN_NUMBER */
    char text[TOKEN_TEXT_MAX + 1]; /* TOKEN_WORD and TOKEN_STRING, escapes resolved */
};

struct lexer {
    const char *text;
    size_t len, at;
    struct query_place start; /* of the first byte */
};

/* The next token. -1 with a message that begins with its place. */
NODISCARD int lexer_next(struct lexer *l, struct token *t, struct err *e);

/* The next token where a name is due: a bare name may hold dots and dashes there (uart.THR, debug-exit). */
NODISCARD int lexer_next_name(struct lexer *l, struct token *t, struct err *e);

/* The place of the byte at `at`. Columns are characters, not bytes, since that is what an editor counts. */
struct query_place lexer_place(const struct lexer *l, size_t at);

/* Fills `e` with a message behind its place. Returns -1. */
int query_fail(struct err *e, struct query_place at, const char *fmt, ...) PRINTF(3, 4);

/* The length of the literal ('c' or "...") at `p`, closing quote and all, or of what is there when it is not
 * closed. For those who look for a separator in a line that holds queries. */
size_t lexer_literal_len(const char *p, size_t len);

#endif
