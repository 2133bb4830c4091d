// The x86 has a second address space beside memory: 65536 I/O ports, reached only by IN and OUT (and their
// string forms INS and OUTS). A guest has no way to any real port, so each access below is one VM exit.
//
// Every guest written in C uses these. The "memory" clobber keeps the compiler from moving a memory access
// across the port access: a device may be looking at memory, or waiting for it.
// Manual: Intel SDM volume 1, "Input/Output".
#ifndef GUESTS_LIB_PORT_H
#define GUESTS_LIB_PORT_H

#include <stdint.h>

// Writes one byte or one word (two bytes) to a port.
static inline void port_out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void port_out16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

// Reads one byte from a port.
static inline uint8_t port_in8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

#endif
