/*
 * Places in the run: which slot an event lies in, which event a column begins with, where the next mark is.
 * The strip knows all events by slot; the newest ones are kept whole and are found by their number.
 */
#include "monitor/views/timeline_inside.h"

#include <string.h>

void strip_fit(struct strip *t, const struct snapshot *s, int w)
{
    const struct timeline *line = &s->timeline;
    const struct event *newest = ring_back(&s->history->events, 0);
    t->slots = line->slots < TIMELINE_SLOTS ? line->slots : TIMELINE_SLOTS;
    t->total = 0;
    for (uint32_t i = 0; i < t->slots; i++) {
        t->start[i] = t->total;
        t->total += line->slot[i].count;
    }
    t->start[t->slots] = t->total;
    t->labels = w >= 60 ? 11 : 5;
    int room = w - t->labels > 1 ? w - t->labels : 1;
    t->columns = t->slots < (uint32_t)room ? (int)t->slots : room;
    t->wide = t->columns ? room / t->columns : 1;
    t->wide = t->wide < COLUMN_WIDE_MAX ? t->wide : COLUMN_WIDE_MAX;
    t->end_ns = t->slots ? line->slot[t->slots - 1].first_ns : 0;
    if (newest && newest->time_ns > t->end_ns)
        t->end_ns = newest->time_ns;
}

static uint32_t column_slot(const struct strip *t, int column)
{
    return (uint32_t)((uint64_t)column * t->slots / (uint32_t)(t->columns ? t->columns : 1));
}

uint64_t strip_column_first(const struct strip *t, int column)
{
    return t->start[column_slot(t, column)];
}

struct strip_column strip_column(const struct strip *t, const struct snapshot *s, int column)
{
    uint32_t first = column_slot(t, column), end = column_slot(t, column + 1);
    struct strip_column c = {.sum = s->timeline.slot[first], .first = t->start[first]};
    for (uint32_t i = first + 1; i < end && i < t->slots; i++) {
        const struct timeline_slot *slot = &s->timeline.slot[i];
        c.sum.count += slot->count;
        c.sum.faults += slot->faults;
        c.sum.marks += slot->marks;
        c.sum.irqs += slot->irqs;
        for (size_t k = 0; k < TIMELINE_CLASSES; k++)
            c.sum.class[k] += slot->class[k];
        for (size_t k = 0; k < CPU_MODES; k++)
            c.sum.mode[k] += slot->mode[k];
    }
    uint64_t next_ns = end < t->slots ? s->timeline.slot[end].first_ns : t->end_ns;
    c.ns = next_ns > c.sum.first_ns ? next_ns - c.sum.first_ns : 0;
    return c;
}

uint32_t strip_slot_of(const struct strip *t, uint64_t event)
{
    uint32_t low = 0, high = t->slots;
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        if (t->start[middle] <= event)
            low = middle;
        else
            high = middle;
    }
    return low;
}

int strip_column_of(const struct strip *t, uint64_t event)
{
    uint32_t slot = strip_slot_of(t, event);
    int column = t->slots ? (int)((uint64_t)slot * (uint32_t)t->columns / t->slots) : 0;
    while (column + 1 < t->columns && column_slot(t, column + 1) <= slot)
        column++;
    return column;
}

bool strip_has_class(const struct snapshot *s, unsigned class)
{
    for (uint32_t i = 0; i < s->timeline.slots && i < TIMELINE_SLOTS; i++)
        if (s->timeline.slot[i].class[class])
            return true;
    return false;
}

unsigned strip_mode_of(const struct timeline_slot *slot)
{
    unsigned best = CPU_MODES;
    for (unsigned m = 0; m < CPU_MODES; m++)
        if (slot->mode[m] && (best == CPU_MODES || slot->mode[m] > slot->mode[best]))
            best = m;
    return best;
}

/* ---- kept events ---- */

static uint64_t seq_of(const struct strip *t, const struct snapshot *s, uint64_t event)
{
    uint32_t slot = strip_slot_of(t, event);
    return s->timeline.slot[slot].first_seq + (event - t->start[slot]);
}

static uint64_t number_of(const struct strip *t, const struct snapshot *s, uint64_t seq)
{
    uint32_t low = 0, high = t->slots;
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        if (s->timeline.slot[middle].first_seq <= seq)
            low = middle;
        else
            high = middle;
    }
    uint64_t first = t->slots ? s->timeline.slot[low].first_seq : 0;
    return t->start[low] + (seq > first ? seq - first : 0);
}

const struct event *strip_kept(const struct strip *t, const struct snapshot *s, size_t age, uint64_t *event)
{
    size_t kept = ring_count(&s->history->events);
    const struct event *ev = age < kept ? ring_back(&s->history->events, kept - 1 - age) : NULL;
    if (ev)
        *event = number_of(t, s, ev->seq);
    return ev;
}

size_t strip_kept_before(const struct strip *t, const struct snapshot *s, uint64_t event, size_t *kept)
{
    uint64_t seq = t->slots ? seq_of(t, s, event) : 0;
    size_t low = 0, high = *kept = ring_count(&s->history->events);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct event *ev = ring_back(&s->history->events, *kept - 1 - middle);
        if (ev->seq < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct event *strip_event(const struct strip *t, const struct snapshot *s, uint64_t event)
{
    size_t kept, age = strip_kept_before(t, s, event, &kept);
    uint64_t number;
    const struct event *ev = t->slots ? strip_kept(t, s, age, &number) : NULL;
    return ev && ev->seq == seq_of(t, s, event) ? ev : NULL;
}

size_t strip_list_first(const struct strip *t, const struct snapshot *s, int rows)
{
    size_t kept, age = strip_kept_before(t, s, t->at, &kept), room = rows > 0 ? (size_t)rows : 1;
    size_t first = age > room / 2 ? age - room / 2 : 0;
    return first + room > kept ? (kept > room ? kept - room : 0) : first;
}

/* ---- going to things ---- */

static bool slot_has(const struct snapshot *s, uint32_t i, enum strip_goal goal)
{
    const struct timeline_slot *slot = &s->timeline.slot[i];
    unsigned modes = 0;
    if (goal != GOAL_MODE)
        return goal == GOAL_MARK ? slot->marks : goal == GOAL_INTERRUPT ? slot->irqs : slot->faults;
    for (unsigned m = 0; m < CPU_MODES; m++)
        modes += slot->mode[m] != 0;
    return modes > 1 || (i > 0 && modes && strip_mode_of(slot) != strip_mode_of(slot - 1));
}

/* `before` is the event ahead of it; NULL: not known. */
static bool event_is(const struct event *ev, const struct event *before, enum strip_goal goal)
{
    if (goal == GOAL_MARK)
        return ev->kind == EVENT_MARK;
    if (goal == GOAL_INTERRUPT)
        return ev->kind == EVENT_IRQ;
    if (goal == GOAL_FAULT)
        return event_kind_info(ev->kind)->class == CLASS_FATAL;
    return before && !((ev->flags | before->flags) & EVENT_NO_CPU) && event_mode(ev) != event_mode(before);
}

/* Exactly, among the kept events of a slot, on the far side of the cursor. */
static bool find_in_slot(const struct strip *t, const struct snapshot *s, uint32_t slot, enum strip_goal goal,
                         bool back, uint64_t *found)
{
    size_t kept, age = strip_kept_before(t, s, t->start[slot], &kept);
    const struct event *ev, *before = NULL;
    uint64_t number, ignored;
    bool any = false;
    if (age > 0)
        before = strip_kept(t, s, age - 1, &ignored);
    for (; (ev = strip_kept(t, s, age, &number)) && number < t->start[slot + 1]; before = ev, age++) {
        if (!event_is(ev, before, goal) || (back ? number >= t->at : number <= t->at))
            continue;
        *found = number;
        any = true;
        if (!back)
            return true;
    }
    return any;
}

bool strip_go(struct strip *t, const struct snapshot *s, enum strip_goal goal, bool back)
{
    uint32_t here = strip_slot_of(t, t->at), slot = here;
    while (slot < t->slots) {
        uint64_t found = t->start[slot];
        if (slot_has(s, slot, goal) && (find_in_slot(t, s, slot, goal, back, &found) || slot != here)) {
            t->at = found;
            return true;
        }
        slot = back ? slot - 1 : slot + 1; /* before the first: past all */
    }
    return false;
}

bool strip_search(struct strip *t, const struct snapshot *s, const char *text, bool back)
{
    size_t kept, from = strip_kept_before(t, s, t->at, &kept);
    struct text words = {0};
    bool found = false;
    for (size_t i = 1; i <= kept && !found && s->machine; i++) {
        uint64_t number = t->at;
        const struct event *ev =
            strip_kept(t, s, back ? (from + 2 * kept - i) % kept : (from + i) % kept, &number);
        text_clear(&words);
        snapshot_event_words(s, ev, &words);
        found = words_have(text_str(&words), text);
        if (found)
            t->at = number;
    }
    text_fini(&words);
    return found;
}
