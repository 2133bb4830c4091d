/*
 * What is said when a run has ended: a line for people, an object for programs.
 */
#ifndef RINGSIDE_SUMMARY_H
#define RINGSIDE_SUMMARY_H

#include "base/text.h"
#include "run/run.h"

/* `halted after 123 exits in 4.5 ms: the guest halted with interrupts off`. */
void summary_line(const struct run_result *r, struct text *out);

/* The promised object of `run --json` and a newline; `trace` may be NULL. */
void summary_json(const struct run_result *r, const char *trace, struct text *out);

#endif
