// Catching exceptions and interrupts in a C function. See trap.S for the entry code, trap.c for the table.
#ifndef GUESTS_LIB_TRAP_H
#define GUESTS_LIB_TRAP_H

#include <stdint.h>

enum { TRAP_VECTORS = 0x41 }; // the CPU's own 0 to 31, sixteen for the PICs from 32, and a few up to INT 0x40

// What lies on the stack while a handler runs, lowest address first. The last five were pushed by the CPU; it
// also pushed the error code, but only for the vectors that have one (trap.S pushes a zero for the others).
struct trap_frame {
    uint64_t r11, r10, r9, r8, rdi, rsi, rdx, rcx, rax;
    uint64_t vector;
    uint64_t error_code;
    uint64_t rip, cs, rflags, rsp, ss;
};

// Fills the interrupt descriptor table, every vector leading to trap_handle, and loads it. IF stays as it is.
void trap_init(void);

// The guest supplies this one. It runs with interrupts off. Whatever it leaves in the frame is what the
// interrupted code goes on with: a handler that moves `rip` moves that code.
void trap_handle(struct trap_frame *frame);

#endif
