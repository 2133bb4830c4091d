/*
 * What the devices held before: a copy of their words and lines, to mark what is new.  While the guest stands
 * that is compared with the stop before this one, while it runs with the frame before. Frames that hold no
 * registers, since no view asked for them, tell nothing.
 */
#include "monitor/views/devices_inside.h"

#include <string.h>

static void memo_copy(struct device_memo *to, const struct device_memo *from)
{
    for (size_t i = 0; i < DEVICES_SHOWN; i++) {
        text_clear(&to->words[i]);
        text_addn(&to->words[i], text_str(&from->words[i]), from->words[i].len);
    }
    memcpy(to->lamps, from->lamps, sizeof to->lamps);
    to->full = from->full;
}

static void memo_take(struct device_memo *m, const struct snapshot *s, size_t count)
{
    for (size_t i = 0; i < DEVICES_SHOWN; i++) {
        text_clear(&m->words[i]);
        if (i && i < count && s->replay)
            device_told(s, i, &m->words[i]);
        else if (i && i < count && i < s->device_count)
            text_add(&m->words[i], s->devices[i].registers);
    }
    m->lamps[LAMPS_RAISED] = s->irq_levels;
    m->lamps[LAMPS_PENDING] = s->irq_pending;
    m->lamps[LAMPS_MASKED] = s->irq_masked;
    m->lamps[LAMPS_IN_SERVICE] = s->irq_in_service;
    m->full = true;
}

static bool tells_of_devices(const struct snapshot *s)
{
    for (size_t i = 0; i < s->device_count && !s->replay; i++)
        if (*s->devices[i].registers)
            return true;
    return s->replay || s->irq_levels || s->irq_pending || s->irq_masked || s->irq_in_service;
}

void device_past_take(struct device_past *p, const struct snapshot *s, size_t count)
{
    bool runs = s->state == STATE_RUNNING;
    if ((p->now.full && p->serial == s->serial) || !tells_of_devices(s))
        return;
    if (p->now.full && !p->ran && (runs || s->stop_serial != p->stop_serial))
        memo_copy(&p->stop, &p->now); /* the last frame of a stop that is over */
    memo_copy(&p->then, runs ? &p->now : &p->stop);
    memo_take(&p->now, s, count);
    p->serial = s->serial;
    p->stop_serial = s->stop_serial;
    p->ran = runs;
}

bool device_past_new(const struct device_past *p, size_t device, const char *line, size_t n)
{
    const char *old = text_str(&p->then.words[device]);
    if (!p->then.full)
        return false;
    while (*old) {
        size_t len = strcspn(old, "\n");
        if (len == n && memcmp(old, line, n) == 0)
            return false;
        old += old[len] ? len + 1 : len;
    }
    return true;
}

void device_past_fini(struct device_past *p)
{
    struct device_memo *memos[] = {&p->then, &p->now, &p->stop};
    for (size_t m = 0; m < sizeof memos / sizeof memos[0]; m++)
        for (size_t i = 0; i < DEVICES_SHOWN; i++)
            text_fini(&memos[m]->words[i]);
}
