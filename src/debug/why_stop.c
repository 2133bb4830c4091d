/*
 * Why did the step end in a handler?  The processor has left traces: the vector (by which gate it went), the
 * frame on the handler's stack with the interrupted CS:RIP and mostly an error code, and CR2.  What they do
 * not say is which operand of the instruction was at fault; that is found by walking each of its addresses
 * again (Intel SDM, "Interrupt and Exception Handling", "Error Code", "Page-Fault Exceptions").
 */
#include "debug/account.h"
#include "debug/exceptions.h"
#include "debug/instruction.h"
#include "debug/place.h"
#include "debug/why.h"
#include "vm/gate.h"

#include "base/bytes.h"

#include <stdlib.h>

#define ULL(x) ((unsigned long long)(x))

/* What the handler finds on its stack. */
struct frame {
    bool there;
    bool has_code;
    uint32_t code;
    uint64_t rip, flags;
    uint16_t cs;
};

/* How many bytes each pushed value has. */
static unsigned frame_width(const struct gate *g)
{
    return g->len == 4 || gate_is_16bit(g) ? 2 : g->len == 16 ? 8 : 4;
}

static void frame_read(const struct why_stop *w, const struct gate *g, struct frame *f)
{
    uint8_t raw[4 * 8];
    const struct target *t = w->now;
    const struct exception_info *x = w->interrupt ? NULL : exception_info(w->vector);
    unsigned width = frame_width(g);
    *f = (struct frame){.has_code = x && x->has_error_code && g->len != 4};
    uint64_t mask = g->len == 16 ? UINT64_MAX : t->sregs.ss.db ? UINT32_MAX : 0xffff;
    uint64_t top = (t->regs.rsp & mask) + (g->len == 16 ? 0 : t->sregs.ss.base);
    size_t n = (3u + f->has_code) * width;
    if (target_read(t, top, raw, n, NULL) != n)
        return;
    const uint8_t *p = raw;
    if (f->has_code) {
        f->code = (uint32_t)le_load(p, width < 4 ? width : 4);
        p += width;
    }
    f->rip = le_load(p, width);
    f->cs = le16_load(p + width);
    f->flags = le_load(p + 2u * width, width);
    f->there = true;
}

static void know_exception(const struct why_stop *w, const struct frame *f, struct account *a)
{
    const struct exception_info *x = w->interrupt ? NULL : exception_info(w->vector);
    struct text *out = account_known(a);
    text_addf(out, "The CPU is at the first instruction of the handler for vector 0x%02x", w->vector);
    if (w->interrupt)
        text_add(out, ", an interrupt from a device");
    else if (x)
        text_addf(out, ", %s %s: %s; %s", x->mnemonic, x->name, exception_class_name(x->class), x->cause);
    text_addc(out, '.');
    if (!f->there) {
        text_add(out, " The handler's stack cannot be read.");
        return;
    }
    text_addf(out, " The frame on its stack says: CS:RIP 0x%04x:0x%llx, RFLAGS 0x%llx", f->cs, ULL(f->rip),
              ULL(f->flags));
    if (f->has_code) {
        text_add(out, ", error code ");
        exception_error_write(w->vector, f->code, out);
    }
    text_addc(out, '.');
}

static void know_gate(const struct why_stop *w, const struct gate *g, struct account *a)
{
    struct text *out = account_known(a);
    if (!gate_is_there(g)) {
        text_add(out, "The gate cannot be read any more.");
        return;
    }
    text_addf(out, "The gate at 0x%llx is ", ULL(g->linear));
    gate_write(g, out);
    const struct kvm_sregs *now = &w->now->sregs;
    uint64_t want = now->cs.selector & ~3u;
    if ((g->selector & ~3u) == want && g->offset == w->now->regs.rip)
        text_add(out, ", and it is where the CPU stands.");
    else
        text_add(out, "; the CPU stands elsewhere, so that it was changed or another vector was used.");
}

/* The state in which the page fault happened: before, or now with the ring of the error code. */
static struct gva_context fault_context(const struct why_stop *w, uint32_t code)
{
    const struct target *t = w->before ? w->before : w->now;
    struct gva_context c = target_gva_context(t);
    c.cpl = code & PF_USER ? 3 : 0;
    return c;
}

static void know_page_fault(const struct why_stop *w, const struct frame *f, struct account *a)
{
    uint64_t cr2 = w->now->sregs.cr2;
    struct gva_walk walk;
    struct text *out = account_known(a);
    text_addf(out, "CR2, the linear address, is ");
    place_write(w->now, cr2, out);
    text_addc(out, '.');
    struct gva_context c = fault_context(w, f->code);
    enum gva_access access = f->code & PF_FETCH ? GVA_FETCH : f->code & PF_WRITE ? GVA_WRITE : GVA_READ;
    gva_translate(w->now->memory, &c, cr2, access, &walk);
    text_add(out, " Its page walk, with the tables as they are now: ");
    walk_sentence(&walk, out);
    if (walk.ok)
        text_add(out, ". It would succeed now");
    text_addc(out, '.');
}

/* The operand whose bytes hold `linear`; -1: none, -2: the instruction's own bytes. */
static int operand_holding(const struct target *t, const struct instruction *x, uint64_t linear)
{
    uint64_t at, len;
    for (size_t i = 0; x->ok && i < x->insn.operand_count; i++)
        if (instruction_memory(t, x, i, &at, &len) && linear - at < len)
            return (int)i;
    return linear - x->linear < INSTRUCTION_MAX ? -2 : -1;
}

static void infer_operand(const struct why_stop *w, const struct target *t, const struct instruction *x,
                          struct account *a)
{
    uint64_t cr2 = w->now->sregs.cr2, at, len;
    struct text *out = account_inferred(a);
    int i = operand_holding(t, x, cr2);
    if (i == -2) {
        text_add(out, "CR2 lies in the instruction itself: the fetch failed.");
    } else if (i == -1) {
        text_add(out, "None of its operands holds CR2: the access was one that the instruction does besides "
                      "(a descriptor, "
                      "a frame, a second item), or the code has changed.");
    } else if (instruction_memory(t, x, (size_t)i, &at, &len)) {
        bool hidden = x->op[i].visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN;
        text_addf(out, "CR2 lies in %s, %llu byte%s at linear 0x%llx: that access failed.",
                  hidden ? "its implied memory operand (the stack, or a string)" : "its memory operand",
                  ULL(len), len == 1 ? "" : "s", ULL(at));
    }
}

/* The saved RIP of a trap is behind its instruction. */
static void infer_instruction(const struct why_stop *w, const struct frame *f, struct account *a)
{
    struct target then = w->before ? *w->before : *w->now;
    const struct exception_info *info = w->interrupt ? NULL : exception_info(w->vector);
    struct instruction x;
    struct text *out;
    if (!w->before &&
        (!f->there || f->cs != w->now->sregs.cs.selector || !info || info->class != EXCEPTION_FAULT)) {
        text_add(account_inferred(a),
                 "Which instruction it was is not known: the state before the step was not kept.");
        return;
    }
    if (!w->before)
        then.regs.rip = f->rip;
    instruction_at(&then, &x);
    out = account_inferred(a);
    text_add(out, w->interrupt ? "The interrupted instruction is " : "The instruction is ");
    if (x.ok || x.code_len)
        instruction_write(&then, &x, out);
    else
        text_addf(out, "not to be read (%s)", x.walk.why ? x.walk.why : "no memory");
    text_add(out, " at ");
    place_write(&then, x.linear, out);
    text_add(out, w->before ? ", where the step began." : ", where the frame points to.");
    if (w->interrupt)
        return;
    struct text values = {0};
    if (w->before && instruction_operands(&then, &x, false, &values))
        text_addf(account_inferred(a), "Its operands were: %s.", text_str(&values));
    text_fini(&values);
    if (w->vector == VECTOR_PF && w->before)
        infer_operand(w, &then, &x, a);
}

/* Rings and stacks: what the call to the handler changed. */
static void know_ring(const struct why_stop *w, struct account *a)
{
    if (!w->before)
        return;
    unsigned was = cpu_cpl(&w->before->regs, &w->before->sregs), is = cpu_cpl(&w->now->regs, &w->now->sregs);
    if (was != is)
        text_addf(account_known(a),
                  "The ring changed from CPL %u to CPL %u, and with it the stack, by the TSS: SS:RSP is "
                  "0x%04x:0x%llx.",
                  was, is, w->now->sregs.ss.selector, ULL(w->now->regs.rsp));
}

void why_stop(const struct why_stop *w, struct text *out)
{
    struct account a = {0};
    struct gate g;
    struct frame f;
    const struct exception_info *x = w->interrupt ? NULL : exception_info(w->vector);
    gate_read(w->now->memory, &w->now->regs, &w->now->sregs, w->vector, &g);
    frame_read(w, &g, &f);
    text_addf(out, "%s 0x%02x", w->interrupt ? "interrupt" : "exception", w->vector);
    if (x)
        text_addf(out, ": %s %s", x->mnemonic, x->name);
    text_addc(out, '\n');
    know_exception(w, &f, &a);
    if (x && w->vector == VECTOR_PF)
        know_page_fault(w, &f, &a);
    know_gate(w, &g, &a);
    know_ring(w, &a);
    infer_instruction(w, &f, &a);
    text_addf(&a.manual, "Intel SDM, %s.", x ? x->manual : "Interrupt and Exception Handling");
    account_finish(&a, out);
}
