/*
 * The bits of a page-table entry, by name.
 */
#ifndef RINGSIDE_DEBUG_PAGE_BITS_H
#define RINGSIDE_DEBUG_PAGE_BITS_H

#include "base/text.h"
#include "vm/paging.h"

/* Appends the bits of an entry of level `l`, those set in upper case: `P RW us pwt pcd A d ps nx`. Of an
 * absent one only `p`: the others mean nothing. */
void page_bits_write(const struct paging_scheme *s, const struct paging_level *l,
                     const struct paging_entry *e, struct text *out);

/* Appends what is odd about an entry, nothing where nothing is: `; reserved bits set: 63 (NX, while EFER.NXE
 * is 0), 51`, or that PS is ignored. */
void page_bits_remark(const struct paging_scheme *s, const struct paging_level *l,
                      const struct gva_context *c, const struct paging_entry *e, struct text *out);

/* Appends an error code with its bits: `0x7 (P W U rsvd i)`. */
void page_bits_error(uint32_t code, struct text *out);

#endif
