/*
 * The instructions of a kernel, for the replay: control and segment registers, descriptor tables, far jumps,
 * EFER, flags (Intel SDM, "System Instruction Summary").
 */
#include "debug/replay.h"

#include "vm/descriptor.h"

#include "base/bytes.h"

#define MSR_EFER 0xc0000080u

/* Instructions that change nothing the replay looks at. */
static bool nothing(struct replay *r, const struct instruction *x)
{
    static const ZydisMnemonic names[] = {
        ZYDIS_MNEMONIC_NOP,     ZYDIS_MNEMONIC_PAUSE,  ZYDIS_MNEMONIC_ENDBR32,
        ZYDIS_MNEMONIC_ENDBR64, ZYDIS_MNEMONIC_INVLPG, ZYDIS_MNEMONIC_WBINVD,
        ZYDIS_MNEMONIC_MFENCE,  ZYDIS_MNEMONIC_LFENCE, ZYDIS_MNEMONIC_SFENCE};
    (void)r;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (x->insn.mnemonic == names[i])
            return true;
    return false;
}

static bool flags(struct replay *r, const struct instruction *x)
{
    static const struct {
        ZydisMnemonic mnemonic;
        uint64_t clear, set;
    } rows[] = {{ZYDIS_MNEMONIC_CLI, RFLAGS_IF, 0}, {ZYDIS_MNEMONIC_STI, 0, RFLAGS_IF},
                {ZYDIS_MNEMONIC_CLD, RFLAGS_DF, 0}, {ZYDIS_MNEMONIC_STD, 0, RFLAGS_DF},
                {ZYDIS_MNEMONIC_CLC, RFLAGS_CF, 0}, {ZYDIS_MNEMONIC_STC, 0, RFLAGS_CF}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].mnemonic == x->insn.mnemonic) {
            r->t->regs.rflags = (r->t->regs.rflags & ~rows[i].clear) | rows[i].set;
            return true;
        }
    return false;
}

/* ---- control registers ---- */

static void cr0_set(struct kvm_sregs *s, uint64_t v)
{
    s->cr0 = v | CR0_ET;
    if ((v & CR0_PG) && (s->efer & EFER_LME))
        s->efer |= EFER_LMA;
    else if (!(v & CR0_PG))
        s->efer &= ~EFER_LMA;
}

static bool control(struct replay *r, const struct instruction *x)
{
    struct kvm_sregs *s = &r->t->sregs;
    uint64_t v;
    if (x->insn.mnemonic != ZYDIS_MNEMONIC_MOV)
        return false;
    const struct {
        ZydisRegister reg;
        __u64 *value;
    } crs[] = {{ZYDIS_REGISTER_CR0, &s->cr0},
               {ZYDIS_REGISTER_CR2, &s->cr2},
               {ZYDIS_REGISTER_CR3, &s->cr3},
               {ZYDIS_REGISTER_CR4, &s->cr4}};
    for (size_t i = 0; i < sizeof crs / sizeof crs[0]; i++) {
        if (x->op[1].type == ZYDIS_OPERAND_TYPE_REGISTER && x->op[1].reg.value == crs[i].reg)
            return replay_store(r, x, 0, *crs[i].value);
        if (x->op[0].type != ZYDIS_OPERAND_TYPE_REGISTER || x->op[0].reg.value != crs[i].reg)
            continue;
        if (!replay_load(r, x, 1, &v))
            return false;
        if (i == 0)
            cr0_set(s, v);
        else
            *crs[i].value = v;
        return true;
    }
    return false;
}

static bool msr(struct replay *r, const struct instruction *x)
{
    struct kvm_regs *g = &r->t->regs;
    if ((uint32_t)g->rcx != MSR_EFER)
        return false;
    if (x->insn.mnemonic == ZYDIS_MNEMONIC_RDMSR) {
        g->rax = (uint32_t)r->t->sregs.efer;
        g->rdx = r->t->sregs.efer >> 32;
        return true;
    }
    if (x->insn.mnemonic != ZYDIS_MNEMONIC_WRMSR)
        return false;
    uint64_t v = (g->rdx << 32) | (uint32_t)g->rax;
    r->t->sregs.efer = (v & ~EFER_LMA) | (r->t->sregs.efer & EFER_LMA);
    return true;
}

/* ---- segments ---- */

static bool is_real(const struct replay *r)
{
    return !(r->t->sregs.cr0 & CR0_PE);
}

static bool segment_load(struct replay *r, struct kvm_segment *seg, uint16_t selector)
{
    struct err ignored;
    if (is_real(r)) {
        descriptor_load_real(false, selector, seg);
        return true;
    }
    if (!(selector & 0xfffc)) {
        *seg = (struct kvm_segment){.selector = selector, .unusable = 1};
        return true;
    }
    return descriptor_load(r->t->memory, &r->t->regs, &r->t->sregs, selector, seg, &ignored) == 0;
}

static bool segments(struct replay *r, const struct instruction *x)
{
    struct kvm_sregs *s = &r->t->sregs;
    uint64_t v;
    const struct {
        ZydisRegister reg;
        struct kvm_segment *seg;
    } all[] = {{ZYDIS_REGISTER_ES, &s->es}, {ZYDIS_REGISTER_SS, &s->ss}, {ZYDIS_REGISTER_DS, &s->ds},
               {ZYDIS_REGISTER_FS, &s->fs}, {ZYDIS_REGISTER_GS, &s->gs}, {ZYDIS_REGISTER_CS, &s->cs}};
    if (x->insn.mnemonic != ZYDIS_MNEMONIC_MOV)
        return false;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (x->op[1].type == ZYDIS_OPERAND_TYPE_REGISTER && x->op[1].reg.value == all[i].reg)
            return replay_store(r, x, 0, all[i].seg->selector);
        if (x->op[0].type == ZYDIS_OPERAND_TYPE_REGISTER && x->op[0].reg.value == all[i].reg)
            return replay_load(r, x, 1, &v) && segment_load(r, all[i].seg, (uint16_t)v);
    }
    return false;
}

/* The far forms of JMP and RET, at the same privilege level. */
static bool far_jump(struct replay *r, const struct instruction *x)
{
    uint8_t raw[16];
    uint64_t linear, len, rip;
    uint16_t selector;
    if (x->insn.meta.branch_type != ZYDIS_BRANCH_TYPE_FAR || x->insn.mnemonic != ZYDIS_MNEMONIC_JMP)
        return false;
    if (x->op[0].type == ZYDIS_OPERAND_TYPE_POINTER) {
        selector = x->op[0].ptr.segment;
        rip = x->op[0].ptr.offset;
    } else {
        if (!instruction_memory(r->t, x, 0, &linear, &len) || len < 4 || len > 10 ||
            target_read(r->t, linear, raw, len, NULL) != len)
            return false;
        rip = le_load(raw, len - 2);
        selector = le16_load(raw + len - 2);
    }
    unsigned cpl = cpu_cpl(&r->t->regs, &r->t->sregs);
    if (!segment_load(r, &r->t->sregs.cs, selector))
        return false;
    if (!is_real(r))
        r->t->sregs.cs.selector = (uint16_t)((selector & ~3u) | cpl);
    r->t->regs.rip = rip;
    return true;
}

/* ---- descriptor tables ---- */

static bool tables(struct replay *r, const struct instruction *x)
{
    struct kvm_sregs *s = &r->t->sregs;
    uint8_t raw[10] = {0};
    uint64_t linear, len;
    bool lgdt = x->insn.mnemonic == ZYDIS_MNEMONIC_LGDT, wide = cpu_mode(s) == MODE_LONG;
    if (!lgdt && x->insn.mnemonic != ZYDIS_MNEMONIC_LIDT)
        return false;
    size_t n = wide ? 10 : 6;
    if (!instruction_memory(r->t, x, 0, &linear, &len) || target_read(r->t, linear, raw, n, NULL) != n)
        return false;
    struct kvm_dtable *table = lgdt ? &s->gdt : &s->idt;
    table->limit = le16_load(raw);
    table->base = le64_load(raw + 2);
    if (!wide)
        table->base &= x->insn.operand_width == 16 ? 0xffffff : UINT32_MAX;
    return true;
}

static bool task(struct replay *r, const struct instruction *x)
{
    struct err ignored;
    uint64_t v;
    struct kvm_segment seg;
    if (x->insn.mnemonic != ZYDIS_MNEMONIC_LTR || !replay_load(r, x, 0, &v) ||
        descriptor_load_system(r->t->memory, &r->t->regs, &r->t->sregs, (uint16_t)v, &seg, &ignored) < 0)
        return false;
    seg.type |= 2; /* busy */
    r->t->sregs.tr = seg;
    return true;
}

bool replay_system(struct replay *r, const struct instruction *x)
{
    static bool (*const groups[])(struct replay *, const struct instruction *) = {
        nothing, flags, control, msr, segments, far_jump, tables, task};
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
        if (groups[i](r, x))
            return true;
    return false;
}
