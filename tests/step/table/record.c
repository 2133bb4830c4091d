/*
 * Writes a walk into a trace and compares what comes out of it: see record.h.
 */
#include "record.h"

#include "vm/cpu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WRONG_MAX = 8 };

/* The registers that both know. */
static const struct {
    uint8_t seen, traced;
    uint32_t ignored; /* RF: some CPUs set it where others do not */
} both[] = {
    {R_RAX, EVENT_REG_RAX, 0},    {R_RBX, EVENT_REG_RBX, 0},    {R_RCX, EVENT_REG_RCX, 0},
    {R_RDX, EVENT_REG_RDX, 0},    {R_RSI, EVENT_REG_RSI, 0},    {R_RDI, EVENT_REG_RDI, 0},
    {R_RSP, EVENT_REG_RSP, 0},    {R_RBP, EVENT_REG_RBP, 0},    {R_R8, EVENT_REG_R8, 0},
    {R_R8 + 1, EVENT_REG_R9, 0},  {R_R8 + 2, EVENT_REG_R10, 0}, {R_R11, EVENT_REG_R11, 0},
    {R_R8 + 4, EVENT_REG_R12, 0}, {R_R8 + 5, EVENT_REG_R13, 0}, {R_R8 + 6, EVENT_REG_R14, 0},
    {R_R15, EVENT_REG_R15, 0},    {R_RIP, EVENT_REG_RIP, 0},    {R_FLAGS, EVENT_REG_RFLAGS, F_RF},
    {R_CS, EVENT_REG_CS, 0},      {R_SS, EVENT_REG_SS, 0},      {R_DS, EVENT_REG_DS, 0},
    {R_ES, EVENT_REG_ES, 0},      {R_CR0, EVENT_REG_CR0, 0},    {R_CR2, EVENT_REG_CR2, 0},
    {R_CR3, EVENT_REG_CR3, 0},    {R_CR4, EVENT_REG_CR4, 0},    {R_EFER, EVENT_REG_EFER, 0},
};

static void record_put(void *ctx, const struct event *ev)
{
    trace_put(((struct record *)ctx)->writer, ev);
}

static void record_step(void *ctx, const struct event *ev, const struct event_regs *after)
{
    struct record *r = ctx;
    r->steps++;
    trace_step(r->writer, ev, after);
}

int record_open(struct record *r, struct err *e)
{
    static const struct event_device none = {"none", "no device", NULL, 0};
    const struct trace_info info = {.program = "step_table",
                                    .host = "",
                                    .backend = "",
                                    .guest = "",
                                    .guest_sha256 = "",
                                    .command = "",
                                    .clock = "steps",
                                    .irqchip = "user",
                                    .names = {.devices = &none, .device_count = 1}};
    *r = (struct record){.path = "/tmp/step_table.XXXXXX", .sink = {record_put, r, record_step}};
    const int fd = mkstemp(r->path);
    if (fd < 0)
        return err_sys(e, errno, "a file for the trace");
    close(fd);
    r->writer = trace_create(r->path, &info, e);
    return r->writer ? 0 : -1;
}

void record_close(struct record *r)
{
    struct err ignored;
    if (r->writer)
        (void)!trace_close(r->writer, NULL, &ignored);
    r->writer = NULL;
    unlink(r->path);
}

void record_begin(struct record *r, const struct rig_state *s)
{
    r->noted = r->steps;
    memcpy(r->now, s->reg, sizeof r->now);
}

void record_note(struct record *r, const struct rig_state *s, const struct run_pause *pause)
{
    if (r->count < RECORD_MAX) {
        struct record_note *n = &r->note[r->count++];
        *n = (struct record_note){.first = r->noted, .end = r->steps, .interrupt = pause->interrupt};
        memcpy(n->before, r->now, sizeof n->before);
        memcpy(n->after, s->reg, sizeof n->after);
    }
    record_begin(r, s);
}

/* The place of a step, as the registers before it say: mode, CPL and size of the code. */
static uint8_t place_of(const uint64_t reg[REGS])
{
    const uint64_t cs = reg[R_CS];
    const bool wide = cs == SEL_CS64 || cs == SEL_CS64_U || cs == SEL_SYSRET_CS;
    const bool narrow = cs == SEL_CS16 || cs == 0 || cs == 0x800; /* … or real mode's */
    const unsigned bits = narrow ? 16 : wide && (reg[R_EFER] & EFER_LMA) ? 64 : 32;
    const enum cpu_mode mode = !(reg[R_CR0] & CR0_PE)      ? MODE_REAL
                               : !(reg[R_EFER] & EFER_LMA) ? MODE_PROTECTED
                               : bits == 64                ? MODE_LONG
                                                           : MODE_COMPAT;
    return event_with_bits(event_mode_cpl(mode, mode == MODE_REAL ? 0 : cs & 3), bits);
}

static bool place_right(const struct record_note *n, const struct event *ev, struct text *why)
{
    const uint8_t place = place_of(n->before);
    if (ev->rip == n->before[R_RIP] && ev->cs == n->before[R_CS] && ev->mode_cpl == place)
        return true;
    text_addf(why, "    the trace has the step from %#llx:%#llx (place %#x) at %#x:%#llx (place %#x)\n",
              (unsigned long long)n->before[R_CS], (unsigned long long)n->before[R_RIP], place, ev->cs,
              (unsigned long long)ev->rip, ev->mode_cpl);
    return false;
}

static bool regs_right(const struct record_note *n, const struct event_regs *got, struct text *why)
{
    bool right = got != NULL;
    if (!got)
        text_addf(why, "    the trace has no registers of the step from %#llx\n",
                  (unsigned long long)n->before[R_RIP]);
    for (size_t i = 0; got && i < sizeof both / sizeof both[0]; i++) {
        const uint64_t seen = n->after[both[i].seen], traced = got->r[both[i].traced];
        if (!((seen ^ traced) & ~(uint64_t)both[i].ignored))
            continue;
        text_addf(why, "    after the step from %#llx %s is %#llx, and in the trace %#llx\n",
                  (unsigned long long)n->before[R_RIP], rig_reg_name(both[i].seen), (unsigned long long)seen,
                  (unsigned long long)traced);
        right = false;
    }
    return right;
}

/* What the reader says has changed is what has. */
static bool change_right(const struct trace_reader *reader, const struct event *ev, struct text *why)
{
    uint32_t changed = 0, differs = 0;
    const struct event_regs *after = trace_reader_regs(reader, &changed);
    const struct event_regs *before = trace_reader_regs_before(reader);
    for (unsigned i = 0; after && before && i < EVENT_REG_COUNT; i++)
        differs |= (uint32_t)(after->r[i] != before->r[i]) << i;
    if (!before || changed == differs)
        return true;
    text_addf(why, "    the step from %#llx changed %#x, and the trace says %#x\n",
              (unsigned long long)ev->rip, differs, changed);
    return false;
}

/* Event number `step` of kind step, against the note it belongs to; *i is the note before that. */
static bool step_right(const struct record *r, size_t *i, uint64_t step, const struct trace_reader *reader,
                       const struct event *ev, struct text *why)
{
    bool right = change_right(reader, ev, why);
    while (*i < r->count && r->note[*i].end <= step)
        ++*i;
    const struct record_note *n = &r->note[*i];
    if (*i == r->count || step < n->first)
        return right;
    if (step == n->first)
        right = place_right(n, ev, why) && right;
    /* An interrupt is delivered when the step is over and its event written. */
    if (step == n->end - 1 && !n->interrupt)
        right = regs_right(n, trace_reader_regs(reader, NULL), why) && right;
    return right;
}

static bool steps_right(const struct record *r, struct trace_reader *reader, struct text *why, struct err *e)
{
    struct event ev;
    uint64_t steps = 0;
    unsigned wrong = 0;
    size_t i = 0;
    int rc;
    while ((rc = trace_next(reader, &ev, e)) > 0 && wrong < WRONG_MAX)
        if (ev.kind == EVENT_STEP)
            wrong += !step_right(r, &i, steps++, reader, &ev, why);
    if (rc == 0 && steps != r->steps) {
        text_addf(why, "    the trace has %llu steps, and %llu were made\n", (unsigned long long)steps,
                  (unsigned long long)r->steps);
        wrong++;
    }
    return rc >= 0 && !wrong;
}

bool record_right(struct record *r, struct text *why)
{
    const struct trace_end end = {.status = "interrupted", .reason = "the case has ended"};
    struct err e = {0};
    struct trace_writer *writer = r->writer;
    r->writer = NULL;
    if (trace_close(writer, &end, &e) < 0) {
        text_addf(why, "    the trace: %s\n", e.text);
        return false;
    }
    struct trace_reader *reader = trace_open(r->path, &e);
    const bool right = reader && trace_reader_want_regs(reader, &e) == 0 && steps_right(r, reader, why, &e);
    if (e.text[0])
        text_addf(why, "    the trace: %s\n", e.text);
    trace_reader_close(reader);
    return right;
}
