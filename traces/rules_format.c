/*
 * The report of a grading in other forms than TAP: for people, as JSON, and as the XML that JUnit began and
 * build servers read. Names and texts are an instructor's and a guest's: each form escapes what it must.
 */
#include "traces/rules.h"

#include <inttypes.h>
#include <string.h>

enum { PEOPLE_WIDTH = 96, PEOPLE_INDENT = 6 };

static size_t count_passed(const struct rules_report *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++)
        n += r->result[i].passed;
    return n;
}

/* ---- people ---- */

static void add_indented(const char *lines, struct text *out)
{
    while (*lines) {
        size_t n = strcspn(lines, "\n");
        text_addf(out, "%*s", PEOPLE_INDENT, "");
        text_addn(out, lines, n);
        text_addc(out, '\n');
        lines += n + (lines[n] == '\n');
    }
}

static void add_words(const char *head, const char *words, struct text *out)
{
    struct text lines = {0};
    text_add(&lines, head);
    text_add_wrapped(&lines, words, strlen(head), PEOPLE_WIDTH - PEOPLE_INDENT);
    add_indented(text_str(&lines), out);
    text_fini(&lines);
}

/* `before` is the neighbourhood that was shown last; the same is not shown twice in a row. */
static void add_people(const struct rule_result *r, const struct text **before, struct text *out)
{
    text_addf(out, "%s  %s", r->passed ? "kept  " : "BROKEN", r->name);
    if (r->points != 1)
        text_addf(out, " (%u points)", r->points);
    text_addc(out, '\n');
    if (r->passed)
        return;
    add_words("", text_str(&r->why), out);
    if (!*before || strcmp(text_str(*before), text_str(&r->around)) != 0)
        add_indented(text_str(&r->around), out);
    *before = &r->around;
    if (r->hint[0])
        add_words("hint: ", r->hint, out);
}

void rules_report_people(const struct rules_report *r, struct text *out)
{
    const struct text *before = NULL;
    if (r->problem.len)
        text_addf(out, "the trace is not whole: %s\n", text_str(&r->problem));
    for (size_t i = 0; i < r->count; i++)
        add_people(&r->result[i], &before, out);
    text_addf(out, "%zu of %zu rules kept, %u of %u points\n", count_passed(r), r->count, r->points,
              r->points_max);
}

/* ---- JSON ---- */

static void add_key(const char *key, const char *value, struct text *out)
{
    text_addf(out, ",\"%s\":", key);
    text_add_json(out, value);
}

static void add_json(const struct rule_result *r, struct text *out)
{
    text_add(out, "{\"name\":");
    text_add_json(out, r->name);
    text_addf(out, ",\"line\":%zu,\"passed\":%s,\"points\":%u", r->line, r->passed ? "true" : "false",
              r->points);
    if (r->has_event)
        text_addf(out, ",\"seq\":%" PRIu64, r->seq);
    if (!r->passed) {
        add_key("why", text_str(&r->why), out);
        add_key("around", text_str(&r->around), out);
        add_key("hint", r->hint, out);
    }
    text_addc(out, '}');
}

void rules_report_json(const struct rules_report *r, const char *trace, const char *rules, struct text *out)
{
    text_addf(out, "{\"passed\":%s", count_passed(r) == r->count ? "true" : "false");
    add_key("trace", trace, out);
    add_key("rules_file", rules, out);
    text_addf(out, ",\"points\":%u,\"points_max\":%u,\"problem\":", r->points, r->points_max);
    if (r->problem.len)
        text_add_json(out, text_str(&r->problem));
    else
        text_add(out, "null");
    text_add(out, ",\"rules\":[");
    for (size_t i = 0; i < r->count; i++) {
        text_add(out, i ? "," : "");
        add_json(&r->result[i], out);
    }
    text_add(out, "]}\n");
}

/* ---- XML ---- */

/* XML has no place for control characters, surrogates and the two non-characters, escaped or not. */
static bool xml_allows(uint32_t c)
{
    return c == '\t' || c == '\n' || (c >= 0x20 && c != 0x7f && c != 0xfffe && c != 0xffff);
}

/* For attributes and content alike; a line break in an attribute must be a reference, or it is read as a
 * space. */
static void add_xml(const char *s, struct text *out)
{
    static const struct {
        char c;
        const char *reference;
    } rows[] = {{'&', "&amp;"},  {'<', "&lt;"},   {'>', "&gt;"},
                {'"', "&quot;"}, {'\n', "&#10;"}, {'\t', "&#9;"}};
    size_t left = strlen(s);
    while (left) {
        uint32_t code = 0;
        size_t len = utf8_decode(s, left, &code), row = 0;
        while (row < sizeof rows / sizeof rows[0] && *s != rows[row].c)
            row++;
        if (row < sizeof rows / sizeof rows[0])
            text_add(out, rows[row].reference);
        else if (len && xml_allows(code))
            text_addn(out, s, len);
        else
            text_add(out, "\ufffd");
        s += len ? len : 1;
        left -= len ? len : 1;
    }
}

static void add_attribute(const char *name, const char *value, struct text *out)
{
    text_addf(out, " %s=\"", name);
    add_xml(value, out);
    text_addc(out, '"');
}

/* A neighbourhood keeps its lines. */
static void add_xml_lines(const char *lines, struct text *out)
{
    struct text line = {0};
    while (*lines) {
        size_t n = strcspn(lines, "\n");
        text_clear(&line);
        text_addn(&line, lines, n);
        add_xml(text_str(&line), out);
        text_addc(out, '\n');
        lines += n + (lines[n] == '\n');
    }
    text_fini(&line);
}

static void add_testcase(const struct rule_result *r, const char *rules, struct text *out)
{
    text_add(out, "    <testcase");
    add_attribute("classname", rules, out);
    add_attribute("name", r->name, out);
    if (r->passed) {
        text_add(out, "/>\n");
        return;
    }
    text_add(out, ">\n      <failure");
    add_attribute("message", text_str(&r->why), out);
    text_add(out, " type=\"rule\">");
    add_xml_lines(text_str(&r->around), out);
    if (r->hint[0]) {
        text_add(out, "hint: ");
        add_xml_lines(r->hint, out);
    }
    text_add(out, "</failure>\n    </testcase>\n");
}

void rules_report_junit(const struct rules_report *r, const char *trace, const char *rules, struct text *out)
{
    size_t failed = r->count - count_passed(r);
    text_addf(out,
              "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"%zu\" failures=\"%zu\" "
              "errors=\"0\">\n",
              r->count, failed);
    text_add(out, "  <testsuite");
    add_attribute("name", trace, out);
    text_addf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"0\">\n", r->count, failed);
    for (size_t i = 0; i < r->count; i++)
        add_testcase(&r->result[i], rules, out);
    if (r->problem.len) {
        text_add(out, "    <system-err>the trace is not whole: ");
        add_xml_lines(text_str(&r->problem), out);
        text_add(out, "</system-err>\n");
    }
    text_add(out, "  </testsuite>\n</testsuites>\n");
}
