/*
 * The inside of the instruction assist: what its three files share.
 */
#ifndef RINGSIDE_RUN_ASSIST_H
#define RINGSIDE_RUN_ASSIST_H

#include "run/inside.h"
#include "vm/insn.h"

/* One instruction being completed. RIP is moved past it by the caller when its function returns true. */
struct assist {
    struct run *run;
    struct kvm_regs *regs;
    struct kvm_sregs *sregs;
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
    uint64_t rip, next_rip;
    uint64_t operand; /* for the event: a vector, a result, an address */
    bool sregs_changed;
    bool jumped; /* RIP has been set already */
    struct err *e;
};

/* Reads or writes an operand (register or memory) of at most 8 bytes. False when memory is not there. */
bool assist_load(struct assist *a, unsigned op, uint64_t *value);
bool assist_store(struct assist *a, unsigned op, uint64_t value);
/* Linear address of memory operand `op`. */
uint64_t assist_linear(const struct assist *a, unsigned op);
bool assist_read(struct assist *a, uint64_t linear, void *buf, size_t n);
bool assist_write(struct assist *a, uint64_t linear, const void *buf, size_t n);

/* assist_system.c */
bool assist_int(struct assist *a);
bool assist_into(struct assist *a);
bool assist_iretd(struct assist *a);
bool assist_stac(struct assist *a);
bool assist_clac(struct assist *a);
bool assist_rdtscp(struct assist *a);
bool assist_lar_lsl(struct assist *a);
bool assist_verr_verw(struct assist *a);
bool assist_invpcid(struct assist *a);

/* assist_fpu.c */
bool assist_xgetbv(struct assist *a);
bool assist_xsetbv(struct assist *a);
bool assist_fxsave(struct assist *a);
bool assist_fxrstor(struct assist *a);
bool assist_xsave(struct assist *a);
bool assist_xrstor(struct assist *a);
bool assist_fninit(struct assist *a);
bool assist_ldmxcsr(struct assist *a);
bool assist_stmxcsr(struct assist *a);

/* A descriptor of the GDT as a segment register holds it; false for a null, LDT, missing or not-present one.
 * `system_too` also accepts system descriptors. (deliver.c) */
bool descriptor_read(const struct run *r, uint16_t selector, bool system_too, struct kvm_segment *seg);

/* What IRET in ring 0 takes from the stack: all of RFLAGS but VM and the reserved bits. */
#define IRET_FLAGS 0x3d7fd5ull
/* IRET with words of `width` bytes, outside real mode (iret.c). 1 done and stored, 0 not (nothing is
 * changed), -1 KVM failed. */
NODISCARD int iret_by_hand(struct run *r, unsigned width, struct err *e);

#endif
