/*
 * The trace file (.rst): the evidence of a run.  Append-only chunks behind a magic number, each with its
 * type, length and CRC-32C, so that a file cut anywhere is readable up to its last whole chunk and says so.
 * Events are delta and varint coded against the one before them; docs/trace-format.md is enough to write a
 * reader from.
 *
 * Writer and reader share this header and nothing else: the reader never trusts the file.
 */
#ifndef RINGSIDE_TRACES_TRACE_H
#define RINGSIDE_TRACES_TRACE_H

#include "base/err.h"
#include "event/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A claimed range, as the machine table has it. */
struct trace_range {
    bool mmio;
    uint8_t device; /* index into names.devices */
    uint64_t base, len;
};

/* What a trace says about the run before its first event. The writer copies it; the reader's lives as long as
 * it. */
struct trace_info {
    const char *program;      /* ringside 0.1.0 */
    const char *host;         /* Linux 6.1.0 x86_64, CPU model */
    const char *backend;      /* kvm-intel, kvm-amd, software … as the probe found it */
    const char *guest;        /* image file as given */
    const char *guest_sha256; /* 64 hex digits, "" when unknown */
    const char *command;      /* command line, words joined by spaces */
    const char *clock;        /* steps or real */
    const char *irqchip;      /* user or kernel */
    uint64_t mem_len;         /* guest memory in bytes */
    uint64_t start_unix_ns;   /* wall clock at time_ns 0 */
    struct event_names names; /* devices (0 = none) and their registers; marks are filled by the reader */
    const struct trace_range *ranges;
    size_t range_count;
};

/* A number that KVM's own statistics gave (KVM_GET_STATS_FD) at the end of the run. */
struct trace_counter {
    const char *name;
    uint64_t value;
};

/* How the run ended; the footer. */
struct trace_end {
    const char *status; /* halted poweroff debug-exit budget triple-fault error interrupted */
    const char *reason; /* a sentence */
    int exit_code;      /* of `run` */
    uint64_t elapsed_ns;
    uint64_t steps;     /* instructions single-stepped */
    enum cpu_mode mode; /* at the end */
    uint64_t rip;
    const struct trace_counter *counters; /* KVM's own, may be NULL */
    size_t counter_count;
};

/* ---- writing ----------------------------------------------------------------------------------------------
 */

struct trace_writer;

/* Creates `path` (truncating what was there) and writes the header chunk. NULL on error. */
struct trace_writer *trace_create(const char *path, const struct trace_info *info, struct err *e);

/* Appends an event; ~100 ns, no system call unless a chunk (64 KiB coded, or 100 ms of time_ns) is full.
 * After a failed write it does nothing: see trace_failed. Has the shape of event_sink.put with ctx = the
 * writer. */
void trace_put(void *writer, const struct event *ev);

/* Appends a step with the registers after it; ~150 ns more. Has the shape of event_sink.step. In one trace
 * some steps may have registers and others not. */
void trace_step(void *writer, const struct event *ev, const struct event_regs *after);

/* Appends a mark: an event of kind mark with a text, at the time, place and sequence number of `at` (NULL: at
 * the very start, nowhere). Texts are cut at 8 KiB; control characters become '?'. A mark given to trace_put
 * has no text. */
void trace_mark(struct trace_writer *w, const struct event *at, const char *text);

/* Writes out events held back for longer than the limit; call it when nothing happens for a while.
 * `now_ns` is on the scale of event.time_ns. */
void trace_tick(struct trace_writer *w, uint64_t now_ns);

/* Writes everything held back to the file (crash and pause path). */
void trace_flush(struct trace_writer *w);

/* True after a write failed (a full disk); the message is then in `e`. The file stays readable. */
bool trace_failed(const struct trace_writer *w, struct err *e);

/* Writes a copy of page tables (tables.h) behind the events so far, which are written out first: file order
 * is event order. Sets t->truncated when not all of it fits a chunk. Returns its length before
 * compression; a failure is one of writing: see trace_failed. */
struct trace_tables;
size_t trace_put_tables(struct trace_writer *w, struct trace_tables *t);

/* Writes the footer, closes and frees, also after a failure. -1 when anything was lost. Without an `end`
 * (NULL) there is no footer, and the file counts as cut. */
NODISCARD int trace_close(struct trace_writer *w, const struct trace_end *end, struct err *e);

/* Bytes of coded events and registers before compression, and events, so far: for the benchmark. */
void trace_size(const struct trace_writer *w, uint64_t *coded_len, uint64_t *events);

/* ---- reading ----------------------------------------------------------------------------------------------
 */

struct trace_reader;

/* Opens a trace and reads its header. Fails when it is no trace, of a newer version or its header is damaged.
 */
struct trace_reader *trace_open(const char *path, struct err *e);
void trace_reader_close(struct trace_reader *r);

const struct trace_info *trace_reader_info(const struct trace_reader *r);

/* The next event: 1 and *ev filled, 0 at the end (of the file, or of its readable part: see
 * trace_reader_state), -1 on an I/O error. The event's marks are in trace_reader_info()->names by then; a
 * mark's addr is its number there. Any member may hold anything, as in a damaged file: ask
 * event_device_name() and its like, do not index. What was appended to the file after a 0 is seen after
 * trace_continue or a rewind. */
NODISCARD int trace_next(struct trace_reader *r, struct event *ev, struct err *e);

/* What became of a file whose end trace_next had reached. */
enum trace_growth {
    TRACE_GREW,  /* there may be more: call trace_next again */
    TRACE_WAITS, /* nothing new: the run goes on, or was killed */
    TRACE_ENDED, /* nothing more will come: the footer was reached, or damage that no later byte mends */
    TRACE_LOST,  /* the file was cut shorter or cannot be looked at: `e` is filled, do not go on */
};

/* After trace_next returned 0: goes on where it stopped, if the file has grown since. Nothing is read twice,
 * and a chunk of which only the beginning is there yet is left for the next time. It does not wait, and it
 * looks at the file that was opened: that another one has taken its name is for the caller to see. */
NODISCARD enum trace_growth trace_continue(struct trace_reader *r, struct err *e);

/* Back to the first event. */
NODISCARD int trace_rewind(struct trace_reader *r, struct err *e);

/* Asks for registers: before the first trace_next, or before a rewind. Costs half a megabyte and, of a trace
 * that has them, about as much time again. -1 without memory. */
NODISCARD int trace_reader_want_regs(struct trace_reader *r, struct err *e);

/* The registers of the CPU after the event that trace_next returned last, or NULL when they are not known:
 * they were not asked for, the trace has none here (`run --trace-steps` writes them), or the CPU has run on
 * without being stepped. An event that is no step has those after the last step; an access that a step makes
 * comes before the step's own event, so that there they are the registers before that instruction.
 *
 * *changed (may be NULL) gets a bit 1 << EVENT_REG_... for each register that this step changed: all, when
 * those before are not known (the first step of a trace), and none, when the event is no step. A change
 * between two steps (an interrupt's frame, a debugger's hand) counts to the second one. Valid until the next
 * call on the reader. */
const struct event_regs *trace_reader_regs(const struct trace_reader *r, uint32_t *changed);

/* Those before it, when the event is a step and they are known; else NULL. */
const struct event_regs *trace_reader_regs_before(const struct trace_reader *r);

/* Asks for the page tables of one vCPU only: before the first trace_next, or before a rewind. At first those
 * of any are given. */
enum { TRACE_ANY_VCPU = 256 };
void trace_reader_want_tables(struct trace_reader *r, unsigned vcpu);

/* The newest copy of the guest's page tables that stands before the event read last (or at the end), and the
 * one before that; NULL when there is none. Good until the next trace_next, trace_rewind or close. The number
 * says how many copies there were since the last rewind. */
const struct trace_tables *trace_reader_tables(const struct trace_reader *r);
const struct trace_tables *trace_reader_tables_before(const struct trace_reader *r);
uint64_t trace_reader_tables_count(const struct trace_reader *r);

/* What is known about the file as far as it was read: chunks, events and readable_len count from the last
 * rewind. */
struct trace_state {
    bool whole;          /* the footer was reached and agrees with what came before */
    bool at_end;         /* trace_next has returned 0 */
    bool regs;           /* there were registers, and they were asked for (trace_reader_want_regs) */
    const char *problem; /* one line, NULL when none: `cut off inside chunk 7 at byte 123456` */
    uint64_t file_len, readable_len;
    uint64_t chunks, events;
    const struct trace_end *end; /* NULL when the footer is missing or damaged */
};
void trace_reader_state(const struct trace_reader *r, struct trace_state *s);

#endif
