/*
 * Counting and showing groups of the reader's choice: see stat_by.h.
 */
#include "traces/stat_by.h"

#include "traces/filter.h"
#include "traces/stat.h"

#include "base/nearest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int stat_by_init(struct stat_by *b, const char *fields, struct err *e)
{
    *b = (struct stat_by){.groups = {.limit = GROUPS_MAX}};
    if (by_parse(&b->by, fields, e))
        return -1;
    b->groups.width = b->by.count + 1;
    return 0;
}

void stat_by_fini(struct stat_by *b)
{
    stat_by_clear(b);
    by_names_free(&b->names);
    text_fini(&b->sentence);
}

void stat_by_clear(struct stat_by *b)
{
    groups_free(&b->groups);
    spread_pool_free(&b->pool);
    b->all = (struct group_row){0};
}

void stat_by_see(struct stat_by *b, const struct event_names *names, const struct event *ev)
{
    uint64_t key[GROUP_KEYS_MAX];
    struct group *g = NULL;
    if (by_key(&b->by, &b->names, names, ev, &b->sentence, key))
        g = groups_find(&b->groups, key);
    group_row_add(g ? &g->row : &b->groups.others, &b->pool, ev);
}

struct adding {
    struct stat_by *b;
    const struct event_names *names;
};

static int add_event(void *ctx, const struct event *ev, struct err *e)
{
    struct adding *a = ctx;
    (void)e;
    stat_by_see(a->b, a->names, ev);
    return 0;
}

int stat_by_add(struct stat_by *b, struct trace_reader *r, const struct trace_filter *f, struct err *e)
{
    struct adding a = {b, &trace_reader_info(r)->names};
    by_names_next_trace(&b->names);
    return by_check(&b->by, a.names, e) ? -1 : trace_scan(r, f, add_event, &a, e);
}

/* ---- order ------------------------------------------------------------------------------------------------
 */

static uint64_t of_count(const struct group_row *row, const struct spread_pool *pool)
{
    (void)pool;
    return row->count;
}

static uint64_t of_host(const struct group_row *row, const struct spread_pool *pool)
{
    (void)pool;
    return row->host_ns;
}

static uint64_t of_guest(const struct group_row *row, const struct spread_pool *pool)
{
    (void)pool;
    return row->guest_ns;
}

static uint64_t of_min(const struct group_row *row, const struct spread_pool *pool)
{
    (void)pool;
    return row->host.min;
}

static uint64_t of_median(const struct group_row *row, const struct spread_pool *pool)
{
    return spread_quantile(&row->host, pool, 1, 2);
}

static uint64_t of_p99(const struct group_row *row, const struct spread_pool *pool)
{
    return spread_quantile(&row->host, pool, 99, 100);
}

static uint64_t of_max(const struct group_row *row, const struct spread_pool *pool)
{
    (void)pool;
    return row->host.max;
}

static uint64_t of_time(const struct group_row *row, const struct spread_pool *pool)
{
    (void)pool;
    return row->host_ns + row->guest_ns;
}

static const struct column {
    const char *name;
    uint64_t (*of)(const struct group_row *row, const struct spread_pool *pool);
} columns[] = {{"count", of_count}, {"host", of_host},     {"guest", of_guest}, {"time", of_time},
               {"min", of_min},     {"median", of_median}, {"p99", of_p99},     {"max", of_max}};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

struct ordered {
    const struct group *group;
    const struct stat_by *b;
    uint64_t value; /* of the column that is sorted by */
    size_t field;   /* or the field */
};

static size_t column_find(const char *name)
{
    size_t i = 0;
    while (i < COLUMNS && strcmp(columns[i].name, name) != 0)
        i++;
    return i;
}

static size_t field_find(const struct by *by, const char *name)
{
    size_t i = 0;
    while (i < by->count && strcmp(by->field[i].field->name, name) != 0 &&
           strcmp(by->field[i].title, name) != 0)
        i++;
    return i;
}

int stat_by_check_sort(const struct stat_by *b, const char *sort, struct err *e)
{
    const char *best = NULL;
    size_t distance = 0;
    if (column_find(sort) < COLUMNS || field_find(&b->by, sort) < b->by.count)
        return 0;
    for (size_t i = 0; i < COLUMNS; i++)
        nearest_offer(sort, columns[i].name, &best, &distance);
    return err_set(e,
                   "\"%.30s\" is neither a column (count, host, guest, time, min, median, p99, max) nor a "
                   "field of --by%s%s%s",
                   sort, best ? "; did you mean " : "", best ? best : "", best ? "?" : "");
}

/* The larger value first, then the fields from the first on, rising. */
static int compare(const void *x, const void *y)
{
    const struct ordered *a = x, *b = y;
    if (a->value != b->value)
        return a->value > b->value ? -1 : 1;
    const struct by *by = &a->b->by;
    int order =
        a->field < by->count ? by_compare(by, &a->b->names, a->group->key, b->group->key, a->field) : 0;
    for (size_t i = 0; order == 0 && i < by->count; i++)
        order = by_compare(by, &a->b->names, a->group->key, b->group->key, i);
    return order;
}

const struct group **stat_by_order(struct stat_by *b, const struct stat_by_view *v, size_t *shown,
                                   struct group_row *others, size_t *left)
{
    size_t n = b->groups.count, column = v->sort ? column_find(v->sort) : b->by.field[0].width ? COLUMNS : 0;
    size_t top = v->top ? v->top : b->by.field[0].width ? n : 10;
    struct ordered *all = calloc(n + 1, sizeof *all);
    const struct group **list = calloc(n + 1, sizeof(struct group *));
    for (size_t i = 0; all && list && i < n; i++) {
        const struct group *g = &b->groups.group[i];
        all[i] = (struct ordered){.group = g, .b = b, .field = v->sort ? field_find(&b->by, v->sort) : 0};
        all[i].value = column < COLUMNS ? columns[column].of(&g->row, &b->pool) : 0;
    }
    if (all && list)
        qsort(all, n, sizeof *all, compare);
    *shown = n < top ? n : top;
    *left = n - *shown;
    *others = (struct group_row){0};
    group_row_merge(others, &b->pool, &b->groups.others);
    for (size_t i = 0; all && list && i < n; i++) {
        list[i] = all[i].group;
        if (i >= *shown)
            group_row_merge(others, &b->pool, &list[i]->row);
    }
    if (!all) {
        free(list);
        list = NULL;
    }
    free(all);
    return list;
}

/* ---- showing ----------------------------------------------------------------------------------------------
 */

/* What passed the filter, as a sum over the groups. */
static void sum_up(struct stat_by *b)
{
    b->all = (struct group_row){0};
    for (size_t i = 0; i < b->groups.count; i++)
        group_row_merge(&b->all, &b->pool, &b->groups.group[i].row);
    group_row_merge(&b->all, &b->pool, &b->groups.others);
}

static void print_head(struct stat_by *b, struct text *out)
{
    text_addf(out, "%" PRIu64 " event%s in %zu group%s%s: ", b->all.count, b->all.count == 1 ? "" : "s",
              b->groups.count, b->groups.count == 1 ? "" : "s", b->groups.others.count ? " and more" : "");
    text_add_ns(out, b->all.guest_ns);
    text_add(out, " inside KVM_RUN, ");
    text_add_ns(out, b->all.host_ns);
    text_add(
        out,
        " in Ringside\nguest: inside KVM_RUN before the events; host: Ringside's work on them; min to max: "
        "of host, one event\n");
    if (b->groups.others.count)
        text_addf(out, "Only the first %zu groups are told apart; what came later is among the others.\n",
                  b->groups.count);
    if (b->pool.full)
        text_add(out, "So many groups leave little memory for each: some percentiles are coarse.\n");
    text_addc(out, '\n');
}

static void print_row(struct stat_by *b, const struct group *g, struct table *t)
{
    struct text cell = {0};
    for (size_t i = 0; i < b->by.count; i++) {
        text_clear(&cell);
        by_cell(&b->by, &b->names, g->key, i, &cell);
        table_cell(t, "%s", text_str(&cell));
    }
    text_fini(&cell);
    stat_cells_row(t, &g->row, &b->pool, b->all.count);
}

static void print_others(struct stat_by *b, const struct group_row *others, size_t left, struct table *t)
{
    if (left)
        table_cell(t, "others (%zu%s)", left, b->groups.others.count ? " and more" : "");
    else
        table_cell(t, "others");
    for (size_t i = 1; i < b->by.count; i++)
        table_cell(t, "%s", "");
    stat_cells_row(t, others, &b->pool, b->all.count);
}

int stat_by_print(struct stat_by *b, const struct stat_by_view *v, struct text *out, struct err *e)
{
    struct group_row others;
    size_t shown, left;
    char align[BY_FIELDS_MAX + 9] = "";
    sum_up(b);
    const struct group **list = stat_by_order(b, v, &shown, &others, &left);
    if (!list)
        return err_sys(e, ENOMEM, "statistics");
    for (size_t i = 0; i < b->by.count; i++)
        align[i] = b->by.field[i].field->type == QUERY_NAME ? 'l' : 'r';
    strcat(align, "rrrrrrrr");
    print_head(b, out);
    struct table t;
    table_init(&t, align);
    for (size_t i = 0; i < b->by.count; i++)
        table_cell(&t, "%s", b->by.field[i].title);
    stat_cells_head(&t);
    for (size_t i = 0; i < shown; i++)
        print_row(b, list[i], &t);
    if (others.count)
        print_others(b, &others, left, &t);
    table_finish(&t, out, "  ", true);
    free(list);
    return 0;
}

int stat_by_json(struct stat_by *b, const struct stat_by_view *v, struct text *out, struct err *e)
{
    struct group_row others;
    size_t shown, left;
    sum_up(b);
    const struct group **list = stat_by_order(b, v, &shown, &others, &left);
    if (!list)
        return err_sys(e, ENOMEM, "statistics");
    text_add(out, "\"by\":[");
    for (size_t i = 0; i < b->by.count; i++)
        text_addf(out, "%s\"%s\"", i ? "," : "", b->by.field[i].title);
    text_add(out, "],\"events\":{");
    stat_json_row(out, &b->all, &b->pool);
    text_addf(out, ",\"groups\":%zu,\"rows\":[", b->groups.count);
    for (size_t i = 0; i < shown; i++) {
        text_add(out, i ? ",{" : "{");
        for (size_t k = 0; k < b->by.count; k++) {
            by_json(&b->by, &b->names, list[i]->key, k, out);
            text_addc(out, ',');
        }
        stat_json_row(out, &list[i]->row, &b->pool);
    }
    text_addf(out, "],\"others\":{\"groups\":%zu,", left);
    stat_json_row(out, &others, &b->pool);
    text_addf(out, ",\"coarse\":%s", b->pool.full ? "true" : "false");
    free(list);
    return 0;
}
