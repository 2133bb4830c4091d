/*
 * IRET by hand: the way back from an interrupt handler (Intel SDM, "IRET/IRETD/IRETQ—Interrupt Return"). Some
 * hosts run on behind an IRET unstepped, some cannot emulate it outside of real and 64-bit mode; so the
 * stepper and the instruction assist do what the CPU does: take RIP, CS and RFLAGS off the stack, and RSP and
 * SS too where the return goes to an outer ring, in 64-bit mode always.
 *
 * Left to the CPU: real mode, virtual-8086 mode, a return out of a nested task, and whatever would fault.
 */
#include "base/bytes.h"
#include "run/assist.h"

enum { IOPL_SHIFT = 12 };

#define FLAGS_IOPL 0x3000ull

struct iret {
    uint64_t rip, flags, rsp;
    uint16_t cs_selector, ss_selector;
    bool new_stack;
    struct kvm_segment cs, ss;
};

static bool in_64bit(const struct run *r)
{
    return cpu_code_bits(run_sregs(r)) == 64;
}

/* Linear address of the stack `n` bytes above its top. */
static uint64_t stack_linear(const struct run *r, uint64_t n)
{
    const struct kvm_sregs *s = run_sregs(r);
    uint64_t sp = run_regs(r)->rsp + n;
    return in_64bit(r) ? sp : s->ss.base + (s->ss.db ? (uint32_t)sp : (uint16_t)sp);
}

static bool words_read(const struct run *r, size_t width, size_t first, size_t n, uint64_t *words)
{
    uint8_t raw[5 * 8];
    struct gva_context c = run_gva_context(r);
    if (gva_read(&r->machine->memory, &c, stack_linear(r, first * width), raw, n * width, GVA_READ, NULL) !=
        n * width)
        return false;
    for (size_t i = 0; i < n; i++)
        words[i] = le_load(raw + i * width, width);
    return true;
}

static bool frame_read(const struct run *r, size_t width, struct iret *f)
{
    uint64_t words[3];
    if (!words_read(r, width, 0, 3, words))
        return false;
    f->rip = words[0];
    f->cs_selector = (uint16_t)words[1];
    f->flags = words[2];
    f->new_stack = in_64bit(r) || (f->cs_selector & 3u) > cpu_cpl(run_regs(r), run_sregs(r));
    if (!f->new_stack)
        return true;
    if (!words_read(r, width, 3, 2, words))
        return false;
    f->rsp = words[0];
    f->ss_selector = (uint16_t)words[1];
    return true;
}

static bool code_fits(const struct run *r, struct iret *f)
{
    unsigned cpl = cpu_cpl(run_regs(r), run_sregs(r)), rpl = f->cs_selector & 3u;
    struct kvm_segment *cs = &f->cs;
    if (rpl < cpl || !descriptor_read(r, f->cs_selector, false, cs) || !(cs->type & 8) || (cs->l && cs->db))
        return false;
    if ((cs->type & 4) ? cs->dpl > rpl : cs->dpl != rpl)
        return false;
    bool to64 = cs->l && (run_sregs(r)->efer & EFER_LMA);
    return to64 ? (f->rip + (1ull << 47)) >> 48 == 0 : f->rip <= cs->limit;
}

static bool stack_fits(const struct run *r, struct iret *f)
{
    unsigned rpl = f->cs_selector & 3u;
    if (!f->new_stack)
        return true;
    if (f->ss_selector & ~3u)
        return descriptor_read(r, f->ss_selector, false, &f->ss) && (f->ss.type & 0xa) == 2 &&
               f->ss.dpl == rpl && (f->ss_selector & 3u) == rpl;
    f->ss = (struct kvm_segment){.selector = f->ss_selector,
                                 .type = 3,
                                 .s = 1,
                                 .dpl = rpl & 3,
                                 .db = 1,
                                 .g = 1,
                                 .present = 1,
                                 .limit = UINT32_MAX};
    return f->cs.l && rpl != 3 && (f->ss_selector & 3u) == rpl; /* null: in 64-bit mode below ring 3 only */
}

/* A segment of an inner ring is not for outer code: the CPU clears it on the way out. */
static void segment_leave(struct kvm_segment *seg, unsigned cpl)
{
    bool conforming = (seg->type & 0xc) == 0xc;
    if (!seg->unusable && seg->s && !conforming && seg->dpl < cpl)
        *seg = (struct kvm_segment){.unusable = 1, .limit = seg->limit};
}

/* Which bits of RFLAGS the guest may change from where it is. */
static uint64_t flags_mask(const struct run *r, size_t width)
{
    unsigned cpl = cpu_cpl(run_regs(r), run_sregs(r));
    uint64_t mask = IRET_FLAGS & (width == 2 ? 0xffff : UINT64_MAX);
    if (cpl)
        mask &= ~FLAGS_IOPL;
    return cpl <= (run_regs(r)->rflags >> IOPL_SHIFT & 3) ? mask : mask & ~RFLAGS_IF;
}

static void frame_take(struct run *r, size_t width, const struct iret *f)
{
    struct kvm_regs *g = run_regs(r);
    struct kvm_sregs *s = run_sregs(r);
    uint64_t mask = flags_mask(r, width), sp_mask = s->ss.db ? UINT32_MAX : 0xffff;
    unsigned rpl = f->cs_selector & 3u;
    bool outer = rpl > cpu_cpl(g, s);
    g->rip = f->rip;
    g->rflags = (g->rflags & ~mask) | (f->flags & mask & ~RFLAGS_TF) | RFLAGS_FIXED;
    if (!r->stepping)
        g->rflags |= f->flags & RFLAGS_TF;
    r->guest_tf = r->stepping && (f->flags & RFLAGS_TF);
    if (f->new_stack)
        g->rsp = f->rsp;
    else
        g->rsp = (g->rsp & ~sp_mask) | ((g->rsp + 3 * width) & sp_mask);
    if (f->new_stack)
        s->ss = f->ss;
    s->cs = f->cs;
    s->cs.selector = f->cs_selector;
    if (!outer)
        return;
    segment_leave(&s->ds, rpl);
    segment_leave(&s->es, rpl);
    segment_leave(&s->fs, rpl);
    segment_leave(&s->gs, rpl);
}

int iret_by_hand(struct run *r, unsigned width, struct err *e)
{
    struct iret f = {0};
    const struct kvm_regs *g = run_regs(r);
    if (cpu_mode(run_sregs(r)) == MODE_REAL || (g->rflags & (RFLAGS_NT | RFLAGS_VM)) ||
        !frame_read(r, width, &f) || (!in_64bit(r) && (f.flags & RFLAGS_VM)) || !code_fits(r, &f) ||
        !stack_fits(r, &f))
        return 0;
    frame_take(r, width, &f);
    return vcpu_state_store(r, true, e) < 0 ? -1 : 1;
}
