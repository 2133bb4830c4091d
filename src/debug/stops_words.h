/*
 * The words of a stop while they are being read: what stops_parse.c and stops_parse_event.c share.
 */
#ifndef RINGSIDE_DEBUG_STOPS_WORDS_H
#define RINGSIDE_DEBUG_STOPS_WORDS_H

#include "debug/stops_inside.h"

#include <string.h>

/* The words still to be read, and where they lead. */
struct words {
    const char *at;
    const struct target *t;
    struct stops_spec *spec;
    struct err *e;
};

/* How long the word at `s` is: up to a blank or the end. */
static inline size_t words_word_len(const char *s)
{
    return strcspn(s, " \t");
}

void words_blanks(struct words *w);
/* Takes the next word when it is this one. */
bool words_take(struct words *w, const char *word);
/* True when nothing is left but a condition. */
bool words_at_end(struct words *w);
/* Evaluates `n` bytes as one expression. */
NODISCARD int words_number(struct words *w, const char *s, size_t n, uint64_t *value);
/* The longest expression from here; *from and *len get its text. */
NODISCARD int words_expression(struct words *w, uint64_t *value, const char **from, size_t *len);
/* A length behind a comma, if there is one. */
NODISCARD int words_length(struct words *w, uint64_t *len);
/* Gives the spec its last address. */
NODISCARD int words_range(struct words *w, uint64_t len);

/* What follows `stop`, but for the condition. */
NODISCARD int words_parse_event(struct words *w);

#endif
