/*
 * Files that are not what they seem: each is refused with one line, or gives fewer symbols; nothing is read
 * out of bounds (the sanitizers look) and nothing hangs.
 */
#include "symbol_files.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct symbol_made rows[] = {
    {"first", 0x1000, 0, LABEL | LOCAL, IN_TEXT},
    {"second", 0x1010, 8, FUNC | GLOBAL, IN_TEXT},
    {"third", 0x2000, 0, OBJECT | GLOBAL, IN_DATA},
};

/* Uses all that an open file offers, and checks what must hold whatever the file says. */
static void use(const struct symbols *s)
{
    uint64_t addr;
    unsigned line;
    const char *file;
    struct err e;
    struct text t = {0};
    uint64_t last = 0;
    for (size_t i = 0; symbols_row(s, i); i++) {
        const struct symbol *x = symbols_row(s, i);
        uint64_t offset;
        CU_ASSERT_TRUE(x->addr >= last && x->name[0] != 0 && strlen(x->name) <= 1024);
        last = x->addr;
        CU_ASSERT_PTR_NOT_NULL(symbols_find(s, x->name));
        const struct symbol *at = symbols_at(s, x->addr, &offset);
        CU_ASSERT_TRUE(!at || at->addr + offset == x->addr);
        symbols_name(s, x->addr + x->len, &t);
        if (symbols_line(s, x->addr, &file, &line) && symbols_line_addr(s, file, line, &addr, &line, &e) < 0)
            CU_ASSERT_PTR_NULL(strchr(e.text, '\n'));
    }
    text_fini(&t);
}

/* Opens the bytes; a refusal must be one line. True when there were symbols. */
static bool try_bytes(const void *bytes, size_t n)
{
    struct err e = {0};
    struct symbols *s = symbols_open_bytes(bytes, n, &e);
    if (s) {
        use(s);
    } else {
        CU_ASSERT_TRUE(e.text[0] == '/' && strchr(e.text, '\n') == NULL);
        CU_ASSERT_PTR_NOT_NULL(strstr(e.text, ": "));
    }
    symbols_close(s);
    return s != NULL;
}

static size_t lines_read(const char *kind, uint8_t *bytes, size_t room)
{
    char path[512];
    snprintf(path, sizeof path, "%s%s.elf", DEBUG_LINES, kind);
    FILE *f = fopen(path, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    size_t n = fread(bytes, 1, room, f);
    fclose(f);
    CU_ASSERT_TRUE_FATAL(n > 512 && n < room);
    return n;
}

static void check_prefixes(const uint8_t *bytes, size_t n)
{
    CU_ASSERT_TRUE(try_bytes(bytes, n));
    for (size_t len = 0; len < n; len++)
        try_bytes(bytes, len);
    CU_ASSERT_FALSE(try_bytes(bytes, 40));
    CU_ASSERT_FALSE(try_bytes(bytes, 0));
}

/* Random bytes at random places, one to four of them: the same ones in each run. */
static void check_flips(const uint8_t *bytes, size_t n, unsigned times)
{
    uint64_t x = 0x9e3779b97f4a7c15;
    uint8_t *copy = malloc(n);
    unsigned good = 0;
    for (unsigned i = 0; i < times; i++) {
        memcpy(copy, bytes, n);
        for (unsigned k = 0; k <= i % 4; k++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            copy[(x >> 8) % n] = (uint8_t)x;
        }
        good += try_bytes(copy, n);
    }
    CU_ASSERT_TRUE(good > 0);
    free(copy);
}

static void test_made(void)
{
    struct file f;
    symbol_file_make(&f, SHT_SYMTAB, rows, COUNT(rows));
    check_prefixes(f.bytes, f.len);
    check_flips(f.bytes, f.len, 2000);
}

static void test_compiled(void)
{
    static const char *const kinds[] = {"64", "32", "packed"};
    static uint8_t bytes[65536];
    for (size_t i = 0; i < COUNT(kinds); i++) {
        size_t n = lines_read(kinds[i], bytes, sizeof bytes);
        check_prefixes(bytes, n);
        check_flips(bytes, n, 2000);
    }
}

/* One field of the made file changed: what comes of it. */
static void test_fields(void)
{
    enum { HEADER, SECTION, SYMBOL };
    static const struct {
        int where;
        size_t index, offset, len;
        uint64_t value;
        const char *why; /* NULL: it opens, and `first` is found or not: */
        bool first;
    } changes[] = {
        {HEADER, 0, offsetof(Elf64_Ehdr, e_machine), 2, EM_AARCH64, "another machine", false},
        {HEADER, 0, EI_DATA, 1, ELFDATA2MSB, "another machine", false},
        {HEADER, 0, offsetof(Elf64_Ehdr, e_type), 2, ET_REL, "link it first", false},
        {HEADER, 0, 0, 1, 0, "is no ELF file", false},
        {HEADER, 0, offsetof(Elf64_Ehdr, e_shnum), 2, 3, "has no symbol table", false},
        {HEADER, 0, offsetof(Elf64_Ehdr, e_shoff), 8, 0, "has no symbol table", false},
        {SECTION, 3, offsetof(Elf64_Shdr, sh_size), 8, UINT64_MAX, "cannot be read", false},
        {SECTION, 3, offsetof(Elf64_Shdr, sh_size), 8, 1ull << 40, "cannot be read", false},
        {SECTION, 3, offsetof(Elf64_Shdr, sh_size), 8, 24, "names nothing", false},
        {SECTION, 3, offsetof(Elf64_Shdr, sh_offset), 8, UINT64_MAX, "cannot be read", false},
        {SECTION, 3, offsetof(Elf64_Shdr, sh_link), 4, 99, "their names cannot be read", false},
        {SECTION, 3, offsetof(Elf64_Shdr, sh_link), 4, IN_DATA, "their names cannot be read", false},
        {SECTION, 4, offsetof(Elf64_Shdr, sh_size), 8, 1ull << 40, "their names cannot be read", false},
        {SECTION, 4, offsetof(Elf64_Shdr, sh_size), 8, 4, NULL, true}, /* cut in the name: "fir" */
        {SYMBOL, 1, offsetof(Elf64_Sym, st_name), 4, UINT32_MAX, NULL, false},
        {SYMBOL, 1, offsetof(Elf64_Sym, st_name), 4, 0, NULL, false},
        {SYMBOL, 1, offsetof(Elf64_Sym, st_shndx), 2, 0x7777, NULL, false},
        {SYMBOL, 1, offsetof(Elf64_Sym, st_shndx), 2, SHN_XINDEX, NULL, false},
        {SYMBOL, 1, offsetof(Elf64_Sym, st_shndx), 2, 3, NULL, false}, /* no part of the image */
        {SYMBOL, 1, offsetof(Elf64_Sym, st_size), 8, UINT64_MAX, NULL, true},
        {SYMBOL, 1, offsetof(Elf64_Sym, st_value), 8, UINT64_MAX, NULL, true},
    };
    for (size_t i = 0; i < COUNT(changes); i++) {
        struct file f;
        struct err e = {0};
        Elf64_Ehdr h;
        symbol_file_make(&f, SHT_SYMTAB, rows, COUNT(rows));
        memcpy(&h, f.bytes, sizeof h);
        size_t at = changes[i].where == HEADER    ? 0
                    : changes[i].where == SECTION ? h.e_shoff + changes[i].index * sizeof(Elf64_Shdr)
                                                  : sizeof h + changes[i].index * sizeof(Elf64_Sym);
        le_store(f.bytes + at + changes[i].offset, changes[i].value, changes[i].len);
        struct symbols *s = symbols_open_bytes(f.bytes, f.len, &e);
        bool cut = changes[i].where == SECTION;
        CU_ASSERT_EQUAL(s == NULL, changes[i].why != NULL);
        if (!s && !strstr(e.text, changes[i].why ? changes[i].why : "?"))
            fprintf(stderr, "change %zu: %s\n", i, e.text);
        CU_ASSERT_TRUE(s || (changes[i].why && strstr(e.text, changes[i].why)));
        CU_ASSERT_TRUE(!s || (symbols_find(s, cut ? "fir" : "first") != NULL) == changes[i].first);
        CU_ASSERT_TRUE(!s || cut || symbols_find(s, "third") != NULL);
        if (s)
            use(s);
        symbols_close(s);
    }
}

/* What is no file to read. */
static void test_places(void)
{
    static const struct {
        const char *path, *why;
    } places[] = {{"/nonexistent/x.elf", "/nonexistent/x.elf: open: No such file"},
                  {"/tmp", "/tmp: is no regular file"},
                  {"/dev/zero", "/dev/zero: is no regular file"}};
    for (size_t i = 0; i < COUNT(places); i++) {
        struct err e = {0};
        CU_ASSERT_PTR_NULL(symbols_open(places[i].path, &e));
        CU_ASSERT_EQUAL(strncmp(e.text, places[i].why, strlen(places[i].why)), 0);
    }
    CU_ASSERT_FALSE(try_bytes("!<arch>\n", 8));
    CU_ASSERT_FALSE(try_bytes("#!/bin/sh\n", 10));
}

static const struct unit_test tests[] = {
    {"one field changed", test_fields},
    {"what is no file", test_places},
    {"a made file, cut and changed", test_made},
    {"compiled files with lines, cut and changed", test_compiled},
};
UNIT_MAIN("debug/symbols, damaged", tests)
