/*
 * The table of event kinds: see kind.h.  One row says all that Ringside ever says about a kind: its promised
 * short name, KVM's own constant, what it means, who caused it and who answers, and where to read on.
 * Dispatch, colours, `explain` and docs/exits.md are fed from here.
 *
 * Rows sit at their own number, so that finding one is an index.  The exits of other architectures are listed
 * as well: their numbers exist in linux/kvm.h, and a trace that held one would deserve a name for it.
 *
 * The colours are those of Okabe and Ito's palette, which people with any kind of colour vision can tell
 * apart.
 */
#include "event/kind.h"

#include <string.h>

#define ORANGE     "#E69F00"
#define SKY_BLUE   "#56B4E9"
#define GREEN      "#009E73"
#define YELLOW     "#F0E442"
#define BLUE       "#0072B2"
#define VERMILLION "#D55E00"
#define PURPLE     "#CC79A7"
#define GREY       "#999999"

#define KVM_RUN_DOC "KVM API documentation, The kvm_run structure: "

static const struct event_kind_info kinds[EVENT_KIND_MAX] = {
    /* Devices: the guest touched something that is not plain memory. */
    [EVENT_IO] = {EVENT_IO, "io", "KVM_EXIT_IO", "port input or output",
                  "The guest executed IN, OUT, INS or OUTS. Ports are not memory: KVM has no device behind "
                  "them, so the "
                  "access comes to Ringside's bus, which asks the device that claims the port.",
                  KVM_RUN_DOC "KVM_EXIT_IO; Intel SDM, Input/Output", CLASS_DEVICE, SKY_BLUE},
    [EVENT_MMIO] =
        {EVENT_MMIO, "mmio", "KVM_EXIT_MMIO", "memory-mapped input or output",
         "The guest read or wrote a guest-physical address with no memory behind it (or wrote to read-only "
         "memory). KVM decodes the instruction, and the bus asks the device that claims the address.",
         KVM_RUN_DOC "KVM_EXIT_MMIO; Intel SDM, Memory-Mapped I/O", CLASS_DEVICE, BLUE},
    [EVENT_IOAPIC_EOI] =
        {EVENT_IOAPIC_EOI, "ioapic_eoi", "KVM_EXIT_IOAPIC_EOI", "end of a level-triggered interrupt",
         "The guest finished an interrupt that the I/O APIC delivered. Only with a split irqchip (local "
         "APIC in the kernel, I/O APIC in user space) does user space hear of it.",
         KVM_RUN_DOC "KVM_EXIT_IOAPIC_EOI; Intel SDM, Signaling Interrupt Servicing Completion", CLASS_DEVICE,
         SKY_BLUE},

    /* The CPU: it did something that user space asked to hear of. */
    [EVENT_HLT] =
        {EVENT_HLT, "hlt", "KVM_EXIT_HLT", "waits for an interrupt",
         "The guest executed HLT. Without an in-kernel interrupt controller only user space knows when the "
         "next "
         "interrupt comes, so Ringside waits for a device; with interrupts disabled the guest has ended.",
         KVM_RUN_DOC "KVM_EXIT_HLT; Intel SDM, HLT - Halt", CLASS_CPU, YELLOW},
    [EVENT_IRQ_WINDOW] =
        {EVENT_IRQ_WINDOW, "irq_window", "KVM_EXIT_IRQ_WINDOW_OPEN", "the guest can take an interrupt now",
         "Ringside had an interrupt to deliver while the guest could not take one (IF clear, or in the "
         "shadow of STI or MOV SS) and asked to be told. The interrupt is injected before the next entry.",
         KVM_RUN_DOC "request_interrupt_window; Intel SDM, Interrupt-Window Exiting and "
                     "Virtual-Interrupt Delivery",
         CLASS_CPU, GREEN},
    [EVENT_INTR] = {EVENT_INTR, "intr", "KVM_EXIT_INTR", "a signal called the VMM back",
                    "A signal reached the vCPU thread, or immediate_exit was set: a command wants the vCPU, "
                    "a timer of a "
                    "device is due, or the watchdog rang. The guest itself did nothing.",
                    KVM_RUN_DOC "immediate_exit; KVM API documentation, KVM_RUN", CLASS_CPU, GREEN},
    [EVENT_SET_TPR] =
        {EVENT_SET_TPR, "set_tpr", "KVM_EXIT_SET_TPR", "the task priority was lowered",
         "The guest wrote CR8 below the priority of a waiting interrupt. Seen only while the local APIC is "
         "in user space, which may now deliver.",
         KVM_RUN_DOC "KVM_EXIT_SET_TPR; Intel SDM, Task and Processor Priorities", CLASS_CPU, GREEN},
    [EVENT_TPR_ACCESS] =
        {EVENT_TPR_ACCESS, "tpr_access", "KVM_EXIT_TPR_ACCESS", "the task priority register was touched",
         "The guest used the TPR of the in-kernel local APIC while access reports were switched on, so "
         "that user space may patch the instruction into something faster.",
         KVM_RUN_DOC "KVM_EXIT_TPR_ACCESS; Intel SDM, Task and Processor Priorities", CLASS_CPU, GREEN},
    [EVENT_MSR_READ] =
        {EVENT_MSR_READ, "msr_read", "KVM_EXIT_X86_RDMSR", "RDMSR that KVM leaves to user space",
         "The guest read a model-specific register that KVM does not know or that a filter sends here. "
         "Ringside answers with a value, or with #GP as a CPU without that register would.",
         KVM_RUN_DOC "KVM_EXIT_X86_RDMSR; Intel SDM, RDMSR - Read From Model Specific Register", CLASS_CPU,
         ORANGE},
    [EVENT_MSR_WRITE] =
        {EVENT_MSR_WRITE, "msr_write", "KVM_EXIT_X86_WRMSR", "WRMSR that KVM leaves to user space",
         "The guest wrote a model-specific register that KVM does not know or that a filter sends here. "
         "Ringside takes the value, or answers with #GP as a CPU without that register would.",
         KVM_RUN_DOC "KVM_EXIT_X86_WRMSR; Intel SDM, WRMSR - Write to Model Specific Register", CLASS_CPU,
         ORANGE},
    [EVENT_HYPERCALL] =
        {EVENT_HYPERCALL, "hypercall", "KVM_EXIT_HYPERCALL", "the guest called the hypervisor",
         "The guest executed VMCALL or VMMCALL with a number that KVM passes on to user space. Most "
         "hypercalls are answered inside the kernel and are never seen here.",
         KVM_RUN_DOC "KVM_EXIT_HYPERCALL; Intel SDM, VMCALL - Call to VM Monitor", CLASS_CPU, ORANGE},
    [EVENT_HYPERV] =
        {EVENT_HYPERV, "hyperv", "KVM_EXIT_HYPERV", "a Hyper-V call",
         "The guest used Hyper-V's interface (synthetic interrupts, hypercalls, debugging) in a way that "
         "user space must complete. Only for guests that were offered Hyper-V.",
         KVM_RUN_DOC "KVM_EXIT_HYPERV", CLASS_CPU, ORANGE},
    [EVENT_XEN] = {EVENT_XEN, "xen", "KVM_EXIT_XEN", "a Xen call",
                   "The guest made a Xen hypercall. Only when user space told KVM to pass them on.",
                   KVM_RUN_DOC "KVM_EXIT_XEN", CLASS_CPU, ORANGE},
    [EVENT_DIRTY_RING_FULL] =
        {EVENT_DIRTY_RING_FULL, "dirty_ring_full", "KVM_EXIT_DIRTY_RING_FULL",
         "the list of written pages is full",
         "KVM notes each page the guest writes in a ring; user space must read it and hand the "
         "entries back before the vCPU may go on.",
         KVM_RUN_DOC "KVM_EXIT_DIRTY_RING_FULL; KVM API documentation, KVM_CAP_DIRTY_LOG_RING", CLASS_CPU,
         YELLOW},
    [EVENT_AP_RESET_HOLD] =
        {EVENT_AP_RESET_HOLD, "ap_reset_hold", "KVM_EXIT_AP_RESET_HOLD", "a second CPU waits to be started",
         "An encrypted guest (SEV-ES) parked a processor until the first one sends it INIT and SIPI.",
         KVM_RUN_DOC "KVM_EXIT_AP_RESET_HOLD", CLASS_CPU, YELLOW},
    [EVENT_BUS_LOCK] =
        {EVENT_BUS_LOCK, "bus_lock", "KVM_EXIT_X86_BUS_LOCK", "a locked access split a cache line",
         "The guest took the bus for itself, which slows every other CPU of the host; user space asked to "
         "be told so that it can hold such a guest back.",
         KVM_RUN_DOC "KVM_EXIT_X86_BUS_LOCK; Intel SDM, Bus Locking", CLASS_CPU, YELLOW},
    [EVENT_NOTIFY] =
        {EVENT_NOTIFY, "notify", "KVM_EXIT_NOTIFY", "no interrupt could be delivered for too long",
         "The guest keeps the CPU in a state without a gap between instructions (an endless chain of "
         "exceptions, say); the CPU's notify window threw it out.",
         KVM_RUN_DOC "KVM_EXIT_NOTIFY; KVM API documentation, KVM_CAP_X86_NOTIFY_VMEXIT", CLASS_CPU, YELLOW},

    /* Debugging. */
    [EVENT_DEBUG] =
        {EVENT_DEBUG, "debug", "KVM_EXIT_DEBUG", "single step, breakpoint or watchpoint",
         "A debug exception happened that KVM_SET_GUEST_DEBUG sends to user space instead of to the guest: "
         "the trap flag, INT3 or one of DR0 to DR3. The step engine and the breakpoints look at it.",
         KVM_RUN_DOC "KVM_EXIT_DEBUG; Intel SDM, Debug Exceptions", CLASS_DEBUG, PURPLE},

    /* Ends of a guest. */
    [EVENT_UNKNOWN] =
        {EVENT_UNKNOWN, "unknown", "KVM_EXIT_UNKNOWN", "an exit that KVM has no name for",
         "The CPU left the guest for a hardware reason that this kernel does not handle. The number is the "
         "hardware's own exit reason. Ringside stops the VM.",
         KVM_RUN_DOC "KVM_EXIT_UNKNOWN; Intel SDM, VMX Basic Exit Reasons", CLASS_FATAL, VERMILLION},
    [EVENT_SHUTDOWN] =
        {EVENT_SHUTDOWN, "shutdown", "KVM_EXIT_SHUTDOWN", "triple fault: the CPU shut down",
         "An exception happened while the CPU was calling the handler of a double fault: no handler is "
         "left, and a real PC would reset. Usually the IDT, the GDT or the stack is wrong.",
         KVM_RUN_DOC "KVM_EXIT_SHUTDOWN; Intel SDM, Interrupt 8 - Double Fault Exception (#DF)", CLASS_FATAL,
         VERMILLION},
    [EVENT_FAIL_ENTRY] =
        {EVENT_FAIL_ENTRY, "fail_entry", "KVM_EXIT_FAIL_ENTRY", "the CPU refused to enter the guest",
         "The processor checks the guest's state at every entry and found it impossible, such as a "
         "segment that contradicts the mode. The state was set wrongly by the VMM.",
         KVM_RUN_DOC "KVM_EXIT_FAIL_ENTRY; Intel SDM, VM-Entry Failures During or After Loading Guest "
                     "State",
         CLASS_FATAL, VERMILLION},
    [EVENT_INTERNAL] =
        {EVENT_INTERNAL, "internal", "KVM_EXIT_INTERNAL_ERROR", "KVM gave up",
         "KVM met something that it cannot do, mostly an instruction its emulator does not know. Ringside "
         "completes the instruction where it can (see assist) and stops the VM where it cannot.",
         KVM_RUN_DOC "KVM_EXIT_INTERNAL_ERROR; KVM API documentation, KVM_CAP_EXIT_ON_EMULATION_FAILURE",
         CLASS_FATAL, VERMILLION},
    [EVENT_SYSTEM_EVENT] =
        {EVENT_SYSTEM_EVENT, "system_event", "KVM_EXIT_SYSTEM_EVENT", "the whole machine changed its state",
         "The guest asked for shutdown, reset or the like through an interface that KVM implements "
         "itself (firmware calls on Arm and RISC-V; crash and SEV termination on x86).",
         KVM_RUN_DOC "KVM_EXIT_SYSTEM_EVENT", CLASS_FATAL, VERMILLION},
    [EVENT_MEMORY_FAULT] =
        {EVENT_MEMORY_FAULT, "memory_fault", "KVM_EXIT_MEMORY_FAULT", "KVM could not reach guest memory",
         "The guest touched memory that KVM cannot map, for example private memory that was never "
         "made so. User space may repair that and run on; Ringside has no private memory and stops the VM.",
         KVM_RUN_DOC "KVM_EXIT_MEMORY_FAULT", CLASS_FATAL, VERMILLION},

    /* Exits that do not happen to an x86 guest of Ringside. */
    [EVENT_EXCEPTION] =
        {EVENT_EXCEPTION, "exception", "KVM_EXIT_EXCEPTION", "an exception of the guest",
         "The number is reserved; no KVM of today uses it on x86. Exceptions go to the guest itself.",
         KVM_RUN_DOC "KVM_EXIT_EXCEPTION", CLASS_FOREIGN, GREY},
    [EVENT_NMI] = {EVENT_NMI, "nmi", "KVM_EXIT_NMI", "a machine check was passed on",
                   "On PowerPC a machine check of the guest is handed to user space. x86 has no use for it.",
                   "KVM API documentation, KVM_CAP_PPC_FWNMI", CLASS_FOREIGN, GREY},
    [EVENT_S390_SIEIC] = {EVENT_S390_SIEIC, "s390_sieic", "KVM_EXIT_S390_SIEIC", "s390: an interception",
                          "An s390 guest met an instruction or condition that user space handles.",
                          KVM_RUN_DOC "KVM_EXIT_S390_SIEIC", CLASS_FOREIGN, GREY},
    [EVENT_S390_RESET] = {EVENT_S390_RESET, "s390_reset", "KVM_EXIT_S390_RESET", "s390: a reset",
                          "An s390 guest asked for one of its kinds of reset.",
                          KVM_RUN_DOC "KVM_EXIT_S390_RESET", CLASS_FOREIGN, GREY},
    [EVENT_S390_UCONTROL] = {EVENT_S390_UCONTROL, "s390_ucontrol", "KVM_EXIT_S390_UCONTROL",
                             "s390: a host page fault",
                             "A user-controlled s390 VM faulted in the host's page table.",
                             KVM_RUN_DOC "KVM_EXIT_S390_UCONTROL", CLASS_FOREIGN, GREY},
    [EVENT_S390_TSCH] = {EVENT_S390_TSCH, "s390_tsch", "KVM_EXIT_S390_TSCH", "s390: TEST SUBCHANNEL",
                         "An s390 guest asked a channel for its status.", KVM_RUN_DOC "KVM_EXIT_S390_TSCH",
                         CLASS_FOREIGN, GREY},
    [EVENT_S390_STSI] = {EVENT_S390_STSI, "s390_stsi", "KVM_EXIT_S390_STSI", "s390: STORE SYSTEM INFORMATION",
                         "An s390 guest asked what machine it runs on; user space may add to the answer.",
                         KVM_RUN_DOC "KVM_EXIT_S390_STSI", CLASS_FOREIGN, GREY},
    [EVENT_DCR] = {EVENT_DCR, "dcr", "KVM_EXIT_DCR", "PowerPC: a device control register",
                   "An embedded PowerPC guest used MFDCR or MTDCR. No kernel of today does this.",
                   KVM_RUN_DOC "KVM_EXIT_DCR", CLASS_FOREIGN, GREY},
    [EVENT_OSI] = {EVENT_OSI, "osi", "KVM_EXIT_OSI", "PowerPC: an OSI call",
                   "A Mac-on-Linux guest called its host.", KVM_RUN_DOC "KVM_EXIT_OSI", CLASS_FOREIGN, GREY},
    [EVENT_PAPR_HCALL] = {EVENT_PAPR_HCALL, "papr_hcall", "KVM_EXIT_PAPR_HCALL", "PowerPC: a PAPR hypercall",
                          "A pSeries guest called the hypervisor by the rules of the platform.",
                          KVM_RUN_DOC "KVM_EXIT_PAPR_HCALL", CLASS_FOREIGN, GREY},
    [EVENT_WATCHDOG] = {EVENT_WATCHDOG, "watchdog", "KVM_EXIT_WATCHDOG",
                        "PowerPC: the guest's watchdog expired",
                        "The watchdog timer of a BookE guest ran out for the last time.",
                        "KVM API documentation, KVM_CAP_PPC_BOOKE_WATCHDOG", CLASS_FOREIGN, GREY},
    [EVENT_EPR] = {EVENT_EPR, "epr", "KVM_EXIT_EPR", "PowerPC: which interrupt is it",
                   "A guest with an external proxy asks user space for the vector of an interrupt.",
                   KVM_RUN_DOC "KVM_EXIT_EPR", CLASS_FOREIGN, GREY},
    [EVENT_ARM_NISV] =
        {EVENT_ARM_NISV, "arm_nisv", "KVM_EXIT_ARM_NISV", "Arm: an access without a description",
         "An Arm guest touched a device with an instruction that the hardware does not decode for KVM.",
         KVM_RUN_DOC "KVM_EXIT_ARM_NISV", CLASS_FOREIGN, GREY},
    [EVENT_ARM_SEA] = {EVENT_ARM_SEA, "arm_sea", "KVM_EXIT_ARM_SEA", "Arm: a synchronous external abort",
                       "An Arm guest used memory that the hardware reports as broken.",
                       KVM_RUN_DOC "KVM_EXIT_ARM_SEA", CLASS_FOREIGN, GREY},
    [EVENT_ARM_LDST64B] = {EVENT_ARM_LDST64B, "arm_ldst64b", "KVM_EXIT_ARM_LDST64B",
                           "Arm: a 64-byte access to a device",
                           "An Arm guest used LD64B or ST64B where there is no memory.",
                           KVM_RUN_DOC "KVM_EXIT_ARM_LDST64B", CLASS_FOREIGN, GREY},
    [EVENT_RISCV_SBI] = {EVENT_RISCV_SBI, "riscv_sbi", "KVM_EXIT_RISCV_SBI", "RISC-V: a firmware call",
                         "A RISC-V guest made an SBI call that KVM leaves to user space.",
                         KVM_RUN_DOC "KVM_EXIT_RISCV_SBI", CLASS_FOREIGN, GREY},
    [EVENT_RISCV_CSR] = {EVENT_RISCV_CSR, "riscv_csr", "KVM_EXIT_RISCV_CSR", "RISC-V: a control register",
                         "A RISC-V guest touched a control register that KVM leaves to user space.",
                         KVM_RUN_DOC "KVM_EXIT_RISCV_CSR", CLASS_FOREIGN, GREY},
    [EVENT_LOONGARCH_IOCSR] = {EVENT_LOONGARCH_IOCSR, "loongarch_iocsr", "KVM_EXIT_LOONGARCH_IOCSR",
                               "LoongArch: an I/O control register",
                               "A LoongArch guest touched an I/O register that user space emulates.",
                               KVM_RUN_DOC "KVM_EXIT_LOONGARCH_IOCSR", CLASS_FOREIGN, GREY},
    [EVENT_TDX] =
        {EVENT_TDX, "tdx", "KVM_EXIT_TDX", "a TDX guest asks for a service",
         "A guest that is encrypted against its host (Intel TDX) made a call that user space answers.",
         KVM_RUN_DOC "KVM_EXIT_TDX", CLASS_FOREIGN, GREY},
    [EVENT_SNP_REQ_CERTS] =
        {EVENT_SNP_REQ_CERTS, "snp_req_certs", "KVM_EXIT_SNP_REQ_CERTS",
         "an SEV-SNP guest asks for certificates",
         "A guest that is encrypted against its host (AMD SEV-SNP) wants the certificates that go with "
         "an attestation report; user space has them.",
         KVM_RUN_DOC "KVM_EXIT_SNP_REQ_CERTS", CLASS_FOREIGN, GREY},

    /* Ringside's own. */
    [EVENT_ASSIST] =
        {EVENT_ASSIST, "assist", "", "an instruction that Ringside completed",
         "This host's KVM refuses to run the instruction in this mode, so Ringside did what the CPU would "
         "have done and moved RIP behind it. No such event appears on a host that needs no help.",
         "Intel SDM, Instruction Set Reference, at the instruction", CLASS_OWN, PURPLE},
    [EVENT_IRQ] =
        {EVENT_IRQ, "irq", "", "an interrupt was given to the guest",
         "A device raised its line, the interrupt controller chose it, and Ringside injected its vector. The "
         "guest goes on in its handler at the next entry.",
         "KVM API documentation, KVM_INTERRUPT; Intel SDM, External (Hardware Generated) Interrupts",
         CLASS_OWN, GREEN},
    [EVENT_STEP] =
        {EVENT_STEP, "step", "", "one instruction",
         "Ringside ran the guest for exactly one instruction, for a person at the prompt or for a trace of "
         "every instruction.",
         "Intel SDM, Single-Step Exception Condition", CLASS_OWN, GREY},
    [EVENT_MARK] = {EVENT_MARK, "mark", "", "a note at this point",
                    "A person, a script or a lab put a text here so that the place can be found again.",
                    "docs/trace-format.md, Marks", CLASS_OWN, ORANGE},
};

bool event_kind_known(unsigned kind)
{
    return kind < EVENT_KIND_MAX && kinds[kind].name;
}

const struct event_kind_info *event_kind_info(unsigned kind)
{
    return &kinds[event_kind_known(kind) ? kind : EVENT_UNKNOWN];
}

int event_kind_find(const char *name)
{
    for (unsigned k = 0; k < EVENT_KIND_MAX; k++)
        if (kinds[k].name && name[0] && (!strcmp(name, kinds[k].name) || !strcmp(name, kinds[k].constant)))
            return (int)k;
    return -1;
}

const struct event_kind_info *event_kind_row(size_t i)
{
    for (unsigned k = 0; k < EVENT_KIND_MAX; k++)
        if (kinds[k].name && i-- == 0)
            return &kinds[k];
    return NULL;
}
