/*
 * The table of `trace top`: see top.h.  Groups are counted once, over the whole run; an interval is the
 * difference to what each had when it began.
 */
#include "traces/top.h"

#include "traces/filter.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int top_init(struct top *t, const char *fields, struct err *e)
{
    *t = (struct top){0};
    return stat_by_init(&t->now, fields, e);
}

void top_fini(struct top *t)
{
    stat_by_fini(&t->now);
    free(t->before);
}

static uint64_t row_time(const struct group_row *row)
{
    return row->host_ns + row->guest_ns;
}

static struct top_before row_before(const struct group_row *row)
{
    return (struct top_before){row->count, row_time(row)};
}

int top_begin(struct top *t, struct err *e)
{
    size_t n = t->now.groups.count;
    struct top_before *grown = realloc(t->before, (n + 1) * sizeof *grown);
    if (!grown)
        return err_sys(e, ENOMEM, "%zu groups", n);
    t->before = grown;
    for (size_t i = 0; i < n; i++)
        grown[i] = row_before(&t->now.groups.group[i].row);
    t->before_count = n;
    t->before_others = row_before(&t->now.groups.others);
    t->before_ns = t->last_ns;
    return 0;
}

int top_read(struct top *t, struct trace_reader *r, const struct trace_filter *f, struct err *e)
{
    const struct event_names *names = &trace_reader_info(r)->names;
    struct event ev;
    int more;
    while ((more = trace_next(r, &ev, e)) > 0) {
        t->last_ns = ev.time_ns > t->last_ns ? ev.time_ns : t->last_ns;
        if (trace_filter_match(f, names, &ev))
            stat_by_see(&t->now, names, &ev);
    }
    return more;
}

/* ---- the table --------------------------------------------------------------------------------------------
 */

struct top_row {
    const struct group *group; /* NULL: the others */
    const struct top *top;
    const struct group_row *all;
    uint64_t count, time_ns; /* of the interval */
};

/* Without an interval all of the run is one. */
static struct top_row row_make(const struct top *t, size_t i, bool interval)
{
    const struct groups *g = &t->now.groups;
    bool others = i == g->count;
    struct top_row row = {.group = others ? NULL : &g->group[i], .top = t};
    struct top_before before = {0};
    if (interval && others)
        before = t->before_others;
    else if (interval && i < t->before_count)
        before = t->before[i];
    row.all = others ? &g->others : &g->group[i].row;
    row.count = row.all->count - before.count;
    row.time_ns = row_time(row.all) - before.time_ns;
    return row;
}

/* The busiest of the interval first, then of the run; the others last. */
static int row_compare(const void *x, const void *y)
{
    const struct top_row *a = x, *b = y;
    if (!a->group || !b->group)
        return !a->group - !b->group;
    if (a->time_ns != b->time_ns)
        return a->time_ns > b->time_ns ? -1 : 1;
    if (row_time(a->all) != row_time(b->all))
        return row_time(a->all) > row_time(b->all) ? -1 : 1;
    int order = 0;
    for (size_t i = 0; order == 0 && i < a->top->now.by.count; i++)
        order = by_compare(&a->top->now.by, &a->top->now.names, a->group->key, b->group->key, i);
    return order;
}

/* What the columns are shares of. */
struct top_sums {
    uint64_t count, time_ns, all_count, all_time_ns, guest_ns;
    uint64_t span_ns, all_span_ns;
};

static void cell_share(struct table *t, uint64_t part, uint64_t whole)
{
    table_cell(t, "%.1f%%", whole ? 100.0 * (double)part / (double)whole : 0.0);
}

static uint64_t per_second(uint64_t count, uint64_t ns)
{
    return ns ? (uint64_t)((double)count * 1e9 / (double)ns) : 0;
}

static void cell_interval_share(struct table *t, const struct top_row *row, const struct top_sums *s)
{
    cell_share(t, row->time_ns, s->time_ns);
}

static void cell_interval_rate(struct table *t, const struct top_row *row, const struct top_sums *s)
{
    table_cell(t, "%" PRIu64, per_second(row->count, s->span_ns));
}

static void cell_all_share(struct table *t, const struct top_row *row, const struct top_sums *s)
{
    cell_share(t, row_time(row->all), s->all_time_ns);
}

static void cell_all_count(struct table *t, const struct top_row *row, const struct top_sums *s)
{
    (void)s;
    table_cell(t, "%" PRIu64, row->all->count);
}

static void cell_ns(struct table *t, uint64_t ns)
{
    struct text s = {0};
    text_add_ns(&s, ns);
    table_cell(t, "%s", text_str(&s));
    text_fini(&s);
}

static void cell_host(struct table *t, const struct top_row *row, const struct top_sums *s)
{
    (void)s;
    cell_ns(t, row->all->host_ns);
}

static void cell_guest(struct table *t, const struct top_row *row, const struct top_sums *s)
{
    (void)s;
    cell_ns(t, row->all->guest_ns);
}

static void cell_median(struct table *t, const struct top_row *row, const struct top_sums *s)
{
    (void)s;
    cell_ns(t, spread_quantile(&row->all->host, &row->top->now.pool, 1, 2));
}

/* Columns of numbers stand in front, so that on a narrow terminal it is the names that are cut; `from_width`
 * is where there is room for the column. */
static const struct top_column {
    const char *title;
    size_t from_width;
    bool interval;
    void (*cell)(struct table *t, const struct top_row *row, const struct top_sums *s);
} columns[] = {
    {"now", 0, true, cell_interval_share}, {"now/s", 50, true, cell_interval_rate},
    {"run", 0, false, cell_all_share},     {"count", 40, false, cell_all_count},
    {"guest", 100, false, cell_guest},     {"host", 80, false, cell_host},
    {"median", 100, false, cell_median},
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

static bool column_shown(const struct top_column *c, const struct top_shape *shape)
{
    return (!c->interval || shape->interval) && (!shape->width || shape->width >= c->from_width);
}

static void print_row(const struct top_row *row, const struct top_sums *sums, const struct top_shape *shape,
                      struct table *t)
{
    const struct stat_by *b = &row->top->now;
    struct text cell = {0};
    for (size_t i = 0; i < COLUMNS; i++)
        if (column_shown(&columns[i], shape))
            columns[i].cell(t, row, sums);
    for (size_t i = 0; i < b->by.count; i++) {
        text_clear(&cell);
        if (row->group)
            by_cell(&b->by, &b->names, row->group->key, i, &cell);
        else
            text_add(&cell, i ? "" : "others");
        table_cell(t, "%s", text_str(&cell));
    }
    text_fini(&cell);
}

static void print_table(const struct top_row *rows, size_t n, const struct top_sums *sums,
                        const struct top_shape *shape, struct text *out)
{
    const struct by *by = &rows[0].top->now.by;
    char align[COLUMNS + BY_FIELDS_MAX + 1] = "";
    struct table t;
    size_t numbers = 0;
    for (size_t i = 0; i < COLUMNS; i++)
        numbers += column_shown(&columns[i], shape);
    memset(align, 'r', numbers);
    memset(align + numbers, 'l', by->count);
    table_init(&t, align);
    for (size_t i = 0; i < COLUMNS; i++)
        if (column_shown(&columns[i], shape))
            table_cell(&t, "%s", columns[i].title);
    for (size_t i = 0; i < by->count; i++)
        table_cell(&t, "%s", by->field[i].title);
    for (size_t i = 0; i < n; i++)
        print_row(&rows[i], sums, shape, &t);
    table_finish(&t, out, "", true);
}

/* `12.3 s, running: 12,345 events, 1000 a second; 80.1% of the time inside KVM_RUN`. */
static void print_head(const struct trace_reader *r, const struct top_sums *s, const struct top_shape *shape,
                       struct text *out)
{
    struct trace_state state;
    trace_reader_state(r, &state);
    text_add(out, state.end ? state.end->status : "no end yet");
    text_add(out, ", ");
    text_add_ns(out, s->all_span_ns);
    text_addf(out, ": %" PRIu64 " events, %" PRIu64 "/s", s->all_count,
              shape->interval ? per_second(s->count, s->span_ns) : per_second(s->all_count, s->all_span_ns));
    if (s->all_time_ns)
        text_addf(out, "; %.1f%% of their time in the guest",
                  100.0 * (double)s->guest_ns / (double)s->all_time_ns);
    text_addc(out, '\n');
}

static void sums_make(const struct top *t, const struct top_row *rows, size_t n, struct top_sums *s)
{
    *s = (struct top_sums){.span_ns = t->last_ns - t->before_ns, .all_span_ns = t->last_ns};
    for (size_t i = 0; i < n; i++) {
        s->count += rows[i].count;
        s->time_ns += rows[i].time_ns;
        s->all_count += rows[i].all->count;
        s->all_time_ns += row_time(rows[i].all);
        s->guest_ns += rows[i].all->guest_ns;
    }
}

int top_print(struct top *t, const struct trace_reader *r, const struct top_shape *shape, struct text *out,
              struct err *e)
{
    size_t n = t->now.groups.count + (t->now.groups.others.count != 0), shown = n;
    struct top_row *rows = calloc(n + 1, sizeof *rows);
    struct top_sums sums;
    struct text page = {0};
    if (!rows)
        return err_sys(e, ENOMEM, "%zu groups", n);
    for (size_t i = 0; i < n; i++)
        rows[i] = row_make(t, i, shape->interval);
    qsort(rows, n, sizeof *rows, row_compare);
    sums_make(t, rows, n, &sums);
    if (shape->interval_ns)
        sums.span_ns = shape->interval_ns;
    print_head(r, &sums, shape, &page);
    if (shape->height && shown > shape->height)
        shown = shape->height;
    if (n)
        print_table(rows, shown, &sums, shape, &page);
    text_add_lines(out, text_str(&page), shape->width, shape->height);
    out->failed |= page.failed;
    text_fini(&page);
    free(rows);
    return out->failed ? err_sys(e, ENOMEM, "the table") : 0;
}
