/*
 * A walk as a trace has it.  While a case is walked through, its steps go into a trace file with their
 * registers; afterwards the file is read, and each step in it must have the place and the registers that the
 * guest was seen with.
 */
#ifndef STEP_TABLE_RECORD_H
#define STEP_TABLE_RECORD_H

#include "rig.h"

#include "base/text.h"
#include "traces/trace.h"

enum { RECORD_MAX = 256 };

/* What was seen around one run_step. */
struct record_note {
    uint64_t before[REGS], after[REGS];
    uint64_t first, end; /* its events of kind step: the first, and one past the last */
    bool interrupt;      /* a device's interrupt was delivered behind it */
};

struct record {
    char path[32];
    struct trace_writer *writer;
    struct event_sink sink; /* for the run */
    uint64_t steps;         /* events of kind step so far */
    uint64_t noted;         /* … when the guest was seen last */
    uint64_t now[REGS];     /* as it stood then */
    struct record_note note[RECORD_MAX];
    size_t count;
};

/* Begins a trace in a temporary file. `r` must not be moved. */
NODISCARD int record_open(struct record *r, struct err *e);

/* The guest stands here before the first step that is noted. */
void record_begin(struct record *r, const struct rig_state *s);

/* It was stepped, and stands here now. */
void record_note(struct record *r, const struct rig_state *s, const struct run_pause *pause);

/* Closes the trace and compares; false, and a line each in *why for what differs. */
bool record_right(struct record *r, struct text *why);

/* Removes the file; before or after record_right. */
void record_close(struct record *r);

#endif
