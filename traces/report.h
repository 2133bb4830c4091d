/*
 * Inside `trace report`.  A page is made in two steps: report_collect.c reads the trace and keeps what is
 * going to be shown; then each section (a row of the table in report.c) writes its HTML.  All that comes out
 * of a trace goes through html_add, whatever it is: a guest may be called `<script>`.
 */
#ifndef RINGSIDE_TRACES_REPORT_H
#define RINGSIDE_TRACES_REPORT_H

#include "traces/series.h"
#include "traces/stat.h"

#define REPORT_PLACES 100
#define REPORT_SLOW   25
#define REPORT_MARKS  100
#define REPORT_VCPUS  8
#define REPORT_KINDS                                                                                         \
    (SERIES_ROWS_MAX - 1) /* kinds that the chart tells apart; the last row is all others                    \
                           */

/* What a vCPU did when. */
struct report_vcpu {
    bool seen;
    uint64_t left_ns;            /* when the host was done with its last exit */
    unsigned mode;               /* CPU_MODES: not known yet */
    struct series time, by_exit; /* rows: modes, and one for not known */
    uint64_t changes;
};

struct report {
    struct trace_reader *reader;
    const struct trace_filter *filter;
    const struct trace_info *info;
    struct trace_state state;
    struct stats stats;
    struct series exits; /* over time; rows: kinds as in `kind` */
    unsigned kind[REPORT_KINDS];
    size_t kind_count;
    uint64_t start_ns; /* where the time axis begins */
    uint64_t events, counted;
    struct report_vcpu vcpu[REPORT_VCPUS];
    uint64_t other_vcpus; /* events of vCPUs past those */
    struct event slow[REPORT_SLOW];
    size_t slow_count;
    struct event mark[REPORT_MARKS];
    uint64_t mark_count;
    uint64_t tables; /* copies of page tables */
    struct text *page;
};

NODISCARD int report_collect(struct report *r, struct err *e);
void report_free(struct report *r);

/* A section: writes to r->page. -1 only without memory. */
typedef int report_fn(struct report *r, struct err *e) NODISCARD;
report_fn report_modes, report_over_time, report_kinds, report_devices, report_places, report_slowest,
    report_marks, report_pictures, report_explained, report_counters;

/* The page around the sections (report_page.c). */
void report_begin(struct report *r);
void report_end(struct report *r);
void report_verdict(struct report *r);
void report_facts(struct report *r);

/* The style and the script, from traces/report/. */
extern const char report_css[], report_js[];

/* ---- pictures
 * ------------------------------------------------------------------------------------------------ */

/* Appends `svg` (as Graphviz makes it) so that it can stand in a page among others: only the elements and
 * attributes that drawings consist of, no links, and ids behind `prefix`. *width is its natural width in
 * pixels. -1 when it is no SVG. */
NODISCARD int svg_inline(const char *svg, size_t len, const char *prefix, struct text *out, unsigned *width,
                         struct err *e);

/* The picture as a whole SVG file (graph_inline.c). */
NODISCARD int graph_svg(struct trace_reader *r, const struct trace_filter *f, enum graph_kind kind,
                        struct text *svg, struct err *e);

/* ---- words of HTML (report_html.c)
 * --------------------------------------------------------------------------- */

/* Appends at most `max` characters of `s` as text or attribute value, escaped; an ellipsis says that there
 * were more. */
void html_add(struct text *out, const char *s, size_t max);
#define HTML_NAME 80  /* names */
#define HTML_LONG 600 /* sentences */

/* Appends 1234567 as `1,234,567`, a duration, a share in percent. */
void html_count(struct text *out, uint64_t n);
void html_duration(struct text *out, uint64_t ns);
void html_share(struct text *out, uint64_t part, uint64_t whole);

/* Appends hundredths of percent that an SVG or a style can use: `41.27`. */
void html_percent(struct text *out, uint64_t part, uint64_t whole);

/* A table that sorts and filters. `columns` ends with a row without title. Opens with a caption for screen
 * readers. */
struct html_column {
    const char *title;
    bool number; /* right-aligned, and sorted as a number */
};
void html_table_open(struct text *out, const char *id, const char *caption,
                     const struct html_column *columns);
void html_table_close(struct text *out);

/* Cells. A number has its value for sorting; a share a bar as well. */
void html_cell(struct text *out, const char *s, size_t max);
void html_code(struct text *out, const char *s, size_t max);
void html_number(struct text *out, uint64_t n);
void html_ns(struct text *out, uint64_t ns);
void html_share_cell(struct text *out, uint64_t part, uint64_t whole);

/* A section with its heading. */
void html_section_open(struct text *out, const char *id, const char *title);
void html_section_close(struct text *out);
void html_note(struct text *out, const char *fmt, ...) PRINTF(2, 3); /* of our own words only */

#endif
