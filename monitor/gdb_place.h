/*
 * Where gdb connects to: `[HOST:]PORT` as people write it, and a socket that listens there.
 */
#ifndef RINGSIDE_MONITOR_GDB_PLACE_H
#define RINGSIDE_MONITOR_GDB_PLACE_H

#include "base/err.h"

#include <stddef.h>

struct gdb_place {
    char text[80]; /* in numbers: "127.0.0.1:1234", "[::1]:1234" */
    unsigned port;
};

/* A listening socket (the caller's) and where it is. -1 with *e. */
NODISCARD int gdb_place_listen(const char *where, struct gdb_place *p, struct err *e);

/* Takes `where` apart: host "127.0.0.1" when it names none. -1 with *e unless it is PORT, :PORT, HOST:PORT or
 * [ADDRESS]:PORT with a port up to 65535. */
enum { GDB_HOST_MAX = 256, GDB_PORT_MAX = 6 };
NODISCARD int gdb_place_parse(const char *where, char host[GDB_HOST_MAX], char port[GDB_PORT_MAX],
                              struct err *e);

#endif
