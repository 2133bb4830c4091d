/*
 * The event: what happened, in 64 bytes.  The run loop makes one of each VM exit after it has been handled (only
 * then are the value that an IN returned and the time the host took known) and hands it to the sinks: the trace file,
 * the ring of last events, counters.  Everything that is said later about a run is said from its events.
 *
 * An event holds numbers only.  Names of devices and registers belong to the machine and travel in the trace header
 * (struct event_names); event_sentence() is the one place where an event becomes words.
 */
#ifndef RINGSIDE_EVENT_EVENT_H
#define RINGSIDE_EVENT_EVENT_H

#include "base/text.h"
#include "event/kind.h"
#include "event/regs.h"

enum event_dir { DIR_NONE = 0, DIR_IN = 1, DIR_OUT = 2 }; /* as the guest sees it: IN/load is IN, OUT/store is OUT */

/* The CPU's operating mode (Intel SDM, "Modes of Operation"). V86 counts as protected. */
enum cpu_mode { MODE_REAL = 0, MODE_PROTECTED = 1, MODE_COMPAT = 2, MODE_LONG = 3 };
#define CPU_MODES 4

enum event_flag {
    EVENT_STRING = 1 << 0,    /* INS or OUTS: count items, value holds the first */
    EVENT_RIP_NEXT = 1 << 1,  /* rip is that of the next instruction: the start of this one was not found */
    EVENT_UNCLAIMED = 1 << 2, /* no device answered: reads give all ones */
    EVENT_STEPPED = 1 << 3,   /* happened under single-step */
    EVENT_VALUE = 1 << 4,     /* value is meaningful */
    EVENT_ADDR = 1 << 5,      /* addr is meaningful */
    EVENT_NO_CPU = 1 << 6,    /* rip, cs, mode and cpl are not known (lost in a shutdown, or none: a mark) */
};

/*
 * addr, value and detail by kind:
 *   io          addr = port, value = datum (first of count), count = items
 *   mmio        addr = gpa, value = datum
 *   msr_*       addr = MSR number, value = datum, detail = 1 when answered with #GP
 *   debug       addr = debug.arch.pc, value = DR6, detail = exception vector
 *   internal    value = first data word, detail = suberror, count = number of instruction bytes known
 *   hlt         detail = 1 when RFLAGS.IF was clear: nothing can wake this CPU
 *   shutdown    -
 *   fail_entry  value = hardware_entry_failure_reason
 *   system_event addr = type
 *   hypercall   addr = number, value = first argument
 *   irq         addr = vector, detail = line (0xffff for none), value = for how many ns of the machine's clock the line had been up
 *   assist      addr = its first 8 bytes (the first in the low byte), size = their number (it may be more),
 *               detail = assist_kind, value = its operand
 *   step        addr = its first 8 bytes (the first in the low byte), value = the bytes behind them, where it
 *               is longer (flag VALUE), size = how many bytes there are in both (at most 15; the
 *               instruction itself may be shorter, when it jumps or raised an exception)
 *   mark        addr = index of the text in the trace's mark table
 *   memory_fault addr = gpa, value = size
 *   others      value = first 8 bytes of what KVM says
 */
struct event {
    uint64_t seq;      /* 0 for the first event of the run, then one more each */
    uint64_t time_ns;  /* host time since the run began, when the exit reached user space */
    uint64_t rip;      /* of the instruction that caused it (see EVENT_RIP_NEXT), an offset in CS */
    uint64_t addr;     /* port, guest-physical address, MSR, vector */
    uint64_t value;    /* what was written, or what a read returned */
    uint32_t guest_ns; /* time inside KVM_RUN before this event (saturates) */
    uint32_t host_ns;  /* time Ringside took to handle it (saturates) */
    uint32_t count;    /* items of a string instruction, else 1 */
    uint16_t cs;       /* code segment selector */
    uint16_t detail;
    uint8_t kind;   /* enum event_kind */
    uint8_t device; /* index into event_names, 0 = none */
    uint8_t reg;    /* index into that device's registers, EVENT_NO_REG = none */
    uint8_t vcpu;
    uint8_t dir;   /* enum event_dir */
    uint8_t size;  /* bytes an item */
    uint8_t flags; /* enum event_flag */
    uint8_t mode_cpl; /* bits 0-1 mode, 4-5 CPL, of a step 2-3 the code's size */
};
_Static_assert(sizeof(struct event) == 64, "an event is one cache line");

#define EVENT_NO_REG 0xff

static inline enum cpu_mode event_mode(const struct event *ev)
{
    return (enum cpu_mode)(ev->mode_cpl & 3);
}

static inline unsigned event_cpl(const struct event *ev)
{
    return ev->mode_cpl >> 4 & 3;
}

static inline uint8_t event_mode_cpl(enum cpu_mode mode, unsigned cpl)
{
    return (uint8_t)(mode | cpl << 4);
}

/* Default operand and address size of the code, 16, 32 or 64 bits. A step says it (event_with_bits); for
 * other events it is what code of that mode mostly has. */
static inline unsigned event_code_bits(const struct event *ev)
{
    static const uint8_t usual[] = {16, 32, 32, 64};
    unsigned said = ev->mode_cpl >> 2 & 3;
    return said ? 8u << said : usual[event_mode(ev)];
}

static inline uint8_t event_with_bits(uint8_t mode_cpl, unsigned bits)
{
    return (uint8_t)(mode_cpl | (bits / 32 + 1) << 2);
}

/* `real`, `protected`, `compat`, `long`. */
const char *cpu_mode_name(enum cpu_mode mode);

/* A device as events and traces know it: index 0 is always "none". */
struct event_device {
    const char *name;    /* uart, pic0 … */
    const char *summary; /* 16550A serial port */
    const char *const *regs;
    size_t reg_count;
};

/* A name for a place in the guest's code or data. */
struct event_symbol {
    uint64_t addr, len; /* linear address; len 0: not known, then it reaches to the next symbol */
    const char *name;
};

/* The names an event's indices refer to. Whoever builds it owns it; it outlives the events it explains. */
struct event_names {
    const struct event_device *devices;
    size_t device_count;
    const char *const *marks; /* texts of marks */
    size_t mark_count;
    const struct event_symbol *symbols; /* by rising address; none when the guest brought none */
    size_t symbol_count;
};

/* `uart`, or "" for none or an index out of range. */
const char *event_device_name(const struct event_names *names, const struct event *ev);

/* `THR`, or "" where there is none. */
const char *event_reg_name(const struct event_names *names, const struct event *ev);

/* Where the event's instruction is as a linear address: rip, and in real mode CS * 16 + rip. Segments of protected mode
 * are taken to begin at 0, since an event does not hold their bases. */
uint64_t event_linear(const struct event *ev);

/* The symbol that a linear address lies in, with *offset into it; NULL when there is none. */
const struct event_symbol *event_symbol_at(const struct event_names *names, uint64_t addr, uint64_t *offset);

/* The name of the symbol in which the event happened, or "" when there is none or the place is not known. */
const char *event_symbol_name(const struct event_names *names, const struct event *ev);

/* What the assists are called: ev->detail of an assist event. "?" for an unknown number. */
const char *event_assist_name(unsigned detail);
#define ASSIST_KINDS(X)                                                                                      \
    X(NONE, "none")                                                                                          \
    X(INT, "int")                                                                                            \
    X(INT3, "int3")                                                                                          \
    X(INTO, "into")                                                                                          \
    X(STAC, "stac")                                                                                          \
    X(CLAC, "clac")                                                                                          \
    X(POPCNT, "popcnt")                                                                                      \
    X(CMPXCHG16B, "cmpxchg16b")                                                                              \
    X(RDTSCP, "rdtscp")                                                                                      \
    X(XGETBV, "xgetbv")                                                                                      \
    X(XSETBV, "xsetbv")                                                                                      \
    X(FXSAVE, "fxsave")                                                                                      \
    X(FXRSTOR, "fxrstor")                                                                                    \
    X(XSAVE, "xsave")                                                                                        \
    X(XRSTOR, "xrstor")                                                                                      \
    X(FNINIT, "fninit")                                                                                      \
    X(LDMXCSR, "ldmxcsr")                                                                                    \
    X(STMXCSR, "stmxcsr")                                                                                    \
    X(IRETD, "iretd")                                                                                        \
    X(LAR, "lar")                                                                                            \
    X(LSL, "lsl")                                                                                            \
    X(VERR, "verr")                                                                                          \
    X(VERW, "verw")                                                                                          \
    X(INVPCID, "invpcid")                                                                                    \
    X(CRC32, "crc32")
enum assist_kind {
#define ASSIST_ENUM(name, text) ASSIST_##name,
    ASSIST_KINDS(ASSIST_ENUM)
#undef ASSIST_ENUM
    ASSIST_KIND_COUNT
};

/* Appends one line without a newline, in UTF-8: `out 0x3f8 ← 48 'H'  uart.THR`. */
void event_sentence(const struct event *ev, const struct event_names *names, struct text *out);

/* Who wants events. `put` may not keep the pointer. */
struct event_sink {
    void (*put)(void *ctx, const struct event *ev);
    void *ctx;
    /* NULL: steps come through `put` like all others. Else they come here, with the CPU's registers after the
     * instruction: when it raised an exception, or a debug trap of the guest's own followed it, that is where
     * the handler begins. */
    void (*step)(void *ctx, const struct event *ev, const struct event_regs *after);
};

#endif
