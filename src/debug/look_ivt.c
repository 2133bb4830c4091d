/*
 * The interrupt vectors of real mode: 256 far pointers, offset before segment, at the address that IDTR holds
 * (0 since the 8086).  A BIOS points most of them to one routine that does nothing, so that the few that
 * matter are found by leaving out what is most frequent (Intel SDM, "Interrupt and Exception Handling in
 * Real-Address Mode").
 */
#include "debug/descriptors.h"

#include "debug/dtable.h"
#include "debug/symbols.h"

enum { VECTORS = 256, IVT_LEN = VECTORS * 4, DEFAULT_MIN = 32, INDENT = 6 };

/* What a PC's BIOS has there; in real mode these stand in for, or collide with, the CPU's own exceptions. */
struct bios_row {
    unsigned vector;
    const char *name;
};
static const struct bios_row bios[] = {
    {0x05, "print screen (BIOS), bound range"},
    {0x08, "timer, IRQ 0"},
    {0x09, "keyboard, IRQ 1"},
    {0x0b, "COM2, IRQ 3"},
    {0x0c, "COM1, IRQ 4"},
    {0x0d, "IRQ 5, general protection"},
    {0x0e, "floppy, IRQ 6"},
    {0x0f, "IRQ 7"},
    {0x10, "video services (BIOS)"},
    {0x11, "equipment list (BIOS)"},
    {0x12, "memory size (BIOS)"},
    {0x13, "disk services (BIOS)"},
    {0x14, "serial services (BIOS)"},
    {0x15, "system services (BIOS)"},
    {0x16, "keyboard services (BIOS)"},
    {0x17, "printer services (BIOS)"},
    {0x19, "boot (BIOS)"},
    {0x1a, "clock services (BIOS)"},
    {0x1c, "timer tick, for programs"},
    {0x1d, "video parameters (a pointer)"},
    {0x1e, "floppy parameters (a pointer)"},
    {0x70, "real-time clock, IRQ 8"},
};

static const char *name_of(unsigned vector)
{
    for (size_t i = 0; i < sizeof bios / sizeof bios[0]; i++)
        if (bios[i].vector == vector)
            return bios[i].name;
    return vector_name(vector);
}

static uint32_t pointer_linear(uint64_t pointer)
{
    return (uint32_t)((pointer >> 16 & 0xffff) << 4) + (uint32_t)(pointer & 0xffff);
}

/* The pointer that most vectors hold, and how many; 0 when there is no such habit. */
static size_t default_find(const struct target *t, const struct dtable *table, size_t n, uint64_t *pointer)
{
    uint64_t value[VECTORS];
    size_t known = 0, best = 0;
    struct bits_value v;
    for (size_t i = 0; i < n; i++)
        if (!dtable_read(t, table, i, &v))
            value[known++] = v.low;
    for (size_t i = 0; i < known; i++) {
        size_t count = 0;
        for (size_t k = 0; k < known; k++)
            count += value[k] == value[i];
        if (count > best) {
            best = count;
            *pointer = value[i];
        }
    }
    return best >= DEFAULT_MIN ? best : 0;
}

static void check_pointer(const struct target *t, uint64_t pointer, struct text *out)
{
    uint32_t linear = pointer_linear(pointer);
    struct gva_walk w;
    uint8_t byte;
    if (pointer == 0)
        problem_add(out, INDENT, "empty: the vector table itself would run as code");
    else if (linear < IVT_LEN)
        problem_add(out, INDENT, "handler at %#x lies inside the vector table", linear);
    else if (target_read(t, linear, &byte, 1, &w) == 0)
        problem_add(out, INDENT, "handler at %#x is not there: %s", linear, w.why);
}

static void write_pointer(const struct target *t, size_t vector, uint64_t pointer, struct text *out)
{
    const char *name = name_of((unsigned)vector);
    text_addf(out, "0x%02zx  %04x:%04x  linear 0x%05x", vector, (unsigned)(pointer >> 16 & 0xffff),
              (unsigned)(pointer & 0xffff), pointer_linear(pointer));
    if (*name)
        text_addf(out, "  %s", name);
    if (t->symbols) {
        text_addc(out, ' ');
        symbols_name(t->symbols, pointer_linear(pointer), out);
    }
    text_addc(out, '\n');
}

static void write_run(const struct target *t, const struct dtable_run *run, struct text *out)
{
    size_t last = run->first + run->n - 1;
    if (run->why) {
        text_addf(out, "0x%02zx-0x%02zx: %zu not readable: %s\n", run->first, last, run->n, run->why);
        problem_add(out, INDENT, "the table runs past mapped memory");
        return;
    }
    write_pointer(t, run->first, run->v.low, out);
    check_pointer(t, run->v.low, out);
    if (run->n > 1)
        text_addf(out, "0x%02zx-0x%02zx: %zu more like it\n", run->first + 1, last, run->n - 1);
}

static void write_table(const struct target *t, const struct dtable *table, const struct dtable_range *r,
                        struct text *out)
{
    uint64_t usual = 0;
    size_t habit = r->all ? default_find(t, table, r->end, &usual) : 0;
    if (habit)
        text_addf(out, "  %zu of them hold %04x:%04x%s and are left out\n", habit,
                  (unsigned)(usual >> 16 & 0xffff), (unsigned)(usual & 0xffff), usual ? "" : " (nothing)");
    for (size_t i = r->first; i < r->end;) {
        struct dtable_run run = dtable_run_at(t, table, i, r->end);
        if (run.why || !habit || run.v.low != usual)
            write_run(t, &run, out);
        i += run.n;
    }
}

int look_ivt(const struct target *t, const char *which, struct text *out, struct err *e)
{
    bool real = cpu_mode(&t->sregs) == MODE_REAL;
    struct dtable table = {.name = "IVT",
                           .command = "ivt",
                           .base = real ? t->sregs.idt.base : 0,
                           .limit = real ? t->sregs.idt.limit : IVT_LEN - 1,
                           .entry_len = 4,
                           .entry_noun = "vector",
                           .entries_plural = "vectors"};
    size_t count = dtable_count(&table);
    struct dtable_range r;
    if (dtable_range_parse(&table, which, count < VECTORS ? count : VECTORS, &r, e) < 0)
        return -1;
    if (r.all || !r.one) {
        dtable_header(t, &table, out);
        if (!real)
            text_add(out, "  not used now: the CPU is not in real mode and goes through the IDT\n");
    }
    if (real && r.all && count < VECTORS)
        problem_add(out, 2, "vectors from %#zx on are past the limit: a double fault, then a shutdown",
                    count);
    write_table(t, &table, &r, out);
    return 0;
}
