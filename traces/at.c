/*
 * `trace at`: the guest as it was at one event.  The registers are shown by the prompt's own view, on a state
 * made up from what the trace keeps; what it does not keep (segment bases, TR) is not shown.
 */
#include "traces/steps.h"

#include "debug/bits.h"
#include "debug/look.h"
#include "traces/reader.h"
#include "traces/step_line.h"
#include "vm/cpu.h"
#include "vm/cpu_regs.h"

#include <inttypes.h>
#include <string.h>

/* Lines are costly, and of millions of events before the wanted one a few are shown: those that come last, of
 * the ones with numbers this close to its own. */
enum { NEIGHBOURS = 4, NEIGHBOURS_WITHIN = 64 };

/* The event, and what is around it. */
struct at {
    struct text before[NEIGHBOURS]; /* lines, a ring */
    size_t count;                   /* lines put into it */
    struct text line;               /* its own */
    struct event ev;
    bool found, has_regs, has_before;
    struct event_regs regs, regs_before;
    uint64_t last_step[256]; /* by vCPU: its last step up to the event */
    uint64_t last_known;     /* the last step of all with registers; UINT64_MAX: none */
    enum cpu_mode mode;      /* after it, as far as the next event tells */
    unsigned bits;
};

static void segment_set(struct kvm_segment *seg, bool real)
{
    if (real)
        seg->base = (uint64_t)seg->selector << 4;
    seg->present = seg->s = 1;
}

/* A CPU with these registers. Segment bases are those of real mode, or taken for 0 but for FS and GS. */
static void target_fill(const struct event_regs *from, enum cpu_mode mode, unsigned bits, struct target *t)
{
    memset(t, 0, sizeof *t);
    struct kvm_sregs *s = &t->sregs;
    cpu_regs_restore(from, &t->regs, s);
    bool real = !(s->cr0 & CR0_PE);
    struct kvm_segment *const segments[] = {&s->cs, &s->ss, &s->ds, &s->es, &s->fs, &s->gs};
    for (size_t i = 0; i < sizeof segments / sizeof segments[0]; i++)
        segment_set(segments[i], real);
    s->cs.l = mode == MODE_LONG;
    s->cs.db = bits == 32;
    s->ss.dpl = real ? 0 : s->cs.selector & 3;
    s->tr.unusable = 1;
}

/* A register whose bits have names: the set ones, and in lower case those that were just cleared. */
static void add_control(const char *name, const struct bits *bits, uint64_t value, uint64_t before,
                        struct text *out)
{
    text_addf(out, "%-4s%c0x%-10" PRIx64, name, value != before ? '*' : ' ', value);
    for (const struct bit *row = bits ? bits->bit : NULL; row && row->name; row++) {
        bool is = bits_field(row, (struct bits_value){value, 0});
        bool was = bits_field(row, (struct bits_value){before, 0});
        if (!is && !was)
            continue;
        text_add(out, is != was ? " *" : " ");
        bit_add_name(row, is, out);
    }
    while (out->len && out->buf[out->len - 1] == ' ')
        out->buf[--out->len] = '\0';
    text_addc(out, '\n');
}

static void write_registers(const struct at *a, struct text *out)
{
    static const struct {
        unsigned reg;
        const char *name;
        const struct bits *bits;
    } rows[] = {{EVENT_REG_CR0, "cr0", &bits_cr0}, {EVENT_REG_CR2, "cr2", NULL},
                {EVENT_REG_CR3, "cr3", NULL},      {EVENT_REG_CR4, "cr4", &bits_cr4},
                {EVENT_REG_CR8, "cr8", NULL},      {EVENT_REG_EFER, "efer", &bits_efer},
                {EVENT_REG_FS_BASE, "fsb", NULL},  {EVENT_REG_GS_BASE, "gsb", NULL}};
    struct target now, before;
    target_fill(&a->regs, a->mode, a->bits, &now);
    target_fill(&a->regs_before, event_mode(&a->ev), event_code_bits(&a->ev), &before);
    look_regs(&now, a->has_before ? &before : NULL, out);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool base = rows[i].reg == EVENT_REG_FS_BASE || rows[i].reg == EVENT_REG_GS_BASE;
        if (!base || a->regs.r[rows[i].reg])
            add_control(rows[i].name, rows[i].bits, a->regs.r[rows[i].reg],
                        (a->has_before ? &a->regs_before : &a->regs)->r[rows[i].reg], out);
    }
}

static void write_heading(const struct at *a, struct text *out)
{
    const struct event *ev = &a->ev;
    text_addf(out, "event %" PRIu64 ", %" PRIu64 ".%06u s into the run", ev->seq, ev->time_ns / 1000000000,
              (unsigned)(ev->time_ns % 1000000000 / 1000));
    if (!(ev->flags & EVENT_NO_CPU))
        text_addf(out, ", in %s mode, %u-bit code, CPL %u", cpu_mode_name(event_mode(ev)),
                  event_code_bits(ev), event_cpl(ev));
    text_add(out, "\n\n");
}

static void write_state(const struct at *a, struct text *out)
{
    if (a->has_regs && a->ev.kind == EVENT_STEP) {
        text_addf(out, "\nRegisters after it%s:\n", a->has_before ? " (* changed by it)" : "");
        write_registers(a, out);
    } else if (a->has_regs) {
        text_addf(out, "\nRegisters then, as step %" PRIu64 " left them:\n", a->last_step[a->ev.vcpu]);
        write_registers(a, out);
    } else if (a->last_known != UINT64_MAX) {
        text_addf(
            out,
            "\nRegisters then: not known, since the CPU was not being stepped. The last ones known are those "
            "after event %" PRIu64 ".\n",
            a->last_known);
    } else {
        text_add(out,
                 "\nRegisters: not in this trace up to here. `ringside run --trace-steps` records them.\n");
    }
}

/* Keeps the line of an event that comes before the wanted one. */
static void see_before(struct at *a, const struct trace_reader *r, const struct event *ev)
{
    struct text *line = &a->before[a->count++ % NEIGHBOURS];
    text_clear(line);
    step_line(r, ev, line);
}

static void see_wanted(struct at *a, const struct trace_reader *r, const struct event *ev)
{
    const struct event_regs *now = trace_reader_regs(r, NULL), *before = trace_reader_regs_before(r);
    a->found = true;
    a->ev = *ev;
    a->has_regs = now;
    a->has_before = before;
    if (now)
        a->regs = *now;
    if (before)
        a->regs_before = *before;
    a->mode = event_mode(ev);
    a->bits = event_code_bits(ev);
    step_line(r, ev, &a->line);
}

/* Events after the wanted one: their lines, and the mode that the first step tells of. */
static int see_after(struct at *a, struct trace_reader *r, struct text *lines, struct err *e)
{
    struct event ev;
    struct text line = {0};
    int more = 1;
    for (unsigned i = 0; i < NEIGHBOURS && (more = trace_next(r, &ev, e)) > 0; i++) {
        bool here = a->has_regs && ev.rip == a->regs.r[EVENT_REG_RIP] && ev.cs == a->regs.r[EVENT_REG_CS];
        if (i == 0 && here && ev.kind == EVENT_STEP) {
            a->mode = event_mode(&ev);
            a->bits = event_code_bits(&ev);
        }
        text_clear(&line);
        step_line(r, &ev, &line);
        text_addf(lines, "  %s\n", text_str(&line));
    }
    text_fini(&line);
    return more < 0 ? -1 : 0;
}

static int look_for(struct at *a, struct trace_reader *r, uint64_t seq, struct err *e)
{
    struct event ev;
    uint64_t last = 0, n = 0;
    int more;
    while (!a->found && (more = trace_next(r, &ev, e)) > 0) {
        n++;
        last = ev.seq;
        if (ev.kind == EVENT_STEP) {
            a->last_step[ev.vcpu] = ev.seq;
            if (trace_reader_regs(r, NULL))
                a->last_known = ev.seq;
        }
        if (ev.seq == seq)
            see_wanted(a, r, &ev);
        else if (ev.seq < seq && seq - ev.seq <= NEIGHBOURS_WITHIN)
            see_before(a, r, &ev);
    }
    if (a->found)
        return 0;
    if (more < 0)
        return -1;
    return n == 0 ? err_set(e, "there is no event %" PRIu64 ": the trace has none at all", seq)
                  : err_set(e, "there is no event %" PRIu64 ": the last one is %" PRIu64, seq, last);
}

/* Near the event first. What registers were known long before, all of the trace must tell, and also that
 * there is no such event. */
static int look_near(struct at *a, struct trace_reader *r, uint64_t seq, struct err *e)
{
    int went = reader_seek(r, seq > NEIGHBOURS ? seq - NEIGHBOURS : 0, e);
    if (went < 0)
        return -1;
    int result = look_for(a, r, seq, e);
    if (!went || (a->found && (a->has_regs || reader_never_stepped(r))))
        return result;
    a->count = 0;
    a->found = false;
    text_clear(&a->line);
    a->last_known = UINT64_MAX;
    return trace_rewind(r, e) ? -1 : look_for(a, r, seq, e);
}

static int write_text(struct at *a, struct trace_reader *r, struct text *out, struct err *e)
{
    struct text after = {0};
    int result = see_after(a, r, &after, e);
    write_heading(a, out);
    for (size_t i = a->count < NEIGHBOURS ? 0 : a->count - NEIGHBOURS; i < a->count; i++)
        text_addf(out, "  %s\n", text_str(&a->before[i % NEIGHBOURS]));
    text_addf(out, "> %s\n", text_str(&a->line));
    text_addn(out, text_str(&after), after.len);
    write_state(a, out);
    text_fini(&after);
    return result;
}

int trace_at(struct trace_reader *r, uint64_t seq, bool json, struct text *out, struct err *e)
{
    struct at a = {.last_known = UINT64_MAX};
    int result = trace_reader_want_regs(r, e) ? -1 : look_near(&a, r, seq, e);
    if (result == 0 && !json)
        result = write_text(&a, r, out, e);
    if (result == 0 && json) {
        trace_event_json_regs(&a.ev, &trace_reader_info(r)->names, a.has_regs ? &a.regs : NULL, UINT32_MAX,
                              out);
        text_addc(out, '\n');
    }
    for (size_t i = 0; i < NEIGHBOURS; i++)
        text_fini(&a.before[i]);
    text_fini(&a.line);
    return result;
}
