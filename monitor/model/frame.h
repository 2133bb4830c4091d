/*
 * Frames: the guest as bytes.  A screen asks for one through the door with a line of text that says what it
 * wants; the vCPU's thread writes it between two entries into the guest, in some ten microseconds, and goes
 * on. What is in it are fields as in a trace's header (traces/fields.h): a number, a length, the bytes.
 *
 * Registers and events are in it as KVM's and Ringside's own structures: both ends are the same program.
 */
#ifndef RINGSIDE_MONITOR_MODEL_FRAME_H
#define RINGSIDE_MONITOR_MODEL_FRAME_H

#include "base/text.h"
#include "monitor/model/snapshot.h"

struct debugger;

enum frame_field {
    FRAME_STATE = 1, /* varints: state, has_cpu, asleep, tracing, exits, steps, time, stop serial, syntax */
    FRAME_STOP,      /* string */
    FRAME_STATUS,    /* string */
    FRAME_REGS,      /* struct kvm_regs */
    FRAME_SREGS,     /* struct kvm_sregs */
    FRAME_BEFORE_REGS,
    FRAME_BEFORE_SREGS,
    FRAME_KINDS,   /* varints: kind, count, host_ns, guest_ns … */
    FRAME_DEVICES, /* the same by device */
    FRAME_EVENTS,  /* varint: all so far; struct event … */
    FRAME_STEPS,   /* varint: all so far; struct run_step_record … */
    FRAME_CONSOLE, /* varint: all so far; bytes */
    FRAME_REGION,  /* varints: gpa, len, read_only */
    FRAME_PAGE,    /* varint: gpa; 4096 bytes, or none where no memory is */
    FRAME_MACHINE, /* varint: mem_len; strings: image, format, clock, irqchip, program */
    FRAME_DEVICE, /* strings: name, summary; varints: line + 2, ranges (mmio, base, len) …; registers' names
                   */
    FRAME_REGISTERS, /* varint: device; string: its registers in words */
    FRAME_LINES,     /* varints: levels, pending, masked, in service */
    FRAME_VGA,       /* varints: used, cursor + 1; 2 bytes a cell */
    FRAME_BREAK,     /* a stop: varints and strings */
    FRAME_COUNTER,   /* string, varint */
    FRAME_TIMELINE,  /* struct timeline's slots in use, behind varint slot_cap */
    FRAME_SYMBOL,    /* varints: address, length, is a function; string: its name. Only in recorded frames */
    FRAME_FIELDS
};

/* What is wanted. */
struct frame_request {
    unsigned parts;                                 /* enum snapshot_part bits */
    uint64_t events_from, steps_from, console_from; /* the first that is not known yet */
    uint64_t page[SNAPSHOT_PAGES_MAX];
    size_t page_count;
};

enum { FRAME_EVENTS_MAX = 512, FRAME_STEPS_MAX = 512, FRAME_CONSOLE_MAX = 16384 };

/* `parts 3 events 17 steps 0 console 5 page 1000 2000`: numbers in hexadecimal. */
void frame_request_write(const struct frame_request *rq, struct text *out);
NODISCARD int frame_request_read(const char *s, size_t n, struct frame_request *rq, struct err *e);

/* On the vCPU's thread: appends the frame that is asked for. -1 with *e: the request cannot be read. */
NODISCARD int frame_write(struct debugger *d, const char *request, size_t n, struct text *out, struct err *e);

/* Writes a frame to a file, and behind it the symbols (NULL: none) that views named addresses by: a
 * debugger's frames hold none, since the screen has them from the guest's file. -1 with *e: it cannot be
 * written whole. */
NODISCARD int frame_record(const char *path, const struct text *frame, const struct symbols *symbols,
                           struct err *e);

#endif
