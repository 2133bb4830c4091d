/*
 * Pictures of a canvas: SVG and HTML, as the screen looks in a theme.  Cells that look alike and stand side
 * by side are one piece of text; every piece says how wide it is, so that the columns stand whatever font
 * there is.
 */
#include "monitor/ui/theme.h"

#include <string.h>

enum { CELL_W_TENTHS = 84, CELL_H = 18, BASELINE = 14, MARGIN = 10, FONT_PX = 14 };

static void add_escaped(struct text *out, uint32_t code)
{
    switch (code) {
    case '<':
        text_add(out, "&lt;");
        break;
    case '>':
        text_add(out, "&gt;");
        break;
    case '&':
        text_add(out, "&amp;");
        break;
    case '"':
        text_add(out, "&quot;");
        break;
    default:
        canvas_add_utf8(out, code);
    }
}

static void add_escaped_text(struct text *out, const char *s)
{
    for (size_t n = strlen(s); n > 0;) {
        uint32_t code;
        size_t len = utf8_decode(s, n, &code);
        add_escaped(out, len && code >= 0x20 && code != 0x7f ? code : '?');
        s += len ? len : 1;
        n -= len ? len : 1;
    }
}

/* What a piece is painted with, reverse already done. */
struct paint {
    uint32_t fg, bg;
    uint16_t attrs;
};

static struct paint paint_of(const struct theme *t, struct cell cell)
{
    struct style s = theme_style(t, cell.role, cell.look);
    struct paint p = {theme_rgb(t, s.fg, false), theme_rgb(t, s.bg, true), s.attrs};
    if (s.attrs & ATTR_REVERSE) {
        uint32_t fg = p.fg;
        p.fg = p.bg;
        p.bg = fg;
    }
    return p;
}

static bool same_paint(struct paint a, struct paint b)
{
    return a.fg == b.fg && a.bg == b.bg && a.attrs == b.attrs;
}

/* The end of the piece that begins at x. */
static int piece_end(const struct theme *t, const struct canvas *c, int x, int y)
{
    struct paint p = paint_of(t, canvas_at(c, x, y));
    while (++x < c->w && same_paint(p, paint_of(t, canvas_at(c, x, y))))
        ;
    return x;
}

static bool is_blank(const struct canvas *c, int x, int end, int y)
{
    while (x < end && canvas_at(c, x, y).code == ' ')
        x++;
    return x == end;
}

/* A length in pixels with one decimal. */
static void add_px(struct text *out, const char *name, int tenths)
{
    text_addf(out, " %s=\"%d.%d\"", name, tenths / 10, tenths % 10);
}

/* The backgrounds of a row, those alike in one rectangle, so that no seams are seen between pieces. */
static void svg_grounds(const struct theme *t, const struct canvas *c, int y, struct text *out)
{
    for (int x = 0, end; x < c->w; x = end) {
        uint32_t bg = paint_of(t, canvas_at(c, x, y)).bg;
        for (end = x + 1; end < c->w && paint_of(t, canvas_at(c, end, y)).bg == bg;)
            end++;
        if (bg == theme_rgb(t, COLOUR_DEFAULT, true))
            continue;
        text_add(out, "<rect");
        add_px(out, "x", MARGIN * 10 + x * CELL_W_TENTHS);
        add_px(out, "width", (end - x) * CELL_W_TENTHS);
        text_addf(out, " y=\"%d\" height=\"%d\" fill=\"#%06x\"/>\n", MARGIN + y * CELL_H, CELL_H, bg);
    }
}

static void svg_piece(const struct theme *t, const struct canvas *c, int x, int end, int y, struct text *out)
{
    struct paint p = paint_of(t, canvas_at(c, x, y));
    if (is_blank(c, x, end, y) && !(p.attrs & ATTR_UNDERLINE))
        return;
    text_add(out, "<text");
    add_px(out, "x", MARGIN * 10 + x * CELL_W_TENTHS);
    add_px(out, "textLength", (end - x) * CELL_W_TENTHS);
    text_addf(out, " y=\"%d\" fill=\"#%06x\"%s%s%s>", MARGIN + y * CELL_H + BASELINE, p.fg,
              p.attrs & ATTR_BOLD ? " font-weight=\"bold\"" : "",
              p.attrs & ATTR_UNDERLINE ? " text-decoration=\"underline\"" : "",
              p.attrs & ATTR_DIM ? " fill-opacity=\"0.6\"" : "");
    for (; x < end; x++)
        add_escaped(out, canvas_at(c, x, y).code);
    text_add(out, "</text>\n");
}

void theme_svg(const struct theme *t, const struct canvas *c, const char *title, struct text *out)
{
    int w = 2 * MARGIN + (c->w * CELL_W_TENTHS + 9) / 10, h = 2 * MARGIN + c->h * CELL_H;
    text_addf(out,
              "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
              "font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"%d\" "
              "xml:space=\"preserve\">\n<title>",
              w, h, w, h, FONT_PX);
    add_escaped_text(out, title);
    text_addf(out, "</title>\n<rect width=\"%d\" height=\"%d\" rx=\"6\" fill=\"#%06x\"/>\n", w, h,
              theme_rgb(t, COLOUR_DEFAULT, true));
    for (int y = 0; y < c->h; y++) {
        svg_grounds(t, c, y, out);
        for (int x = 0, end; x < c->w; x = end) {
            end = piece_end(t, c, x, y);
            svg_piece(t, c, x, end, y, out);
        }
    }
    text_add(out, "</svg>\n");
}

static void html_piece(const struct theme *t, const struct canvas *c, int x, int end, int y, struct text *out)
{
    struct cell cell = canvas_at(c, x, y);
    struct paint p = paint_of(t, cell);
    text_addf(out, "<span class=\"%s\" style=\"color:#%06x;background:#%06x%s%s%s\">",
              canvas_role_name(cell.role), p.fg, p.bg, p.attrs & ATTR_BOLD ? ";font-weight:bold" : "",
              p.attrs & ATTR_UNDERLINE ? ";text-decoration:underline" : "",
              p.attrs & ATTR_DIM ? ";opacity:0.6" : "");
    for (; x < end; x++)
        add_escaped(out, canvas_at(c, x, y).code);
    text_add(out, "</span>");
}

void theme_html(const struct theme *t, const struct canvas *c, const char *title, struct text *out)
{
    text_add(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>");
    add_escaped_text(out, title);
    text_addf(out,
              "</title></head>\n<body style=\"background:#%06x\">\n<pre style=\"font-family:'DejaVu Sans "
              "Mono',Menlo,Consolas,monospace;line-height:1.25\">",
              theme_rgb(t, COLOUR_DEFAULT, true));
    for (int y = 0; y < c->h; y++) {
        for (int x = 0, end; x < c->w; x = end) {
            end = piece_end(t, c, x, y);
            html_piece(t, c, x, end, y, out);
        }
        text_addc(out, '\n');
    }
    text_add(out, "</pre>\n</body></html>\n");
}
