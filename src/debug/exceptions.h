/*
 * The CPU's exceptions: one row a vector, with what the processor pushes for it and how it counts when a
 * second one meets it on the way (Intel SDM, "Exception and Interrupt Reference", "Interrupt 8—Double Fault
 * Exception (#DF)").
 */
#ifndef RINGSIDE_DEBUG_EXCEPTIONS_H
#define RINGSIDE_DEBUG_EXCEPTIONS_H

#include "base/text.h"

enum { EXCEPTION_VECTORS = 32 };
enum {
    VECTOR_DE = 0,
    VECTOR_DB = 1,
    VECTOR_NMI = 2,
    VECTOR_BP = 3,
    VECTOR_OF = 4,
    VECTOR_BR = 5,
    VECTOR_UD = 6,
    VECTOR_NM = 7,
    VECTOR_DF = 8,
    VECTOR_TS = 10,
    VECTOR_NP = 11,
    VECTOR_SS = 12,
    VECTOR_GP = 13,
    VECTOR_PF = 14,
    VECTOR_MF = 16,
    VECTOR_AC = 17,
    VECTOR_XM = 19,
};

/* What the pushed RIP means (Intel SDM, "Exception Classifications"). */
enum exception_class {
    EXCEPTION_FAULT,         /* points at the instruction, which may be tried again */
    EXCEPTION_TRAP,          /* points behind the instruction, which has been done */
    EXCEPTION_FAULT_OR_TRAP, /* #DB: either, by its cause */
    EXCEPTION_ABORT,         /* nothing is promised */
    EXCEPTION_INTERRUPT,     /* NMI: comes from outside */
};

/* How it counts for the double fault. */
enum exception_weight { EXCEPTION_BENIGN, EXCEPTION_CONTRIBUTORY, EXCEPTION_PAGE_FAULT };

struct exception_info {
    uint8_t vector;
    const char *mnemonic; /* "#PF" */
    const char *name;     /* "page fault" */
    enum exception_class class;
    bool has_error_code;
    enum exception_weight weight;
    const char *cause;  /* what raises it, in a phrase */
    const char *manual; /* title of the section */
};

/* The row of a vector; NULL for reserved ones and for 32 and above, which are interrupts. */
const struct exception_info *exception_info(unsigned vector);

/* `#PF page fault`, or `vector 0x30` where there is no row. */
void exception_name(unsigned vector, struct text *out);

/* `fault`, `trap` … */
const char *exception_class_name(enum exception_class c);

/* The vector for "#PF", "PF" or "pf"; -1 when there is none. */
int exception_find(const char *name);

/* The second exception was raised by the delivery of the first: do they make a double fault? False: the
 * second is delivered in the first one's place. (With first = #DF the answer true means shutdown.) */
bool exception_doubles(unsigned first, unsigned second);

/* The error code that the processor pushed for `vector`, in words, bit by bit: `0x3: P=1 the page is present,
 * W=1 a write, U=0 the supervisor …`. Nothing for a vector that has none. */
void exception_error_write(unsigned vector, uint32_t code, struct text *out);

/* Bits of a selector error code (Intel SDM, "Error Code"). */
enum { ERROR_EXT = 1, ERROR_IDT = 2, ERROR_TI = 4 };

#endif
