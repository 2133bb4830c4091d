/*
 * The system instructions' own rules: what fault_insn.c's table takes from fault_system.c.
 */
#ifndef RINGSIDE_DEBUG_FAULT_SYSTEM_H
#define RINGSIDE_DEBUG_FAULT_SYSTEM_H

#include "debug/fault.h"

/* The value of operand `i`: immediate, general register, or up to 8 bytes of memory. False when it cannot be
 * read. */
bool fault_operand(const struct target *t, const struct instruction *x, size_t i, uint64_t *value);

enum fault_verdict fault_far(const struct target *t, const struct instruction *x, struct fault *f);
enum fault_verdict fault_iret(const struct target *t, const struct instruction *x, struct fault *f);
enum fault_verdict fault_mov(const struct target *t, const struct instruction *x, struct fault *f);
enum fault_verdict fault_load_far(const struct target *t, const struct instruction *x, struct fault *f);
enum fault_verdict fault_ltr_lldt(const struct target *t, const struct instruction *x, struct fault *f);
enum fault_verdict fault_lgdt_lidt(const struct target *t, const struct instruction *x, struct fault *f);
enum fault_verdict fault_msr(const struct target *t, const struct instruction *x, struct fault *f);
enum fault_verdict fault_xsetbv(const struct target *t, const struct instruction *x, struct fault *f);
enum fault_verdict fault_syscall(const struct target *t, const struct instruction *x, struct fault *f);

#endif
