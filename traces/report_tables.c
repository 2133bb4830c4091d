/*
 * The tables of a report: what happened how often and how long, by kind, by device and by place in the code;
 * the slowest exits; the notes that somebody left; KVM's own numbers.
 */
#include "traces/report.h"

#include <inttypes.h>

#define TIME_COLUMNS                                                                                         \
    {"host time", true}, {"median", true}, {"p99", true}, {"longest", true},                                 \
    {                                                                                                        \
        "guest time", true                                                                                   \
    }

static void add_times(struct report *r, const struct group_row *row)
{
    struct text *out = r->page;
    html_ns(out, row->host_ns);
    html_ns(out, spread_quantile(&row->host, &r->stats.pool, 1, 2));
    html_ns(out, spread_quantile(&row->host, &r->stats.pool, 99, 100));
    html_ns(out, row->host.max);
    html_ns(out, row->guest_ns);
}

static void add_counts(struct report *r, const struct group_row *row, bool exits)
{
    html_number(r->page, row->count);
    if (exits)
        html_share_cell(r->page, row->count, r->stats.exits.count);
    else
        text_add(r->page, "<td class=\"n\" data-v=\"-1\">–</td>");
    add_times(r, row);
}

/* Whatever a trace calls itself, an id in a page is made of our words and numbers. */
static void add_kind_link(struct text *out, unsigned kind)
{
    const struct event_kind_info *info = event_kind_info(kind);
    text_addf(out, "<td><a href=\"#kind-%u\"><span class=\"swatch\" style=\"background:%s\"></span> ", kind,
              info->colour);
    html_add(out, info->name, HTML_NAME);
    text_add(out, "</a></td>");
}

/* The next row of a list in the order of counts, most first; -1 after the last. `done` remembers. */
static int next_row(const struct group_row *rows, bool done[256])
{
    int best = -1;
    for (int i = 0; i < 256; i++)
        if (!done[i] && rows[i].count && (best < 0 || rows[i].count > rows[best].count))
            best = i;
    if (best >= 0)
        done[best] = true;
    return best;
}

int report_kinds(struct report *r, struct err *e)
{
    static const struct html_column columns[] = {{"kind", false}, {"what it is", false}, {"events", true},
                                                 {"share", true}, TIME_COLUMNS,          {0}};
    bool done[256] = {false};
    (void)e;
    html_section_open(r->page, "kinds", "What happened");
    if (r->events) {
        html_table_open(r->page, "kinds", "Events by kind", columns);
        for (int kind; (kind = next_row(r->stats.kind, done)) >= 0;) {
            text_add(r->page, "<tr>");
            add_kind_link(r->page, (unsigned)kind);
            html_cell(r->page, event_kind_info((unsigned)kind)->meaning, HTML_NAME);
            add_counts(r, &r->stats.kind[kind], event_kind_is_exit((unsigned)kind));
            text_add(r->page, "</tr>\n");
        }
        html_table_close(r->page);
        if (r->stats.own.count)
            html_note(
                r->page,
                "Interrupts, steps and marks are events of Ringside and no exits: nobody left the guest "
                "for them.");
    } else {
        html_note(r->page, "Nothing: there are no events%s.",
                  r->filter->where || r->filter->device || r->filter->any_kind || r->filter->from_seq ||
                          r->filter->end_seq
                      ? " that the filter lets pass"
                      : " in this trace");
    }
    html_section_close(r->page);
    return 0;
}

int report_devices(struct report *r, struct err *e)
{
    static const struct html_column columns[] = {{"device", false}, {"what it is", false}, {"exits", true},
                                                 {"share", true},   TIME_COLUMNS,          {0}};
    const struct event_names *names = &r->info->names;
    bool done[256] = {false};
    (void)e;
    if (!r->stats.exits.count)
        return 0;
    html_section_open(r->page, "devices", "Who answered");
    html_table_open(r->page, "devices", "Exits by device", columns);
    for (int next; (next = next_row(r->stats.device, done)) >= 0;) {
        size_t i = (size_t)next;
        text_add(r->page, "<tr>");
        html_code(r->page, stats_device_name(&r->stats, i), HTML_NAME);
        html_cell(r->page,
                  i && i < names->device_count ? names->devices[i].summary
                                               : "no device was asked, or none answered",
                  HTML_NAME);
        add_counts(r, &r->stats.device[i], true);
        text_add(r->page, "</tr>\n");
    }
    html_table_close(r->page);
    html_section_close(r->page);
    return 0;
}

/* `main+0x1c`, or nothing. */
static void add_symbol(struct report *r, const struct event *ev)
{
    struct text place = {0};
    uint64_t offset = 0;
    const struct event_symbol *s =
        ev->flags & EVENT_NO_CPU ? NULL : event_symbol_at(&r->info->names, event_linear(ev), &offset);
    if (s) {
        text_add(&place, s->name);
        if (offset)
            text_addf(&place, "+0x%" PRIx64, offset);
    }
    html_code(r->page, text_str(&place), HTML_NAME);
    r->page->failed |= place.failed;
    text_fini(&place);
}

static void add_address(struct text *out, const struct event *ev)
{
    if (ev->flags & EVENT_NO_CPU)
        text_add(out, "<td data-v=\"\">–</td>");
    else if (event_mode(ev) == MODE_REAL)
        text_addf(out, "<td data-v=\"%016" PRIx64 "\"><code>%04x:%04" PRIx64 "</code></td>", event_linear(ev),
                  ev->cs, ev->rip);
    else
        text_addf(out, "<td data-v=\"%016" PRIx64 "\"><code>0x%" PRIx64 "</code></td>", ev->rip, ev->rip);
}

static void add_place(struct report *r, const struct stat_site *site)
{
    struct event ev = {.rip = site->rip,
                       .cs = site->cs,
                       .mode_cpl = site->mode,
                       .kind = site->kind,
                       .device = site->device,
                       .reg = site->reg};
    struct text register_name = {0};
    const char *device = event_device_name(&r->info->names, &ev), *reg = event_reg_name(&r->info->names, &ev);
    text_addf(&register_name, "%s%s%s", device, *reg ? "." : "", reg);
    text_add(r->page, "<tr>");
    add_address(r->page, &ev);
    add_symbol(r, &ev);
    html_cell(r->page, cpu_mode_name((enum cpu_mode)(site->mode & 3)), HTML_NAME);
    add_kind_link(r->page, site->kind);
    html_code(r->page, text_str(&register_name), HTML_NAME);
    add_counts(r, site->row, true);
    text_add(r->page, "</tr>\n");
    text_fini(&register_name);
}

int report_places(struct report *r, struct err *e)
{
    static const struct html_column columns[] = {{"address", false}, {"symbol", false}, {"mode", false},
                                                 {"kind", false},    {"device", false}, {"exits", true},
                                                 {"share", true},    TIME_COLUMNS,      {0}};
    (void)e;
    if (!r->stats.top_count)
        return 0;
    html_section_open(r->page, "places", "Where in the code");
    html_table_open(r->page, "places", "Exits by the instruction that caused them", columns);
    for (size_t i = 0; i < r->stats.top_count; i++)
        add_place(r, &r->stats.top[i]);
    html_table_close(r->page);
    if (r->stats.elsewhere.count)
        html_note(r->page, "These are the busiest %zu places; %" PRIu64 " more exits happened elsewhere.",
                  r->stats.top_count, r->stats.elsewhere.count);
    html_section_close(r->page);
    return 0;
}

static void add_sentence(struct report *r, const struct event *ev)
{
    struct text words = {0};
    event_sentence(ev, &r->info->names, &words);
    html_code(r->page, text_str(&words), HTML_LONG);
    r->page->failed |= words.failed;
    text_fini(&words);
}

int report_slowest(struct report *r, struct err *e)
{
    static const struct html_column columns[] = {
        {"host time", true}, {"event", true},   {"at", true}, {"what", false},
        {"address", false},  {"symbol", false}, {0}};
    (void)e;
    if (!r->slow_count)
        return 0;
    html_section_open(r->page, "slowest", "The slowest exits");
    html_note(
        r->page,
        "The %zu exits that the host was busy with for longest. A HLT counts the time that the guest slept.",
        r->slow_count);
    html_table_open(r->page, "slowest", "The slowest exits", columns);
    for (size_t i = 0; i < r->slow_count; i++) {
        const struct event *ev = &r->slow[i];
        text_add(r->page, "<tr>");
        html_ns(r->page, ev->host_ns);
        html_number(r->page, ev->seq);
        html_ns(r->page, ev->time_ns);
        add_sentence(r, ev);
        add_address(r->page, ev);
        add_symbol(r, ev);
        text_add(r->page, "</tr>\n");
    }
    html_table_close(r->page);
    html_section_close(r->page);
    return 0;
}

int report_marks(struct report *r, struct err *e)
{
    static const struct html_column columns[] = {{"event", true}, {"at", true}, {"text", false}, {0}};
    const struct event_names *names = &r->info->names;
    size_t shown = r->mark_count < REPORT_MARKS ? (size_t)r->mark_count : REPORT_MARKS;
    (void)e;
    if (!shown)
        return 0;
    html_section_open(r->page, "marks", "Marks");
    html_table_open(r->page, "marks", "Notes that somebody put at points of the run", columns);
    for (size_t i = 0; i < shown; i++) {
        const struct event *ev = &r->mark[i];
        text_add(r->page, "<tr>");
        html_number(r->page, ev->seq);
        html_ns(r->page, ev->time_ns);
        html_cell(r->page, ev->addr < names->mark_count ? names->marks[ev->addr] : "", HTML_LONG);
        text_add(r->page, "</tr>\n");
    }
    html_table_close(r->page);
    if (r->mark_count > shown)
        html_note(r->page, "The first %zu of %" PRIu64 " marks.", shown, r->mark_count);
    html_section_close(r->page);
    return 0;
}

int report_counters(struct report *r, struct err *e)
{
    static const struct html_column columns[] = {{"counter", false}, {"value", true}, {0}};
    const struct trace_end *end = r->state.end;
    (void)e;
    if (!end || !end->counter_count)
        return 0;
    html_section_open(r->page, "counters", "KVM’s own counters");
    html_note(r->page, "What KVM counted inside the kernel. Most of its exits are handled there and never "
                       "reach Ringside, so "
                       "these numbers are no part of those above.");
    html_table_open(r->page, "counters", "KVM’s statistics at the end of the run", columns);
    for (size_t i = 0; i < end->counter_count; i++) {
        text_add(r->page, "<tr>");
        html_code(r->page, end->counters[i].name, HTML_NAME);
        html_number(r->page, end->counters[i].value);
        text_add(r->page, "</tr>\n");
    }
    html_table_close(r->page);
    html_section_close(r->page);
    return 0;
}
