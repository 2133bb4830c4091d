/*
 * Recorded registers as KVM has them: see cpu_regs.h.
 */
#include "vm/cpu_regs.h"

static void general_restore(const uint64_t *r, struct kvm_regs *to)
{
    *to = (struct kvm_regs){.rax = r[EVENT_REG_RAX],
                            .rcx = r[EVENT_REG_RCX],
                            .rdx = r[EVENT_REG_RDX],
                            .rbx = r[EVENT_REG_RBX],
                            .rsp = r[EVENT_REG_RSP],
                            .rbp = r[EVENT_REG_RBP],
                            .rsi = r[EVENT_REG_RSI],
                            .rdi = r[EVENT_REG_RDI],
                            .r8 = r[EVENT_REG_R8],
                            .r9 = r[EVENT_REG_R9],
                            .r10 = r[EVENT_REG_R10],
                            .r11 = r[EVENT_REG_R11],
                            .r12 = r[EVENT_REG_R12],
                            .r13 = r[EVENT_REG_R13],
                            .r14 = r[EVENT_REG_R14],
                            .r15 = r[EVENT_REG_R15],
                            .rip = r[EVENT_REG_RIP],
                            .rflags = r[EVENT_REG_RFLAGS]};
}

void cpu_regs_restore(const struct event_regs *from, struct kvm_regs *regs, struct kvm_sregs *sregs)
{
    const uint64_t *r = from->r;
    general_restore(r, regs);
    *sregs = (struct kvm_sregs){.cr0 = r[EVENT_REG_CR0],
                                .cr2 = r[EVENT_REG_CR2],
                                .cr3 = r[EVENT_REG_CR3],
                                .cr4 = r[EVENT_REG_CR4],
                                .cr8 = r[EVENT_REG_CR8],
                                .efer = r[EVENT_REG_EFER]};
    sregs->fs.base = r[EVENT_REG_FS_BASE];
    sregs->gs.base = r[EVENT_REG_GS_BASE];
    sregs->es.selector = (uint16_t)r[EVENT_REG_ES];
    sregs->cs.selector = (uint16_t)r[EVENT_REG_CS];
    sregs->ss.selector = (uint16_t)r[EVENT_REG_SS];
    sregs->ds.selector = (uint16_t)r[EVENT_REG_DS];
    sregs->fs.selector = (uint16_t)r[EVENT_REG_FS];
    sregs->gs.selector = (uint16_t)r[EVENT_REG_GS];
}
