/*
 * The expectations in a guest's source.  A line `//: WORD REST` of an asm/ file is a directive; `//: case
 * NAME` starts a case, and what stands before the first case is part of all of them. guest_case.c says what
 * the words mean.
 */
#ifndef RINGSIDE_TESTS_SCRIPT_H
#define RINGSIDE_TESTS_SCRIPT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { DIRECTIVES_MAX = 512, WORDS_MAX = 64 };

struct directive {
    int of_case;      /* 0 = of all of them, else the number of the case */
    const char *word; /* see */
    const char *rest; /* what follows, to the end of the line */
};

struct script {
    char *source; /* the file's text, cut up */
    struct directive directive[DIRECTIVES_MAX];
    size_t n;
    int cases; /* at least 1: without a `case` line there is one, named after the file */
};

NODISCARD int script_read(struct script *s, const char *path, struct err *e);
void script_free(struct script *s);

/* The directive named `word` of case `number` behind `*i`, moving *i; NULL when there are no more. Start with
 * *i = 0. */
const struct directive *script_next(const struct script *s, int number, const char *word, size_t *i);

/* The last one of that name, so that a case overrides what is said for all; NULL when there is none. */
const char *script_last(const struct script *s, int number, const char *word);

/* Cuts `text` into words at blanks; "…" is one word, in which \n, \t, \\, \" and \xNN mean what they mean in
 * C. The words are in `buf`, with `len[i]` bytes each (which may be 0), and NUL-terminated. Returns their
 * number. */
struct words {
    char buf[4096];
    char *word[WORDS_MAX + 1];
    size_t len[WORDS_MAX];
    size_t n;
};
void words_cut(const char *text, struct words *w);

#endif
