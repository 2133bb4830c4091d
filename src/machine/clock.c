/*
 * The machine's clock: see clock.h.
 */
#include "machine/clock.h"

#include <time.h>

static uint64_t read_ns(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t clock_host_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

uint64_t clock_thread_ns(void)
{
    return read_ns(CLOCK_THREAD_CPUTIME_ID);
}

void clock_init(struct machine_clock *c, enum clock_kind kind)
{
    *c = (struct machine_clock){.kind = kind, .origin_ns = kind == CLOCK_REAL ? clock_host_ns() : 0};
}

uint64_t clock_now_ns(const struct machine_clock *c)
{
    return c->kind == CLOCK_STEPS ? c->virtual_ns : clock_host_ns() - c->origin_ns;
}

void clock_work(struct machine_clock *c, uint64_t units)
{
    c->virtual_ns += units * CLOCK_STEP_NS;
}

void clock_stood(struct machine_clock *c, uint64_t stood_ns)
{
    c->origin_ns += stood_ns;
}

void clock_jump(struct machine_clock *c, uint64_t at_ns)
{
    if (at_ns > c->virtual_ns)
        c->virtual_ns = at_ns;
}

const char *clock_name(enum clock_kind kind)
{
    return kind == CLOCK_STEPS ? "steps" : "real";
}
