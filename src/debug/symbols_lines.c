/*
 * Source lines.  A compiler or an assembler called with -g leaves a program for a small state machine, which
 * when run writes a table: this address comes from that line of that file (DWARF Debugging Information
 * Format, "Line Number Information").  libdw runs the program; its rows are copied into one table for the
 * whole file, sorted by address, as it serves both questions: which line is this, and where is that line.
 *
 * The programs may be damaged or hostile: libdw refuses what is malformed, and the rows, the units and the
 * bytes of line programs that are taken are limited here, since many units may name the same program. Rows
 * outside of all code are left out (a linker that drops a function leaves its lines behind, at address 0).
 * Simplified: debug information in other files (split DWARF, dwz) is not followed, and compressed debug
 * information is not read: libdw relies on what lies behind a section, and we keep zeros there (see
 * symbols.c), which it would not do with what it unpacks.
 */
#include "debug/symbols_inside.h"

#include "base/bytes.h"
#include "base/nearest.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#define FILE_UNREAD  UINT32_MAX
#define FILE_UNNAMED (UINT32_MAX - 1)

enum { CODE_SECTIONS_MAX = 256 };

/* The reading, and one unit's map from libdw's file numbers to ours. */
struct line_reader {
    struct symbols *s;
    const struct symbol_section *code[CODE_SECTIONS_MAX];
    size_t code_count;
    const Elf_Data *programs; /* the section .debug_line */
    uint64_t budget;          /* bytes of line programs that may still be run */
    Dwarf_Off last_program;
    uint32_t *file;
    size_t file_count;
};

/* ---- paths ---- */

/* A copy without empty components, "." and, where it is known what they undo, ".."; NULL: no memory. */
static char *path_simplified(const char *path)
{
    size_t root = *path == '/', len = 0, fixed = root; /* what lies below `fixed` no ".." takes away */
    char *out = malloc(strlen(path) + 1);
    if (!out)
        return NULL;
    if (root)
        out[len++] = '/';
    for (size_t n; *path; path += n + (path[n] == '/')) {
        n = strcspn(path, "/");
        bool up = n == 2 && memcmp(path, "..", 2) == 0;
        if (n == 0 || (n == 1 && *path == '.'))
            continue;
        if (up && len > fixed) {
            while (len > fixed && out[len - 1] != '/')
                len--;
            len -= len > fixed;
            continue;
        }
        if (len > root)
            out[len++] = '/';
        memcpy(out + len, path, n);
        len += n;
        fixed = up ? len : fixed;
    }
    out[len] = 0;
    return out;
}

/* Does `path` end in all components of `tail`? */
static bool path_ends_in(const char *path, const char *tail)
{
    size_t n = strlen(path), k = strlen(tail);
    return k > 0 && k <= n && strcmp(path + n - k, tail) == 0 &&
           (k == n || path[n - k - 1] == '/' || *tail == '/');
}

static const char *path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* ---- reading ---- */

static bool in_code(const struct line_reader *r, uint64_t addr)
{
    for (size_t i = 0; i < r->code_count; i++)
        if (addr >= r->code[i]->start && addr < r->code[i]->end)
            return true;
    return false;
}

static void code_find(struct line_reader *r)
{
    for (size_t i = 0; i < r->s->section_count && r->code_count < CODE_SECTIONS_MAX; i++)
        if (r->s->section[i].code)
            r->code[r->code_count++] = &r->s->section[i];
}

/* Our number of a unit's file; FILE_UNNAMED when its path is nothing to show. */
static uint32_t file_number(struct line_reader *r, Dwarf_Line *line)
{
    Dwarf_Files *files;
    size_t i;
    if (dwarf_line_file(line, &files, &i) < 0 || i >= r->file_count)
        return FILE_UNNAMED;
    if (r->file[i] != FILE_UNREAD)
        return r->file[i];
    r->file[i] = FILE_UNNAMED;
    const char *path = dwarf_linesrc(line, NULL, NULL);
    struct symbols *s = r->s;
    if (!path || strnlen(path, SYMBOLS_NAME_MAX + 1) > SYMBOLS_NAME_MAX || !symbols_printable(path) ||
        s->file_count == FILE_UNNAMED)
        return FILE_UNNAMED;
    char **grown = symbols_grown(s->file, s->file_count, sizeof *s->file), *copy = path_simplified(path);
    s->file = grown ? grown : s->file;
    if (!grown || !copy) {
        free(copy);
        return FILE_UNNAMED;
    }
    s->file[s->file_count] = copy;
    return r->file[i] = (uint32_t)s->file_count++;
}

/* False when no more rows are wanted. */
static bool row_keep(struct line_reader *r, Dwarf_Line *line)
{
    struct symbols *s = r->s;
    Dwarf_Addr addr;
    int number = 0;
    bool end = false, statement = false;
    if (dwarf_lineaddr(line, &addr) < 0 || dwarf_lineendsequence(line, &end) < 0 ||
        !in_code(r, end ? addr - 1 : addr))
        return true;
    if (s->line_count == SYMBOLS_LINES_MAX)
        return false;
    struct symbol_line *grown = symbols_grown(s->line, s->line_count, sizeof *s->line);
    if (!grown)
        return false;
    s->line = grown;
    dwarf_lineno(line, &number);
    dwarf_linebeginstatement(line, &statement);
    uint32_t file = end ? FILE_UNNAMED : file_number(r, line);
    s->line[s->line_count] =
        (struct symbol_line){.addr = addr,
                             .line = number > 0 && file != FILE_UNNAMED ? (uint32_t)number : 0,
                             .file = file,
                             .order = (uint32_t)s->line_count,
                             .end = end,
                             .statement = statement};
    s->line_count++;
    return true;
}

/* How many bytes the line program at `offset` has, by its own word, in the bounds of its section. */
static uint64_t program_len(const Elf_Data *d, Dwarf_Off offset)
{
    if (offset > d->d_size || d->d_size - offset < 12)
        return 0;
    const uint8_t *p = (const uint8_t *)d->d_buf + offset;
    uint64_t len = le32_load(p), room = d->d_size - offset;
    if (len == UINT32_MAX)
        len = le64_load(p + 4);
    return len < room ? len : room;
}

/* False when no more units are wanted. */
static bool unit_read(struct line_reader *r, Dwarf_Die *unit)
{
    Dwarf_Attribute attribute;
    Dwarf_Word offset;
    Dwarf_Files *files;
    Dwarf_Lines *lines;
    size_t n;
    if (!dwarf_attr(unit, DW_AT_stmt_list, &attribute) || dwarf_formudata(&attribute, &offset) < 0 ||
        offset == r->last_program)
        return true;
    r->last_program = offset;
    uint64_t len = program_len(r->programs, offset);
    if (len > r->budget)
        return false;
    r->budget -= len;
    if (dwarf_getsrclines(unit, &lines, &n) < 0 || dwarf_getsrcfiles(unit, &files, &r->file_count) < 0 ||
        r->file_count == 0)
        return true;
    r->file = malloc(r->file_count * sizeof *r->file);
    if (!r->file)
        return false;
    memset(r->file, 0xff, r->file_count * sizeof *r->file); /* FILE_UNREAD */
    bool more = true;
    for (size_t i = 0; i < n && more; i++)
        more = row_keep(r, dwarf_onesrcline(lines, i));
    free(r->file);
    return more;
}

static int by_addr(const void *a, const void *b)
{
    const struct symbol_line *x = a, *y = b;
    if (x->addr != y->addr)
        return x->addr < y->addr ? -1 : 1;
    if (x->end != y->end)
        return x->end ? -1 : 1;
    if (x->statement != y->statement)
        return x->statement ? 1 : -1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* A section by its name. */
static Elf_Scn *section_named(Elf *elf, const char *name, GElf_Shdr *h)
{
    size_t names;
    if (elf_getshdrstrndx(elf, &names) < 0)
        return NULL;
    for (Elf_Scn *scn = NULL; (scn = elf_nextscn(elf, scn)) != NULL;) {
        const char *own = gelf_getshdr(scn, h) ? elf_strptr(elf, names, h->sh_name) : NULL;
        if (own && strcmp(own, name) == 0)
            return scn;
    }
    return NULL;
}

/* Is a section of debug information compressed, in either of the two ways that there have been? */
static bool lines_are_packed(Elf *elf)
{
    static const char *const names[] = {".debug_line", ".debug_info", ".debug_abbrev", ".debug_str",
                                        ".debug_line_str"};
    static const char *const old_names[] = {".zdebug_line", ".zdebug_info", ".zdebug_abbrev", ".zdebug_str",
                                            ".zdebug_line_str"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        GElf_Shdr h;
        if ((section_named(elf, names[i], &h) && h.sh_flags & SHF_COMPRESSED) ||
            section_named(elf, old_names[i], &h))
            return true;
    }
    return false;
}

static void units_read(struct line_reader *r, Dwarf *dwarf)
{
    Dwarf_Off at = 0, next;
    size_t header_len;
    for (size_t i = 0; i < SYMBOLS_UNITS_MAX; i++, at = next) {
        Dwarf_Die unit;
        if (dwarf_nextcu(dwarf, at, &next, &header_len, NULL, NULL, NULL) != 0 || next <= at)
            break;
        if (dwarf_offdie(dwarf, at + header_len, &unit) && !unit_read(r, &unit))
            break;
    }
}

void symbols_read_lines(struct symbols *s, Elf *elf)
{
    GElf_Shdr h;
    Elf_Scn *programs = section_named(elf, ".debug_line", &h);
    struct line_reader r = {.s = s, .last_program = UINT64_MAX};
    s->lines_packed = lines_are_packed(elf);
    /* With .gnu_debugaltlink libdw would open whatever file that names. */
    if (s->lines_packed || !programs || section_named(elf, ".gnu_debugaltlink", &h))
        return;
    Dwarf *dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
    r.programs = elf_getdata(programs, NULL);
    if (dwarf && r.programs && r.programs->d_buf) {
        code_find(&r);
        r.budget = 4 * (uint64_t)r.programs->d_size;
        units_read(&r, dwarf);
    }
    dwarf_end(dwarf);
    if (s->line_count > 0)
        qsort(s->line, s->line_count, sizeof *s->line, by_addr);
}

/* ---- looking up ---- */

bool symbols_line(const struct symbols *s, uint64_t addr, const char **file, unsigned *line)
{
    size_t low = 0, high = s ? s->line_count : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->line[middle].addr <= addr)
            low = middle + 1;
        else
            high = middle;
    }
    const struct symbol_line *row = low ? &s->line[low - 1] : NULL;
    if (!row || row->end || row->line == 0)
        return false;
    *file = s->file[row->file];
    *line = row->line;
    return true;
}

/* Which files does the path mean? Marks them in `wanted`; -1 when it is none, or several. */
static int files_choose(const struct symbols *s, const char *file, bool *wanted, struct err *e)
{
    const char *found = NULL, *near = NULL;
    size_t distance = 0;
    for (size_t i = 0; i < s->file_count; i++) {
        nearest_offer(path_name(file), path_name(s->file[i]), &near, &distance);
        wanted[i] = path_ends_in(s->file[i], file);
        if (!wanted[i])
            continue;
        if (found && strcmp(found, s->file[i]) != 0)
            return err_set(e, "%s may be %.150s or %.150s: say more of the path", file, found, s->file[i]);
        found = s->file[i];
    }
    if (found)
        return 0;
    return near ? err_set(e, "no source file %.150s; did you mean %.150s?", file, near)
                : err_set(e, "no source file %.150s", file);
}

int symbols_line_addr(const struct symbols *s, const char *file, unsigned line, uint64_t *addr,
                      unsigned *found, struct err *e)
{
    if (s && s->lines_packed)
        return err_set(e, "%.200s: its debug information is compressed: build it without -gz", s->path);
    if (!s || s->line_count == 0)
        return err_set(e, "no source lines are known: the guest needs an ELF file built with -g");
    bool *wanted = calloc(s->file_count + 1, sizeof *wanted);
    if (!wanted)
        return err_set(e, "no memory");
    int rc = files_choose(s, file, wanted, e);
    uint32_t best = UINT32_MAX, last = 0;
    for (size_t i = 0; i < s->line_count && rc == 0; i++) {
        const struct symbol_line *row = &s->line[i];
        if (row->end || row->line == 0 || !row->statement || !wanted[row->file])
            continue;
        last = row->line > last ? row->line : last;
        if (row->line >= line && row->line < best) {
            best = row->line;
            *addr = row->addr;
        }
    }
    free(wanted);
    if (rc == 0 && best == UINT32_MAX)
        rc = last
                 ? err_set(e, "no code at or behind line %u of %.150s: its last is line %u", line, file, last)
                 : err_set(e, "no code in %.150s", file);
    if (rc == 0)
        *found = best;
    return rc;
}
