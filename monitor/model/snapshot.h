/*
 * The snapshot: the whole guest as a screen shows it, at one moment.  It is read from a frame (bytes that
 * came through the door) or made from a trace, never changes afterwards, and is all that a view may look at.
 *
 * Memory is a copy of single pages: those that views looked at the last time. A view looks with the functions
 * of the debug floor on `target`; a page that is not there reads as zeros, is noted, and comes with the next
 * frame, which follows at once while the guest stands. So a view just looks, and is loaded again until it has
 * all it needs: it must be able to stand zeros meanwhile.
 */
#ifndef RINGSIDE_MONITOR_MODEL_SNAPSHOT_H
#define RINGSIDE_MONITOR_MODEL_SNAPSHOT_H

#include "base/ring.h"
#include "debug/target.h"
#include "monitor/counts.h"
#include "monitor/model/timeline.h"
#include "run/run.h"
#include "traces/fields.h"

enum { SNAPSHOT_PAGES_MAX = 256, SNAPSHOT_PAGE_LEN = 4096, SNAPSHOT_ASKS_MAX = 8 };
enum { SNAPSHOT_VGA_W = 80, SNAPSHOT_VGA_H = 25 };

/* What is only there when somebody asks for it: bits for view_ops.wants. */
enum snapshot_part {
    PART_MACHINE = 1 << 0,  /* names and the table of devices: the model asks once */
    PART_DEVICES = 1 << 1,  /* registers in words, interrupt lines */
    PART_VGA = 1 << 2,      /* the text screen */
    PART_STOPS = 1 << 3,    /* breakpoints and the like */
    PART_KVM = 1 << 4,      /* KVM's own statistics: exits that never reach Ringside */
    PART_TIMELINE = 1 << 5, /* the run as a strip */
    PART_ALL = (1 << 6) - 1,
};

enum snapshot_state { STATE_RUNNING, STATE_STANDS, STATE_ENDED };

struct snapshot_page {
    uint64_t gpa;
    const uint8_t *bytes; /* SNAPSHOT_PAGE_LEN */
    bool backed;          /* false: no memory is there; the bytes are zeros */
};

/* A device of the machine. */
struct snapshot_device {
    const char *registers; /* PART_DEVICES: lines, `LSR  60  TEMT THRE`; "" when not asked */
    int line;              /* interrupt line 0-15; LINE_NONE, LINE_CPU, LINE_CASCADE's own (machine.h) */
    size_t first_range, range_count;
};
struct snapshot_range {
    bool mmio;
    uint64_t base, len;
};

/* A stop: breakpoint, watchpoint or event stop. */
struct snapshot_stop {
    unsigned number, kind; /* enum stops_kind */
    bool enabled, once, met;
    uint64_t first, last, hits, ignore;
    const char *where, *condition, *commands; /* "" for none */
};

/* A number that KVM counts by itself. */
struct snapshot_counter {
    const char *name;
    uint64_t value;
};

/* What has been collected over many snapshots; it only grows, and forgets its oldest. Borrowed. */
struct snapshot_history {
    struct ring events;  /* struct event; a gap in `seq` is events that came too fast to be kept */
    struct ring steps;   /* struct run_step_record */
    struct ring console; /* bytes of the guest's serial port and debug port, raw: anything may be in them */
    struct ring rates;   /* struct snapshot_rate, about four a second while the guest runs */
};
enum { HISTORY_EVENTS = 16384, HISTORY_STEPS = 4096, HISTORY_CONSOLE = 1 << 18, HISTORY_RATES = 1024 };
struct snapshot_rate {
    uint64_t at_ns;
    double exits_per_s;
};

/* Questions of views (command lines) and their answers, by slot; NULLs where free. Borrowed. */
struct snapshot_asks {
    char *question[SNAPSHOT_ASKS_MAX], *answer[SNAPSHOT_ASKS_MAX];
    uint64_t stop_serial[SNAPSHOT_ASKS_MAX]; /* when it was answered */
};

/* The machine as it is for the whole run: read once, shared by all later snapshots. */
struct snapshot_machine {
    const char *image, *image_format, *clock, *irqchip, *program;
    uint64_t mem_len;
    struct event_names names;
    struct event_device *devices; /* names.devices */
    int *lines;                   /* by device */
    size_t *first_range, *range_count;
    struct snapshot_range *ranges;
    size_t ranges_n;
    struct pool pool;
};

struct snapshot {
    uint64_t serial;      /* counts frames */
    uint64_t stop_serial; /* counts how often the guest came to stand */
    unsigned parts;       /* enum snapshot_part bits that were asked for */
    enum snapshot_state state;
    bool replay;     /* from a trace: only what events tell is known */
    bool has_cpu;    /* regs, sregs and memory are there */
    bool has_regs;   /* replay of steps: regs and sregs are there, but of segments only selectors */
    bool has_tables; /* replay: cr0, cr3, cr4, efer, and of memory the page tables are there */
    bool asleep;     /* in HLT */
    bool tracing;
    const char *stop;   /* why it stands, a sentence; "" */
    const char *status; /* ENDED: halted, poweroff, triple-fault … */
    enum cpu_mode mode;
    unsigned cpl;
    uint64_t rip_linear;
    uint64_t exits, steps, time_ns; /* time_ns: of the machine's clock */
    double exits_per_s;

    struct kvm_regs regs, before_regs; /* before: before it last ran */
    struct kvm_sregs sregs, before_sregs;

    const struct snapshot_machine *machine; /* NULL until known */
    struct counts counts;
    struct timeline timeline;              /* PART_TIMELINE */
    const struct snapshot_device *devices; /* device_count of them, as in machine->names */
    size_t device_count;
    uint16_t irq_levels, irq_pending, irq_masked, irq_in_service; /* PART_DEVICES: a bit a line */
    bool vga_used;
    int vga_cursor;                                /* cell, or -1 */
    uint16_t vga[SNAPSHOT_VGA_W * SNAPSHOT_VGA_H]; /* PART_VGA: character low, attribute high */
    const struct snapshot_stop *stops;             /* PART_STOPS */
    size_t stop_count;
    const struct snapshot_counter *counters; /* PART_KVM */
    size_t counter_count;
    bool syntax_att; /* `set syntax` */

    const struct snapshot_history *history;
    uint64_t events_total, steps_total, console_total; /* all so far, kept or not */
    uint64_t position; /* replay: the event it stands at; the newest event otherwise */

    /* For the functions of the debug floor: registers, memory and symbols of this moment (and `before`:
     * registers before it last ran, memory of now). Not to be written to. */
    struct target target, before;
    struct guest_memory memory;
    const struct snapshot *earlier; /* the snapshot of the stop before this one, NULL: none; its pages are
                                       those that were looked at then. Two back is never there. */

    const struct snapshot_asks *asks; /* what commands answered: see view_ops.question; NULL: nothing */

    struct snapshot_page pages[SNAPSHOT_PAGES_MAX];
    size_t page_count;
    struct wants *wants; /* where misses are noted; NULL: nowhere */
    struct pool pool;
};

/* Pages that views looked at, and those of them that were not there. */
struct wants {
    uint64_t gpa[SNAPSHOT_PAGES_MAX];
    size_t count;
    bool missed; /* one of them was not in the snapshot */
};

/* Reads a frame. `machine`, `history` and `symbols` are borrowed, `earlier` too. NULL with *e: no frame, or
 * no memory. New events, steps and bytes in the frame go into `history`. */
struct snapshot *snapshot_read(const void *frame, size_t n, struct snapshot_machine *machine,
                               struct snapshot_history *history, const struct symbols *symbols,
                               struct err *e);
void snapshot_free(struct snapshot *s);

/* Points target and memory to this snapshot, after it was filled in by hand (replay, tests). */
void snapshot_aim(struct snapshot *s, const struct symbols *symbols);

NODISCARD int history_init(struct snapshot_history *h, struct err *e);
void history_fini(struct snapshot_history *h);
void snapshot_machine_fini(struct snapshot_machine *m);

/* An event in words: a step as the instruction it executed, all else as its sentence. Nothing while the
 * machine is not known. */
void snapshot_event_words(const struct snapshot *s, const struct event *ev, struct text *out);

/* The page at a gpa that is a multiple of SNAPSHOT_PAGE_LEN, NULL when it is not in the snapshot. Notes
 * nothing. */
const struct snapshot_page *snapshot_page(const struct snapshot *s, uint64_t gpa);
/* The byte that was at this gpa at the stop before: false when that is not known. */
bool snapshot_earlier_byte(const struct snapshot *s, uint64_t gpa, uint8_t *byte);
/* Do these bytes at a linear address differ from those at the stop before, as far as both are in the
 * snapshots? They are looked at in the present translation. */
bool snapshot_linear_changed(const struct snapshot *s, uint64_t linear, size_t n);
/* What was answered to a view's question; NULL: not yet. */
const char *snapshot_answer(const struct snapshot *s, const char *question);
/* The stop that breaks at this linear address; NULL: none. */
const struct snapshot_stop *snapshot_break_at(const struct snapshot *s, uint64_t linear);

#endif
