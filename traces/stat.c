/*
 * Counting for `trace stat`: see stat.h.  The trace is read once, and an event is counted in two places only:
 * with others of its instruction, and with others of its kind, device and mode, of which there are few.  The
 * tables by kind, by device and by mode are sums over the latter, made when all is read.  Memory is bounded
 * whatever the trace holds.
 */
#include "traces/stat.h"

#include "traces/filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MIXES_MAX = 4096, MODE_SHIFT = 16 };

/* A mix: kind, device (0 where the trace has none) and mode, in a number. */
static uint64_t mix_of(const struct stats *s, const struct event *ev)
{
    uint64_t mode = ev->flags & EVENT_NO_CPU ? STAT_NO_MODE : event_mode(ev);
    uint64_t device = ev->device < s->info->names.device_count ? ev->device : 0;
    return ev->kind | device << 8 | mode << 16;
}

/* Adds a mix to the tables. */
static void mix_sum(struct stats *s, uint64_t mix, const struct group_row *row)
{
    unsigned kind = mix & 0xff;
    group_row_merge(&s->kind[kind], &s->pool, row);
    if (!event_kind_is_exit(kind)) {
        group_row_merge(&s->own, &s->pool, row);
        return;
    }
    group_row_merge(&s->exits, &s->pool, row);
    group_row_merge(&s->device[mix >> 8 & 0xff], &s->pool, row);
    group_row_merge(&s->mode[mix >> 16], &s->pool, row);
}

/* What is one mix too many goes into the tables at once. */
static void mix_add(struct stats *s, const struct event *ev)
{
    uint64_t mix = mix_of(s, ev);
    struct group *g = groups_find(&s->mixes, &mix);
    if (g) {
        group_row_add(&g->row, &s->pool, ev);
        return;
    }
    struct group_row one = {0};
    group_row_add(&one, &s->pool, ev);
    mix_sum(s, mix, &one);
}

static void site_add(struct stats *s, const struct event *ev)
{
    const uint64_t key[] = {ev->rip, ev->cs | (uint64_t)event_mode(ev) << MODE_SHIFT};
    struct group *g = ev->flags & EVENT_NO_CPU ? NULL : groups_find(&s->sites, key);
    if (!g) {
        group_row_add(&s->sites.others, &s->pool, ev);
        return;
    }
    if (g->row.count == 0)
        g->tag = ev->kind | (uint64_t)ev->device << 8 | (uint64_t)ev->reg << 16;
    group_row_add(&g->row, &s->pool, ev);
}

static int stats_count(void *ctx, const struct event *ev, struct err *e)
{
    struct stats *s = ctx;
    (void)e;
    if (s->first_ns > ev->time_ns)
        s->first_ns = ev->time_ns;
    s->last_ns = ev->time_ns;
    mix_add(s, ev);
    if (event_kind_is_exit(ev->kind))
        site_add(s, ev);
    return 0;
}

/* More exits first, then lower addresses. */
static int site_compare(const void *a, const void *b)
{
    const struct group *x = *(const struct group *const *)a, *y = *(const struct group *const *)b;
    if (x->row.count != y->row.count)
        return x->row.count > y->row.count ? -1 : 1;
    if (x->key[1] >> MODE_SHIFT != y->key[1] >> MODE_SHIFT)
        return x->key[1] < y->key[1] ? -1 : 1;
    if (x->key[1] != y->key[1])
        return x->key[1] < y->key[1] ? -1 : 1;
    return x->key[0] < y->key[0] ? -1 : x->key[0] > y->key[0];
}

static struct stat_site site_make(const struct group *g)
{
    return (struct stat_site){.rip = g->key[0],
                              .cs = (uint16_t)g->key[1],
                              .mode = (uint8_t)(g->key[1] >> MODE_SHIFT),
                              .kind = (uint8_t)g->tag,
                              .device = (uint8_t)(g->tag >> 8),
                              .reg = (uint8_t)(g->tag >> 16),
                              .row = &g->row};
}

/* Chooses the busiest places; the rest is one sum. */
static int sites_choose(struct stats *s, size_t top)
{
    const struct group **all = calloc(s->sites.count + 1, sizeof(struct group *));
    s->top_count = s->sites.count < top ? s->sites.count : top;
    s->top = calloc(s->top_count + 1, sizeof *s->top);
    if (!all || !s->top) {
        free(all);
        return -1;
    }
    for (size_t i = 0; i < s->sites.count; i++)
        all[i] = &s->sites.group[i];
    qsort(all, s->sites.count, sizeof(struct group *), site_compare);
    group_row_merge(&s->elsewhere, &s->pool, &s->sites.others);
    for (size_t i = 0; i < s->sites.count; i++) {
        if (i < s->top_count)
            s->top[i] = site_make(all[i]);
        else
            group_row_merge(&s->elsewhere, &s->pool, &all[i]->row);
    }
    free(all);
    return 0;
}

int stats_collect(struct stats *s, struct trace_reader *r, const struct trace_filter *f, unsigned top,
                  struct err *e)
{
    *s = (struct stats){.info = trace_reader_info(r),
                        .first_ns = UINT64_MAX,
                        .sites = {.width = 2, .limit = GROUPS_MAX},
                        .mixes = {.width = 1, .limit = MIXES_MAX}};
    if (top == 0)
        top = 10;
    if (trace_scan(r, f, stats_count, s, e))
        return -1;
    for (size_t i = 0; i < s->mixes.count; i++)
        mix_sum(s, s->mixes.group[i].key[0], &s->mixes.group[i].row);
    if (s->first_ns > s->last_ns)
        s->first_ns = s->last_ns;
    if (s->sites.failed || sites_choose(s, top < STAT_TOP_MAX ? top : STAT_TOP_MAX))
        return err_sys(e, ENOMEM, "statistics");
    trace_reader_state(r, &s->state);
    return 0;
}

void stats_free(struct stats *s)
{
    groups_free(&s->sites);
    groups_free(&s->mixes);
    spread_pool_free(&s->pool);
    free(s->top);
}

const char *stats_device_name(const struct stats *s, size_t device)
{
    if (device == 0 || device >= s->info->names.device_count)
        return "none";
    return s->info->names.devices[device].name;
}

int trace_stat(struct trace_reader *r, const struct trace_filter *f, unsigned top, bool json,
               struct text *out, struct err *e)
{
    struct stats *s = malloc(sizeof *s);
    if (!s)
        return err_sys(e, ENOMEM, "statistics");
    int result = stats_collect(s, r, f, top, e);
    if (result == 0)
        (json ? stats_json : stats_print)(s, out);
    stats_free(s);
    free(s);
    return result;
}
