/*
 * The symbols' parts, shared by the files that fill them and the one that looks them up.  All of it is a copy
 * of our own: once a file is open, nothing of it is read again, and a file that is overwritten while the
 * guest runs (a student builds anew) changes nothing here.
 */
#ifndef RINGSIDE_DEBUG_SYMBOLS_INSIDE_H
#define RINGSIDE_DEBUG_SYMBOLS_INSIDE_H

#include "debug/symbols.h"

#include <libelf.h>

enum {
    SYMBOLS_NAME_MAX = 1024,        /* a longer name is left out */
    SYMBOLS_CODE_MAX = 0x10000,     /* of a segment, compared with guest memory */
    SYMBOLS_SEGMENTS_MAX = 64,      /* compared */
    SYMBOLS_SECTIONS_MAX = 1 << 16, /* a file with more is refused */
    SYMBOLS_UNITS_MAX = 1 << 16,    /* compilation units whose lines are read */
    SYMBOLS_LINES_MAX = 4 << 20,    /* rows of line tables */
    SYMBOLS_OUTER_NONE = UINT32_MAX /* see struct symbol_entry */
};

/* A symbol and what decides which of several names an address gets. */
struct symbol_entry {
    struct symbol s;
    uint64_t end;     /* the first address it does not reach */
    uint32_t outer;   /* index of the symbol around its start, which reaches past it; SYMBOLS_OUTER_NONE */
    uint32_t section; /* index of its section */
    uint8_t rank;     /* among those of one address the highest is named */
    bool absolute;    /* a number with a name, not a place: SHN_ABS */
};

/* A section that is part of the loaded image; the others have start == end. */
struct symbol_section {
    uint64_t start, end;
    bool code;
};

/* The start of a segment of code as it is in the file. */
struct symbol_segment {
    uint64_t gpa;
    size_t len;
    uint8_t *bytes;
};

/* From `addr` to the next row's the code comes from `line` of `file`. */
struct symbol_line {
    uint64_t addr;
    uint32_t line;  /* 0: from no line */
    uint32_t file;  /* index into symbols.file */
    uint32_t order; /* as read: among rows of one address the last counts */
    bool end;       /* behind the last instruction: what follows has no line */
    bool statement; /* a good place for a breakpoint */
};

struct symbols {
    char *path;
    char *names;                 /* a copy of the string table, ended by a NUL whatever the file holds */
    struct symbol_entry *entry;  /* by address, then by rank */
    struct symbol_entry **named; /* by name, then by falling rank */
    size_t count;
    struct symbol_section *section;
    size_t section_count;
    struct symbol_segment segment[SYMBOLS_SEGMENTS_MAX];
    size_t segment_count;
    bool segments_whole;      /* each segment of code could be read */
    bool lines_packed;        /* there are line tables, but compressed */
    struct symbol_line *line; /* by address */
    size_t line_count;
    char **file; /* paths of source files, a path perhaps more than once */
    size_t file_count;
};

/* Reads sections, symbols and segments. -1 with *e: no symbols at all, or no memory. */
NODISCARD int symbols_read_elf(struct symbols *s, Elf *elf, struct err *e);

/* Sorts the entries and finds how far each reaches. */
NODISCARD int symbols_arrange(struct symbols *s, struct err *e);

/* Reads the line tables, after symbols_read_elf. Damage, or a lack of memory, leaves what was read so far. */
void symbols_read_lines(struct symbols *s, Elf *elf);

/* May a terminal be sent this? Well-formed UTF-8 without control characters. */
bool symbols_printable(const char *name);

/* The array `items` of `count` items of `len` bytes with room for one more, as realloc would; NULL: no
 * memory, and the array is as it was. */
void *symbols_grown(void *items, size_t count, size_t len);

#endif
