/*
 * What the files of the gdb server share, and nobody else.
 */
#ifndef RINGSIDE_DEBUG_GDB_INSIDE_H
#define RINGSIDE_DEBUG_GDB_INSIDE_H

#include "debug/gdb_server.h"

/* Breakpoints and watchpoints that one client may set. */
enum { GDB_BREAKS_MAX = 256, GDB_WATCH_LEN_MAX = 4096 };

/* What a handler may return besides an enum gdb_error. */
enum { GDB_DONE = 0, GDB_SILENT = -1 };

struct gdb_break_set {
    enum gdb_break type;
    uint64_t addr, len;
};

struct gdb_session {
    const struct gdb_ops *ops;
    void *ctx;
    unsigned vcpus;
    const struct guest_memory *memory;
    unsigned vcpu, run_vcpu; /* what `Hg` and `Hc` chose */
    bool run_all;            /* `Hc-1` */
    bool tells_breaks[2];    /* the client knows swbreak, hwbreak */
    bool over;               /* the client has taken its leave */
    struct gdb_stop stop;    /* how the guest last came to stand */
    bool death_shown;        /* the client has seen the dead guest and wants to go on */
    size_t packet;           /* where the open packet of the reply begins */
    struct gdb_cpu cpu;
    struct gdb_break_set set[GDB_BREAKS_MAX];
    size_t set_count;
    uint8_t bytes[GDB_PACKET_MAX / 2 + 1];
};

/* One row of the packet table: what it begins with (or is, when `whole`). The handler gets what follows; what
 * it appends is the answer's payload. */
struct gdb_packet_row {
    const char *prefix;
    bool whole;
    int (*run)(struct gdb_session *s, struct gdb_cursor *c, struct text *out);
};

/* Tables ended by a row without a prefix. */
extern const struct gdb_packet_row gdb_state_packets[], gdb_run_packets[], gdb_query_packets[];

/* Answers. */
int gdb_ok(struct text *out);
/* `E.` and a sentence, for what gdb shows as it comes. */
int gdb_say_error(struct text *out, const struct err *e);
/* Text for gdb to print, as packets of their own before the answer proper, of which nothing is written yet.
 */
void gdb_say(struct gdb_session *s, const char *words, size_t len, struct text *out);

/* A thread's number (hex, `-1` for all, 0 for any). False: none. *all (may be NULL): it was -1. */
bool gdb_take_thread(const struct gdb_session *s, struct gdb_cursor *c, unsigned *vcpu, bool *all);

/* Fills s->cpu with the parts. */
NODISCARD int gdb_cpu_load(struct gdb_session *s, unsigned vcpu, unsigned parts, struct err *e);
NODISCARD int gdb_cpu_store(struct gdb_session *s, unsigned vcpu, unsigned parts, struct err *e);

/* The client's breakpoint of one of the types `from` to `to` that covers the address, or NULL. */
const struct gdb_break_set *gdb_break_at(const struct gdb_session *s, enum gdb_break from, enum gdb_break to,
                                         uint64_t addr);
/* Takes away all that the client has set. */
void gdb_breaks_clear(struct gdb_session *s);

#endif
