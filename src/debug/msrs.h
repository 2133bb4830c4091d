/*
 * Model-specific registers that an operating system meets in its first steps, by number and name.
 */
#ifndef RINGSIDE_DEBUG_MSRS_H
#define RINGSIDE_DEBUG_MSRS_H

#include "debug/target.h"

struct msr_row {
    uint32_t index;
    const char *name;                                   /* the manual's without IA32_ */
    const char *meaning;                                /* a phrase that fits behind a value */
    const char *lesson;                                 /* a sentence or two */
    const char *section;                                /* the manual's, by title */
    void (*decode)(uint64_t value, struct text *words); /* NULL: a value like others */
};

/* The i-th row by rising number, NULL past the end. */
const struct msr_row *msr_row(size_t i);
/* By name (with or without IA32_ in front, in either case) or by number; NULL when there is none. */
const struct msr_row *msr_find(const char *word);

/* The offline book: appends what is known about the MSR `word`. False when that is nothing. */
bool msr_explain(const char *word, size_t width, struct text *out);

/* Appends the MSR called `which` with its value, or all of them for "". -1 with *e when `which` is none. A
 * value that cannot be read is shown as `?`, with the reason. */
NODISCARD int look_msrs(const struct target *t, const char *which, struct text *out, struct err *e);

#endif
