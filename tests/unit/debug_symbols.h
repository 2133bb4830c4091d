/*
 * Symbols made up by a test: the functions of debug/symbols.h over a table, in place of the ones that read an
 * ELF file (the linker takes these, since a program's own definitions come before a library's).
 */
#ifndef RINGSIDE_TESTS_DEBUG_SYMBOLS_H
#define RINGSIDE_TESTS_DEBUG_SYMBOLS_H

#include "debug/symbols.h"

#include <string.h>

struct symbols {
    const struct symbol *rows; /* by rising address */
    size_t n;
};

struct symbols *symbols_open(const char *path, struct err *e)
{
    (void)path;
    err_set(e, "not in this test");
    return NULL;
}

void symbols_close(struct symbols *s)
{
    (void)s;
}

bool symbols_match(const struct symbols *s, const struct guest_memory *m)
{
    (void)m;
    return s;
}

const char *symbols_path(const struct symbols *s)
{
    return s ? "made-up.elf" : "";
}

const struct symbol *symbols_at(const struct symbols *s, uint64_t addr, uint64_t *offset)
{
    for (size_t i = 0; s && i < s->n; i++)
        if (addr >= s->rows[i].addr && addr - s->rows[i].addr < s->rows[i].len) {
            *offset = addr - s->rows[i].addr;
            return &s->rows[i];
        }
    return NULL;
}

const struct symbol *symbols_find(const struct symbols *s, const char *name)
{
    for (size_t i = 0; s && i < s->n; i++)
        if (strcmp(s->rows[i].name, name) == 0)
            return &s->rows[i];
    return NULL;
}

const struct symbol *symbols_row(const struct symbols *s, size_t i)
{
    return s && i < s->n ? &s->rows[i] : NULL;
}

void symbols_name(const struct symbols *s, uint64_t addr, struct text *out)
{
    uint64_t offset;
    const struct symbol *row = symbols_at(s, addr, &offset);
    if (row && offset)
        text_addf(out, "<%s+%llu>", row->name, (unsigned long long)offset);
    else if (row)
        text_addf(out, "<%s>", row->name);
}

/* Every function begins at a line of its own: 10 for the first, 20 for the second … */
bool symbols_line(const struct symbols *s, uint64_t addr, const char **file, unsigned *line)
{
    uint64_t offset;
    const struct symbol *row = symbols_at(s, addr, &offset);
    if (!row || !row->function)
        return false;
    *file = "made-up.c";
    *line = 10 * (unsigned)(row - s->rows + 1);
    return true;
}

/* The lines of made-up.c, as above. */
int symbols_line_addr(const struct symbols *s, const char *file, unsigned line, uint64_t *addr,
                      unsigned *found, struct err *e)
{
    if (strcmp(file, "made-up.c") != 0)
        return err_set(e, "%s: no such file", file);
    for (size_t i = 0; i < s->n; i++)
        if (s->rows[i].function && 10 * (i + 1) >= line) {
            *addr = s->rows[i].addr;
            *found = 10 * (unsigned)(i + 1);
            return 0;
        }
    return err_set(e, "%s: no code at line %u", file, line);
}

#endif
