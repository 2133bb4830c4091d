/*
 * Reading frames into snapshots: see frame.h for what is in them.  A table of fields; what a frame holds is
 * not trusted: lengths are checked, numbers bounded, strings cleaned.
 */
#include "monitor/model/frame.h"
#include "monitor/model/machine_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { STOPS_SHOWN_MAX = 1024, COUNTERS_MAX = 512 };

/* A frame being read. */
struct reading {
    struct snapshot *s;
    struct snapshot_machine *machine;
    struct snapshot_history *history;
    struct snapshot_device *devices;
    struct snapshot_stop *stops;
    struct snapshot_counter *counters;
    bool bad;
};

static bool take_struct(struct cursor *c, void *to, size_t n)
{
    const uint8_t *p = c->left == n ? cursor_bytes(c, n) : NULL;
    if (p)
        memcpy(to, p, n);
    return p;
}

/* ---- always ---- */

static void read_state(struct reading *r, struct cursor *c)
{
    struct snapshot *s = r->s;
    uint64_t state = cursor_varint(c);
    s->state = state <= STATE_ENDED ? (enum snapshot_state)state : STATE_ENDED;
    s->asleep = cursor_varint(c);
    s->tracing = cursor_varint(c);
    s->exits = cursor_varint(c);
    s->steps = cursor_varint(c);
    s->time_ns = cursor_varint(c);
    s->stop_serial = cursor_varint(c);
    s->syntax_att = cursor_varint(c);
}

static void read_stop(struct reading *r, struct cursor *c)
{
    r->s->stop = pool_string(&r->s->pool, c);
}
static void read_status(struct reading *r, struct cursor *c)
{
    r->s->status = pool_string(&r->s->pool, c);
}

static void read_regs(struct reading *r, struct cursor *c)
{
    r->s->has_cpu = take_struct(c, &r->s->regs, sizeof r->s->regs);
}

static void read_sregs(struct reading *r, struct cursor *c)
{
    r->bad |= !take_struct(c, &r->s->sregs, sizeof r->s->sregs);
}

static void read_before_regs(struct reading *r, struct cursor *c)
{
    r->bad |= !take_struct(c, &r->s->before_regs, sizeof r->s->before_regs);
}

static void read_before_sregs(struct reading *r, struct cursor *c)
{
    r->bad |= !take_struct(c, &r->s->before_sregs, sizeof r->s->before_sregs);
}

static void read_counts(struct cursor *c, struct count_row *rows)
{
    while (c->left && !c->bad) {
        struct count_row *row = &rows[cursor_varint(c) & 255];
        row->count = cursor_varint(c);
        row->host_ns = cursor_varint(c);
        row->guest_ns = cursor_varint(c);
    }
}

static void read_kinds(struct reading *r, struct cursor *c)
{
    struct counts *counts = &r->s->counts;
    read_counts(c, counts->kind);
    for (unsigned k = 0; k < EVENT_KIND_MAX; k++) {
        if (!event_kind_is_exit(k))
            continue;
        counts->exits.count += counts->kind[k].count;
        counts->exits.host_ns += counts->kind[k].host_ns;
        counts->exits.guest_ns += counts->kind[k].guest_ns;
    }
}

static void read_device_counts(struct reading *r, struct cursor *c)
{
    read_counts(c, r->s->counts.device);
}

/* ---- histories ---- */

/* Items into a ring; returns how many there are in all. */
static uint64_t read_items(struct ring *ring, struct cursor *c)
{
    uint64_t total = cursor_varint(c);
    while (c->left >= ring->item_len && !c->bad)
        memcpy(ring_push(ring), cursor_bytes(c, ring->item_len), ring->item_len);
    return total;
}

static void read_events(struct reading *r, struct cursor *c)
{
    r->s->events_total = read_items(&r->history->events, c);
}

static void read_steps(struct reading *r, struct cursor *c)
{
    r->s->steps_total = read_items(&r->history->steps, c);
}

static void read_console(struct reading *r, struct cursor *c)
{
    r->s->console_total = read_items(&r->history->console, c);
}

/* ---- memory ---- */

static void read_region(struct reading *r, struct cursor *c)
{
    struct guest_memory *m = &r->s->memory;
    uint64_t gpa = cursor_varint(c), len = cursor_varint(c), end;
    bool read_only = cursor_varint(c);
    if (c->bad || m->region_count == MEMORY_REGIONS_MAX || len == 0 ||
        __builtin_add_overflow(gpa, len - 1, &end)) {
        r->bad = true;
        return;
    }
    m->region[m->region_count++] = (struct memory_region){gpa, len, NULL, read_only};
    if (!read_only)
        m->len += len;
}

static void read_page(struct reading *r, struct cursor *c)
{
    struct snapshot *s = r->s;
    uint64_t gpa = cursor_varint(c);
    if (c->bad || s->page_count == SNAPSHOT_PAGES_MAX || (c->left && c->left != SNAPSHOT_PAGE_LEN)) {
        r->bad = true;
        return;
    }
    struct snapshot_page *p = &s->pages[s->page_count];
    uint8_t *bytes = pool_alloc(&s->pool, SNAPSHOT_PAGE_LEN);
    if (!bytes) {
        r->bad = true;
        return;
    }
    *p = (struct snapshot_page){gpa, bytes, c->left != 0};
    if (p->backed)
        memcpy(bytes, cursor_bytes(c, SNAPSHOT_PAGE_LEN), SNAPSHOT_PAGE_LEN);
    s->page_count++;
}

/* ---- parts ---- */

static void read_machine(struct reading *r, struct cursor *c)
{
    r->bad |= !machine_read(r->machine, c);
}

static void read_device(struct reading *r, struct cursor *c)
{
    if (!r->s->machine) /* else it is known already */
        r->bad |= !machine_read_device(r->machine, c);
}

static void read_registers(struct reading *r, struct cursor *c)
{
    uint64_t i = cursor_varint(c);
    if (!r->devices)
        r->devices = pool_alloc(&r->s->pool, MACHINE_DEVICES_MAX * sizeof *r->devices);
    if (!r->devices || i >= MACHINE_DEVICES_MAX)
        return;
    /* Lines: each cleaned by itself, since the newlines must stay. */
    struct text words = {0};
    while (c->left && !c->bad) {
        const char *line = (const char *)c->p, *end = memchr(line, '\n', c->left);
        size_t n = end ? (size_t)(end - line) : c->left;
        string_clean(&words, line, n, 200);
        text_addc(&words, '\n');
        cursor_bytes(c, end ? n + 1 : n);
    }
    char *copy = pool_alloc(&r->s->pool, words.len + 1);
    if (copy && !words.failed)
        memcpy(copy, text_str(&words), words.len + 1);
    r->devices[i].registers = copy;
    text_fini(&words);
}

static void read_lines(struct reading *r, struct cursor *c)
{
    r->s->irq_levels = (uint16_t)cursor_varint(c);
    r->s->irq_pending = (uint16_t)cursor_varint(c);
    r->s->irq_masked = (uint16_t)cursor_varint(c);
    r->s->irq_in_service = (uint16_t)cursor_varint(c);
}

static void read_vga(struct reading *r, struct cursor *c)
{
    r->s->vga_used = cursor_varint(c);
    uint64_t cursor = cursor_varint(c);
    r->s->vga_cursor = cursor <= SNAPSHOT_VGA_W * SNAPSHOT_VGA_H ? (int)cursor - 1 : -1;
    r->bad |= !take_struct(c, r->s->vga, sizeof r->s->vga);
}

static void read_break(struct reading *r, struct cursor *c)
{
    struct pool *pool = &r->s->pool;
    if (!r->stops)
        r->stops = pool_alloc(pool, STOPS_SHOWN_MAX * sizeof *r->stops);
    if (!r->stops || r->s->stop_count == STOPS_SHOWN_MAX)
        return;
    struct snapshot_stop *s = &r->stops[r->s->stop_count];
    s->number = (unsigned)cursor_varint(c);
    s->kind = (unsigned)cursor_varint(c);
    s->enabled = cursor_varint(c);
    s->once = cursor_varint(c);
    s->met = cursor_varint(c);
    s->first = cursor_varint(c);
    s->last = cursor_varint(c);
    s->hits = cursor_varint(c);
    s->ignore = cursor_varint(c);
    s->where = pool_get_string(pool, c);
    s->condition = pool_get_string(pool, c);
    s->commands = pool_get_string(pool, c);
    if (!s->where || !s->condition || !s->commands)
        r->bad = true;
    else
        r->s->stop_count++;
}

static void read_counter(struct reading *r, struct cursor *c)
{
    if (!r->counters)
        r->counters = pool_alloc(&r->s->pool, COUNTERS_MAX * sizeof *r->counters);
    if (!r->counters || r->s->counter_count == COUNTERS_MAX)
        return;
    const char *name = pool_get_string(&r->s->pool, c);
    if (name)
        r->counters[r->s->counter_count++] = (struct snapshot_counter){name, cursor_varint(c)};
}

static void read_timeline(struct reading *r, struct cursor *c)
{
    struct timeline *t = &r->s->timeline;
    t->slot_cap = (uint32_t)cursor_varint(c);
    size_t n = c->left / sizeof t->slot[0];
    if (n > TIMELINE_SLOTS)
        n = TIMELINE_SLOTS;
    const uint8_t *p = cursor_bytes(c, n * sizeof t->slot[0]);
    if (p)
        memcpy(t->slot, p, n * sizeof t->slot[0]);
    t->slots = p ? (uint32_t)n : 0;
}

static void (*const readers[FRAME_FIELDS])(struct reading *r, struct cursor *c) = {
    [FRAME_STATE] = read_state,
    [FRAME_STOP] = read_stop,
    [FRAME_STATUS] = read_status,
    [FRAME_REGS] = read_regs,
    [FRAME_SREGS] = read_sregs,
    [FRAME_BEFORE_REGS] = read_before_regs,
    [FRAME_BEFORE_SREGS] = read_before_sregs,
    [FRAME_KINDS] = read_kinds,
    [FRAME_DEVICES] = read_device_counts,
    [FRAME_EVENTS] = read_events,
    [FRAME_STEPS] = read_steps,
    [FRAME_CONSOLE] = read_console,
    [FRAME_REGION] = read_region,
    [FRAME_PAGE] = read_page,
    [FRAME_MACHINE] = read_machine,
    [FRAME_DEVICE] = read_device,
    [FRAME_REGISTERS] = read_registers,
    [FRAME_LINES] = read_lines,
    [FRAME_VGA] = read_vga,
    [FRAME_BREAK] = read_break,
    [FRAME_COUNTER] = read_counter,
    [FRAME_TIMELINE] = read_timeline,
};

/* Gives the snapshot what was collected on the side. */
static void finish(struct reading *r, const struct symbols *symbols)
{
    struct snapshot *s = r->s;
    const struct snapshot_machine *m = r->machine;
    s->machine = m->devices && m->names.device_count ? m : NULL;
    s->history = r->history;
    s->stops = r->stops;
    s->counters = r->counters;
    if (!r->devices && s->machine)
        r->devices = pool_alloc(&s->pool, MACHINE_DEVICES_MAX * sizeof *r->devices);
    s->devices = r->devices;
    s->device_count = r->devices && s->machine ? m->names.device_count : 0;
    for (size_t i = 0; i < s->device_count; i++) {
        r->devices[i].line = m->lines[i];
        r->devices[i].first_range = m->first_range[i];
        r->devices[i].range_count = m->range_count[i];
        if (!r->devices[i].registers)
            r->devices[i].registers = "";
    }
    if (!s->stop)
        s->stop = "";
    if (!s->status)
        s->status = "";
    s->position = s->events_total ? s->events_total - 1 : 0;
    snapshot_aim(s, symbols);
}

struct snapshot *snapshot_read(const void *frame, size_t n, struct snapshot_machine *machine,
                               struct snapshot_history *history, const struct symbols *symbols, struct err *e)
{
    struct cursor c = {frame, n, false};
    struct reading r = {.s = calloc(1, sizeof *r.s), .machine = machine, .history = history};
    if (!r.s) {
        err_sys(e, ENOMEM, "snapshot");
        return NULL;
    }
    r.s->vga_cursor = -1;
    r.s->machine = machine->names.device_count ? machine : NULL;
    while (c.left && !c.bad && !r.bad) {
        uint64_t field = cursor_varint(&c);
        struct cursor part = cursor_part(&c);
        if (field < FRAME_FIELDS && readers[field])
            readers[field](&r, &part);
        r.bad |= part.bad;
    }
    finish(&r, symbols);
    if (!c.bad && !r.bad)
        return r.s;
    snapshot_free(r.s);
    err_set(e, "the frame is damaged");
    return NULL;
}
