/*
 * The report of a grading, for people and for programs that read the Test Anything Protocol: see rules.h.
 */
#include "traces/rules.h"

#include <stdlib.h>
#include <string.h>

enum { REPORT_WIDTH = 96 };

void rules_report_fini(struct rules_report *r)
{
    for (size_t i = 0; i < r->count; i++) {
        text_fini(&r->result[i].why);
        text_fini(&r->result[i].around);
    }
    free(r->result);
    text_fini(&r->problem);
    *r = (struct rules_report){0};
}

const struct rule_result *rules_report_first_failure(const struct rules_report *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (!r->result[i].passed)
            return &r->result[i];
    return NULL;
}

/* Each line behind `#`, as TAP has its comments. */
static void add_lines(const char *lines, struct text *out)
{
    while (*lines) {
        size_t n = strcspn(lines, "\n");
        text_add(out, "#   ");
        text_addn(out, lines, n);
        text_addc(out, '\n');
        lines += n + (lines[n] == '\n');
    }
}

static void add_paragraph(const char *head, const char *words, struct text *out)
{
    struct text lines = {0};
    text_add(&lines, head);
    text_add_wrapped(&lines, words, strlen(head), REPORT_WIDTH);
    add_lines(text_str(&lines), out);
    text_fini(&lines);
}

/* `before` is the neighbourhood that was shown last: where several rules miss something, the same end of the
 * trace is not shown again. */
static void add_result(const struct rule_result *r, size_t number, const struct text **before,
                       struct text *out)
{
    text_addf(out, "%s %zu - %s (%u point%s)\n", r->passed ? "ok" : "not ok", number, r->name, r->points,
              r->points == 1 ? "" : "s");
    if (r->passed)
        return;
    add_paragraph("", text_str(&r->why), out);
    if (!*before || strcmp(text_str(*before), text_str(&r->around)) != 0)
        add_lines(text_str(&r->around), out);
    *before = &r->around;
    if (r->hint[0])
        add_paragraph("hint: ", r->hint, out);
}

void rules_report_text(const struct rules_report *r, struct text *out)
{
    const struct text *before = NULL;
    if (r->problem.len)
        text_addf(out, "# the trace is not whole: %s\n", text_str(&r->problem));
    text_addf(out, "1..%zu\n", r->count);
    for (size_t i = 0; i < r->count; i++)
        add_result(&r->result[i], i + 1, &before, out);
    text_addf(out, "# %u of %u point%s\n", r->points, r->points_max, r->points_max == 1 ? "" : "s");
}
