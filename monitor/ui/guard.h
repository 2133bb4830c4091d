/*
 * The guard of the terminal: it gives the terminal back when this process dies in a way that leaves no time
 * for that.  Signals that mean a crash write the sequences that restore it, with nothing but
 * async-signal-safe calls; for SIGKILL, which nobody can catch, a child process waits for the end of a pipe.
 */
#ifndef RINGSIDE_MONITOR_UI_GUARD_H
#define RINGSIDE_MONITOR_UI_GUARD_H

#include "base/err.h"

struct guard;

/* After curses has taken the terminal (it knows the sequences), before any thread is made. NULL with *e. */
struct guard *guard_open(struct err *e);
/* The terminal has been given back: lets go. NULL is fine. */
void guard_close(struct guard *g);

#endif
