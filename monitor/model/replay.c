/*
 * Replay: see replay.h.  Events are read in order; the newest WINDOW of them up to the place are kept, with
 * the counts of all up to it. Going back inside of the window takes events off the counts again; going back
 * further reads from the start.
 */
#include "monitor/model/replay.h"

#include "monitor/model/replay_regs.h"
#include "monitor/model/replay_tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 1 << 16 };

struct replay {
    struct trace_reader *reader;
    uint64_t total;
    struct timeline timeline; /* of the whole trace */
    struct ring window;       /* events read so far, the newest WINDOW */
    struct ring regs;         /* struct replay_regs of the newest of them, when the trace has registers */
    bool has_regs;
    struct counts counts; /* of those up to the place */
    struct replay_tables tables;
    uint64_t position;
    bool playing, moved;
    double speed, owed_ns;
};

static int replay_survey(struct replay *r, struct err *e)
{
    struct trace_state state;
    struct event ev;
    int rc;
    if (trace_reader_want_regs(r->reader, e) < 0)
        return -1;
    while ((rc = trace_next(r->reader, &ev, e)) > 0) {
        timeline_put(&r->timeline, &ev);
        if (replay_tables_see(&r->tables, r->reader, r->total, e) < 0)
            return -1;
        r->total++;
    }
    if (rc < 0 || replay_tables_see(&r->tables, r->reader, r->total, e) < 0)
        return -1;
    trace_reader_state(r->reader, &state);
    r->has_regs = state.regs;
    if (r->has_regs && ring_init(&r->regs, sizeof(struct replay_regs), REPLAY_REGS_KEPT, e) < 0)
        return -1;
    return r->total ? trace_rewind(r->reader, e) : err_set(e, "the trace holds no events");
}

struct replay *replay_open(const char *path, struct err *e)
{
    struct replay *r = calloc(1, sizeof *r);
    if (!r) {
        err_sys(e, ENOMEM, "replay");
        return NULL;
    }
    r->speed = 1;
    if (ring_init(&r->window, sizeof(struct event), WINDOW, e) < 0 || !(r->reader = trace_open(path, e)) ||
        replay_survey(r, e) < 0 || replay_seek(r, 0, e) < 0) {
        replay_close(r);
        return NULL;
    }
    return r;
}

void replay_close(struct replay *r)
{
    if (!r)
        return;
    ring_fini(&r->window);
    ring_fini(&r->regs);
    replay_tables_fini(&r->tables);
    if (r->reader)
        trace_reader_close(r->reader);
    free(r);
}

uint64_t replay_events(const struct replay *r)
{
    return r->total;
}

uint64_t replay_position(const struct replay *r)
{
    return r->position;
}

/* Event number i, NULL when it is not in the window. */
static const struct event *event_at(const struct replay *r, uint64_t i)
{
    return i < r->window.total ? ring_back(&r->window, r->window.total - 1 - i) : NULL;
}

static const struct replay_regs *regs_at(const struct replay *r, uint64_t i)
{
    return r->has_regs && i < r->window.total ? ring_back(&r->regs, r->window.total - 1 - i) : NULL;
}

/* Can it go there without reading the trace anew? */
static bool is_kept(const struct replay *r, uint64_t i)
{
    return event_at(r, i) && (!r->has_regs || regs_at(r, i));
}

static void uncount(struct count_row *row, const struct event *ev)
{
    row->count--;
    row->host_ns -= ev->host_ns;
    row->guest_ns -= ev->guest_ns;
}

static void counts_take(struct counts *c, const struct event *ev)
{
    uncount(&c->kind[ev->kind], ev);
    if (!event_kind_is_exit(ev->kind))
        return;
    uncount(&c->exits, ev);
    uncount(&c->device[ev->device], ev);
}

static int replay_restart(struct replay *r, struct err *e)
{
    if (trace_rewind(r->reader, e) < 0)
        return -1;
    r->window.total = r->regs.total = 0;
    r->counts = (struct counts){0};
    r->position = 0;
    return 0;
}

/* The next event of the file goes into the window. */
static int replay_read(struct replay *r, struct err *e)
{
    struct event ev;
    int rc = trace_next(r->reader, &ev, e);
    if (rc > 0)
        *(struct event *)ring_push(&r->window) = ev;
    if (rc > 0 && r->has_regs)
        replay_regs_take(r->reader, ring_push(&r->regs));
    return rc > 0 ? 0 : rc < 0 ? -1 : err_set(e, "the trace has become shorter");
}

int replay_seek(struct replay *r, uint64_t position, struct err *e)
{
    if (position >= r->total)
        position = r->total - 1;
    r->moved = true;
    if (r->window.total && position < r->position && !is_kept(r, position) && replay_restart(r, e) < 0)
        return -1;
    while (r->window.total && r->position > position)
        counts_take(&r->counts, event_at(r, r->position--));
    if (r->window.total == 0) {
        if (replay_read(r, e) < 0)
            return -1;
        counts_put(&r->counts, event_at(r, 0));
    }
    while (r->position < position) {
        if (r->position + 1 >= r->window.total && replay_read(r, e) < 0)
            return -1;
        counts_put(&r->counts, event_at(r, ++r->position));
    }
    return 0;
}

bool replay_moved(struct replay *r)
{
    bool moved = r->moved;
    r->moved = false;
    return moved;
}

/* ---- playing ---- */

void replay_play(struct replay *r, bool on)
{
    r->playing = on && r->position + 1 < r->total;
    r->owed_ns = 0;
    r->moved = true;
}

bool replay_playing(const struct replay *r)
{
    return r->playing;
}

void replay_set_speed(struct replay *r, double speed)
{
    r->speed = speed >= 1e-6 && speed <= 1e6 ? speed : 1;
}

double replay_speed(const struct replay *r)
{
    return r->speed;
}

int replay_elapse(struct replay *r, uint64_t passed_ns, struct err *e)
{
    if (!r->playing)
        return 0;
    r->owed_ns += (double)passed_ns * r->speed;
    uint64_t to = r->position, from_ns = event_at(r, r->position)->time_ns;
    uint64_t ahead = r->has_regs ? REPLAY_REGS_KEPT / 2 : WINDOW / 2;
    while (to + 1 < r->total) {
        if (to + 1 >= r->window.total && (to + 1 - r->position >= ahead || replay_read(r, e) < 0))
            break;
        uint64_t next_ns = event_at(r, to + 1)->time_ns;
        if (next_ns > from_ns && (double)(next_ns - from_ns) > r->owed_ns)
            break;
        to++;
    }
    if (to == r->position)
        return 0;
    uint64_t now_ns = event_at(r, to)->time_ns;
    r->owed_ns -= now_ns > from_ns ? (double)(now_ns - from_ns) : 0;
    int rc = replay_seek(r, to, e);
    if (r->position + 1 >= r->total)
        r->playing = false;
    return rc;
}

/* ---- snapshots ---- */

static int machine_from(struct replay *r, struct snapshot_machine *m)
{
    const struct trace_info *info = trace_reader_info(r->reader);
    size_t n = info->names.device_count;
    m->names = info->names; /* the marks grow as it is read */
    m->image = info->guest;
    m->image_format = "";
    m->clock = info->clock;
    m->irqchip = info->irqchip;
    m->program = info->program;
    m->mem_len = info->mem_len;
    if (m->devices || n == 0)
        return 0;
    m->devices = calloc(n, sizeof *m->devices);
    m->lines = calloc(n, sizeof *m->lines);
    m->first_range = calloc(n, sizeof *m->first_range);
    m->range_count = calloc(n, sizeof *m->range_count);
    m->ranges = calloc(info->range_count + 1, sizeof *m->ranges);
    if (!m->devices || !m->lines || !m->first_range || !m->range_count || !m->ranges)
        return -1;
    for (size_t i = 0; i < n; i++) {
        m->lines[i] = LINE_NONE;
        m->first_range[i] = m->ranges_n;
        for (size_t k = 0; k < info->range_count; k++) {
            if (info->ranges[k].device != i)
                continue;
            m->ranges[m->ranges_n++] =
                (struct snapshot_range){info->ranges[k].mmio, info->ranges[k].base, info->ranges[k].len};
            m->range_count[i]++;
        }
    }
    return 0;
}

static bool is_console(const struct event_names *names, const struct event *ev)
{
    const char *device = event_device_name(names, ev);
    return ev->kind == EVENT_IO && ev->dir == DIR_OUT && (ev->flags & EVENT_VALUE) &&
           ((strcmp(device, "uart") == 0 && strcmp(event_reg_name(names, ev), "THR") == 0) ||
            strncmp(device, "debugcon", 8) == 0);
}

/* What came before the place, as a live run would have collected it. */
static void fill_history(struct replay *r, struct snapshot *s, struct snapshot_history *h)
{
    uint64_t first = r->position + 1 > HISTORY_EVENTS ? r->position + 1 - HISTORY_EVENTS : 0;
    uint64_t oldest = r->window.total - ring_count(&r->window);
    h->events.total = h->console.total = h->steps.total = 0;
    for (uint64_t i = first > oldest ? first : oldest; i <= r->position; i++) {
        const struct event *ev = event_at(r, i);
        *(struct event *)ring_push(&h->events) = *ev;
        if (is_console(&s->machine->names, ev))
            *(uint8_t *)ring_push(&h->console) = (uint8_t)ev->value;
    }
    s->console_total = h->console.total;
}

static void fill_place(struct replay *r, struct snapshot *s)
{
    const struct event *ev = event_at(r, r->position);
    struct text words = {0};
    char *stop;
    snapshot_event_words(s, ev, &words);
    stop = pool_alloc(&s->pool, words.len + 1);
    if (stop && !words.failed)
        memcpy(stop, text_str(&words), words.len);
    text_fini(&words);
    s->stop = stop ? stop : "";
    s->status = "";
    s->state = r->playing ? STATE_RUNNING : r->position + 1 == r->total ? STATE_ENDED : STATE_STANDS;
    s->time_ns = ev->time_ns;
    s->mode = event_mode(ev);
    s->cpl = event_cpl(ev);
    s->regs.rip = ev->rip;
    s->sregs.cs.selector = ev->cs;
    if (regs_at(r, r->position))
        replay_regs_fill(regs_at(r, r->position), s);
    s->target.regs = s->regs;
    s->target.sregs = s->sregs;
    s->rip_linear = s->mode == MODE_REAL ? ev->rip + 16u * ev->cs : ev->rip;
}

struct snapshot *replay_snapshot(struct replay *r, struct snapshot_machine *machine,
                                 struct snapshot_history *history, struct err *e)
{
    struct snapshot *s = calloc(1, sizeof *s);
    if (!s || machine_from(r, machine) < 0) {
        free(s);
        err_sys(e, ENOMEM, "replay");
        return NULL;
    }
    s->replay = true;
    s->machine = machine;
    s->history = history;
    s->counts = r->counts;
    s->timeline = r->timeline;
    s->exits = r->counts.exits.count;
    s->steps = r->counts.kind[EVENT_STEP].count;
    s->events_total = s->position = r->position;
    s->events_total++;
    s->vga_cursor = -1;
    fill_history(r, s, history);
    snapshot_aim(s, NULL);
    fill_place(r, s);
    replay_tables_fill(&r->tables, r->position, r->position + 1 == r->total, event_at(r, r->position)->vcpu,
                       s);
    s->stop_serial = r->position + 1;
    return s;
}
