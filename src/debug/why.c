/*
 * Why did the guest leave?  An exit is the point where three stories meet: the guest's instruction, the rule
 * in the processor that takes control away from it, and the device that answers.  This file tells them in
 * that order, and keeps what was recorded apart from what is concluded: the bytes of the instruction are read
 * now, its start was searched for, and the hardware's control is not something user space is ever told.
 */
#include "debug/why_inside.h"

#include "debug/instruction.h"
#include "debug/place.h"
#include "vm/descriptor.h"

#include "base/bytes.h"

#define ULL(x) ((unsigned long long)(x))

/* The state as far as it matters for finding the code: that of now, in the event's mode and code segment.
 * False when the segment is not known any more. */
static bool state_then(const struct why *w, struct target *then)
{
    const struct event *ev = w->ev;
    struct err ignored;
    *then = *w->t;
    then->regs.rip = ev->rip;
    if (event_mode(ev) == cpu_mode(&w->t->sregs) && ev->cs == w->t->sregs.cs.selector)
        return true;
    if (event_mode(ev) != cpu_mode(&w->t->sregs)) {
        if (event_mode(ev) != MODE_REAL)
            return false; /* the page tables of then are not known */
        then->sregs.cr0 &= ~(CR0_PE | CR0_PG);
        then->sregs.efer &= ~EFER_LMA;
    }
    if (event_mode(ev) == MODE_REAL) {
        descriptor_load_real(false, ev->cs, &then->sregs.cs);
        then->sregs.cs.db = 0;
        then->sregs.cs.l = 0;
        return true;
    }
    return descriptor_load(w->t->memory, &w->t->regs, &w->t->sregs, ev->cs, &then->sregs.cs, &ignored) == 0;
}

/* Still at this instruction or right behind it: 0 no, 1 at, 2 behind. */
static unsigned standing(const struct why *w, const struct instruction *x)
{
    const struct target *t = w->t;
    if (event_mode(w->ev) != cpu_mode(&t->sregs) || w->ev->cs != t->sregs.cs.selector)
        return 0;
    if (t->regs.rip == x->rip)
        return 1;
    return x->ok && t->regs.rip == x->rip + x->insn.length ? 2 : 0;
}

static void infer_operands(struct why *w, const struct instruction *x, const struct target *then)
{
    unsigned where = standing(w, x);
    struct text values = {0};
    if (where && instruction_operands(then, x, where == 2, &values))
        text_addf(account_inferred(&w->a), "Operands, by the registers as they are now: %s.",
                  text_str(&values));
    text_fini(&values);
}

/* Events that come when they come: no instruction asks for them. */
static bool is_async(unsigned kind)
{
    static const bool kinds[EVENT_KIND_MAX] = {
        [EVENT_IRQ] = true,    [EVENT_IRQ_WINDOW] = true,      [EVENT_INTR] = true,
        [EVENT_NOTIFY] = true, [EVENT_DIRTY_RING_FULL] = true, [EVENT_FAIL_ENTRY] = true,
        [EVENT_MARK] = true};
    return kind < EVENT_KIND_MAX && kinds[kind];
}

static void infer_instruction(struct why *w)
{
    const struct event *ev = w->ev;
    struct target then;
    struct instruction x;
    uint8_t bytes[8];
    if (ev->flags & EVENT_NO_CPU)
        return;
    if (ev->flags & EVENT_RIP_NEXT) {
        text_add(account_inferred(&w->a),
                 "Where the instruction begins was not found: x86 code cannot be read backwards, and "
                 "RIP is already behind it.");
        return;
    }
    if (!w->t->memory || !state_then(w, &then)) {
        text_add(account_inferred(&w->a),
                 "The instruction cannot be shown: the guest has left that mode or segment since.");
        return;
    }
    instruction_at(&then, &x);
    bool recorded = ev->kind == EVENT_ASSIST && (ev->flags & EVENT_ADDR) && ev->size && ev->size <= 8;
    if (recorded) {
        le_store(bytes, ev->addr, 8);
        instruction_of(&then, bytes, ev->size, &x);
    }
    struct text *out = account_inferred(&w->a);
    if (!x.ok && !x.code_len) {
        text_addf(out, "There is no code to be read at 0x%llx: ", ULL(x.linear));
        walk_sentence(&x.walk, out);
        text_addc(out, '.');
        return;
    }
    text_add(out, is_async(ev->kind) ? "The guest was about to execute " : "The instruction is ");
    instruction_write(&then, &x, out);
    text_add(out, " at ");
    place_write(w->t, x.linear, out);
    text_add(out, recorded ? ", by the bytes that were recorded." : ", by the bytes that are in memory now.");
    infer_operands(w, &x, &then);
}

static void know_place(struct why *w)
{
    const struct event *ev = w->ev;
    struct text *out = account_known(&w->a);
    if (ev->flags & EVENT_NO_CPU) {
        text_add(out, ev->kind == EVENT_MARK ? "A mark has no place in the guest's code."
                                             : "Where the guest was is lost with its registers.");
        return;
    }
    text_addf(out, "It was in %s mode at CPL %u, %s 0x%04x:0x%llx%s.", cpu_mode_name(event_mode(ev)),
              event_cpl(ev), ev->flags & EVENT_RIP_NEXT ? "before" : "at", ev->cs, ULL(ev->rip),
              ev->flags & EVENT_STEPPED ? ", being single-stepped" : "");
}

static void know_times(struct why *w)
{
    const struct event *ev = w->ev;
    if (!ev->guest_ns && !ev->host_ns)
        return;
    struct text *out = account_known(&w->a);
    if (ev->guest_ns) {
        text_add(out, "The time since the exit before was ");
        text_add_ns(out, ev->guest_ns);
        text_add(out, " inside KVM_RUN");
    }
    if (ev->host_ns) {
        text_add(out, ev->guest_ns ? "; Ringside took " : "Ringside took ");
        text_add_ns(out, ev->host_ns);
        text_add(out, " to handle it");
    }
    text_addc(out, '.');
}

static void headline(const struct event *ev, const struct event_names *names, struct text *out)
{
    struct text line = {0};
    text_addf(&line, "event %llu: ", ULL(ev->seq));
    event_sentence(ev, names, &line);
    if (text_width(text_str(&line)) <= ACCOUNT_WIDTH)
        text_add(out, text_str(&line));
    else
        text_add_wrapped(out, text_str(&line), 2, ACCOUNT_WIDTH);
    text_addc(out, '\n');
    text_fini(&line);
}

void why_event(const struct target *t, const struct event *ev, const struct event_names *names,
               struct text *out)
{
    struct why w = {.t = t, .ev = ev, .names = names};
    const char *control = why_control(ev->kind);
    headline(ev, names, out);
    why_known(&w);
    know_place(&w);
    know_times(&w);
    infer_instruction(&w);
    if (control[0])
        text_add(account_inferred(&w.a), control);
    if (event_kind_known(ev->kind))
        text_addf(&w.a.manual, "%s.", event_kind_info(ev->kind)->source);
    account_finish(&w.a, out);
}
