/*
 * The front end of a debugger: commands come from -x, --script, a pipe or the prompt, go through the door to
 * the vCPU's thread, and their answers are shown.  It lives on the main thread, which also keeps signals,
 * keys and the time limit (keeper.h).
 */
#ifndef RINGSIDE_FRONT_H
#define RINGSIDE_FRONT_H

#include "session.h"

/* Executes the startup files, then what the options say, then what is typed or piped in, until somebody quits
 * or the input ends. The session is open and connected. Returns the exit status. */
int front_shell(struct session *s, bool terminal);

/* `run` with a debugger: executes what the options say at the first instruction and lets the guest run to its
 * end. Answers go to stderr, since stdout is the guest's. Returns the exit status. */
int front_run(struct session *s);

#endif
