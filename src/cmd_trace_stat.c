/*
 * `ringside trace stat`: how often, how long, where; of one trace or of many.
 */
#include "cmd_trace.h"

#include "traces/stat_files.h"

struct stat_settings {
    struct trace_settings common;
    uint64_t top;
    const char *by;
    struct stat_by_view view;
};

static int set_top(void *settings, const char *value, struct err *e)
{
    return option_number(value, 1, 100000, &((struct stat_settings *)settings)->top, e);
}

static int set_by(void *settings, const char *value, struct err *e)
{
    struct by by;
    ((struct stat_settings *)settings)->by = value;
    return by_parse(&by, value, e);
}

static int set_sort(void *settings, const char *value, struct err *e)
{
    (void)e;
    ((struct stat_settings *)settings)->view.sort = value;
    return 0;
}

static const struct option_row stat_rows[] = {
    {"--by", "FIELDS",
     "groups by up to four fields of the --where language, with commas between: kind,device,reg,symbol ...; "
     "numbers "
     "may be divided: time:10ms, seq:1000, addr:0x1000",
     set_by},
    {"--sort", "COLUMN",
     "of --by: count (default), host, guest, time (both), min, median, p99, max, or one of the fields",
     set_sort},
    {"--top", "N", "rows a table (default 10; by time:... or seq:...: all)", set_top},
    {"--json", NULL, "as one JSON object", trace_set_json},
    TRACE_RANGE_ROWS,
    TRACE_KIND_ROW,
    {0}};

/* One trace without --by: the tables. */
static int stat_tables(struct trace_reader *r, const struct stat_settings *s, struct text *out, struct err *e)
{
    return trace_stat(r, &s->common.filter, (unsigned)s->top, s->common.json, out, e);
}

static int stat_groups(struct trace_reader *r, struct stat_by *b, const struct stat_settings *s,
                       struct text *out, struct err *e)
{
    struct trace_state state;
    if (stat_by_add(b, r, &s->common.filter, e))
        return -1;
    if (!s->common.json)
        return stat_by_print(b, &s->view, out, e);
    trace_reader_state(r, &state);
    text_addf(out, "{\"whole\":%s,", state.whole ? "true" : "false");
    int rc = stat_by_json(b, &s->view, out, e);
    text_add(out, "}\n");
    return rc;
}

static int stat_one(const char *path, struct stat_by *b, const struct stat_settings *s, struct text *out,
                    struct err *e)
{
    struct trace_reader *r = trace_open(path, e);
    if (!r)
        return -1;
    int status = b ? stat_groups(r, b, s, out, e) : stat_tables(r, s, out, e);
    if (status == STATUS_OK && (status = command_print(out)) == STATUS_OK)
        trace_warn_incomplete(r, path);
    trace_reader_close(r);
    return status;
}

static int show_files(const struct stat_files *files, struct stat_by *b, const struct stat_settings *s,
                      struct text *out, struct err *e)
{
    int rc = 0;
    if (s->common.json) {
        text_addc(out, '{');
        stat_files_json(files, out);
        if (b) {
            text_addc(out, ',');
            rc = stat_by_json(b, &s->view, out, e);
        }
        text_add(out, "}\n");
        return rc;
    }
    stat_files_print(files, out);
    if (b) {
        text_add(out, "\nAll of them: ");
        rc = stat_by_print(b, &s->view, out, e);
    }
    return rc;
}

static int stat_many(const struct positionals *words, struct stat_by *b, const struct stat_settings *s,
                     struct text *out, struct err *e)
{
    struct stat_files files = {0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < words->n; i++)
        rc = stat_files_add(&files, words->word[i], &s->common.filter, b, e);
    if (rc == 0)
        rc = show_files(&files, b, s, out, e);
    if (rc == 0)
        rc = command_print(out);
    if (rc == STATUS_OK && stat_files_failed(&files))
        rc = 1;
    stat_files_fini(&files);
    return rc;
}

static int stat_words(const struct positionals *words, const struct trace_settings *settings, struct err *e)
{
    struct stat_settings s = *(const struct stat_settings *)settings;
    struct stat_by by, *b = s.by ? &by : NULL;
    struct text out = {0};
    s.view.top = (size_t)s.top;
    if (!b && s.view.sort)
        return err_set(e, "trace stat: --sort goes with --by");
    int rc = b ? stat_by_init(b, s.by, e) : 0;
    if (rc == 0 && b && s.view.sort && (rc = stat_by_check_sort(b, s.view.sort, e)))
        err_wrap(e, "trace stat: --sort");
    if (rc == 0 && words->n == 1)
        rc = stat_one(words->word[0], b, &s, &out, e);
    else if (rc == 0)
        rc = stat_many(words, b, &s, &out, e);
    if (b)
        stat_by_fini(b);
    text_fini(&out);
    return rc;
}

const struct trace_command trace_command_stat = {
    {"stat", "FILE.rst ...", "counts and times by kind, device, mode and place, or by any field",
     "Without --by, tables of the exits. With it, one table of all events that pass the filter (--where "
     "exit: of exits "
     "only). Of several files: a line each, the totals, and with --by a table of their sum. Exit status: 0, "
     "or 1 when "
     "one of several files could not be read.",
     stat_rows, trace_subcommand},
    "ringside trace stat",
    sizeof(struct stat_settings),
    1,
    SIZE_MAX,
    NULL,
    stat_words};
