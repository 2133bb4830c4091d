/*
 * A trace as evidence: its events as lines that are the same on every host, and what else must agree with it
 * (the summary of `run --json`, the verdict of `trace check`, a second run).
 */
#ifndef RINGSIDE_TESTS_EVIDENCE_H
#define RINGSIDE_TESTS_EVIDENCE_H

#include "base/text.h"

/* Appends a line an event, `MODE SENTENCE`. Left out is what a host does in its own way: instructions
 * completed by Ringside (assist), windows for an interrupt, and interruptions by signals. With `fold`, bytes
 * written in a row to one text register are one line, so that a golden file can be read: `long uart.THR ←
 * "tick 1\n"`. */
NODISCARD int evidence_lines(const char *trace, bool fold, struct text *out, struct err *e);

/* Two traces of runs that must have been the same: true when every event is, but for host times. Else prints
 * the first that is not. */
bool evidence_same(const char *trace, const char *again);

/* True when the JSON object of `run --json` says what the trace says; else prints what it should have said.
 */
bool evidence_agrees(const char *trace, const char *json);

/* True when `ringside trace check` finds the trace whole; or with `cut`, finds it cut and yet readable. */
bool evidence_checked(const char *ringside, const char *trace, bool cut);

#endif
