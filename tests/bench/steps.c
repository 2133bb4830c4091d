/*
 * Stepping measured: one bare loop, Ringside, and Ringside with every step written to a trace stand side by
 * side and make their steps in turns, a slice each, so that whatever changes on the machine meanwhile meets
 * all three.
 */
#include "bench.h"

#include <time.h>

enum { SLICES = 4 };

struct turns {
    struct bare_stepper *bare;
    struct stage *plain, *traced;
};

static double cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* One slice of each, added to the three sums. */
static int turns_slice(struct turns *t, unsigned n, double sum[3], struct err *e)
{
    double t0 = cpu_ns();
    if (bare_stepper_run(t->bare, n, e) < 0)
        return -1;
    double t1 = cpu_ns();
    if (stage_step(t->plain, n, e) < 0)
        return -1;
    double t2 = cpu_ns();
    if (stage_step(t->traced, n, e) < 0)
        return -1;
    sum[0] += t1 - t0;
    sum[1] += t2 - t1;
    sum[2] += cpu_ns() - t2;
    return 0;
}

static int turns_rounds(struct turns *t, unsigned rounds, unsigned units, struct bench_series *s,
                        struct err *e)
{
    unsigned slice = units / SLICES + 1;
    for (s->rounds = 0; s->rounds < rounds; s->rounds++) {
        double sum[3] = {0};
        for (unsigned i = 0; i < SLICES; i++)
            if (turns_slice(t, slice, sum, e) < 0)
                return -1;
        s->floor_ns[s->rounds] = sum[0] / (SLICES * slice);
        s->ringside_ns[s->rounds] = sum[1] / (SLICES * slice);
        s->traced_ns[s->rounds] = sum[2] / (SLICES * slice);
    }
    return 0;
}

int bench_steps(const struct bench_guest *g, bool typed, unsigned rounds, unsigned units, const char *trace,
                struct bench_series *s, struct err *e)
{
    struct turns t = {0};
    struct err other;
    int rc = -1;
    if ((t.bare = bare_stepper_open(g, e)) && (t.plain = stage_create(g, typed, NULL, e)) &&
        (t.traced = stage_create(g, typed, trace, e)))
        rc = turns_rounds(&t, rounds, units, s, e);
    bare_stepper_close(t.bare);
    (void)!stage_close(t.plain, &other);
    if (stage_close(t.traced, rc < 0 ? &other : e) < 0)
        rc = -1;
    return rc;
}
