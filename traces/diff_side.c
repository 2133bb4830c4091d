/*
 * A side of `trace diff`: the events of a trace that are compared.  That is the filter's doing, and where a
 * real clock interrupts the guest it is this file's: such an interrupt comes at another instruction in each
 * run, and its handler with it. Both are taken out of the stream and counted by vector, so that the program
 * underneath can be compared.
 *
 * Simplified: a handler is what happens from the interrupt to its end-of-interrupt command (8259A data sheet,
 * "Operation Command Words"), and what it does behind that is taken for the program's. Without an 8259A of
 * Ringside's own, where EOIs cause no exits, only the interrupt itself is known.
 */
#include "traces/diff_inside.h"

#include "traces/filter.h"

#include "base/bytes.h"
#include "debug/disasm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A handler that has not sent its EOI within so many events is not waited for any longer. */
enum { SERVICE_MAX = 64 };

/* The same few instructions come again and again: their sums, by the bytes that an event holds. */
enum { CODE_SLOTS = 4096, CODE_LEN_MAX = 16 };
struct diff_code {
    uint64_t bytes[2], sum;
    unsigned form; /* how many bytes, and in which mode */
};

static int sums_make(struct diff_side *s)
{
    s->device_sum = calloc(256, sizeof *s->device_sum);
    s->reg_sum = calloc(256, sizeof *s->reg_sum);
    s->symbol_sum = calloc(s->names->symbol_count + 1, sizeof *s->symbol_sum);
    s->code = calloc(CODE_SLOTS, sizeof *s->code);
    if (!s->code || !s->device_sum || !s->reg_sum || !s->symbol_sum)
        return -1;
    for (size_t i = 1; i < s->names->device_count && i < 256; i++) {
        const struct event_device *d = &s->names->devices[i];
        s->device_sum[i] = diff_sum_string(d->name);
        for (size_t k = 0; k < d->reg_count && k < 256; k++)
            s->reg_sum[i][k] = diff_sum_string(d->regs[k]);
    }
    for (size_t i = 0; i < s->names->symbol_count; i++)
        s->symbol_sum[i] = diff_sum_string(s->names->symbols[i].name);
    return 0;
}

int diff_side_init(struct diff_side *s, struct trace_reader *r, const struct diff_options *o, struct err *e)
{
    *s = (struct diff_side){.reader = r, .info = trace_reader_info(r), .options = o};
    s->names = &s->info->names;
    if (trace_filter_check(&o->filter, s->names, e))
        return -1;
    return sums_make(s) ? err_sys(e, ENOMEM, "diff") : 0;
}

void diff_side_fini(struct diff_side *s)
{
    free(s->device_sum);
    free(s->reg_sum);
    free(s->symbol_sum);
    free(s->code);
}

int diff_side_rewind(struct diff_side *s, struct err *e)
{
    memset(s->in_service, 0, sizeof s->in_service);
    memset(s->irqs, 0, sizeof s->irqs);
    s->at = s->served = 0;
    return trace_filter_begin(&s->options->filter, s->reader, e);
}

static uint64_t code_sum(const uint64_t bytes[2], unsigned bits, size_t n)
{
    uint8_t code[CODE_LEN_MAX];
    struct text words = {0};
    uint64_t sum = bits;
    le_store(code, bytes[0], 8);
    le_store(code + 8, bytes[1], 8);
    size_t len = disasm_one(bits, 0, code, n, &words);
    text_fini(&words);
    for (size_t i = 0; i < (len ? len : n); i++)
        sum = diff_mix(sum, code[i]);
    return sum;
}

uint64_t diff_side_instruction(const struct diff_side *s, const struct event *ev)
{
    unsigned bits = event_code_bits(ev);
    size_t n = ev->size < CODE_LEN_MAX ? ev->size : CODE_LEN_MAX - 1;
    const uint64_t bytes[2] = {ev->addr, ev->flags & EVENT_VALUE ? ev->value : 0};
    unsigned form = bits << 8 | (unsigned)n;
    struct diff_code *c = &s->code[diff_mix(diff_mix(bytes[0], bytes[1]), form) % CODE_SLOTS];
    if (c->bytes[0] != bytes[0] || c->bytes[1] != bytes[1] || c->form != form)
        *c = (struct diff_code){{bytes[0], bytes[1]}, code_sum(bytes, bits, n), form};
    return c->sum;
}

/* OCW2 with its EOI bit: bits 4 and 3 clear tell it from the other commands at this port. */
static bool is_eoi(const struct diff_side *s, const struct event *ev)
{
    return ev->kind == EVENT_IO && ev->dir == DIR_OUT && (ev->value & 0x38) == 0x20 &&
           (ev->addr == 0x20 || ev->addr == 0xa0) && strncmp(event_device_name(s->names, ev), "pic", 3) == 0;
}

/* True when this event is an interrupt's and not the program's. */
static bool is_service(struct diff_side *s, const struct event *ev)
{
    uint8_t *left = &s->in_service[ev->vcpu];
    if (s->options->irqs != DIFF_IRQS_COUNT)
        return false;
    if (ev->kind == EVENT_IRQ) {
        s->irqs[ev->addr & 0xff] += trace_filter_passes(&s->options->filter, s->reader, ev);
        *left = strcmp(s->info->irqchip, "kernel") == 0 ? 0 : SERVICE_MAX;
        return true;
    }
    bool eoi = is_eoi(s, ev), service = eoi || *left;
    *left = eoi || !*left ? 0 : (uint8_t)(*left - 1);
    s->served += service;
    return service;
}

int diff_side_next(struct diff_side *s, struct event *ev, struct err *e)
{
    int more;
    while ((more = trace_next(s->reader, ev, e)) > 0) {
        if (is_service(s, ev) || !trace_filter_passes(&s->options->filter, s->reader, ev))
            continue;
        s->at++;
        return 1;
    }
    return more < 0 ? -1 : trace_filter_end(&s->options->filter, s->reader, e);
}
