/*
 * The numbers beside the feed of exits: a histogram by kind or device with count, share and time, a
 * sparkline, and KVM's own counters apart.
 */
#include "monitor/views/exits.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TALLY_W = 34, TALLY_WIDE = 60, TALLY_WIDE_FROM = 140, TALLY_MAX = 64, WITH_TOTAL_W = 44 };

struct exits_room exits_room(int w, int h)
{
    struct exits_room room = {.feed = {0, 0, w, h}};
    if (w >= 2 * TALLY_W + 6) {
        int tally = w >= TALLY_WIDE_FROM ? TALLY_WIDE : TALLY_W;
        room.feed.w = w - tally - 3;
        room.tally = (struct rect){w - tally, 0, tally, h};
    } else if (h >= 18) { /* tall and narrow: below */
        int rows = h / 3;
        room.feed.h = h - rows - 1;
        room.tally = (struct rect){0, h - rows, w, rows};
    }
    return room;
}

int exits_feed_rows(int w, int h)
{
    int rows = exits_room(w, h).feed.h;
    return rows > 0 ? rows : 1;
}

struct tally {
    const char *name;
    const struct count_row *row;
    unsigned role;
};

static int most_first(const void *left, const void *right)
{
    const struct tally *a = left, *b = right;
    if (a->row->count != b->row->count)
        return a->row->count < b->row->count ? 1 : -1;
    return strcmp(a->name, b->name);
}

static unsigned class_role(enum event_class class)
{
    static const unsigned roles[] = {
        [CLASS_DEVICE] = ROLE_DEVICE, [CLASS_CPU] = ROLE_CPU,      [CLASS_DEBUG] = ROLE_DEBUG,
        [CLASS_FATAL] = ROLE_FATAL,   [CLASS_FOREIGN] = ROLE_NOTE, [CLASS_OWN] = ROLE_OWN};
    return roles[class];
}

static size_t collect(const struct snapshot *s, bool by_device, struct tally *tally)
{
    size_t n = 0;
    for (unsigned i = 0; i < 256 && n < TALLY_MAX; i++) {
        const struct count_row *row = by_device ? &s->counts.device[i] : &s->counts.kind[i];
        struct event ev = {.device = (uint8_t)i};
        if (!row->count || (!by_device && !event_kind_is_exit(i)))
            continue;
        tally[n++] =
            by_device
                ? (struct tally){i ? event_device_name(&s->machine->names, &ev) : "(none)", row, ROLE_DEVICE}
                : (struct tally){event_kind_info(i)->name, row, class_role(event_kind_info(i)->class)};
    }
    qsort(tally, n, sizeof *tally, most_first);
    return n;
}

/* 12345678 as 12.3M: what does not fit into six letters is rounded. */
static void add_short(struct text *out, uint64_t n)
{
    static const char units[] = " kMGTP";
    double v = (double)n;
    size_t unit = 0;
    while (v >= 99999.5 / (unit ? 100 : 1) && unit + 2 < sizeof units) {
        v /= 1000;
        unit++;
    }
    if (unit)
        text_addf(out, v < 100 ? "%.1f%c" : "%.0f%c", v, units[unit]);
    else
        text_addf(out, "%" PRIu64, n);
}

/* What one exit took on the host, and where there is room all of them together. */
static int times_width(int w)
{
    return w < WITH_TOTAL_W ? 9 : 20;
}

static void draw_times(const struct count_row *row, struct canvas *c, int y)
{
    struct text each = {0}, total = {0};
    text_add_ns(&each, row->count ? row->host_ns / row->count : 0);
    canvas_text_right(c, c->window.w, y, ROLE_TEXT, text_str(&each));
    text_add_ns(&total, row->host_ns);
    if (c->window.w >= WITH_TOTAL_W)
        canvas_text_right(c, c->window.w - 10, y, ROLE_TEXT, text_str(&total));
    text_fini(&each);
    text_fini(&total);
}

static void draw_row(const struct tally *t, uint64_t all, uint64_t most, struct canvas *c, int y)
{
    struct text count = {0};
    int bar = c->window.w - 22 - times_width(c->window.w);
    uint64_t eighths = most ? t->row->count * (uint64_t)(bar > 0 ? bar : 0) * 8 / most : 0;
    canvas_text_cut(c, 0, y, 9, t->role, t->name);
    add_short(&count, t->row->count);
    canvas_text_right(c, 16, y, ROLE_VALUE, text_str(&count));
    canvas_textf(c, 16, y, ROLE_TEXT, "%4.0f%%", all ? 100.0 * (double)t->row->count / (double)all : 0.0);
    draw_times(t->row, c, y);
    for (int x = 0; x < bar && eighths > 0; x++) {
        uint64_t part = eighths > 8 ? 8 : eighths;
        canvas_put(c, 22 + x, y, ROLE_GRAPH, part == 8 ? 0x2588 : 0x2590 - (uint32_t)part);
        eighths -= part;
    }
    text_fini(&count);
}

/* Rates, newest at the right, as heights of an eighth of a cell. */
static void draw_spark(const struct snapshot *s, struct canvas *c, int y)
{
    const struct ring *rates = &s->history->rates;
    int w = c->window.w;
    double most = 0;
    for (int i = 0; i < w; i++) {
        const struct snapshot_rate *r = ring_back(rates, (size_t)i);
        most = r && r->exits_per_s > most ? r->exits_per_s : most;
    }
    for (int i = 0; i < w; i++) {
        const struct snapshot_rate *r = ring_back(rates, (size_t)i);
        if (r && most > 0)
            canvas_put(c, w - 1 - i, y, ROLE_GRAPH, 0x2581 + (uint32_t)(7.0 * r->exits_per_s / most));
    }
}

static int draw_rate(const struct snapshot *s, struct canvas *c, int y)
{
    struct text most = {0};
    if (s->replay || ring_count(&s->history->rates) == 0)
        return y;
    add_short(&most, (uint64_t)s->exits_per_s);
    int x = canvas_text(c, 0, y, ROLE_LABEL, "exits a second ");
    canvas_text(c, x, y, ROLE_VALUE, text_str(&most));
    draw_spark(s, c, y + 1);
    text_fini(&most);
    return y + 3;
}

/* Numbers that tell of exits KVM dealt with itself; others of its are no news here. */
static bool tells_of_exits(const char *name)
{
    static const char *const words[] = {"exits", "injections", "hypercalls", "insn_emulation", "pf_fixed"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strstr(name, words[i]))
            return true;
    return false;
}

void exits_keep_counters(struct exits *x, const struct snapshot *s)
{
    if (s->counter_count)
        x->counters = 0;
    for (size_t i = 0; i < s->counter_count && x->counters < EXITS_COUNTERS_MAX; i++) {
        struct exits_counter *c = &x->counter[x->counters];
        if (!tells_of_exits(s->counters[i].name))
            continue;
        snprintf(c->name, sizeof c->name, "%s", s->counters[i].name);
        c->value = s->counters[i].value;
        x->counters++;
    }
}

static void draw_kvm(const struct exits *x, struct canvas *c, int y)
{
    if (x->counters == 0 || y + 1 >= c->window.h)
        return;
    canvas_text(c, 0, y++, ROLE_LABEL,
                c->window.w < 48 ? "KVM's own counts" : "KVM's own counts, also of what it handles itself");
    for (size_t i = 0; i < x->counters && y < c->window.h; i++, y++) {
        struct text count = {0};
        add_short(&count, x->counter[i].value);
        canvas_text_cut(c, 1, y, c->window.w - 9, ROLE_TEXT, x->counter[i].name);
        canvas_text_right(c, c->window.w, y, ROLE_VALUE, text_str(&count));
        text_fini(&count);
    }
}

void exits_draw_tally(const struct view *v, struct canvas *c)
{
    const struct exits *x = v->state;
    const struct snapshot *s = v->snap;
    struct tally tally[TALLY_MAX];
    if (!s->machine)
        return;
    size_t n = collect(s, x->by_device, tally);
    int y = 0, most = c->window.h - (c->window.h > 10 ? 5 : 3);
    canvas_text(c, 0, y, ROLE_LABEL, x->by_device ? "by device" : "by kind");
    canvas_text(c, 11, y, ROLE_DIM, "count share");
    canvas_text_right(c, c->window.w, y, ROLE_DIM, "each");
    if (c->window.w >= WITH_TOTAL_W)
        canvas_text_right(c, c->window.w - 10, y, ROLE_DIM, "host time");
    y++;
    for (size_t i = 0; i < n && (int)i < most; i++)
        draw_row(&tally[i], s->counts.exits.count, tally[0].row->count, c, y++);
    if (n == 0)
        canvas_text(c, 0, y++, ROLE_DIM, "none yet");
    y = draw_rate(s, c, y + 1);
    draw_kvm(x, c, y);
}
