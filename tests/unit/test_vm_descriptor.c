/*
 * Loading a segment from a descriptor table: each field of the descriptor, both tables, and all that can be
 * wrong with a selector.
 */
#include "base/bytes.h"
#include "unit.h"
#include "vm/cpu.h"
#include "vm/descriptor.h"

#include <stdlib.h>
#include <string.h>

enum { GDT = 0x2000, LDT = 0x3000 };

struct fixture {
    struct guest_memory m;
    struct kvm_regs r;
    struct kvm_sregs s;
    struct kvm_segment seg;
    struct err e;
};

static void fixture_init(struct fixture *f, enum cpu_mode mode)
{
    struct cpu_start start = {.mode = mode, .entry = 0x8000};
    memset(f, 0, sizeof *f);
    if (memory_init(&f->m, NULL, 0x200000, &f->e) < 0 || cpu_setup(&start, &f->m, &f->r, &f->s, &f->e) < 0)
        abort();
    f->s.gdt = (struct kvm_dtable){.base = GDT, .limit = 0x37};
    f->s.ldt = (struct kvm_segment){.base = LDT, .limit = 0xf, .type = 2, .present = 1};
}

static void put(struct fixture *f, uint64_t gpa, uint64_t descriptor)
{
    uint8_t raw[8];
    le_store(raw, descriptor, 8);
    if (memory_write(&f->m, gpa, raw, 8, &f->e) < 0)
        abort();
}

static int load(struct fixture *f, uint16_t selector)
{
    memset(&f->seg, 0xee, sizeof f->seg);
    return descriptor_load(&f->m, &f->r, &f->s, selector, &f->seg, &f->e);
}

/* One bit of the descriptor, one field. */
static void test_fields(void)
{
    struct fixture f;
    fixture_init(&f, MODE_PROTECTED);
    put(&f, GDT + 8, 0x12d0f3345678abcd); /* base 12 345678, limit 0abcd, type 3 S DPL 3 P, D and G */
    CU_ASSERT_EQUAL(load(&f, 0x0b), 0);
    CU_ASSERT_EQUAL(f.seg.base, 0x12345678);
    CU_ASSERT_EQUAL(f.seg.limit, 0xabcdfff);
    CU_ASSERT_EQUAL(f.seg.selector, 0x0b);
    CU_ASSERT_EQUAL(f.seg.type, 3);
    CU_ASSERT_EQUAL(f.seg.s, 1);
    CU_ASSERT_EQUAL(f.seg.dpl, 3);
    CU_ASSERT_EQUAL(f.seg.present, 1);
    CU_ASSERT_EQUAL(f.seg.avl, 1);
    CU_ASSERT_EQUAL(f.seg.l, 0);
    CU_ASSERT_EQUAL(f.seg.db, 1);
    CU_ASSERT_EQUAL(f.seg.g, 1);
    CU_ASSERT_EQUAL(f.seg.unusable, 0);
    put(&f, GDT + 0x10, 0x002f9a000000ffff); /* not accessed, L, byte limit 0xfffff */
    CU_ASSERT_EQUAL(load(&f, 0x10), 0);
    CU_ASSERT_EQUAL(f.seg.type, 0xb);
    CU_ASSERT_EQUAL(f.seg.l, 1);
    CU_ASSERT_EQUAL(f.seg.db, 0);
    CU_ASSERT_EQUAL(f.seg.g, 0);
    CU_ASSERT_EQUAL(f.seg.limit, 0xfffff);
    CU_ASSERT_EQUAL(le64_load(memory_ptr(&f.m, GDT + 0x10, 8, false)), 0x002f9a000000ffff);
    put(&f, GDT + 0x18, 0x0000020000000000); /* not present, an LDT: delivered as it is */
    CU_ASSERT_EQUAL(load(&f, 0x18), 0);
    CU_ASSERT_EQUAL(f.seg.present, 0);
    CU_ASSERT_EQUAL(f.seg.s, 0);
    CU_ASSERT_EQUAL(f.seg.type, 2);
    memory_fini(&f.m);
}

static void test_tables(void)
{
    struct fixture f;
    fixture_init(&f, MODE_PROTECTED);
    put(&f, GDT, 0x00cf920000001111);
    put(&f, GDT + 0x30, 0x00cf920000002222);
    put(&f, LDT, 0x0040920000003333);
    put(&f, LDT + 8, 0x0040920000004444);
    CU_ASSERT_EQUAL(load(&f, 0x30), 0);
    CU_ASSERT_EQUAL(f.seg.limit, 0xf2222fff);
    CU_ASSERT_EQUAL(load(&f, 4), 0); /* the LDT has a first entry, the GDT has not */
    CU_ASSERT_EQUAL(f.seg.limit, 0x3333);
    CU_ASSERT_EQUAL(load(&f, 0xc), 0);
    CU_ASSERT_EQUAL(f.seg.limit, 0x4444);
    static const struct {
        uint16_t selector;
        const char *why;
    } rows[] = {
        {0, "selector 0 is the null selector"},
        {3, "selector 0x3 is the null selector"},
        {0x38, "selector 0x38 lies past the GDT limit 0x37"},
        {0xfff8, "selector 0xfff8 lies past the GDT limit 0x37"},
        {0x14, "selector 0x14 lies past the LDT limit 0xf"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CU_ASSERT_EQUAL(load(&f, rows[i].selector), -1);
        CU_ASSERT_STRING_EQUAL(f.e.text, rows[i].why);
    }
    f.s.gdt.limit = 0x36; /* one byte short */
    CU_ASSERT_EQUAL(load(&f, 0x30), -1);
    f.s.ldt.unusable = 1;
    CU_ASSERT_EQUAL(load(&f, 0xc), -1);
    CU_ASSERT_STRING_EQUAL(f.e.text, "selector 0xc names the LDT, and LDTR is not usable");
    f.s.gdt = (struct kvm_dtable){.base = 0x80000000, .limit = 0xffff};
    CU_ASSERT_EQUAL(load(&f, 8), -1);
    CU_ASSERT_STRING_EQUAL(
        f.e.text, "the descriptor of selector 0x8 at 0x80000008 cannot be read: no memory under the page");
    memory_fini(&f.m);
}

/* The tables are the supervisor's, whatever the current privilege level. */
static void test_as_supervisor(void)
{
    struct fixture f;
    fixture_init(&f, MODE_LONG);
    put(&f, GDT + 8, 0x00af9b000000ffff);
    f.s.ss.dpl = 3;
    CU_ASSERT_EQUAL(load(&f, 8), 0);
    memory_fini(&f.m);
}

static void test_system(void)
{
    struct fixture f;
    fixture_init(&f, MODE_LONG);
    put(&f, GDT + 0x28, 0x1200893456780067);
    put(&f, GDT + 0x30, 0x00000000ffffffff);
    CU_ASSERT_EQUAL(descriptor_load_system(&f.m, &f.r, &f.s, 0x28, &f.seg, &f.e), 0);
    CU_ASSERT_EQUAL(f.seg.base, 0xffffffff12345678);
    CU_ASSERT_EQUAL(f.seg.type, 9);
    CU_ASSERT_EQUAL(f.seg.s, 0);
    CU_ASSERT_EQUAL(load(&f, 0x28), 0);
    CU_ASSERT_EQUAL(f.seg.base, 0x12345678);
    f.s.gdt.limit = 0x36; /* sixteen bytes end at 0x37 */
    CU_ASSERT_EQUAL(descriptor_load_system(&f.m, &f.r, &f.s, 0x28, &f.seg, &f.e), -1);
    CU_ASSERT_EQUAL(descriptor_load_system(&f.m, &f.r, &f.s, 0x4, &f.seg, &f.e), -1);
    memory_fini(&f.m);
    fixture_init(&f, MODE_PROTECTED);
    put(&f, GDT + 0x30, 0x1200893456780067); /* eight are enough */
    CU_ASSERT_EQUAL(descriptor_load_system(&f.m, &f.r, &f.s, 0x30, &f.seg, &f.e), 0);
    CU_ASSERT_EQUAL(f.seg.base, 0x12345678);
    memory_fini(&f.m);
}

static void test_real(void)
{
    struct kvm_segment seg = {.limit = 0xffffffff, .type = 0xb, .s = 1, .present = 1, .g = 1};
    descriptor_load_real(false, 0xb800, &seg);
    CU_ASSERT_EQUAL(seg.base, 0xb8000);
    CU_ASSERT_EQUAL(seg.selector, 0xb800);
    CU_ASSERT_EQUAL(seg.limit, 0xffffffff); /* "unreal mode" stays */
    CU_ASSERT_EQUAL(seg.type, 0xb);
    descriptor_load_real(true, 0x1234, &seg);
    CU_ASSERT_EQUAL(seg.base, 0x12340);
    CU_ASSERT_EQUAL(seg.limit, 0xffff);
    CU_ASSERT_EQUAL(seg.dpl, 3);
    CU_ASSERT_EQUAL(seg.type, 3);
}

static const struct unit_test tests[] = {
    {"the fields of a descriptor", test_fields},
    {"tables and limits", test_tables},
    {"tables are read as supervisor", test_as_supervisor},
    {"system descriptors", test_system},
    {"real and virtual-8086 mode", test_real},
};
UNIT_MAIN("vm/descriptor", tests)
