/*
 * One linear address on its way through the page tables: see pages.h.  `page ADDR` shows what the MMU does
 * in one memory access: it cuts the address into indices, reads an entry a level, and at the end holds the
 * rights of the whole path against what the access wants (Intel SDM, "Paging", "Access Rights",
 * "Page-Fault Exceptions").  The walk itself is gva_translate's; here it becomes words.
 *
 * Simplified: SMAP is judged with RFLAGS.AC as it is now, and accesses are explicit ones.
 */
#include "debug/pages.h"

#include "debug/backing.h"
#include "debug/page_bits.h"
#include "debug/symbols.h"

#include <inttypes.h>

void pages_scheme_write(const struct gva_context *c, struct text *out)
{
    const struct paging_scheme *s = paging_scheme(c);
    if (!s) {
        text_add(out, "no paging (CR0.PG is 0): a linear address is a physical one\n");
        return;
    }
    text_addf(out, "%s paging, CR3 0x%" PRIx64 "; WP %d, SMEP %d, SMAP %d, NXE %d", s->name, c->cr3,
              !!(c->cr0 & CR0_WP), !!(c->cr4 & CR4_SMEP), !!(c->cr4 & CR4_SMAP), !!(c->efer & EFER_NXE));
    if (s->gva_bits == 32 && s->entry_len == 4)
        text_addf(out, ", PSE %d", !!(c->cr4 & CR4_PSE));
    if ((c->cr4 & CR4_SMAP) && c->ac)
        text_add(out, " (suspended: RFLAGS.AC is 1)");
    text_addc(out, '\n');
}

void pages_len_write(uint64_t len, struct text *out)
{
    static const char unit[] = {'K', 'M', 'G', 'T', 'P'};
    size_t u = 0;
    for (; len && len % 1024 == 0 && u < sizeof unit; u++)
        len /= 1024;
    text_addf(out, "%" PRIu64, len);
    text_addc(out, u ? unit[u - 1] : 'b');
}

static void write_indices(const struct paging_scheme *s, uint64_t gva, struct text *out)
{
    text_addf(out, "linear 0x%" PRIx64 ":", gva);
    for (const struct paging_level *l = s->level; l < s->level + s->levels; l++)
        text_addf(out, " %s %u,", l->table, paging_index(l, gva));
    text_addf(out, " offset 0x%" PRIx64 "\n", gva & 0xfff);
}

/* `PDE    60 at 0x31e0  0x00004007  P RW US pwt pcd a ps nx  → PT at 0x4000` */
static void write_step(const struct paging_scheme *s, const struct gva_context *c, size_t i,
                       const struct gva_step *step, struct text *out)
{
    const struct paging_level *l = &s->level[i];
    struct paging_entry e;
    paging_decode(s, l, c, step->entry, &e);
    text_addf(out, "  %-5s %3u at 0x%" PRIx64 "  0x%0*" PRIx64 "  ", l->entry, step->index, step->entry_gpa,
              step->entry >> 32 ? 16 : 8, step->entry);
    page_bits_write(s, l, &e, out);
    if (e.kind == PAGING_ABSENT)
        text_add(out, "  not present");
    else if (e.large || l->shift == 12)
        text_addf(out, "  → page at 0x%" PRIx64, e.gpa);
    else
        text_addf(out, "  → %s at 0x%" PRIx64, l[1].table, e.gpa);
    page_bits_remark(s, l, c, &e, out);
    text_addc(out, '\n');
}

static void write_path(const struct gva_walk *w, struct text *out)
{
    text_addf(out, "path: %s, %s, %s\n", w->writable ? "writable" : "read-only",
              w->user ? "a user's" : "the supervisor's", w->executable ? "executable" : "not executable");
}

/* What lets an access through that the rights of the path alone would not. */
static const char *allowed_since(const struct gva_context *c, const struct gva_walk *w,
                                 enum gva_access access)
{
    if (c->cpl == 3)
        return "";
    if (access == GVA_WRITE && !w->writable)
        return ", since CR0.WP is 0";
    return access != GVA_FETCH && w->user && (c->cr4 & CR4_SMAP) ? ", since RFLAGS.AC is 1" : "";
}

/* One line an access: what it gets, `#PF` and the error code where it fails. */
static void write_accesses(const struct target *t, struct gva_context c, uint64_t gva, struct text *out)
{
    static const char *const verbs[] = {[GVA_READ] = "read", [GVA_WRITE] = "write", [GVA_FETCH] = "fetch"};
    for (unsigned cpl = 0; cpl <= 3; cpl += 3)
        for (enum gva_access access = GVA_READ; access <= GVA_FETCH; access++) {
            struct gva_walk w;
            c.cpl = cpl;
            gva_translate(t->memory, &c, gva, access, &w);
            text_addf(out, "  %-10s  %-5s  ", cpl ? "user" : "supervisor", verbs[access]);
            if (w.ok) {
                text_addf(out, "yes%s\n", allowed_since(&c, &w, access));
                continue;
            }
            text_add(out, "#PF ");
            page_bits_error(w.error_code, out);
            text_addf(out, ": %s\n", w.why);
        }
}

static void write_place(const struct target *t, uint64_t gva, uint64_t gpa, struct text *out)
{
    bool aliased = !t->memory->a20 && gpa - 0x100000 < 0x100000;
    text_addf(out, "physical 0x%" PRIx64 ": %s", gpa, backing_name(backing_at(t->memory, gpa).what));
    if (aliased)
        text_addf(out, " (A20 is off: the same as 0x%" PRIx64 ")", gpa - 0x100000);
    if (t->symbols) {
        struct text name = {0};
        symbols_name(t->symbols, gva, &name);
        if (name.len)
            text_addf(out, "; %s", text_str(&name));
        text_fini(&name);
    }
    text_addc(out, '\n');
}

static void write_not_canonical(const struct gva_context *c, uint64_t gva, struct text *out)
{
    text_addf(out,
              "linear 0x%" PRIx64 " is not canonical: bits 63 to %u must be equal. No table is looked at: an "
              "access is a general-protection fault (through SS a stack fault), error code 0\n",
              gva, c->cr4 & CR4_LA57 ? 56u : 47u);
}

static void write_tables(const struct target *t, const struct paging_scheme *s, const struct gva_context *c,
                         uint64_t gva, struct text *out)
{
    struct gva_walk w;
    gva_translate(t->memory, c, gva, GVA_READ, &w);
    write_indices(s, gva, out);
    for (size_t i = 0; i < w.steps; i++)
        write_step(s, c, i, &w.step[i], out);
    if (s->level->no_rights)
        text_add(out,
                 "  (the CPU read its four PDPTEs when CR3 was loaded; this is what memory holds now)\n");
    if (w.mapped)
        write_path(&w, out);
    else
        text_addf(out, "no translation: %s\n", w.why);
    write_accesses(t, *c, gva, out);
    if (!w.mapped)
        return;
    text_add(out, "page of ");
    pages_len_write(w.page_len, out);
    text_add(out, ", ");
    write_place(t, gva, w.gpa, out);
}

void pages_walk_write(const struct target *t, uint64_t gva, struct text *out)
{
    struct gva_context c = target_gva_context(t);
    const struct paging_scheme *s = paging_scheme(&c);
    c.cpl = 0;
    pages_scheme_write(&c, out);
    if (!(c.efer & EFER_LMA) && gva > UINT32_MAX) {
        text_addf(out, "0x%" PRIx64 ": linear addresses have 32 bits here, the rest is cut off\n", gva);
        gva &= UINT32_MAX;
    }
    if ((c.efer & EFER_LMA) && !paging_canonical(&c, gva)) {
        write_not_canonical(&c, gva, out);
        return;
    }
    if (s) {
        write_tables(t, s, &c, gva, out);
        return;
    }
    text_addf(out, "A20 is %s\n", t->memory->a20 ? "on" : "off");
    write_place(t, gva, gva, out);
}
