/*
 * Stops on change: modes, control registers, and watched memory, by comparing and by what a debug register
 * reports.
 */
#include "stops_bench.h"

static void test_mode(void)
{
    struct bench b;
    bench_init(&b, MODE_REAL);
    add(&b, "stop", "mode");
    struct target before = b.rig.t;
    CU_ASSERT_EQUAL(change_meets(&b, &before), 0);
    b.rig.t.sregs.cr0 |= CR0_PE;
    CU_ASSERT_EQUAL(change_meets(&b, &before), 1);
    ASSERT_IS(&b.out, "stop 1: CR0.PE set: real → protected");
    before = b.rig.t;
    b.rig.t.sregs.cr0 |= CR0_WP;
    CU_ASSERT_EQUAL(change_meets(&b, &before), 0); /* no other mode */
    add(&b, "stop", "cr0");
    CU_ASSERT_EQUAL(change_meets(&b, &before), 2);
    ASSERT_IS(&b.out, "stop 2: CR0.WP set");
    add(&b, "stop", "cr3");
    before = b.rig.t;
    b.rig.t.sregs.cr3 = 0x2000;
    CU_ASSERT_EQUAL(change_meets(&b, &before), 3);
    ASSERT_IS(&b.out, "stop 3: CR3 0x0 → 0x2000");
    bench_fini(&b);
}

static void test_mode_sentence(void)
{
    struct kvm_sregs b = {.cr0 = CR0_PE, .cs = {.db = 1}}, n = b;
    struct text out = {0};
    CU_ASSERT_FALSE(stops_mode_sentence(&b, &n, &out));
    ASSERT_IS(&out, "");
    n.cr0 |= CR0_PG;
    n.efer |= EFER_LMA;
    n.cr3 = 0x1000;
    CU_ASSERT_TRUE(stops_mode_sentence(&b, &n, &out));
    ASSERT_IS(&out, "CR0.PG set, EFER.LMA set: protected → compat, CR3 0x0 → 0x1000");
    b = n;
    n.cs.l = 1;
    n.cs.db = 0;
    text_clear(&out);
    CU_ASSERT_TRUE(stops_mode_sentence(&b, &n, &out));
    ASSERT_IS(&out, "CS.L set: compat → long");
    text_clear(&out);
    b = n = (struct kvm_sregs){.cr0 = CR0_PE};
    n.cs.db = 1;
    n.cr4 = CR4_PAE | 1ull << 63;
    CU_ASSERT_TRUE(stops_mode_sentence(&b, &n, &out));
    ASSERT_IS(&out, "CR4.PAE set, CR4 0x0 → 0x8000000000000020, CS.D set: 16-bit → 32-bit code");
    text_fini(&out);
}

static void test_watch_compare(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    CU_ASSERT_EQUAL(add(&b, "watch", "dword [0x8000]"), 1);
    struct target before = b.rig.t;
    b.rig.t.regs.rip = 0x1008;
    CU_ASSERT_EQUAL(change_meets(&b, &before), 0);
    rig_store(&b.rig, 0x8000, 1, 4);
    CU_ASSERT_EQUAL(change_meets(&b, &before), 1);
    ASSERT_IS(&b.out, "watchpoint 1: dword [0x8000] 0x0 → 0x1 at 0x1004 <main+4>");
    CU_ASSERT_EQUAL(change_meets(&b, &before), 0); /* once a change */
    rig_store(&b.rig, 0x8004, 1, 4);
    CU_ASSERT_EQUAL(change_meets(&b, &before), 0);
    rig_store(&b.rig, 0x8003, 0x80, 1);
    stops_look(b.s, &b.rig.t); /* changed by the user's hand */
    CU_ASSERT_EQUAL(change_meets(&b, &before), 0);
    bench_fini(&b);
}

static void test_watch_range(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    CU_ASSERT_EQUAL(add(&b, "watch", "0x8100, 64"), 1);
    struct target before = b.rig.t;
    rig_store(&b.rig, 0x813f, 0x55, 1);
    CU_ASSERT_EQUAL(change_meets(&b, &before), 1);
    ASSERT_IS(&b.out, "watchpoint 1: 0x8100-0x813f, byte [0x813f] 0x0 → 0x55 at 0x1004 <main+4>");
    rig_store(&b.rig, 0x8140, 0x55, 1);
    CU_ASSERT_EQUAL(change_meets(&b, &before), 0);
    bench_fini(&b);
}

/* A page that goes away is a change too, and no crash. */
static void test_watch_unmapped(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    add(&b, "watch", "qword [0x8000]");
    struct target before = b.rig.t;
    b.rig.t.sregs.cr3 = 0x40000000;
    CU_ASSERT_EQUAL(change_meets(&b, &before), 1);
    ASSERT_HAS(&b.out, "qword [0x8000] 0x0 → (not mapped)");
    CU_ASSERT_EQUAL(change_meets(&b, &before), 0);
    b.rig.t.sregs.cr3 = before.sregs.cr3;
    CU_ASSERT_EQUAL(change_meets(&b, &before), 1);
    ASSERT_HAS(&b.out, "(not mapped) → 0x0");
    bench_fini(&b);
}

static void test_watch_access(void)
{
    static const struct {
        const char *verb;
        unsigned direction;
        uint64_t at, len;
        const char *sentence; /* NULL: not met */
    } cases[] = {
        {"watch", STOPS_OUT, 0x8000, 4, "watchpoint 1: dword [0x8000] written, still 0x0 at 0x1004 <main+4>"},
        {"watch", STOPS_IN, 0x8000, 4, NULL},
        {"rwatch", STOPS_IN, 0x8000, 4, "watchpoint 1: dword [0x8000] read, 0x0 at 0x1004 <main+4>"},
        {"rwatch", STOPS_OUT, 0x8000, 4, NULL},
        {"awatch", STOPS_IN, 0x8003, 1, "read, 0x0 at"},
        {"awatch", STOPS_OUT, 0x7ff8, 9, "written, still 0x0"},
        {"awatch", STOPS_OUT, 0x7ff8, 8, NULL},
        {"awatch", STOPS_OUT, 0x8004, 8, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench b;
        bench_init(&b, MODE_LONG);
        add(&b, cases[i].verb, "dword [0x8000]");
        struct target before = b.rig.t;
        b.rig.t.regs.rip += 4;
        unsigned n = number_of(stops_match_access(b.s, &before, &b.rig.t, cases[i].at, cases[i].len,
                                                  cases[i].direction, &b.out));
        CU_ASSERT_EQUAL(n, cases[i].sentence != NULL);
        ASSERT_HAS(&b.out, cases[i].sentence ? cases[i].sentence : "");
        bench_fini(&b);
    }
}

/* What a debug register reports: the instruction is past, and reads cannot be told from writes but by the
 * value. */
static void test_watch_by_number(void)
{
    struct bench b;
    bench_init(&b, MODE_LONG);
    add(&b, "watch", "dword [0x8000]");
    add(&b, "rwatch", "dword [0x8000]");
    rig_store(&b.rig, 0x8000, 7, 4);
    CU_ASSERT_EQUAL(number_of(stops_match_number(b.s, 1, &b.rig.t, &b.out)), 1);
    ASSERT_IS(&b.out, "watchpoint 1: dword [0x8000] 0x0 → 0x7, seen before 0x1004 <main+4>");
    text_clear(&b.out);
    CU_ASSERT_EQUAL(number_of(stops_match_number(b.s, 2, &b.rig.t, &b.out)), 0); /* it was written */
    CU_ASSERT_EQUAL(number_of(stops_match_number(b.s, 2, &b.rig.t, &b.out)), 2);
    ASSERT_IS(&b.out, "watchpoint 2: dword [0x8000] read, 0x7, seen before 0x1004 <main+4>");
    CU_ASSERT_PTR_NULL(stops_match_number(b.s, 77, &b.rig.t, &b.out));
    bench_fini(&b);
}

static const struct unit_test tests[] = {
    {"modes and control registers", test_mode},           {"the sentence of a change", test_mode_sentence},
    {"watching by comparing", test_watch_compare},        {"watching a range", test_watch_range},
    {"watching what is not mapped", test_watch_unmapped}, {"watching accesses", test_watch_access},
    {"watching by debug register", test_watch_by_number},
};

UNIT_MAIN("stops on change", tests)
