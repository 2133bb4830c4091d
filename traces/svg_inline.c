/*
 * An SVG file as a part of a page.  Several pictures share the page's ids, and links out of it would lead
 * nowhere on another machine; so the markup is read element by element and written anew: only elements that
 * drawings consist of, only attributes that place and colour them, ids with a prefix.  What is not in the
 * lists is left out, which also makes this the last line of defence against whatever a guest's name may have
 * tried.
 */
#include "traces/report.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const elements[] = {
    "svg",  "g",     "path",  "polygon", "polyline",       "ellipse",        "circle", "rect", "line",
    "text", "tspan", "title", "defs",    "linearGradient", "radialGradient", "stop",   NULL};
static const char *const attributes[] = {"viewBox",
                                         "class",
                                         "transform",
                                         "d",
                                         "points",
                                         "x",
                                         "y",
                                         "x1",
                                         "y1",
                                         "x2",
                                         "y2",
                                         "cx",
                                         "cy",
                                         "r",
                                         "rx",
                                         "ry",
                                         "fx",
                                         "fy",
                                         "width",
                                         "height",
                                         "fill",
                                         "fill-opacity",
                                         "stroke",
                                         "stroke-width",
                                         "stroke-opacity",
                                         "stroke-dasharray",
                                         "opacity",
                                         "offset",
                                         "style",
                                         "stop-color",
                                         "stop-opacity",
                                         "gradientUnits",
                                         "text-anchor",
                                         "text-decoration",
                                         "font-family",
                                         "font-size",
                                         "font-weight",
                                         "font-style",
                                         "id",
                                         NULL};

static bool listed(const char *const *list, const char *s, size_t n)
{
    for (; *list; list++)
        if (strlen(*list) == n && memcmp(*list, s, n) == 0)
            return true;
    return false;
}

struct svg {
    const char *p, *end;
    const char *prefix;
    struct text *out;
    unsigned *width;
    bool seen; /* the <svg> itself */
};

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '_' || c == ':';
}

/* A value, with a prefix where it is an id or names one. Anything else that could fetch is dropped. */
static void add_value(struct svg *s, const char *name, size_t name_len, const char *value, size_t len)
{
    bool id = name_len == 2 && memcmp(name, "id", 2) == 0;
    text_addc(s->out, ' ');
    text_addn(s->out, name, name_len);
    text_add(s->out, "=\"");
    if (id)
        text_add(s->out, s->prefix);
    for (size_t i = 0; i < len; i++) {
        bool url = len - i >= 5 && memcmp(value + i, "url(#", 5) == 0;
        if (value[i] == '<' || value[i] == '>' || value[i] == '"')
            continue;
        text_addc(s->out, value[i]);
        if (!url)
            continue;
        text_add(s->out, "rl(#");
        text_add(s->out, s->prefix);
        i += 4;
    }
    text_addc(s->out, '"');
}

static bool fetches(const char *value, size_t len)
{
    for (size_t i = 0; i + 4 <= len; i++)
        if (strncasecmp(value + i, "url(", 4) == 0 && (i + 4 == len || value[i + 4] != '#'))
            return true;
    return false;
}

/* One attribute at s->p. False at the end of the tag. */
static bool attribute(struct svg *s, bool keep, bool root)
{
    while (s->p < s->end && (isspace((unsigned char)*s->p) || *s->p == '/'))
        s->p++;
    const char *name = s->p;
    while (s->p < s->end && is_name(*s->p))
        s->p++;
    size_t name_len = (size_t)(s->p - name);
    if (!name_len || s->end - s->p < 2 || s->p[0] != '=' || (s->p[1] != '"' && s->p[1] != '\''))
        return false;
    char quote = s->p[1];
    const char *value = s->p + 2, *close = memchr(value, quote, (size_t)(s->end - value));
    if (!close)
        return false;
    size_t len = (size_t)(close - value);
    s->p = close + 1;
    bool size = (name_len == 5 && !memcmp(name, "width", 5)) || (name_len == 6 && !memcmp(name, "height", 6));
    if (root && name_len == 5 && size)
        *s->width = (unsigned)(strtoul(value, NULL, 10) % 100000 * 4 / 3); /* points as pixels */
    if (keep && !(root && size) && listed(attributes, name, name_len) && !fetches(value, len))
        add_value(s, name, name_len, value, len);
    return true;
}

/* The tag at s->p, behind its `<`. -1 when it does not end. */
static int tag(struct svg *s)
{
    bool closing = s->p < s->end && *s->p == '/';
    const char *name = s->p + closing;
    s->p = name;
    while (s->p < s->end && is_name(*s->p))
        s->p++;
    size_t len = (size_t)(s->p - name);
    bool root = len == 3 && !memcmp(name, "svg", 3);
    bool keep = listed(elements, name, len) && (s->seen || root);
    if (keep) {
        text_add(s->out, closing ? "</" : "<");
        text_addn(s->out, name, len);
    }
    while (attribute(s, keep && !closing, root))
        ;
    const char *end = memchr(s->p, '>', (size_t)(s->end - s->p));
    if (!end)
        return -1;
    bool empty = end > name && end[-1] == '/';
    if (keep && root && !closing)
        text_add(s->out, " role=\"img\"");
    if (keep)
        text_add(s->out, empty ? "/>" : ">");
    s->seen |= root && keep;
    s->p = end + 1;
    return 0;
}

/* Declarations, comments and processing instructions are left out whole. */
static int other(struct svg *s)
{
    bool comment = s->end - s->p >= 3 && memcmp(s->p, "!--", 3) == 0;
    const char *end = comment ? memmem(s->p, (size_t)(s->end - s->p), "-->", 3)
                              : memchr(s->p, '>', (size_t)(s->end - s->p));
    if (!end)
        return -1;
    s->p = end + (comment ? 3 : 1);
    return 0;
}

int svg_inline(const char *svg, size_t len, const char *prefix, struct text *out, unsigned *width,
               struct err *e)
{
    struct svg s = {svg, svg + len, prefix, out, width, false};
    *width = 0;
    while (s.p < s.end) {
        const char *open = memchr(s.p, '<', (size_t)(s.end - s.p));
        if (s.seen)
            text_addn(out, s.p, (size_t)((open ? open : s.end) - s.p));
        if (!open)
            break;
        s.p = open + 1;
        bool is_tag = s.p < s.end && *s.p != '!' && *s.p != '?';
        if (is_tag ? tag(&s) : other(&s))
            return err_set(e, "the drawing is cut off");
    }
    return s.seen ? 0 : err_set(e, "the drawing is no SVG");
}
