/*
 * Live statistics: see counts.h.
 */
#include "monitor/counts.h"

#include <stdlib.h>

static void count(struct count_row *row, const struct event *ev)
{
    row->count++;
    row->host_ns += ev->host_ns;
    row->guest_ns += ev->guest_ns;
}

void counts_put(void *ctx, const struct event *ev)
{
    struct counts *c = ctx;
    count(&c->kind[ev->kind], ev);
    if (!event_kind_is_exit(ev->kind))
        return;
    count(&c->exits, ev);
    count(&c->device[ev->device], ev);
}

/* A row with its place in the array it came from. */
struct ranked {
    const struct count_row *row;
    unsigned index;
};

static int more_first(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->row->count != b->row->count)
        return a->row->count < b->row->count ? 1 : -1;
    return a->index < b->index ? -1 : a->index > b->index;
}

/* The rows that have counted something, most frequent first; returns how many. */
static size_t rank(const struct count_row *rows, size_t n, struct ranked *ranked)
{
    size_t used = 0;
    for (size_t i = 0; i < n; i++)
        if (rows[i].count)
            ranked[used++] = (struct ranked){&rows[i], (unsigned)i};
    qsort(ranked, used, sizeof *ranked, more_first);
    return used;
}

static void print_row(struct table *t, const char *name, const struct count_row *row, uint64_t all)
{
    struct text host = {0}, each = {0}, guest = {0};
    text_add_ns(&host, row->host_ns);
    text_add_ns(&each, row->count ? row->host_ns / row->count : 0);
    text_add_ns(&guest, row->guest_ns);
    table_cell(t, "%s", name);
    table_cell(t, "%llu", (unsigned long long)row->count);
    table_cell(t, "%.1f%%", all ? 100.0 * (double)row->count / (double)all : 0.0);
    table_cell(t, "%s", text_str(&host));
    table_cell(t, "%s", text_str(&each));
    table_cell(t, "%s", text_str(&guest));
    text_fini(&host);
    text_fini(&each);
    text_fini(&guest);
}

static void print_head(struct table *t, const char *what)
{
    table_init(t, "lrrrrr");
    table_cell(t, "%s", what);
    table_cell(t, "exits");
    table_cell(t, "share");
    table_cell(t, "in Ringside");
    table_cell(t, "each");
    table_cell(t, "guest before");
}

static void print_kinds(const struct counts *c, struct text *out)
{
    struct ranked ranked[EVENT_KIND_MAX];
    struct table t;
    size_t n = rank(c->kind, EVENT_KIND_MAX, ranked);
    print_head(&t, "kind");
    for (size_t i = 0; i < n; i++)
        if (event_kind_is_exit(ranked[i].index))
            print_row(&t, event_kind_info(ranked[i].index)->name, ranked[i].row, c->exits.count);
    print_row(&t, "all", &c->exits, c->exits.count);
    table_finish(&t, out, "", true);
    const char *separator = "Ringside's own events, not exits: ";
    for (size_t i = 0; i < n; i++) {
        if (event_kind_is_exit(ranked[i].index))
            continue;
        text_addf(out, "%s%s %llu", separator, event_kind_info(ranked[i].index)->name,
                  (unsigned long long)ranked[i].row->count);
        separator = ", ";
    }
    text_add(out, separator[0] == ',' ? "\n" : "");
}

static void print_devices(const struct counts *c, const struct event_names *names, struct text *out)
{
    struct ranked ranked[COUNTS_DEVICES];
    struct table t;
    size_t n = rank(c->device, COUNTS_DEVICES, ranked);
    print_head(&t, "device");
    for (size_t i = 0; i < n; i++) {
        struct event ev = {.device = (uint8_t)ranked[i].index};
        print_row(&t, ev.device ? event_device_name(names, &ev) : "(none)", ranked[i].row, c->exits.count);
    }
    table_finish(&t, out, "", true);
}

void counts_print(const struct counts *c, const struct event_names *names, struct text *out)
{
    if (c->exits.count == 0) {
        text_add(out, "no exits to user space yet\n");
        return;
    }
    print_kinds(c, out);
    text_addc(out, '\n');
    print_devices(c, names, out);
}
