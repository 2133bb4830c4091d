/*
 * What is known of an event: the numbers KVM and the device left in it, in sentences.  A function a kind that
 * has more to say than its own sentence.
 */
#include "debug/why_inside.h"

#include "vm/gate.h"

#include <string.h>

#define ULL(x) ((unsigned long long)(x))

static void add_value(const struct event *ev, struct text *out)
{
    int digits = ev->size >= 1 && ev->size <= 8 ? ev->size * 2 : 1;
    if (!(ev->flags & EVENT_VALUE)) {
        text_add(out, "a value that is not known");
        return;
    }
    text_addf(out, "0x%0*llx", digits, ULL(ev->value));
    if (ev->size == 1 && ev->value >= 0x20 && ev->value < 0x7f)
        text_addf(out, " ('%c')", (char)ev->value);
}

static void add_bytes(unsigned n, struct text *out)
{
    text_addf(out, "%u byte%s", n, n == 1 ? "" : "s");
}

static const char *device_summary(const struct why *w)
{
    const struct event_names *n = w->names;
    return n && w->ev->device && w->ev->device < n->device_count && n->devices[w->ev->device].summary
               ? n->devices[w->ev->device].summary
               : "";
}

/* Who handled it. */
static void know_device(struct why *w)
{
    const char *device = event_device_name(w->names, w->ev), *reg = event_reg_name(w->names, w->ev);
    struct text *out = account_known(&w->a);
    if (w->ev->flags & EVENT_UNCLAIMED) {
        text_addf(out, "No device claims that address: %s.",
                  w->ev->dir == DIR_IN ? "a read gives all ones" : "the write is swallowed");
        return;
    }
    if (!device[0]) {
        text_add(out, "Which device answered was not recorded.");
        return;
    }
    text_addf(out, "Device %s", device);
    if (device_summary(w)[0])
        text_addf(out, " (%s)", device_summary(w));
    text_addf(out, " %s", w->ev->dir == DIR_IN ? "answered" : "took it");
    if (reg[0])
        text_addf(out, ", register %s", reg);
    text_addc(out, '.');
    const char *effect = why_effect(device, reg, w->ev->dir);
    if (effect)
        text_addf(out, " %s", effect);
}

static void know_io(struct why *w)
{
    const struct event *ev = w->ev;
    struct text *out = account_known(&w->a);
    if (ev->flags & EVENT_STRING) {
        text_addf(out, "The guest %s %u item%s of ", ev->dir == DIR_IN ? "read" : "wrote", ev->count,
                  ev->count == 1 ? "" : "s");
        add_bytes(ev->size, out);
        text_addf(out, " %s port 0x%llx in one exit (a string instruction), the first ",
                  ev->dir == DIR_IN ? "from" : "to", ULL(ev->addr));
    } else {
        text_addf(out, "The guest %s port 0x%llx, ", ev->dir == DIR_IN ? "read" : "wrote to", ULL(ev->addr));
        add_bytes(ev->size, out);
        text_add(out, ev->dir == DIR_IN ? ", and got " : ": ");
    }
    add_value(ev, out);
    text_addc(out, '.');
    know_device(w);
}

/* What lies at a gpa: 0 nothing, 1 memory that can only be read, 2 memory. */
static unsigned memory_at(const struct why *w, uint64_t gpa)
{
    if (!w->t->memory || !memory_ptr(w->t->memory, gpa, 1, false))
        return 0;
    return memory_ptr(w->t->memory, gpa, 1, true) ? 2 : 1;
}

static void know_mmio(struct why *w)
{
    static const char *const slots[] = {
        "No memory slot covers that address.",
        "The slot that covers that address is read-only (ROM): reads never leave the guest, writes do.",
        ("RAM covers that address now; it did not when the access was made, or the access came by another "
         "way "
         "(address line 20, a slot that was exchanged)."),
    };
    const struct event *ev = w->ev;
    struct text *out = account_known(&w->a);
    text_addf(out, "The guest %s guest-physical address 0x%llx, ", ev->dir == DIR_IN ? "read" : "wrote to",
              ULL(ev->addr));
    add_bytes(ev->size, out);
    text_add(out, ev->dir == DIR_IN ? ", and got " : ": ");
    add_value(ev, out);
    text_addf(out, ". %s", slots[memory_at(w, ev->addr)]);
    know_device(w);
}

static void know_msr(struct why *w)
{
    const struct event *ev = w->ev;
    bool read = ev->kind == EVENT_MSR_READ;
    struct text *out = account_known(&w->a);
    text_addf(out, "The guest %s MSR 0x%llx", read ? "read" : "wrote to", ULL(ev->addr));
    if (!read || !ev->detail) {
        text_add(out, read ? " and got " : ": ");
        add_value(ev, out);
    }
    text_add(
        out,
        ev->detail
            ? ". Ringside answered with #GP, as a CPU without that register does: the guest goes on in its "
              "handler."
            : ".");
}

static void know_hlt(struct why *w)
{
    text_add(account_known(&w->a), w->ev->detail ? "The guest executed HLT while RFLAGS.IF was clear: no "
                                                   "interrupt can wake it (Ringside sends no NMI), so "
                                                   "this is its end."
                                                 : "The guest executed HLT with interrupts on. It sleeps "
                                                   "until a device raises its line; RIP is already "
                                                   "behind the HLT, where the handler returns to.");
}

static void know_debug(struct why *w)
{
    struct text *out = account_known(&w->a);
    event_sentence(w->ev, w->names, out);
    text_addf(out, ". The guest has not seen this exception; DR6 is 0x%llx.", ULL(w->ev->value));
}

static void know_internal(struct why *w)
{
    struct text *out = account_known(&w->a);
    event_sentence(w->ev, w->names, out);
    text_add(out, ". Nothing was changed in the guest.");
}

static void know_shutdown(struct why *w)
{
    text_add(account_known(&w->a),
             "The CPU shut down: an exception happened, it could not be delivered, and neither could the "
             "double fault. The "
             "exits before it are all the guest did outside; the faults themselves leave no exit.");
}

static void know_assist(struct why *w)
{
    struct text *out = account_known(&w->a);
    event_sentence(w->ev, w->names, out);
    text_add(out, ". KVM gave the instruction back untouched; Ringside read and wrote the registers and "
                  "memory that the CPU "
                  "would have, and moved RIP on.");
    if (w->ev->flags & EVENT_VALUE)
        text_addf(out, " It worked on 0x%llx.", ULL(w->ev->value));
}

static void know_irq(struct why *w)
{
    const struct event *ev = w->ev;
    struct gate g;
    struct text *out = account_known(&w->a);
    if (ev->detail != 0xffff)
        text_addf(out,
                  "Line %u of the interrupt controllers%s%s was the highest in priority that waited; the "
                  "INTA cycle gave ",
                  ev->detail, event_device_name(w->names, ev)[0] ? ", raised by " : "",
                  event_device_name(w->names, ev));
    else
        text_add(out, "An interrupt without a line gave ");
    text_addf(out, "vector 0x%02llx.", ULL(ev->addr));
    if (!w->t->memory || ev->addr > 0xff)
        return;
    gate_read(w->t->memory, &w->t->regs, &w->t->sregs, (unsigned)ev->addr, &g);
    if (!gate_is_there(&g))
        return;
    text_addf(out, " Its entry in the guest's table is, as of now, ");
    gate_write(&g, out);
    text_addc(out, '.');
}

static void know_step(struct why *w)
{
    text_add(account_known(&w->a),
             "Ringside ran the guest for one instruction. Nothing in the guest asked for it.");
}

/* Kinds without words of their own: the sentence and what the table says of it. */
static void know_plain(struct why *w)
{
    struct text *out = account_known(&w->a);
    event_sentence(w->ev, w->names, out);
    text_addc(out, '.');
    if (event_kind_known(w->ev->kind))
        text_addf(out, " %s", event_kind_info(w->ev->kind)->cause);
}

static const struct {
    enum event_kind kind;
    void (*know)(struct why *w);
} rows[] = {
    {EVENT_IO, know_io},         {EVENT_MMIO, know_mmio},         {EVENT_MSR_READ, know_msr},
    {EVENT_MSR_WRITE, know_msr}, {EVENT_HLT, know_hlt},           {EVENT_DEBUG, know_debug},
    {EVENT_IRQ, know_irq},       {EVENT_SHUTDOWN, know_shutdown}, {EVENT_INTERNAL, know_internal},
    {EVENT_ASSIST, know_assist}, {EVENT_STEP, know_step},
};

void why_known(struct why *w)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].kind == (enum event_kind)w->ev->kind) {
            rows[i].know(w);
            return;
        }
    know_plain(w);
}
