/*
 * The run loop's inside: the state its files share.  Nothing outside src/run includes this.
 */
#ifndef RINGSIDE_RUN_INSIDE_H
#define RINGSIDE_RUN_INSIDE_H

#include "run/run.h"
#include "vm/gva_memo.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

/* The signal that gets a thread out of KVM_RUN. Its handler finds kvm_run in the signal's value. */
#define RUN_KICK_SIGNAL (SIGRTMIN + 3)

/* What the loop does after an exit was handled. */
enum verdict {
    GO_ON,
    PAUSE, /* back to the debugger: r->pause says why */
    END,   /* result.status is set */
};

/* An instruction found before (locate_cache.c). */
enum { LOCATE_CACHE_LEN = 64, INSN_MAX = 15, LOCATE_WINDOW = 48 };
struct located {
    uint64_t linear, cr3;    /* where RIP was, under which page tables */
    uint64_t what;           /* which access it was: direction, size, port */
    const uint8_t *host;     /* the instruction's bytes in guest memory … */
    uint8_t bytes[INSN_MAX]; /* … which must still be these */
    uint8_t len;
    uint8_t back; /* how far before RIP it starts */
    bool string;
};

/* The instruction about to be stepped, as far as stepping cares. */
enum step_kind {
    STEP_PLAIN,
    STEP_HLT,
    STEP_PUSHF,       /* pushes the trap flag: its copy is mended */
    STEP_LOADS_FLAGS, /* POPF, IRET, SYSRET: loses it */
    STEP_SYSTEM,      /* KVM may carry it out itself and lose it */
    STEP_INT,         /* INT n, INT3, INTO: would push it */
    STEP_STI,
    STEP_LOADS_SS, /* MOV SS, POP SS */
    STEP_SYSCALL,  /* copies it to R11 */
};
struct run_insn {
    enum step_kind kind;
    uint64_t rip, rsp, rcx, cr2; /* before it */
    uint64_t seq;                /* how many events came before it */
    uint8_t code[INSN_MAX];
    uint8_t n;      /* how many bytes of it could be read */
    uint8_t len;    /* for the kinds other than PLAIN and LOADS_SS: its length */
    uint8_t width;  /* operand size in bytes: what a PUSHF pushes */
    uint8_t vector; /* of an INT */
    bool rep;       /* a REP string instruction */
    bool tf;        /* the guest's own trap flag: it shall see a #DB after this instruction */
    bool popped_tf; /* … as POPF or IRET will find it on the stack */
    uint8_t bits, mode_cpl;
    uint16_t cs;
};

struct run {
    struct machine *machine;
    struct run_options options;
    struct kvm_vcpu vcpu;
    bool sync_regs; /* registers come with the exit; else they are fetched */
    bool observed;  /* somebody wants events: with their place, mode and times */
    bool forgetful; /* an AMD CPU: this host resets the registers at a shutdown: keep them at every exit */
    bool has_sregs; /* run_sregs() is of this exit, not of an earlier one */
    struct run_result result;

    struct event_sink sink[RUN_SINKS_MAX];
    size_t sink_count;
    struct ring last_events;
    struct run_cpu last_cpu; /* state at the exit before the current one, or the final one */
    void (*tick)(void *ctx, uint64_t time_ns);
    void *tick_ctx;
    void (*describe)(unsigned bits, uint64_t rip, const uint8_t *code, size_t n, struct text *out);
    int (*take_input)(void *ctx, uint8_t *bytes, size_t n);
    void *input_ctx;
    bool input_over;    /* no byte will ever come again */
    bool input_waiting; /* input_byte has been taken and found no room yet */
    uint8_t input_byte;

    uint64_t start_ns;     /* host time when the loop began */
    uint64_t start_cpu_ns; /* the thread's CPU time then */
    uint64_t left_ns;      /* host time when the last exit had been handled */
    uint64_t seq;

    bool in_flight;         /* the last exit completes only on the next entry */
    bool fault_due;         /* … and will then raise an exception */
    bool stepping;          /* KVM_GUESTDBG_SINGLESTEP is set */
    struct run_insn insn;   /* the instruction being stepped, as it was looked at */
    bool step_again;        /* the trap flag may be gone: switch stepping on anew before the next entry */
    bool look_again;        /* an interrupt was delivered by hand: look at its handler before entering */
    bool halt_owed;         /* the net's HLT was met under the trap flag: this host may report it yet */
    bool step_turn;         /* an instruction has been looked at and is being stepped */
    bool step_done;         /* the instruction was completed by hand: no entry is needed */
    bool guest_tf;          /* while stepping: RFLAGS.TF as the guest has set it; KVM shows it as 0 then */
    bool caught;            /* the step ended in an exception's handler */
    bool shadow;            /* … and casts an interrupt shadow over the next one */
    struct fault_net *net;  /* step_net.c; NULL until the first step */
    struct gva_memo *walks; /* of the page tables: stepping walks to the same pages again and again */

    /* In a debugger's hands (hands.c). */
    bool in_hands; /* run_begin was called: there is somebody to come back to */
    bool held;     /* a run_step is under way */
    bool hold_interrupts, wake_by_interrupt;
    bool asleep; /* HLT was executed, and nothing has woken the CPU yet */
    struct run_pause pause;
    struct run_breaks breaks;
    uint8_t patched[RUN_PATCHES_MAX]; /* what the INT3s stand over while the guest is inside KVM_RUN */
    bool can_block;                   /* KVM_GUESTDBG_BLOCKIRQ exists */
    bool watching;                    /* KVM knows of breakpoints now */
    bool debug_stale;                 /* KVM_SET_GUEST_DEBUG does not know of the present breakpoints */
    struct ring last_steps;
    signed char able[ABLE_COUNT]; /* 0: not known yet, 1: yes, -1: no */
    uint64_t paused_at_ns;
    void (*visit)(void *ctx);
    void *visit_ctx;
    atomic_bool pause_asked;

    int out_late; /* more than 0: this kernel leaves RIP at an OUT until the next entry: see locate.c */
    struct located located[LOCATE_CACHE_LEN];
    uint64_t timer_armed_ns;

    /* Wishes from outside. */
    atomic_int stop;
    atomic_bool woken;
    int wake_fd;
    atomic_bool has_thread;
    pthread_t thread;
    bool has_timer;
    timer_t timer;
};

/* ---- the loop (run.c) ---- */

NODISCARD int run_start(struct run *r, struct err *e);
/* One turn: at most one entry into the guest. *failed becomes -1 when KVM itself failed; then the verdict is
 * END. */
enum verdict run_turn(struct run *r, struct err *e, int *failed);
/* The run has ended: the last state is kept and the result filled. */
void run_conclude(struct run *r);

/* ---- registers (vcpu_state.c): the copy that came with the exit, and how to change it ---- */

static inline struct kvm_regs *run_regs(const struct run *r)
{
    return &r->vcpu.run->s.regs.regs;
}

static inline struct kvm_sregs *run_sregs(const struct run *r)
{
    return &r->vcpu.run->s.regs.sregs;
}

/* Before an entry: says which registers are to come with the exit. Special registers cost the kernel more
 * than the rest of a short exit, so they come only when an event, a step or a post-mortem needs them. */
void vcpu_state_choose(struct run *r);
/* After an entry on a host without KVM_CAP_SYNC_REGS: fetches both. */
NODISCARD int vcpu_state_fetch(struct run *r, struct err *e);
/* Makes run_sregs() current. */
NODISCARD int vcpu_state_need_sregs(struct run *r, struct err *e);
/* What was changed in run_regs()/run_sregs() is to be the guest's at the next entry. */
NODISCARD int vcpu_state_store(struct run *r, bool sregs_too, struct err *e);
/* KVM_SET_SREGS with run_sregs(), now. */
NODISCARD int vcpu_state_put_sregs(struct run *r, struct err *e);
/* For who shows them: TR as a loaded one looks. */
void vcpu_state_show_busy(const struct run *r, struct kvm_sregs *s);

static inline struct gva_context run_gva_context(const struct run *r)
{
    return gva_context_of(run_regs(r), run_sregs(r));
}

/* Reads up to n code bytes at CS:`rip`; returns how many are there. */
size_t run_read_code(const struct run *r, uint64_t rip, uint8_t *buf, size_t n);

/* ---- events (emit.c) ---- */

/* Fills who, where and when of an event for an exit that arrived at `now_ns`. */
void event_begin(const struct run *r, struct event *ev, enum event_kind kind, uint64_t now_ns);
/* Closes it (sequence number, handling time) and gives it to the ring and the sinks. */
void event_end(struct run *r, struct event *ev);
/* Ringside's own event: an instruction was stepped (for --trace-steps). */
void event_step(struct run *r);
/* Ringside's own event, at the current place, that took no time: an interrupt is given to the guest. */
void event_irq(struct run *r, unsigned vector, unsigned line);

/* ---- the exit table (exits.c) ---- */

/* Decodes and handles what kvm_run holds; the event is emitted. */
enum verdict exit_dispatch(struct run *r, uint64_t now_ns, struct err *e);

/* Ends the run. Always returns END. */
enum verdict run_end(struct run *r, enum run_status status, int exit_code, const char *fmt, ...) PRINTF(4, 5);

/* ---- finding the instruction behind an exit (locate.c) ---- */

/* RIP of the IN/OUT that made this KVM_EXIT_IO, or of the instruction behind a KVM_EXIT_MMIO, when it can be
 * found in guest memory; returns false and leaves *rip at the current RIP otherwise. */
bool locate_io(struct run *r, bool out, unsigned size, uint16_t port, uint32_t count, uint64_t *rip,
               bool *string);
bool locate_mmio(struct run *r, bool write, unsigned size, uint64_t gpa, uint64_t *rip);
/* The bytes before RIP: fills the buffer from its start and returns how many there are; the last one lies at
 * RIP - 1. */
size_t locate_window(const struct run *r, uint8_t code[LOCATE_WINDOW]);
/* Which of the lengths in `candidates` (bit n = n bytes) the instruction that ends after code[n-1] most
 * likely has; 0 for none. */
unsigned locate_vote(const struct run *r, const uint8_t *code, size_t n, unsigned candidates);
/* The remembered answer for this access at the current RIP, or NULL; and remembering one. */
const struct located *located_find(const struct run *r, uint64_t what);
void located_keep(struct run *r, uint64_t what, unsigned back, unsigned len, bool string);

/* ---- instruction assist (assist.c) ---- */

/* Completes the instruction KVM would not, and turns `ev` into an event of kind assist. 1 done, 0 not one of
 * ours (or its operands are not there), -1 KVM failed. */
NODISCARD int assist_complete(struct run *r, struct event *ev, struct err *e);

/* ---- interrupts and sleep (interrupts.c) ---- */

/* Before an entry: hands a pending interrupt to the vCPU or asks for the window. */
NODISCARD int interrupts_inject(struct run *r, struct err *e);
/* Could anything wake a CPU that sleeps now? */
bool interrupts_can_wake(const struct run *r);
/* HLT: waits for something that can wake the CPU. */
enum verdict interrupts_sleep(struct run *r);
/* With KVM's irqchip a HLT sleeps inside KVM_RUN. After an entry that was cut short: ends the run when the
 * CPU sleeps for good, and under the steps clock takes time to what will wake it. */
enum verdict interrupts_asleep_in_kernel(struct run *r);

/* ---- delivering an interrupt by hand (deliver.c) ---- */

/* Does what the CPU does for vector `n` (Intel SDM, "Interrupt and Exception Handling"): frame, flags, gate.
 * 1 done, 0 when it would fault (nothing is changed): let KVM do it. */
NODISCARD int deliver_vector(struct run *r, unsigned vector, uint64_t return_rip, struct err *e);

/* Delivers #DB for a single step of the guest's own (DR6.BS). Results as above. */
NODISCARD int deliver_trap(struct run *r, struct err *e);
/* The same for INT n of the guest's, with the gate's privilege check: 0 also when the CPU would fault. */
NODISCARD int deliver_software(struct run *r, unsigned vector, uint64_t return_rip, struct err *e);

/* ---- single-stepping (step.c) ---- */

/* Before an entry: switches to or from stepping, as the debugger, the clock and the budget ask and the next
 * instruction allows. PAUSE when this host cannot step here. */
enum verdict step_choose(struct run *r, struct err *e);
/* After it: takes our trap flag out of what a PUSHF pushed. */
void step_mend(struct run *r);
void flag_mend(const struct run *r, uint64_t linear);
/* False when the instruction is known not to be able to raise an exception (step_fault.c). */
bool step_may_fault(const struct run_insn *insn, const struct kvm_sregs *s);
/* After a step that did not go on to the next instruction: which exception's or interrupt's handler it is in,
 * or RUN_NO_VECTOR. */
int step_landed(const struct run *r);
/* Has the REP string instruction being stepped nothing left to do? */
bool step_rep_over(const struct run *r);
/* A step is complete. */
enum verdict step_finished(struct run *r);

/* Instructions that are done by hand, since the CPU would show the trap flag or run one more (step_hand.c): 1
 * done, 0 not (let the CPU do it, or fault), -1 KVM failed. */
NODISCARD int step_by_hand(struct run *r, struct err *e);

/* ---- exception handlers (step_land.c) ---- */

/* Where a vector leads: the handler's CS:RIP and linear address; `user`: it runs at ring 3. */
struct handler {
    uint64_t rip, linear;
    uint16_t cs;
    bool user;
};
/* False when the gate is missing, not present or leads to no code. */
bool handler_of(const struct run *r, unsigned vector, struct handler *h);
/* Linear address of a word of the exception frame that RSP points to: 0 is the error code or the return
 * address. */
uint64_t frame_word(const struct run *r, unsigned index);
bool exception_has_code(unsigned vector);
/* Reads guest memory as the CPU reads its tables. */
size_t supervisor_read(const struct run *r, uint64_t linear, void *buf, size_t n);

/* ---- the net that catches exceptions where their handlers begin (step_net.c) ---- */

/* Before an entry that steps r->insn: puts the traps out; after it: takes them back. */
NODISCARD int net_spread(struct run *r, struct err *e);
void net_gather(struct run *r);
/* Did the step end in a trap? 1: RIP is at the handler now; 0 no; -1 KVM failed. */
NODISCARD int net_caught(struct run *r, struct err *e);
/* A software-backed KVM that met the net's HLT under the trap flag reports it at its next exit without that
 * flag, or goes to sleep there, wherever the guest is by then. Is the HLT that it tells of such a one? The
 * guest's own is the byte before RIP. */
bool net_halt_is_stale(struct run *r);
/* Is this where a handler begins that can be caught? */
bool net_knows(const struct run *r, uint64_t rip);
/* Tables or mappings may have changed. */
void net_invalidate(struct run *r);

/* ---- breakpoints (breaks.c) ---- */

/* Tells KVM what to watch: single-step or not, and the breakpoints unless a step is under way. */
NODISCARD int breaks_apply(struct run *r, bool stepping, struct err *e);
/* Are any set? */
bool breaks_wanted(const struct run *r);
/* Around KVM_RUN: puts INT3s into guest memory and takes them out. */
void breaks_patch(struct run *r);
void breaks_unpatch(struct run *r);
/* A debug exit: PAUSE when it is a breakpoint of ours, GO_ON for a step. An INT3 of the guest's own is
 * delivered to it. */
enum verdict breaks_hit(struct run *r, struct err *e);
/* Is there an INT3 of ours at RIP? */
bool breaks_patch_at_rip(const struct run *r);
/* The next instruction may be done by hand, where the CPU would not see a breakpoint at it: PAUSE when there
 * is one. */
enum verdict breaks_before_hand(struct run *r);

/* ---- wishes from outside (control.c) ---- */

NODISCARD int control_init(struct run *r, struct err *e);
void control_fini(struct run *r);
/* On the vCPU's thread, at the start of the loop. */
NODISCARD int control_attach(struct run *r, struct err *e);
void control_detach(struct run *r);
/* Serves the wishes; END when one was to stop, PAUSE when the debugger asked for the guest. */
enum verdict control_serve(struct run *r);
/* Gets the vCPU's thread out of KVM_RUN, or out of its sleep. */
void control_kick(struct run *r);
/* Sets the timer that gets the vCPU out of KVM_RUN at the machine's next deadline (real clock only). */
void control_arm(struct run *r);
/* Sleeps until a wish, or until host time `until_ns` (UINT64_MAX: no limit). */
void control_wait(struct run *r, uint64_t until_ns);
/* Moves console input into the machine as far as there is room. */
void control_input(struct run *r);

#endif
