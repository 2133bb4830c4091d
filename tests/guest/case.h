/*
 * What a case of a small guest expects (script.h), against what came. Each prints what is not as it should
 * be. The directives are explained in guest_case.c.
 */
#ifndef RINGSIDE_TESTS_CASE_H
#define RINGSIDE_TESTS_CASE_H

#include "proc.h"
#include "script.h"

/* `status`, and that every step of the script was reached. */
bool case_status_right(const struct script *s, int number, const struct proc *p);

/* `out`, `silent` and `err`. */
bool case_console_right(const struct script *s, int number, const struct proc *p);

/* `see`, `never`, `count` and `least`, over the events of a trace. */
bool case_events_right(const struct script *s, int number, const char *trace);

#endif
