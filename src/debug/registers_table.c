/*
 * The table of registers: see registers.h.  It reads like the manual's figures: a register, then its parts by
 * bit number (Intel SDM, "General-Purpose Registers", "EFLAGS Register", "Segment Descriptors", "Control
 * Registers", "Debug Registers", "IA32_EFER").  A part is a name of its own, so that completion offers it and
 * the lookup needs no grammar.
 */
#include "debug/registers_table.h"

#define REGS(name, field, low, bits, flags)                                                                  \
    {                                                                                                        \
        name, REGISTER_REGS, offsetof(struct kvm_regs, field), 8, low, bits, flags                           \
    }
#define SREGS(name, field, len, low, bits, flags)                                                            \
    {                                                                                                        \
        name, REGISTER_SREGS, offsetof(struct kvm_sregs, field), len, low, bits, flags                       \
    }
#define DEBUG(name, field, low, bits)                                                                        \
    {                                                                                                        \
        name, REGISTER_DEBUG, offsetof(struct kvm_debugregs, field), 8, low, bits, REGISTER_READ_ONLY        \
    }

/* rax eax ax al, and ah where there is one. */
#define GENERAL(r64, r32, r16, r8)                                                                           \
    REGS(#r64, r64, 0, 64, 0), REGS(#r32, r64, 0, 32, REGISTER_ZERO_UPPER), REGS(#r16, r64, 0, 16, 0),       \
        REGS(#r8, r64, 0, 8, 0)
#define GENERAL_HIGH(r64, r8h) REGS(#r8h, r64, 8, 8, 0)
#define NUMBERED(r)            GENERAL(r, r##d, r##w, r##b)

/* zf rflags.zf eflags.zf */
#define FLAG(name, bit, bits)                                                                                \
    REGS(name, rflags, bit, bits, 0), REGS("rflags." name, rflags, bit, bits, 0),                            \
        REGS("eflags." name, rflags, bit, bits, 0)

#define SEGMENT_PART(name, field, len, bits) SREGS(name, field, len, 0, bits, 0)
#define SEGMENT(name, field)                                                                                 \
    SREGS(name, field.selector, 2, 0, 16, REGISTER_SELECTOR),                                                \
        SREGS(name ".selector", field.selector, 2, 0, 16, REGISTER_SELECTOR),                                \
        SREGS(name ".rpl", field.selector, 2, 0, 2, REGISTER_READ_ONLY),                                     \
        SREGS(name ".ti", field.selector, 2, 2, 1, REGISTER_READ_ONLY),                                      \
        SREGS(name ".index", field.selector, 2, 3, 13, REGISTER_READ_ONLY),                                  \
        SEGMENT_PART(name ".base", field.base, 8, 64), SEGMENT_PART(name ".limit", field.limit, 4, 32),      \
        SEGMENT_PART(name ".type", field.type, 1, 4), SEGMENT_PART(name ".s", field.s, 1, 1),                \
        SEGMENT_PART(name ".dpl", field.dpl, 1, 2), SEGMENT_PART(name ".p", field.present, 1, 1),            \
        SEGMENT_PART(name ".avl", field.avl, 1, 1), SEGMENT_PART(name ".l", field.l, 1, 1),                  \
        SEGMENT_PART(name ".db", field.db, 1, 1), SEGMENT_PART(name ".g", field.g, 1, 1),                    \
        SEGMENT_PART(name ".unusable", field.unusable, 1, 1)

#define TABLE(name, field)                                                                                   \
    SREGS(name ".base", field.base, 8, 0, 64, 0), SREGS(name ".limit", field.limit, 2, 0, 16, 0)

#define CR0(name, bit)        SREGS("cr0." name, cr0, 8, bit, 1, 0)
#define CR3(name, low, bits)  SREGS("cr3." name, cr3, 8, low, bits, 0)
#define CR4(name, bit)        SREGS("cr4." name, cr4, 8, bit, 1, 0)
#define EFER(name, bit)       SREGS("efer." name, efer, 8, bit, 1, 0)
#define APIC(name, low, bits) SREGS("apic_base" name, apic_base, 8, low, bits, REGISTER_READ_ONLY)
#define DR7(n)                                                                                               \
    DEBUG("dr7.l" #n, dr7, 2 * n, 1), DEBUG("dr7.g" #n, dr7, 2 * n + 1, 1),                                  \
        DEBUG("dr7.rw" #n, dr7, 16 + 4 * n, 2), DEBUG("dr7.len" #n, dr7, 18 + 4 * n, 2)

const struct register_info register_table[] = {
    GENERAL(rax, eax, ax, al),
    GENERAL_HIGH(rax, ah),
    GENERAL(rbx, ebx, bx, bl),
    GENERAL_HIGH(rbx, bh),
    GENERAL(rcx, ecx, cx, cl),
    GENERAL_HIGH(rcx, ch),
    GENERAL(rdx, edx, dx, dl),
    GENERAL_HIGH(rdx, dh),
    GENERAL(rsi, esi, si, sil),
    GENERAL(rdi, edi, di, dil),
    GENERAL(rbp, ebp, bp, bpl),
    GENERAL(rsp, esp, sp, spl),
    NUMBERED(r8),
    NUMBERED(r9),
    NUMBERED(r10),
    NUMBERED(r11),
    NUMBERED(r12),
    NUMBERED(r13),
    NUMBERED(r14),
    NUMBERED(r15),

    REGS("rip", rip, 0, 64, 0),
    REGS("eip", rip, 0, 32, REGISTER_ZERO_UPPER),
    REGS("ip", rip, 0, 16, 0),
    REGS("pc", rip, 0, 64, 0),

    REGS("rflags", rflags, 0, 64, 0),
    REGS("eflags", rflags, 0, 32, 0),
    REGS("flags", rflags, 0, 16, 0),
    FLAG("cf", 0, 1),
    FLAG("pf", 2, 1),
    FLAG("af", 4, 1),
    FLAG("zf", 6, 1),
    FLAG("sf", 7, 1),
    FLAG("tf", 8, 1),
    FLAG("if", 9, 1),
    FLAG("df", 10, 1),
    FLAG("of", 11, 1),
    FLAG("iopl", 12, 2),
    FLAG("nt", 14, 1),
    FLAG("rf", 16, 1),
    FLAG("vm", 17, 1),
    FLAG("ac", 18, 1),
    FLAG("vif", 19, 1),
    FLAG("vip", 20, 1),
    FLAG("id", 21, 1),

    SEGMENT("cs", cs),
    SEGMENT("ds", ds),
    SEGMENT("es", es),
    SEGMENT("fs", fs),
    SEGMENT("gs", gs),
    SEGMENT("ss", ss),
    SEGMENT("tr", tr),
    SEGMENT("ldtr", ldt),
    TABLE("gdtr", gdt),
    TABLE("gdt", gdt),
    TABLE("idtr", idt),
    TABLE("idt", idt),

    SREGS("cr0", cr0, 8, 0, 64, 0),
    CR0("pe", 0),
    CR0("mp", 1),
    CR0("em", 2),
    CR0("ts", 3),
    CR0("et", 4),
    CR0("ne", 5),
    CR0("wp", 16),
    CR0("am", 18),
    CR0("nw", 29),
    CR0("cd", 30),
    CR0("pg", 31),
    SREGS("cr2", cr2, 8, 0, 64, 0),
    SREGS("cr3", cr3, 8, 0, 64, 0),
    CR3("pwt", 3, 1),
    CR3("pcd", 4, 1),
    CR3("pcid", 0, 12),
    SREGS("cr4", cr4, 8, 0, 64, 0),
    CR4("vme", 0),
    CR4("pvi", 1),
    CR4("tsd", 2),
    CR4("de", 3),
    CR4("pse", 4),
    CR4("pae", 5),
    CR4("mce", 6),
    CR4("pge", 7),
    CR4("pce", 8),
    CR4("osfxsr", 9),
    CR4("osxmmexcpt", 10),
    CR4("umip", 11),
    CR4("la57", 12),
    CR4("vmxe", 13),
    CR4("smxe", 14),
    CR4("fsgsbase", 16),
    CR4("pcide", 17),
    CR4("osxsave", 18),
    CR4("kl", 19),
    CR4("smep", 20),
    CR4("smap", 21),
    CR4("pke", 22),
    CR4("cet", 23),
    CR4("pks", 24),
    CR4("uintr", 25),
    SREGS("cr8", cr8, 8, 0, 64, 0),
    SREGS("efer", efer, 8, 0, 64, 0),
    EFER("sce", 0),
    EFER("lme", 8),
    EFER("lma", 10),
    EFER("nxe", 11),
    EFER("svme", 12),
    EFER("lmsle", 13),
    EFER("ffxsr", 14),
    EFER("tce", 15),
    /* It belongs to the machine, which knows where its local APIC lies. */
    APIC("", 0, 64),
    APIC(".bsp", 8, 1),
    APIC(".extd", 10, 1),
    APIC(".en", 11, 1),

    DEBUG("dr0", db[0], 0, 64),
    DEBUG("dr1", db[1], 0, 64),
    DEBUG("dr2", db[2], 0, 64),
    DEBUG("dr3", db[3], 0, 64),
    DEBUG("dr6", dr6, 0, 64),
    DEBUG("dr6.b0", dr6, 0, 1),
    DEBUG("dr6.b1", dr6, 1, 1),
    DEBUG("dr6.b2", dr6, 2, 1),
    DEBUG("dr6.b3", dr6, 3, 1),
    DEBUG("dr6.bd", dr6, 13, 1),
    DEBUG("dr6.bs", dr6, 14, 1),
    DEBUG("dr6.bt", dr6, 15, 1),
    DEBUG("dr7", dr7, 0, 64),
    DR7(0),
    DR7(1),
    DR7(2),
    DR7(3),
    DEBUG("dr7.le", dr7, 8, 1),
    DEBUG("dr7.ge", dr7, 9, 1),
    DEBUG("dr7.gd", dr7, 13, 1),
};
const size_t register_table_len = sizeof register_table / sizeof register_table[0];
