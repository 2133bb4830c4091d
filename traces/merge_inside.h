/*
 * Inside `trace merge`: an input, and the header and footer that several of them make (merge_info.c).
 */
#ifndef RINGSIDE_TRACES_MERGE_INSIDE_H
#define RINGSIDE_TRACES_MERGE_INSIDE_H

#include "traces/fields.h"
#include "traces/merge.h"
#include "traces/tables.h"

struct merge_input {
    struct trace_reader *reader;
    const struct trace_info *info;
    const char *path;
    uint64_t shift_ns;   /* added to its times */
    bool vcpu_used[256]; /* in its events */
    unsigned vcpus;      /* one more than the highest of them */
    unsigned vcpu_base;  /* added to its vCPU numbers */
    uint8_t device[256]; /* its devices' numbers in the merged trace */
    struct trace_state state;
    uint64_t events;
    /* while merging */
    struct event ev; /* its next event, with its new time */
    bool there;
    struct event last;    /* its last event as it was written */
    uint64_t tables_seen; /* copies of page tables that were met */
};

struct merge {
    struct merge_input in[MERGE_MAX];
    size_t count;
    bool one_machine;
    bool symbols_dropped;
    struct trace_tables tables; /* a copy of page tables on its way */
    struct trace_info info;
    struct trace_end end;
    bool has_end;
    struct pool pool; /* what info and end point to */
};

/* Decides what goes with what, and makes the merged header. Inputs must have been read once. */
NODISCARD int merge_info_make(struct merge *m, struct err *e);

/* Makes the merged footer; has_end stays false when no input has one. */
NODISCARD int merge_end_make(struct merge *m, struct err *e);

/* `a` for the first input. */
static inline char merge_letter(size_t i)
{
    return (char)('a' + i);
}

#endif
