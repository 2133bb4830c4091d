/*
 * The picture of one walk: a linear address on its way through the page tables, drawn as the processor
 * manuals draw it (Intel SDM, "4-Level Paging and 5-Level Paging").  On top the address, taken apart into the
 * index of each level and the offset; below, from left to right, CR3, the entry read at each level with its
 * bits, and the page with the rights of the whole path; or the level at which the walk ends, and the error
 * code that the page fault would have. The walk is gva_translate's, on a copy of the page tables that the
 * trace holds.
 *
 * Simplified: RFLAGS.AC, which suspends SMAP, is not known to a trace and counts as 0.
 */
#include "traces/graph_pages.h"

#include "debug/backing.h"
#include "debug/page_bits.h"
#include "debug/pages.h"
#include "vm/gva.h"

#include <inttypes.h>
#include <string.h>

#define FILL_HEAD "#33475b"
#define FILL_BITS "#f3ecd8"

struct walk {
    struct graph *graph;
    struct pages_found found;
    struct tables_view view;
    struct gva_context context;
    const struct paging_scheme *scheme; /* NULL: paging is off */
    uint64_t gva;
    struct gva_walk walk; /* a supervisor's read */
};

/* Opens a box: a row with a part of the address (NULL: none), and a heading, where arrows end. */
static void box_open(struct text *out, const char *id, const struct text *part, const char *heading,
                     const char *fill)
{
    text_addf(out,
              "%s [label=<<TABLE BORDER=\"1\" COLOR=\"" PAGES_LINE "\" CELLBORDER=\"0\" CELLSPACING=\"0\" "
              "CELLPADDING=\"4\" BGCOLOR=\"white\">",
              id);
    if (part)
        text_addf(out, "<TR><TD COLSPAN=\"4\" BGCOLOR=\"" FILL_BITS "\">%s</TD></TR>", text_str(part));
    text_addf(out, "<TR><TD PORT=\"h\" COLSPAN=\"4\" ALIGN=\"LEFT\" BGCOLOR=\"%s\">", fill);
    dot_font(out, 13, "white");
    text_add(out, "<B>");
    dot_add(out, heading, 60);
    text_add(out, " </B>");
    dot_font_end(out);
    text_add(out, "</TD></TR>");
}

static void box_line(struct text *out, const char *words, unsigned points, const char *colour)
{
    text_add(out, "<TR><TD COLSPAN=\"4\" ALIGN=\"LEFT\" BALIGN=\"LEFT\">");
    dot_font(out, points, colour);
    dot_add_wrapped(out, words, 44, 4, "<BR ALIGN=\"LEFT\"/>");
    text_add(out, "<BR ALIGN=\"LEFT\"/>");
    dot_font_end(out);
    text_add(out, "</TD></TR>");
}

static void box_close(struct text *out, const char *tip)
{
    text_add(out, "</TABLE>>, tooltip=");
    dot_quote(out, tip);
    text_add(out, "];\n");
}

/* ---- the address, taken apart ---- */

/* The bits of `v` from `high` down to `low`, in groups of four from the right. */
static void add_binary(uint64_t v, unsigned high, unsigned low, struct text *out)
{
    for (unsigned bit = high + 1; bit-- > low;) {
        text_addc(out, v >> bit & 1 ? '1' : '0');
        if (bit > low && (bit - low) % 4 == 0)
            text_addc(out, ' ');
    }
}

/* A part of the address: which bits, what they are, and their value. */
static void add_part(const struct walk *w, const char *name, unsigned high, unsigned low, bool index,
                     struct text *out)
{
    struct text bits = {0};
    uint64_t value = w->gva >> low & ((2ull << (high - low)) - 1);
    dot_font(out, 10, DOT_GREY);
    text_addf(out, "bits %u to %u: %s ", high, low, name);
    dot_font_end(out);
    text_add(out, "<BR/><FONT FACE=\"" DOT_MONO "\">");
    if (high - low < 16)
        add_binary(w->gva, high, low, &bits);
    else
        text_addf(&bits, "%u bits", high - low + 1);
    dot_add_fixed(out, text_str(&bits), 40);
    text_addf(out, index ? "</FONT> = <B>%" PRIu64 "</B>" : "</FONT> = <B>0x%" PRIx64 "</B>", value);
    text_fini(&bits);
}

/* ---- what is below it ---- */

static void draw_cr3(const struct walk *w)
{
    struct text *out = w->graph->dot;
    struct text words = {0}, part = {0};
    const struct gva_context *c = &w->context;
    text_addf(&part, "linear address<BR/><B>0x%" PRIx64 "</B>", w->gva);
    text_addf(&words, "CR3 0x%" PRIx64, c->cr3);
    box_open(out, "cr3", &part, text_str(&words), FILL_HEAD);
    text_clear(&words);
    text_addf(&words, "%s paging", w->scheme ? w->scheme->name : "no");
    box_line(out, text_str(&words), 11, DOT_INK);
    text_clear(&words);
    text_addf(&words, "WP %d, NXE %d", !!(c->cr0 & CR0_WP), !!(c->efer & EFER_NXE));
    box_line(out, text_str(&words), 10, DOT_GREY);
    text_clear(&words);
    text_addf(&words, "SMEP %d, SMAP %d", !!(c->cr4 & CR4_SMEP), !!(c->cr4 & CR4_SMAP));
    box_line(out, text_str(&words), 10, DOT_GREY);
    box_close(out, "the register that holds the address of the first table");
    text_fini(&words);
    text_fini(&part);
}

static void draw_step(const struct walk *w, size_t i)
{
    const struct gva_step *step = &w->walk.step[i];
    const struct paging_level *l = &w->scheme->level[i];
    struct text *out = w->graph->dot;
    struct text words = {0}, part = {0};
    struct paging_entry e;
    char id[8] = {'s', (char)('0' + i), '\0'};
    bool last = i + 1 == w->walk.steps, wrong = last && !w->walk.mapped;
    paging_decode(w->scheme, l, &w->context, step->entry, &e);
    text_addf(&words, "index in the %s", l->table);
    add_part(w, text_str(&words), l->shift + l->index_bits - 1, l->shift, true, &part);
    text_clear(&words);
    text_addf(&words, "%s %u of the %s at 0x%" PRIx64, l->entry, step->index, l->table, step->table_gpa);
    box_open(out, id, &part, text_str(&words), wrong ? DOT_ALARM : FILL_HEAD);
    text_clear(&words);
    text_addf(&words, "at 0x%" PRIx64 ": 0x%0*" PRIx64, step->entry_gpa, (int)w->scheme->entry_len * 2,
              step->entry);
    box_line(out, text_str(&words), 11, DOT_INK);
    text_clear(&words);
    page_bits_write(w->scheme, l, &e, &words);
    page_bits_remark(w->scheme, l, &w->context, &e, &words);
    box_line(out, text_str(&words), 11, wrong ? DOT_ALARM : DOT_INK);
    if (e.kind == PAGING_PAGE || e.kind == PAGING_TABLE) {
        text_clear(&words);
        text_addf(&words, "leads to the %s at 0x%" PRIx64, e.kind == PAGING_PAGE ? "page" : l[1].table,
                  e.gpa);
        box_line(out, text_str(&words), 11, DOT_INK);
    }
    box_close(out, "upper case: the bit is 1; lower case: it is 0");
    text_fini(&words);
    text_fini(&part);
}

/* A line an access: allowed, or the page fault's error code. */
static void draw_accesses(const struct walk *w)
{
    static const char *const verbs[] = {[GVA_READ] = "read", [GVA_WRITE] = "write", [GVA_FETCH] = "fetch"};
    struct text *out = w->graph->dot;
    struct text words = {0};
    for (unsigned i = 0; i < 6; i++) {
        struct gva_context c = w->context;
        struct gva_walk got;
        enum gva_access access = (enum gva_access)(i % 3);
        c.cpl = i < 3 ? 0 : 3;
        gva_translate(&w->view.memory, &c, w->gva, access, &got);
        text_clear(&words);
        if (got.ok)
            text_add(&words, "allowed");
        else {
            text_add(&words, "#PF ");
            page_bits_error(got.error_code, &words);
        }
        text_addf(out, "<TR><TD ALIGN=\"LEFT\">%s</TD><TD ALIGN=\"LEFT\">%s</TD><TD ALIGN=\"LEFT\">",
                  i % 3   ? ""
                  : c.cpl ? "user"
                          : "supervisor",
                  verbs[access]);
        dot_font(out, 11, got.ok ? DOT_INK : DOT_ALARM);
        dot_add(out, text_str(&words), 40);
        dot_font_end(out);
        text_add(out, "</TD><TD ALIGN=\"LEFT\">");
        if (!got.ok && got.mapped) {
            dot_font(out, 10, DOT_GREY);
            dot_add(out, got.why, 60);
            text_add(out, "\u00a0\u00a0"); /* Graphviz may take letters for narrower than they are */
            dot_font_end(out);
        }
        text_add(out, "</TD></TR>");
    }
    text_fini(&words);
}

static void draw_reached(const struct walk *w)
{
    const struct gva_walk *g = &w->walk;
    struct text *out = w->graph->dot;
    struct text words = {0};
    struct paging_rights rights = {g->writable, g->user, g->executable};
    text_add(&words, "in a page of ");
    pages_len_write(g->page_len, &words);
    text_addf(&words, "; %s", backing_name(backing_at(&w->view.memory, g->gpa).what));
    box_line(out, text_str(&words), 11, DOT_INK);
    text_clear(&words);
    text_add(&words, "the path: ");
    pages_rights_words(rights, &words);
    text_addf(out, "<TR><TD COLSPAN=\"4\" ALIGN=\"LEFT\" BGCOLOR=\"%s\">", pages_fill(rights));
    dot_add(out, text_str(&words), 60);
    text_add(out, " </TD></TR>");
    draw_accesses(w);
    text_fini(&words);
}

static void draw_page(const struct walk *w)
{
    const struct gva_walk *g = &w->walk;
    struct text *out = w->graph->dot;
    struct text words = {0}, part = {0};
    if (w->scheme)
        add_part(w, "offset in the page", w->scheme->level[g->steps - 1].shift - 1, 0, false, &part);
    text_addf(&words, "physical 0x%" PRIx64, g->gpa);
    box_open(out, "end", w->scheme ? &part : NULL, text_str(&words), FILL_HEAD);
    text_clear(&words);
    text_addf(&words, "paging is off (CR0.PG is 0): a linear address is a physical one; %s",
              backing_name(backing_at(&w->view.memory, g->gpa).what));
    if (w->scheme)
        draw_reached(w);
    else
        box_line(out, text_str(&words), 11, DOT_INK);
    box_close(out, "where the address leads");
    text_fini(&words);
    text_fini(&part);
}

/* Is the table that the walk would go to next one that the trace left out? */
static bool left_out(const struct walk *w)
{
    const struct gva_walk *g = &w->walk;
    uint64_t gpa = g->steps ? g->step[g->steps - 1].next_gpa : w->context.cr3 & w->scheme->cr3_mask;
    bool unbacked = g->steps == 0 || (g->step[g->steps - 1].present && !g->step[g->steps - 1].reserved);
    return unbacked && w->found.now->truncated && !tables_find(w->found.now, gpa);
}

static void draw_fault(const struct walk *w)
{
    const struct gva_walk *g = &w->walk;
    struct text *out = w->graph->dot;
    struct text words = {0};
    bool canonical = !(w->context.efer & EFER_LMA) || paging_canonical(&w->context, w->gva);
    box_open(out, "end", NULL, canonical ? "the walk ends here" : "not a canonical address", DOT_ALARM);
    if (!canonical) {
        text_addf(
            &words,
            "bits 63 to %u must be equal. No table is looked at: an access is a general-protection fault "
            "(through SS a stack fault), error code 0",
            w->context.cr4 & CR4_LA57 ? 56u : 47u);
        box_line(out, text_str(&words), 11, DOT_INK);
    } else if (left_out(w)) {
        box_line(out, "the next table is one of those that the trace does not have: there were too many", 11,
                 DOT_INK);
    } else {
        box_line(out, g->why, 12, DOT_ALARM);
        draw_accesses(w);
    }
    box_close(out, "what an access to the address gets");
    text_fini(&words);
}

/* ---- the picture ---- */

static void draw_levels(const struct walk *w)
{
    struct text *out = w->graph->dot;
    char from[8] = "cr3";
    for (size_t i = 0; i < w->walk.steps; i++) {
        char to[8] = {'s', (char)('0' + i), '\0'};
        draw_step(w, i);
        text_addf(out, "%s:h:e -> %s:h:w;\n", from, to);
        memcpy(from, to, sizeof from);
    }
    text_addf(out, "%s:h:e -> end:h:w%s;\n", from,
              w->walk.mapped ? "" : " [style=dashed, color=\"" DOT_ALARM "\"]");
}

static void walk_draw(struct walk *w)
{
    struct text *out = w->graph->dot;
    struct text title = {0}, legend = {0};
    text_addf(&title, "the way of 0x%" PRIx64 " ", w->gva);
    tables_when(w->found.now, &title);
    dot_begin(w->graph, "walk", text_str(&title), "rankdir=LR, nodesep=0.3, ranksep=0.4");
    dot_frame_open(w->graph);
    draw_cr3(w);
    if (w->walk.mapped)
        draw_page(w);
    else
        draw_fault(w);
    if (w->scheme)
        draw_levels(w);
    else
        text_add(out, "cr3:h:e -> end:h:w [style=dashed];\n");
    dot_note(&legend, 1,
             "Bits in upper case are 1, in lower case 0: P present, RW writable, US a user's too, PWT and "
             "PCD caching, A "
             "accessed, D dirty, PS a large page, G global, NX not executable.",
             0, NULL);
    pages_note_missing(&w->found, 1, &legend);
    dot_frame_close(w->graph, &legend);
    dot_end(w->graph);
    text_fini(&title);
    text_fini(&legend);
}

int graph_walk(struct graph *g, struct err *e)
{
    struct walk w = {.graph = g, .gva = g->choice.gva};
    if (pages_find(g, &w.found, e))
        return -1;
    if (!w.found.now)
        return pages_draw_none(g, &w.found, "walk", "the way of an address", e);
    tables_view_init(&w.view, w.found.now);
    w.context = tables_context(&w.found.now->place);
    w.scheme = paging_scheme(&w.context);
    if (!(w.context.efer & EFER_LMA))
        w.gva &= UINT32_MAX;
    gva_translate(&w.view.memory, &w.context, w.gva, GVA_READ, &w.walk);
    walk_draw(&w);
    return 0;
}
