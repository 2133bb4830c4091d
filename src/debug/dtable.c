/*
 * Tables in guest memory: see dtable.h.  A guest says with LGDT and LIDT where its tables are, and nobody
 * checks that at once: the base may be anywhere, the limit reach past what is mapped, and addresses wrap
 * around (Intel SDM, "Memory-Management Registers").  Each entry is therefore read through the page walk by
 * itself.
 */
#include "debug/dtable.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

size_t dtable_count(const struct dtable *d)
{
    uint64_t n = ((uint64_t)d->limit + 1) / d->entry_len;
    return n < DTABLE_ENTRIES_MAX ? (size_t)n : DTABLE_ENTRIES_MAX;
}

const char *dtable_read(const struct target *t, const struct dtable *d, size_t i, struct bits_value *v)
{
    uint8_t raw[16] = {0};
    struct gva_walk w = {0};
    *v = (struct bits_value){0};
    if (target_read(t, d->base + i * d->entry_len, raw, d->entry_len, &w) < d->entry_len)
        return w.why ? w.why : "no memory";
    *v = (struct bits_value){le64_load(raw), le64_load(raw + 8)};
    return NULL;
}

/* Entry i with the upper half that belongs to it. */
static struct dtable_run entry_at(const struct target *t, const struct dtable *d, size_t i)
{
    struct dtable_run r = {.first = i, .n = 1, .slots = 1};
    struct bits_value upper;
    r.why = dtable_read(t, d, i, &r.v);
    if (r.why || !d->is_double || !d->is_double(r.v.low) || i + 1 >= dtable_count(d))
        return r;
    if (dtable_read(t, d, i + 1, &upper))
        return r;
    r.slots = 2;
    r.v.high = upper.low;
    return r;
}

static bool run_equal(const struct dtable_run *a, const struct dtable_run *b)
{
    if (a->why || b->why)
        return a->why && b->why && strcmp(a->why, b->why) == 0;
    return a->v.low == b->v.low && a->v.high == b->v.high && a->slots == b->slots;
}

struct dtable_run dtable_run_at(const struct target *t, const struct dtable *d, size_t first, size_t end)
{
    struct dtable_run run = entry_at(t, d, first);
    for (size_t i = first + run.slots; i < end; i += run.slots) {
        struct dtable_run next = entry_at(t, d, i);
        if (!run_equal(&run, &next))
            break;
        run.n++;
    }
    return run;
}

bool dtable_is_upper(const struct target *t, const struct dtable *d, size_t i)
{
    size_t at = 0;
    while (d->is_double && at < i)
        at += entry_at(t, d, at).slots;
    return at > i;
}

static bool number_parse(const char **p, size_t *value)
{
    char *end;
    if (**p < '0' || **p > '9')
        return false;
    errno = 0;
    unsigned long long v = strtoull(*p, &end, 0);
    if (errno || v > DTABLE_ENTRIES_MAX * 2)
        v = DTABLE_ENTRIES_MAX * 2; /* outside of every table */
    *p = end;
    *value = (size_t)v;
    return true;
}

int dtable_range_parse(const struct dtable *d, const char *which, size_t count, struct dtable_range *r,
                       struct err *e)
{
    const char *p = which;
    size_t last = 0;
    *r = (struct dtable_range){.end = count, .all = *which == '\0'};
    if (r->all)
        return 0;
    bool good = number_parse(&p, &r->first);
    last = r->first;
    r->one = good && *p == '\0';
    if (good && *p == '-') {
        p++;
        good = number_parse(&p, &last);
    }
    if (!good || *p || last < r->first)
        return err_set(e, "%s: %s: an index such as 1 or a range such as 2-5", d->command, which);
    if (count == 0)
        return err_set(e, "%s: %s: the %s is empty (limit %#x)", d->command, which, d->name, d->limit);
    if (r->first >= count || (r->one && last >= count))
        return err_set(e, "%s: %s: past the limit: the last %s is %zu", d->command, which, d->entry_noun,
                       count - 1);
    r->end = last < count ? last + 1 : count;
    return 0;
}

void linear_place(const struct target *t, uint64_t linear, struct text *out)
{
    struct gva_walk w;
    struct gva_context c = target_context(t);
    gva_translate(t->memory, &c, linear, GVA_READ, &w);
    if (!w.ok)
        text_addf(out, " (not mapped: %s)", w.why);
    else if (!memory_ptr(t->memory, w.gpa, 1, false))
        text_addf(out, " (gpa %#llx: no memory there)", (unsigned long long)w.gpa);
    else if (t->sregs.cr0 & CR0_PG)
        text_addf(out, " (gpa %#llx)", (unsigned long long)w.gpa);
}

void dtable_header(const struct target *t, const struct dtable *d, struct text *out)
{
    size_t n = dtable_count(d), over = ((size_t)d->limit + 1) % d->entry_len;
    struct text line = {0};
    text_addf(&line, "%s at %#llx", d->name, (unsigned long long)d->base);
    linear_place(t, d->base, &line);
    text_addf(&line, ", limit %#x: %zu %s", d->limit, n, n == 1 ? d->entry_noun : d->entries_plural);
    line_add(out, &line);
    text_fini(&line);
    if (over && n < DTABLE_ENTRIES_MAX)
        problem_add(out, 2, "limit is not a multiple of %u minus 1: the last %s is cut off", d->entry_len,
                    d->entry_noun);
    if (!linear_is_canonical(t, d->base))
        problem_add(out, 2, "base is not canonical: no entry can be read");
}

void line_add(struct text *out, const struct text *line)
{
    enum { INDENT = 4 };
    if (text_width(text_str(line)) <= BITS_WIDTH)
        text_add(out, text_str(line));
    else
        text_add_wrapped(out, text_str(line), INDENT, BITS_WIDTH);
    text_addc(out, '\n');
}

void problem_add(struct text *out, size_t indent, const char *fmt, ...)
{
    char words[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(words, sizeof words, fmt, ap);
    va_end(ap);
    text_addf(out, "%*s! ", (int)indent, "");
    text_add_wrapped(out, words, indent + 2, BITS_WIDTH);
    text_addc(out, '\n');
}
