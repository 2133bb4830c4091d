/*
 * What the pictures of page tables have in common: the colours of rights, what the legend says, and the
 * picture of a trace that holds no page tables.  The colours are those of a question that anybody who reviews
 * a mapping asks first: what can be written, what can be executed, and is there anything that can be both?
 */
#include "traces/graph_pages.h"

#define FILL_WX "#f9d9c6" /* writable and executable */
#define FILL_W  "#d5e6f6"
#define FILL_X  "#d8ecd2"
#define FILL_R  "#ececec"

const char *pages_fill(struct paging_rights r)
{
    if (r.writable)
        return r.executable ? FILL_WX : FILL_W;
    return r.executable ? FILL_X : FILL_R;
}

void pages_rights_words(struct paging_rights r, struct text *out)
{
    text_addf(out, "%s, %s, %s", r.user ? "user" : "supervisor", r.writable ? "writable" : "read-only",
              r.executable ? "executable" : "not executable");
}

void pages_legend_fills(struct text *legend)
{
    static const struct {
        const char *fill, *words;
    } fills[] = {{FILL_WX, "writable and executable"},
                 {FILL_W, "writable"},
                 {FILL_X, "read-only, executable"},
                 {FILL_R, "read-only, not executable"},
                 {PAGES_FILL_USER, "a user's too (U); else the supervisor's (S)"}};
    text_add(legend, "<TR>");
    for (size_t i = 0; i < sizeof fills / sizeof fills[0]; i++)
        text_addf(legend,
                  "<TD BORDER=\"1\" COLOR=\"" PAGES_LINE
                  "\" BGCOLOR=\"%s\" WIDTH=\"22\"> </TD><TD ALIGN=\"LEFT\">%s  </TD>",
                  fills[i].fill, fills[i].words);
    text_add(legend, "</TR>");
}

void pages_note_missing(const struct pages_found *found, unsigned columns, struct text *legend)
{
    const struct trace_tables *t = found->now;
    if (found->missed)
        dot_note(
            legend, columns,
            "These may not be the tables of that event any more: changes since, that are not in the trace: ",
            found->missed, ".");
    if (t->truncated)
        dot_note(legend, columns, "There were more tables than a trace keeps: it has ", t->count, ".");
    if (t->place.missed)
        dot_note(legend, columns, "Changes before this point that are not in the trace: ", t->place.missed,
                 ".");
}

int pages_draw_none(struct graph *g, const struct pages_found *found, const char *name, const char *what,
                    struct err *e)
{
    struct text words = {0}, none = {0};
    int rc = tables_say_none(g->reader, &found->wanted, &words, e);
    if (rc == 0) {
        dot_begin(g, name, what, "");
        dot_frame_open(g);
        text_add(g->dot, "empty [shape=box, style=\"rounded,dashed\", margin=0.3, fontsize=14, label=<");
        dot_add_wrapped(g->dot, text_str(&words), 60, 4, "<BR/>");
        text_add(g->dot, ">];\n");
        dot_frame_close(g, &none);
        dot_end(g);
    }
    text_fini(&words);
    return rc;
}
