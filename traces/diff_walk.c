/*
 * The second reading of `trace diff`: both traces again, side by side, as the alignment says.  What the
 * alignment took for equal by sums is compared here field by field, so that no answer hangs on a sum.
 */
#include "traces/diff_inside.h"

#include <stdlib.h>
#include <string.h>

static bool has_symbols(const struct trace_reader *r)
{
    return trace_reader_info(r)->names.symbol_count > 0;
}

/* Two programs have other addresses even where they do the same: RIPs tell something only of one and the same
 * guest. */
static enum diff_place decide_place(const struct trace_info *a, const struct trace_info *b, bool symbols)
{
    if (symbols)
        return DIFF_PLACE_SYMBOL;
    bool same = a->guest_sha256[0] ? strcmp(a->guest_sha256, b->guest_sha256) == 0
                                   : !b->guest_sha256[0] && strcmp(a->guest, b->guest) == 0;
    return same ? DIFF_PLACE_RIP : DIFF_PLACE_NONE;
}

int diff_open(struct diff *d, struct trace_reader *a, struct trace_reader *b, const struct diff_options *o,
              struct err *e)
{
    const struct trace_info *x = trace_reader_info(a), *y = trace_reader_info(b);
    *d = (struct diff){.options = *o};
    if (o->place == DIFF_PLACE_AUTO)
        d->options.place = decide_place(x, y, has_symbols(a) && has_symbols(b));
    if (o->irqs == DIFF_IRQS_AUTO) {
        bool real = strcmp(x->clock, "real") == 0 || strcmp(y->clock, "real") == 0;
        d->options.irqs = real ? DIFF_IRQS_COUNT : DIFF_IRQS_EACH;
    }
    if (diff_side_init(&d->side[SIDE_A], a, &d->options, e))
        return err_wrap(e, "%s", o->path[SIDE_A]);
    if (diff_side_init(&d->side[SIDE_B], b, &d->options, e))
        return err_wrap(e, "%s", o->path[SIDE_B]);
    return diff_align(d, e);
}

void diff_close(struct diff *d)
{
    for (unsigned side = 0; side < SIDES; side++) {
        diff_side_fini(&d->side[side]);
        free(d->alone[side].bits);
    }
}

static bool is_alone(const struct diff_bits *b, uint64_t at)
{
    return b->bits[at / 8] >> at % 8 & 1;
}

/* A side of the walk: its next event, read ahead. */
struct walker {
    struct diff_side *side;
    const struct diff_bits *alone;
    struct event ev;
    uint64_t at;
    bool there;
};

/* No further than the first reading came: the file may have grown since. */
static int walker_next(struct walker *w, struct err *e)
{
    w->at = w->side->at;
    w->there = false;
    if (w->at >= w->alone->count)
        return 0;
    int more = diff_side_next(w->side, &w->ev, e);
    w->there = more > 0;
    return more < 0 ? -1 : 0;
}

struct walk {
    struct walker of[SIDES];
    void (*see)(void *ctx, const struct diff_step *step);
    void *ctx;
};

static void step_see(const struct walk *w, bool a, bool b, unsigned fields)
{
    const struct diff_step step = {{a ? &w->of[SIDE_A].ev : NULL, b ? &w->of[SIDE_B].ev : NULL},
                                   {w->of[SIDE_A].at, w->of[SIDE_B].at},
                                   fields};
    w->see(w->ctx, &step);
}

/* One step; the sides whose event is used up are set in `used`. */
static void walk_step(const struct walk *w, bool used[SIDES])
{
    const struct walker *a = &w->of[SIDE_A], *b = &w->of[SIDE_B];
    used[SIDE_A] = a->there && (!b->there || is_alone(a->alone, a->at));
    used[SIDE_B] = !used[SIDE_A] && b->there && (!a->there || is_alone(b->alone, b->at));
    if (used[SIDE_A] || used[SIDE_B]) {
        step_see(w, used[SIDE_A], used[SIDE_B], 0);
        return;
    }
    used[SIDE_A] = used[SIDE_B] = true;
    unsigned fields = diff_compare(a->side, &a->ev, b->side, &b->ev);
    if (!diff_is_other(fields)) {
        step_see(w, true, true, fields);
        return;
    }
    step_see(w, true, false, 0);
    step_see(w, false, true, 0);
}

int diff_walk(struct diff *d, void (*see)(void *ctx, const struct diff_step *step), void *ctx, struct err *e)
{
    struct walk w = {.see = see, .ctx = ctx};
    bool used[SIDES] = {true, true};
    for (unsigned side = 0; side < SIDES; side++) {
        w.of[side].side = &d->side[side];
        w.of[side].alone = &d->alone[side];
        if (diff_side_rewind(&d->side[side], e))
            return -1;
    }
    for (;;) {
        for (unsigned side = 0; side < SIDES; side++)
            if (used[side] && walker_next(&w.of[side], e))
                return -1;
        if (!w.of[SIDE_A].there && !w.of[SIDE_B].there)
            return 0;
        walk_step(&w, used);
    }
}
