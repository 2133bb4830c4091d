/*
 * What a picture says to a pointer: an SVG's boxes and arrows carry a sentence that shows while the mouse
 * rests on them, with the exact numbers that a label has no room for, and lead to the page that explains
 * them. Graphviz makes both of a node's attributes `tooltip` and `href`; the formats without pointers ignore
 * them.
 *
 * The picture does not know where the documents are: whoever asks for it says so (struct graph_choice).
 */
#include "traces/graph.h"

#include <stdio.h>
#include <string.h>

void dot_tip(struct text *out, const char *tip)
{
    text_add(out, ", tooltip=");
    dot_quote(out, tip);
}

void tip_place(const struct graph *g, const struct event *ev, struct text *tip)
{
    uint64_t offset;
    if (ev->flags & EVENT_NO_CPU)
        return;
    const struct event_symbol *s = event_symbol_at(&g->info->names, event_linear(ev), &offset);
    text_addf(tip, " at 0x%" PRIx64, event_linear(ev));
    if (s)
        text_addf(tip, " <%s+%" PRIu64 ">", s->name, offset);
}

/* Of a URL, what is not plainly allowed is written as %XX (RFC 3986), and an ampersand as XML wants it. */
static void url_add(struct text *out, const char *url)
{
    static const char allowed[] = "-._~:/?#[]@!$'()*+,;=%";
    for (const char *p = url; *p; p++) {
        bool plain = (*p >= '0' && *p <= '9') || ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z');
        if (*p == '&')
            text_add(out, "&amp;");
        else if (plain || strchr(allowed, *p))
            text_addc(out, *p);
        else
            text_addf(out, "%%%02X", (unsigned char)*p);
    }
}

bool dot_url(const struct graph *g, const char *place, struct text *out)
{
    if (!g->choice.docs || !*g->choice.docs)
        return false;
    url_add(out, g->choice.docs);
    text_addc(out, '/');
    url_add(out, place);
    return true;
}

void dot_link(struct graph *g, const char *place)
{
    struct text url = {0};
    if (dot_url(g, place, &url))
        text_addf(g->dot, ", href=\"%s\"", text_str(&url));
    g->dot->failed |= url.failed;
    text_fini(&url);
}

void dot_link_kind(struct graph *g, unsigned event_kind)
{
    char place[64];
    snprintf(place, sizeof place, "exits.md#%s", event_kind_info(event_kind)->name);
    dot_link(g, place);
}

void dot_link_picture(struct graph *g)
{
    char place[64];
    snprintf(place, sizeof place, "graphs.md#%s", g->kind);
    dot_link(g, place);
}
