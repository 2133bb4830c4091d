/*
 * Segment descriptors: see descriptor.h.  Who loads a segment register by hand comes here: the delivery of
 * interrupts while stepping, the instruction assist, and the debugger's `set cs = 8`.
 *
 * Simplified: the CPU marks a descriptor as accessed, and a TSS as busy, in guest memory too.  Here only the
 * hidden part is marked, so that looking never changes the guest.
 */
#include "vm/descriptor.h"

#include "base/bytes.h"
#include "vm/cpu.h"
#include "vm/gva.h"

enum { DESCRIPTOR_LEN = 8, DESCRIPTOR_LONG_LEN = 16 };

/* Reads `len` bytes of the descriptor that `selector` names. */
static int descriptor_bytes(const struct guest_memory *m, const struct kvm_regs *r, const struct kvm_sregs *s,
                            uint16_t selector, uint8_t *raw, unsigned len, struct err *e)
{
    bool local = selector & SELECTOR_TI;
    uint64_t base = local ? s->ldt.base : s->gdt.base, at = selector & ~7u;
    uint64_t limit = local ? s->ldt.limit : s->gdt.limit;
    struct gva_context c = gva_context_of(r, s);
    struct gva_walk w = {0};
    c.cpl = 0; /* the CPU reads its tables as supervisor */
    if (!(selector & ~SELECTOR_RPL))
        return err_set(e, "selector %#x is the null selector", selector);
    if (local && s->ldt.unusable)
        return err_set(e, "selector %#x names the LDT, and LDTR is not usable", selector);
    if (at + len - 1 > limit)
        return err_set(e, "selector %#x lies past the %s limit %#llx", selector, local ? "LDT" : "GDT",
                       (unsigned long long)limit);
    if (gva_read(m, &c, base + at, raw, len, GVA_READ, &w) != len)
        return err_set(e, "the descriptor of selector %#x at %#llx cannot be read: %s", selector,
                       (unsigned long long)(base + at), w.why ? w.why : "no memory there");
    return 0;
}

static struct kvm_segment descriptor_decode(const uint8_t *raw, uint16_t selector)
{
    struct kvm_segment seg = {
        .base = le16_load(raw + 2) | (uint64_t)raw[4] << 16 | (uint64_t)raw[7] << 24,
        .limit = le16_load(raw) | (uint32_t)(raw[6] & 0xf) << 16,
        .selector = selector,
        .type = (raw[5] & 0xf) | (raw[5] >> 4 & 1), /* loading a code or data segment marks it accessed */
        .s = raw[5] >> 4 & 1,
        .dpl = raw[5] >> 5 & 3,
        .present = raw[5] >> 7,
        .avl = raw[6] >> 4 & 1,
        .l = raw[6] >> 5 & 1,
        .db = raw[6] >> 6 & 1,
        .g = raw[6] >> 7,
    };
    if (seg.g)
        seg.limit = seg.limit << 12 | 0xfff;
    return seg;
}

int descriptor_load(const struct guest_memory *m, const struct kvm_regs *r, const struct kvm_sregs *s,
                    uint16_t selector, struct kvm_segment *seg, struct err *e)
{
    uint8_t raw[DESCRIPTOR_LEN];
    if (descriptor_bytes(m, r, s, selector, raw, sizeof raw, e) < 0)
        return -1;
    *seg = descriptor_decode(raw, selector);
    return 0;
}

int descriptor_load_system(const struct guest_memory *m, const struct kvm_regs *r, const struct kvm_sregs *s,
                           uint16_t selector, struct kvm_segment *seg, struct err *e)
{
    uint8_t raw[DESCRIPTOR_LONG_LEN] = {0};
    bool wide = s->efer & EFER_LMA;
    if (selector & SELECTOR_TI)
        return err_set(e, "selector %#x names the LDT, where no system descriptor may lie", selector);
    if (descriptor_bytes(m, r, s, selector, raw, wide ? DESCRIPTOR_LONG_LEN : DESCRIPTOR_LEN, e) < 0)
        return -1;
    *seg = descriptor_decode(raw, selector);
    seg->base |= (uint64_t)le32_load(raw + 8) << 32;
    return 0;
}

void descriptor_load_real(bool v86, uint16_t selector, struct kvm_segment *seg)
{
    if (v86)
        *seg = (struct kvm_segment){.limit = 0xffff, .type = 3, .s = 1, .dpl = 3, .present = 1};
    seg->selector = selector;
    seg->base = (uint64_t)selector << 4;
}
