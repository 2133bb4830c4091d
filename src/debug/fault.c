/*
 * Which exception does the instruction raise: see fault.h.  The checks stand in the order in which the
 * processor makes them, as far as it promises one (Intel SDM, "Priority Among Simultaneous Exceptions and
 * Interrupts"): what is wrong with the fetch comes before what is wrong with the decoding, and that before
 * what is wrong with the execution.
 *
 * Simplified: alignment is checked for the instructions that always ask for it, not for CPL 3 with CR0.AM;
 * debug registers, protection keys, shadow stacks and the x87's pending errors are not looked at.
 */
#include "debug/fault.h"

#include "debug/exceptions.h"

#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ULL(x)    ((unsigned long long)(x))
#define PAGE_MASK 0xfffull

enum fault_verdict fault_raise(const struct target *t, struct fault *f, unsigned vector, uint32_t code,
                               const char *fmt, ...)
{
    const struct exception_info *x = exception_info(vector);
    va_list ap;
    *f = (struct fault){.vector = vector, .code = code};
    f->has_code = x && x->has_error_code && (t->sregs.cr0 & CR0_PE);
    va_start(ap, fmt);
    vsnprintf(f->why, sizeof f->why, fmt, ap);
    va_end(ap);
    return FAULT_YES;
}

enum fault_verdict fault_unknown(struct fault *f, const char *fmt, ...)
{
    va_list ap;
    *f = (struct fault){.vector = 0};
    va_start(ap, fmt);
    vsnprintf(f->why, sizeof f->why, fmt, ap);
    va_end(ap);
    return FAULT_UNKNOWN;
}

bool fault_is_canonical(const struct target *t, uint64_t linear)
{
    unsigned sign = t->sregs.cr4 & CR4_LA57 ? 56 : 47;
    uint64_t top = linear >> sign;
    return !(t->sregs.efer & EFER_LMA) || top == 0 || top == UINT64_MAX >> sign;
}

/* ---- pages ---- */

static enum fault_verdict page_fault(const struct target *t, struct fault *f, const struct gva_walk *w,
                                     uint64_t linear, const char *what)
{
    struct text walk = {0};
    walk_sentence(w, &walk);
    fault_raise(t, f, VECTOR_PF, w->error_code, "%s at linear 0x%llx: %s", what, ULL(linear),
                w->why ? w->why : "no page");
    f->has_cr2 = true;
    f->cr2 = linear;
    if (w->steps)
        snprintf(f->entry, sizeof f->entry, "%s at gpa 0x%llx is 0x%llx", w->step[w->steps - 1].level,
                 ULL(w->step[w->steps - 1].entry_gpa), ULL(w->step[w->steps - 1].entry));
    text_fini(&walk);
    return FAULT_YES;
}

enum fault_verdict fault_memory(const struct target *t, const struct fault_access *a, struct fault *f)
{
    struct gva_context c = target_gva_context(t);
    struct gva_walk w;
    c.cpl = a->cpl;
    if (a->implicit)
        c.ac = false;
    uint64_t mask = t->sregs.efer & EFER_LMA ? UINT64_MAX : UINT32_MAX;
    for (uint64_t done = 0; done < a->len;) {
        uint64_t at = (a->linear + done) & mask;
        if (!fault_is_canonical(t, at))
            return fault_raise(t, f, a->vector, a->code, "%s at 0x%llx: not a canonical address", a->what,
                               ULL(at));
        gva_translate(t->memory, &c, at, a->access, &w);
        if (!w.ok)
            return page_fault(t, f, &w, at, a->what);
        done += PAGE_MASK + 1 - (at & PAGE_MASK);
    }
    return FAULT_NO;
}

/* ---- the fetch and the decoding ---- */

static enum fault_verdict fetch_fails(const struct target *t, const struct instruction *x, struct fault *f)
{
    uint64_t at = x->linear + x->code_len;
    if (cpu_mode(&t->sregs) != MODE_LONG)
        at &= UINT32_MAX;
    if (!fault_is_canonical(t, at))
        return fault_raise(t, f, VECTOR_GP, 0, "the fetch at 0x%llx: not a canonical address", ULL(at));
    struct gva_context c = target_gva_context(t);
    struct gva_walk w;
    gva_translate(t->memory, &c, at, GVA_FETCH, &w);
    if (!w.ok)
        return page_fault(t, f, &w, at, "the fetch");
    return fault_unknown(
        f, "there is no memory at gpa 0x%llx, where CS:RIP leads; what a CPU finds there is nobody's promise",
        ULL(w.gpa));
}

static enum fault_verdict check_fetch(const struct target *t, const struct instruction *x, struct fault *f)
{
    bool long_mode = cpu_mode(&t->sregs) == MODE_LONG;
    if (long_mode && !fault_is_canonical(t, x->rip))
        return fault_raise(t, f, VECTOR_GP, 0, "RIP 0x%llx is not a canonical address", ULL(x->rip));
    if (!long_mode && x->rip > t->sregs.cs.limit)
        return fault_raise(t, f, VECTOR_GP, 0, "EIP 0x%llx is past the limit of CS, 0x%x", ULL(x->rip),
                           t->sregs.cs.limit);
    if (x->code_len == 0)
        return fetch_fails(t, x, f);
    if (!long_mode && x->ok && x->rip + x->insn.length - 1 > t->sregs.cs.limit)
        return fault_raise(t, f, VECTOR_GP, 0, "the instruction runs past the limit of CS, 0x%x",
                           t->sregs.cs.limit);
    return FAULT_NO;
}

static void hex_bytes(const struct instruction *x, struct text *out)
{
    for (size_t i = 0; i < x->code_len && i < 8; i++)
        text_addf(out, "%s%02x", i ? " " : "", x->code[i]);
}

static enum fault_verdict check_decoding(const struct target *t, const struct instruction *x, struct fault *f)
{
    ZydisDecoder d;
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
    if (x->ok)
        return FAULT_NO;
    insn_decoder(&t->sregs, &d);
    ZyanStatus status = ZydisDecoderDecodeFull(&d, x->code, x->code_len, &insn, ops);
    if (status == ZYDIS_STATUS_NO_MORE_DATA && x->code_len < INSTRUCTION_MAX)
        return fetch_fails(t, x, f);
    if (status == ZYDIS_STATUS_INSTRUCTION_TOO_LONG || status == ZYDIS_STATUS_NO_MORE_DATA)
        return fault_raise(t, f, VECTOR_GP, 0, "the instruction is longer than 15 bytes");
    struct text bytes = {0};
    hex_bytes(x, &bytes);
    if (status == ZYDIS_STATUS_ILLEGAL_LOCK)
        fault_raise(t, f, VECTOR_UD, 0, "%s: a LOCK prefix before an instruction that cannot be locked",
                    text_str(&bytes));
    else
        fault_raise(t, f, VECTOR_UD, 0, "%s is no instruction in %s mode", text_str(&bytes),
                    cpu_mode_name(cpu_mode(&t->sregs)));
    text_fini(&bytes);
    return FAULT_YES;
}

/* ---- privilege ---- */

static unsigned iopl(const struct target *t)
{
    return t->regs.rflags >> 12 & 3;
}

static enum fault_verdict check_privilege(const struct target *t, const struct instruction *x,
                                          struct fault *f)
{
    static const ZydisMnemonic io[] = {ZYDIS_MNEMONIC_IN,    ZYDIS_MNEMONIC_OUT,  ZYDIS_MNEMONIC_INSB,
                                       ZYDIS_MNEMONIC_INSW,  ZYDIS_MNEMONIC_INSD, ZYDIS_MNEMONIC_OUTSB,
                                       ZYDIS_MNEMONIC_OUTSW, ZYDIS_MNEMONIC_OUTSD};
    unsigned cpl = cpu_cpl(&t->regs, &t->sregs);
    if ((x->insn.attributes & ZYDIS_ATTRIB_IS_PRIVILEGED) && cpl > 0)
        return fault_raise(t, f, VECTOR_GP, 0, "%s is for CPL 0, and the CPL is %u",
                           ZydisMnemonicGetString(x->insn.mnemonic), cpl);
    bool flags = x->insn.mnemonic == ZYDIS_MNEMONIC_CLI || x->insn.mnemonic == ZYDIS_MNEMONIC_STI;
    if (flags && cpl > iopl(t))
        return fault_raise(t, f, VECTOR_GP, 0, "%s at CPL %u, and the I/O privilege level is %u",
                           ZydisMnemonicGetString(x->insn.mnemonic), cpl, iopl(t));
    for (size_t i = 0; i < sizeof io / sizeof io[0] && cpl > iopl(t); i++)
        if (x->insn.mnemonic == io[i])
            return fault_unknown(
                f,
                "a port access at CPL %u above the I/O privilege level %u: the TSS's permission map "
                "decides, which is not looked at",
                cpl, iopl(t));
    return FAULT_NO;
}

/* ---- what has to be switched on ---- */

static enum fault_verdict check_enabled(const struct target *t, const struct instruction *x, struct fault *f)
{
    const char *name = ZydisMnemonicGetString(x->insn.mnemonic);
    uint64_t cr0 = t->sregs.cr0, cr4 = t->sregs.cr4;
    bool x87 = x->insn.meta.isa_ext == ZYDIS_ISA_EXT_X87 && x->insn.mnemonic != ZYDIS_MNEMONIC_FWAIT;
    bool vex = x->insn.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY;
    bool mmx = false, xmm = false;
    for (size_t i = 0; i < x->insn.operand_count; i++)
        if (x->op[i].type == ZYDIS_OPERAND_TYPE_REGISTER) {
            ZydisRegisterClass c = ZydisRegisterGetClass(x->op[i].reg.value);
            mmx |= c == ZYDIS_REGCLASS_MMX;
            xmm |= c == ZYDIS_REGCLASS_XMM || c == ZYDIS_REGCLASS_YMM || c == ZYDIS_REGCLASS_ZMM;
        }
    if (x87 && (cr0 & (CR0_EM | CR0_TS)))
        return fault_raise(t, f, VECTOR_NM, 0, "%s with CR0.%s set", name, cr0 & CR0_EM ? "EM" : "TS");
    if (mmx && (cr0 & CR0_EM))
        return fault_raise(t, f, VECTOR_UD, 0, "%s with CR0.EM set", name);
    if (!vex && xmm && ((cr0 & CR0_EM) || !(cr4 & CR4_OSFXSR)))
        return fault_raise(t, f, VECTOR_UD, 0, "%s is an SSE instruction, and %s", name,
                           cr0 & CR0_EM ? "CR0.EM is set"
                                        : "CR4.OSFXSR is clear: the system has not enabled SSE");
    if (vex && xmm && (!(cr4 & CR4_OSXSAVE) || !(cr0 & CR0_PE)))
        return fault_raise(t, f, VECTOR_UD, 0, "%s is an AVX instruction, and CR4.OSXSAVE is clear", name);
    if ((mmx || xmm) && (cr0 & CR0_TS))
        return fault_raise(t, f, VECTOR_NM, 0, "%s with CR0.TS set", name);
    return FAULT_NO;
}

/* ---- memory operands ---- */

struct operand_place {
    uint64_t linear, len, offset;
    bool stack; /* through SS, or in 64-bit mode through RSP or RBP: its faults are #SS */
    bool write;
};

static const struct kvm_segment *segment_of(const struct kvm_sregs *s, ZydisRegister reg)
{
    const struct {
        ZydisRegister reg;
        const struct kvm_segment *seg;
    } all[] = {{ZYDIS_REGISTER_ES, &s->es}, {ZYDIS_REGISTER_CS, &s->cs}, {ZYDIS_REGISTER_SS, &s->ss},
               {ZYDIS_REGISTER_DS, &s->ds}, {ZYDIS_REGISTER_FS, &s->fs}, {ZYDIS_REGISTER_GS, &s->gs}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i].reg == reg)
            return all[i].seg;
    return NULL;
}

/* Limit and type of the segment, outside 64-bit mode. (Intel SDM, "Limit Checking", "Type Checking".) */
static enum fault_verdict check_segment(const struct target *t, ZydisRegister reg,
                                        const struct operand_place *p, struct fault *f)
{
    const struct kvm_segment *seg = segment_of(&t->sregs, reg);
    unsigned vector = p->stack ? VECTOR_SS : VECTOR_GP;
    bool real = !(t->sregs.cr0 & CR0_PE) || (t->regs.rflags & RFLAGS_VM);
    if (!seg)
        return FAULT_NO;
    const char *name = ZydisRegisterGetString(reg);
    if (!real && seg->unusable)
        return fault_raise(t, f, vector, 0, "the operand is in %s, which holds the null selector", name);
    bool code = seg->type & 8, down = !code && (seg->type & 4);
    if (!real && p->write && (code || !(seg->type & 2)))
        return fault_raise(t, f, vector, 0, "a write through %s, whose segment cannot be written", name);
    if (!real && !p->write && code && !(seg->type & 2))
        return fault_raise(t, f, vector, 0, "a read through %s, whose segment can only be executed", name);
    uint64_t top = down ? (seg->db ? UINT32_MAX : 0xffff) : seg->limit, last = p->offset + p->len - 1;
    if (last > top || (down && p->offset <= seg->limit))
        return fault_raise(t, f, vector, 0,
                           "the operand at %s:0x%llx (%llu byte%s) is past the segment's limit 0x%x", name,
                           ULL(p->offset), ULL(p->len), p->len == 1 ? "" : "s", seg->limit);
    return FAULT_NO;
}

static bool always_aligned(const struct instruction *x)
{
    static const ZydisMnemonic aligned[] = {
        ZYDIS_MNEMONIC_MOVAPS,  ZYDIS_MNEMONIC_MOVAPD,  ZYDIS_MNEMONIC_MOVDQA,   ZYDIS_MNEMONIC_MOVNTPS,
        ZYDIS_MNEMONIC_MOVNTPD, ZYDIS_MNEMONIC_MOVNTDQ, ZYDIS_MNEMONIC_MOVNTDQA, ZYDIS_MNEMONIC_CMPXCHG16B,
        ZYDIS_MNEMONIC_FXSAVE,  ZYDIS_MNEMONIC_FXRSTOR, ZYDIS_MNEMONIC_FXSAVE64, ZYDIS_MNEMONIC_FXRSTOR64};
    for (size_t i = 0; i < sizeof aligned / sizeof aligned[0]; i++)
        if (x->insn.mnemonic == aligned[i])
            return true;
    return false;
}

static enum fault_verdict check_operand(const struct target *t, const struct instruction *x, size_t i,
                                        struct fault *f)
{
    const ZydisDecodedOperand *op = &x->op[i];
    bool long_mode = cpu_mode(&t->sregs) == MODE_LONG;
    struct operand_place p = {.write = op->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE};
    if (!instruction_memory(t, x, i, &p.linear, &p.len))
        return FAULT_NO;
    p.offset = p.linear - insn_segment_base(&t->sregs, op->mem.segment);
    if (!long_mode)
        p.offset &= UINT32_MAX;
    p.stack = op->mem.segment == ZYDIS_REGISTER_SS;
    enum fault_verdict v = long_mode ? FAULT_NO : check_segment(t, op->mem.segment, &p, f);
    if (v != FAULT_NO)
        return v;
    if (always_aligned(x) && (p.linear & 15))
        return fault_raise(t, f, VECTOR_GP, 0,
                           "%s wants its operand at a multiple of 16, and it is at 0x%llx",
                           ZydisMnemonicGetString(x->insn.mnemonic), ULL(p.linear));
    bool hidden = op->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN;
    struct fault_access a = {.linear = p.linear,
                             .len = p.len,
                             .access = p.write ? GVA_WRITE : GVA_READ,
                             .cpl = cpu_cpl(&t->regs, &t->sregs),
                             .vector = p.stack ? VECTOR_SS : VECTOR_GP,
                             .what = hidden && p.stack ? p.write ? "the push" : "the pop"
                                     : p.write         ? "the write to its operand"
                                                       : "the read of its operand"};
    return fault_memory(t, &a, f);
}

static enum fault_verdict check_operands(const struct target *t, const struct instruction *x, struct fault *f)
{
    uint64_t count_mask = x->insn.address_width >= 64 ? UINT64_MAX : (1ull << x->insn.address_width) - 1;
    bool rep = x->insn.attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE);
    if (rep && !(t->regs.rcx & count_mask))
        return FAULT_NO; /* no iteration, no access */
    for (size_t i = 0; i < x->insn.operand_count; i++) {
        enum fault_verdict v = check_operand(t, x, i, f);
        if (v != FAULT_NO)
            return v;
    }
    return FAULT_NO;
}

static const struct {
    const char *what;
    enum fault_verdict (*check)(const struct target *t, const struct instruction *x, struct fault *f);
} checks[] = {
    {"the fetch", check_fetch},
    {"the decoding", check_decoding},
    {"the privilege level", check_privilege},
    {"CR0 and CR4", check_enabled},
    {"segments and pages of the operands", check_operands},
    {"the instruction's own rules", fault_of_mnemonic},
};

enum fault_verdict fault_find(const struct target *t, struct fault *f, struct text *checked)
{
    struct instruction x;
    instruction_at(t, &x);
    *f = (struct fault){.vector = 0};
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        if (checked)
            text_addf(checked, "%s%s", i ? ", " : "", checks[i].what);
        enum fault_verdict v = checks[i].check(t, &x, f);
        if (v != FAULT_NO)
            return v;
    }
    return FAULT_NO;
}
