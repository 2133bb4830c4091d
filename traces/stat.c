/*
 * Counting for `trace stat`: see stat.h.  Memory is bounded whatever the trace holds: tables have a row for
 * every kind, device and mode there can be, places in the code are told apart up to a limit, and only rows
 * that are shown get a sketch of their durations.  That is why the trace is read twice: which places are
 * busiest is known after the first time.
 */
#include "traces/stat.h"

#include "traces/filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int row_add(struct stat_row *row, const struct event *ev, bool sketched)
{
    row->count++;
    row->host_ns += ev->host_ns;
    row->guest_ns += ev->guest_ns;
    if (sketched && !row->host && !(row->host = calloc(1, sizeof *row->host)))
        return -1;
    if (row->host)
        sketch_add(row->host, ev->host_ns);
    return 0;
}

static size_t site_hash(uint64_t rip, uint16_t cs, uint8_t mode)
{
    uint64_t h = (rip ^ (uint64_t)cs << 48 ^ (uint64_t)mode << 40) * 0x9e3779b97f4a7c15;
    return (size_t)(h >> 32);
}

/* The slot of a place: its own, or the free one where it would go. There is always a free one. */
static struct stat_site *site_slot(struct stat_site *sites, size_t cap, uint64_t rip, uint16_t cs,
                                   uint8_t mode)
{
    for (size_t i = site_hash(rip, cs, mode);; i++) {
        struct stat_site *s = &sites[i & (cap - 1)];
        if (s->row.count == 0 || (s->rip == rip && s->cs == cs && s->mode == mode))
            return s;
    }
}

static int sites_grow(struct stats *s)
{
    size_t cap = s->site_cap ? s->site_cap * 2 : 256;
    struct stat_site *grown = calloc(cap, sizeof *grown);
    if (!grown)
        return -1;
    for (size_t i = 0; i < s->site_cap; i++) {
        const struct stat_site *old = &s->sites[i];
        if (old->row.count)
            *site_slot(grown, cap, old->rip, old->cs, old->mode) = *old;
    }
    free(s->sites);
    s->sites = grown;
    s->site_cap = cap;
    return 0;
}

static int site_add(struct stats *s, const struct event *ev)
{
    if (ev->flags & EVENT_NO_CPU) {
        s->sites_missed++;
        return 0;
    }
    if (2 * s->site_count >= s->site_cap && s->site_count < STAT_SITES_MAX && sites_grow(s))
        return -1;
    uint8_t mode = (uint8_t)event_mode(ev);
    struct stat_site *site = site_slot(s->sites, s->site_cap, ev->rip, ev->cs, mode);
    if (site->row.count == 0) {
        if (s->site_count == STAT_SITES_MAX) {
            s->sites_missed++;
            return 0;
        }
        s->site_count++;
        site->rip = ev->rip;
        site->cs = ev->cs;
        site->mode = mode;
        site->kind = ev->kind;
        site->device = ev->device;
        site->reg = ev->reg;
    }
    return row_add(&site->row, ev, false);
}

static int stats_count(void *ctx, const struct event *ev, struct err *e)
{
    struct stats *s = ctx;
    if (s->exits.count + s->own.count == 0)
        s->first_ns = ev->time_ns;
    s->last_ns = ev->time_ns;
    int failed = row_add(&s->kind[ev->kind], ev, true);
    if (!event_kind_is_exit(ev->kind)) {
        failed |= row_add(&s->own, ev, false);
    } else {
        unsigned mode = ev->flags & EVENT_NO_CPU ? STAT_NO_MODE : event_mode(ev);
        size_t device = ev->device < s->info->names.device_count ? ev->device : 0;
        failed |= row_add(&s->exits, ev, true) | row_add(&s->device[device], ev, true) |
                  row_add(&s->mode[mode], ev, true) | site_add(s, ev);
    }
    return failed ? err_sys(e, ENOMEM, "statistics") : 0;
}

/* More exits first, then lower addresses. */
static int site_compare(const void *a, const void *b)
{
    const struct stat_site *x = *(struct stat_site *const *)a, *y = *(struct stat_site *const *)b;
    if (x->row.count != y->row.count)
        return x->row.count > y->row.count ? -1 : 1;
    if (x->mode != y->mode)
        return x->mode < y->mode ? -1 : 1;
    if (x->cs != y->cs)
        return x->cs < y->cs ? -1 : 1;
    return x->rip < y->rip ? -1 : x->rip > y->rip;
}

/* Chooses the busiest places, and gives each a sketch for the second reading. */
static int sites_choose(struct stats *s, unsigned top)
{
    struct stat_site **all = calloc(s->site_count + 1, sizeof(struct stat_site *));
    if (!all)
        return -1;
    size_t n = 0;
    for (size_t i = 0; i < s->site_cap; i++)
        if (s->sites[i].row.count)
            all[n++] = &s->sites[i];
    qsort(all, n, sizeof(struct stat_site *), site_compare);
    s->top = all;
    s->top_count = n < top ? n : top;
    for (size_t i = 0; i < s->top_count; i++)
        if (!(all[i]->row.host = calloc(1, sizeof *all[i]->row.host)))
            return -1;
    return 0;
}

static int stats_sketch_sites(void *ctx, const struct event *ev, struct err *e)
{
    struct stats *s = ctx;
    (void)e;
    if (!event_kind_is_exit(ev->kind))
        return 0;
    if (!(ev->flags & EVENT_NO_CPU) && s->site_cap) {
        struct stat_site *site = site_slot(s->sites, s->site_cap, ev->rip, ev->cs, (uint8_t)event_mode(ev));
        if (site->row.host) {
            sketch_add(site->row.host, ev->host_ns);
            return 0;
        }
    }
    return row_add(&s->elsewhere, ev, false);
}

int stats_collect(struct stats *s, struct trace_reader *r, const struct trace_filter *f, unsigned top,
                  struct err *e)
{
    *s = (struct stats){.info = trace_reader_info(r)};
    if (top == 0)
        top = 10;
    if (trace_scan(r, f, stats_count, s, e))
        return -1;
    if (sites_choose(s, top < STAT_TOP_MAX ? top : STAT_TOP_MAX))
        return err_sys(e, ENOMEM, "statistics");
    if (s->exits.count && trace_scan(r, f, stats_sketch_sites, s, e))
        return -1;
    trace_reader_state(r, &s->state);
    return 0;
}

static void rows_free(struct stat_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(rows[i].host);
}

void stats_free(struct stats *s)
{
    free(s->exits.host);
    rows_free(s->kind, sizeof s->kind / sizeof s->kind[0]);
    rows_free(s->device, sizeof s->device / sizeof s->device[0]);
    rows_free(s->mode, sizeof s->mode / sizeof s->mode[0]);
    for (size_t i = 0; i < s->top_count; i++)
        free(s->top[i]->row.host);
    free(s->top);
    free(s->sites);
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
