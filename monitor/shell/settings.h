/*
 * What `set NAME VALUE` changes and `show` tells.
 */
#ifndef RINGSIDE_MONITOR_SHELL_SETTINGS_H
#define RINGSIDE_MONITOR_SHELL_SETTINGS_H

#include "base/err.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

struct debugger;

struct setting {
    const char *name;
    const char *choices; /* separated by a blank: the first is number 0 */
    const char *help;
    unsigned (*get)(const struct debugger *d); /* the number of its value */
    void (*set)(struct debugger *d, unsigned choice);
};

/* The i-th, NULL past the end; and by its exact name, NULL when there is none. */
const struct setting *setting_row(size_t i);
const struct setting *setting_find(const char *name, size_t len);

/* Sets it to one of its words (or the beginning of one). */
NODISCARD int setting_set(struct debugger *d, const struct setting *s, const char *value, struct err *e);
/* Appends `syntax intel`. */
void setting_show(const struct debugger *d, const struct setting *s, struct text *out);

#endif
