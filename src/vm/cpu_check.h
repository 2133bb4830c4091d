/*
 * Would the CPU accept this state?  KVM_SET_SREGS takes nearly anything, and the guest then dies at the next
 * entry without a word.  The hardware's own list of what must hold is long but exact (Intel SDM, "Checks on
 * Guest Control Registers, Debug Registers, and MSRs", "Checks on Guest Segment Registers", "Checks on Guest
 * RIP, RFLAGS, and SSP"); whoever writes registers for a user asks here first.
 */
#ifndef RINGSIDE_VM_CPU_CHECK_H
#define RINGSIDE_VM_CPU_CHECK_H

#include "vm/cpu.h"

/* 0 when a CPU could be in this state; else -1 and *e is the sentence of the first rule that it breaks. */
NODISCARD int cpu_check(const struct kvm_regs *r, const struct kvm_sregs *s, struct err *e);

/* The same for a change: a rule that was broken before already is no reason to refuse, since the guest has
 * been running so (hosts check less than the manual allows them to). */
NODISCARD int cpu_check_change(const struct kvm_regs *r_before, const struct kvm_sregs *s_before,
                               const struct kvm_regs *r, const struct kvm_sregs *s, struct err *e);

/* The i-th rule's sentence, NULL past the end; for a segment rule it goes on from the register's name. */
const char *cpu_check_rule(size_t i);

#endif
