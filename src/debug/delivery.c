/*
 * Delivering an exception, for looking at: see delivery.h (Intel SDM, "Exception- or Interrupt-Handler
 * Procedures", "64-Bit Mode Stack Frame", "Stack Switching in IA-32e Mode", "Interrupt Stack Table", and the
 * Operation section of "INT n").
 *
 * Simplified: task gates and virtual-8086 mode are not followed; shadow stacks are not looked at.
 */
#include "debug/delivery.h"

#include "debug/exceptions.h"

#include "base/bytes.h"

#include <stdio.h>

#define ULL(x) ((unsigned long long)(x))

/* A delivery under way. */
struct call {
    const struct target *t;
    const struct fault *what;
    struct delivery *d;
    uint32_t ext;
    unsigned cpl;
    struct kvm_segment cs, ss;
    bool inner; /* the handler is more privileged */
    uint64_t rsp;
};

/* ---- the gate ---- */

static void gate_note(const struct gate *g, struct fault *f)
{
    struct text words = {0};
    if (!gate_is_there(g))
        return;
    gate_write(g, &words);
    if (g->len == 16)
        snprintf(f->entry, sizeof f->entry, "gate 0x%02x at 0x%llx is 0x%016llx 0x%016llx: %s", g->vector,
                 ULL(g->linear), ULL(g->raw[1]), ULL(g->raw[0]), text_str(&words));
    else
        snprintf(f->entry, sizeof f->entry, "gate 0x%02x at 0x%llx is 0x%0*llx: %s", g->vector,
                 ULL(g->linear), (int)g->len * 2, ULL(g->raw[0]), text_str(&words));
    text_fini(&words);
}

static enum fault_verdict gate_unreadable(struct call *c)
{
    const struct gate *g = &c->d->gate;
    struct fault_access a = {.linear = g->linear,
                             .len = g->len,
                             .access = GVA_READ,
                             .implicit = true,
                             .vector = VECTOR_GP,
                             .code = g->vector * 8u | ERROR_IDT | c->ext,
                             .what = "the read of the gate"};
    enum fault_verdict v = fault_memory(c->t, &a, &c->d->fault);
    return v != FAULT_NO ? v
                         : fault_unknown(&c->d->fault, "the interrupt table at 0x%llx is mapped to no memory",
                                         ULL(g->linear));
}

static enum fault_verdict check_gate(struct call *c)
{
    struct fault *f = &c->d->fault;
    const struct gate *g = &c->d->gate;
    const struct kvm_sregs *s = &c->t->sregs;
    uint32_t code = g->vector * 8u | ERROR_IDT | c->ext;
    enum fault_verdict v = FAULT_NO;
    switch (g->trouble) {
    case GATE_PAST_LIMIT:
        return fault_raise(
            c->t, f, VECTOR_GP, code,
            "gate 0x%02x would lie at 0x%llx-0x%llx, past the end of the %s (base 0x%llx, limit 0x%x)",
            g->vector, ULL(g->linear), ULL(g->linear + g->len - 1), g->len == 4 ? "IVT" : "IDT",
            ULL(s->idt.base), s->idt.limit);
    case GATE_UNREADABLE:
        return gate_unreadable(c);
    case GATE_TYPE:
        v = fault_raise(c->t, f, VECTOR_GP, code, "gate 0x%02x is no interrupt or trap gate (type 0x%02x)",
                        g->vector, g->type);
        break;
    case GATE_ABSENT:
    case GATE_FINE:
        break;
    }
    if (v == FAULT_NO && c->what->software && g->len != 4 && g->dpl < c->cpl)
        v = fault_raise(c->t, f, VECTOR_GP, g->vector * 8u | ERROR_IDT,
                        "gate 0x%02x has DPL %u, and the program that asked for it runs at CPL %u", g->vector,
                        g->dpl, c->cpl);
    if (v == FAULT_NO && g->trouble == GATE_ABSENT)
        v = fault_raise(c->t, f, VECTOR_NP, code, "gate 0x%02x is not present", g->vector);
    if (v == FAULT_NO && g->type == GATE_TASK && g->len != 4)
        return fault_unknown(f, "gate 0x%02x is a task gate, and task switches are not followed", g->vector);
    if (v == FAULT_YES)
        gate_note(g, f);
    return v;
}

/* ---- the code segment ---- */

static enum fault_verdict check_code(struct call *c)
{
    const struct gate *g = &c->d->gate;
    char who[32];
    snprintf(who, sizeof who, "gate 0x%02x", g->vector);
    struct selector_ask q = {.selector = g->selector,
                             .use = SELECTOR_GATE,
                             .cpl = c->cpl,
                             .ext = c->ext,
                             .vector = VECTOR_GP,
                             .who = who};
    enum fault_verdict v = fault_selector(c->t, &q, &c->cs, &c->d->fault);
    if (v == FAULT_YES && !c->d->fault.entry[0])
        gate_note(g, &c->d->fault);
    if (v != FAULT_NO)
        return v;
    c->inner = !(c->cs.type & 4) && c->cs.dpl < c->cpl;
    return FAULT_NO;
}

static enum fault_verdict check_offset(struct call *c)
{
    const struct gate *g = &c->d->gate;
    enum fault_verdict v = FAULT_NO;
    if (g->len == 16 && !fault_is_canonical(c->t, g->offset))
        v = fault_raise(c->t, &c->d->fault, VECTOR_GP, c->ext,
                        "the handler's address 0x%llx is not canonical", ULL(g->offset));
    else if (g->len != 16 && g->offset > c->cs.limit)
        v = fault_raise(c->t, &c->d->fault, VECTOR_GP, c->ext,
                        "the handler's address 0x%llx is past the limit of its segment, 0x%x", ULL(g->offset),
                        c->cs.limit);
    if (v == FAULT_YES)
        gate_note(g, &c->d->fault);
    return v;
}

/* ---- the stack ---- */

/* Reads a field of the TSS. */
static enum fault_verdict tss_read(struct call *c, unsigned at, uint8_t *raw, unsigned n, const char *name)
{
    const struct kvm_segment *tr = &c->t->sregs.tr;
    struct fault *f = &c->d->fault;
    uint64_t linear = tr->base + at;
    if (at + n - 1 > tr->limit)
        return fault_raise(
            c->t, f, VECTOR_TS, (tr->selector & 0xfffcu) | c->ext,
            "%s would lie at offset 0x%x of the TSS, past its limit 0x%x (TR 0x%04x, base 0x%llx)", name, at,
            tr->limit, tr->selector, ULL(tr->base));
    struct fault_access a = {.linear = linear,
                             .len = n,
                             .access = GVA_READ,
                             .implicit = true,
                             .vector = VECTOR_TS,
                             .code = (tr->selector & 0xfffcu) | c->ext,
                             .what = "the read of the TSS"};
    enum fault_verdict v = fault_memory(c->t, &a, f);
    if (v != FAULT_NO)
        return v;
    if (target_read(c->t, linear, raw, n, NULL) != n)
        return fault_unknown(f, "the TSS at 0x%llx is mapped to no memory", ULL(linear));
    return FAULT_NO;
}

static enum fault_verdict stack_long(struct call *c)
{
    uint8_t raw[8];
    char name[16];
    const struct gate *g = &c->d->gate;
    c->rsp = c->t->regs.rsp;
    if (g->ist || c->inner) {
        snprintf(name, sizeof name, g->ist ? "IST%u" : "RSP%u", g->ist ? g->ist : c->cs.dpl);
        enum fault_verdict v =
            tss_read(c, g->ist ? 36u + 8u * (g->ist - 1u) : 4u + 8u * c->cs.dpl, raw, sizeof raw, name);
        if (v != FAULT_NO)
            return v;
        c->rsp = le64_load(raw);
    }
    c->rsp &= ~15ull;
    if (c->inner)
        c->ss =
            (struct kvm_segment){.selector = c->cs.dpl, .dpl = c->cs.dpl, .type = 3, .s = 1, .present = 1};
    return FAULT_NO;
}

/* SS:ESP from a 32-bit or 16-bit TSS. */
static enum fault_verdict stack_protected(struct call *c)
{
    uint8_t raw[6] = {0};
    char who[24];
    bool wide = c->t->sregs.tr.type & 8;
    c->rsp = c->t->regs.rsp;
    if (!c->inner)
        return FAULT_NO;
    unsigned n = wide ? 6 : 4, at = wide ? 4u + 8u * c->cs.dpl : 2u + 4u * c->cs.dpl;
    snprintf(who, sizeof who, "SS%u of the TSS", c->cs.dpl);
    enum fault_verdict v = tss_read(c, at, raw, n, who);
    if (v != FAULT_NO)
        return v;
    c->rsp = le_load(raw, n - 2);
    struct selector_ask q = {.selector = le16_load(raw + n - 2),
                             .use = SELECTOR_STACK,
                             .cpl = c->cs.dpl,
                             .ext = c->ext,
                             .vector = VECTOR_TS,
                             .who = who};
    return fault_selector(c->t, &q, &c->ss, &c->d->fault);
}

static unsigned frame_width(const struct gate *g)
{
    return g->len == 16 ? 8 : gate_is_16bit(g) ? 2 : 4;
}

/* Whether the frame lies within the stack segment, outside long mode. */
static enum fault_verdict check_stack_limit(struct call *c, uint64_t bottom, uint64_t len)
{
    const struct kvm_segment *ss = &c->ss;
    uint64_t mask = ss->db ? UINT32_MAX : 0xffff, last = bottom + len - 1;
    bool down = !(ss->type & 8) && (ss->type & 4);
    bool outside = down ? bottom <= ss->limit || last > mask : last > ss->limit;
    uint32_t code = (c->inner ? ss->selector & 0xfffcu : 0) | c->ext;
    if (!outside)
        return FAULT_NO;
    return fault_raise(c->t, &c->d->fault, VECTOR_SS, code,
                       "the frame of %llu bytes at SS:0x%llx is outside the stack segment's limit 0x%x",
                       ULL(len), ULL(bottom), ss->limit);
}

static enum fault_verdict check_frame(struct call *c)
{
    const struct gate *g = &c->d->gate;
    unsigned width = frame_width(g);
    unsigned words = (g->len == 16 || c->inner ? 5u : 3u) + (c->what->has_code && g->len != 4);
    uint64_t len = (uint64_t)words * width, mask = g->len == 16 ? UINT64_MAX : c->ss.db ? UINT32_MAX : 0xffff;
    uint64_t bottom = (c->rsp - len) & mask, base = g->len == 16 ? 0 : c->ss.base;
    enum fault_verdict v = g->len == 16 ? FAULT_NO : check_stack_limit(c, bottom, len);
    /* Pushed from the top down: the first page that fails is the highest. */
    for (unsigned i = 1; i <= words && v == FAULT_NO; i++) {
        uint64_t at = base + ((c->rsp - (uint64_t)i * width) & mask);
        struct fault_access a = {.linear = g->len == 16 ? at : at & UINT32_MAX,
                                 .len = width,
                                 .access = GVA_WRITE,
                                 .cpl = c->inner ? c->cs.dpl : c->cpl,
                                 .implicit = true,
                                 .vector = VECTOR_SS,
                                 .code = c->ext,
                                 .what = "the push of the frame"};
        v = fault_memory(c->t, &a, &c->d->fault);
    }
    c->rsp = bottom;
    return v;
}

/* ---- all ---- */

static void arrive(struct call *c)
{
    struct delivery *d = c->d;
    const struct gate *g = &d->gate;
    uint64_t mask = g->len == 16 ? UINT64_MAX : c->ss.db ? UINT32_MAX : 0xffff;
    d->regs.rsp = (d->regs.rsp & ~mask) | (c->rsp & mask);
    d->regs.rip = g->offset;
    d->regs.rflags &=
        ~(RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM | (gate_is_interrupt(g) ? RFLAGS_IF : 0));
    d->sregs.cs = c->cs;
    d->sregs.ss = c->ss;
    if (g->len == 4) {
        d->sregs.cs.selector = g->selector;
        d->sregs.cs.base = (uint64_t)g->selector << 4;
    } else {
        d->sregs.cs.selector = (uint16_t)((g->selector & ~3u) | (c->inner ? c->cs.dpl : c->cpl));
    }
    if (c->what->has_cr2)
        d->sregs.cr2 = c->what->cr2;
}

static enum fault_verdict deliver(struct call *c)
{
    enum fault_verdict v = check_gate(c);
    unsigned len = c->d->gate.len;
    if (v == FAULT_NO && len != 4)
        v = check_code(c);
    if (v == FAULT_NO)
        v = len == 16 ? stack_long(c) : len == 8 ? stack_protected(c) : FAULT_NO;
    if (v == FAULT_NO)
        v = check_frame(c);
    return v == FAULT_NO ? check_offset(c) : v;
}

void delivery_try(const struct target *t, const struct fault *what, struct delivery *d)
{
    *d = (struct delivery){.regs = t->regs, .sregs = t->sregs};
    struct call c = {.t = t,
                     .what = what,
                     .d = d,
                     .ext = what->software ? 0 : ERROR_EXT,
                     .cpl = cpu_cpl(&t->regs, &t->sregs),
                     .cs = t->sregs.cs,
                     .ss = t->sregs.ss,
                     .rsp = t->regs.rsp};
    gate_read(t->memory, &t->regs, &t->sregs, what->vector, &d->gate);
    if ((t->sregs.cr0 & CR0_PE) && (t->regs.rflags & RFLAGS_VM)) {
        d->verdict =
            fault_unknown(&d->fault, "the guest is in virtual-8086 mode, whose calls are not followed");
        return;
    }
    d->verdict = deliver(&c);
    if (d->verdict == FAULT_NO)
        arrive(&c);
}
