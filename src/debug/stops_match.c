/*
 * Is a stop met?  Each question goes through the rows of its kinds; what fits is asked for its condition,
 * counted, and let pass as often as it is to be ignored (the rules are gdb's).  While a guest is
 * single-stepped these questions come after every instruction, so each first looks whether there is anything
 * of its kinds at all.
 */
#include "debug/stops_inside.h"

#include <string.h>

/* One question on its way through the table. */
struct asking {
    struct stops *s;
    struct stops_found found;
    struct text *why;
    const struct stop *first;
    struct text sentence;
    size_t others; /* that a user sees, and that stop as well */
    struct text other_numbers;
};

static bool any_armed(const struct stops *s, enum stops_kind from, enum stops_kind to)
{
    size_t n = 0;
    for (unsigned k = from; k <= to; k++)
        n += s->armed[k];
    return n != 0;
}

static void asking_note(struct asking *a, struct stop *x, const char *trouble)
{
    bool better = !a->first || (a->first->what.hidden && !x->what.hidden);
    if (!better) {
        if (!x->what.hidden)
            text_addf(&a->other_numbers, "%s%u", a->others++ ? ", " : "", x->number);
        return;
    }
    a->first = x;
    text_clear(&a->sentence);
    if (x->what.hidden)
        return;
    stop_say(x, &a->found, &a->sentence);
    if (trouble)
        text_addf(&a->sentence, " (its condition cannot be told: %s)", trouble);
}

/* It fits: does it stop? */
static void asking_fits(struct asking *a, struct stop *x)
{
    struct err e;
    uint64_t value = 1;
    bool told = !x->what.condition || expr_value(x->what.condition, a->found.t, &value, &e) == 0;
    if (told && !value)
        return;
    x->hits++;
    if (told && x->what.ignore) {
        x->what.ignore--;
        return;
    }
    x->met = true;
    if (x->what.once) {
        x->spent = true;
        a->s->armed[x->what.kind]--;
    }
    asking_note(a, x, told ? NULL : e.text);
}

static const struct stop *asking_end(struct asking *a)
{
    if (a->why && a->first && !a->first->what.hidden) {
        text_add(a->why, a->why->len ? "\n" : "");
        text_add(a->why, text_str(&a->sentence));
        if (a->others)
            text_addf(a->why, " (also stop %s)", text_str(&a->other_numbers));
    }
    text_fini(&a->sentence);
    text_fini(&a->other_numbers);
    return a->first;
}

/* ---- events ---- */

/* Any byte or port of a multi-byte access counts. */
static bool range_touched(const struct stop *x, uint64_t at, uint64_t len)
{
    uint64_t last = len ? at + (len - 1) : at;
    if (last < at)
        last = UINT64_MAX;
    return at <= x->what.last && last >= x->what.first;
}

static bool access_fits(const struct stop *x, const struct event *ev)
{
    return (x->what.direction & ev->dir) && range_touched(x, ev->addr, ev->size);
}

static bool event_fits_io(const struct stop *x, const struct target *t, const struct event *ev)
{
    (void)t;
    return ev->kind == EVENT_IO && access_fits(x, ev);
}

static bool event_fits_mmio(const struct stop *x, const struct target *t, const struct event *ev)
{
    (void)t;
    return ev->kind == EVENT_MMIO && access_fits(x, ev);
}

static bool event_fits_msr(const struct stop *x, const struct target *t, const struct event *ev)
{
    (void)t;
    return (ev->kind == EVENT_MSR_READ || ev->kind == EVENT_MSR_WRITE) && (x->what.direction & ev->dir) &&
           range_touched(x, ev->addr, 1);
}

static bool event_fits_vector(const struct stop *x, const struct target *t, const struct event *ev)
{
    (void)t;
    return ev->kind == EVENT_IRQ && range_touched(x, ev->addr, 1);
}

static bool event_fits_hlt(const struct stop *x, const struct target *t, const struct event *ev)
{
    (void)x;
    (void)t;
    return ev->kind == EVENT_HLT;
}

static bool event_fits_kind(const struct stop *x, const struct target *t, const struct event *ev)
{
    (void)t;
    return ev->kind == x->what.first;
}

static bool event_fits_assist(const struct stop *x, const struct target *t, const struct event *ev)
{
    (void)t;
    return ev->kind == EVENT_ASSIST && (x->what.first == ASSIST_NONE || x->what.first == ev->detail);
}

static bool event_fits_device(const struct stop *x, const struct target *t, const struct event *ev)
{
    bool direction = ev->dir == DIR_NONE || (x->what.direction & ev->dir);
    return direction && x->what.device && !strcmp(x->what.device, event_device_name(t->names, ev));
}

static bool (*const event_fits[STOPS_KIND_COUNT])(const struct stop *, const struct target *,
                                                  const struct event *) = {
    [STOPS_IO] = event_fits_io,         [STOPS_MMIO] = event_fits_mmio,    [STOPS_MSR] = event_fits_msr,
    [STOPS_VECTOR] = event_fits_vector, [STOPS_HLT] = event_fits_hlt,      [STOPS_KIND] = event_fits_kind,
    [STOPS_ASSIST] = event_fits_assist, [STOPS_DEVICE] = event_fits_device};

const struct stop *stops_match_event(struct stops *s, const struct target *t, const struct event *ev,
                                     struct text *why)
{
    if (!any_armed(s, STOPS_IO, STOPS_DEVICE))
        return NULL;
    struct target with = *t;
    with.event = ev;
    struct asking a = {.s = s, .why = why, .found = {.t = &with, .ev = ev}};
    for (size_t i = 0; i < s->count; i++) {
        struct stop *x = s->row[i];
        if (stop_is_armed(x) && event_fits[x->what.kind] && event_fits[x->what.kind](x, &with, ev))
            asking_fits(&a, x);
    }
    return asking_end(&a);
}

const struct stop *stops_match_vector(struct stops *s, const struct target *t, unsigned vector,
                                      bool interrupt, struct text *why)
{
    struct asking a = {.s = s, .why = why, .found = {.t = t, .vector = vector, .interrupt = interrupt}};
    for (size_t i = 0; i < s->count && s->armed[STOPS_VECTOR]; i++) {
        struct stop *x = s->row[i];
        if (stop_is_armed(x) && x->what.kind == STOPS_VECTOR && range_touched(x, vector, 1))
            asking_fits(&a, x);
    }
    return asking_end(&a);
}

/* ---- execution ---- */

const struct stop *stops_match_rip(struct stops *s, const struct target *t, struct text *why)
{
    if (!any_armed(s, STOPS_BREAK, STOPS_BREAK_PHYS))
        return NULL;
    uint64_t linear = cpu_rip_linear(&t->regs, &t->sregs);
    struct gva_walk w = {.ok = false};
    if (s->armed[STOPS_BREAK_PHYS]) {
        struct gva_context c = target_context(t);
        gva_translate(t->memory, &c, linear, GVA_READ, &w);
    }
    struct asking a = {.s = s, .why = why, .found = {.t = t}};
    for (size_t i = 0; i < s->count; i++) {
        struct stop *x = s->row[i];
        bool here = (x->what.kind == STOPS_BREAK && x->what.first == linear) ||
                    (x->what.kind == STOPS_BREAK_PHYS && w.ok && x->what.first == w.gpa);
        if (here && stop_is_armed(x))
            asking_fits(&a, x);
    }
    return asking_end(&a);
}

/* ---- data ---- */

/* Reads the watched memory anew; true when it is not as it was. `old` gets the bytes before. */
static bool watch_look(struct stop *x, const struct target *t, uint8_t *old, size_t *old_len)
{
    uint8_t now[STOPS_WATCH_MAX];
    size_t n = target_read(t, x->what.first, now, stop_watch_len(x), NULL);
    *old_len = x->seen_len;
    memcpy(old, x->seen, x->seen_len);
    bool changed = x->looked && (n != x->seen_len || memcmp(now, x->seen, n) != 0);
    memcpy(x->seen, now, n);
    x->seen_len = n;
    x->looked = true;
    return changed;
}

void stops_look(struct stops *s, const struct target *t)
{
    uint8_t old[STOPS_WATCH_MAX];
    size_t old_len;
    for (size_t i = 0; i < s->count; i++)
        if (s->row[i]->what.kind == STOPS_WATCH)
            watch_look(s->row[i], t, old, &old_len);
}

static void asking_watch(struct asking *a, struct stop *x, unsigned direction)
{
    uint8_t old[STOPS_WATCH_MAX];
    bool changed = watch_look(x, a->found.t, old, &a->found.old_len);
    a->found.old = old;
    a->found.direction = direction;
    /* A debug register cannot watch for reading alone: a value that changed was written. */
    if (x->what.direction == STOPS_IN && changed)
        return;
    asking_fits(a, x);
    a->found.old = NULL;
}

const struct stop *stops_match_access(struct stops *s, const struct target *before, const struct target *t,
                                      uint64_t linear, uint64_t len, unsigned direction, struct text *why)
{
    struct asking a = {.s = s, .why = why, .found = {.t = t, .before = before}};
    for (size_t i = 0; i < s->count && s->armed[STOPS_WATCH]; i++) {
        struct stop *x = s->row[i];
        if (stop_is_armed(x) && x->what.kind == STOPS_WATCH && (x->what.direction & direction) &&
            range_touched(x, linear, len))
            asking_watch(&a, x, x->what.direction & direction);
    }
    return asking_end(&a);
}

static bool change_fits(const struct stop *x, const struct stops_found *f)
{
    const struct kvm_sregs *b = &f->before->sregs, *n = &f->t->sregs;
    switch (x->what.kind) {
    case STOPS_MODE:
        return cpu_mode(b) != cpu_mode(n);
    case STOPS_CR0:
        return b->cr0 != n->cr0;
    case STOPS_CR3:
        return b->cr3 != n->cr3;
    default:
        return false;
    }
}

const struct stop *stops_match_change(struct stops *s, const struct target *before, const struct target *t,
                                      struct text *why)
{
    if (!any_armed(s, STOPS_MODE, STOPS_CR0) && !s->armed[STOPS_WATCH])
        return NULL;
    struct asking a = {.s = s, .why = why, .found = {.t = t, .before = before}};
    for (size_t i = 0; i < s->count; i++) {
        struct stop *x = s->row[i];
        uint8_t old[STOPS_WATCH_MAX];
        if (!stop_is_armed(x))
            continue;
        if (x->what.kind != STOPS_WATCH) {
            if (change_fits(x, &a.found))
                asking_fits(&a, x);
            continue;
        }
        a.found.old = old;
        a.found.direction = STOPS_OUT;
        if (watch_look(x, t, old, &a.found.old_len) && (x->what.direction & STOPS_OUT))
            asking_fits(&a, x);
    }
    return asking_end(&a);
}

const struct stop *stops_match_number(struct stops *s, unsigned number, const struct target *t,
                                      struct text *why)
{
    struct asking a = {.s = s, .why = why, .found = {.t = t}};
    for (size_t i = 0; i < s->count; i++) {
        struct stop *x = s->row[i];
        if (x->number != number || !stop_is_armed(x))
            continue;
        if (x->what.kind == STOPS_WATCH)
            asking_watch(&a, x, x->what.direction);
        else
            asking_fits(&a, x);
    }
    return asking_end(&a);
}
