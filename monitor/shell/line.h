/*
 * Cutting a line of the command language into pieces.  Quotes keep what is inside together: "…" and '…', with
 * a backslash taking the next character as it is; a quote that is never closed is a plain character, so that
 * `echo don't` works.
 */
#ifndef RINGSIDE_MONITOR_SHELL_LINE_H
#define RINGSIDE_MONITOR_SHELL_LINE_H

#include "base/err.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool line_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

/* How long the first command of a line is: up to a ';' or a comment outside quotes. A '#' begins a comment at
 * the start of a word only. */
size_t line_command_len(const char *line);
/* Where the next one begins, from the end of the one before; the end of the string after a comment. */
const char *line_next_command(const char *end);

/* The length of a command's name: up to a blank, a '/' or the end. */
size_t line_name_len(const char *command);

/* Takes blanks off both ends, in place. */
char *line_trim(char *s);

/* The next word of *p that is separated by blanks, NULL when there is none; *p moves past it. No quotes. */
const char *line_word(const char **p, size_t *len);
/* True when the word is exactly `is`. */
bool line_word_is(const char *word, size_t len, const char *is);

/* Appends what a quoted or plain text stands for: quotes around the whole are taken off, \n \r \t \e \0 \\ \"
 * \' and \xNN are characters. -1: an escape that does not exist. */
NODISCARD int line_unescape(const char *s, struct text *out, struct err *e);

/* A plain unsigned number, decimal or 0x…, that takes the whole of `s`, between min and max; `what` names it
 * in the error. */
NODISCARD int line_number(const char *s, const char *what, uint64_t min, uint64_t max, uint64_t *out,
                          struct err *e);

/* For commands without arguments. */
NODISCARD int line_no_args(const char *name, const char *args, struct err *e);

#endif
