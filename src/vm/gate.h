/*
 * Interrupt gates: the entry of the interrupt table that a vector selects.  Four bytes in real mode (the
 * interrupt vector table), eight in protected mode, sixteen in long mode (Intel SDM, "Real-Address Mode
 * Operation", "IDT Descriptors", "64-Bit Mode IDT").
 */
#ifndef RINGSIDE_VM_GATE_H
#define RINGSIDE_VM_GATE_H

#include "vm/gva.h"

/* Gate types, with the S bit (0 for all of them) above. */
enum { GATE_TASK = 0x5, GATE_INT16 = 0x6, GATE_TRAP16 = 0x7, GATE_INT32 = 0xe, GATE_TRAP32 = 0xf };

/* Why the processor cannot use it, in the order in which it looks. */
enum gate_trouble {
    GATE_FINE,
    GATE_PAST_LIMIT, /* the entry ends past the table's limit: #GP (in real mode too) */
    GATE_UNREADABLE, /* the table is not mapped there: #PF, or no memory */
    GATE_TYPE,       /* no interrupt, trap or task gate, or none for this mode: #GP */
    GATE_ABSENT,     /* present bit clear: #NP */
};

struct gate {
    unsigned vector;
    unsigned len;    /* of an entry: 4, 8 or 16 */
    uint64_t linear; /* where it lies */
    enum gate_trouble trouble;
    struct gva_walk walk; /* GATE_UNREADABLE: of the byte that could not be read */
    uint64_t
        raw[2]; /* the entry, low half first; the rest is decoded from it unless PAST_LIMIT, UNREADABLE */
    uint16_t selector;
    uint64_t offset;
    uint8_t type; /* five bits: S and type */
    uint8_t dpl;
    uint8_t ist; /* long mode: 1 to 7, 0 = none */
    bool present;
};

/* Reads the entry of `vector` (0 to 255) from the table that IDTR names. Never fails: *g says what is wrong.
 */
void gate_read(const struct guest_memory *m, const struct kvm_regs *r, const struct kvm_sregs *s,
               unsigned vector, struct gate *g);

/* True when the gate's bytes were read. */
static inline bool gate_is_there(const struct gate *g)
{
    return g->trouble != GATE_PAST_LIMIT && g->trouble != GATE_UNREADABLE;
}

/* Clears IF on the way in. */
static inline bool gate_is_interrupt(const struct gate *g)
{
    return g->type == GATE_INT16 || g->type == GATE_INT32;
}

/* A gate into 16-bit code: it pushes words. */
static inline bool gate_is_16bit(const struct gate *g)
{
    return g->type == GATE_INT16 || g->type == GATE_TRAP16;
}

/* `interrupt gate`, `32-bit trap gate`, `no gate (type 0x12)`. */
const char *gate_type_name(const struct gate *g);

/* `0x08:0x101234 32-bit interrupt gate, DPL 0, present` (in real mode the address alone). */
void gate_write(const struct gate *g, struct text *out);

#endif
