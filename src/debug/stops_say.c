/*
 * Stops in words: the sentence for the one that was met, and the list for `info break`.
 */
#include "debug/exceptions.h"
#include "debug/place.h"
#include "debug/stops_inside.h"

#include "base/bytes.h"

#include <string.h>

#define ULL(x) ((unsigned long long)(x))

static const char *const kind_names[STOPS_KIND_COUNT] = {
#define STOPS_NAME(name, text) [STOPS_##name] = (text),
    STOPS_KINDS(STOPS_NAME)
#undef STOPS_NAME
};

static void say_range(uint64_t first, uint64_t last, struct text *out)
{
    text_addf(out, "0x%llx", ULL(first));
    if (last != first)
        text_addf(out, "-0x%llx", ULL(last));
}

/* `dword [0x8000]`, or a range. */
static void say_memory(uint64_t first, uint64_t last, struct text *out)
{
    static const char *const widths[9] = {[1] = "byte", [2] = "word", [4] = "dword", [8] = "qword"};
    uint64_t len = last - first + 1;
    if (len <= 8 && widths[len])
        text_addf(out, "%s [0x%llx]", widths[len], ULL(first));
    else
        say_range(first, last, out);
}

const char *stops_kind_name(enum stops_kind kind)
{
    return kind_names[kind];
}

/* ---- what was met ---- */

static void say_break(const struct stop *x, const struct stops_found *f, struct text *out)
{
    uint64_t linear = cpu_rip_linear(&f->t->regs, &f->t->sregs);
    text_addf(out, "%sbreakpoint %u at ", x->what.once ? "temporary " : "", x->number);
    if (x->what.kind == STOPS_BREAK_PHYS)
        text_addf(out, "gpa 0x%llx, linear ", ULL(x->what.first));
    place_write(f->t, linear, out);
}

/* A value of 1 to 8 bytes, or that there is none. */
static void say_value(const uint8_t *p, size_t n, size_t want, struct text *out)
{
    if (n < want)
        text_add(out, "(not mapped)");
    else
        text_addf(out, "0x%llx", ULL(le_load(p, want)));
}

/* Where two copies of a longer range first differ. */
static size_t first_difference(const uint8_t *a, size_t an, const uint8_t *b, size_t bn)
{
    size_t i = 0;
    while (i < an && i < bn && a[i] == b[i])
        i++;
    return i;
}

static void say_watch(const struct stop *x, const struct stops_found *f, struct text *out)
{
    static const char *const verbs[4] = {"accessed", "read", "written", "accessed"};
    size_t len = stop_watch_len(x), at = 0, want = len;
    bool changed = f->old_len != x->seen_len || memcmp(f->old, x->seen, x->seen_len) != 0;
    text_addf(out, "%swatchpoint %u: ", x->what.once ? "temporary " : "", x->number);
    if (len > 8 || (len & (len - 1))) {
        at = first_difference(f->old, f->old_len, x->seen, x->seen_len);
        if (at >= len)
            at = 0;
        want = 1;
        say_range(x->what.first, x->what.last, out);
        text_add(out, changed ? ", " : "");
    }
    if (want == len || changed)
        say_memory(x->what.first + at, x->what.first + at + want - 1, out);
    text_addc(out, ' ');
    if (changed) {
        say_value(f->old + at, f->old_len > at ? f->old_len - at : 0, want, out);
        text_add(out, " → ");
    } else {
        text_addf(out, "%s, %s", verbs[f->direction & 3], f->direction & STOPS_OUT ? "still " : "");
    }
    say_value(x->seen + at, x->seen_len > at ? x->seen_len - at : 0, want, out);
    const struct target *who = f->before ? f->before : f->t;
    text_add(out, f->before ? " at " : ", seen before ");
    place_write(who, cpu_rip_linear(&who->regs, &who->sregs), out);
}

static void say_event(const struct stop *x, const struct stops_found *f, struct text *out)
{
    text_addf(out, "stop %u: ", x->number);
    event_sentence(f->ev, f->t->names, out);
}

static void say_vector(const struct stop *x, const struct stops_found *f, struct text *out)
{
    if (f->ev) {
        say_event(x, f, out);
        return;
    }
    text_addf(out, "stop %u: %s 0x%02x", x->number,
              f->interrupt || f->vector >= EXCEPTION_VECTORS ? "interrupt" : "exception", f->vector);
    if (f->interrupt || !exception_info(f->vector))
        return;
    text_addc(out, ' ');
    exception_name(f->vector, out);
}

static void say_change(const struct stop *x, const struct stops_found *f, struct text *out)
{
    text_addf(out, "stop %u: ", x->number);
    if (x->what.kind == STOPS_CR3)
        text_addf(out, "CR3 0x%llx → 0x%llx", ULL(f->before->sregs.cr3), ULL(f->t->sregs.cr3));
    else
        stops_mode_sentence(&f->before->sregs, &f->t->sregs, out);
}

void stop_say(const struct stop *x, const struct stops_found *f, struct text *out)
{
    static void (*const say[STOPS_KIND_COUNT])(const struct stop *, const struct stops_found *,
                                               struct text *) = {
        [STOPS_BREAK] = say_break,   [STOPS_BREAK_PHYS] = say_break, [STOPS_WATCH] = say_watch,
        [STOPS_IO] = say_event,      [STOPS_MMIO] = say_event,       [STOPS_MSR] = say_event,
        [STOPS_MODE] = say_change,   [STOPS_CR3] = say_change,       [STOPS_CR0] = say_change,
        [STOPS_VECTOR] = say_vector, [STOPS_HLT] = say_event,        [STOPS_KIND] = say_event,
        [STOPS_ASSIST] = say_event,  [STOPS_DEVICE] = say_event};
    /* What the hardware reports by number alone has none of the rest. */
    bool can = x->what.kind <= STOPS_WATCH || f->ev || f->before || x->what.kind == STOPS_VECTOR;
    if (can)
        say[x->what.kind](x, f, out);
    else
        text_addf(out, "stop %u", x->number);
}

/* ---- the list ---- */

static void where_break(const struct stop *x, const struct target *t, struct text *out)
{
    if (x->what.kind == STOPS_BREAK_PHYS)
        text_addf(out, "gpa 0x%llx", ULL(x->what.first));
    else
        place_write(t, x->what.first, out);
}

static void where_watch(const struct stop *x, const struct target *t, struct text *out)
{
    say_memory(x->what.first, x->what.last, out);
    place_symbol(t, x->what.first, out);
}

static void where_range(const struct stop *x, const struct target *t, struct text *out)
{
    (void)t;
    say_range(x->what.first, x->what.last, out);
}

static void where_vector(const struct stop *x, const struct target *t, struct text *out)
{
    where_range(x, t, out);
    const struct exception_info *i =
        x->what.first < EXCEPTION_VECTORS ? exception_info((unsigned)x->what.first) : NULL;
    if (i && x->what.first == x->what.last)
        text_addf(out, " %s", i->mnemonic);
}

static void where_kind(const struct stop *x, const struct target *t, struct text *out)
{
    (void)t;
    text_add(out, event_kind_info((unsigned)x->what.first)->name);
}

static void where_assist(const struct stop *x, const struct target *t, struct text *out)
{
    (void)t;
    text_add(out, x->what.first == ASSIST_NONE ? "any" : event_assist_name((unsigned)x->what.first));
}

static void where_device(const struct stop *x, const struct target *t, struct text *out)
{
    (void)t;
    text_add(out, x->what.device ? x->what.device : "?");
}

static void where_direction(const struct stop *x, struct text *out)
{
    bool port = x->what.kind == STOPS_IO || x->what.kind == STOPS_DEVICE;
    if (x->what.kind == STOPS_WATCH && x->what.direction == STOPS_OUT)
        return; /* what a watch is by itself */
    if (x->what.direction == STOPS_ANY && x->what.kind == STOPS_WATCH)
        text_add(out, " read or write");
    else if (x->what.direction == STOPS_IN)
        text_add(out, port ? " in" : " read");
    else if (x->what.direction == STOPS_OUT)
        text_add(out, port ? " out" : " write");
}

void stops_where(const struct stop *x, const struct target *t, struct text *out)
{
    static void (*const where[STOPS_KIND_COUNT])(const struct stop *, const struct target *,
                                                 struct text *) = {
        [STOPS_BREAK] = where_break,   [STOPS_BREAK_PHYS] = where_break, [STOPS_WATCH] = where_watch,
        [STOPS_IO] = where_range,      [STOPS_MMIO] = where_range,       [STOPS_MSR] = where_range,
        [STOPS_VECTOR] = where_vector, [STOPS_KIND] = where_kind,        [STOPS_ASSIST] = where_assist,
        [STOPS_DEVICE] = where_device};
    if (where[x->what.kind])
        where[x->what.kind](x, t, out);
    where_direction(x, out);
}

static void list_notes(const struct stop *x, struct text *out)
{
    const char *sep = "";
    const struct {
        bool is;
        const char *word;
    } notes[] = {{!x->enabled, "disabled"}, {x->what.once, "once"}, {x->what.hardware, "hardware"}};
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++)
        if (notes[i].is) {
            text_addf(out, "%s%s", sep, notes[i].word);
            sep = ", ";
        }
    if (x->what.ignore) {
        text_addf(out, "%signores %llu more", sep, ULL(x->what.ignore));
        sep = ", ";
    }
    if (!x->commands)
        return;
    text_addf(out, "%sdoes: ", sep);
    for (const char *p = x->commands; *p; p++)
        text_add(out, *p == '\n' ? (p[1] ? "; " : "") : (const char[]){*p, '\0'});
}

static void list_row(struct table *table, const struct stop *x, const struct target *t)
{
    struct text where = {0}, notes = {0};
    stops_where(x, t, &where);
    bool say_written = x->what.where && x->what.kind == STOPS_BREAK;
    if (say_written && !strchr(text_str(&where), '<'))
        text_addf(&where, " (%s)", x->what.where);
    list_notes(x, &notes);
    table_cell(table, "%u", x->number);
    table_cell(table, "%s", kind_names[x->what.kind]);
    table_cell(table, "%s", text_str(&where));
    table_cell(table, "%s", x->what.condition_text ? x->what.condition_text : "");
    table_cell(table, "%llu", ULL(x->hits));
    table_cell(table, "%s", text_str(&notes));
    text_fini(&where);
    text_fini(&notes);
}

/* One that was for one time and has been met is there for its commands only. */
static bool is_listed(const struct stop *x)
{
    return !x->what.hidden && !x->spent;
}

void stops_list(const struct stops *s, const struct target *t, struct text *out)
{
    static const char *const heads[] = {"num", "what", "where", "if", "hits", "notes"};
    struct table table;
    size_t shown = 0;
    for (size_t i = 0; i < s->count; i++)
        shown += is_listed(s->row[i]);
    if (!shown) {
        text_add(out, "no stops are set\n");
        return;
    }
    table_init(&table, "rlllrl");
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        table_cell(&table, "%s", heads[i]);
    for (size_t i = 0; i < s->count; i++)
        if (is_listed(s->row[i]))
            list_row(&table, s->row[i], t);
    table_finish(&table, out, "", true);
}
