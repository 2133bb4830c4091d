/*
 * The timeline: see timeline.h.
 */
#include "monitor/model/timeline.h"

static void slot_add(struct timeline_slot *to, const struct timeline_slot *from)
{
    to->count += from->count;
    for (size_t i = 0; i < TIMELINE_CLASSES; i++)
        to->class[i] += from->class[i];
    for (size_t i = 0; i < CPU_MODES; i++)
        to->mode[i] += from->mode[i];
    to->faults += from->faults;
    to->marks += from->marks;
    to->irqs += from->irqs;
}

static void halve(struct timeline *t)
{
    for (uint32_t i = 0; i < TIMELINE_SLOTS / 2; i++) {
        struct timeline_slot both = t->slot[2 * i];
        slot_add(&both, &t->slot[2 * i + 1]);
        t->slot[i] = both;
    }
    t->slots = TIMELINE_SLOTS / 2;
    if (t->slot_cap <= UINT32_MAX / 2)
        t->slot_cap *= 2;
}

void timeline_put(void *timeline, const struct event *ev)
{
    struct timeline *t = timeline;
    if (t->slot_cap == 0)
        t->slot_cap = 1;
    if (t->slots == 0 || t->slot[t->slots - 1].count >= t->slot_cap) {
        if (t->slots == TIMELINE_SLOTS)
            halve(t);
        t->slot[t->slots++] = (struct timeline_slot){.first_seq = ev->seq, .first_ns = ev->time_ns};
    }
    struct timeline_slot *s = &t->slot[t->slots - 1];
    enum event_class class = event_kind_info(ev->kind)->class;
    s->count++;
    s->class[class]++;
    if (!(ev->flags & EVENT_NO_CPU))
        s->mode[event_mode(ev)]++;
    s->faults += class == CLASS_FATAL;
    s->marks += ev->kind == EVENT_MARK;
    s->irqs += ev->kind == EVENT_IRQ;
}
