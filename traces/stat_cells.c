/*
 * The columns that all tables of counts share, for people and for programs: see stat.h.
 */
#include "traces/stat.h"

#include <inttypes.h>

static void cell_ns(struct table *t, uint64_t ns)
{
    struct text s = {0};
    text_add_ns(&s, ns);
    table_cell(t, "%s", text_str(&s));
    text_fini(&s);
}

void stat_cells_head(struct table *t)
{
    static const char *const columns[] = {"count", "share", "host", "guest", "min", "median", "p99", "max"};
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        table_cell(t, "%s", columns[i]);
}

void stat_cells_row(struct table *t, const struct group_row *row, const struct spread_pool *pool, uint64_t of)
{
    table_cell(t, "%" PRIu64, row->count);
    table_cell(t, "%.1f%%", of ? 100.0 * (double)row->count / (double)of : 0.0);
    cell_ns(t, row->host_ns);
    cell_ns(t, row->guest_ns);
    cell_ns(t, row->host.min);
    cell_ns(t, spread_quantile(&row->host, pool, 1, 2));
    cell_ns(t, spread_quantile(&row->host, pool, 99, 100));
    cell_ns(t, row->host.max);
}

void stat_json_row(struct text *out, const struct group_row *row, const struct spread_pool *pool)
{
    text_addf(out, "\"count\":%" PRIu64 ",\"host_ns\":%" PRIu64 ",\"guest_ns\":%" PRIu64, row->count,
              row->host_ns, row->guest_ns);
    if (row->count)
        text_addf(out,
                  ",\"min_ns\":%" PRIu32 ",\"median_ns\":%" PRIu32 ",\"p99_ns\":%" PRIu32
                  ",\"max_ns\":%" PRIu32,
                  row->host.min, spread_quantile(&row->host, pool, 1, 2),
                  spread_quantile(&row->host, pool, 99, 100), row->host.max);
    text_addc(out, '}');
}
