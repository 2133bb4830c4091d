/*
 * The tiny guests of the host probe: one throw-away VM with 128 KiB of memory, tables for every CPU mode, and
 * words for whatever comes back instead of what was expected.  Also the shape of one check, a row of the
 * probe's tables.
 *
 * A guest has two ways to say something, both of which work at CPL 0; the second also where user code may not
 * touch ports: OUT to PROBE_PORT_*, or a store to PROBE_MMIO_* where no memory is.
 */
#ifndef RINGSIDE_KVM_PROBE_GUEST_H
#define RINGSIDE_KVM_PROBE_GUEST_H

#include "kvm/kvm.h"
#include "kvm/probe.h"
#include "kvm/probe_watch.h"

/* Guest-physical memory. Everything is mapped one to one; PROBE_ALIAS is a second, 4 KiB mapping of
 * PROBE_DATA that only exists with paging on, and PROBE_UNMAPPED is beyond what the tables map. */
enum {
    PROBE_GDT = 0x800,
    PROBE_GDT_POINTER = 0x900,
    PROBE_IDT64 = 0x1000,
    PROBE_IDT32 = 0x2000,
    PROBE_TSS = 0x3000,
    PROBE_STUBS = 0x4000, /* the handlers, PROBE_STUB_LEN bytes each */
    PROBE_STUB_LEN = 8,
    PROBE_PRELUDE = 0x7000,
    PROBE_CODE = 0x8000,
    PROBE_CODE2 = 0x9000, /* a second routine: an interrupt handler, the target of SYSCALL */
    PROBE_DATA = 0xa000,
    PROBE_STACK = 0xc000,
    PROBE_STACK_CPL0 = 0xf000,
    PROBE_PML5 = 0x10000,
    PROBE_PML4 = 0x11000,
    PROBE_PDPT = 0x12000,
    PROBE_PD = 0x13000,
    PROBE_PT = 0x14000,
    PROBE_PD32 = 0x15000,
    PROBE_PT32 = 0x16000,
    PROBE_PDPT_PAE = 0x17000,
    PROBE_RAM_LEN = 0x20000,
    PROBE_MMIO_ANSWER = 0xd0000,
    PROBE_MMIO_MARK = 0xd0010,
    PROBE_ROM = 0xe0000, /* one page, in a read-only slot of its own */
    PROBE_ALIAS = 0x200000,
    PROBE_UNMAPPED = 0x40000000,
    PROBE_MAGIC = 0x52494e47, /* the first four bytes of PROBE_DATA and PROBE_ROM */
};

enum {
    PROBE_PORT_ANSWER = 0xe0, /* the result, in 8, 16 or 32 bits */
    PROBE_PORT_VECTOR = 0xe1, /* an interrupt handler says its vector */
    PROBE_PORT_MARK = 0xe2,   /* "I am here" */
    PROBE_PORT_STRING = 0xe4, /* string I/O */
};

/* Selectors, each with its requested privilege level. */
enum {
    PROBE_CS64 = 0x08,
    PROBE_DS = 0x10,
    PROBE_CS32 = 0x18,
    PROBE_CS64_USER = 0x23,
    PROBE_DS_USER = 0x2b,
    PROBE_CS32_USER = 0x33,
    PROBE_TR = 0x38,
};

enum probe_mode { PROBE_REAL, PROBE_PROTECTED, PROBE_LONG, PROBE_COMPAT, PROBE_LA57 };

/* What a check wants to exist before its vCPU does; PROBE_NO_IDT, not for real mode, makes any exception a
 * triple fault. */
enum {
    PROBE_WITH_IRQCHIP = 1 << 0,
    PROBE_WITH_PIT = 1 << 1,
    PROBE_WITH_DIRTY_LOG = 1 << 2,
    PROBE_WITH_DIRTY_RING = 1 << 3,
    PROBE_WITH_MSR_EXITS = 1 << 4,
    PROBE_NO_IDT = 1 << 5,
};

enum { PROBE_DIRTY_RING_LEN = 65536 };

/* What all checks of one run share. */
struct probe_host {
    struct kvm_system system;
    struct kvm_cpuid2 *cpuid; /* what KVM supports */
    struct kvm_vm idle;       /* keeps KVM awake between two checks */
    struct probe_watch watch;
};

/* One guest while it is being tried. */
struct probe_guest {
    struct probe_host *host;
    struct kvm_vm vm;
    struct kvm_vcpu vcpu;
    struct kvm_run *run; /* = vcpu.run */
    uint8_t *ram;        /* PROBE_RAM_LEN bytes, then the page behind PROBE_ROM */
    char *detail;        /* the row's */
};

enum probe_cpuid_register { PROBE_EAX, PROBE_EBX, PROBE_ECX, PROBE_EDX };

/* One row of the tables. `run` is called with the guest set up to run `code` in `mode` at `cpl`, and not yet
 * entered; it says what it saw in g->detail. */
struct probe_check {
    const char *id, *title;
    enum probe_result (*run)(const struct probe_check *c, struct probe_guest *g);
    enum probe_mode mode;
    unsigned cpl, with;
    const uint8_t *code; /* see PROBE_BYTES */
    size_t code_len;
    const char *walk; /* what stepping through the code must come to (probe_steps.c) */
    uint32_t want;    /* the value or vector that means success, where `run` has use for it */
    bool needed;
    int cap;              /* a KVM_CAP_* without which the row is absent; 0 = none */
    const char *cap_name; /* its name, for the detail */
    struct {
        uint32_t leaf;
        enum probe_cpuid_register reg;
        uint32_t mask; /* 0 = asks nothing */
        const char *name;
    } cpuid; /* a CPUID bit without which a failure means absent */
    const char *mend, *matters;
};

/* The designators of a check's code. */
#define PROBE_BYTES(bytes) .code = bytes, .code_len = sizeof(bytes)

/* The checks of one group. */
struct probe_list {
    const struct probe_check *checks;
    size_t n;
    const char *group;
};

/* The tables, in the order in which they are shown. */
extern const struct probe_list probe_modes, probe_exits, probe_debug, probe_steps, probe_traps,
    probe_interrupts, probe_instructions, probe_insight;

/* Mends that many rows share. */
extern const char probe_mend_hardware[], probe_mend_kernel[], probe_mend_cpu[], probe_mend_bug[];

/* Makes the VM, its memory and its vCPU in the state that `c` asks for. On failure nothing is left open. */
NODISCARD int probe_guest_open(struct probe_guest *g, struct probe_host *host, const struct probe_check *c,
                               struct err *e);
void probe_guest_close(struct probe_guest *g);

/* Writes GDT, IDTs, interrupt vectors, TSS and page tables into g->ram, and the registers of (mode, cpl) into
 * the vCPU. At CPL 3 in long mode the guest gets there by its own LTR and IRETQ; in protected mode it starts
 * there. */
NODISCARD int probe_guest_setup(struct probe_guest *g, const struct probe_check *c, struct err *e);

/* Puts `n` bytes of code at `gpa`. */
void probe_guest_code(struct probe_guest *g, uint32_t gpa, const uint8_t *code, size_t n);

/* Puts a 64-bit handler of `vector` into PROBE_CODE2, instead of the one that says its number. */
void probe_guest_handler(struct probe_guest *g, unsigned vector, const uint8_t *code, size_t n);

/* Sets the detail and returns `r`. */
enum probe_result probe_verdict(struct probe_guest *g, enum probe_result r, const char *fmt, ...)
    PRINTF(3, 4);
/* As probe_verdict(PROBE_BROKEN) from an error. */
enum probe_result probe_failed(struct probe_guest *g, const struct err *e);

/* The entries below return false when something else came than what they wait for, and leave words for it in
 * the detail. One entry that must end with exit reason `reason`: */
bool probe_enter(struct probe_guest *g, uint32_t reason);
/* The guest must say a value; it is stored in `*value`. */
bool probe_answer(struct probe_guest *g, uint32_t *value);
/* The guest must arrive at its mark; anything still in flight is then completed. */
bool probe_mark(struct probe_guest *g);
/* An interrupt handler must say `vector`. */
bool probe_vector(struct probe_guest *g, unsigned vector);
/* KVM_RUN with immediate_exit: completes what is in flight and runs nothing. */
bool probe_settle(struct probe_guest *g);

/* A whole check: the guest must answer c->want. */
enum probe_result probe_check_answer(const struct probe_check *c, struct probe_guest *g);
/* A whole check: the guest must reach its handler of vector c->want. */
enum probe_result probe_check_vector(const struct probe_check *c, struct probe_guest *g);

/* The entry of KVM's supported CPUID for `leaf` (subleaf 0), or NULL. */
struct kvm_cpuid_entry2 *probe_cpuid_leaf(struct kvm_cpuid2 *cpuid, uint32_t leaf);

#endif
