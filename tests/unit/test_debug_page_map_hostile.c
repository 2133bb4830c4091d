/*
 * `mem` on tables of noise: it is bounded and in order, and each of its lines agrees with the walk.
 */
#include "debug/pages.h"
#include "page_target.h"

/* A line of pages, read back. */
struct line {
    uint64_t first, last, gpa;
    char super[4], user[4];
    bool each;
    enum { PAGES, NOTE } kind;
};

/* Its addresses; false for the heading. */
static bool line_read(const char *s, struct line *l)
{
    size_t digits = strcspn(s, "-");
    *l = (struct line){.kind = NOTE};
    if (digits != 8 && digits != 16)
        return false;
    l->first = strtoull(s, NULL, 16);
    bool top = strncmp(s + digits + 1, "10000000000000000 ", 18) == 0; /* 2^64 */
    l->last = top ? UINT64_MAX : strtoull(s + digits + 1, NULL, 16) - 1;
    return true;
}

/* And the rest. */
static void line_read_rest(const char *s, struct line *l)
{
    unsigned long long gpa;
    int n = sscanf(s, "%*s %*s %3s %3s %*s %*s %llx", l->super, l->user, &gpa);
    const char *end = strchr(s, '\n'), *each = strstr(s, " each ");
    if (n != 3 || strspn(l->super, "rwx-") != 3)
        return;
    l->kind = PAGES;
    l->gpa = gpa;
    l->each = each && each < end;
}

/* Whether what the line says of `gva` is what the walk says. */
static void line_check(const struct target *t, const struct line *l, uint64_t gva)
{
    struct gva_context c = gva_context_of(&t->regs, &t->sregs);
    for (unsigned user = 0; user < 2; user++)
        for (enum gva_access access = GVA_READ; access <= GVA_FETCH; access++) {
            struct gva_walk w;
            c.cpl = user ? 3 : 0;
            gva_translate(t->memory, &c, gva, access, &w);
            CU_ASSERT_EQUAL(w.ok, (user ? l->user : l->super)[access] != '-');
            CU_ASSERT_TRUE(w.mapped);
            if (w.mapped && !l->each)
                CU_ASSERT_EQUAL(w.gpa, l->gpa + (gva - l->first));
            if (w.mapped && l->each)
                CU_ASSERT_EQUAL(w.gpa & ~(w.page_len - 1), l->gpa & ~(w.page_len - 1));
        }
}

/* Holds the map against the walk: at an address in one line of `every`, and at `gva`, which is in no line or
 * is one of them. The number of lines of pages looked at. */
static size_t check_map(const struct target *t, const struct text *out, uint64_t *seed, unsigned every,
                        uint64_t gva)
{
    bool inside = false, cut = false;
    size_t pages = 0;
    uint64_t next = 0;
    struct line l;
    for (const char *s = text_str(out); *s; s = strchr(s, '\n') + 1) {
        cut = cut || strncmp(s, "from", 4) == 0;
        if (!line_read(s, &l))
            continue;
        if (l.first < next || l.last < l.first)
            CU_FAIL("out of order");
        next = l.last;
        inside = inside || (gva >= l.first && gva <= l.last);
        if (random_next(seed) % every)
            continue;
        line_read_rest(s, &l);
        if (l.kind == PAGES)
            line_check(t, &l, l.first + random_next(seed) % (l.last - l.first + 1));
        pages += l.kind == PAGES;
    }
    struct gva_context c = target_context(t);
    struct gva_walk w;
    gva_translate(t->memory, &c, gva, GVA_READ, &w);
    CU_ASSERT_TRUE(cut || inside || !w.mapped);
    return pages;
}

/* Noise: the map is bounded, in order, and agrees with the walk at addresses in its lines and elsewhere. */
static void test_hostile(void)
{
    uint64_t seed = 0xfeed;
    struct text out = {0};
    size_t pages = 0;
    for (unsigned round = 0; round < 200; round++) {
        struct target t;
        struct guest_memory m;
        size_t scheme = round % PATHS;
        unsigned tables = 3 + round % 11;
        target_make(&t, &m, scheme, 64 * KIB);
        tables_hostile(&m, &seed, tables, paths[scheme].entry_len);
        for (unsigned hole = 0; hole < tables * 450; hole++)
            memset(memory_ptr(&m, 0x1000 + random_next(&seed) % (tables * 512) * 8, 8, true), 0, 8);
        t.sregs.efer |= round & 4 ? EFER_NXE : 0;
        t.sregs.cr4 |= round & 8 ? CR4_PSE | CR4_SMEP | CR4_SMAP : 0;
        t.sregs.cr0 |= round & 16 ? CR0_WP : 0;
        text_clear(&out);
        pages_map_write(&t, NULL, &out);
        CU_ASSERT_TRUE(line_count(&out) <= PAGES_LINES_MAX + 4);
        pages += check_map(&t, &out, &seed, 64, random_next(&seed) >> (scheme < P4 ? 32 : 17));
        struct pages_filter at = {.first = random_next(&seed) >> (scheme < P4 ? 32 : 17)};
        at.last = at.first + 0x3fffffff;
        text_clear(&out);
        pages_map_write(&t, &at, &out);
        CU_ASSERT_TRUE(line_count(&out) <= PAGES_LINES_MAX + 4);
        pages += check_map(&t, &out, &seed, 64, at.first);
        memory_fini(&m);
    }
    CU_ASSERT_TRUE(pages > 500);
    text_fini(&out);
}

static const struct unit_test tests[] = {
    {"hostile tables against the walk", test_hostile},
};
UNIT_MAIN("debug/page_map hostile", tests)
