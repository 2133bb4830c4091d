/*
 * Two tables for `why`: which control makes an exit of each kind, and what an access to a device's register
 * does besides moving data.
 *
 * User space cannot see which hardware KVM runs on, and need not: VT-x (Intel), AMD-V and a software-backed
 * KVM have the same things under different names, and the texts give all of them (Intel SDM, "Instructions
 * That Cause VM Exits", "VM-Execution Control Fields"; AMD64 Manual volume 2, "Intercept Operation").
 */
#include "debug/why_inside.h"

#include <string.h>

static const char *const controls[EVENT_KIND_MAX] = {
    [EVENT_IO] = "KVM lets no port through to the guest: on VT-x by \"unconditional I/O exiting\" (or I/O "
                 "bitmaps full of "
                 "ones), on AMD-V by the IOIO_PROT intercept with a permission map full of ones; a "
                 "software-backed KVM "
                 "emulates IN and OUT and asks user space at the same place.",
    [EVENT_HLT] =
        "VT-x has the control \"HLT exiting\" for it, AMD-V the HLT intercept. With an interrupt controller "
        "inside KVM the kernel would wait by itself and nobody here would know.",
    [EVENT_MSR_READ] =
        "The MSR bitmap (VT-x) or the MSR permission map (AMD-V) makes RDMSR exit; KVM did not know the "
        "register, and KVM_CAP_X86_USER_SPACE_MSR asks it to ask us before it raises #GP.",
    [EVENT_MSR_WRITE] =
        "The MSR bitmap (VT-x) or the MSR permission map (AMD-V) makes WRMSR exit; KVM did not know the "
        "register or would not take the value, and KVM_CAP_X86_USER_SPACE_MSR asks it to ask us before "
        "it raises #GP.",
    [EVENT_IRQ_WINDOW] =
        "Ringside set request_interrupt_window. VT-x then runs the guest with \"interrupt-window "
        "exiting\", AMD-V with a virtual interrupt that is intercepted (VINTR).",
    [EVENT_INTR] = "A signal made KVM_RUN return. The guest was out of the way at that moment because a "
                   "physical interrupt "
                   "always ends it (\"external-interrupt exiting\" on VT-x, the INTR intercept on AMD-V).",
    [EVENT_SHUTDOWN] =
        "Not a control: VT-x always exits on a triple fault, AMD-V by the SHUTDOWN intercept; a "
        "software-backed KVM finds out itself that no handler can be called.",
    [EVENT_DEBUG] =
        "KVM_SET_GUEST_DEBUG put #DB (and #BP) into the exception bitmap on VT-x, into the exception "
        "intercepts on AMD-V, so that they come here and not to the guest's handler.",
    [EVENT_INTERNAL] =
        "Not a control: KVM was in the middle of something (mostly emulating an instruction for another "
        "exit) and could not go on.",
    [EVENT_FAIL_ENTRY] =
        "Not an exit at all: VMLAUNCH or VMRESUME (VT-x) or VMRUN (AMD-V) checked the guest's state and "
        "would not begin.",
    [EVENT_HYPERCALL] =
        "VMCALL always exits on VT-x; AMD-V has the VMMCALL intercept. KVM answers most calls itself and "
        "passes this number on.",
    [EVENT_UNKNOWN] = "The hardware's exit reason is one that this kernel has no handler for.",
    [EVENT_SYSTEM_EVENT] = "Not a control of the processor: KVM's own emulation of the interface says so.",
    [EVENT_MEMORY_FAULT] =
        "An EPT violation (VT-x) or nested page fault (AMD-V) that KVM could not resolve from the "
        "memory slots it was given.",
    [EVENT_DIRTY_RING_FULL] =
        "Not a control of the processor: KVM's dirty ring was switched on and reached its soft limit.",
    [EVENT_BUS_LOCK] = "VT-x has the control \"bus-lock detection\" for it, AMD-V a bus-lock threshold.",
    [EVENT_NOTIFY] = "VT-x has the control \"notify window\" for it.",
    [EVENT_IOAPIC_EOI] =
        "With \"virtual-interrupt delivery\" (VT-x) the EOI-exit bitmap says which vectors' end is told; "
        "else KVM sees the write to its local APIC.",
    [EVENT_SET_TPR] =
        "MOV to CR8 exits by \"CR8-load exiting\" or the TPR threshold (VT-x), by the CR8 write intercept "
        "(AMD-V).",
    [EVENT_TPR_ACCESS] =
        "The local APIC's page is watched (\"virtualize APIC accesses\" on VT-x) or is an MMIO page of "
        "KVM's own, and reports were switched on.",
    [EVENT_HYPERV] =
        "A write to one of Hyper-V's synthetic MSRs, or its hypercall: KVM handles them and passes this on.",
    [EVENT_XEN] = "A Xen hypercall (VMCALL or VMMCALL), which user space told KVM to pass on.",
    [EVENT_AP_RESET_HOLD] = "The VMGEXIT instruction of an encrypted guest (SEV-ES).",
    [EVENT_ASSIST] =
        "On VT-x and AMD-V this instruction runs inside the guest and never exits. This KVM emulates the "
        "guest's ring 0 and its emulator does not know the instruction (KVM_EXIT_INTERNAL_ERROR, suberror "
        "1).",
    [EVENT_IRQ] = "Not an exit: KVM_INTERRUPT puts the vector into the VM-entry interruption information "
                  "(VT-x) or into "
                  "EVENTINJ (AMD-V), and the next entry begins by calling the guest's handler.",
    [EVENT_STEP] =
        "KVM_GUESTDBG_SINGLESTEP sets the trap flag (RFLAGS.TF) for the guest, or the \"monitor trap flag\" "
        "where there is one; after one instruction the CPU raises #DB, which comes to us.",
};

/* Without MMIO: what that is by depends on the memory slots, and why_known.c looks. */
const char *why_control(unsigned kind)
{
    if (kind == EVENT_MMIO)
        return "KVM has no page for that guest-physical address that allows the access: an EPT violation or "
               "misconfiguration on VT-x, a nested page fault on AMD-V; a software-backed KVM's emulator "
               "finds no slot. KVM "
               "then decodes the instruction itself and hands the access to user space.";
    return kind < EVENT_KIND_MAX && controls[kind] ? controls[kind] : "";
}

static const struct {
    const char *device, *reg;
    unsigned dir;
    const char *effect;
} effects[] = {
    {"uart", "RBR", DIR_IN,
     "Reading RBR takes the byte out of the receiver; the next one moves up, and the receive "
     "interrupt goes away when none is left."},
    {"uart", "THR", DIR_OUT,
     "Writing THR sends the byte, and takes the transmitter-empty interrupt away until it is "
     "empty again."},
    {"uart", "IIR", DIR_IN,
     "Reading IIR takes the transmitter-empty interrupt away if that is what it names."},
    {"uart", "LSR", DIR_IN, "Reading LSR clears the error bits and the line-status interrupt."},
    {"uart", "MSR", DIR_IN, "Reading MSR clears its delta bits and the modem-status interrupt."},
    {"uart", "FCR", DIR_OUT, "Writing FCR may empty the FIFOs (bits 1 and 2)."},
    {"kbd", "DATA", DIR_IN,
     "Reading the data port empties the output buffer: the status bit OBF and IRQ 1 fall, and the "
     "next byte may move in."},
    {"kbd", "CMD", DIR_OUT, "Writing port 0x64 is a command to the controller, not to the keyboard."},
    {"rtc", "REGC", DIR_IN,
     "Reading register C clears its flags and lets IRQ 8 fall: without it no further interrupt comes."},
    {"rtc", "INDEX", DIR_OUT,
     "Writing port 0x70 chooses the register that port 0x71 reaches; bit 7 masks NMI."},
    {"vga", "STATUS1", DIR_IN, "Reading status register 1 makes the next write to 0x3c0 an index."},
    {"vga", "CELL", DIR_OUT, "A cell of the text screen has changed: character low, attribute high."},
    {"vga", "CRTC_INDEX", DIR_OUT, "Writing port 0x3d4 chooses the register that port 0x3d5 reaches."},
    {"pit", "CW", DIR_OUT, "Writing a control word stops the channel until its count is written."},
    {"pit", "LATCH", DIR_OUT, "The latch command freezes the count for the next reads of the channel."},
    {"pic0", "OCW2", DIR_OUT,
     "An end of interrupt clears the highest bit in service, so that lower priorities come again."},
    {"pic1", "OCW2", DIR_OUT,
     "An end of interrupt clears the highest bit in service here; the master needs one as well."},
    {"pic0", "ICW1", DIR_OUT, "ICW1 restarts the controller: its mask is cleared and ICW2 is expected next."},
    {"pic1", "ICW1", DIR_OUT, "ICW1 restarts the controller: its mask is cleared and ICW2 is expected next."},
    {"pic0", "POLL", DIR_IN, "Reading after a poll command acknowledges the interrupt as INTA would."},
    {"port92", "CTRLA", DIR_OUT, "Bit 1 is address line 20, bit 0 resets the machine when it rises."},
    {"power", "PM1_CNT", DIR_OUT, "SLP_EN (bit 13) switches the machine off."},
    {"debugexit", "CODE", DIR_OUT, "Writing here ends the run with status (value << 1) | 1."},
};

const char *why_effect(const char *device, const char *reg, unsigned dir)
{
    for (size_t i = 0; i < sizeof effects / sizeof effects[0]; i++)
        if (!strcmp(effects[i].device, device) && !strcmp(effects[i].reg, reg) && effects[i].dir == dir)
            return effects[i].effect;
    return NULL;
}
