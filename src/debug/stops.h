/*
 * What stops the guest: a table of breakpoints, watchpoints and event stops, and the question whether one of
 * them is met.  Pure data: how the CPU is made to notice (debug registers, INT3, stepping) is the business of
 * whoever runs it, who looks at the rows, and asks here each time the guest might have met one.
 */
#ifndef RINGSIDE_DEBUG_STOPS_H
#define RINGSIDE_DEBUG_STOPS_H

#include "debug/expr.h"
#include "debug/target.h"

/* X(enumerator, name in lists) */
#define STOPS_KINDS(X)                                                                                       \
    X(BREAK, "break")           /* execution at a linear address */                                          \
    X(BREAK_PHYS, "break phys") /* execution at a guest-physical address */                                  \
    X(WATCH, "watch")           /* access to a linear range */                                               \
    X(IO, "stop io")            /* a port access that left the guest */                                      \
    X(MMIO, "stop mmio")        /* a memory access that left the guest */                                    \
    X(MSR, "stop msr")          /* an MSR access that left the guest */                                      \
    X(MODE, "stop mode")        /* real, protected, compat, long */                                          \
    X(CR3, "stop cr3")                                                                                       \
    X(CR0, "stop cr0")                                                                                       \
    X(VECTOR, "stop vector") /* an interrupt or exception delivered */                                       \
    X(HLT, "stop hlt")                                                                                       \
    X(KIND, "stop kind")                                                                                     \
    X(ASSIST, "stop assist")                                                                                 \
    X(DEVICE, "stop device")
enum stops_kind {
#define STOPS_ENUM(name, text) STOPS_##name,
    STOPS_KINDS(STOPS_ENUM)
#undef STOPS_ENUM
        STOPS_KIND_COUNT
};

/* Directions: of an access to memory, a port or an MSR, as the guest sees it. */
enum { STOPS_IN = DIR_IN, STOPS_OUT = DIR_OUT, STOPS_ANY = DIR_IN | DIR_OUT };

enum { STOPS_WATCH_MAX = 4096, STOPS_MAX = 1024 };

/* What a stop is to be. `first` and `last` (inclusive) are: linear addresses (BREAK, WATCH; BREAK has one),
 * gpas (BREAK_PHYS, MMIO), ports (IO), MSR numbers (MSR), vectors (VECTOR); for KIND `first` is the event
 * kind, for ASSIST an assist_kind or 0 for all. The pointers are owned: stops_add takes them, and
 * stops_spec_fini frees those of a spec that was not added. */
struct stops_spec {
    enum stops_kind kind;
    uint64_t first, last;
    unsigned direction; /* STOPS_IN, OUT, ANY: of WATCH, IO, MMIO, MSR, DEVICE */
    bool once;          /* gone after the first stop */
    bool hardware;      /* only in a debug register (`hbreak`) */
    bool hidden;     /* internal (next, finish, until, gdb): in no list, and never has a number a user sees */
    uint64_t ignore; /* how many times it is passed before it stops */
    struct expr *condition;
    char *condition_text; /* as it was written */
    char *where;          /* as it was written: `main`, `boot64.S:42`; NULL: say the address */
    char *device;         /* of DEVICE */
};
void stops_spec_fini(struct stops_spec *spec);

struct stop {
    unsigned number; /* from 1, never given twice; hidden ones count from STOPS_HIDDEN_FIRST */
    bool enabled;
    bool met;   /* it has stopped the guest since the last stops_sweep */
    bool spent; /* once, and met: stops_sweep removes it */
    uint64_t hits;
    struct stops_spec what;
    char *commands;  /* to run on the stop, separated by newlines; NULL: none */
    bool looked;     /* WATCH: the next two hold something */
    uint8_t *seen;   /* the value last seen … */
    size_t seen_len; /* … as many bytes as could be read */
};
#define STOPS_HIDDEN_FIRST 0x80000000u

struct stops;
struct stops *stops_create(struct err *e);
void stops_destroy(struct stops *s); /* NULL is fine */

/* Takes what `spec` holds (also when it fails) and returns the number, or 0 with *e: too many, or a watch of
 * 0 or more than STOPS_WATCH_MAX bytes. `t` gives a watch its first value; NULL: none yet. */
unsigned stops_add(struct stops *s, struct stops_spec *spec, const struct target *t, struct err *e);

/* By number; 0 means all that a user sees. -1 with *e: no such number. */
NODISCARD int stops_delete(struct stops *s, unsigned number, struct err *e);
NODISCARD int stops_enable(struct stops *s, unsigned number, bool enabled, struct err *e);

/* Changes one. Condition "" and commands "" take them away. -1 with *e: no such number, or a bad expression.
 */
NODISCARD int stops_set_condition(struct stops *s, unsigned number, const char *text, const struct target *t,
                                  struct err *e);
NODISCARD int stops_set_commands(struct stops *s, unsigned number, const char *text, struct err *e);
NODISCARD int stops_set_ignore(struct stops *s, unsigned number, uint64_t ignore, struct err *e);

/* Removes those that are spent, and the `met` marks. */
void stops_sweep(struct stops *s);

/* The one with this number, or NULL; the i-th in order of making, hidden ones too, NULL past the end. Valid
 * until it is deleted. */
const struct stop *stops_find(const struct stops *s, unsigned number);
const struct stop *stops_row(const struct stops *s, size_t i);
/* How many of a kind are enabled (not spent): nothing of that kind can be met when 0. */
size_t stops_armed(const struct stops *s, enum stops_kind kind);

/* The table for `info break`, a kind's name (`break`, `stop io`), and one row's place in words: `0x100034
 * <main+4>`, `dword [0x8000]`, `0x3f8-0x3ff out`. */
void stops_list(const struct stops *s, const struct target *t, struct text *out);
const char *stops_kind_name(enum stops_kind kind);
void stops_where(const struct stop *stop, const struct target *t, struct text *out);

/*
 * Questions. Each looks at the enabled stops of its kinds; one that fits evaluates its condition, counts the
 * hit, and stops unless it is to be ignored some more times. A condition that cannot be evaluated stops, and
 * the sentence says why. The answer is the first that stops (before hidden ones), or NULL; all that stop have
 * `met` set. The sentence is appended to `why` (may be NULL): nothing for a hidden one.
 */

/* An event has come from the sinks: IO, MMIO, MSR, VECTOR (an interrupt given to the guest), HLT, KIND,
 * ASSIST, DEVICE. `t` is the state the condition sees; its event need not be set. */
const struct stop *stops_match_event(struct stops *s, const struct target *t, const struct event *ev,
                                     struct text *why);
/* The guest is about to execute what RIP points to: BREAK, BREAK_PHYS. */
const struct stop *stops_match_rip(struct stops *s, const struct target *t, struct text *why);
/* An instruction is known to have accessed [linear, linear+len): WATCH. `before` is the state the instruction
 * started from; NULL when it is not known. */
const struct stop *stops_match_access(struct stops *s, const struct target *before, const struct target *t,
                                      uint64_t linear, uint64_t len, unsigned direction, struct text *why);
/* Between two states: MODE, CR0, CR3, and WATCH for writing by comparing the memory with what was there
 * before. A write of the same value and a read are not seen so. */
const struct stop *stops_match_change(struct stops *s, const struct target *before, const struct target *t,
                                      struct text *why);
/* A step has ended in the handler of an exception (or, `interrupt`, of a device's interrupt): VECTOR. */
const struct stop *stops_match_vector(struct stops *s, const struct target *t, unsigned vector,
                                      bool interrupt, struct text *why);
/* The hardware says that this one was met (a debug register): no place is compared. */
const struct stop *stops_match_number(struct stops *s, unsigned number, const struct target *t,
                                      struct text *why);

/* Notes the value of all watched memory as it is now, so that what a user changes by hand is no hit. */
void stops_look(struct stops *s, const struct target *t);

/* What changed between two states and is worth telling, in one line: `CR0.PE set: real → protected`,
 * `CR3 0x1000 → 0x2000`. False and nothing appended when nothing did. */
bool stops_mode_sentence(const struct kvm_sregs *before, const struct kvm_sregs *now, struct text *out);

/*
 * From words to a spec. `verb` is the command: break tbreak hbreak thbreak watch rwatch awatch stop; `args`
 * what follows it.  `break` alone means the current instruction.  Ends in `if EXPR` where wanted.
 *
 *   break main   break *0x7c00   break boot64.S:42   break 0x7c0:0x10 (real mode)   break phys 0x1000
 *   watch dword [0x8000]   watch counter   watch 0x8000, 16   rwatch …   awatch …
 *   stop io 0x3f8-0x3ff out   stop mmio 0xb8000, 4000 write   stop msr 0xc0000080 write   stop mode   stop
 * cr3 stop cr0   stop vector 0x20   stop vector PF   stop hlt   stop kind io   stop assist [cpuid]   stop
 * device uart in
 *
 * -1 with *e: one line; then nothing is to be freed.
 */
NODISCARD int stops_parse(const char *verb, const char *args, const struct target *t, struct stops_spec *spec,
                          struct err *e);

#endif
