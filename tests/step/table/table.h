/*
 * The table of step_table as C sees it, and running one of its cases.
 */
#ifndef STEP_TABLE_TABLE_H
#define STEP_TABLE_TABLE_H

#include "base/text.h"
#include "rig.h"

enum table_outcome { TABLE_PASSED, TABLE_FAILED, TABLE_SKIPPED };

/* One CASE of cases.S. The words behind it are what its steps must do. */
struct table_case {
    const char *name;
    const uint8_t *code;
    size_t len;
    unsigned modes;
    const uint64_t *words;
};

/* The case at `words` (the first: table_first); returns the one behind it, NULL at the end. */
const uint64_t *table_first(void);
const uint64_t *table_case_read(const uint64_t *words, struct table_case *c);

/* Walks through `c` in `mode`, and runs it free to see that it ends alike. `why` says in a line each what
 * went wrong, or why it was skipped. */
enum table_outcome table_case_run(const struct table_case *c, unsigned mode, struct text *why);

/* Is the probe's row `id` a "works"? Asked once a program. */
bool need_works(const char *id);

/* Steps and runs the same program to its end, and compares. */
enum table_outcome compare_free(const struct rig_program *p, const struct rig_state *stepped,
                                struct text *why);

/* Says where two states differ; false when they do. */
bool state_compare(const struct rig_state *wanted, const struct rig_state *got, const uint64_t matters[REGS],
                   struct text *why);

/* Steps until the guest has ended, at most `limit` times. */
bool step_to_end(struct rig *g, unsigned limit, struct text *why);

/* Programs made by a deterministic generator: `seed` names one. */
enum table_outcome random_run(unsigned mode, uint32_t seed, struct text *why);

#endif
