/*
 * The tables that a CPU reads behind a program's back: GDT, LDT, IDT, the real mode's interrupt vectors and
 * the TSS.  Each view reads the table as it is in memory now, a row an entry, and points out under a row
 * (`!`) what would make the CPU fault when it uses that entry.
 *
 * `which` is "" for the whole table, an index ("14", "0x20") for one entry bit by bit, or a range ("8-15").
 * -1 with *e, and nothing written, when that is neither or outside of the table. Lines have at most 80
 * columns (names of symbols apart) and no characters beyond ASCII.
 */
#ifndef RINGSIDE_DEBUG_DESCRIPTORS_H
#define RINGSIDE_DEBUG_DESCRIPTORS_H

#include "debug/target.h"

NODISCARD int look_gdt(const struct target *t, const char *which, struct text *out, struct err *e);
NODISCARD int look_ldt(const struct target *t, const char *which, struct text *out, struct err *e);
/* In real mode the same as look_ivt. */
NODISCARD int look_idt(const struct target *t, const char *which, struct text *out, struct err *e);
/* 256 far pointers at the IDTR's base in real mode, at 0 in other modes. */
NODISCARD int look_ivt(const struct target *t, const char *which, struct text *out, struct err *e);
/* `which` must be "". */
NODISCARD int look_tss(const struct target *t, const char *which, struct text *out, struct err *e);

/* `#PF` and `page fault`; "" for a vector that is no exception. */
const char *vector_mnemonic(unsigned vector);
const char *vector_name(unsigned vector);

#endif
