/*
 * The alignment: against the longest common subsequence on small sequences, and on large ones that it is one,
 * stays near the number of changes, and ends.
 */
#include "trace_make.h"

#include "traces/align.h"

struct pair_of {
    uint64_t *a, *b;
    size_t n, m;
    uint8_t *alone_a, *alone_b;
    bool shortened;
};

static struct pair_of pair_make(size_t n, size_t m)
{
    struct pair_of p = {.n = n, .m = m};
    p.a = calloc(n + 1, sizeof *p.a);
    p.b = calloc(m + 1, sizeof *p.b);
    p.alone_a = malloc(n + 1);
    p.alone_b = malloc(m + 1);
    CU_ASSERT_FATAL(p.a && p.b && p.alone_a && p.alone_b);
    return p;
}

static void pair_free(struct pair_of *p)
{
    free(p->a);
    free(p->b);
    free(p->alone_a);
    free(p->alone_b);
}

/* Aligns, proves that what is left belongs together, and returns how many pairs there are. */
static size_t pair_align(struct pair_of *p, uint64_t mask)
{
    struct err e = {0};
    struct align al = {p->a, p->b, p->n, p->m, mask, p->alone_a, p->alone_b, false, false};
    size_t i = 0, k = 0, pairs = 0;
    CU_ASSERT_EQUAL_FATAL(align_run(&al, &e), 0);
    p->shortened = al.shortened;
    for (;; i++, k++, pairs++) {
        while (i < p->n && p->alone_a[i])
            i++;
        while (k < p->m && p->alone_b[k])
            k++;
        if (i == p->n || k == p->m)
            break;
        if ((p->a[i] ^ p->b[k]) & mask) {
            CU_FAIL("a pair that is not equal");
            break;
        }
    }
    CU_ASSERT(i == p->n && k == p->m);
    return pairs;
}

/* The length of the longest common subsequence, by the table. */
static size_t longest(const struct pair_of *p)
{
    size_t row[64] = {0};
    for (size_t i = 0; i < p->n; i++) {
        size_t diagonal = 0;
        for (size_t k = 0; k < p->m; k++) {
            size_t above = row[k + 1];
            if (p->a[i] == p->b[k])
                row[k + 1] = diagonal + 1;
            else if (row[k] > above)
                row[k + 1] = row[k];
            diagonal = above;
        }
    }
    return row[p->m];
}

static void test_small(void)
{
    uint64_t seed = 4711;
    for (int round = 0; round < 8000; round++) {
        struct pair_of p = pair_make(make_random(&seed) % 30, make_random(&seed) % 30);
        uint64_t letters = 1 + make_random(&seed) % 6;
        for (size_t i = 0; i < p.n; i++)
            p.a[i] = make_random(&seed) % letters;
        for (size_t i = 0; i < p.m; i++)
            p.b[i] = make_random(&seed) % letters;
        size_t got = pair_align(&p, UINT64_MAX);
        CU_ASSERT_EQUAL(got, longest(&p));
        CU_ASSERT_FALSE(p.shortened);
        pair_free(&p);
    }
}

/* The same text, of which `changes` elements were dropped, added or exchanged in B. */
static struct pair_of pair_edited(size_t n, uint64_t letters, size_t changes)
{
    uint64_t seed = 99;
    struct pair_of p = pair_make(n, n + changes);
    size_t every = changes ? n / changes : n + 1, m = 0;
    for (size_t i = 0; i < n; i++) {
        p.a[i] = make_random(&seed) % letters;
        bool change = i % every == every / 2;
        unsigned how = change ? (unsigned)(make_random(&seed) % 3) : 3;
        if (how == 0)
            continue;
        if (how == 1)
            p.b[m++] = letters + i;
        p.b[m++] = how == 2 ? letters + i : p.a[i];
    }
    p.m = m;
    return p;
}

static void test_large(void)
{
    static const struct {
        size_t n;
        uint64_t letters;
        size_t changes;
    } table[] = {
        {300000, 3, 0}, {300000, 3, 40}, {300000, 1000000, 500}, {100000, 40, 9000}, {100000, 2, 100}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct pair_of p = pair_edited(table[i].n, table[i].letters, table[i].changes);
        size_t pairs = pair_align(&p, UINT64_MAX);
        CU_ASSERT(pairs + table[i].changes + 1 >= table[i].n);
        pair_free(&p);
    }
}

/* A piece of a hundred thousand goes into the middle: nothing else may count as different. */
static void test_inserted(void)
{
    enum { N = 200000, PIECE = 100000 };
    uint64_t seed = 3;
    struct pair_of p = pair_make(N, N + PIECE);
    for (size_t i = 0, m = 0; i < N; i++) {
        p.a[i] = make_random(&seed) % 50;
        for (size_t k = 0; i == N / 2 && k < PIECE; k++)
            p.b[m++] = make_random(&seed) % 50;
        p.b[m++] = p.a[i];
    }
    CU_ASSERT(pair_align(&p, UINT64_MAX) >= N - 10);
    pair_free(&p);
}

/* Nothing in common, or all of it in disorder: it ends, says so, and gives some alignment. */
static void test_different(void)
{
    enum { N = 200000 };
    uint64_t seed = 5;
    struct pair_of p = pair_make(N, N);
    for (size_t i = 0; i < N; i++) {
        p.a[i] = i;
        p.b[i] = N + i;
    }
    CU_ASSERT_EQUAL(pair_align(&p, UINT64_MAX), 0);
    for (size_t i = 0; i < N; i++) {
        p.a[i] = make_random(&seed) % 4;
        p.b[i] = make_random(&seed) % 4;
    }
    CU_ASSERT(pair_align(&p, UINT64_MAX) > N / 2);
    CU_ASSERT_TRUE(p.shortened);
    for (size_t i = 0; i < N; i++)
        p.b[i] = p.a[N - 1 - i];
    CU_ASSERT(pair_align(&p, UINT64_MAX) > N / 3);
    for (size_t i = 0; i < N; i++) {
        p.a[i] = i;
        p.b[i] = N - 1 - i;
    }
    CU_ASSERT(pair_align(&p, UINT64_MAX) >= 1);
    pair_free(&p);
}

/* Keys that are equal in the masked bits only, and sums that are equal by themselves. */
static void test_mask(void)
{
    struct pair_of p = pair_make(3, 3);
    for (size_t i = 0; i < 3; i++) {
        p.a[i] = (uint64_t)(i + 1) << 32 | 7;
        p.b[i] = (uint64_t)(i + 1) << 32 | i;
    }
    CU_ASSERT_EQUAL(pair_align(&p, UINT64_MAX), 0);
    CU_ASSERT_EQUAL(pair_align(&p, UINT64_MAX << 32), 3);
    pair_free(&p);
    p = pair_make(5000, 0);
    CU_ASSERT_EQUAL(pair_align(&p, UINT64_MAX), 0);
    pair_free(&p);
    p = pair_make(5000, 3000); /* all the same */
    CU_ASSERT_EQUAL(pair_align(&p, UINT64_MAX), 3000);
    pair_free(&p);
}

static const struct unit_test tests[] = {
    {"small ones against the table", test_small},   {"large ones with few changes", test_large},
    {"a large piece goes in", test_inserted},       {"nothing in common", test_different},
    {"masks, empty ones, all the same", test_mask},
};
UNIT_MAIN("align", tests)
