/*
 * The system instructions' own rules: what may be put into control registers, descriptor-table registers,
 * segment registers and MSRs (Intel SDM, "Control Registers", "Initializing IA-32e Mode", "MOV—Move to/from
 * Control Registers", "LTR—Load Task Register", "WRMSR—Write to Model Specific Register").
 *
 * Simplified: which optional bits of CR4 and EFER and which MSRs this CPU has is not known here; values that
 * no CPU would take are found, others are let pass.
 */
#include "debug/fault_system.h"

#include "debug/exceptions.h"

#include "base/bytes.h"

#define ULL(x)       ((unsigned long long)(x))
#define CR4_PCIDE    (1ull << 17)
#define CR4_RESERVED 0xfffffffee4008000ull /* 15, 26, 29 to 31 and all above 32 */
#define EFER_KNOWN   0x36fd01ull
#define MSR_EFER     0xc0000080u
#define MAX_CR3_BITS 52
#define PAE_RESERVED 0xfff00000000001e6ull /* of a PDPTE that is present */

/* ---- control registers ---- */

/* Turning on PAE paging outside long mode loads four page-directory pointers, and a reserved bit in one is
 * #GP. */
static enum fault_verdict pdptes(const struct target *t, uint64_t cr3, struct fault *f)
{
    uint8_t raw[32];
    struct err ignored;
    if (memory_read(t->memory, cr3 & 0xffffffe0u, raw, sizeof raw, &ignored) < 0)
        return FAULT_NO;
    for (unsigned i = 0; i < 4; i++) {
        uint64_t e = le64_load(raw + i * 8u);
        if ((e & 1) && (e & PAE_RESERVED))
            return fault_raise(t, f, VECTOR_GP, 0, "PDPTE %u, 0x%llx, has a reserved bit set", i, ULL(e));
    }
    return FAULT_NO;
}

static const char *cr0_refusal(const struct target *t, uint64_t v)
{
    const struct kvm_sregs *s = &t->sregs;
    bool paging_on = (v & CR0_PG) && !(s->cr0 & CR0_PG), off = !(v & CR0_PG) && (s->cr0 & CR0_PG);
    if (v >> 32)
        return "the upper half of CR0 must be 0";
    if ((v & CR0_PG) && !(v & CR0_PE))
        return "PG without PE: paging exists in protected mode only";
    if ((v & CR0_NW) && !(v & CR0_CD))
        return "NW without CD";
    if (paging_on && (s->efer & EFER_LME) && !(s->cr4 & CR4_PAE))
        return "PG with EFER.LME and without CR4.PAE: long mode needs PAE";
    if (paging_on && (s->efer & EFER_LME) && s->cs.l)
        return "PG with EFER.LME while CS is a segment with L set";
    if (off && cpu_mode(s) == MODE_LONG)
        return "PG cleared in 64-bit mode";
    if (off && (s->cr4 & CR4_PCIDE))
        return "PG cleared with CR4.PCIDE set";
    return NULL;
}

static enum fault_verdict mov_cr0(const struct target *t, uint64_t v, struct fault *f)
{
    const char *why = cr0_refusal(t, v);
    if (why)
        return fault_raise(t, f, VECTOR_GP, 0, "MOV to CR0 of 0x%llx: %s", ULL(v), why);
    bool legacy = (v & CR0_PG) && !(t->sregs.cr0 & CR0_PG) && !(t->sregs.efer & EFER_LME);
    if (!legacy)
        return FAULT_NO;
    enum fault_verdict bad = t->sregs.cr4 & CR4_PAE ? pdptes(t, t->sregs.cr3, f) : FAULT_NO;
    if (bad != FAULT_NO)
        return bad;
    return fault_unknown(
        f, "MOV to CR0 turns on paging outside long mode. A CPU takes it; a software-backed KVM has only "
           "long mode's paging and answers with #GP");
}

static enum fault_verdict mov_cr3(const struct target *t, uint64_t v, struct fault *f)
{
    bool lma = t->sregs.efer & EFER_LMA;
    uint64_t value = t->sregs.cr4 & CR4_PCIDE ? v & ~(1ull << 63) : v;
    if (lma && value >> MAX_CR3_BITS)
        return fault_raise(t, f, VECTOR_GP, 0, "MOV to CR3 of 0x%llx: above any physical address", ULL(v));
    bool pae = (t->sregs.cr0 & CR0_PG) && (t->sregs.cr4 & CR4_PAE) && !lma;
    return pae ? pdptes(t, v, f) : FAULT_NO;
}

static enum fault_verdict mov_cr4(const struct target *t, uint64_t v, struct fault *f)
{
    const struct kvm_sregs *s = &t->sregs;
    bool lma = s->efer & EFER_LMA;
    const char *why = NULL;
    if (v & CR4_RESERVED)
        why = "a bit that no CPU has";
    else if (lma && !(v & CR4_PAE))
        why = "PAE cleared in long mode";
    else if (lma && ((v ^ s->cr4) & CR4_LA57))
        why = "LA57 changed in long mode";
    else if ((v & ~s->cr4 & CR4_PCIDE) && (!lma || (s->cr3 & 0xfff)))
        why = lma ? "PCIDE set while the low 12 bits of CR3 are not 0" : "PCIDE set outside long mode";
    if (!why)
        return FAULT_NO;
    return fault_raise(t, f, VECTOR_GP, 0, "MOV to CR4 of 0x%llx: %s", ULL(v), why);
}

static enum fault_verdict mov_cr8(const struct target *t, uint64_t v, struct fault *f)
{
    return v > 15 ? fault_raise(t, f, VECTOR_GP, 0, "MOV to CR8 of 0x%llx: priorities end at 15", ULL(v))
                  : FAULT_NO;
}

/* ---- segment registers ---- */

static enum fault_verdict load_segment(const struct target *t, ZydisRegister reg, uint16_t selector,
                                       struct fault *f)
{
    struct kvm_segment ignored;
    bool stack = reg == ZYDIS_REGISTER_SS;
    unsigned cpl = cpu_cpl(&t->regs, &t->sregs);
    if (!(t->sregs.cr0 & CR0_PE) || (t->regs.rflags & RFLAGS_VM))
        return FAULT_NO;
    bool null = !(selector & 0xfffc);
    if (null && (!stack || (cpu_mode(&t->sregs) == MODE_LONG && cpl < 3 && (selector & 3u) == cpl)))
        return FAULT_NO;
    struct selector_ask q = {.selector = selector,
                             .use = stack ? SELECTOR_STACK : SELECTOR_DATA,
                             .cpl = cpl,
                             .vector = VECTOR_GP,
                             .who = stack ? "the load of SS" : "the load of a segment register"};
    return fault_selector(t, &q, &ignored, f);
}

enum fault_verdict fault_mov(const struct target *t, const struct instruction *x, struct fault *f)
{
    static const struct {
        ZydisRegister reg;
        enum fault_verdict (*check)(const struct target *t, uint64_t v, struct fault *f);
    } crs[] = {{ZYDIS_REGISTER_CR0, mov_cr0},
               {ZYDIS_REGISTER_CR3, mov_cr3},
               {ZYDIS_REGISTER_CR4, mov_cr4},
               {ZYDIS_REGISTER_CR8, mov_cr8}};
    uint64_t v;
    if (x->op[0].type != ZYDIS_OPERAND_TYPE_REGISTER)
        return FAULT_NO;
    ZydisRegister to = x->op[0].reg.value;
    bool segment = ZydisRegisterGetClass(to) == ZYDIS_REGCLASS_SEGMENT;
    bool control = ZydisRegisterGetClass(to) == ZYDIS_REGCLASS_CONTROL;
    size_t from = 1;
    if (x->insn.mnemonic == ZYDIS_MNEMONIC_POP)
        while (from < x->insn.operand_count && x->op[from].type != ZYDIS_OPERAND_TYPE_MEMORY)
            from++;
    if ((!segment && !control) || from >= x->insn.operand_count || !fault_operand(t, x, from, &v))
        return FAULT_NO;
    if (segment)
        return load_segment(t, to, (uint16_t)v, f);
    for (size_t i = 0; i < sizeof crs / sizeof crs[0]; i++)
        if (crs[i].reg == to)
            return crs[i].check(t, v, f);
    return FAULT_NO;
}

/* Reads a far pointer, an offset and the selector behind it. */
static bool far_pointer(const struct target *t, const struct instruction *x, size_t i, uint16_t *selector,
                        uint64_t *offset)
{
    uint8_t raw[10];
    uint64_t linear, len;
    if (!instruction_memory(t, x, i, &linear, &len) || len < 4 || len > sizeof raw ||
        target_read(t, linear, raw, len, NULL) != len)
        return false;
    *offset = le_load(raw, len - 2);
    *selector = le16_load(raw + len - 2);
    return true;
}

enum fault_verdict fault_load_far(const struct target *t, const struct instruction *x, struct fault *f)
{
    static const struct {
        ZydisMnemonic mnemonic;
        ZydisRegister reg;
    } loads[] = {{ZYDIS_MNEMONIC_LDS, ZYDIS_REGISTER_DS},
                 {ZYDIS_MNEMONIC_LES, ZYDIS_REGISTER_ES},
                 {ZYDIS_MNEMONIC_LSS, ZYDIS_REGISTER_SS},
                 {ZYDIS_MNEMONIC_LFS, ZYDIS_REGISTER_FS},
                 {ZYDIS_MNEMONIC_LGS, ZYDIS_REGISTER_GS}};
    uint16_t selector;
    uint64_t offset;
    for (size_t i = 0; i < sizeof loads / sizeof loads[0]; i++)
        if (loads[i].mnemonic == x->insn.mnemonic && far_pointer(t, x, 1, &selector, &offset))
            return load_segment(t, loads[i].reg, selector, f);
    return FAULT_NO;
}

/* ---- far transfers ---- */

static enum fault_verdict code_target(const struct target *t, const struct selector_ask *q, uint64_t offset,
                                      struct fault *f)
{
    struct kvm_segment seg;
    if (!(t->sregs.cr0 & CR0_PE) || (t->regs.rflags & RFLAGS_VM))
        return offset > 0xffff
                   ? fault_raise(t, f, VECTOR_GP, 0, "the target 0x%llx does not fit 16 bits", ULL(offset))
                   : FAULT_NO;
    enum fault_verdict v = fault_selector(t, q, &seg, f);
    if (v != FAULT_NO)
        return v;
    bool to_long = (t->sregs.efer & EFER_LMA) && seg.l;
    if (to_long && !fault_is_canonical(t, offset))
        return fault_raise(t, f, VECTOR_GP, 0, "the target 0x%llx is not a canonical address", ULL(offset));
    if (!to_long && (offset & UINT32_MAX) > seg.limit)
        return fault_raise(t, f, VECTOR_GP, 0, "the target 0x%llx is past the new segment's limit 0x%x",
                           ULL(offset), seg.limit);
    return FAULT_NO;
}

/* CS:IP from the stack: the first of `words` that IRET or a far return pops. */
static enum fault_verdict return_frame(const struct target *t, const struct instruction *x, size_t words,
                                       const char *who, struct fault *f)
{
    uint8_t raw[3 * 8];
    size_t width = x->insn.operand_width / 8u;
    unsigned cpl = cpu_cpl(&t->regs, &t->sregs);
    bool long_mode = cpu_mode(&t->sregs) == MODE_LONG;
    uint64_t mask = long_mode ? UINT64_MAX : t->sregs.ss.db ? UINT32_MAX : 0xffff;
    uint64_t top = (t->regs.rsp & mask) + (long_mode ? 0 : t->sregs.ss.base);
    if (width < 2 || width > 8)
        return FAULT_NO;
    struct fault_access a = {.linear = top,
                             .len = words * width,
                             .access = GVA_READ,
                             .cpl = cpl,
                             .vector = VECTOR_SS,
                             .what = who};
    enum fault_verdict v = fault_memory(t, &a, f);
    if (v != FAULT_NO)
        return v;
    if (target_read(t, top, raw, words * width, NULL) != words * width)
        return fault_unknown(f, "%s at 0x%llx cannot be read", who, ULL(top));
    struct selector_ask q = {.selector = le16_load(raw + width),
                             .use = SELECTOR_RETURN,
                             .cpl = cpl,
                             .vector = VECTOR_GP,
                             .who = who};
    return code_target(t, &q, le_load(raw, width), f);
}

enum fault_verdict fault_far(const struct target *t, const struct instruction *x, struct fault *f)
{
    struct selector_ask q = {.use = SELECTOR_JUMP,
                             .cpl = cpu_cpl(&t->regs, &t->sregs),
                             .vector = VECTOR_GP,
                             .who = "the far jump"};
    uint64_t offset = 0;
    if (x->insn.mnemonic == ZYDIS_MNEMONIC_RET)
        return return_frame(t, x, 2, "the far return's frame", f);
    if (x->op[0].type == ZYDIS_OPERAND_TYPE_POINTER) {
        q.selector = x->op[0].ptr.segment;
        offset = x->op[0].ptr.offset;
    } else if (!far_pointer(t, x, 0, &q.selector, &offset)) {
        return fault_unknown(f, "the far pointer cannot be read");
    }
    return code_target(t, &q, offset, f);
}

enum fault_verdict fault_iret(const struct target *t, const struct instruction *x, struct fault *f)
{
    if ((t->sregs.cr0 & CR0_PE) && (t->regs.rflags & RFLAGS_NT))
        return (t->sregs.efer & EFER_LMA)
                   ? fault_raise(t, f, VECTOR_GP, 0, "IRET with RFLAGS.NT set, and long mode knows no tasks")
                   : fault_unknown(f, "IRET with NT set returns to another task, which is not followed");
    return return_frame(t, x, 3, "IRET's frame", f);
}

/* ---- tables, MSRs, the rest ---- */

enum fault_verdict fault_ltr_lldt(const struct target *t, const struct instruction *x, struct fault *f)
{
    struct kvm_segment ignored;
    uint64_t v;
    bool ldt = x->insn.mnemonic == ZYDIS_MNEMONIC_LLDT;
    if (!fault_operand(t, x, 0, &v) || (ldt && !(v & 0xfffc)))
        return FAULT_NO;
    struct selector_ask q = {.selector = (uint16_t)v,
                             .use = ldt ? SELECTOR_LDT : SELECTOR_TSS,
                             .cpl = cpu_cpl(&t->regs, &t->sregs),
                             .vector = VECTOR_GP,
                             .who = ldt ? "LLDT's operand" : "LTR's operand"};
    return fault_selector(t, &q, &ignored, f);
}

enum fault_verdict fault_lgdt_lidt(const struct target *t, const struct instruction *x, struct fault *f)
{
    uint8_t raw[10];
    uint64_t linear, len;
    if (cpu_mode(&t->sregs) != MODE_LONG || !instruction_memory(t, x, 0, &linear, &len) ||
        target_read(t, linear, raw, sizeof raw, NULL) != sizeof raw ||
        fault_is_canonical(t, le64_load(raw + 2)))
        return FAULT_NO;
    return fault_raise(t, f, VECTOR_GP, 0, "%s of the base 0x%llx, which is not a canonical address",
                       ZydisMnemonicGetString(x->insn.mnemonic), ULL(le64_load(raw + 2)));
}

enum fault_verdict fault_msr(const struct target *t, const struct instruction *x, struct fault *f)
{
    /* Addresses: they must be canonical. */
    static const uint32_t addresses[] = {0x175,      0x176,      0xc0000082, 0xc0000083,
                                         0xc0000100, 0xc0000101, 0xc0000102};
    uint32_t index = (uint32_t)t->regs.rcx;
    uint64_t v = (t->regs.rdx << 32) | (t->regs.rax & UINT32_MAX);
    bool write = x->insn.mnemonic == ZYDIS_MNEMONIC_WRMSR;
    if (index == MSR_EFER) {
        if (write && (v & ~EFER_KNOWN))
            return fault_raise(t, f, VECTOR_GP, 0, "WRMSR of 0x%llx to EFER: a reserved bit", ULL(v));
        if (write && ((v ^ t->sregs.efer) & EFER_LME) && (t->sregs.cr0 & CR0_PG))
            return fault_raise(t, f, VECTOR_GP, 0, "WRMSR of 0x%llx to EFER changes LME while paging is on",
                               ULL(v));
        return FAULT_NO;
    }
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
        if (addresses[i] == index) {
            unsigned sign = t->sregs.cr4 & CR4_LA57 ? 56 : 47;
            bool canonical = v >> sign == 0 || v >> sign == UINT64_MAX >> sign;
            return write && !canonical
                       ? fault_raise(t, f, VECTOR_GP, 0,
                                     "WRMSR of 0x%llx to MSR 0x%x: not a canonical address", ULL(v), index)
                       : FAULT_NO;
        }
    return fault_unknown(
        f, "whether the CPU has MSR 0x%x, and takes that value, is not known here: if not, it is #GP", index);
}

enum fault_verdict fault_xsetbv(const struct target *t, const struct instruction *x, struct fault *f)
{
    (void)x;
    if (!(t->sregs.cr4 & CR4_OSXSAVE))
        return fault_raise(t, f, VECTOR_UD, 0, "XSETBV while CR4.OSXSAVE is clear");
    if ((uint32_t)t->regs.rcx != 0 || !(t->regs.rax & 1))
        return fault_raise(t, f, VECTOR_GP, 0, "XSETBV %s",
                           t->regs.rax & 1 ? "of a register other than XCR0" : "with the x87 bit clear");
    return FAULT_NO;
}

enum fault_verdict fault_syscall(const struct target *t, const struct instruction *x, struct fault *f)
{
    if (t->sregs.efer & EFER_SCE)
        return FAULT_NO;
    return fault_raise(t, f, VECTOR_UD, 0, "%s while EFER.SCE is clear",
                       ZydisMnemonicGetString(x->insn.mnemonic));
}
