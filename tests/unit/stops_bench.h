/*
 * A table of stops with a standing guest, and the questions asked of it, for the tests of both.
 */
#ifndef RINGSIDE_TESTS_STOPS_BENCH_H
#define RINGSIDE_TESTS_STOPS_BENCH_H

#include "debug_symbols.h"
#include "debug_target.h"

#include "debug/stops.h"

static const struct symbol rows[] = {
    {"main", 0x1000, 0x100, true}, {"counter", 0x8000, 4, false}, {"table", 0x8100, 64, false}};
static const struct symbols some_symbols = {rows, 3};
static const struct event_device devices[] = {{"none", "", NULL, 0},
                                              {"uart", "16550A", (const char *const[]){"THR", "IER"}, 2},
                                              {"pit", "8254", NULL, 0}};
static const struct event_names names = {.devices = devices, .device_count = 3};

struct bench {
    struct rig rig;
    struct stops *s;
    struct text out;
    struct err e;
};

static inline void bench_init(struct bench *b, enum cpu_mode mode)
{
    memset(b, 0, sizeof *b);
    rig_init(&b->rig, mode, 0x1004);
    b->rig.t.symbols = &some_symbols;
    b->rig.t.names = &names;
    b->s = stops_create(&b->e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b->s);
}

static inline void bench_fini(struct bench *b)
{
    stops_destroy(b->s);
    text_fini(&b->out);
    rig_fini(&b->rig);
}

/* Parses and adds; 0 when refused. */
static inline unsigned add(struct bench *b, const char *verb, const char *args)
{
    struct stops_spec spec;
    if (stops_parse(verb, args, &b->rig.t, &spec, &b->e) < 0)
        return 0;
    return stops_add(b->s, &spec, &b->rig.t, &b->e);
}

static inline unsigned number_of(const struct stop *x)
{
    return x ? x->number : 0;
}

static inline unsigned rip_meets(struct bench *b)
{
    text_clear(&b->out);
    return number_of(stops_match_rip(b->s, &b->rig.t, &b->out));
}

static inline unsigned event_meets(struct bench *b, const struct event *ev)
{
    text_clear(&b->out);
    return number_of(stops_match_event(b->s, &b->rig.t, ev, &b->out));
}

static inline unsigned change_meets(struct bench *b, const struct target *before)
{
    text_clear(&b->out);
    return number_of(stops_match_change(b->s, before, &b->rig.t, &b->out));
}

#endif
