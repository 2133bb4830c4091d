/*
 * Registers in a replay: see replay_regs.h.
 */
#include "monitor/model/replay_regs.h"

void replay_regs_take(const struct trace_reader *r, struct replay_regs *to)
{
    const struct event_regs *after = trace_reader_regs(r, NULL), *before = trace_reader_regs_before(r);
    to->known = after;
    if (!after)
        return;
    to->after = *after;
    to->before = before ? *before : *after;
}

/* struct kvm_regs in the order of struct event_regs, up to RFLAGS. */
static void general(const struct event_regs *from, struct kvm_regs *to)
{
    const uint64_t *r = from->r;
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

static void special(const struct event_regs *from, struct kvm_sregs *to)
{
    const uint64_t *r = from->r;
    *to = (struct kvm_sregs){.cr0 = r[EVENT_REG_CR0],
                             .cr2 = r[EVENT_REG_CR2],
                             .cr3 = r[EVENT_REG_CR3],
                             .cr4 = r[EVENT_REG_CR4],
                             .cr8 = r[EVENT_REG_CR8],
                             .efer = r[EVENT_REG_EFER]};
    to->fs.base = r[EVENT_REG_FS_BASE];
    to->gs.base = r[EVENT_REG_GS_BASE];
    to->es.selector = (uint16_t)r[EVENT_REG_ES];
    to->cs.selector = (uint16_t)r[EVENT_REG_CS];
    to->ss.selector = (uint16_t)r[EVENT_REG_SS];
    to->ds.selector = (uint16_t)r[EVENT_REG_DS];
    to->fs.selector = (uint16_t)r[EVENT_REG_FS];
    to->gs.selector = (uint16_t)r[EVENT_REG_GS];
}

void replay_regs_fill(const struct replay_regs *from, struct snapshot *s)
{
    s->has_regs = from->known;
    if (!from->known)
        return;
    general(&from->after, &s->regs);
    special(&from->after, &s->sregs);
    general(&from->before, &s->before_regs);
    special(&from->before, &s->before_sregs);
}
