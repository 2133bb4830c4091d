/*
 * What just happened: see history.h.  Both rings are in order by themselves; a step knows how many events
 * came before it, and that is enough to lay one beside the other.
 */
#include "monitor/history.h"

#include "debug/symbols.h"
#include "run/run.h"

enum { MODE_COLUMN = 12, TEXT_COLUMN = 44 };

/* Is the event older than the step? NULL is older than everything. */
static bool event_first(const struct event *ev, const struct run_step_record *step)
{
    return !ev || (step && ev->seq < step->event_seq);
}

/* `0x7c00 <start>` in a column of its own: both kinds of line begin with where it happened. */
static void print_place(enum cpu_mode mode, uint16_t cs, uint64_t rip, const struct symbols *symbols,
                        struct text *out)
{
    text_addf(out, "  %s", cpu_mode_name(mode));
    text_pad(out, MODE_COLUMN);
    if (mode == MODE_REAL)
        text_addf(out, "%04x:%04llx", cs, (unsigned long long)rip);
    else
        text_addf(out, "0x%llx", (unsigned long long)rip);
    if (symbols) {
        text_addc(out, ' ');
        symbols_name(symbols, mode == MODE_REAL ? ((uint64_t)cs << 4) + rip : rip, out);
    }
    text_pad(out, TEXT_COLUMN);
    text_addc(out, ' ');
}

static void print_step(const struct run_step_record *s, const struct disasm_style *style, struct text *out)
{
    print_place((enum cpu_mode)(s->mode_cpl & 3), s->cs, s->rip, style->symbols, out);
    size_t len = s->len < sizeof s->code ? s->len : sizeof s->code;
    if (len)
        disasm_styled(style, s->bits, s->rip, s->code, len, out);
    else
        text_add(out, "(its bytes could not be read)");
    text_addc(out, '\n');
}

static void print_event(const struct event *ev, const struct event_names *names,
                        const struct symbols *symbols, struct text *out)
{
    if (ev->flags & EVENT_NO_CPU)
        text_pad(out, TEXT_COLUMN + 1);
    else
        print_place(event_mode(ev), ev->cs, ev->rip, symbols, out);
    text_add(out, "  = ");
    event_sentence(ev, names, out);
    text_addc(out, '\n');
}

void history_print(const struct ring *steps, const struct ring *events, const struct event_names *names,
                   const struct disasm_style *style, size_t n, struct text *out)
{
    size_t s = 0, v = 0; /* how many of each are among the last n: going backwards, the younger one counts */
    while (s + v < n) {
        const struct run_step_record *step = ring_back(steps, s);
        const struct event *ev = ring_back(events, v);
        if (!step && !ev)
            break;
        if (step && event_first(ev, step))
            s++;
        else
            v++;
    }
    while (s || v) {
        const struct run_step_record *step = s ? ring_back(steps, s - 1) : NULL;
        const struct event *ev = v ? ring_back(events, v - 1) : NULL;
        if (ev && (!step || event_first(ev, step))) {
            print_event(ev, names, style->symbols, out);
            v--;
        } else {
            print_step(step, style, out);
            s--;
        }
    }
}
