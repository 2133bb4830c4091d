// The interrupt descriptor table (IDT): for each vector a 16-byte gate that tells the CPU where to go.
//
// A gate holds the handler's address in three pieces (the first two are where the 286 and the 386 put them,
// the third is long mode's), the code segment to run it in, and a type. Type 0xe is an interrupt gate: the
// CPU clears IF on the way in, so that one interrupt's handler is not interrupted by the next; IRETQ brings
// the old IF back.
//
// Called by the guests that take exceptions or interrupts. Left out: a stack of its own for double faults
// (IST), which needs a TSS; and gates that CPL 3 may call, as these guests never leave CPL 0.
// Manual: Intel SDM volume 3, "Interrupt Descriptor Table (IDT)" and "64-Bit Mode IDT".
#include "trap.h"

enum { GATE_PRESENT_INTERRUPT = 0x8e };

struct trap_gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t ist;
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};

struct trap_table_pointer {
    uint16_t limit; // the table's last byte, counted from its start
    uint64_t base;
} __attribute__((packed));

extern const uint8_t trap_stubs[TRAP_VECTORS][16];

static struct trap_gate gates[TRAP_VECTORS];

void trap_init(void)
{
    uint16_t code_selector;
    __asm__("mov %%cs, %0" : "=r"(code_selector));

    for (int vector = 0; vector < TRAP_VECTORS; vector++) {
        uint64_t offset = (uint64_t)trap_stubs[vector];
        gates[vector] = (struct trap_gate){
            .offset_low = (uint16_t)offset,
            .selector = code_selector,
            .type = GATE_PRESENT_INTERRUPT,
            .offset_middle = (uint16_t)(offset >> 16),
            .offset_high = (uint32_t)(offset >> 32),
        };
    }
    struct trap_table_pointer pointer = {sizeof(gates) - 1, (uint64_t)gates};
    __asm__ volatile("lidt %0" : : "m"(pointer), "m"(gates));
}
