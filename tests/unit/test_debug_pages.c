/*
 * `page ADDR` on tables made by hand: what it says of each scheme, each way to fail, and each right.
 */
#include "debug/pages.h"
#include "debug/symbols.h"
#include "page_target.h"

static void walk(const struct target *t, uint64_t gva, struct text *out)
{
    text_clear(out);
    pages_walk_write(t, gva, out);
    CU_ASSERT_FALSE(out->failed);
}

static void test_schemes(void)
{
    static const char *const want[PATHS][8] = {
        [P32] = {"32-bit paging, CR3 0x1000;", "linear 0x12b4dabc: PD 74, PT 845, offset 0xabc\n",
                 "PDE    74 at 0x1128  0x00002007  P RW US pwt pcd a ps  → PT at 0x2000\n",
                 "PTE   845 at 0x2d34  0x00006007  P RW US pwt pcd a d pat g  → page at 0x6000\n", "PSE 0"},
        [PAE] = {"PAE paging, CR3 0x1020;", "PDPT 3, PD 60, PT 77, offset 0xabc\n",
                 "PDPTE   3 at 0x1038  0x00002001  P pwt pcd  → PD at 0x2000\n", "CR3 was loaded"},
        [P4] = {"4-level paging,", "PML4 26, PDPT 43, PD 60, PT 77, offset 0xabc\n",
                "PML4E  26 at 0x10d0  0x00002007  P RW US pwt pcd a ps nx  → PDPT at 0x2000\n",
                "PTE    77 at 0x4268  0x00006007  P RW US pwt pcd a d pat g nx  → page at 0x6000\n"},
        [P5] = {"5-level paging,", "PML5 94, PML4 26, PDPT 43, PD 60, PT 77,",
                "PML5E  94 at 0x12f0  0x00002007  P RW US pwt pcd a ps nx  → PML4 at 0x2000\n"},
    };
    struct text out = {0};
    for (size_t s = 0; s < PATHS; s++) {
        struct target t;
        struct guest_memory m;
        target_path(&t, &m, s);
        walk(&t, paths[s].gva, &out);
        for (size_t i = 0; want[s][i]; i++)
            CU_ASSERT_TRUE(has(&out, want[s][i]));
        CU_ASSERT_TRUE(has(&out, "path: writable, a user's, executable\n"));
        CU_ASSERT_TRUE(has(&out, "supervisor  write  yes\n"));
        CU_ASSERT_TRUE(has(&out, "user        fetch  yes\n"));
        CU_ASSERT_TRUE(has(&out, "page of 4K, physical 0x6abc: RAM\n"));
        CU_ASSERT_EQUAL(strstr(text_str(&out), "page fault"), NULL);
        memory_fini(&m);
    }
    text_fini(&out);
}

/* Large pages, with the bits that such an entry has, and what is behind them. */
static void test_large(void)
{
    struct target t;
    struct guest_memory m;
    struct text out = {0};
    target_path(&t, &m, P32);
    t.sregs.cr4 |= CR4_PSE;
    entry_put(&m, &paths[P32], 0, 0x00400000 | PWU | PS | A_ | D_ | 1 << 8 | 1 << 12 | 0x21 << 13);
    walk(&t, paths[P32].gva, &out);
    CU_ASSERT_TRUE(has(&out, "P RW US pwt pcd A D PS G PAT  → page at 0x2100400000\n"));
    CU_ASSERT_TRUE(has(&out, "page of 4M, physical 0x210074dabc: nothing\n"));
    t.sregs.cr4 &= ~CR4_PSE;
    walk(&t, paths[P32].gva, &out);
    CU_ASSERT_TRUE(has(&out, "PS is ignored while CR4.PSE is 0"));
    memory_fini(&m);

    target_path(&t, &m, P4);
    entry_put(&m, &paths[P4], 2, 0 | PW | PS);
    walk(&t, paths[P4].gva & ~0x1fffffull, &out);
    CU_ASSERT_TRUE(has(&out, "P RW us pwt pcd a d PS g pat nx  → page at 0x0\n"));
    CU_ASSERT_TRUE(has(&out, "page of 2M, physical 0x0: RAM\n"));
    walk(&t, (paths[P4].gva & ~0x1fffffull) + 0xb8000, &out);
    CU_ASSERT_TRUE(has(&out, "physical 0xb8000: VGA window\n"));
    entry_put(&m, &paths[P4], 1, GIB | PW | PS);
    walk(&t, paths[P4].gva, &out);
    CU_ASSERT_TRUE(has(&out, "page of 1G, physical 0x4784dabc: nothing\n"));
    memory_fini(&m);
    text_fini(&out);
}

/* The table of rights: for these bits of the last entry under these controls, the six answers in order. */
static void test_rights(void)
{
    static const struct {
        uint64_t bits, cr0, cr4, efer;
        bool ac;
        const char *want[6]; /* supervisor read write fetch, user read write fetch */
    } rows[] = {
        {PWU, 0, 0, 0, false, {"yes\n", "yes\n", "yes\n", "yes\n", "yes\n", "yes\n"}},
        {P | U,
         0,
         0,
         0,
         false,
         {"yes\n", "yes, since CR0.WP is 0\n", "yes\n", "yes\n",
          "#PF 0x7 (P W U rsvd i): the page is read-only\n", "yes\n"}},
        {P | U,
         CR0_WP,
         0,
         0,
         false,
         {"yes\n",
          "#PF 0x3 (P W u rsvd i): the page is read-only, for the supervisor too "
          "(CR0.WP)\n",
          "yes\n", "yes\n", "#PF 0x7", "yes\n"}},
        {PW,
         CR0_WP,
         CR4_SMEP | CR4_SMAP,
         0,
         false,
         {"yes\n", "yes\n", "yes\n", "#PF 0x5 (P w U rsvd i): the page belongs", "#PF 0x7",
          "#PF 0x15 (P w U rsvd I): the page belongs"}},
        {PWU,
         CR0_WP,
         CR4_SMEP | CR4_SMAP,
         0,
         false,
         {"#PF 0x1 (P w u rsvd i): the supervisor may not touch", "#PF 0x3",
          "#PF 0x11 (P w u rsvd I): the supervisor may not run", "yes\n", "yes\n", "yes\n"}},
        {PWU,
         CR0_WP,
         CR4_SMAP,
         0,
         true,
         {"yes, since RFLAGS.AC is 1\n", "yes, since RFLAGS.AC is 1\n", "yes\n", "yes\n", "yes\n", "yes\n"}},
        {PWU | NX,
         0,
         0,
         EFER_NXE,
         false,
         {"yes\n", "yes\n", "#PF 0x11 (P w u rsvd I): the page is not executable\n", "yes\n", "yes\n",
          "#PF 0x15"}},
        {PWU | NX,
         0,
         0,
         0,
         false,
         {"#PF 0x9 (P w u RSVD i): reserved bit set in the PTE\n", "#PF 0xb", "#PF 0x9", "#PF 0xd", "#PF 0xf",
          "#PF 0xd"}},
    };
    static const char *const names[6] = {"supervisor  read   ", "supervisor  write  ", "supervisor  fetch  ",
                                         "user        read   ", "user        write  ", "user        fetch  "};
    struct text out = {0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct target t;
        struct guest_memory m;
        target_path(&t, &m, P4);
        entry_put(&m, &paths[P4], 3, PAGE | rows[i].bits);
        t.sregs.cr0 |= rows[i].cr0;
        t.sregs.cr4 |= rows[i].cr4;
        t.sregs.efer |= rows[i].efer;
        t.regs.rflags |= rows[i].ac ? RFLAGS_AC : 0;
        t.sregs.ss.dpl = i & 1 ? 3 : 0; /* the guest's own ring does not matter */
        walk(&t, paths[P4].gva, &out);
        for (size_t k = 0; k < 6; k++) {
            char want[160];
            snprintf(want, sizeof want, "  %s%s", names[k], rows[i].want[k]);
            CU_ASSERT_TRUE(has(&out, want));
        }
        memory_fini(&m);
    }
    text_fini(&out);
}

/* Each level of each scheme in turn: absent, and pointing out of memory. */
static void test_failures(void)
{
    struct text out = {0};
    for (size_t s = 0; s < PATHS; s++)
        for (size_t i = 0; i < paths[s].levels; i++) {
            const struct path *p = &paths[s];
            struct target t;
            struct guest_memory m;
            char want[80];
            target_path(&t, &m, s);
            entry_put(&m, p, i, entry_default(p, i) & ~P);
            walk(&t, p->gva, &out);
            snprintf(want, sizeof want, "no translation: %s not present\n", p->level[i]);
            CU_ASSERT_TRUE(has(&out, want));
            CU_ASSERT_TRUE(has(&out, "  p  not present\n"));
            CU_ASSERT_TRUE(has(&out, "supervisor  read   #PF 0x0 (p w u rsvd i)"));
            CU_ASSERT_TRUE(has(&out, "user        write  #PF 0x6 (p W U rsvd i)"));
            CU_ASSERT_EQUAL(strstr(text_str(&out), "physical"), NULL);
            if (i + 1 < p->levels) {
                entry_put(&m, p, i, 0x7ffff000 | (i == 0 ? p->top_bits : PWU));
                walk(&t, p->gva, &out);
                snprintf(want, sizeof want, "no translation: no memory under the %s\n", p->level[i + 1]);
                CU_ASSERT_TRUE(has(&out, want));
            }
            memory_fini(&m);
        }
    text_fini(&out);
}

static void test_reserved(void)
{
    struct target t;
    struct guest_memory m;
    struct text out = {0};
    target_path(&t, &m, P4);
    entry_put(&m, &paths[P4], 2, entry_default(&paths[P4], 2) | PS | NX | 1 << 14);
    walk(&t, paths[P4].gva, &out);
    CU_ASSERT_TRUE(has(&out, "; reserved bits set: 63 (NX, while EFER.NXE is 0), 14\n"));
    entry_put(&m, &paths[P4], 0, entry_default(&paths[P4], 0) | PS);
    walk(&t, paths[P4].gva, &out);
    CU_ASSERT_TRUE(has(&out, "; reserved bits set: 7 (PS)\n"));
    CU_ASSERT_TRUE(has(&out, "no translation: reserved bit set in the PML4E\n"));
    memory_fini(&m);
    target_path(&t, &m, PAE);
    entry_put(&m, &paths[PAE], 0, 0x2000 | PW | NX);
    walk(&t, paths[PAE].gva, &out);
    CU_ASSERT_TRUE(has(&out, "; reserved bits set: 63, 1\n"));
    memory_fini(&m);
    text_fini(&out);
}

static void test_addresses(void)
{
    static const uint8_t rom[4096];
    struct target t;
    struct guest_memory m;
    struct err e;
    struct text out = {0};
    target_path(&t, &m, P4);
    walk(&t, 0x0000800000000000, &out);
    CU_ASSERT_TRUE(has(&out, "linear 0x800000000000 is not canonical: bits 63 to 47 must be equal"));
    CU_ASSERT_EQUAL(line_count(&out), 2);
    memory_fini(&m);
    target_path(&t, &m, P5);
    walk(&t, 0x0000800000000000, &out);
    CU_ASSERT_TRUE(has(&out, "PML5E not present"));
    walk(&t, 0x0100000000000000, &out);
    CU_ASSERT_TRUE(has(&out, "bits 63 to 56 must be equal"));
    memory_fini(&m);
    target_path(&t, &m, P32);
    walk(&t, 0x5500000000 + paths[P32].gva, &out);
    CU_ASSERT_TRUE(has(&out, "linear addresses have 32 bits here"));
    CU_ASSERT_TRUE(has(&out, "physical 0x6abc: RAM\n"));
    CU_ASSERT_EQUAL(memory_add_rom(&m, 0x6000, rom, sizeof rom, &e), 0);
    walk(&t, paths[P32].gva, &out);
    CU_ASSERT_TRUE(has(&out, "physical 0x6abc: ROM\n"));
    t.sregs.cr0 &= ~CR0_PG;
    walk(&t, 0x123456, &out);
    CU_ASSERT_TRUE(has(&out, "no paging (CR0.PG is 0)"));
    CU_ASSERT_TRUE(has(&out, "A20 is on\nphysical 0x123456: RAM\n"));
    CU_ASSERT_EQUAL(memory_set_a20(&m, false, &e), 0);
    walk(&t, 0x106abc, &out);
    CU_ASSERT_TRUE(has(&out, "A20 is off\nphysical 0x106abc: ROM (A20 is off: the same as 0x6abc)\n"));
    walk(&t, 0x206abc, &out);
    CU_ASSERT_TRUE(has(&out, "physical 0x206abc: RAM\n"));
    memory_fini(&m);
    text_fini(&out);
}

/* The symbol that the linear address lies in: this program's own will do. */
static void test_symbol(void)
{
    struct target t;
    struct guest_memory m;
    struct err e;
    struct text out = {0};
    struct symbols *symbols = symbols_open("/proc/self/exe", &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(symbols);
    const struct symbol *main_symbol = symbols_find(symbols, "main");
    CU_ASSERT_PTR_NOT_NULL_FATAL(main_symbol);
    target_path(&t, &m, P32);
    t.sregs.cr0 = 0;
    t.symbols = symbols;
    walk(&t, main_symbol->addr + 1, &out);
    CU_ASSERT_TRUE(has(&out, ": RAM; <main+1>\n"));
    walk(&t, 0, &out);
    CU_ASSERT_TRUE(has(&out, "physical 0x0: RAM\n"));
    symbols_close(symbols);
    memory_fini(&m);
    text_fini(&out);
}

/* Tables made of noise: every walk ends, in a screenful. */
static void test_hostile(void)
{
    uint64_t seed = 0x5eed;
    struct text out = {0};
    for (unsigned round = 0; round < 400; round++) {
        struct target t;
        struct guest_memory m;
        target_make(&t, &m, round % PATHS, 64 * KIB);
        tables_hostile(&m, &seed, 15, paths[round % PATHS].entry_len);
        t.sregs.efer |= round & 4 ? EFER_NXE : 0;
        t.sregs.cr4 |= round & 8 ? CR4_PSE | CR4_SMEP | CR4_SMAP : 0;
        if ((round & 63) == 63)
            t.sregs.cr3 = random_next(&seed);
        for (unsigned i = 0; i < 32; i++) {
            uint64_t gva = random_next(&seed);
            walk(&t, i & 3 ? (uint64_t)((int64_t)(gva << 16) >> 16) : gva, &out);
            CU_ASSERT_TRUE(line_count(&out) >= 2 && line_count(&out) <= 20);
        }
        memory_fini(&m);
    }
    text_fini(&out);
}

static const struct unit_test tests[] = {
    {"a good path in each scheme", test_schemes},
    {"large pages", test_large},
    {"what each access gets", test_rights},
    {"each level missing", test_failures},
    {"reserved bits are named", test_reserved},
    {"addresses: canonical, cut off, unpaged, ROM, A20", test_addresses},
    {"the symbol", test_symbol},
    {"hostile tables", test_hostile},
};
UNIT_MAIN("debug/pages", tests)
