/*
 * Many traces, a line each: see stat_files.h.
 */
#include "traces/stat_files.h"

#include "traces/fields.h"
#include "traces/filter.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void stat_files_fini(struct stat_files *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->file[i].path);
    free(s->file);
    *s = (struct stat_files){0};
}

struct reading {
    struct stat_file *file;
    struct stat_by *by;
    const struct event_names *names;
};

static int file_see(void *ctx, const struct event *ev, struct err *e)
{
    struct reading *g = ctx;
    (void)e;
    if (event_kind_is_exit(ev->kind))
        g->file->exits++;
    else
        g->file->own++;
    g->file->host_ns += ev->host_ns;
    g->file->guest_ns += ev->guest_ns;
    g->file->elapsed_ns = ev->time_ns;
    if (g->by)
        stat_by_see(g->by, g->names, ev);
    return 0;
}

/* Goes on to the end behind a filter's limit: only there is known how the run ended. */
static int read_on(struct trace_reader *r, struct err *e)
{
    struct event ev;
    int more;
    while ((more = trace_next(r, &ev, e)) > 0)
        continue;
    return more;
}

static int file_read(struct stat_file *file, struct trace_reader *r, const struct trace_filter *f,
                     struct stat_by *by, struct err *e)
{
    struct reading g = {file, by, &trace_reader_info(r)->names};
    struct trace_state state;
    if (by)
        by_names_next_trace(&by->names);
    if (by && by_check(&by->by, g.names, e))
        return -1;
    if (trace_scan(r, f, file_see, &g, e) || read_on(r, e))
        return -1;
    trace_reader_state(r, &state);
    file->whole = state.whole;
    if (state.problem)
        snprintf(file->note, sizeof file->note, "%s", state.problem);
    if (!state.end)
        return 0;
    file->ended = true;
    snprintf(file->status, sizeof file->status, "%s", state.end->status);
    file->mode = cpu_mode_name(state.end->mode);
    file->exit_code = state.end->exit_code;
    file->elapsed_ns = state.end->elapsed_ns;
    return 0;
}

/* The path stands in the line already: the reason need not begin with it. */
static void note_error(struct stat_file *file, const struct err *e)
{
    size_t len = strlen(file->path);
    const char *why = e->text;
    if (strncmp(why, file->path, len) == 0 && strncmp(why + len, ": ", 2) == 0)
        why += len + 2;
    *file = (struct stat_file){.path = file->path, .failed = true, .status = "-", .mode = "-"};
    snprintf(file->note, sizeof file->note, "%s", why);
}

int stat_files_add(struct stat_files *s, const char *path, const struct trace_filter *f, struct stat_by *by,
                   struct err *e)
{
    if (s->count == s->cap) {
        size_t cap = s->cap ? 2 * s->cap : 16;
        struct stat_file *grown = realloc(s->file, cap * sizeof *grown);
        if (!grown)
            return err_sys(e, ENOMEM, "%zu files", cap);
        s->file = grown;
        s->cap = cap;
    }
    struct stat_file *file = &s->file[s->count];
    *file = (struct stat_file){.path = strdup(path), .status = "-", .mode = "-"};
    if (!file->path)
        return err_sys(e, ENOMEM, "%s", path);
    s->count++;
    struct err why;
    struct trace_reader *r = trace_open(path, &why);
    if (!r || file_read(file, r, f, by, &why))
        note_error(file, &why);
    trace_reader_close(r);
    return 0;
}

static struct stat_file files_sum(const struct stat_files *s, size_t *whole)
{
    struct stat_file sum = {0};
    *whole = 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct stat_file *f = &s->file[i];
        sum.exits += f->exits;
        sum.own += f->own;
        sum.host_ns += f->host_ns;
        sum.guest_ns += f->guest_ns;
        sum.elapsed_ns += f->elapsed_ns;
        *whole += f->whole;
    }
    return sum;
}

size_t stat_files_failed(const struct stat_files *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->count; i++)
        n += s->file[i].failed;
    return n;
}

/* ---- for people -------------------------------------------------------------------------------------------
 */

static void cell_ns(struct table *t, uint64_t ns)
{
    struct text s = {0};
    text_add_ns(&s, ns);
    table_cell(t, "%s", text_str(&s));
    text_fini(&s);
}

/* A file's name may hold anything: it is shown without what a terminal would obey. */
static void cell_path(struct table *t, const char *path)
{
    struct text s = {0};
    string_clean(&s, path, strlen(path), SIZE_MAX);
    table_cell(t, "%s", text_str(&s));
    text_fini(&s);
}

static void cells_counts(struct table *t, const struct stat_file *f)
{
    table_cell(t, "%" PRIu64, f->exits);
    table_cell(t, "%" PRIu64, f->own);
    cell_ns(t, f->elapsed_ns);
    cell_ns(t, f->guest_ns);
    cell_ns(t, f->host_ns);
}

static void print_file(struct table *t, const struct stat_file *f)
{
    cell_path(t, f->path);
    table_cell(t, "%s", f->status);
    if (f->failed)
        for (int i = 0; i < 5; i++)
            table_cell(t, "-");
    else
        cells_counts(t, f);
    table_cell(t, "%s", f->mode);
    table_cell(t, "%s", f->failed ? "not read" : f->whole ? "yes" : "no");
    cell_path(t, f->note);
}

void stat_files_print(const struct stat_files *s, struct text *out)
{
    static const char *const head[] = {"file",  "status", "exits", "other", "elapsed",
                                       "guest", "host",   "mode",  "whole", " "};
    struct table t;
    struct text page = {0};
    size_t whole;
    const struct stat_file sum = files_sum(s, &whole);
    table_init(&t, "llrrrrrlll");
    for (size_t i = 0; i < sizeof head / sizeof head[0]; i++)
        table_cell(&t, "%s", head[i]);
    for (size_t i = 0; i < s->count; i++)
        print_file(&t, &s->file[i]);
    table_cell(&t, "%zu files", s->count);
    table_cell(&t, "%s", "");
    cells_counts(&t, &sum);
    table_cell(&t, "%s", "");
    table_cell(&t, "%zu whole", whole);
    if (stat_files_failed(s))
        table_cell(&t, "%zu could not be read", stat_files_failed(s));
    else
        table_cell(&t, "%s", "");
    table_finish(&t, &page, "", true);
    text_add_lines(out, text_str(&page), 0, 0);
    out->failed |= page.failed;
    text_fini(&page);
}

/* ---- for programs -----------------------------------------------------------------------------------------
 */

static void json_counts(const struct stat_file *f, struct text *out)
{
    text_addf(out, ",\"exits\":%" PRIu64 ",\"own\":%" PRIu64 ",\"elapsed_ns\":%" PRIu64, f->exits, f->own,
              f->elapsed_ns);
    text_addf(out, ",\"guest_ns\":%" PRIu64 ",\"host_ns\":%" PRIu64, f->guest_ns, f->host_ns);
}

static void json_file(const struct stat_file *f, struct text *out)
{
    text_add(out, "{\"file\":");
    text_add_json(out, f->path);
    if (!f->failed) {
        if (f->ended) {
            text_add(out, ",\"status\":");
            text_add_json(out, f->status);
            text_addf(out, ",\"exit_code\":%d,\"mode\":\"%s\"", f->exit_code, f->mode);
        }
        json_counts(f, out);
        text_addf(out, ",\"whole\":%s", f->whole ? "true" : "false");
    }
    if (f->note[0]) {
        text_add(out, f->failed ? ",\"error\":" : ",\"problem\":");
        text_add_json(out, f->note);
    }
    text_addc(out, '}');
}

void stat_files_json(const struct stat_files *s, struct text *out)
{
    size_t whole;
    const struct stat_file sum = files_sum(s, &whole);
    text_add(out, "\"files\":[");
    for (size_t i = 0; i < s->count; i++) {
        text_add(out, i ? "," : "");
        json_file(&s->file[i], out);
    }
    text_addf(out, "],\"totals\":{\"files\":%zu,\"failed\":%zu,\"whole\":%zu", s->count, stat_files_failed(s),
              whole);
    json_counts(&sum, out);
    text_addc(out, '}');
}
