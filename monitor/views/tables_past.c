/*
 * What has changed in a descriptor table since the last stop: its entries' bytes now and then. The table must
 * have lain at the same place: after LGDT or LIDT all of it is another table.
 */
#include "monitor/views/tables_inside.h"

#include "vm/cpu.h"

#include <ctype.h>

enum { TSS_LEN = 104, IVT_LIMIT = 0x3ff };

/* Where a table lies, and how long its entries are. */
struct place {
    uint64_t base, limit;
    size_t entry_len;
};

static struct place place_of(enum table_kind kind, const struct kvm_sregs *s)
{
    bool wide = s->efer & EFER_LMA;
    switch (kind) {
    case TABLE_GDT:
        return (struct place){s->gdt.base, s->gdt.limit, 8};
    case TABLE_LDT:
        return (struct place){s->ldt.base, s->ldt.limit, 8};
    case TABLE_IDT:
        return (struct place){s->idt.base, s->idt.limit, wide ? 16 : 8};
    case TABLE_IVT:
        return (struct place){s->idt.base, s->idt.limit < IVT_LIMIT ? s->idt.limit : IVT_LIMIT, 4};
    default:
        return (struct place){s->tr.base, s->tr.limit < TSS_LEN ? s->tr.limit : TSS_LEN - 1, TSS_LEN};
    }
}

/* Entries that a line stands for: up to the one of the next line, or of the table's end. */
static size_t run_end(const struct table_lines *l, size_t line, const struct place *p)
{
    size_t entry = l->entry[line], next = line;
    while (next < l->count && l->entry[next] == entry)
        next++;
    size_t end = (size_t)((p->limit + 1) / p->entry_len);
    return next < l->count && l->entry[next] != SIZE_MAX && l->entry[next] > entry ? l->entry[next] : end;
}

void table_lines_compare(struct table_lines *l, enum table_kind kind, const struct snapshot *s)
{
    l->any_changed = false;
    if (!s->earlier || !s->earlier->has_cpu)
        return;
    struct place p = place_of(kind, &s->sregs), then = place_of(kind, &s->earlier->sregs);
    if (p.base != then.base || p.entry_len != then.entry_len)
        return;
    if (kind == TABLE_TSS)
        l->any_changed = snapshot_linear_changed(s, p.base, (size_t)p.limit + 1);
    for (size_t i = 0; i < l->count; i++) {
        size_t entry = l->entry[i];
        bool first = entry != SIZE_MAX && (i == 0 || l->entry[i - 1] != entry); /* not a line that goes on */
        size_t end = first ? run_end(l, i, &p) : 0;
        l->changed[i] = first && end > entry &&
                        snapshot_linear_changed(s, p.base + entry * p.entry_len, (end - entry) * p.entry_len);
    }
}

void table_lines_stars(const struct table_lines *l, size_t top, struct canvas *c)
{
    size_t n;
    for (size_t i = top; i < l->count && i - top < (size_t)c->window.h; i++) {
        const char *line = l->changed[i] ? lines_row(text_str(&l->text), i, &n) : NULL;
        size_t x = 0;
        while (line && x < n && line[x] == ' ')
            x++;
        while (line && x < n && isxdigit((unsigned char)line[x]))
            x++;
        if (line && x < n && line[x] == ' ') /* behind the number of a row, before a run */
            canvas_put(c, (int)x, (int)(i - top), ROLE_CHANGED, '*');
        else if (line)
            canvas_put(c, 0, (int)(i - top), ROLE_CHANGED, '*');
    }
}
