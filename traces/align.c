/*
 * Anchors first, then the shortest script between them: see align.h.
 *
 * An anchor is a run of elements that occurs once in each sequence. In a guest's trace single events repeat
 * over and over (poll, write, poll, write), but a run of thirty-two seldom does twice; so long runs are tried
 * first, then shorter ones in the gaps that are left. Of all anchors the largest set that is in the same
 * order on both sides is kept (the longest increasing subsequence), and what was moved is left out.
 */
#include "traces/align_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Lengths of the runs that are tried, and the size of a box that is not worth the search. */
static const size_t run_lens[] = {32, 8, 1};
enum { RUN_LENS = sizeof run_lens / sizeof run_lens[0], SMALL_BOX = 512 };

/* Where fewer than one in so many pairs are in order, they are pairs by chance, and none is believed. */
enum { CHAIN_SHARE = 4 };

/* A run in the table: its sum, and where it begins in A and B. */
enum { PLACE_NONE = UINT32_MAX, PLACE_MANY = UINT32_MAX - 1 };
struct run_slot {
    uint64_t sum;
    uint32_t a, b;
};

struct run_table {
    struct run_slot *slots;
    size_t mask;
};

/* Two runs that belong together. `before` is the pair before it in the longest rising chain so far. */
struct pair {
    uint32_t a, b, before;
};

struct pairs {
    struct pair *pair;
    size_t count;
};

/* ---- sums of runs: each is made from the one before in constant time (Karp and Rabin) ---- */

#define SUM_FACTOR 0x9e3779b97f4a7c15u

struct run_sum {
    const uint64_t *keys;
    uint64_t mask, sum, lead; /* lead: the factor of the element that falls out */
    size_t len;
};

/* Keys that differ in a few bits shall differ in all. */
static uint64_t spread(uint64_t key)
{
    key = (key ^ key >> 33) * 0xff51afd7ed558ccdu;
    return key ^ key >> 29;
}

static uint64_t sum_begin(struct run_sum *s, const uint64_t *keys, uint64_t mask, size_t len)
{
    *s = (struct run_sum){.keys = keys, .mask = mask, .lead = 1, .len = len};
    for (size_t i = 0; i < len; i++) {
        s->sum = s->sum * SUM_FACTOR + spread(keys[i] & mask);
        s->lead *= i ? SUM_FACTOR : 1;
    }
    return s->sum;
}

/* The run one element further on; the element behind the old run must exist. */
static uint64_t sum_next(struct run_sum *s)
{
    s->sum =
        (s->sum - spread(s->keys[0] & s->mask) * s->lead) * SUM_FACTOR + spread(s->keys[s->len] & s->mask);
    s->keys++;
    return s->sum;
}

/* ---- the table ---- */

static int table_make(struct run_table *t, size_t runs)
{
    size_t cap = 64;
    while (cap < 2 * runs)
        cap *= 2;
    t->slots = malloc(cap * sizeof *t->slots);
    t->mask = cap - 1;
    for (size_t i = 0; t->slots && i < cap; i++)
        t->slots[i].a = PLACE_NONE;
    return t->slots ? 0 : -1;
}

static struct run_slot *table_slot(const struct run_table *t, uint64_t sum)
{
    size_t i = (size_t)(spread(sum) >> 7) & t->mask;
    while (t->slots[i].a != PLACE_NONE && t->slots[i].sum != sum)
        i = (i + 1) & t->mask;
    return &t->slots[i];
}

static void table_fill(struct run_table *t, const struct align *al, struct align_box box, size_t len)
{
    struct run_sum s;
    uint64_t sum = sum_begin(&s, al->a + box.a0, al->mask, len);
    for (size_t i = box.a0;; sum = sum_next(&s)) {
        struct run_slot *slot = table_slot(t, sum);
        *slot = (struct run_slot){sum, slot->a == PLACE_NONE ? (uint32_t)i : PLACE_MANY, PLACE_NONE};
        if (++i + len > box.a1)
            return;
    }
}

/* Notes for each run of A where it is in B. */
static void table_match(struct run_table *t, const struct align *al, struct align_box box, size_t len)
{
    struct run_sum s;
    uint64_t sum = sum_begin(&s, al->b + box.b0, al->mask, len);
    for (size_t k = box.b0;; sum = sum_next(&s)) {
        struct run_slot *slot = table_slot(t, sum);
        if (slot->a != PLACE_NONE)
            slot->b = slot->b == PLACE_NONE ? (uint32_t)k : PLACE_MANY;
        if (++k + len > box.b1)
            return;
    }
}

static bool run_same(const struct align *al, size_t a, size_t b, size_t len)
{
    size_t i = 0;
    while (i < len && align_same(al, a + i, b + i))
        i++;
    return i == len;
}

/* ---- pairs ---- */

static int by_a(const void *x, const void *y)
{
    const struct pair *p = x, *q = y;
    return p->a < q->a ? -1 : p->a > q->a;
}

/* The runs that are unique in both, by their place in A. */
static int pairs_collect(struct pairs *p, const struct run_table *t, const struct align *al, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i <= t->mask; i++)
        n += t->slots[i].a < PLACE_MANY && t->slots[i].b < PLACE_MANY;
    p->pair = malloc((n + 1) * sizeof *p->pair);
    if (!p->pair)
        return -1;
    for (size_t i = 0; i <= t->mask; i++) {
        const struct run_slot *s = &t->slots[i];
        if (s->a < PLACE_MANY && s->b < PLACE_MANY && run_same(al, s->a, s->b, len))
            p->pair[p->count++] = (struct pair){s->a, s->b, 0};
    }
    qsort(p->pair, p->count, sizeof *p->pair, by_a);
    return 0;
}

/* Keeps the longest chain that rises in B as well. top[n] is the pair with the least place in B that a chain
 * of n + 1 pairs ends in. */
static int pairs_chain(struct pairs *p)
{
    uint32_t *top = malloc((p->count + 1) * sizeof *top);
    size_t len = 0;
    if (!top)
        return -1;
    for (size_t i = 0; i < p->count; i++) {
        size_t low = 0, high = len;
        if (len && p->pair[top[len - 1]].b < p->pair[i].b)
            low = len; /* mostly so */
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (p->pair[top[middle]].b < p->pair[i].b)
                low = middle + 1;
            else
                high = middle;
        }
        p->pair[i].before = low ? top[low - 1] : 0;
        top[low] = (uint32_t)i;
        len += low == len;
    }
    /* Backwards along the chain, whose pairs stand behind their places in the result: nothing is overwritten.
     */
    for (size_t n = len, at = len ? top[len - 1] : 0; n; n--) {
        top[n - 1] = (uint32_t)at;
        at = p->pair[at].before;
    }
    for (size_t n = 0; n < len; n++)
        p->pair[n] = p->pair[top[n]];
    p->count = len >= p->count / CHAIN_SHARE ? len : 0;
    free(top);
    return 0;
}

static int pairs_find(struct pairs *p, const struct align *al, struct align_box box, size_t len)
{
    struct run_table t;
    *p = (struct pairs){0};
    if (box.a1 - box.a0 < len || box.b1 - box.b0 < len)
        return 0;
    if (table_make(&t, box.a1 - box.a0 - len + 1))
        return -1;
    table_fill(&t, al, box, len);
    table_match(&t, al, box, len);
    int rc = pairs_collect(p, &t, al, len);
    free(t.slots);
    return rc ? rc : pairs_chain(p);
}

/* ---- boxes ---- */

static void box_alone(struct align *al, struct align_box box)
{
    memset(al->a_alone + box.a0, 1, box.a1 - box.a0);
    memset(al->b_alone + box.b0, 1, box.b1 - box.b0);
}

/* The elements of a box that the other side has as well, and where they were. */
struct shared {
    uint64_t *key;
    uint32_t *from;
    uint8_t *alone;
    size_t len;
};

static int shared_make(struct shared *s, size_t most)
{
    s->key = malloc((most + 1) * sizeof *s->key);
    s->from = malloc((most + 1) * sizeof *s->from);
    s->alone = calloc(most + 1, 1);
    s->len = 0;
    return s->key && s->from && s->alone ? 0 : -1;
}

static void shared_free(struct shared *s)
{
    free(s->key);
    free(s->from);
    free(s->alone);
}

static void shared_add(struct shared *s, uint64_t key, size_t from)
{
    s->key[s->len] = key;
    s->from[s->len++] = (uint32_t)from;
}

/* Elements that the other side does not have cannot belong to anything there, and only hold the search up. */
static int box_reduce(struct align *al, struct align_box box, struct shared *a, struct shared *b)
{
    struct run_table t;
    if (shared_make(a, box.a1 - box.a0) || shared_make(b, box.b1 - box.b0) || table_make(&t, box.a1 - box.a0))
        return -1;
    table_fill(&t, al, box, 1);
    table_match(&t, al, box, 1);
    for (size_t k = box.b0; k < box.b1; k++) {
        al->b_alone[k] = table_slot(&t, spread(al->b[k] & al->mask))->a == PLACE_NONE;
        if (!al->b_alone[k])
            shared_add(b, al->b[k], k);
    }
    for (size_t i = box.a0; i < box.a1; i++) {
        al->a_alone[i] = table_slot(&t, spread(al->a[i] & al->mask))->b == PLACE_NONE;
        if (!al->a_alone[i])
            shared_add(a, al->a[i], i);
    }
    free(t.slots);
    return 0;
}

static int box_shortest(struct align *al, struct align_box box)
{
    struct shared a = {0}, b = {0};
    int rc = 0;
    if (box.a1 - box.a0 + box.b1 - box.b0 <= SMALL_BOX) {
        align_shortest(al, box);
        return 0;
    }
    rc = box_reduce(al, box, &a, &b);
    if (rc == 0) {
        struct align part = {a.key, b.key, a.len, b.len, al->mask, a.alone, b.alone, align_is_open(al, box),
                             false};
        align_shortest(&part, (struct align_box){0, a.len, 0, b.len});
        al->shortened |= part.shortened;
        for (size_t i = 0; i < a.len; i++)
            al->a_alone[a.from[i]] = a.alone[i];
        for (size_t k = 0; k < b.len; k++)
            al->b_alone[b.from[k]] = b.alone[k];
    }
    shared_free(&a);
    shared_free(&b);
    return rc;
}

static int box_align(struct align *al, struct align_box box, size_t level)
{
    struct pairs p;
    box = align_trim(al, box);
    if (box.a0 == box.a1 || box.b0 == box.b1) {
        box_alone(al, box);
        return 0;
    }
    if (level == RUN_LENS || box.a1 - box.a0 + box.b1 - box.b0 <= SMALL_BOX)
        return box_shortest(al, box);
    int rc = pairs_find(&p, al, box, run_lens[level]);
    for (size_t i = 0; rc == 0 && i < p.count; i++) {
        struct align_box gap = {box.a0, p.pair[i].a, box.b0, p.pair[i].b};
        if (gap.a1 < gap.a0 || gap.b1 < gap.b0)
            continue; /* inside of what the anchor before it has taken */
        rc = box_align(al, gap, level + 1);
        box.a0 = gap.a1;
        box.b0 = gap.b1;
        while (box.a0 < box.a1 && box.b0 < box.b1 && align_same(al, box.a0, box.b0)) {
            box.a0++;
            box.b0++;
        }
    }
    free(p.pair);
    return rc ? rc : box_align(al, box, level + 1);
}

int align_run(struct align *al, struct err *e)
{
    memset(al->a_alone, 0, al->a_len);
    memset(al->b_alone, 0, al->b_len);
    al->shortened = false;
    if (al->a_len > ALIGN_MAX || al->b_len > ALIGN_MAX)
        return err_set(e, "more than %u events at a time", ALIGN_MAX);
    if (box_align(al, (struct align_box){0, al->a_len, 0, al->b_len}, 0))
        return err_sys(e, ENOMEM, "aligning");
    return 0;
}
