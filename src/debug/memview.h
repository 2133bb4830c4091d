/*
 * Views of guest memory: the dump behind `x` and `xp`, the search, saving to and loading from a file, the
 * telescope along the stack, and the backtrace.
 */
#ifndef RINGSIDE_DEBUG_MEMVIEW_H
#define RINGSIDE_DEBUG_MEMVIEW_H

#include "debug/space.h"

/* ---- x/NFU (memview.c) ---- */

enum { MEMVIEW_COUNT_MAX = 65536, MEMVIEW_STRING_MAX = 256 };

/* What gdb calls NFU. `unit` is in bytes; 0: the format's own (c 1, a the CPU's width, else 4). */
struct memview_format {
    unsigned count; /* 1 to MEMVIEW_COUNT_MAX */
    char format;    /* x d u o t a c s i; i is for the caller: these functions show x for it */
    unsigned unit;  /* 0, 1, 2, 4, 8 */
};

/* Reads `8xw` (a `/` before it is skipped): a count, then letters in any order. What is not said keeps what
 * *f held, except the count, which is 1. *used (may be NULL) gets how many bytes it took; with NULL all must
 * be taken. -1 with *e and *f unchanged. */
NODISCARD int memview_parse_format(const char *text, struct memview_format *f, size_t *used, struct err *e);

/* Appends f->count units (strings for s) from `addr` on, 16 bytes a row (8 for c and t): address, its symbol,
 * the units, and ASCII for single bytes in hex. Where memory ends, a line says at which address and why, and
 * that is all. Returns how many units were shown; *next (may be NULL) gets the address behind them, for the
 * next one. */
size_t memview_dump(const struct target *t, enum space space, uint64_t addr, const struct memview_format *f,
                    uint64_t *next, struct text *out);

/* ---- search (find.c) ---- */

enum { FIND_PATTERN_MAX = 256, FIND_HITS_MAX = 4096 };
/* What one search looks at before it ends: bytes of memory, and page walks. */
#define FIND_BYTES_MAX (4ull << 30)
#define FIND_WALKS_MAX (1ull << 20)

struct find_pattern {
    uint8_t bytes[FIND_PATTERN_MAX];
    size_t n;
};

/* Reads what to look for: `"text"` (with \n \t \r \0 \\ \" \xNN), `byte|word|dword|qword EXPR` (u8 … u64
 * too), `bytes 7f 45 4c 46`, or an expression alone, which takes 1, 2, 4 or 8 bytes as its value needs. -1
 * with *e.
 */
NODISCARD int find_parse(const char *text, const struct target *t, struct find_pattern *p, struct err *e);

/* Appends a line for each place in the `len` bytes from `addr` where the pattern lies whole, up to `most`
 * (at most FIND_HITS_MAX), each with its symbol, then how many there were. Holes are passed over. Returns the
 * number of places, and the first in *first (may be NULL). */
size_t memview_find(const struct target *t, enum space space, uint64_t addr, uint64_t len,
                    const struct find_pattern *p, size_t most, uint64_t *first, struct text *out);

/* ---- files (memview_file.c) ---- */

#define MEMVIEW_FILE_MAX (1ull << 30)

/* Writes `len` bytes to a new file at `path` (an old one is replaced, and only when all was written). -1 with
 * *e: a hole in the range, a file that cannot be written. */
NODISCARD int memview_save(const struct target *t, enum space space, uint64_t addr, uint64_t len,
                           const char *path, struct err *e);
/* Reads the whole file, then writes it to memory from `addr`; *len gets its length. -1 with *e and memory as
 * it was: no such file, an empty or a too large one, a range that is not all RAM. */
NODISCARD int memview_load(const struct target *t, enum space space, const char *path, uint64_t addr,
                           uint64_t *len, struct err *e);

/* ---- the stack (telescope.c, backtrace.c) ---- */

enum { TELESCOPE_WORDS_MAX = 1024, TELESCOPE_DEPTH = 4, BACKTRACE_FRAMES_MAX = 256 };

/* Appends `count` words from linear `addr` on, each followed through up to TELESCOPE_DEPTH pointers, with
 * symbols, and the string it ends at. */
void telescope_write(const struct target *t, uint64_t addr, unsigned count, struct text *out);

/* Appends one word that was found at linear `from` and what it leads to, as telescope_write does: its value
 * first, `0x%0*llx` of the CPU's width. */
void telescope_chain(const struct target *t, uint64_t from, uint64_t value, struct text *out);

/* Appends who called whom, innermost first, at most `most` frames: a header that says how it was found, then
 * number, linear address, symbol and source line of each. */
void backtrace_write(const struct target *t, unsigned most, struct text *out);

/* The linear addresses of the same frames into at[0..most-1], the current instruction first; *guess tells
 * that the callers were guessed. Returns how many. */
size_t backtrace_frames(const struct target *t, uint64_t *at, size_t most, bool *guess);

/* The linear addresses of the stack slots that hold return addresses, innermost first, into
 * slot[0..most-1]: only what the chain of frame pointers proves, nothing is guessed. Returns how many. */
size_t backtrace_slots(const struct target *t, uint64_t *slot, size_t most);

/* Does a CALL end right before this linear address? */
bool backtrace_behind_call(const struct target *t, uint64_t linear);

/* ---- shared by these files ---- */

/* `0x00007c00 <start+4>`: as wide as the CPU's addresses are now. */
void memview_address(const struct target *t, enum space space, uint64_t addr, struct text *out);

#endif
