/*
 * What gdb is told about the machine: the registers (target.xml, and the bytes that `g` carries, both made
 * from one table) and the memory map.  (The gdb manual, "Target Descriptions", "i386 Features", "Memory Map
 * Format".)
 *
 * A mode switch must not break the session, and gdb cannot change architecture in the middle of one.  So the
 * register set is that of x86-64 in every mode; 16- and 32-bit code is seen in its low halves.
 *
 * gdb has one flat space of addresses and takes the program counter for one of them: it reads the
 * instruction there and compares breakpoints with it.  Where CS has a base (real mode above all, where 7c00h
 * may be 0000:7c00 or 07c0:0000) RIP alone is no such address.  So here `rip` is the LINEAR address of
 * CS:RIP, as all addresses of breakpoints and memory are; a write to it is turned back into an offset, and
 * refused when CS cannot reach it.  The offset itself is the register `rip_offset`.  Other registers are what
 * the CPU has: the stack of 16-bit code is at `$ss_base + $sp`.
 */
#ifndef RINGSIDE_DEBUG_GDB_TARGET_H
#define RINGSIDE_DEBUG_GDB_TARGET_H

#include "base/text.h"
#include "vm/cpu.h"

/* A vCPU's registers in KVM's shape. */
struct gdb_cpu {
    struct kvm_regs regs;
    struct kvm_sregs sregs;
    struct kvm_fpu fpu;
};

/* Which of the three a register is in, and which a write has changed. */
enum gdb_part { GDB_REGS = 1 << 0, GDB_SREGS = 1 << 1, GDB_FPU = 1 << 2 };

enum { GDB_REGISTER_BYTES_MAX = 16 };

struct gdb_register {
    const char *name;
    unsigned bits; /* 32, 64, 80 or 128 */
    const char *type, *group, *feature;
    size_t offset, len; /* the field in struct gdb_cpu; a longer register is filled up with zeros */
    /* Where the field is not the register. -1: the value is refused. */
    uint64_t (*get)(const struct gdb_cpu *c);
    int (*set)(struct gdb_cpu *c, const struct gdb_register *r, uint64_t value, struct err *e);
    bool expedited; /* goes with every stop */
};

/* By gdb's number, which is the place in target.xml; NULL past the end. */
const struct gdb_register *gdb_register(size_t number);

/* The parts that a read needs. */
unsigned gdb_register_parts(const struct gdb_register *r);

static inline size_t gdb_register_len(const struct gdb_register *r)
{
    return r->bits / 8;
}

/* Copies the value out, least significant byte first. */
void gdb_register_get(const struct gdb_register *r, const struct gdb_cpu *c, uint8_t *bytes);

/* Writes the value into *c and adds the parts that changed to *changed (none when it was there already). -1
 * with *e: the register cannot hold it. Control registers are stored as they come: whether the CPU will take
 * the state is for the owner of the vCPU to say. */
NODISCARD int gdb_register_set(const struct gdb_register *r, struct gdb_cpu *c, const uint8_t *bytes,
                               unsigned *changed, struct err *e);

/* All registers one behind the other, as `g` and `G` have them. gdb_registers_set writes those that
 * differ, all of them or none, and `rip` after the segment that it counts from. */
enum { GDB_REGISTERS_BYTES_MAX = 1024 };
size_t gdb_registers_len(void);
NODISCARD int gdb_registers_set(struct gdb_cpu *c, const uint8_t *bytes, unsigned *changed, struct err *e);

/* The linear address of CS:RIP becomes `linear`. */
NODISCARD int gdb_rip_set(struct gdb_cpu *c, uint64_t linear, struct err *e);

/* The description of the registers. */
void gdb_target_xml(struct text *out);

/* The memory map: ROM as ROM, and every other address as RAM, since with paging any linear address may lead
 * to memory and gdb never asks for one that the map leaves out. */
void gdb_memory_map(const struct guest_memory *m, struct text *out);

#endif
