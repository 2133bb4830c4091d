/*
 * Page tables in a trace.  The tree of tables that CR3 points to lives in the guest's memory, which a trace
 * does not hold; so the writer is given copies of it at certain points of the run (a chunk `PTBL`), and the
 * reader hands out the last one that came before the event it has read.  A copy holds every table that the
 * MMU could reach, the control registers that say how to read them, and where the guest has memory, so that
 * the page walk of the debugger works on it as on a living guest (struct tables_view).
 *
 * The guest's tables and the file are both hostile: tables may form loops, be shared or lie nowhere, and
 * their number is bounded.  (Intel SDM, "Paging".)
 */
#ifndef RINGSIDE_TRACES_TABLES_H
#define RINGSIDE_TRACES_TABLES_H

#include "base/text.h"
#include "debug/target.h"
#include "traces/cursor.h"
#include "traces/trace.h"

enum { TABLES_MAX = 512, TABLES_PAGE_LEN = 4096, TABLES_CODED_MAX = 1 << 20 };

/* The registers that steer the walk, and when. */
struct tables_place {
    uint64_t seq; /* of the event that comes next in the file */
    unsigned vcpu;
    uint64_t cr0, cr3, cr4, efer;
    unsigned maxphyaddr; /* bits of a physical address; 0: not known */
    bool no_1gib;        /* the processor has no 1-GiB pages */
    bool a20_off;        /* address line 20 was forced to zero */
    bool at_end;         /* taken when the run had ended */
    uint64_t missed;     /* changes since the copy before that were not copied: there were too many */
};

/* A table. The same one may be reached on several ways; it is here once, with its highest level. */
struct trace_table {
    uint64_t gpa;
    unsigned level; /* as in the manual: 1 is a page table */
    bool backed;    /* false: no memory is there */
    size_t page;    /* where its bytes are: see tables_bytes */
};

/* One copy. All zeros is a valid empty one. */
struct trace_tables {
    struct tables_place place;
    bool truncated; /* there were more than TABLES_MAX tables, or they did not fit the chunk */
    struct memory_region region[MEMORY_REGIONS_MAX]; /* where memory was; no `host` */
    size_t region_count;
    struct trace_table table[TABLES_MAX]; /* level by level, the top one first; none while paging is off */
    size_t count;
    uint64_t page_gpa[TABLES_MAX]; /* pages that hold tables, and their bytes */
    size_t page_count, page_cap;
    uint8_t *pages;
};

void tables_fini(struct trace_tables *t);

/* A copy of a copy; what `to` held is lost. -1 with *e: no memory. */
NODISCARD int tables_copy(struct trace_tables *to, const struct trace_tables *from, struct err *e);

/* The context of a walk by the supervisor. */
struct gva_context tables_context(const struct tables_place *p);

/* The page that holds a table's bytes (TABLES_PAGE_LEN of them, from the page's first byte), NULL when no
 * table lies in the page at `gpa`. */
const uint8_t *tables_page(const struct trace_tables *t, uint64_t gpa);

/* The table at this address, NULL when it is not in the copy. */
const struct trace_table *tables_find(const struct trace_tables *t, uint64_t gpa);

/* The page at `gpa` (a multiple of its length) to be written to, made when it is new. NULL: no memory, or too
 * many. */
uint8_t *tables_page_make(struct trace_tables *t, uint64_t gpa);

/* Copies what CR3 leads to out of guest memory, which must not change meanwhile. -1 with *e: no memory. */
NODISCARD int tables_take(struct trace_tables *t, const struct tables_place *place,
                          const struct guest_memory *m, struct err *e);

/* Which page tables: those of a vCPU as they stood at an event. */
struct tables_wanted {
    bool at_given, vcpu_given;
    uint64_t at;   /* the event; not given: the end of the trace */
    unsigned vcpu; /* not given: that of the event, or 0 for the end */
};

/* Reads the trace up to that event: trace_reader_tables() is what stood then. Fills w->vcpu when it was not
 * given. *missed: how many changes that were not copied lie between that copy and the next, some of them
 * perhaps before the event. -1 on an I/O error. */
NODISCARD int tables_seek(struct trace_reader *r, struct tables_wanted *w, uint64_t *missed, struct err *e);

/* Appends `at event 12`, or `at the end of the run`, and in front of it the vCPU unless it is number 0. */
void tables_when(const struct trace_tables *t, struct text *out);

/* Appends, without a newline, why tables_seek found none. Reads the trace. */
NODISCARD int tables_say_none(struct trace_reader *r, const struct tables_wanted *w, struct text *out,
                              struct err *e);

/* ---- as bytes (tables_codec.c) ---- */

/* Appends the payload of a chunk. Sets t->truncated when not all of it fits. -1: no memory. */
NODISCARD int tables_put(struct trace_tables *t, struct text *out, struct err *e);

/* Reads a payload; what `t` held is lost. 0; 1 with *e for a payload that makes no sense; -1 for no memory.
 */
NODISCARD int tables_get(struct trace_tables *t, struct cursor in, struct err *e);

/* The last two copies that a reader has met. All zeros is a valid empty one. */
struct tables_pair {
    struct trace_tables *now, *before, *spare; /* owned */
    uint64_t count; /* how many were met: `now` counts from 1 on, `before` from 2 on */
};
void tables_pair_fini(struct tables_pair *p);

/* Reads a payload into the pair: what was `now` becomes `before`. A copy of another vCPU than `vcpu`
 * (TRACE_ANY_VCPU: none is) is read and left out. Results as tables_get; where that is not 0, the pair stays
 * as it was. */
NODISCARD int tables_pair_take(struct tables_pair *p, struct cursor in, unsigned vcpu, struct err *e);

/* ---- for the debugger's eyes ---- */

/* A copy as a target of the debug floor: memory that holds the tables and nothing else (a page that is not a
 * table has no bytes), and the control registers. Borrows `t`; must not be moved. */
struct tables_view {
    struct guest_memory memory;
    struct target target;
};
void tables_view_init(struct tables_view *v, const struct trace_tables *t);

#endif
