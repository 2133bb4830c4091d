/*
 * Registers and table entries as bits: one row a bit or field, with its name, what it is for, and what it
 * means to be set or clear.  The views of control registers, flags, descriptors and page-table entries are
 * written from these tables, and so is the offline book (`ringside explain cr0.wp`).
 */
#ifndef RINGSIDE_DEBUG_BITS_H
#define RINGSIDE_DEBUG_BITS_H

#include "base/text.h"

/* A field of `len` bits from bit `low` up; it never crosses bit 64. */
struct bit {
    uint8_t low, len;
    const char *name;  /* WP */
    const char *title; /* write protect */
    const char *one;   /* what 1 means; for a field of several bits what it holds */
    const char *zero;  /* what 0 means; NULL for a field of several bits */
};

struct bits {
    const char *name;      /* CR0 */
    const char *aliases;   /* other names, separated by blanks */
    const char *title;     /* what the whole is for */
    const char *section;   /* the manual's, by title */
    const struct bit *bit; /* from the top down; ended by a row without a name */
    uint64_t ones;         /* bits without a name that are always 1 */
    bool wide;             /* 128 bits */
};

/* A value of up to 128 bits; `high` is 0 for all but 16-byte table entries. */
struct bits_value {
    uint64_t low, high;
};

extern const struct bits bits_rflags, bits_cr0, bits_cr3, bits_cr4, bits_efer, bits_apic_base, bits_pte,
    bits_pde, bits_pml4e, bits_page_fault, bits_selector, bits_descriptor, bits_system_descriptor,
    bits_call_gate, bits_gate32, bits_gate64;

enum { BITS_WIDTH = 80 }; /* of the views, in columns */

/* The i-th table, NULL past the end. */
const struct bits *bits_row(size_t i);
/* By name or alias, the first `len` letters of `name`, in either case; NULL when there is none. */
const struct bits *bits_find(const char *name, size_t len);
/* A row by name, in either case; NULL when there is none. */
const struct bit *bits_bit(const struct bits *b, const char *name);
uint64_t bits_field(const struct bit *row, struct bits_value v);

/* Appends its name in upper case when `set`, else in lower case. */
void bit_add_name(const struct bit *row, bool set, struct text *out);
/* Appends the names of all single bits from the top down, set ones in upper case and clear ones in lower
 * case, broken into lines that begin at column `indent`; no newline at the end. */
void bits_add_names(const struct bits *b, uint64_t value, size_t indent, struct text *out);
/* Bits that are set and have no name, and bits that should be 1 and are not: `reserved bits set: 17, 6`.
 * Appends nothing when all is well; else no newline at the end. */
void bits_add_reserved(const struct bits *b, uint64_t value, struct text *out);
/* One bit or all, a line each: number, name, value, meaning of that value. */
void bits_add_row(const struct bits *b, const struct bit *row, struct bits_value v, struct text *out);
void bits_add_rows(const struct bits *b, struct bits_value v, struct text *out);

/* The offline book: what is known about `word` (`cr0`, `cr0.wp`, `wp`), at `width` columns. False when that
 * is nothing. */
bool bits_explain(const char *word, size_t width, struct text *out);

#endif
