/*
 * The tables of `trace stat`, for people and for programs: see stat.h.
 */
#include "traces/stat.h"

#include <inttypes.h>

/* ---- for people -------------------------------------------------------------------------------------------
 */

static void table_begin(struct table *t, struct text *out, const char *title, const char *what)
{
    text_addf(out, "\n%s\n", title);
    table_init(t, "lrrrrrrrr");
    table_cell(t, "%s", what);
    stat_cells_head(t);
}

/* Of the rows that `wanted` (NULL: all), the fullest after row `after` in falling order, where `n` stands for
 * "before the first"; `n` when there is none left. */
static size_t rows_next(const struct group_row *rows, size_t n, size_t after, const bool *wanted)
{
    size_t best = n;
    for (size_t i = 0; i < n; i++) {
        bool later = after == n || rows[i].count < rows[after].count ||
                     (rows[i].count == rows[after].count && i > after);
        if (rows[i].count && later && (!wanted || wanted[i]) &&
            (best == n || rows[i].count > rows[best].count))
            best = i;
    }
    return best;
}

static void print_kinds(const struct stats *s, struct text *out, bool exits)
{
    const char *title =
        exits ? "Exits by kind" : "Ringside's own events (not exits, not in the tables above)";
    bool wanted[EVENT_KIND_MAX];
    for (unsigned k = 0; k < EVENT_KIND_MAX; k++)
        wanted[k] = event_kind_is_exit(k) == exits;
    struct table t;
    table_begin(&t, out, title, "kind");
    const size_t n = EVENT_KIND_MAX;
    for (size_t k = rows_next(s->kind, n, n, wanted); k < n; k = rows_next(s->kind, n, k, wanted)) {
        if (event_kind_known((unsigned)k))
            table_cell(&t, "%s", event_kind_info((unsigned)k)->name);
        else
            table_cell(&t, "exit %zu", k);
        stat_cells_row(&t, &s->kind[k], &s->pool, exits ? s->exits.count : s->own.count);
    }
    table_finish(&t, out, "  ", true);
}

static void print_devices(const struct stats *s, struct text *out)
{
    const size_t n = sizeof s->device / sizeof s->device[0];
    struct table t;
    table_begin(&t, out, "Exits by device", "device");
    for (size_t i = rows_next(s->device, n, n, NULL); i < n; i = rows_next(s->device, n, i, NULL)) {
        table_cell(&t, "%s", stats_device_name(s, i));
        stat_cells_row(&t, &s->device[i], &s->pool, s->exits.count);
    }
    table_finish(&t, out, "  ", true);
}

static const char *mode_name(size_t mode)
{
    return mode == STAT_NO_MODE ? "unknown" : cpu_mode_name((enum cpu_mode)mode);
}

static void print_modes(const struct stats *s, struct text *out)
{
    struct table t;
    table_begin(&t, out, "Exits by mode", "mode");
    for (size_t i = 0; i <= STAT_NO_MODE; i++) {
        if (s->mode[i].count == 0)
            continue;
        table_cell(&t, "%s", mode_name(i));
        stat_cells_row(&t, &s->mode[i], &s->pool, s->exits.count);
    }
    table_finish(&t, out, "  ", true);
}

/* The place and what happened there first: `0x7c05 real  io uart.THR`. */
static void site_name(const struct stats *s, const struct stat_site *site, struct text *name)
{
    const struct event ev = {.kind = site->kind, .device = site->device, .reg = site->reg};
    const char *device = event_device_name(&s->info->names, &ev), *reg = event_reg_name(&s->info->names, &ev);
    if (site->mode == MODE_REAL)
        text_addf(name, "%04x:%04" PRIx64, site->cs, site->rip);
    else
        text_addf(name, "0x%" PRIx64, site->rip);
    text_addf(name, " %s  %s", mode_name(site->mode), event_kind_info(site->kind)->name);
    if (device[0])
        text_addf(name, " %s%s%s", device, reg[0] ? "." : "", reg);
}

static void print_sites(const struct stats *s, struct text *out)
{
    struct table t;
    struct text name = {0};
    table_begin(&t, out, "Exits by rip", "rip");
    for (size_t i = 0; i < s->top_count; i++) {
        text_clear(&name);
        site_name(s, &s->top[i], &name);
        table_cell(&t, "%s", text_str(&name));
        stat_cells_row(&t, s->top[i].row, &s->pool, s->exits.count);
    }
    if (s->elsewhere.count) {
        table_cell(&t, "others");
        stat_cells_row(&t, &s->elsewhere, &s->pool, s->exits.count);
    }
    text_fini(&name);
    table_finish(&t, out, "  ", true);
}

static void print_counters(const struct trace_end *end, struct text *out)
{
    struct table t;
    text_add(out, "\nKVM's own counters (whole run, kept by the kernel; not part of the tables above)\n");
    table_init(&t, "lr");
    table_cell(&t, "counter");
    table_cell(&t, "value");
    for (size_t i = 0; i < end->counter_count; i++) {
        table_cell(&t, "%s", end->counters[i].name);
        table_cell(&t, "%" PRIu64, end->counters[i].value);
    }
    table_finish(&t, out, "  ", true);
}

static void print_totals(const struct stats *s, struct text *out)
{
    text_addf(out, "%" PRIu64 " exit%s in ", s->exits.count, s->exits.count == 1 ? "" : "s");
    text_add_ns(out, s->last_ns - s->first_ns);
    text_add(out, ": ");
    text_add_ns(out, s->exits.guest_ns);
    text_add(out, " inside KVM_RUN, ");
    text_add_ns(out, s->exits.host_ns);
    text_addf(out, " in Ringside; %" PRIu64 " other event%s\n", s->own.count, s->own.count == 1 ? "" : "s");
    text_add(out, "guest: inside KVM_RUN before the exits; host: Ringside's work on them; min to max: of "
                  "host, one exit\n");
    if (s->state.at_end && s->state.problem)
        text_addf(out, "The trace is not whole: %s\n", s->state.problem);
}

void stats_print(const struct stats *s, struct text *out)
{
    print_totals(s, out);
    if (s->exits.count) {
        print_kinds(s, out, true);
        print_devices(s, out);
        print_modes(s, out);
        print_sites(s, out);
    }
    if (s->own.count)
        print_kinds(s, out, false);
    if (s->state.end && s->state.end->counter_count)
        print_counters(s->state.end, out);
}

/* ---- for programs -----------------------------------------------------------------------------------------
 */

/* Opens the object of a named row in an array: `{"kind":"io",`. */
static void json_name(struct text *out, const char *key, const char *name)
{
    bool first = out->len && text_str(out)[out->len - 1] == '[';
    text_addf(out, "%s{\"%s\":", first ? "" : ",", key);
    text_add_json(out, name);
    text_addc(out, ',');
}

static void json_kinds(const struct stats *s, struct text *out, const char *key, bool exits)
{
    text_addf(out, ",\"%s\":[", key);
    for (unsigned i = 0; i < EVENT_KIND_MAX; i++) {
        if (s->kind[i].count == 0 || event_kind_is_exit(i) != exits)
            continue;
        json_name(out, "kind", event_kind_info(i)->name);
        stat_json_row(out, &s->kind[i], &s->pool);
    }
    text_addc(out, ']');
}

static void json_sites(const struct stats *s, struct text *out)
{
    text_add(out, ",\"by_rip\":[");
    for (size_t i = 0; i < s->top_count; i++) {
        const struct stat_site *site = &s->top[i];
        json_name(out, "mode", mode_name(site->mode));
        text_addf(out, "\"rip\":\"0x%" PRIx64 "\",\"cs\":%u,\"kind\":\"%s\",", site->rip, site->cs,
                  event_kind_info(site->kind)->name);
        stat_json_row(out, site->row, &s->pool);
    }
    text_add(out, "],\"other_rips\":{");
    stat_json_row(out, &s->elsewhere, &s->pool);
}

static void json_counters(const struct trace_end *end, struct text *out)
{
    text_add(out, ",\"kvm\":{");
    for (size_t i = 0; i < end->counter_count; i++) {
        if (i)
            text_addc(out, ',');
        text_add_json(out, end->counters[i].name);
        text_addf(out, ":%" PRIu64, end->counters[i].value);
    }
    text_addc(out, '}');
}

void stats_json(const struct stats *s, struct text *out)
{
    text_add(out, "{\"exits\":{");
    stat_json_row(out, &s->exits, &s->pool);
    text_addf(out, ",\"span_ns\":%" PRIu64 ",\"whole\":%s", s->last_ns - s->first_ns,
              s->state.whole ? "true" : "false");
    json_kinds(s, out, "by_kind", true);
    text_add(out, ",\"by_device\":[");
    for (size_t i = 0; i < sizeof s->device / sizeof s->device[0]; i++) {
        if (s->device[i].count == 0)
            continue;
        json_name(out, "device", stats_device_name(s, i));
        stat_json_row(out, &s->device[i], &s->pool);
    }
    text_add(out, "],\"by_mode\":[");
    for (size_t i = 0; i <= STAT_NO_MODE; i++) {
        if (s->mode[i].count == 0)
            continue;
        json_name(out, "mode", mode_name(i));
        stat_json_row(out, &s->mode[i], &s->pool);
    }
    text_addc(out, ']');
    json_sites(s, out);
    json_kinds(s, out, "own", false);
    if (s->state.end)
        json_counters(s->state.end, out);
    text_add(out, "}\n");
}
