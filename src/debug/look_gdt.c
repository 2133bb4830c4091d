/*
 * The GDT and the LDT in words.  A selector's upper thirteen bits are an index into one of them; the CPU
 * reads the descriptor there when the selector is loaded, checks it, and faults when it does not like what it
 * finds.  What it would not like is said under each row before it happens (Intel SDM, "Segment Descriptor
 * Tables", "Segment Descriptors", "System Descriptor Types", "Segment Descriptor Tables in IA-32e Mode").
 *
 * Simplified: what depends on the privilege of who loads is shown as DPL and left to the reader.
 */
#include "debug/descriptors.h"

#include "debug/dtable.h"

#include <string.h>

enum { WORDS_AT = 55 }; /* columns of a row behind the index: selector, raw value, base, limit, DPL, flags */
enum { ROWS_MAX = 64 }; /* of a table that may be 64 KiB of anything */

struct loaded {
    const char *name, *upper;
    const struct kvm_segment *segment;
};
enum { LOADED = 8 };

static void loaded_list(const struct target *t, struct loaded list[LOADED])
{
    const struct kvm_sregs *s = &t->sregs;
    const struct loaded all[LOADED] = {{"cs", "CS", &s->cs}, {"ss", "SS", &s->ss},    {"ds", "DS", &s->ds},
                                       {"es", "ES", &s->es}, {"fs", "FS", &s->fs},    {"gs", "GS", &s->gs},
                                       {"tr", "TR", &s->tr}, {"ldt", "LDTR", &s->ldt}};
    memcpy(list, all, sizeof all);
}

/* In real and virtual-8086 mode a segment register's selector names no descriptor. */
static bool uses_tables(const struct target *t)
{
    return (t->sregs.cr0 & CR0_PE) && !(t->regs.rflags & RFLAGS_VM);
}

static bool is_local(const struct dtable *d)
{
    return d->name[0] == 'L';
}

/* System descriptors have sixteen bytes in long mode. */
static bool double_in_long_mode(uint64_t low)
{
    struct raw_descriptor d = raw_descriptor_decode(low, 0);
    return !d.s && (d.type == SYSTEM_LDT || d.type == SYSTEM_TSS || d.type == SYSTEM_TSS_BUSY ||
                    d.type == SYSTEM_CALL);
}

static unsigned digits(size_t n)
{
    unsigned count = 1;
    while (n >= 10) {
        n /= 10;
        count++;
    }
    return count;
}

/* The register was loaded from this table, at whatever index. */
static bool is_from(const struct dtable *table, const struct kvm_segment *s)
{
    return !s->unusable && s->selector >= 4 && !!(s->selector & 4) == is_local(table);
}

/* Entries `first` to `last` are like `d`. */
static void check_loaded(const struct target *t, const struct dtable *table, size_t first, size_t last,
                         const struct raw_descriptor *d, size_t indent, struct text *out)
{
    struct loaded list[LOADED];
    loaded_list(t, list);
    for (size_t k = 0; k < LOADED && !d->p && uses_tables(t); k++) {
        size_t index = list[k].segment->selector >> 3;
        if (is_from(table, list[k].segment) && index >= first && index <= last)
            problem_add(out, indent, "not present but loaded in %s (selector %#x)", list[k].upper,
                        list[k].segment->selector);
    }
}

static void check_segment(const struct target *t, const struct raw_descriptor *d, size_t indent,
                          struct text *out)
{
    if (target_long(t) && raw_is_code(d) && d->l && d->db)
        problem_add(out, indent, "64-bit code segment with D set: cannot be loaded");
}

static void check_tss(const struct raw_descriptor *d, size_t indent, struct text *out)
{
    bool old = d->type == SYSTEM_TSS16 || d->type == SYSTEM_TSS16_BUSY;
    if (d->limit < (old ? 0x2bu : 0x67u))
        problem_add(out, indent, "TSS limit below %#x: a task switch or a new stack raises #TS",
                    old ? 0x2b : 0x67);
}

static void check_system(const struct target *t, const struct dtable *table, const struct dtable_run *run,
                         const struct raw_descriptor *d, size_t indent, struct text *out)
{
    bool wide = target_long(t), is_double = double_in_long_mode(d->low);
    if (is_local(table) && !raw_is_gate(d))
        problem_add(out, indent, "an LDT can hold code, data and gates only");
    if (wide && is_double && run->slots == 1)
        problem_add(out, indent, "its upper half is past the %s's limit or not mapped", table->name);
    if (wide && !is_double && d->type != 0)
        problem_add(out, indent, "type %x has no meaning in long mode: using it raises #GP", d->type);
    else if (!wide && !raw_is_gate(d) && !raw_is_tss(d) && d->type != SYSTEM_LDT)
        problem_add(out, indent, "system type %x is reserved", d->type);
    if (run->slots == 2 && (d->high >> 40 & 0x1f))
        problem_add(out, indent, "bits 12 to 8 of its last word are not 0: using it raises #GP");
    if (raw_is_gate(d)) {
        struct raw_gate g = raw_gate_decode(d->low, d->high, wide);
        gate_check(t, &g, false, indent, out);
    } else if (run->slots == 2 && !linear_is_canonical(t, d->base)) {
        problem_add(out, indent, "base %#llx is not canonical", (unsigned long long)d->base);
    }
    if (raw_is_tss(d))
        check_tss(d, indent, out);
}

static void check_row(const struct target *t, const struct dtable *table, const struct dtable_run *run,
                      size_t indent, struct text *out)
{
    struct raw_descriptor d = raw_descriptor_decode(run->v.low, run->v.high);
    if (run->first == 0 && !is_local(table))
        return;
    if (d.s)
        check_segment(t, &d, indent, out);
    else if (d.p)
        check_system(t, table, run, &d, indent, out);
}

static unsigned selector_of(const struct dtable *table, size_t i)
{
    return (unsigned)i << 3 | (is_local(table) ? 4 : 0);
}

/* What stands behind the raw value, up to the words that begin at column `at`. A gate has a target in place
 * of base and limit. */
static void write_columns(const struct target *t, const struct raw_descriptor *d, size_t at, struct text *out)
{
    struct raw_gate g = raw_gate_decode(d->low, d->high, target_long(t));
    struct text flags = {0}, words = {0};
    raw_descriptor_flags(d, &flags);
    raw_descriptor_words(d, target_long(t), &words);
    if (raw_is_gate(d))
        text_addf(out, "%04x:%08x     ", g.selector, (unsigned)g.offset);
    else
        text_addf(out, "%08x  %08x", (unsigned)d->base, d->limit);
    text_addf(out, "  %u  %-5s ", d->dpl, text_str(&flags));
    text_add_wrapped(out, text_str(&words), at, BITS_WIDTH);
    text_fini(&flags);
    text_fini(&words);
}

static void write_row(const struct target *t, const struct dtable *table, const struct dtable_run *run,
                      unsigned width, struct text *out)
{
    struct raw_descriptor d = raw_descriptor_decode(run->v.low, run->v.high);
    text_addf(out, "%*zu  %04x  %016llx  ", (int)width, run->first, selector_of(table, run->first),
              (unsigned long long)d.low);
    if (run->first == 0 && !is_local(table))
        text_add(out, d.low ? "null: these bytes are never looked at" : "null");
    else
        write_columns(t, &d, width + WORDS_AT, out);
    text_addc(out, '\n');
    if (run->slots == 2)
        text_addf(
            out, "%*zu  %04x  %016llx  its upper half: %s %#llx\n", (int)width, run->first + 1,
            selector_of(table, run->first + 1), (unsigned long long)d.high,
            raw_is_gate(&d) ? "offset" : "base",
            (unsigned long long)(raw_is_gate(&d) ? raw_gate_decode(d.low, d.high, true).offset : d.base));
    check_row(t, table, run, width + 2, out);
}

static void write_fold(const struct dtable *table, size_t first, size_t last, unsigned width,
                       const char *what, struct text *out)
{
    if (first > last)
        return;
    text_addf(out, "%*s  %#x", (int)width, "", selector_of(table, first));
    if (last > first)
        text_addf(out, "-%#x", selector_of(table, last));
    text_addf(out, ": %zu %s\n", last - first + 1, what);
}

static void write_unreadable(const struct dtable *table, const struct dtable_run *run, unsigned width,
                             struct text *out)
{
    struct text what = {0};
    text_addf(&what, "not readable: %s", run->why);
    write_fold(table, run->first, run->first + run->n - 1, width, text_str(&what), out);
    problem_add(out, width + 2, "the table runs past mapped memory");
    text_fini(&what);
}

static void write_run(const struct target *t, const struct dtable *table, const struct dtable_run *run,
                      unsigned width, struct text *out)
{
    struct raw_descriptor d = raw_descriptor_decode(run->v.low, run->v.high);
    size_t last = run->first + run->n * run->slots - 1;
    bool null = run->first == 0 && !is_local(table), empty = run->v.low == 0;
    if (run->why) {
        write_unreadable(table, run, width, out);
        return;
    }
    if (!empty || null)
        write_row(t, table, run, width, out);
    if (empty)
        write_fold(table, run->first + null, last, width, "empty", out);
    else if (run->n > 1)
        write_fold(table, run->first + run->slots, last, width,
                   run->slots == 2 ? "places more like it" : "more like it", out);
    check_loaded(t, table, run->first + null, last, &d, width + 2, out);
}

static void write_loaded(const struct target *t, const struct dtable *table, struct text *out)
{
    struct loaded list[LOADED];
    struct text words = {0};
    loaded_list(t, list);
    for (size_t i = 0; i < LOADED; i++) {
        if (is_from(table, list[i].segment))
            text_addf(&words, "%s%s %#x", words.len ? ", " : "loaded: ", list[i].name,
                      list[i].segment->selector);
    }
    if (words.len) {
        text_add_wrapped(out, text_str(&words), 8, BITS_WIDTH);
        text_addc(out, '\n');
    }
    for (size_t i = 0; i < LOADED; i++) {
        uint16_t selector = list[i].segment->selector;
        if (is_from(table, list[i].segment) && (selector | 7u) > table->limit)
            problem_add(out, 2, "%s holds selector %#x, which is past the limit", list[i].name, selector);
    }
    text_fini(&words);
}

static void write_table(const struct target *t, const struct dtable *table, const struct dtable_range *r,
                        struct text *out)
{
    unsigned width = digits(r->end ? r->end - 1 : 0), rows = 0;
    size_t i = r->first;
    if (width < 2)
        width = 2;
    text_addf(out, "%*s  sel   raw               base      limit     dpl      type\n", (int)width, "#");
    while (i < r->end && rows++ < ROWS_MAX) {
        struct dtable_run run = dtable_run_at(t, table, i, r->end);
        write_run(t, table, &run, width, out);
        i += run.n * run.slots;
    }
    if (i < r->end)
        text_addf(out, "%*s  %zu entries more: %s %zu-%zu\n", (int)width, "", r->end - i, table->command, i,
                  r->end - 1);
    text_add(out, "flags: P present, G limit in 4 KiB units, D 32-bit, L 64-bit, A accessed, V AVL\n");
    if (uses_tables(t))
        write_loaded(t, table, out);
}

static void write_one(const struct target *t, const struct dtable *table, size_t i, struct text *out)
{
    struct dtable_run run = dtable_run_at(t, table, i, i + 1);
    struct raw_descriptor d = raw_descriptor_decode(run.v.low, run.v.high);
    uint64_t linear = table->base + i * 8;
    struct text line = {0};
    text_addf(&line, "%s[%zu], selector %#x, at %#llx", table->name, i, selector_of(table, i),
              (unsigned long long)linear);
    linear_place(t, linear, &line);
    line_add(out, &line);
    text_fini(&line);
    if (run.why)
        return;
    text_addf(out, "  raw %016llx", (unsigned long long)d.low);
    if (run.slots == 2)
        text_addf(out, " and %016llx", (unsigned long long)d.high);
    text_addc(out, '\n');
    if (d.low == 0 || (i == 0 && !is_local(table))) {
        text_add(out,
                 d.low ? "  null: these bytes are never looked at\n" : "  empty: loading it raises #GP\n");
        check_loaded(t, table, i, i, &d, 2, out);
        return;
    }
    text_add(out, "  ");
    raw_descriptor_words(&d, target_long(t), out);
    if (!raw_is_gate(&d))
        text_addf(out, ": base %#llx, limit %#x", (unsigned long long)d.base, d.limit);
    text_addc(out, '\n');
    const struct bits *b = d.s               ? &bits_descriptor
                           : raw_is_gate(&d) ? &bits_call_gate
                                             : &bits_system_descriptor;
    bits_add_rows(b, run.v, out);
    check_row(t, table, &run, 2, out);
    check_loaded(t, table, i, i, &d, 2, out);
}

/* Intel SDM, "Processor State After Reset". */
static bool is_of_reset(const struct dtable *table)
{
    return table->base == 0 && table->limit == 0xffff;
}

static int look_table(const struct target *t, const struct dtable *table, const char *which, struct text *out,
                      struct err *e)
{
    struct dtable_range r;
    if (dtable_range_parse(table, which, dtable_count(table), &r, e) < 0)
        return -1;
    if (!r.all && r.first > 0 && dtable_is_upper(t, table, r.first))
        r.first--; /* the upper half of a descriptor means nothing alone */
    if (r.one) {
        write_one(t, table, r.first, out);
        return 0;
    }
    if (r.all)
        dtable_header(t, table, out);
    if (r.all && !uses_tables(t))
        text_add(out, "  not used now: a segment's base is its selector times 16\n");
    if (r.all && !uses_tables(t) && is_of_reset(table)) {
        text_add(out, "  the register still holds what it has after a reset: no table was loaded\n"
                      "  (gdt 0-100 shows these bytes of memory as if they were one)\n");
        return 0;
    }
    write_table(t, table, &r, out);
    return 0;
}

int look_gdt(const struct target *t, const char *which, struct text *out, struct err *e)
{
    struct dtable table = {.name = "GDT",
                           .command = "gdt",
                           .base = t->sregs.gdt.base,
                           .limit = t->sregs.gdt.limit,
                           .entry_len = 8,
                           .is_double = target_long(t) ? double_in_long_mode : NULL,
                           .entry_noun = "entry",
                           .entries_plural = "entries"};
    return look_table(t, &table, which, out, e);
}

int look_ldt(const struct target *t, const char *which, struct text *out, struct err *e)
{
    const struct kvm_segment *ldt = &t->sregs.ldt;
    if (ldt->unusable || ldt->selector < 4) {
        text_add(out, "no LDT: LDTR holds a null selector\n");
        return 0;
    }
    struct dtable table = {.name = "LDT",
                           .command = "ldt",
                           .base = ldt->base,
                           .limit = ldt->limit,
                           .entry_len = 8,
                           .is_double = target_long(t) ? double_in_long_mode : NULL,
                           .entry_noun = "entry",
                           .entries_plural = "entries"};
    return look_table(t, &table, which, out, e);
}
