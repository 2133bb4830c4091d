/*
 * `trace export --format jsonl`: an object a line, for other programs.  The keys are a promise: some may be
 * added, none changes.  Numbers that need all 64 bits are strings in hexadecimal, since many JSON readers
 * keep only 53 bits of a number.  docs/trace-format.md says when each key is there.
 */
#include "traces/filter.h"

#include <errno.h>
#include <string.h>

/* Numbers are written by hand here: printf would be most of the cost of an export. */
static void add_decimal(struct text *t, const char *key, uint64_t v)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    text_add(t, key);
    text_addn(t, digits + at, sizeof digits - at);
}

static void add_hex(struct text *t, const char *key, uint64_t v)
{
    char digits[16];
    size_t at = sizeof digits;
    do {
        digits[--at] = "0123456789abcdef"[v & 15];
        v >>= 4;
    } while (v);
    text_add(t, key);
    text_add(t, "\"0x");
    text_addn(t, digits + at, sizeof digits - at);
    text_addc(t, '"');
}

static void add_string(struct text *t, const char *key, const char *s)
{
    if (!s[0])
        return;
    text_add(t, key);
    text_add_json(t, s);
}

static void add_flags(struct text *t, unsigned flags)
{
    static const struct {
        unsigned flag;
        const char *name;
    } names[] = {
        {EVENT_STRING, "string"},
        {EVENT_RIP_NEXT, "rip_next"},
        {EVENT_UNCLAIMED, "unclaimed"},
        {EVENT_STEPPED, "stepped"},
    };
    const char *sep = ",\"flags\":[";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!(flags & names[i].flag))
            continue;
        text_addf(t, "%s\"%s\"", sep, names[i].name);
        sep = ",";
    }
    if (sep[1] == '\0')
        text_addc(t, ']');
}

/* A mark's own text as it is; for everything else the sentence that `trace show` prints. */
static void add_words(struct text *t, const struct event *ev, const struct event_names *names)
{
    struct text words = {0};
    if (ev->kind == EVENT_MARK)
        text_add(&words, names && ev->addr < names->mark_count ? names->marks[ev->addr] : "");
    else
        event_sentence(ev, names, &words);
    add_string(t, ",\"text\":", text_str(&words));
    text_fini(&words);
}

/* The registers that the step changed, in the order of their numbers. */
static void add_regs(struct text *t, const struct event_regs *regs, uint32_t changed)
{
    const char *sep = ",\"regs\":{";
    for (uint32_t left = changed; left; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctz(left);
        char key[32];
        snprintf(key, sizeof key, "%s\"%s\":", sep, event_regs_name(i));
        add_hex(t, key, regs->r[i]);
        sep = ",";
    }
    if (changed)
        text_addc(t, '}');
}

void trace_event_json(const struct event *ev, const struct event_names *names, struct text *out)
{
    trace_event_json_regs(ev, names, NULL, 0, out);
}

void trace_event_json_regs(const struct event *ev, const struct event_names *names,
                           const struct event_regs *regs, uint32_t changed, struct text *out)
{
    static const char *const dirs[] = {[DIR_IN] = "in", [DIR_OUT] = "out"};
    bool moved = ev->dir == DIR_IN || ev->dir == DIR_OUT;
    add_decimal(out, "{\"seq\":", ev->seq);
    add_decimal(out, ",\"t_ns\":", ev->time_ns);
    add_decimal(out, ",\"vcpu\":", ev->vcpu);
    if (!(ev->flags & EVENT_NO_CPU)) {
        add_hex(out, ",\"rip\":", ev->rip);
        add_decimal(out, ",\"cs\":", ev->cs);
        add_string(out, ",\"mode\":", cpu_mode_name(event_mode(ev)));
        add_decimal(out, ",\"cpl\":", event_cpl(ev));
    }
    add_string(out, ",\"kind\":", event_kind_info(ev->kind)->name);
    add_string(out, ",\"device\":", event_device_name(names, ev));
    add_string(out, ",\"reg\":", event_reg_name(names, ev));
    if (moved)
        add_string(out, ",\"dir\":", dirs[ev->dir]);
    if (ev->size)
        add_decimal(out, ",\"size\":", ev->size);
    if (moved || ev->count > 1)
        add_decimal(out, ",\"count\":", ev->count);
    if (ev->flags & EVENT_ADDR)
        add_hex(out, ",\"addr\":", ev->addr);
    if (ev->flags & EVENT_VALUE)
        add_hex(out, ",\"value\":", ev->value);
    add_decimal(out, ",\"host_ns\":", ev->host_ns);
    add_decimal(out, ",\"guest_ns\":", ev->guest_ns);
    if (ev->kind == EVENT_ASSIST)
        add_string(out, ",\"assist\":", event_assist_name(ev->detail));
    if (ev->detail)
        add_decimal(out, ",\"detail\":", ev->detail);
    add_flags(out, ev->flags);
    add_words(out, ev, names);
    if (regs)
        add_regs(out, regs, changed);
    text_addc(out, '}');
}

struct export
{
    const struct event_names *names;
    const struct trace_reader *reader;
    struct text line;
    FILE *out;
};

static int export_event(void *ctx, const struct event *ev, struct err *e)
{
    struct export *x = ctx;
    uint32_t changed;
    const struct event_regs *regs = trace_reader_regs(x->reader, &changed);
    text_clear(&x->line);
    trace_event_json_regs(ev, x->names, regs, changed, &x->line);
    text_addc(&x->line, '\n');
    if (x->line.failed)
        return err_sys(e, ENOMEM, "a line");
    return fwrite(x->line.buf, 1, x->line.len, x->out) == x->line.len ? 0 : err_sys(e, errno, "write");
}

int trace_export_jsonl(struct trace_reader *r, const struct trace_filter *f, FILE *out, struct err *e)
{
    struct export x = {.names = &trace_reader_info(r)->names, .reader = r, .out = out};
    int result = trace_reader_want_regs(r, e) ? -1 : trace_scan(r, f, export_event, &x, e);
    text_fini(&x.line);
    if (result == 0 && fflush(out) != 0)
        result = err_sys(e, errno, "write");
    return result;
}
