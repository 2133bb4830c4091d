/*
 * Operands of commands: expressions one behind the other.
 */
#ifndef RINGSIDE_MONITOR_SHELL_OPERAND_H
#define RINGSIDE_MONITOR_SHELL_OPERAND_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct debugger;

/* Takes an expression off *p: its value, and *p moves past it and past blanks and one comma behind it. -1
 * with *e when there is none or it has no value; `what` names it in the error. */
NODISCARD int operand_value(const struct debugger *d, const char **p, const char *what, uint64_t *value,
                            struct err *e);
/* True, and *p moves past it, when the next word is `word`. */
bool operand_word(const char **p, const char *word);
/* -1 when something is left. */
NODISCARD int operand_end(const char *p, const char *command, struct err *e);

#endif
