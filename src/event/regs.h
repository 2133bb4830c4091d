/*
 * The registers of a CPU as a trace keeps them: thirty-two numbers in a fixed order, so that a step is
 * written as a mask of what changed and the differences.  Segment bases and limits are not among them but for
 * FS and GS in long mode, where nothing else tells them; vector and debug registers are not either.
 */
#ifndef RINGSIDE_EVENT_REGS_H
#define RINGSIDE_EVENT_REGS_H

#include <stdint.h>

/* The order is that of the trace file: append, never change. General registers in the order of their numbers
 * in instructions (Intel SDM, "ModR/M and SIB Bytes"), segments likewise. */
#define EVENT_REGS(X)                                                                                        \
    X(RAX, "rax")                                                                                            \
    X(RCX, "rcx")                                                                                            \
    X(RDX, "rdx")                                                                                            \
    X(RBX, "rbx")                                                                                            \
    X(RSP, "rsp")                                                                                            \
    X(RBP, "rbp")                                                                                            \
    X(RSI, "rsi")                                                                                            \
    X(RDI, "rdi")                                                                                            \
    X(R8, "r8")                                                                                              \
    X(R9, "r9")                                                                                              \
    X(R10, "r10")                                                                                            \
    X(R11, "r11")                                                                                            \
    X(R12, "r12")                                                                                            \
    X(R13, "r13")                                                                                            \
    X(R14, "r14")                                                                                            \
    X(R15, "r15")                                                                                            \
    X(RIP, "rip")                                                                                            \
    X(RFLAGS, "rflags")                                                                                      \
    X(CR0, "cr0")                                                                                            \
    X(CR2, "cr2")                                                                                            \
    X(CR3, "cr3")                                                                                            \
    X(CR4, "cr4")                                                                                            \
    X(CR8, "cr8")                                                                                            \
    X(EFER, "efer")                                                                                          \
    X(FS_BASE, "fs_base")                                                                                    \
    X(GS_BASE, "gs_base")                                                                                    \
    X(ES, "es")                                                                                              \
    X(CS, "cs")                                                                                              \
    X(SS, "ss")                                                                                              \
    X(DS, "ds")                                                                                              \
    X(FS, "fs")                                                                                              \
    X(GS, "gs")

enum event_reg {
#define EVENT_REG_ENUM(name, text) EVENT_REG_##name,
    EVENT_REGS(EVENT_REG_ENUM)
#undef EVENT_REG_ENUM
        EVENT_REG_COUNT
};
_Static_assert(EVENT_REG_COUNT == 32, "a mask of registers is 32 bits");

/* `rax`; "" for a number out of range. */
const char *event_regs_name(unsigned reg);

/* What the CPU held after an event. */
struct event_regs {
    uint64_t r[EVENT_REG_COUNT];
};

#endif
