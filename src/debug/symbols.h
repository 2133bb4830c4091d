/*
 * Symbols: names for addresses, from an ELF file's symbol table, and source lines from its DWARF line table
 * (libelf, libdw).  The guest's own image may be the file, or one beside it that holds the symbols of a flat
 * image.
 */
#ifndef RINGSIDE_DEBUG_SYMBOLS_H
#define RINGSIDE_DEBUG_SYMBOLS_H

#include "base/err.h"
#include "base/text.h"
#include "vm/memory.h"

struct symbols;

struct symbol {
    const char *name;   /* valid as long as the symbols */
    uint64_t addr, len; /* len 0: not known; then it reaches to the next symbol of its section */
    bool function;
};

/* Reads an ELF file (32 or 64 bits). NULL with *e filled (one line that starts with the path) when it is
 * none, is damaged or has no symbols at all. Nothing of the file is needed afterwards. Names that hold
 * control characters are left out, so that all names can go to a terminal. */
struct symbols *symbols_open(const char *path, struct err *e);
void symbols_close(struct symbols *s); /* NULL is fine */

/* True when the bytes of the file's loaded code are those in guest memory, so that the file belongs to the
 * guest. */
bool symbols_match(const struct symbols *s, const struct guest_memory *m);

/* The file it came from. */
const char *symbols_path(const struct symbols *s);

/* The symbol that `addr` lies in, with *offset into it; NULL when there is none. Where several have the same
 * address, a function is preferred, then a global one, then one with a length, then one whose name does not
 * end in "end". A number with a name (`.set PORT, 0x60`) is never it. `s` may be NULL. */
const struct symbol *symbols_at(const struct symbols *s, uint64_t addr, uint64_t *offset);
/* By name, numbers with a name included; NULL when there is none. Of several, as above. `s` may be NULL. */
const struct symbol *symbols_find(const struct symbols *s, const char *name);
/* The i-th by rising address, NULL past the end. `s` may be NULL. */
const struct symbol *symbols_row(const struct symbols *s, size_t i);

/* Appends `<main+4>` (or `<main>`), nothing where there is no symbol. */
void symbols_name(const struct symbols *s, uint64_t addr, struct text *out);

/* The source line of an address: *file (valid as long as the symbols) and *line. False when it is not known.
 * `s` may be NULL. */
bool symbols_line(const struct symbols *s, uint64_t addr, const char **file, unsigned *line);
/* The first address of `line` in a file whose path ends in the components of `file`, or of the next line that
 * has code; *found gets that line. -1 with *e: no such file, several different ones, no line information, no
 * code behind that line. `s` may be NULL: no line information. */
NODISCARD int symbols_line_addr(const struct symbols *s, const char *file, unsigned line, uint64_t *addr,
                                unsigned *found, struct err *e);

#endif
