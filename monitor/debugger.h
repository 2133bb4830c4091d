/*
 * The debugger: a run, what is set on it (breakpoints, settings) and what is known of it (symbols, the state
 * before the last step), behind a door.  It lives on the vCPU's thread: commands come through the door one by
 * one, and only there does anybody look at the vCPU.
 */
#ifndef RINGSIDE_MONITOR_DEBUGGER_H
#define RINGSIDE_MONITOR_DEBUGGER_H

#include "debug/disasm.h"
#include "debug/target.h"
#include "monitor/door.h"
#include "run/run.h"

struct stops;
struct counts;
struct feed;
struct gdb_session;

/* What `set NAME VALUE` changes. */
struct debugger_settings {
    enum disasm_syntax syntax;
    bool step_interrupts; /* `stepirq on` */
    bool ascii;           /* no characters beyond ASCII in answers */
    bool no_pager;        /* answers are never given to $PAGER */
};

/* Where the last x and u ended, for the next one without an address. */
struct debugger_place {
    char x_format[2]; /* format and unit that x was last told; zeros: nothing yet */
    bool x_physical;
    uint64_t x_next;
    bool u_going; /* u_next follows a listing that was made at u_rip */
    uint64_t u_next, u_rip;
};

/* All borrowed but what is said. */
struct debugger {
    struct run *run;
    struct machine *machine;
    const struct image *image;
    struct symbols *symbols; /* owned; NULL: none */
    struct stops *stops;     /* owned */
    struct door *door;       /* owned */
    struct debugger_settings settings;
    struct target now;    /* the standing guest */
    struct target before; /* the same before it last ran, for marking changes */
    struct event_names names;
    struct target was;       /* the same before the last instruction that was stepped */
    struct run_pause pause;  /* how it last came to stand */
    int end;                 /* enum drive_end */
    struct text stop;        /* that in a sentence */
    struct text why;         /* the sentences of the stops that were met */
    bool stop_met;           /* an event met one */
    bool reached;            /* drive_to came where it was to come */
    bool stop_at_fault;      /* an exception stops the guest that is stepped */
    bool pause_at_event;     /* the next event pauses the guest */
    struct event last_event; /* … that happened; has_event: in the last drive */
    bool has_event;
    bool in_commands;        /* the commands of a stop are being executed */
    struct gdb_session *gdb; /* owned */
    bool running;            /* a command lets the guest run right now */
    bool short_drive;        /* it runs for a few steps only: whoever is at the door can wait */
    bool visiting;           /* it is asked meanwhile */
    bool interrupted;        /* the visit found that somebody wants it to stop */
    bool let_run;            /* gdb has detached: the guest goes on by itself */
    bool lost;               /* KVM itself failed */
    bool quit;               /* no more commands */
    unsigned source_depth;   /* files being sourced */
    bool strict;             /* a failed command in a file ends that file */
    unsigned failures;       /* commands that failed, of scripts and -x */
    struct debugger_place place;
    const struct counts *counts; /* events so far; NULL: nobody counts */
    const struct feed *feed;     /* what a screen shows of them; NULL: nobody watches */
    bool tracing;                /* a trace is being written */
    const char *image_path;      /* for showing; NULL: not known */
    uint64_t stands;             /* how often the guest came to stand … */
    uint64_t stood_ns;           /* … and the machine's clock when it last did */
    /* Console input for the guest: returns how many bytes there was room for. NULL: there is no console. */
    size_t (*type)(void *ctx, const char *bytes, size_t n);
    void *type_ctx;
    /* On the vCPU's thread, each time that the guest came to stand and has not ended; d->now is current.
     * NULL: nobody wants to know. */
    void (*stood)(void *ctx, const struct target *now);
    void *stood_ctx;
};

/* Takes `symbols` (may be NULL). NULL with *e for lack of memory. */
struct debugger *debugger_create(struct run *run, struct machine *machine, const struct image *image,
                                 struct symbols *symbols, struct err *e);
void debugger_destroy(struct debugger *d);

/* On the vCPU's thread: the whole life, from power-on to the last command. With `paused` it first waits at
 * the door; else the guest runs until something stops it. Returns when a command said quit, the door was
 * closed, or (`until_end`) the guest has ended; 0, or -1 when KVM failed. */
NODISCARD int debugger_main(struct debugger *d, bool paused, bool until_end, struct err *e);

/* Makes d->now current, and stores into the vCPU what a command changed in it. */
NODISCARD int debugger_look(struct debugger *d, struct err *e);
NODISCARD int debugger_store(struct debugger *d, struct err *e);

/* Called on the vCPU's thread between two entries while the guest runs: answers what is at the door. */
void debugger_visit(void *debugger);

/* The style for disassembly that the settings ask for. */
struct disasm_style debugger_style(const struct debugger *d);

#endif
