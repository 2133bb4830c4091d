/*
 * The fields of an event and of an end: see query_field.h.  An event has 64 bytes for every kind, and the
 * same member means different things in different kinds; the fields `port`, `gpa`, `msr`, `vector` and `line`
 * are those members by the name that they have for the person who asks, and are there only for the kinds that
 * have them.
 */
#include "traces/query_field.h"

#include "traces/query.h"

#include <string.h>

static struct query_value number(bool known, uint64_t n)
{
    return (struct query_value){.known = known, .number = n};
}

static struct query_value name(const char *s)
{
    return (struct query_value){.known = s && s[0], .name = s};
}

static bool has(const struct query_subject *s, unsigned flag)
{
    return s->ev->flags & flag;
}

static bool has_cpu(const struct query_subject *s)
{
    return !has(s, EVENT_NO_CPU);
}

static struct query_value get_seq(const struct query_subject *s)
{
    return number(true, s->ev->seq);
}

static struct query_value get_time_ns(const struct query_subject *s)
{
    return number(true, s->ev->time_ns);
}

static struct query_value get_guest_ns(const struct query_subject *s)
{
    return number(true, s->ev->guest_ns);
}

static struct query_value get_host_ns(const struct query_subject *s)
{
    return number(true, s->ev->host_ns);
}

static struct query_value get_size(const struct query_subject *s)
{
    return number(s->ev->size, s->ev->size);
}

static struct query_value get_count(const struct query_subject *s)
{
    return number(true, s->ev->count);
}

static struct query_value get_vcpu(const struct query_subject *s)
{
    return number(true, s->ev->vcpu);
}

static struct query_value get_detail(const struct query_subject *s)
{
    return number(true, s->ev->detail);
}

static struct query_value get_addr(const struct query_subject *s)
{
    return number(has(s, EVENT_ADDR), s->ev->addr);
}

static struct query_value get_value(const struct query_subject *s)
{
    return number(has(s, EVENT_VALUE), s->ev->value);
}

static struct query_value get_port(const struct query_subject *s)
{
    return number(s->ev->kind == EVENT_IO && has(s, EVENT_ADDR), s->ev->addr);
}

static struct query_value get_gpa(const struct query_subject *s)
{
    return number((s->ev->kind == EVENT_MMIO || s->ev->kind == EVENT_MEMORY_FAULT) && has(s, EVENT_ADDR),
                  s->ev->addr);
}

static struct query_value get_msr(const struct query_subject *s)
{
    return number((s->ev->kind == EVENT_MSR_READ || s->ev->kind == EVENT_MSR_WRITE) && has(s, EVENT_ADDR),
                  s->ev->addr);
}

static struct query_value get_vector(const struct query_subject *s)
{
    if (s->ev->kind == EVENT_DEBUG)
        return number(true, s->ev->detail);
    if (s->ev->kind == EVENT_ASSIST)
        return number(s->ev->detail == ASSIST_INT && has(s, EVENT_VALUE), s->ev->value);
    return number(s->ev->kind == EVENT_IRQ, s->ev->addr);
}

static struct query_value get_line(const struct query_subject *s)
{
    return number(s->ev->kind == EVENT_IRQ && s->ev->detail != 0xffff, s->ev->detail);
}

static struct query_value get_rip(const struct query_subject *s)
{
    return number(has_cpu(s), s->ev->rip);
}

static struct query_value get_cs(const struct query_subject *s)
{
    return number(has_cpu(s), s->ev->cs);
}

static struct query_value get_cpl(const struct query_subject *s)
{
    return number(has_cpu(s), event_cpl(s->ev));
}

static struct query_value get_exit(const struct query_subject *s)
{
    return number(true, event_kind_is_exit(s->ev->kind));
}

static struct query_value get_string(const struct query_subject *s)
{
    return number(true, has(s, EVENT_STRING));
}

static struct query_value get_unclaimed(const struct query_subject *s)
{
    return number(true, has(s, EVENT_UNCLAIMED));
}

static struct query_value get_stepped(const struct query_subject *s)
{
    return number(true, has(s, EVENT_STEPPED));
}

static struct query_value get_rip_next(const struct query_subject *s)
{
    return number(true, has(s, EVENT_RIP_NEXT));
}

static struct query_value get_kind(const struct query_subject *s)
{
    return name(event_kind_info(s->ev->kind)->name);
}

static struct query_value get_device(const struct query_subject *s)
{
    return name(event_device_name(s->names, s->ev));
}

static struct query_value get_reg(const struct query_subject *s)
{
    return name(event_reg_name(s->names, s->ev));
}

static struct query_value get_symbol(const struct query_subject *s)
{
    return name(event_symbol_name(s->names, s->ev));
}

static struct query_value get_mode(const struct query_subject *s)
{
    return name(has_cpu(s) ? cpu_mode_name(event_mode(s->ev)) : NULL);
}

static struct query_value get_dir(const struct query_subject *s)
{
    return name(s->ev->dir == DIR_IN ? "in" : s->ev->dir == DIR_OUT ? "out" : NULL);
}

static struct query_value get_text(const struct query_subject *s)
{
    text_clear(s->sentence);
    event_sentence(s->ev, s->names, s->sentence);
    return name(text_str(s->sentence));
}

static const char *word_kind(size_t i)
{
    const struct event_kind_info *row = event_kind_row(i);
    return row ? row->name : NULL;
}

static const char *word_mode(size_t i)
{
    return i < CPU_MODES ? cpu_mode_name((enum cpu_mode)i) : NULL;
}

static const char *word_dir(size_t i)
{
    static const char *const words[] = {"in", "out", NULL};
    return i < 2 ? words[i] : NULL;
}

const struct query_field query_event_fields[] = {
    {"kind", QUERY_NAME, "what happened: io, mmio, hlt, irq, assist ... (`ringside explain` has them all)",
     get_kind, word_kind, "io"},
    {"device", QUERY_NAME, "who answered: uart, pic0 ...", get_device, NULL, "uart"},
    {"reg", QUERY_NAME, "its register: THR, or uart.THR for both in one", get_reg, NULL, "THR"},
    {"dir", QUERY_NAME, "in (the guest reads) or out (it writes)", get_dir, word_dir, "out"},
    {"mode", QUERY_NAME, "the CPU's mode: real, protected, compat or long", get_mode, word_mode, "real"},
    {"symbol", QUERY_NAME, "the function it happened in, when the trace has symbols", get_symbol, NULL,
     "main"},
    {"text", QUERY_NAME, "the event's sentence, as `trace show` prints it", get_text, NULL, "\"...\""},
    {"port", QUERY_NUMBER, "I/O port (kind io)", get_port, NULL, NULL},
    {"gpa", QUERY_NUMBER, "guest-physical address (kind mmio)", get_gpa, NULL, NULL},
    {"msr", QUERY_NUMBER, "number of the model-specific register (msr_read, msr_write)", get_msr, NULL, NULL},
    {"vector", QUERY_NUMBER, "interrupt vector (kind irq), exception (debug), n of INT n (assist)",
     get_vector, NULL, NULL},
    {"line", QUERY_NUMBER, "interrupt line (kind irq)", get_line, NULL, NULL},
    {"addr", QUERY_NUMBER, "port, gpa, MSR or vector, whichever the kind has", get_addr, NULL, NULL},
    {"value", QUERY_NUMBER,
     "what was written, or what a read returned; of an irq, for how many ns its line had been up", get_value,
     NULL, NULL},
    {"size", QUERY_NUMBER, "bytes an item", get_size, NULL, NULL},
    {"count", QUERY_NUMBER, "items of a string instruction, else 1", get_count, NULL, NULL},
    {"rip", QUERY_NUMBER, "instruction pointer, an offset in CS", get_rip, NULL, NULL},
    {"cs", QUERY_NUMBER, "code segment selector", get_cs, NULL, NULL},
    {"cpl", QUERY_NUMBER, "privilege level, 0 to 3", get_cpl, NULL, NULL},
    {"vcpu", QUERY_NUMBER, "number of the virtual CPU", get_vcpu, NULL, NULL},
    {"detail", QUERY_NUMBER, "by kind: suberror, exception vector, interrupt line ...", get_detail, NULL,
     NULL},
    {"seq", QUERY_NUMBER, "sequence number; 0 is the first event of the run", get_seq, NULL, NULL},
    {"time_ns", QUERY_NUMBER, "host time since the run began", get_time_ns, NULL, NULL},
    {"guest_ns", QUERY_NUMBER, "time in the guest before the event", get_guest_ns, NULL, NULL},
    {"host_ns", QUERY_NUMBER, "time Ringside took to handle it", get_host_ns, NULL, NULL},
    {"exit", QUERY_NUMBER, "1 for an exit to user space, 0 for Ringside's own events", get_exit, NULL, NULL},
    {"string", QUERY_NUMBER, "1 for INS and OUTS", get_string, NULL, NULL},
    {"unclaimed", QUERY_NUMBER, "1 when no device answered", get_unclaimed, NULL, NULL},
    {"stepped", QUERY_NUMBER, "1 under single-step", get_stepped, NULL, NULL},
    {"rip_next", QUERY_NUMBER, "1 when rip is that of the next instruction", get_rip_next, NULL, NULL},
    {0},
};

static struct query_value get_end_status(const struct query_subject *s)
{
    return name(s->end->status);
}

static struct query_value get_end_reason(const struct query_subject *s)
{
    return name(s->end->reason);
}

static struct query_value get_end_exit_code(const struct query_subject *s)
{
    return number(s->end->exit_code >= 0, (uint64_t)s->end->exit_code);
}

static struct query_value get_end_mode(const struct query_subject *s)
{
    return name(cpu_mode_name(s->end->mode));
}

static struct query_value get_end_rip(const struct query_subject *s)
{
    return number(true, s->end->rip);
}

static struct query_value get_end_steps(const struct query_subject *s)
{
    return number(true, s->end->steps);
}

static struct query_value get_end_elapsed_ns(const struct query_subject *s)
{
    return number(true, s->end->elapsed_ns);
}

/* The statuses of a run, as docs/trace-format.md promises them. */
static const char *word_status(size_t i)
{
    static const char *const words[] = {"halted", "poweroff",    "debug-exit", "budget", "triple-fault",
                                        "error",  "interrupted", "running",    NULL};
    return i < sizeof words / sizeof words[0] ? words[i] : NULL;
}

const struct query_field query_end_fields[] = {
    {"status", QUERY_NAME, "halted, poweroff, debug-exit, budget, triple-fault, error or interrupted",
     get_end_status, word_status, "halted"},
    {"exit_code", QUERY_NUMBER, "exit status of `ringside run`", get_end_exit_code, NULL, NULL},
    {"mode", QUERY_NAME, "the CPU's mode at the end", get_end_mode, word_mode, "long"},
    {"rip", QUERY_NUMBER, "instruction pointer at the end", get_end_rip, NULL, NULL},
    {"steps", QUERY_NUMBER, "instructions that were single-stepped", get_end_steps, NULL, NULL},
    {"elapsed_ns", QUERY_NUMBER, "host time of the run", get_end_elapsed_ns, NULL, NULL},
    {"reason", QUERY_NAME, "a sentence that says why it ended", get_end_reason, NULL, "\"...\""},
    {0},
};

const struct query_field *query_field_find(const struct query_field *table, const char *field)
{
    for (; table->name; table++)
        if (!strcmp(table->name, field))
            return table;
    return NULL;
}

bool query_field_is_device(const struct query_field *f)
{
    return f->get == get_device;
}

bool query_field_is_reg(const struct query_field *f)
{
    return f->get == get_reg;
}

bool query_field_is_symbol(const struct query_field *f)
{
    return f->get == get_symbol;
}

bool query_field_help(size_t i, const char **field, const char **summary)
{
    if (i >= sizeof query_event_fields / sizeof query_event_fields[0] - 1)
        return false;
    *field = query_event_fields[i].name;
    *summary = query_event_fields[i].summary;
    return true;
}
