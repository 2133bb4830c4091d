/*
 * A compiled query: a tree in an array, children before parents.  The parser makes it, the evaluator walks
 * it.
 */
#ifndef RINGSIDE_TRACES_QUERY_TREE_H
#define RINGSIDE_TRACES_QUERY_TREE_H

#include "base/text.h"
#include "traces/query_field.h"
#include "traces/query_lex.h"

#include <regex.h>

/* Enough for any question that a person asks, and a bound for the recursion of parser and evaluator. */
enum { QUERY_NODES_MAX = 256, QUERY_DEPTH_MAX = 32, QUERY_TEXT_MAX = 4096 };

struct query_node {
    enum token_kind op; /* TOKEN_NUMBER: a constant. TOKEN_WORD: a field. TOKEN_STRING: field is this name. */
    enum query_type type;
    uint16_t child[3];
    struct query_place at;
    uint64_t number;
    const struct query_field *field; /* TOKEN_WORD, TOKEN_STRING, TOKEN_LIKE */
    struct query_register reg;       /* TOKEN_WORD without a field */
    char *name;                      /* TOKEN_STRING */
    char *device;                    /* TOKEN_STRING, when name was a register behind its device */
    regex_t *regex;                  /* TOKEN_LIKE */
};

struct query {
    struct query_node *node;
    uint16_t count, cap;  /* the last node is the root */
    struct text sentence; /* room for the event's */
    struct text source;
};

/* Parses into an empty query, with this table of fields. */
NODISCARD int query_parse(struct query *q, const struct query_field *fields, const struct lexer *source,
                          struct err *e);

/* Compiles a POSIX extended regular expression into the node, unless it could cost unreasonably much. */
NODISCARD int query_regex(struct query_node *n, const char *pattern, struct err *e);

#endif
