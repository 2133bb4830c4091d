/*
 * The view of descriptor tables: each table in each mode, problems, entries bit by bit, handlers, and lines
 * that fit the pane.
 */
#include "unit.h"
#include "view_rig.h"

#include "base/bytes.h"
#include "vm/cpu.h"

static void put(struct view_rig *rig, uint64_t gpa, uint64_t value, size_t len)
{
    uint8_t bytes[8];
    le_store(bytes, value, 8);
    rig_bytes(rig, gpa, bytes, len);
}

/* Protected mode with a GDT at 0x800 of flat code (8), data (16), a TSS (24) and an absent segment (32), and
 * an IDT at 0x1000 with gates for 0 to 14. */
static void begin_protected(struct view_rig *rig)
{
    static const uint64_t gdt[] = {0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x00008b0030000067,
                                   0x00cf13000000ffff};
    rig_begin(rig);
    rig_bytes(rig, 0x800, gdt, sizeof gdt);
    for (unsigned i = 0; i < 15; i++)
        put(rig, 0x1000 + i * 8, 0x00008e0000082000 + 0x10 * i, 8);
    rig->s->sregs.cr0 = CR0_PE;
    rig->s->sregs.gdt.base = 0x800;
    rig->s->sregs.gdt.limit = sizeof gdt - 1;
    rig->s->sregs.idt.base = 0x1000;
    rig->s->sregs.idt.limit = 15 * 8 - 1;
    rig->s->sregs.cs = (struct kvm_segment){
        .selector = 8, .limit = 0xffffffff, .type = 11, .present = 1, .db = 1, .s = 1, .g = 1};
    rig->s->sregs.tr =
        (struct kvm_segment){.base = 0x3000, .selector = 24, .limit = 0x67, .type = 11, .present = 1};
    rig->s->sregs.ldt.unusable = 1;
    rig_aim(rig);
}

static bool shows_not(struct view_rig *rig, const char *words)
{
    struct text out = {0};
    canvas_dump(&rig->c, false, &out);
    bool there = strstr(text_str(&out), words);
    if (there)
        printf("\n\"%s\" is in:\n%s", words, text_str(&out));
    text_fini(&out);
    return !there;
}

static void test_turn(void)
{
    struct view_rig rig;
    begin_protected(&rig);
    rig_view(&rig, "tables", 80, 24);
    CU_ASSERT_TRUE(rig_shows(&rig, "[GDT] LDT  IDT  TSS"));
    CU_ASSERT_TRUE(rig_shows(&rig, " 1  0008  00cf9b000000ffff  00000000  ffffffff  0  PGDA  32-bit code"));
    rig_act(&rig, "right", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "no LDT"));
    rig_act(&rig, "right", "");
    CU_ASSERT_TRUE(rig_shows(&rig, " GDT  LDT [IDT] TSS"));
    CU_ASSERT_TRUE(rig_shows(&rig, " 14  #PF  0008:000020e0"));
    rig_act(&rig, "right", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "TSS, 32-bit, selector 0x18 (GDT[3])"));
    rig_act(&rig, "open", ""); /* its descriptor */
    CU_ASSERT_TRUE(rig_shows(&rig, "GDT[3], selector 0x18"));
    rig_act(&rig, "open", "");
    rig_act(&rig, "left", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "[TSS]"));
    rig_end(&rig);
}

static void test_problems(void)
{
    struct view_rig rig;
    begin_protected(&rig);
    rig.s->sregs.es = (struct kvm_segment){.selector = 32, .type = 3, .s = 1};
    put(&rig, 0x1000 + 8 * 8, 0x00000e0000082000, 8);  /* #DF not present */
    put(&rig, 0x1000 + 14 * 8, 0x00008e0000302000, 8); /* #PF to a selector past the limit */
    rig_aim(&rig);
    rig_view(&rig, "tables", 80, 24);
    CU_ASSERT_TRUE(rig_shows(&rig, "! 1 problem"));
    CU_ASSERT_TRUE(rig_shows(&rig, "! not present but loaded in ES (selector 0x20)"));
    rig_act(&rig, "left", "");
    rig_act(&rig, "left", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "! no gate for #DF (8)"));
    CU_ASSERT_TRUE(rig_shows(&rig, "! gate's selector 0x30 is past the GDT's limit"));
    CU_ASSERT_TRUE(rig_shows(&rig, "! 3 problems"));
    rig_act(&rig, "search", "past the gdt"); /* the problem opens its gate */
    rig_act(&rig, "open", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "IDT[14], page fault"));
    rig_view(&rig, "tables", 30, 12); /* a long sentence is an alarm to its end */
    rig_act(&rig, "bottom", "");
    int y = 0;
    while (y < 12 && canvas_at(&rig.c, 4, y).code != '!')
        y++;
    CU_ASSERT_FATAL(y < 11);
    CU_ASSERT_EQUAL(canvas_at(&rig.c, 6, y + 1).role, ROLE_ALARM);
    CU_ASSERT_NOT_EQUAL(canvas_at(&rig.c, 6, y + 1).code, ' ');
    rig_end(&rig);
}

static void test_entry(void)
{
    struct view_rig rig;
    begin_protected(&rig);
    rig_view(&rig, "tables", 80, 24);
    rig_act(&rig, "down", "");
    rig_act(&rig, "open", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "GDT[1], selector 0x8, at 0x808"));
    CU_ASSERT_TRUE(rig_shows(&rig, "raw 00cf9b000000ffff"));
    rig_act(&rig, "right", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "GDT[2]"));
    for (int i = 0; i < 6; i++)
        rig_act(&rig, "right", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "GDT[4]")); /* the last */
    for (int i = 0; i < 6; i++)
        rig_act(&rig, "left", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "GDT[0]"));
    rig_act(&rig, "open", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "GDT at 0x800"));
    rig_act(&rig, "select", "0"); /* the tabs are no row of the table */
    rig_act(&rig, "select", "5");
    CU_ASSERT_EQUAL(canvas_at(&rig.c, 0, 5).look, LOOK_SELECTED);
    rig_end(&rig);
}

static void test_handlers(void)
{
    struct view_rig rig;
    begin_protected(&rig);
    put(&rig, 0x808, 0x00cf9b010000ffff, 8); /* code with base 0x10000 */
    rig_view(&rig, "tables", 80, 24);
    rig_act(&rig, "handler", "");
    CU_ASSERT_TRUE(strstr(text_str(&rig.answer), "no handler here") != NULL);
    rig_act(&rig, "right", "");
    rig_act(&rig, "right", "");
    rig_act(&rig, "down", "");
    rig_act(&rig, "handler", "");
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "view code; goto 0x12010");
    rig_act(&rig, "break-handler", "");
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "break *0x12010");
    rig_end(&rig);

    rig_begin(&rig); /* real mode: far pointers */
    put(&rig, 0x21 * 4, 0x12340056, 4);
    rig.s->sregs.idt.limit = 0x3ff;
    rig_aim(&rig);
    rig_view(&rig, "tables", 80, 24);
    rig_act(&rig, "right", "");
    rig_act(&rig, "right", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "[IVT]"));
    CU_ASSERT_TRUE(rig_shows(&rig, "255 of them hold 0000:0000"));
    rig_act(&rig, "handler", "");
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "view code; goto 0x12396");
    rig_act(&rig, "right", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "no TSS: real mode has one ring and one stack"));
    rig_end(&rig);

    rig_load_frame(&rig, "interrupts-end");
    rig_view(&rig, "tables", 80, 24);
    rig_act(&rig, "left", "");
    rig_act(&rig, "left", "");
    rig_act(&rig, "break-handler", "");
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "break *0x100250");
    rig_end(&rig);
}

/* A star marks entries that are not what they were at the stop before; a table that moved is another one. */
static void test_changed(void)
{
    struct view_rig rig, old;
    begin_protected(&old);
    begin_protected(&rig);
    put(&rig, 0x810, 0x00cf92000000ffff, 8);           /* data, no longer accessed */
    put(&rig, 0x1000 + 14 * 8, 0x00008e0000082ff0, 8); /* #PF has another handler */
    put(&rig, 0x3004, 0x9000, 4);                      /* ESP0 */
    rig_bytes(&old, 0x3000, "", 1);
    rig.s->earlier = old.s;
    rig_view(&rig, "tables", 80, 24);
    CU_ASSERT_TRUE(rig_shows(&rig, " 2* 0010"));
    CU_ASSERT_TRUE(rig_shows(&rig, " 1  0008"));
    rig_act(&rig, "left", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "[TSS]"));
    struct text note = {0};
    rig.v.ops->note(&rig.v, &note);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&note), "TSS, * changed"));
    text_fini(&note);
    rig_act(&rig, "left", "");
    CU_ASSERT_TRUE(rig_shows(&rig, " 14* #PF"));
    CU_ASSERT_TRUE(rig_shows(&rig, " 13  #GP"));
    old.s->sregs.idt.base = 0x2000;
    rig_reload(&rig);
    CU_ASSERT_TRUE(rig_shows(&rig, " 14  #PF"));
    rig_end(&rig);
    rig_end(&old);
}

static void test_narrow(void)
{
    struct view_rig rig;
    begin_protected(&rig);
    rig_view(&rig, "tables", 64, 14);
    CU_ASSERT_TRUE(rig_shows(&rig, " 1  0008  00000000  ffffffff  0  PGDA  32-bit code, readable"));
    rig_view(&rig, "tables", 36, 12);
    CU_ASSERT_TRUE(rig_shows(&rig, " 0  0000  null"));
    CU_ASSERT_TRUE(rig_shows(&rig, " 1  0008  32-bit code, readable"));
    CU_ASSERT_TRUE(shows_not(&rig, "00cf9b"));
    rig_act(&rig, "right", "");
    rig_act(&rig, "right", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "  3  #BP  0008:2030  P  32-bit inter"));
    rig_act(&rig, "right", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "  ESP0   00000000"));
    CU_ASSERT_TRUE(rig_act(&rig, "page-down", ""));
    rig_view(&rig, "tables", 36, 3); /* no room for the tabs */
    CU_ASSERT_TRUE(shows_not(&rig, "[GDT]"));
    CU_ASSERT_TRUE(rig_shows(&rig, " 0  0000  null"));
    rig_end(&rig);
}

static void test_trace(void)
{
    struct view_rig rig;
    rig_begin(&rig);
    rig.s->has_cpu = false;
    rig_view(&rig, "tables", 60, 10);
    CU_ASSERT_TRUE(rig_shows(&rig, "a trace holds no memory"));
    rig_act(&rig, "open", "");
    rig_act(&rig, "right", "");
    rig_act(&rig, "handler", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "a trace holds no memory"));
    rig_end(&rig);
}

static void test_hostile(void)
{
    static const char *const verbs[] = {"down", "right", "page-down", "open",   "up",      "open",
                                        "left", "right", "handler",   "bottom", "page-up", "top"};
    uint64_t seed = 0x2545f4914f6cdd1d;
    for (int round = 0; round < 40; round++) {
        struct view_rig rig;
        begin_protected(&rig);
        for (unsigned i = 0; i < 0x800; i++) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            put(&rig, i * 8, seed, 8);
        }
        rig.s->sregs.cr0 = round % 3 ? CR0_PE : 0;
        rig.s->sregs.gdt.base = seed >> 20 & 0xffff;
        rig.s->sregs.gdt.limit = 0xffff;
        rig.s->sregs.idt.base = seed >> 4 & 0x1fff;
        rig.s->sregs.idt.limit = 0xffff;
        rig.s->sregs.ldt = (struct kvm_segment){.base = seed, .selector = 8, .limit = 0xffffffff};
        rig.s->sregs.tr.base = seed >> 30 & 0x3fff;
        rig.s->sregs.tr.limit = 0xffffffff;
        if (round % 3 == 2) {
            rig.s->sregs.cr0 |= CR0_PG;
            rig.s->sregs.cr4 = CR4_PAE;
            rig.s->sregs.efer = EFER_LME | EFER_LMA;
            rig.s->sregs.cs.l = 1;
        }
        rig_aim(&rig);
        rig_view(&rig, "tables", 1 + (int)(seed >> 8 & 127), 1 + (int)(seed >> 16 & 63));
        for (int i = 0; i < 30; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            rig_act(&rig, verbs[(seed >> 40) % (sizeof verbs / sizeof verbs[0])], "");
        }
        CU_ASSERT(rig.wants.count <= 96);
        rig_end(&rig);
    }
}

static void test_golden(void)
{
    static const int sizes[][2] = {{36, 5}, {78, 20}, {120, 50}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct view_rig rig;
        rig_load_frame(&rig, "interrupts-end");
        rig_view(&rig, "tables", sizes[i][0], sizes[i][1]);
        rig_golden(&rig, "interrupts-end-gdt");
        rig_act(&rig, "right", "");
        rig_act(&rig, "right", "");
        rig_golden(&rig, "interrupts-end-idt");
        rig_act(&rig, "open", "");
        rig_golden(&rig, "interrupts-end-gate");
        rig_end(&rig);
        begin_protected(&rig);
        rig_view(&rig, "tables", sizes[i][0], sizes[i][1]);
        rig_act(&rig, "left", "");
        rig_golden(&rig, "made-tss");
        rig_end(&rig);
    }
}

static const struct unit_test tests[] = {
    {"turning to each table", test_turn},
    {"problems", test_problems},
    {"an entry", test_entry},
    {"changed entries", test_changed},
    {"handlers", test_handlers},
    {"narrow panes", test_narrow},
    {"a trace", test_trace},
    {"hostile tables", test_hostile},
    {"golden screens", test_golden},
};

UNIT_MAIN("tables view", tests)
