/*
 * Segment registers.  What a program sees of one is the selector; what the CPU uses is the hidden part, read
 * from a descriptor when the selector was loaded and kept since, whatever happens to the table.  That is what
 * makes unreal mode work, lets code run on after LGDT, and hides a damaged GDT until the next load: so both
 * are shown, and where they differ it is said (Intel SDM, "Segment Registers", "Segment Selectors", "Segment
 * Descriptors").  A CPU in real or virtual-8086 mode makes the hidden part from the selector alone.
 */
#include "debug/look.h"

#include "debug/bits.h"
#include "debug/descriptor_words.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

struct segment_row {
    const char *name;
    size_t offset; /* in struct kvm_sregs */
    bool system;   /* TR, LDTR */
    bool by_msr;   /* in long mode the base comes from an MSR */
};
#define SEG(name, system, by_msr)                                                                            \
    {                                                                                                        \
#name, offsetof(struct kvm_sregs, name), system, by_msr                                              \
    }
static const struct segment_row rows[] = {
    SEG(cs, false, false), SEG(ss, false, false), SEG(ds, false, false), SEG(es, false, false),
    SEG(fs, false, true),  SEG(gs, false, true),  SEG(tr, true, false),  SEG(ldt, true, false),
};
#undef SEG
enum { WORDS_AT = 12 };

static bool is_8086(const struct target *t)
{
    return !(t->sregs.cr0 & CR0_PE) || (t->regs.rflags & RFLAGS_VM);
}

static struct kvm_segment segment_of(const struct target *t, const struct segment_row *row)
{
    struct kvm_segment s;
    memcpy(&s, (const char *)&t->sregs + row->offset, sizeof s);
    return s;
}

/* The hidden part in the shape of a descriptor. */
static struct raw_descriptor hidden_part(const struct kvm_segment *s)
{
    return (struct raw_descriptor){.base = s->base,
                                   .limit = s->limit,
                                   .type = s->type & 0xf,
                                   .dpl = s->dpl & 3,
                                   .s = s->s,
                                   .p = s->present,
                                   .avl = s->avl,
                                   .l = s->l,
                                   .db = s->db,
                                   .g = s->g};
}

static void add_line(const char *mark, const struct text *words, struct text *out)
{
    text_addf(out, "%*s%s", WORDS_AT, "", mark);
    text_add_wrapped(out, text_str(words), WORDS_AT + strlen(mark), BITS_WIDTH);
    text_addc(out, '\n');
}

/* The accessed bit of code and data and the busy bit of a TSS change in memory behind the hidden part's back.
 */
static unsigned type_compared(const struct raw_descriptor *d)
{
    return d->type & (d->s ? 0xeu : 0xdu);
}

static void list_add(struct text *words, const char *what, uint64_t memory, uint64_t cached)
{
    text_addf(words, "%s%s %#llx (the CPU uses %#llx)", words->len ? ", " : "", what,
              (unsigned long long)memory, (unsigned long long)cached);
}

/* What the descriptor in memory says differently. */
static void list_differences(const struct target *t, const struct segment_row *row,
                             const struct raw_descriptor *memory, const struct raw_descriptor *cached,
                             struct text *words)
{
    bool flat = cpu_mode(&t->sregs) == MODE_LONG && !row->system;
    bool by_msr = target_long(t) && row->by_msr;
    if (memory->base != cached->base && !flat && !by_msr)
        list_add(words, "base", memory->base, cached->base);
    if (memory->limit != cached->limit && !flat)
        list_add(words, "limit", memory->limit, cached->limit);
    if (memory->s != cached->s || type_compared(memory) != type_compared(cached))
        list_add(words, "type", (unsigned)memory->type | (unsigned)memory->s << 4,
                 (unsigned)cached->type | (unsigned)cached->s << 4);
    if (memory->dpl != cached->dpl)
        list_add(words, "DPL", memory->dpl, cached->dpl);
    if (memory->p != cached->p)
        list_add(words, "P", memory->p, cached->p);
    if (memory->db != cached->db && !row->system)
        list_add(words, "D", memory->db, cached->db);
    if (memory->l != cached->l && !row->system)
        list_add(words, "L", memory->l, cached->l);
}

static void check_8086(const struct kvm_segment *s, struct text *words)
{
    if (s->base != (uint64_t)s->selector << 4)
        text_addf(words, "the base is not the selector times 16 (%#x): the hidden part is from before",
                  s->selector << 4);
    if (s->limit != 0xffff)
        text_addf(words, "%sthe limit is not 0xffff: unreal mode", words->len ? "; " : "");
}

static void check_memory(const struct target *t, const struct segment_row *row, const struct kvm_segment *s,
                         struct text *words)
{
    struct raw_descriptor memory, cached = hidden_part(s);
    struct text what = {0};
    enum selector_found found = selector_read(t, s->selector, &memory);
    if (found == SELECTOR_OK) {
        list_differences(t, row, &memory, &cached, &what);
        if (what.len)
            text_addf(words, "%s[%u] in memory now says: %s", s->selector & 4 ? "LDT" : "GDT",
                      s->selector >> 3, text_str(&what));
    } else if (found != SELECTOR_NULL) {
        text_add(words, "the selector ");
        selector_found_words(t, s->selector, found, words);
        text_add(words, ": it could not be loaded again");
    }
    text_fini(&what);
}

static void write_kind(const struct target *t, const struct segment_row *row, const struct kvm_segment *s,
                       struct text *out)
{
    struct raw_descriptor d = hidden_part(s);
    struct text words = {0};
    if (is_8086(t) && !row->system)
        text_add(&words, "selector * 16");
    else
        selector_words(s->selector, &words);
    text_add(&words, ": ");
    if (s->unusable)
        text_addf(&words, "unusable%s",
                  row->system                        ? ""
                  : cpu_mode(&t->sregs) == MODE_LONG ? " (64-bit mode does not mind)"
                                                     : " (an access raises #GP, on the stack #SS)");
    else
        raw_descriptor_words(&d, target_long(t), &words);
    if (!s->unusable && s->s)
        text_add(&words, s->type & 1 ? ", accessed" : ", not accessed");
    if (!s->unusable && !s->present)
        text_add(&words, ", not present");
    if (row->system && s->selector < 4)
        text_add(&words, row->offset == offsetof(struct kvm_sregs, tr) ? ", LTR was not executed"
                                                                       : ", there is no LDT");
    add_line("", &words, out);
    text_fini(&words);
}

static void write_segment(const struct target *t, const struct segment_row *row, struct text *out)
{
    struct kvm_segment s = segment_of(t, row);
    struct text words = {0};
    text_addf(out, "%-3s 0x%04x  base %016llx  limit %08x (%s)  DPL %u%s\n", row->name, s.selector, s.base,
              s.limit, s.g ? "4 KiB units" : "bytes", s.dpl & 3u, s.avl ? "  AVL" : "");
    write_kind(t, row, &s, out);
    if (is_8086(t) && !row->system)
        check_8086(&s, &words);
    else if (!s.unusable && (t->sregs.cr0 & CR0_PE))
        check_memory(t, row, &s, &words);
    if (words.len)
        add_line("! ", &words, out);
    text_fini(&words);
}

static void write_tables(const struct target *t, struct text *out)
{
    const struct kvm_dtable *gdt = &t->sregs.gdt, *idt = &t->sregs.idt;
    text_addf(out, "gdtr        base %016llx  limit %08x\n", gdt->base, gdt->limit);
    text_addf(out, "idtr        base %016llx  limit %08x\n", idt->base, idt->limit);
    if (cpu_mode(&t->sregs) == MODE_LONG)
        text_add(out, "64-bit mode: only the bases of fs and gs count, no other base and no limit\n");
}

int look_segments(const struct target *t, const char *which, struct text *out, struct err *e)
{
    bool found = false;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (*which && strcasecmp(which, rows[i].name) != 0)
            continue;
        write_segment(t, &rows[i], out);
        found = true;
    }
    if (!found)
        return err_set(e, "seg: %s: one of cs, ss, ds, es, fs, gs, tr, ldt", which);
    if (!*which)
        write_tables(t, out);
    return 0;
}
