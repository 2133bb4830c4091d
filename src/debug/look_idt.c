/*
 * The IDT in words: for each vector the gate that an interrupt or exception goes through, and what would go
 * wrong on the way (Intel SDM, "Interrupt Descriptor Table (IDT)", "IDT Descriptors", "64-Bit Mode IDT").  A
 * gate has 8 bytes in protected mode and 16 in long mode, whether the interrupted code is 64-bit or not.
 */
#include "debug/descriptors.h"

#include "debug/dtable.h"
#include "debug/symbols.h"

enum { VECTORS = 256, EXCEPTIONS = 32, DOUBLE_FAULT = 8, INDENT = 5 };

static struct dtable table_of(const struct target *t)
{
    return (struct dtable){.name = "IDT",
                           .command = "idt",
                           .base = t->sregs.idt.base,
                           .limit = t->sregs.idt.limit,
                           .entry_len = target_long(t) ? 16 : 8,
                           .entry_noun = "gate",
                           .entries_plural = "gates"};
}

/* No vector has a gate past the 256th, whatever the limit says. */
static size_t gate_count(const struct dtable *table)
{
    size_t n = dtable_count(table);
    return n < VECTORS ? n : VECTORS;
}

/* Where the handler is; false when its segment is not known. */
static bool handler_of(const struct target *t, const struct raw_gate *g, uint64_t *linear)
{
    struct raw_descriptor d;
    *linear = g->offset;
    if (target_long(t))
        return true;
    if (g->type == SYSTEM_TASK_GATE || selector_read(t, g->selector, &d) != SELECTOR_OK)
        return false;
    *linear = (uint32_t)(d.base + g->offset);
    return true;
}

static void write_row(const struct target *t, const struct dtable_run *run, struct text *out)
{
    bool wide = target_long(t);
    struct raw_gate g = raw_gate_decode(run->v.low, run->v.high, wide);
    uint64_t linear;
    text_addf(out, "%3zu  %-3s  %04x:", run->first, vector_mnemonic((unsigned)run->first), g.selector);
    text_addf(out, wide ? "%016llx" : "%08llx", (unsigned long long)g.offset);
    text_addf(out, "  %u  %c  ", g.dpl, g.p ? 'P' : '-');
    raw_gate_words(&g, wide, out);
    if (wide && g.ist)
        text_addf(out, ", IST %u", g.ist);
    if (t->symbols && g.p && handler_of(t, &g, &linear)) {
        text_addc(out, ' ');
        symbols_name(t->symbols, linear, out);
    }
    text_addc(out, '\n');
    gate_check(t, &g, true, INDENT, out);
}

static void write_span(const struct dtable_run *run, size_t first, struct text *out)
{
    size_t last = run->first + run->n - 1;
    text_addf(out, last > first ? "%3zu-%zu: %zu " : "%3zu: ", first, last, last - first + 1);
}

static void write_run(const struct target *t, const struct dtable_run *run, struct text *out)
{
    if (run->why) {
        write_span(run, run->first, out);
        text_addf(out, "not readable: %s\n", run->why);
        problem_add(out, INDENT, "the table runs past mapped memory");
    } else if (run->v.low == 0 && run->v.high == 0) {
        write_span(run, run->first, out);
        text_add(out, "empty\n");
    } else {
        write_row(t, run, out);
        if (run->n > 1) {
            write_span(run, run->first + 1, out);
            text_add(out, "more like it\n");
        }
    }
}

static void check_whole(const struct target *t, const struct dtable *table, struct text *out)
{
    size_t n = gate_count(table);
    struct bits_value v;
    if (n == 0)
        problem_add(out, 2, "no gates at all: any exception or interrupt is a triple fault");
    else if (n < EXCEPTIONS)
        problem_add(out, 2, "exceptions from %zu on are past the limit: #GP, or a double fault", n);
    if (n > DOUBLE_FAULT && !dtable_read(t, table, DOUBLE_FAULT, &v) && !(v.low >> 47 & 1))
        problem_add(out, 2, "no gate for #DF (8): a fault on the way to a handler is a triple fault");
}

static void write_table(const struct target *t, const struct dtable *table, const struct dtable_range *r,
                        struct text *out)
{
    if (r->first < r->end)
        text_addf(out, "vec       target %*sdpl   gate\n", target_long(t) ? 14 : 6, "");
    for (size_t i = r->first; i < r->end;) {
        struct dtable_run run = dtable_run_at(t, table, i, r->end);
        write_run(t, &run, out);
        i += run.n;
    }
    if (r->all)
        check_whole(t, table, out);
}

static void write_one(const struct target *t, const struct dtable *table, size_t i, struct text *out)
{
    bool wide = target_long(t);
    struct dtable_run run = dtable_run_at(t, table, i, i + 1);
    struct raw_gate g = raw_gate_decode(run.v.low, run.v.high, wide);
    uint64_t at = table->base + i * table->entry_len, linear;
    const char *name = vector_name((unsigned)i);
    struct text line = {0};
    text_addf(&line, "IDT[%zu]%s%s, at %#llx", i, *name ? ", " : "", name, (unsigned long long)at);
    linear_place(t, at, &line);
    line_add(out, &line);
    text_fini(&line);
    if (run.why)
        return;
    text_addf(out, "  raw %016llx", (unsigned long long)g.low);
    if (wide)
        text_addf(out, " and %016llx", (unsigned long long)g.high);
    text_add(out, "\n  ");
    raw_gate_words(&g, wide, out);
    text_addf(out, " to %#x:%#llx", g.selector, (unsigned long long)g.offset);
    if (t->symbols && handler_of(t, &g, &linear)) {
        text_addc(out, ' ');
        symbols_name(t->symbols, linear, out);
    }
    text_addc(out, '\n');
    bits_add_rows(wide ? &bits_gate64 : &bits_gate32, run.v, out);
    gate_check(t, &g, true, 2, out);
}

int look_idt(const struct target *t, const char *which, struct text *out, struct err *e)
{
    struct dtable table = table_of(t);
    struct dtable_range r;
    if (cpu_mode(&t->sregs) == MODE_REAL)
        return look_ivt(t, which, out, e);
    if (dtable_range_parse(&table, which, gate_count(&table), &r, e) < 0)
        return -1;
    if (r.one) {
        write_one(t, &table, r.first, out);
        return 0;
    }
    if (r.all)
        dtable_header(t, &table, out);
    write_table(t, &table, &r, out);
    return 0;
}
