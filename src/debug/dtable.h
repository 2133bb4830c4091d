/*
 * What the views of descriptor tables share: reading entries of a table in hostile memory, folding runs of
 * equal ones, ranges, and lines that point out a problem.
 */
#ifndef RINGSIDE_DEBUG_DTABLE_H
#define RINGSIDE_DEBUG_DTABLE_H

#include "debug/bits.h"
#include "debug/descriptor_words.h"
#include "debug/target.h"

/* A table: `limit` is the last byte's offset, as the registers hold it. */
struct dtable {
    const char *name; /* GDT */
    const char *command;
    uint64_t base;
    uint32_t limit;
    unsigned entry_len;                      /* 4, 8 or 16 bytes */
    bool (*is_double)(uint64_t low);         /* takes two entries; NULL: none does */
    const char *entry_noun, *entries_plural; /* entry, entries */
};

enum { DTABLE_ENTRIES_MAX = 8192 };

/* Whole entries within the limit, at most DTABLE_ENTRIES_MAX. */
size_t dtable_count(const struct dtable *d);
/* Reads entry i. NULL, or why it is not there. Long names stay valid. */
const char *dtable_read(const struct target *t, const struct dtable *d, size_t i, struct bits_value *v);

/* Equal entries one after the other. */
struct dtable_run {
    size_t first, n, slots; /* n entries of `slots` places each */
    struct bits_value v;
    const char *why; /* not readable; else NULL */
};
/* The run that begins at `first`, cut off at `end` (> first). */
struct dtable_run dtable_run_at(const struct target *t, const struct dtable *d, size_t first, size_t end);
/* True when entry i is the upper half of the one before. */
bool dtable_is_upper(const struct target *t, const struct dtable *d, size_t i);

struct dtable_range {
    size_t first, end;
    bool one, all;
};
NODISCARD int dtable_range_parse(const struct dtable *d, const char *which, size_t count,
                                 struct dtable_range *r, struct err *e);

/* Appends `GDT at 0x7e70 (gpa 0x7e70), limit 0x1f: 4 entries` and what is wrong with that. */
void dtable_header(const struct target *t, const struct dtable *d, struct text *out);
/* Appends ` (gpa 0x7e70)`; ` (not mapped: PDE not present)`; nothing without paging where memory is. */
void linear_place(const struct target *t, uint64_t linear, struct text *out);

/* Appends a line, wrapped only when it must be. */
void line_add(struct text *out, const struct text *line);
/* Appends `    ! SENTENCE`, wrapped. */
void problem_add(struct text *out, size_t indent, const char *fmt, ...) PRINTF(3, 4);

/* Writes what would keep the CPU from going through a gate. `interrupt`: one of an IDT. */
void gate_check(const struct target *t, const struct raw_gate *g, bool interrupt, size_t indent,
                struct text *out);

/* Reads RSPn (ist 0) or ISTn of the current 64-bit TSS; NULL, or why not. */
const char *tss_stack(const struct target *t, unsigned rsp, unsigned ist, uint64_t *value);
/* Writes what is wrong with a stack whose pointer the CPU takes from the TSS: `name` is "IST 2". */
void stack_check(const struct target *t, const char *name, uint64_t top, size_t indent, struct text *out);

#endif
