/*
 * Running a guest: the loop around KVM_RUN.  One thread enters the guest; each time KVM hands back control,
 * the exit is decoded into an event, handled by the machine, completed and given to the sinks.  Other threads
 * never touch the vCPU: they leave a wish (stop, tick, console input) and kick it out of KVM_RUN.
 *
 *   run_create → run_loop (on the vCPU's thread) → run_result / run_post_mortem facts → run_destroy
 */
#ifndef RINGSIDE_RUN_RUN_H
#define RINGSIDE_RUN_RUN_H

#include "base/ring.h"
#include "event/event.h"
#include "machine/machine.h"
#include "vm/image.h"

enum { RUN_SINKS_MAX = 4, RUN_RING_EVENTS = 64, RUN_RING_STEPS = 4096 };

/* How a run ended; names are promised to other programs (run --json, the trace's footer). */
#define RUN_STATUSES(X)                                                                                      \
    X(RUNNING, "running")                                                                                    \
    X(HALTED, "halted")                                                                                      \
    X(POWEROFF, "poweroff")                                                                                  \
    X(DEBUG_EXIT, "debug-exit")                                                                              \
    X(BUDGET, "budget")                                                                                      \
    X(TRIPLE_FAULT, "triple-fault")                                                                          \
    X(ERROR, "error")                                                                                        \
    X(INTERRUPTED, "interrupted")
enum run_status {
#define RUN_ENUM(name, text) RUN_##name,
    RUN_STATUSES(RUN_ENUM)
#undef RUN_ENUM
};
const char *run_status_name(enum run_status s);

/* Why somebody outside wants the run to end. */
enum run_stop { STOP_NONE, STOP_QUIT, STOP_SIGINT, STOP_SIGTERM, STOP_SIGHUP, STOP_SIGQUIT, STOP_TIMEOUT };

struct run_options {
    uint64_t max_exits; /* 0 = no limit */
    uint64_t max_steps; /* 0 = no limit; else the whole run is single-stepped */
    bool trace_steps;   /* the whole run is single-stepped, and every instruction is an event of kind step */
};

/* Everything that is known when the loop has ended. */
struct run_result {
    enum run_status status;
    int exit_code;    /* for the process: DESIGN's list */
    char reason[256]; /* a sentence */
    uint64_t exits;   /* exits to user space */
    uint64_t events;  /* exits and Ringside's own events */
    uint64_t steps;   /* instructions single-stepped */
    uint64_t by_kind[EVENT_KIND_MAX];
    uint64_t elapsed_ns; /* host time from the first entry to the end */
    uint64_t cpu_ns;     /* CPU time the vCPU's thread used in it, the guest's own included */
    enum cpu_mode mode;
    uint64_t rip;
};

struct run;

/* Creates the vCPU in the state `start` asks for. The machine is borrowed and must outlive the run. */
struct run *run_create(struct machine *m, const struct run_options *o, const struct cpu_start *start,
                       struct err *e);
void run_destroy(struct run *r);

/* Adds a sink; before run_loop. */
void run_add_sink(struct run *r, struct event_sink sink);

/* Called on the vCPU's thread about ten times a second and before it sleeps: write out what was held back. */
void run_set_tick(struct run *r, void (*tick)(void *ctx, uint64_t time_ns), void *ctx);

/* How to put an instruction into words, for the reason of a run that ends at one: `describe` appends to
 * `out`. */
void run_set_describe(struct run *r, void (*describe)(unsigned bits, uint64_t rip, const uint8_t *code,
                                                      size_t n, struct text *out));

/* Where console input comes from: `take` fills up to n bytes and returns how many, or -1 for "never again"
 * (until this is called again: before the run, or on the vCPU's thread while the guest stands). A byte the
 * machine has no room for yet is kept and offered again. */
void run_set_input(struct run *r, int (*take)(void *ctx, uint8_t *bytes, size_t n), void *ctx);

/* Runs until the guest has ended, a budget is spent or somebody stops it. Fills run_result(). Returns 0, or
 * -1 when KVM itself failed (then *e says how and the result's status is ERROR). */
NODISCARD int run_loop(struct run *r, struct err *e);

const struct run_result *run_result(const struct run *r);

/* From any thread or a signal handler: end the run as soon as possible. */
void run_stop(struct run *r, enum run_stop why);
/* From any thread: console input is there, or time to write out what is held back. */
void run_wake(struct run *r);

/* ---- a run in a debugger's hands ----
 *
 * Instead of run_loop, one thread calls run_begin, then run_step and run_go as it likes, then run_finish.
 * Whenever one of them returns, the last access is complete and the registers are the guest's own. */

enum run_paused {
    PAUSED_STEP,    /* one instruction was executed, or one iteration (or some) of a REP string instruction */
    PAUSED_BREAK,   /* an execution breakpoint of run_set_breaks at RIP: it has not been executed */
    PAUSED_WATCH,   /* a data breakpoint: the access has been made */
    PAUSED_ASKED,   /* run_ask_pause */
    PAUSED_ENDED,   /* the run is over: run_result says how */
    PAUSED_REFUSED, /* this host cannot step here; nothing was touched */
};

enum { RUN_NO_VECTOR = -1, RUN_SLOTS = 4, RUN_SLOT_PATCH = 4, RUN_PATCHES_MAX = 64 };

struct run_pause {
    enum run_paused why;
    unsigned slot;       /* BREAK, WATCH: which debug register; RUN_SLOT_PATCH: an INT3 */
    uint64_t iterations; /* STEP: of a REP string instruction, how many were done; else 1 */
    int vector;          /* STEP: the exception or interrupt it ended in the handler of; RUN_NO_VECTOR */
    bool interrupt;      /* that vector came from a device */
    bool asleep;         /* the CPU has executed HLT and waits for an interrupt */
    char refusal[160];   /* REFUSED: a sentence */
};

/* Makes the calling thread the vCPU's. */
NODISCARD int run_begin(struct run *r, struct err *e);
/* Executes exactly one instruction; interrupts are held back unless run_hold_interrupts(false), and an
 * exception ends the step at its handler's first instruction. A CPU asleep in HLT takes the interrupt that
 * wakes it instead. -1 when KVM itself failed: then the run has ended with status ERROR. */
NODISCARD int run_step(struct run *r, struct run_pause *p, struct err *e);
/* Runs until something of enum run_paused happens. A breakpoint at the current RIP is hit at once: step off
 * it first. */
NODISCARD int run_go(struct run *r, struct run_pause *p, struct err *e);
/* The run is over or given up: fills run_result (a run that had not ended: `status`). */
void run_finish(struct run *r);
bool run_has_ended(const struct run *r);

void run_hold_interrupts(struct run *r, bool hold);

/* From any thread, a sink or a signal handler: run_go and run_step return soon (at once when the guest is
 * inside KVM_RUN) with PAUSED_ASKED. A request holds until then, or until it is taken back. */
void run_ask_pause(struct run *r);
void run_forget_pause(struct run *r);
/* Called on the vCPU's thread between two entries after run_wake: somebody may be at the door. */
void run_set_visit(struct run *r, void (*visit)(void *ctx), void *ctx);

/* The standing guest's registers, and changing them (sregs may be NULL). */
NODISCARD int run_read_cpu(struct run *r, struct kvm_regs *regs, struct kvm_sregs *sregs, struct err *e);
NODISCARD int run_write_cpu(struct run *r, const struct kvm_regs *regs, const struct kvm_sregs *sregs,
                            struct err *e);
/* The vCPU, for the registers that are not in the copy (MSRs, debug registers, FPU), while the guest stands.
 */
const struct kvm_vcpu *run_vcpu(const struct run *r);

/* What this host can do, found by a probe at the first call (milliseconds each). */
enum run_ability {
    ABLE_STEP_USER,  /* single-step at CPL 3 */
    ABLE_BREAK,      /* execution breakpoints in debug registers, CPL 0 */
    ABLE_BREAK_USER, /* … CPL 3 */
    ABLE_WATCH,      /* data breakpoints, CPL 0 */
    ABLE_WATCH_USER, /* … CPL 3 */
    ABLE_PATCH,      /* INT3 in guest memory comes to us, CPL 0 */
    ABLE_PATCH_USER, /* … CPL 3 */
    ABLE_COUNT
};
bool run_able(struct run *r, enum run_ability a);

/* What the CPU watches while run_go runs. Replaces what was set. */
enum run_slot_kind { SLOT_FREE, SLOT_EXECUTE, SLOT_WRITE, SLOT_ACCESS };
struct run_breaks {
    struct {
        enum run_slot_kind kind;
        uint64_t linear;
        uint8_t len; /* data: 1, 2, 4 or 8, and `linear` a multiple of it */
    } slot[RUN_SLOTS];
    /* Physical addresses of instructions that get an INT3 while the guest is inside KVM_RUN, and only then.
     */
    uint64_t patch_gpa[RUN_PATCHES_MAX];
    size_t patch_count;
};
NODISCARD int run_set_breaks(struct run *r, const struct run_breaks *b, struct err *e);

/* The last instructions that were single-stepped, newest first through ring_back(). */
struct run_step_record {
    uint64_t rip, event_seq; /* event_seq: how many events came before it */
    uint16_t cs;
    uint8_t bits, mode_cpl; /* as in struct event */
    uint8_t len, code[15];  /* the bytes, as many as could be read (at most 15); len 0: none */
};
const struct ring *run_last_steps(const struct run *r);

/* For a sink, while it is given an event that knows its CPU: the special registers at that event. */
const struct kvm_sregs *run_event_sregs(const struct run *r);

/* KVM's own counters of this VM and vCPU (see kvm_stats_read), after the loop; the array is the caller's. */
NODISCARD int run_counters(const struct run *r, struct kvm_stat **out, size_t *n, struct err *e);

/* For a post-mortem, after the loop: the last events, newest first through ring_back(), and the last state
 * that is known to be the guest's own. */
const struct ring *run_last_events(const struct run *r);
struct run_cpu {
    struct kvm_regs regs;
    struct kvm_sregs sregs;
    bool from_last_exit; /* the backend reset the registers at the shutdown: this is the state one exit
                            earlier */
};
const struct run_cpu *run_last_cpu(const struct run *r);

/* Every KVM exit reason has a row; this counts them, for the test that compares it with linux/kvm.h. */
bool run_handles_exit(unsigned reason);

#endif
