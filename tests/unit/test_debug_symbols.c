/*
 * Names and lines for addresses: which symbol an address gets, from tables made by hand, and source lines
 * from what the compiler and the assembler make of debug_lines.S and debug_lines.c.
 */
#include "symbol_files.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* How far symbols reach, with and without a length of their own. */
static void test_reach(void)
{
    static const struct symbol_made rows[] = {
        {"alone", 0x1010, 0, LABEL | LOCAL, IN_TEXT},      {"sized", 0x1020, 8, FUNC | GLOBAL, IN_TEXT},
        {"outer", 0x1040, 0x20, FUNC | LOCAL, IN_TEXT},    {"inner", 0x1048, 4, FUNC | LOCAL, IN_TEXT},
        {"label", 0x1050, 0, LABEL | LOCAL, IN_TEXT},      {"final", 0x10f0, 0, LABEL | LOCAL, IN_TEXT},
        {"datum", 0x2000, 0, OBJECT | GLOBAL, IN_DATA},    {"array", 0x2010, 0x10, OBJECT | LOCAL, IN_DATA},
        {"NUMBER", 0x1030, 0, LABEL | LOCAL, SHN_ABS},     {"LONG", 0x3000, 0x100, LABEL | LOCAL, SHN_ABS},
        {"nowhere", 0x1034, 0, LABEL | GLOBAL, SHN_UNDEF}, {"file.c", 0x1035, 0, STT_FILE | LOCAL, SHN_ABS},
        {"sect", 0x1036, 0, STT_SECTION | LOCAL, IN_TEXT}, {"tls", 0x1037, 8, STT_TLS | LOCAL, IN_TEXT},
    };
    static const struct {
        uint64_t addr;
        const char *name;
    } wants[] = {
        {0x100f, ""},
        {0x1010, "<alone>"},
        {0x101f, "<alone+15>"},
        {0x1020, "<sized>"},
        {0x1027, "<sized+7>"},
        {0x1028, ""},
        {0x1030, ""},
        {0x1036, ""},
        {0x1040, "<outer>"},
        {0x1047, "<outer+7>"},
        {0x1048, "<inner>"},
        {0x104b, "<inner+3>"},
        {0x104c, "<outer+12>"},
        {0x1050, "<label>"},
        {0x105f, "<label+15>"},
        {0x1060, ""},
        {0x10f0, "<final>"},
        {0x10ff, "<final+15>"},
        {0x1100, ""},
        {0x2000, "<datum>"},
        {0x200f, "<datum+15>"},
        {0x201f, "<array+15>"},
        {0x2020, ""},
        {0x3000, ""},
        {0, ""},
        {UINT64_MAX, ""},
    };
    struct symbols *s = symbols_make(rows, COUNT(rows));
    for (size_t i = 0; i < COUNT(wants); i++)
        check_name(s, wants[i].addr, wants[i].name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(symbols_find(s, "NUMBER"));
    CU_ASSERT_EQUAL(symbols_find(s, "NUMBER")->addr, 0x1030);
    CU_ASSERT_TRUE(symbols_find(s, "sized")->function);
    CU_ASSERT_EQUAL(symbols_find(s, "sized")->len, 8);
    CU_ASSERT_FALSE(symbols_find(s, "datum")->function);
    static const char *const unknown[] = {"nowhere", "file.c", "sect", "tls", "", "siz", "sizedd"};
    for (size_t i = 0; i < COUNT(unknown); i++)
        CU_ASSERT_PTR_NULL(symbols_find(s, unknown[i]));
    size_t n = 0;
    for (uint64_t last = 0; symbols_row(s, n); last = symbols_row(s, n++)->addr)
        CU_ASSERT_TRUE(symbols_row(s, n)->addr >= last);
    CU_ASSERT_EQUAL(n, 10);
    symbols_close(s);
}

/* Of several at one address: a function, then a global one, then one with a length, whatever their order. */
static void test_preference(void)
{
    static const struct symbol_made best_first[] = {
        {"best", 0x1000, 4, FUNC | GLOBAL, IN_TEXT},   {"second", 0x1000, 0, FUNC | GLOBAL, IN_TEXT},
        {"third", 0x1000, 4, FUNC | LOCAL, IN_TEXT},   {"fourth", 0x1000, 4, OBJECT | GLOBAL, IN_TEXT},
        {"fifth", 0x1000, 0, LABEL | GLOBAL, IN_TEXT}, {"sixth", 0x1000, 4, OBJECT | LOCAL, IN_TEXT},
        {"last", 0x1000, 0, LABEL | LOCAL, IN_TEXT},   {"a_end", 0x1000, 0, LABEL | LOCAL, IN_TEXT},
    };
    for (size_t first = 0; first < COUNT(best_first); first++)
        for (int turned = 0; turned < 2; turned++) {
            struct symbol_made rows[COUNT(best_first)];
            size_t n = COUNT(best_first) - first;
            for (size_t i = 0; i < n; i++)
                rows[turned ? n - 1 - i : i] = best_first[first + i];
            struct symbols *s = symbols_make(rows, n);
            char want[64];
            snprintf(want, sizeof want, "<%s>", best_first[first].name);
            check_name(s, 0x1000, want);
            symbols_close(s);
        }
    /* the same name twice: the same preference */
    static const struct symbol_made twins[] = {{"twin", 0x1000, 0, LABEL | LOCAL, IN_TEXT},
                                               {"twin", 0x1010, 4, FUNC | GLOBAL, IN_TEXT},
                                               {"twin", 0x1020, 0, LABEL | LOCAL, IN_TEXT}};
    struct symbols *s = symbols_make(twins, COUNT(twins));
    CU_ASSERT_PTR_NOT_NULL_FATAL(symbols_find(s, "twin"));
    CU_ASSERT_EQUAL(symbols_find(s, "twin")->addr, 0x1010);
    symbols_close(s);
}

/* What a terminal would obey, and what is too long, is no name. */
static void test_names(void)
{
    static char longest[1025], longer[1026];
    memset(longest, 'a', sizeof longest - 1);
    memset(longer, 'b', sizeof longer - 1);
    const struct symbol_made rows[] = {
        {"\x1b[2J", 0x1000, 4, FUNC, IN_TEXT},
        {"tab\t", 0x1004, 4, FUNC, IN_TEXT},
        {"\xc2\x9b", 0x1008, 4, FUNC, IN_TEXT},
        {"\xff", 0x100c, 4, FUNC, IN_TEXT},
        {"gr\xc3\xb6\xc3\x9f"
         "e",
         0x1010, 4, FUNC, IN_TEXT},
        {"", 0x1014, 4, FUNC, IN_TEXT},
        {longer, 0x1018, 4, FUNC, IN_TEXT},
        {longest, 0x101c, 4, FUNC, IN_TEXT},
    };
    struct symbols *s = symbols_make(rows, COUNT(rows));
    for (uint64_t addr = 0x1000; addr < 0x101c; addr += 4)
        check_name(s, addr,
                   addr == 0x1010 ? "<gr\xc3\xb6\xc3\x9f"
                                    "e>"
                                  : "");
    CU_ASSERT_PTR_NOT_NULL(symbols_find(s, longest));
    CU_ASSERT_PTR_NULL(symbols_find(s, longer));
    symbols_close(s);
}

static void test_none(void)
{
    uint64_t addr;
    unsigned line;
    const char *file;
    struct err e = {0};
    check_name(NULL, 0x1000, "");
    CU_ASSERT_PTR_NULL(symbols_find(NULL, "x"));
    CU_ASSERT_PTR_NULL(symbols_row(NULL, 0));
    CU_ASSERT_FALSE(symbols_line(NULL, 0, &file, &line));
    CU_ASSERT_EQUAL(symbols_line_addr(NULL, "a.c", 1, &addr, &line, &e), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(e.text, "-g"));
    symbols_close(NULL);
}

static void test_dynsym(void)
{
    static const struct symbol_made row = {"dynamic", 0x1000, 0, FUNC | GLOBAL, IN_TEXT};
    struct file f;
    struct err e = {0};
    symbol_file_make(&f, SHT_DYNSYM, &row, 1);
    struct symbols *s = symbols_open_bytes(f.bytes, f.len, &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    check_name(s, 0x1004, "<dynamic+4>");
    symbols_close(s);
}

/* ---- lines ---- */

static struct symbols *lines_open(const char *kind)
{
    char path[512];
    struct err e = {0};
    snprintf(path, sizeof path, "%s%s.elf", DEBUG_LINES, kind);
    struct symbols *s = symbols_open(path, &e);
    if (!s)
        fprintf(stderr, "%s\n", e.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT_STRING_EQUAL(symbols_path(s), path);
    return s;
}

static uint64_t addr_of(const struct symbols *s, const char *name)
{
    const struct symbol *x = symbols_find(s, name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x);
    return x->addr;
}

/* The line is one of `first` to `last`: which line of a function its first instruction is, compilers differ.
 */
static void check_line_in(const struct symbols *s, uint64_t addr, const char *want_file, unsigned first,
                          unsigned last)
{
    const char *file = "";
    unsigned line = 0;
    CU_ASSERT_TRUE(symbols_line(s, addr, &file, &line));
    if (strcmp(file, want_file) != 0 || line < first || line > last)
        fprintf(stderr, "%#llx: %s:%u, not %s:%u\n", (unsigned long long)addr, file, line, want_file, first);
    CU_ASSERT_STRING_EQUAL(file, want_file);
    CU_ASSERT_TRUE(line >= first && line <= last);
}

static void check_line(const struct symbols *s, uint64_t addr, const char *file, unsigned line)
{
    check_line_in(s, addr, file, line, line);
}

static void check_lines(const char *kind)
{
    struct symbols *s = lines_open(kind);
    const char *file;
    unsigned line;
    CU_ASSERT_EQUAL(addr_of(s, "start"), 0x100000);
    check_name(s, 0x100000, "<start>");
    check_name(s, addr_of(s, "outer_label") + 1, "<outer_label+1>");
    check_name(s, addr_of(s, "outer") + 3, "");
    CU_ASSERT_TRUE(symbols_find(s, "outer")->function);
    CU_ASSERT_FALSE(symbols_find(s, "start")->function);
    check_line(s, 0x100000, "tests/unit/debug_lines.S", 10);
    check_line(s, 0x100001, "tests/unit/debug_lines.S", 11);
    check_line(s, addr_of(s, "inner"), "tests/unit/debug_lines.S", 13);
    check_line(s, addr_of(s, "inner") + 4, "tests/unit/debug_lines.S", 13);
    check_line(s, addr_of(s, "last"), "tests/unit/debug_lines.S", 27);
    check_line_in(s, addr_of(s, "twice"), "tests/unit/debug_lines.c", 9, 12);
    check_line_in(s, addr_of(s, "one"), "tests/unit/one/part.c", 100, 103);
    check_line_in(s, addr_of(s, "two"), "tests/unit/two/part.c", 100, 103);
    check_line_in(s, addr_of(s, "three"), "tests/unit/more.c", 7, 10);
    CU_ASSERT_FALSE(symbols_line(s, 0xfffff, &file, &line));
    CU_ASSERT_FALSE(symbols_line(s, 0x110000, &file, &line));
    CU_ASSERT_FALSE(symbols_line(s, 0, &file, &line));
    CU_ASSERT_FALSE(symbols_line(s, UINT64_MAX, &file, &line));
    symbols_close(s);
}

static void test_lines(void)
{
    check_lines("64");
    check_lines("32");
}

/* A line of a file to an address: by the end of its path, or a refusal that says what is wrong. */
static void check_line_addrs(const char *kind)
{
    static const struct {
        const char *file;
        unsigned line, found; /* found 0: whichever */
        const char *symbol;   /* or, where that is NULL, */
        const char *why;
    } rows[] = {
        {"debug_lines.S", 10, 10, "start", NULL},
        {"unit/debug_lines.S", 13, 13, "inner", NULL},
        {"tests/unit/debug_lines.S", 12, 13, "inner", NULL},
        {"debug_lines.S", 1, 10, "start", NULL},
        {"debug_lines.S", 19, 19, "outer", NULL},
        {"debug_lines.S", 27, 27, "last", NULL},
        {"one/part.c", 1, 0, "one", NULL},
        {"two/part.c", 100, 0, "two", NULL},
        {"more.c", 7, 0, "three", NULL},
        {"debug_lines.S", 28, 0, NULL, "no code at or behind line 28 of debug_lines.S: its last is line 27"},
        {"part.c", 100, 0, NULL, "say more of the path"},
        {"lines.S", 10, 0, NULL, "no source file lines.S"},
        {"debug_line.S", 10, 0, NULL, "did you mean debug_lines.S?"},
        {"guests/unit/debug_lines.S", 10, 0, NULL, "no source file"},
        {"", 10, 0, NULL, "no source file"},
        {"/", 10, 0, NULL, "no source file"},
    };
    struct symbols *s = lines_open(kind);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct err e = {0};
        uint64_t addr = 0;
        unsigned found = 0;
        int rc = symbols_line_addr(s, rows[i].file, rows[i].line, &addr, &found, &e);
        CU_ASSERT_EQUAL(rc, rows[i].symbol ? 0 : -1);
        CU_ASSERT_TRUE(rows[i].found == 0 || found == rows[i].found);
        CU_ASSERT_TRUE(rows[i].symbol ? found >= rows[i].line : found == 0);
        if (rows[i].symbol)
            CU_ASSERT_EQUAL(addr, addr_of(s, rows[i].symbol));
        if (rows[i].why && !strstr(e.text, rows[i].why))
            fprintf(stderr, "%s:%u: %s\n", rows[i].file, rows[i].line, e.text);
        CU_ASSERT_TRUE(!rows[i].why || strstr(e.text, rows[i].why));
    }
    symbols_close(s);
}

static void test_line_addr(void)
{
    check_line_addrs("64");
    check_line_addrs("32");
}

/* Without lines, and with lines that are compressed: names all the same, and a reason. */
static void test_no_lines(void)
{
    static const char *const kinds[][2] = {{"bare", "built with -g"}, {"packed", "build it without -gz"}};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct symbols *s = lines_open(kinds[i][0]);
        struct err e = {0};
        uint64_t addr;
        unsigned found;
        const char *file;
        check_name(s, 0x100001, "<start+1>");
        CU_ASSERT_FALSE(symbols_line(s, 0x100000, &file, &found));
        CU_ASSERT_EQUAL(symbols_line_addr(s, "debug_lines.S", 10, &addr, &found, &e), -1);
        CU_ASSERT_PTR_NOT_NULL(strstr(e.text, kinds[i][1]));
        symbols_close(s);
    }
}

/* ---- the file and the guest ---- */

enum { CODE_AT = sizeof((struct file){0}.bytes), CODE_LEN = 0x11000, COMPARED = 0x10000, CODE_GPA = 0x8ffd };

/* A file of CODE_AT + CODE_LEN bytes: one symbol, a segment without code, and one of code at CODE_GPA. */
static uint8_t *match_file_make(void)
{
    static const struct symbol_made row = {"code", 0x1000, 0, FUNC, IN_TEXT};
    const Elf64_Phdr p[2] = {{.p_type = PT_LOAD, .p_flags = PF_R, .p_filesz = 64, .p_paddr = 0x500},
                             {.p_type = PT_LOAD,
                              .p_flags = PF_R | PF_X,
                              .p_offset = CODE_AT,
                              .p_filesz = CODE_LEN,
                              .p_memsz = CODE_LEN,
                              .p_vaddr = 0xffffffff80000000,
                              .p_paddr = CODE_GPA}};
    struct file f;
    Elf64_Ehdr h;
    symbol_file_make(&f, SHT_SYMTAB, &row, 1);
    memcpy(&h, f.bytes, sizeof h);
    h.e_phoff = f.len;
    h.e_phnum = 2;
    memcpy(f.bytes, &h, sizeof h);
    memcpy(f.bytes + f.len, p, sizeof p);
    uint8_t *bytes = malloc(CODE_AT + CODE_LEN);
    if (!bytes)
        abort();
    memcpy(bytes, f.bytes, CODE_AT);
    for (size_t i = 0; i < CODE_LEN; i++)
        bytes[CODE_AT + i] = (uint8_t)(i * 7 + i / 256);
    return bytes;
}

/* A file belongs to a guest when its code lies in memory, at the physical address, byte for byte. */
static void test_match(void)
{
    static const size_t changes[] = {0, 1, 4095, 4096, COMPARED - 1};
    struct guest_memory m;
    struct err e = {0};
    uint8_t *bytes = match_file_make();
    CU_ASSERT_EQUAL_FATAL(memory_init(&m, NULL, MIB, &e), 0);
    struct symbols *s = symbols_open_bytes(bytes, CODE_AT + CODE_LEN, &e);
    struct symbols *cut = symbols_open_bytes(bytes, CODE_AT + COMPARED - 1, &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT_PTR_NOT_NULL_FATAL(cut);
    CU_ASSERT_FALSE(symbols_match(s, &m));
    CU_ASSERT_EQUAL(memory_write(&m, CODE_GPA, bytes + CODE_AT, CODE_LEN, &e), 0);
    CU_ASSERT_TRUE(symbols_match(s, &m));
    CU_ASSERT_FALSE(symbols_match(cut, &m));
    for (size_t i = 0; i < COUNT(changes); i++) {
        m.ram[CODE_GPA + changes[i]] ^= 1;
        CU_ASSERT_FALSE(symbols_match(s, &m));
        m.ram[CODE_GPA + changes[i]] ^= 1;
    }
    m.ram[CODE_GPA + COMPARED] ^= 1; /* further on nobody looks */
    CU_ASSERT_TRUE(symbols_match(s, &m));
    symbols_close(cut);
    symbols_close(s);
    memory_fini(&m);
    free(bytes);
}

/* The code is loaded where no memory is; there is no code in the file at all. */
static void test_match_nothing(void)
{
    static const struct symbol_made row = {"code", 0x1000, 0, FUNC, IN_TEXT};
    struct guest_memory m;
    struct err e = {0};
    uint8_t *bytes = match_file_make();
    CU_ASSERT_EQUAL_FATAL(memory_init(&m, NULL, MEMORY_LEN_MIN, &e), 0);
    CU_ASSERT_EQUAL(memory_write(&m, CODE_GPA, bytes + CODE_AT, MEMORY_LEN_MIN - CODE_GPA, &e), 0);
    struct symbols *s = symbols_open_bytes(bytes, CODE_AT + CODE_LEN, &e);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT_FALSE(symbols_match(s, &m));
    symbols_close(s);
    s = symbols_make(&row, 1);
    CU_ASSERT_FALSE(symbols_match(s, &m));
    symbols_close(s);
    memory_fini(&m);
    free(bytes);
}

static const struct unit_test tests[] = {
    {"how far symbols reach", test_reach},
    {"which symbol is preferred", test_preference},
    {"names that may be shown", test_names},
    {"no symbols", test_none},
    {"dynamic symbols", test_dynsym},
    {"addresses to lines", test_lines},
    {"lines to addresses", test_line_addr},
    {"no lines", test_no_lines},
    {"a file and a guest's memory", test_match},
    {"a file whose code is nowhere", test_match_nothing},
};
UNIT_MAIN("debug/symbols", tests)
