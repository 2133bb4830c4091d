/*
 * The memory view: what it shows of linear and physical memory, how bytes are typed over, and how it
 * searches.
 */
#include "unit.h"
#include "view_rig.h"

#include "vm/cpu.h"

#include "debug_symbols.h"

/* A view of 78 columns and 20 rows: 19 of memory, and the line about the selected byte. */
static void begin(struct view_rig *rig)
{
    rig_begin(rig);
    rig->s->regs.rip = 0x7c00;
    rig->s->regs.rsp = 0x7000;
    rig_aim(rig);
    rig_bytes(rig, 0x7c00, "Hello\xff", 6);
    rig_view(rig, "memory", 78, 20);
}

/* The last row begins with the selected address. */
static uint64_t selected(const struct view_rig *rig)
{
    uint64_t at = 0;
    for (int x = 0; canvas_at(&rig->c, x, rig->c.h - 1).code != ' '; x++) {
        char digit[2] = {(char)canvas_at(&rig->c, x, rig->c.h - 1).code, '\0'};
        at = at << 4 | strtoul(digit, NULL, 16);
    }
    return at;
}

/* One key while bytes are typed; rig->answer is the command it led to, or the message. */
static void type(struct view_rig *rig, const char *bytes)
{
    struct view_reply r = {0};
    rig->v.ops->typed(&rig->v, bytes, strlen(bytes), &r);
    text_clear(&rig->answer);
    text_add(&rig->answer, text_str(r.command.len ? &r.command : &r.message));
    view_reply_fini(&r);
    rig_reload(rig);
}

static const char *note(const struct view_rig *rig, struct text *out)
{
    text_clear(out);
    rig->v.ops->note(&rig->v, out);
    return text_str(out);
}

static void test_rows(void)
{
    struct view_rig rig;
    begin(&rig);
    CU_ASSERT_TRUE(rig_shows(&rig, "00007c00  48 65 6c 6c 6f ff 00 00  00"));
    CU_ASSERT_TRUE(rig_shows(&rig, "Hello..."));
    CU_ASSERT_TRUE(rig_shows(&rig, "48 72  word 6548  dword 6c6c6548"));
    CU_ASSERT_EQUAL(canvas_at(&rig.c, 13, 0).role, ROLE_VALUE);
    CU_ASSERT_EQUAL(canvas_at(&rig.c, 10 + 3 * 6, 0).role, ROLE_DIM);
    rig_view(&rig, "memory", 36, 5);
    CU_ASSERT_TRUE(rig_shows(&rig, "007c00 4865 6c6c 6fff 0000 Hello"));
    CU_ASSERT_EQUAL(canvas_at(&rig.c, 5, 4).code, '0'); /* all rows are memory there */
    rig_end(&rig);
}

/* The VGA window, and what lies behind the end of memory, are holes; the bytes before them are not. */
static void test_holes(void)
{
    struct view_rig rig;
    begin(&rig);
    CU_ASSERT_TRUE(rig_act(&rig, "goto", "0xfffff0"));
    rig_bytes(&rig, 0xfffff0, "edge", 4);
    rig_reload(&rig);
    CU_ASSERT_TRUE(rig_shows(&rig, "00fffff0  65 64 67 65"));
    CU_ASSERT_TRUE(rig_shows(&rig, "01000000  -- -- -- --"));
    CU_ASSERT_TRUE(rig_act(&rig, "down", ""));
    CU_ASSERT_TRUE(rig_shows(&rig, "a hole: no memory"));
    CU_ASSERT_TRUE(rig_act(&rig, "edit", ""));
    CU_ASSERT_FALSE(rig.v.grabs);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_str(&rig.answer), "nothing to edit"));
    rig_end(&rig);
}

/* A page that is not in the snapshot is asked for, and no zeros are made up for it. */
static void test_missing_page(void)
{
    struct view_rig rig;
    begin(&rig);
    rig_act(&rig, "goto", "0x9000");
    CU_ASSERT_TRUE(rig.wants.missed);
    CU_ASSERT_EQUAL(rig.wants.gpa[0], 0x9000);
    CU_ASSERT_TRUE(rig_shows(&rig, "00009000  .. .. .."));
    rig_bytes(&rig, 0x9000, "here", 4);
    rig_reload(&rig);
    CU_ASSERT_FALSE(rig.wants.missed);
    CU_ASSERT_TRUE(rig_shows(&rig, "00009000  68 65 72 65"));
    rig_end(&rig);
}

static void test_changed(void)
{
    struct view_rig rig;
    static uint8_t before[SNAPSHOT_PAGE_LEN];
    struct snapshot *earlier = (struct snapshot *)calloc(1, sizeof *earlier);
    begin(&rig);
    CU_ASSERT_PTR_NOT_NULL_FATAL(earlier);
    memcpy(before, rig.s->pages[0].bytes, sizeof before);
    before[0xc01] = 0x11;
    earlier->pages[earlier->page_count++] = (struct snapshot_page){0x7000, before, true};
    rig.s->earlier = earlier;
    rig_reload(&rig);
    CU_ASSERT_TRUE(rig_shows(&rig, "00007c00  48*65 6c"));
    CU_ASSERT_EQUAL(canvas_at(&rig.c, 13, 0).role, ROLE_CHANGED);
    CU_ASSERT_EQUAL(canvas_at(&rig.c, 10, 0).role, ROLE_VALUE);
    rig.s->earlier = NULL;
    free(earlier);
    rig_end(&rig);
}

static void test_moving(void)
{
    struct view_rig rig;
    begin(&rig);
    rig_act(&rig, "down", "");
    rig_act(&rig, "right", "");
    CU_ASSERT_EQUAL(selected(&rig), 0x7c11);
    rig_act(&rig, "page-down", "");
    CU_ASSERT_EQUAL(selected(&rig), 0x7c11 + 18 * 16);
    rig_act(&rig, "select", "0");
    CU_ASSERT_EQUAL(selected(&rig) & 15, 1);
    rig_act(&rig, "top", "");
    rig_act(&rig, "left", "");
    rig_act(&rig, "up", "");
    CU_ASSERT_EQUAL(selected(&rig), 0);
    rig_act(&rig, "bottom", "");
    rig_act(&rig, "right", "");
    rig_act(&rig, "down", "");
    CU_ASSERT_EQUAL(selected(&rig), 0xffffffff);
    CU_ASSERT_EQUAL(canvas_at(&rig.c, 0, 18).code, 'f');
    rig_act(&rig, "space", "");
    rig_act(&rig, "bottom", "");
    CU_ASSERT_EQUAL(selected(&rig), 0xffffff);
    rig_act(&rig, "goto", "0xfffffffffffffff8");
    rig_act(&rig, "page-down", "");
    CU_ASSERT_EQUAL(selected(&rig), 0xfffffffffffffff8);
    CU_ASSERT_TRUE(rig_shows(&rig, "fffffffffffffff0 ----"));
    rig_end(&rig);
}

static void test_typing(void)
{
    struct view_rig rig;
    struct text words = {0};
    begin(&rig);
    rig_act(&rig, "edit", "");
    CU_ASSERT_TRUE(rig.v.grabs);
    CU_ASSERT_PTR_NOT_NULL(strstr(note(&rig, &words), "editing"));
    type(&rig, "4");
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "");
    CU_ASSERT_TRUE(rig_shows(&rig, "00007c00  4_ 65"));
    type(&rig, "\x7f"); /* takes the digit back */
    CU_ASSERT_TRUE(rig_shows(&rig, "00007c00  48 65"));
    CU_ASSERT_TRUE(rig.v.grabs);
    type(&rig, "c");
    type(&rig, "D");
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "set byte [0x7c00] = 0xcd");
    CU_ASSERT_EQUAL(selected(&rig), 0x7c01);
    type(&rig, "\x1b[B");
    CU_ASSERT_EQUAL(selected(&rig), 0x7c11);
    type(&rig, "\x1b");
    CU_ASSERT_FALSE(rig.v.grabs);
    rig_act(&rig, "space", "");
    rig_act(&rig, "edit", "");
    type(&rig, "0");
    type(&rig, "9");
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "set phys byte [0x7c11] = 0x09");
    rig_act(&rig, "set-byte", "");
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "set phys byte [0x7c12] = ");
    text_fini(&words);
    rig_end(&rig);
}

/* Page tables that put gpa 0x5000 at linear 0x400000, and nothing behind it. */
static void begin_paged(struct view_rig *rig)
{
    static const uint8_t pde[] = {0x03, 0x20, 0, 0}, pte[] = {0x03, 0x50, 0, 0};
    rig_begin(rig);
    rig->s->sregs.cr0 = CR0_PE | CR0_PG;
    rig->s->sregs.cr3 = 0x1000;
    rig->s->sregs.cs.db = rig->s->sregs.ss.db = 1;
    rig->s->regs.rip = 0x400000;
    rig_aim(rig);
    rig_bytes(rig, 0x1004, pde, sizeof pde);
    rig_bytes(rig, 0x2000, pte, sizeof pte);
    rig_bytes(rig, 0x5000, "mapped", 6);
    rig_view(rig, "memory", 78, 20);
}

static void test_spaces(void)
{
    struct view_rig rig;
    struct text words = {0};
    begin_paged(&rig);
    CU_ASSERT_TRUE(rig_shows(&rig, "00400000  6d 61 70 70 65 64"));
    CU_ASSERT_TRUE(rig_shows(&rig, "gpa 5000"));
    rig_act(&rig, "space", "");
    CU_ASSERT_STRING_EQUAL(note(&rig, &words), "physical");
    CU_ASSERT_TRUE(rig_shows(&rig, "00005000  6d 61 70 70 65 64"));
    rig_act(&rig, "space", ""); /* the way back is known */
    CU_ASSERT_EQUAL(selected(&rig), 0x400000);
    rig_act(&rig, "goto", "0x400ff0");
    CU_ASSERT_TRUE(rig_shows(&rig, "00400ff0  00"));
    CU_ASSERT_TRUE(rig_shows(&rig, "00401000  --"));
    rig_act(&rig, "down", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "a hole: PTE not present"));
    rig_act(&rig, "space", ""); /* nothing is behind it: the same number */
    CU_ASSERT_EQUAL(selected(&rig), 0x401000);
    CU_ASSERT_TRUE(text_str(&rig.answer)[0] != '\0');
    text_fini(&words);
    rig_end(&rig);
}

static void test_follows(void)
{
    struct view_rig rig;
    struct text words = {0};
    begin(&rig);
    rig_act(&rig, "follow", "");
    CU_ASSERT_EQUAL(selected(&rig), 0x7000);
    CU_ASSERT_STRING_EQUAL(note(&rig, &words), "linear, follows RSP");
    rig.s->regs.rsp = 0x6ffe;
    rig_aim(&rig);
    rig_reload(&rig);
    CU_ASSERT_EQUAL(selected(&rig), 0x6ffe);
    rig_act(&rig, "follow", "");
    CU_ASSERT_EQUAL(selected(&rig), 0x7c00);
    rig_act(&rig, "down", ""); /* who moves, does not follow */
    CU_ASSERT_STRING_EQUAL(note(&rig, &words), "linear");
    text_fini(&words);
    rig_end(&rig);
}

/* ---- searching ---- */

/* Lets the debugger answer the question that the view now has. */
static void answer(struct view_rig *rig, struct snapshot_asks *asks, const char *words)
{
    char question[512], copy[512];
    const char *asked = rig->v.ops->question(&rig->v);
    snprintf(question, sizeof question, "%s", asked ? asked : "none");
    snprintf(copy, sizeof copy, "%s", words);
    asks->question[0] = question;
    asks->answer[0] = copy;
    rig->s->asks = asks;
    rig_reload(rig);
    rig->s->asks = NULL;
    *asks = (struct snapshot_asks){0};
}

static void test_search(void)
{
    struct view_rig rig;
    struct snapshot_asks asks = {0};
    struct text words = {0};
    begin(&rig);
    CU_ASSERT_PTR_NULL(rig.v.ops->question(&rig.v));
    CU_ASSERT_TRUE(rig_act(&rig, "search", "say \"hi\""));
    CU_ASSERT_STRING_EQUAL(rig.v.ops->question(&rig.v), "find 0x7c01, 0xffff83fe, \"say \\\"hi\\\"\"");
    answer(&rig, &asks, "  0x00009123 <text>\n  0x0000a000\n2 places\n");
    CU_ASSERT_EQUAL(selected(&rig), 0x9123);
    CU_ASSERT_PTR_NULL(rig.v.ops->question(&rig.v));
    rig_act(&rig, "search", "dword 0x55aa"); /* what `find` reads itself */
    CU_ASSERT_STRING_EQUAL(rig.v.ops->question(&rig.v), "find 0x9124, 0xffff6edb, dword 0x55aa");
    answer(&rig, &asks, "0 places\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(rig.v.ops->question(&rig.v)); /* from the beginning */
    CU_ASSERT_EQUAL(strncmp(rig.v.ops->question(&rig.v), "find 0x0, ", 10), 0);
    answer(&rig, &asks, "0 places\n");
    CU_ASSERT_PTR_NULL(rig.v.ops->question(&rig.v));
    CU_ASSERT_PTR_NOT_NULL(strstr(note(&rig, &words), "is not there"));
    CU_ASSERT_EQUAL(selected(&rig), 0x9123);
    rig.s->state = STATE_RUNNING;
    rig_act(&rig, "search", "x");
    CU_ASSERT_PTR_NULL(rig.v.ops->question(&rig.v));
    text_fini(&words);
    rig_end(&rig);
}

static void test_search_back(void)
{
    struct view_rig rig;
    struct snapshot_asks asks = {0};
    begin(&rig);
    rig_act(&rig, "goto", "0x50000");
    rig_act(&rig, "search-back", "x");
    CU_ASSERT_STRING_EQUAL(rig.v.ops->question(&rig.v), "find 0x40000, 0x10100, \"x\"");
    answer(&rig, &asks, "  0x00050000\n1 place\n"); /* the selected byte itself does not count */
    CU_ASSERT_STRING_EQUAL(rig.v.ops->question(&rig.v), "find 0x0, 0x40100, \"x\"");
    answer(&rig, &asks, "  0x00000010\n  0x00000020\n2 places; stopped at 0x21\n");
    CU_ASSERT_STRING_EQUAL(rig.v.ops->question(&rig.v), "find 0x20010, 0x200f0, \"x\""); /* the upper half */
    answer(&rig, &asks, "0 places\n");
    CU_ASSERT_STRING_EQUAL(rig.v.ops->question(&rig.v), "find 0x10018, 0x100f8, \"x\"");
    answer(&rig, &asks, "  0x00010020\n1 place\n");
    CU_ASSERT_EQUAL(selected(&rig), 0x10020);
    CU_ASSERT_PTR_NULL(rig.v.ops->question(&rig.v));
    rig_end(&rig);
}

/* From the beginning of memory it goes on at the end, down to where it began. */
static void test_search_back_around(void)
{
    struct view_rig rig;
    struct snapshot_asks asks = {0};
    struct text words = {0};
    begin(&rig);
    rig_act(&rig, "goto", "0x50");
    rig_act(&rig, "search-back", "x");
    CU_ASSERT_STRING_EQUAL(rig.v.ops->question(&rig.v), "find 0x0, 0x150, \"x\"");
    answer(&rig, &asks, "0 places\n");
    CU_ASSERT_STRING_EQUAL(rig.v.ops->question(&rig.v), "find 0xfffeffff, 0x10000, \"x\"");
    answer(&rig, &asks, "0 places\n");
    CU_ASSERT_STRING_EQUAL(rig.v.ops->question(&rig.v), "find 0xffeeffff, 0x100100, \"x\"");
    answer(&rig, &asks, "  0xffff0000\n1 place\n"); /* behind the limit: it was seen already */
    int rounds = 0;
    for (; rig.v.ops->question(&rig.v) && rounds < 20; rounds++)
        answer(&rig, &asks, "0 places\n");
    CU_ASSERT_TRUE(rounds < 10);
    CU_ASSERT_PTR_NOT_NULL(strstr(note(&rig, &words), "is not there"));
    CU_ASSERT_EQUAL(selected(&rig), 0x50);
    rig_act(&rig, "search-back", "x");
    answer(&rig, &asks, "0 places\n");
    answer(&rig, &asks, "  0xffff0000\n1 place\n");
    CU_ASSERT_EQUAL(selected(&rig), 0xffff0000);
    text_fini(&words);
    rig_end(&rig);
}

/* ---- whole screens ---- */

static void test_golden(void)
{
    static const int sizes[][2] = {{36, 5}, {43, 10}, {66, 26}, {78, 20}, {120, 50}, {200, 30}};
    static const struct symbol names[] = {{"ticks", 0x101000, 4, false}, {"gates", 0x101020, 0x410, false}};
    static const struct symbols symbols = {names, 2};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct view_rig rig;
        rig_load_frame(&rig, "timer-break");
        rig.s->target.symbols = &symbols;
        rig_view(&rig, "memory", sizes[i][0], sizes[i][1]);
        rig_act(&rig, "goto", "0x101000");
        rig_golden(&rig, "timer-memory");
        rig_end(&rig);
    }
}

static void test_trace(void)
{
    struct view_rig rig;
    begin(&rig);
    rig.s->has_cpu = false;
    rig_view(&rig, "memory", 40, 6);
    CU_ASSERT_TRUE(rig_shows(&rig, "a trace holds no memory"));
    CU_ASSERT_FALSE(rig_act(&rig, "down", ""));
    rig_end(&rig);
}

static const struct unit_test tests[] = {
    {"rows", test_rows},
    {"holes", test_holes},
    {"a page that is missing", test_missing_page},
    {"what changed", test_changed},
    {"moving", test_moving},
    {"typing over bytes", test_typing},
    {"linear and physical", test_spaces},
    {"following registers", test_follows},
    {"search", test_search},
    {"search backwards", test_search_back},
    {"search backwards, around", test_search_back_around},
    {"golden screens", test_golden},
    {"a trace", test_trace},
};

UNIT_MAIN("memory view", tests)
