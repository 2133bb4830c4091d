/*
 * `trace export`: a trace in the forms that other programs read.  This file finds the format, opens what is
 * written to and closes it; each format is a file of its own (export.h).
 */
#include "traces/export.h"

#include "traces/filter.h"

#include "base/nearest.h"

#include <errno.h>
#include <string.h>

static const struct {
    const char *name;
    export_fn *write;
} formats[] = {
#define EXPORT_ROW(name, summary) {#name, export_##name},
    EXPORT_FORMATS(EXPORT_ROW)
#undef EXPORT_ROW
};

#define FORMAT_COUNT (sizeof formats / sizeof formats[0])

int trace_export_format(const char *name, struct err *e)
{
    const char *best = NULL;
    size_t distance = 0;
    struct text known = {0};
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        if (strcmp(name, formats[i].name) == 0) {
            text_fini(&known);
            return (int)i;
        }
        nearest_offer(name, formats[i].name, &best, &distance);
        text_addf(&known, "%s%s", i == 0 ? "" : i + 1 < FORMAT_COUNT ? ", " : " or ", formats[i].name);
    }
    if (best)
        err_set(e, "unknown format \"%.40s\": did you mean %s? There are %s", name, best, text_str(&known));
    else
        err_set(e, "unknown format \"%.40s\": there are %s", name, text_str(&known));
    text_fini(&known);
    return -1;
}

struct scan {
    struct export_job *job;
    int (*see)(void *ctx, const struct event *ev, struct err *e);
    void *ctx;
};

static int scan_see(void *ctx, const struct event *ev, struct err *e)
{
    struct scan *s = ctx;
    if ((s->job->seen++ & 4095) == 0 && output_stopped(s->job->out, e))
        return -1;
    return s->see(s->ctx, ev, e);
}

int export_scan(struct export_job *x, int (*see)(void *ctx, const struct event *ev, struct err *e), void *ctx,
                struct err *e)
{
    struct scan s = {x, see, ctx};
    return trace_scan(x->reader, x->filter, scan_see, &s, e);
}

int export_line(struct export_job *x, struct err *e)
{
    int rc = output_write(x->out, &x->line, e);
    text_clear(&x->line);
    return rc;
}

int trace_export(struct trace_reader *r, const struct trace_filter *f, const struct export_choice *c,
                 FILE *out, struct err *e)
{
    int format = c->format ? trace_export_format(c->format, e) : 0;
    struct output to;
    if (format < 0 || trace_filter_check(f, &trace_reader_info(r)->names, e))
        return -1;
    if (formats[format].write == export_sqlite && export_sqlite_may(c, e))
        return -1;
    if (output_open(&to, c->path, out, e))
        return -1;
    struct export_job x = {.reader = r, .filter = f, .info = trace_reader_info(r), .out = &to};
    int rc = formats[format].write(&x, e);
    text_fini(&x.line);
    return output_close(&to, rc, e);
}

int trace_export_jsonl(struct trace_reader *r, const struct trace_filter *f, FILE *out, struct err *e)
{
    const struct export_choice jsonl = {.format = "jsonl"};
    return trace_export(r, f, &jsonl, out, e);
}
