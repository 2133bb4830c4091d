/*
 * The bits of a page-table entry, by name: see page_bits.h.  Which names a bit has depends on what the entry
 * does: D and G exist only where it maps a page; bit 7 is PS in an entry that could be either, and PAT in
 * the last level's, where a large page has PAT at bit 12; a PAE PDPTE has no rights at all (Intel SDM, the
 * tables "Format of…" in "32-Bit Paging", "PAE Paging", "4-Level Paging and 5-Level Paging").
 *
 * Simplified: the bits left to software, protection keys and HLAT's R are not named.
 */
#include "debug/page_bits.h"

enum { IN_TABLE = 1, IN_PTE = 2, IN_LARGE = 4, IN_PDPTE_PAE = 8, IN_PAGE = IN_PTE | IN_LARGE };
enum { IN_ALL = IN_TABLE | IN_PAGE };

static const struct {
    const char *clear, *set;
    unsigned bit, where;
} bits[] = {
    {"p", "P", 0, IN_ALL | IN_PDPTE_PAE},
    {"rw", "RW", 1, IN_ALL},
    {"us", "US", 2, IN_ALL},
    {"pwt", "PWT", 3, IN_ALL | IN_PDPTE_PAE},
    {"pcd", "PCD", 4, IN_ALL | IN_PDPTE_PAE},
    {"a", "A", 5, IN_ALL},
    {"d", "D", 6, IN_PAGE},
    {"ps", "PS", 7, IN_TABLE | IN_LARGE},
    {"pat", "PAT", 7, IN_PTE},
    {"g", "G", 8, IN_PAGE},
    {"pat", "PAT", 12, IN_LARGE},
    {"nx", "NX", 63, IN_ALL},
};

static unsigned entry_place(const struct paging_level *l, const struct paging_entry *e)
{
    if (l->no_rights)
        return IN_PDPTE_PAE;
    if (l->shift == 12)
        return IN_PTE;
    return e->large ? IN_LARGE : IN_TABLE;
}

void page_bits_write(const struct paging_scheme *s, const struct paging_level *l,
                     const struct paging_entry *e, struct text *out)
{
    unsigned place = entry_place(l, e);
    const char *blank = "";
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        if (!(bits[i].where & place) || bits[i].bit >= s->entry_len * 8)
            continue;
        text_addf(out, "%s%s", blank, e->raw >> bits[i].bit & 1 ? bits[i].set : bits[i].clear);
        if (e->kind == PAGING_ABSENT)
            return;
        blank = " ";
    }
}

void page_bits_remark(const struct paging_scheme *s, const struct paging_level *l,
                      const struct gva_context *c, const struct paging_entry *e, struct text *out)
{
    if (e->kind == PAGING_TABLE && l->large && (e->raw & PAGING_PS))
        text_add(out, "; PS is ignored while CR4.PSE is 0");
    if (!e->reserved)
        return;
    text_add(out, "; reserved bits set:");
    const char *comma = "";
    for (unsigned bit = s->entry_len * 8; bit-- > 0;) {
        if (!(e->reserved >> bit & 1))
            continue;
        text_addf(out, "%s %u", comma, bit);
        if (bit == 63 && !l->no_rights && !(c->efer & EFER_NXE))
            text_add(out, " (NX, while EFER.NXE is 0)");
        if (bit == 7 && !l->no_rights)
            text_add(out, l->large ? " (PS: the processor has no 1-GiB pages)" : " (PS)");
        comma = ",";
    }
}

void page_bits_error(uint32_t code, struct text *out)
{
    static const struct {
        uint32_t bit;
        const char *clear, *set;
    } names[] = {{PF_PRESENT, "p", "P"},
                 {PF_WRITE, "w", "W"},
                 {PF_USER, "u", "U"},
                 {PF_RESERVED, "rsvd", "RSVD"},
                 {PF_FETCH, "i", "I"}};
    text_addf(out, "0x%x (", code);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        text_addf(out, "%s%s", i ? " " : "", code & names[i].bit ? names[i].set : names[i].clear);
    text_addc(out, ')');
}
