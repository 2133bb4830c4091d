/*
 * The kinds of event: one row each, and the only list of them.  Most kinds are exit reasons, the values that KVM
 * leaves in kvm_run.exit_reason (KVM API, section "The kvm_run structure"); the last few are Ringside's own, for
 * things that are not exits but belong into the story: an interrupt that was injected, an instruction that Ringside
 * completed because this host's KVM would not, a single step, a mark.
 *
 * The numbers of own kinds start at EVENT_OWN so that new exit reasons never move them; trace files store the number
 * and, in their header, the names.
 */
#ifndef RINGSIDE_EVENT_KIND_H
#define RINGSIDE_EVENT_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first kind that is not a KVM exit reason. */
#define EVENT_OWN 192

/* X(enumerator, number): exit reasons have KVM's own number. */
#define EVENT_KINDS(X)                                                                                       \
    X(UNKNOWN, 0)                                                                                            \
    X(EXCEPTION, 1)                                                                                          \
    X(IO, 2)                                                                                                 \
    X(HYPERCALL, 3)                                                                                          \
    X(DEBUG, 4)                                                                                              \
    X(HLT, 5)                                                                                                \
    X(MMIO, 6)                                                                                               \
    X(IRQ_WINDOW, 7)                                                                                         \
    X(SHUTDOWN, 8)                                                                                           \
    X(FAIL_ENTRY, 9)                                                                                         \
    X(INTR, 10)                                                                                              \
    X(SET_TPR, 11)                                                                                           \
    X(TPR_ACCESS, 12)                                                                                        \
    X(S390_SIEIC, 13)                                                                                        \
    X(S390_RESET, 14)                                                                                        \
    X(DCR, 15)                                                                                               \
    X(NMI, 16)                                                                                               \
    X(INTERNAL, 17)                                                                                          \
    X(OSI, 18)                                                                                               \
    X(PAPR_HCALL, 19)                                                                                        \
    X(S390_UCONTROL, 20)                                                                                     \
    X(WATCHDOG, 21)                                                                                          \
    X(S390_TSCH, 22)                                                                                         \
    X(EPR, 23)                                                                                               \
    X(SYSTEM_EVENT, 24)                                                                                      \
    X(S390_STSI, 25)                                                                                         \
    X(IOAPIC_EOI, 26)                                                                                        \
    X(HYPERV, 27)                                                                                            \
    X(ARM_NISV, 28)                                                                                          \
    X(MSR_READ, 29)                                                                                          \
    X(MSR_WRITE, 30)                                                                                         \
    X(DIRTY_RING_FULL, 31)                                                                                   \
    X(AP_RESET_HOLD, 32)                                                                                     \
    X(BUS_LOCK, 33)                                                                                          \
    X(XEN, 34)                                                                                               \
    X(RISCV_SBI, 35)                                                                                         \
    X(RISCV_CSR, 36)                                                                                         \
    X(NOTIFY, 37)                                                                                            \
    X(LOONGARCH_IOCSR, 38)                                                                                   \
    X(MEMORY_FAULT, 39)                                                                                      \
    X(TDX, 40)                                                                                               \
    X(ARM_SEA, 41)                                                                                           \
    X(ARM_LDST64B, 42)                                                                                       \
    X(SNP_REQ_CERTS, 43)                                                                                     \
    X(ASSIST, 192)                                                                                           \
    X(IRQ, 193)                                                                                              \
    X(STEP, 194)                                                                                             \
    X(MARK, 195)

enum event_kind {
#define EVENT_ENUM(name, number) EVENT_##name = (number),
    EVENT_KINDS(EVENT_ENUM)
#undef EVENT_ENUM
    EVENT_KIND_MAX = 256
};

/* What kind of thing happened, for colours and grouping. */
enum event_class { CLASS_DEVICE, CLASS_CPU, CLASS_DEBUG, CLASS_FATAL, CLASS_FOREIGN, CLASS_OWN };

/* One row of the table. Every string is non-NULL. `constant` is the KVM_EXIT_* name, "" for Ringside's own kinds. */
struct event_kind_info {
    enum event_kind kind;
    const char *name;     /* short name: promised to other programs */
    const char *constant; /* KVM_EXIT_IO */
    const char *meaning;  /* what it says, in a few words */
    const char *cause;    /* what the guest (or the host) did, and who handles it */
    const char *source;   /* where the manual says so */
    enum event_class class;
    const char *colour;   /* for pictures: an SVG colour, safe for colour-blind readers */
};

/* The row of a kind; a row named "exit-N" does not exist: unknown numbers give the row of EVENT_UNKNOWN. */
const struct event_kind_info *event_kind_info(unsigned kind);

/* True when the number is in the table. */
bool event_kind_known(unsigned kind);

/* The kind with this short name (or KVM_EXIT_* constant), or -1. */
int event_kind_find(const char *name);

/* True for exits to user space, false for Ringside's own events. An assist is an exit: KVM gave the instruction back. */
static inline bool event_kind_is_exit(unsigned kind)
{
    return kind < EVENT_OWN || kind == EVENT_ASSIST;
}

/* The rows in order, for help and docs: row `i`, or NULL past the end. */
const struct event_kind_info *event_kind_row(size_t i);

#endif
