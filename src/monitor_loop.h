/*
 * The screen's loop: terminal, screen and model on the main thread, for a live guest or a trace.
 */
#ifndef RINGSIDE_MONITOR_LOOP_H
#define RINGSIDE_MONITOR_LOOP_H

#include "session.h"

/* A session that is open and connected, until the user leaves. Returns the exit status. */
int monitor_live(struct session *s);

/* Replays a trace. Returns the exit status. */
int monitor_trace(const char *path);

#endif
