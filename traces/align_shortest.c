/*
 * The shortest edit script by divide and conquer (E. Myers, 1986).  Think of a grid with one sequence along
 * each side: a step to the right drops an element of A, a step down takes one of B, and a diagonal step,
 * which costs nothing, keeps one that both have. Two searches, one from each corner, go as far as they can
 * with 0, 1, 2 ... paid steps; where they meet is a point of a shortest path, and the two boxes before and
 * behind it are problems of half the size.
 *
 * Simplified: a search that has paid for STEPS_MAX steps gives up being the shortest and cuts at the point
 * that got furthest, so that time grows in line with length.
 */
#include "traces/align_inside.h"

#include <string.h>

enum { STEPS_MAX = 256, FRONT_LEN = 2 * STEPS_MAX + 5, FRONT_ZERO = STEPS_MAX + 2 };

/* No path leads to this diagonal yet. */
#define NOWHERE (-(1L << 40))

/* How far a search got on each diagonal: from its own corner, in elements of A. On diagonal k it is k
 * elements of A further than of B. */
struct front {
    long reach[FRONT_LEN];
};

/* A box seen from one of its corners. */
struct grid {
    const struct align *al;
    struct align_box box;
    long n, m; /* its sides */
    bool backward;
};

static bool grid_same(const struct grid *g, long x, long y)
{
    if (g->backward)
        return align_same(g->al, g->box.a1 - 1 - (size_t)x, g->box.b1 - 1 - (size_t)y);
    return align_same(g->al, g->box.a0 + (size_t)x, g->box.b0 + (size_t)y);
}

static bool grid_holds(const struct grid *g, long x, long k)
{
    return x >= 0 && x <= g->n && x - k >= 0 && x - k <= g->m;
}

/* One paid step onto diagonal k from one of its neighbours, then as many free ones as there are. */
static long grid_advance(const struct grid *g, const struct front *f, long k)
{
    const long *reach = f->reach + FRONT_ZERO;
    long down = reach[k + 1], right = reach[k - 1] + 1;
    long x = NOWHERE;
    if (grid_holds(g, down, k))
        x = down;
    if (grid_holds(g, right, k) && right > x)
        x = right;
    if (x == NOWHERE)
        return x;
    while (x < g->n && x - k < g->m && grid_same(g, x, x - k))
        x++;
    return x;
}

/* A point to cut the box at, in elements from its first corner. */
struct point {
    long x, y;
};

/* Pays for one more step in one direction. True when it meets the other search; *at is then the place. */
static bool front_step(const struct grid *g, struct front *own, const struct front *other, long paid,
                       long other_paid, struct point *at)
{
    long *reach = own->reach + FRONT_ZERO;
    long delta = g->n - g->m;
    reach[-paid - 1] = reach[paid + 1] = NOWHERE;
    if (paid == 0)
        reach[1] = 0; /* the corner itself, as if a step had led there */
    for (long k = -paid; k <= paid; k += 2) {
        long x = reach[k] = grid_advance(g, own, k), facing = delta - k;
        if (x == NOWHERE || facing < -other_paid || facing > other_paid || ((facing + other_paid) & 1))
            continue;
        if (x + other->reach[FRONT_ZERO + facing] < g->n)
            continue;
        *at = g->backward ? (struct point){g->n - x, g->m - (x - k)} : (struct point){x, x - k};
        return true;
    }
    return false;
}

/* The place that the search from the first corner got furthest to. */
static struct point front_furthest(const struct front *f, long paid)
{
    struct point best = {0, 0};
    for (long k = -paid; k <= paid; k += 2) {
        long x = f->reach[FRONT_ZERO + k];
        if (x != NOWHERE && 2 * x - k > best.x + best.y)
            best = (struct point){x, x - k};
    }
    return best;
}

/* True when the search has come to the end of one of the two; *at is then the place. */
static bool front_arrives(const struct grid *g, const struct front *f, long paid, struct point *at)
{
    *at = front_furthest(f, paid);
    for (long k = -paid; k <= paid; k += 2) {
        long x = f->reach[FRONT_ZERO + k];
        if (x == NOWHERE || (x != g->n && x - k != g->m))
            continue;
        *at = (struct point){x, x - k};
        return true;
    }
    return false;
}

/* Where to cut the box at an open end: before whatever is left over of one side, which costs nothing. */
static struct point open_box_cut(struct align *al, struct align_box box)
{
    struct front forward, none = {{0}};
    struct grid from = {al, box, (long)(box.a1 - box.a0), (long)(box.b1 - box.b0), false};
    struct point at = {0, 0};
    for (long paid = 0; paid <= STEPS_MAX; paid++) {
        (void)front_step(&from, &forward, &none, paid, -1, &at);
        if (front_arrives(&from, &forward, paid, &at))
            return at;
    }
    al->shortened = true;
    return at;
}

/* Where to cut a box, both sides of which have something and neither end of which is equal. */
static struct point box_cut(struct align *al, struct align_box box)
{
    struct front forward, backward;
    struct grid from = {al, box, (long)(box.a1 - box.a0), (long)(box.b1 - box.b0), false}, to = from;
    struct point at;
    to.backward = true;
    for (long paid = 0; paid <= STEPS_MAX; paid++) {
        if (front_step(&from, &forward, &backward, paid, paid - 1, &at) ||
            front_step(&to, &backward, &forward, paid, paid, &at))
            return at;
    }
    al->shortened = true;
    return front_furthest(&forward, STEPS_MAX);
}

/* The box before the cut never needs more than STEPS_MAX steps, and each level halves them: the recursion is
 * not deep. */
void align_shortest(struct align *al, struct align_box box)
{
    for (;;) {
        box = align_trim(al, box);
        if (box.a0 == box.a1 || box.b0 == box.b1)
            break;
        struct point at = align_is_open(al, box) ? open_box_cut(al, box) : box_cut(al, box);
        struct align_box before = {box.a0, box.a0 + (size_t)at.x, box.b0, box.b0 + (size_t)at.y};
        align_shortest(al, before);
        box.a0 = before.a1;
        box.b0 = before.b1;
    }
    memset(al->a_alone + box.a0, 1, box.a1 - box.a0);
    memset(al->b_alone + box.b0, 1, box.b1 - box.b0);
}
