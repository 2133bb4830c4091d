/*
 * Words of DOT: text, numbers and colours as Graphviz's language wants them.  Everything that comes out of a
 * trace (file names, device names, what a guest printed) passes through here before it gets near a label,
 * since a guest may print quotes, angle brackets or bytes that are no text at all, and the picture must still
 * be a well-formed one.
 */
#include "traces/graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- characters ---------------------------------------------------------------------------------- */

/* Takes one character off `*s`, which is not at its end; -1 for a byte that begins no UTF-8 sequence. */
static int32_t utf8_take(const unsigned char **s)
{
    uint32_t code;
    size_t len = utf8_decode((const char *)*s, strnlen((const char *)*s, 4), &code);
    *s += len ? len : 1;
    return len ? (int32_t)code : -1;
}

/* XML has no place for controls and the two non-characters, escaped or not. */
static bool char_is_control(int32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xfffe || c == 0xffff;
}

/* Where an ampersand might start an entity. Graphviz leaves what looks like one alone when it writes SVG, and
 * a viewer would then stumble over an `&nosuch;`; a zero-width space behind the ampersand keeps the two
 * apart. */
static bool char_is_entity_start(unsigned char c)
{
    return c == '#' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

enum dot_style { STYLE_LABEL, STYLE_FIXED, STYLE_QUOTED };

static const char *char_escape(int32_t c, enum dot_style style)
{
    static const struct {
        char c;
        const char *label, *quoted;
    } rows[] = {
        {'&', "&amp;", "&"},     {'<', "&lt;", "<"},   {'>', "&gt;", ">"},
        {'"', "&quot;", "\\\""}, {'\\', "\\", "\\\\"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (c == rows[i].c)
            return style == STYLE_QUOTED ? rows[i].quoted : rows[i].label;
    if (c == ' ' && style == STYLE_FIXED)
        return "\u00a0";
    if (c < 0)
        return "\ufffd";
    return char_is_control(c) ? "\u00b7" : NULL;
}

static void dot_char(struct text *out, const unsigned char **s, enum dot_style style)
{
    const unsigned char *from = *s;
    int32_t c = utf8_take(s);
    const char *escape = char_escape(c, style);
    if (escape)
        text_add(out, escape);
    else
        text_addn(out, (const char *)from, (size_t)(*s - from));
    if (c == '&' && char_is_entity_start(**s))
        text_add(out, "\u200b");
}

static void dot_chars(struct text *out, const char *string, size_t max, enum dot_style style)
{
    const unsigned char *s = (const unsigned char *)(string ? string : "");
    size_t n = 0;
    for (const unsigned char *p = s; *p && n <= max; n++)
        utf8_take(&p);
    size_t keep = n > max ? max - 1 : n;
    for (size_t i = 0; i < keep; i++)
        dot_char(out, &s, style);
    if (n > max)
        text_add(out, "…");
}

/* A name may be empty, but to Graphviz a FONT or B around nothing is a mistake: no width is something. */
void dot_add(struct text *out, const char *s, size_t max)
{
    if (s && *s)
        dot_chars(out, s, max, STYLE_LABEL);
    else
        text_add(out, "\u200b");
}

void dot_add_fixed(struct text *out, const char *s, size_t max)
{
    dot_chars(out, s, max, STYLE_FIXED);
}

/* Bytes of `s` that make a line of at most `width` characters, broken at a space where there is one. */
static size_t line_take(const char *s, size_t width)
{
    const unsigned char *p = (const unsigned char *)s;
    size_t n = 0, space = 0;
    for (; *p && n < width; n++) {
        if (*p == ' ')
            space = (size_t)((const char *)p - s);
        utf8_take(&p);
    }
    return !*p || *p == ' ' || !space ? (size_t)((const char *)p - s) : space;
}

void dot_add_wrapped(struct text *out, const char *s, size_t width, unsigned lines, const char *line_end)
{
    struct text line = {0};
    for (unsigned i = 0; s && *s && i < lines; i++) {
        size_t n = i + 1 == lines ? strlen(s) : line_take(s, width);
        text_clear(&line);
        text_addn(&line, s, n);
        if (i)
            text_add(out, line_end);
        dot_add(out, text_str(&line), width);
        for (s += n; *s == ' ';)
            s++;
    }
    text_fini(&line);
}

void dot_quote(struct text *out, const char *s)
{
    text_addc(out, '"');
    dot_chars(out, s, SIZE_MAX, STYLE_QUOTED);
    text_addc(out, '"');
}

/* ---- numbers ------------------------------------------------------------------------------------- */

void dot_count(struct text *out, uint64_t n)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            text_addc(out, ',');
        text_addc(out, digits[i]);
    }
}

void dot_plural(struct text *out, uint64_t n, const char *one, const char *many)
{
    dot_count(out, n);
    text_addf(out, " %s", n == 1 ? one : many);
}

void dot_share(struct text *out, uint64_t part, uint64_t whole)
{
    double percent = whole ? (double)part * 100 / (double)whole : 0;
    unsigned tenths = (unsigned)(percent * 10 + 0.5);
    if (tenths == 0 && part)
        text_add(out, "under 0.1 %");
    else if (tenths < 100 && tenths % 10)
        text_addf(out, "%u.%u %%", tenths / 10, tenths % 10);
    else
        text_addf(out, "%u %%", (unsigned)(percent + 0.5));
}

void dot_decimal(struct text *out, unsigned hundredths)
{
    text_addf(out, "%u.%02u", hundredths / 100, hundredths % 100);
}

unsigned dot_root(uint64_t part, uint64_t whole)
{
    double square = whole ? 10000 * (double)part / (double)whole : 0;
    unsigned root = 0;
    while (root < 100 && (double)(root + 1) * (root + 1) <= square)
        root++;
    return root;
}

/* ---- colours ------------------------------------------------------------------------------------- */

static struct dot_colour colour_mix(const char *colour, unsigned with, unsigned percent)
{
    unsigned long rgb = 0x888888;
    char *end = NULL;
    if (colour && colour[0] == '#' && strlen(colour) == 7)
        rgb = strtoul(colour + 1, &end, 16);
    if (end && *end)
        rgb = 0x888888;
    struct dot_colour mixed = {"#"};
    for (size_t i = 0; i < 3; i++) {
        unsigned channel = rgb >> (16 - 8 * i) & 0xff;
        channel = (channel * (100 - percent) + with * percent) / 100;
        snprintf(mixed.hex + 1 + 2 * i, 3, "%02x", channel & 0xff);
    }
    return mixed;
}

struct dot_colour dot_lighten(const char *colour, unsigned percent)
{
    return colour_mix(colour, 0xff, percent);
}

struct dot_colour dot_darken(const char *colour, unsigned percent)
{
    return colour_mix(colour, 0, percent);
}

void dot_font(struct text *out, unsigned points, const char *colour)
{
    text_addf(out, "<FONT POINT-SIZE=\"%u\" COLOR=\"%s\">", points, colour);
}

void dot_font_end(struct text *out)
{
    text_add(out, "</FONT>");
}
