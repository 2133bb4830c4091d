/*
 * gdb's remote protocol, the side that is asked: one session turns packets into calls of a table of
 * operations and their results into packets.  It knows no socket, no thread and no KVM_RUN: who owns the
 * connection cuts the bytes into packets (gdb_packet.h) and hands each to the vCPU's thread, which calls
 * gdb_handle there.  (The gdb manual, "Remote Protocol": "Packets", "Stop Reply Packets", "General Query
 * Packets".)
 *
 * All-stop mode only: while one vCPU is asked about, all stand.  A thread is a vCPU, and thread 1 is vCPU 0.
 * All addresses are linear; `rip` is one too (gdb_target.h).
 */
#ifndef RINGSIDE_DEBUG_GDB_SERVER_H
#define RINGSIDE_DEBUG_GDB_SERVER_H

#include "debug/gdb_packet.h"
#include "debug/gdb_target.h"

/* What `Exx` means. */
enum gdb_error {
    GDB_E_SYNTAX = 1, /* the packet is not what its first letters promise */
    GDB_E_NONE = 2,   /* no such thread, register or document */
    GDB_E_MEMORY = 3, /* no memory there, or none that can be written */
    GDB_E_REFUSED = 4 /* the operation failed */
};

/* What `Z` and `z` set, numbered as there. */
enum gdb_break {
    GDB_BREAK_SOFT,
    GDB_BREAK_HARD,
    GDB_WATCH_WRITE,
    GDB_WATCH_READ,
    GDB_WATCH_ACCESS,
    GDB_BREAK_TYPES
};

/* How the guest came to stand. */
enum gdb_stop_why {
    GDB_STOP_STOOD,   /* a step is done, or a reason that gdb has no word for */
    GDB_STOP_BREAK,   /* at a breakpoint; addr: its linear address. It need not be gdb's own */
    GDB_STOP_WATCH,   /* a watched access was made; addr: a byte of it */
    GDB_STOP_ASKED,   /* somebody asked for it: Ctrl-C */
    GDB_STOP_REFUSED, /* it never ran: this host cannot */
    GDB_STOP_EXITED,  /* the guest has ended as it wanted; code: its exit code */
    GDB_STOP_DIED     /* triple fault, or KVM gave up */
};

struct gdb_stop {
    enum gdb_stop_why why;
    unsigned vcpu;
    uint64_t addr;
    uint8_t code;
    char say[256]; /* a sentence that gdb shall print, or "" */
};

struct gdb_resume {
    bool step;     /* one instruction, of `vcpu` alone; else all go on */
    unsigned vcpu; /* the one that is stepped */
};

/*
 * The operations, all called on the vCPU's thread from inside gdb_handle. Those marked may be NULL; a failure
 * is -1 with *e.
 *
 * write_cpu gets sregs NULL when only the others have changed. It must refuse what the CPU would not accept.
 * read_memory returns how many bytes from `linear` on are there; write_memory writes all or nothing.
 * insert and remove: `len` is the number of bytes watched, 1 for a breakpoint. Never twice for the same.
 * resume returns when the guest stands again; *stop is all zeros before.
 * monitor executes a command of Ringside's own and appends its output, also when it fails.
 */
struct gdb_ops {
    int (*read_cpu)(void *ctx, unsigned vcpu, struct kvm_regs *regs, struct kvm_sregs *sregs, struct err *e);
    int (*write_cpu)(void *ctx, unsigned vcpu, const struct kvm_regs *regs, const struct kvm_sregs *sregs,
                     struct err *e);
    int (*read_fpu)(void *ctx, unsigned vcpu, struct kvm_fpu *fpu, struct err *e); /* NULL: not known */
    int (*write_fpu)(void *ctx, unsigned vcpu, const struct kvm_fpu *fpu, struct err *e); /* NULL: no */
    size_t (*read_memory)(void *ctx, unsigned vcpu, uint64_t linear, void *buf, size_t n);
    int (*write_memory)(void *ctx, unsigned vcpu, uint64_t linear, const void *buf, size_t n, struct err *e);
    int (*insert)(void *ctx, enum gdb_break type, uint64_t linear, uint64_t len,
                  struct err *e); /* NULL: no */
    int (*remove)(void *ctx, enum gdb_break type, uint64_t linear, uint64_t len,
                  struct err *e); /* as insert */
    int (*resume)(void *ctx, const struct gdb_resume *how, struct gdb_stop *stop, struct err *e);
    int (*monitor)(void *ctx, const char *command, struct text *out, struct err *e); /* NULL: no */
    void (*detach)(void *ctx); /* `D`: nobody debugs any more, let it run */
    void (*kill)(void *ctx);   /* `k`: end the guest */
};

struct gdb_session;

/* `ops`, `ctx` and `memory` (for the memory map; NULL: none) are borrowed. One session serves all clients of
 * its life, one after the other. NULL with *e for lack of memory. */
struct gdb_session *gdb_session_create(const struct gdb_ops *ops, void *ctx, unsigned vcpus,
                                       const struct guest_memory *memory, struct err *e);
void gdb_session_destroy(struct gdb_session *s); /* NULL is fine; touches no vCPU */

/* Two payloads that no client can send: the connection's owner says that a client has come or gone. Neither
 * has an answer. A client that goes without `D` or `k` leaves the guest as it stands; its breakpoints go with
 * it. */
#define GDB_CLIENT_CAME "\001"
#define GDB_CLIENT_GONE "\002"
#define GDB_CONTROL_LEN 1

/* Handles one payload (not escaped) and appends the answer, framed: mostly one packet, none for `k`, several
 * when there is something to print. Returns false when the client has taken its leave: the answer is the
 * last. */
bool gdb_handle(struct gdb_session *s, const char *payload, size_t len, struct text *reply);

/* Whether this payload lets the guest run, so that its answer may be long in coming. */
bool gdb_lets_run(const char *payload, size_t len);

#endif
