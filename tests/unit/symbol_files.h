/*
 * ELF files with a symbol table, made byte by byte: .text at 0x1000 and .data at 0x2000, 0x100 bytes each,
 * and whatever symbols a test wants.
 */
#ifndef RINGSIDE_TESTS_SYMBOL_FILES_H
#define RINGSIDE_TESTS_SYMBOL_FILES_H

#include "debug/symbols.h"
#include "image_files.h"

#define FUNC   STT_FUNC
#define LABEL  STT_NOTYPE
#define OBJECT STT_OBJECT
#define GLOBAL (STB_GLOBAL << 4)
#define LOCAL  (STB_LOCAL << 4)

enum { IN_TEXT = 1, IN_DATA = 2, SYMBOL_SECTIONS = 5 };

struct symbol_made {
    const char *name;
    uint64_t addr, len;
    int info; /* type | binding */
    unsigned section;
};

/* 64 bits; `type` is SHT_SYMTAB or SHT_DYNSYM. */
static inline void symbol_file_make(struct file *f, uint32_t type, const struct symbol_made *rows, size_t n)
{
    Elf64_Ehdr h = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                    .e_type = ET_EXEC,
                    .e_machine = EM_X86_64,
                    .e_version = EV_CURRENT,
                    .e_ehsize = sizeof h,
                    .e_phentsize = sizeof(Elf64_Phdr),
                    .e_shentsize = sizeof(Elf64_Shdr),
                    .e_shnum = SYMBOL_SECTIONS};
    uint64_t symbols_at_offset = sizeof h, names_at = sizeof h + (n + 1) * sizeof(Elf64_Sym), names_len = 1;
    memset(f, 0, sizeof *f);
    for (size_t i = 0; i < n; i++) {
        Elf64_Sym s = {.st_name = (uint32_t)names_len,
                       .st_value = rows[i].addr,
                       .st_size = rows[i].len,
                       .st_info = (uint8_t)rows[i].info,
                       .st_shndx = (uint16_t)rows[i].section};
        memcpy(f->bytes + symbols_at_offset + (i + 1) * sizeof s, &s, sizeof s);
        strcpy((char *)f->bytes + names_at + names_len, rows[i].name);
        names_len += strlen(rows[i].name) + 1;
    }
    h.e_shoff = (names_at + names_len + 7) & ~7ull;
    Elf64_Shdr sections[SYMBOL_SECTIONS] = {
        [IN_TEXT] = {.sh_type = SHT_NOBITS,
                     .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
                     .sh_addr = 0x1000,
                     .sh_size = 0x100},
        [IN_DATA] = {.sh_type = SHT_NOBITS, .sh_flags = SHF_ALLOC, .sh_addr = 0x2000, .sh_size = 0x100},
        [3] = {.sh_type = type,
               .sh_offset = symbols_at_offset,
               .sh_size = (n + 1) * sizeof(Elf64_Sym),
               .sh_link = 4,
               .sh_entsize = sizeof(Elf64_Sym),
               .sh_addralign = 8},
        [4] = {.sh_type = SHT_STRTAB, .sh_offset = names_at, .sh_size = names_len, .sh_addralign = 1},
    };
    memcpy(f->bytes, &h, sizeof h);
    memcpy(f->bytes + h.e_shoff, sections, sizeof sections);
    f->len = h.e_shoff + sizeof sections;
}

/* Writes the bytes to a temporary file and opens it; the file is gone when this returns. */
static inline struct symbols *symbols_open_bytes(const void *bytes, size_t n, struct err *e)
{
    char path[] = "/tmp/ringside-symbols-XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n || close(fd) < 0)
        abort();
    struct symbols *s = symbols_open(path, e);
    unlink(path);
    return s;
}

static inline struct symbols *symbols_make(const struct symbol_made *rows, size_t n)
{
    static struct file f;
    struct err e = {0};
    symbol_file_make(&f, SHT_SYMTAB, rows, n);
    struct symbols *s = symbols_open_bytes(f.bytes, f.len, &e);
    if (!s) {
        fprintf(stderr, "%s\n", e.text);
        abort();
    }
    return s;
}

/* What symbols_name says. */
static inline const char *name_of(const struct symbols *s, uint64_t addr, char out[64])
{
    struct text t = {0};
    symbols_name(s, addr, &t);
    snprintf(out, 64, "%s", text_str(&t));
    text_fini(&t);
    return out;
}

static inline void check_name(const struct symbols *s, uint64_t addr, const char *want)
{
    char got[64];
    if (strcmp(name_of(s, addr, got), want) != 0)
        fprintf(stderr, "%#llx: %s, not %s\n", (unsigned long long)addr, got, want);
    CU_ASSERT_STRING_EQUAL(got, want);
}

#endif
