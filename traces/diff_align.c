/*
 * The first reading of `trace diff`: both traces become keys, a window of each is aligned, and what belongs
 * together is kept as a bit an event.  Within a piece that differs on both sides a second alignment looks
 * only at what happened and not at what it carried: that tells a changed event from one that went and another
 * that came.
 *
 * A window holds a million events a side. Where a trace is longer, the alignment is taken over as far as it
 * is sure, up to a pair well inside the window, and the window moves on. So two traces that differ by more
 * than a window in one piece are not brought together again behind it.
 */
#include "traces/align.h"
#include "traces/diff_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_LEN = 1 << 20 };

struct window {
    uint64_t *key;
    uint8_t *alone;
    size_t len;
    bool ended; /* the trace has no more */
};

static int window_fill(struct window *w, struct diff_side *s, struct err *e)
{
    struct event ev;
    while (!w->ended && w->len < WINDOW_LEN) {
        int more = diff_side_next(s, &ev, e);
        if (more < 0)
            return -1;
        if (more)
            w->key[w->len++] = diff_key(s, &ev);
        else
            w->ended = true;
    }
    return 0;
}

/* How many stand alone from `at` on. */
static size_t alone_run(const struct window *w, size_t at)
{
    size_t n = 0;
    while (at + n < w->len && w->alone[at + n])
        n++;
    return n;
}

static int piece_refine(struct window *w, size_t i, size_t a, size_t k, size_t b, bool *shortened,
                        struct err *e)
{
    struct align piece = {w[SIDE_A].key + i,   w[SIDE_B].key + k,   a,     b,    DIFF_WHAT_MASK,
                          w[SIDE_A].alone + i, w[SIDE_B].alone + k, false, false};
    int rc = align_run(&piece, e);
    *shortened |= piece.shortened;
    return rc;
}

/* Looks for changed events where both sides have something of their own. */
static int window_refine(struct window *w, bool *shortened, struct err *e)
{
    for (size_t i = 0, k = 0; i < w[SIDE_A].len || k < w[SIDE_B].len; i++, k++) {
        size_t a = alone_run(&w[SIDE_A], i), b = alone_run(&w[SIDE_B], k);
        if (a && b && piece_refine(w, i, a, k, b, shortened, e))
            return -1;
        i += a;
        k += b;
    }
    return 0;
}

/* ---- taking a window over ---- */

static int bits_add(struct diff_bits *b, const uint8_t *alone, size_t n, struct err *e)
{
    if (b->count + n > b->cap) {
        uint64_t cap = (b->count + n) * 2 + 1024;
        uint8_t *grown = realloc(b->bits, (size_t)(cap / 8 + 1));
        if (!grown)
            return err_sys(e, ENOMEM, "diff");
        b->bits = grown;
        b->cap = cap;
    }
    for (size_t i = 0; i < n; i++, b->count++) {
        uint8_t bit = (uint8_t)(1u << b->count % 8);
        if (b->count % 8 == 0)
            b->bits[b->count / 8] = 0;
        if (alone[i])
            b->bits[b->count / 8] |= bit;
    }
    return 0;
}

/* How much of the windows to take over. */
struct cut {
    size_t n[SIDES];
};

static bool cut_is_inside(const struct window *w, size_t n)
{
    return w->ended || n <= WINDOW_LEN / 4 * 3;
}

/* Up to the last pair that has enough behind it to be trusted. */
static struct cut window_cut(const struct window *w)
{
    struct cut at = {{w[SIDE_A].len, w[SIDE_B].len}}, last = {{0, 0}};
    if (w[SIDE_A].ended && w[SIDE_B].ended)
        return at;
    for (size_t i = 0, k = 0;; i++, k++) {
        i += alone_run(&w[SIDE_A], i);
        k += alone_run(&w[SIDE_B], k);
        if (i >= w[SIDE_A].len || k >= w[SIDE_B].len || !cut_is_inside(&w[SIDE_A], i + 1) ||
            !cut_is_inside(&w[SIDE_B], k + 1))
            break;
        last = (struct cut){{i + 1, k + 1}};
    }
    return last;
}

/* Where next to nothing belongs together, windows that do not move would be looked at for ever: half of each
 * goes as it is. */
static struct cut cut_force(struct window *w, struct cut at, bool *shortened)
{
    bool moves = true;
    for (unsigned side = 0; side < SIDES; side++)
        moves &= w[side].ended || at.n[side] >= WINDOW_LEN / 8;
    if (moves)
        return at;
    *shortened = true;
    for (unsigned side = 0; side < SIDES; side++) {
        size_t half = w[side].len / 2 > at.n[side] ? w[side].len / 2 : at.n[side];
        memset(w[side].alone + at.n[side], 1, half - at.n[side]);
        at.n[side] = half;
    }
    return at;
}

static int window_take(struct diff *d, struct window *w, struct err *e)
{
    struct cut at = cut_force(w, window_cut(w), &d->shortened);
    for (unsigned side = 0; side < SIDES; side++) {
        if (bits_add(&d->alone[side], w[side].alone, at.n[side], e))
            return -1;
        w[side].len -= at.n[side];
        memmove(w[side].key, w[side].key + at.n[side], w[side].len * sizeof *w[side].key);
    }
    return 0;
}

static int window_next(struct diff *d, struct window *w, struct err *e)
{
    for (unsigned side = 0; side < SIDES; side++)
        if (window_fill(&w[side], &d->side[side], e))
            return -1;
    struct align whole = {
        w[SIDE_A].key, w[SIDE_B].key,   w[SIDE_A].len,   w[SIDE_B].len,
        UINT64_MAX,    w[SIDE_A].alone, w[SIDE_B].alone, !w[SIDE_A].ended || !w[SIDE_B].ended,
        false};
    if (align_run(&whole, e) || window_refine(w, &d->shortened, e))
        return -1;
    d->shortened |= whole.shortened;
    return window_take(d, w, e);
}

static bool window_is_done(const struct window *w)
{
    return w->ended && w->len == 0;
}

int diff_align(struct diff *d, struct err *e)
{
    struct window w[SIDES] = {0};
    int rc = 0;
    for (unsigned side = 0; side < SIDES; side++) {
        w[side].key = malloc(WINDOW_LEN * sizeof *w[side].key);
        w[side].alone = malloc(WINDOW_LEN);
        if (!w[side].key || !w[side].alone)
            rc = err_sys(e, ENOMEM, "diff");
    }
    for (unsigned side = 0; rc == 0 && side < SIDES; side++)
        rc = diff_side_rewind(&d->side[side], e);
    do
        rc = rc ? rc : window_next(d, w, e);
    while (rc == 0 && !(window_is_done(&w[SIDE_A]) && window_is_done(&w[SIDE_B])));
    for (unsigned side = 0; side < SIDES; side++) {
        trace_reader_state(d->side[side].reader, &d->side[side].state);
        free(w[side].key);
        free(w[side].alone);
    }
    return rc;
}
