/*
 * The names of the exceptions (Intel SDM, "Exceptions and Interrupts", "Interrupt and Exception Handling").
 * Vectors 0 to 31 belong to the processor; the others are free for devices and INT n.
 */
#include "debug/descriptors.h"

struct vector_row {
    const char *mnemonic, *name;
};

static const struct vector_row vectors[] = {
    [0] = {"#DE", "divide error"},
    [1] = {"#DB", "debug"},
    [2] = {"NMI", "non-maskable interrupt"},
    [3] = {"#BP", "breakpoint"},
    [4] = {"#OF", "overflow"},
    [5] = {"#BR", "bound range exceeded"},
    [6] = {"#UD", "invalid opcode"},
    [7] = {"#NM", "no math coprocessor"},
    [8] = {"#DF", "double fault"},
    [9] = {"", "coprocessor segment overrun"},
    [10] = {"#TS", "invalid TSS"},
    [11] = {"#NP", "segment not present"},
    [12] = {"#SS", "stack fault"},
    [13] = {"#GP", "general protection"},
    [14] = {"#PF", "page fault"},
    [16] = {"#MF", "x87 error"},
    [17] = {"#AC", "alignment check"},
    [18] = {"#MC", "machine check"},
    [19] = {"#XM", "SSE error"},
    [20] = {"#VE", "virtualization exception"},
    [21] = {"#CP", "control protection"},
    [28] = {"#HV", "hypervisor injection (AMD)"},
    [29] = {"#VC", "VMM communication (AMD)"},
    [30] = {"#SX", "security exception (AMD)"},
};

static const char *known(const char *s)
{
    return s ? s : "";
}

const char *vector_mnemonic(unsigned vector)
{
    return vector < sizeof vectors / sizeof vectors[0] ? known(vectors[vector].mnemonic) : "";
}

const char *vector_name(unsigned vector)
{
    return vector < sizeof vectors / sizeof vectors[0] ? known(vectors[vector].name) : "";
}
