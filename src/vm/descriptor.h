/*
 * Segment descriptors: the eight bytes in the GDT or LDT that a load of a segment register reads, and the
 * hidden part of the register that it fills (Intel SDM, "Segment Selectors", "Segment Descriptors",
 * "Segment Descriptor Tables in IA-32e Mode").
 */
#ifndef RINGSIDE_VM_DESCRIPTOR_H
#define RINGSIDE_VM_DESCRIPTOR_H

#include "vm/memory.h"

enum { SELECTOR_RPL = 3, SELECTOR_TI = 4 }; /* requested privilege level; table: 0 GDT, 1 LDT */

/* Fills *seg as a load of `selector` would: from the GDT, or from the LDT when the selector says so. The
 * accessed bit of a code or data segment is set in *seg, never in memory. A descriptor that is not present
 * and a system descriptor (seg->s = 0: then a base of 32 bits only) are delivered like any other: the caller
 * looks at seg->present and seg->s. -1 with *e: a null selector, one past the table's limit, a table that is
 * not mapped, an unusable LDTR. */
NODISCARD int descriptor_load(const struct guest_memory *m, const struct kvm_regs *r,
                              const struct kvm_sregs *s, uint16_t selector, struct kvm_segment *seg,
                              struct err *e);

/* The same for LDTR and TR, whose descriptors take sixteen bytes in IA-32e mode and lie in the GDT only. */
NODISCARD int descriptor_load_system(const struct guest_memory *m, const struct kvm_regs *r,
                                     const struct kvm_sregs *s, uint16_t selector, struct kvm_segment *seg,
                                     struct err *e);

/* What a load in real-address or virtual-8086 mode does: the base is the selector times 16. In virtual-8086
 * mode limit and rights are set too; in real mode they stay as they are. */
void descriptor_load_real(bool v86, uint16_t selector, struct kvm_segment *seg);

#endif
