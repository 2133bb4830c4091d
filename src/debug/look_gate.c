/*
 * Going through a gate, on paper.  A gate names a code segment and an offset in it; before the first
 * instruction of the handler runs, the CPU reads that segment's descriptor, checks it, perhaps takes a new
 * stack from the TSS, and then fetches.  Each of these may fault, and a fault on the way to a handler soon
 * becomes a double fault and a triple fault.  So each is tried here beforehand (Intel SDM, "Exception- or
 * Interrupt-Handler Procedures", "64-Bit Mode Stack Frame", "Interrupt Stack Table", "Call Gates").
 *
 * Simplified: the handler's first byte is looked at, not what follows it.
 */
#include "debug/dtable.h"

#include <stdio.h>

static bool type_is_task(const struct raw_gate *g)
{
    return g->type == SYSTEM_TASK_GATE;
}

static void check_type(const struct target *t, const struct raw_gate *g, bool interrupt, size_t indent,
                       struct text *out)
{
    bool gate = !g->s && (g->type == SYSTEM_INT || g->type == SYSTEM_TRAP);
    bool old = !g->s && g->type >= SYSTEM_TASK_GATE && g->type <= SYSTEM_TRAP16;
    if (!interrupt)
        return;
    if (target_long(t) && old)
        problem_add(out, indent, "%s in a 64-bit IDT: using it raises #GP",
                    type_is_task(g) ? "task gate" : "16-bit gate type");
    else if (!gate && !old)
        problem_add(out, indent, "type %x is no gate of an IDT: using it raises #GP", g->type);
}

/* The handler's linear address, given the segment that the gate names. */
static uint64_t handler_linear(const struct target *t, const struct raw_gate *g,
                               const struct raw_descriptor *d)
{
    return target_long(t) ? g->offset : (uint32_t)(d->base + g->offset);
}

static void check_handler(const struct target *t, const struct raw_gate *g, const struct raw_descriptor *d,
                          size_t indent, struct text *out)
{
    uint64_t linear = handler_linear(t, g, d);
    struct gva_context c = target_context(t);
    struct gva_walk w;
    c.cpl = d->dpl;
    if (!target_long(t) && g->offset > d->limit) {
        problem_add(out, indent, "handler's offset %#llx is past its segment's limit %#x",
                    (unsigned long long)g->offset, d->limit);
        return;
    }
    gva_translate(t->memory, &c, linear, GVA_FETCH, &w);
    const char *why = w.why ? w.why : "";
    if (!linear_is_canonical(t, linear))
        problem_add(out, indent, "handler's address %#llx is not canonical", (unsigned long long)linear);
    else if (w.ok && !memory_ptr(t->memory, w.gpa, 1, false))
        problem_add(out, indent, "handler at %#llx: no memory at gpa %#llx", (unsigned long long)linear,
                    (unsigned long long)w.gpa);
    else if (!w.ok && (w.error_code & PF_PRESENT) && !(w.error_code & PF_RESERVED) && !w.executable)
        problem_add(out, indent, "handler's page at %#llx is not executable", (unsigned long long)linear);
    else if (!w.ok && !(w.error_code & PF_PRESENT))
        problem_add(out, indent, "handler at %#llx is not mapped (%s)", (unsigned long long)linear, why);
    else if (!w.ok)
        problem_add(out, indent, "handler at %#llx cannot run: %s", (unsigned long long)linear, why);
}

/* The first sentence that holds ends the list: what follows from it would only repeat it. */
static bool check_target(const struct target *t, const struct raw_gate *g, bool interrupt, size_t indent,
                         struct raw_descriptor *d, struct text *out)
{
    enum selector_found found = selector_read(t, g->selector, d);
    struct text words = {0};
    if (found != SELECTOR_OK) {
        selector_found_words(t, g->selector, found, &words);
        problem_add(out, indent, "gate's selector %#x %s", g->selector, text_str(&words));
    } else if (type_is_task(g)) {
        if (!raw_is_tss(d))
            problem_add(out, indent, "task gate's selector %#x is not a TSS", g->selector);
    } else if (!raw_is_code(d)) {
        problem_add(out, indent, "gate's target segment %#x is %s, not code", g->selector,
                    d->s     ? "data"
                    : d->low ? "a system descriptor"
                             : "empty");
    } else if (!d->p) {
        problem_add(out, indent, "gate's target segment %#x is not present", g->selector);
    } else if (target_long(t) && (!d->l || d->db)) {
        problem_add(out, indent, "gate's target segment %#x is not 64-bit code", g->selector);
    } else if (interrupt && d->dpl && !(d->type & 4)) {
        problem_add(out, indent, "gate's target segment %#x has DPL %u: no way there from an inner ring",
                    g->selector, d->dpl);
        text_fini(&words);
        return true;
    } else {
        return true;
    }
    text_fini(&words);
    return false;
}

static void check_ist(const struct target *t, const struct raw_gate *g, size_t indent, struct text *out)
{
    uint64_t top = 0;
    char name[16];
    if (!target_long(t) || g->ist == 0)
        return;
    const char *why = tss_stack(t, 0, g->ist, &top);
    snprintf(name, sizeof name, "IST %u", g->ist);
    if (why)
        problem_add(out, indent, "%s is used but cannot be read: %s", name, why);
    else if (top == 0)
        problem_add(out, indent, "%s is used but is 0 in the TSS", name);
    else
        stack_check(t, name, top, indent, out);
}

/* The sixteen bytes of what should be one gate may hold two of eight: an IDT built for protected mode. */
static bool is_two_gates(const struct target *t, const struct raw_gate *g, bool interrupt)
{
    struct raw_gate upper = raw_gate_decode(g->high, 0, false);
    return interrupt && target_long(t) && upper.p && !upper.s &&
           (upper.type == SYSTEM_INT || upper.type == SYSTEM_TRAP);
}

void gate_check(const struct target *t, const struct raw_gate *g, bool interrupt, size_t indent,
                struct text *out)
{
    struct raw_descriptor d;
    if (!g->p)
        return;
    check_type(t, g, interrupt, indent, out);
    if (is_two_gates(t, g, interrupt)) {
        problem_add(out, indent,
                    "32-bit gate type in a 64-bit IDT: the upper half is another gate of 8 bytes");
        return;
    }
    if (check_target(t, g, interrupt, indent, &d, out))
        check_handler(t, g, &d, indent, out);
    if (interrupt)
        check_ist(t, g, indent, out);
}
