/*
 * Which exception does the instruction at CS:RIP raise?  The processor's checks done in software on a
 * standing guest, in the processor's order: the fetch, the decoding, privilege, segments, pages, and what the
 * instruction itself forbids.
 */
#ifndef RINGSIDE_DEBUG_FAULT_H
#define RINGSIDE_DEBUG_FAULT_H

#include "debug/instruction.h"
#include "debug/target.h"

struct fault {
    unsigned vector;
    bool has_code; /* the processor pushes an error code (never in real mode) */
    bool has_cr2;
    bool software; /* INT n: the gate's DPL counts */
    uint32_t code;
    uint64_t cr2;
    char why[320];   /* a sentence without its full stop */
    char entry[256]; /* the table entry that is wrong, raw and decoded; "" when none is */
};

enum fault_verdict {
    FAULT_NO,      /* it would go through */
    FAULT_YES,     /* *f says what it raises */
    FAULT_UNKNOWN, /* that cannot be told: f->why says why */
};

/* Looks. `checked` gets, for a person, what was looked at ("the fetch, the decoding, …"). */
enum fault_verdict fault_find(const struct target *t, struct fault *f, struct text *checked);

/* ---- for who makes faults ---- */

/* Fills *f and returns FAULT_YES. */
enum fault_verdict fault_raise(const struct target *t, struct fault *f, unsigned vector, uint32_t code,
                               const char *fmt, ...) PRINTF(5, 6);
enum fault_verdict fault_unknown(struct fault *f, const char *fmt, ...) PRINTF(2, 3);

/* Is [linear, linear+len) there for this access at this privilege level? With `implicit` it is the
 * processor's own, to a table or a frame. `what` goes into the sentence ("the operand", "the frame"). A page
 * fault, or, for an address that is not canonical, `vector` with `code`. */
struct fault_access {
    uint64_t linear, len;
    enum gva_access access;
    unsigned cpl;
    bool implicit;
    unsigned vector; /* for a non-canonical address: #GP or #SS */
    uint32_t code;
    const char *what;
};
enum fault_verdict fault_memory(const struct target *t, const struct fault_access *a, struct fault *f);

/* Is this selector good for that use? Fills *seg when it is. (Intel SDM, "Privilege Level Checking", and the
 * instructions' own pages.) */
enum selector_use {
    SELECTOR_JUMP,
    SELECTOR_GATE,
    SELECTOR_RETURN,
    SELECTOR_DATA,
    SELECTOR_STACK,
    SELECTOR_TSS,
    SELECTOR_LDT
};
struct selector_ask {
    uint16_t selector;
    enum selector_use use;
    unsigned cpl;    /* at which it will be used: for STACK the level of the stack */
    uint32_t ext;    /* ERROR_EXT or 0 */
    unsigned vector; /* for a bad one: #GP, or #TS for a stack out of the TSS */
    const char *who; /* "CS", "the gate", "SS0 of the TSS" */
};
enum fault_verdict fault_selector(const struct target *t, const struct selector_ask *q,
                                  struct kvm_segment *seg, struct fault *f);

bool fault_is_canonical(const struct target *t, uint64_t linear);

/* What the instruction itself forbids, by its mnemonic (fault_insn.c). */
enum fault_verdict fault_of_mnemonic(const struct target *t, const struct instruction *x, struct fault *f);

#endif
