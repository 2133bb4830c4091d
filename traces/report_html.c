/*
 * Words of HTML for a report: see report.h.  One function turns what a trace says into text of a page, and
 * everything goes through it.
 */
#include "traces/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void add_character(struct text *out, const char *s, size_t n, uint32_t code)
{
    switch (code) {
    case '&':
        text_add(out, "&amp;");
        break;
    case '<':
        text_add(out, "&lt;");
        break;
    case '>':
        text_add(out, "&gt;");
        break;
    case '"':
        text_add(out, "&quot;");
        break;
    case '\'':
        text_add(out, "&#39;");
        break;
    default:
        if (code < 0x20 || (code >= 0x7f && code < 0xa0))
            text_add(out, "\u00b7"); /* a control character, which a page must not have */
        else
            text_addn(out, s, n);
    }
}

void html_add(struct text *out, const char *s, size_t max)
{
    size_t left = strlen(s);
    for (size_t i = 0; left; i++) {
        uint32_t code;
        if (i == max) {
            text_add(out, "…");
            return;
        }
        size_t n = utf8_decode(s, left, &code);
        if (n)
            add_character(out, s, n, code);
        else
            text_add(out, "\ufffd");
        s += n ? n : 1;
        left -= n ? n : 1;
    }
}

void html_count(struct text *out, uint64_t n)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, n);
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            text_addc(out, ',');
        text_addc(out, digits[i]);
    }
}

/* In hundredths of a percent, without overflow for any count. */
static unsigned hundredths(uint64_t part, uint64_t whole)
{
    if (whole == 0)
        return 0;
    while (part > UINT64_MAX / 10000) {
        part /= 2;
        whole /= 2;
    }
    uint64_t h = part * 10000 / (whole ? whole : 1);
    return h > 10000 ? 10000 : (unsigned)h;
}

void html_percent(struct text *out, uint64_t part, uint64_t whole)
{
    unsigned h = hundredths(part, whole);
    text_addf(out, "%u.%02u", h / 100, h % 100);
}

void html_share(struct text *out, uint64_t part, uint64_t whole)
{
    unsigned h = hundredths(part, whole);
    if (part && h < 10)
        text_add(out, "&lt; 0.1 %");
    else if (h < 1000)
        text_addf(out, "%u.%u %%", h / 100, h % 100 / 10);
    else
        text_addf(out, "%u %%", (h + 50) / 100);
}

/* ---- sections and tables
 * ------------------------------------------------------------------------------------- */

void html_section_open(struct text *out, const char *id, const char *title)
{
    text_addf(out, "<section id=\"%s\" aria-labelledby=\"h-%s\">\n<h2 id=\"h-%s\">%s</h2>\n", id, id, id,
              title);
}

void html_section_close(struct text *out)
{
    text_add(out, "</section>\n");
}

void html_note(struct text *out, const char *fmt, ...)
{
    char *words = NULL;
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(&words, fmt, ap) < 0)
        words = NULL;
    va_end(ap);
    text_add(out, "<p class=\"note\">");
    if (words)
        html_add(out, words, HTML_LONG);
    else
        out->failed = true;
    text_add(out, "</p>\n");
    free(words);
}

void html_table_open(struct text *out, const char *id, const char *caption, const struct html_column *columns)
{
    text_addf(
        out,
        "<div class=\"tools\" hidden><label for=\"f-%s\">Filter</label> <input type=\"search\" id=\"f-%s\" "
        "data-for=\"t-%s\" autocomplete=\"off\" spellcheck=\"false\" placeholder=\"any words\"> "
        "<output for=\"f-%s\"></output></div>\n",
        id, id, id, id);
    text_addf(out,
              "<div class=\"scroll\" role=\"region\" aria-label=\"%s\" tabindex=\"0\">\n"
              "<table class=\"data\" id=\"t-%s\"><caption>%s</caption>\n<thead><tr>",
              caption, id, caption);
    for (; columns->title; columns++)
        text_addf(
            out, "<th scope=\"col\" class=\"%s\" aria-sort=\"none\"><button type=\"button\">%s</button></th>",
            columns->number ? "n" : "t", columns->title);
    text_add(out, "</tr></thead>\n<tbody>\n");
}

void html_table_close(struct text *out)
{
    text_add(out, "</tbody></table></div>\n");
}

void html_cell(struct text *out, const char *s, size_t max)
{
    text_add(out, "<td>");
    html_add(out, s, max);
    text_add(out, "</td>");
}

void html_code(struct text *out, const char *s, size_t max)
{
    text_add(out, "<td><code>");
    html_add(out, s, max);
    text_add(out, "</code></td>");
}

void html_number(struct text *out, uint64_t n)
{
    text_addf(out, "<td class=\"n\" data-v=\"%" PRIu64 "\">", n);
    html_count(out, n);
    text_add(out, "</td>");
}

/* A page can spell the micro sign, which a terminal's tables do without. */
void html_duration(struct text *out, uint64_t ns)
{
    text_add_ns(out, ns);
    if (out->len < 2 || strcmp(out->buf + out->len - 2, "us") != 0)
        return;
    out->len -= 2;
    text_add(out, "µs");
}

void html_ns(struct text *out, uint64_t ns)
{
    text_addf(out, "<td class=\"n\" data-v=\"%" PRIu64 "\">", ns);
    html_duration(out, ns);
    text_add(out, "</td>");
}

void html_share_cell(struct text *out, uint64_t part, uint64_t whole)
{
    text_addf(out, "<td class=\"n bar\" data-v=\"%" PRIu64 "\" style=\"--p:", part);
    html_percent(out, part, whole);
    text_add(out, "%\"><span>");
    html_share(out, part, whole);
    text_add(out, "</span></td>");
}
