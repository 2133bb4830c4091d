/*
 * What is known about one entry or one walk: where it leads and what may be done there, or which level fails
 * and with what error code a page fault comes of it; the entry's bits, one by one where there is room (Intel
 * SDM, "Access Rights", "Page-Fault Exceptions").
 */
#include "monitor/views/pages_inside.h"

#include "debug/backing.h"
#include "debug/bits.h"
#include "debug/page_bits.h"
#include "debug/pages.h"
#include "vm/cpu.h"

#include <inttypes.h>
#include <string.h>

void pages_rights(const struct pages *p, unsigned cpl, struct paging_rights rights, struct text *out)
{
    static const struct {
        enum gva_access access;
        char letter;
    } ways[] = {{GVA_READ, 'r'}, {GVA_WRITE, 'w'}, {GVA_FETCH, 'x'}};
    struct gva_context c = p->tree.context;
    c.cpl = cpl;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        text_addc(out, paging_refusal(&c, rights, ways[i].access) ? '-' : ways[i].letter);
}

static void add_rights(const struct pages *p, struct paging_rights rights, bool brief, struct text *out)
{
    text_add(out, brief ? "" : "ring 0 ");
    pages_rights(p, 0, rights, out);
    text_add(out, brief ? " " : ", ring 3 ");
    pages_rights(p, 3, rights, out);
}

/* What an access to `gva` by whoever runs now gets. */
static void add_outcome(const struct pages *p, const struct snapshot *s, uint64_t gva, bool asked, int w,
                        struct text *out)
{
    struct gva_walk walk;
    gva_translate(&s->memory, &p->tree.context, gva, GVA_READ, &walk);
    bool canonical = !(p->tree.context.efer & EFER_LMA) || paging_canonical(&p->tree.context, gva);
    text_add(out, asked && !walk.ok ? "! " : "");
    if (w < PAGES_NARROW && !walk.ok && canonical) { /* the address is in the title */
        text_addf(out, "%s: #PF, error 0x%x\n", walk.why, walk.error_code);
        return;
    }
    text_addf(out, "0x%" PRIx64, gva);
    if (!canonical) {
        text_add(out, " is not canonical: #GP, and no table is looked at");
    } else if (walk.ok) {
        const struct paging_rights rights = {walk.writable, walk.user, walk.executable};
        text_addf(out, w < PAGES_NARROW ? " → 0x%" PRIx64 " %s " : " → physical 0x%" PRIx64 " %s; ", walk.gpa,
                  backing_name(backing_at(&s->memory, walk.gpa).what));
        add_rights(p, rights, w < PAGES_NARROW, out);
    } else {
        text_addf(out, ": %s: a read is #PF, error ", walk.why);
        page_bits_error(walk.error_code, out);
    }
    text_addc(out, '\n');
}

/* `PML4 0, PDPT 0, PD 1, offset 0x1234` */
static void add_way(const struct pages *p, const struct pages_line *l, struct text *out)
{
    const struct paging_level *level = p->tree.scheme->level;
    text_addf(out, "CR3 0x%" PRIx64, p->root.gpa);
    for (unsigned i = 0; i <= l->place.depth; i++)
        text_addf(out, " → %s %u", level[i].table, l->place.index[i]);
    text_addc(out, '\n');
}

static void add_entry(const struct pages *p, const struct pages_line *l, struct text *out)
{
    const struct paging_scheme *scheme = p->tree.scheme;
    const struct paging_level *level = pages_level(p, l);
    pages_label(p, l, false, out);
    text_addf(out, " at 0x%" PRIx64 ": 0x%0*" PRIx64 "  ",
              l->table.gpa + (uint64_t)l->row.first * scheme->entry_len, (int)scheme->entry_len * 2,
              l->row.entry);
    page_bits_write(scheme, level, &l->row.decoded, out);
    page_bits_remark(scheme, level, &p->tree.context, &l->row.decoded, out);
    if (l->row.loops)
        text_add(out, "; leads back to a table on its own path");
    if (!l->backed)
        text_add(out, "; no memory is there");
    text_addc(out, '\n');
}

/* Appends the bits by name that are not what they were, as they are now. */
static void add_changed_bits(const struct pages *p, const struct pages_line *l, struct text *out)
{
    const struct paging_scheme *scheme = p->tree.scheme;
    const struct paging_level *level = pages_level(p, l);
    struct paging_entry then;
    struct text new = {0}, old = {0};
    paging_decode(scheme, level, &p->tree.context, l->was, &then);
    page_bits_write(scheme, level, &l->row.decoded, &new);
    page_bits_write(scheme, level, &then, &old);
    text_add(out, then.gpa != l->row.gpa ? "; changed: address" : "; changed:");
    const char *a = text_str(&new), *b = text_str(&old);
    while (*a && *b) {
        size_t n = strcspn(a, " "), m = strcspn(b, " ");
        if (n != m || memcmp(a, b, n) != 0)
            text_addf(out, " %.*s", (int)n, a);
        a += n + (a[n] == ' ');
        b += m + (b[m] == ' ');
    }
    text_fini(&new);
    text_fini(&old);
}

static void add_changed(const struct pages *p, const struct pages_line *l, struct text *out)
{
    if (!l->changed)
        return;
    int digits = (int)p->tree.scheme->entry_len * 2;
    if (l->row.count == 1) {
        text_addf(out, "* was 0x%0*" PRIx64 " at the stop before", digits, l->was);
        add_changed_bits(p, l, out);
        text_addc(out, '\n');
    } else {
        text_addf(out, "* %u changed since the stop before: the first, %u, was 0x%0*" PRIx64 "\n", l->changed,
                  l->was_index, digits, l->was);
    }
}

/* How much one line spans, for entries in the middle of the tree. */
static void add_span(const struct pages *p, const struct pages_line *l, struct text *out)
{
    uint64_t len = l->row.len * l->row.count;
    text_addf(out, "linear 0x%" PRIx64 "-0x%" PRIx64 ", ", l->row.gva, l->row.gva + len - 1);
    pages_len_write(len, out);
    if (l->row.decoded.kind == PAGING_TABLE) {
        text_add(out, "; so far ");
        add_rights(p, l->rights, false, out);
    }
    text_addc(out, '\n');
}

/* The whole walk, without its first line, which stands over the tree. */
static void add_walk(const struct snapshot *s, uint64_t gva, struct text *out)
{
    struct text walk = {0};
    pages_walk_write(&s->target, gva, &walk);
    const char *line = text_str(&walk);
    line += strcspn(line, "\n");
    text_add(out, *line ? line + 1 : line);
    text_fini(&walk);
}

void pages_detail(struct pages *p, const struct snapshot *s, const struct pages_line *l, int w, bool full)
{
    struct text out = {0};
    bool walked = !l || pages_is_walk_end(p, l);
    uint64_t gva = walked ? p->gva : l->row.gva;
    if (walked || l->row.decoded.kind != PAGING_TABLE)
        add_outcome(p, s, gva, walked, w, &out);
    else
        add_span(p, l, &out);
    if (full) {
        if (l)
            add_changed(p, l, &out);
        add_walk(s, gva, &out);
    } else if (l) {
        add_entry(p, l, &out);
        add_changed(p, l, &out);
        add_way(p, l, &out);
        if (walked || l->row.decoded.kind != PAGING_TABLE)
            add_span(p, l, &out);
    }
    lines_wrap(text_str(&out), w, &p->detail);
    text_fini(&out);
}

void pages_entry(struct pages *p, const struct snapshot *s, const struct pages_line *l, int w)
{
    struct text out = {0};
    const struct paging_level *level = pages_level(p, l);
    bool walked = pages_is_walk_end(p, l);
    const struct bits *bits = level->shift == 12                     ? &bits_pte
                              : level->large || l->row.decoded.large ? &bits_pde
                                                                     : &bits_pml4e;
    add_way(p, l, &out);
    add_entry(p, l, &out);
    add_changed(p, l, &out);
    add_span(p, l, &out);
    if (l->row.decoded.kind == PAGING_ABSENT)
        text_add(&out,
                 "\nP is 0: the other bits mean nothing to the CPU; an operating system may keep what it "
                 "likes there\n");
    else
        bits_add_rows(bits, (struct bits_value){l->row.entry, 0}, &out);
    text_addc(&out, '\n');
    pages_walk_write(&s->target, walked ? p->gva : l->row.gva, &out);
    lines_wrap(text_str(&out), w, &p->text);
    text_fini(&out);
}

/* ---- no paging ---- */

static void add_segment(const char *name, const struct kvm_segment *seg, struct text *out)
{
    uint64_t last = seg->base + seg->limit;
    if (!seg->unusable)
        text_addf(out, "  %s %04x  0x%08" PRIx64 "-0x%08" PRIx64 "\n", name, seg->selector,
                  (uint64_t)seg->base, last);
}

void pages_unpaged(struct pages *p, const struct snapshot *s, int w)
{
    const struct kvm_sregs *r = &s->sregs;
    struct text out = {0};
    text_add(&out, "Paging is off (CR0.PG is 0): no tables, and linear addresses are physical.\n");
    if (p->at_address)
        text_addf(&out, "0x%" PRIx64 " is physical 0x%" PRIx64 ": %s\n", p->address, p->address & UINT32_MAX,
                  backing_name(backing_at(&s->memory, p->address & UINT32_MAX).what));
    text_add(&out, s->mode == MODE_REAL ? "Real mode has segments: linear = selector x 16 + offset.\n"
                                        : "Segments alone decide: linear = the segment's base + offset.\n");
    add_segment("cs", &r->cs, &out);
    add_segment("ss", &r->ss, &out);
    add_segment("ds", &r->ds, &out);
    add_segment("es", &r->es, &out);
    add_segment("fs", &r->fs, &out);
    add_segment("gs", &r->gs, &out);
    if (r->cr3)
        text_addf(&out, "CR3 is 0x%" PRIx64 " already: tables may be in the making there.\n",
                  (uint64_t)r->cr3);
    text_add(&out, "Key m: the map of what is where.\n");
    lines_wrap(text_str(&out), w, &p->text);
    text_fini(&out);
}
