/*
 * From the registers that a trace keeps (event/regs.h) back to the structures of KVM, for those who look at a
 * recorded CPU with the tools for a live one.
 */
#ifndef RINGSIDE_VM_CPU_REGS_H
#define RINGSIDE_VM_CPU_REGS_H

#include "event/regs.h"

#include <linux/kvm.h>

/* Fills both with what is known; all else is 0: descriptors' bases but those of FS and GS, limits and rights,
 * the tables' registers. */
void cpu_regs_restore(const struct event_regs *from, struct kvm_regs *regs, struct kvm_sregs *sregs);

#endif
