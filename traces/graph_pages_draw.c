/*
 * The picture of the page tables, drawn: see graph_pages.h.  A table is a box of rows, from the left: what
 * changed, the entries' numbers, the linear address, what is there, who may do what, and whether the CPU has
 * used it. An arrow leaves the row that points to a table. In SVG a row tells the raw value of its entry and
 * each bit when the pointer rests on it, and a click goes to the table it points to.
 */
#include "traces/graph_pages.h"

#include "debug/page_bits.h"
#include "debug/pages.h"

#include <inttypes.h>

#define FILL_HEAD "#33475b"
#define WHAT_MAX  64

/* ---- a row ---- */

static const struct paging_level *node_level(const struct pages *p, const struct pages_node *n)
{
    return page_tree_level(&p->tree, &n->table);
}

static void write_range(uint64_t first, uint64_t len, struct text *out)
{
    text_addf(out, "0x%" PRIx64 "…0x%" PRIx64, first, first + (len - 1));
}

/* `512 pages of 2M, each to itself`. */
static void what_pages(const struct pages_node *n, const struct pages_row *r, struct text *out)
{
    const struct page_row *row = &r->row;
    uint64_t count = (uint64_t)row->count * n->alike;
    if (count == 1) {
        text_add(out, "page of ");
        pages_len_write(row->len, out);
        text_addf(out, " at 0x%" PRIx64, row->gpa);
    } else {
        text_addf(out, "%" PRIu64 " pages of ", count);
        pages_len_write(row->len, out);
        text_add(out, row->stride ? " at " : ", all the one at ");
        if (row->stride)
            write_range(row->gpa, count * row->len, out);
        else
            text_addf(out, "0x%" PRIx64, row->gpa);
    }
    if (n->table.gva_known && row->gva == row->gpa && (row->stride || count == 1))
        text_add(out, " (identity)");
}

static void what_table(const struct pages *p, const struct pages_node *n, const struct pages_row *r,
                       struct text *out)
{
    static const char *const leads[] = {[LEAD_NONE] = "",
                                        [LEAD_DRAWN] = "",
                                        [LEAD_LOOP] = ", which led here",
                                        [LEAD_LEFT_OUT] = ", not drawn",
                                        [LEAD_UNBACKED] = ", where no memory is",
                                        [LEAD_UNKNOWN] = ", which the trace does not have"};
    const char *table = node_level(p, n)[1].table;
    if (r->alike > 1)
        text_addf(out, "%u %ss of one pattern, 0x%" PRIx64 " …", r->alike, table, r->row.gpa);
    else if (r->row.count > 1)
        text_addf(out, "%u entries, all to the %s at 0x%" PRIx64, r->row.count, table, r->row.gpa);
    else
        text_addf(out, "%s at 0x%" PRIx64, table, r->row.gpa);
    text_add(out, leads[r->lead]);
}

static void row_what(const struct pages *p, const struct pages_node *n, const struct pages_row *r,
                     struct text *out)
{
    const struct page_row *row = &r->row;
    if (r->more) {
        text_addf(out, "%u more rows, not drawn", r->more);
        return;
    }
    switch (row->decoded.kind) {
    case PAGING_ABSENT:
        if (row->count > 1)
            text_addf(out, "%u entries ", row->count);
        text_add(out, "not present");
        if (row->entry)
            text_addf(out, ", value 0x%" PRIx64, row->entry);
        return;
    case PAGING_RESERVED:
        if (row->count > 1)
            text_addf(out, "%u entries: ", row->count);
        text_addf(out, "reserved bits set: 0x%" PRIx64, row->entry);
        return;
    case PAGING_TABLE:
        what_table(p, n, r, out);
        return;
    case PAGING_PAGE:
        what_pages(n, r, out);
        return;
    }
}

/* What the row's tooltip says: every bit, by name. */
static void row_tip(const struct pages *p, const struct pages_node *n, const struct pages_row *r,
                    struct text *out)
{
    const struct paging_level *l = node_level(p, n);
    const struct page_row *row = &r->row;
    text_addf(out, "%s %u", l->entry, row->first);
    if (row->count > 1)
        text_addf(out, " to %u, the first", row->first + row->count - 1);
    text_addf(out, ": 0x%0*" PRIx64 "  ", (int)p->tree.scheme->entry_len * 2, row->entry);
    page_bits_write(p->tree.scheme, l, &row->decoded, out);
    page_bits_remark(p->tree.scheme, l, &p->tree.context, &row->decoded, out);
    if (n->table.gva_known)
        text_addf(out, "; linear 0x%" PRIx64, row->gva);
    if (r->changed)
        text_addf(out, "; %u changed since the copy before, the first was 0x%" PRIx64, r->changed, r->old);
    if (r->touched)
        text_addf(out, "; of %u only the accessed or dirty bit has changed", r->touched);
}

/* The address of a table as something that an SVG's links lead to. */
static void anchor(const struct pages *p, const struct pages_node *n, const struct pages_row *r,
                   struct text *out)
{
    bool child = r && (r->lead == LEAD_DRAWN || r->lead == LEAD_LOOP);
    const struct page_table *t = child ? &p->node[r->child].table : &n->table;
    text_addf(out, "t%u-%" PRIx64, t->level, t->gpa);
}

static void cell_open(const char *align, const char *fill, const char *link, struct text *out)
{
    text_addf(out, "<TD ALIGN=\"%s\" BGCOLOR=\"%s\"%s>", align, fill, link);
}

static void cell(const char *align, const char *fill, const char *link, const char *colour, const char *words,
                 struct text *out)
{
    cell_open(align, fill, link, out);
    if (*words) {
        dot_font(out, 11, colour);
        dot_add(out, words, WHAT_MAX);
        text_add(out, "\u00a0"); /* Graphviz may take letters for narrower than they are */
        dot_font_end(out);
    }
    text_add(out, "</TD>");
}

/* `3 changed`, or how many the CPU alone has marked. */
static void cell_change(const struct pages_row *r, const char *link, struct text *out)
{
    struct text words = {0};
    if (r->changed)
        text_addf(&words, "● %u", r->changed);
    else if (r->touched)
        text_addf(&words, "○ %u", r->touched);
    cell("LEFT", "white", link, DOT_ALARM, text_str(&words), out);
    text_fini(&words);
}

static void cell_index(const struct page_row *row, const char *colour, struct text *out)
{
    struct text words = {0};
    text_addf(&words, "%u", row->first);
    if (row->count > 1)
        text_addf(&words, "…%u", row->first + row->count - 1);
    cell("RIGHT", "white", "", colour, text_str(&words), out);
    text_fini(&words);
}

static void cell_linear(const struct pages_node *n, const struct pages_row *r, struct text *out)
{
    struct text words = {0};
    if (n->table.gva_known && r->row.decoded.kind != PAGING_ABSENT)
        text_addf(&words, "0x%" PRIx64, r->row.gva);
    cell("LEFT", "white", "", DOT_GREY, text_str(&words), out);
    text_fini(&words);
}

/* Of pages the rights of the whole path, of others those of the entry. */
static void cells_rights(const struct pages *p, const struct pages_node *n, const struct pages_row *r,
                         struct text *out)
{
    const struct paging_entry *e = &r->row.decoded;
    bool page = e->kind == PAGING_PAGE && !r->more, table = e->kind == PAGING_TABLE && !r->more;
    struct paging_rights rights = page ? paging_rights_and(n->above, e->rights) : e->rights;
    struct text words = {0};
    bool says = page || (table && !node_level(p, n)->no_rights);
    if (says)
        text_addf(&words, "%c %c %c", rights.user ? 'U' : 'S', rights.writable ? 'W' : 'R',
                  rights.executable ? 'X' : '-');
    cell("CENTER", says && rights.user ? PAGES_FILL_USER : "white", "", DOT_INK, text_str(&words), out);
    text_clear(&words);
    if (page) {
        text_add(&words, r->row.a_all ? "A" : r->row.a_any ? "some A" : "");
        text_addf(&words, "%s%s", words.len && r->row.d_any ? ", " : "",
                  r->row.d_all   ? "D"
                  : r->row.d_any ? "some D"
                                 : "");
    }
    cell("LEFT", "white", "", DOT_GREY, text_str(&words), out);
    text_fini(&words);
}

static void row_draw(const struct pages *p, const struct pages_node *n, size_t number, struct text *out)
{
    const struct pages_row *r = &p->row[n->first_row + number];
    const struct paging_entry *e = &r->row.decoded;
    struct text what = {0}, tip = {0}, link = {0};
    bool wrong = !r->more && (e->kind == PAGING_RESERVED || r->lead == LEAD_UNBACKED || r->lead == LEAD_LOOP);
    bool quiet = r->more || e->kind == PAGING_ABSENT;
    const char *colour = wrong ? DOT_ALARM : quiet ? DOT_GREY : DOT_INK;
    const char *fill =
        !r->more && e->kind == PAGING_PAGE ? pages_fill(paging_rights_and(n->above, e->rights)) : "white";
    row_what(p, n, r, &what);
    row_tip(p, n, r, &tip);
    text_add(&link, " HREF=\"#");
    anchor(p, n, r, &link);
    text_add(&link, "\" TOOLTIP=\"");
    dot_add(&link, text_str(&tip), 400);
    text_addc(&link, '"');
    text_add(out, "<TR>");
    cell_change(r, text_str(&link), out);
    cell_index(&r->row, colour, out);
    cell_linear(n, r, out);
    cell("LEFT", fill, text_str(&link), colour, text_str(&what), out);
    cells_rights(p, n, r, out);
    text_clear(&link);
    text_addf(&link, " PORT=\"r%zu\"", number); /* the arrow leaves at the right edge */
    cell("LEFT", "white", text_str(&link), DOT_GREY, r->lead == LEAD_DRAWN || r->lead == LEAD_LOOP ? "→" : "",
         out);
    text_add(out, "</TR>");
    out->failed |= what.failed || tip.failed || link.failed;
    text_fini(&what);
    text_fini(&tip);
    text_fini(&link);
}

/* ---- a table ---- */

static void node_heading(const struct pages *p, const struct pages_node *n, struct text *out)
{
    struct text words = {0};
    text_add(out, "<TR><TD PORT=\"h\" ALIGN=\"LEFT\" COLSPAN=\"4\" BGCOLOR=\"" FILL_HEAD "\">");
    dot_font(out, 13, "white");
    if (n->alike > 1)
        text_addf(&words, "%u × ", n->alike);
    text_addf(&words, "%s at 0x%" PRIx64, node_level(p, n)->table, n->table.gpa);
    if (n->alike > 1)
        text_addf(&words, " … 0x%" PRIx64, n->last_gpa);
    text_add(out, "<B>");
    dot_add(out, text_str(&words), 60);
    text_add(out, "</B>");
    dot_font_end(out);
    text_addf(out, "</TD><TD ALIGN=\"RIGHT\" COLSPAN=\"3\" BGCOLOR=\"" FILL_HEAD "\">");
    dot_font(out, 11, "white");
    text_addf(out, "%slevel %u", n->fresh ? "new, " : "", n->table.level);
    dot_font_end(out);
    text_add(out, "</TD></TR>");
    text_fini(&words);
}

static void node_draw(const struct pages *p, size_t number)
{
    const struct pages_node *n = &p->node[number];
    struct text *out = p->graph->dot;
    struct text id = {0}, tip = {0};
    anchor(p, n, NULL, &id);
    text_addf(&tip, "%s, level %u of %s paging, ways here: ", node_level(p, n)->table, n->table.level,
              p->tree.scheme->name);
    pages_rights_words(n->above, &tip);
    text_addf(out, "n%zu [id=\"%s\", tooltip=", number, text_str(&id));
    dot_quote(out, text_str(&tip));
    text_add(out, ", label=<<TABLE BORDER=\"1\" COLOR=\"" PAGES_LINE "\" CELLBORDER=\"0\" CELLSPACING=\"0\" "
                  "CELLPADDING=\"3\" BGCOLOR=\"white\">");
    node_heading(p, n, out);
    for (size_t i = 0; i < n->rows; i++)
        row_draw(p, n, i, out);
    text_add(out, "</TABLE>>];\n");
    out->failed |= id.failed || tip.failed;
    text_fini(&id);
    text_fini(&tip);
}

static void edges_draw(const struct pages *p)
{
    struct text *out = p->graph->dot;
    for (size_t i = 0; i < p->count; i++)
        for (size_t k = 0; k < p->node[i].rows; k++) {
            const struct pages_row *r = &p->row[p->node[i].first_row + k];
            if (r->lead == LEAD_DRAWN)
                text_addf(out, "n%zu:r%zu:e -> n%zu:h:w;\n", i, k, r->child);
            if (r->lead == LEAD_LOOP)
                text_addf(out,
                          "n%zu:r%zu:e -> n%zu:h:n [style=dashed, color=\"" DOT_ALARM
                          "\", constraint=false];\n",
                          i, k, r->child);
        }
}

/* ---- around it ---- */

static void cr3_draw(const struct pages *p)
{
    struct text *out = p->graph->dot;
    struct text words = {0};
    struct gva_context c = p->tree.context;
    text_add(out, "cr3 [shape=box, style=\"rounded,filled\", fillcolor=\"#f3ecd8\", color=\"" PAGES_LINE
                  "\", margin=\"0.15,0.08\", tooltip=");
    pages_scheme_write(&c, &words);
    words.len -= words.len > 0; /* its newline */
    if (words.buf)
        words.buf[words.len] = '\0';
    dot_quote(out, text_str(&words));
    text_addf(out, ", label=<<B>CR3 0x%" PRIx64 "</B><BR/>", c.cr3);
    if (p->tree.scheme) {
        text_addf(out, "%s paging<BR/>WP %d, NXE %d<BR/>SMEP %d, SMAP %d", p->tree.scheme->name,
                  !!(c.cr0 & CR0_WP), !!(c.efer & EFER_NXE), !!(c.cr4 & CR4_SMEP), !!(c.cr4 & CR4_SMAP));
        if (p->tree.scheme->entry_len == 4)
            text_addf(out, ", PSE %d", !!(c.cr4 & CR4_PSE));
        text_add(out, ">];\ncr3:e -> n0:h:w;\n");
    } else {
        text_add(out, "paging is off (CR0.PG is 0):<BR/>a linear address<BR/>is a physical one>];\n");
    }
    text_fini(&words);
}

static void pages_legend(const struct pages *p, struct text *legend)
{
    pages_legend_fills(legend);
    dot_note(legend, PAGES_LEGEND_COLUMNS,
             "A row: numbers of the entries, linear address of the first, what is there, rights (user or "
             "supervisor; writable or read-only; executable), used by the CPU (A accessed, D dirty).",
             0, NULL);
    dot_note(legend, PAGES_LEGEND_COLUMNS,
             "Rights of pages are those of the whole path; those of a row that points to a table are the "
             "entry's own.",
             0, NULL);
    if (p->marked)
        dot_note(legend, PAGES_LEGEND_COLUMNS,
                 "● entries that the copy before this one had otherwise; ○ only their accessed or dirty bit; "
                 "and how many. New: a table that the copy before did not have.",
                 0, NULL);
    else if (p->found.before)
        dot_note(legend, PAGES_LEGEND_COLUMNS, "Nothing differs from the copy before this one.", 0, NULL);
    if (p->backed > p->drawn)
        dot_note(legend, PAGES_LEGEND_COLUMNS, "Tables that are not drawn: ", p->backed - p->drawn,
                 " (see --max-nodes).");
    pages_note_missing(&p->found, PAGES_LEGEND_COLUMNS, legend);
}

void pages_draw(struct pages *p)
{
    struct text legend = {0}, title = {0};
    text_add(&title, "page tables ");
    tables_when(p->found.now, &title);
    dot_begin(p->graph, "pages", text_str(&title), "rankdir=LR, nodesep=0.25, ranksep=0.55");
    dot_frame_open(p->graph);
    cr3_draw(p);
    for (size_t i = 0; i < p->count; i++)
        node_draw(p, i);
    edges_draw(p);
    pages_legend(p, &legend);
    dot_frame_close(p->graph, &legend);
    dot_end(p->graph);
    text_fini(&legend);
    text_fini(&title);
}
