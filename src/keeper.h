/*
 * The keeper: while the vCPU's thread runs the guest, this thread waits for everything else (signals, keys,
 * the time limit) and turns it into wishes for the run loop.
 */
#ifndef RINGSIDE_KEEPER_H
#define RINGSIDE_KEEPER_H

#include "console.h"
#include "run/run.h"

/* Runs `r` on a thread of its own until it has ended; `timeout_s` 0 is no limit. Signals INT, TERM, HUP and
 * QUIT end the run cleanly; the second one ends the process on the spot (terminal restored). Returns what
 * run_loop returned. */
NODISCARD int keeper_run(struct run *r, struct console *c, uint64_t timeout_s, struct err *e);

#endif
