/*
 * The two ways to name a byte of guest memory, linear and physical, behind one pair of functions: what a view
 * shows of one it can show of the other.
 */
#ifndef RINGSIDE_DEBUG_SPACE_H
#define RINGSIDE_DEBUG_SPACE_H

#include "debug/target.h"

enum space { SPACE_LINEAR, SPACE_PHYSICAL };

/* Reads up to n bytes; returns how many are there. *why (may be NULL) gets a phrase when they are fewer. */
size_t space_read(const struct target *t, enum space space, uint64_t addr, void *buf, size_t n,
                  const char **why);

/* Writes n bytes (at most SPACE_WRITE_MAX), all or nothing. The rights in the page tables do not bind a
 * debugger; ROM and unbacked addresses do. */
#define SPACE_WRITE_MAX (1ull << 30)
NODISCARD int space_write(const struct target *t, enum space space, uint64_t addr, const void *buf, size_t n,
                          struct err *e);

/* Whether space_write would do it. */
NODISCARD int space_writable(const struct target *t, enum space space, uint64_t addr, size_t n,
                             struct err *e);

/* The address as the CPU takes it: linear ones have 32 bits outside IA-32e mode. */
uint64_t space_addr(const struct target *t, enum space space, uint64_t addr);

/* The CPU's natural width in bytes: 2, 4 or 8, by the code segment. */
unsigned target_width(const struct target *t);

/* Linear address of the top of the stack. */
uint64_t target_stack_linear(const struct target *t);

#endif
