/*
 * The pictures of a report: each is drawn by Graphviz as `trace graph` draws it, and put into the page.
 */
#include "traces/report.h"

#define NOTHING EVENT_UNKNOWN

/* The pictures in their order: a new kind is one row more. One that this program cannot draw is left out, and
 * so is one of something that the trace does not have: events of the kind `needs`, or copies of page
 * tables. */
static const struct picture {
    const char *kind, *title;
    enum event_kind needs;
    bool tables;
} pictures[] = {
    {"exits", "Which exit follows which", NOTHING, false},
    {"boot", "The way through the modes", NOTHING, false},
    {"machine", "The machine and its traffic", NOTHING, false},
    {"irq", "Interrupts, from request to end", EVENT_IRQ, false},
    {"flow", "The code and where it goes", NOTHING, false},
    {"calls", "Who calls whom", EVENT_STEP, false},
    {"pages", "The page tables at the end", NOTHING, true},
};

static void add_picture(struct report *r, const char *kind, const char *title, const struct text *drawn,
                        unsigned width)
{
    struct text *out = r->page;
    text_addf(out,
              "<figure id=\"picture-%s\"><figcaption><h3>%s</h3><button type=\"button\" class=\"full\" "
              "aria-pressed=\"false\" "
              "hidden>Full size</button></figcaption>\n"
              "<div class=\"paper\" role=\"region\" aria-label=\"%s\" tabindex=\"0\" style=\"--w:%upx\">\n",
              kind, title, title, width);
    text_addn(out, drawn->buf, drawn->len);
    text_add(out, "</div></figure>\n");
}

/* A picture that cannot be drawn (no data for it, or no Graphviz plugin) costs itself and not the page. */
static void try_picture(struct report *r, const struct picture *p)
{
    struct text svg = {0}, drawn = {0}, prefix = {0};
    struct err why;
    unsigned width = 0;
    int kind = graph_kind_find(p->kind);
    if (kind < 0 || (p->needs != NOTHING && !r->stats.kind[p->needs].count) || (p->tables && !r->tables))
        return;
    text_addf(&prefix, "%s-", p->kind);
    if (graph_svg(r->reader, r->filter, (enum graph_kind)kind, &svg, &why) == 0 &&
        svg_inline(text_str(&svg), svg.len, text_str(&prefix), &drawn, &width, &why) == 0)
        add_picture(r, p->kind, p->title, &drawn, width);
    else
        html_note(r->page, "%s: %s", p->title, why.text);
    r->page->failed |= svg.failed || drawn.failed || prefix.failed;
    text_fini(&svg);
    text_fini(&drawn);
    text_fini(&prefix);
}

int report_pictures(struct report *r, struct err *e)
{
    (void)e;
    if (!r->events)
        return 0;
    html_section_open(r->page, "pictures", "Pictures");
    for (size_t i = 0; i < sizeof pictures / sizeof pictures[0]; i++)
        try_picture(r, &pictures[i]);
    html_section_close(r->page);
    return 0;
}

/* What the book says about each kind that occurred. */
int report_explained(struct report *r, struct err *e)
{
    struct text *out = r->page;
    (void)e;
    if (!r->events)
        return 0;
    html_section_open(out, "explained", "What these events are");
    text_add(out, "<div class=\"cards\">\n");
    for (unsigned kind = 0; kind < EVENT_KIND_MAX; kind++) {
        const struct event_kind_info *info = event_kind_info(kind);
        if (!r->stats.kind[kind].count)
            continue;
        text_addf(out, "<article id=\"kind-%u\" style=\"--c:%s\"><h3>", kind, info->colour);
        html_add(out, info->name, HTML_NAME);
        if (*info->constant) {
            text_add(out, " <code>");
            html_add(out, info->constant, HTML_NAME);
            text_add(out, "</code>");
        }
        text_add(out, "</h3>\n<p class=\"meaning\">");
        html_add(out, info->meaning, HTML_LONG);
        text_add(out, "</p>\n<p>");
        html_add(out, info->cause, 2000);
        text_add(out, "</p>\n<p class=\"source\">");
        html_add(out, info->source, HTML_LONG);
        text_add(out, "</p></article>\n");
    }
    text_add(out, "</div>\n");
    html_section_close(out);
    return 0;
}
