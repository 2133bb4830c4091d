/*
 * Command-line options as a table: a row is parsed, checked and explained by the same data, so that --help
 * cannot lie.
 */
#ifndef RINGSIDE_OPTIONS_H
#define RINGSIDE_OPTIONS_H

#include "base/err.h"
#include "base/text.h"

/* `name` is "--mem" or "-o"; `arg` is the metavariable, NULL for a switch. `set` gets the command's own
 * settings. */
struct option_row {
    const char *name;
    const char *arg;
    const char *help;
    int (*set)(void *settings, const char *value, struct err *e);
};

/* The words that are no options, in order. Where more than POSITIONAL_FEW may be given they want
 * positionals_fini afterwards; it is never copied. */
enum { POSITIONAL_FEW = 8 };
struct positionals {
    const char **word;
    size_t n, cap;
    const char *few[POSITIONAL_FEW];
};
void positionals_fini(struct positionals *words);

/* Parses argv[0..argc) (program and command names already taken off). Options may stand anywhere; `--` ends
 * them. Accepts
 * `--mem 64M` and `--mem=64M`. *help is set when --help or -h was there. */
NODISCARD int options_parse(const struct option_row *rows, int argc, char **argv, void *settings,
                            struct positionals *words, bool *help, struct err *e);

/* Appends a line per option, aligned and wrapped at 100 columns. */
void options_help(const struct option_row *rows, struct text *out);

/* Setters' helpers: an unsigned number in C notation within [min, max]. */
NODISCARD int option_number(const char *value, uint64_t min, uint64_t max, uint64_t *out, struct err *e);

#endif
