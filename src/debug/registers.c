/*
 * Registers by name: see registers.h.  A register that a program can only reach through an instruction (a
 * control register through MOV, a segment register through a load of its descriptor) is written here with
 * what that instruction would have done besides, and refused where the CPU would have raised a fault or could
 * not have gone on (Intel SDM, "Control Registers", "Segment Registers").
 *
 * Simplified: loading a segment checks the descriptor, not whether the current privilege level may load it; a
 * debugger stands above rings.
 */
#include "debug/registers.h"

#include "debug/registers_table.h"
#include "vm/cpu_check.h"
#include "vm/descriptor.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

enum { TYPE_TSS_BUSY_BIT = 2, TYPE_LDT = 2, TYPE_CODE = 8 };

const struct register_info *register_row(size_t i)
{
    return i < register_table_len ? &register_table[i] : NULL;
}

const struct register_info *register_find(const char *name, size_t n)
{
    for (size_t i = 0; i < register_table_len; i++)
        if (strncasecmp(register_table[i].name, name, n) == 0 && register_table[i].name[n] == 0)
            return &register_table[i];
    return NULL;
}

static uint64_t bits_mask(unsigned bits)
{
    return bits >= 64 ? UINT64_MAX : (1ull << bits) - 1;
}

static uint64_t part_get(const struct register_info *r, const void *base)
{
    uint64_t whole = 0;
    memcpy(&whole, (const char *)base + r->offset, r->len); /* the host is an x86, too */
    return whole >> r->low & bits_mask(r->bits);
}

static void part_set(const struct register_info *r, void *base, uint64_t value)
{
    uint64_t whole = 0, mask = bits_mask(r->bits) << r->low;
    char *at = (char *)base + r->offset;
    memcpy(&whole, at, r->len);
    if (r->flags & REGISTER_ZERO_UPPER)
        whole = 0;
    whole = (whole & ~mask) | (value << r->low & mask);
    memcpy(at, &whole, r->len);
}

int register_get(const struct target *t, const struct register_info *r, uint64_t *value, struct err *e)
{
    struct kvm_debugregs d = {0};
    const void *base[] = {[REGISTER_REGS] = &t->regs, [REGISTER_SREGS] = &t->sregs, [REGISTER_DEBUG] = &d};
    if (r->place == REGISTER_DEBUG) {
        if (!t->ops || !t->ops->debugregs)
            return err_set(e, "%s: the debug registers cannot be read here", r->name);
        if (t->ops->debugregs(t->ctx, &d, e) < 0)
            return err_wrap(e, "%s", r->name);
    }
    *value = part_get(r, base[r->place]);
    return 0;
}

/* ---- segments ---- */

static size_t segment_offset(const struct register_info *r)
{
    return r->offset - offsetof(struct kvm_segment, selector);
}

bool register_is_segment(const struct register_info *r)
{
    return (r->flags & REGISTER_SELECTOR) && segment_offset(r) != offsetof(struct kvm_sregs, tr) &&
           segment_offset(r) != offsetof(struct kvm_sregs, ldt);
}

const struct kvm_segment *register_segment(const struct target *t, const struct register_info *r)
{
    return (const struct kvm_segment *)((const char *)&t->sregs + segment_offset(r));
}

uint64_t register_segment_base(const struct target *t, const struct kvm_segment *seg)
{
    bool flat = cpu_mode(&t->sregs) == MODE_LONG && seg != &t->sregs.fs && seg != &t->sregs.gs;
    return flat ? 0 : seg->base;
}

/* LDTR and TR. */
static int load_system(const struct target *t, const struct register_info *r, uint16_t selector,
                       struct kvm_segment *seg, struct err *e)
{
    bool task = segment_offset(r) == offsetof(struct kvm_sregs, tr);
    if (!(t->sregs.cr0 & CR0_PE) || (t->regs.rflags & RFLAGS_VM))
        return err_set(e, "it is loaded in protected mode only");
    if (!(selector & ~SELECTOR_RPL) && !task) {
        *seg = (struct kvm_segment){.selector = selector, .type = TYPE_LDT, .unusable = 1};
        return 0;
    }
    if (descriptor_load_system(t->memory, &t->regs, &t->sregs, selector, seg, e) < 0)
        return -1;
    if (seg->s || (task ? (seg->type & 5) != 1 : seg->type != TYPE_LDT))
        return err_set(e, "the descriptor of selector %#x is no %s", selector, task ? "TSS" : "LDT");
    if (task)
        seg->type |= TYPE_TSS_BUSY_BIT;
    return 0;
}

/* CS, SS, DS, ES, FS, GS in protected and long mode. */
static int load_protected(const struct target *t, const struct register_info *r, uint16_t selector,
                          struct kvm_segment *seg, struct err *e)
{
    size_t at = segment_offset(r);
    bool code = at == offsetof(struct kvm_sregs, cs), stack = at == offsetof(struct kvm_sregs, ss);
    if (!(selector & (unsigned)~SELECTOR_RPL) && !code && (!stack || cpu_mode(&t->sregs) == MODE_LONG)) {
        uint8_t dpl = stack ? selector & SELECTOR_RPL : 0;
        *seg = (struct kvm_segment){.selector = selector, .unusable = 1, .dpl = dpl};
        return 0;
    }
    if (descriptor_load(t->memory, &t->regs, &t->sregs, selector, seg, e) < 0)
        return -1;
    if (!seg->s)
        return err_set(e, "selector %#x names a system descriptor", selector);
    if (code && !(seg->type & TYPE_CODE))
        return err_set(e, "selector %#x names data, not code", selector);
    return 0;
}

static int segment_load(const struct target *t, const struct register_info *r, uint16_t selector,
                        struct kvm_sregs *s, struct err *e)
{
    struct kvm_segment *seg = (struct kvm_segment *)((char *)s + segment_offset(r));
    bool v86 = t->regs.rflags & RFLAGS_VM;
    if (!register_is_segment(r)) {
        if (load_system(t, r, selector, seg, e) < 0)
            return -1;
    } else if (!(s->cr0 & CR0_PE) || v86) {
        descriptor_load_real(v86, selector, seg);
        return 0;
    } else if (load_protected(t, r, selector, seg, e) < 0)
        return -1;
    if (!seg->unusable && !seg->present)
        return err_set(e, "the segment of selector %#x is not present", selector);
    return 0;
}

/* ---- writing ---- */

/* A negative number is as good as its low bits. */
static bool value_fits(const struct register_info *r, uint64_t value)
{
    uint64_t above = value & ~bits_mask(r->bits);
    bool negative = r->bits >= 8 && (value >> (r->bits - 1) & 1) && above == ~bits_mask(r->bits);
    return above == 0 || negative;
}

static int lma_follow(const struct register_info *r, uint64_t value, struct kvm_sregs *s, struct err *e)
{
    bool lma = (s->efer & EFER_LME) && (s->cr0 & CR0_PG);
    bool alone = r->offset == offsetof(struct kvm_sregs, efer) && r->bits == 1 && 1ull << r->low == EFER_LMA;
    if (r->place == REGISTER_SREGS && alone && value != lma)
        return err_set(e, "the CPU sets EFER.LMA itself, when EFER.LME and CR0.PG are both set");
    bool moves = r->place == REGISTER_SREGS && (r->offset == offsetof(struct kvm_sregs, efer) ||
                                                r->offset == offsetof(struct kvm_sregs, cr0));
    if (moves)
        s->efer = (s->efer & ~EFER_LMA) | (lma ? EFER_LMA : 0);
    return 0;
}

/* Makes the new state in *regs and *sregs. */
static int state_make(const struct target *t, const struct register_info *r, uint64_t value,
                      struct kvm_regs *regs, struct kvm_sregs *sregs, struct err *e)
{
    if (r->flags & REGISTER_SELECTOR)
        return segment_load(t, r, (uint16_t)value, sregs, e);
    part_set(r, r->place == REGISTER_REGS ? (void *)regs : (void *)sregs, value);
    if (r->place == REGISTER_REGS)
        regs->rflags |= RFLAGS_FIXED;
    return lma_follow(r, value, sregs, e);
}

int register_set(struct target *t, const struct register_info *r, uint64_t value, struct err *e)
{
    struct kvm_regs regs = t->regs;
    struct kvm_sregs sregs = t->sregs;
    if (r->flags & REGISTER_READ_ONLY)
        return err_set(e, "%s can only be read", r->name);
    if (!value_fits(r, value))
        return err_set(e, "%s has %u bit%s: %#llx does not fit", r->name, r->bits, r->bits == 1 ? "" : "s",
                       (unsigned long long)value);
    if (state_make(t, r, value, &regs, &sregs, e) < 0 ||
        cpu_check_change(&t->regs, &t->sregs, &regs, &sregs, e) < 0)
        return err_wrap(e, "%s = %#llx refused", r->name, (unsigned long long)value);
    t->regs = regs;
    t->sregs = sregs;
    if (r->place == REGISTER_REGS)
        t->regs_changed = true;
    else
        t->sregs_changed = true;
    return 0;
}
