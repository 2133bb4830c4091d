/*
 * The state a CPU starts in, and which mode a state means (Intel SDM, "Modes of Operation", "IA-32e Mode",
 * "Processor State After Reset").  A boot loader's work, done in user space: instead of running code that
 * switches modes, Ringside writes the registers and the tables that such code would leave.
 */
#ifndef RINGSIDE_VM_CPU_H
#define RINGSIDE_VM_CPU_H

#include "event/event.h"
#include "vm/memory.h"

#define CR0_PE         (1ull << 0)
#define CR0_MP         (1ull << 1)
#define CR0_EM         (1ull << 2)
#define CR0_TS         (1ull << 3)
#define CR0_ET         (1ull << 4)
#define CR0_NE         (1ull << 5)
#define CR0_WP         (1ull << 16)
#define CR0_AM         (1ull << 18)
#define CR0_NW         (1ull << 29)
#define CR0_CD         (1ull << 30)
#define CR0_PG         (1ull << 31)
#define CR4_PSE        (1ull << 4)
#define CR4_PAE        (1ull << 5)
#define CR4_PGE        (1ull << 7)
#define CR4_OSFXSR     (1ull << 9)
#define CR4_OSXMMEXCPT (1ull << 10)
#define CR4_LA57       (1ull << 12)
#define CR4_OSXSAVE    (1ull << 18)
#define CR4_SMEP       (1ull << 20)
#define CR4_SMAP       (1ull << 21)
#define EFER_SCE       (1ull << 0)
#define EFER_LME       (1ull << 8)
#define EFER_LMA       (1ull << 10)
#define EFER_NXE       (1ull << 11)
#define RFLAGS_FIXED   (1ull << 1)
#define RFLAGS_CF      (1ull << 0)
#define RFLAGS_ZF      (1ull << 6)
#define RFLAGS_TF      (1ull << 8)
#define RFLAGS_IF      (1ull << 9)
#define RFLAGS_DF      (1ull << 10)
#define RFLAGS_OF      (1ull << 11)
#define RFLAGS_NT      (1ull << 14)
#define RFLAGS_RF      (1ull << 16)
#define RFLAGS_VM      (1ull << 17)
#define RFLAGS_AC      (1ull << 18)

/* What a loader wants the first instruction to see. */
struct cpu_start {
    enum cpu_mode mode; /* real, protected (no paging) or long */
    uint64_t entry;     /* linear address of the first instruction */
    uint64_t rsp;       /* 0 = the mode's default: 0x7c00 in real mode, else under the boot structures */
    uint64_t rax, rbx, rdx, rsi, rdi;
};

/* Fills regs and sregs for `start`, beginning from the reset state that KVM left in *sregs (of which only the
 * APIC base stays), and writes the boot structures into guest memory. A20 is open and IF clear in every mode,
 * and exactly these control bits are set:
 *
 * - real: CR0 = ET. CS:IP = entry, with CS 0 up to 0xffff and else entry >> 4; DS ES FS GS SS = 0; IDT at 0
 *   with limit 0x3ff, the interrupt vector table.
 * - protected: CR0 = PE ET. A GDT with the null descriptor, 0x08 flat 32-bit code and 0x10 flat data, loaded
 *   in CS and in DS ES FS GS SS. No IDT (limit 0): an exception is a triple fault until the guest loads one.
 * - long: CR0 = PE ET PG, CR4 = PAE, EFER = LME LMA. As protected, with 0x08 64-bit code; CR3 names page
 *   tables that map the first 4 GiB one to one with 2 MiB pages, writable and for the supervisor only.
 *
 * TR is an empty busy 32-bit TSS and LDTR unusable: VM entries demand the first (Intel SDM, "Checks on Guest
 * Segment Registers"); a guest that wants ring 3 loads its own. Refuses a start in compat mode, and one that
 * overlaps the boot structures, is out of its mode's reach or has no memory under its entry. */
NODISCARD int cpu_setup(const struct cpu_start *start, struct guest_memory *m, struct kvm_regs *regs,
                        struct kvm_sregs *sregs, struct err *e);

/* How many bytes near the top of low RAM cpu_setup uses for that mode (0 in real mode), and where they begin:
 * loaders keep images out of them. The place is MEMORY_NONE when there is no room. In protected mode the GDT
 * has a page of its own; in long mode the PML4, the PDPT, four page directories and the GDT follow each other
 * in this order. */
uint64_t cpu_boot_structures_len(enum cpu_mode mode);
uint64_t cpu_boot_structures_gpa(const struct guest_memory *m, enum cpu_mode mode);

/* The mode that these registers mean. */
enum cpu_mode cpu_mode(const struct kvm_sregs *s);

/* The current privilege level: SS.DPL, 0 in real mode, 3 in virtual-8086 mode (Intel SDM, "Privilege
 * Levels"). */
unsigned cpu_cpl(const struct kvm_regs *r, const struct kvm_sregs *s);

/* Default operand and address size in bits in the current code segment: 16, 32 or 64. */
unsigned cpu_code_bits(const struct kvm_sregs *s);

/* Linear address of CS:RIP. */
uint64_t cpu_rip_linear(const struct kvm_regs *r, const struct kvm_sregs *s);

#endif
