/*
 * The bridge between gdb's remote protocol (debug/gdb_server.h) and the debugger: the operations that a
 * session needs.
 */
#ifndef RINGSIDE_MONITOR_GDB_BRIDGE_H
#define RINGSIDE_MONITOR_GDB_BRIDGE_H

#include "monitor/debugger.h"

#include "debug/gdb_server.h"

/* A session whose operations act on `d`. NULL with *e for lack of memory. */
struct gdb_session *gdb_bridge_create(struct debugger *d, struct err *e);

#endif
