/*
 * The view of page tables: the tree in each paging scheme, the walk and where it fails, folds, what changed,
 * what there is without paging, the map, and tables that a hostile guest made.
 */
#include "unit.h"
#include "view_rig.h"

#include "gva_paths.h"
#include "vm/cpu.h"

static void put_entry(struct view_rig *rig, uint64_t gpa, uint64_t value, size_t len)
{
    uint8_t bytes[8];
    le_store(bytes, value, 8);
    rig_bytes(rig, gpa, bytes, len);
}

static void put64(struct view_rig *rig, uint64_t table, unsigned index, uint64_t value)
{
    put_entry(rig, table + 8 * index, value, 8);
}

/* A CPU with paging on as in that path, and RAM, but no entries yet. */
static void begin(struct view_rig *rig, const struct path *p)
{
    rig_begin(rig);
    rig->s->sregs.cr0 = p->c.cr0;
    rig->s->sregs.cr3 = p->c.cr3;
    rig->s->sregs.cr4 = p->c.cr4;
    rig->s->sregs.efer = p->c.efer;
    rig->s->sregs.cs.l = (p->c.efer & EFER_LMA) != 0;
    put64(rig, p->c.cr3 & ~0xfffull, 0, 0);
    rig_aim(rig);
}

static void begin_path(struct view_rig *rig, const struct path *p)
{
    begin(rig, p);
    for (size_t i = 0; i < p->levels; i++)
        put_entry(rig, p->entry_gpa[i], p->next[i] | (i ? PWU : p->top_bits), p->entry_len);
}

static void act_goto(struct view_rig *rig, uint64_t gva)
{
    char text[24];
    snprintf(text, sizeof text, "0x%llx", (unsigned long long)gva);
    CU_ASSERT_TRUE(rig_act(rig, "goto", text));
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

/* Is there a row with both? */
static bool row_has(struct view_rig *rig, const char *label, const char *words)
{
    struct text out = {0};
    bool found = false;
    canvas_dump(&rig->c, false, &out);
    for (const char *at = text_str(&out); !found && (at = strstr(at, label)) != NULL; at++) {
        const char *there = strstr(at, words);
        found = there && there < at + strcspn(at, "\n");
    }
    if (!found)
        printf("\nno row with \"%s\" and \"%s\" in:\n%s", label, words, text_str(&out));
    text_fini(&out);
    return found;
}

/* The row of the window that has these words; -1: none. */
static int row_of(const struct view_rig *rig, const char *words)
{
    struct text out = {0};
    int row = 0;
    canvas_dump(&rig->c, false, &out);
    const char *at = strstr(text_str(&out), words);
    for (const char *s = text_str(&out); at && s < at; s++)
        row += *s == '\n';
    text_fini(&out);
    return at ? row : -1;
}

static void test_schemes(void)
{
    for (size_t i = 0; i < PATHS; i++) {
        struct view_rig rig;
        char words[64];
        begin_path(&rig, &paths[i]);
        rig_view(&rig, "pages", 100, 32);
        act_goto(&rig, paths[i].gva);
        snprintf(words, sizeof words, "%s paging, CR3 0x%llx", paths[i].name,
                 (unsigned long long)paths[i].c.cr3);
        CU_ASSERT_TRUE(rig_shows(&rig, words));
        snprintf(words, sizeof words, "0x%llx → physical 0x6abc RAM; ring 0 rwx, ring 3 rwx",
                 (unsigned long long)paths[i].gva);
        CU_ASSERT_TRUE(rig_shows(&rig, words));
        for (size_t k = 0; k < paths[i].levels; k++) {
            uint64_t table = k ? paths[i].next[k - 1] : paths[i].c.cr3;
            snprintf(words, sizeof words, "%s %u ", paths[i].level[k],
                     (unsigned)((paths[i].entry_gpa[k] - table) / paths[i].entry_len));
            int row = row_of(&rig, words);
            CU_ASSERT(row > 0);
            CU_ASSERT_EQUAL(canvas_at(&rig.c, 1, row).code, 0x25ba);
        }
        rig_end(&rig);
    }
}

/* Each level in turn is the one that fails, absent and then with a reserved bit. */
static void test_failures(void)
{
    for (size_t i = 0; i < PATHS; i++)
        for (size_t k = 0; k < paths[i].levels; k++) {
            struct view_rig rig;
            char words[80];
            begin_path(&rig, &paths[i]);
            put_entry(&rig, paths[i].entry_gpa[k], 0, paths[i].entry_len);
            rig_view(&rig, "pages", 100, 24);
            act_goto(&rig, paths[i].gva);
            snprintf(words, sizeof words, ": %s not present: a read is #PF, error 0x0 (p w u rsvd i)",
                     paths[i].level[k]);
            CU_ASSERT_TRUE(rig_shows(&rig, words));
            if (paths[i].entry_len == 8) {
                put_entry(&rig, paths[i].entry_gpa[k], paths[i].next[k] | P | 1ull << 62 | NX, 8);
                rig_reload(&rig);
                CU_ASSERT_TRUE(rig_shows(&rig, "error 0x9 (P w u RSVD i)"));
                CU_ASSERT_TRUE(rig_shows(&rig, "reserved bits set"));
            }
            rig_view(&rig, "pages", 36, 5);
            put_entry(&rig, paths[i].entry_gpa[k], 0, paths[i].entry_len);
            act_goto(&rig, paths[i].gva);
            snprintf(words, sizeof words, "! %s not present: #PF, error 0x0", paths[i].level[k]);
            CU_ASSERT_TRUE(rig_shows(&rig, words));
            CU_ASSERT_EQUAL(canvas_at(&rig.c, 0, 4).role, ROLE_ALARM);
            rig_end(&rig);
        }
}

static void test_not_canonical(void)
{
    struct view_rig rig;
    begin_path(&rig, &paths[P4]);
    rig_view(&rig, "pages", 80, 20);
    act_goto(&rig, 0x800000000000);
    CU_ASSERT_TRUE(rig_shows(&rig, "! 0x800000000000 is not canonical: #GP"));
    rig_end(&rig);
    begin_path(&rig, &paths[P32]);
    rig_view(&rig, "pages", 80, 20);
    act_goto(&rig, 0xf00000000 | paths[P32].gva); /* 32 bits count */
    CU_ASSERT_TRUE(rig_shows(&rig, "→ physical 0x6abc"));
    rig_end(&rig);
}

/* A PML4 whose first entry leads to a PDPT of one PD of 2-MiB pages. */
static void begin_pages(struct view_rig *rig)
{
    begin(rig, &paths[P4]);
    put64(rig, 0x1000, 0, 0x2000 | PWU);
    put64(rig, 0x2000, 0, 0x3000 | P | W | NX);
    rig->s->sregs.efer |= EFER_NXE;
    for (unsigned i = 0; i < 16; i++)
        put64(rig, 0x3000, i, i * 2 * MIB | P | W | PS | U);
    put64(rig, 0x3000, 20, 0x4000 | PWU);
    rig_aim(rig);
}

static void test_arrows(void)
{
    struct view_rig rig;
    begin_pages(&rig);
    rig_view(&rig, "pages", 110, 29);
    CU_ASSERT_TRUE(row_has(&rig, "PML4E 1..511 ", "0x8000000000  511 entries not present"));
    CU_ASSERT_TRUE(row_has(&rig, "PDE 1..15 ", "15 pages of 2M from 0x200000"));
    CU_ASSERT_TRUE(row_has(&rig, "PDE 0 ", "2M page at 0x0")); /* RIP's */
    /* The PD's own entries are a user's and executable, the way there is neither. */
    CU_ASSERT_TRUE(row_has(&rig, "PDE 0 ", "rw- ---"));
    rig_act(&rig, "down", "");
    rig_act(&rig, "right", ""); /* the run becomes its entries */
    CU_ASSERT_TRUE(row_has(&rig, "PDE 15 ", "2M page at 0x1e00000"));
    rig_act(&rig, "right", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "PDE 1 at 0x3008: 0x0000000000200087"));
    rig_act(&rig, "left", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "PDE 15 "));
    rig_act(&rig, "left", "");
    CU_ASSERT_TRUE(shows_not(&rig, "PDE 15 "));
    rig_act(&rig, "left", ""); /* up to the PDPTE, which then closes */
    CU_ASSERT_TRUE(rig_shows(&rig, "PDPTE 0 at 0x2000:"));
    rig_act(&rig, "open", "");
    CU_ASSERT_TRUE(shows_not(&rig, "PDE 1..15"));
    rig_act(&rig, "top", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "PML4E 0 at 0x1000:"));
    CU_ASSERT_TRUE(rig_shows(&rig, "so far ring 0 rwx, ring 3 rwx"));
    rig_end(&rig);
}

/* A walk takes its entry out of a run, whatever it is. */
static void test_walk_splits(void)
{
    struct view_rig rig;
    begin_pages(&rig);
    rig_view(&rig, "pages", 110, 40);
    act_goto(&rig, 9 * 2 * MIB + 0x123);
    CU_ASSERT_TRUE(rig_shows(&rig, "PDE 0..8 "));
    CU_ASSERT_TRUE(rig_shows(&rig, "PDE 9 "));
    CU_ASSERT_TRUE(rig_shows(&rig, "PDE 10..15 "));
    CU_ASSERT_TRUE(rig_shows(&rig, "→ physical 0x1200123 nothing; ring 0 rw-, ring 3 ---"));
    CU_ASSERT_TRUE(rig_shows(&rig, "#PF 0x5 (P w U rsvd i)")); /* the walk in full */
    act_goto(&rig, 40ull << 39);
    CU_ASSERT_TRUE(rig_shows(&rig, "PML4E 1..39 "));
    CU_ASSERT_TRUE(rig_shows(&rig, "PML4E 41..511 "));
    CU_ASSERT_TRUE(rig_act(&rig, "rip", ""));
    CU_ASSERT_TRUE(rig_shows(&rig, "PML4E 1..511 "));
    rig.s->sregs.cr2 = 3 * MIB;
    rig_act(&rig, "fault", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "0x300000 → physical 0x300000"));
    rig_end(&rig);
}

/* An entry that is opened by hand stays selected while tables come and go around it. */
static void test_pages_come_late(void)
{
    struct view_rig rig;
    begin(&rig, &paths[P4]);
    rig_view(&rig, "pages", 80, 20);
    act_goto(&rig, paths[P4].gva);
    CU_ASSERT_TRUE(rig_shows(&rig, "PML4E not present"));
    for (size_t i = 0; i < 4; i++) {
        put_entry(&rig, paths[P4].entry_gpa[i], paths[P4].next[i] | PWU, 8);
        rig_reload(&rig);
    }
    CU_ASSERT_TRUE(rig_shows(&rig, "PTE 77 at 0x4268"));
    rig_act(&rig, "up", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "PTE 0..76 at 0x4000"));
    put_entry(&rig, 0x1000, 0x5000 | PWU, 8); /* lines above it */
    put_entry(&rig, 0x2000, 0x5000 | PWU, 8);
    rig_reload(&rig);
    CU_ASSERT_TRUE(rig_shows(&rig, "PTE 0..76 at 0x4000"));
    rig_end(&rig);
}

static void test_changed(void)
{
    struct view_rig rig, old;
    begin_pages(&old);
    begin_pages(&rig);
    put64(&rig, 0x3000, 12, 12 * 2 * MIB | P | W | PS | U | 0x20);
    put64(&rig, 0x3000, 30, 0x5000 | P);
    rig.s->earlier = old.s;
    rig_view(&rig, "pages", 110, 29);
    int row = row_of(&rig, "PDE 1..15 ");
    CU_ASSERT_FATAL(row > 0);
    CU_ASSERT_EQUAL(canvas_at(&rig.c, 0, row).code, '*');
    CU_ASSERT_EQUAL(canvas_at(&rig.c, 0, row).role, ROLE_CHANGED);
    CU_ASSERT_EQUAL(canvas_at(&rig.c, 0, row_of(&rig, "PDE 0 ")).code, ' ');
    rig_act(&rig, "changed", "");
    CU_ASSERT_TRUE(
        rig_shows(&rig, "* 1 changed since the stop before: the first, 12, was 0x0000000001800087"));
    rig_act(&rig, "right", "");
    rig_act(&rig, "changed", ""); /* the entry in the run */
    CU_ASSERT_TRUE(rig_shows(&rig, "* was 0x0000000001800087 at the stop before; changed: A"));
    rig_act(&rig, "changed", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "PDE 30 at 0x30f0"));
    struct text note = {0};
    rig.v.ops->note(&rig.v, &note);
    CU_ASSERT_STRING_EQUAL(text_str(&note), "* 2 changed, rip");
    text_fini(&note);
    rig.s->earlier = NULL;
    rig_reload(&rig);
    rig_act(&rig, "changed", "");
    CU_ASSERT_TRUE(strstr(text_str(&rig.answer), "no entry") != NULL);
    rig_end(&rig);
    rig_end(&old);
}

static void test_bits(void)
{
    struct view_rig rig;
    begin_pages(&rig);
    rig_view(&rig, "pages", 110, 30);
    int row = row_of(&rig, "PDPTE 0 "), x = 0;
    struct text out = {0};
    while (canvas_at(&rig.c, x, row).code != 'N')
        x++;
    CU_ASSERT_EQUAL(canvas_at(&rig.c, x, row).role, ROLE_NX);
    rig_act(&rig, "entry", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "a large page: 2 MiB from a PDE"));
    CU_ASSERT_TRUE(rig_shows(&rig, "page size"));
    rig_act(&rig, "left", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "PML4E 1..511"));
    rig_act(&rig, "bottom", "");
    rig_act(&rig, "open", ""); /* an entry that leads nowhere */
    CU_ASSERT_TRUE(rig_shows(&rig, "P is 0: the other bits mean nothing"));
    text_fini(&out);
    rig_end(&rig);
}

/* A PML4 that is its own PDPT, PD and PT, all over. */
static void test_loops(void)
{
    struct view_rig rig;
    begin(&rig, &paths[P5]);
    for (unsigned i = 0; i < 512; i++)
        put64(&rig, 0x1000, i, 0x1000 | PWU);
    rig_view(&rig, "pages", 110, 30);
    CU_ASSERT_TRUE(rig_shows(&rig, "leads back"));
    act_goto(&rig, 0x123456789000);
    CU_ASSERT_TRUE(rig_shows(&rig, "→ physical 0x1000 RAM"));
    for (int i = 0; i < 200; i++) {
        rig_act(&rig, "right", "");
        rig_act(&rig, i % 3 ? "down" : "up", "");
    }
    CU_ASSERT_TRUE(rig_shows(&rig, "5-level paging"));
    rig_end(&rig);
}

static void test_no_tables(void)
{
    struct view_rig rig;
    rig_begin(&rig);
    put64(&rig, 0x1000, 0, 0);
    rig.s->sregs.cs = (struct kvm_segment){.base = 0x7c00, .selector = 0x7c0, .limit = 0xffff};
    rig_aim(&rig);
    rig_view(&rig, "pages", 78, 20);
    CU_ASSERT_TRUE(
        rig_shows(&rig, "Paging is off (CR0.PG is 0): no tables, and linear addresses are physical."));
    CU_ASSERT_TRUE(rig_shows(&rig, "Real mode has segments: linear = selector x 16 + offset"));
    CU_ASSERT_TRUE(rig_shows(&rig, "cs 07c0  0x00007c00-0x00017bff"));
    act_goto(&rig, 0x1234);
    CU_ASSERT_TRUE(rig_shows(&rig, "0x1234 is physical 0x1234: RAM"));
    rig.s->sregs.cr0 = CR0_PE;
    rig.s->sregs.cr3 = 0x9000;
    rig_aim(&rig);
    rig_reload(&rig);
    CU_ASSERT_TRUE(rig_shows(&rig, "Segments alone decide"));
    CU_ASSERT_TRUE(rig_shows(&rig, "CR3 is 0x9000 already"));
    rig.s->has_cpu = false;
    rig_reload(&rig);
    CU_ASSERT_TRUE(rig_shows(&rig, "no page tables at this event"));
    rig_end(&rig);
    begin(&rig, &paths[P4]);
    rig.s->sregs.cr3 = 0x80000000;
    rig_aim(&rig);
    rig_view(&rig, "pages", 78, 20);
    CU_ASSERT_TRUE(rig_shows(&rig, "! no memory at 0x80000000, where CR3 points"));
    rig_end(&rig);
}

static void test_map(void)
{
    char question[] = "mem", answer[] =
                                 "4-level paging, CR3 0x1000; WP 0\n"
                                 "linear                             length  super  user  AD\n"
                                 "0000000000000000-0000000000200000      2M  rw-    ---   A-  2M        "
                                 "0x0  RAM\n"
                                 "0000000000200000-0000000002000000     30M  rw-    r--   --  2M        "
                                 "0x200000  nothing\n"
                                 "fffffffffffff000-10000000000000000      4K  the same as at 0x0: again\n";
    struct snapshot_asks asks = {.question = {question}, .answer = {answer}};
    struct view_rig rig;
    begin_pages(&rig);
    rig_view(&rig, "pages", 110, 20);
    CU_ASSERT_PTR_NULL(rig.v.ops->question(&rig.v));
    rig_act(&rig, "map", "");
    CU_ASSERT_STRING_EQUAL(rig.v.ops->question(&rig.v), "mem");
    CU_ASSERT_TRUE(rig_shows(&rig, "the map is being made"));
    rig.s->asks = &asks;
    rig_reload(&rig);
    CU_ASSERT_TRUE(rig_shows(&rig, "0000000000200000-0000000002000000     30M  rw-    r--"));
    act_goto(&rig, 0xfffffffffffff123);
    rig_view(&rig, "pages", 36, 6);
    rig_act(&rig, "map", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "0x200000              30M rw- r-- →"));
    act_goto(&rig, 0x212345);
    CU_ASSERT_EQUAL(canvas_at(&rig.c, 0, 3).look, LOOK_SELECTED);
    act_goto(&rig, 0x2000000);
    CU_ASSERT_STRING_EQUAL(text_str(&rig.answer), "0x2000000 is in no range");
    rig_act(&rig, "search", "30m");
    rig_act(&rig, "open", "");
    CU_ASSERT_TRUE(rig_shows(&rig, "0x200000 → 0x200000"));
    rig_end(&rig);
}

static void test_hostile(void)
{
    static const char *const verbs[] = {"down", "right", "page-down", "left",   "up",      "open", "entry",
                                        "map",  "right", "changed",   "bottom", "page-up", "rip",  "top"};
    uint64_t seed = 0x9e3779b97f4a7c15;
    for (size_t scheme = 0; scheme < PATHS; scheme++)
        for (int round = 0; round < 8; round++) {
            struct view_rig rig;
            begin(&rig, &paths[scheme]);
            for (unsigned i = 0; i < 6 * 512; i++) {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                uint64_t entry = seed & 0xfff;
                entry |= (seed >> 20 & 7) << 12;
                put_entry(&rig, 0x1000 + i * 8, seed >> 60 ? entry : seed, 8);
            }
            rig_view(&rig, "pages", 1 + (int)(seed >> 8 & 127), 1 + (int)(seed >> 16 & 63));
            for (int i = 0; i < 60; i++) {
                seed = seed * 6364136223846793005u + 1442695040888963407u;
                if (seed >> 60 == 0)
                    act_goto(&rig, seed);
                else
                    rig_act(&rig, verbs[(seed >> 40) % (sizeof verbs / sizeof verbs[0])], "");
            }
            CU_ASSERT(rig.wants.count < 200);
            rig_end(&rig);
        }
}

static void test_golden(void)
{
    static const int sizes[][2] = {{36, 5}, {78, 20}, {120, 50}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct view_rig rig;
        rig_load_frame(&rig, "paging-window");
        rig_view(&rig, "pages", sizes[i][0], sizes[i][1]);
        act_goto(&rig, 0x8000000000);
        rig_golden(&rig, "paging-window-pages");
        act_goto(&rig, 0x8000001000);
        rig_golden(&rig, "paging-window-pages-fails");
        rig_end(&rig);
        rig_load_frame(&rig, "boot64-real");
        rig_view(&rig, "pages", sizes[i][0], sizes[i][1]);
        rig_golden(&rig, "boot64-real-pages");
        rig_end(&rig);
    }
}

static const struct unit_test tests[] = {
    {"schemes", test_schemes},
    {"failures", test_failures},
    {"not canonical", test_not_canonical},
    {"arrows", test_arrows},
    {"walk splits runs", test_walk_splits},
    {"pages come late", test_pages_come_late},
    {"changed entries", test_changed},
    {"bits", test_bits},
    {"loops", test_loops},
    {"no tables", test_no_tables},
    {"map", test_map},
    {"hostile tables", test_hostile},
    {"golden screens", test_golden},
};

UNIT_MAIN("pages view", tests)
