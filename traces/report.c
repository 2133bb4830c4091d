/*
 * `ringside trace report`: everything about a run on one page that can be projected, printed, put on a phone
 * or handed in.  The page is made of the trace alone, so the same trace makes the same page.
 */
#include "traces/report.h"

#include "traces/output.h"

#include <errno.h>
#include <stdlib.h>

/* The sections in their order, and what the list of contents calls them. */
static const struct {
    const char *id, *title;
    report_fn *write;
} sections[] = {
    {"modes", "Modes", report_modes},
    {"time", "Over time", report_over_time},
    {"kinds", "What", report_kinds},
    {"devices", "Who", report_devices},
    {"places", "Where", report_places},
    {"slowest", "Slowest", report_slowest},
    {"marks", "Marks", report_marks},
    {"pictures", "Pictures", report_pictures},
    {"explained", "Explained", report_explained},
    {"counters", "KVM’s counters", report_counters},
};
enum { SECTION_COUNT = sizeof sections / sizeof sections[0] };

/* The list of contents comes first but names only what is there. */
static int add_sections(struct report *r, struct err *e)
{
    struct text body = {0}, *page = r->page;
    int rc = 0;
    text_add(page, "</header>\n<nav aria-label=\"Contents\"><ul>");
    r->page = &body;
    for (size_t i = 0; rc == 0 && i < SECTION_COUNT; i++) {
        size_t before = body.len;
        rc = sections[i].write(r, e);
        if (body.len != before)
            text_addf(page, "<li><a href=\"#%s\">%s</a></li>", sections[i].id, sections[i].title);
    }
    r->page = page;
    text_add(page, "</ul></nav>\n<main id=\"main\">\n");
    text_addn(page, text_str(&body), body.len);
    page->failed |= body.failed;
    text_fini(&body);
    return rc;
}

static int write_page(struct report *r, struct err *e)
{
    if (report_collect(r, e))
        return -1;
    report_begin(r);
    report_verdict(r);
    report_facts(r);
    if (add_sections(r, e))
        return -1;
    report_end(r);
    return r->page->failed ? err_sys(e, ENOMEM, "report") : 0;
}

int trace_report(struct trace_reader *reader, const struct trace_filter *f, const char *path, FILE *out,
                 struct err *e)
{
    struct text page = {0};
    struct output to;
    struct report *r = calloc(1, sizeof *r);
    if (!r)
        return err_sys(e, ENOMEM, "report");
    r->reader = reader;
    r->filter = f;
    r->page = &page;
    int rc = write_page(r, e);
    if (rc == 0)
        rc = output_open(&to, path, out, e);
    if (rc == 0)
        rc = output_close(&to, output_write(&to, &page, e), e);
    report_free(r);
    free(r);
    text_fini(&page);
    return rc;
}
