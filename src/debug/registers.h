/*
 * Every register and part of one that a person can name: rax, al, eip, zf, cs.base, cr0.pe, efer.lme, dr7 …,
 * in one table. Who reads or writes a register by name comes here: expressions, `set`, `print`, completion.
 */
#ifndef RINGSIDE_DEBUG_REGISTERS_H
#define RINGSIDE_DEBUG_REGISTERS_H

#include "debug/target.h"

enum register_place {
    REGISTER_REGS,  /* offset into struct kvm_regs */
    REGISTER_SREGS, /* offset into struct kvm_sregs */
    REGISTER_DEBUG, /* offset into struct kvm_debugregs, which the target must be asked for */
};

enum register_flag {
    REGISTER_ZERO_UPPER = 1 << 0, /* a write clears the upper half: 32-bit general registers */
    REGISTER_READ_ONLY = 1 << 1,
    REGISTER_SELECTOR = 1 << 2, /* a write loads the segment's hidden part as well */
};

/* One name: `bits` bits from bit `low` of the `len` bytes at `offset`. */
struct register_info {
    const char *name; /* lower case */
    enum register_place place;
    uint16_t offset;
    uint8_t len, low, bits, flags;
};

/* By name in any case (`n` bytes, need not end in NUL); NULL when there is none. */
const struct register_info *register_find(const char *name, size_t n);
/* The i-th, NULL past the end. */
const struct register_info *register_row(size_t i);

/* The value now. -1 with *e: a debug register that the target cannot tell. */
NODISCARD int register_get(const struct target *t, const struct register_info *r, uint64_t *value,
                           struct err *e);

/* Writes `value`, which must fit (or be its sign-extension, so that -1 fits everywhere but in a single bit),
 * and sets t->regs_changed or t->sregs_changed. A segment register loads its descriptor; EFER.LMA follows
 * EFER.LME and CR0.PG; bit 1 of RFLAGS stays. -1 with *e and nothing changed: a read-only register, a
 * descriptor that cannot be loaded, a state that the CPU would not accept (vm/cpu_check.h). */
NODISCARD int register_set(struct target *t, const struct register_info *r, uint64_t value, struct err *e);

/* Whether the row is the selector of CS, DS, ES, FS, GS or SS, whose base an address can stand on; and that
 * segment. */
bool register_is_segment(const struct register_info *r);
const struct kvm_segment *register_segment(const struct target *t, const struct register_info *r);

/* The base that the CPU adds to an offset in that segment: 0 for CS DS ES SS in 64-bit mode. */
uint64_t register_segment_base(const struct target *t, const struct kvm_segment *seg);

#endif
