/*
 * The autopsy in words.  Registers, tables and memory are known: they are there to be read.  That the
 * processor did this and then that is inferred, by its own rules; nothing recorded it.
 */
#include "debug/autopsy.h"

#include "debug/exceptions.h"
#include "debug/place.h"

#include <stdio.h>
#include <string.h>

#define ULL(x) ((unsigned long long)(x))

enum { WIDTH = 80, COLUMN = 12 };

/* One statement: takes the words. */
static void line(bool known, struct text *words, struct text *out)
{
    text_addf(out, "  %-*s", COLUMN - 2, known ? "known" : "inferred");
    text_add_wrapped(out, text_str(words), COLUMN, WIDTH);
    text_addc(out, '\n');
    text_clear(words);
}

static void add_exception(const struct autopsy_step *s, struct text *out)
{
    if (s->external)
        text_addf(out, "the interrupt with vector 0x%02x", s->what.vector);
    else if (s->what.software && s->what.vector > VECTOR_OF)
        text_addf(out, "INT 0x%02x", s->what.vector);
    else
        exception_name(s->what.vector, out);
}

static const char *mnemonic(const struct autopsy_step *s)
{
    const struct exception_info *x = exception_info(s->what.vector);
    return x && !s->external && !(s->what.software && s->what.vector > VECTOR_OF) ? x->mnemonic : NULL;
}

/* The error code, shorter than exception_error_write has it: the sentence around it has said most. */
static void add_code(const struct fault *f, struct text *out)
{
    uint32_t code = f->code;
    if (!f->has_code || f->vector == VECTOR_DF)
        return;
    text_add(out, " (error code ");
    if (f->vector == VECTOR_PF)
        exception_error_write(f->vector, code, out);
    else
        text_addf(out, "0x%x", code);
    if (f->vector != VECTOR_PF && (code & ERROR_IDT))
        text_addf(out, ": gate 0x%02x of the IDT", code >> 3);
    else if (f->vector != VECTOR_PF && (code & ~7u))
        text_addf(out, ": selector 0x%04x", code & 0xfffc);
    if (f->vector != VECTOR_PF && (code & ERROR_EXT))
        text_add(out, ", EXT");
    text_addc(out, ')');
}

static void write_state(const struct autopsy *a, struct text *w, struct text *out)
{
    struct instruction x;
    instruction_at(&a->t, &x);
    if (a->from_last_exit) {
        text_add(w, "This host's KVM resets the CPU at a shutdown: the registers that are left are those of "
                    "the last exit, "
                    "at linear ");
        place_write(&a->t, a->exit_linear, w);
        text_addc(w, '.');
        line(true, w, out);
        if (a->replayed) {
            text_addf(w, "From there %u instruction%s done again in software.", a->replayed,
                      a->replayed == 1 ? " was" : "s were");
            line(false, w, out);
        }
    }
    text_addf(w, "CS:RIP 0x%04x:0x%llx, linear ", a->t.sregs.cs.selector, ULL(a->t.regs.rip));
    place_write(&a->t, x.linear, w);
    text_add(w, ", is ");
    if (x.code_len)
        instruction_write(&a->t, &x, w);
    else
        text_add(w, "no code that can be read");
    text_addc(w, '.');
    line(!a->replayed, w, out);
    text_addf(w, "IDT: base 0x%llx, limit 0x%x", ULL(a->t.sregs.idt.base), a->t.sregs.idt.limit);
    unsigned len = !(a->t.sregs.cr0 & CR0_PE) ? 4 : a->t.sregs.efer & EFER_LMA ? 16 : 8;
    text_addf(w, ": room for %u gate%s of %u bytes.", (a->t.sregs.idt.limit + 1u) / len,
              (a->t.sregs.idt.limit + 1u) / len == 1 ? "" : "s", len);
    line(!a->replayed, w, out);
}

/* The table entry that is to blame, once where one is to blame for several things. */
static void write_entry(const struct fault *f, struct text *w, struct text *out)
{
    if (!f->entry[0] || strstr(text_str(out), f->entry))
        return;
    text_addf(w, "%s.", f->entry);
    line(true, w, out);
}

/* The exception itself, where it is more than what the line before has said. */
static void write_what(const struct autopsy *a, size_t i, struct text *w, struct text *out)
{
    const struct autopsy_step *s = &a->step[i];
    if (i > 0 && !s->from_handler)
        return;
    text_add(w, i ? "The handler's first instruction fails: " : "First came ");
    add_exception(s, w);
    text_addf(w, ": %s", s->what.why);
    add_code(&s->what, w);
    text_addc(w, '.');
    line(s->recorded, w, out);
    write_entry(&s->what, w, out);
    if (!s->what.has_cr2 || a->from_last_exit)
        return;
    bool agrees = a->t.sregs.cr2 == s->what.cr2;
    if (i == 0 && agrees) {
        text_addf(w, "CR2 holds 0x%llx, that address.", ULL(s->what.cr2));
        line(true, w, out);
    }
}

/* What the failed call made of the exception. */
static void add_consequence(const struct autopsy *a, size_t i, struct text *w)
{
    const struct autopsy_step *s = &a->step[i];
    const struct exception_info *second = exception_info(s->delivery.fault.vector);
    text_addf(w, " That is %s", second ? second->mnemonic : "another exception");
    add_code(&s->delivery.fault, w);
    if (i + 1 == a->steps)
        text_add(w, a->end == AUTOPSY_SHUTDOWN
                        ? ". After a double fault nothing is left to try: the CPU shuts down."
                        : ".");
    else if (a->step[i + 1].what.vector == VECTOR_DF)
        text_addf(w, ". %s in the call of the handler of %s makes a double fault, #DF.",
                  second ? second->mnemonic : "An exception", mnemonic(s) ? mnemonic(s) : "another");
    else
        text_add(w, ", which is served in its place.");
}

static void write_call(const struct autopsy *a, size_t i, struct text *w, struct text *out)
{
    const struct autopsy_step *s = &a->step[i];
    const struct delivery *d = &s->delivery;
    if (d->verdict == FAULT_UNKNOWN)
        return;
    text_add(w, "Calling the handler of ");
    if (mnemonic(s))
        text_add(w, mnemonic(s));
    else
        add_exception(s, w);
    if (s->repeats)
        text_addf(w, " %u times more, each time a frame lower on the stack, and then", s->repeats);
    if (d->verdict == FAULT_NO) {
        text_addf(w, " succeeds: it is at 0x%04x:", d->gate.selector);
        place_write(&a->t, d->gate.len == 4 ? d->sregs.cs.base + d->gate.offset : d->gate.offset, w);
        text_addc(w, '.');
        line(false, w, out);
        return;
    }
    text_addf(w, " fails: %s.", d->fault.why);
    add_consequence(a, i, w);
    line(false, w, out);
    write_entry(&d->fault, w, out);
}

/* With the first exception not found: which handlers could be called at all? */
static void write_handlers(const struct autopsy *a, struct text *w, struct text *out)
{
    static const unsigned vectors[] = {VECTOR_UD, VECTOR_GP, VECTOR_PF, VECTOR_DF};
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        struct delivery d;
        struct fault f = {.vector = vectors[i],
                          .has_code = vectors[i] != VECTOR_UD && (a->t.sregs.cr0 & CR0_PE)};
        delivery_try(&a->t, &f, &d);
        text_addf(w, "A handler of %s ", exception_info(vectors[i])->mnemonic);
        if (d.verdict == FAULT_NO)
            text_addf(w, "could be called, at 0x%04x:0x%llx.", d.gate.selector, ULL(d.gate.offset));
        else
            text_addf(w, "could not be called: %s.", d.fault.why);
        line(false, w, out);
    }
}

static void write_end(const struct autopsy *a, struct text *w, struct text *out)
{
    switch (a->end) {
    case AUTOPSY_SHUTDOWN:
        return;
    case AUTOPSY_HANDLED:
        text_add(w, "So this exception would have been handled. It is not what killed the guest; that came "
                    "later, in the "
                    "handler or after it, and left nothing from which it could be told.");
        break;
    case AUTOPSY_ENDLESS:
        text_add(w, "That would go on for ever, and is no shutdown: what killed the guest is not known.");
        break;
    case AUTOPSY_UNKNOWN:
        text_addf(w, "%s is not known: %s.", a->steps ? "What came then" : "Which exception came first",
                  a->why);
        if (!a->steps && a->checked[0])
            text_addf(w, " Looked at: %s.", a->checked);
        break;
    }
    line(false, w, out);
    if (!a->steps)
        write_handlers(a, w, out);
}

void autopsy_write(const struct autopsy *a, struct text *out)
{
    struct text w = {0};
    write_state(a, &w, out);
    for (size_t i = 0; i < a->steps; i++) {
        write_what(a, i, &w, out);
        write_call(a, i, &w, out);
    }
    write_end(a, &w, out);
    text_addf(out, "  %-*sIntel SDM, %s.\n", COLUMN - 2, "manual", exception_info(VECTOR_DF)->manual);
    text_fini(&w);
}
