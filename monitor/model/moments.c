/*
 * Moments: see moments.h.
 */
#include "monitor/model/moments.h"

#define RATE_EVERY_NS 250000000u

static void measure_rate(struct moments *m, struct snapshot *s, struct ring *rates, uint64_t now_ns)
{
    uint64_t past_ns = now_ns - m->rate_ns;
    if (m->rate_ns && past_ns < RATE_EVERY_NS) {
        s->exits_per_s = m->rate;
        return;
    }
    bool ran = m->now && (m->now->state == STATE_RUNNING || s->state == STATE_RUNNING);
    bool known = m->rate_ns && ran && s->exits >= m->rate_exits && past_ns;
    m->rate = known ? (double)(s->exits - m->rate_exits) * 1e9 / (double)past_ns : 0;
    if (ran)
        *(struct snapshot_rate *)ring_push(rates) = (struct snapshot_rate){now_ns, m->rate};
    m->rate_ns = now_ns;
    m->rate_exits = s->exits;
    s->exits_per_s = m->rate;
}

/* Does `s` come after the stop that `old` shows? */
static bool stop_is_over(const struct snapshot *old, const struct snapshot *s)
{
    return old && old->state != STATE_RUNNING &&
           (s->state == STATE_RUNNING || s->stop_serial != old->stop_serial);
}

void moments_take(struct moments *m, struct snapshot *s, struct ring *rates, uint64_t now_ns)
{
    struct snapshot *old = m->now;
    s->serial = old ? old->serial + 1 : 1;
    measure_rate(m, s, rates, now_ns);
    if (stop_is_over(old, s)) {
        snapshot_free(m->earlier);
        m->earlier = old;
        old->earlier = NULL; /* it goes with its own stop before */
        old->wants = NULL;
    } else {
        snapshot_free(old);
    }
    s->earlier = m->earlier;
    m->now = s;
}

void moments_fini(struct moments *m)
{
    snapshot_free(m->now);
    snapshot_free(m->earlier);
    *m = (struct moments){0};
}
