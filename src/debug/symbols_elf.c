/*
 * Reading an ELF file's symbol table with libelf.  A linker leaves two views of a program: segments, which a
 * loader copies into memory, and sections, which say what lies where.  .symtab is a section of fixed-size
 * entries (a value, a length, a type, the section it belongs to); the names are in a string table beside it
 * (System V Application Binary Interface, "Symbol Table", "String Table").
 *
 * The file may be damaged or hostile. libelf checks that sections lie in the file; what the entries say is
 * checked here. An entry that makes no sense is left out.
 */
#include "debug/symbols_inside.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

bool symbols_printable(const char *name)
{
    for (size_t left = strlen(name); left > 0;) {
        uint32_t code;
        size_t n = utf8_decode(name, left, &code);
        if (n == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0))
            return false;
        name += n;
        left -= n;
    }
    return true;
}

static int sections_read(struct symbols *s, Elf *elf, struct err *e)
{
    size_t n = 0;
    if (elf_getshdrnum(elf, &n) < 0 || n == 0)
        return err_set(e, "has no sections, hence no symbols");
    if (n > SYMBOLS_SECTIONS_MAX)
        return err_set(e, "has %zu sections: at most %d", n, SYMBOLS_SECTIONS_MAX);
    s->section = calloc(n, sizeof *s->section);
    if (!s->section)
        return err_set(e, "no memory for %zu sections", n);
    s->section_count = n;
    for (size_t i = 0; i < n; i++) {
        GElf_Shdr h;
        Elf_Scn *scn = elf_getscn(elf, i);
        if (!scn || !gelf_getshdr(scn, &h) || !(h.sh_flags & SHF_ALLOC) || h.sh_flags & SHF_TLS)
            continue;
        uint64_t len = h.sh_size < UINT64_MAX - h.sh_addr ? h.sh_size : UINT64_MAX - h.sh_addr;
        s->section[i] =
            (struct symbol_section){h.sh_addr, h.sh_addr + len, (h.sh_flags & SHF_EXECINSTR) != 0};
    }
    return 0;
}

/* The section of a type; NULL when there is none. */
static Elf_Scn *section_find(Elf *elf, uint32_t type, GElf_Shdr *h)
{
    for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn)) != NULL;)
        if (gelf_getshdr(scn, h) && h->sh_type == type)
            return scn;
    return NULL;
}

/* The indices of sections beyond 16 bits lie in a table of their own. */
static Elf_Data *wide_indices(Elf *elf, Elf_Scn *table)
{
    GElf_Shdr h;
    Elf_Scn *scn = section_find(elf, SHT_SYMTAB_SHNDX, &h);
    return scn && h.sh_link == elf_ndxscn(table) ? elf_getdata(scn, NULL) : NULL;
}

static int names_read(struct symbols *s, Elf *elf, size_t section, size_t *len, struct err *e)
{
    Elf_Data *d = elf_getdata(elf_getscn(elf, section), NULL);
    if (!d || !d->d_buf || d->d_size == 0)
        return err_set(e, "has symbols, but their names cannot be read");
    s->names = malloc(d->d_size + 1);
    if (!s->names)
        return err_set(e, "no memory for the names of symbols");
    memcpy(s->names, d->d_buf, d->d_size);
    s->names[d->d_size] = 0;
    *len = d->d_size;
    return 0;
}

/* A label such as gdt_end closes what lies before it: it is the last to name what begins there. */
static unsigned rank_of(const GElf_Sym *sym, const char *name, bool function)
{
    unsigned bind = GELF_ST_BIND(sym->st_info);
    size_t len = strlen(name);
    bool closes = len >= 3 && strcmp(name + len - 3, "end") == 0;
    return (function ? 16u : 0) +
           (bind == STB_GLOBAL ? 8
            : bind == STB_WEAK ? 4
                               : 0) +
           (sym->st_size ? 2 : 0) + (closes ? 0 : 1);
}

/* Fills *x when the entry names a place or a number; false leaves it out. */
static bool entry_make(const struct symbols *s, const GElf_Sym *sym, uint32_t wide, size_t names_len,
                       struct symbol_entry *x)
{
    unsigned type = GELF_ST_TYPE(sym->st_info);
    uint32_t section = sym->st_shndx == SHN_XINDEX ? wide : sym->st_shndx;
    bool absolute = sym->st_shndx == SHN_ABS;
    if (type == STT_FILE || type == STT_SECTION || type == STT_TLS || type == STT_COMMON)
        return false;
    if (!absolute && (section >= s->section_count || s->section[section].start == s->section[section].end))
        return false;
    if (sym->st_name == 0 || sym->st_name >= names_len)
        return false;
    const char *name = s->names + sym->st_name;
    size_t len = strnlen(name, SYMBOLS_NAME_MAX + 1);
    if (len == 0 || len > SYMBOLS_NAME_MAX || !symbols_printable(name))
        return false;
    bool function = type == STT_FUNC || type == STT_GNU_IFUNC;
    *x = (struct symbol_entry){.s = {name, sym->st_value, sym->st_size, function},
                               .outer = SYMBOLS_OUTER_NONE,
                               .section = absolute ? 0 : section,
                               .rank = (uint8_t)rank_of(sym, name, function),
                               .absolute = absolute};
    return true;
}

static int entries_read(struct symbols *s, Elf *elf, Elf_Scn *table, const GElf_Shdr *h, struct err *e)
{
    size_t names_len = 0, entry_len = gelf_fsize(elf, ELF_T_SYM, 1, EV_CURRENT);
    Elf_Data *d = elf_getdata(table, NULL), *wide = wide_indices(elf, table);
    if (!d || !d->d_buf || entry_len == 0)
        return err_set(e, "its symbol table cannot be read: %s", elf_errmsg(-1));
    if (names_read(s, elf, h->sh_link, &names_len, e) < 0)
        return -1;
    size_t n = d->d_size / entry_len;
    n = n < INT32_MAX ? n : INT32_MAX;
    s->entry = calloc(n ? n : 1, sizeof *s->entry);
    if (!s->entry)
        return err_set(e, "no memory for %zu symbols", n);
    for (size_t i = 1; i < n; i++) {
        GElf_Sym sym;
        Elf32_Word index = 0;
        if (gelf_getsymshndx(d, wide, (int)i, &sym, &index) &&
            entry_make(s, &sym, index, names_len, &s->entry[s->count]))
            s->count++;
    }
    return 0;
}

/* Keeps the start of one segment of code; false when the file does not hold it. */
static bool segment_keep(struct symbols *s, Elf *elf, const GElf_Phdr *h)
{
    size_t len = h->p_filesz < SYMBOLS_CODE_MAX ? (size_t)h->p_filesz : SYMBOLS_CODE_MAX;
    if (s->segment_count == SYMBOLS_SEGMENTS_MAX)
        return true;
    Elf_Data *d =
        h->p_offset <= INT64_MAX ? elf_getdata_rawchunk(elf, (int64_t)h->p_offset, len, ELF_T_BYTE) : NULL;
    if (!d || !d->d_buf || d->d_size != len)
        return false;
    struct symbol_segment *g = &s->segment[s->segment_count];
    g->bytes = malloc(len);
    if (!g->bytes)
        return false;
    memcpy(g->bytes, d->d_buf, len);
    g->gpa = h->p_paddr;
    g->len = len;
    s->segment_count++;
    return true;
}

static void segments_read(struct symbols *s, Elf *elf)
{
    size_t n = 0;
    s->segments_whole = elf_getphdrnum(elf, &n) == 0;
    for (size_t i = 0; i < n; i++) {
        GElf_Phdr h;
        if (!gelf_getphdr(elf, (int)i, &h))
            s->segments_whole = false;
        else if (h.p_type == PT_LOAD && h.p_flags & PF_X && h.p_filesz > 0 && !segment_keep(s, elf, &h))
            s->segments_whole = false;
    }
}

int symbols_read_elf(struct symbols *s, Elf *elf, struct err *e)
{
    GElf_Shdr h;
    if (sections_read(s, elf, e) < 0)
        return -1;
    Elf_Scn *table = section_find(elf, SHT_SYMTAB, &h);
    if (!table)
        table = section_find(elf, SHT_DYNSYM, &h);
    if (!table)
        return err_set(e, "has no symbol table");
    if (entries_read(s, elf, table, &h, e) < 0)
        return -1;
    if (s->count == 0)
        return err_set(e, "its symbol table names nothing");
    segments_read(s, elf);
    return symbols_arrange(s, e);
}
