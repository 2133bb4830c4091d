/*
 * The bits of the CPU's own registers: RFLAGS, the control registers, EFER and the APIC base (Intel SDM,
 * "EFLAGS Register", "Control Registers", "Extended Feature Enable Register", "Local APIC Status and
 * Location").  A processor starts with almost all of them clear: what an operating system does in its first
 * hundred instructions is to set some of these, in the right order.
 */
#include "debug/bits.h"

#define END                                                                                                  \
    {                                                                                                        \
        0, 0, NULL, NULL, NULL, NULL                                                                         \
    }

static const struct bit rflags[] = {
    {21, 1, "ID", "identification", "set by a program that asks whether CPUID exists",
     "that a program can set it says that CPUID exists"},
    {20, 1, "VIP", "virtual interrupt pending", "an interrupt waits for a V86 or PVI task",
     "no virtual interrupt waits"},
    {19, 1, "VIF", "virtual interrupt flag", "a V86 or PVI task takes interrupts",
     "a V86 or PVI task holds interrupts off"},
    {18, 1, "AC", "alignment check", "alignment is checked in ring 3 if CR0.AM is set; SMAP is suspended",
     "alignment is not checked; SMAP, if on, works"},
    {17, 1, "VM", "virtual-8086 mode", "an 8086 program runs inside protected mode",
     "not in virtual-8086 mode"},
    {16, 1, "RF", "resume", "instruction breakpoints are ignored for one instruction",
     "instruction breakpoints work"},
    {14, 1, "NT", "nested task", "IRET goes back to the previous task", "IRET pops a return address"},
    {12, 2, "IOPL", "I/O privilege level", "the outermost ring that may use IN, OUT, CLI and STI", NULL},
    {11, 1, "OF", "overflow", "the last signed result did not fit", "the last signed result fitted"},
    {10, 1, "DF", "direction", "string instructions count addresses down",
     "string instructions count addresses up"},
    {9, 1, "IF", "interrupt enable", "interrupts are taken", "interrupts wait (NMI and exceptions do not)"},
    {8, 1, "TF", "trap", "a debug exception follows each instruction", "no single-stepping"},
    {7, 1, "SF", "sign", "the last result was negative", "the last result was not negative"},
    {6, 1, "ZF", "zero", "the last result was zero, or both sides were equal",
     "the last result was not zero"},
    {4, 1, "AF", "auxiliary carry", "there was a carry out of bit 3 (for decimal arithmetic)",
     "no carry out of bit 3"},
    {2, 1, "PF", "parity", "the last result's low byte has an even number of ones",
     "the last result's low byte has an odd number of ones"},
    {0, 1, "CF", "carry", "there was a carry or borrow out of the top bit",
     "no carry or borrow out of the top bit"},
    END,
};
const struct bits bits_rflags = {.name = "RFLAGS",
                                 .aliases = "eflags flags",
                                 .title = "what the last result was like, and how the CPU is to behave",
                                 .section = "EFLAGS Register",
                                 .bit = rflags,
                                 .ones = 1 << 1};

static const struct bit cr0[] = {
    {31, 1, "PG", "paging", "addresses go through the page tables that CR3 names",
     "linear addresses are physical addresses"},
    {30, 1, "CD", "cache disable", "the caches are not filled", "the caches are used"},
    {29, 1, "NW", "not write-through", "caches need not be written back (only together with CD)",
     "the caches are kept coherent"},
    {18, 1, "AM", "alignment mask", "RFLAGS.AC checks alignment in ring 3", "alignment is never checked"},
    {16, 1, "WP", "write protect", "rings 0 to 2 too may not write to read-only pages",
     "rings 0 to 2 may write to read-only pages"},
    {5, 1, "NE", "numeric error", "an x87 error is exception #MF", "an x87 error is an interrupt (IRQ 13)"},
    {4, 1, "ET", "extension type", "always 1 since the 486", "not possible since the 486"},
    {3, 1, "TS", "task switched", "the next x87 or SSE instruction raises #NM",
     "x87 and SSE instructions need no look first"},
    {2, 1, "EM", "emulation", "x87 instructions raise #NM, SSE ones #UD", "x87 instructions are executed"},
    {1, 1, "MP", "monitor coprocessor", "WAIT too raises #NM while TS is set", "WAIT does not look at TS"},
    {0, 1, "PE", "protection enable", "protected mode: selectors name descriptors",
     "real mode: a selector times 16 is a base"},
    END,
};
const struct bits bits_cr0 = {.name = "CR0",
                              .aliases = "",
                              .title = "the operating mode: protection, paging, caches, x87",
                              .section = "Control Registers",
                              .bit = cr0};

/* Bits 11 to 0 have two lives; the address field's upper end depends on the processor. */
static const struct bit cr3[] = {
    {62, 1, "LAM_U48", "linear-address masking, 48 bits", "bits 62 to 48 of user pointers are ignored",
     "user pointers are not masked so"},
    {61, 1, "LAM_U57", "linear-address masking, 57 bits", "bits 62 to 57 of user pointers are ignored",
     "user pointers are not masked so"},
    {12, 40, "BASE", "page-table base", "physical address of the top table, in 4 KiB pages", NULL},
    {0, 12, "PCID", "process-context identifier", "with CR4.PCIDE: whose translations these are", NULL},
    {4, 1, "PCD", "page-level cache disable", "the top table is read past the caches",
     "the top table may be cached"},
    {3, 1, "PWT", "page-level write-through", "the top table is cached write-through",
     "the top table is cached write-back"},
    END,
};
const struct bits bits_cr3 = {.name = "CR3",
                              .aliases = "pdbr",
                              .title = "where the page tables begin",
                              .section = "Control Registers",
                              .bit = cr3};

static const struct bit cr4[] = {
    {32, 1, "FRED", "flexible return and event delivery", "events enter the kernel by FRED",
     "events enter by the IDT"},
    {28, 1, "LAM_SUP", "linear-address masking", "upper bits of supervisor pointers are ignored",
     "supervisor pointers are not masked"},
    {25, 1, "UINTR", "user interrupts", "user interrupts are delivered", "no user interrupts"},
    {24, 1, "PKS", "protection keys for supervisor pages", "IA32_PKRS limits supervisor pages",
     "no keys on supervisor pages"},
    {23, 1, "CET", "control-flow enforcement", "shadow stacks and branch tracking can be switched on",
     "no shadow stacks"},
    {22, 1, "PKE", "protection keys for user pages", "PKRU limits user pages", "no keys on user pages"},
    {21, 1, "SMAP", "supervisor-mode access prevention",
     "rings 0 to 2 may not touch user pages while RFLAGS.AC is 0", "rings 0 to 2 may touch user pages"},
    {20, 1, "SMEP", "supervisor-mode execution prevention", "rings 0 to 2 may not run code in user pages",
     "rings 0 to 2 may run code in user pages"},
    {19, 1, "KL", "key locker", "key-locker instructions work", "no key locker"},
    {18, 1, "OSXSAVE", "XSAVE enable", "XSAVE and XCR0 can be used: the way to AVX",
     "XSAVE and XGETBV raise #UD"},
    {17, 1, "PCIDE", "process-context identifiers", "translations are tagged with CR3's PCID",
     "a MOV to CR3 drops all translations but global ones"},
    {16, 1, "FSGSBASE", "RDFSBASE and kin", "RDFSBASE, WRFSBASE and kin work in every ring",
     "RDFSBASE and kin raise #UD"},
    {14, 1, "SMXE", "safer mode", "GETSEC can be used", "GETSEC raises #UD"},
    {13, 1, "VMXE", "virtual-machine extensions", "VMXON can be used", "VMXON raises #UD"},
    {12, 1, "LA57", "57-bit linear addresses", "5-level paging in long mode", "4-level paging in long mode"},
    {11, 1, "UMIP", "user-mode instruction prevention", "SGDT, SIDT, SLDT, STR, SMSW raise #GP in ring 3",
     "SGDT and kin work in every ring"},
    {10, 1, "OSXMMEXCPT", "SSE exceptions", "an SSE error is exception #XM", "an SSE error is #UD"},
    {9, 1, "OSFXSR", "FXSAVE and SSE", "SSE can be used", "SSE instructions raise #UD"},
    {8, 1, "PCE", "performance counters", "RDPMC works in every ring", "RDPMC is for ring 0"},
    {7, 1, "PGE", "global pages", "pages marked G survive a MOV to CR3", "the G of a page is ignored"},
    {6, 1, "MCE", "machine check", "a machine check is exception #MC", "a machine check shuts the CPU down"},
    {5, 1, "PAE", "physical-address extension", "page-table entries have 8 bytes",
     "page-table entries have 4 bytes"},
    {4, 1, "PSE", "page-size extension", "4 MiB pages in 32-bit paging", "no 4 MiB pages in 32-bit paging"},
    {3, 1, "DE", "debugging extensions", "I/O breakpoints; DR4 and DR5 raise #UD",
     "DR4 and DR5 are DR6 and DR7"},
    {2, 1, "TSD", "time-stamp disable", "RDTSC is for ring 0", "RDTSC works in every ring"},
    {1, 1, "PVI", "protected-mode virtual interrupts", "CLI and STI of ring 3 change VIF",
     "CLI and STI of ring 3 change IF or fault"},
    {0, 1, "VME", "virtual-8086 extensions", "virtual interrupts in virtual-8086 mode",
     "CLI and INT n of V86 tasks fault unless IOPL is 3"},
    END,
};
const struct bits bits_cr4 = {.name = "CR4",
                              .aliases = "",
                              .title = "extensions that the operating system has switched on",
                              .section = "Control Registers",
                              .bit = cr4};

static const struct bit efer[] = {
    {21, 1, "AIBRSE", "automatic IBRS (AMD)", "indirect branches of ring 0 are protected",
     "no automatic IBRS"},
    {15, 1, "TCE", "translation cache extension (AMD)", "INVLPG drops less", "INVLPG drops all upper levels"},
    {14, 1, "FFXSR", "fast FXSAVE (AMD)", "FXSAVE in ring 0 leaves the XMM registers out",
     "FXSAVE saves the XMM registers"},
    {13, 1, "LMSLE", "long-mode segment limits (AMD)", "limits of data segments count in 64-bit mode",
     "no limits in 64-bit mode"},
    {12, 1, "SVME", "secure virtual machine (AMD)", "VMRUN can be used", "VMRUN raises #UD"},
    {11, 1, "NXE", "no-execute enable", "bit 63 of a page-table entry forbids execution",
     "bit 63 of a page-table entry is reserved"},
    {10, 1, "LMA", "long mode active", "long mode: set by the CPU when paging came on with LME set",
     "long mode is not active"},
    {8, 1, "LME", "long mode enable", "switching paging on means long mode",
     "switching paging on means 32-bit or PAE paging"},
    {0, 1, "SCE", "system-call enable", "SYSCALL and SYSRET work", "SYSCALL raises #UD"},
    END,
};
const struct bits bits_efer = {.name = "EFER",
                               .aliases = "ia32_efer",
                               .title = "MSR 0xc0000080: long mode, no-execute, SYSCALL",
                               .section = "Extended Feature Enable Register",
                               .bit = efer};

static const struct bit apic_base[] = {
    {12, 40, "BASE", "base", "physical address of the APIC's registers, in 4 KiB pages", NULL},
    {11, 1, "EN", "enable", "the local APIC is on", "the local APIC is off"},
    {10, 1, "EXTD", "x2APIC", "its registers are MSRs", "its registers lie in memory"},
    {8, 1, "BSP", "bootstrap processor", "this CPU booted the machine", "another CPU booted the machine"},
    END,
};
const struct bits bits_apic_base = {.name = "APIC_BASE",
                                    .aliases = "ia32_apic_base apicbase",
                                    .title = "MSR 0x1b: where the local APIC is, and whether it is on",
                                    .section = "Local APIC Status and Location",
                                    .bit = apic_base};
