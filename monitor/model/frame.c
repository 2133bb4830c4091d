/*
 * Writing frames: see frame.h.  All on the vCPU's thread; nothing here waits or changes anything.
 */
#include "monitor/model/frame.h"

#include "monitor/debugger.h"
#include "monitor/drive.h"
#include "monitor/model/feed.h"

#include "debug/stops.h"
#include "run/run.h"

#include <stdlib.h>
#include <string.h>

/* A field under construction. */
static void part_end(struct text *part, enum frame_field field, struct text *out)
{
    fields_add_bytes(out, field, part);
    text_fini(part);
}

static void put(struct text *part, uint64_t v)
{
    fields_put_varint(part, v);
}

static void add_struct(struct text *out, enum frame_field field, const void *p, size_t n)
{
    struct text part = {0};
    text_addn(&part, p, n);
    part_end(&part, field, out);
}

/* ---- what is always there ---- */

static void write_state(struct debugger *d, struct text *out)
{
    const struct run_result *r = run_result(d->run);
    bool ended = run_has_ended(d->run);
    struct text part = {0};
    put(&part, ended ? STATE_ENDED : d->running ? STATE_RUNNING : STATE_STANDS);
    put(&part, d->pause.asleep);
    put(&part, d->tracing);
    put(&part, d->counts ? d->counts->exits.count : r->exits);
    put(&part, run_last_steps(d->run)->total);
    put(&part, d->running ? machine_now_ns(d->machine) : d->stood_ns);
    put(&part, d->stands);
    put(&part, d->settings.syntax == DISASM_ATT);
    part_end(&part, FRAME_STATE, out);
    fields_add_string(out, FRAME_STOP, d->running ? "" : text_str(&d->stop));
    fields_add_string(out, FRAME_STATUS, ended ? run_status_name(r->status) : "");
    add_struct(out, FRAME_REGS, &d->now.regs, sizeof d->now.regs);
    add_struct(out, FRAME_SREGS, &d->now.sregs, sizeof d->now.sregs);
    add_struct(out, FRAME_BEFORE_REGS, &d->before.regs, sizeof d->before.regs);
    add_struct(out, FRAME_BEFORE_SREGS, &d->before.sregs, sizeof d->before.sregs);
}

static void write_counts(const struct count_row *rows, size_t n, enum frame_field field, struct text *out)
{
    struct text part = {0};
    for (size_t i = 0; i < n; i++) {
        if (!rows[i].count)
            continue;
        put(&part, i);
        put(&part, rows[i].count);
        put(&part, rows[i].host_ns);
        put(&part, rows[i].guest_ns);
    }
    part_end(&part, field, out);
}

/* The items of a ring from number `from` on, at most `most`, the newest ones when there are more. */
static void write_ring(const struct ring *r, uint64_t from, size_t most, enum frame_field field,
                       struct text *out)
{
    struct text part = {0};
    size_t n = ring_count(r);
    uint64_t unknown = from < r->total ? r->total - from : 0;
    n = n < most ? n : most;
    n = unknown < n ? (size_t)unknown : n;
    put(&part, r->total);
    for (; n > 0; n--)
        text_addn(&part, ring_back(r, n - 1), r->item_len);
    part_end(&part, field, out);
}

static void write_memory(struct debugger *d, const struct frame_request *rq, struct text *out)
{
    const struct guest_memory *m = d->now.memory;
    for (size_t i = 0; i < m->region_count; i++) {
        struct text part = {0};
        put(&part, m->region[i].gpa);
        put(&part, m->region[i].len);
        put(&part, m->region[i].read_only);
        part_end(&part, FRAME_REGION, out);
    }
    for (size_t i = 0; i < rq->page_count; i++) {
        const char *bytes = memory_ptr(m, rq->page[i], SNAPSHOT_PAGE_LEN, false);
        struct text part = {0};
        put(&part, rq->page[i]);
        if (bytes)
            text_addn(&part, bytes, SNAPSHOT_PAGE_LEN);
        part_end(&part, FRAME_PAGE, out);
    }
}

/* ---- parts ---- */

static void write_device_row(const struct machine *m, size_t i, struct text *out)
{
    const struct event_device *dev = &m->event_device[i];
    const struct machine_part *part_row = m->part[i];
    struct text part = {0};
    size_t ranges = 0;
    while (part_row && ranges < DEVICE_RANGES_MAX && part_row->range[ranges].len)
        ranges++;
    fields_put_string(&part, dev->name);
    fields_put_string(&part, dev->summary);
    put(&part, (uint64_t)((part_row ? part_row->line : LINE_NONE) + 2));
    put(&part, ranges);
    for (size_t k = 0; k < ranges; k++) {
        put(&part, part_row->range[k].space == SPACE_MMIO);
        put(&part, part_row->range[k].base);
        put(&part, part_row->range[k].len);
    }
    for (size_t k = 0; k < dev->reg_count; k++)
        fields_put_string(&part, dev->regs[k]);
    part_end(&part, FRAME_DEVICE, out);
}

static void write_machine(struct debugger *d, struct text *out)
{
    const struct machine *m = d->machine;
    struct text part = {0};
    put(&part, m->options.mem_len);
    fields_put_string(&part, d->image_path);
    fields_put_string(&part, d->image ? image_format_name(d->image->format) : "");
    fields_put_string(&part, clock_name(m->options.clock));
    fields_put_string(&part, m->options.irqchip == IRQCHIP_KERNEL ? "kernel" : "user");
    fields_put_string(&part, "");
    part_end(&part, FRAME_MACHINE, out);
    for (size_t i = 0; i < m->device_count; i++)
        write_device_row(m, i, out);
}

static void write_devices(struct debugger *d, struct text *out)
{
    const struct machine *m = d->machine;
    uint64_t levels = 0;
    for (size_t i = 1; i < m->device_count; i++) {
        struct text part = {0}, words = {0};
        if (!m->device[i])
            continue;
        m->device[i]->ops->describe(m->device[i], &words);
        put(&part, i);
        text_addn(&part, text_str(&words), words.len);
        part_end(&part, FRAME_REGISTERS, out);
        text_fini(&words);
    }
    for (size_t i = 0; i < LINE_COUNT; i++)
        levels |= (uint64_t)m->line_level[i] << i;
    struct pic_lines lines = {0};
    if (m->pic[0] && m->pic[1])
        pic_lines_of(m->pic[0], m->pic[1], &lines);
    struct text part = {0};
    put(&part, levels | lines.raised);
    put(&part, lines.requested);
    put(&part, lines.masked);
    put(&part, lines.in_service);
    part_end(&part, FRAME_LINES, out);
}

static void write_vga(struct debugger *d, struct text *out)
{
    uint16_t cells[VGA_ROWS * VGA_COLUMNS];
    struct text part = {0};
    if (!d->machine->vga)
        return;
    vga_screen(d->machine->vga, cells);
    put(&part, vga_in_use(d->machine->vga));
    put(&part, (uint64_t)(vga_cursor(d->machine->vga) + 1));
    text_addn(&part, (const char *)cells, sizeof cells);
    part_end(&part, FRAME_VGA, out);
}

static void write_stop(struct debugger *d, const struct stop *s, struct text *out)
{
    struct text part = {0}, where = {0};
    stops_where(s, &d->now, &where);
    put(&part, s->number);
    put(&part, s->what.kind);
    put(&part, s->enabled);
    put(&part, s->what.once);
    put(&part, s->met);
    put(&part, s->what.first);
    put(&part, s->what.last);
    put(&part, s->hits);
    put(&part, s->what.ignore);
    fields_put_string(&part, text_str(&where));
    fields_put_string(&part, s->what.condition_text);
    fields_put_string(&part, s->commands);
    part_end(&part, FRAME_BREAK, out);
    text_fini(&where);
}

static void write_stops(struct debugger *d, struct text *out)
{
    const struct stop *s;
    for (size_t i = 0; (s = stops_row(d->stops, i)); i++)
        if (!s->what.hidden && !s->spent)
            write_stop(d, s, out);
}

static void write_counters(struct debugger *d, struct text *out)
{
    struct kvm_stat *stats = NULL;
    size_t n = 0;
    struct err ignored;
    if (run_counters(d->run, &stats, &n, &ignored) < 0)
        return;
    for (size_t i = 0; i < n; i++) {
        struct text part = {0};
        if (!stats[i].value)
            continue;
        fields_put_string(&part, stats[i].name);
        put(&part, stats[i].value);
        part_end(&part, FRAME_COUNTER, out);
    }
    free(stats);
}

static void write_timeline(struct debugger *d, struct text *out)
{
    struct text part = {0};
    if (!d->feed)
        return;
    put(&part, d->feed->timeline.slot_cap);
    text_addn(&part, (const char *)d->feed->timeline.slot,
              d->feed->timeline.slots * sizeof d->feed->timeline.slot[0]);
    part_end(&part, FRAME_TIMELINE, out);
}

int frame_write(struct debugger *d, const char *request, size_t n, struct text *out, struct err *e)
{
    static const struct {
        unsigned part;
        void (*write)(struct debugger *d, struct text *out);
    } parts[] = {{PART_MACHINE, write_machine}, {PART_DEVICES, write_devices},
                 {PART_VGA, write_vga},         {PART_STOPS, write_stops},
                 {PART_KVM, write_counters},    {PART_TIMELINE, write_timeline}};
    struct frame_request rq;
    if (frame_request_read(request, n, &rq, e) < 0)
        return -1;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (rq.parts & parts[i].part)
            parts[i].write(d, out);
    write_state(d, out);
    if (d->counts) {
        write_counts(d->counts->kind, EVENT_KIND_MAX, FRAME_KINDS, out);
        write_counts(d->counts->device, COUNTS_DEVICES, FRAME_DEVICES, out);
    }
    if (d->feed) {
        write_ring(&d->feed->events, rq.events_from, FRAME_EVENTS_MAX, FRAME_EVENTS, out);
        write_ring(&d->feed->console, rq.console_from, FRAME_CONSOLE_MAX, FRAME_CONSOLE, out);
    }
    write_ring(run_last_steps(d->run), rq.steps_from, FRAME_STEPS_MAX, FRAME_STEPS, out);
    write_memory(d, &rq, out);
    return out->failed ? err_set(e, "out of memory for a frame") : 0;
}
