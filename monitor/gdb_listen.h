/*
 * The socket that gdb connects to (`--gdb [HOST:]PORT`).  Here are the connection, the framing and the
 * acknowledgments; each packet goes through the door (DOOR_GDB) to the vCPU's thread, which answers it with
 * gdb_handle (debug/gdb_server.h).  Whoever can connect owns the guest: there is no password in this
 * protocol, so it listens on the loopback address unless a host is named.
 *
 * What the thread behind the door owes: it gives each DOOR_GDB request to gdb_handle, and answers it with
 * failed NULL, or with any error when gdb_handle said false (then the client is hung up on once the answer
 * is sent); and it does not forget a door_interrupt that came just before the guest began to run.  The
 * listener clears what is left of one before the next packet.
 */
#ifndef RINGSIDE_MONITOR_GDB_LISTEN_H
#define RINGSIDE_MONITOR_GDB_LISTEN_H

#include "monitor/door.h"

struct gdb_listener;

/* Listens at `where`: PORT, :PORT, HOST:PORT or [::1]:PORT, with port 0 for any that is free. `door` is
 * borrowed. NULL with *e: not such a place, or it cannot be had. */
struct gdb_listener *gdb_listen_start(const char *where, struct door *door, struct err *e);

/* The place in numbers, as gdb's `target remote` takes it: "127.0.0.1:1234", "[::1]:1234". */
const char *gdb_listen_place(const struct gdb_listener *l);
unsigned gdb_listen_port(const struct gdb_listener *l);

/* Hangs up, ends both threads and frees it. Needs the door answered or closed meanwhile: not to be called on
 * the thread behind an open door. NULL is fine. */
void gdb_listen_stop(struct gdb_listener *l);

#endif
