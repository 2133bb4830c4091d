/*
 * Command-line options as a table: see options.h.
 */
#include "options.h"

#include "base/nearest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int option_number(const char *value, uint64_t min, uint64_t max, uint64_t *out, struct err *e)
{
    char *end;
    errno = 0;
    unsigned long long n = strtoull(value, &end, 0);
    if (end == value || *end || errno || strchr(value, '-'))
        return err_set(e, "\"%s\" is not a number", value);
    if (n < min || n > max)
        return err_set(e, "%s is out of range (%llu to %llu)", value, (unsigned long long)min,
                       (unsigned long long)max);
    *out = n;
    return 0;
}

static const struct option_row *option_find(const struct option_row *rows, const char *word, size_t len)
{
    for (; rows->name; rows++)
        if (strlen(rows->name) == len && memcmp(rows->name, word, len) == 0)
            return rows;
    return NULL;
}

static int option_unknown(const struct option_row *rows, const char *word, struct err *e)
{
    const char *best = "--help";
    const char *close = NULL;
    size_t distance = 0;
    for (; rows->name; rows++)
        nearest_offer(word, rows->name, &close, &distance);
    return err_set(e, "unknown option %s: try %s", word, close ? close : best);
}

static int option_take(const struct option_row *rows, int argc, char **argv, int *i, void *settings,
                       struct err *e)
{
    const char *word = argv[*i], *equals = word[1] == '-' ? strchr(word, '=') : NULL;
    size_t len = equals ? (size_t)(equals - word) : strlen(word);
    const struct option_row *row = option_find(rows, word, len);
    if (!row)
        return option_unknown(rows, word, e);
    const char *value = equals ? equals + 1 : NULL;
    if (!row->arg && value)
        return err_set(e, "%s takes no value", row->name);
    if (row->arg && !value) {
        if (*i + 1 >= argc)
            return err_set(e, "%s needs a value: %s %s", row->name, row->name, row->arg);
        value = argv[++*i];
    }
    return row->set(settings, value, e) < 0 ? err_wrap(e, "%s", row->name) : 0;
}

void positionals_fini(struct positionals *words)
{
    if (words->word != words->few)
        free(words->word);
    *words = (struct positionals){.word = words->few, .cap = POSITIONAL_FEW};
}

static int positionals_add(struct positionals *words, const char *word, struct err *e)
{
    if (words->n == words->cap) {
        const char **more = malloc(2 * words->cap * sizeof *more);
        if (!more)
            return err_sys(e, ENOMEM, "%zu words", 2 * words->cap);
        memcpy(more, words->word, words->n * sizeof *more);
        if (words->word != words->few)
            free(words->word);
        words->word = more;
        words->cap *= 2;
    }
    words->word[words->n++] = word;
    return 0;
}

int options_parse(const struct option_row *rows, int argc, char **argv, void *settings,
                  struct positionals *words, bool *help, struct err *e)
{
    bool only_words = false;
    *words = (struct positionals){.word = words->few, .cap = POSITIONAL_FEW};
    *help = false;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        if (!only_words && strcmp(word, "--") == 0) {
            only_words = true;
        } else if (!only_words && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)) {
            *help = true;
            return 0;
        } else if (!only_words && word[0] == '-' && word[1]) {
            if (option_take(rows, argc, argv, &i, settings, e) < 0)
                return -1;
        } else if (positionals_add(words, word, e) < 0) {
            return -1;
        }
    }
    return 0;
}

enum { HELP_COLUMN = 26, HELP_WIDTH = 100 };

void options_help(const struct option_row *rows, struct text *out)
{
    for (; rows->name; rows++) {
        text_addf(out, "  %s%s%s", rows->name, rows->arg ? " " : "", rows->arg ? rows->arg : "");
        if (strlen(rows->name) + (rows->arg ? strlen(rows->arg) : 0) + 4 > HELP_COLUMN)
            text_addc(out, '\n');
        text_pad(out, HELP_COLUMN);
        text_add_wrapped(out, rows->help, HELP_COLUMN, HELP_WIDTH);
        text_addc(out, '\n');
    }
}
