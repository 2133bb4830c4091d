/*
 * Snapshots: see snapshot.h.
 */
#include "monitor/model/snapshot.h"

#include "debug/stops.h"
#include "traces/step_line.h"
#include "vm/cpu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t zeros[SNAPSHOT_PAGE_LEN];

int history_init(struct snapshot_history *h, struct err *e)
{
    *h = (struct snapshot_history){0};
    if (ring_init(&h->events, sizeof(struct event), HISTORY_EVENTS, e) == 0 &&
        ring_init(&h->steps, sizeof(struct run_step_record), HISTORY_STEPS, e) == 0 &&
        ring_init(&h->console, 1, HISTORY_CONSOLE, e) == 0 &&
        ring_init(&h->rates, sizeof(struct snapshot_rate), HISTORY_RATES, e) == 0)
        return 0;
    history_fini(h);
    return -1;
}

void history_fini(struct snapshot_history *h)
{
    ring_fini(&h->events);
    ring_fini(&h->steps);
    ring_fini(&h->console);
    ring_fini(&h->rates);
}

void snapshot_free(struct snapshot *s)
{
    if (!s)
        return;
    pool_free(&s->pool);
    free(s);
}

void snapshot_event_words(const struct snapshot *s, const struct event *ev, struct text *out)
{
    if (ev->kind == EVENT_STEP && ev->size)
        step_instruction(ev, out);
    else if (s->machine)
        event_sentence(ev, &s->machine->names, out);
}

/* ---- pages ---- */

const struct snapshot_page *snapshot_page(const struct snapshot *s, uint64_t gpa)
{
    for (size_t i = 0; i < s->page_count; i++)
        if (s->pages[i].gpa == gpa)
            return &s->pages[i];
    return NULL;
}

static void want(struct wants *w, uint64_t gpa, bool missed)
{
    size_t i = 0;
    while (i < w->count && w->gpa[i] != gpa)
        i++;
    if (i == w->count && i < SNAPSHOT_PAGES_MAX)
        w->gpa[w->count++] = gpa;
    else if (i == w->count)
        return; /* more than a frame holds: it will not come */
    w->missed |= missed;
}

/* guest_memory's way to the pages. */
static const uint8_t *page_of(void *ctx, uint64_t gpa)
{
    struct snapshot *s = ctx;
    const struct snapshot_page *p = snapshot_page(s, gpa);
    if (s->wants)
        want(s->wants, gpa, !p);
    return p ? p->bytes : zeros;
}

void snapshot_aim(struct snapshot *s, const struct symbols *symbols)
{
    s->memory.pages = (struct memory_pages){page_of, s};
    s->memory.a20 = true;
    s->target = (struct target){.memory = &s->memory,
                                .regs = s->regs,
                                .sregs = s->sregs,
                                .symbols = symbols,
                                .names = s->machine ? &s->machine->names : NULL};
    s->before = s->target;
    s->before.regs = s->before_regs;
    s->before.sregs = s->before_sregs;
    if (!s->has_cpu)
        return;
    s->mode = cpu_mode(&s->sregs);
    s->cpl = cpu_cpl(&s->regs, &s->sregs);
    s->rip_linear = cpu_rip_linear(&s->regs, &s->sregs);
}

bool snapshot_earlier_byte(const struct snapshot *s, uint64_t gpa, uint8_t *byte)
{
    uint64_t in_page = gpa % SNAPSHOT_PAGE_LEN;
    const struct snapshot_page *p = s->earlier ? snapshot_page(s->earlier, gpa - in_page) : NULL;
    if (!p || !p->backed)
        return false;
    *byte = p->bytes[in_page];
    return true;
}

/* Up to the end of their page; sets *n to how many those are. */
static bool page_changed(const struct snapshot *s, uint64_t linear, size_t *n)
{
    struct gva_context c = target_context(&s->target);
    struct gva_walk w;
    size_t in_page = (size_t)(linear % SNAPSHOT_PAGE_LEN), left = SNAPSHOT_PAGE_LEN - in_page;
    *n = left < *n ? left : *n;
    gva_translate(s->target.memory, &c, linear, GVA_READ, &w);
    uint64_t gpa = w.gpa - w.gpa % SNAPSHOT_PAGE_LEN;
    const struct snapshot_page *now = w.ok ? snapshot_page(s, gpa) : NULL;
    const struct snapshot_page *then = now ? snapshot_page(s->earlier, gpa) : NULL;
    return then && now->backed && then->backed &&
           memcmp(now->bytes + in_page, then->bytes + in_page, *n) != 0;
}

bool snapshot_linear_changed(const struct snapshot *s, uint64_t linear, size_t n)
{
    bool changed = false;
    for (size_t part; s->earlier && n > 0 && !changed; linear += part, n -= part) {
        part = n;
        changed = page_changed(s, linear, &part);
    }
    return changed;
}

const struct snapshot_stop *snapshot_break_at(const struct snapshot *s, uint64_t linear)
{
    for (size_t i = 0; i < s->stop_count; i++)
        if (s->stops[i].kind == STOPS_BREAK && s->stops[i].first == linear)
            return &s->stops[i];
    return NULL;
}
