/*
 * The view of the registers.
 */
#include "unit.h"
#include "view_rig.h"

#include "vm/cpu.h"

static void test_changes_stand_out(void)
{
    struct view_rig rig;
    rig_begin(&rig);
    rig.s->regs.rax = 0x1234;
    rig.s->regs.rflags |= RFLAGS_ZF;
    rig_aim(&rig);
    rig_view(&rig, "registers", 60, 20);
    CU_ASSERT_TRUE(rig_shows(&rig, "eax 00001234"));
    CU_ASSERT_TRUE(rig_shows(&rig, "ZF"));
    CU_ASSERT_EQUAL(canvas_at(&rig.c, 4, 0).role, ROLE_CHANGED);
    CU_ASSERT_EQUAL(canvas_at(&rig.c, 4, 1).role, ROLE_DIM);
    rig_end(&rig);
}

/* Long mode shows 64 bits, and scrolling stops at the last row. */
static void test_long_mode_scrolls(void)
{
    struct view_rig rig;
    rig_begin(&rig);
    rig.s->sregs.cr0 = CR0_PE | CR0_PG;
    rig.s->sregs.cr4 = CR4_PAE;
    rig.s->sregs.efer = EFER_LME | EFER_LMA;
    rig.s->sregs.cs.l = 1;
    rig.s->regs.r15 = 0xfedcba9876543210;
    rig_aim(&rig);
    rig_view(&rig, "registers", 44, 8);
    CU_ASSERT_TRUE(rig_shows(&rig, "r15 fedcba9876543210"));
    CU_ASSERT_TRUE(rig_act(&rig, "bottom", ""));
    CU_ASSERT_TRUE(rig_shows(&rig, "idt"));
    CU_ASSERT_EQUAL(canvas_at(&rig.c, 0, 7).code, 'i');
    rig_end(&rig);
}

static const struct unit_test tests[] = {
    {"what changed stands out", test_changes_stand_out},
    {"long mode, and scrolling", test_long_mode_scrolls},
};

UNIT_MAIN("registers view", tests)
