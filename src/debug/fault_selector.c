/*
 * Selectors: is the descriptor that one names good for what it is wanted for?  Every far jump, every load of
 * a segment register and every delivery of an exception asks this, and a wrong table entry is the commonest
 * way for a young kernel to die (Intel SDM, "Privilege Levels", "Privilege Level Checking When Accessing Data
 * Segments", "Accessing Code Segments", and the Operation sections of MOV, JMP, IRET, LTR and LLDT).
 */
#include "debug/exceptions.h"
#include "debug/fault.h"

#include "vm/descriptor.h"

#include "base/bytes.h"

#include <stdio.h>

#define ULL(x) ((unsigned long long)(x))

enum { TYPE_WRITE = 2, TYPE_CONFORMING = 4, TYPE_CODE = 8 };

static void descriptor_words(const struct kvm_segment *g, struct text *out)
{
    static const char *const system[16] = {
        [1] = "16-bit TSS", [2] = "LDT",         [3] = "busy 16-bit TSS", [4] = "16-bit call gate",
        [5] = "task gate",  [6] = "16-bit gate", [7] = "16-bit gate",     [9] = "TSS",
        [11] = "busy TSS",  [12] = "call gate",  [14] = "interrupt gate", [15] = "trap gate"};
    if (!g->s)
        text_add(out, system[g->type] ? system[g->type] : "a reserved system type");
    else if (g->type & TYPE_CODE)
        text_addf(out, "%scode, %s", g->type & TYPE_CONFORMING ? "conforming " : "",
                  g->l    ? "64-bit"
                  : g->db ? "32-bit"
                          : "16-bit");
    else
        text_addf(out, "data, %s", g->type & TYPE_WRITE ? "writable" : "read-only");
    text_addf(out, ", DPL %u, base 0x%llx, limit 0x%x, %s", g->dpl, ULL(g->base), g->limit,
              g->present ? "present" : "not present");
}

/* Where the descriptor lies, raw and in words. */
static void entry_note(const struct target *t, uint16_t selector, uint64_t linear, const uint8_t raw[8],
                       const struct kvm_segment *seg, struct fault *f)
{
    struct text words = {0};
    (void)t;
    descriptor_words(seg, &words);
    snprintf(f->entry, sizeof f->entry, "%s entry %u at 0x%llx is 0x%016llx: %s",
             selector & SELECTOR_TI ? "LDT" : "GDT", selector >> 3, ULL(linear), ULL(le64_load(raw)),
             text_str(&words));
    text_fini(&words);
}

static bool code_fits(const struct selector_ask *q, const struct kvm_segment *g)
{
    unsigned rpl = q->selector & SELECTOR_RPL;
    bool conforming = g->type & TYPE_CONFORMING;
    switch (q->use) {
    case SELECTOR_JUMP:
        return conforming ? g->dpl <= q->cpl : rpl <= q->cpl && g->dpl == q->cpl;
    case SELECTOR_GATE:
        return g->dpl <= q->cpl;
    default:
        return rpl >= q->cpl && (conforming ? g->dpl <= rpl : g->dpl == rpl);
    }
}

/* NULL when the descriptor fits the use; else why not. */
static const char *misfit(const struct target *t, const struct selector_ask *q, const struct kvm_segment *g)
{
    unsigned rpl = q->selector & SELECTOR_RPL;
    bool code = g->s && (g->type & TYPE_CODE), lma = t->sregs.efer & EFER_LMA;
    switch (q->use) {
    case SELECTOR_JUMP:
    case SELECTOR_GATE:
    case SELECTOR_RETURN:
        if (!code)
            return "names no code segment";
        if (!code_fits(q, g))
            return "names a code segment of another privilege level";
        if (lma && g->l && g->db)
            return "names a code segment with L and D both set";
        return lma && q->use == SELECTOR_GATE && !g->l
                   ? "names a code segment that is not 64-bit (L is clear)"
                   : NULL;
    case SELECTOR_DATA:
        if (!g->s || (code && !(g->type & TYPE_WRITE)))
            return "names neither data nor readable code";
        return !(code && (g->type & TYPE_CONFORMING)) && (rpl > g->dpl || q->cpl > g->dpl)
                   ? "names a segment of a more privileged level"
                   : NULL;
    case SELECTOR_STACK:
        if (!g->s || code || !(g->type & TYPE_WRITE))
            return "names no writable data segment";
        return rpl != q->cpl || g->dpl != q->cpl ? "names a stack of another privilege level" : NULL;
    case SELECTOR_TSS:
        return g->s || (g->type != 9 && (lma || g->type != 1))
                   ? "names no available TSS (a busy one counts as none)"
                   : NULL;
    case SELECTOR_LDT:
        return g->s || g->type != 2 ? "names no LDT" : NULL;
    }
    return NULL;
}

/* Reads the eight bytes. */
static enum fault_verdict entry_read(const struct target *t, const struct selector_ask *q, uint8_t raw[8],
                                     uint64_t *linear, struct fault *f)
{
    bool local = q->selector & SELECTOR_TI;
    const struct kvm_sregs *s = &t->sregs;
    uint32_t limit = local ? s->ldt.limit : s->gdt.limit, code = (q->selector & 0xfffcu) | q->ext;
    unsigned at = q->selector & ~7u;
    if (local && (s->ldt.unusable || q->use >= SELECTOR_TSS))
        return fault_raise(t, f, q->vector, code, "the selector 0x%04x in %s names the LDT, %s", q->selector,
                           q->who,
                           q->use >= SELECTOR_TSS ? "where no such descriptor may be" : "and none is loaded");
    if (at + 7 > limit)
        return fault_raise(t, f, q->vector, code,
                           "the selector 0x%04x in %s is past the limit of the %s (base 0x%llx, limit 0x%x)",
                           q->selector, q->who, local ? "LDT" : "GDT", ULL(local ? s->ldt.base : s->gdt.base),
                           limit);
    *linear = (local ? s->ldt.base : s->gdt.base) + at;
    struct fault_access a = {.linear = *linear,
                             .len = 8,
                             .access = GVA_READ,
                             .implicit = true,
                             .vector = VECTOR_GP,
                             .code = code,
                             .what = local ? "the read of the LDT" : "the read of the GDT"};
    enum fault_verdict v = fault_memory(t, &a, f);
    if (v != FAULT_NO)
        return v;
    if (target_read(t, *linear, raw, 8, NULL) != 8)
        return fault_unknown(f, "the descriptor table at 0x%llx is mapped to no memory", ULL(*linear));
    return FAULT_NO;
}

enum fault_verdict fault_selector(const struct target *t, const struct selector_ask *q,
                                  struct kvm_segment *seg, struct fault *f)
{
    uint8_t raw[8];
    uint64_t linear = 0;
    struct err ignored;
    uint32_t code = (q->selector & 0xfffcu) | q->ext;
    if (!(q->selector & 0xfffc))
        return fault_raise(t, f, q->vector, q->ext, "%s holds the null selector", q->who);
    enum fault_verdict v = entry_read(t, q, raw, &linear, f);
    if (v != FAULT_NO)
        return v;
    if (descriptor_load(t->memory, &t->regs, &t->sregs, q->selector, seg, &ignored) < 0)
        return fault_unknown(f, "the descriptor of selector 0x%04x cannot be read", q->selector);
    if (q->use == SELECTOR_JUMP && !seg->s &&
        (seg->type == 9 || seg->type == 5 || seg->type == 12 || seg->type == 4 || seg->type == 1))
        return fault_unknown(
            f, "the selector 0x%04x in %s leads through a call gate or a task, which is not followed",
            q->selector, q->who);
    const char *why = misfit(t, q, seg);
    if (why)
        v = fault_raise(t, f, q->vector, code, "the selector 0x%04x in %s %s", q->selector, q->who, why);
    else if (!seg->present)
        v = fault_raise(t, f, q->use == SELECTOR_STACK ? VECTOR_SS : VECTOR_NP, code,
                        "the selector 0x%04x in %s names a segment that is not present", q->selector, q->who);
    if (v == FAULT_YES)
        entry_note(t, q->selector, linear, raw, seg, f);
    return v;
}
