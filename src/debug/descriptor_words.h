/*
 * Descriptors as they lie in memory, taken apart and put into words.  Nothing here loads one: this is what a
 * debugger says about eight or sixteen bytes of a table.
 */
#ifndef RINGSIDE_DEBUG_DESCRIPTOR_WORDS_H
#define RINGSIDE_DEBUG_DESCRIPTOR_WORDS_H

#include "base/text.h"

struct target;

/* A segment or system descriptor. */
struct raw_descriptor {
    uint64_t low, high; /* as read; high is 0 for 8 bytes */
    uint64_t base;
    uint32_t limit; /* in bytes, whatever G says: the last offset */
    uint8_t type, dpl;
    bool s, p, avl, l, db, g;
};

/* A gate of an IDT, GDT or LDT. */
struct raw_gate {
    uint64_t low, high;
    uint64_t offset;
    uint16_t selector;
    uint8_t type, dpl, ist, count;
    bool s, p;
};

/* Types of system descriptors (Intel SDM, "System Descriptor Types"). */
enum {
    SYSTEM_TSS16 = 1,
    SYSTEM_LDT = 2,
    SYSTEM_TSS16_BUSY = 3,
    SYSTEM_CALL16 = 4,
    SYSTEM_TASK_GATE = 5,
    SYSTEM_INT16 = 6,
    SYSTEM_TRAP16 = 7,
    SYSTEM_TSS = 9,
    SYSTEM_TSS_BUSY = 11,
    SYSTEM_CALL = 12,
    SYSTEM_INT = 14,
    SYSTEM_TRAP = 15
};

struct raw_descriptor raw_descriptor_decode(uint64_t low, uint64_t high);
/* `wide`: the offset has 64 bits; a 16-bit gate's has 16. */
struct raw_gate raw_gate_decode(uint64_t low, uint64_t high, bool wide);

/* Questions about the type. */
bool raw_is_code(const struct raw_descriptor *d);
bool raw_is_tss(const struct raw_descriptor *d);
bool raw_is_gate(const struct raw_descriptor *d);

/* Appends the kind and its rights: `32-bit code, readable`, `64-bit TSS, in use`, `LDT`. `long_mode`: as
 * IA-32e mode reads it. */
void raw_descriptor_words(const struct raw_descriptor *d, bool long_mode, struct text *out);
/* Appends `64-bit interrupt gate`; "no gate (type 2)" for what is none. */
void raw_gate_words(const struct raw_gate *g, bool long_mode, struct text *out);
/* Appends `PGDA` with '-' for what is clear: present, granularity, D/B or L, accessed; V behind it when AVL.
 */
void raw_descriptor_flags(const struct raw_descriptor *d, struct text *out);

/* Where a selector leads. */
enum selector_found { SELECTOR_OK, SELECTOR_NULL, SELECTOR_NO_LDT, SELECTOR_PAST_LIMIT, SELECTOR_UNREADABLE };

/* Reads the descriptor that `selector` names from the guest's GDT or LDT; system descriptors of long mode
 * with their upper half. */
enum selector_found selector_read(const struct target *t, uint16_t selector, struct raw_descriptor *d);
/* Appends `null`, `GDT[3], RPL 0`. */
void selector_words(uint16_t selector, struct text *out);
/* A phrase for what went wrong: "is past the GDT's limit". */
void selector_found_words(const struct target *t, uint16_t selector, enum selector_found found,
                          struct text *out);

/* In long mode: whether bits 63 to 47 (56 with 5-level paging) of `linear` are all equal. Else true. */
bool linear_is_canonical(const struct target *t, uint64_t linear);
/* IA-32e mode is active. */
bool target_long(const struct target *t);

#endif
