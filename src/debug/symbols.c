/*
 * Symbols: a name and an offset for each address, as a linker's map would tell it.  The table is sorted by
 * address, so that a look-up is a binary search for the last symbol that starts at or before the address.
 * Hand-written assembly rarely says how long a symbol is; such a symbol reaches to the next one of its
 * section, never past the section's end. A function may hold labels: behind the end of an inner symbol the
 * outer one goes on, and each symbol knows the one around it.
 *
 * Numbers with a name (`.set CR0_PE, 1`: "absolute" symbols) are found by name, but no address is called
 * after them. Simplified: an address is the linker's (virtual) one; a kernel linked high has no names for its
 * code while it still runs at its physical address.
 */
#include "debug/symbols_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_LEN_MAX (1ll << 30)

/* ---- arranging ---- */

static int by_addr(const void *a, const void *b)
{
    const struct symbol_entry *x = a, *y = b;
    if (x->s.addr != y->s.addr)
        return x->s.addr < y->s.addr ? -1 : 1;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return strcmp(y->s.name, x->s.name);
}

static int by_name(const void *a, const void *b)
{
    const struct symbol_entry *x = *(struct symbol_entry *const *)a, *y = *(struct symbol_entry *const *)b;
    int order = strcmp(x->s.name, y->s.name);
    if (order != 0)
        return order;
    if (x->rank != y->rank)
        return x->rank > y->rank ? -1 : 1;
    return x->s.addr < y->s.addr ? -1 : x->s.addr > y->s.addr;
}

/* From the last to the first: where does each end? next[i] holds of section i the lowest address seen so far
 * and the one above it. */
static int ends_find(struct symbols *s, struct err *e)
{
    struct {
        uint64_t addr, above;
    } *next = calloc(s->section_count, sizeof *next);
    if (!next)
        return err_set(e, "no memory for symbols");
    for (size_t i = 0; i < s->section_count; i++)
        next[i].addr = next[i].above = s->section[i].end;
    for (size_t i = s->count; i-- > 0;) {
        struct symbol_entry *x = &s->entry[i];
        uint64_t addr = x->s.addr, above = addr;
        if (!x->absolute && next[x->section].addr != addr) {
            next[x->section].above = next[x->section].addr;
            next[x->section].addr = addr;
        }
        if (x->s.len && !x->absolute)
            above = x->s.len < UINT64_MAX - addr ? addr + x->s.len : UINT64_MAX;
        else if (!x->absolute)
            above = next[x->section].above;
        x->end = above > addr ? above : addr;
    }
    free(next);
    return 0;
}

/* From the first to the last: which one lies around each? The chain of `outer` is a stack of what is open. A
 * label in a function reaches no further than the function. */
static void outers_find(struct symbols *s)
{
    uint32_t open = SYMBOLS_OUTER_NONE;
    for (uint32_t i = 0; i < s->count; i++) {
        struct symbol_entry *x = &s->entry[i];
        while (open != SYMBOLS_OUTER_NONE && s->entry[open].end <= x->s.addr)
            open = s->entry[open].outer;
        x->outer = open;
        if (open != SYMBOLS_OUTER_NONE && x->s.len == 0 && s->entry[open].s.len &&
            s->entry[open].end < x->end)
            x->end = s->entry[open].end;
        if (x->end > x->s.addr)
            open = i;
    }
}

int symbols_arrange(struct symbols *s, struct err *e)
{
    s->named = calloc(s->count, sizeof *s->named);
    if (!s->named)
        return err_set(e, "no memory for %zu symbols", s->count);
    qsort(s->entry, s->count, sizeof *s->entry, by_addr);
    for (size_t i = 0; i < s->count; i++)
        s->named[i] = &s->entry[i];
    qsort(s->named, s->count, sizeof *s->named, by_name);
    if (ends_find(s, e) < 0)
        return -1;
    outers_find(s);
    return 0;
}

void *symbols_grown(void *items, size_t count, size_t len)
{
    if (count & (count - 1))
        return items; /* room doubles at the powers of two */
    size_t room = count ? count * 2 : 1;
    return room <= SIZE_MAX / len ? realloc(items, room * len) : NULL;
}

/* ---- opening ---- */

static int file_open(const char *path, size_t *len, struct err *e)
{
    struct stat st;
    /* O_NONBLOCK: opening a FIFO that nobody writes to must not wait. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), rc = 0;
    if (fd < 0)
        return err_sys(e, errno, "open");
    if (fstat(fd, &st) < 0)
        rc = err_sys(e, errno, "fstat");
    else if (!S_ISREG(st.st_mode))
        rc = err_set(e, "is no regular file");
    else if (st.st_size > FILE_LEN_MAX)
        rc = err_set(e, "is too large: more than 1 GiB");
    if (rc < 0) {
        close(fd);
        return -1;
    }
    *len = (size_t)st.st_size;
    return fd;
}

/* The whole file with zeros behind it, so that a string without an end has one there: libdw looks for it with
 * strlen. Read and not mapped: a file that shrinks meanwhile is shorter, not a SIGBUS. NULL with *e. */
static char *file_load(const char *path, size_t *len, struct err *e)
{
    enum { ZEROS = 64 };
    size_t room = 0, done = 0;
    ssize_t got = 0;
    int fd = file_open(path, &room, e);
    if (fd < 0)
        return NULL;
    char *image = malloc(room + ZEROS);
    while (image && done < room && (got = read(fd, image + done, room - done)) != 0) {
        if (got > 0)
            done += (size_t)got;
        else if (errno != EINTR)
            break;
    }
    if (!image)
        err_set(e, "no memory for %zu bytes", room);
    else if (got < 0)
        err_sys(e, errno, "read");
    close(fd);
    if (!image || got < 0) {
        free(image);
        return NULL;
    }
    memset(image + done, 0, room + ZEROS - done);
    *len = done;
    return image;
}

static int header_check(Elf *elf, struct err *e)
{
    GElf_Ehdr h;
    const char *ident = elf_getident(elf, NULL);
    if (elf_kind(elf) != ELF_K_ELF || !ident)
        return err_set(e, "is no ELF file");
    if (!gelf_getehdr(elf, &h))
        return err_set(e, "its ELF header cannot be read: %s", elf_errmsg(-1));
    if (ident[EI_DATA] != ELFDATA2LSB || (h.e_machine != EM_386 && h.e_machine != EM_X86_64))
        return err_set(e, "is an ELF file for another machine, not for an x86");
    if (h.e_type == ET_REL)
        return err_set(e, "is a relocatable object without addresses: link it first");
    return 0;
}

static int file_read(struct symbols *s, const char *path, struct err *e)
{
    size_t len = 0;
    char *image = file_load(path, &len, e);
    if (!image)
        return -1;
    elf_version(EV_CURRENT);
    Elf *elf = elf_memory(image, len);
    int rc = elf ? header_check(elf, e) : err_set(e, "is no ELF file");
    if (rc == 0)
        rc = symbols_read_elf(s, elf, e);
    if (rc == 0)
        symbols_read_lines(s, elf);
    elf_end(elf);
    free(image);
    return rc;
}

struct symbols *symbols_open(const char *path, struct err *e)
{
    struct symbols *s = calloc(1, sizeof *s);
    if (s)
        s->path = strdup(path);
    if (!s || !s->path) {
        err_set(e, "%s: no memory for symbols", path);
        symbols_close(s);
        return NULL;
    }
    if (file_read(s, path, e) < 0) {
        err_wrap(e, "%s", path);
        symbols_close(s);
        return NULL;
    }
    return s;
}

void symbols_close(struct symbols *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->segment_count; i++)
        free(s->segment[i].bytes);
    for (size_t i = 0; i < s->file_count; i++)
        free(s->file[i]);
    free(s->file);
    free(s->line);
    free(s->section);
    free(s->named);
    free(s->entry);
    free(s->names);
    free(s->path);
    free(s);
}

const char *symbols_path(const struct symbols *s)
{
    return s->path;
}

static bool segment_matches(const struct symbol_segment *g, const struct guest_memory *m)
{
    uint8_t buf[4096];
    for (size_t done = 0; done < g->len;) {
        size_t n = g->len - done < sizeof buf ? g->len - done : sizeof buf;
        if (memory_read(m, g->gpa + done, buf, n, NULL) < 0 || memcmp(buf, g->bytes + done, n) != 0)
            return false;
        done += n;
    }
    return true;
}

bool symbols_match(const struct symbols *s, const struct guest_memory *m)
{
    if (!s->segments_whole)
        return false;
    for (size_t i = 0; i < s->segment_count; i++)
        if (!segment_matches(&s->segment[i], m))
            return false;
    return s->segment_count > 0;
}

/* ---- looking up ---- */

const struct symbol *symbols_at(const struct symbols *s, uint64_t addr, uint64_t *offset)
{
    size_t low = 0, high = s ? s->count : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->entry[middle].s.addr <= addr)
            low = middle + 1;
        else
            high = middle;
    }
    for (uint32_t i = low ? (uint32_t)(low - 1) : SYMBOLS_OUTER_NONE; i != SYMBOLS_OUTER_NONE;
         i = s->entry[i].outer)
        if (addr < s->entry[i].end) {
            *offset = addr - s->entry[i].s.addr;
            return &s->entry[i].s;
        }
    return NULL;
}

const struct symbol *symbols_find(const struct symbols *s, const char *name)
{
    size_t low = 0, high = s ? s->count : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(s->named[middle]->s.name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return s && low < s->count && strcmp(s->named[low]->s.name, name) == 0 ? &s->named[low]->s : NULL;
}

const struct symbol *symbols_row(const struct symbols *s, size_t i)
{
    return s && i < s->count ? &s->entry[i].s : NULL;
}

void symbols_name(const struct symbols *s, uint64_t addr, struct text *out)
{
    uint64_t offset;
    const struct symbol *symbol = symbols_at(s, addr, &offset);
    if (symbol && offset)
        text_addf(out, "<%s+%llu>", symbol->name, (unsigned long long)offset);
    else if (symbol)
        text_addf(out, "<%s>", symbol->name);
}
