/*
 * CPU registers as fields of a query.  The names are the debugger's (debug/registers.h): one table says which
 * bits of which register `al`, `zf` or `cr0.pg` are. Here is said which of those registers a trace keeps.
 */
#include "traces/query_field.h"

#include "debug/registers.h"

#include <stddef.h>
#include <string.h>

struct kept {
    enum register_place place;
    uint16_t offset;
    uint8_t reg;
};

#define KEPT(member, name)                                                                                   \
    {                                                                                                        \
        REGISTER_REGS, offsetof(struct kvm_regs, member), EVENT_REG_##name                                   \
    }
#define KEPT_SYSTEM(member, name)                                                                            \
    {                                                                                                        \
        REGISTER_SREGS, offsetof(struct kvm_sregs, member), EVENT_REG_##name                                 \
    }
static const struct kept rows[] = {
    KEPT(rax, RAX),
    KEPT(rcx, RCX),
    KEPT(rdx, RDX),
    KEPT(rbx, RBX),
    KEPT(rsp, RSP),
    KEPT(rbp, RBP),
    KEPT(rsi, RSI),
    KEPT(rdi, RDI),
    KEPT(r8, R8),
    KEPT(r9, R9),
    KEPT(r10, R10),
    KEPT(r11, R11),
    KEPT(r12, R12),
    KEPT(r13, R13),
    KEPT(r14, R14),
    KEPT(r15, R15),
    KEPT(rflags, RFLAGS),
    KEPT_SYSTEM(cr0, CR0),
    KEPT_SYSTEM(cr2, CR2),
    KEPT_SYSTEM(cr3, CR3),
    KEPT_SYSTEM(cr4, CR4),
    KEPT_SYSTEM(cr8, CR8),
    KEPT_SYSTEM(efer, EFER),
    KEPT_SYSTEM(fs.base, FS_BASE),
    KEPT_SYSTEM(gs.base, GS_BASE),
    KEPT_SYSTEM(es.selector, ES),
    KEPT_SYSTEM(cs.selector, CS),
    KEPT_SYSTEM(ss.selector, SS),
    KEPT_SYSTEM(ds.selector, DS),
    KEPT_SYSTEM(fs.selector, FS),
    KEPT_SYSTEM(gs.selector, GS),
};
#undef KEPT
#undef KEPT_SYSTEM

struct query_register query_register_find(const char *name, bool *known)
{
    const struct register_info *info = register_find(name, strlen(name));
    if (known)
        *known = info != NULL;
    for (size_t i = 0; info && i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].place == info->place && rows[i].offset == info->offset)
            return (struct query_register){rows[i].reg, info->low, info->bits};
    return (struct query_register){0};
}

struct query_value query_register_get(const struct query_register *r, const struct query_subject *s)
{
    if (!s->regs)
        return (struct query_value){0};
    uint64_t mask = r->bits >= 64 ? UINT64_MAX : (1ull << r->bits) - 1;
    return (struct query_value){.known = true, .number = s->regs->r[r->reg] >> r->low & mask};
}
